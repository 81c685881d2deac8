/*
 * Vector instructions on floats, and between floats and integers.
 *
 * NaN: arithmetic of the machine gives a quiet NaN, which wasm allows. min and max of the machine
 * give their second operand when one is NaN or both are zeros; wasm wants NaN, and -0 below +0.
 * Conversions of the machine give 0x80000000 for what does not fit; wasm wants 0 for NaN, else the
 * nearest number.
 */
#include "jit/baseline/simd.h"

#define TWO_31_F32 0x4f0000004f000000	/* 2^31, in both halves */
#define TWO_16_F32 0x4780000047800000
#define TWO_52 0x4330000000000000	/* as f64; its upper half makes a u32 below it 2^52 + u */
#define INT32_MAX_F64 0x41dfffffffc00000
#define UINT32_MAX_F64 0x41efffffffe00000

enum { EQ = 0, UNORDERED = 3, ORDERED = 7, GE = 0x0d };

void simd_abs_float(struct jit_simd *s)
{
	simd_vk(s, s->row->op, s->dst, simd_reg(&s->src[0]),
		s->row->imm == 2 ? simd_repeat(0x7fffffff, 2) : 0x7fffffffffffffff);
}

void simd_neg_float(struct jit_simd *s)
{
	simd_vk(s, s->row->op, s->dst, simd_reg(&s->src[0]),
		s->row->imm == 2 ? simd_repeat(0x80000000, 2) : 0x8000000000000000);
}

struct minmax {
	enum x64_op op, cmp, or, andn, xor, sub, shift;
	unsigned int payload; /* a shift by this leaves all but sign, exponent and quiet bit */
};

static const struct minmax min_f32 = {
	X64_VMINPS, X64_VCMPPS, X64_VORPS, X64_VANDNPS, X64_VXORPS, X64_VSUBPS, X64_VPSRLD_I, 10
};
static const struct minmax max_f32 = {
	X64_VMAXPS, X64_VCMPPS, X64_VORPS, X64_VANDNPS, X64_VXORPS, X64_VSUBPS, X64_VPSRLD_I, 10
};
static const struct minmax min_f64 = {
	X64_VMINPD, X64_VCMPPD, X64_VORPD, X64_VANDNPD, X64_VXORPD, X64_VSUBPD, X64_VPSRLQ_I, 13
};
static const struct minmax max_f64 = {
	X64_VMAXPD, X64_VCMPPD, X64_VORPD, X64_VANDNPD, X64_VXORPD, X64_VSUBPD, X64_VPSRLQ_I, 13
};

/* In both orders; t differs where an operand is NaN or both are zeros. */
static void both_orders(struct jit_simd *s, const struct minmax *m)
{
	unsigned int a = simd_reg(&s->src[0]), b = simd_reg(&s->src[1]);

	x64_vvv(s->x, m->op, s->tmp[0], a, b);
	x64_vvv(s->x, m->op, s->tmp[1], b, a);
}

/* Where tmp[0] or tmp[1] is NaN: a NaN without payload. */
static void canonical(struct jit_simd *s, const struct minmax *m)
{
	unsigned int r = s->tmp[0], t = s->tmp[1];

	x64_vvvi(s->x, m->cmp, t, r, t, UNORDERED);
	x64_vvv(s->x, m->or, r, r, t);
	x64_vvi(s->x, m->shift, t, t, m->payload);
	x64_vvv(s->x, m->andn, s->dst, t, r);
}

static void minimum(struct jit_simd *s, const struct minmax *m)
{
	both_orders(s, m);
	/* keeps a NaN a NaN, and one -0 makes -0 */
	x64_vvv(s->x, m->or, s->tmp[0], s->tmp[0], s->tmp[1]);
	canonical(s, m);
}

static void maximum(struct jit_simd *s, const struct minmax *m)
{
	unsigned int r = s->tmp[0], t = s->tmp[1];

	both_orders(s, m);
	/* t: the sign bit where the zeros differ, rubbish with a NaN, else 0. -0 - -0 is +0. */
	x64_vvv(s->x, m->xor, t, r, t);
	x64_vvv(s->x, m->or, r, r, t);
	x64_vvv(s->x, m->sub, r, r, t);
	canonical(s, m);
}

void simd_min_f32(struct jit_simd *s)
{
	minimum(s, &min_f32);
}

void simd_max_f32(struct jit_simd *s)
{
	maximum(s, &max_f32);
}

void simd_min_f64(struct jit_simd *s)
{
	minimum(s, &min_f64);
}

void simd_max_f64(struct jit_simd *s)
{
	maximum(s, &max_f64);
}

