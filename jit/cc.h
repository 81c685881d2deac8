/*
 * The calling convention between wasm functions, in every tier. jit_cc_init() is the one place
 * that knows it.
 *
 *	arguments   integers and references: rdi rsi rdx rcx r8 r9; f32 f64 v128: xmm0..7; the
 *	            others on the stack in order, from the lowest address: 8 bytes each, v128 16,
 *	            no padding; their sum rounded up to 16. The callee pops them (ret n).
 *	results     rax rdx; xmm0 xmm1. If one does not fit, all go to memory: rdi is then a
 *	            hidden first argument, the address of an array of 16 bytes a result, and rax
 *	            returns nothing.
 *	preserved   rbx r12 r14 r15 rbp; r13 (memory base, context) never changes
 *	i32         zero-extended to 64 bits where a register or an 8-byte slot passes or returns it
 *	r10         address of the struct jit_callee at indirect and imported calls; otherwise free
 *	stack       rsp is a multiple of 16 at the call instruction
 *
 * At entry of the callee:   [rsp] return address   [rsp + 8 + off] stack argument at `off`
 */
#ifndef JIT_CC_H
#define JIT_CC_H

#include <stdbool.h>

#include "runtime/wasm/type.h"

enum jit_where { JIT_IN_GPR, JIT_IN_XMM, JIT_ON_STACK };

struct jit_loc {
	uint8_t where;		/* enum jit_where */
	uint8_t reg;		/* machine register number */
	uint16_t unused;
	uint32_t off;		/* ON_STACK: from the first stack argument; a result: from rdi */
};

struct jit_cc {
	bool sret;		/* results through rdi */
	uint32_t stack_bytes;	/* of arguments: what the callee pops; a multiple of 16 */
	uint32_t sret_bytes;	/* 16 a result */
};

#define JIT_CC_GPR_ARGS 6
#define JIT_CC_XMM_ARGS 8

/* Fills params[nparams] and results[nresults] (either may be NULL). */
void jit_cc_init(struct jit_cc *cc, const struct wasm_functype *t, struct jit_loc *params,
		 struct jit_loc *results);

#endif
