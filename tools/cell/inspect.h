/*
 * wsbox inspect: a module's contents, one thing a line.
 */
#ifndef TOOLS_CELL_INSPECT_H
#define TOOLS_CELL_INSPECT_H

#include "runtime/wasm/module.h"

/* Writes the listing to fd. 0 or -errno of a write. */
int inspect_print(const struct wasm_module *m, int fd);

#endif
