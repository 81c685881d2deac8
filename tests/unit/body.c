/* The body walk: every instruction of the table, control, dead code, limits, and what it promises a
 * compiler. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>

#include "runtime/base/num.h"
#include "runtime/wasm/rule.h"
#include "tests/unit/module.h"

#define ALL (wasm_features_validated())
#define END 0x0b

/* Table 0 of funcref and memory 0, so that most instructions have something to name. */
static const uint8_t spaces[] = { 4, 4, 1, 0x70, 0, 1, 5, 3, 1, 0, 1 };

/* () -> () with one local of each number type and code; judged with all features. */
static int judge(const void *code, size_t n, struct wsbox_err *err)
{
	static const uint8_t type[] = { 0, 0 };
	struct mod m = mod_function(type, sizeof(type), spaces, sizeof(spaces));

	mod_put(&m, 5, 1, 0x7f, 1, 0x7e, 1, 0x7d, 1, 0x7c, 1, 0x7b);
	mod_bytes(&m, code, n);
	return mod_judge(&m, ALL, err);
}

#define JUDGE(wanted, ...) \
	do { \
		struct wsbox_err err_ = WSBOX_ERR_INIT; \
		const uint8_t code_[] = { __VA_ARGS__ }; \
		const char *want_ = wanted; \
		int ret_ = judge(code_, sizeof(code_), &err_); \
		const char *at_ = strstr(err_.text, ": "); \
		if (!want_) \
			ck_assert_msg(!ret_, "%s", err_.text); \
		else \
			ck_assert_msg(ret_ == -ENOEXEC && at_ && \
					      !strncmp(at_ + 2, want_, strlen(want_)), \
				      "wanted \"%s\", got \"%s\"", want_, err_.text); \
	} while (0)

START_TEST(table)
{
	for (int i = 0; i < WASM_OPS; i++) {
		const struct wasm_op_row *row = &wasm_ops[i];

		ck_assert(*wasm_op_name(row));
		ck_assert_int_eq(wasm_op_find(row->prefix, row->code), i);
		ck_assert_msg((wasm_rules[i] != NULL) ==
				      (row->special && row->imm != WASM_IMM_LOCAL),
			      "%s", wasm_op_name(row));
	}
	ck_assert_int_eq(wasm_op_find(0, 0x06), WASM_OPS);
	ck_assert_int_eq(wasm_op_find(0xfd, 0x9a), WASM_OPS);
	ck_assert_int_eq(wasm_op_find(0xfd, 0x114), WASM_OPS);
	ck_assert_int_eq(wasm_op_find(0xfc, UINT32_MAX), WASM_OPS);
	ck_assert_int_eq(wasm_op_find(0xff, 0), WASM_OPS);
}
END_TEST

/* The local that has a value of this type in judge()'s function. */
static uint8_t local_of(wasm_valtype t)
{
	return (uint8_t)(WASM_KIND_I32 - t > 4 ? 0 : WASM_KIND_I32 - t);
}

/* One instruction with its operands from locals, the operand `wrong` of another type; results
 * dropped. */
static size_t use_of(const struct wasm_op_row *row, int wrong, uint8_t *code)
{
	size_t n = 0;

	for (int i = 0; i < row->nparams; i++) {
		code[n++] = 0x20;
		code[n++] = (uint8_t)((local_of(row->params[i]) + (i == wrong)) % 5);
	}
	if (row->prefix)
		code[n++] = row->prefix;
	if (row->prefix && row->code > 0x7f) {
		code[n++] = (uint8_t)(row->code | 0x80);
		code[n++] = (uint8_t)(row->code >> 7);
	} else {
		code[n++] = (uint8_t)row->code;
	}
	if (row->imm == WASM_IMM_MEMARG || row->imm == WASM_IMM_MEMARG_LANE)
		code[n++] = row->access;
	for (int i = row->imm == WASM_IMM_NONE                                   ? 0
		     : row->imm == WASM_IMM_F32                                  ? 4
		     : row->imm == WASM_IMM_F64                                  ? 8
		     : row->imm == WASM_IMM_V128 || row->imm == WASM_IMM_SHUFFLE ? 16
		     : row->imm == WASM_IMM_MEMARG_LANE                          ? 2
										 : 1;
	     i > 0; i--)
		code[n++] = 0;
	for (int i = 0; i < row->nresults; i++)
		code[n++] = 0x1a;
	code[n++] = END;
	return n;
}

