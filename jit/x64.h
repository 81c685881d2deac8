/*
 * The x86-64 machine encoder: one inline function for each shape of operands, the instruction as an
 * argument.
 *
 *	struct x64_buf b;
 *	x64_buf_init(&b, memory, size);
 *	x64_reserve(&b, X64_ROOM_ONE);
 *	x64_rr(&b, X64_ADD, X64_32, X64_RAX, X64_RCX);			add eax, ecx
 *	x64_rm(&b, X64_MOV, X64_64, X64_RDX, x64_at(X64_RBP, -8));	mov rdx, [rbp-8]
 *	x64_vvm(&b, X64_VPADDD, 1, 2, x64_at(X64_RSP, 16));		vpaddd xmm1, xmm2, [rsp+16]
 *
 * What instructions there are, and which shapes each takes, stands in x64-ops.h; an instruction in
 * a function of the wrong shape does not compile (where it is a constant) or fails an assertion.
 * Operands come in Intel's order: destination first.
 *
 * Invariants:
 * - Emitters do not check for room: x64_reserve() has been called for the bytes that follow, at
 *   most X64_LEN_MAX an instruction (they may scribble up to X64_SLACK bytes ahead). When the
 *   buffer is full its last X64_ROOM_MAX bytes are written again and `overflow` sticks: what is
 *   then in them is rubbish and must be thrown away, but what lies before them is as it was.
 * - Encodings are those of the GNU assembler's defaults (tests/unit/x64.c), so always the shortest
 *   displacement and VEX prefix; exceptions are said at the function.
 * - Every vector instruction is VEX-encoded with 128 bits.
 */
#ifndef JIT_X64_H
#define JIT_X64_H

#include "jit/x64-raw.h"

/* ---- integer instructions ---- */

/* 8-bit operations are one opcode lower. */
static inline unsigned int x64_sized(unsigned int opcode, enum x64_width w)
{
	return opcode - (w == X64_8);
}

/* spl, bpl, sil and dil need a REX prefix, empty or not. */
static inline bool x64_new8(unsigned int reg)
{
	return reg >= 4;
}

/* op dst, src */
static inline void x64_rr(struct x64_buf *b, enum x64_op op, enum x64_width w, enum x64_reg dst,
			  enum x64_reg src)
{
	enum x64_form f = x64_form(op);

	X64_ALLOW(op, X64_F(ALU) | X64_F(MOV) | X64_F(TEST) | X64_F(RM) | X64_F(RM8) | X64_F(MR) |
			      X64_F(RD));
	if ((f == X64_FORM_ALU || f == X64_FORM_MOV) && w != X64_8)
		b->at = x64_legacy_rr(b, op, x64_opcode(op), w, dst, src, false);
	else if (f == X64_FORM_RD)
		b->at = x64_vex_rr(b, op, w, x64_digit(op), dst, src);
	else if (f == X64_FORM_MR || f == X64_FORM_TEST)
		b->at = x64_legacy_rr(b, op, x64_sized(x64_opcode(op), w), w, src, dst,
			      w == X64_8 && (x64_new8(dst) || x64_new8(src)));
	else if (f == X64_FORM_RM)
		b->at = x64_legacy_rr(b, op, x64_opcode(op), w, dst, src, false);
	else if (f == X64_FORM_RM8)
		b->at = x64_legacy_rr(b, op, x64_opcode(op), w, dst, src, x64_new8(src));
	else
		b->at = x64_legacy_rr(b, op, x64_sized(x64_opcode(op), w), w, dst, src,
			      w == X64_8 && (x64_new8(dst) || x64_new8(src)));
}

/* op dst, [m] */
static inline void x64_rm(struct x64_buf *b, enum x64_op op, enum x64_width w, enum x64_reg dst,
			  struct x64_mem m)
{
	enum x64_form f = x64_form(op);

