/* The functions of an image as symbols of an ELF file. */
#ifndef TOOLS_CELL_SYMBOLS_H
#define TOOLS_CELL_SYMBOLS_H

#include <elf.h>

#include "jit/image.h"
#include "runtime/base/vec.h"
#include "runtime/wasm/module.h"

/* .symtab, all of it local, and .strtab. */
struct symbols {
	struct VEC(Elf64_Sym) at;
	struct VEC(char) names;
};

/*
 * A symbol for each function, at its offset in the section number text, as long as up to the next;
 * names are made printable. 0 or -ENOMEM; symbols_done() in any case.
 */
int symbols_make(const struct jit_image *image, const struct wasm_module *m, uint16_t text,
		 struct symbols *ret);
void symbols_done(struct symbols *s);

#endif
