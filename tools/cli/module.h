/*
 * The module as the cells get it: a sealed memfd. Its bytes are copied and never looked at here.
 */
#ifndef TOOLS_CLI_MODULE_H
#define TOOLS_CLI_MODULE_H

#include <stdint.h>

#include "runtime/base/err.h"

/*
 * Opens the file, pipe or (for "-") standard input named path: a descriptor owned by the caller, or
 * a negative code with err set (status WSBOX_NOTFOUND if there is no such file).
 */
int module_source(const char *path, struct wsbox_err *err);

/*
 * Its bytes: a sealed memfd, owned by the caller, or a negative code with err set. Blocks until the
 * end of a pipe.
 */
int module_copy(int src, uint64_t *ret_size, struct wsbox_err *err);

/* The last part of a module's path, as it is called by. */
const char *module_name(const char *path);

/* wsbox-cell, opened for execution: installed beside this program or built with it. -errno with err
 * set. */
int cell_program_open(struct wsbox_err *err);

/* The same for wsbox-llvm, which is there if LLVM was when wsbox was built. who: "X needs". */
int llvm_program_open(const char *who, struct wsbox_err *err);

#endif
