/*
 * Vector instructions on integers and bits. SSE has no unsigned comparisons, no byte shifts, no
 * 64-bit multiplication and no 64-bit arithmetic shift; those are sequences.
 */
#include "jit/baseline/simd.h"

void simd_unary(struct jit_simd *s)
{
	simd_v(s, s->row->op, s->dst, &s->src[0]);
}

void simd_unary_imm(struct jit_simd *s)
{
	simd_vi(s, s->row->op, s->dst, &s->src[0], s->row->imm);
}

void simd_binary(struct jit_simd *s)
{
	simd_vv(s, s->row->op, s->dst, simd_reg(&s->src[0]), &s->src[1]);
}

/* The machine has the operands the other way round. */
void simd_binary_swap(struct jit_simd *s)
{
	simd_vv(s, s->row->op, s->dst, simd_reg(&s->src[1]), &s->src[0]);
}

void simd_binary_imm(struct jit_simd *s)
{
	simd_vvi(s, s->row->op, s->dst, simd_reg(&s->src[0]), &s->src[1], s->row->imm);
}

static void complement(struct jit_simd *s)
{
	simd_ones(s, s->tmp[0]);
	x64_vvv(s->x, X64_VPXOR, s->dst, s->dst, s->tmp[0]);
}

void simd_binary_not(struct jit_simd *s)
{
	simd_binary(s);
	complement(s);
}

void simd_binary_swap_not(struct jit_simd *s)
{
	simd_binary_swap(s);
	complement(s);
}

/* op2(op(a, b), a): with min or max and equality a comparison that includes equality */
void simd_order(struct jit_simd *s)
{
	unsigned int a = simd_reg(&s->src[0]);

	simd_vv(s, s->row->op, s->tmp[0], a, &s->src[1]);
	x64_vvv(s->x, s->row->op2, s->dst, s->tmp[0], a);
}

void simd_order_not(struct jit_simd *s)
{
	simd_order(s);
	complement(s);
}

void simd_not(struct jit_simd *s)
{
	simd_ones(s, s->tmp[0]);
	simd_vv(s, X64_VPXOR, s->dst, s->tmp[0], &s->src[0]);
}

void simd_bitselect(struct jit_simd *s)
{
	unsigned int mask = simd_reg(&s->src[2]);

	x64_vvv(s->x, X64_VPAND, s->tmp[0], simd_reg(&s->src[0]), mask);
	x64_vvv(s->x, X64_VPANDN, s->dst, mask, simd_reg(&s->src[1]));
	x64_vvv(s->x, X64_VPOR, s->dst, s->dst, s->tmp[0]);
}

/* By the top bit of each lane (or byte) of the mask. */
void simd_blend(struct jit_simd *s)
{
	x64_vvvv(s->x, s->row->op, s->dst, simd_reg(&s->src[1]), simd_reg(&s->src[0]),
		 simd_reg(&s->src[2]));
}

void simd_any_true(struct jit_simd *s)
{
	unsigned int a = simd_reg(&s->src[0]);

	x64_vv(s->x, X64_VPTEST, a, a);
	s->cc = X64_CC_NE;
}

void simd_all_true(struct jit_simd *s)
{
	simd_zero(s, s->tmp[0]);
	simd_vv(s, s->row->op, s->tmp[0], s->tmp[0], &s->src[0]);
	x64_vv(s->x, X64_VPTEST, s->tmp[0], s->tmp[0]);
	s->cc = X64_CC_E;
}

void simd_bitmask(struct jit_simd *s)
{
	x64_gv(s->x, s->row->op, X64_32, s->dst, simd_reg(&s->src[0]));
}

void simd_bitmask_words(struct jit_simd *s)
{
	unsigned int a = simd_reg(&s->src[0]);

	x64_vvv(s->x, X64_VPACKSSWB, s->tmp[0], a, a);
	x64_gv(s->x, X64_VPMOVMSKB, X64_32, s->dst, s->tmp[0]);
	x64_rr(s->x, X64_MOVZX8, X64_32, s->dst, s->dst);
}

