/*
 * The scan before compiling: which locals each loop uses, without types.
 *
 * One pass over the opcodes writes down each use of a local; where the innermost loop changes, a
 * new stretch of notes begins. Then loops are summed up from the last to the first: inner ones come
 * after outer ones, so each adds what its children kept. All steps are linear in the body and in
 * loops times max_uses.
 */
#include <assert.h>
#include <errno.h>

#include "runtime/base/num.h"
#include "runtime/wasm/body.h"
#include "runtime/wasm/skip.h"

#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

/* Inner uses count this much more, for each level. */
enum { LEVEL_WEIGHT = 8, WEIGHT_MAX = 1 << 30 };

/* In notes and weights: the local is written. */
#define WRITTEN (1u << 31)
_Static_assert((uint32_t)WASM_SKIP_WRITES << 28 == WRITTEN && WASM_SKIP_LOCAL == 4,
	       "scan_all() shifts them");
_Static_assert(WASM_MAX_LOCALS < WRITTEN, "a local's index leaves the top bit free");

/* A run of notes that belong to one loop. */
struct stretch {
	uint32_t loop;
	uint32_t first;		/* note; the next stretch begins where it ends */
	uint32_t before;	/* an earlier stretch of the loop, or WASM_NONE */
};

struct scanner {
	struct reader r;
	struct arena *arena;
	struct wasm_scan *scan;
	uint32_t nlocals;
	uint32_t depth;			/* open blocks */
	uint32_t loop;			/* the innermost */
	uint32_t *notes, nnotes;
	struct wasm_loop *loops;
	uint32_t *depths;		/* by loop: of its block */
	uint32_t nloops, loops_cap;
	struct stretch *stretches;
	uint32_t nstretches, stretches_cap;
};

/* Twice the room for *at, which holds n items. */
static bool room_double(struct arena *a, void **at, uint32_t n, uint32_t cap, size_t size)
{
	void *p = arena_array(a, cap, size);

	if (!p)
		return false;
	if (n)
		memcpy(p, *at, n * size);
	*at = p;
	return true;
}

/* Notes from here on are this loop's. */
static bool stretch_begin(struct scanner *s, uint32_t loop)
{
	s->loop = loop;
	if (s->nstretches == s->stretches_cap) {
		s->stretches_cap = s->stretches_cap ? 2 * s->stretches_cap : 8;
		if (!room_double(s->arena, (void **)&s->stretches, s->nstretches, s->stretches_cap,
				 sizeof(*s->stretches)))
			return false;
	}
	s->stretches[s->nstretches++] = (struct stretch){ .loop = loop, .first = s->nnotes };
	return true;
}

static bool loop_enter(struct scanner *s, uint32_t at, uint32_t parent)
{
	if (s->nloops == WASM_SCAN_LOOPS)
		return true;
	if (s->nloops == s->loops_cap) {
		s->loops_cap = s->loops_cap ? 2 * s->loops_cap : 8;
		if (!room_double(s->arena, (void **)&s->loops, s->nloops, s->loops_cap,
				 sizeof(*s->loops)) ||
		    !room_double(s->arena, (void **)&s->depths, s->nloops, s->loops_cap,
				 sizeof(*s->depths)))
			return false;
	}
	s->loops[s->nloops] = (struct wasm_loop){ .at = at, .parent = parent };
	s->depths[s->nloops] = s->depth;
	return stretch_begin(s, s->nloops++);
}

static bool block_leave(struct scanner *s)
{
	bool was_loop = s->depths[s->loop] == s->depth;

	if (!s->depth)
		return false;
	s->depth--;
	return !was_loop || stretch_begin(s, s->loops[s->loop].parent);
}

static bool note_add(struct scanner *s, uint32_t local, uint16_t op)
{
	if (!reader_ok(&s->r) || local >= s->nlocals)
		return false;
	s->notes[s->nnotes++] = local | (op == WASM_LOCAL_GET ? 0 : WRITTEN);
	return true;
}

/* One instruction of any kind; false at the end, or where the code is wrong: what was seen so far
 * counts. */
