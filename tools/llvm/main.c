/*
 * wsbox-llvm: a compiler cell with LLVM in it. It is wsbox-cell's compiler (tools/cell/main.c,
 * compile.c) with the optimizing tier linked; it never runs a guest.
 *
 * It is linked statically, so that it starts where there is no file, and all that LLVM does at its
 * start happens before the process locks itself; from before the first byte of the module is read
 * it has the compiler's filter, and no more authority than the other compiler.
 */
#include <unistd.h>

#include "jit/llvm/llvm.h"
#include "tools/cell/cell.h"

const struct jit_tier *const cell_tier = &jit_llvm;
const struct jit_disasm *const cell_disasm = &jit_llvm_disasm;

void instance_main(const struct cell_job *job, uint64_t start)
{
	_exit(CELL_STATUS_PROTOCOL);
}
