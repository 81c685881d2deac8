/* LLVM's disassembler: see jit/disasm.h. */
#include "jit/disasm.h"

#include <llvm-c/Disassembler.h>
#include <llvm-c/Target.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "jit/llvm/llvm.h"
#include "jit/llvm/tier.h"

struct ll_disasm {
	LLVMDisasmContextRef ctx;
	jit_disasm_name name;
	void *arg;
};

static void disasm_start(void)
{
	jit_llvm.start();
	LLVMInitializeX86Disassembler();
}

static const char *find_name(void *disasm, uint64_t value, uint64_t *type, uint64_t pc,
			     const char **ret_comment)
{
	const struct ll_disasm *d = disasm;
	bool branch = *type == LLVMDisassembler_ReferenceType_In_Branch;

	*type = LLVMDisassembler_ReferenceType_InOut_None;
	*ret_comment = NULL;
	return branch ? d->name(d->arg, value) : NULL;
}

static void disasm_close(void *disasm)
{
	struct ll_disasm *d = disasm;

	if (d->ctx)
		LLVMDisasmDispose(d->ctx);
	free(d);
}

static void *disasm_open(jit_disasm_name name, void *arg)
{
	struct ll_disasm *d = calloc(1, sizeof(*d));

	if (!d)
		return NULL;
	d->name = name;
	d->arg = arg;
	/* a baseline's code may one day use more than the tier's class of processors has */
	d->ctx = LLVMCreateDisasm(LL_TRIPLE, d, 0, NULL, find_name);
	if (!d->ctx) {
		disasm_close(d);
		return NULL;
	}
	(void)LLVMSetDisasmOptions(d->ctx, LLVMDisassembler_Option_AsmPrinterVariant);
	(void)LLVMSetDisasmOptions(d->ctx, LLVMDisassembler_Option_PrintImmHex);
	return d;
}

static size_t disasm_one(void *disasm, const uint8_t *p, size_t n, uint64_t pc, char *text,
			 size_t size)
{
	struct ll_disasm *d = disasm;
	uint8_t bytes[16] = { 0 };		/* the C interface takes no constant ones */
	size_t len;
	char *tab;

	n = n < sizeof(bytes) - 1 ? n : sizeof(bytes) - 1;
	memcpy(bytes, p, n);
	len = LLVMDisasmInstruction(d->ctx, bytes, n, pc, text, size);
	if (!len || len > n)
		return 0;
	while (*text == '\t' || *text == ' ')
		memmove(text, text + 1, strlen(text));
	tab = strchr(text, '\t');
	if (tab)
		*tab = ' ';
	return len;
}

const struct jit_disasm jit_llvm_disasm = {
	.start = disasm_start, .open = disasm_open, .close = disasm_close, .one = disasm_one,
};
