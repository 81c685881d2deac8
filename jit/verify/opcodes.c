/*
 * The permitted instructions, as the manuals' opcode maps have them. Nothing here comes from
 * jit/x64-ops.h: what encoder and verifier shared, they would both be wrong about.
 * tests/verify/oracle.c compares what is decoded with Zydis.
 */
#include "jit/verify/opcodes.h"

/* ALU operations: [m] op= r, r op= rm, and al or eax with an immediate. */
#define ALU(op, class) \
	[(op) + 0] = class | M | B | W | DRM | R, \
	[(op) + 1] = class | M | W | DRM | R, \
	[(op) + 2] = class | M | B | R | DREG, \
	[(op) + 3] = class | M | R | DREG, \
	[(op) + 4] = class | I1 | B | DOP, \
	[(op) + 5] = class | IZ | DOP

#define GROUP(g) JV_GROUP | M | (uint32_t)(g) << 8

const uint32_t jv_groups[G_GROUPS][8] = {
#define RMW M | DRM | R | W
#define ALUS(f) { JV_ADD | RMW | (f), JV_OP | RMW | (f), JV_OP | RMW | (f), JV_OP | RMW | (f), \
		  JV_AND | RMW | (f), JV_SUB | RMW | (f), JV_OP | RMW | (f), JV_CMP | M | R | (f) }
	[G_ALU_B] = ALUS(I1 | B),
	[G_ALU_Z] = ALUS(IZ),
	[G_ALU_1] = ALUS(I1),
#undef ALUS
	/* rol ror - - shl shr - sar: the carry rotates and the alias of shl are not made */
#define SHIFTS(f, shl, shr) { JV_OP | RMW | (f), JV_OP | RMW | (f), 0, 0, \
			      (shl) | RMW | (f), (shr) | RMW | (f), 0, JV_OP | RMW | (f) }
	[G_SHIFT_B1] = SHIFTS(I1 | B, JV_OP, JV_OP),
	[G_SHIFT_1] = SHIFTS(I1, JV_SHL, JV_SHR),
	[G_SHIFT_BONE] = SHIFTS(B, JV_OP, JV_OP),
	[G_SHIFT_ONE] = SHIFTS(0, JV_OP, JV_OP),
	[G_SHIFT_BCL] = SHIFTS(B, JV_OP, JV_OP),
	[G_SHIFT_CL] = SHIFTS(0, JV_OP, JV_OP),
#undef SHIFTS
	[G_MOV_B] = { JV_MOV | M | I1 | B | DRM | W },
	[G_MOV_Z] = { JV_MOV | M | IZ | DRM | W },
	/* test - not neg mul imul div idiv */
	[G_UNARY_B] = { JV_TEST | M | I1 | B | R, 0, JV_OP | RMW | B, JV_OP | RMW | B },
	[G_UNARY] = { JV_TEST | M | IZ | R, 0, JV_OP | RMW, JV_OP | RMW, JV_WIDE | M | R,
		      JV_WIDE | M | R, JV_WIDE | M | R, JV_WIDE | M | R },
	[G_INC_B] = { JV_OP | RMW | B, JV_OP | RMW | B },
	/* inc dec call - jmp - push - */
	[G_NEAR] = { JV_OP | RMW, JV_OP | RMW, JV_CALL_IND | M | W64 | R, 0,
	JV_JMP_IND | M | W64 | R, 0,
		     JV_PUSH | M | W64 | R },
	/* bt bts btr btc by an immediate, which takes it modulo the width; a register
	   reaches beyond memory operands */
	[G_BIT] = { 0, 0, 0, 0, JV_OP | M | I1 | R, JV_OP | M | I1 | DRM | ONLY_R,
	JV_OP | M | I1 | DRM | ONLY_R,
		    JV_OP | M | I1 | DRM | ONLY_R },
};

