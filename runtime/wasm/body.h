/*
 * One pass over a function body: decode an instruction, check its types, hand it out.
 *
 *	wasm_body_init(&b, ...);
 *	while ((ret = wasm_body_next(&b, &insn)) > 0) {
 *		...use insn and b.sp[-1], b.sp[-2]...; leave the stack as wasm_body_apply() would
 *		wasm_body_apply(&b, &insn);
 *	}
 *
 * The abstract stack is the validation stack: each entry holds its type and, behind it, what a
 * compiler wants to know about the value (where it is). wasm_body_next() checks the operands that
 * lie on the stack but moves nothing. Then the stack must be brought to the state after the
 * instruction:
 *  - wasm_body_apply() does it for every instruction and leaves the compiler's part of the new
 *    entries zero;
 *  - for instructions that are not control (row flag WASM_OP_CONTROL), a compiler in reachable
 *    code may instead lower b.sp by insn.npop and push the insn.npush types at insn.push itself
 *    with wasm_body_push();
 *  - other control instructions need exactly one wasm_body_apply(), when the compiler is ready
 *    for it, but a br_if whose label takes nothing may do with its operand popped. Before it,
 *    b.ctl is the frame as it was; after it, entered or left. Values that stay
 *    on the stack (the parameters of a block, the operands a br_if leaves) keep the compiler's
 *    part; those of else and end are new.
 * In dead code (wasm_body_dead() before the instruction) there is nothing to compile: apply only.
 * Linear time; memory bounded by the body's size.
 */
#ifndef RUNTIME_WASM_BODY_H
#define RUNTIME_WASM_BODY_H

#include "runtime/base/reader.h"
#include "runtime/base/vec.h"
#include "runtime/wasm/module.h"
#include "runtime/wasm/op.h"

/* 16 bytes. All but `type` belongs to the compiler and is zero after wasm_body_apply(). */
struct wasm_val {
	wasm_valtype type;
	uint8_t kind;		/* where the value is: the compiler's own enum */
	uint8_t reg;
	uint8_t reg2;
	uint8_t scale;
	union {
		uint64_t bits;	/* constant */
		uint32_t local;	/* alias of a local */
		struct {
			int32_t disp;
			uint32_t at;
		};
	};
};
_Static_assert(sizeof(struct wasm_val) == 16, "moved and cleared by one instruction");

struct wasm_insn {
	const struct wasm_op_row *row;
	/* types it pushes, npush of them; not control. One may be read in any case */
	const wasm_valtype *push;
	/* operands it takes off the stack: fewer than it needs in dead code only */
	uint32_t npop, npush;
	uint16_t op;		/* enum wasm_op */
	uint8_t lane;
	uint8_t align;		/* memarg: log2; br_on_cast: its flags */
	uint32_t at;		/* byte offset of the opcode in the module */
	/* local, global, function, type, table, data, elem, label depth, memory, tag */
	uint32_t index;
	/* second index: a copy's source, call_indirect's table, memory.init's memory, a field */
	uint32_t index2;
	union {
		uint64_t bits;			/* const: i32 (sign-extended), i64, f32, f64 */
		uint64_t offset;		/* memarg */
		const uint8_t *bytes16;		/* v128.const, i8x16.shuffle */
		/* valid until the next instruction: */
		const struct wasm_functype *callee;	/* calls */
		/* block, loop, if, try_table (its catches: b.catches) */
		const struct wasm_functype *block;
		const uint32_t *targets;		/* br_table: by index, then the default */
		struct {
			wasm_valtype from, to;		/* br_on_cast; ref.test and ref.cast: to */
		};
	};
};

/* A catch clause; `label` counts from outside the try_table. */
enum wasm_catch_kind { WASM_CATCH, WASM_CATCH_REF, WASM_CATCH_ALL, WASM_CATCH_ALL_REF };
struct wasm_catch {
	uint32_t kind, tag, label;
};

enum wasm_ctl_kind {
	WASM_CTL_FUNC, WASM_CTL_BLOCK, WASM_CTL_LOOP, WASM_CTL_IF, WASM_CTL_ELSE, WASM_CTL_TRY,
};

