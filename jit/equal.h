/*
 * The loop of memcmp, as compilers of C make it of a library that compares byte by byte: programs
 * for WebAssembly spend more time there than anywhere else in their C library. Eight bytes are
 * looked at in one step before the loop, as long as they are equal and more are to come: whatever
 * the loop does at its end, or where bytes differ or an access traps, it does itself.
 *
 * This is whether a loop is such a one; code for what is before it is the tiers'.
 */
#ifndef JIT_EQUAL_H
#define JIT_EQUAL_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/wasm/body.h"

#define JIT_EQUAL_STEP 8	/* bytes */

/* Locals of type i32, all different: the loop counts a and b up by 1, and n down. */
struct jit_equal {
	uint32_t a, b, n;
};

/*
 * Whether this, from behind the opcode `loop` and its type on, is
 *
 *	for (;;) { if ((x = *a) != (y = *b)) leave; a++; b++; if (!--n) break; }
 *
 * with bytes of memory 0, which has 32-bit addresses, and x and y other locals. What is behind
 * b->r.at need not be valid.
 */
bool jit_equal_loop(const struct wasm_body *b, struct jit_equal *ret);

#endif