	X64_ALLOW(op, X64_F(ALU) | X64_F(MOV) | X64_F(RM) | X64_F(RM8) | X64_F(LOAD) | X64_F(RD));
	if (f == X64_FORM_RD)
		b->at = x64_vex_rm(b, op, w, x64_digit(op), dst, m, 0);
	else if (f == X64_FORM_ALU || f == X64_FORM_MOV)
		b->at = x64_legacy_rm(b, op, x64_sized(x64_opcode(op), w), w, dst, m,
				      w == X64_8 && x64_new8(dst), 0);
	else
		b->at = x64_legacy_rm(b, op, x64_opcode(op), w, dst, m, false, 0);
}

/* op [m], src */
static inline void x64_mr(struct x64_buf *b, enum x64_op op, enum x64_width w, struct x64_mem m,
			  enum x64_reg src)
{
	enum x64_form f = x64_form(op);
	unsigned int opcode = x64_opcode(op);

	X64_ALLOW(op, X64_F(ALU) | X64_F(MOV) | X64_F(TEST) | X64_F(STORE) | X64_F(MR));
	if (f == X64_FORM_ALU || f == X64_FORM_MOV)
		opcode -= 2;
	if (f != X64_FORM_STORE)
		opcode = x64_sized(opcode, w);
	b->at = x64_legacy_rm(b, op, opcode, w, src, m, w == X64_8 && x64_new8(src), 0);
}

/* op dst, imm: an immediate of 8, 16 or 32 bits, sign-extended to 64. Not for mov: x64_mov_imm. */
static inline void x64_ri(struct x64_buf *b, enum x64_op op, enum x64_width w, enum x64_reg dst,
			  int32_t imm)
{
	bool test = x64_form(op) == X64_FORM_TEST, force = w == X64_8 && x64_new8(dst);

	X64_ALLOW(op, X64_F(ALU) | X64_F(TEST));
	if (!test && w != X64_8 && imm == (int8_t)imm) {
		b->at = x64_legacy_rr(b, op, 0x83, w, x64_digit(op), dst, force);
		b->at = x64_put8(b->at, (uint8_t)imm);
		return;
	}
	if (dst == X64_RAX) {
		b->at = x64_put_op(b->at, op, x64_sized(test ? 0xa9 : x64_opcode(op) + 2, w), w,
				   (w == X64_64) << 3, false);
	} else {
		b->at = x64_legacy_rr(b, op, x64_sized(test ? 0xf7 : 0x81, w), w, x64_digit(op),
				      dst, force);
	}
	b->at = x64_put_imm(b->at, w, imm);
}

/* op [m], imm: as x64_ri, and mov. Writes the width, reads it (but for mov). */
static inline void x64_mi(struct x64_buf *b, enum x64_op op, enum x64_width w, struct x64_mem m,
			  int32_t imm)
{
	enum x64_form f = x64_form(op);
	unsigned int opcode = f == X64_FORM_TEST ? 0xf7 : f == X64_FORM_MOV ? 0xc7 : 0x81;

	X64_ALLOW(op, X64_F(ALU) | X64_F(MOV) | X64_F(TEST));
	if (f == X64_FORM_ALU && w != X64_8 && imm == (int8_t)imm) {
		b->at = x64_legacy_rm(b, op, 0x83, w, x64_digit(op), m, false, 1);
		b->at = x64_put8(b->at, (uint8_t)imm);
		return;
	}
	b->at = x64_legacy_rm(b, op, x64_sized(opcode, w), w, x64_digit(op), m, false,
			      x64_imm_size(w));
	b->at = x64_put_imm(b->at, w, imm);
}

/* mov dst, imm in the shortest of its forms; flags are kept, so 0 is not an xor. */
static inline void x64_mov_imm(struct x64_buf *b, enum x64_reg dst, uint64_t imm)
{
	unsigned int B = dst >> 3;

	if (imm <= UINT32_MAX) {
		*b->at = 0x41;
		b->at += B;
		b->at = x64_put8(b->at, 0xb8 | (dst & 7));
		b->at = x64_put32(b->at, (uint32_t)imm);
	} else if ((int64_t)imm == (int32_t)imm) {
		b->at = x64_put8(b->at, 0x48 | B);
		b->at = x64_put8(b->at, 0xc7);
		b->at = x64_put_modrm(b->at, 0, dst);
		b->at = x64_put32(b->at, (uint32_t)imm);
	} else {
		b->at = x64_put8(b->at, 0x48 | B);
		b->at = x64_put8(b->at, 0xb8 | (dst & 7));
		b->at = x64_put64(b->at, imm);
	}
}

