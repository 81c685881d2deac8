/* The scan before compiling: loops in order, their hottest locals, and that it is linear. */
#include "tests/unit/unit.h"

#include <time.h>

#include "runtime/base/num.h"
#include "runtime/wasm/skip.h"
#include "tests/unit/module.h"

#define END 0x0b

/* Scans a function of eight i32 locals with this code. */
static void scan(const void *code, size_t n, uint32_t max, struct wasm_scan *ret)
{
	static const uint8_t type[] = { 0, 0 };
	static struct wasm_module w;
	static struct arena a;
	static struct mod m;
	struct wsbox_err err = WSBOX_ERR_INIT;
	struct wasm_body b;

	/* the last call's, which its caller looked at until now */
	wasm_module_done(&w);
	arena_done(&a);
	vec_done(&m.b);
	m = mod_function(type, sizeof(type), "", 0);
	mod_put(&m, 1, 8, 0x7f);
	mod_bytes(&m, code, n);
	while (m.depth)
		mod_end(&m);
	ck_assert_msg(!wasm_module_decode(&w, m.b.at, m.b.len, wasm_features_validated(), &err),
		      "%s", err.text);
	arena_init(&a);
	ck_assert_int_eq(wasm_body_init(&b, &w, 0, &a, &err), 0);
	ck_assert_int_eq(wasm_body_scan(&b, max, ret), 0);
}

#define SCAN(max, ret, ...) \
	scan((const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }), max, ret)

static void use_is(const struct wasm_scan *s, uint32_t loop, uint32_t rank, uint32_t local,
		   uint32_t weight, bool written)
{
	const struct wasm_use *u = &s->uses[s->loops[loop].first_use + rank];

	ck_assert_uint_lt(rank, s->loops[loop].nuses);
	ck_assert_uint_eq(u->local, local);
	ck_assert_uint_eq(u->weight, weight);
	ck_assert_int_eq(u->written, written);
}

START_TEST(straight)
{
	struct wasm_scan s;

	SCAN(8, &s, 0x20, 1, 0x21, 2, 0x20, 1, 0x1a, 0x41, 0x20, 0x1a, END);
	ck_assert_uint_eq(s.nloops, 1);
	ck_assert_uint_eq(s.loops[0].nuses, 2);
	ck_assert_uint_eq(s.loops[0].parent, WASM_NONE);
	use_is(&s, 0, 0, 1, 2, false);
	use_is(&s, 0, 1, 2, 1, true);
	ck_assert(!s.has_call);
	ck_assert(!s.has_simd);
	ck_assert_uint_eq(s.nops, 7);
}
END_TEST

/* Instructions that call the runtime use the stack as calls do; sizes are read from the context. */
START_TEST(runtime_calls)
{
	struct wasm_scan s;

	SCAN(8, &s, 0x3f, 0, 0x1a, 0xfc, 0x10, 0, 0x1a, END);
	ck_assert(!s.has_call);
	SCAN(8, &s, 0x20, 0, 0x40, 0, 0x1a, END);
	ck_assert(s.has_call);
	SCAN(8, &s, 0x20, 0, 0x25, 0, 0x1a, END);
	ck_assert(s.has_call);
}
END_TEST

