/*
 * Floating point to integer. The conversion instruction gives the smallest integer for what does
 * not fit; cold code then finds out whether that was the answer, and otherwise traps or saturates.
 */
#include "jit/baseline/emit.h"

enum { UNSIGNED = 1, SAT = 2, DOUBLE = 4 };	/* row->cc */

static void convert(struct jit_func *f, unsigned int how, enum x64_width w, unsigned int d,
		    unsigned int x)
{
	x64_gv(f->x, how & DOUBLE ? X64_VCVTTSD2SI : X64_VCVTTSS2SI, w, d, x);
}

static void compare_limit(struct jit_func *f, unsigned int how, unsigned int x, unsigned int y)
{
	x64_vv(f->x, how & DOUBLE ? X64_VUCOMISD : X64_VUCOMISS, x, y);
}

static struct x64_mem number(struct jit_func *f, unsigned int how, double v)
{
	float s = (float)v;
	uint64_t bits = 0;

	if (how & DOUBLE)
		memcpy(&bits, &v, 8);
	else
		memcpy(&bits, &s, 4);
	return jit_const_mem(f, bits, 0, how & DOUBLE ? 8 : 4);
}

static void compare_number(struct jit_func *f, unsigned int how, unsigned int x, double v)
{
	x64_vm(f->x, how & DOUBLE ? X64_VUCOMISD : X64_VUCOMISS, x, number(f, how, v));
}

/* A NaN is one trap, all else another. */
static void trap_why(struct jit_func *f, const struct jit_cold *c, unsigned int x)
{
	f->at = c->at;
	compare_limit(f, c->a, x, x);
	jit_trap_if(f, X64_CC_P, RT_TRAP_INVALID_CONVERSION);
	jit_trap(f, RT_TRAP_INTEGER_OVERFLOW, c->at);
}

/* d is the smallest integer: right for some x, and what negative ones saturate to. */
static void cold_signed(struct jit_func *f, const struct jit_cold *c)
{
	unsigned int d = c->regs[0], x = c->regs[1];
	enum x64_width w = c->b;

	if (c->a & SAT) {
		uint8_t *nan;
		uint32_t back = c->back;

		compare_number(f, c->a, x, 0);
		nan = x64_jcc8(f->x, X64_CC_P);
		jit_jcc(f, X64_CC_B, back);
		x64_mov_imm(f->x, d, w == X64_64 ? INT64_MAX : INT32_MAX);
		jit_jmp(f, back);
		x64_here8(f->x, nan);
		x64_zero(f->x, d);
		jit_jmp(f, back);
		return;
	}
	f->at = c->at;
	compare_limit(f, c->a, x, x);
	jit_trap_if(f, X64_CC_P, RT_TRAP_INVALID_CONVERSION);
	if (w == X64_32 && (c->a & DOUBLE)) {
		compare_number(f, c->a, x, -2147483649.0);
		jit_trap_if(f, X64_CC_BE, RT_TRAP_INTEGER_OVERFLOW);
	} else {
		compare_number(f, c->a, x, w == X64_64 ? -9223372036854775808.0 : -2147483648.0);
		jit_trap_if(f, X64_CC_B, RT_TRAP_INTEGER_OVERFLOW);
	}
	compare_number(f, c->a, x, 0);
	jit_trap_if(f, X64_CC_A, RT_TRAP_INTEGER_OVERFLOW);
	jit_jmp(f, c->back);
}

static void saturate_unsigned(struct jit_func *f, const struct jit_cold *c, unsigned int d,
			      unsigned int x)
{
	x64_zero(f->x, d);
	compare_number(f, c->a, x, 0);
	/* below, or a NaN */
	jit_jcc(f, X64_CC_BE, c->back);
	x64_mov_imm(f->x, d, c->b == X64_64 ? UINT64_MAX : UINT32_MAX);
	jit_jmp(f, c->back);
}

static void cold_u32(struct jit_func *f, const struct jit_cold *c)
{
	if (c->a & SAT)
		saturate_unsigned(f, c, c->regs[0], c->regs[1]);
	else
		trap_why(f, c, c->regs[1]);
}

/* Negative: x is from 2^63 up, or does not fit. */
static void cold_u64(struct jit_func *f, const struct jit_cold *c)
{
	unsigned int d = c->regs[0], x = c->regs[1], t = c->regs[2];
	uint32_t bad = jit_label(f);

	x64_vvm(f->x, c->a & DOUBLE ? X64_VSUBSD : X64_VSUBSS, t, x,
		number(f, c->a, 9223372036854775808.0));
	convert(f, c->a, X64_64, d, t);
	x64_rr(f->x, X64_TEST, X64_64, d, d);
	jit_jcc(f, X64_CC_S, bad);
	x64_bit(f->x, X64_BTC, X64_64, d, 63);
	jit_jmp(f, c->back);
	jit_bind(f, bad);
	if (c->a & SAT)
		saturate_unsigned(f, c, d, x);
	else
		trap_why(f, c, x);
}

/* row: w of the integer; cc UNSIGNED, SAT, DOUBLE */
void jit_emit_trunc(struct jit_func *f, const struct wasm_insn *in, const struct jit_row *row)
{
	unsigned int how = row->cc, x = jit_pop_xmm(f), t = jit_alloc_xmm(f);
	unsigned int d = jit_dest_gpr(f, JIT_NOREG);
	uint32_t back = jit_label(f);
	struct jit_cold *c;

	if (!(how & UNSIGNED)) {
		convert(f, how, row->w, d, x);
		/* overflows for the smallest integer only */
		x64_ri(f->x, X64_CMP, row->w, d, 1);
		c = jit_cold(f, cold_signed);
		jit_jcc(f, X64_CC_O, c->label);
	} else if (row->w == X64_32) {
		unsigned int all = jit_alloc_gpr(f);

		/* d is the one that is visibly zero-extended */
		convert(f, how, X64_64, all, x);
		x64_rr(f->x, X64_MOV, X64_32, d, all);
		x64_rr(f->x, X64_CMP, X64_64, d, all);
		jit_free(f, all);
		c = jit_cold(f, cold_u32);
		jit_jcc(f, X64_CC_NE, c->label);
	} else {
		convert(f, how, X64_64, d, x);
		x64_rr(f->x, X64_TEST, X64_64, d, d);
		c = jit_cold(f, cold_u64);
		jit_jcc(f, X64_CC_S, c->label);
	}
	c->a = how;
	c->b = row->w;
	c->back = back;
	c->regs[0] = (uint8_t)d;
	c->regs[1] = (uint8_t)x;
	c->regs[2] = (uint8_t)t;
	jit_bind(f, back);
	jit_free_xmm(f, t);
	jit_free_xmm(f, x);
	jit_push_gpr(f, in->push[0], d);
}
