/*
 * A module compiled ahead of time: an ELF file (a relocatable one for x86-64), so that tools that
 * read ELF list and disassemble it, with all that a run needs.
 *
 *	┌───────────────────────┐ 0
 *	│ ELF header            │
 *	├───────────────────────┤ CWASM_HEAD   section .wsbox
 *	│ struct cwasm          │              all that wsbox reads of the ELF file; and zeros
 *	├───────────────────────┤ image_off    page-aligned, the code image (jit/image.h):
 *	│ header, function table│              .wsbox.image
 *	│ sites, handlers       │              .wsbox.sites, .wsbox.handlers
 *	│ code                  │              .text
 *	├───────────────────────┤ module_off   page-aligned
 *	│ module                │              .wsbox.module
 *	├───────────────────────┤ lines_off
 *	│ line table            │              .wsbox.lines (jit/lines.h): for wsbox objdump
 *	├───────────────────────┤
 *	│ symbols, section table│              .symtab, .strtab, .shstrtab: for other tools only
 *	└───────────────────────┘
 * Its code is trusted as its maker is: nothing here proves that it was made from the module.
 */
#ifndef RUNTIME_BASE_CWASM_H
#define RUNTIME_BASE_CWASM_H

#include <stddef.h>
#include <stdint.h>

#include "runtime/base/err.h"

#define CWASM_MAGIC "wsboxaot"

enum cwasm_limit {
	CWASM_VERSION = 2,
	CWASM_HEAD = 64,		/* after the ELF header */
	CWASM_PAGE = 4096,
};

struct cwasm {
	char magic[8];
	uint32_t version, tier;
	uint64_t image_off, image_size, module_off, module_size;
	uint64_t features;		/* set of proposals that were on */
	uint8_t module[32];		/* SHA-256 */
	uint8_t build[32];		/* of wsbox (tools/build.h) */
	uint64_t lines_off, lines_size;
};

_Static_assert(sizeof(struct cwasm) == 8 + 8 + 40 + 64 + 16, "no padding is written");
_Static_assert(CWASM_HEAD + sizeof(struct cwasm) <= CWASM_PAGE, "within the first page");

/* Whether these first bytes of a file are those of an ELF file: no module begins so. */
int cwasm_is_elf(const void *start, size_t n);

/*
 * The head of a file from its first page (n bytes of it) and its size. build: that must have made
 * it, NULL for any, whose code cannot be run. 0, or -ENOEXEC with err
 * (WSBOX_INVALID) saying what is wrong with it: no compiled module, of another build, cut short.
 */
int cwasm_check(const void *start, size_t n, uint64_t file_size, const uint8_t build[32],
		struct cwasm *ret, struct wsbox_err *err);

#endif
