/*
 * Verifying code of the optimizing tier: what is known of every register and slot at the start of
 * every block, settled over joins and loops. Private to jit/verify.
 *
 * Blocks are found as control reaches them, so that the bounds of an index say which entries of a
 * jump table are branched to. Nothing is believed of the layout of code: what is never reached is
 * never looked at.
 */
#ifndef JIT_VERIFY_OPT_H
#define JIT_VERIFY_OPT_H

#include "jit/verify/func.h"
#include "jit/verify/value.h"

#define JV_MANY UINT32_MAX
#define JV_JOIN_ID 0x80000000u	/* from here on ids of places at the starts of blocks */
#define JV_STACK_MAX ((int64_t)1 << 30)	/* how far below its entry a frame may go */

enum {
	JV_REGS = 16,
	JV_SUMS = 8, JV_LIMITS = 64,
	JV_ORDERS = 4, JV_RIVALS = 32,
	JV_SLOTS_MAX = 4096,		/* of a frame, that are followed; others are unknown */
};

/* What the flags were set by: a compare of two values, or of a result with zero. */
enum jv_flags {
	JV_FLAGS_NONE,
	JV_FLAGS_COMPARE,
	JV_FLAGS_RESULT,
	JV_FLAGS_SHIFTED,	/* zero if left is below right */
};

/* What a number is called: times * S + plus. */
struct jv_term {
	uint32_t id;
	int32_t times;
	int64_t plus;
};

/* One number is below another, whatever they are. */
struct jv_order {
	struct jv_term less, more;
};

struct jv_orders {
	struct jv_order at[JV_ORDERS];
	uint32_t n;
};

/* regs and slots lie behind each other: "places". */
struct jv_places {
	struct jv_value *at;
	uint32_t n;
	struct jv_orders orders;	/* among the names of this state */
	int64_t probed; /* the lowest place of the stack that was touched, from rsp at entry */
	uint8_t flags;			/* enum jv_flags */
	uint8_t flags_width;
	struct jv_value left, right;
};

struct jv_join {
	uint32_t at;			/* offset in text */
	uint32_t from;			/* the edge by which control comes, if it is one; JV_MANY */
	uint32_t visits;
	uint32_t rounds;		/* edges from behind that changed what is known */
	int64_t probed;
	struct jv_orders orders;
};

/* What the names of a place have in common with those of others, where two states meet. */
struct jv_pair {
	uint32_t a, b;			/* ids: of the state before, of the edge */
	int32_t factor;
	int64_t more;
	int32_t times;			/* the place's name from there on */
	int64_t plus;
};

/* The first place that had this pair. */
struct jv_kin {
	uint32_t a, b, place, stamp;
	int32_t factor;
	int64_t more;
};

/* What the S of an id was on the last edge from before: factor * S of that id + more. */
struct jv_origin {
	uint32_t id;			/* 0: not known */
	int32_t factor;
	int64_t more;
};

/* Whole numbers, from lo to hi; more of them than there are of 64 bits, so that none is lost. */
struct jv_range {
	__int128 lo, hi;
};

struct jv_opt {
	struct jv *v;
	const struct jv_sig *sig;	/* of the function */
	struct jv_places s;		/* at the instruction at hand */
	struct jv_places taken;		/* for the other side of a branch */
	struct VEC(struct jv_join) joins;
	struct VEC(struct jv_value) values;	/* at the start of each block: s.n */
	uint32_t *join_of;		/* by offset in the function: 1 + block, 0 */
	uint64_t *pending;		/* blocks to be gone through, by offset */
	uint32_t first_pending;		/* no word before this one has any */
	uint32_t room;			/* bytes of code for which these were allocated */
	int64_t top; /* of the slots: above the function's own arguments on the stack */
	uint32_t next_id;
	struct jv_kin kin[8192];
	uint32_t stamp;			/* of those in kin that hold */
	struct jv_value *joined;	/* s.n: a state in the making */
	struct jv_range *ranges;	/* twice s.n: of its ids */
	bool *reached;			/* s.n */
	struct VEC(struct jv_origin) origins;	/* by id, from JV_JOIN_ID on */
	struct {
		uint32_t id;
		int64_t at;
	} goals[JV_LIMITS]; /* where a compare says that S may end; the oldest is overwritten */
	uint32_t ngoals;
	struct {
		uint32_t a, b;
	} rivals[JV_RIVALS]; /* places that were compared; the oldest is overwritten */
	uint32_t nrivals;
	struct {
		struct jv_value a, b;
		uint32_t id;
	} sums[JV_SUMS]; /* entries of tables that this block came by; the oldest is overwritten */
	uint32_t nsums;
	int64_t limits[JV_LIMITS]; /* numbers that something was compared with; the oldest is
				      overwritten */
	uint32_t nlimits;
	bool ends;			/* control does not reach the next instruction */
	bool is_stub;			/* a stub of memory.copy, not a function */
};

