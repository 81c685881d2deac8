/* Steps over instructions without types: for scans and listings. Safe on any bytes. */
#ifndef RUNTIME_WASM_SCAN_H
#define RUNTIME_WASM_SCAN_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/base/reader.h"

/* The next opcode's enumerator, or WASM_OPS at the end and where there is none. */
uint16_t wasm_skip_opcode(struct reader *r);

/* Over what follows an opcode (enum wasm_imm). false: the bytes end or are wrong. */
bool wasm_skip_immediate(struct reader *r, uint8_t imm);

/* Over a number of LEB128, unchecked. */
bool wasm_skip_leb(struct reader *r);

#endif
