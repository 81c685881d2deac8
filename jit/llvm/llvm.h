/*
 * The optimizing tier made of LLVM: bodies become LLVM IR, IR becomes an ELF object in memory, and
 * what the object holds is laid into the code image beside functions of the baseline, with the same
 * frames, calling convention and traps.
 *
 * LLVM is linked into wsbox-llvm alone, never into a process that starts a guest.
 */
#ifndef JIT_LLVM_LLVM_H
#define JIT_LLVM_LLVM_H

#include "jit/disasm.h"
#include "jit/tier.h"

extern const struct jit_tier jit_llvm;
extern const struct jit_disasm jit_llvm_disasm;

#endif
