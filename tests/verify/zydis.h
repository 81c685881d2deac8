/* What Zydis says of an instruction, in the verifier's terms; nothing where it is not installed. */
#ifndef TESTS_VERIFY_ZYDIS_H
#define TESTS_VERIFY_ZYDIS_H

#include <stdio.h>

#if __has_include(<Zydis/Zydis.h>)
#include <Zydis/Zydis.h>
#endif

/* decoders of before 4 had another interface */
#ifdef ZYDIS_MAX_OPERAND_COUNT_VISIBLE
#include "jit/verify/insn.h"

struct zydis {
	ZydisDecodedInstruction insn;
	ZydisDecodedOperand ops[ZYDIS_MAX_OPERAND_COUNT];
	uint32_t written[4];	/* sets of general registers written with 1, 2, 4, 8 bytes */
	const ZydisDecodedOperand *mem;	/* the explicit memory operand, or NULL */
};

/* Number of a general register of any width; -1 if it is none. */
static inline int zydis_gpr(ZydisRegister r)
{
	ZydisRegister whole = ZydisRegisterGetLargestEnclosing(ZYDIS_MACHINE_MODE_LONG_64, r);

	return whole >= ZYDIS_REGISTER_RAX && whole <= ZYDIS_REGISTER_R15 ?
	       (int)(whole - ZYDIS_REGISTER_RAX) : -1;
}

static inline bool zydis_decode(const uint8_t *p, size_t n, struct zydis *z)
{
	static ZydisDecoder decoder;

	if (!decoder.stack_width)
		ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
	if (ZYAN_FAILED(ZydisDecoderDecodeFull(&decoder, p, n, &z->insn, z->ops)))
		return false;
	z->mem = NULL;
	for (int w = 0; w < 4; w++)
		z->written[w] = 0;
	for (int k = 0; k < z->insn.operand_count; k++) {
		const ZydisDecodedOperand *o = &z->ops[k];
		int r = o->type == ZYDIS_OPERAND_TYPE_REGISTER ? zydis_gpr(o->reg.value) : -1;

		if (o->type == ZYDIS_OPERAND_TYPE_MEMORY &&
		    o->visibility == ZYDIS_OPERAND_VISIBILITY_EXPLICIT)
			z->mem = o;
		if (r >= 0 && o->actions & ZYDIS_OPERAND_ACTION_MASK_WRITE)
			z->written[__builtin_ctz(
				ZydisRegisterGetWidth(ZYDIS_MACHINE_MODE_LONG_64, o->reg.value) /
				8)] |= 1u << r;
	}
	return true;
}
#else
#define NO_ZYDIS 1
#endif

static inline int zydis_missing(void)
{
	puts("skipped: Zydis 4 is not installed (libzydis-dev)");
	puts("0 passed, 0 failed, 1 skipped");
	return 77;
}

#endif
