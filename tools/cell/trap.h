/*
 * A trap as the user sees it: one line with its kind, then the wasm frames.
 */
#ifndef TOOLS_CELL_TRAP_H
#define TOOLS_CELL_TRAP_H

#include "runtime/rt.h"

enum trap_limit { TRAP_FRAMES_MAX = 64 };	/* shown; the depth beyond is told as a number */

/*
 * On standard error:
 *	wsbox: trap: integer divide by zero
 *	  0: divide + 0x1c (0x2f3)		offset in the function's body, and in the module
 */
void trap_print(const struct rt_store *store, int trap);

#endif