__attribute__((noinline))
static bool scan_one(struct scanner *s)
{
	uint32_t at = (uint32_t)reader_offset(&s->r);
	uint16_t op = wasm_skip_opcode(&s->r);
	const struct wasm_op_row *row;

	if (op == WASM_OPS)
		return false;
	row = &wasm_ops[op];
	s->scan->nops++;
	s->scan->has_simd |= row->prefix == 0xfd;
	s->scan->has_try |= op == WASM_TRY_TABLE;
	if (row->imm == WASM_IMM_LOCAL)
		return note_add(s, reader_u32(&s->r), op);
	if (row->imm == WASM_IMM_BLOCK || row->imm == WASM_IMM_TRY_TABLE) {
		s->depth++;
		s->scan->has_simd |= reader_left(&s->r) && *s->r.at == WASM_KIND_V128;
		if (op == WASM_LOOP && !loop_enter(s, at, s->loop))
			return false;
	} else if (op == WASM_END) {
		if (!block_leave(s))
			return false;
	} else if (row->flags & WASM_OP_CALLS) {
		s->scan->ncalls++;
		s->loops[s->loop].has_call = true;
	}
	return wasm_skip_immediate(&s->r, row->imm);
}

/* Bytes of a number, at most 8 of which may be read; 0 if it is longer. */
static inline uint32_t number_len(const uint8_t *at)
{
	uint64_t word, ends;

	memcpy(&word, at, sizeof(word));
	ends = ~word & 0x8080808080808080u;
	return ends ? ((uint32_t)__builtin_ctzll(ends) >> 3) + 1 : 0;
}

/*
 * What is no control and no call is stepped over here. The branches on how long it is are what
 * makes this fast: where they are predicted, the next opcode is looked at before this one has been.
 * The notes' end moves past what was written there only if it was a local.
 */
static void scan_all(struct scanner *s)
{
	/* no instruction of two short numbers and no number of 8 bytes reaches the end */
	const uint8_t *at = s->r.at, *end = s->r.end - num_min(reader_left(&s->r), 10);
	uint32_t nnotes = s->nnotes, nops = 0, nlocals = (uint32_t)num_min(s->nlocals, 0x80), len;

	while (likely(at < end)) {
		uint32_t class = wasm_op_skip[at[0]];

		if (class == WASM_SKIP_FAST) {
			at++;
			nops++;
			continue;
		}
		if (class & WASM_SKIP_LOCAL && likely(at[1] < nlocals)) {
			s->notes[nnotes++] = at[1] | (class & WASM_SKIP_WRITES) << 28;
			at += 2;
			nops++;
			continue;
		}
		if (class == (WASM_SKIP_FAST | WASM_SKIP_ONE)) {
			len = likely(at[1] < 0x80) ? 1 : number_len(at + 1);
			if (likely(len)) {
				at += 1 + len;
				nops++;
				continue;
			}
		}
		if (class & WASM_SKIP_MEMARG && likely(at[1] < 0x40)) {
			len = likely(at[2] < 0x80) ? 1 : number_len(at + 2);
			if (likely(len)) {
				at += 2 + len;
				nops++;
				continue;
			}
		}
		if (class == WASM_SKIP_BLOCK &&
		    (at[1] == 0x40 || (at[1] >= WASM_KIND_F64 && at[1] <= WASM_KIND_I32))) {
			s->depth++;
			at += 2;
			nops++;
			continue;
		}
		s->nnotes = nnotes;
		if (class == WASM_SKIP_END) {
			if (unlikely(!block_leave(s)))
				break;
			at++;
			nops++;
			continue;
		}
		s->r.at = at;
		if (!scan_one(s))
			break;
		at = s->r.at;
		nnotes = s->nnotes;
	}
	s->scan->nops += nops;
	if (at < end)
		return;
	s->r.at = at;
	s->nnotes = nnotes;
	while (scan_one(s))
		;
}

/* The sum of a loop: weight by local, and which locals have one. */
struct tally {
	uint32_t *weight;		/* WRITTEN in the top bit */
	uint32_t *touched, ntouched;
};

static inline void tally_add(struct tally *t, uint32_t local, uint32_t weight, uint32_t written)
{
	uint32_t w = t->weight[local], sum = (w & ~WRITTEN) + weight;

	t->touched[t->ntouched] = local;
	t->ntouched += !w;
	t->weight[local] = (sum < WEIGHT_MAX ? sum : WEIGHT_MAX) | ((w | written) & WRITTEN);
}

/* Keeps the max heaviest in uses, heaviest first (by insertion: max is small); clears the tally. */
static uint32_t tally_take(struct tally *t, uint32_t max, struct wasm_use *uses)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < t->ntouched; i++) {
		uint32_t local = t->touched[i], w = t->weight[local] & ~WRITTEN, at;
		struct wasm_use use = { .local = local,
					.weight = w,
					.written = t->weight[local] & WRITTEN };

		t->weight[local] = 0;
		if (n == max && (!max || uses[n - 1].weight >= w))
			continue;
		at = n < max ? n++ : n - 1;
		for (; at && uses[at - 1].weight < w; at--)
			uses[at] = uses[at - 1];
		uses[at] = use;
	}
	assert(n <= max && n <= t->ntouched);
	t->ntouched = 0;
	return n;
}

