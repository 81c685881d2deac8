/*
 * A part of refuse.c: code as an optimizing tier makes it, and spoils it. It is made of what
 * stands there before it is included.
 */
#ifndef TESTS_VERIFY_OPTIMIZED_H
#define TESTS_VERIFY_OPTIMIZED_H

/* ---- code as an optimizing tier makes it ---- */

/* What rbx was is kept at [rbp - 8]. */
static void begin_saved(void)
{
	begin();
	store(X64_64, x64_at(X64_RBP, -8), X64_RBX);
}

static void restore(void)
{
	load(X64_64, X64_RBX, x64_at(X64_RBP, -8));
	result();
}

#define OPTIMIZED(name, ...) \
	static void name(void) \
	{ \
		begin_saved(); \
		__VA_ARGS__; \
		restore(); \
	}

/* cmp index, limit; jcc trap */
static void bounded(enum x64_width w, enum x64_reg index, int32_t limit, unsigned int cc)
{
	uint8_t *skip;

	x64_ri(b, X64_CMP, w, index, limit);
	skip = x64_jcc8(b, cc ^ 1);
	trap();
	x64_here8(b, skip);
}

static void scaled(enum x64_width w, int32_t limit, unsigned int cc)
{
	bounded(w, X64_RSI, limit, cc);
	load(X64_32, X64_RAX, x64_at_index(X64_R13, X64_RSI, 3, 0));
}

OPTIMIZED(saved_in_frame, x64_zero(b, X64_RBX))
OPTIMIZED(scaled_below_ok, scaled(X64_64, 1000, X64_CC_AE))
OPTIMIZED(scaled_not_below, scaled(X64_64, 1000, X64_CC_B))
OPTIMIZED(scaled_signed, scaled(X64_64, 1000, X64_CC_GE))
OPTIMIZED(scaled_low_half, scaled(X64_32, 1000, X64_CC_AE))
OPTIMIZED(base_in_register_ok, x64_rr(b, X64_MOV, X64_64, X64_RBX, X64_R13);
	  x64_rr(b, X64_ADD, X64_64, X64_RBX, X64_RDI); store(X64_32, x64_at(X64_RBX, 8), X64_RSI))
OPTIMIZED(base_below, x64_rr(b, X64_MOV, X64_64, X64_RBX, X64_R13);
	  x64_rr(b, X64_ADD, X64_64, X64_RBX, X64_RDI); store(X64_32, x64_at(X64_RBX, -8), X64_RSI))
OPTIMIZED(base_twice, x64_rr(b, X64_MOV, X64_64, X64_RBX, X64_R13);
	  x64_rr(b, X64_ADD, X64_64, X64_RBX, X64_R13); store(X64_32, x64_at(X64_RBX, 0), X64_RSI))
OPTIMIZED(spilled_index_ok, store(X64_64, x64_at(X64_RBP, -16), X64_RDI);
	  load(X64_64, X64_RAX, x64_at(X64_RBP, -16)); load(X64_32, X64_RAX, linear_at(X64_RAX, 0)))
OPTIMIZED(spilled_index_changed, store(X64_64, x64_at(X64_RBP, -16), X64_RDI);
	  store(X64_32, x64_at(X64_RBP, -12), X64_RSI); load(X64_64, X64_RAX, x64_at(X64_RBP, -16));
	  load(X64_32, X64_RAX, linear_at(X64_RAX, 0)))
OPTIMIZED(never_stored, load(X64_64, X64_RAX, x64_at(X64_RBP, -16));
	  load(X64_32, X64_RAX, linear_at(X64_RAX, 0)))
OPTIMIZED(argument_slots, store(X64_64, x64_at(X64_RSP, -16), X64_RDI); x64_call_hole(b);
	  load(X64_64, X64_RAX, x64_at(X64_RSP, -16)); load(X64_32, X64_RAX, linear_at(X64_RAX, 0)))
OPTIMIZED(byte_of_index, RAW(0x40, 0xb7, 0x05); load(X64_32, X64_RAX, linear_at(X64_RDI, 0)))
OPTIMIZED(byte_of_wide, RAW(0x40, 0xb6, 0x05); load(X64_32, X64_RAX, linear_at(X64_RSI, 0)))
OPTIMIZED(r13_elsewhere, x64_rr(b, X64_MOV, X64_64, X64_RBX, X64_R13); x64_zero(b, X64_R13);
	  x64_rr(b, X64_MOV, X64_64, X64_R13, X64_RBX))