void simd_negate(struct jit_simd *s)
{
	simd_zero(s, s->tmp[0]);
	simd_vv(s, s->row->op, s->dst, s->tmp[0], &s->src[0]);
}

/* (a ^ sign) - sign, where sign is all ones or zeros */
void simd_abs_i64(struct jit_simd *s)
{
	unsigned int a = simd_reg(&s->src[0]);

	simd_zero(s, s->tmp[0]);
	x64_vvv(s->x, X64_VPCMPGTQ, s->tmp[0], s->tmp[0], a);
	x64_vvv(s->x, X64_VPXOR, s->dst, a, s->tmp[0]);
	x64_vvv(s->x, X64_VPSUBQ, s->dst, s->dst, s->tmp[0]);
}

/* A table of the bits in a nibble, looked up for both nibbles of each byte. */
void simd_popcnt(struct jit_simd *s)
{
	unsigned int a = simd_reg(&s->src[0]), low = s->tmp[0], high = s->tmp[1];

	simd_vk(s, X64_VPAND, low, a, simd_repeat(0x0f, 0));
	x64_vvi(s->x, X64_VPSRLW_I, high, a, 4);
	simd_vk(s, X64_VPAND, high, high, simd_repeat(0x0f, 0));
	x64_vm(s->x, X64_VMOVDQU, s->dst,
	       s->const16(s->owner, 0x0302020102010100, 0x0403030203020201));
	x64_vvv(s->x, X64_VPSHUFB, low, s->dst, low);
	x64_vvv(s->x, X64_VPSHUFB, high, s->dst, high);
	x64_vvv(s->x, X64_VPADDB, s->dst, low, high);
}

/* vpmaddubsw multiplies unsigned bytes of its first operand by signed ones of its second. */
void simd_extadd_bytes_s(struct jit_simd *s)
{
	uint64_t ones = simd_repeat(1, 0);

	x64_vm(s->x, X64_VMOVDQU, s->tmp[0], s->const16(s->owner, ones, ones));
	simd_vv(s, s->row->op, s->dst, s->tmp[0], &s->src[0]);
}

void simd_extadd_bytes_u(struct jit_simd *s)
{
	simd_vk(s, s->row->op, s->dst, simd_reg(&s->src[0]), simd_repeat(1, 0));
}

void simd_extadd_words_s(struct jit_simd *s)
{
	simd_vk(s, s->row->op, s->dst, simd_reg(&s->src[0]), simd_repeat(1, 1));
}

void simd_extadd_words_u(struct jit_simd *s)
{
	unsigned int a = simd_reg(&s->src[0]);

	x64_vvi(s->x, X64_VPSRLD_I, s->tmp[0], a, 16);
	simd_vk(s, X64_VPAND, s->dst, a, simd_repeat(0xffff, 2));
	x64_vvv(s->x, X64_VPADDD, s->dst, s->dst, s->tmp[0]);
}

/* -1 * -1 is the one product that does not fit: the machine gives -1. */
void simd_q15mulr_sat(struct jit_simd *s)
{
	simd_binary(s);
	simd_vk(s, X64_VPCMPEQW, s->tmp[0], s->dst, simd_repeat(0x8000, 1));
	x64_vvv(s->x, X64_VPXOR, s->dst, s->dst, s->tmp[0]);
}

void simd_extend_high(struct jit_simd *s)
{
	simd_vi(s, X64_VPSHUFD, s->dst, &s->src[0], 0xee);
	x64_vv(s->x, s->row->op, s->dst, s->dst);
}

void simd_extmul_bytes(struct jit_simd *s)
{
	simd_v(s, s->row->op, s->tmp[0], &s->src[1]);
	simd_v(s, s->row->op, s->dst, &s->src[0]);
	x64_vvv(s->x, X64_VPMULLW, s->dst, s->dst, s->tmp[0]);
}

