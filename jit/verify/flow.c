/*
 * Where control goes in a function: which bytes are instructions, where blocks begin, which facts
 * hold there.
 *
 * The sweep decodes from the entry on, without gaps, until control does not fall through and no
 * target of a branch, jump table or handler that it has seen lies further on. So constants and
 * tables behind the code are never looked at. Code that nobody branches to begins a block too: it
 * may be the target of a later branch, and does no harm if it is not.
 */
#include <assert.h>
#include <string.h>

#include "jit/verify/func.h"
#include "runtime/base/num.h"

bool jv_fail(struct jv *v, uint32_t at, const char *what)
{
	if (!v->bad) {
		v->bad = what;
		v->bad_at = at;
	}
	return false;
}

bool jv_lacks_memory(struct jv *v)
{
	return jv_fail(v, v->lo, "out of memory");
}

/* ---- the sweep ---- */

static bool mark_target(struct jv *v, uint32_t at, uint32_t to)
{
	if (to < v->lo || to >= v->hi)
		return jv_fail(v, at, "a branch out of the function");
	if (to > v->last_target)
		v->last_target = to;
	to -= v->lo;
	v->targets[to / 64] |= (uint64_t)1 << to % 64;
	return true;
}

/* cmp reg, imm; jae: how many entries the table has that reg is the index of. 0: not found */
static uint32_t compared_with(const struct jv *v, uint32_t reg)
{
	/* between may be stores of what was in the registers that the jump needs */
	for (size_t k = v->insns.len - 4; k > 0 && k + 12 > v->insns.len; k--) {
		const struct jv_insn *i = &v->insns.at[k], *c = i - 1;

		if (i->class == JV_JCC && i->reg == 3)
			return c->class == JV_CMP && c->flags & JV_IMM && c->rm == reg &&
			       c->imm > 0 ? (uint32_t)c->imm : 0;
	}
	return 0;
}

/*
 * lea base, [table]; movsxd reg, [base + reg * 4]; add reg, base; jmp reg: the targets are marked
 * here, and check.c proves the same once more from what it knows of the registers.
 */
static bool mark_jumps(struct jv *v, const struct jv_insn *jump)
{
	struct jv_jumps j;
	const struct jv_insn *lea = jump - 3;

	if (v->insns.len < 6 || lea->class != JV_LEA || lea->base != JV_RIP || lea->width != 8)
		return jv_refuse(v, jump, "an indirect jump that is not through a jump table");
	j = (struct jv_jumps){
		(uint32_t)v->insns.len - 4, (uint32_t)lea->disp, compared_with(v, jump->rm)
	};
	v->njump_targets += j.n;
	/* all tables of a function are in it, and not twice */
	if (!j.n || j.at < v->lo || j.at > v->hi || v->njump_targets > (v->hi - v->lo) / 4 ||
	    j.n > (v->hi - j.at) / 4)
		return jv_refuse(v, jump, "a jump table outside of its function");
	for (uint32_t k = 0; k < j.n; k++) {
		int32_t d;

		memcpy(&d, v->text + j.at + 4 * k, 4);
		if (!mark_target(v, jump->at, j.at + (uint32_t)d))
			return false;
	}
	return vec_push(&v->jumps, j) || jv_lacks_memory(v);
}

#define PROBE_PADDING 2

/* jmp in the prologue to lea rax, [rsp + disp32], with two bytes of padding behind */
static bool goes_to_probe(const struct jv *v, const struct jv_insn *i)
{
	/* behind the look at the slot, if there is one, and the first two */
	size_t k = v->insns.at[0].class == JV_CMP ? 4 : 2;

	if (i->class != JV_JMP || v->insns.len <= k || i->target <= v->lo || i->target >= v->hi ||
	    v->hi - i->target < 4 || memcmp(v->text + i->target, "\x48\x8d\x84\x24", 4))
		return false;
	while (v->insns.at[k].class == JV_PUSH)
		k++;
	return &v->insns.at[k] == i;
}

/* Notes where the branch, the last instruction, goes. *ret_falls: also to the next one. */
static bool follow(struct jv *v, const struct jv_insn *i, bool *ret_falls)
{
	*ret_falls = true;
	switch (i->class) {
	case JV_JCC:
		return mark_target(v, i->at, i->target);
	case JV_JMP:
		*ret_falls = false;
		/* a tail call */
		if (i->target <= v->lo || i->target >= v->hi)
			return true;
		return mark_target(v, i->at, i->target);
	case JV_JMP_IND:
		*ret_falls = false;
		return i->flags & JV_MEM || mark_jumps(v, i);
	case JV_RET:
		*ret_falls = false;
		return true;
	case JV_CALL_IND:
		*ret_falls = !jv_ends(i);
		return true;
	default:
		return true;
	}
}

/* At the end of the text from a copy that can be read beyond. */
unsigned int jv_decode_at(const struct jv *v, uint32_t at, struct jv_insn *ret)
{
	uint32_t room = v->text_size - at;
	uint8_t last[2 * JV_INSN_MAX];

	if (__builtin_expect(room >= JV_INSN_MAX, 1))
		return jv_decode(v->text + at, at, ret);
	memset(last, 0, sizeof(last));
	memcpy(last, v->text + at, room);
	return jv_decode(last, at, ret);
}