/* dst = 0; flags are lost */
static inline void x64_zero(struct x64_buf *b, enum x64_reg dst)
{
	x64_rr(b, X64_XOR, X64_32, dst, dst);
}

/*
 * One register: unary operations, call, jmp, push, pop, bswap, the bases of segments. Width 64
 * where the form says so.
 */
static inline void x64_r(struct x64_buf *b, enum x64_op op, enum x64_width w, enum x64_reg r)
{
	enum x64_form f = x64_form(op);

	X64_ALLOW(op, X64_F(UNARY) | X64_F(NEAR) | X64_F(REG) | X64_F(REG64) | X64_F(BASE));
	if (f == X64_FORM_NEAR || f == X64_FORM_REG64)
		w = X64_32;
	if (f == X64_FORM_REG || f == X64_FORM_REG64) {
		b->at = x64_put_op(b->at, op, x64_opcode(op) | (r & 7), w,
				   x64_rex_rr(w == X64_64, 0, r), false);
	} else if (f == X64_FORM_UNARY) {
		b->at = x64_legacy_rr(b, op, x64_sized(x64_opcode(op), w), w, x64_digit(op), r,
				      w == X64_8 && x64_new8(r));
	} else {
		b->at = x64_legacy_rr(b, op, x64_opcode(op), w, x64_digit(op), r, false);
	}
}

static inline void x64_m(struct x64_buf *b, enum x64_op op, enum x64_width w, struct x64_mem m)
{
	X64_ALLOW(op, X64_F(UNARY) | X64_F(NEAR) | X64_F(NEAR_M));
	if (x64_form(op) != X64_FORM_UNARY)
		b->at = x64_legacy_rm(b, op, x64_opcode(op), X64_32, x64_digit(op), m, false, 0);
	else
		b->at = x64_legacy_rm(b, op, x64_sized(x64_opcode(op), w), w, x64_digit(op), m,
				      false, 0);
}

static inline void x64_push(struct x64_buf *b, enum x64_reg r)
{
	x64_r(b, X64_PUSH, X64_64, r);
}

static inline void x64_pop(struct x64_buf *b, enum x64_reg r)
{
	x64_r(b, X64_POP, X64_64, r);
}

/* No operands. */
static inline void x64_bare(struct x64_buf *b, enum x64_op op)
{
	X64_ALLOW(op, X64_F(BARE) | X64_F(FENCE));
	b->at = x64_put_op(b->at, op, x64_opcode(op), X64_32, (op >> 20 & 3) << 3, false);
	if (x64_form(op) == X64_FORM_FENCE)
		b->at = x64_put_modrm(b->at, x64_digit(op), 0);
}

/* ret n: also takes n bytes of arguments off the stack */
static inline void x64_ret(struct x64_buf *b, unsigned int n)
{
	assert(n <= UINT16_MAX);
	x64_put32(b->at, (n ? 0xc2 : 0xc3) | n << 8);
	b->at += n ? 3 : 1;
}

/*
 * Makes the next instruction atomic: add, sub, and, or, xor, inc, dec, not, neg, xadd, cmpxchg on
 * memory.
 */
static inline void x64_lock(struct x64_buf *b)
{
	b->at = x64_put8(b->at, 0xf0);
}

/* Shift or rotate by a constant (of which the machine uses the low 5 or 6 bits), or by cl. */
static inline void x64_shift(struct x64_buf *b, enum x64_op op, enum x64_width w, enum x64_reg r,
			     unsigned int n)
{
	X64_ALLOW(op, X64_F(SHIFT));
	b->at = x64_legacy_rr(b, op, x64_sized(n == 1 ? 0xd1 : 0xc1, w), w, x64_digit(op), r,
			      w == X64_8 && x64_new8(r));
	if (n != 1)
		b->at = x64_put8(b->at, n & 0xff);
}