void simd_extmul_bytes_high(struct jit_simd *s)
{
	simd_vi(s, X64_VPSHUFD, s->tmp[0], &s->src[1], 0xee);
	x64_vv(s->x, s->row->op, s->tmp[0], s->tmp[0]);
	simd_extend_high(s);
	x64_vvv(s->x, X64_VPMULLW, s->dst, s->dst, s->tmp[0]);
}

/* Low and high halves of the products, interleaved. */
void simd_extmul_words(struct jit_simd *s)
{
	unsigned int a = simd_reg(&s->src[0]), b = simd_reg(&s->src[1]);

	x64_vvv(s->x, X64_VPMULLW, s->tmp[0], a, b);
	x64_vvv(s->x, s->row->op, s->dst, a, b);
	x64_vvv(s->x, s->row->op2, s->dst, s->tmp[0], s->dst);
}

/* The machine multiplies even lanes: imm brings the wanted ones there. */
void simd_extmul_dwords(struct jit_simd *s)
{
	simd_vi(s, X64_VPSHUFD, s->tmp[0], &s->src[1], s->row->imm);
	simd_vi(s, X64_VPSHUFD, s->dst, &s->src[0], s->row->imm);
	x64_vvv(s->x, s->row->op, s->dst, s->dst, s->tmp[0]);
}

/* a * b = low(a) * low(b) + ((low(a) * high(b) + high(a) * low(b)) << 32) */
void simd_mul_i64(struct jit_simd *s)
{
	unsigned int a = simd_reg(&s->src[0]), b = simd_reg(&s->src[1]), cross = s->tmp[0],
		     t = s->tmp[1];

	x64_vvi(s->x, X64_VPSHUFD, cross, b, 0xb1);
	x64_vvv(s->x, X64_VPMULLD, cross, cross, a);
	x64_vvi(s->x, X64_VPSRLQ_I, t, cross, 32);
	x64_vvv(s->x, X64_VPADDD, cross, cross, t);
	x64_vvi(s->x, X64_VPSLLQ_I, cross, cross, 32);
	x64_vvv(s->x, X64_VPMULUDQ, s->dst, a, b);
	x64_vvv(s->x, X64_VPADDQ, s->dst, s->dst, cross);
}

/* Signed by unsigned bytes in pairs, then pairs of those, onto the third. */
void simd_dot_add(struct jit_simd *s)
{
	x64_vvv(s->x, X64_VPMADDUBSW, s->tmp[0], simd_reg(&s->src[1]), simd_reg(&s->src[0]));
	simd_vk(s, X64_VPMADDWD, s->tmp[0], s->tmp[0], simd_repeat(1, 1));
	x64_vvv(s->x, X64_VPADDD, s->dst, s->tmp[0], simd_reg(&s->src[2]));
}

/* ---- shifts: wasm takes the count modulo the lane's bits, the machine does not ---- */

/* The count in a vector register, with `more` added. */
static void count_to(struct jit_simd *s, unsigned int dst, unsigned int mask, unsigned int more)
{
	x64_ri(s->x, X64_AND, X64_32, s->gpr, (int32_t)mask);
	if (more)
		x64_ri(s->x, X64_ADD, X64_32, s->gpr, (int32_t)more);
	x64_vr(s->x, X64_VMOVD_VR, X64_32, dst, s->gpr);
}

void simd_shift(struct jit_simd *s)
{
	unsigned int a = simd_reg(&s->src[0]), n = s->lane & s->row->imm;

	if (s->constant && !n) {
		simd_move(s, s->dst, a);
	} else if (s->constant) {
		x64_vvi(s->x, s->row->op2, s->dst, a, n);
	} else {
		count_to(s, s->tmp[0], s->row->imm, 0);
		x64_vvv(s->x, s->row->op, s->dst, a, s->tmp[0]);
	}
}

