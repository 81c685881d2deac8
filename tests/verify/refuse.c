/*
 * Broken code of each kind, and the nearest code that is right: what the verifier says of it. The
 * function under test is assembled here; the module, whose functions' bodies are never looked at,
 * is made by hand.
 */
#include "tests/unit/unit.h"

#include <errno.h>

#include "jit/compile.h"
#include "jit/tier.h"
#include "jit/verify/verify.h"
#include "jit/vmctx.h"
#include "jit/x64.h"
#include "tests/unit/module.h"

enum { OTHER_AT = 512, TEXT = 640 };	/* the function under test is at 0 */
enum { PLAIN_TYPE, SUBJECT_TYPE, WIDE_TYPE, SEVEN_TYPE, THREE_TYPE };

static struct wasm_module module;
static bool wide_memory;		/* of 64-bit addresses */
static struct jit_layout layout;

static void make_module(void)
{
	struct wsbox_err err = WSBOX_ERR_INIT;
	struct mod m = mod_new();

	mod_section(&m, 1);
	mod_put(&m, 5, 0x60, 0, 0, 0x60, 1, 0x7f, 1, 0x7f, 0x60, 1, 0x7e, 1, 0x7e,
		0x60, 7, 0x7f, 0x7f, 0x7f, 0x7f, 0x7f, 0x7f, 0x7f, 0, 0x60, 0, 3, 0x7f, 0x7f, 0x7f);
	mod_end(&m);
	mod_section(&m, 2);	/* m.f of (i32) -> i32, m.g: mutable i32 */
	mod_put(&m, 2, 1, 'm', 1, 'f', 0, SUBJECT_TYPE, 1, 'm', 1, 'g', 3, 0x7f, 1);
	mod_end(&m);
	mod_section(&m, 3);
	mod_put(&m, 2, SUBJECT_TYPE, PLAIN_TYPE);
	mod_end(&m);
	mod_section(&m, 4);	/* tables of 4 to 8, of 16, and of 4 external references */
	mod_put(&m, 3, 0x70, 1, 4, 8, 0x70, 1, 16, 16, 0x6f, 1, 4, 4);
	mod_end(&m);
	mod_section(&m, 5);
	mod_put(&m, 1, wide_memory ? 4 : 0, 1);
	mod_end(&m);
	mod_section(&m, 6);	/* globals: 1 mutable i32, 2 constant i64 */
	mod_put(&m, 2, 0x7f, 1, 0x41, 0, 0x0b, 0x7e, 0, 0x42, 0, 0x0b);
	mod_end(&m);
	mod_section(&m, 10);
	mod_put(&m, 2, 4, 0, 0x20, 0, 0x0b, 2, 0, 0x0b);
	mod_end(&m);
	ck_assert_msg(!wasm_module_decode(&module, m.b.at, m.b.len, wasm_features_default(), &err),
		      "%s", err.text);
	ck_assert_int_eq(jit_layout_init(&layout, &module), 0);
}

/* ---- what the cases are made of ---- */

static struct x64_buf *b;
static uint8_t text[1 << 16];

#define RAW(...) raw((const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }))

static void raw(const uint8_t *p, size_t n)
{
	memcpy(b->at, p, n);
	b->at += n;
}

static struct x64_mem ctx(int32_t disp)
{
	return x64_at(X64_R13, disp);
}

static struct x64_mem linear_at(enum x64_reg index, int32_t disp)
{
	return x64_at_index(X64_R13, index, 0, disp);
}

static void load(enum x64_width w, enum x64_reg dst, struct x64_mem m)
{
	x64_rm(b, X64_MOV, w, dst, m);
}

static void store(enum x64_width w, struct x64_mem m, enum x64_reg src)
{
	x64_mr(b, X64_MOV, w, m, src);
}

static void begin(void)
{
	x64_push(b, X64_RBP);
	x64_rr(b, X64_MOV, X64_64, X64_RBP, X64_RSP);
	x64_ri(b, X64_SUB, X64_64, X64_RSP, 64);
}

static void finish(void)
{
	x64_bare(b, X64_LEAVE);
	x64_ret(b, 0);
}

static void trap(void)
{
	x64_mov_imm(b, X64_RAX, RT_TRAP_UNREACHABLE);
	x64_m(b, X64_CALL_IND, X64_64, ctx(JIT_VMCTX(trap)));
}

/* Zero-extended in rax, for the end. */
static void result(void)
{
	x64_zero(b, X64_RAX);
	finish();
}

/* A body between begin() and result(). */
#define CASE(name, ...) \
	static void name(void) \
	{ \
		begin(); \
		__VA_ARGS__; \
		result(); \
	}

static int32_t table_disp(uint32_t t, size_t off)
{
	return layout.tables + (int32_t)(t * sizeof(struct jit_table) + off);
}

#define SIZE_OF(t) ctx(table_disp(t, offsetof(struct jit_table, size)))
#define BASE_OF(t) ctx(table_disp(t, offsetof(struct jit_table, base)))
#define SIG_OF(t) ctx(layout.sigs + 4 * (t))

/* ---- code that is right ---- */

CASE(nothing, )
CASE(load_ok, load(X64_32, X64_RAX, linear_at(X64_RDI, 8)))
CASE(store_ok, store(X64_32, linear_at(X64_RDI, 8), X64_RSI))
CASE(store_const_ok, store(X64_32, ctx(16), X64_RSI))
CASE(gs_ok,
     load(X64_32, X64_RAX, x64_with(x64_at_index(X64_RSI, X64_RDX, 2, -4), X64_GS | X64_ADDR32)))
CASE(sum_ok, x64_mov_imm(b, X64_RAX, UINT32_MAX); x64_rr(b, X64_ADD, X64_64, X64_RAX, X64_RDI);
     load(X64_64, X64_RAX, linear_at(X64_RAX, 0)))