START_TEST(fixed_signatures)
{
	struct wsbox_err err = WSBOX_ERR_INIT;
	uint8_t code[64];
	int checked = 0;

	for (int i = 0; i < WASM_OPS; i++) {
		const struct wasm_op_row *row = &wasm_ops[i];

		if (row->special)
			continue;
		checked++;
		ck_assert_msg(!judge(code, use_of(row, -1, code), &err), "%s: %s",
			      wasm_op_name(row), err.text);
		for (int p = 0; p < row->nparams; p++) {
			ck_assert_msg(judge(code, use_of(row, p, code), &err) == -ENOEXEC,
				      "%s operand %d", wasm_op_name(row), p);
			ck_assert_ptr_nonnull(strstr(err.text, "type mismatch"));
		}
	}
	ck_assert_int_gt(checked, 450);
}
END_TEST

START_TEST(errors)
{
	JUDGE(NULL, END);
	JUDGE("unknown local 9", 0x20, 9, 0x1a, END);
	JUDGE("unknown label 1", 0x0c, 1, END);
	JUDGE("unknown function 4", 0x10, 4, END);
	JUDGE("unknown type 3", 0x41, 0, 0x11, 3, 0, END);
	JUDGE("unknown table 1", 0x41, 0, 0x11, 0, 1, END);
	JUDGE("unknown global 0", 0x23, 0, 0x1a, END);
	JUDGE("illegal opcode 0x06", 0x06, END);
	JUDGE("illegal opcode 0xff", 0xff, END);
	JUDGE("illegal opcode 0xfd 0x9a", 0xfd, 0x9a, 1, END);
	JUDGE("unexpected end", 0x41);
	JUDGE("unexpected end of section or function", 0x01);
	JUDGE("integer representation too long", 0x41, 0x80, 0x80, 0x80, 0x80, 0x80, 0, 0x1a, END);
	JUDGE("alignment must not be larger than natural", 0x41, 0, 0x28, 3, 0, 0x1a, END);
	JUDGE("offset out of range", 0x41, 0, 0x28, 2, 0x80, 0x80, 0x80, 0x80, 0x10, 0x1a, END);
	JUDGE("invalid lane index 16", 0x20, 4, 0xfd, 0x15, 16, 0x1a, END);
	JUDGE("type mismatch: an if without else", 0x41, 0, 0x04, 0x7f, 0x41, 0, END, 0x1a, END);
	JUDGE("else without an if", 0x05, END);
	JUDGE("END opcode expected", END, 0x01, END);
	JUDGE("type mismatch: values remain on stack", 0x41, 0, END);
	JUDGE("data count section required", 0x41, 0, 0x41, 0, 0x41, 0, 0xfc, 8, 0, 0, END);
	JUDGE("undeclared function reference", 0xd2, 0, 0x1a, END);
	JUDGE("invalid result arity", 0x1c, 2, 0x7f, 0x7f, END);
	JUDGE("type mismatch: i32.add needs 2 operands", 0x41, 0, 0x6a, 0x1a, END);
	JUDGE("type mismatch: select of references", 0xd0, 0x70, 0xd0, 0x70, 0x41, 0, 0x1b, 0x1a,
	      END);
}
END_TEST

/* Dead code: missing operands are any type, what is there is checked. */
START_TEST(dead_code)
{
	JUDGE(NULL, 0x00, 0x6a, 0x1a, END);
	JUDGE(NULL, 0x00, 0x41, 0, 0x6a, 0x1a, END);
	JUDGE("type mismatch", 0x00, 0x42, 0, 0x6a, 0x1a, END);
	JUDGE("type mismatch", 0x00, 0x6a, 0x7c, 0x1a, END);
	JUDGE(NULL, 0x00, 0x1b, 0x1a, END);
	JUDGE(NULL, 0x02, 0x7f, 0x0c, 1, 0x0d, 0, 0x45, END, 0x1a, END);
	JUDGE("type mismatch", 0x02, 0x7f, 0x00, 0x42, 0, END, 0x1a, END);
	JUDGE("type mismatch", 0x00, 0x02, 0x40, 0x6a, 0x1a, END, END);
	JUDGE(NULL, 0x00, 0x04, 0x7f, 0x41, 1, 0x05, 0x00, END, 0x1a, END);
	JUDGE(NULL, 0x00, 0xd1, 0x1a, END);
	JUDGE("type mismatch", 0x00, 0x02, 0x7f, 0x42, 1, 0x0d, 0, END, END);
}
END_TEST

