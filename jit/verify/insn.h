/*
 * A decoded machine instruction, as far as the verifier looks at it: what it writes, what memory it
 * touches, where it goes. Private to jit/verify.
 */
#ifndef JIT_VERIFY_INSN_H
#define JIT_VERIFY_INSN_H

#include <stdbool.h>
#include <stdint.h>

/*
 * What an instruction does beyond writing jv_insn.dst and its memory operand. All that needs no
 * more than that is JV_OP: arithmetic, conversions, every vector instruction. Up to JV_PLAIN_64
 * the baseline's need no more either, but for copies of registers; up to JV_PLAIN_32 those do not
 * that write 32 bits, which are no part of an address.
 */
enum jv_class {
	JV_BAD,		/* so that 0, what no row says, is refused */
	JV_OP,
	JV_MOV,		/* register or memory to register, register or imm to memory */
	JV_MOVSXD, JV_SUB, JV_CMP, JV_TEST,
	JV_PLAIN_64 = JV_TEST,
	JV_ADD, JV_AND,
	JV_SHL, JV_SHR,	/* by imm */
	JV_CMOV,	/* imm: condition */
	JV_PLAIN_32 = JV_CMOV,
	JV_LEA,
	JV_NOP,		/* its memory operand is not touched */
	JV_MOV_IMM,	/* imm (or imm and high) to register */
	JV_XCHG,	/* registers only: reg and rm */
	JV_WIDE,	/* mul, div and kin: rax and rdx are written */
	JV_CDQ,		/* rdx is */
	JV_CDQE,	/* rax, of its lower half */
	JV_MULX,	/* dst and the register in imm */
	JV_PUSH, JV_POP, JV_LEAVE, JV_RET,
	JV_CALL, JV_JMP, JV_JCC,	/* target; reg: condition */
	JV_CALL_IND, JV_JMP_IND,
	JV_GROUP,	/* in the tables only: the reg field of ModRM chooses among 8 rows */
};

enum jv_insn_flag {
	JV_MEM = 1,	/* there is a memory operand */
	JV_READ = 2, JV_WRITE = 4,
	JV_GS = 8,	/* gs:, and the address is the sum modulo 2^32 */
	JV_IMM = 16,
	JV_HIGH = 32,	/* a byte operand is the second byte of its register */
};

enum jv_map { JV_MAP_ONE, JV_MAP_0F, JV_MAP_0F38, JV_MAP_VEX /* and on */ };

enum { JV_NONE = 16, JV_RIP = 17 };	/* in place of a register */

struct jv_insn {
	uint32_t at;		/* offset in text */
	int32_t disp;		/* of the memory operand; RIP-relative: offset in text it names */
	int32_t imm;
	/* of a branch: offset in text; of JV_MOV_IMM: bits 32 to 63 of the value */
	uint32_t target;
	uint8_t len;
	uint8_t class;		/* enum jv_class */
	uint8_t flags;
	uint8_t width;		/* of dst and of general operands: 1, 2, 4, 8 */
	uint8_t size;		/* bytes of memory read or written */
	uint8_t dst;		/* general register written, or JV_NONE */
	/* ModRM.reg with its REX bit (register or digit), or the condition */
	uint8_t reg;
	uint8_t rm;		/* register in ModRM.rm or in the opcode; JV_NONE if memory */
	uint8_t base, index;	/* register, JV_NONE; base also JV_RIP */
	uint8_t scale;		/* log2 */
	uint8_t map, opcode;	/* enum jv_map */
	uint8_t vvvv, pp;	/* of VEX: its register, and the prefix it stands for */
	uint8_t unused[1];	/* whole words, which are quicker to copy */
};

_Static_assert(sizeof(struct jv_insn) == 32, "an index is a shift");

enum { JV_INSN_MAX = 16 };	/* bytes that jv_decode() may read */

/*
 * Decodes the instruction at p, of which JV_INSN_MAX bytes can be read and which is at offset `at`
 * of the text. Its length, or 0 for what is not in the permitted set.
 */
unsigned int jv_decode(const uint8_t *p, uint32_t at, struct jv_insn *ret);

#endif