CASE(global_ok, store(X64_32, ctx(jit_global_disp(&layout, 1)), X64_RDI);
     load(X64_64, X64_RAX, ctx(jit_global_disp(&layout, 2))))
CASE(imported_global_ok, load(X64_64, X64_RAX, ctx(jit_global_disp(&layout, 0)));
     store(X64_32, x64_at(X64_RAX, 0), X64_RDI))
CASE(slots_ok, store(X64_64, x64_at(X64_RBP, -64), X64_RDI);
     load(X64_32, X64_RDI, x64_at(X64_RSP, 0)); load(X64_32, X64_RAX, linear_at(X64_RDI, 0)))

static void loop_of(enum x64_width w)
{
	struct x64_label head = { 0 };

	begin();
	x64_bind(b, &head);
	load(X64_32, X64_RAX, linear_at(X64_RDI, 0));
	load(w, X64_RDI, x64_at(X64_RBP, -8));
	x64_rr(b, X64_TEST, X64_32, X64_RDI, X64_RDI);
	x64_jcc(b, X64_CC_NE, &head);
	result();
}

static void join_of(enum x64_width w)
{
	struct x64_label join = { 0 };

	begin();
	x64_rr(b, X64_TEST, X64_32, X64_RDI, X64_RDI);
	x64_jcc(b, X64_CC_E, &join);
	load(w, X64_RDI, x64_at(X64_RBP, -8));
	x64_bind(b, &join);
	store(X64_32, linear_at(X64_RDI, 0), X64_RDI);
	result();
}

static void loop_ok(void) { loop_of(X64_32); }
static void loop_64(void) { loop_of(X64_64); }
static void join_ok(void) { join_of(X64_32); }
static void join_64(void) { join_of(X64_64); }

/* ---- indirect calls: each part of the sequence can be spoiled ---- */

struct indirect {
	/* tables: of the size compared, of the base added */
	uint32_t size, base;
	int32_t limit;				/* compared instead of a size, if not 0 */
	bool no_bounds, no_type, other_type, wrong_jump, wrong_reg, reversed, between, gs;
	unsigned int shift;
	int32_t callee;
};

static void indirect_call(const struct indirect *c)
{
	struct x64_label bad = { 0 }, wrong = { 0 }, middle = { 0 };

	begin();
	x64_rr(b, X64_MOV, X64_32, X64_R10, X64_RDI);
	if (c->no_bounds)
		;
	else if (c->limit)
		x64_ri(b, X64_CMP, X64_32, c->wrong_reg ? X64_RSI : X64_R10, c->limit);
	else if (c->reversed)
		x64_mr(b, X64_CMP, X64_64, SIZE_OF(c->size), X64_R10);
	else
		x64_rm(b, X64_CMP, X64_64, c->wrong_reg ? X64_RSI : X64_R10, SIZE_OF(c->size));
	x64_jcc(b, c->wrong_jump ? X64_CC_A : X64_CC_AE, &bad);
	x64_shift(b, X64_SHL, X64_64, X64_R10, c->shift ? c->shift : 5);
	if (c->between) {
		x64_bind(b, &middle);
		x64_nop(b, 1);
	}
	x64_rm(b, X64_ADD, X64_64, X64_R10, BASE_OF(c->base));
	load(X64_32, X64_RAX, c->other_type ? SIG_OF(WIDE_TYPE) : SIG_OF(SUBJECT_TYPE));
	x64_rm(b, X64_CMP, X64_32, X64_RAX,
	       x64_with(x64_at(X64_R10, 0), c->gs ? X64_GS | X64_ADDR32 : 0));
	if (!c->no_type)
		x64_jcc(b, X64_CC_NE, &wrong);
	x64_m(b, X64_CALL_IND, X64_64, x64_at(X64_R10, c->callee ? c->callee : 8));
	if (c->between) {
		x64_rr(b, X64_TEST, X64_32, X64_RAX, X64_RAX);
		x64_jcc(b, X64_CC_E, &middle);
	}
	finish();
	x64_bind(b, &bad);
	trap();
	if (c->no_type)
		return;
	x64_bind(b, &wrong);
	x64_m(b, X64_CALL_IND, X64_64, ctx(JIT_VMCTX(indirect_fail)));
}

#define INDIRECT(name, ...) \
	static void name(void) \
	{ \
		indirect_call(&(struct indirect){ __VA_ARGS__ }); \
	}

INDIRECT(indirect_ok, 0)
INDIRECT(indirect_fixed_ok, .base = 1, .limit = 16)
INDIRECT(indirect_below_min_ok, .base = 0, .limit = 4)
INDIRECT(indirect_no_bounds, .no_bounds = true)
INDIRECT(indirect_no_type, .no_type = true)
INDIRECT(indirect_other_type, .other_type = true)
INDIRECT(indirect_wrong_jump, .wrong_jump = true)
INDIRECT(indirect_wrong_register, .wrong_reg = true)
INDIRECT(indirect_reversed, .reversed = true)
INDIRECT(indirect_other_table, .size = 1, .base = 0)
INDIRECT(indirect_wrong_limit, .base = 1, .limit = 17)
INDIRECT(indirect_growing_limit, .base = 0, .limit = 8)
INDIRECT(indirect_externref, .size = 2, .base = 2)
INDIRECT(indirect_shift, .shift = 6)
INDIRECT(indirect_context, .callee = 16)
INDIRECT(indirect_entered, .between = true)
INDIRECT(indirect_type_of_guest, .gs = true)

CASE(unchecked_call, x64_m(b, X64_CALL_IND, X64_64, x64_at(X64_R10, 8)))
CASE(register_call, x64_r(b, X64_CALL_IND, X64_64, X64_RAX))
CASE(import_ok, x64_rm(b, X64_LEA, X64_64, X64_R10, ctx(layout.imports));
     x64_m(b, X64_CALL_IND, X64_64, x64_at(X64_R10, 8)))