/* A function of these parts repeated: head, n times part, tail. Returns the seconds it took. */
static double repeated(const void *head, size_t nhead, const void *part, size_t npart, uint32_t n,
		       const void *tail, size_t ntail, int want, struct wsbox_err *err)
{
	static const uint8_t type[] = { 0, 0 };
	struct mod m = mod_function(type, sizeof(type), spaces, sizeof(spaces));
	struct timespec from, to;
	int ret;

	mod_put(&m, 0);
	mod_bytes(&m, head, nhead);
	for (uint32_t i = 0; i < n; i++)
		mod_bytes(&m, part, npart);
	mod_bytes(&m, tail, ntail);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
	ret = mod_judge(&m, ALL, err);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
	ck_assert_msg(ret == want, "%s", err->text);
	return (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) * 1e-9;
}

/* 100,000 blocks inside each other: no recursion, no quadratic step. */
START_TEST(deep_nesting)
{
	struct wsbox_err err = WSBOX_ERR_INIT;
	uint8_t *ends = malloc(600000);

	memset(ends, END, 600000);
	ck_assert(repeated("", 0, "\x02\x40", 2, 100000, ends, 100001, 0, &err) < 2);
	ck_assert(repeated("", 0, "\x03\x40", 2, 100000, ends, 100001, 0, &err) < 2);
	ck_assert(repeated("\x00", 1, "\x04\x7f\x41\x00", 4, 100000, "", 0, -ENOEXEC, &err) < 2);
	ck_assert(repeated("", 0, "\x02\x40", 2, WASM_MAX_DEPTH + 1, ends, 1, -ENOEXEC, &err) < 2);
	ck_assert_ptr_nonnull(strstr(err.text, "nested blocks exceed the limit of 500000"));
	free(ends);
}
END_TEST

START_TEST(large_functions)
{
	struct wsbox_err err = WSBOX_ERR_INIT;

	/* 7 MB */
	ck_assert(repeated("", 0, "\x41\x01\x41\x02\x6a\x1a", 6, 1250000, "\x0b", 1, 0, &err) < 4);
	/* an operand stack beyond its limit */
	(void)repeated("", 0, "\x41\x01", 2, WASM_MAX_STACK + 100, "\x0b", 1, -ENOEXEC, &err);
	ck_assert_ptr_nonnull(
		strstr(err.text, "the operand stack exceeds the limit of 100000 values"));
	/* a million targets, and a count that nothing pays for */
	ck_assert(repeated("\x41\x00\x0e\xc0\x84\x3d", 6, "\x00", 1, 1000001, "\x0b", 1, 0, &err) <
		  2);
	(void)repeated("\x41\x00\x0e\xff\xff\xff\xff\x0f", 8, "", 0, 0, "\x0b", 1, -ENOEXEC, &err);
	ck_assert_ptr_nonnull(strstr(err.text, "unexpected end"));
	/* a body beyond the limit is refused by its length */
	(void)repeated("", 0, "\x01", 1, WASM_MAX_BODY, "\x0b", 1, -ENOEXEC, &err);
	ck_assert_ptr_nonnull(strstr(err.text, "exceeds the limit of 7654321"));
}
END_TEST