const uint32_t jv_rows[JV_MAP_VEX][256] = { [JV_MAP_ONE] = {
	ALU(0x00, JV_ADD), ALU(0x08, JV_OP), ALU(0x10, JV_OP), ALU(0x18, JV_OP),
	ALU(0x20, JV_AND), ALU(0x28, JV_SUB), ALU(0x30, JV_OP),
	/* JV_CMP is of reg, or of a register and an immediate: the other order is the opposite */
	[0x38] = JV_OP | M | B | R, [0x39] = JV_OP | M | R,
	[0x3a] = JV_CMP | M | B | R, [0x3b] = JV_CMP | M | R,
	[0x3c] = JV_CMP | I1 | B, [0x3d] = JV_CMP | IZ,
	[0x50 ... 0x57] = JV_PUSH | W64,
	[0x58 ... 0x5f] = JV_POP | W64,
	[0x63] = JV_MOVSXD | M | R | S4 | DREG,
	[0x68] = JV_PUSH | IZ | W64, [0x6a] = JV_PUSH | I1 | W64,
	[0x69] = JV_OP | M | IZ | R | DREG,
	[0x6b] = JV_OP | M | I1 | R | DREG,
	[0x70 ... 0x7f] = JV_JCC,
	[0x80] = GROUP(G_ALU_B) | I1, [0x81] = GROUP(G_ALU_Z) | IZ, [0x83] = GROUP(G_ALU_1) | I1,
	[0x84] = JV_TEST | M | B | R, [0x85] = JV_TEST | M | R,
	[0x87] = JV_XCHG | M | ONLY_R,
	[0x88] = JV_MOV | M | B | DRM | W, [0x89] = JV_MOV | M | DRM | W,
	[0x8a] = JV_MOV | M | B | DREG | R, [0x8b] = JV_MOV | M | DREG | R,
	[0x8d] = JV_LEA | M | DREG | ONLY_M,
	[0x90] = JV_NOP,
	[0x98] = JV_CDQE, [0x99] = JV_CDQ,
	[0xa8] = JV_TEST | B | I1, [0xa9] = JV_TEST | IZ,
	[0xb0 ... 0xb7] = JV_OP | I1 | B | DOP,
	[0xb8 ... 0xbf] = JV_MOV_IMM | DOP,
	[0xc0] = GROUP(G_SHIFT_B1) | I1, [0xc1] = GROUP(G_SHIFT_1) | I1,
	[0xc2] = JV_RET, [0xc3] = JV_RET,
	[0xc6] = GROUP(G_MOV_B) | I1, [0xc7] = GROUP(G_MOV_Z) | IZ,
	[0xc9] = JV_LEAVE,
	[0xd0] = GROUP(G_SHIFT_BONE), [0xd1] = GROUP(G_SHIFT_ONE),
	[0xd2] = GROUP(G_SHIFT_BCL), [0xd3] = GROUP(G_SHIFT_CL),
	[0xe8] = JV_CALL, [0xe9] = JV_JMP, [0xeb] = JV_JMP,
	[0xf6] = GROUP(G_UNARY_B), [0xf7] = GROUP(G_UNARY),
	[0xfe] = GROUP(G_INC_B), [0xff] = GROUP(G_NEAR),
}, [JV_MAP_0F] = {
	[0x1f] = JV_NOP | M,
	[0x40 ... 0x4f] = JV_CMOV | M | R | DREG,
	[0x80 ... 0x8f] = JV_JCC,
	[0x90 ... 0x9f] = JV_OP | M | B | DRM | W,
	[0xa3] = JV_OP | M | ONLY_R, [0xab] = JV_OP | M | DRM | ONLY_R,
	[0xa4] = JV_OP | M | I1 | DRM | ONLY_R, [0xa5] = JV_OP | M | DRM | ONLY_R,
	[0xac] = JV_OP | M | I1 | DRM | ONLY_R, [0xad] = JV_OP | M | DRM | ONLY_R,
	[0xaf] = JV_OP | M | R | DREG, [0xb3] = JV_OP | M | DRM | ONLY_R,
	[0xbb] = JV_OP | M | DRM | ONLY_R,
	[0xb6] = JV_OP | M | R | S1 | BRM | DREG, [0xb7] = JV_OP | M | R | S2 | DREG,
	[0xb8] = JV_OP | M | R | DREG | F3,
	[0xba] = GROUP(G_BIT) | I1,
	[0xbc] = JV_OP | M | R | DREG | F3, [0xbd] = JV_OP | M | R | DREG | F3,
	[0xbe] = JV_OP | M | R | S1 | BRM | DREG, [0xbf] = JV_OP | M | R | S2 | DREG,
	[0xc8 ... 0xcf] = JV_OP | DOP,
}, [JV_MAP_0F38] = {
	/* movbe */
	[0xf0] = JV_OP | M | R | DREG | ONLY_M, [0xf1] = JV_OP | M | W | ONLY_M,
} };

/* ---- VEX, 128 bits ---- */