CASE(import_beyond, x64_rm(b, X64_LEA, X64_64, X64_R10, ctx(layout.imports + 32)))
/* lea r10w, [r13 + disp32] */
CASE(import_half, RAW(0x66, 0x45, 0x8d, 0x95); b->at = x64_put32(b->at, (uint32_t)layout.imports);
     x64_m(b, X64_CALL_IND, X64_64, x64_at(X64_R10, 8)))
CASE(import_wide_argument, load(X64_64, X64_RDI, x64_at(X64_RBP, -8));
     x64_rm(b, X64_LEA, X64_64, X64_R10, ctx(layout.imports));
     x64_m(b, X64_CALL_IND, X64_64, x64_at(X64_R10, 8)))
CASE(reference_call, x64_rr(b, X64_TEST, X64_64, X64_R10, X64_R10);
     uint8_t *skip = x64_jcc8(b, X64_CC_E); x64_m(b, X64_CALL_IND, X64_64, x64_at(X64_R10, 8));
     x64_here8(b, skip))

/* ---- a jump table of four, behind the code ---- */

static void jump_table(int32_t compared, int32_t spoil, bool compare)
{
	struct x64_label pool[2] = { { 0 }, { 0 } }, out = { 0 };
	uint32_t start;

	b->pool = pool;
	begin();
	x64_rr(b, X64_MOV, X64_32, X64_RCX, X64_RDI);
	if (compare) {
		x64_ri(b, X64_CMP, X64_32, X64_RCX, compared);
		x64_jcc(b, X64_CC_AE, &out);
	}
	x64_rm(b, X64_LEA, X64_64, X64_RAX, x64_at_label(0));
	x64_rm(b, X64_MOVSXD, X64_64, X64_RCX, x64_at_index(X64_RAX, X64_RCX, 2, 0));
	x64_rr(b, X64_ADD, X64_64, X64_RCX, X64_RAX);
	x64_r(b, X64_JMP_IND, X64_64, X64_RCX);
	x64_bind(b, &out);
	x64_bind(b, &pool[1]);
	result();
	x64_align(b, 4);
	x64_bind(b, &pool[0]);
	start = x64_offset(b);
	for (int i = 0; i < 4; i++)
		b->at = x64_put32(b->at, pool[1].at - start + (i == 3 ? (uint32_t)spoil : 0));
}

static void jump_ok(void) { jump_table(4, 0, true); }
static void jump_uncompared(void) { jump_table(4, 0, false); }
static void jump_beyond(void) { jump_table(200, 0, true); }
static void jump_middle(void) { jump_table(4, 1, true); }
static void jump_other(void) { jump_table(4, OTHER_AT, true); }

CASE(jump_register, x64_r(b, X64_JMP_IND, X64_64, X64_RAX))

/* ---- instructions that are not permitted ---- */

CASE(syscall_insn, RAW(0x0f, 0x05))
CASE(sysenter, RAW(0x0f, 0x34))
CASE(int80, RAW(0xcd, 0x80))
CASE(int3, RAW(0xcc))
CASE(hlt, RAW(0xf4))
CASE(in_insn, RAW(0xec))
CASE(rdtsc, RAW(0x0f, 0x31))
CASE(wrgsbase, x64_r(b, X64_WRGSBASE, X64_64, X64_RAX))
CASE(wrpkru, RAW(0x0f, 0x01, 0xef))
CASE(xsetbv, RAW(0x0f, 0x01, 0xd1))
CASE(far_jump, RAW(0xff, 0x68, 0x00))
CASE(far_return, RAW(0xcb))
CASE(mov_segment, RAW(0x8e, 0xd0))
CASE(x87, RAW(0xd9, 0xee))
CASE(locked, RAW(0xf0, 0x01, 0x07))
CASE(rep_stos, RAW(0xf3, 0xaa))
CASE(no_gs_64, RAW(0x65, 0x8b, 0x07))
CASE(evex, RAW(0x62, 0xf1, 0x7c, 0x48, 0x58, 0xc0))
CASE(vex256, RAW(0xc5, 0xfc, 0x58, 0xc0))
CASE(push_register, x64_push(b, X64_RAX))

/* ---- memory ---- */

CASE(store_anywhere, store(X64_32, x64_at(X64_RAX, 0), X64_RDI))
CASE(store_absolute, store(X64_32, x64_at_abs(64), X64_RDI))
CASE(wide_index, load(X64_64, X64_RAX, x64_at(X64_RBP, -8));
     load(X64_32, X64_RAX, linear_at(X64_RAX, 0)))
CASE(wide_argument, load(X64_32, X64_RAX, linear_at(X64_RSI, 0)))
CASE(negative_index, load(X64_32, X64_RAX, linear_at(X64_RDI, -4)))
CASE(scaled_index, load(X64_32, X64_RAX, x64_at_index(X64_R13, X64_RDI, 3, 0)))
CASE(sum_too_far, x64_mov_imm(b, X64_RAX, UINT32_MAX); x64_rr(b, X64_ADD, X64_64, X64_RAX, X64_RDI);
     load(X64_64, X64_RAX, linear_at(X64_RAX, 1 << 20)))
CASE(sum_of_three, x64_mov_imm(b, X64_RAX, UINT32_MAX);
     x64_rr(b, X64_ADD, X64_64, X64_RAX, X64_RDI); x64_rr(b, X64_ADD, X64_64, X64_RAX, X64_RDI);
     load(X64_64, X64_RAX, linear_at(X64_RAX, 0)))
CASE(sign_extended, x64_rr(b, X64_MOVSXD, X64_64, X64_RDI, X64_RDI);
     load(X64_32, X64_RAX, linear_at(X64_RDI, 0)))
