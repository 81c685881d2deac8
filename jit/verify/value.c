/* Arithmetic on what is known of values. Every result holds whatever the values are. */
#include "jit/verify/value.h"

#include "runtime/base/num.h"

#define ALIGN_MAX 16u
#define STEP_SLACK 65536	/* what constants reach beyond an index */

/* At most the number of zeros below the lowest bit that may be set. */
static unsigned int align_of(const struct jv_value *v)
{
	if (v->kind != JV_OFFSET && jv_is_number(v) && v->lo == v->hi)
		return v->lo ? (unsigned int)num_min((uint64_t)__builtin_ctzll((uint64_t)v->lo),
						     ALIGN_MAX) :
			       ALIGN_MAX;
	return v->align;
}

/* The number without what it means; nothing is known of pointers as numbers. */
static struct jv_value as_number(const struct jv_value *v)
{
	struct jv_value r = jv_unknown();

	if (jv_is_number(v)) {
		r = jv_number(v->lo, v->hi);
		r.align = (uint8_t)align_of(v);
	}
	return r;
}

struct jv_value jv_low(const struct jv_value *v, unsigned int bytes)
{
	struct jv_value any = jv_any(bytes);

	if (bytes == 8 || (jv_is_number(v) && v->lo >= 0 && v->hi <= any.hi))
		return *v;
	if (bytes == 4 && (v->kind == JV_TYPE || v->kind == JV_TYPE_OF))
		return *v;
	if (bytes == 1)
		any.hi -= v->low;
	return any;
}

struct jv_value jv_signed(const struct jv_value *v, unsigned int bytes)
{
	int64_t top = (int64_t)((uint64_t)1 << (8 * bytes - 1));

	if (bytes == 8 || (jv_is_number(v) && v->lo >= 0 && v->hi < top))
		return *v;
	return jv_number(-top, top - 1);
}

#define PLUS_MAX ((int64_t)1 << 48)

void jv_name(struct jv_value *v, uint32_t id, int64_t times, int64_t plus)
{
	bool can = times && times >= -INT32_MAX && times <= INT32_MAX && plus >= -PLUS_MAX &&
		   plus <= PLUS_MAX;

	v->id = can ? id : 0;
	v->times = can ? (int32_t)times : 0;
	v->plus = can ? plus : 0;
}

/* ---- sums ---- */

static bool add_bounds(struct jv_value *r, const struct jv_value *a, const struct jv_value *b)
{
	return !__builtin_add_overflow(a->lo, b->lo, &r->lo) &&
	       !__builtin_add_overflow(a->hi, b->hi, &r->hi);
}

/* The sum, whose bounds have not overflowed, so no value does: by what a and b are of one S. */
static void name_sum(struct jv_value *r, const struct jv_value *a, const struct jv_value *b)
{
	int64_t plus;

	jv_name(r, 0, 0, 0);
	if (!jv_is_affine(a) || !jv_is_affine(b))
		return;
	if (jv_is_known(b) && a->id && !__builtin_add_overflow(a->plus, b->lo, &plus))
		jv_name(r, a->id, a->times, plus);
	else if (jv_is_known(a) && b->id && !__builtin_add_overflow(b->plus, a->lo, &plus))
		jv_name(r, b->id, b->times, plus);
	else if (a->id && a->id == b->id)
		jv_name(r, a->id, (int64_t)a->times + b->times, a->plus + b->plus);
}

/* The same of a product whose bounds have not overflowed. */
static void name_product(struct jv_value *r, const struct jv_value *a, int64_t factor)
{
	int64_t times, plus;

	if (a->id && jv_is_number(a) && !__builtin_mul_overflow(a->times, factor, &times) &&
	    !__builtin_mul_overflow(a->plus, factor, &plus))
		jv_name(r, a->id, times, plus);
}

/* An element of table n: by an index that was compared with its size, or below what it has at
 * least. */
