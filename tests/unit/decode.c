/* The decoder: each section, its errors, its limits, features that are off. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <sys/resource.h>

#include "runtime/base/num.h"
#include "runtime/wasm/expr.h"
#include "tests/unit/module.h"

#define HEADER 0, 'a', 's', 'm', 1, 0, 0, 0
#define TYPE_VOID 1, 4, 1, 0x60, 0, 0
#define ALL (wasm_features_validated())

/* Decodes bytes, expects a message that begins so (NULL: none). */
static void expect(const uint8_t *bytes, size_t n, wasm_features features, const char *text)
{
	struct wsbox_err err = WSBOX_ERR_INIT;
	struct wasm_module m;
	int ret = wasm_module_decode(&m, bytes, n, features, &err);

	if (!text) {
		ck_assert_msg(ret == 0, "%s", err.text);
		wasm_module_done(&m);
		return;
	}
	ck_assert_int_eq(ret, -ENOEXEC);
	ck_assert_msg(!strncmp(err.text, text, strlen(text)), "wanted \"%s\", got \"%s\"", text,
		      err.text);
	ck_assert_ptr_null(m.types);
}

#define EXPECT(text, ...) \
	expect((const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }), ALL, \
	       text)
#define EXPECT_WITH(features, text, ...) \
	expect((const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }), \
	       features, text)

START_TEST(header)
{
	expect((const uint8_t *)"", 0, ALL, "unexpected end");
	EXPECT("unexpected end", 0, 'a', 's');
	EXPECT("magic header not detected", 0x7f, 'E', 'L', 'F', 2, 1, 1, 0);
	EXPECT("magic header not detected", '(', 'm', 'o', 'd', 'u', 'l', 'e', ')');
	EXPECT("unexpected end", 0, 'a', 's', 'm', 1);
	EXPECT("unknown binary version 2", 0, 'a', 's', 'm', 2, 0, 0, 0);
	EXPECT("unknown binary version: a component", 0, 'a', 's', 'm', 13, 0, 1, 0);
	EXPECT(NULL, HEADER);
}
END_TEST

START_TEST(sections)
{
	EXPECT("malformed section id 14", HEADER, 14, 0);
	EXPECT("length out of bounds", HEADER, 1, 9);
	EXPECT("unexpected end", HEADER, 1);
	EXPECT("integer representation too long", HEADER, 1, 0x80, 0x80, 0x80, 0x80, 0x80, 0);
	EXPECT("unexpected content after last section", HEADER, TYPE_VOID, TYPE_VOID);
	EXPECT("unexpected content after last section", HEADER, 3, 1, 0, TYPE_VOID);
	EXPECT("section size mismatch", HEADER, 1, 5, 1, 0x60, 0, 0, 0);
	EXPECT(NULL, HEADER, 0, 3, 1, 'x', 0xff, TYPE_VOID, 0, 1, 0, 3, 1, 0, 0, 4, 2, 'y', 'z', 1);
	EXPECT("malformed UTF-8 encoding", HEADER, 0, 2, 1, 0xff);
	EXPECT("unexpected end", HEADER, 0, 2, 5, 'a');
	EXPECT("function and code section have inconsistent lengths", HEADER, TYPE_VOID, 3, 2, 1,
	       0);
	EXPECT("function and code section have inconsistent lengths", HEADER, 10, 4, 1, 2, 0, 0x0b);
	EXPECT("data count and data section have inconsistent lengths", HEADER, 12, 1, 1);
	EXPECT("unexpected end", HEADER, TYPE_VOID, 3, 2, 1, 0, 10, 3, 1, 0, 0);
}
END_TEST

START_TEST(types_and_imports)
{
	EXPECT("malformed type form", HEADER, 1, 4, 1, 0x61, 0, 0);
	EXPECT("malformed value type", HEADER, 1, 5, 1, 0x60, 1, 0x7a, 0);
	EXPECT("unknown type 5", HEADER, TYPE_VOID, 2, 7, 1, 1, 'm', 1, 'n', 0, 5);
	EXPECT("malformed import kind", HEADER, 2, 7, 1, 1, 'm', 1, 'n', 9, 0);
	EXPECT("malformed mutability", HEADER, 2, 8, 1, 1, 'm', 1, 'n', 3, 0x7f, 2);
	EXPECT("size minimum must not be greater than maximum", HEADER, 5, 4, 1, 1, 2, 1);
	EXPECT("memory size must be at most 65536 pages (4GiB)", HEADER, 5, 5, 1, 0, 0x81, 0x80, 4);
	EXPECT("malformed limits flags", HEADER, 5, 4, 1, 0x10, 0, 0);
	EXPECT("shared memory must have maximum", HEADER, 5, 3, 1, 2, 0);
	EXPECT("malformed reference type", HEADER, 4, 4, 1, 0x7f, 0, 0);
	EXPECT(NULL, HEADER, 4, 4, 1, 0x70, 0, 0);
}
END_TEST

