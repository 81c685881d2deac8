/*
 * Lines for people on standard error: "wsbox: ..." each in one write, so that lines of a guest
 * cannot cut them.
 */
#ifndef TOOLS_CLI_SAY_H
#define TOOLS_CLI_SAY_H

#include <stddef.h>

#include "runtime/base/err.h"

__attribute__((format(printf, 1, 2)))
void say(const char *fmt, ...);

/*
 * Says *err; file (may be NULL) is what it is about. "wsbox: FILE: TEXT (at byte 0x1c)". Returns
 * the exit status. TEXT may come from a cell: what is not printable is made so.
 */
int say_error(const struct wsbox_err *err, const char *file);

#endif
