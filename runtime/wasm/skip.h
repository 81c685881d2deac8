/* Steps over instructions without types: for scans and listings. Safe on any bytes. */
#ifndef RUNTIME_WASM_SKIP_H
#define RUNTIME_WASM_SKIP_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/base/reader.h"

/*
 * By opcode byte, what a walk that looks for locals and loops wants to know. From bit
 * WASM_WALK_DEPTH on it is by how many blocks the code behind it lies deeper: 1 for block and if,
 * -1 for end.
 */
enum wasm_walk {
	WASM_WALK_LOCAL = 1,		/* its number is a local's */
	WASM_WALK_WRITES = 2,		/* which it sets */
	WASM_WALK_CALL = 4,		/* call */
	WASM_WALK_DEPTH = 4,		/* place of a bit */
};
extern const int8_t wasm_op_walk[];

enum {
	WASM_SKIP_WINDOW = 128,
	WASM_SKIP_READ = WASM_SKIP_WINDOW + 6,
	WASM_SKIP_LONGEST = 9,		/* bytes */
};

/*
 * The length of the instruction at each of WASM_SKIP_WINDOW places, if one begins there: at most
 * WASM_SKIP_LONGEST. 0 where it takes a closer look: longer ones, most of control, wrong ones.
 */
void wasm_skip_lens(const uint8_t at[WASM_SKIP_READ], uint8_t ret[WASM_SKIP_WINDOW]);

/* The next opcode's enumerator, or WASM_OPS at the end and where there is none. */
uint16_t wasm_skip_opcode(struct reader *r);

/* Over what follows an opcode (enum wasm_imm). false: the bytes end or are wrong. */
bool wasm_skip_immediate(struct reader *r, uint8_t imm);

/* Over a number of LEB128, unchecked. */
bool wasm_skip_leb(struct reader *r);

#endif