CASE(after_call, x64_call_hole(b); load(X64_32, X64_RAX, linear_at(X64_RDI, 0)))
CASE(rip_outside, load(X64_32, X64_RAX, x64_at_rip(1 << 20)))
CASE(rip_before, load(X64_32, X64_RAX, x64_at_rip(-(1 << 20))))
CASE(rip_ok, load(X64_32, X64_RAX, x64_at_rip(16)))
CASE(rip_store, store(X64_32, x64_at_rip(16), X64_RAX))
CASE(memory_size_written, store(X64_64, ctx(JIT_VMCTX(memory_size)), X64_RDI))
CASE(memory_size_ok, load(X64_64, X64_RAX, ctx(JIT_VMCTX(memory_size))))
CASE(trap_pointer_read, load(X64_64, X64_RAX, ctx(JIT_VMCTX(trap))))
CASE(exec_read, load(X64_64, X64_RAX, ctx(JIT_VMCTX(exec))))
CASE(table_base_read, load(X64_64, X64_RAX, BASE_OF(0)))
CASE(table_written, store(X64_64, SIZE_OF(0), X64_RDI))
CASE(constant_global_written, store(X64_64, ctx(jit_global_disp(&layout, 2)), X64_RDI))
CASE(global_pointer_written, store(X64_64, ctx(jit_global_disp(&layout, 0)), X64_RDI))
CASE(across_globals, store(X64_64, ctx(jit_global_disp(&layout, 1) + 12), X64_RDI))
CASE(below_the_context, store(X64_64, ctx(layout.globals - 8), X64_RDI))
CASE(imported_global_beyond, load(X64_64, X64_RAX, ctx(jit_global_disp(&layout, 0)));
     store(X64_64, x64_at(X64_RAX, 12), X64_RDI))
CASE(context_indexed, load(X64_32, X64_RAX, x64_at_index(X64_R13, X64_RDI, 0, layout.globals)))

/* ---- registers and the stack ---- */

CASE(r13_written, x64_rr(b, X64_MOV, X64_64, X64_R13, X64_RDI))
CASE(r13_added_to, x64_ri(b, X64_ADD, X64_64, X64_R13, 16))
CASE(r13_exchanged, x64_rr(b, X64_XCHG, X64_64, X64_R13, X64_RDI))
CASE(rbp_written, x64_rr(b, X64_MOV, X64_64, X64_RBP, X64_RDI))
CASE(rsp_pivot, x64_rr(b, X64_MOV, X64_64, X64_RSP, X64_RDI))
CASE(rsp_added_to, x64_ri(b, X64_ADD, X64_64, X64_RSP, 16))
CASE(rsp_low_bits, x64_ri(b, X64_AND, X64_64, X64_RSP, -16))
CASE(rsp_by_lea, x64_rm(b, X64_LEA, X64_64, X64_RSP, x64_at(X64_RBP, -4096)))
CASE(rbx_written, x64_zero(b, X64_RBX))
CASE(return_address_written, store(X64_64, x64_at(X64_RBP, 8), X64_RDI))
CASE(return_address_read, load(X64_64, X64_RDX, x64_at(X64_RBP, 8)))
CASE(caller_rbp_written, store(X64_64, x64_at(X64_RBP, 0), X64_RDI))
CASE(caller_rbp_overlapped, store(X64_64, x64_at(X64_RBP, -4), X64_RDI))
CASE(above_the_arguments, store(X64_64, x64_at(X64_RBP, 16), X64_RDI))
CASE(below_the_frame, store(X64_64, x64_at(X64_RBP, -72), X64_RDI))
CASE(stack_indexed, load(X64_32, X64_RAX, x64_at_index(X64_RBP, X64_RDI, 0, -8)))
CASE(frame_address, x64_rm(b, X64_LEA, X64_64, X64_RAX, x64_at(X64_RBP, -8)))
CASE(wide_result, load(X64_64, X64_RAX, x64_at(X64_RBP, -8)); finish())
CASE(return_pops, x64_bare(b, X64_LEAVE); x64_ret(b, 16))
CASE(return_early, x64_ret(b, 0))

static void no_prologue(void) { result(); }

static void large_frame(void)
{
	x64_push(b, X64_RBP);
	x64_rr(b, X64_MOV, X64_64, X64_RBP, X64_RSP);
	x64_ri(b, X64_SUB, X64_64, X64_RSP, 8192);
	result();
}

static void saved_pair(enum x64_reg first, enum x64_reg second, int32_t slot)
{
	x64_push(b, X64_RBP);
	x64_rr(b, X64_MOV, X64_64, X64_RBP, X64_RSP);
	x64_push(b, X64_RBX);
	x64_push(b, X64_R12);
	x64_ri(b, X64_SUB, X64_64, X64_RSP, 64);
	x64_zero(b, X64_RBX);
	store(X64_64, x64_at(X64_RBP, slot), X64_RBX);
	x64_zero(b, X64_RAX);
	x64_rm(b, X64_LEA, X64_64, X64_RSP, x64_at(X64_RBP, -16));
	x64_pop(b, first);
	x64_pop(b, second);
	x64_pop(b, X64_RBP);
	x64_ret(b, 0);
}

static void saved_ok(void) { saved_pair(X64_R12, X64_RBX, -24); }
static void saved_swapped(void) { saved_pair(X64_RBX, X64_R12, -24); }
static void saved_overwritten(void) { saved_pair(X64_R12, X64_RBX, -16); }

static void leaf_call(void)
{
	x64_push(b, X64_RBP);
	x64_rr(b, X64_MOV, X64_64, X64_RBP, X64_RSP);
	x64_call_hole(b);
	x64_zero(b, X64_RAX);
	x64_pop(b, X64_RBP);
	x64_ret(b, 0);
}

/* ---- where control goes ---- */