static inline void x64_shift_cl(struct x64_buf *b, enum x64_op op, enum x64_width w, enum x64_reg r)
{
	X64_ALLOW(op, X64_F(SHIFT));
	b->at = x64_legacy_rr(b, op, x64_sized(0xd3, w), w, x64_digit(op), r,
			      w == X64_8 && x64_new8(r));
}

/* bt and its kin by a constant; not width 8 */
static inline void x64_bit(struct x64_buf *b, enum x64_op op, enum x64_width w, enum x64_reg r,
			   unsigned int n)
{
	X64_ALLOW(op, X64_F(BIT));
	b->at = x64_legacy_rr(b, op, x64_opcode(op), w, x64_digit(op), r, false);
	b->at = x64_put8(b->at, n & 0xff);
}

/* dst = src * imm */
static inline void x64_imul_rri(struct x64_buf *b, enum x64_width w, enum x64_reg dst,
				enum x64_reg src, int32_t imm)
{
	bool small = imm == (int8_t)imm;

	b->at = x64_legacy_rr(b, 0, small ? 0x6b : 0x69, w, dst, src, false);
	b->at = x64_put_imm(b->at, small ? X64_8 : w, imm);
}

static inline void x64_imul_rmi(struct x64_buf *b, enum x64_width w, enum x64_reg dst,
				struct x64_mem m, int32_t imm)
{
	bool small = imm == (int8_t)imm;

	b->at = x64_legacy_rm(b, 0, small ? 0x6b : 0x69, w, dst, m, false,
			      small	    ? 1
			      : w == X64_16 ? 2
					    : 4);
	b->at = x64_put_imm(b->at, small ? X64_8 : w, imm);
}

/* Sets the 8-bit register to 0 or 1; the rest of it stays. */
static inline void x64_setcc(struct x64_buf *b, enum x64_cond cc, enum x64_reg r)
{
	b->at = x64_legacy_rr(b, X64_0F, 0x90 | cc, X64_32, 0, r, x64_new8(r));
}

static inline void x64_setcc_m(struct x64_buf *b, enum x64_cond cc, struct x64_mem m)
{
	b->at = x64_legacy_rm(b, X64_0F, 0x90 | cc, X64_32, 0, m, false, 0);
}

/* dst = cc ? src : dst; at 32 bits the upper half of dst is cleared either way. */
static inline void x64_cmov(struct x64_buf *b, enum x64_cond cc, enum x64_width w, enum x64_reg dst,
			    enum x64_reg src)
{
	b->at = x64_legacy_rr(b, X64_0F, 0x40 | cc, w, dst, src, false);
}

/* Memory is read whether the condition holds or not. */
static inline void x64_cmov_m(struct x64_buf *b, enum x64_cond cc, enum x64_width w,
			      enum x64_reg dst, struct x64_mem m)
{
	b->at = x64_legacy_rm(b, X64_0F, 0x40 | cc, w, dst, m, false, 0);
}

/* ---- BMI: three operands, flags of the shifts and rorx untouched ---- */

/* RRR: first, second as the row says; RRC: src, count */
static inline void x64_rrr(struct x64_buf *b, enum x64_op op, enum x64_width w, enum x64_reg dst,
			   enum x64_reg first, enum x64_reg second)
{
	X64_ALLOW(op, X64_F(RRR) | X64_F(RRC));
	if (x64_form(op) == X64_FORM_RRR)
		b->at = x64_vex_rr(b, op, w, dst, first, second);
	else
		b->at = x64_vex_rr(b, op, w, dst, second, first);
}

static inline void x64_rrm(struct x64_buf *b, enum x64_op op, enum x64_width w, enum x64_reg dst,
			   enum x64_reg first, struct x64_mem m)
{
	X64_ALLOW(op, X64_F(RRR));
	b->at = x64_vex_rm(b, op, w, dst, first, m, 0);
}

