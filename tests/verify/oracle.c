/*
 * The verifier's decoder against Zydis, which shares nothing with it. Whatever jv_decode() accepts,
 * Zydis must decode to the same length, the same memory operand read and written alike, the same
 * general registers written with the same widths, the same target; and it must be nothing that is
 * privileged, locked, repeated, far or x87.
 *
 * Compared are all instructions compiled from the modules of some seeds, each of them with every
 * bit flipped and with random bytes in it, and random bytes after random prefixes and opcodes.
 */
#include "tests/verify/zydis.h"

#ifdef NO_ZYDIS
int main(void)
{
	return zydis_missing();
}
#else
#include <string.h>

#include "tests/verify/made.h"

enum { SEEDS = 60, RANDOM = 4000000, BYTES = JV_INSN_MAX + 16 };

static unsigned long compared, accepted, refused;
static int failed;

static uint64_t random64(void)
{
	static uint64_t s = 88172645463325252u;

	s ^= s << 13;
	s ^= s >> 7;
	s ^= s << 17;
	return s;
}

/* ---- what ours says, as sets of registers written by width ---- */

static void written(const struct jv_insn *i, uint32_t sets[4])
{
	unsigned int w = i->width ? (unsigned int)__builtin_ctz(i->width) : 0;

	memset(sets, 0, 4 * sizeof(*sets));
	if (i->dst != JV_NONE)
		sets[w] |= 1u << i->dst;
	switch (i->class) {
	case JV_WIDE:
		sets[w] |= 1u << 0 | 1u << 2;
		break;
	case JV_CDQ:
		sets[w] |= 1u << 2;
		break;
	case JV_CDQE:
		sets[w] |= 1u << 0;
		break;
	case JV_MULX:
		sets[w] |= 1u << i->vvvv;
		break;
	case JV_XCHG:
		sets[w] |= 1u << i->reg | 1u << i->rm;
		break;
	case JV_POP:
		sets[3] |= 1u << i->rm | 1u << 4;
		break;
	case JV_LEAVE:
		sets[3] |= 1u << 5 | 1u << 4;
		break;
	case JV_PUSH:
	case JV_RET:
	case JV_CALL:
	case JV_CALL_IND:
		sets[3] |= 1u << 4;
	}
}

static const char *differs_in_memory(const struct jv_insn *i, const struct zydis *z)
{
	const ZydisDecodedOperand *m = z->mem;
	int base, index;

	if (!(i->flags & JV_MEM) != !m)
		return "whether there is memory";
	if (!m || i->class == JV_NOP)
		return NULL;
	base = m->mem.base == ZYDIS_REGISTER_NONE ? JV_NONE :
	       m->mem.base == ZYDIS_REGISTER_RIP ? JV_RIP : zydis_gpr(m->mem.base);
	index = m->mem.index == ZYDIS_REGISTER_NONE ? JV_NONE : zydis_gpr(m->mem.index);
	if (base != i->base || index != i->index)
		return "base or index";
	if (index != JV_NONE && m->mem.scale != 1 << i->scale)
		return "scale";
	if (m->mem.disp.value != (base == JV_RIP ? i->disp - (int32_t)(i->at + i->len) : i->disp))
		return "displacement";
	if ((m->mem.segment == ZYDIS_REGISTER_GS) != !!(i->flags & JV_GS) ||
	    (z->insn.address_width == 32) != !!(i->flags & JV_GS))
		return "segment or address size";
	if (i->class == JV_LEA)
		return m->mem.type == ZYDIS_MEMOP_TYPE_AGEN ? NULL : "lea";
	if (m->mem.type != ZYDIS_MEMOP_TYPE_MEM || m->size != 8u * i->size)
		return "bytes of memory";
	if (!(m->actions & ZYDIS_OPERAND_ACTION_MASK_READ) != !(i->flags & JV_READ) ||
	    !(m->actions & ZYDIS_OPERAND_ACTION_MASK_WRITE) != !(i->flags & JV_WRITE))
		return "reads or writes memory";
	return NULL;
}