static bool entry(const struct jv_value *elements, const struct jv_value *off, struct jv_value *ret)
{
	/* hi of JV_ELEMENTS is the end of those that are always there */
	if (elements->kind != JV_ELEMENTS || elements->lo)
		return false;
	if (off->kind == JV_OFFSET ? off->n != elements->n :
	    !jv_is_number(off) || off->lo < 0 || off->hi >= elements->hi || align_of(off) < 5)
		return false;
	*ret = jv_pointer(JV_ENTRY, elements->n, 0);
	return true;
}

/* The beginning of a memory and no more than its size. */
static bool within_memory(const struct jv_value *base, const struct jv_value *off,
			  struct jv_value *ret)
{
	if (off->kind != JV_WITHIN || base->lo || base->hi)
		return false;
	if (base->kind == JV_CONTEXT ? off->n != 0 :
	    base->kind != JV_MEMORY || base->n != off->n)
		return false;
	*ret = jv_pointer(JV_INSIDE, base->kind == JV_CONTEXT ? JV_OWN : off->n, 0);
	return true;
}

struct jv_value jv_sum(const struct jv_value *a, const struct jv_value *b)
{
	struct jv_value r = jv_unknown();

	if (entry(a, b, &r) || entry(b, a, &r) || within_memory(a, b, &r) ||
	    within_memory(b, a, &r))
		return r;
	if (a->kind == JV_JUMP || b->kind == JV_JUMP) {
		const struct jv_value *jump = a->kind == JV_JUMP ? a : b, *base = jump == a ? b : a;

		if (base->kind != JV_TEXT || base->lo != base->hi || base->lo != jump->n)
			return r;
		r = *jump;
		r.kind = JV_TARGET;
		r.id = 0;
		return r;
	}
	if (!jv_is_number(a) && !jv_is_number(b))
		return r;
	if (jv_is_number(a) && !jv_is_number(b)) {
		const struct jv_value *swap = a;

		a = b;
		b = swap;
	}
	if (a->kind >= JV_POINTERS || a->kind == JV_ELEMENTS)
		return r;
	if (!jv_is_number(a)) {
		r = *a;
		r.low = 0;
		if (!add_bounds(&r, a, b))
			return jv_unknown();
		name_sum(&r, a, b);
		return r;
	}
	if (!add_bounds(&r, a, b))
		return jv_unknown();
	r.align = (uint8_t)num_min(align_of(a), align_of(b));
	name_sum(&r, a, b);
	return r;
}

struct jv_value jv_difference(const struct jv_value *a, const struct jv_value *b)
{
	struct jv_value minus;

	if (!jv_is_number(b) || b->lo == INT64_MIN)
		return jv_unknown();
	minus = jv_number(-b->hi, -b->lo);
	minus.align = (uint8_t)align_of(b);
	return jv_sum(a, &minus);
}

/* ---- others ---- */

struct jv_value jv_product(const struct jv_value *a, const struct jv_value *b)
{
	struct jv_value r = jv_unknown();
	int64_t hi;

	if (!jv_is_number(a) || !jv_is_number(b) || a->lo < 0 || b->lo < 0 ||
	    __builtin_mul_overflow(a->hi, b->hi, &hi))
		return r;
	r = jv_number(a->lo * b->lo, hi);
	r.align = (uint8_t)num_min(align_of(a) + align_of(b), ALIGN_MAX);
	if (jv_is_known(b))
		name_product(&r, a, b->lo);
	else if (jv_is_known(a))
		name_product(&r, b, a->lo);
	return r;
}

struct jv_value jv_and(const struct jv_value *a, const struct jv_value *b)
{
	struct jv_value r = jv_unknown(), x = as_number(a), y = as_number(b);

	if (x.lo >= 0 || y.lo >= 0) {
		r.lo = 0;
		r.hi = x.lo < 0 ? y.hi :
		       y.lo < 0 ? x.hi :
				  (int64_t)num_min((uint64_t)x.hi, (uint64_t)y.hi);
	}
	r.align = (uint8_t)num_max(x.align, y.align);
	return r;
}