#define VVV(op, ...) [op] = JV_OP | M | V | R | S16 __VA_ARGS__
#define VV(op, size, ...) [op] = JV_OP | M | R | size __VA_ARGS__
#define ST(op, size, ...) [op] = JV_OP | M | W | ONLY_M | size __VA_ARGS__
#define SS(op, size) [op] = JV_OP | M | V | R | size

const uint32_t jv_vex[3][4][256] = {
	[0] = {
		[0] = {
			VV(0x10, S16, | L), ST(0x11, S16, | L), [0x12] = JV_OP | M | V | R | S8,
			ST(0x13, S8),
			VVV(0x14), VVV(0x15), [0x16] = JV_OP | M | V | R | S8, ST(0x17, S8),
			VV(0x28, S16, | L), [0x29] = JV_OP | M | W | S16 | L,
			VV(0x2e, S4), [0x50] = JV_OP | M | ONLY_R | DREG, VV(0x51, S16),
			VVV(0x54), VVV(0x55), VVV(0x56),
			VVV(0x57, | L), VVV(0x58), VVV(0x59), VV(0x5a, S8), VV(0x5b, S16),
			VVV(0x5c), VVV(0x5d),
			VVV(0x5e), VVV(0x5f), VVV(0xc2, | I1), VVV(0xc6, | I1),
		},
		[1] = {
			VV(0x10, S16, | L), ST(0x11, S16, | L),
			[0x12] = JV_OP | M | V | R | S8 | ONLY_M,
			ST(0x13, S8),
			VVV(0x14), VVV(0x15), [0x16] = JV_OP | M | V | R | S8 | ONLY_M,
			ST(0x17, S8),
			VV(0x28, S16, | L), [0x29] = JV_OP | M | W | S16 | L, VV(0x2e, S8),
			[0x50] = JV_OP | M | ONLY_R | DREG, VV(0x51, S16),
			VVV(0x54), VVV(0x55), VVV(0x56), VVV(0x57), VVV(0x58), VVV(0x59),
			VV(0x5a, S16), VV(0x5b, S16),
			VVV(0x5c), VVV(0x5d), VVV(0x5e), VVV(0x5f),
			VVV(0x60), VVV(0x61), VVV(0x62), VVV(0x63),
			VVV(0x64), VVV(0x65), VVV(0x66), VVV(0x67),
			VVV(0x68), VVV(0x69), VVV(0x6a), VVV(0x6b), VVV(0x6c), VVV(0x6d),
			[0x6e] = JV_OP | M | R | WG, VV(0x6f, S16, | L), VV(0x70, S16, | I1),
			[0x71 ... 0x73] = JV_OP | M | V | I1 | ONLY_R | DIGIT,
			VVV(0x74), VVV(0x75), VVV(0x76), [0x7e] = JV_OP | M | W | DRM | WG,
			VVV(0x7c), VVV(0x7d), ST(0x7f, S16, | L),
			VVV(0xc2, | I1), [0xc4] = JV_OP | M | V | R | S2 | I1,
			[0xc5] = JV_OP | M | ONLY_R | I1 | DREG,
			VVV(0xc6, | I1), VVV(0xd1), VVV(0xd2), VVV(0xd3), VVV(0xd4), VVV(0xd5),
			ST(0xd6, S8),
			[0xd7] = JV_OP | M | ONLY_R | DREG, VVV(0xd8), VVV(0xd9), VVV(0xda),
			VVV(0xdb), VVV(0xdc),
			VVV(0xdd), VVV(0xde), VVV(0xdf), VVV(0xe0), VVV(0xe1), VVV(0xe2),
			VVV(0xe3), VVV(0xe4), VVV(0xe5),
			VV(0xe6, S16), VVV(0xe8), VVV(0xe9), VVV(0xea), VVV(0xeb), VVV(0xec),
			VVV(0xed), VVV(0xee), VVV(0xef),
			VVV(0xf1), VVV(0xf2), VVV(0xf3), VVV(0xf4), VVV(0xf5), VVV(0xf6),
			VVV(0xf8), VVV(0xf9),
			VVV(0xfa), VVV(0xfb), VVV(0xfc), VVV(0xfd), VVV(0xfe),
		},
		[2] = {
			[0x10] = JV_OP | M | R | S4 | VR,
			[0x11] = JV_OP | M | W | S4 | ONLY_M, VV(0x12, S16), VV(0x16, S16),
			[0x2a] = JV_OP | M | V | R | WG, [0x2c] = JV_OP | M | R | S4 | WG | DREG,
			SS(0x51, S4), SS(0x58, S4), SS(0x59, S4), SS(0x5a, S4), VV(0x5b, S16),
			SS(0x5c, S4), SS(0x5d, S4),
			SS(0x5e, S4), SS(0x5f, S4), VV(0x6f, S16, | L), VV(0x70, S16, | I1),
			VV(0x7e, S8), ST(0x7f, S16, | L),
			SS(0xc2, S4 | I1), VV(0xe6, S8),
		},
		[3] = {
			[0x10] = JV_OP | M | R | S8 | VR,
			[0x11] = JV_OP | M | W | S8 | ONLY_M, VV(0x12, S8),
			[0x2a] = JV_OP | M | V | R | WG, [0x2c] = JV_OP | M | R | S8 | WG | DREG,
			SS(0x51, S8), SS(0x58, S8), SS(0x59, S8),
			SS(0x5a, S8), SS(0x5c, S8), SS(0x5d, S8),
			SS(0x5e, S8), SS(0x5f, S8), VV(0x70, S16, | I1), SS(0xc2, S8 | I1),
		},
	},
	[1] = {
		[0] = {
			[0xf2] = JV_OP | M | V | R | WG | DREG,
			[0xf3] = JV_OP | M | V | R | WG | DVVV | DIGIT,
			[0xf5] = JV_OP | M | V | R | WG | DREG,
			[0xf7] = JV_OP | M | V | R | WG | DREG,
		},
		[1] = {
			VVV(0x00), VVV(0x04), VVV(0x08), VVV(0x09),
			VVV(0x0a), VVV(0x0b), VV(0x17, S16), VV(0x18, S4),
			VV(0x1c, S16), VV(0x1d, S16), VV(0x1e, S16),
			VV(0x20, S8), VV(0x21, S4), VV(0x23, S8), VV(0x25, S8),
			VVV(0x28), VVV(0x29), VVV(0x2b), VV(0x30, S8),
			VV(0x31, S4), VV(0x33, S8), VV(0x35, S8), VVV(0x37),
			VVV(0x38), VVV(0x39), VVV(0x3a), VVV(0x3b), VVV(0x3c),
			VVV(0x3d), VVV(0x3e), VVV(0x3f), VVV(0x40),
			VV(0x58, S4), VV(0x59, S8), VV(0x78, S1), VV(0x79, S2),
			VVV(0x98, | WG), VVV(0x9c, | WG), VVV(0xa8, | WG),
			VVV(0xac, | WG), VVV(0xb8, | WG), VVV(0xbc, | WG),
			[0x99] = JV_OP | M | V | R | WG, [0x9d] = JV_OP | M | V | R | WG,
			[0xa9] = JV_OP | M | V | R | WG,
			[0xad] = JV_OP | M | V | R | WG, [0xb9] = JV_OP | M | V | R | WG,
			[0xbd] = JV_OP | M | V | R | WG,
			[0xf7] = JV_OP | M | V | R | WG | DREG,
		},
		[2] = {
			[0xf5] = JV_OP | M | V | R | WG | DREG,
			[0xf7] = JV_OP | M | V | R | WG | DREG,
		},
		[3] = {
			[0xf5] = JV_OP | M | V | R | WG | DREG,
			[0xf6] = JV_MULX | M | V | R | WG | DREG,
			[0xf7] = JV_OP | M | V | R | WG | DREG,
		},
	},
	[2] = {
		[1] = {
			VVV(0x02, | I1), VV(0x08, S16, | I1), VV(0x09, S16, | I1),
			SS(0x0a, S4 | I1), SS(0x0b, S8 | I1),
			VVV(0x0c, | I1), VVV(0x0d, | I1), VVV(0x0e, | I1), VVV(0x0f, | I1),
			[0x14] = JV_OP | M | W | S1 | DRM | I1,
			[0x15] = JV_OP | M | W | S2 | ONLY_M | I1,
			[0x16] = JV_OP | M | W | DRM | I1 | WG,
			[0x17] = JV_OP | M | W | S4 | DRM | I1,
			[0x20] = JV_OP | M | V | R | S1 | I1, SS(0x21, S4 | I1),
			[0x22] = JV_OP | M | V | R | WG | I1,
			VVV(0x4a, | I1), VVV(0x4b, | I1), VVV(0x4c, | I1),
		},
		[3] = {
			[0xf0] = JV_OP | M | R | I1 | WG | DREG,
		},
	},
};
