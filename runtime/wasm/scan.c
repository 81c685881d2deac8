/*
 * The scan before compiling: which locals each loop uses, without types.
 *
 * One pass over the opcodes notes (loop, local) for each use, in the innermost loop only; the notes
 * are then sorted by loop (counting sort) and loops are summed up from the last to the first: inner
 * ones come after outer ones, so each adds what its children kept. All steps are linear in the body
 * and in loops times max_uses.
 */
#include "runtime/wasm/scan.h"

#include <assert.h>
#include <errno.h>

#include "runtime/base/num.h"
#include "runtime/base/vec.h"
#include "runtime/wasm/rule.h"

#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

/* Inner uses count this much more, for each level. */
enum { LEVEL_WEIGHT = 8 };

bool wasm_skip_leb(struct reader *r)
{
	while (likely(r->at < r->end))
		if (likely(!(*r->at++ & 0x80)))
			return true;
	return false;
}

static bool skip_bytes(struct reader *r, size_t n)
{
	if (reader_left(r) < n)
		return false;
	r->at += n;
	return true;
}

static bool skip_lebs(struct reader *r, uint32_t n)
{
	while (n--)
		if (!wasm_skip_leb(r))
			return false;
	return true;
}

/* A heap or value type: one number, or a prefix and one. */
static bool skip_type(struct reader *r)
{
	if (reader_left(r) && (*r->at == 0x63 || *r->at == 0x64))
		r->at++;
	return wasm_skip_leb(r);
}

/* A count, then as many numbers and `more`. */
static bool skip_vector(struct reader *r, uint32_t more)
{
	uint32_t n = reader_u32(r);

	return reader_ok(r) && n <= reader_left(r) && skip_lebs(r, n + more);
}

static bool skip_catches(struct reader *r)
{
	uint32_t n;

	if (!skip_type(r))
		return false;
	n = reader_u32(r);
	for (uint32_t i = 0; i < n && reader_ok(r); i++) {
		uint8_t kind = reader_byte(r);

		if (kind <= WASM_CATCH_REF)
			reader_u32(r);
		reader_u32(r);
	}
	return reader_ok(r);
}

static bool skip_memarg(struct reader *r)
{
	uint32_t align = reader_u32(r);

	if (align & 0x40)
		reader_u32(r);
	return reader_ok(r) && wasm_skip_leb(r);
}

/* What is not one number. */
static bool skip_other(struct reader *r, uint8_t imm)
{
	switch (imm) {
	case WASM_IMM_BLOCK:
	case WASM_IMM_HEAP:
		return skip_type(r);
	case WASM_IMM_TRY_TABLE:
		return skip_catches(r);
	case WASM_IMM_BR_TABLE:
		return skip_vector(r, 1);
	case WASM_IMM_SELECT_T:
		return wasm_skip_leb(r) && skip_type(r);
	case WASM_IMM_MEMARG:
		return skip_memarg(r);
	case WASM_IMM_MEMARG_LANE:
		return skip_memarg(r) && skip_bytes(r, 1);
	case WASM_IMM_CAST:
		return skip_bytes(r, 1) && wasm_skip_leb(r) && skip_type(r) && skip_type(r);
	default:
		assert(false);
		return false;
	}
}

/* How many numbers (low bits) or bytes (from BYTES up) follow an opcode; OTHER for skip_other(). */
enum { BYTES = 0x20, OTHER = 0x80 };
static const uint8_t imm_skips[] = {
	[WASM_IMM_NONE] = 0,
	[WASM_IMM_BLOCK] = OTHER,
	[WASM_IMM_LABEL] = 1,
	[WASM_IMM_BR_TABLE] = OTHER,
	[WASM_IMM_FUNC] = 1,
	[WASM_IMM_CALL_INDIRECT] = 2,
	[WASM_IMM_LOCAL] = 1,
	[WASM_IMM_GLOBAL] = 1,
	[WASM_IMM_TABLE] = 1,
	[WASM_IMM_TABLE_TABLE] = 2,
	[WASM_IMM_ELEM_TABLE] = 2,
	[WASM_IMM_ELEM] = 1,
	[WASM_IMM_MEMARG] = OTHER,
	[WASM_IMM_MEMARG_LANE] = OTHER,
	[WASM_IMM_LANE] = BYTES + 1,
	[WASM_IMM_MEMORY] = 1,
	[WASM_IMM_MEMORY_MEMORY] = 2,
	[WASM_IMM_DATA_MEMORY] = 2,
	[WASM_IMM_DATA] = 1,
	[WASM_IMM_I32] = 1,
	[WASM_IMM_I64] = 1,
	[WASM_IMM_F32] = BYTES + 4,
	[WASM_IMM_F64] = BYTES + 8,
	[WASM_IMM_V128] = BYTES + 16,
	[WASM_IMM_SHUFFLE] = BYTES + 16,
	[WASM_IMM_SELECT_T] = OTHER,
	[WASM_IMM_HEAP] = OTHER,
	[WASM_IMM_TYPE] = 1,
	[WASM_IMM_TAG] = 1,
	[WASM_IMM_TRY_TABLE] = OTHER,
	[WASM_IMM_FENCE] = BYTES + 1,
	[WASM_IMM_TYPE_FIELD] = 2,
	[WASM_IMM_TYPE_COUNT] = 2,
	[WASM_IMM_TYPE_DATA] = 2,
	[WASM_IMM_TYPE_ELEM] = 2,
	[WASM_IMM_TYPE_TYPE] = 2,
	[WASM_IMM_CAST] = OTHER,
};
_Static_assert(ARRAY_SIZE(imm_skips) == WASM_IMM_CAST + 1, "a way over each immediate");

