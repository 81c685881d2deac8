/*
 * f32 and f64. Rows give the scalar instruction; w is X64_32 for f32 and X64_64 for f64 unless said
 * otherwise.
 */
#include "jit/baseline/emit.h"

static wasm_valtype type_of(unsigned int w)
{
	return w == X64_64 ? WASM_F64 : WASM_F32;
}

static unsigned int xmm_of(const struct jit_opnd *o)
{
	return o->kind == JIT_OPND_REG ? o->reg & 15 : JIT_NOREG;
}

/* d = op(a, b) */
static void float_opnd_op(struct jit_func *f, enum x64_op op, unsigned int d, unsigned int a,
			  const struct jit_opnd *b)
{
	jit_opnd_use(f, b);
	if (b->kind == JIT_OPND_REG)
		x64_vvv(f->x, op, d, a, b->reg & 15);
	else
		x64_vvm(f->x, op, d, a, b->mem);
}

static void push(struct jit_func *f, const struct jit_opnd *b, wasm_valtype t, unsigned int d)
{
	f->free |= b->regs & f->pool & ~JIT_BIT(JIT_XMM(d));
	jit_push_xmm(f, t, d);
}

/* row: op, w; cc 1 if it commutes */
void jit_emit_arith(struct jit_func *f, const struct wasm_insn *in, const struct jit_row *row)
{
	struct jit_opnd b;
	unsigned int a, d;
	const struct wasm_val *v = f->b.sp - 1;

	/* memory on the left of an operation that commutes */
	if (row->cc && v->kind == JIT_REG && (v[-1].kind == JIT_SLOT || v[-1].kind == JIT_CONST)) {
		a = jit_pop_xmm(f);
		jit_pop_opnd(f, &b, false);
	} else {
		jit_pop_opnd(f, &b, false);
		a = jit_pop_xmm(f);
	}
	d = jit_dest_xmm(f, jit_is_temp(f, JIT_XMM(a)) ? a : xmm_of(&b));
	float_opnd_op(f, (enum x64_op)row->op, d, a, &b);
	if (a != d)
		jit_free_xmm(f, a);
	push(f, &b, type_of(row->w), d);
}

static void compare_floats(struct jit_func *f, unsigned int w, unsigned int a, unsigned int b)
{
	x64_vv(f->x, w == X64_64 ? X64_VUCOMISD : X64_VUCOMISS, a, b);
}

/* A NaN among the operands: adding them gives a quiet one. */
static void cold_nan(struct jit_func *f, const struct jit_cold *c)
{
	x64_vvv(f->x, c->a == X64_64 ? X64_VADDSD : X64_VADDSS, c->regs[0], c->regs[1], c->regs[2]);
	jit_jmp(f, c->back);
}

/*
 * row: op min or max, w. Both orders, so that -0 and 0 meet: or makes the smaller of them, and the
 * greater.
 */
void jit_emit_minmax(struct jit_func *f, const struct wasm_insn *in, const struct jit_row *row)
{
	unsigned int b = jit_pop_xmm(f), a = jit_pop_xmm(f), t = jit_alloc_xmm(f), d;
	uint32_t back = jit_label(f);
	struct jit_cold *c;

	d = jit_dest_xmm(f, a);
	compare_floats(f, row->w, a, b);
	c = jit_cold(f, cold_nan);
	c->a = row->w;
	c->back = back;
	c->regs[0] = (uint8_t)d;
	c->regs[1] = (uint8_t)a;
	c->regs[2] = (uint8_t)b;
	jit_jcc(f, X64_CC_P, c->label);
	x64_vvv(f->x, (enum x64_op)row->op, t, b, a);
	x64_vvv(f->x, (enum x64_op)row->op, d, a, b);
	x64_vvv(f->x, row->cc ? X64_VANDPS : X64_VORPS, d, d, t);
	jit_bind(f, back);
	jit_free_xmm(f, t);
	jit_free_xmm(f, b);
	if (a != d)
		jit_free_xmm(f, a);
	if (b == d)
		f->free &= ~JIT_BIT(JIT_XMM(d));
	jit_push_xmm(f, type_of(row->w), d);
}