struct jv_value jv_or(const struct jv_value *a, const struct jv_value *b)
{
	struct jv_value r = jv_unknown(), x = as_number(a), y = as_number(b);
	uint64_t both = (uint64_t)x.hi | (uint64_t)y.hi;

	if (x.lo >= 0 && y.lo >= 0) {
		r.lo = 0;
		r.hi = both ? (int64_t)(UINT64_MAX >> __builtin_clzll(both)) : 0;
	}
	r.align = (uint8_t)num_min(x.align, y.align);
	return r;
}

struct jv_value jv_shifted_left(const struct jv_value *a, unsigned int n)
{
	struct jv_value r = jv_unknown(), x = as_number(a);
	int64_t factor = (int64_t)((uint64_t)1 << n);

	if (n < 63 && !__builtin_mul_overflow(x.lo, factor, &r.lo) &&
	    !__builtin_mul_overflow(x.hi, factor, &r.hi)) {
		if (a->kind == JV_INDEX && n == 5) {
			r.kind = JV_OFFSET;
			r.n = a->n;
		}
		name_product(&r, a, factor);
	} else {
		r = jv_unknown();
	}
	r.align = (uint8_t)num_min(x.align + n, ALIGN_MAX);
	return r;
}

struct jv_value jv_shifted_right(const struct jv_value *a, unsigned int n)
{
	struct jv_value x = as_number(a);

	if (!n)
		return x;
	if (x.lo < 0)
		return jv_number(0, (int64_t)(UINT64_MAX >> n));
	return jv_number(x.lo >> n, x.hi >> n);
}

struct jv_value jv_shifted_signed(const struct jv_value *a, unsigned int n)
{
	struct jv_value x = as_number(a);

	return jv_number(x.lo >> n, x.hi >> n);
}

/* ---- joins ---- */

/* Bounds that matter: of indices, of what is below one, of sums of them, of what guards reach. */
static int64_t step_up(int64_t hi, enum jv_growth growth)
{
	static const int64_t steps[] = {
		0,	   1,		   0xff,       0xffff,		INT32_MAX - 1,
		INT32_MAX, UINT32_MAX - 1, UINT32_MAX, 2ll * UINT32_MAX,
	};

	for (unsigned int k = growth == JV_STEPS ? 0 : ARRAY_SIZE(steps) - 2; k < ARRAY_SIZE(steps);
	     k++)
		if (hi <= steps[k])
			return steps[k];
	return INT64_MAX;
}

static int64_t step_down(int64_t lo)
{
	return lo >= 0		 ? 0 :
	       lo >= -STEP_SLACK ? -STEP_SLACK :
	       lo >= INT32_MIN	 ? INT32_MIN :
				   INT64_MIN;
}

/* Where hi, that was `from`, may end: at the next step, or just before a limit that it meets by
 * this distance, or there. */
static int64_t counted_up(int64_t from, int64_t hi, enum jv_growth growth, const int64_t *limits,
			  uint32_t n)
{
	int64_t by, best = step_up(hi, growth);

	if (growth == JV_LEAPS || __builtin_sub_overflow(hi, from, &by))
		return best;
	for (uint32_t k = 0; k < n; k++) {
		int64_t far;

		if (__builtin_sub_overflow(limits[k], hi, &far) || far < 0 || far % by)
			continue;
		far = far ? far - by : 0;
		if (hi + far < best)
			best = hi + far;
	}
	return best;
}