/* What the loop needs is in locals: stores of bytes could change anything else. */
static bool decode_all(struct jv *v)
{
	uint32_t at = v->lo, lo = v->lo, hi = v->hi;
	uint64_t *starts = v->starts;
	bool falls;

	for (size_t n = 0; at < hi; n++) {
		struct jv_insn *i;
		unsigned int len;

		if (n == v->insns.cap) {
			v->insns.len = n;
			if (!vec_reserve(&v->insns, n + 64))
				return jv_lacks_memory(v);
		}
		i = &v->insns.at[n];
		len = jv_decode_at(v, at, i);
		if (!len || len > hi - at)
			return jv_fail(v, at, "an instruction that is not permitted");
		starts[(at - lo) / 64] |= (uint64_t)1 << (at - lo) % 64;
		at += len;
		if (i->class < JV_RET)
			continue;
		falls = true;
		v->insns.len = n + 1;
		if (!follow(v, i, &falls))
			return false;
		if (falls)
			continue;
		if (v->last_target < at)
			return true;
		at += goes_to_probe(v, i) ? PROBE_PADDING : 0;
		if (!mark_target(v, at, at))
			return false;
	}
	return jv_fail(v, at, "control runs over the end of the function");
}

static bool mark_handlers(struct jv *v)
{
	for (uint32_t k = 0; k < v->nhandlers; k++)
		if (!mark_target(v, v->handlers[k].pc, v->handlers[k].pc))
			return false;
	return true;
}

/* Without the instruction, which the program itself does not rely on. */
static inline uint32_t bits_in(uint64_t v)
{
	v -= v >> 1 & 0x5555555555555555u;
	v = (v & 0x3333333333333333u) + (v >> 2 & 0x3333333333333333u);
	v = (v + (v >> 4)) & 0x0f0f0f0f0f0f0f0fu;
	return (uint32_t)(v * 0x0101010101010101u >> 56);
}

static uint32_t block_of(const struct jv *v, uint32_t at)
{
	uint32_t i = at - v->lo;

	assert(i < v->hi - v->lo && jv_test(v->targets, i));
	return v->rank[i / 64] + bits_in(v->targets[i / 64] & (((uint64_t)1 << i % 64) - 1));
}

/* Each target is an instruction, and begins a block; they are numbered in order. */
static bool number_blocks(struct jv *v)
{
	uint32_t words = (v->hi - v->lo + 63) / 64, n = 0;

	for (uint32_t w = 0; w < words; w++) {
		uint64_t stray = v->targets[w] & ~v->starts[w];

		if (stray)
			return jv_fail(v, v->lo + w * 64 + (uint32_t)__builtin_ctzll(stray),
				       "a branch into the middle of an instruction, or to data");
		v->rank[w] = n;
		n += bits_in(v->targets[w]);
	}
	assert(n && jv_test(v->targets, 0));	/* the entry's */
	if (!vec_reserve(&v->blocks, n))
		return jv_lacks_memory(v);
	v->blocks.len = n;
	for (uint32_t b = 0; b < n; b++)
		v->blocks.at[b] = (struct jv_block){ .in = JV_ALL_BITS, .first_edge = UINT32_MAX };
	v->blocks.at[0].closed = true;
	for (uint32_t k = 0; k < v->nhandlers; k++) {
		struct jv_block *b = &v->blocks.at[block_of(v, v->handlers[k].pc)];
		uint32_t tag = v->handlers[k].tag == WASM_NONE ? UINT32_MAX :
								 v->handlers[k].tag + 1;

		if (v->handlers[k].pc == v->lo || (b->tag && b->tag != tag))
			return jv_fail(v, v->handlers[k].pc, "not the code of one handler");
		b->tag = tag;
		b->in = 0;
		b->closed = true;
	}
	return true;
}

bool jv_sweep(struct jv *v)
{
	uint32_t words = (v->hi - v->lo + 63) / 64;

	assert(v->lo < v->hi && v->hi <= v->text_size && words <= v->words);
	memset(v->starts, 0, words * sizeof(*v->starts));
	memset(v->targets, 0, words * sizeof(*v->targets));
	v->insns.len = v->blocks.len = v->edges.len = v->jumps.len = 0;
	v->njump_targets = v->last_target = 0;
	return mark_target(v, v->lo, v->lo) && mark_handlers(v) && decode_all(v) &&
	       number_blocks(v);
}

bool jv_unbroken(const struct jv *v, uint32_t i, uint32_t n)
{
	if (i + n > v->insns.len)
		return false;
	for (uint32_t k = i; k < i + n; k++) {
		const struct jv_insn *at = &v->insns.at[k];

		if (jv_test(v->targets, at->at - v->lo))
			return false;
		/* they also follow each other */
		if (k > i && at->at != at[-1].at + at[-1].len)
			return false;
	}
	return true;
}

/* ---- blocks ---- */

