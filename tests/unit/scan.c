/* The scan before compiling: loops in order, their hottest locals, and that it is linear. */
#include "tests/unit/unit.h"

#include <time.h>

#include "runtime/base/num.h"
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
	arena_init(&a, 0);
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

UNIT("scan", straight, runtime_calls, nested, cut, every_immediate, many_loops)