/* Recursion groups: of nothing, of themselves, alike in pairs. */
START_TEST(recursion_groups)
{
	static const uint8_t pairs[] = {
		HEADER, 1, 25, 2, 0x4e, 2, 0x5f, 1, 0x63, 1, 0, 0x60, 1, 0x63, 0, 0,
		0x4e, 2, 0x5f, 1, 0x63, 3, 0, 0x60, 1, 0x63, 2, 0,
	};
	struct wsbox_err err = WSBOX_ERR_INIT;
	struct wasm_module m;

	EXPECT(NULL, HEADER, 1, 5, 2, 0x4e, 0, 0x4e, 0);
	EXPECT(NULL, HEADER, 1, 6, 1, 0x60, 1, 0x63, 0, 0);
	EXPECT("unknown type 1", HEADER, 1, 6, 1, 0x60, 1, 0x63, 1, 0);
	EXPECT("sub type 1: its supertype 0 is final", HEADER, 1, 10, 2, 0x60, 0, 0, 0x50, 1, 0,
	       0x60, 0, 0);
	EXPECT("unknown type 1", HEADER, 1, 10, 2, 0x60, 0, 0, 0x50, 1, 1, 0x60, 0, 0);
	ck_assert_msg(!wasm_module_decode(&m, pairs, sizeof(pairs), ALL, &err), "%s", err.text);
	ck_assert_uint_eq(m.ntypes, 4);
	ck_assert_uint_eq(m.types[2].canon, 0);
	ck_assert_uint_eq(m.types[3].canon, 1);
	ck_assert_uint_eq(wasm_heap(m.types[3].params[0]), 0);
	ck_assert_uint_eq(wasm_heap(m.subs[2].fields[0].type), 1);
	wasm_module_done(&m);
}
END_TEST

START_TEST(indices)
{
	EXPECT("unknown type 1", HEADER, TYPE_VOID, 3, 2, 1, 1);
	EXPECT("unknown function 0", HEADER, 7, 5, 1, 1, 'a', 0, 0);
	EXPECT("unknown memory 3", HEADER, 7, 5, 1, 1, 'a', 2, 3);
	EXPECT("malformed export kind", HEADER, 7, 5, 1, 1, 'a', 7, 0);
	EXPECT("duplicate export name \"a\"", HEADER, 5, 3, 1, 0, 1, 7, 9, 2, 1, 'a', 2, 0, 1, 'a',
	       2, 0);
	EXPECT("unknown function 0", HEADER, 8, 1, 0);
	EXPECT("start function 0", HEADER, 1, 5, 1, 0x60, 1, 0x7f, 0, 3, 2, 1, 0, 8, 1, 0, 10, 4, 1,
	       2, 0, 0x0b);
	EXPECT("unknown table 0", HEADER, 9, 6, 1, 0, 0x41, 0, 0x0b, 0);
	EXPECT("unknown memory 0", HEADER, 11, 6, 1, 0, 0x41, 0, 0x0b, 0);
	EXPECT("malformed elements segment kind", HEADER, 9, 6, 1, 8, 0x41, 0, 0x0b, 0);
	EXPECT("malformed data segment kind", HEADER, 11, 6, 1, 3, 0x41, 0, 0x0b, 0);
	EXPECT("unknown function 4", HEADER, 9, 5, 1, 1, 0, 1, 4);
}
END_TEST

