/*
 * What is below the emitters of x64.h: registers, the instruction word, the buffer, memory
 * operands, labels, and the encoding itself.
 */
#ifndef JIT_X64_RAW_H
#define JIT_X64_RAW_H

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
	X64_FORM_NONE,	/* so that 0, what a forgotten table entry holds, is no instruction */
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
	((opcode) | (pp) << 8 | (map) << 10 | (digit) << 16 | (W) << 20 | (form) << 22 | \
	 (mem) << 28)

enum x64_op {
	X64_0F = 1 << 10,		/* the map alone, for the condition families */
#define X(name, text, form, pp, map, opcode, digit, W, mem) \
	X64_##name = X64_PACK(X64_FORM_##form, pp, map, opcode, digit, X64_W_##W, X64_MEM_##mem),
	X64_OPS(X)
#undef X
};

_Static_assert(X64_FORM_COUNT <= 64, "a form has 6 bits");
#define X(name, text, form, pp, map, opcode, digit, W, mem) \
	_Static_assert((pp) < 4 && (map) < 4 && (opcode) < 256 && (digit) < 8, \
		       "fields of " #name); \
	_Static_assert(X64_FORM_##form < X64_FORM_RRR || (map) > 0, "VEX has no map 0: " #name);
X64_OPS(X)
#undef X

static inline unsigned int x64_opcode(enum x64_op op) { return op & 0xff; }
static inline unsigned int x64_pp(enum x64_op op) { return op >> 8 & 3; }
static inline unsigned int x64_map(enum x64_op op) { return op >> 10 & 3; }
static inline unsigned int x64_digit(enum x64_op op) { return op >> 16 & 7; }
static inline enum x64_form x64_form(enum x64_op op) { return op >> 22 & 63; }

/*
 * Bytes that a memory operand of the instruction reads or writes; 0: by the width, or it takes
 * none.
 */
static inline unsigned int x64_mem_bytes(enum x64_op op)
{
	return (op >> 28 & 7) < X64_MEM_G ? 1u << (op >> 28 & 7) : 0;
}

/*
 * Longest instruction; what x64_reserve guarantees at most; a good measure for what one wasm
 * instruction needs.
 */
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

/*
 * [base + index << scale + disp]; base may be X64_NO_BASE (longer: always 4 bytes of displacement)
 */
static inline struct x64_mem x64_at_index(unsigned int base, enum x64_reg index, unsigned int scale,
					  int32_t disp)
{
	assert(index != X64_RSP && scale < 4);
	return (struct x64_mem){ .base = (uint8_t)base,
				 .index = (uint8_t)index,
				 .scale = (uint8_t)scale,
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
	return (struct x64_mem){
		.base = X64_RIP, .index = X64_NO_INDEX, .flags = X64_LABEL, .disp = (int32_t)number
	};
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
 * A zeroed label is unbound and unused. Every label that is used must be bound before the code
 * runs.
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
static inline uint8_t *x64_put_ref(struct x64_buf *b, uint8_t *p, struct x64_label *l,
				   unsigned int tail)
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

/*
 * A constant instruction of the wrong shape is found by the compiler: a warning, since at -O3 it
 * also sees constants on paths that cannot be taken. Never returns.
 */
__attribute__((warning("this instruction has no such operands")))
void x64_wrong_form(void);
#ifdef __OPTIMIZE__
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

/*
 * Operand size and mandatory prefixes, REX (forced for the new 8-bit registers), escape bytes,
 * opcode.
 */
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
		v = 0xc4 | (((rex & 7) << 5 ^ 0xe0) | x64_map(op)) << 8 |
		    ((rex & 8) << 4 | low) << 16 | x64_opcode(op) << 24;
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
static inline uint8_t *x64_put_mem(struct x64_buf *b, uint8_t *p, unsigned int reg,
				   struct x64_mem m, unsigned int tail)
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

static inline uint8_t *x64_legacy_rr(struct x64_buf *b, enum x64_op op, unsigned int opcode,
				     enum x64_width w, unsigned int reg, unsigned int rm,
				     bool force)
{
	uint8_t *p = x64_put_op(b->at, op, opcode, w, x64_rex_rr(w == X64_64, reg, rm), force);

	return x64_put_modrm(p, reg, rm);
}

static inline uint8_t *x64_legacy_rm(struct x64_buf *b, enum x64_op op, unsigned int opcode,
				     enum x64_width w, unsigned int reg, struct x64_mem m,
				     bool force, unsigned int tail)
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

static inline uint8_t *x64_vex_rr(struct x64_buf *b, enum x64_op op, enum x64_width w,
				  unsigned int reg, unsigned int vvvv, unsigned int rm)
{
	return x64_put_modrm(x64_put_vex(b->at, op, x64_rex_rr(x64_vex_w(op, w), reg, rm), vvvv),
			     reg, rm);
}

static inline uint8_t *x64_vex_rm(struct x64_buf *b, enum x64_op op, enum x64_width w,
				  unsigned int reg, unsigned int vvvv, struct x64_mem m,
				  unsigned int tail)
{
	uint8_t *p = x64_put_mem_prefix(b->at, m);

	p = x64_put_vex(p, op, x64_rex_rm(x64_vex_w(op, w), reg, m), vvvv);
	return x64_put_mem(b, p, reg, m, tail);
}

#endif