/* row: op VROUNDSS/SD, w, cc the mode */
void jit_emit_round(struct jit_func *f, const struct wasm_insn *in, const struct jit_row *row)
{
	unsigned int a = jit_pop_xmm(f), d = jit_dest_xmm(f, a);

	x64_vvvi(f->x, (enum x64_op)row->op, d, a, a, row->cc);
	if (a != d)
		jit_free_xmm(f, a);
	jit_push_xmm(f, type_of(row->w), d);
}

/* A mask of 16 bytes for the bits of each lane. */
static struct x64_mem mask(struct jit_func *f, unsigned int w, bool sign)
{
	uint64_t m = w == X64_64 ? (uint64_t)1 << 63 : 0x8000000080000000u;

	m = sign ? m : ~m;
	return jit_const_mem(f, m, m, 16);
}

/* sqrt: op; abs: VANDPS, cc 1; neg: VXORPS, cc 2 */
void jit_emit_unary(struct jit_func *f, const struct wasm_insn *in, const struct jit_row *row)
{
	unsigned int a = jit_pop_xmm(f), d = jit_dest_xmm(f, a);

	if (row->cc)
		x64_vvm(f->x, (enum x64_op)row->op, d, a, mask(f, row->w, row->cc == 2));
	else
		x64_vvv(f->x, (enum x64_op)row->op, d, a, a);
	if (a != d)
		jit_free_xmm(f, a);
	jit_push_xmm(f, type_of(row->w), d);
}

void jit_emit_copysign(struct jit_func *f, const struct wasm_insn *in, const struct jit_row *row)
{
	unsigned int b = jit_pop_xmm(f), a = jit_pop_xmm(f), t = jit_alloc_xmm(f), d;

	x64_vvm(f->x, X64_VANDPS, t, b, mask(f, row->w, true));
	d = jit_dest_xmm(f, a);
	x64_vvm(f->x, X64_VANDPS, d, a, mask(f, row->w, false));
	x64_vvv(f->x, X64_VORPS, d, d, t);
	jit_free_xmm(f, t);
	if (b != d)
		jit_free_xmm(f, b);
	if (a != d)
		jit_free_xmm(f, a);
	jit_push_xmm(f, type_of(row->w), d);
}

/*
 * row: w; cc the condition; op 1 if the operands change places (so that "above" is false for a NaN)
 */
void jit_emit_fcompare(struct jit_func *f, const struct wasm_insn *in, const struct jit_row *row)
{
	enum x64_op op = row->w == X64_64 ? X64_VUCOMISD : X64_VUCOMISS;
	struct jit_opnd second;
	unsigned int first;

	if (row->op) {
		first = jit_pop_xmm(f);
		jit_pop_opnd(f, &second, false);
	} else {
		jit_pop_opnd(f, &second, false);
		first = jit_pop_xmm(f);
	}
	jit_opnd_use(f, &second);
	if (second.kind == JIT_OPND_REG)
		x64_vv(f->x, op, first, second.reg & 15);
	else
		x64_vm(f->x, op, first, second.mem);
	jit_free_xmm(f, first);
	jit_opnd_done(f, &second);
	jit_push_cond(f, row->cc);
}

/* demote, promote. row: op, w of the result */
void jit_emit_fconvert(struct jit_func *f, const struct wasm_insn *in, const struct jit_row *row)
{
	unsigned int a = jit_pop_xmm(f), d = jit_dest_xmm(f, a);

	x64_vvv(f->x, (enum x64_op)row->op, d, a, a);
	if (a != d)
		jit_free_xmm(f, a);
	jit_push_xmm(f, type_of(row->w), d);
}