/* The classes that check.c gives a meaning: they must be these instructions. */
static bool right_class(const struct jv_insn *i, const struct zydis *z)
{
	static const ZydisMnemonic mnemonics[][2] = {
		[JV_MOV] = { ZYDIS_MNEMONIC_MOV },
		[JV_MOV_IMM] = { ZYDIS_MNEMONIC_MOV },
		[JV_MOVSXD] = { ZYDIS_MNEMONIC_MOVSXD },
		[JV_LEA] = { ZYDIS_MNEMONIC_LEA },
		[JV_ADD] = { ZYDIS_MNEMONIC_ADD },
		[JV_SUB] = { ZYDIS_MNEMONIC_SUB },
		[JV_AND] = { ZYDIS_MNEMONIC_AND },
		[JV_CMP] = { ZYDIS_MNEMONIC_CMP },
		[JV_TEST] = { ZYDIS_MNEMONIC_TEST },
		[JV_SHL] = { ZYDIS_MNEMONIC_SHL },
		[JV_SHR] = { ZYDIS_MNEMONIC_SHR },
		[JV_XCHG] = { ZYDIS_MNEMONIC_XCHG },
		[JV_CDQ] = { ZYDIS_MNEMONIC_CDQ, ZYDIS_MNEMONIC_CQO },
		[JV_CDQE] = { ZYDIS_MNEMONIC_CWDE, ZYDIS_MNEMONIC_CDQE },
		[JV_MULX] = { ZYDIS_MNEMONIC_MULX },
		[JV_PUSH] = { ZYDIS_MNEMONIC_PUSH },
		[JV_POP] = { ZYDIS_MNEMONIC_POP },
		[JV_LEAVE] = { ZYDIS_MNEMONIC_LEAVE },
		[JV_RET] = { ZYDIS_MNEMONIC_RET },
		[JV_CALL] = { ZYDIS_MNEMONIC_CALL },
		[JV_CALL_IND] = { ZYDIS_MNEMONIC_CALL },
		[JV_JMP] = { ZYDIS_MNEMONIC_JMP },
		[JV_JMP_IND] = { ZYDIS_MNEMONIC_JMP },
		[JV_NOP] = { ZYDIS_MNEMONIC_NOP },
		[JV_GROUP] = { 0 },
	};
	const ZydisMnemonic *m = mnemonics[i->class];

	if (i->class == JV_JCC)
		return z->insn.meta.category == ZYDIS_CATEGORY_COND_BR &&
		       z->insn.meta.branch_type != ZYDIS_BRANCH_TYPE_FAR;
	if (i->class == JV_CMOV)
		return z->insn.meta.category == ZYDIS_CATEGORY_CMOV;
	return !m[0] || z->insn.mnemonic == m[0] || (m[1] && z->insn.mnemonic == m[1]);
}

/* Immediates of the classes whose value check.c reads, and targets. */
static bool same_value(const struct jv_insn *i, const struct zydis *z)
{
	bool branch = i->class == JV_CALL || i->class == JV_JMP || i->class == JV_JCC;
	int64_t value = i->class == JV_MOV_IMM && i->width == 8 ?
			(int64_t)((uint32_t)i->imm | (uint64_t)i->target << 32) : i->imm;

	if (branch)
		return z->insn.raw.imm[0].value.s == i->imm &&
		       i->target == i->at + i->len + (uint32_t)i->imm;
	if (i->class == JV_RET)
		return (z->insn.raw.imm[0].size ? z->insn.raw.imm[0].value.u : 0) ==
		       (uint32_t)i->imm;
	if (i->class == JV_MOV_IMM)
		return i->width == 8 ? z->insn.raw.imm[0].value.s == value :
				       (int32_t)z->insn.raw.imm[0].value.u == i->imm;
	if (!(i->flags & JV_IMM))
		return i->class == JV_CMOV || !z->insn.raw.imm[0].size;
	switch (z->insn.raw.imm[0].size) {
	case 8: return (int8_t)z->insn.raw.imm[0].value.u == i->imm;
	case 16: return (int16_t)z->insn.raw.imm[0].value.u == i->imm;
	case 32: return (int32_t)z->insn.raw.imm[0].value.u == i->imm;
	default: return false;
	}
}

/* What code of the optimizing tier is judged by. */
static bool same_opcode(const struct jv_insn *i, const struct zydis *z)
{
	static const ZydisOpcodeMap maps[] = {
		[JV_MAP_ONE] = ZYDIS_OPCODE_MAP_DEFAULT, [JV_MAP_0F] = ZYDIS_OPCODE_MAP_0F,
		[JV_MAP_0F38] = ZYDIS_OPCODE_MAP_0F38, [JV_MAP_VEX] = ZYDIS_OPCODE_MAP_0F,
		[JV_MAP_VEX + 1] = ZYDIS_OPCODE_MAP_0F38, [JV_MAP_VEX + 2] = ZYDIS_OPCODE_MAP_0F3A,
	};
	bool vex = z->insn.encoding == ZYDIS_INSTRUCTION_ENCODING_VEX;

	if (i->opcode != z->insn.opcode || maps[i->map] != z->insn.opcode_map ||
	    vex != (i->map >= JV_MAP_VEX))
		return false;
	return !vex || (i->pp == z->insn.raw.vex.pp && i->vvvv == (~z->insn.raw.vex.vvvv & 15));
}