START_TEST(constant_expressions)
{
	EXPECT(NULL, HEADER, 6, 6, 1, 0x7f, 0, 0x41, 5, 0x0b);
	EXPECT("type mismatch", HEADER, 6, 6, 1, 0x7e, 0, 0x41, 5, 0x0b);
	EXPECT("type mismatch", HEADER, 6, 8, 1, 0x7f, 0, 0x41, 5, 0x41, 5, 0x0b);
	EXPECT("constant expression required", HEADER, 6, 6, 1, 0x7f, 0, 0x01, 0x01, 0x0b);
	EXPECT("constant expression required", HEADER, 6, 8, 1, 0x7f, 0, 0x41, 5, 0x45, 0x0b, 0);
	EXPECT("unknown global 0", HEADER, 6, 6, 1, 0x7f, 0, 0x23, 0, 0x0b);
	EXPECT("constant expression required", HEADER, 6, 11, 2, 0x7f, 1, 0x41, 5, 0x0b, 0x7f, 0,
	       0x23, 0, 0x0b);
	EXPECT("unexpected end", HEADER, 6, 5, 1, 0x7f, 0, 0x41, 5);
	EXPECT("unknown function 0", HEADER, 6, 6, 1, 0x70, 0, 0xd2, 0, 0x0b);
}
END_TEST

/* Counts that the bytes cannot pay for fail before anything is allocated. */
START_TEST(huge_counts)
{
	static const uint8_t ids[] = { 1, 2, 3, 4, 5, 6, 7, 9, 11, 13 };
	struct rlimit little = { 128 << 20, 128 << 20 };

#ifndef WSBOX_SAN
	ck_assert_int_eq(setrlimit(RLIMIT_AS, &little), 0);
#endif
	(void)little;
	for (size_t i = 0; i < sizeof(ids); i++)
		EXPECT("unexpected end of section", HEADER, ids[i], 9, 0xff, 0xff, 0xff, 0x7f, 0x60,
		       0, 0, 0, 0);
	/* a table of 2^32-1 elements, an element segment of as many */
	EXPECT("unexpected end of section", HEADER, 9, 9, 1, 5, 0x70, 0xff, 0xff, 0xff, 0xff, 0x0f,
	       0);
	EXPECT("unexpected end of section", HEADER, 1, 7, 1, 0x60, 0xff, 0xff, 0xff, 0xff, 0x0f);
}
END_TEST

START_TEST(limits)
{
	struct wsbox_err err = WSBOX_ERR_INIT;
	struct mod m = mod_new();

	mod_section(&m, 1);
	mod_put(&m, 1, 0x60);
	mod_u32(&m, 1001);
	for (int i = 0; i < 1001; i++)
		mod_put(&m, 0x7f);
	mod_put(&m, 0);
	ck_assert_int_eq(mod_judge(&m, ALL, &err), -ENOEXEC);
	ck_assert_str_eq(err.text, "the number of parameters, 1001, exceeds the limit of 1000");

	m = mod_new();
	mod_section(&m, 1);
	mod_u32(&m, WASM_MAX_TYPES + 1);
	for (int i = 0; i <= WASM_MAX_TYPES; i++)
		mod_put(&m, 0x60, 0, 0);
	ck_assert_int_eq(mod_judge(&m, ALL, &err), -ENOEXEC);
	ck_assert_str_eq(err.text, "the number of types, 1000001, exceeds the limit of 1000000");

	m = mod_new();
	mod_section(&m, 7);
	mod_put(&m, 1);
	mod_u32(&m, WASM_MAX_NAME + 1);
	for (int i = 0; i <= WASM_MAX_NAME; i++)
		mod_put(&m, 'x');
	mod_put(&m, 0, 0);
	ck_assert_int_eq(mod_judge(&m, ALL, &err), -ENOEXEC);
	ck_assert_str_eq(err.text, "a name of 100001 bytes exceeds the limit of 100000");
}
END_TEST

/* A million types, all alike or none: linear either way. */
START_TEST(many_types)
{
	struct wsbox_err err = WSBOX_ERR_INIT;
	struct wasm_module w;
	struct mod m = mod_new();
	uint32_t wrong = 0;

	mod_section(&m, 1);
	mod_u32(&m, WASM_MAX_TYPES);
	for (uint32_t i = 0; i < WASM_MAX_TYPES; i++) {
		mod_put(&m, 0x60, 10);
		for (uint32_t k = 0, v = i / 2; k < 10; k++, v >>= 2)
			mod_put(&m, (uint8_t)(0x7c + (v & 3)));
		mod_put(&m, 0);
	}
	mod_end(&m);
	ck_assert_int_eq(wasm_module_decode(&w, m.b.at, m.b.len, ALL, &err), 0);
	for (uint32_t i = 0; i < WASM_MAX_TYPES; i += 2)
		wrong += w.types[i].canon != i || w.types[i + 1].canon != i;
	ck_assert_uint_eq(wrong, 0);
	wasm_module_done(&w);
}
END_TEST