struct jv_value jv_join(const struct jv_value *a, const struct jv_value *b, enum jv_growth growth,
			const int64_t *limits, uint32_t nlimits)
{
	struct jv_value r = *a;

	if (a->kind == JV_TYPE_OF || a->kind == JV_CODE)
		return jv_unknown();
	if (jv_same(a, b))
		return r;
	r.low = (uint8_t)num_min(a->low, b->low);
	if (a->kind != b->kind || a->n != b->n) {
		/* of a table's length or index, the number at least */
		if (!jv_is_number(a) || !jv_is_number(b))
			return jv_unknown();
		r.kind = JV_NUMBER;
		r.n = 0;
	} else if (a->kind >= JV_POINTERS && a->kind != JV_JUMP && a->kind != JV_TARGET) {
		return jv_unknown();
	}
	r.lo = a->lo < b->lo ? a->lo : b->lo;
	r.hi = a->hi > b->hi ? a->hi : b->hi;
	if (growth != JV_EXACT && r.lo < a->lo)
		r.lo = step_down(r.lo);
	if (growth != JV_EXACT && r.hi > a->hi)
		r.hi = counted_up(a->hi, r.hi, growth, limits, nlimits);
	r.align = (uint8_t)num_min(align_of(a), align_of(b));
	return r;
}

/* ---- compares ---- */

enum { CC_B = 2, CC_AE, CC_E, CC_NE, CC_BE, CC_A, CC_S, CC_NS, CC_L = 12, CC_GE, CC_LE, CC_G };

static bool below(struct jv_value *a, int64_t most)
{
	/* unsigned: what is negative is large */
	if (a->lo < 0) {
		a->lo = 0;
		a->hi = most;
	} else if (a->hi > most) {
		a->hi = most;
	}
	return a->lo <= a->hi;
}

static bool not_equal(struct jv_value *a, int64_t n)
{
	int64_t step = n & (((int64_t)1 << a->align) - 1) ? 1 : (int64_t)1 << a->align;
	int64_t next;

	if (a->lo == a->hi)
		return a->lo != n;
	if (a->lo == n && !__builtin_add_overflow(n, step, &next))
		a->lo = next;
	else if (a->hi == n && !__builtin_sub_overflow(n, step, &next))
		a->hi = next;
	else if (!n && a->kind == JV_NUMBER && a->lo == INT64_MIN && a->hi == INT64_MAX)
		a->kind = JV_NOT_NULL;
	return a->lo <= a->hi;
}

static bool at_most(struct jv_value *a, int64_t most)
{
	if (a->hi > most)
		a->hi = most;
	return a->lo <= a->hi;
}

static bool at_least(struct jv_value *a, int64_t least)
{
	if (a->lo < least)
		a->lo = least;
	return a->lo <= a->hi;
}

bool jv_refine(struct jv_value *a, unsigned int cc, const struct jv_value *b)
{
	if (!jv_is_number(a) || !jv_is_number(b))
		return true;
	if (cc == CC_B && b->kind == JV_LENGTH &&
	    (a->kind == JV_NUMBER || a->kind == JV_NOT_NULL)) {
		a->kind = JV_INDEX;
		a->n = b->n;
	}
	if ((cc == CC_B || cc == CC_BE) && b->kind == JV_WITHIN && a->kind == JV_NUMBER) {
		a->kind = JV_WITHIN;
		a->n = b->n;
	}
	switch (cc) {
	case CC_B:
		return b->lo < 0 || (b->hi && below(a, b->hi - 1));
	case CC_BE:
		return b->lo < 0 || below(a, b->hi);
	case CC_AE:
		return a->lo < 0 || b->lo < 0 || at_least(a, b->lo);
	case CC_A:
		return a->lo < 0 || b->lo < 0 || (b->lo != INT64_MAX && at_least(a, b->lo + 1));
	case CC_E:
		return at_least(a, b->lo) && at_most(a, b->hi);
	case CC_NE:
		return b->lo != b->hi || not_equal(a, b->lo);
	case CC_L:
		return b->hi != INT64_MIN && at_most(a, b->hi - 1);
	case CC_LE:
		return at_most(a, b->hi);
	case CC_GE:
		return at_least(a, b->lo);
	case CC_G:
		return b->lo != INT64_MAX && at_least(a, b->lo + 1);
	default:
		return true;
	}
}
