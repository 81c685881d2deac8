/*
 * The code image: what the compiler makes of a module, and all of it. One file, mapped
 * read-execute as it is; no fix-ups.
 *
 *	┌────────────────────┐ 0
 *	│ struct jit_image   │
 *	├────────────────────┤ funcs_off   u32 for each defined function: its entry's offset in text
 *	├────────────────────┤ text_off    page-aligned: machine code, jump tables, constants
 *	├────────────────────┤ sites_off   page-aligned: struct jit_site[nsites], sorted by pc
 *	├────────────────────┤ handlers_off   struct jit_handler[nhandlers]: inner first
 *	├────────────────────┤ osr_off     struct jit_osr[nosr], sorted by at
 *	└────────────────────┘ size
 * The instance takes everything else (types, imports, data, names) from the module. A reader
 * checks magic, version, sizes and offsets before use, but trusts text: whoever maps an image
 * trusts its maker (the compiler cell, or the cache's MAC).
 */
#ifndef JIT_IMAGE_H
#define JIT_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/base/err.h"

#define JIT_IMAGE_MAGIC "wsboximg"
#define JIT_IMAGE_VERSION 5

enum jit_image_flag {
	JIT_IMAGE_GS = 1 << 0,		/* code uses gs: the instance must set its base */
	JIT_IMAGE_FUEL = 1 << 1,
	/*
	 * Functions that call others begin with a look at their slot in the context (vmctx.h):
	 *	cmp qword [r13 + slot], 0; jne to jmp [r13 + slot]
	 * or heads of loops look (osr.h).
	 */
	JIT_IMAGE_REPLACEABLE = 1 << 2,
};

#define JIT_LOOK_BYTES 14		/* of these two instructions at the entry */

/* What an image was made from and by. Who hands an image on tells both sides the same. */
struct jit_origin {
	uint8_t module[32];		/* SHA-256; zero: not computed */
	uint8_t build[32];		/* of the compiler and the runtime; zero: not told */
};

struct jit_image {
	char magic[8];
	uint32_t version, flags;
	uint64_t size;			/* of the whole file */
	uint64_t module_size;
	struct jit_origin origin;
	uint32_t nfuncs, nsites;
	uint64_t funcs_off, sites_off, handlers_off, text_off, text_size;
	uint32_t ctx_size;		/* jit_layout.size the code was made for */
	uint32_t tier;
	uint32_t nhandlers, nosr;
	uint64_t osr_off;
};

/*
 * A place in code that can trap or call, and where it is in the module. pc is an offset in text:
 * of the instruction itself for accesses that may fault and for indirect tail calls, of the return
 * address for calls (and so for calls of the trap entry).
 */
struct jit_site {
	uint32_t pc;
	/* byte offset in the module, or JIT_SITE_ADAPTER; perhaps with JIT_SITE_RANGE */
	uint32_t at;
};

/*
 * A range: all that faults or calls from this pc up to the next site is at one place (0: not
 * known). Where a range ends and nothing begins there is an end.
 */
#define JIT_SITE_RANGE (1u << 31)
#define JIT_SITE_END 0u
/* A call of code between two calling conventions: its frame is no function's. */
#define JIT_SITE_ADAPTER (JIT_SITE_RANGE - 1)

/*
 * A catch clause: exceptions that leave a call whose return address is in (start, end] continue at
 * pc, if they have the tag. There rbp is the frame's, rax the exception, r13 and gs the
 * instance's; all locals are in their homes and rsp is not yet set. A function with handlers saves
 * all registers that calls preserve, so nothing else is to be restored.
 */
struct jit_handler {
	uint32_t start, end;
	uint32_t pc;
	uint32_t tag;		/* index in the module, or UINT32_MAX: any */
	uint32_t ref;		/* 1: the clause also gives a reference to the exception */
};

/* Code that goes on with a function at the head of a loop: osr.h. It lies behind the function. */
struct jit_osr {
	uint32_t at;			/* byte offset of the loop in the module */
	uint32_t pc;			/* offset in text */
};

/* Where a run is: function, by index, and byte offset in the module, or 0: not known. */
struct jit_place {
	uint32_t func, at;
};

/* Checks everything but the code. 0 or -ENOEXEC with err. */
int jit_image_check(const void *image, size_t size, struct wsbox_err *err);

/*
 * The site of the instruction at pc or, if pc is a return address, of the call before it. NULL: no
 * site.
 */
const struct jit_site *jit_image_site(const struct jit_image *image, uint32_t pc, bool call);

/* The last site at or before pc, of whatever function, or NULL. */
const struct jit_site *jit_image_near(const struct jit_image *image, uint32_t pc);

/* The defined function (0-based, imports not counted) whose text holds pc. */
uint32_t jit_image_func(const struct jit_image *image, uint32_t pc);

/* The code for the loop at this place, or NULL. */
const struct jit_osr *jit_image_osr(const struct jit_image *image, uint32_t at);

/* Number of the first handler whose code is at or behind pc; nhandlers if there is none. */
uint32_t jit_image_handler_from(const struct jit_image *image, uint32_t pc);

/* The handlers of the function that holds the return address pc: *ret_n of them. */
const struct jit_handler *jit_image_handlers(const struct jit_image *image, uint32_t pc,
					     uint32_t *ret_n);

#endif