CASE(into_the_middle, RAW(0xeb, 0x01, 0xb8, 0x90, 0x90, 0x90, 0x90))
CASE(out_of_the_function, RAW(0x0f, 0x84, 0x00, 0x10, 0x00, 0x00))
CASE(call_of_the_middle, RAW(0xe8, 0x03, 0x00, 0x00, 0x00))
CASE(stack_at_call, x64_ri(b, X64_SUB, X64_64, X64_RSP, 16); x64_call_hole(b))
CASE(trap_of_no_kind, x64_mov_imm(b, X64_RAX, RT_TRAPS);
     x64_m(b, X64_CALL_IND, X64_64, ctx(JIT_VMCTX(trap))))
CASE(trap_ok, uint8_t *skip = x64_jcc8(b, X64_CC_E); trap(); x64_here8(b, skip))
CASE(instance_called, x64_m(b, X64_CALL_IND, X64_64, ctx(JIT_VMCTX(instance))))
CASE(fail_without_entry, x64_zero(b, X64_R10);
     x64_m(b, X64_CALL_IND, X64_64, ctx(JIT_VMCTX(indirect_fail))))

static void off_the_end(void)
{
	begin();
	x64_nop(b, OTHER_AT - x64_offset(b));
}

static void into_data(void)
{
	begin();
	RAW(0x74, 0x05);
	result();
	RAW(0x06, 0x06);	/* the branch goes here: no instruction of 64-bit mode */
}

static void lib(uint64_t memory, bool known)
{
	begin();
	if (known)
		x64_mov_imm(b, X64_RSI, memory);
	x64_m(b, X64_CALL_IND, X64_64, ctx(JIT_VMCTX(lib) + 8 * JIT_LIB_memory_grow));
	result();
}

static void lib_ok(void) { lib(0, true); }
static void lib_no_memory(void) { lib(1, true); }
static void lib_not_known(void) { lib(0, false); }

#include "tests/verify/sequences.h"
#include "tests/verify/optimized.h"
#include "tests/verify/stepped.h"

/* ---- the cases ---- */

#define ADDRESS "an address that is not known to be allowed"
#define UNCHECKED "an indirect call that was not checked"
#define NOT_PERMITTED "an instruction that is not permitted"
#define WIDE "an index that may be over 32 bits"
#define EVERY_PATH "an index or argument that is not zero-extended on every path"
#define SEQUENCE "a branch into a sequence that must be whole"
#define PINNED "writes a register that it may not"
#define CONTEXT "reaches into the context"
#define FRAME "an access outside the frame"
#define OK(name) { #name, name, NULL, 1 }
#define NO(name, why) { #name, name, why, 0 }
#define BASELINE(name, why) { #name, name, why, 1 }	/* optimized code may do so */

