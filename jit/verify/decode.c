/*
 * Decodes the permitted instructions: opcodes.h has them. Strict: prefixes in one order only, none
 * without effect, and nothing whose length or operands depend on anything but its own bytes.
 *
 * It runs over every byte of code that is published, so it does without calls on the usual path.
 */
#include "jit/verify/insn.h"

#include <string.h>

#include "jit/verify/opcodes.h"

#define ALWAYS_INLINE static inline __attribute__((always_inline))
#define COLD __attribute__((noinline))	/* its registers are not saved on the usual path */

enum { REX_B = 1, REX_X = 2, REX_R = 4, REX_W = 8, REX = 0x40 };

/* No operands. */
static const struct jv_insn empty = {
	.dst = JV_NONE, .reg = 0, .rm = JV_NONE, .base = JV_NONE, .index = JV_NONE,
};

/* What comes before an instruction. rex: its bits, or those of VEX put the same way. */
struct prefixes {
	uint8_t rex;
	bool gs, w16, f3;
};

ALWAYS_INLINE int32_t read32(const uint8_t *p)
{
	int32_t v;

	memcpy(&v, p, 4);
	return v;
}

/* The displacement of `mod` at *p: none, one byte or four. */
ALWAYS_INLINE int32_t displacement(const uint8_t **p, unsigned int mod)
{
	static const uint8_t bytes[4] = { 0, 1, 4, 0 };
	static const uint8_t drop[4] = { 31, 24, 0, 31 };
	static const uint32_t mask[4] = { 0, UINT32_MAX, UINT32_MAX, 0 };
	uint32_t v = (uint32_t)read32(*p) << drop[mod];

	*p += bytes[mod];
	return ((int32_t)v >> drop[mod]) & (int32_t)mask[mod];
}

ALWAYS_INLINE unsigned int memory_size(uint32_t row, unsigned int width)
{
	unsigned int code = row >> 18 & 7;

	return code ? 1u << code >> 1 : width;
}

/* The memory operand of ModRM byte m; p is behind that. */
ALWAYS_INLINE const uint8_t *memory(const uint8_t *p, unsigned int m, unsigned int rex,
				    struct jv_insn *o)
{
	unsigned int mod = m >> 6, low = m & 7, sib;

	if (low == 4) {
		sib = *p++;
		low = sib & 7;
		o->scale = (uint8_t)(sib >> 6);
		o->index = (uint8_t)((sib >> 3 & 7) | (rex & REX_X) << 2);
		if (o->index == 4)
			o->index = JV_NONE;
		o->base = (uint8_t)(low | (rex & REX_B) << 3);
		if (mod == 0 && low == 5) {
			o->base = JV_NONE;
			mod = 2;
		}
	} else {
		o->base = (uint8_t)(low | (rex & REX_B) << 3);
		if (mod == 0 && low == 5) {
			o->base = JV_RIP;
			mod = 2;
		}
	}
	o->disp = displacement(&p, mod);
	return p;
}

ALWAYS_INLINE const uint8_t *immediate(const uint8_t *p, uint32_t row, unsigned int width,
				       struct jv_insn *o)
{
	if (row & I1) {
		o->flags |= JV_IMM;
		o->imm = (int8_t)*p;
		return p + 1;
	}
	if (row & IZ) {
		o->flags |= JV_IMM;
		o->imm = width == 2 ? (int16_t)read32(p) : read32(p);
		return p + (width == 2 ? 2 : 4);
	}
	return p;
}

/* ModRM, its operands and the immediate. The length, or 0. */
ALWAYS_INLINE unsigned int with_modrm(const uint8_t *start, const uint8_t *p, uint32_t row,
				      struct prefixes x, struct jv_insn *o)
{
	unsigned int m = *p++;

	o->reg = (uint8_t)((m >> 3 & 7) | (x.rex & REX_R) << 1);
	if (row & DREG)
		o->dst = o->reg;
	if (m >= 0xc0) {
		if (row & ONLY_M || x.gs)
			return 0;
		o->rm = (uint8_t)((m & 7) | (x.rex & REX_B) << 3);
		if (row & DRM)
			o->dst = o->rm;
	} else {
		/* gs: means nothing to what touches no memory */
		if (row & ONLY_R || (x.gs && !(row & (R | W))))
			return 0;
		o->flags = (uint8_t)(JV_MEM | (row >> 13 & (JV_READ | JV_WRITE)) |
				     (x.gs ? JV_GS : 0));
		o->size = (uint8_t)memory_size(row, o->width);
		p = memory(p, m, x.rex, o);
	}
	p = immediate(p, row, o->width, o);
	o->len = (uint8_t)(p - start);
	if (__builtin_expect(o->base != JV_RIP, 1))
		return o->len;
	o->disp = (int32_t)((uint32_t)o->disp + o->at + o->len);
	return x.gs ? 0 : o->len;
}