static bool forbidden(const struct zydis *z)
{
	switch (z->insn.meta.category) {
	case ZYDIS_CATEGORY_SYSCALL:
	case ZYDIS_CATEGORY_SYSRET:
	case ZYDIS_CATEGORY_SYSTEM:
	case ZYDIS_CATEGORY_INTERRUPT:
	case ZYDIS_CATEGORY_IO:
	case ZYDIS_CATEGORY_IOSTRINGOP:
	case ZYDIS_CATEGORY_SEGOP:
	case ZYDIS_CATEGORY_X87_ALU:
	case ZYDIS_CATEGORY_STRINGOP:
	case ZYDIS_CATEGORY_RDWRFSGS:
	case ZYDIS_CATEGORY_XSAVE:
	case ZYDIS_CATEGORY_PKU:
	case ZYDIS_CATEGORY_RDRAND:
	case ZYDIS_CATEGORY_RDSEED:
	case ZYDIS_CATEGORY_VTX:
	case ZYDIS_CATEGORY_SGX:
		return true;
	default:
		return z->insn.meta.branch_type == ZYDIS_BRANCH_TYPE_FAR ||
		       z->insn.attributes & (ZYDIS_ATTRIB_HAS_LOCK | ZYDIS_ATTRIB_HAS_REP |
					     ZYDIS_ATTRIB_HAS_REPNE | ZYDIS_ATTRIB_IS_PRIVILEGED);
	}
}

static const char *difference(const struct jv_insn *i, const struct zydis *z)
{
	uint32_t sets[4];

	written(i, sets);
	if (z->insn.length != i->len)
		return "length";
	if (forbidden(z))
		return "forbidden";
	if (memcmp(sets, z->written, sizeof(sets)))
		return "registers written";
	if (!right_class(i, z))
		return "class";
	if (!same_opcode(i, z))
		return "opcode";
	if (!same_value(i, z))
		return "immediate or target";
	return differs_in_memory(i, z);
}

static void fail(const uint8_t *p, const char *what)
{
	if (++failed > 20)
		return;
	printf("FAIL %s:", what);
	for (int k = 0; k < JV_INSN_MAX - 1; k++)
		printf(" %02x", p[k]);
	putchar('\n');
}

/* Whether ours accepts what is at p; if it does Zydis must agree. */
static bool compare(const uint8_t *p)
{
	struct jv_insn i;
	struct zydis z;
	const char *what;

	compared++;
	if (!jv_decode(p, 0x1000, &i)) {
		refused++;
		return false;
	}
	accepted++;
	what = zydis_decode(p, JV_INSN_MAX - 1, &z) ? difference(&i, &z) :
						      "Zydis does not decode it";
	if (what)
		fail(p, what);
	return true;
}

static void mutants(const uint8_t *p, unsigned int len)
{
	uint8_t m[BYTES];

	for (unsigned int bit = 0; bit < 8 * len; bit++) {
		memcpy(m, p, BYTES);
		m[bit / 8] ^= (uint8_t)(1u << bit % 8);
		compare(m);
	}
	memcpy(m, p, BYTES);
	m[random64() % len] = (uint8_t)random64();
	compare(m);
}

/* From each entry on, to the constants behind the code: at the latest to what is no instruction. */
static unsigned long all_of(uint64_t seed, bool gs)
{
	struct made made;
	unsigned long n = 0;

	made_of_seed(seed, gs, &made);
	for (uint32_t f = 0; f < made.image->nfuncs; f++) {
		uint32_t at = made_entries(&made)[f], end = made_end(&made, f);
		struct jv_insn i;

		while (at + BYTES < end && jv_decode(made_text(&made) + at, at, &i)) {
			compare(made_text(&made) + at);
			if (++n % 8 == 0)
				mutants(made_text(&made) + at, i.len);
			at += i.len;
		}
	}
	made_done(&made);
	return n;
}

/* Bytes of which enough are instructions: plausible prefixes, then anything. */
static void random_bytes(void)
{
	static const uint8_t first[] = {
		0x65, 0x67, 0x66, 0xf3, 0xf2, 0xf0, 0x2e, 0x48, 0x4c, 0x41, 0x0f, 0xc4, 0xc5, 0x62
	};

	for (unsigned long k = 0; k < RANDOM; k++) {
		uint8_t p[BYTES];
		uint64_t r = random64();
		unsigned int n = r % 5, at = 0;

		for (unsigned int b = 0; b < BYTES; b++)
			p[b] = (uint8_t)random64();
		for (; at < n; at++)
			p[at] = first[(r >> 8 * at & 0xff) % sizeof(first)];
		compare(p);
	}
}

int main(void)
{
	unsigned long n = 0;

	for (uint64_t seed = 1; seed <= SEEDS; seed++)
		n += all_of(seed, seed % 2);
	random_bytes();
	printf("%lu compiled instructions; of %lu strings of bytes %lu were accepted, %lu "
	       "refused\n", n, compared, accepted, refused);
	if (n < 10000 || accepted < n || !refused)
		failed++;
	printf("%d passed, %d failed, 0 skipped\n", !failed, failed);
	return failed != 0;
}
#endif