static const struct {
	const char *name;
	void (*make)(void);
	const char *why;	/* NULL: accepted */
	bool optimized;		/* accepted of an optimizing tier */
} cases[] = {
	OK(nothing),
	OK(load_ok),
	OK(store_ok),
	OK(store_const_ok),
	OK(gs_ok),
	OK(sum_ok),
	OK(global_ok),
	OK(imported_global_ok),
	OK(slots_ok),
	OK(loop_ok),
	OK(join_ok),
	OK(indirect_ok),
	OK(indirect_fixed_ok),
	OK(indirect_below_min_ok),
	OK(import_ok),
	OK(jump_ok),
	OK(rip_ok),
	OK(memory_size_ok),
	OK(saved_ok),
	OK(trap_ok),
	OK(lib_ok),
	NO(loop_64, EVERY_PATH),
	NO(join_64, EVERY_PATH),
	NO(indirect_no_bounds, CONTEXT),
	NO(indirect_no_type, UNCHECKED),
	NO(indirect_wrong_jump, CONTEXT),
	NO(indirect_wrong_register, CONTEXT),
	NO(indirect_reversed, CONTEXT),
	NO(indirect_other_table, CONTEXT),
	NO(indirect_wrong_limit, CONTEXT),
	NO(indirect_growing_limit, CONTEXT),
	NO(indirect_externref, CONTEXT),
	NO(indirect_shift, CONTEXT),
	NO(indirect_context, UNCHECKED),
	NO(indirect_entered, CONTEXT),
	NO(indirect_type_of_guest, UNCHECKED),
	NO(indirect_other_type, "a result that may be over 32 bits"),
	NO(unchecked_call, UNCHECKED),
	NO(register_call, UNCHECKED),
	BASELINE(import_beyond, "an address that nobody needs"),
	NO(import_half, "a part of an address"),
	NO(import_wide_argument, "an argument that may be over 32 bits"),
	NO(reference_call, UNCHECKED),
	NO(jump_uncompared, "an index that was not compared with the jump table's length"),
	NO(jump_beyond, "a jump table outside of its function"),
	NO(jump_middle, "a branch into the middle of an instruction, or to data"),
	NO(jump_other, "a branch out of the function"),
	NO(jump_register, "an indirect jump that is not through a jump table"),
	NO(syscall_insn, NOT_PERMITTED),
	NO(sysenter, NOT_PERMITTED),
	NO(int80, NOT_PERMITTED),
	NO(int3, NOT_PERMITTED),
	NO(hlt, NOT_PERMITTED),
	NO(in_insn, NOT_PERMITTED),
	NO(rdtsc, NOT_PERMITTED),
	NO(wrgsbase, NOT_PERMITTED),
	NO(wrpkru, NOT_PERMITTED),
	NO(xsetbv, NOT_PERMITTED),
	NO(far_jump, NOT_PERMITTED),
	NO(far_return, NOT_PERMITTED),
	NO(mov_segment, NOT_PERMITTED),
	NO(x87, NOT_PERMITTED),
	NO(locked, NOT_PERMITTED),
	NO(rep_stos, NOT_PERMITTED),
	NO(no_gs_64, NOT_PERMITTED),
	NO(evex, NOT_PERMITTED),
	NO(vex256, NOT_PERMITTED),
	BASELINE(push_register, "an instruction out of place"),
	NO(store_anywhere, ADDRESS),
	NO(store_absolute, ADDRESS),
	NO(wide_index, WIDE),
	NO(wide_argument, WIDE),
	NO(negative_index, "an address that may lie below the memory"),
	NO(scaled_index, "an address that may lie below the memory"),
	NO(sum_too_far, WIDE),
	NO(sum_of_three, WIDE),
	NO(sign_extended, WIDE),
	NO(after_call, WIDE),
	NO(rip_outside, "not a constant of the text"),
	NO(rip_before, "not a constant of the text"),
	NO(rip_store, "not a constant of the text"),
	NO(memory_size_written, CONTEXT),
	NO(trap_pointer_read, CONTEXT),
	NO(exec_read, CONTEXT),
	BASELINE(table_base_read, CONTEXT),
	NO(table_written, CONTEXT),
	NO(constant_global_written, "writes a constant global"),
	NO(global_pointer_written, CONTEXT),
	NO(across_globals, CONTEXT),
	NO(below_the_context, CONTEXT),
	NO(imported_global_beyond, "an access outside of what the pointer points to"),
	NO(context_indexed, "an address that may lie below the memory"),
	NO(r13_written, PINNED),
	NO(r13_added_to, PINNED),
	NO(r13_exchanged, PINNED),
	NO(rbp_written, PINNED),
	NO(rsp_pivot, PINNED),
	BASELINE(rsp_added_to, PINNED),
	NO(rsp_low_bits, PINNED),
	BASELINE(rsp_by_lea, "the stack pointer moves"),
	NO(rbx_written, PINNED),
	NO(return_address_written, FRAME),
	NO(return_address_read, FRAME),
	NO(caller_rbp_written, FRAME),
	NO(caller_rbp_overlapped, FRAME),
	NO(above_the_arguments, FRAME),
	BASELINE(below_the_frame, FRAME),
	NO(stack_indexed, "an index into the stack, or there is none"),
	BASELINE(frame_address, "an address in the frame that nobody needs"),
	NO(wide_result, "a result that may be over 32 bits"),
	NO(return_pops, "a return that is not the function's"),
	NO(return_early, "a return that is not the function's"),
	OK(zeroed_ok),
	NO(zeroed_from_before, SEQUENCE),
	NO(zeroed_from_the_end, SEQUENCE),
	NO(zeroed_from_behind, SEQUENCE),
	OK(back_ok),
	NO(back_64, EVERY_PATH),
	NO(back_with_arguments, "a branch while the stack pointer is not the frame's"),
	BASELINE(back_to_the_middle, "a branch into the middle of an instruction, or to data"),
	NO(back_to_the_prologue, SEQUENCE),
	NO(no_prologue, "not the beginning of a function"),
	BASELINE(large_frame, "a frame of more than a page that is not probed"),
	NO(saved_swapped, "restores another register than was saved"),
	NO(saved_overwritten, FRAME),
	BASELINE(leaf_call, "a call while the stack is not as the callee expects"),
	BASELINE(into_the_middle, "a branch into the middle of an instruction, or to data"),
	NO(out_of_the_function, "a branch out of the function"),
	NO(call_of_the_middle, "a call of what is not the entry of a function"),
	BASELINE(stack_at_call, "a call while the stack is not as the callee expects"),
	NO(trap_of_no_kind, "a trap of no kind"),
	NO(instance_called, "a call through the context that is not the runtime's"),
	NO(fail_without_entry, "a failed call without a table entry"),
	NO(off_the_end, "control runs over the end of the function"),
	NO(into_data, NOT_PERMITTED),
	NO(lib_no_memory, "an index that the module does not have"),
	NO(lib_not_known, "an index that the module does not have"),
};

/* call_hole() leaves the distance 0: made a call of the other function. */
static void aim_calls(void)
{
	for (uint8_t *p = text; p + 5 <= b->at; p++) {
		uint32_t d = OTHER_AT - (uint32_t)(p - text + 5);

		if (p[0] == 0xe8 && !memcmp(p + 1, "\0\0\0\0", 4))
			memcpy(p + 1, &d, 4);
	}
}

static struct jit_image *assemble(void (*make)(void))
{
	static const uint8_t other[] = { 0x55, 0x48, 0x89, 0xe5, 0x5d, 0xc3 };
	struct jit_image *image = calloc(1, 4096 + TEXT);
	uint32_t *entries = (uint32_t *)(image + 1);
	struct x64_buf buf;

	x64_buf_init(&buf, text, sizeof(text));
	b = &buf;
	make();
	ck_assert_uint_le(x64_offset(b), OTHER_AT);
	aim_calls();
	*image = (struct jit_image){ .magic = JIT_IMAGE_MAGIC,
				     .version = JIT_IMAGE_VERSION,
				     .flags = JIT_IMAGE_GS,
				     .size = 4096 + TEXT,
				     .module_size = module.size,
				     .nfuncs = 2,
				     .funcs_off = sizeof(*image),
				     .sites_off = sizeof(*image),
				     .handlers_off = sizeof(*image),
				     .text_off = 4096,
				     .text_size = TEXT,
				     .ctx_size = layout.size };
	entries[0] = 0;
	entries[1] = OTHER_AT;
	memset((char *)image + 4096, 0xcc, TEXT);
	memcpy((char *)image + 4096, text, x64_offset(b));
	memcpy((char *)image + 4096 + OTHER_AT, other, sizeof(other));
	return image;
}