/* dst = a * b + c with one rounding; the machine overwrites one of the three. */
void simd_fma(struct jit_simd *s)
{
	unsigned int a = simd_reg(&s->src[0]), b = simd_reg(&s->src[1]), c = simd_reg(&s->src[2]);

	if (s->dst == c && s->dst != a && s->dst != b) {
		x64_vvv(s->x, s->row->op2, c, a, b);
		return;
	}
	if (s->dst == b) {
		b = a;
		a = s->dst;
	}
	simd_move(s, s->dst, a);
	x64_vvv(s->x, s->row->op, s->dst, b, c);
}

void simd_trunc_f32_s(struct jit_simd *s)
{
	unsigned int a = simd_reg(&s->src[0]), r = s->tmp[0], t = s->tmp[1];
	struct x64_mem limit = s->const16(s->owner, TWO_31_F32, TWO_31_F32);

	x64_vv(s->x, X64_VCVTTPS2DQ, r, a);
	x64_vvmi(s->x, X64_VCMPPS, t, a, limit, GE);
	x64_vvv(s->x, X64_VPXOR, r, r, t);
	x64_vvvi(s->x, X64_VCMPPS, t, a, a, ORDERED);
	x64_vvv(s->x, X64_VPAND, s->dst, r, t);
}

/*
 * Below 2^31 the machine's signed conversion; above, 2^31 and the conversion of the rest, limited.
 */
void simd_trunc_f32_u(struct jit_simd *s)
{
	unsigned int a = simd_reg(&s->src[0]), r = s->dst, rest = s->tmp[0], t = s->tmp[1];
	struct x64_mem limit = s->const16(s->owner, TWO_31_F32, TWO_31_F32);

	simd_zero(s, t);
	x64_vvv(s->x, X64_VMAXPS, r, a, t);
	x64_vvm(s->x, X64_VSUBPS, rest, r, limit);
	x64_vvmi(s->x, X64_VCMPPS, t, rest, limit, GE);
	x64_vv(s->x, X64_VCVTTPS2DQ, rest, rest);
	x64_vvv(s->x, X64_VPXOR, rest, rest, t);
	simd_zero(s, t);
	x64_vvv(s->x, X64_VPMAXSD, rest, rest, t);
	x64_vv(s->x, X64_VCVTTPS2DQ, r, r);
	x64_vvv(s->x, X64_VPADDD, s->dst, r, rest);
}

void simd_trunc_f64_s(struct jit_simd *s)
{
	unsigned int a = simd_reg(&s->src[0]), t = s->tmp[0];

	x64_vvvi(s->x, X64_VCMPPD, t, a, a, EQ);
	simd_vk(s, X64_VANDPD, t, t, INT32_MAX_F64);
	x64_vvv(s->x, X64_VMINPD, t, a, t);
	x64_vv(s->x, X64_VCVTTPD2DQ, s->dst, t);
}

/* 2^52 + u has u in its lower half. */
void simd_trunc_f64_u(struct jit_simd *s)
{
	unsigned int r = s->dst, zero = s->tmp[0];

	simd_zero(s, zero);
	x64_vvv(s->x, X64_VMAXPD, r, simd_reg(&s->src[0]), zero);
	simd_vk(s, X64_VMINPD, r, r, UINT32_MAX_F64);
	x64_vvi(s->x, X64_VROUNDPD, r, r, 0x0b);
	simd_vk(s, X64_VADDPD, r, r, TWO_52);
	x64_vvvi(s->x, X64_VSHUFPS, s->dst, r, zero, 0x88);
}

/* high * 2^16 + low: both halves are exact, so it rounds once. */
void simd_convert_f32_u(struct jit_simd *s)
{
	unsigned int a = simd_reg(&s->src[0]), low = s->tmp[0];

	simd_vk(s, X64_VPAND, low, a, simd_repeat(0xffff, 2));
	x64_vvi(s->x, X64_VPSRLD_I, s->dst, a, 16);
	x64_vv(s->x, X64_VCVTDQ2PS, low, low);
	x64_vv(s->x, X64_VCVTDQ2PS, s->dst, s->dst);
	simd_vk(s, X64_VFMADD132PS, s->dst, low, TWO_16_F32);
}

void simd_convert_f64_u(struct jit_simd *s)
{
	simd_vk(s, X64_VUNPCKLPS, s->dst, simd_reg(&s->src[0]), simd_repeat(TWO_52 >> 32, 2));
	simd_vk(s, X64_VSUBPD, s->dst, s->dst, TWO_52);
}
