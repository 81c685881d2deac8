/* Steps over instructions without types: for scans and listings. Safe on any bytes. */
#ifndef RUNTIME_WASM_SKIP_H
#define RUNTIME_WASM_SKIP_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/base/reader.h"

/* By opcode byte, how to step over it quickly. */
enum wasm_skip {
	WASM_SKIP_ONE = 1,		/* LEB128 number follows; or */
	WASM_SKIP_TWO = 3,
	WASM_SKIP_LOCAL = 4,		/* the number is one */
	WASM_SKIP_WRITES = 8,		/* that local */
	WASM_SKIP_BLOCK = 16,		/* alone: block or if */
	WASM_SKIP_END = 32,		/* alone: end */
	WASM_SKIP_MEMARG = 64,		/* a third number follows if the first has bit 6 */
	WASM_SKIP_FAST = 128,		/* it is no more than that: no control, no call */
};
extern const uint8_t wasm_op_skip[];

/* The next opcode's enumerator, or WASM_OPS at the end and where there is none. */
uint16_t wasm_skip_opcode(struct reader *r);

/* Over what follows an opcode (enum wasm_imm). false: the bytes end or are wrong. */
bool wasm_skip_immediate(struct reader *r, uint8_t imm);

/* Over a number of LEB128, unchecked. */
bool wasm_skip_leb(struct reader *r);

#endif