OPTIMIZED(r13_lost, x64_zero(b, X64_R13))
OPTIMIZED(r13_lost_at_call, x64_rr(b, X64_MOV, X64_64, X64_RBX, X64_R13); x64_zero(b, X64_R13);
	  x64_call_hole(b); x64_rr(b, X64_MOV, X64_64, X64_R13, X64_RBX))
OPTIMIZED(rbx_lost, store(X64_64, x64_at(X64_RBP, -8), X64_RDI); x64_zero(b, X64_RBX))
OPTIMIZED(pushed_at_call, x64_push(b, X64_RDI); x64_call_hole(b); x64_pop(b, X64_RAX))
OPTIMIZED(rsp_beyond, x64_ri(b, X64_SUB, X64_64, X64_RSP, 8192); x64_call_hole(b);
	  x64_ri(b, X64_ADD, X64_64, X64_RSP, 8192))
OPTIMIZED(rsp_probed, x64_ri(b, X64_SUB, X64_64, X64_RSP, 4096 - 128);
	  store(X64_64, x64_at(X64_RSP, 0), X64_RDI);
	  x64_ri(b, X64_SUB, X64_64, X64_RSP, 4096 - 32); x64_call_hole(b);
	  x64_ri(b, X64_ADD, X64_64, X64_RSP, 8192 - 160))
OPTIMIZED(table_base_stored, load(X64_64, X64_RBX, BASE_OF(0));
	  store(X64_32, x64_at(X64_RBX, 0), X64_RDI))
OPTIMIZED(table_element_read, load(X64_64, X64_RBX, BASE_OF(0));
	  load(X64_64, X64_RAX, x64_at(X64_RBX, 8)))

/* A loop in which rax grows: `step` each time, while it is not `end`, below it if `below`. */
static void counted(int32_t step, int32_t end, bool below)
{
	struct x64_label head = { 0 };

	begin_saved();
	x64_zero(b, X64_RAX);
	x64_bind(b, &head);
	store(X64_32, linear_at(X64_RAX, 0), X64_RDI);
	x64_ri(b, X64_ADD, X64_64, X64_RAX, step);
	x64_ri(b, X64_CMP, X64_64, X64_RAX, end);
	x64_jcc(b, below ? X64_CC_B : X64_CC_NE, &head);
	restore();
}

static void counted_below_ok(void) { counted(4, 4096, true); }
static void counted_for_ever(void) { counted(4, 4095, false); }
static void counted_down(void) { counted(-4, 4096, false); }

/* One path leaves the stack pointer elsewhere. */
static void stack_of_two(void)
{
	struct x64_label join = { 0 };

	begin_saved();
	x64_rr(b, X64_TEST, X64_32, X64_RDI, X64_RDI);
	x64_jcc(b, X64_CC_E, &join);
	x64_push(b, X64_RDI);
	x64_bind(b, &join);
	restore();
}

/* Both edges of a branch go to the same place: what one of them knows is not known there. */
static void both_edges(void)
{
	struct x64_label next = { 0 };

	begin_saved();
	x64_ri(b, X64_CMP, X64_64, X64_RSI, 1000);
	x64_jcc(b, X64_CC_B, &next);
	x64_bind(b, &next);
	load(X64_32, X64_RAX, linear_at(X64_RSI, 0));
	restore();
}

/* The type of an entry is compared before a call, which may change the table, and used after it. */
static void stale_descriptor(void)
{
	struct x64_label bad = { 0 }, wrong = { 0 };

	begin_saved();
	x64_rr(b, X64_MOV, X64_32, X64_RBX, X64_RDI);
	x64_rm(b, X64_CMP, X64_64, X64_RBX, SIZE_OF(0));
	x64_jcc(b, X64_CC_AE, &bad);
	x64_shift(b, X64_SHL, X64_64, X64_RBX, 5);
	x64_rm(b, X64_ADD, X64_64, X64_RBX, BASE_OF(0));
	load(X64_32, X64_RAX, SIG_OF(SUBJECT_TYPE));
	x64_rm(b, X64_CMP, X64_32, X64_RAX, x64_at(X64_RBX, 0));
	x64_jcc(b, X64_CC_NE, &wrong);
	x64_call_hole(b);
	x64_zero(b, X64_RDI);
	x64_rr(b, X64_MOV, X64_64, X64_R10, X64_RBX);
	x64_m(b, X64_CALL_IND, X64_64, x64_at(X64_R10, 8));
	restore();
	x64_bind(b, &bad);
	x64_bind(b, &wrong);
	trap();
}