START_TEST(many_locals)
{
	static const uint8_t type[] = { 1, 0x7f, 0 };
	struct wsbox_err err = WSBOX_ERR_INIT;

	for (int over = 0; over < 2; over++) {
		struct mod m = mod_function(type, sizeof(type), "", 0);

		mod_put(&m, 2);
		mod_u32(&m, WASM_MAX_LOCALS / 2);
		mod_put(&m, 0x7e);
		mod_u32(&m, WASM_MAX_LOCALS / 2 - 1 + over);
		mod_put(&m, 0x7c, 0x20, 0xcf, 0x86, 3, 0x1a, END);
		ck_assert_int_eq(mod_judge(&m, ALL, &err), over ? -ENOEXEC : 0);
	}
	ck_assert_ptr_nonnull(
		strstr(err.text, "too many locals: 50001 exceeds the limit of 50000"));
	for (int i = 0; i < 2; i++) {
		struct mod m = mod_function(type, sizeof(type), "", 0);

		mod_put(&m, 2, 0xff, 0xff, 0xff, 0xff, 0x0f, 0x7f, 0xff, 0xff, 0xff, 0xff, 0x0f,
			0x7f, END);
		ck_assert_int_eq(mod_judge(&m, ALL, &err), -ENOEXEC);
		ck_assert_ptr_nonnull(strstr(err.text, "too many locals"));
	}
}
END_TEST

/* Walks a module's function 0 to the n-th instruction. */
static void walk_to(struct wasm_body *b, struct wasm_insn *insn, int n)
{
	while (n--) {
		ck_assert_int_eq(wasm_body_next(b, insn), 1);
		if (n)
			wasm_body_apply(b, insn);
	}
}

/* One step of a walk: an instruction of a local. */
static void step_local(struct wasm_body *b, int op, size_t at, uint32_t index, wasm_valtype t)
{
	struct wasm_insn insn;

	ck_assert_int_eq(wasm_body_next(b, &insn), 1);
	ck_assert_int_eq(insn.op, op);
	ck_assert_uint_eq(insn.at, at);
	ck_assert_uint_eq(insn.index, index);
	ck_assert_uint_eq(b->locals[index], t);
	wasm_body_apply(b, &insn);
}

/* Of a short body's 50,000 locals only those that it names cost anything. */
START_TEST(named_locals)
{
	static const uint8_t type[] = { 1, 0x7f, 0 };
	struct mod m = mod_function(type, sizeof(type), "", 0);
	struct wsbox_err err = WSBOX_ERR_INIT;
	struct wasm_module w;
	struct wasm_insn insn;
	struct wasm_body b;
	struct arena a;
	size_t at;

	/* an i32, 20,000 i64, no v128, 29,999 f64 */
	mod_put(&m, 3, 0xa0, 0x9c, 1, 0x7e, 0, 0x7b, 0xaf, 0xea, 1, 0x7c);
	at = m.b.len;
	/* the last i64, its number padded, to the first; the first f64; the parameter */
	mod_put(&m, 0x20, 0xa0, 0x9c, 0x81, 0x80, 0, 0x21, 1, 0x20, 0xa1, 0x9c, 1, 0x1a);
	mod_put(&m, 0x20, 0, 0x1a, END);
	while (m.depth)
		mod_end(&m);
	arena_init(&a);
	ck_assert_int_eq(wasm_module_decode(&w, m.b.at, m.b.len, ALL, &err), 0);
	ck_assert_int_eq(wasm_body_init(&b, &w, 0, &a, &err), 0);
	ck_assert_uint_eq(b.nlocals, 4);
	ck_assert_uint_le(a.used, 16 << 10);
	ck_assert(!b.vectors);
	step_local(&b, WASM_LOCAL_GET, at, 2, WASM_I64);
	step_local(&b, WASM_LOCAL_SET, at + 6, 1, WASM_I64);
	step_local(&b, WASM_LOCAL_GET, at + 8, 3, WASM_F64);
	walk_to(&b, &insn, 1);
	wasm_body_apply(&b, &insn);
	step_local(&b, WASM_LOCAL_GET, at + 13, 0, WASM_I32);
	arena_done(&a);
	wasm_module_done(&w);
	vec_done(&m.b);
}
END_TEST

