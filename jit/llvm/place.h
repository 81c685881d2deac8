/* What place.c and adapter.c share. */
#ifndef JIT_LLVM_PLACE_H
#define JIT_LLVM_PLACE_H

#include "jit/baseline/baseline.h"
#include "jit/llvm/tier.h"

/* Stubs behind a batch, that its code names: see place.c. */
enum {
	LL_STUB_MISMATCH = RT_TRAPS, LL_STUB_TAIL, LL_STUB_COPY, LL_STUB_CALL,
	LL_STUBS = LL_STUB_CALL + 17,
};

_Static_assert(LL_STUBS - LL_STUB_CALL == LL_ADAPTED_MAX / 16 + 1,
	       "a stub for each number of bytes");

_Static_assert(LL_ADAPTED_MAX / 8 <= 32, "a bit for each");

#define LL_ADAPTER_ROOM (LL_ADAPTED_MAX / 8 * 16 + 128)	/* bytes of code */

/* Room for n bytes of code, and for what an emitter may scribble behind. */
bool ll_room(const struct jit_out *out, size_t n);

/* copy.c; less than LL_ADAPTER_ROOM */
void ll_copy_stub(struct x64_buf *x);

/*
 * adapter.c: between our convention, in which the callee pops its stack arguments, and C's, in
 * which the caller does. Each is a frame of its own, which backtraces skip.
 */

/*
 * Our convention to C's: calls what is placed at a multiple of `align` behind it. narrow: a bit for
 * each 8 bytes that hold an i32, which are zero-extended, so that the verifier need not know who
 * calls.
 */
int ll_adapter_in(struct jit_out *out, uint32_t bytes, uint32_t narrow, uint32_t align);
/* C's convention to ours: calls the code at this offset. */
int ll_adapter_out(struct jit_out *out, uint32_t bytes, uint32_t entry);
/* The same, for the descriptor in r10. */
int ll_adapter_indirect(struct jit_out *out, uint32_t bytes);

#endif