/*
 * Shifts words; what crosses from byte to byte is masked, before a left shift and after a right
 * one.
 */
void simd_shift_bytes(struct jit_simd *s)
{
	unsigned int a = simd_reg(&s->src[0]), n = s->lane & 7, count = s->tmp[0], mask = s->tmp[1];
	bool left = s->row->op == X64_VPSLLW;

	if (s->constant && !n) {
		simd_move(s, s->dst, a);
		return;
	}
	if (s->constant) {
		x64_vvi(s->x, s->row->op2, s->dst, a, n);
		simd_vk(s, X64_VPAND, s->dst, s->dst, simd_repeat(left ? 0xff << n : 0xff >> n, 0));
		return;
	}
	count_to(s, count, 7, 0);
	simd_ones(s, mask);
	x64_vvi(s->x, X64_VPSRLW_I, mask, mask, 8);
	x64_vvv(s->x, X64_VPSRLW, mask, mask, count);
	x64_vvv(s->x, X64_VPACKUSWB, mask, mask, mask);
	if (left) {
		x64_vvv(s->x, X64_VPAND, mask, mask, a);
		x64_vvv(s->x, X64_VPSLLW, s->dst, mask, count);
	} else {
		x64_vvv(s->x, X64_VPSRLW, s->dst, a, count);
		x64_vvv(s->x, X64_VPAND, s->dst, s->dst, mask);
	}
}

/*
 * By a constant: an unsigned shift, then the sign bit, wherever it is now, is extended as (x ^ s) -
 * s.
 */
static void extend_sign(struct jit_simd *s, enum x64_op subtract, uint64_t sign)
{
	simd_vk(s, X64_VPXOR, s->dst, s->dst, sign);
	simd_vk(s, subtract, s->dst, s->dst, sign);
}

void simd_shift_bytes_signed(struct jit_simd *s)
{
	unsigned int a = simd_reg(&s->src[0]), n = s->lane & 7, count = s->tmp[0], high = s->tmp[1];

	if (s->constant && !n) {
		simd_move(s, s->dst, a);
		return;
	}
	if (s->constant) {
		x64_vvi(s->x, X64_VPSRLW_I, s->dst, a, n);
		simd_vk(s, X64_VPAND, s->dst, s->dst, simd_repeat(0xff >> n, 0));
		extend_sign(s, X64_VPSUBB, simd_repeat(0x80 >> n, 0));
		return;
	}
	count_to(s, count, 7, 8);
	x64_vvv(s->x, X64_VPUNPCKHBW, high, a, a);
	x64_vvv(s->x, X64_VPUNPCKLBW, s->dst, a, a);
	x64_vvv(s->x, X64_VPSRAW, high, high, count);
	x64_vvv(s->x, X64_VPSRAW, s->dst, s->dst, count);
	x64_vvv(s->x, X64_VPACKSSWB, s->dst, s->dst, high);
}

void simd_shift_signed_i64(struct jit_simd *s)
{
	unsigned int a = simd_reg(&s->src[0]), n = s->lane & 63, count = s->tmp[0],
		     sign = s->tmp[1];
	const uint64_t top = (uint64_t)1 << 63;

	if (s->constant && !n) {
		simd_move(s, s->dst, a);
		return;
	}
	if (s->constant) {
		x64_vvi(s->x, X64_VPSRLQ_I, s->dst, a, n);
		extend_sign(s, X64_VPSUBQ, top >> n);
		return;
	}
	count_to(s, count, 63, 0);
	x64_vm(s->x, X64_VMOVDQU, sign, s->const16(s->owner, top, top));
	x64_vvv(s->x, X64_VPSRLQ, sign, sign, count);
	x64_vvv(s->x, X64_VPSRLQ, s->dst, a, count);
	x64_vvv(s->x, X64_VPXOR, s->dst, s->dst, sign);
	x64_vvv(s->x, X64_VPSUBQ, s->dst, s->dst, sign);
}
