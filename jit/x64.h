/*
 * The x86-64 machine encoder: one inline function for each shape of operands, the instruction as an argument.
 *
 *	struct x64_buf b;
 *	x64_buf_init(&b, memory, size);
 *	x64_reserve(&b, X64_ROOM_ONE);
 *	x64_rr(&b, X64_ADD, X64_32, X64_RAX, X64_RCX);			add eax, ecx
 *	x64_rm(&b, X64_MOV, X64_64, X64_RDX, x64_at(X64_RBP, -8));	mov rdx, [rbp-8]
 *	x64_vvm(&b, X64_VPADDD, 1, 2, x64_at(X64_RSP, 16));		vpaddd xmm1, xmm2, [rsp+16]
 *
 * What instructions there are, and which shapes each takes, stands in x64-ops.h; an instruction in a function of the
 * wrong shape does not compile (where it is a constant) or fails an assertion. Operands come in Intel's order: destination first.
 *
 * Invariants:
 * - Emitters do not check for room: x64_reserve() has been called for the bytes that follow, at most X64_LEN_MAX an
 *   instruction (they may scribble up to X64_SLACK bytes ahead). When the buffer is full it starts over at its beginning and `overflow` sticks: what is then in
 *   the buffer is rubbish and must be thrown away, but nothing outside of it was written.
 * - Encodings are those of the GNU assembler's defaults (tests/unit/x64.c), so always the shortest displacement
 *   and VEX prefix; exceptions are said at the function.
 * - Every vector instruction is VEX-encoded with 128 bits.
 */
#ifndef JIT_X64_H
#define JIT_X64_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "jit/x64-ops.h"

enum x64_reg {
	X64_RAX, X64_RCX, X64_RDX, X64_RBX, X64_RSP, X64_RBP, X64_RSI, X64_RDI,
	X64_R8, X64_R9, X64_R10, X64_R11, X64_R12, X64_R13, X64_R14, X64_R15,
};

/* Width of an integer operation. 32-bit operations clear the upper half of their destination. */
enum x64_width { X64_8, X64_16, X64_32, X64_64 };

enum x64_cond {
#define X(name, text) X64_CC_##name,
	X64_CONDITIONS(X)
#undef X
};

enum x64_form {
	X64_FORM_NONE,			/* so that 0, what a forgotten table entry holds, is no instruction */
#define X(name) X64_FORM_##name,
	X64_FORMS(X)
#undef X
	X64_FORM_COUNT,
};

/* The columns W and mem. */
enum { X64_W_0, X64_W_1, X64_W_G };
enum { X64_MEM_1, X64_MEM_2, X64_MEM_4, X64_MEM_8 = 3, X64_MEM_16, X64_MEM_G = 6, X64_MEM_N };

/*
 * An instruction is its encoding:
 *
 *	 bit 31   30..28   27..22   21..20   18..16   12..10    9..8   7..0
 *	   0       mem      form      W      digit      map      pp    opcode
 */
#define X64_PACK(form, pp, map, opcode, digit, W, mem) \
	((opcode) | (pp) << 8 | (map) << 10 | (digit) << 16 | (W) << 20 | (form) << 22 | (mem) << 28)

enum x64_op {
	X64_0F = 1 << 10,		/* the map alone, for the condition families */
#define X(name, text, form, pp, map, opcode, digit, W, mem) \
	X64_##name = X64_PACK(X64_FORM_##form, pp, map, opcode, digit, X64_W_##W, X64_MEM_##mem),
	X64_OPS(X)
#undef X
};

