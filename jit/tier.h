/*
 * A compiler beside the baseline that makes better code, by batches. It may leave any function to
 * the baseline: both kinds of code are placed in the same image and call each other.
 *
 * For each batch, in this order: batch(); for each function of it place(), or after the baseline
 * compiled it baseline(); finish(). Then the verifier looks at what the tier made
 * (verify/verify.h). Of functions that it refuses again() is told, and all are placed once more,
 * until none is refused. Each worker has a state of its own.
 */
#ifndef JIT_TIER_H
#define JIT_TIER_H

#include <stddef.h>
#include <stdint.h>

#include "runtime/base/err.h"

struct jit_layout;
struct jit_options;
struct jit_out;
struct wasm_module;

/* jit_image.tier */
enum jit_tier_id { JIT_TIER_BASELINE, JIT_TIER_LLVM };

/*
 * Where a function is entered, offsets in its batch and later in text. `inner` follows the C
 * convention for stack arguments (the caller pops them), and is only of use to code of this tier;
 * it is `entry` where the type has no stack arguments.
 */
struct jit_entry {
	uint32_t entry, inner;
};

struct jit_tier {
	const char *name;
	enum jit_tier_id id;
	uint32_t batch_bytes;		/* of bodies */
	size_t stack_size;		/* of the threads it runs in */
	/* Once, while the process may still do anything. */
	void (*start)(void);
	/* NULL: out of memory */
	void *(*worker_new)(const struct wasm_module *m, const struct jit_layout *layout,
			    const struct jit_options *options);
	void (*worker_free)(void *worker);
	/* Compiles what it can of the functions [first, first + n), by index. 0, -ENOMEM. */
	int (*batch)(void *worker, uint32_t first, uint32_t n);
	/*
	 * The functions whose bit is set, counted from the batch's first, were refused: makes them
	 * in a way that is easier to verify. After a few times it leaves whatever is refused to the
	 * baseline. 0, -ENOMEM.
	 */
	int (*again)(void *worker, const uint64_t *refused);
	/* Appends the code of a function: 0, -ENOSPC, -ENOMEM; -ENOTSUP: the baseline does it. */
	int (*place)(void *worker, uint32_t func, struct jit_out *out, struct jit_entry *ret);
	/* The baseline's code of a function, whose entry is set, has just been appended. */
	int (*baseline)(void *worker, uint32_t func, struct jit_out *out, struct jit_entry *entry);
	/* Appends what functions of the batch share, and makes their references good. */
	int (*finish)(void *worker, struct jit_out *out);
};

#endif