struct wasm_ctl {
	uint8_t kind;
	bool unreachable;	/* the rest of this frame cannot be reached */
	bool dead;		/* it was entered in dead code: nothing of it is compiled */
	uint32_t height;	/* values below it on the stack; its parameters lie above */
	const struct wasm_functype *type;
	const wasm_valtype *label;	/* types a branch to it carries, nlabel of them */
	uint32_t nlabel;
	uint32_t inits;		/* b.inits.len at its start */
};

struct wasm_body {
	const struct wasm_module *m;
	struct reader r;
	const wasm_valtype *locals;	/* nlocals of them, parameters first */
	uint32_t nlocals, declared;
	/* the numbers that messages say, where only some of those declared are kept; else NULL */
	const uint32_t *local_names;
	uint32_t func;
	struct wasm_val *stack, *sp, *stack_end;	/* sp: one past the top */
	struct wasm_val *base;				/* stack + ctl->height */
	/* ctl: the innermost; ctls[0] is none, ctls[1] the function's */
	struct wasm_ctl *ctls, *ctl, *ctls_end;
	const struct wasm_functype *type;
	struct wsbox_err *err;
	struct arena *arena;		/* the function's */
	/* per local: it has a value; NULL when all have one from the start */
	uint8_t *local_set;
	uint32_t *inits;		/* locals set, in order, to be unset as blocks end */
	uint32_t ninits;
	uint32_t *targets;		/* br_table's */
	uint32_t targets_cap;
	struct wasm_catch *catches;	/* try_table's: insn.index of them */
	wasm_valtype types[4];		/* backs insn.push */
	uint8_t short_locals;		/* locals below this: value and index of one byte each */
	bool vectors;			/* a local that is no parameter is a v128 */
	bool constant;			/* a constant expression */
	uint8_t lacks;			/* enum wasm_need */
	uint32_t nglobals;		/* globals it may read */
};

/*
 * Reads the local declarations and opens the function's frame. 0, or -ENOEXEC / -ENOMEM with err
 * set.
 */
int wasm_body_init(struct wasm_body *b, const struct wasm_module *m, uint32_t func,
		   struct arena *arena, struct wsbox_err *err);

/* Free entries above sp that every instruction finds. */
enum { WASM_BODY_ROOM = 8 };

/* What wasm_body_next() does if neither of the short ways below takes the instruction. */
int wasm_body_other(struct wasm_body *b, struct wasm_insn *insn);

/* No instruction of the short ways is longer than three bytes. */
static inline bool wasm_body_roomy(const struct wasm_body *b)
{
	return __builtin_expect(b->r.end - b->r.at >= 3 && b->stack_end - b->sp >= WASM_BODY_ROOM,
				1);
}

/*
 * The next instruction if it has a short form (struct wasm_op_row) and its operands lie on the
 * stack with exactly its types. One branch settles all of that. Else nothing has been moved.
 */
static inline bool wasm_body_short(struct wasm_body *b, struct wasm_insn *insn)
{
	const uint8_t *at = b->r.at;
	const struct wasm_val *sp = b->sp;
	const struct wasm_op_row *row;

	if (!wasm_body_roomy(b))
		return false;
	row = (const void *)((const char *)wasm_ops + wasm_op_rows[at[0]]);
	if ((((sp[-1].type ^ row->top[0]) & row->top_mask[0]) |
	     ((sp[-2].type ^ row->top[1]) & row->top_mask[1]) |
	     (at[1] > row->second_max) | (at[2] > row->third_max) |
	     (row->short_needs & b->lacks)) != 0 ||
	    sp - row->nparams < b->base)
		return false;
	insn->row = row;
	insn->op = (uint16_t)(row - wasm_ops);
	insn->at = (uint32_t)(at - b->r.base);
	insn->index = 0;
	insn->align = at[1];
	insn->bits = row->short_len == 3 ? at[2] :
					   (uint64_t)((int64_t)((uint64_t)at[1] << 57) >> 57);
	insn->push = row->results;
	insn->npop = row->nparams;
	insn->npush = row->nresults;
	b->r.at = at + row->short_len;
	return true;
}

/*
 * What is frequent and of two bytes, at `at` in a body that is roomy there. The caller moves the
 * stack and b->r.at.
 */
static inline bool wasm_short_get(const struct wasm_body *b, const uint8_t *at)
{
	return at[0] == 0x20 && at[1] < b->short_locals;
}

