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
_Static_assert((uint32_t)WASM_WALK_WRITES << 30 == WRITTEN && WASM_WALK_LOCAL == 1,
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
		s->loops[s->loop].has_call = true;
	}
	return wasm_skip_immediate(&s->r, row->imm);
}

/*
 * The length of what might begin at each place from `at` on, and how many of these places are far
 * enough from the end that none passes it.
 */
static uint32_t look_ahead(const struct scanner *s, const uint8_t *at,
			   uint8_t lens[WASM_SKIP_WINDOW])
{
	size_t left = (size_t)(s->r.end - at);
	uint8_t padded[WASM_SKIP_READ];

	if (likely(left >= WASM_SKIP_READ + WASM_SKIP_LONGEST)) {
		wasm_skip_lens(at, lens);
		return WASM_SKIP_WINDOW;
	}
	if (left < WASM_SKIP_LONGEST)
		return 0;
	memset(padded, 0, sizeof(padded));
	memcpy(padded, at, num_min(left, sizeof(padded)));
	wasm_skip_lens(padded, lens);
	return (uint32_t)num_min(left - WASM_SKIP_LONGEST + 1, WASM_SKIP_WINDOW);
}

/* What the walk below keeps in registers. */
struct walk {
	const uint8_t *at;
	uint32_t nnotes, nops;
	int32_t depth, loop_depth;
	int32_t kinds;			/* of instructions since the innermost loop was another */
};

/* The instruction at hand, with all that is rare. */
static inline bool walk_one(struct scanner *s, struct walk *w)
{
	s->r.at = w->at;
	s->nnotes = w->nnotes;
	s->depth = (uint32_t)w->depth;
	s->loops[s->loop].has_call |= (w->kinds & WASM_WALK_CALL) != 0;
	w->kinds = 0;
	if (!scan_one(s))
		return false;
	w->at = s->r.at;
	w->nnotes = s->nnotes;
	w->depth = (int32_t)s->depth;
	w->loop_depth = (int32_t)s->depths[s->loop];
	return true;
}

/*
 * The walk branches on what is rare alone, as code is no sequence that branches are predicted in:
 * what might be a local is written down in any case and stays if it was one. Whether there is such
 * a local is asked when it is counted.
 */
static void scan_all(struct scanner *s)
{
	struct walk w = { .at = s->r.at };
	uint8_t lens[WASM_SKIP_WINDOW];
	uint32_t *notes = s->notes, n;
	bool more = true;

	while (more && (n = look_ahead(s, w.at, lens)) != 0) {
		const uint8_t *base = w.at;
		size_t i = 0;

		while (i < n) {
			int32_t kind = wasm_op_walk[base[i]];
			int32_t depth = w.depth + (kind >> WASM_WALK_DEPTH);

			notes[w.nnotes] = base[i + 1] | (uint32_t)(kind & WASM_WALK_WRITES) << 30;
			if (unlikely(!lens[i] | (depth < w.loop_depth))) {
				w.at = base + i;
				more = walk_one(s, &w);
				if (!more)
					break;
				i = (size_t)(w.at - base);
				continue;
			}
			w.nnotes += (uint32_t)kind & WASM_WALK_LOCAL;
			w.depth = depth;
			w.kinds |= kind;
			w.nops++;
			i += lens[i];
		}
		w.at = base + i;
	}
	s->scan->nops += w.nops;
	while (more)
		more = walk_one(s, &w);
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
static void loop_sum(struct scanner *s, uint32_t last, struct tally *t)
{
	uint32_t *weight = t->weight, *touched = t->touched, ntouched = t->ntouched;
	uint32_t *notes = s->notes, nlocals = s->nlocals;

	for (uint32_t k = last; k != WASM_NONE; k = s->stretches[k].before) {
		uint32_t to = k + 1 < s->nstretches ? s->stretches[k + 1].first : s->nnotes;

		for (uint32_t n = s->stretches[k].first; n < to; n++) {
			uint32_t local = notes[n] & ~WRITTEN, w;

			if (unlikely(local >= nlocals))
				break;
			w = weight[local];
			touched[ntouched] = local;
			ntouched += !w;
			weight[local] = (w + 1) | (notes[n] & WRITTEN);
		}
	}
	t->ntouched = ntouched;
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

		loop_sum(s, lasts[i], t);
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
	if (loops_sum(s, (uint32_t)num_min(max, s->nlocals), chains, chains + s->nloops,
		      chains + 2 * (size_t)s->nloops, &t) < 0)
		return -ENOMEM;
	s->scan->loops = s->loops;
	s->scan->nloops = s->nloops;
	s->scan->has_call = s->loops[0].has_call;
	return 0;
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
