/*
 * What the verifier knows while it goes through a function. Private to jit/verify.
 *
 * Two kinds of facts about a general register:
 *  - one bit, "zero-extended from 32 bits", which is followed over joins: a block says which bits
 *    it makes (zx), which it passes on from its start (inherited) and which it needs at its start;
 *    flow.c solves for what holds. Bit 16 is treated alike: r10 is the address of a table entry.
 *  - a kind (what a pointer points to, what was compared): only as far as control falls through.
 */
#ifndef JIT_VERIFY_FUNC_H
#define JIT_VERIFY_FUNC_H

#include "jit/verify/insn.h"
#include "jit/verify/verify.h"
#include "jit/vmctx.h"
#include "runtime/base/vec.h"

enum { RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8, R9, R10, R11, R12, R13, R14, R15 };

#define BIT(r) (1u << (r))
#define JV_CALLEE_SAVED (BIT(RBX) | BIT(R12) | BIT(R14) | BIT(R15))
#define JV_ENTRY_BIT BIT(16)	/* r10 is a table entry's address */
#define JV_ALL_BITS (BIT(17) - 1)

enum jv_kind {
	KIND_NONE,
	KIND_SAME,	/* n: the value that register had at the start of the block */
	KIND_CONST,	/* the value is in jv_state.value */
	/*
	 * of two zero-extended values. n: 0, or 1 + the register at the block's start of which it
	 * is needed
	 */
	KIND_SUM,
	KIND_MEMORY,	/* base of memory n */
	KIND_SIZE_AT,	/* address of the size of memory n */
	KIND_SIZE,	/* the size in bytes of memory n */
	KIND_SIZE_UP,	/* the same plus 4095 */
	KIND_BEYOND,	/* the first address without access of memory n */
	/*
	 * an offset in memory n & 0xff at which n >> 8 bytes are inside, or the first access faults
	 */
	KIND_CHECKED,
	KIND_TABLE,	/* address of the slot of table n, or of the slot it links to */
	KIND_BELOW,	/* 32 bits compared: below n */
	KIND_BELOW64,	/* likewise, 64 bits */
	KIND_INDEX,	/* below the size of table n */
	KIND_OFFSET,	/* such an index, times 32 */
	KIND_BELOW_32,	/* n & JV_N_MAX: below that, times 32; n >> JV_N_BITS: as of KIND_SUM */
	KIND_ENTRY,	/* address of an entry of table n */
	KIND_SIG,	/* the id of type n */
	KIND_CALLEE,	/* address of the descriptor of a function of type n */
	KIND_IMPORT,	/* address of the descriptor of import n */
	KIND_NOT_NULL,	/* a reference */
	KIND_GLOBAL,	/* address of the value of imported global n */
	KIND_EXN,	/* exception with tag n */
	KIND_RESULTS,	/* where this function's results go */
	KIND_FRAME,	/* address in the frame: rbp - n */
};

#define JV_N_BITS 24
#define JV_N_MAX ((1u << JV_N_BITS) - 1)

/* A function type, as calls look to machine code. */
struct jv_sig {
	uint32_t stack_bytes;	/* of arguments: the callee pops them */
	uint32_t c_bytes; /* the same by C's convention, without padding: what a callee may write */
	uint32_t result_bytes;	/* in memory, at rdi; 0: in registers */
	uint16_t args, results;	/* registers that hold zero-extended values */
	uint32_t stack_args;	/* likewise words of the arguments on the stack; of the first 32 */
	bool func;		/* it is the type of functions */
};

/*
 * Code from where control comes to, up to where it surely leaves or comes to another block. Where a
 * branch goes back into code that was gone through before it was known to be a target, a block
 * begins there too, and that code is gone through once more; the block that it lies in stays what
 * it was, the way on from its own beginning.
 */
struct jv_block {
	uint32_t at;		/* in text */
	uint32_t in;		/* facts that hold at its start on every path: solved */
	uint32_t need;		/* facts that must */
	uint32_t need_at;	/* the first instruction that needs one */
	uint32_t first_edge, end_edge;	/* JV_NOT_WALKED as the first: nothing is known of it yet */
	uint32_t tag;		/* of a handler: tag index + 1, UINT32_MAX: any; 0: not a handler */
	bool closed;		/* no branch may go here: the beginning, a handler */
};

#define JV_NOT_WALKED UINT32_MAX

struct jv_edge {
	uint32_t to;		/* block */
	uint32_t make, pass;
	/* destination << 4 | source: what held of the source at the block's start; 0: none */
	uint8_t moved[2];
};

/* In jv.map, for each byte of the function: */
#define JV_START 0x80000000u	/* an instruction begins here */
#define JV_SEALED 0x7fffffffu	/* of a sequence that is entered at its beginning only; no block */
#define JV_BLOCK 0x7fffffffu	/* 1 + the block that begins here, 0: none */

