/*
 * The permitted instructions, by opcode: a row is a class and flags; without a size flag memory
 * operands are as wide as the general ones. What no row says is refused.
 */
#ifndef JIT_VERIFY_OPCODES_H
#define JIT_VERIFY_OPCODES_H

#include "jit/verify/insn.h"

enum jv_row_flag {
	M = 1 << 5,		/* has ModRM */
	I1 = 1 << 6, IZ = 1 << 7,	/* immediate of one byte; of 4, or 2 with width 2 */
	B = 1 << 8,		/* byte operands in reg and rm */
	BRM = 1 << 9,		/* a byte in rm alone */
	/* what is written: reg, rm, vvvv, opcode's register */
	DREG = 1 << 10, DRM = 1 << 11, DVVV = 1 << 12, DOP = 1 << 13,
	R = 1 << 14, W = 1 << 15,	/* memory is read, written */
	ONLY_M = 1 << 16, ONLY_R = 1 << 17,	/* rm must be memory, a register */
	/* memory bytes, not the width's */
	S1 = 1 << 18, S2 = 2 << 18, S4 = 3 << 18, S8 = 4 << 18, S16 = 5 << 18,
	W64 = 1 << 21,		/* operands of 64 bits without REX.W */
	F3 = 1 << 22,		/* that prefix is part of the opcode; refused elsewhere */
	WG = 1 << 23,		/* VEX.W is the width of a general operand. Otherwise 0 */
	V = 1 << 24,		/* VEX.vvvv is an operand. Otherwise 1111 */
	VR = 1 << 25,		/* VEX.vvvv is an operand where rm is a register */
	L = 1 << 27,		/* VEX.L may be set: 256 bits, and memory of S16 is twice that */
	DIGIT = 1 << 26,	/* VEX: the reg field is one of jv_digits() */
};

enum jv_group {
	G_ALU_B, G_ALU_Z, G_ALU_1, G_SHIFT_B1, G_SHIFT_1, G_SHIFT_BONE, G_SHIFT_ONE, G_SHIFT_BCL,
	G_SHIFT_CL, G_MOV_B, G_MOV_Z, G_UNARY_B, G_UNARY, G_INC_B, G_NEAR, G_BIT, G_GROUPS,
};

/* A row of JV_GROUP has M, I1 and IZ as all rows of its group, but those of f6 and f7. */
extern const uint32_t jv_rows[JV_MAP_VEX][256];
extern const uint32_t jv_groups[G_GROUPS][8];	/* by row >> 8 */
extern const uint32_t jv_vex[3][4][256];	/* maps 0F, 0F38, 0F3A; prefixes none, 66, F3, F2 */

/* Bit n: the reg field may be n. Shifts of vectors by an immediate; blsr, blsmsk, blsi. */
static inline unsigned int jv_digits(unsigned int opcode)
{
	return opcode == 0xf3 ? 0x0e : opcode == 0x73 ? 0xcc : 0x54;
}

#endif