/* vzeroupper: c5 f8 77 */
static unsigned int no_operands(const uint8_t *start, const uint8_t *end, struct jv_insn *o)
{
	o->class = JV_OP;
	o->width = 4;
	o->len = (uint8_t)(end - start);
	return o->len;
}

static unsigned int vex(const uint8_t *start, const uint8_t *p, struct prefixes x,
			struct jv_insn *o)
{
	unsigned int map = 0, second = p[1], vvvv, opcode, n;
	uint32_t row;

	if (x.w16 || x.f3 || x.rex)
		return 0;
	x.rex = ~second >> 5 & REX_R;
	if (*p++ == 0xc4) {
		x.rex = ~second >> 5 & (REX_R | REX_X | REX_B);
		map = (second & 31) - 1u;
		second = *++p;
		x.rex |= second >> 4 & REX_W;
	}
	opcode = p[1];
	vvvv = ~(second >> 3) & 15;
	if (map > 2)
		return 0;
	row = jv_vex[map][second & 3][opcode];
	o->map = (uint8_t)(JV_MAP_VEX + map);
	o->vvvv = (uint8_t)vvvv;
	o->pp = second & 3;
	o->opcode = (uint8_t)opcode;
	if (opcode == 0x77 && !map && second == 0xf8 && start[0] == 0xc5)
		return no_operands(start, p + 2, o);
	/* bit 2: 256 bits */
	if (!row || (second & 4 && !(row & L)) || (x.rex & REX_W && !(row & WG)) ||
	    (row & DIGIT && !(jv_digits(opcode) >> (p[2] >> 3 & 7) & 1)))
		return 0;
	o->class = row & 31;
	o->width = x.rex & REX_W ? 8 : 4;
	n = with_modrm(start, p + 2, row, x, o);
	if (second & 4)
		o->size *= 2;
	if (row & DVVV)
		o->dst = (uint8_t)vvvv;
	return vvvv && !(row & V) && !(row & VR && o->rm != JV_NONE) ? 0 : n;
}

/* Instructions without ModRM. */
COLD static unsigned int without_modrm(const uint8_t *start, const uint8_t *p, uint32_t row,
				       struct prefixes x, struct jv_insn *o)
{
	unsigned int opcode = p[-1], reg = (opcode & 7) | (x.rex & REX_B) << 3;
	/* 70 to 7f, eb; the others of 0F and e8, e9 have four bytes */
	bool near = opcode < 0x80 || opcode == 0xeb;

	if (x.gs)
		return 0;
	switch (o->class) {
	case JV_PUSH:
	case JV_POP:
		if (row & (I1 | IZ))
			p = immediate(p, row, o->width, o);
		else
			o->rm = (uint8_t)reg;
		break;
	case JV_MOV_IMM:
		o->dst = (uint8_t)reg;
		if (x.w16) {
			o->class = JV_OP;
			p = immediate(p, IZ, 2, o);
			break;
		}
		o->imm = read32(p);
		o->target = x.rex & REX_W ? (uint32_t)read32(p + 4) : 0;
		p += x.rex & REX_W ? 8 : 4;
		break;
	case JV_RET:
		if (opcode == 0xc2) {
			o->imm = p[0] | p[1] << 8;
			p += 2;
		}
		break;
	case JV_JCC:
	case JV_JMP:
	case JV_CALL:
		o->reg = opcode & 15;
		o->imm = near ? (int8_t)*p : read32(p);
		p += near ? 1 : 4;
		o->target = o->at + (uint32_t)(p - start) + (uint32_t)o->imm;
		break;
	case JV_NOP:
		if (x.rex)
			return 0;
		break;
	default:
		/* al and eax with an immediate; mov of a byte; bswap; cdq, cqo, cwde, cdqe */
		if (row & DOP)
			o->dst = row & (I1 | IZ) && opcode < 0xb0 ? 0 : (uint8_t)reg;
		if (opcode >= 0xb0 && opcode < 0xb8 && !x.rex && reg > 3)
			return 0;
		o->rm = 0;
		p = immediate(p, row, o->width, o);
	}
	o->len = (uint8_t)(p - start);
	return o->len;
}

/* The operand size prefix where it makes operands of 16 bits, and nowhere else. */
static bool takes_w16(uint32_t row, struct prefixes x)
{
	unsigned int class = row & 31;

	if (x.rex & REX_W || row & (B | F3 | W64) || class >= JV_PUSH || class == JV_MOVSXD)
		return false;
	return row & (M | IZ) || class == JV_NOP || class == JV_MOV_IMM;
}