static inline bool wasm_short_const(const uint8_t *at)
{
	return at[0] == 0x41 && at[1] < 0x80;
}

/* Its value. */
static inline uint32_t wasm_short_value(const uint8_t *at)
{
	return (uint32_t)((int32_t)((uint32_t)at[1] << 25) >> 25);
}

/* local.set or local.tee */
static inline bool wasm_short_set(const struct wasm_body *b, const uint8_t *at)
{
	return (uint8_t)(at[0] - 0x21) <= 1 && at[1] < b->short_locals && b->sp > b->base &&
	       b->sp[-1].type == b->locals[at[1]];
}

/*
 * 1: *insn is next and type-checks. 0: the body ended. -ENOEXEC / -ENOMEM: err is set (offset,
 * function).
 */
static inline int wasm_body_next(struct wasm_body *b, struct wasm_insn *insn)
{
	return wasm_body_short(b, insn) ? 1 : wasm_body_other(b, insn);
}

void wasm_control_apply(struct wasm_body *b, const struct wasm_insn *insn);

/* Moves the stack and the control frames past insn. Cannot fail: wasm_body_next() made the room. */
static inline void wasm_body_apply(struct wasm_body *b, const struct wasm_insn *insn)
{
	struct wasm_val *sp;

	if (insn->row->flags & WASM_OP_CONTROL) {
		wasm_control_apply(b, insn);
		return;
	}
	/*
	 * one entry is written in any case, as there is room and a branch on npush would be
	 * mispredicted
	 */
	sp = b->sp - insn->npop;
	*sp = (struct wasm_val){ .type = insn->push[0] };
	b->sp = sp + insn->npush;
	for (uint32_t i = 1; __builtin_expect(i < insn->npush, 0); i++)
		sp[i] = (struct wasm_val){ .type = insn->push[i] };
}

static inline struct wasm_val *wasm_body_push(struct wasm_body *b, wasm_valtype t)
{
	struct wasm_val *v = b->sp++;

	v->type = t;
	return v;
}

/* Whether what comes next can never run. */
static inline bool wasm_body_dead(const struct wasm_body *b)
{
	return b->ctl->unreachable || b->ctl->dead;
}

/* The control frame that label depth names. */
static inline struct wasm_ctl *wasm_body_label(struct wasm_body *b, uint32_t depth)
{
	return b->ctl - depth;
}

/* The types a branch to this frame carries: a loop's parameters, else results. */
static inline uint32_t wasm_label_types(const struct wasm_ctl *c, const wasm_valtype **ret)
{
	*ret = c->label;
	return c->nlabel;
}

/* Validates one function: a walk without a compiler. */
int wasm_body_validate(const struct wasm_module *m, uint32_t func, struct arena *arena,
		       struct wsbox_err *err);

/* Validates all functions; the message begins with "function N (name): ". */
int wasm_module_validate(const struct wasm_module *m, struct wsbox_err *err);

/*
 * A scan before compiling, without types: linear, safe on malformed code (it stops). For each
 * loop, in order of its opcode, what a register allocator wants to know.
 */
struct wasm_loop {
	uint32_t at;		/* byte offset of the opcode */
	uint32_t parent;	/* index of the enclosing loop, or WASM_NONE */
	bool has_call;		/* of a function or the runtime; itself or inner */
	/* in wasm_scan.uses: locals used in it (itself and inner), most used first */
	uint32_t first_use, nuses;
};

struct wasm_use {
	uint32_t local;
	uint32_t weight;	/* uses, times 8 for each loop level inside this loop; saturating */
	bool written;
};

enum { WASM_SCAN_LOOPS = 65536 };

struct wasm_scan {
	/* loops beyond WASM_SCAN_LOOPS count as part of the one around them */
	uint32_t nloops, nuses;
	struct wasm_loop *loops;	/* [0] is the function itself (at = 0) */
	struct wasm_use *uses;
	bool has_call, has_try;
	bool has_simd;			/* a local, a block or an instruction has to do with v128 */
	uint32_t nops;
};

/*
 * In the arena; at most max_uses (a few dozen: ranks are found by insertion) are kept for each
 * loop. 0 or -ENOMEM.
 */
int wasm_body_scan(const struct wasm_body *b, uint32_t max_uses, struct wasm_scan *ret);

#endif
