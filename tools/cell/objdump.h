/*
 * wsbox objdump: a compiled module's machine code beside the instructions it was made of, function
 * by function, in the order of the module:
 *
 *	00000040 <add>: function 3, 23 bytes of code
 *	      40: 55                             push rbp
 *	0x02f3  local.get 0
 *	0x02f5  i32.load offset=8 align=4
 *	      44: 43 8b 44 05 08                 mov eax, dword ptr [r13 + r8 + 0x8]
 *
 * Machine code is numbered by its offset in .text, instructions by theirs in the module.
 */
#ifndef TOOLS_CELL_OBJDUMP_H
#define TOOLS_CELL_OBJDUMP_H

#include <stddef.h>

#include "jit/disasm.h"
#include "runtime/base/err.h"

/*
 * Writes the listing of a file that wsbox compile made, size bytes, page-aligned and untrusted, to
 * fd. func: a function's name or index, NULL for all. 0; -ENOEXEC with err when the file is not
 * what it should be, -ENOENT when it has no such function; -ENOMEM; or the error of a write. NULL
 * in wsbox-cell, which has no disassembler either.
 */
__attribute__((weak))
int objdump_print(const void *file, size_t size, const char *func, const struct jit_disasm *disasm,
		  int fd, struct wsbox_err *err);

#endif