/* A loop in a loop beside a third; the inner one calls. */
START_TEST(nested)
{
	struct wasm_scan s;

	SCAN(8, &s, 0x20, 7, 0x1a, 0x03, 0x40, 0x20, 3, 0x1a, 0x03, 0x40, 0x20, 5, 0x22, 6, 0x1a,
	     0x10, 0, END, END, 0x02, 0x40, 0x03, 0x40, 0x20, 0, 0x1a, END, END, 0x20, 7, 0x1a,
	     END);
	ck_assert_uint_eq(s.nloops, 4);
	ck_assert_uint_eq(s.loops[1].parent, 0);
	ck_assert_uint_eq(s.loops[2].parent, 1);
	ck_assert_uint_eq(s.loops[3].parent, 0);
	ck_assert(s.loops[0].has_call && s.loops[1].has_call && s.loops[2].has_call &&
		  !s.loops[3].has_call);
	ck_assert_uint_eq(s.loops[1].nuses, 3);
	use_is(&s, 2, 0, 5, 1, false);
	use_is(&s, 1, 0, 5, 8, false);
	use_is(&s, 1, 1, 6, 8, true);
	use_is(&s, 1, 2, 3, 1, false);
	use_is(&s, 0, 0, 5, 64, false);
	ck_assert_uint_eq(s.loops[0].nuses, 5);
	use_is(&s, 0, 4, 7, 2, false);
	ck_assert_uint_lt(s.loops[1].at, s.loops[2].at);
}
END_TEST

START_TEST(cut)
{
	struct wasm_scan s;

	SCAN(2, &s, 0x20, 1, 0x20, 2, 0x20, 2, 0x20, 3, 0x20, 3, 0x20, 3, 0x1a, END);
	ck_assert_uint_eq(s.loops[0].nuses, 2);
	use_is(&s, 0, 0, 3, 3, false);
	use_is(&s, 0, 1, 2, 2, false);
	/* wrong code: what came before it counts */
	SCAN(8, &s, 0x20, 1, 0x20, 99, 0x20, 1, END);
	ck_assert_uint_eq(s.loops[0].nuses, 1);
	SCAN(0, &s, 0x20, 1, END);
	ck_assert_uint_eq(s.loops[0].nuses, 0);
	SCAN(8, &s, 0x41, 0x80);
	ck_assert_uint_eq(s.nloops, 1);
}
END_TEST

START_TEST(every_immediate)
{
	struct wasm_scan s;

	SCAN(8, &s, 0x02, 0x64, 0x70, END, 0x0e, 2, 0, 1, 2, 0x11, 0, 0, 0x1c, 1, 0x63, 0x70, 0x28,
	     0x42, 1, 5, 0x43, 0, 0, 0, 0, 0x44, 0, 0, 0, 0, 0, 0, 0, 0, 0xfd, 0x0c, 0, 0, 0, 0, 0,
	     0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xfd, 0x54, 0, 0, 3, 0xfe, 3, 0, 0xfb, 0x18, 0, 0,
	     0x70, 0x70, 0x1f, 0x40, 2, 0, 0, 0, 2, 1, END, 0xfc, 8, 0, 0, 0x20, 4, END);
	ck_assert_uint_eq(s.loops[0].nuses, 1);
	use_is(&s, 0, 0, 4, 1, false);
	ck_assert(s.has_simd);
}
END_TEST

/* 200,000 loops, nested and in a row, each with uses. */
START_TEST(many_loops)
{
	enum { N = 200000 };
	uint8_t *code = malloc(N * 9 + 1), *p = code;
	struct timespec from, to;
	struct wasm_scan s;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
	for (int i = 0; i < N; i++, p += 6)
		memcpy(p, (const uint8_t[]){ 0x03, 0x40, 0x20, (uint8_t)(i % 8), 0x21, 0 }, 6);
	memset(p, END, N + 1);
	scan(code, (size_t)(p - code) + N + 1, 16, &s);
	ck_assert_uint_eq(s.nloops, WASM_SCAN_LOOPS);
	ck_assert_uint_eq(s.uses[s.loops[0].first_use].weight, 1 << 30);
	for (p = code; p < code + N * 7; p += 7)
		memcpy(p, (const uint8_t[]){ 0x03, 0x40, 0x20, 1, 0x21, 0, END }, 7);
	*p = END;
	scan(code, N * 7 + 1, 16, &s);
	ck_assert_uint_eq(s.nloops, WASM_SCAN_LOOPS);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
	ck_assert_int_lt(to.tv_sec - from.tv_sec, 3);
	free(code);
}
END_TEST