/* opt.c */
bool jv_opt_function(struct jv *v);
/* Whether this is a stub for memory.copy within memory 0. */
bool jv_is_copy_stub(struct jv *v, uint32_t at);
struct jv_opt *jv_opt_new(struct jv *v);
void jv_opt_free(struct jv_opt *o);
bool jv_opt_refuse(struct jv_opt *o, const struct jv_insn *i, const char *what);
/*
 * Control goes to this place of the function, with this state. What it meets there grows only, so
 * what is refused on the way would be in the end.
 */
bool jv_opt_goto(struct jv_opt *o, const struct jv_insn *i, const struct jv_places *s, uint32_t at);

static inline struct jv_value jv_fresh(struct jv_opt *o, struct jv_value v)
{
	jv_name(&v, ++o->next_id, 1, 0);
	return v;
}

/* The register is written; what was in it is gone. */
static inline void jv_put(struct jv_opt *o, unsigned int reg, struct jv_value v)
{
	o->s.at[reg] = v.id ? v : jv_fresh(o, v);
}

/*
 * opt-affine.c
 *
 * What a place has in common with others where the state before had a there, the edge brings b, and
 * their bounds have become those of `joined`. False: nothing.
 */
bool jv_pair_of(const struct jv_value *a, const struct jv_value *b, const struct jv_value *joined,
		struct jv_pair *ret);
void jv_forget_kin(struct jv_opt *o);
/* The first place with this pair since kin was forgotten; JV_MANY: not found out. */
uint32_t jv_kin_of(struct jv_opt *o, const struct jv_pair *p, uint32_t place);
/* Has the bounds of v, which has an id, and of each value with its id hold for all. False: there is
 * no such state. */
bool jv_narrow(struct jv_places *s, const struct jv_value *v);
/* The same of n values, whose ids are in [first, first + n); with room for as many ranges. */
void jv_narrow_all(struct jv_value *at, uint32_t n, uint32_t first, struct jv_range *ranges);

/*
 * v is compared with this. It is only noted what to try as a bound of v's S at the head of a loop;
 * whether it is one the edges tell.
 */
void jv_note_goal(struct jv_opt *o, const struct jv_value *v, const struct jv_value *with);
/*
 * Has bounds in o->joined that have grown since `before` end where something like this was noted;
 * o->ranges has what they come to so far. ret, s.n: whether they do.
 */
void jv_reach_goals(struct jv_opt *o, const struct jv_value *before, uint32_t first, bool *ret);

/* opt-order.c */
/* Two values are compared: whether one is below the other is worth to be known where paths meet. */
void jv_note_rivals(struct jv_opt *o, const struct jv_value *a, const struct jv_value *b);
/* Two values are not equal. False: that cannot be. */
bool jv_not_equal(struct jv_places *s, const struct jv_value *a, const struct jv_value *b);
/*
 * The orders that held among `before`, and hold among what the edge brings, by their names in
 * o->joined, whose bounds they narrow. may_add: also such that were not said before.
 */
void jv_join_orders(struct jv_opt *o, const struct jv_places *before, const struct jv_places *edge,
		    bool may_add, struct jv_orders *ret);
/* All that were said before are still, of the same places. */
bool jv_keeps_orders(const struct jv_places *before, const struct jv_places *now);

/* opt-step.c: one instruction. */
bool jv_opt_step(struct jv_opt *o, const struct jv_insn *i);

/* opt-memory.c */
struct jv_value jv_address(const struct jv_opt *o, const struct jv_insn *i);
/* The same, with the id of an entry that was found by the same base and index. */
struct jv_value jv_known_address(struct jv_opt *o, const struct jv_insn *i);
/* The id of the entry that lies at the sum of two values. */
uint32_t jv_entry_id(struct jv_opt *o, const struct jv_value *a, const struct jv_value *b);
/* What is loaded from the memory operand, zero-extended; false: refused */
bool jv_opt_load(struct jv_opt *o, const struct jv_insn *i, struct jv_value *ret);
/* v NULL: unknown */
bool jv_opt_store(struct jv_opt *o, const struct jv_insn *i, const struct jv_value *v);
/* The slot of 8 bytes at this offset from rsp at entry, or NULL. */
struct jv_value *jv_slot(struct jv_places *s, int64_t top, int64_t off);
void jv_forget(struct jv_opt *o, int64_t off, int64_t end);	/* slots */
/* [off, off + size) of the stack may be touched now. */
bool jv_touch(struct jv_opt *o, const struct jv_insn *i, int64_t off);

/* opt-call.c */
/* The branch or call leaves the function. */
bool jv_leaves(const struct jv *v, const struct jv_insn *i);
bool jv_opt_call(struct jv_opt *o, const struct jv_insn *i);
bool jv_opt_call_indirect(struct jv_opt *o, const struct jv_insn *i);
bool jv_opt_jump_indirect(struct jv_opt *o, const struct jv_insn *i);
bool jv_opt_tail(struct jv_opt *o, const struct jv_insn *i);
/* Whether code of this type at `at` is an adapter that calls, by C's convention, *ret_inner of the
 * same function. */
bool jv_adapter_in(const struct jv *v, uint32_t at, const struct jv_sig *sig, uint32_t *ret_inner);
bool jv_opt_return(struct jv_opt *o, const struct jv_insn *i);

#endif