static inline void x64_rmr(struct x64_buf *b, enum x64_op op, enum x64_width w, enum x64_reg dst,
			   struct x64_mem m, enum x64_reg count)
{
	X64_ALLOW(op, X64_F(RRC));
	b->at = x64_vex_rm(b, op, w, dst, count, m, 0);
}

static inline void x64_rri(struct x64_buf *b, enum x64_op op, enum x64_width w, enum x64_reg dst,
			   enum x64_reg src, unsigned int imm)
{
	X64_ALLOW(op, X64_F(RRI));
	b->at = x64_vex_rr(b, op, w, dst, 0, src);
	b->at = x64_put8(b->at, imm & 0xff);
}

static inline void x64_rmi(struct x64_buf *b, enum x64_op op, enum x64_width w, enum x64_reg dst,
			   struct x64_mem m, unsigned int imm)
{
	X64_ALLOW(op, X64_F(RRI));
	b->at = x64_vex_rm(b, op, w, dst, 0, m, 1);
	b->at = x64_put8(b->at, imm & 0xff);
}

/* ---- vector instructions: registers are numbers, 0 to 15 ---- */

static inline void x64_vvv(struct x64_buf *b, enum x64_op op, unsigned int dst, unsigned int s1,
			   unsigned int s2)
{
	X64_ALLOW(op, X64_F(VVV));
	b->at = x64_vex_rr(b, op, X64_32, dst, s1, s2);
}

static inline void x64_vvm(struct x64_buf *b, enum x64_op op, unsigned int dst, unsigned int s1,
			   struct x64_mem m)
{
	X64_ALLOW(op, X64_F(VVV) | X64_F(VVM));
	assert((op >> 28 & 7) != X64_MEM_N);
	b->at = x64_vex_rm(b, op, X64_32, dst, s1, m, 0);
}

static inline void x64_vvvi(struct x64_buf *b, enum x64_op op, unsigned int dst, unsigned int s1,
			    unsigned int s2, unsigned int imm)
{
	X64_ALLOW(op, X64_F(VVVI));
	b->at = x64_vex_rr(b, op, X64_32, dst, s1, s2);
	b->at = x64_put8(b->at, imm & 0xff);
}

static inline void x64_vvmi(struct x64_buf *b, enum x64_op op, unsigned int dst, unsigned int s1,
			    struct x64_mem m, unsigned int imm)
{
	X64_ALLOW(op, X64_F(VVVI));
	b->at = x64_vex_rm(b, op, X64_32, dst, s1, m, 1);
	b->at = x64_put8(b->at, imm & 0xff);
}

/* dst = mask ? s2 : s1, by the top bit of each lane of mask */
static inline void x64_vvvv(struct x64_buf *b, enum x64_op op, unsigned int dst, unsigned int s1,
			    unsigned int s2, unsigned int mask)
{
	X64_ALLOW(op, X64_F(VVVV));
	b->at = x64_vex_rr(b, op, X64_32, dst, s1, s2);
	b->at = x64_put8(b->at, mask << 4);
}

static inline void x64_vvmv(struct x64_buf *b, enum x64_op op, unsigned int dst, unsigned int s1,
			    struct x64_mem m, unsigned int mask)
{
	X64_ALLOW(op, X64_F(VVVV));
	b->at = x64_vex_rm(b, op, X64_32, dst, s1, m, 1);
	b->at = x64_put8(b->at, mask << 4);
}

static inline void x64_vv(struct x64_buf *b, enum x64_op op, unsigned int dst, unsigned int src)
{
	X64_ALLOW(op, X64_F(VV));
	b->at = x64_vex_rr(b, op, X64_32, dst, 0, src);
}

static inline void x64_vm(struct x64_buf *b, enum x64_op op, unsigned int dst, struct x64_mem m)
{
	X64_ALLOW(op, X64_F(VV) | X64_F(VM));
	b->at = x64_vex_rm(b, op, X64_32, dst, 0, m, 0);
}

