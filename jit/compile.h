/*
 * Bytes in, code out: validates every body and compiles it in the same pass.
 *
 * A pure function of the module, the options and the compiler: no files, no time, no randomness.
 */
#ifndef JIT_COMPILE_H
#define JIT_COMPILE_H

#include <stdbool.h>
#include <stdint.h>

#include "jit/image.h"
#include "jit/lines.h"
#include "runtime/base/err.h"
#include "runtime/wasm/module.h"

struct jit_tier;

struct jit_options {
	const struct jit_tier *tier;	/* tier.h; NULL: the baseline alone */
	/* the CPU has FSGSBASE or the caller sets gs otherwise: gs: forms may be used */
	bool gs;
	/* other code may take a function's place when it is called (image.h); not with a tier */
	bool replaceable;
	/* enum jit_osr_heads (osr.h): where the baseline looks, or a tier makes code to go on */
	uint8_t osr;
	/* where a run is, for a tier's JIT_OSR_SOME; borrowed. Hints, which may be wrong */
	const struct jit_place *where;
	uint32_t nwhere;
	uint32_t threads;	/* workers including the caller; 0 and 1: only the caller */
	struct jit_origin origin;	/* copied into the image */
	uint64_t image_offset;	/* where in the file the image begins; whole pages */
	struct jit_lines *lines;	/* appended to, if not NULL: the line table */
};

struct jit_stats {
	/* left by the tier to the baseline; made by it again, as the verifier refused them first */
	uint32_t functions, left, remade;
	uint64_t body_bytes, text_bytes, image_bytes;
	uint64_t ns_compile, ns_publish, ns_verify;
};

/*
 * Threads that wait for work. They are made before the process locks itself and is refused new
 * ones. stack_size of each, 0: what the baseline needs. NULL when none could be made: the caller
 * compiles alone.
 */
struct jit_pool;
struct jit_pool *jit_pool_new(uint32_t threads, size_t stack_size);
void jit_pool_free(struct jit_pool *pool);

/*
 * Compiles m, writes the image (image.h) to image_fd from offset 0 and has the verifier look at it
 * (verify/verify.h); with image_fd < 0 the code is made and dropped (validate). pool may be NULL.
 * 0; -ENOEXEC with err (offset, "function N (name): ...", or with the status WSBOX_FAILED "code
 * verifier: ...", which is our fault); -ENOMEM; -EFBIG; -ENOTSUP for a feature the compiler lacks;
 * or the error of a write. The failure reported is the one with the lowest function index.
 */
int jit_compile(const struct wasm_module *m, const struct jit_options *options,
		struct jit_pool *pool, int image_fd, struct jit_stats *ret_stats,
		struct wsbox_err *err);

#endif