/* r10 is another descriptor than the one that was looked at. */
OPTIMIZED(other_descriptor, load(X64_64, X64_RAX, ctx(layout.imports + 8));
	  x64_rm(b, X64_LEA, X64_64, X64_R10, ctx(layout.imports + 32));
	  x64_r(b, X64_CALL_IND, X64_64, X64_RAX))
OPTIMIZED(code_in_register_ok, load(X64_64, X64_RAX, ctx(layout.imports + 8));
	  x64_rm(b, X64_LEA, X64_64, X64_R10, ctx(layout.imports));
	  x64_r(b, X64_CALL_IND, X64_64, X64_RAX))

/* ---- 64-bit addresses ---- */

#define SIZE ctx(JIT_VMCTX(memory_size))

/* rsi becomes rax, what is at `limit`, where cc holds of them. */
static void clamp(enum x64_width w, unsigned int cc, struct x64_mem limit)
{
	load(X64_64, X64_RAX, limit);
	x64_rr(b, X64_CMP, w, X64_RSI, X64_RAX);
	x64_cmov(b, cc, w, X64_RSI, X64_RAX);
}

static void read_at(unsigned int scale, int32_t disp)
{
	load(X64_32, X64_RAX, x64_at_index(X64_R13, X64_RSI, scale, disp));
}

static void clamp_branch(void)
{
	uint8_t *skip;

	load(X64_64, X64_RAX, SIZE);
	x64_rr(b, X64_CMP, X64_64, X64_RSI, X64_RAX);
	skip = x64_jcc8(b, X64_CC_BE);
	x64_rr(b, X64_MOV, X64_64, X64_RSI, X64_RAX);
	x64_here8(b, skip);
	read_at(0, 0);
}

OPTIMIZED(clamped_ok, clamp(X64_64, X64_CC_AE, SIZE); read_at(0, 0))
OPTIMIZED(clamped_above_ok, clamp(X64_64, X64_CC_A, SIZE); read_at(0, 0))
OPTIMIZED(clamped_memory_ok, load(X64_64, X64_RAX, SIZE);
	  x64_rm(b, X64_CMP, X64_64, X64_RSI, SIZE);
	  x64_cmov(b, X64_CC_A, X64_64, X64_RSI, X64_RAX); read_at(0, 0))
OPTIMIZED(clamped_branch_ok, clamp_branch())
OPTIMIZED(clamped_not, load(X64_64, X64_RAX, SIZE); read_at(0, 0))
OPTIMIZED(clamped_inverted, clamp(X64_64, X64_CC_B, SIZE); read_at(0, 0))
OPTIMIZED(clamped_signed, clamp(X64_64, X64_CC_GE, SIZE); read_at(0, 0))
OPTIMIZED(clamped_low_half, clamp(X64_32, X64_CC_AE, SIZE); read_at(0, 0))
OPTIMIZED(clamped_other, clamp(X64_64, X64_CC_AE, x64_at(X64_RBP, -16)); read_at(0, 0))
OPTIMIZED(clamped_changed, clamp(X64_64, X64_CC_AE, SIZE);
	  x64_ri(b, X64_ADD, X64_64, X64_RSI, 1); read_at(0, 0))
OPTIMIZED(clamped_scaled, clamp(X64_64, X64_CC_AE, SIZE); read_at(1, 0))
OPTIMIZED(clamped_far, clamp(X64_64, X64_CC_AE, SIZE); read_at(0, 8))
OPTIMIZED(clamped_moved, clamp(X64_64, X64_CC_AE, SIZE);
	  x64_rm(b, X64_LEA, X64_64, X64_RSI, x64_at_index(X64_R13, X64_RSI, 0, 0));
	  load(X64_32, X64_RAX, x64_at(X64_RSI, 8)))

#endif