bool wasm_skip_immediate(struct reader *r, uint8_t imm)
{
	uint8_t how = imm_skips[imm];

	if (how < BYTES)
		return skip_lebs(r, how);
	return how < OTHER ? skip_bytes(r, how - BYTES) : skip_other(r, imm);
}

uint16_t wasm_skip_opcode(struct reader *r)
{
	uint8_t byte = reader_byte(r);
	uint16_t slot = wasm_op_slots[byte];

	if (unlikely(!reader_ok(r)))
		return WASM_OPS;
	return likely(slot) ? slot - 1 : wasm_op_find(byte, reader_u32(r));
}

/* A use of a local: the innermost loop's. */
struct note {
	uint32_t loop;
	uint32_t local;		/* WRITTEN set for local.set and tee */
};
#define WRITTEN (1u << 31)
_Static_assert(WASM_MAX_LOCALS < WRITTEN, "a local's index leaves the top bit free");

struct scanner {
	struct reader r;
	struct arena *arena;
	struct wasm_scan *scan;
	uint32_t nlocals;
	uint32_t loop;			/* innermost */
	struct VEC(uint32_t) blocks;	/* innermost loop before each open block */
	struct VEC(struct note) notes;
	struct VEC(struct wasm_loop) loops;
};

static bool loop_enter(struct scanner *s, uint32_t at)
{
	struct wasm_loop loop = { .at = at, .parent = s->loop };

	if (s->loops.len >= WASM_SCAN_LOOPS)
		return true;
	if (!vec_push(&s->loops, loop))
		return false;
	s->loop = (uint32_t)s->loops.len - 1;
	return true;
}

static bool local_note(struct scanner *s, uint16_t op)
{
	uint32_t i = reader_u32(&s->r);
	struct note note = { .loop = s->loop, .local = i | (op == WASM_LOCAL_GET ? 0 : WRITTEN) };

	return reader_ok(&s->r) && i < s->nlocals && vec_push(&s->notes, note);
}

/* Calls of functions, and instructions that are calls of the runtime in every tier: they use the
 * stack alike. */
static bool is_call(uint16_t op, const struct wasm_op_row *row)
{
	switch (row->imm) {
	case WASM_IMM_CALL_INDIRECT:
	case WASM_IMM_TABLE_TABLE:
	case WASM_IMM_ELEM_TABLE:
	case WASM_IMM_ELEM:
	case WASM_IMM_MEMORY_MEMORY:
	case WASM_IMM_DATA_MEMORY:
	case WASM_IMM_DATA:
		return true;
	case WASM_IMM_TABLE:
		return op != WASM_TABLE_SIZE;
	case WASM_IMM_MEMORY:
		return op != WASM_MEMORY_SIZE;
	default:
		return op == WASM_CALL || op == WASM_CALL_REF;
	}
}

/* One instruction; false at the end, or where the code is wrong: what was seen so far counts. */
static bool scan_one(struct scanner *s)
{
	uint32_t at = (uint32_t)reader_offset(&s->r);
	uint16_t op = wasm_skip_opcode(&s->r);
	const struct wasm_op_row *row;

	if (unlikely(op == WASM_OPS))
		return false;
	row = &wasm_ops[op];
	s->scan->nops++;
	if (row->imm == WASM_IMM_LOCAL)
		return local_note(s, op);
	s->scan->has_simd |= row->prefix == 0xfd;
	if (row->imm == WASM_IMM_BLOCK || row->imm == WASM_IMM_TRY_TABLE) {
		if (!vec_push(&s->blocks, s->loop) || (op == WASM_LOOP && !loop_enter(s, at)))
			return false;
	} else if (op == WASM_END) {
		if (!s->blocks.len)
			return false;
		s->loop = s->blocks.at[--s->blocks.len];
	} else if (is_call(op, row)) {
		s->scan->ncalls++;
		s->loops.at[s->loop].has_call = true;
	}
	return wasm_skip_immediate(&s->r, row->imm);
}

/* Sums up a loop: weight by local, and which locals have one. */
struct tally {
	uint32_t *weight;		/* WRITTEN in the top bit */
	struct VEC(uint32_t) touched;
};

enum { WEIGHT_MAX = 1 << 30 };

static uint32_t heavier(uint32_t weight)
{
	return weight < WEIGHT_MAX / LEVEL_WEIGHT ? weight * LEVEL_WEIGHT : WEIGHT_MAX;
}