/* Two operands and an immediate: shuffles, rounding, and shifts by a constant. */
static inline void x64_vvi(struct x64_buf *b, enum x64_op op, unsigned int dst, unsigned int src,
			   unsigned int imm)
{
	X64_ALLOW(op, X64_F(VVI) | X64_F(VSI));
	if (x64_form(op) == X64_FORM_VSI)
		b->at = x64_vex_rr(b, op, X64_32, x64_digit(op), dst, src);
	else
		b->at = x64_vex_rr(b, op, X64_32, dst, 0, src);
	b->at = x64_put8(b->at, imm & 0xff);
}

static inline void x64_vmi(struct x64_buf *b, enum x64_op op, unsigned int dst, struct x64_mem m,
			   unsigned int imm)
{
	X64_ALLOW(op, X64_F(VVI));
	b->at = x64_vex_rm(b, op, X64_32, dst, 0, m, 1);
	b->at = x64_put8(b->at, imm & 0xff);
}

static inline void x64_mv(struct x64_buf *b, enum x64_op op, struct x64_mem m, unsigned int src)
{
	X64_ALLOW(op, X64_F(MV));
	b->at = x64_vex_rm(b, op, X64_32, src, 0, m, 0);
}

/* Between vector and general registers; the width is that of the general one. */
static inline void x64_vr(struct x64_buf *b, enum x64_op op, enum x64_width w, unsigned int dst,
			  enum x64_reg src)
{
	X64_ALLOW(op, X64_F(VR));
	b->at = x64_vex_rr(b, op, w, dst, 0, src);
}

static inline void x64_rv(struct x64_buf *b, enum x64_op op, enum x64_width w, enum x64_reg dst,
			  unsigned int src)
{
	X64_ALLOW(op, X64_F(RV));
	b->at = x64_vex_rr(b, op, w, src, 0, dst);
}

static inline void x64_rvi(struct x64_buf *b, enum x64_op op, enum x64_width w, enum x64_reg dst,
			   unsigned int src, unsigned int imm)
{
	X64_ALLOW(op, X64_F(RVI));
	b->at = x64_vex_rr(b, op, w, src, 0, dst);
	b->at = x64_put8(b->at, imm & 0xff);
}

static inline void x64_mvi(struct x64_buf *b, enum x64_op op, enum x64_width w, struct x64_mem m,
			   unsigned int src, unsigned int imm)
{
	X64_ALLOW(op, X64_F(RVI) | X64_F(MVI));
	b->at = x64_vex_rm(b, op, w, src, 0, m, 1);
	b->at = x64_put8(b->at, imm & 0xff);
}

/* dst = s1 with its low lane made from a general register: conversions from integers */
static inline void x64_vvr(struct x64_buf *b, enum x64_op op, enum x64_width w, unsigned int dst,
			   unsigned int s1, enum x64_reg src)
{
	X64_ALLOW(op, X64_F(VVR));
	b->at = x64_vex_rr(b, op, w, dst, s1, src);
}

static inline void x64_vvm_w(struct x64_buf *b, enum x64_op op, enum x64_width w, unsigned int dst,
			     unsigned int s1, struct x64_mem m)
{
	X64_ALLOW(op, X64_F(VVR));
	b->at = x64_vex_rm(b, op, w, dst, s1, m, 0);
}

static inline void x64_vvri(struct x64_buf *b, enum x64_op op, enum x64_width w, unsigned int dst,
			    unsigned int s1, enum x64_reg src, unsigned int imm)
{
	X64_ALLOW(op, X64_F(VVRI));
	b->at = x64_vex_rr(b, op, w, dst, s1, src);
	b->at = x64_put8(b->at, imm & 0xff);
}

/* a lane put into s1 from memory; w as the form VVRI says */
static inline void x64_vvmi_w(struct x64_buf *b, enum x64_op op, enum x64_width w, unsigned int dst,
			      unsigned int s1, struct x64_mem m, unsigned int imm)
{
	X64_ALLOW(op, X64_F(VVRI));
	b->at = x64_vex_rm(b, op, w, dst, s1, m, 1);
	b->at = x64_put8(b->at, imm & 0xff);
}