/* Messages say the numbers that stand in the module. */
START_TEST(named_locals_in_messages)
{
	static const struct {
		uint8_t code[8];
		const char *want;
	} rows[] = {
		{ { 0x20, 0xac, 2, 0x1a, END }, "unknown local 300: the function has 300" },
		{ { 0x20, 0xff, 0xff, 3, 0x1a, END }, "unknown local 65535: the function has 300" },
		{ { 0x20, 0xfa, 1, 0x1a, END }, "uninitialized local 250" },
		{ { 0x20, 0xfa, 1, 0x20, 0x80, 2, 0x6a, END }, "uninitialized local 250" },
		{ { 0x20, 0, 0x20, 0x80, 1, 0x6a, END }, "type mismatch" },
		{ { 0x20, 0x80, 1, 0xff, 0x20, 0x81, 1, END }, "illegal opcode" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct mod m = mod_function("\0", 2, "", 0);
		struct wsbox_err err = WSBOX_ERR_INIT;

		/* 200 i64, 100 (ref func) */
		mod_put(&m, 2, 0xc8, 1, 0x7e, 100, 0x64, 0x70);
		mod_bytes(&m, rows[i].code, sizeof(rows[i].code));
		ck_assert_int_eq(mod_judge(&m, ALL, &err), -ENOEXEC);
		ck_assert_msg(strstr(err.text, rows[i].want), "%s", err.text);
	}
}
END_TEST

/* Parameters of blocks and what a br_if leaves keep the compiler's part; results of else and end
 * are new. */
START_TEST(compiler_part)
{
	static const uint8_t bytes[] = {
		0,    'a', 's',  'm', 1,    0, 0,    0, 1,    9,    2,   0x60, 0,   0,
		0x60, 1,   0x7f, 1,   0x7f, 3, 2,    1, 0,    10,   16,  1,    14,  0,
		0x41, 1,   0x02, 1,   0x41, 0, 0x0d, 0, 0x00, 0x6a, END, 0x1a, END,
	};
	struct wsbox_err err = WSBOX_ERR_INIT;
	struct wasm_module m;
	struct wasm_insn insn;
	struct wasm_body b;
	struct arena a;

	arena_init(&a);
	ck_assert_msg(!wasm_module_decode(&m, bytes, sizeof(bytes), ALL, &err), "%s at %d",
		      err.text, (int)err.offset);
	ck_assert_int_eq(wasm_body_init(&b, &m, 0, &a, &err), 0);
	walk_to(&b, &insn, 1);
	ck_assert_uint_eq(insn.op, WASM_I32_CONST);
	wasm_body_apply(&b, &insn);
	ck_assert_uint_eq(b.sp[-1].bits, 0);
	b.sp[-1].bits = 77;
	walk_to(&b, &insn, 1);
	ck_assert_uint_eq(insn.op, WASM_BLOCK);
	ck_assert_uint_eq(insn.block->nparams, 1);
	wasm_body_apply(&b, &insn);
	ck_assert_uint_eq(b.ctl->height, 0);
	ck_assert_uint_eq(b.sp[-1].bits, 77);
	walk_to(&b, &insn, 2);
	ck_assert_uint_eq(insn.op, WASM_BR_IF);
	ck_assert_uint_eq(insn.npop, 1);
	wasm_body_apply(&b, &insn);
	ck_assert_uint_eq(b.sp[-1].bits, 77);
	ck_assert(!wasm_body_dead(&b));
	walk_to(&b, &insn, 1);
	wasm_body_apply(&b, &insn);
	ck_assert(wasm_body_dead(&b));
	walk_to(&b, &insn, 1);
	ck_assert_uint_eq(insn.op, WASM_I32_ADD);
	ck_assert_uint_eq(insn.npop, 0);
	wasm_body_apply(&b, &insn);
	walk_to(&b, &insn, 1);
	ck_assert_uint_eq(insn.op, WASM_END);
	wasm_body_apply(&b, &insn);
	ck_assert(!wasm_body_dead(&b));
	ck_assert_uint_eq(b.sp - b.stack, 1);
	ck_assert_uint_eq(b.sp[-1].bits, 0);
	walk_to(&b, &insn, 2);
	wasm_body_apply(&b, &insn);
	ck_assert_int_eq(wasm_body_next(&b, &insn), 0);
	arena_done(&a);
	wasm_module_done(&m);
}
END_TEST

UNIT("body", table, fixed_signatures, errors, dead_code, deep_nesting, large_functions, many_locals,
     named_locals, named_locals_in_messages, compiler_part)