/* Bytes of the instruction at `at`, of which there are n; 0 if it is none or does not end. */
static uint32_t length(const uint8_t *at, size_t n, const struct wasm_op_row **ret_row)
{
	struct reader r = reader_of(at, n);
	uint16_t op = wasm_skip_opcode(&r);

	*ret_row = op < WASM_OPS ? &wasm_ops[op] : NULL;
	return *ret_row && wasm_skip_immediate(&r, (*ret_row)->imm) ? (uint32_t)(r.at - at) : 0;
}

/* Whether the walk wants to know its length beforehand. */
static bool is_plain(const struct wasm_op_row *row, const uint8_t *at, uint32_t len)
{
	if (row->prefix || row->flags & WASM_OP_CALLS)
		return at[0] == 0x10 && len <= 6;
	switch (row->imm) {
	case WASM_IMM_NONE:
		return row->feature == WASM_FEATURE_MVP ||
		       row->feature == WASM_FEATURE_SIGN_EXTENSION;
	case WASM_IMM_LOCAL:
		return len == 2;
	case WASM_IMM_GLOBAL:
	case WASM_IMM_I32:
	case WASM_IMM_I64:
		return len <= 6;
	case WASM_IMM_LABEL:
		return len <= 6 && row->feature == WASM_FEATURE_MVP;
	case WASM_IMM_MEMARG:
		return at[1] < 0x40 && len <= 7;
	case WASM_IMM_F32:
	case WASM_IMM_F64:
		return true;
	default:
		return false;
	}
}

/* One assertion for all that is known of a place: Check's are too slow for each. */
static bool walk_agrees(const struct wasm_op_row *row, const uint8_t *at, uint32_t got,
			uint32_t len)
{
	int kind = wasm_op_walk[at[0]];

	if (!got)
		return !len || !is_plain(row, at, len);
	/* a loop and what has to do with vectors take a closer look */
	return got == len && got <= WASM_SKIP_LONGEST && !row->prefix && at[0] != 0x03 &&
	       !(row->imm == WASM_IMM_BLOCK && at[1] == WASM_KIND_V128) &&
	       !!(kind & WASM_WALK_LOCAL) == (row->imm == WASM_IMM_LOCAL) &&
	       !!(kind & WASM_WALK_CALL) == !!(row->flags & WASM_OP_CALLS) &&
	       kind >> WASM_WALK_DEPTH == (row->imm == WASM_IMM_BLOCK) - (at[0] == END);
}

static void lens_of(const uint8_t at[WASM_SKIP_READ])
{
	uint8_t lens[WASM_SKIP_WINDOW];
	const struct wasm_op_row *row;

	wasm_skip_lens(at, lens);
	for (uint32_t i = 0; i < WASM_SKIP_WINDOW - 16; i++) {
		uint32_t len = length(at + i, WASM_SKIP_READ - i, &row);

		if (!walk_agrees(row, at + i, lens[i], len))
			ck_abort_msg("%02x %02x: %u, want %u", at[i], at[i + 1], lens[i], len);
	}
}

/* The lengths that are worked out for many places at once are those that the table says. */
START_TEST(lengths)
{
	uint8_t bytes[WASM_SKIP_READ];
	uint64_t x = 1;

	for (uint32_t op = 0; op < 256; op++) {
		for (uint32_t second = 0; second < 256; second++) {
			for (size_t i = 0; i < sizeof(bytes); i++) {
				x = x * 6364136223846793005u + 1442695040888963407u;
				bytes[i] = i % 9 == 0 ? (uint8_t)op :
					   i % 9 == 1 ? (uint8_t)second :
							(uint8_t)(x >> 56);
				if (i % 9 > 1 && x >> 40 & 1)
					bytes[i] |= 0x80;
			}
			lens_of(bytes);
		}
	}
}
END_TEST

UNIT("scan", lengths, straight, runtime_calls, nested, cut, every_immediate, many_loops)