START_TEST(features_off)
{
	wasm_features none = WASM_FEATURE_BIT(MVP), f = wasm_features_default();
	struct wsbox_err err = WSBOX_ERR_INIT;

	EXPECT_WITH(none, "v128 needs the simd proposal, which is off: -W simd=y", HEADER, 1, 5, 1,
		    0x60, 1, 0x7b, 0);
	EXPECT_WITH(none, "a data count section needs", HEADER, 12, 1, 0);
	EXPECT_WITH(none, "multiple memories", HEADER, 5, 5, 2, 0, 1, 0, 1);
	EXPECT_WITH(none, "a function with several results needs", HEADER, 1, 6, 1, 0x60, 0, 2,
		    0x7f, 0x7f);
	EXPECT_WITH(f, "a recursion group needs the gc proposal", HEADER, 1, 6, 1, 0x4e, 1, 0x60, 0,
		    0);
	EXPECT_WITH(none, "constant expression required: arithmetic needs the extended-const",
		    HEADER, 6, 9, 1, 0x7f, 0, 0x41, 5, 0x41, 1, 0x6a, 0x0b);

	ck_assert_int_eq(wasm_features_set(&f, "simd=n", &err), 0);
	ck_assert(!(f & WASM_FEATURE_BIT(SIMD)));
	ck_assert_int_eq(wasm_features_set(&f, "simd", &err), 0);
	ck_assert(f & WASM_FEATURE_BIT(SIMD));
	ck_assert_int_eq(wasm_features_set(&f, "simd=maybe", &err), -EINVAL);
	ck_assert_int_eq(wasm_features_set(&f, "mvp=n", &err), -EINVAL);
	ck_assert_int_eq(wasm_features_set(&f, "warp-drive=y", &err), -EINVAL);
	ck_assert_str_eq(err.text, "-W warp-drive=y: no such feature; -W help lists them");
	f = ALL;
	ck_assert_int_eq(wasm_features_set(&f, "reference-types=n", &err), 0);
	ck_assert(!(f & (WASM_FEATURE_BIT(GC) | WASM_FEATURE_BIT(FUNCTION_REFERENCES))));
}
END_TEST

static void ask_global(void *env, uint32_t index, union wasm_cell *ret)
{
	ret->bits = *(uint64_t *)env + index;
}

static uint64_t ask_func(void *env, uint32_t index)
{
	return 0x1000 + index;
}

/* Imported global 0: i32 5. */
START_TEST(evaluation)
{
	static const uint8_t bytes[] = {
		HEADER, TYPE_VOID, 2, 8, 1, 1, 'm', 1, 'n', 3, 0x7f, 0, 3, 2, 1, 0,
		6, 30, 4, 0x7f, 0, 0x23, 0, 0x41, 7, 0x6c, 0x41, 0x7f, 0x6a, 0x0b, /* 5 * 7 - 1 */
		0x70, 0, 0xd2, 0, 0x0b, 0x6f, 0, 0xd0, 0x6f, 0x0b,
		0x7d, 0, 0x43, 0, 0, 0x80, 0x3f, 0x0b, 10, 4, 1, 2, 0, 0x0b,
	};
	struct wsbox_err err = WSBOX_ERR_INIT;
	uint64_t five = 5, want[] = { 34, 0x1000, 0, 0x3f800000 };
	struct wasm_expr_env env = { &five, ask_global, ask_func };
	struct wasm_module m;
	union wasm_cell v;

	ck_assert_msg(!wasm_module_decode(&m, bytes, sizeof(bytes), ALL, &err), "%s at %d",
		      err.text, (int)err.offset);
	ck_assert_uint_eq(m.nglobals, 5);
	for (uint32_t i = 0; i < 4; i++) {
		const struct wasm_global *g = &m.globals[i + 1];

		ck_assert_int_eq(wasm_expr_eval(&m, &g->init, g->type.type, &env, &v, &err), 0);
		ck_assert_uint_eq(v.bits, want[i]);
	}
	ck_assert(m.declared[0] & 1);
	wasm_module_done(&m);
}
END_TEST