void jv_need(struct jv *v, const struct jv_insn *i, uint32_t bits)
{
	struct jv_block *b = &v->blocks.at[v->block];

	if (!b->need)
		b->need_at = i->at;
	b->need |= bits;
}

/* Values that changed their registers since the block's start: two, as an exchange makes. */
static void note_moved(const struct jv *v, struct jv_edge *e)
{
	uint32_t left = v->s.special & ~v->s.zx & ~v->s.inherited, n = 0;

	for (; left && n < ARRAY_SIZE(e->moved); left &= left - 1) {
		uint32_t r = (uint32_t)__builtin_ctz(left);

		if (v->s.kind[r] == KIND_SAME)
			e->moved[n++] = (uint8_t)(r << 4 | v->s.n[r]);
	}
}

/* What leaves the block here holds these facts. */
static bool push_edge(struct jv *v, uint32_t to)
{
	struct jv_edge e = { to, v->s.zx, v->s.inherited, { 0 } };

	note_moved(v, &e);
	if (jv_kind_of(v, R10) == KIND_ENTRY)
		e.make |= JV_ENTRY_BIT;
	if (v->s.inherited & BIT(R10))
		e.pass |= JV_ENTRY_BIT;
	return vec_push(&v->edges, e) || jv_lacks_memory(v);
}

static bool edge_to_block(struct jv *v, const struct jv_insn *i, uint32_t to)
{
	if (v->blocks.at[to].closed)
		return jv_refuse(v, i, "a branch to the entry or to a handler");
	if (v->s.leaving || v->s.depth != v->frame)
		return jv_refuse(v, i, "a branch while the stack pointer is not the frame's");
	return push_edge(v, to);
}

bool jv_edge_to(struct jv *v, const struct jv_insn *i, uint32_t at)
{
	return edge_to_block(v, i, block_of(v, at));
}

void jv_close(struct jv *v, uint32_t at)
{
	v->blocks.at[block_of(v, at)].closed = true;
}

/* A handler: rbp is the frame's, rax the exception, rsp still to be set. */
static void handler_begin(struct jv *v, const struct jv_block *b)
{
	v->s.inherited = 0;
	v->s.depth = UINT32_MAX;
	if (b->tag != UINT32_MAX)
		jv_know(v, RAX, KIND_EXN, b->tag - 1);
}

bool jv_block_begin(struct jv *v, const struct jv_insn *i)
{
	/*
	 * they begin in order; where a sequence skips one, the last has no beginning and jv_solve()
	 * refuses all
	 */
	uint32_t b = v->block + 1;

	assert(b < v->blocks.len);
	if (v->reached && !edge_to_block(v, i, b))
		return false;
	v->reached = true;
	v->block = b;
	v->block_at = i->at;
	v->blocks.at[b].first_edge = (uint32_t)v->edges.len;
	v->s.zx = v->s.special = 0;
	v->s.inherited = 0xffff;
	v->s.depth = v->frame;
	v->s.leaving = v->s.left = false;
	if (v->blocks.at[b].tag)
		handler_begin(v, &v->blocks.at[b]);
	return true;
}

/* ---- what holds at the start of each block ---- */

/* What holds where the edge leads, by way of it. */
static inline uint32_t carried(const struct jv_edge *e, uint32_t in)
{
	uint32_t out = e->make | (in & e->pass);

	for (unsigned int k = 0; k < ARRAY_SIZE(e->moved) && e->moved[k]; k++)
		out |= (in >> (e->moved[k] & 15) & 1) << (e->moved[k] >> 4);
	return out;
}

/*
 * Passes on what holds at the start of block b.
 * Blocks before `done` whose facts fall must pass them on again.
 */
static bool pass_on(struct jv *v, uint32_t b, uint32_t done)
{
	const struct jv_block *from = &v->blocks.at[b];
	size_t end = b + 1 < v->blocks.len ? from[1].first_edge : v->edges.len;

	assert(from->first_edge <= end && end <= v->edges.len);

	for (size_t k = from->first_edge; k < end; k++) {
		const struct jv_edge *e = &v->edges.at[k];
		struct jv_block *to = &v->blocks.at[e->to];
		uint32_t in = to->in & carried(e, from->in);

		if (in == to->in)
			continue;
		to->in = in;
		if (e->to <= done && !vec_push(&v->work, e->to))
			return jv_lacks_memory(v);
	}
	return true;
}

bool jv_solve(struct jv *v)
{
	v->work.len = 0;
	for (uint32_t b = 0; b < v->blocks.len; b++)
		if (v->blocks.at[b].first_edge == UINT32_MAX)
			return jv_fail(v, v->lo, "a branch into a sequence that must be whole");
	for (uint32_t b = 0; b < v->blocks.len; b++)
		if (!pass_on(v, b, b))
			return false;
	while (v->work.len)
		if (!pass_on(v, v->work.at[--v->work.len], UINT32_MAX))
			return false;
	for (uint32_t b = 0; b < v->blocks.len; b++)
		if (v->blocks.at[b].need & ~v->blocks.at[b].in)
			return jv_fail(v, v->blocks.at[b].need_at, "an index or argument that is "
				       "not zero-extended on every path");
	return true;
}
