/*
 * The ELF object that LLVM makes of a batch, read with every offset checked: what wrote it worked
 * on a guest's bytes. Private to jit/llvm.
 */
#ifndef JIT_LLVM_OBJECT_H
#define JIT_LLVM_OBJECT_H

#include <elf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/base/vec.h"

/* From this offset of a section on, code is of this line: an offset in the module, 0: unknown. */
struct ll_row_of_lines {
	uint32_t section, offset, line;
	bool end;			/* nothing follows at this offset */
};

struct ll_section {
	const uint8_t *at;
	uint32_t size, align;
	const Elf64_Rela *relas;
	uint32_t nrelas;
	uint32_t first_row, nrows;	/* of lines */
	bool text, data;		/* code; what code reads */
	bool placed;
	uint32_t off;			/* then: in the batch */
};

/* Code that goes on with a function at a loop's head. */
struct ll_osr {
	uint32_t func, at, section;
};

struct ll_object {
	void *buffer;			/* owned: an LLVMMemoryBufferRef */
	const uint8_t *bytes;
	size_t size;
	struct ll_section *sections;
	uint32_t nsections;
	const Elf64_Sym *symbols;
	uint32_t nsymbols;
	const char *names;
	size_t names_size;
	struct VEC(struct ll_row_of_lines) rows;
	uint32_t first, n;		/* functions of the batch, by index */
	uint32_t *text_of;		/* of each: the section of its code, 0: none */
	struct VEC(struct ll_osr) osrs;	/* by `at`, and so by function */
};

/* Takes the buffer. 0, -ENOMEM, -EBADMSG when it is not what is expected. */
int ll_object_read(struct ll_object *o, void *buffer, const void *bytes, size_t size,
		   uint32_t first, uint32_t n);
void ll_object_done(struct ll_object *o);

/* Forgets the functions whose bit is set, and where everything was placed. */
void ll_object_drop(struct ll_object *o, const uint64_t *which);

/* The symbol's name, NULL for one that has none. */
const char *ll_object_name(const struct ll_object *o, const Elf64_Sym *s);

/* line.c: the rows of .debug_line, in section `line`. 0, -ENOMEM, -EBADMSG. */
int ll_lines_read(struct ll_object *o, uint32_t line);

#endif
