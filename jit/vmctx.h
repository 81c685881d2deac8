/*
 * What compiled code and the runtime share in memory. r13 points at the base of memory 0 in every
 * wasm function of every tier; the context of the instance lies directly below it:
 *
 *	  lower addresses                                                       r13
 *	──┬─────────┬─────────┬─────────┬────────┬──────────┬──────┬──────────────────┬──────────
 *	  │ carry,  │ globals │ imports │ tables │ memories │ sigs │ struct jit_vmctx │ memory 0
 *	  │ heads,  │         │         │        │          │      │                  │
 *	  │ slots   │         │         │        │          │      │                  │
 *	──┴─────────┴─────────┴─────────┴────────┴──────────┴──────┴──────────────────┴──────────
 *	16, 1, 8 each 16 each   32 each  32 each   16 each   4 each  JIT_VMCTX(field)   8 GiB +
 *	                                                 64 KiB, accessible up to its size
 * All are reached as [r13 - disp32]. Sizes depend on the module only: struct jit_layout computes
 * them for compiler and runtime alike. The context is never accessible as linear memory (indices
 * are unsigned).
 *
 * Memory 0 is reached as [r13 + index + offset] only if the module defines it. If it is imported,
 * as for memories 1 and up, its base is loaded from its slot: two instances that share a memory
 * have two contexts.
 */
#ifndef JIT_VMCTX_H
#define JIT_VMCTX_H

#include <stddef.h>
#include <stdint.h>

#include "runtime/wasm/module.h"

struct rt_instance;
struct rt_func;
struct rt_exec;

#define JIT_PAGE 65536u				/* a wasm page */
/* u32 index + u32 offset + access never leaves it */
#define JIT_MEMORY_RESERVE ((8ull << 30) + JIT_PAGE)

/*
 * A callee: what an indirect or imported call needs. Entries of funcref tables and import slots,
 * inline.
 */
struct jit_callee {
	uint32_t sig;		/* process-wide id of the type; 0: null entry */
	uint32_t flags;
	void *code;		/* to call, with r10 = address of this struct */
	void *ctx;		/* r13 of the function's owner; a host function's env */
	struct rt_func *func;	/* the reference value; NULL: null */
};

_Static_assert(sizeof(struct jit_callee) == 32, "compiled code shifts table indices by 5");

/* A function as a reference value points to it. Compiled code reads callee only. */
struct rt_func {
	struct jit_callee callee;
	struct rt_instance *owner;	/* of a host function: who imported it, or NULL */
	const void *type;	/* struct rt_type, or struct rt_host of a host function */
	uint32_t index;		/* in the owner's index space */
	uint32_t stack_bytes;	/* of arguments: what it pops */
	/* its code; callee.code may be a thunk that switches to the owner's context first */
	void *entry;
};

_Static_assert(sizeof(struct rt_func) == 64,
	       "compiled code computes ref.func as base + 64 * index");

/*
 * Calls from compiled code into the runtime; each a pointer in the context. Arguments in rsi rdx
 * rcx r8 r9 (rdi is loaded with the instance by the thunk), result in rax; clobbers what a call
 * clobbers; may trap.
 */
#define JIT_LIBCALLS(X) \
	X(memory_grow)		/* (memory, pages) -> old pages, or -1 as 64 bits */ \
	X(memory_copy)		/* (dst memory, src memory, d, s, n) */ \
	X(memory_fill)		/* (memory, d, byte, n) */ \
	X(memory_init)		/* (data | memory << 32, d, s, n) */ \
	X(data_drop)		/* (data) */ \
	X(table_get)		/* (table, i) -> reference */ \
	X(table_set)		/* (table, i, reference) */ \
	X(table_grow)		/* (table, reference, n) -> old size, or -1 as 64 bits */ \
	X(table_fill)		/* (table, i, reference, n) */ \
	X(table_copy)		/* (dst table, src table, d, s, n) */ \
	X(table_init)		/* (elem | table << 32, d, s, n) */ \
	X(elem_drop)		/* (elem) */ \
	X(exn_new)		/* (tag) -> exception; then its values are stored at it */ \
	X(throw)		/* (exception): goes on at a handler (image.h), exception in rax */

enum jit_libcall {
#define X(name) JIT_LIB_##name,
	JIT_LIBCALLS(X)
#undef X
	JIT_LIB_MAX,
};

#define JIT_EXN_VALUES 16

