/* Instructions as text, and the line table as bytes. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <string.h>

#include "jit/lines.h"
#include "runtime/base/num.h"
#include "runtime/base/reader.h"
#include "runtime/wasm/op.h"
#include "runtime/wasm/print.h"
#include "runtime/wasm/skip.h"

#define PRINTS(want, ...) \
	do { \
		const uint8_t bytes[] = { __VA_ARGS__ }; \
		struct reader r = reader_of(bytes, sizeof(bytes)); \
		char text[200]; \
		ck_assert(wasm_print_insn(&r, text, sizeof(text))); \
		ck_assert_str_eq(text, want); \
		ck_assert_uint_eq(reader_left(&r), 0); \
	} while (0)

START_TEST(each_immediate)
{
	PRINTS("nop", 0x01);
	PRINTS("block", 0x02, 0x40);
	PRINTS("loop i32", 0x03, 0x7f);
	PRINTS("if (type 300)", 0x04, 0xac, 0x02);
	PRINTS("block (ref null 5)", 0x02, 0x63, 0x05);
	PRINTS("br_table 1 2 0", 0x0e, 0x02, 0x01, 0x02, 0x00);
	PRINTS("call_indirect (type 3) 1", 0x11, 0x03, 0x01);
	PRINTS("i32.const -1", 0x41, 0x7f);
	PRINTS("i64.const -9223372036854775808", 0x42, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80,
	       0x80, 0x80, 0x7f);
	PRINTS("f32.const 1.5", 0x43, 0, 0, 0xc0, 0x3f);
	PRINTS("f32.const -nan:0x400001", 0x43, 1, 0, 0xc0, 0xff);
	PRINTS("f64.const -inf", 0x44, 0, 0, 0, 0, 0, 0, 0xf0, 0xff);
	PRINTS("i32.load align=4", 0x28, 2, 0);
	PRINTS("i64.store8 1 offset=300 align=1", 0x3c, 0x40, 1, 0xac, 2);
	PRINTS("memory.copy 0 1", 0xfc, 0x0a, 0, 1);
	PRINTS("select funcref", 0x1c, 1, 0x70);
	PRINTS("ref.null externref", 0xd0, 0x6f);
	PRINTS("try_table (catch 1 2) (catch_all 0)", 0x1f, 0x40, 2, 0, 1, 2, 2, 0);
	PRINTS("v128.const i32x4 0x04030201 0x00000000 0x00000000 0xff000000", 0xfd, 0x0c, 1, 2, 3,
	       4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff);
	PRINTS("i8x16.extract_lane_s 7", 0xfd, 0x15, 7);
	PRINTS("v128.load8_lane offset=9 align=1 3", 0xfd, 0x54, 0, 9, 3);
}
END_TEST

/* Of every instruction as many bytes are read as the scans step over, whatever the bytes. */
START_TEST(as_long_as_skipped)
{
	uint32_t seed = 1, seen = 0;

	for (uint32_t i = 0; i < 400000; i++) {
		uint8_t bytes[40];
		struct reader a = reader_of(bytes, sizeof(bytes)), b = a;
		const char *name;
		char text[30];
		uint16_t op;

		for (size_t k = 0; k < sizeof(bytes); k++) {
			seed = seed * 1103515245 + 12345;
			bytes[k] = (uint8_t)(seed >> 16);
			/* most numbers are short ones */
			bytes[k] &= k && seed >> 28 ? 0x3f : 0xff;
		}
		if (!wasm_print_insn(&a, text, sizeof(text)))
			continue;
		op = wasm_skip_opcode(&b);
		ck_assert_uint_lt(op, WASM_OPS);
		ck_assert(wasm_skip_immediate(&b, wasm_ops[op].imm));
		ck_assert_ptr_eq(a.at, b.at);
		name = wasm_op_name(&wasm_ops[op]);
		ck_assert(!strncmp(text, name, num_min(strlen(name), 29)));
		seen++;
	}
	ck_assert_uint_gt(seen, 100000);
}
END_TEST

START_TEST(no_instruction)
{
	static const uint8_t unknown[] = { 0xff }, cut[] = { 0x41, 0x80 };
	struct reader r = reader_of(unknown, sizeof(unknown));
	char text[20];

	ck_assert(!wasm_print_insn(&r, text, sizeof(text)));
	ck_assert(!reader_left(&r));
	r = reader_of(cut, sizeof(cut));
	ck_assert(!wasm_print_insn(&r, text, sizeof(text)));
	ck_assert(!reader_left(&r));
	r = reader_of(cut, 0);
	ck_assert(!wasm_print_insn(&r, text, sizeof(text)));
	ck_assert(reader_ok(&r));
}
END_TEST

START_TEST(lines_there_and_back)
{
	static const struct jit_line lines[] = {
		{ 0, JIT_LINE_NONE },
		{ 4, 1000 },
		{ 5, 999 },
		{ 300, 0x7fffffff },
		{ 100000, JIT_LINE_DATA },
		{ UINT32_MAX, UINT32_MAX },
	};
	struct wsbox_err err = WSBOX_ERR_INIT;
	struct jit_lines in = { 0 }, out = { 0 };
	struct jit_bytes bytes = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		ck_assert(jit_line_add(&in, lines[i].pc, 77));
		ck_assert(jit_line_add(&in, lines[i].pc, lines[i].at));
	}
	ck_assert(jit_line_add(&in, UINT32_MAX, UINT32_MAX));
	ck_assert_uint_eq(in.len, ARRAY_SIZE(lines));
	ck_assert_int_eq(jit_lines_write(&in, &bytes), 0);
	ck_assert_int_eq(jit_lines_read(bytes.at, bytes.len, UINT64_MAX, UINT64_MAX, &out, &err),
			 0);
	ck_assert_uint_eq(out.len, in.len);
	ck_assert_mem_eq(out.at, lines, sizeof(lines));
	ck_assert_int_eq(
		jit_lines_read(bytes.at, bytes.len - 1, UINT64_MAX, UINT64_MAX, &out, &err),
		-ENOEXEC);
	ck_assert_int_eq(
		jit_lines_read(bytes.at, bytes.len, UINT32_MAX - 1u, UINT64_MAX, &out, &err),
		-ENOEXEC);
	ck_assert_int_eq(
		jit_lines_read(bytes.at, bytes.len, UINT64_MAX, UINT32_MAX - 1u, &out, &err),
		-ENOEXEC);
	vec_done(&in);
	vec_done(&out);
	vec_done(&bytes);
}
END_TEST

START_TEST(lines_that_do_not_ascend)
{
	static const uint8_t twice[] = { 4, 4, 0, 4 }, below[] = { 4, 0x7f };
	struct wsbox_err err = WSBOX_ERR_INIT;
	struct jit_lines out = { 0 };

	ck_assert_int_eq(jit_lines_read(twice, 4, 100, 100, &out, &err), -ENOEXEC);
	ck_assert_int_eq(err.status, WSBOX_INVALID);
	ck_assert_int_eq(jit_lines_read(below, 2, 100, 100, &out, &err), -ENOEXEC);
	ck_assert_int_eq(jit_lines_read(twice, 2, 100, 100, &out, &err), 0);
	vec_done(&out);
}
END_TEST

UNIT("print", each_immediate, as_long_as_skipped, no_instruction, lines_there_and_back,
     lines_that_do_not_ascend)