START_TEST(each_case)
{
	make_module();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct jit_image *image = assemble(cases[i].make);
		struct wsbox_err err = WSBOX_ERR_INIT;
		int ret = jit_verify(image, &module, NULL, &err);
		const char *says = strrchr(err.text, ':');

		if (!cases[i].why)
			ck_assert_msg(!ret, "%s: %s", cases[i].name, err.text);
		else
			ck_assert_msg(ret == -ENOEXEC && says && !strcmp(says + 2, cases[i].why),
				      "%s: wanted \"%s\", got %d \"%s\"", cases[i].name,
				      cases[i].why, ret, err.text);
		free(image);
	}
}
END_TEST

/* What the baseline may not do, code of an optimizing tier may not do either, but where the case
 * says so. */
START_TEST(each_case_optimized)
{
	make_module();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct jit_image *image = assemble(cases[i].make);
		struct wsbox_err err = WSBOX_ERR_INIT;
		int ret;

		image->tier = JIT_TIER_LLVM;
		ret = jit_verify(image, &module, NULL, &err);
		ck_assert_msg(ret == (cases[i].optimized ? 0 : -ENOEXEC), "%s: %d \"%s\"",
			      cases[i].name, ret, err.text);
		free(image);
	}
}
END_TEST

#define BELOW "an address that may lie below the memory"
#define LEAVES "leaves without restoring a register"
#define GUARD "reaches over the page that guards the stack"
#define GOOD(name) { #name, name, NULL }
#define BAD(name, why) { #name, name, why }

struct optimized {
	const char *name;
	void (*make)(void);
	const char *why;
};

static const struct optimized narrow[] = {
	GOOD(saved_in_frame),
	GOOD(scaled_below_ok),
	GOOD(base_in_register_ok),
	GOOD(spilled_index_ok),
	GOOD(byte_of_index),
	GOOD(r13_elsewhere),
	GOOD(rsp_probed),
	GOOD(counted_below_ok),
	GOOD(code_in_register_ok),
	BAD(scaled_not_below, BELOW),
	BAD(scaled_signed, BELOW),
	BAD(scaled_low_half, BELOW),
	BAD(base_below, BELOW),
	BAD(base_twice, ADDRESS),
	BAD(spilled_index_changed, BELOW),
	BAD(never_stored, BELOW),
	BAD(argument_slots, BELOW),
	BAD(byte_of_wide, BELOW),
	BAD(r13_lost, "leaves while the stack or the context is not the caller's"),
	BAD(r13_lost_at_call, "a call without the context in r13"),
	BAD(rbx_lost, LEAVES),
	BAD(pushed_at_call, "a call while the stack is not aligned"),
	BAD(rsp_beyond, GUARD),
	BAD(table_base_stored, ADDRESS),
	BAD(table_element_read, ADDRESS),
	BAD(counted_for_ever, WIDE),
	BAD(counted_down, BELOW),
	BAD(stack_of_two, "the stack pointer is not the same on every path"),
	BAD(both_edges, BELOW),
	BAD(stale_descriptor, UNCHECKED),
	BAD(other_descriptor, UNCHECKED),
	STEPPED_GOOD,
	STEPPED_BAD,
};

/* With a memory of 64-bit addresses. */
static const struct optimized wide[] = {
	GOOD(clamped_ok),
	GOOD(clamped_above_ok),
	GOOD(clamped_memory_ok),
	GOOD(clamped_branch_ok),
	BAD(clamped_not, BELOW),
	BAD(clamped_inverted, BELOW),
	BAD(clamped_signed, BELOW),
	BAD(clamped_low_half, "an index that was not compared with the memory's size"),
	BAD(clamped_other, BELOW),
	BAD(clamped_changed, BELOW),
	BAD(clamped_scaled, BELOW),
	BAD(clamped_far, ADDRESS),
	BAD(clamped_moved, "an address that may lie beyond the memory's end"),
};

static void check_optimized(const struct optimized *o)
{
	struct jit_image *image = assemble(o->make);
	struct wsbox_err err = WSBOX_ERR_INIT;
	const char *says;
	int ret;

	image->tier = JIT_TIER_LLVM;
	ret = jit_verify(image, &module, NULL, &err);
	says = strrchr(err.text, ':');
	if (!o->why)
		ck_assert_msg(!ret, "%s: %s", o->name, err.text);
	else
		ck_assert_msg(ret == -ENOEXEC && says && !strcmp(says + 2, o->why),
			      "%s: wanted \"%s\", got %d \"%s\"", o->name, o->why, ret, err.text);
	free(image);
}

START_TEST(optimized_cases)
{
	make_module();
	for (size_t i = 0; i < sizeof(narrow) / sizeof(narrow[0]); i++)
		check_optimized(&narrow[i]);
}
END_TEST

START_TEST(wide_memory_cases)
{
	wide_memory = true;
	make_module();
	for (size_t i = 0; i < sizeof(wide) / sizeof(wide[0]); i++)
		check_optimized(&wide[i]);
	wide_memory = false;
}
END_TEST

#include "tests/verify/replaced.h"

/* The line that a user sees. */
START_TEST(message)
{
	struct wsbox_err err = WSBOX_ERR_INIT;
	struct jit_image *image;

	make_module();
	image = assemble(store_anywhere);
	ck_assert_int_eq(jit_verify(image, &module, NULL, &err), -ENOEXEC);
	ck_assert_int_eq(err.status, WSBOX_FAILED);
	ck_assert_str_eq(err.text, "code verifier: function 1 at +0x8: " ADDRESS);
	free(image);
}
END_TEST

static void keep_results(int32_t frame)
{
	x64_push(b, X64_RBP);
	x64_rr(b, X64_MOV, X64_64, X64_RBP, X64_RSP);
	x64_ri(b, X64_SUB, X64_64, X64_RSP, frame);
	store(X64_64, x64_at(X64_RBP, -8), X64_RDI);
	finish();
}