struct jv_state {
	uint32_t zx, inherited, special;	/* sets of registers; special: not KIND_NONE */
	uint8_t kind[16];
	uint32_t n[16];
	uint64_t value[16];
	uint32_t depth;		/* of rsp below rbp */
	bool leaving;		/* the epilogue has begun */
	bool left;		/* rsp is at the return address, the caller's registers are back */
	uint32_t left_args;	/* bytes of arguments above it */
};

/* Where memory operands of up to 8 bytes are right at once. */
struct jv_near {
	int64_t low;		/* [rbp + disp]: disp is that at least, */
	uint64_t span;		/* and less than so far beyond */
	int64_t memory;		/* [r13 + disp] and [r13 + index + disp]: at least that */
};

struct jv {
	const struct wasm_module *m;
	const struct jit_image *image;
	const uint8_t *text;
	uint32_t text_size;
	const uint32_t *entries;
	uint32_t first, nfuncs;		/* defined functions that are in text */
	const struct jit_reloc *relocs;	/* of a part of an image: sorted by offset */
	size_t nrelocs;
	struct jit_layout layout;
	struct jv_sig *sigs;		/* of each type */
	uint32_t *bucket;		/* the first function from each 64 bytes of text on */
	bool own_memory;		/* memory 0 lies at r13 */
	bool gs;			/* gs: reaches it, too */
	bool thorough;			/* all is left to jv_step(): to compare */
	int8_t references;		/* the module has function references: 1, 0; -1: unknown */

	uint32_t func, lo, hi;		/* the function, 0-based, and its part of text */
	uint32_t quick_end;		/* from there on all is, too */
	const struct jv_sig *sig;
	uint32_t *map;			/* of each byte from lo: JV_START, JV_BLOCK */
	struct VEC(struct jv_block) blocks;
	struct VEC(struct jv_edge) edges;
	struct VEC(uint32_t) work;
	uint32_t table_entries;		/* of the jump tables so far */
	uint32_t last_target;		/* the furthest place that control goes to */
	const struct jit_handler *handlers;
	uint32_t nhandlers;

	uint8_t saved[4];		/* registers, as pushed */
	uint32_t nsaved;
	uint32_t pinned;		/* registers that may not be written */
	uint32_t frame;			/* rsp is this far below rbp, but for arguments of calls */
	uint32_t bottom;		/* what may be touched below rbp */
	struct jv_near near;		/* the same, for quick.c */
	bool leaf;
	/*
	 * sequences that the prologue branches to, in text, until the walk has come by them; then
	 * UINT32_MAX, as without them
	 */
	uint32_t replaced;		/* the jump to what took the function's place */
	uint32_t probe, probe_end;	/* the probe of a large frame */

	struct jv_state s;
	uint32_t at;			/* in text: behind the instruction at hand */
	uint32_t block, block_at;	/* the current one, and where it begins in text */
	bool reached;			/* control falls through to the next instruction */

	struct jv_opt *opt, *stub;	/* NULL: no optimized code */
	uint32_t copy_stub;		/* where a stub of memory.copy was found, or UINT32_MAX */

	const char *bad;		/* NULL, or what is wrong */
	uint32_t bad_at;
};

/* Says what is wrong at this place in text, once. false. */
bool jv_fail(struct jv *v, uint32_t at, const char *what);
/* The same of what no code is to blame for. */
bool jv_lacks_memory(struct jv *v);

static inline bool jv_refuse(struct jv *v, const struct jv_insn *i, const char *what)
{
	return jv_fail(v, i->at, what);
}

static inline enum jv_kind jv_kind_of(const struct jv *v, unsigned int reg)
{
	return reg < 16 && v->s.special & BIT(reg) ? (enum jv_kind)v->s.kind[reg] : KIND_NONE;
}

static inline bool jv_is(const struct jv *v, unsigned int reg, enum jv_kind kind, uint32_t n)
{
	return jv_kind_of(v, reg) == kind && v->s.n[reg] == n;
}

/* Adds to what is known of a register. */
static inline void jv_know(struct jv *v, unsigned int reg, enum jv_kind kind, uint32_t n)
{
	v->s.special |= BIT(reg);
	v->s.kind[reg] = (uint8_t)kind;
	v->s.n[reg] = n;
}

/* The register is written; 32 bits clear the upper half, fewer leave it. */
static inline bool jv_set(struct jv *v, const struct jv_insn *i, unsigned int reg,
			  unsigned int width)
{
	uint32_t b = BIT(reg);

	if (b & v->pinned)
		return jv_refuse(v, i, "writes a register that it may not");
	v->s.special &= ~b;
	v->s.inherited &= ~b;
	if (width >= 4)
		v->s.zx = width == 4 ? v->s.zx | b : v->s.zx & ~b;
	return true;
}

/* Whether the register is zero-extended, perhaps on a condition for the block's start. */
bool jv_zero_extended(struct jv *v, const struct jv_insn *i, unsigned int reg);
/* The block needs these facts at its start. */
void jv_need(struct jv *v, const struct jv_insn *i, uint32_t bits);

static inline bool jv_test(const uint64_t *bits, uint32_t i)
{
	return bits[i / 64] >> i % 64 & 1;
}

