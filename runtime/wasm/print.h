/* Instructions as text, as the text format has them. Safe on any bytes. */
#ifndef RUNTIME_WASM_PRINT_H
#define RUNTIME_WASM_PRINT_H

#include <stdbool.h>
#include <stddef.h>

#include "runtime/base/reader.h"

/*
 * The next instruction of a body, its name and its immediates in the order of the binary format,
 * into buf (size > 0), cut where that is full. false: r has no more, or what comes next is no
 * instruction: r is then at its end, and failed if it was not there before.
 */
bool wasm_print_insn(struct reader *r, char *buf, size_t size);

#endif