/* row: op VCVTSI2x, w of the integer as it is read (a u32 is read as 64 bits) */
void jit_emit_from_int(struct jit_func *f, const struct wasm_insn *in, const struct jit_row *row)
{
	unsigned int a = jit_pop_gpr(f), d = jit_dest_xmm(f, JIT_NOREG);

	/*
	 * the conversion keeps the upper part of its first source: a zero has no history to wait
	 * for
	 */
	x64_vvv(f->x, X64_VXORPS, d, d, d);
	x64_vvr(f->x, (enum x64_op)row->op, row->w, d, d, a);
	jit_free(f, a);
	jit_push_xmm(f, in->push[0], d);
}

/*
 * From 2^63 up: half, with the lost bit kept for the rounding, doubled. a stays as it is: it may be
 * a local's register, and which registers are locals' is no longer known when cold code is made.
 */
static void cold_from_u64(struct jit_func *f, const struct jit_cold *c)
{
	unsigned int d = c->regs[0], a = c->regs[1], t = c->regs[2];
	uint8_t *even;

	x64_rr(f->x, X64_MOV, X64_64, t, a);
	x64_shift(f->x, X64_SHR, X64_64, t, 1);
	x64_bit(f->x, X64_BT, X64_64, a, 0);
	even = x64_jcc8(f->x, X64_CC_AE);
	x64_ri(f->x, X64_OR, X64_64, t, 1);
	x64_here8(f->x, even);
	x64_vvr(f->x, (enum x64_op)c->a, X64_64, d, d, t);
	x64_vvv(f->x, c->a == X64_VCVTSI2SD ? X64_VADDSD : X64_VADDSS, d, d, d);
	jit_jmp(f, c->back);
}

/* row: op VCVTSI2x */
void jit_emit_from_u64(struct jit_func *f, const struct wasm_insn *in, const struct jit_row *row)
{
	unsigned int a = jit_pop_gpr(f), t = jit_alloc_gpr(f), d = jit_dest_xmm(f, JIT_NOREG);
	uint32_t back = jit_label(f);
	struct jit_cold *c = jit_cold(f, cold_from_u64);

	c->a = row->op;
	c->back = back;
	c->regs[0] = (uint8_t)d;
	c->regs[1] = (uint8_t)a;
	c->regs[2] = (uint8_t)t;
	x64_vvv(f->x, X64_VXORPS, d, d, d);
	x64_rr(f->x, X64_TEST, X64_64, a, a);
	jit_jcc(f, X64_CC_S, c->label);
	x64_vvr(f->x, (enum x64_op)row->op, X64_64, d, d, a);
	jit_bind(f, back);
	jit_free(f, a);
	jit_free(f, t);
	jit_push_xmm(f, in->push[0], d);
}

/* Bits stay, the register file changes. */
void jit_emit_reinterpret(struct jit_func *f, const struct wasm_insn *in, const struct jit_row *row)
{
	struct wasm_val *v = f->b.sp - 1;
	wasm_valtype t = in->push[0];
	unsigned int a, d;

	if (v->kind == JIT_SLOT || v->kind == JIT_CONST) {
		v->type = t;
		return;
	}
	if (v->kind == JIT_LOCAL && f->loc[v->local] == JIT_NOREG) {
		int32_t home = f->home[v->local];

		jit_drop(f);
		d = jit_alloc(f, jit_class(t));
		jit_load(f, t, d, jit_frame(home));
		jit_push_gpr(f, t, d);
		return;
	}
	if (jit_class(t) == JIT_GPRS) {
		a = jit_pop_xmm(f);
		d = jit_dest_gpr(f, JIT_NOREG);
		x64_rv(f->x, X64_VMOVD_RV, row->w, d, a);
		jit_free_xmm(f, a);
	} else {
		a = jit_pop_gpr(f);
		d = jit_dest_xmm(f, JIT_NOREG);
		x64_vr(f->x, X64_VMOVD_VR, row->w, d, a);
		jit_free(f, a);
		d = JIT_XMM(d);
	}
	jit_push_gpr(f, t, d);
}