/*
 * verify.c: set up for an image; jv_done() in any case. Then any functions, in any order; false:
 * v->bad says why.
 */
int jv_init(struct jv *v, const struct jit_image *image, const struct wasm_module *m,
	    struct wsbox_err *err);
bool jv_function(struct jv *v, uint32_t f);
void jv_done(struct jv *v);

/* flow.c */
/* Decodes the instruction at `at`, which is in the text: its length, or 0. */
unsigned int jv_decode_at(const struct jv *v, uint32_t at, struct jv_insn *ret);
/* Decodes n instructions, one behind the other. False: they are not all in the function, or bad. */
bool jv_peek(const struct jv *v, uint32_t at, struct jv_insn *ret, uint32_t n);
/*
 * The n instructions before the one at `at`, the nearest last, as far as control has come by all of
 * them from the block's start on its way to `at`. False: there are not as many.
 */
bool jv_look_back(const struct jv *v, uint32_t at, struct jv_insn *ret, uint32_t n);
/* No branch goes to one of these n instructions, nor shall any. */
bool jv_seal(struct jv *v, const struct jv_insn *i, uint32_t n);
bool jv_flow_init(struct jv *v);	/* the entry and the handlers */
bool jv_edge_to(struct jv *v, uint32_t from, uint32_t to);	/* places in text */
/* A block to which nobody branches yet. */
bool jv_block_new(struct jv *v, uint32_t at, uint32_t *ret);
void jv_block_begin(struct jv *v, uint32_t block);
bool jv_fall_into(struct jv *v, uint32_t block);	/* control does, from before v->at */
bool jv_solve(struct jv *v);

/* walk.c: all of a function of the baseline's. */
bool jv_baseline(struct jv *v);

/* quick.c: goes on from v->at to where a block begins or control does not fall through. */
bool jv_walk_block(struct jv *v);
#define JV_READ_AHEAD 24u	/* bytes from an instruction's first that it may read */

/* check.c: what one instruction does, or the sequence that it begins. */
bool jv_step(struct jv *v, const struct jv_insn *i);

/* memory.c: whether the access of i is allowed. */
bool jv_memory(struct jv *v, const struct jv_insn *i);
/* The same for mov from memory; then dst is known to be what was loaded. */
bool jv_load(struct jv *v, const struct jv_insn *i);
/* [r13 + disp] of i is *ret_table's slot at this offset, or a register has its address. */
bool jv_table_field(const struct jv *v, const struct jv_insn *i, uint32_t off, uint32_t *ret_table);
/* i reads the size in bytes of a memory. */
bool jv_memory_size(const struct jv *v, const struct jv_insn *i, uint32_t *ret_memory);

/*
 * frame.c. Those that go over several instructions leave v->at behind the last one.
 */
bool jv_prologue(struct jv *v);
bool jv_zero_loop(struct jv *v, const struct jv_insn *i);
bool jv_replace_frame(struct jv *v, const struct jv_insn *i);
bool jv_starts_replace(const struct jv *v, const struct jv_insn *i);
bool jv_lea_rsp(struct jv *v, const struct jv_insn *i);
bool jv_pop(struct jv *v, const struct jv_insn *i);
bool jv_leave(struct jv *v, const struct jv_insn *i);

bool jv_guarded(const struct jv *v, uint32_t memory);
/* i is an access of [r13 + disp], disp < 0: whether the part of the context may be. */
bool jv_context(struct jv *v, const struct jv_insn *i);
/* The same reads a pointer: to what, of number *n. */
enum jv_kind jv_context_pointer(const struct jv *v, const struct jv_insn *i, uint32_t *n);
/* The same reads the number that stands for a type. */
bool jv_type_at(const struct jv *v, const struct jv_insn *i, uint32_t *ret_type);
/* [r13 + disp] is a pointer to code that is called. */
bool jv_calls_from(const struct jv *v, int32_t disp);

/* call.c */
bool jv_call(struct jv *v, const struct jv_insn *i);
bool jv_call_indirect(struct jv *v, const struct jv_insn *i);
bool jv_tail(struct jv *v, const struct jv_insn *i);
bool jv_tail_indirect(struct jv *v, const struct jv_insn *i);
bool jv_return(struct jv *v, const struct jv_insn *i);
/* The type of the function whose entry this is, or NULL. */
const struct jv_sig *jv_entry_sig(const struct jv *v, uint32_t at);
/* The type that a call_ref at i, or its tail call, names, or NULL. */
const struct jv_sig *jv_reference_sig(struct jv *v, const struct jv_insn *i);
/* [r13 + disp] is the pointer to a call of the runtime. */
bool jv_lib_of(const struct jv *v, int32_t disp, uint32_t *ret_lib);
/* Whether it may be given this index as its k-th argument. value NULL: not known. */
bool jv_lib_takes(const struct jv *v, uint32_t lib, unsigned int k, const uint64_t *value);
/* Whether the call never returns: a trap, a throw. */
bool jv_ends(const struct jv_insn *i);

#endif
