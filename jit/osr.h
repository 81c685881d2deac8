/*
 * On-stack replacement: a function that runs goes on, at the head of a loop, in code that took its
 * place. The baseline's head looks at a byte of the function's; where that is set, it puts all
 * locals, and then the operand stack from its bottom up, into the context's carry area (vmctx.h),
 * 16 bytes each, and asks the runtime. If the new image has code for this very loop (struct
 * jit_osr), that is called: it takes what is carried, runs the function to its end, and leaves its
 * results there. The old frame stays until then, and returns them.
 *
 * Such code is most of the function once more, so it is made only for where a run is known to be.
 *
 * A run stays in the baseline's code, until its function is called again, where the function has a
 * try_table, which LLVM makes no code of; where it has more locals and values, or results, than
 * JIT_CARRY_MAX; at heads beyond the first JIT_OSR_LOOPS; and, as long as it takes, in an innermost
 * loop within another.
 */
#ifndef JIT_OSR_H
#define JIT_OSR_H

#include <stdbool.h>
#include <stdint.h>

#include "jit/vmctx.h"
#include "runtime/wasm/body.h"

enum jit_osr_heads {
	JIT_OSR_NONE,
	/* outermost loops, and those with another in them: what is inside comes round soon */
	JIT_OSR_SOME,
	JIT_OSR_ALL,		/* for tests */
};

#define JIT_OSR_LOOPS 4096u		/* of a function, in order of their heads */

/* Whether loop i, which is not the function itself, may be entered at its head. */
static inline bool jit_osr_head(const struct wasm_scan *s, uint32_t i, enum jit_osr_heads which)
{
	if (!i || i >= JIT_OSR_LOOPS || which == JIT_OSR_NONE)
		return false;
	return which == JIT_OSR_ALL || !s->loops[i].parent ||
	       (i + 1 < s->nloops && s->loops[i + 1].parent == i);
}

/* What is carried fits. */
static inline bool jit_osr_fits(uint64_t nlocals, uint64_t height, uint32_t nresults)
{
	return nlocals + height <= JIT_CARRY_MAX && nresults <= JIT_CARRY_MAX;
}

#endif
