/*
 * wsbox compile: an image made into an ELF file (runtime/base/cwasm.h). Done where the module may
 * be read, since the names of its functions become symbols.
 */
#ifndef TOOLS_CELL_ELF_H
#define TOOLS_CELL_ELF_H

#include "jit/image.h"
#include "jit/lines.h"
#include "runtime/base/cwasm.h"
#include "runtime/wasm/module.h"

/*
 * fd holds the image at CWASM_PAGE, image_size bytes; writes everything around it, among which are
 * the lines of its text. 0; -errno with err; *ret_size is the file's.
 */
int elf_wrap(int fd, uint64_t image_size, const struct wasm_module *m,
	     const struct jit_lines *lines, uint64_t *ret_size, struct wsbox_err *err);

#endif
