/*
 * What is known of a value in a register or a slot of the frame, for code of the optimizing
 * tier: a number within bounds, or a pointer to something and how far from its beginning.
 * Private to jit/verify.
 *
 * An id (not 0) stands for a number S that is not known. A number, or how far a pointer is
 * beyond a beginning that stays where it is, is S times `times` plus `plus`, reckoned without
 * limit: of two values with the same id one says what the other is. Anything else with an id is
 * S itself. S is the same for all values of a state; opt-affine.c says what becomes of it where
 * states meet.
 */
#ifndef JIT_VERIFY_VALUE_H
#define JIT_VERIFY_VALUE_H

#include <stdbool.h>
#include <stdint.h>

enum jv_value_kind {
	/* numbers: signed 64 bits in [lo, hi], a multiple of 1 << align */
	JV_NUMBER,
	JV_LENGTH, /* no more than the size of table n */
	JV_INDEX, /* below it */
	JV_OFFSET, /* such an index, times 32 */
	JV_NOT_NULL,
	JV_WITHIN, /* no more than the size of memory n, as unsigned; memories never shrink */
	JV_NUMBERS,
	/* pointers, [lo, hi] beyond */
	JV_CONTEXT = JV_NUMBERS, /* r13 at entry: the base of memory 0, below it the context */
	JV_MEMORY, /* the base of memory n */
	JV_INSIDE, /* in memory n or at its end; n JV_OWN: in what lies at r13 */
	JV_FRAME, /* rsp at entry: the return address */
	JV_TEXT, /* the beginning of the text */
	JV_RESULTS, /* where this function's results go */
	JV_TABLE, /* the slot of table n, or the one it links to */
	JV_ELEMENTS, /* the elements of table n */
	JV_ENTRY, /* an element of a table of functions */
	JV_CALLEE, /* the descriptor of a function of type n; forgotten at calls, as tables change
		    */
	JV_GLOBAL, /* the value of imported global n */
	JV_SIZE_AT, /* the size of memory n */
	JV_EXCEPTION, /* an exception with tag n */
	JV_POINTERS,
	/* others: lo and hi mean what is said here */
	JV_SAVED = JV_POINTERS, /* what register n had at entry */
	JV_THUNK, /* the pointer of the context at r13 + lo */
	JV_TYPE, /* the number that stands for type n */
	JV_TYPE_OF, /* the type of the descriptor whose id is n; forgotten at joins and calls, as
		       JV_CODE */
	JV_CODE, /* of the descriptor whose id is n */
	JV_JUMP, /* an element of the jump table at n of the text, its number in [lo, hi] */
	JV_TARGET, /* the same plus the table's address */
};

#define JV_OWN UINT32_MAX

struct jv_value {
	uint8_t kind;		/* enum jv_value_kind */
	uint8_t align;
	uint8_t low;		/* the lowest byte is no more than 255 - low */
	uint32_t n;
	uint32_t id;
	int32_t times;		/* not 0 where there is an id */
	int64_t plus;
	int64_t lo, hi;
};

static inline struct jv_value jv_number(int64_t lo, int64_t hi)
{
	return (struct jv_value){ .kind = JV_NUMBER, .lo = lo, .hi = hi };
}

static inline struct jv_value jv_unknown(void)
{
	return jv_number(INT64_MIN, INT64_MAX);
}

static inline struct jv_value jv_pointer(enum jv_value_kind kind, uint32_t n, int64_t off)
{
	return (struct jv_value){ .kind = (uint8_t)kind, .n = n, .lo = off, .hi = off };
}

/* Any number of that many bytes, zero-extended. */
static inline struct jv_value jv_any(unsigned int bytes)
{
	return bytes == 8 ? jv_unknown() : jv_number(0, (int64_t)(((uint64_t)1 << 8 * bytes) - 1));
}

static inline bool jv_is_number(const struct jv_value *v)
{
	return v->kind < JV_NUMBERS;
}

static inline bool jv_exactly(const struct jv_value *v, enum jv_value_kind kind, uint32_t n,
			      int64_t off)
{
	return v->kind == kind && v->n == n && v->lo == off && v->hi == off;
}

/* S is reckoned with: a number, or an offset from what stays where it is. */
static inline bool jv_is_affine(const struct jv_value *v)
{
	return jv_is_number(v) || v->kind == JV_CONTEXT || v->kind == JV_MEMORY;
}

/* Offsets from the same, where S is reckoned with, or numbers. */
static inline bool jv_same_base(const struct jv_value *a, const struct jv_value *b)
{
	return jv_is_number(a) ? jv_is_number(b) : a->kind == b->kind && a->n == b->n;
}

/* One number, or one distance from what stays where it is. */
static inline bool jv_is_known(const struct jv_value *v)
{
	return jv_is_affine(v) && v->lo == v->hi;
}

/* The same value, whatever it is. */
static inline bool jv_identical(const struct jv_value *a, const struct jv_value *b)
{
	return a->id && a->id == b->id && a->times == b->times && a->plus == b->plus &&
	       (jv_is_affine(a) || jv_is_affine(b) ? jv_same_base(a, b) : true);
}

/* Zero-extended from 32 bits. */
static inline bool jv_is_32(const struct jv_value *v)
{
	return jv_is_number(v) && v->lo >= 0 && v->hi <= UINT32_MAX;
}

static inline bool jv_same(const struct jv_value *a, const struct jv_value *b)
{
	return a->kind == b->kind && a->n == b->n && a->lo == b->lo && a->hi == b->hi &&
	       a->align == b->align && a->low == b->low;
}

/* The lower `bytes` of a value, zero-extended; it keeps its id where that is the value itself. */
struct jv_value jv_low(const struct jv_value *v, unsigned int bytes);
/* The same, sign-extended to 64 bits. */
struct jv_value jv_signed(const struct jv_value *v, unsigned int bytes);

/* The value is S times `times` plus `plus`; without id where those are too large, or times is 0. */
void jv_name(struct jv_value *v, uint32_t id, int64_t times, int64_t plus);

/*
 * Results of 64 bits; with an id where the operands say what they are times one S, and no bit of
 * the result is lost.
 */
struct jv_value jv_sum(const struct jv_value *a, const struct jv_value *b);
struct jv_value jv_difference(const struct jv_value *a, const struct jv_value *b);
struct jv_value jv_product(const struct jv_value *a, const struct jv_value *b);
struct jv_value jv_and(const struct jv_value *a, const struct jv_value *b);
struct jv_value jv_or(const struct jv_value *a, const struct jv_value *b);	/* or xor */
struct jv_value jv_shifted_left(const struct jv_value *a, unsigned int n);
struct jv_value jv_shifted_right(const struct jv_value *a, unsigned int n);	/* as unsigned */
struct jv_value jv_shifted_signed(const struct jv_value *a, unsigned int n);

/* How bounds that differ grow, so that loops end: not beyond what is needed, by steps, or almost at
 * once. */
enum jv_growth { JV_EXACT, JV_STEPS, JV_LEAPS };

/* What holds of both, of which a was held before. limits: what a step up may be to: the last step
 * before one of these. */
struct jv_value jv_join(const struct jv_value *a, const struct jv_value *b, enum jv_growth growth,
			const int64_t *limits, uint32_t nlimits);

/*
 * What is known of a where `a cc b` holds, cc an x86 condition, compared as numbers of 64 bits.
 * False: it cannot hold.
 */
bool jv_refine(struct jv_value *a, unsigned int cc, const struct jv_value *b);

#endif