static bool tally_add(struct tally *t, uint32_t local, uint32_t weight, bool written)
{
	uint32_t *w = &t->weight[local];
	uint32_t sum = (*w & ~WRITTEN) + weight;

	if (!*w && !vec_push(&t->touched, local))
		return false;
	*w = (sum < WEIGHT_MAX ? sum : WEIGHT_MAX) | (*w & WRITTEN) | (written ? WRITTEN : 0);
	return true;
}

/* Keeps the max heaviest in uses, heaviest first (by insertion: max is small); clears the tally. */
static uint32_t tally_take(struct tally *t, uint32_t max, struct wasm_use *uses)
{
	uint32_t n = 0;

	for (size_t i = 0; i < t->touched.len; i++) {
		uint32_t local = t->touched.at[i], w = t->weight[local] & ~WRITTEN, at;
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
	t->touched.len = 0;
	return n;
}

/* Notes in the order of their loops; first[i] is where loop i's begin. */
static struct note *notes_sorted(const struct scanner *s, uint32_t *first)
{
	struct note *sorted = arena_array(s->arena, s->notes.len, sizeof(*sorted));
	uint32_t at = 0;

	if (!sorted)
		return NULL;
	for (size_t i = 0; i < s->notes.len; i++)
		first[s->notes.at[i].loop]++;
	for (size_t i = 0; i <= s->loops.len; i++) {
		uint32_t n = first[i];

		first[i] = at;
		at += n;
	}
	for (size_t i = 0; i < s->notes.len; i++)
		sorted[first[s->notes.at[i].loop]++] = s->notes.at[i];
	/* each start now stands where its loop ends */
	for (size_t i = s->loops.len; i > 0; i--)
		first[i] = first[i - 1];
	first[0] = 0;
	return sorted;
}

/*
 * From the last loop to the first: own notes, and what the children kept. Children of a loop are
 * found through a chain that each child enters when it is done.
 */
static bool loops_sum(struct scanner *s, uint32_t max, const struct note *notes,
		      const uint32_t *first, struct tally *t, uint32_t *child, uint32_t *sibling)
{
	struct wasm_scan *scan = s->scan;

	for (uint32_t i = (uint32_t)s->loops.len; i-- > 0;) {
		struct wasm_loop *loop = &s->loops.at[i];

		for (uint32_t k = first[i]; k < first[i + 1]; k++)
			if (!tally_add(t, notes[k].local & ~WRITTEN, 1, notes[k].local & WRITTEN))
				return false;
		for (uint32_t c = child[i]; c; c = sibling[c]) {
			const struct wasm_use *u = scan->uses + s->loops.at[c].first_use;

			loop->has_call |= s->loops.at[c].has_call;
			for (uint32_t k = 0; k < s->loops.at[c].nuses; k++)
				if (!tally_add(t, u[k].local, heavier(u[k].weight), u[k].written))
					return false;
		}
		loop->first_use = scan->nuses;
		loop->nuses = tally_take(t, max, scan->uses + scan->nuses);
		scan->nuses += loop->nuses;
		if (i) {
			sibling[i] = child[loop->parent];
			child[loop->parent] = i;
		}
	}
	return true;
}

static int scan_sum(struct scanner *s, uint32_t max)
{
	size_t n = s->loops.len + 1;
	uint32_t *first = arena_array(s->arena, n, sizeof(*first));
	uint32_t *child = arena_array(s->arena, n, sizeof(*child));
	uint32_t *sibling = arena_array(s->arena, n, sizeof(*sibling));
	struct tally t = { .weight = arena_array(s->arena, s->nlocals, sizeof(*t.weight)) };
	struct note *notes = first ? notes_sorted(s, first) : NULL;
	size_t uses, locals = num_min(max, s->nlocals);
	bool ok;

	if (!num_mul(n, locals, &uses))
		return -ENOMEM;
	s->scan->uses = arena_array(s->arena, uses, sizeof(*s->scan->uses));
	s->scan->loops = arena_array(s->arena, n, sizeof(*s->scan->loops));
	if (!child || !sibling || !t.weight || !notes || !s->scan->uses || !s->scan->loops)
		return -ENOMEM;
	ok = loops_sum(s, (uint32_t)locals, notes, first, &t, child, sibling);
	vec_done(&t.touched);
	memcpy(s->scan->loops, s->loops.at, s->loops.len * sizeof(*s->scan->loops));
	s->scan->nloops = (uint32_t)s->loops.len;
	s->scan->has_call = s->scan->ncalls != 0;
	return ok ? 0 : -ENOMEM;
}

int wasm_body_scan(const struct wasm_body *b, uint32_t max_uses, struct wasm_scan *ret)
{
	struct scanner s = { .r = b->r, .arena = b->arena, .scan = ret, .nlocals = b->nlocals };
	struct wasm_loop whole = { .parent = WASM_NONE };
	int code = -ENOMEM;

	*ret = (struct wasm_scan){ 0 };
	for (uint32_t i = 0; i < b->nlocals; i++)
		ret->has_simd |= b->locals[i] == WASM_V128;
	if (vec_push(&s.loops, whole)) {
		while (scan_one(&s))
			;
		code = scan_sum(&s, max_uses);
	}
	vec_done(&s.blocks);
	vec_done(&s.notes);
	vec_done(&s.loops);
	return code;
}