/* What was found out about loop i and its children so far, as the loops around it see it. */
static void loop_sum(struct scanner *s, uint32_t i, uint32_t last, struct tally *t)
{
	for (uint32_t k = last; k != WASM_NONE; k = s->stretches[k].before) {
		uint32_t to = k + 1 < s->nstretches ? s->stretches[k + 1].first : s->nnotes;

		for (uint32_t n = s->stretches[k].first; n < to; n++)
			tally_add(t, s->notes[n] & ~WRITTEN, 1, s->notes[n]);
	}
}

static void child_add(struct scanner *s, struct wasm_loop *loop, const struct wasm_loop *child,
		      struct tally *t)
{
	const struct wasm_use *u = s->scan->uses + child->first_use;

	loop->has_call |= child->has_call;
	for (uint32_t k = 0; k < child->nuses; k++)
		tally_add(t, u[k].local,
			  u[k].weight < WEIGHT_MAX / LEVEL_WEIGHT ? u[k].weight * LEVEL_WEIGHT
								  : WEIGHT_MAX,
			  u[k].written ? WRITTEN : 0);
}

/* Links each loop's stretches from the last to the first; lasts[i] is loop i's last. */
static void stretches_link(struct scanner *s, uint32_t *lasts)
{
	for (uint32_t i = 0; i < s->nloops; i++)
		lasts[i] = WASM_NONE;
	for (uint32_t k = 0; k < s->nstretches; k++) {
		s->stretches[k].before = lasts[s->stretches[k].loop];
		lasts[s->stretches[k].loop] = k;
	}
}

/* child and sibling chain the loops of each loop that are done: 0 ends a chain, as the whole
 * function is nobody's child. */
static int loops_sum(struct scanner *s, uint32_t max, uint32_t *lasts, uint32_t *child,
		     uint32_t *sibling, struct tally *t)
{
	struct wasm_scan *scan = s->scan;
	uint32_t cap = 0;

	stretches_link(s, lasts);
	for (uint32_t i = s->nloops; i-- > 0;) {
		struct wasm_loop *loop = &s->loops[i];

		loop_sum(s, i, lasts[i], t);
		for (uint32_t c = child[i]; c; c = sibling[c])
			child_add(s, loop, &s->loops[c], t);
		if (!scan->uses || cap - scan->nuses < max) {
			cap = (uint32_t)num_max(2 * (size_t)cap, scan->nuses + max);
			if (!room_double(s->arena, (void **)&scan->uses, scan->nuses, cap,
					 sizeof(*scan->uses)))
				return -ENOMEM;
		}
		loop->first_use = scan->nuses;
		loop->nuses = tally_take(t, max, scan->uses + scan->nuses);
		scan->nuses += loop->nuses;
		if (i) {
			sibling[i] = child[loop->parent];
			child[loop->parent] = i;
		}
	}
	return 0;
}

static int scan_sum(struct scanner *s, uint32_t max)
{
	uint32_t *chains = arena_array(s->arena, 3 * (size_t)s->nloops, sizeof(*chains));
	struct tally t = { .weight = arena_array(s->arena, s->nlocals, sizeof(*t.weight)),
			   .touched = arena_array(s->arena, (size_t)s->nlocals + 1,
						  sizeof(*t.touched)) };

	if (!chains || !t.weight || !t.touched)
		return -ENOMEM;
	s->scan->loops = s->loops;
	s->scan->nloops = s->nloops;
	s->scan->has_call = s->scan->ncalls != 0;
	return loops_sum(s, (uint32_t)num_min(max, s->nlocals), chains, chains + s->nloops,
			 chains + 2 * (size_t)s->nloops, &t);
}

int wasm_body_scan(const struct wasm_body *b, uint32_t max_uses, struct wasm_scan *ret)
{
	struct scanner s = { .r = b->r, .arena = b->arena, .scan = ret, .nlocals = b->nlocals };

	*ret = (struct wasm_scan){ 0 };
	ret->has_simd = b->vectors;
	for (uint32_t i = 0; i < b->type->nparams; i++)
		ret->has_simd |= b->locals[i] == WASM_V128;
	/* a use takes two bytes */
	s.notes = arena_array(b->arena, reader_left(&s.r) / 2 + 1, sizeof(*s.notes));
	if (!s.notes || !loop_enter(&s, 0, WASM_NONE))
		return -ENOMEM;
	scan_all(&s);
	assert(s.nnotes <= reader_left(&b->r) / 2 && s.loop < s.nloops && s.nloops <= s.nstretches);
	return scan_sum(&s, max_uses);
}