/* spl and its like need REX; without it the number means ah, ch, dh or bh, which are parts of rax
 * to rbx. */
static void high_bytes(uint32_t row, bool digit, struct jv_insn *o)
{
	if (row & B && !digit && (o->reg & 28) == 4) {
		o->flags |= JV_HIGH;
		if (row & DREG)
			o->dst = o->reg & 3;
		o->reg &= 3;
	}
	if (row & (B | BRM) && (o->rm & 28) == 4) {
		o->flags |= JV_HIGH;
		if (o->dst == o->rm && row & DRM)
			o->dst = o->rm & 3;
		o->rm &= 3;
	}
}

/* p is behind the prefixes, of which x says what there was. */
static unsigned int decode(const uint8_t *start, const uint8_t *p, struct prefixes x,
			   struct jv_insn *o)
{
	unsigned int opcode, n;
	uint32_t row;
	bool group;

	if ((*p & 0xf0) == REX)
		x.rex = *p++;
	if ((*p & 0xfe) == 0xc4)
		return vex(start, p, x, o);
	o->map = JV_MAP_ONE;
	if (*p == 0x0f)
		o->map = *++p == 0x38 ? JV_MAP_0F38 : JV_MAP_0F;
	p += o->map == JV_MAP_0F38;
	opcode = *p++;
	row = jv_rows[o->map][opcode];
	group = (row & 31) == JV_GROUP;
	if (group)
		row = jv_groups[row >> 8][*p >> 3 & 7];
	o->opcode = (uint8_t)opcode;
	o->class = row & 31;
	o->width = row & B ? 1 : x.rex & REX_W || row & W64 ? 8 : 4;
	/* bsf and bsr without it */
	if (!row || (x.f3 != !!(row & F3) && (x.f3 || (opcode & 0xfe) != 0xbc)))
		return 0;
	o->pp = x.f3 ? 2 : 0;
	if (x.w16) {
		if (!takes_w16(row, x))
			return 0;
		o->width = 2;
	}
	if (!(row & M))
		return without_modrm(start, p, row, x, o);
	n = with_modrm(start, p, row, x, o);
	if (row & (B | BRM) && !x.rex)
		high_bytes(row, group, o);
	if (o->class == JV_CMOV)
		o->imm = opcode & 15;
	return n;
}

/* What an assembler fills with: 66 any times, 2e, 0f 1f, an operand that is not touched. */
static bool padding(const uint8_t *p, struct jv_insn *o)
{
	static const uint8_t nop[] = { 0x2e, 0x0f, 0x1f, 0x84, 0, 0, 0, 0, 0 };
	unsigned int n = 0;

	while (p[n] == 0x66 && n < JV_INSN_MAX - sizeof(nop))
		n++;
	if (memcmp(p + n, nop, sizeof(nop)))
		return false;
	o->class = JV_NOP;
	o->map = JV_MAP_0F;
	o->opcode = 0x1f;
	o->flags = JV_MEM;
	o->len = (uint8_t)(n + sizeof(nop));
	return true;
}

/* gs: and the address-size prefix come together or not at all, and first. */
COLD static unsigned int with_prefixes(const uint8_t *start, struct jv_insn *o)
{
	struct prefixes x = { 0 };
	const uint8_t *p = start;

	if (p[0] == 0x66 && padding(start, o))
		return o->len;
	if (p[0] == 0x65 && p[1] == 0x67) {
		x.gs = true;
		p += 2;
	}
	if (*p == 0x66) {
		x.w16 = true;
		p++;
	} else if (*p == 0xf3) {
		x.f3 = true;
		p++;
	}
	return decode(start, p, x, o);
}

unsigned int jv_decode(const uint8_t *start, uint32_t at, struct jv_insn *o)
{
	struct prefixes x = { 0 };
	const uint8_t *p = start;
	uint32_t row;

	*o = empty;
	o->at = at;
	if ((*p & 0xf0) == REX)
		x.rex = *p++;
	o->map = *p == 0x0f ? JV_MAP_0F : JV_MAP_ONE;
	p += o->map;
	o->opcode = *p++;
	row = jv_rows[o->map][o->opcode];
	if ((row & 31) == JV_GROUP)
		row = jv_groups[row >> 8][*p >> 3 & 7];
	/* the usual: no byte among the operands, and no other prefix; those have no row */
	if (!row || row & (B | BRM | F3) || (row & 31) == JV_CMOV)
		return with_prefixes(start, o);
	o->class = row & 31;
	o->width = x.rex & REX_W || row & W64 ? 8 : 4;
	if (!(row & M))
		return without_modrm(start, p, row, x, o);
	return with_modrm(start, p, row, x, o);
}