/* Stores to where results go, which lies in the frame, not at the same place of the memory. */
static void store_result(unsigned int flags)
{
	begin();
	store(X64_64, x64_at(X64_RBP, -8), X64_RDI);
	load(X64_64, X64_RAX, x64_with(x64_at(X64_RBP, -8), flags));
	store(X64_64, x64_at(X64_RAX, 0), X64_RCX);
	finish();
}

static void result_stored_ok(void) { store_result(0); }
static void result_of_guest(void) { store_result(X64_GS | X64_ADDR32); }

static void results_ok(void) { keep_results(16); }
static void results_below_the_frame(void) { keep_results(0); }

/* The address of results in memory is kept where no call can write over it. */
START_TEST(results_address)
{
	struct wsbox_err err = WSBOX_ERR_INIT;
	struct jit_image *image;

	make_module();
	module.funcs[module.imported_funcs].type = THREE_TYPE;
	image = assemble(results_ok);
	ck_assert_msg(!jit_verify(image, &module, NULL, &err), "%s", err.text);
	free(image);
	image = assemble(result_stored_ok);
	ck_assert_msg(!jit_verify(image, &module, NULL, &err), "%s", err.text);
	free(image);
	image = assemble(result_of_guest);
	ck_assert_int_eq(jit_verify(image, &module, NULL, &err), -ENOEXEC);
	ck_assert_ptr_nonnull(strstr(err.text, ADDRESS));
	free(image);
	image = assemble(results_below_the_frame);
	ck_assert_int_eq(jit_verify(image, &module, NULL, &err), -ENOEXEC);
	ck_assert_ptr_nonnull(strstr(err.text, "no room for the address of the results"));
	free(image);
}
END_TEST

/* What the header of the image says is not believed either. */
START_TEST(header)
{
	struct wsbox_err err = WSBOX_ERR_INIT;
	struct jit_image *image;
	uint32_t *entries;

	make_module();
	image = assemble(nothing);
	entries = (uint32_t *)(image + 1);
	image->ctx_size += 4096;
	ck_assert_int_eq(jit_verify(image, &module, NULL, &err), -ENOEXEC);
	image->ctx_size -= 4096;
	entries[1] = 0;
	ck_assert_int_eq(jit_verify(image, &module, NULL, &err), -ENOEXEC);
	entries[1] = TEXT;
	ck_assert_int_eq(jit_verify(image, &module, NULL, &err), -ENOEXEC);
	entries[1] = OTHER_AT;
	ck_assert_int_eq(jit_verify(image, &module, NULL, &err), 0);
	image->flags = 0;
	ck_assert_int_eq(jit_verify(image, &module, NULL, &err), 0);
	free(image);
	image = assemble(gs_ok);
	image->flags = 0;
	ck_assert_int_eq(jit_verify(image, &module, NULL, &err), -ENOEXEC);
	free(image);
}
END_TEST

/* Many functions of () -> (), and two threads: the first broken one is named. */
enum { MANY = 300, EACH = 16 };

static struct jit_image *many_functions(void)
{
	static const uint8_t code[] = { 0x55, 0x48, 0x89, 0xe5, 0x5d, 0xc3 };
	struct wsbox_err err = WSBOX_ERR_INIT;
	struct jit_image *image = calloc(1, 4096 + MANY * EACH);
	struct mod m = mod_new();

	mod_section(&m, 1);
	mod_put(&m, 1, 0x60, 0, 0);
	mod_end(&m);
	mod_section(&m, 3);
	mod_u32(&m, MANY);
	for (int i = 0; i < MANY; i++)
		mod_put(&m, 0);
	mod_end(&m);
	mod_section(&m, 10);
	mod_u32(&m, MANY);
	for (int i = 0; i < MANY; i++)
		mod_put(&m, 2, 0, 0x0b);
	mod_end(&m);
	ck_assert_msg(!wasm_module_decode(&module, m.b.at, m.b.len, wasm_features_default(), &err),
		      "%s", err.text);
	ck_assert_int_eq(jit_layout_init(&layout, &module), 0);
	*image = (struct jit_image){ .module_size = module.size,
				     .nfuncs = MANY,
				     .funcs_off = sizeof(*image),
				     .sites_off = 4096,
				     .handlers_off = 4096,
				     .text_off = 4096,
				     .text_size = MANY * EACH,
				     .ctx_size = layout.size };
	for (uint32_t i = 0; i < MANY; i++) {
		((uint32_t *)(image + 1))[i] = i * EACH;
		memcpy((char *)image + 4096 + i * EACH, code, sizeof(code));
	}
	return image;
}

START_TEST(threads)
{
	struct jit_image *image = many_functions();
	struct wsbox_err alone = WSBOX_ERR_INIT, together = WSBOX_ERR_INIT;
	struct jit_pool *pool = jit_pool_new(2, 0);

	ck_assert_ptr_nonnull(pool);
	ck_assert_int_eq(jit_verify(image, &module, pool, &together), 0);
	((uint8_t *)image)[4096 + 250 * EACH + 1] = 0x0f;
	((uint8_t *)image)[4096 + 130 * EACH + 4] = 0xcc;
	((uint8_t *)image)[4096 + 131 * EACH] = 0x90;
	for (int k = 0; k < 20; k++) {
		ck_assert_int_eq(jit_verify(image, &module, NULL, &alone), -ENOEXEC);
		ck_assert_int_eq(jit_verify(image, &module, pool, &together), -ENOEXEC);
		ck_assert_str_eq(alone.text, together.text);
	}
	ck_assert_str_eq(alone.text, "code verifier: function 130 at +0x4: " NOT_PERMITTED);
	jit_pool_free(pool);
	free(image);
}
END_TEST

UNIT("refuse", each_case, each_case_optimized, optimized_cases, wide_memory_cases, message,
     results_address, header, threads, replaceable, carried,
     goes_on)