_Static_assert(X64_FORM_COUNT <= 64, "a form has 6 bits");
#define X(name, text, form, pp, map, opcode, digit, W, mem) \
	_Static_assert((pp) < 4 && (map) < 4 && (opcode) < 256 && (digit) < 8, "fields of " #name); \
	_Static_assert(X64_FORM_##form < X64_FORM_RRR || X64_FORM_##form == X64_FORM_COUNT || (map) > 0, \
		       "VEX has no one-byte map: " #name);
X64_OPS(X)
#undef X

static inline unsigned int x64_opcode(enum x64_op op) { return op & 0xff; }
static inline unsigned int x64_pp(enum x64_op op) { return op >> 8 & 3; }
static inline unsigned int x64_map(enum x64_op op) { return op >> 10 & 3; }
static inline unsigned int x64_digit(enum x64_op op) { return op >> 16 & 7; }
static inline enum x64_form x64_form(enum x64_op op) { return op >> 22 & 63; }

/* Bytes that a memory operand of the instruction reads or writes; 0: by the width, or it takes none. */
static inline unsigned int x64_mem_bytes(enum x64_op op)
{
	return (op >> 28 & 7) < X64_MEM_G ? 1u << (op >> 28 & 7) : 0;
}

/* Longest instruction; what x64_reserve guarantees at most; a good measure for what one wasm instruction needs. */
#define X64_LEN_MAX 15
#define X64_ROOM_MAX 4096
#define X64_ROOM_ONE 256

/* Bytes that an emitter may write past its instruction (it stores whole words). */
#define X64_SLACK 16

struct x64_label;

struct x64_buf {
	uint8_t *at;			/* next byte */
	uint8_t *end;			/* X64_SLACK before the real end */
	uint8_t *start;
	struct x64_label *pool;		/* what x64_at_label() numbers; the owner sets it */
	bool overflow;
};

/* memory stays the caller's; size is over X64_ROOM_MAX + X64_SLACK and below 256 MiB. */
void x64_buf_init(struct x64_buf *b, void *memory, size_t size);

/* Cold part of x64_reserve. */
void x64_buf_wrap(struct x64_buf *b);

static inline void x64_reserve(struct x64_buf *b, size_t bytes)
{
	if (__builtin_expect((size_t)(b->end - b->at) < bytes, 0))
		x64_buf_wrap(b);
}

static inline uint32_t x64_offset(const struct x64_buf *b)
{
	return (uint32_t)(b->at - b->start);
}

/* ---- memory operands ---- */

#define X64_NO_INDEX X64_RSP	/* as the machine has it: rsp cannot be an index */
#define X64_NO_BASE 0x15	/* low three bits as in ModRM and SIB, bit 3 clear */
#define X64_RIP 0x25

enum {
	X64_GS = 1,		/* gs: base added */
	X64_ADDR32 = 2,		/* base, index and displacement are added modulo 2^32 */
	X64_LABEL = 4,		/* RIP-relative; disp is the number of a label of the pool */
};

struct x64_mem {
	uint8_t base;		/* register, X64_NO_BASE or X64_RIP */
	uint8_t index;		/* register or X64_NO_INDEX */
	uint8_t scale;		/* log2: 0 to 3 */
	uint8_t flags;
	int32_t disp;
};

static inline struct x64_mem x64_at(enum x64_reg base, int32_t disp)
{
	return (struct x64_mem){ .base = (uint8_t)base, .index = X64_NO_INDEX, .disp = disp };
}

/* [base + index << scale + disp]; base may be X64_NO_BASE (longer: always 4 bytes of displacement) */
static inline struct x64_mem x64_at_index(unsigned int base, enum x64_reg index, unsigned int scale, int32_t disp)
{
	assert(index != X64_RSP && scale < 4);
	return (struct x64_mem){ .base = (uint8_t)base, .index = (uint8_t)index, .scale = (uint8_t)scale,
				 .disp = disp };
}

/* [rip + disp], counted from the end of the instruction */
static inline struct x64_mem x64_at_rip(int32_t disp)
{
	return (struct x64_mem){ .base = X64_RIP, .index = X64_NO_INDEX, .disp = disp };
}

/* [disp], sign-extended: of use with X64_GS */
static inline struct x64_mem x64_at_abs(int32_t disp)
{
	return (struct x64_mem){ .base = X64_NO_BASE, .index = X64_NO_INDEX, .disp = disp };
}

/* RIP-relative to pool[number] of the buffer, bound now or later */
static inline struct x64_mem x64_at_label(unsigned int number)
{
	return (struct x64_mem){ .base = X64_RIP, .index = X64_NO_INDEX, .flags = X64_LABEL, .disp = (int32_t)number };
}

static inline struct x64_mem x64_with(struct x64_mem m, unsigned int flags)
{
	m.flags |= flags;
	return m;
}

/* ---- labels ---- */

/*
 * A place in the code. References before x64_bind are chained through their own 32-bit fields:
 *
 *	bits 31..3  offset of the field that was chained before, plus 1; 0 ends the chain
 *	bits  2..0  bytes of the instruction behind the field (an immediate)
 *
 * A zeroed label is unbound and unused. Every label that is used must be bound before the code runs.
 */
struct x64_label {
	uint32_t at;			/* bound: offset, else newest field plus 1, or 0 */
	bool bound;
};

static inline bool x64_label_used(const struct x64_label *l)
{
	return l->bound || l->at;
}

/* Binds to the current place and writes all earlier references. Once. */
void x64_bind(struct x64_buf *b, struct x64_label *l);

/* Writes the 32-bit field at p that refers to l; tail bytes of the instruction follow it. */
static inline uint8_t *x64_put_ref(struct x64_buf *b, uint8_t *p, struct x64_label *l, unsigned int tail)
{
	uint32_t at = (uint32_t)(p - b->start), v;

	if (l->bound) {
		v = l->at - (at + 4 + tail);
	} else {
		v = l->at << 3 | tail;
		l->at = at + 1;
	}
	memcpy(p, &v, 4);
	return p + 4;
}

/* ---- raw encoding: writes at p and returns what follows; compilers use the shapes below ---- */

#ifdef __OPTIMIZE__
__attribute__((error("this instruction has no such operands")))
void x64_wrong_form(void);
#define X64_ALLOW(op, forms) do { \
	if (__builtin_constant_p(op) && !((forms) >> x64_form(op) & 1)) \
		x64_wrong_form(); \
	assert((forms) >> x64_form(op) & 1); \
} while (0)
#else
#define X64_ALLOW(op, forms) assert((forms) >> x64_form(op) & 1)
#endif
#define X64_F(form) ((uint64_t)1 << X64_FORM_##form)

static inline uint8_t *x64_put8(uint8_t *p, unsigned int v)
{
	*p = (uint8_t)v;
	return p + 1;
}

static inline uint8_t *x64_put32(uint8_t *p, uint32_t v)
{
	memcpy(p, &v, 4);
	return p + 4;
}

static inline uint8_t *x64_put64(uint8_t *p, uint64_t v)
{
	memcpy(p, &v, 8);
	return p + 8;
}

/* Bytes of an immediate in an instruction of this width. */
static inline unsigned int x64_imm_size(enum x64_width w)
{
	return w == X64_8 ? 1 : w == X64_16 ? 2 : 4;
}

static inline uint8_t *x64_put_imm(uint8_t *p, enum x64_width w, int32_t imm)
{
	memcpy(p, &imm, 4);
	return p + x64_imm_size(w);
}

/* Operand size and mandatory prefixes, REX (forced for the new 8-bit registers), escape bytes, opcode. */
static inline uint8_t *x64_put_op(uint8_t *p, enum x64_op op, unsigned int opcode, enum x64_width w,
				  unsigned int rex, bool force)
{
	*p = 0x66;
	p += w == X64_16;
	if (x64_pp(op))
		p = x64_put8(p, x64_pp(op) == 1 ? 0x66 : x64_pp(op) == 2 ? 0xf3 : 0xf2);
	*p = (uint8_t)(0x40 | rex);
	p += (rex | force) != 0;
	if (x64_map(op)) {
		p = x64_put8(p, 0x0f);
		if (x64_map(op) > 1)
			p = x64_put8(p, x64_map(op) == 2 ? 0x38 : 0x3a);
	}
	return x64_put8(p, opcode);
}

/* rex is W 3, R 2, X 1, B 0 as in the REX prefix. */
static inline uint8_t *x64_put_vex(uint8_t *p, enum x64_op op, unsigned int rex, unsigned int vvvv)
{
	uint32_t low = (~vvvv & 15) << 3 | x64_pp(op), v;
	bool two = x64_map(op) == 1 && !(rex & 11);

	if (two)
		v = 0xc5 | (((rex & 4) << 5 ^ 0x80) | low) << 8 | x64_opcode(op) << 16;
	else
		v = 0xc4 | (((rex & 7) << 5 ^ 0xe0) | x64_map(op)) << 8 | ((rex & 8) << 4 | low) << 16 |
		    x64_opcode(op) << 24;
	memcpy(p, &v, 4);
	return p + (two ? 3 : 4);
}

static inline unsigned int x64_rex_rr(unsigned int W, unsigned int reg, unsigned int rm)
{
	return W << 3 | (reg >> 3) << 2 | rm >> 3;
}

static inline unsigned int x64_rex_rm(unsigned int W, unsigned int reg, struct x64_mem m)
{
	return W << 3 | (reg >> 3) << 2 | (m.index >> 3 & 1) << 1 | (m.base >> 3 & 1);
}

static inline uint8_t *x64_put_modrm(uint8_t *p, unsigned int reg, unsigned int rm)
{
	return x64_put8(p, 0xc0 | (reg & 7) << 3 | (rm & 7));
}

/* Segment and address size: before all other prefixes. */
static inline uint8_t *x64_put_mem_prefix(uint8_t *p, struct x64_mem m)
{
	*p = 0x65;
	p += m.flags & X64_GS;
	*p = 0x67;
	return p + (m.flags >> 1 & 1);
}

/* ModRM, SIB and displacement; tail bytes of the instruction follow. */
static inline uint8_t *x64_put_mem(struct x64_buf *b, uint8_t *p, unsigned int reg, struct x64_mem m,
				   unsigned int tail)
{
	unsigned int r = (reg & 7) << 3, low = m.base & 7, mod = 0x80, size = 4;

	if (m.base == X64_RIP) {
		assert(m.index == X64_NO_INDEX);
		p = x64_put8(p, r | 5);
		return m.flags & X64_LABEL ? x64_put_ref(b, p, &b->pool[m.disp], tail) :
					     x64_put32(p, (uint32_t)m.disp);
	}
	if (m.base == X64_NO_BASE)
		mod = 0;
	else if (m.disp == 0 && low != 5)
		mod = 0, size = 0;
	else if (m.disp == (int8_t)m.disp)
		mod = 0x40, size = 1;
	if (m.index == X64_NO_INDEX && low != 4 && m.base != X64_NO_BASE) {
		p = x64_put8(p, mod | r | low);
	} else {
		p = x64_put8(p, mod | r | 4);
		p = x64_put8(p, m.scale << 6 | (m.index & 7) << 3 | low);
	}
	x64_put32(p, (uint32_t)m.disp);
	return p + size;
}

static inline uint8_t *x64_legacy_rr(struct x64_buf *b, enum x64_op op, unsigned int opcode, enum x64_width w,
				     unsigned int reg, unsigned int rm, bool force)
{
	uint8_t *p = x64_put_op(b->at, op, opcode, w, x64_rex_rr(w == X64_64, reg, rm), force);

	return x64_put_modrm(p, reg, rm);
}

static inline uint8_t *x64_legacy_rm(struct x64_buf *b, enum x64_op op, unsigned int opcode, enum x64_width w,
				     unsigned int reg, struct x64_mem m, bool force, unsigned int tail)
{
	uint8_t *p = x64_put_mem_prefix(b->at, m);

	p = x64_put_op(p, op, opcode, w, x64_rex_rm(w == X64_64, reg, m), force);
	return x64_put_mem(b, p, reg, m, tail);
}

/* VEX.W of an instruction at a width */
static inline unsigned int x64_vex_w(enum x64_op op, enum x64_width w)
{
	unsigned int column = op >> 20 & 3;

	return column == X64_W_G ? w == X64_64 : column;
}

static inline uint8_t *x64_vex_rr(struct x64_buf *b, enum x64_op op, enum x64_width w, unsigned int reg,
				  unsigned int vvvv, unsigned int rm)
{
	return x64_put_modrm(x64_put_vex(b->at, op, x64_rex_rr(x64_vex_w(op, w), reg, rm), vvvv), reg, rm);
}

static inline uint8_t *x64_vex_rm(struct x64_buf *b, enum x64_op op, enum x64_width w, unsigned int reg,
				  unsigned int vvvv, struct x64_mem m, unsigned int tail)
{
	uint8_t *p = x64_put_mem_prefix(b->at, m);

	p = x64_put_vex(p, op, x64_rex_rm(x64_vex_w(op, w), reg, m), vvvv);
	return x64_put_mem(b, p, reg, m, tail);
}

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
static inline void x64_rr(struct x64_buf *b, enum x64_op op, enum x64_width w, enum x64_reg dst, enum x64_reg src)
{
	enum x64_form f = x64_form(op);

	X64_ALLOW(op, X64_F(ALU) | X64_F(MOV) | X64_F(TEST) | X64_F(RM) | X64_F(RM8) | X64_F(MR) | X64_F(RD));
	if (f == X64_FORM_RD)
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
static inline void x64_rm(struct x64_buf *b, enum x64_op op, enum x64_width w, enum x64_reg dst, struct x64_mem m)
{
	enum x64_form f = x64_form(op);

	X64_ALLOW(op, X64_F(ALU) | X64_F(MOV) | X64_F(RM) | X64_F(RM8) | X64_F(LOAD) | X64_F(RD));
	if (f == X64_FORM_RD)
		b->at = x64_vex_rm(b, op, w, x64_digit(op), dst, m, 0);
	else if (f == X64_FORM_ALU || f == X64_FORM_MOV)
		b->at = x64_legacy_rm(b, op, x64_sized(x64_opcode(op), w), w, dst, m, w == X64_8 && x64_new8(dst), 0);
	else
		b->at = x64_legacy_rm(b, op, x64_opcode(op), w, dst, m, false, 0);
}

/* op [m], src */
static inline void x64_mr(struct x64_buf *b, enum x64_op op, enum x64_width w, struct x64_mem m, enum x64_reg src)
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
static inline void x64_ri(struct x64_buf *b, enum x64_op op, enum x64_width w, enum x64_reg dst, int32_t imm)
{
	bool test = x64_form(op) == X64_FORM_TEST, force = w == X64_8 && x64_new8(dst);

	X64_ALLOW(op, X64_F(ALU) | X64_F(TEST));
	if (!test && w != X64_8 && imm == (int8_t)imm) {
		b->at = x64_legacy_rr(b, op, 0x83, w, x64_digit(op), dst, force);
		b->at = x64_put8(b->at, (uint8_t)imm);
		return;
	}
	if (dst == X64_RAX) {
		b->at = x64_put_op(b->at, op, x64_sized(test ? 0xa9 : x64_opcode(op) + 2, w), w, (w == X64_64) << 3,
				   false);
	} else {
		b->at = x64_legacy_rr(b, op, x64_sized(test ? 0xf7 : 0x81, w), w, x64_digit(op), dst, force);
	}
	b->at = x64_put_imm(b->at, w, imm);
}

/* op [m], imm: as x64_ri, and mov. Writes the width, reads it (but for mov). */
static inline void x64_mi(struct x64_buf *b, enum x64_op op, enum x64_width w, struct x64_mem m, int32_t imm)
{
	enum x64_form f = x64_form(op);
	unsigned int opcode = f == X64_FORM_TEST ? 0xf7 : f == X64_FORM_MOV ? 0xc7 : 0x81;

	X64_ALLOW(op, X64_F(ALU) | X64_F(MOV) | X64_F(TEST));
	if (f == X64_FORM_ALU && w != X64_8 && imm == (int8_t)imm) {
		b->at = x64_legacy_rm(b, op, 0x83, w, x64_digit(op), m, false, 1);
		b->at = x64_put8(b->at, (uint8_t)imm);
		return;
	}
	b->at = x64_legacy_rm(b, op, x64_sized(opcode, w), w, x64_digit(op), m, false, x64_imm_size(w));
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

/* One register: unary operations, call, jmp, push, pop, bswap, the bases of segments. Width 64 where the form says so. */
static inline void x64_r(struct x64_buf *b, enum x64_op op, enum x64_width w, enum x64_reg r)
{
	enum x64_form f = x64_form(op);

	X64_ALLOW(op, X64_F(UNARY) | X64_F(NEAR) | X64_F(REG) | X64_F(REG64) | X64_F(BASE));
	if (f == X64_FORM_NEAR || f == X64_FORM_REG64)
		w = X64_32;
	if (f == X64_FORM_REG || f == X64_FORM_REG64) {
		b->at = x64_put_op(b->at, op, x64_opcode(op) | (r & 7), w, x64_rex_rr(w == X64_64, 0, r), false);
	} else if (f == X64_FORM_UNARY) {
		b->at = x64_legacy_rr(b, op, x64_sized(x64_opcode(op), w), w, x64_digit(op), r, w == X64_8 && x64_new8(r));
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
		b->at = x64_legacy_rm(b, op, x64_sized(x64_opcode(op), w), w, x64_digit(op), m, false, 0);
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

/* Makes the next instruction atomic: add, sub, and, or, xor, inc, dec, not, neg, xadd, cmpxchg on memory. */
static inline void x64_lock(struct x64_buf *b)
{
	b->at = x64_put8(b->at, 0xf0);
}

/* Shift or rotate by a constant (of which the machine uses the low 5 or 6 bits), or by cl. */
static inline void x64_shift(struct x64_buf *b, enum x64_op op, enum x64_width w, enum x64_reg r, unsigned int n)
{
	X64_ALLOW(op, X64_F(SHIFT));
	b->at = x64_legacy_rr(b, op, x64_sized(n == 1 ? 0xd1 : 0xc1, w), w, x64_digit(op), r, w == X64_8 && x64_new8(r));
	if (n != 1)
		b->at = x64_put8(b->at, n & 0xff);
}

static inline void x64_shift_cl(struct x64_buf *b, enum x64_op op, enum x64_width w, enum x64_reg r)
{
	X64_ALLOW(op, X64_F(SHIFT));
	b->at = x64_legacy_rr(b, op, x64_sized(0xd3, w), w, x64_digit(op), r, w == X64_8 && x64_new8(r));
}

/* bt and its kin by a constant; not width 8 */
static inline void x64_bit(struct x64_buf *b, enum x64_op op, enum x64_width w, enum x64_reg r, unsigned int n)
{
	X64_ALLOW(op, X64_F(BIT));
	b->at = x64_legacy_rr(b, op, x64_opcode(op), w, x64_digit(op), r, false);
	b->at = x64_put8(b->at, n & 0xff);
}

/* dst = src * imm */
static inline void x64_imul_rri(struct x64_buf *b, enum x64_width w, enum x64_reg dst, enum x64_reg src, int32_t imm)
{
	bool small = imm == (int8_t)imm;

	b->at = x64_legacy_rr(b, 0, small ? 0x6b : 0x69, w, dst, src, false);
	b->at = x64_put_imm(b->at, small ? X64_8 : w, imm);
}

static inline void x64_imul_rmi(struct x64_buf *b, enum x64_width w, enum x64_reg dst, struct x64_mem m, int32_t imm)
{
	bool small = imm == (int8_t)imm;

	b->at = x64_legacy_rm(b, 0, small ? 0x6b : 0x69, w, dst, m, false, small ? 1 : w == X64_16 ? 2 : 4);
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
static inline void x64_cmov(struct x64_buf *b, enum x64_cond cc, enum x64_width w, enum x64_reg dst, enum x64_reg src)
{
	b->at = x64_legacy_rr(b, X64_0F, 0x40 | cc, w, dst, src, false);
}

/* Memory is read whether the condition holds or not. */
static inline void x64_cmov_m(struct x64_buf *b, enum x64_cond cc, enum x64_width w, enum x64_reg dst,
			      struct x64_mem m)
{
	b->at = x64_legacy_rm(b, X64_0F, 0x40 | cc, w, dst, m, false, 0);
}

/* ---- BMI: three operands, flags of the shifts and rorx untouched ---- */

/* RRR: first, second as the row says; RRC: src, count */
static inline void x64_rrr(struct x64_buf *b, enum x64_op op, enum x64_width w, enum x64_reg dst, enum x64_reg first,
			   enum x64_reg second)
{
	X64_ALLOW(op, X64_F(RRR) | X64_F(RRC));
	if (x64_form(op) == X64_FORM_RRR)
		b->at = x64_vex_rr(b, op, w, dst, first, second);
	else
		b->at = x64_vex_rr(b, op, w, dst, second, first);
}

static inline void x64_rrm(struct x64_buf *b, enum x64_op op, enum x64_width w, enum x64_reg dst, enum x64_reg first,
			   struct x64_mem m)
{
	X64_ALLOW(op, X64_F(RRR));
	b->at = x64_vex_rm(b, op, w, dst, first, m, 0);
}

static inline void x64_rmr(struct x64_buf *b, enum x64_op op, enum x64_width w, enum x64_reg dst, struct x64_mem m,
			   enum x64_reg count)
{
	X64_ALLOW(op, X64_F(RRC));
	b->at = x64_vex_rm(b, op, w, dst, count, m, 0);
}

static inline void x64_rri(struct x64_buf *b, enum x64_op op, enum x64_width w, enum x64_reg dst, enum x64_reg src,
			   unsigned int imm)
{
	X64_ALLOW(op, X64_F(RRI));
	b->at = x64_vex_rr(b, op, w, dst, 0, src);
	b->at = x64_put8(b->at, imm & 0xff);
}

static inline void x64_rmi(struct x64_buf *b, enum x64_op op, enum x64_width w, enum x64_reg dst, struct x64_mem m,
			   unsigned int imm)
{
	X64_ALLOW(op, X64_F(RRI));
	b->at = x64_vex_rm(b, op, w, dst, 0, m, 1);
	b->at = x64_put8(b->at, imm & 0xff);
}

/* ---- vector instructions: registers are numbers, 0 to 15 ---- */

static inline void x64_vvv(struct x64_buf *b, enum x64_op op, unsigned int dst, unsigned int s1, unsigned int s2)
{
	X64_ALLOW(op, X64_F(VVV));
	b->at = x64_vex_rr(b, op, X64_32, dst, s1, s2);
}

static inline void x64_vvm(struct x64_buf *b, enum x64_op op, unsigned int dst, unsigned int s1, struct x64_mem m)
{
	X64_ALLOW(op, X64_F(VVV) | X64_F(VVM));
	assert((op >> 28 & 7) != X64_MEM_N);
	b->at = x64_vex_rm(b, op, X64_32, dst, s1, m, 0);
}

static inline void x64_vvvi(struct x64_buf *b, enum x64_op op, unsigned int dst, unsigned int s1, unsigned int s2,
			    unsigned int imm)
{
	X64_ALLOW(op, X64_F(VVVI));
	b->at = x64_vex_rr(b, op, X64_32, dst, s1, s2);
	b->at = x64_put8(b->at, imm & 0xff);
}

static inline void x64_vvmi(struct x64_buf *b, enum x64_op op, unsigned int dst, unsigned int s1, struct x64_mem m,
			    unsigned int imm)
{
	X64_ALLOW(op, X64_F(VVVI));
	b->at = x64_vex_rm(b, op, X64_32, dst, s1, m, 1);
	b->at = x64_put8(b->at, imm & 0xff);
}

/* dst = mask ? s2 : s1, by the top bit of each lane of mask */
static inline void x64_vvvv(struct x64_buf *b, enum x64_op op, unsigned int dst, unsigned int s1, unsigned int s2,
			    unsigned int mask)
{
	X64_ALLOW(op, X64_F(VVVV));
	b->at = x64_vex_rr(b, op, X64_32, dst, s1, s2);
	b->at = x64_put8(b->at, mask << 4);
}

static inline void x64_vvmv(struct x64_buf *b, enum x64_op op, unsigned int dst, unsigned int s1, struct x64_mem m,
			    unsigned int mask)
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
static inline void x64_vvi(struct x64_buf *b, enum x64_op op, unsigned int dst, unsigned int src, unsigned int imm)
{
	X64_ALLOW(op, X64_F(VVI) | X64_F(VSI));
	if (x64_form(op) == X64_FORM_VSI)
		b->at = x64_vex_rr(b, op, X64_32, x64_digit(op), dst, src);
	else
		b->at = x64_vex_rr(b, op, X64_32, dst, 0, src);
	b->at = x64_put8(b->at, imm & 0xff);
}

static inline void x64_vmi(struct x64_buf *b, enum x64_op op, unsigned int dst, struct x64_mem m, unsigned int imm)
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
static inline void x64_vr(struct x64_buf *b, enum x64_op op, enum x64_width w, unsigned int dst, enum x64_reg src)
{
	X64_ALLOW(op, X64_F(VR));
	b->at = x64_vex_rr(b, op, w, dst, 0, src);
}

static inline void x64_rv(struct x64_buf *b, enum x64_op op, enum x64_width w, enum x64_reg dst, unsigned int src)
{
	X64_ALLOW(op, X64_F(RV));
	b->at = x64_vex_rr(b, op, w, src, 0, dst);
}

static inline void x64_rvi(struct x64_buf *b, enum x64_op op, enum x64_width w, enum x64_reg dst, unsigned int src,
			   unsigned int imm)
{
	X64_ALLOW(op, X64_F(RVI));
	b->at = x64_vex_rr(b, op, w, src, 0, dst);
	b->at = x64_put8(b->at, imm & 0xff);
}

static inline void x64_mvi(struct x64_buf *b, enum x64_op op, enum x64_width w, struct x64_mem m, unsigned int src,
			   unsigned int imm)
{
	X64_ALLOW(op, X64_F(RVI) | X64_F(MVI));
	b->at = x64_vex_rm(b, op, w, src, 0, m, 1);
	b->at = x64_put8(b->at, imm & 0xff);
}

/* dst = s1 with its low lane made from a general register: conversions from integers */
static inline void x64_vvr(struct x64_buf *b, enum x64_op op, enum x64_width w, unsigned int dst, unsigned int s1,
			   enum x64_reg src)
{
	X64_ALLOW(op, X64_F(VVR));
	b->at = x64_vex_rr(b, op, w, dst, s1, src);
}

static inline void x64_vvm_w(struct x64_buf *b, enum x64_op op, enum x64_width w, unsigned int dst, unsigned int s1,
			     struct x64_mem m)
{
	X64_ALLOW(op, X64_F(VVR));
	b->at = x64_vex_rm(b, op, w, dst, s1, m, 0);
}

static inline void x64_vvri(struct x64_buf *b, enum x64_op op, enum x64_width w, unsigned int dst, unsigned int s1,
			    enum x64_reg src, unsigned int imm)
{
	X64_ALLOW(op, X64_F(VVRI));
	b->at = x64_vex_rr(b, op, w, dst, s1, src);
	b->at = x64_put8(b->at, imm & 0xff);
}

/* a lane put into s1 from memory; w as the form VVRI says */
static inline void x64_vvmi_w(struct x64_buf *b, enum x64_op op, enum x64_width w, unsigned int dst, unsigned int s1,
			      struct x64_mem m, unsigned int imm)
{
	X64_ALLOW(op, X64_F(VVRI));
	b->at = x64_vex_rm(b, op, w, dst, s1, m, 1);
	b->at = x64_put8(b->at, imm & 0xff);
}

/* dst general: conversions to integers, masks */
static inline void x64_gv(struct x64_buf *b, enum x64_op op, enum x64_width w, enum x64_reg dst, unsigned int src)
{
	X64_ALLOW(op, X64_F(GV));
	b->at = x64_vex_rr(b, op, w, dst, 0, src);
}

static inline void x64_gvi(struct x64_buf *b, enum x64_op op, enum x64_reg dst, unsigned int src, unsigned int imm)
{
	X64_ALLOW(op, X64_F(GVI));
	b->at = x64_vex_rr(b, op, X64_32, dst, 0, src);
	b->at = x64_put8(b->at, imm & 0xff);
}

static inline void x64_gm(struct x64_buf *b, enum x64_op op, enum x64_width w, enum x64_reg dst, struct x64_mem m)
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

/*
 * Forward jumps over a few instructions: the field, to be handed to x64_here8 at the target. The caller knows that
 * the distance is below 128 and that no x64_reserve comes between.
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
