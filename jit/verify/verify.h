/*
 * The verifier of machine code: reads the finished text of a code image and refuses what a compiler
 * bug, or somebody who wrote to a cache, could use to leave the sandbox. It trusts nothing of the
 * image; it knows the module (decoded by the caller), the layout of the context (jit/vmctx.h) and
 * the convention (jit/cc.h). Its tables of instructions are its own (opcodes.h).
 *
 * Time and memory are linear in the text: one pass decodes and interprets a function, parts of it
 * that branches go back to are gone through a second time (walk.c), and facts that must hold over
 * joins are settled on blocks, where each of 17 bits can only fall once.
 *
 * What is proved of an image that is accepted, provided that every function is entered as the
 * convention says and that the runtime keeps the context as vmctx.h has it:
 *
 *  - All code that can be reached from entries, handlers and jump tables decodes as instructions of
 *    opcodes.h, each at one boundary only. No system call, no privileged or segment instruction, no
 *    x87, no far branch, no locked or repeated one, no prefix without effect.
 *  - Branches go to instructions of the same function; calls and tail calls to entries. Indirect
 *    ones are: through the context's pointers (runtime calls, traps), through a descriptor of the
 *    import table, through a table entry after the compare of index and size and the compare of
 *    types, through a jump table in the text, all of whose entries are instructions of the
 *    function, after the compare with its length; through a reference that is not null (see below).
 *  - Linear memory is accessed as gs:[32-bit sum], as [r13 + index + disp] with an index that was
 *    zero-extended on every path, or with one compared with the memory's size where pages do not
 *    guard. Facts about registers hold over joins and loops because they are solved for, not
 *    assumed.
 *  - Of the context only globals of the module are written, and only mutable ones, and where code
 *    may be replaced or replaces some, what is carried (osr.h); read are these, sizes, and pointers
 *    that serve in the forms above only.
 *  - What goes on with a function at a loop's head is right as a function without arguments.
 *  - r13, rbp and rsp hold what they should everywhere; saved registers are saved and restored; of
 *    the stack only the frame's own slots, its arguments and the arguments of calls are touched,
 *    and neither the return address, nor saved registers, nor the address of results is written
 *    over. Frames of more than a page are probed.
 *  - At calls and returns the 32-bit arguments and results are zero-extended, the address of
 *    results in memory points into the frame of the caller, and the callee's arguments are on the
 *    stack.
 *  - Indices that runtime calls trust are those of things the module has.
 *
 * Code of an optimizing tier (jit_image.tier) has no fixed forms. opt.h has its rules: every
 * register and slot of the frame has bounds, or is a pointer to something and how far beyond, at
 * the start of every block, settled over joins and loops; opt-affine.c says how registers that a
 * loop steps together are bounded by the compare of one. The same is proved of it, by other means:
 * an access lies wholly within the memory and its guard, whatever registers it is made of, or,
 * where addresses have 64 bits, begins in the memory or at its end, where a page faults; r13,
 * saved registers and rsp are the caller's when it returns, and r13 the context's at each call;
 * between stack pages that are touched lies no more than the guard. Jump tables may lie anywhere in
 * the text; their entries, as far as the bounds of the index go, must be code that is right when it
 * is come to. Stubs and adapters are known by their form. What cannot be proved of a function is
 * refused, as is one that is too large or takes too long: jit_compile() asks jit_verify_part()
 * first, and has such a function made again, or by the baseline. Visits to a block are limited, and
 * the time is linear in the text times the frame's slots.
 *
 * What is not proved:
 *
 *  - That references (funcref, externref, exnref: pointers) are not forged from numbers. A value in
 *    a register or slot has no type here, and so call_ref, throw_ref, table.set and global.set take
 *    any. Modules that do not use function references have no call_ref.
 *  - That a 64-bit global, parameter or carried value is used as its type; that a function computes
 *    what the module says. Wrong results are not this program's subject.
 *  - That a division cannot fault, or an access has a site: both kill the cell, which is safe.
 *  - Speculative execution.
 */
#ifndef JIT_VERIFY_VERIFY_H
#define JIT_VERIFY_VERIFY_H

#include "jit/image.h"
#include "runtime/wasm/module.h"

struct jit_pool;

/*
 * Whether the image, checked by jit_image_check() and all in memory, is safe code for this module.
 * 0; -ENOEXEC with err "code verifier: function N at +0x..: ...", the lowest such function;
 * -ENOMEM. pool (jit/compile.h) may be NULL: the caller works alone.
 */
int jit_verify(const struct jit_image *image, const struct wasm_module *m, struct jit_pool *pool,
	       struct wsbox_err *err);

/* Functions of an optimizing tier, before they are placed in an image. */
struct jit_verify_part {
	const struct wasm_module *m;
	const struct jit_layout *layout;
	const uint8_t *text;
	uint32_t size;
	uint32_t first, n; /* defined functions, 0-based: all whose code lies in text */
	const struct jit_entry *entries;	/* of these; offsets in text */
	const struct jit_reloc
		*relocs; /* of calls whose target is not there yet; by offset, or not */
	size_t nrelocs;
	const struct jit_site *sites;
	size_t nsites;
	const struct jit_osr *osrs;
	size_t nosrs;
	const uint64_t *optimized;	/* a bit for each function that is looked at */
};

/*
 * Sets the bit of each function that would be refused, and counts them. 0, -ENOMEM. What is said of
 * a function here jit_verify() says again of the image, where calls have their targets.
 */
int jit_verify_part(const struct jit_verify_part *part, uint64_t *ret_refused, uint32_t *ret_n);

#endif