/* Why code trapped. Texts: those the spec suite expects (rt_trap_text). */
#define JIT_TRAPS(X) \
	X(UNREACHABLE, "unreachable") \
	X(OUT_OF_BOUNDS, "out of bounds memory access") \
	X(DIVIDE_BY_ZERO, "integer divide by zero") \
	X(INTEGER_OVERFLOW, "integer overflow") \
	X(INVALID_CONVERSION, "invalid conversion to integer") \
	X(INDIRECT_NULL, "uninitialized element") \
	X(INDIRECT_SIG, "indirect call type mismatch") \
	X(TABLE_BOUNDS, "out of bounds table access") \
	X(INDIRECT_BOUNDS, "undefined element") \
	X(NULL_REFERENCE, "null reference") \
	X(NULL_FUNCTION, "null function reference") \
	X(STACK_EXHAUSTED, "call stack exhausted") \
	X(NULL_EXCEPTION, "null exception reference") \
	X(UNALIGNED, "unaligned atomic") \
	X(INTERRUPTED, "interrupted") \
	X(OUT_OF_FUEL, "all fuel consumed") \
	X(CAST, "cast failure") \
	X(UNCAUGHT, "uncaught exception") \
	X(EXCEPTIONS, "out of memory for exceptions that are referred to") \
	X(HOST, "host function failed") \
	X(EXIT, "exit")		/* not a trap: proc_exit unwinds the same way */

enum rt_trap {
	RT_TRAP_NONE,
#define X(name, text) RT_TRAP_##name,
	JIT_TRAPS(X)
#undef X
	RT_TRAPS,
};

/*
 * The fixed part, just below r13. Compiled code reads and writes memory_size and the pointers it
 * calls only.
 */
struct jit_vmctx {
	void *lib[JIT_LIB_MAX];		/* libcall thunks */
	void *trap;			/* called with eax = enum rt_trap; does not return */
	/* called with r10 = entry, eax = the sig wanted: null or mismatch; does not return */
	void *indirect_fail;
	struct rt_instance *instance;
	struct rt_func *funcs;		/* one for each function index */
	struct rt_exec *exec;		/* the thread's stacks, of all instances of a store */
	/* called with esi = a loop's place in the module: 1: the function has run (osr.h), or 0 */
	void *osr;
	uint64_t reserved0;
	uint64_t stack_limit;		/* lowest usable address of the guest stack */
	uint64_t memory_size;		/* of memory 0, in bytes */
	uint64_t reserved[3];
};

_Static_assert(sizeof(struct jit_vmctx) % 16 == 0, "globals are 16-byte aligned below it");

/* r13-relative displacement of a field: negative. */
#define JIT_VMCTX(field) \
	((int32_t)offsetof(struct jit_vmctx, field) - (int32_t)sizeof(struct jit_vmctx))

/*
 * Slot of a table. own: the table itself. imported: only `link` is used, and points to the owner's
 * slot.
 */
struct jit_table {
	void *base;		/* never moves: the maximum is reserved */
	/* elements; struct jit_callee for funcref (and typed function references), else 8 bytes */
	uint64_t size;
	struct jit_table *link;	/* to itself, or to the owner's slot */
	void *rt;		/* struct rt_table */
};

#define JIT_CARRY_MAX 256u

struct jit_memory {
	void *base;
	uint64_t *size;		/* points to the owner's size in bytes */
};

/*
 * Displacements from r13 (negative) of the first slot of each kind; slot i is at disp + i * its
 * size.
 */
struct jit_layout {
	int32_t globals, imports, tables, memories, sigs;
	/* code that took a defined function's place, or NULL; where JIT_IMAGE_REPLACEABLE is set */
	int32_t slots;
	/* a byte for each defined function: its loops' heads ask the runtime to go on (osr.h) */
	int32_t heads;
	/* JIT_CARRY_MAX values of 16 bytes on their way between frames (osr.h) */
	int32_t carry;
	/* of all, with struct jit_vmctx; a multiple of 4096: where the mapping below r13 begins */
	uint32_t size;
};

/* 0, or -EFBIG when the context would not fit in 1 GiB. */
int jit_layout_init(struct jit_layout *l, const struct wasm_module *m);

/* Slot of global i: the value itself, or for an imported global a pointer to its owner's slot. */
static inline int32_t jit_global_disp(const struct jit_layout *l, uint32_t i)
{
	return l->globals + (int32_t)i * 16;
}

/* Slot of defined function i, 0-based. */
static inline int32_t jit_slot_disp(const struct jit_layout *l, uint32_t i)
{
	return l->slots + (int32_t)(i * sizeof(void *));
}

#endif