/* dst general: conversions to integers, masks */
static inline void x64_gv(struct x64_buf *b, enum x64_op op, enum x64_width w, enum x64_reg dst,
			  unsigned int src)
{
	X64_ALLOW(op, X64_F(GV));
	b->at = x64_vex_rr(b, op, w, dst, 0, src);
}

static inline void x64_gvi(struct x64_buf *b, enum x64_op op, enum x64_reg dst, unsigned int src,
			   unsigned int imm)
{
	X64_ALLOW(op, X64_F(GVI));
	b->at = x64_vex_rr(b, op, X64_32, dst, 0, src);
	b->at = x64_put8(b->at, imm & 0xff);
}

static inline void x64_gm(struct x64_buf *b, enum x64_op op, enum x64_width w, enum x64_reg dst,
			  struct x64_mem m)
{
	X64_ALLOW(op, X64_F(GV));
	assert((op >> 28 & 7) != X64_MEM_N);
	b->at = x64_vex_rm(b, op, w, dst, 0, m, 0);
}

/* ---- jumps ---- */

/* Short when the label is bound and near enough, else with 32 bits. */
static inline void x64_jmp(struct x64_buf *b, struct x64_label *l)
{
	int64_t d = (int64_t)l->at - (x64_offset(b) + 2);

	if (l->bound && d >= INT8_MIN) {
		b->at = x64_put8(x64_put8(b->at, 0xeb), (uint8_t)d);
		return;
	}
	b->at = x64_put8(b->at, 0xe9);
	b->at = x64_put_ref(b, b->at, l, 0);
}

static inline void x64_jcc(struct x64_buf *b, enum x64_cond cc, struct x64_label *l)
{
	int64_t d = (int64_t)l->at - (x64_offset(b) + 2);

	if (l->bound && d >= INT8_MIN) {
		b->at = x64_put8(x64_put8(b->at, 0x70 | cc), (uint8_t)d);
		return;
	}
	b->at = x64_put8(x64_put8(b->at, 0x0f), 0x80 | cc);
	b->at = x64_put_ref(b, b->at, l, 0);
}

static inline void x64_call(struct x64_buf *b, struct x64_label *l)
{
	b->at = x64_put8(b->at, 0xe8);
	b->at = x64_put_ref(b, b->at, l, 0);
}

/* call rel32 whose target is filled in later by the caller, at the returned offset of the field */
static inline uint32_t x64_call_hole(struct x64_buf *b)
{
	b->at = x64_put8(b->at, 0xe8);
	b->at = x64_put32(b->at, 0);
	return x64_offset(b) - 4;
}

/* jmp rel32, likewise */
static inline uint32_t x64_jmp_hole(struct x64_buf *b)
{
	b->at = x64_put8(b->at, 0xe9);
	b->at = x64_put32(b->at, 0);
	return x64_offset(b) - 4;
}

/*
 * Forward jumps over a few instructions: the field, to be handed to x64_here8 at the target. The
 * caller knows that the distance is below 128 and that no x64_reserve comes between.
 */
static inline uint8_t *x64_jcc8(struct x64_buf *b, enum x64_cond cc)
{
	b->at = x64_put8(x64_put8(b->at, 0x70 | cc), 0);
	return b->at - 1;
}

static inline uint8_t *x64_jmp8(struct x64_buf *b)
{
	b->at = x64_put8(x64_put8(b->at, 0xeb), 0);
	return b->at - 1;
}

static inline void x64_here8(struct x64_buf *b, uint8_t *field)
{
	ptrdiff_t d = b->at - field - 1;

	assert(d >= 0 && d <= INT8_MAX);
	*field = (uint8_t)d;
}

/* n bytes that do nothing, in as few instructions as there are (the manuals' recommended forms). */
void x64_nop(struct x64_buf *b, unsigned int n);

/* nops until the offset is a multiple of align, a power of two up to 64 */
static inline void x64_align(struct x64_buf *b, unsigned int align)
{
	x64_nop(b, -x64_offset(b) & (align - 1));
}

#endif
