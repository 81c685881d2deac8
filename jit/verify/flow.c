/*
 * Where control goes in a function, and which facts hold there: instructions that were decoded,
 * blocks, edges.
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

/* ---- instructions ---- */

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

bool jv_peek(const struct jv *v, uint32_t at, struct jv_insn *ret, uint32_t n)
{
	for (uint32_t k = 0; k < n; k++) {
		unsigned int len = at < v->hi ? jv_decode_at(v, at, &ret[k]) : 0;

		if (!len || len > v->hi - at)
			return false;
		at += len;
	}
	return true;
}

bool jv_look_back(const struct jv *v, uint32_t at, struct jv_insn *ret, uint32_t n)
{
	uint32_t end = at;

	while (n--) {
		do {
			if (at == v->block_at)
				return false;
			at--;
		} while (!(v->map[at - v->lo] & JV_START));
		if (!jv_decode_at(v, at, &ret[n]) || at + ret[n].len != end)
			return false;
		end = at;
	}
	return true;
}

bool jv_seal(struct jv *v, const struct jv_insn *i, uint32_t n)
{
	for (uint32_t k = 0; k < n; k++) {
		uint32_t *map = v->map + (i[k].at - v->lo);

		/* as it is already where this code is gone through once more */
		for (uint32_t byte = 0; byte < i[k].len; byte++) {
			uint32_t sealed = byte ? JV_SEALED : JV_SEALED | JV_START;

			if (map[byte] && map[byte] != sealed)
				return jv_refuse(v, &i[k],
						 "a branch into a sequence that must be whole");
			map[byte] = sealed;
		}
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

/* What holds where the edge leads, by way of it. */
static inline uint32_t carried(const struct jv_edge *e, uint32_t in)
{
	uint32_t out = e->make | (in & e->pass);

	for (unsigned int k = 0; k < ARRAY_SIZE(e->moved) && e->moved[k]; k++)
		out |= (in >> (e->moved[k] & 15) & 1) << (e->moved[k] >> 4);
	return out;
}

/* Where in holds, what holds at the end of the edge falls. Whoever was walked passes it on. */
static inline bool pass_on(struct jv *v, const struct jv_edge *e, uint32_t in)
{
	struct jv_block *to = &v->blocks.at[e->to];
	uint32_t fallen = to->in & carried(e, in);

	if (fallen == to->in)
		return true;
	to->in = fallen;
	return to->first_edge == JV_NOT_WALKED || vec_push(&v->work, e->to) || jv_lacks_memory(v);
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
	return pass_on(v, &e, v->blocks.at[v->block].in) &&
	       (vec_push(&v->edges, e) || jv_lacks_memory(v));
}

static bool edge_to_block(struct jv *v, uint32_t from, uint32_t to)
{
	if (v->blocks.at[to].closed)
		return jv_fail(v, from, "a branch to the entry or to a handler");
	if (v->s.leaving || v->s.depth != v->frame)
		return jv_fail(v, from, "a branch while the stack pointer is not the frame's");
	return push_edge(v, to);
}

bool jv_block_new(struct jv *v, uint32_t at, uint32_t *ret)
{
	struct jv_block b = { .at = at, .in = JV_ALL_BITS, .first_edge = JV_NOT_WALKED };
	uint32_t *map = &v->map[at - v->lo];

	assert(!(*map & JV_BLOCK));
	if (v->blocks.len + 2 >= JV_SEALED)
		return jv_fail(v, v->lo, "too large to be verified");
	if (!vec_push(&v->blocks, b))
		return jv_lacks_memory(v);
	*map |= (uint32_t)v->blocks.len;
	*ret = (uint32_t)v->blocks.len - 1;
	if (at > v->last_target)
		v->last_target = at;
	return true;
}

/* Whether it is an instruction is seen in the end, when all are known. */
bool jv_edge_to(struct jv *v, uint32_t from, uint32_t to)
{
	uint32_t block;

	if (to < v->lo || to >= v->hi)
		return jv_fail(v, from, "a branch out of the function");
	block = v->map[to - v->lo] & JV_BLOCK;
	if (block == JV_SEALED)
		return jv_fail(v, from, "a branch into a sequence that must be whole");
	if (!block-- && !jv_block_new(v, to, &block))
		return false;
	return edge_to_block(v, from, block);
}

bool jv_fall_into(struct jv *v, uint32_t block)
{
	return edge_to_block(v, v->at, block);
}

/* A handler: rbp is the frame's, rax the exception, rsp still to be set. */
static void handler_begin(struct jv *v, const struct jv_block *b)
{
	v->s.inherited = 0;
	v->s.depth = UINT32_MAX;
	if (b->tag != UINT32_MAX)
		jv_know(v, RAX, KIND_EXN, b->tag - 1);
}

void jv_block_begin(struct jv *v, uint32_t block)
{
	struct jv_block *b = &v->blocks.at[block];

	assert(b->first_edge == JV_NOT_WALKED);
	v->blocks.at[v->block].end_edge = b->first_edge = (uint32_t)v->edges.len;
	v->reached = true;
	v->block = block;
	v->block_at = b->at;
	v->s.zx = v->s.special = 0;
	v->s.inherited = 0xffff;
	v->s.depth = v->frame;
	v->s.leaving = v->s.left = false;
	if (b->tag)
		handler_begin(v, b);
}

static bool handler_block(struct jv *v, const struct jit_handler *h)
{
	uint32_t tag = h->tag == WASM_NONE ? UINT32_MAX : h->tag + 1, block;
	struct jv_block *b;

	if (h->pc <= v->lo || h->pc >= v->hi)
		return jv_fail(v, h->pc, "not the code of one handler");
	block = v->map[h->pc - v->lo] & JV_BLOCK;
	if (!block-- && !jv_block_new(v, h->pc, &block))
		return false;
	b = &v->blocks.at[block];
	if (b->tag && b->tag != tag)
		return jv_fail(v, h->pc, "not the code of one handler");
	b->tag = tag;
	b->in = 0;
	b->closed = true;
	return true;
}

bool jv_flow_init(struct jv *v)
{
	uint32_t entry;

	memset(v->map, 0, (size_t)(v->hi - v->lo + JV_READ_AHEAD) * sizeof(*v->map));
	v->blocks.len = v->edges.len = v->work.len = 0;
	v->table_entries = v->last_target = 0;
	v->quick_end = v->thorough || v->text_size < JV_READ_AHEAD ? v->lo :
		       (uint32_t)num_min(v->hi, v->text_size - JV_READ_AHEAD);
	if (!jv_block_new(v, v->lo, &entry))
		return false;
	v->blocks.at[entry].closed = true;
	for (uint32_t k = 0; k < v->nhandlers; k++)
		if (!handler_block(v, &v->handlers[k]))
			return false;
	v->block = entry;
	v->frame = 0;
	jv_block_begin(v, entry);
	v->s.zx = v->sig->args;
	v->s.inherited = 0;
	return true;
}

/* Facts have been passed on when their edges were made; what fell since is passed on again. */
bool jv_solve(struct jv *v)
{
	v->blocks.at[v->block].end_edge = (uint32_t)v->edges.len;
	while (v->work.len) {
		const struct jv_block *b = &v->blocks.at[v->work.at[--v->work.len]];

		for (uint32_t k = b->first_edge; k < b->end_edge; k++)
			if (!pass_on(v, &v->edges.at[k], b->in))
				return false;
	}
	for (uint32_t b = 0; b < v->blocks.len; b++)
		if (v->blocks.at[b].need & ~v->blocks.at[b].in)
			return jv_fail(v, v->blocks.at[b].need_at, "an index or argument that is "
				       "not zero-extended on every path");
	return true;
}
