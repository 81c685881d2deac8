#include "runtime/base/cwasm.h"

#include <elf.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "runtime/base/num.h"

_Static_assert(sizeof(Elf64_Ehdr) == CWASM_HEAD, "the ELF header's size");

int cwasm_is_elf(const void *start, size_t n)
{
	return n >= SELFMAG && !memcmp(start, ELFMAG, SELFMAG);
}

/* A part of whole pages that lies behind the part that ends at *at. */
static bool part_follows(uint64_t off, uint64_t size, uint64_t file_size, uint64_t *at)
{
	uint64_t end;

	if (!size || off % CWASM_PAGE || off < *at || !num_add(off, size, &end) || end > file_size)
		return false;
	*at = end;
	return true;
}

int cwasm_check(const void *start, size_t n, uint64_t file_size, const uint8_t build[32],
		struct cwasm *ret, struct wsbox_err *err)
{
	uint64_t at = CWASM_PAGE;
	Elf64_Ehdr elf;
	struct cwasm c;

	if (!cwasm_is_elf(start, n) ||
	    (n >= CWASM_HEAD + sizeof(c.magic) &&
	     memcmp((const char *)start + CWASM_HEAD, CWASM_MAGIC, sizeof(c.magic))))
		return err_set(err, -ENOEXEC, WSBOX_INVALID,
			       "is no module that wsbox compile made, nor a WebAssembly module");
	if (n < CWASM_HEAD + sizeof(c))
		return err_set(err, -ENOEXEC, WSBOX_INVALID, "is cut short");
	memcpy(&elf, start, sizeof(elf));
	memcpy(&c, (const char *)start + CWASM_HEAD, sizeof(c));
	if (elf.e_machine != EM_X86_64 || elf.e_ident[EI_CLASS] != ELFCLASS64)
		return err_set(err, -ENOEXEC, WSBOX_INVALID, "is not for x86-64");
	if (c.version != CWASM_VERSION || (build && memcmp(c.build, build, sizeof(c.build))))
		return err_set(err, -ENOEXEC, WSBOX_INVALID,
			       "was compiled by another build of wsbox: compile the module again");
	if (!part_follows(c.image_off, c.image_size, file_size, &at) ||
	    !part_follows(c.module_off, c.module_size, file_size, &at) ||
	    c.lines_off < at || c.lines_off > file_size || c.lines_size > file_size - c.lines_off)
		return err_set(err, -ENOEXEC, WSBOX_INVALID, "is cut short or damaged");
	*ret = c;
	return 0;
}
