/*
 * The line table: for all of an image's text, of which instruction of the module it was made. Made
 * when it is asked for only (struct jit_options), since nothing that runs needs it; an image has
 * the places that can trap or call (struct jit_site).
 */
#ifndef JIT_LINES_H
#define JIT_LINES_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/base/err.h"
#include "runtime/base/vec.h"

/* Not instructions of the module. */
#define JIT_LINE_NONE 0u	/* code of none: prologues, stubs, what the optimizer moved */
#define JIT_LINE_DATA 1u	/* no code: constants, jump tables, padding */

/* What text is from this pc up to the next line's: offsets of an opcode in the module, or above. */
struct jit_line {
	uint32_t pc, at;
};

/* By pc, each larger than the one before it. */
struct jit_lines VEC(struct jit_line);

struct jit_bytes VEC(uint8_t);

/* Text from pc on is of `at`; what was said of the same pc is replaced. false: out of memory. */
bool jit_line_add(struct jit_lines *lines, uint32_t pc, uint32_t at);

/*
 * As bytes: for each line two numbers in LEB128, how much larger its pc is than the one before it
 * and, signed, its place. Appended to *to. 0 or -ENOMEM.
 */
int jit_lines_write(const struct jit_lines *lines, struct jit_bytes *to);

/*
 * Untrusted bytes as lines of text_size bytes of code and a module of module_size. Appended to
 * *ret, which the caller ends in any case. 0; -ENOMEM; -ENOEXEC with err when they are not what
 * jit_lines_write() makes.
 */
int jit_lines_read(const void *bytes, size_t n, uint64_t text_size, uint64_t module_size,
		   struct jit_lines *ret, struct wsbox_err *err);

#endif
