/* What the files for vector instructions share. */
#ifndef JIT_LLVM_SIMD_H
#define JIT_LLVM_SIMD_H

#include "jit/llvm/ir.h"

LLVMValueRef ll_as(struct ll_func *f, LLVMValueRef v, enum ll_lanes lanes);
LLVMValueRef ll_pop_vector(struct ll_func *f, enum ll_lanes lanes);
/*
 * Of which only the low half is used: LLVM would read no more than that half of a load, volatile or
 * not.
 */
LLVMValueRef ll_pop_low(struct ll_func *f, enum ll_lanes lanes);
/* Of any lanes. */
void ll_push_vector(struct ll_func *f, LLVMValueRef v);
/* The lanes of a and b together, by number. */
LLVMValueRef ll_lane_order(struct ll_func *f, LLVMValueRef a, LLVMValueRef b, const uint8_t *lanes,
			   unsigned int n);
LLVMValueRef ll_repeat(struct ll_func *f, LLVMValueRef v, unsigned int n);

#endif