START_TEST(uses)
{
	static const uint8_t plain[] = { HEADER, TYPE_VOID, 3, 2, 1, 0, 10, 4, 1, 2, 0, 0x0b };
	static const uint8_t rich[] = {
		HEADER, 1, 6, 1, 0x60, 0, 2, 0x7f, 0x6f, 3, 2, 1, 0, 5, 4, 1, 5, 1, 2,
		10, 13, 1, 11, 1, 1, 0x7b, 0x41, 0, 0xc0, 0x12, 0, 0xfc, 2, 0x0b,
	};
	struct wsbox_err err = WSBOX_ERR_INIT;
	struct wasm_module m;

	ck_assert(!wasm_module_decode(&m, plain, sizeof(plain), ALL, &err));
	ck_assert_uint_eq(wasm_module_uses(&m), 0);
	wasm_module_done(&m);
	ck_assert_msg(!wasm_module_decode(&m, rich, sizeof(rich), ALL, &err), "%s", err.text);
	ck_assert_uint_eq(wasm_module_uses(&m),
			  WASM_FEATURE_BIT(MULTI_VALUE) | WASM_FEATURE_BIT(REFERENCE_TYPES) |
				  WASM_FEATURE_BIT(MEMORY64) | WASM_FEATURE_BIT(SIMD) |
				  WASM_FEATURE_BIT(SIGN_EXTENSION) | WASM_FEATURE_BIT(TAIL_CALL) |
				  WASM_FEATURE_BIT(NONTRAPPING_FPTOINT));
	wasm_module_done(&m);
}
END_TEST

/* The same module without its bodies, which are found, or found wrong, when they are asked for. */
START_TEST(outline)
{
	static const uint8_t bytes[] = { HEADER, TYPE_VOID, 3, 3, 2, 0, 0, 10, 8, 2, 2, 0, 0x0b,
					 3, 0, 1, 0x0b };
	uint8_t wrong[sizeof(bytes)];
	struct wsbox_err err = WSBOX_ERR_INIT;
	struct wasm_module m;

	ck_assert_int_eq(wasm_module_outline(&m, bytes, sizeof(bytes), ALL, &err), 0);
	ck_assert_uint_eq(m.nfuncs, 2);
	ck_assert_ptr_null(m.funcs[1].body);
	ck_assert_int_eq(wasm_module_bodies(&m, &err), 0);
	ck_assert_ptr_eq(m.funcs[1].body, bytes + sizeof(bytes) - 3);
	ck_assert_uint_eq(m.funcs[1].body_len, 3);
	wasm_module_done(&m);
	memcpy(wrong, bytes, sizeof(bytes));
	wrong[sizeof(wrong) - 4] = 4;
	ck_assert_int_eq(wasm_module_decode(&m, wrong, sizeof(wrong), ALL, &err), -ENOEXEC);
	ck_assert_int_eq(wasm_module_outline(&m, wrong, sizeof(wrong), ALL, &err), 0);
	ck_assert_int_eq(wasm_module_bodies(&m, &err), -ENOEXEC);
	ck_assert_uint_eq(err.offset, sizeof(wrong) - 3);
	wasm_module_done(&m);
}
END_TEST

START_TEST(names)
{
	static const uint8_t bytes[] = {
		HEADER, TYPE_VOID, 3, 4, 3,    0,   0, 0,    7, 5, 1,    1,   'e', 0,   1,   10,
		10,     3,         2, 0, 0x0b, 2,   0, 0x0b, 2, 0, 0x0b, 0,   17,  4,   'n', 'a',
		'm',    'e',       0, 2, 1,    'M', 1, 6,    1, 0, 3,    'o', 'n', 'e',
	};
	struct wsbox_err err = WSBOX_ERR_INIT;
	struct wasm_module m;
	struct wasm_name name;
	char buf[8];

	ck_assert_msg(!wasm_module_decode(&m, bytes, sizeof(bytes), ALL, &err), "%s", err.text);
	ck_assert_str_eq(wasm_func_name(&m, 0, buf, sizeof(buf)), "one");
	ck_assert_str_eq(wasm_func_name(&m, 1, buf, sizeof(buf)), "e");
	ck_assert_str_eq(wasm_func_name(&m, 2, buf, sizeof(buf)), "func[2]");
	ck_assert_str_eq(wasm_func_name(&m, 0, buf, 3), "on");
	ck_assert(wasm_module_name(&m, &name));
	ck_assert_uint_eq(name.len, 1);
	ck_assert_ptr_nonnull(wasm_export_find(&m, "e", 1));
	ck_assert_ptr_null(wasm_export_find(&m, "f", 1));
	wasm_module_done(&m);
}
END_TEST

UNIT("decode", outline, header, sections, types_and_imports, recursion_groups, indices,
     constant_expressions, huge_counts, limits, many_types, features_off, evaluation, uses, names)
