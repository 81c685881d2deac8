/*
 * Code of the optimizing tier: how values that change together hang together, where states meet.
 *
 * A loop that LLVM has been at steps several registers at once: an index, a pointer by four
 * times as much, a counter that goes down; and compares only one of them with where the loop
 * ends. So what that compare says has to be known of all of them. For this each value may be
 * named times * S + plus by an unknown S (value.h), and this file says what S is where paths
 * meet.
 *
 * What is claimed of a state: there are whole numbers, one for each id, so that every value with
 * an id is what its name says, and every value is in its bounds. The numbers are any, also
 * negative ones, and not bounded: a name says what a register holds as a number of 64 bits with
 * its sign (or how far it is from where r13 or a memory's base points to), never only its lower
 * bits. So nothing has to be said of wrapping here: an instruction whose result may wrap, in 32
 * or in 64 bits, gives a value without the name of its operands (jv_sum, jv_low), and whether it
 * may is told by its bounds.
 *
 * Where an edge meets a state that was there, the ids begin anew: for each place of registers or
 * slots, with the name t * S + p before and t' * S' + p' on the edge, the new name is t * N + p,
 * and N stands for S of the state before, and for t'/t * S' + (p' - p)/t on the edge, if both
 * are whole. So all places with the same S, S', t'/t and (p' - p)/t have the same N, and they
 * only: that N exists on each edge is all that is to be shown, and here it is written down. What
 * N is on one edge says nothing of what it is on another. An edge that goes round a loop brings
 * S itself as S', and N = S + 1, or whatever the step is; registers that were stepped by
 * anything else on this way round have another (p' - p)/t, thus another N from there on, and are
 * not bounded together any more. The same holds of several edges that go round, of loops in
 * loops (the outer S comes through the inner loop as N = S', both ways), and of places that are
 * only equal: t is 1, p is 0.
 *
 * A place that holds a known number on one side or both has a name as well, of which that side
 * is one case: c and c' are (c' - c) * N + c with N = 0 before and N = 1 on the edge; c and t' *
 * S' + p' are t' * N + p' with N = (c - p')/t' before. These cases are part of what places must
 * agree in to have the same N.
 *
 * The claim holds of the new state if it held of the state before or of the edge's, so states
 * only grow. A place that agrees with no other keeps a name of its own, or, where no whole N is
 * found, gets 1 * N + 0, which is always true. Ids are only split up, once a place each, so that
 * this ends.
 */
#include "jit/verify/opt.h"
#include "runtime/base/num.h"

#include <assert.h>
#include <string.h>

#define NUMBER_MAX ((int64_t)1 << 62)
#define GOAL_HOPS 4u		/* of the places where paths met, back from a compare */
#define KNOWN (UINT32_MAX - 1)	/* instead of an id: the place holds a number that is known */

/* N is S before and `factor` times S' plus `more` on the edge. */
static bool both_named(const struct jv_value *a, const struct jv_value *b, struct jv_pair *ret)
{
	int64_t more = b->plus - a->plus;

	if (b->times % a->times || more % a->times)
		return false;
	*ret = (struct jv_pair){ a->id, b->id, b->times / a->times, more / a->times, a->times,
				 a->plus };
	return true;
}

/* One side is the number n, the other has a name; first: n is what was before. */
static bool one_named(int64_t n, const struct jv_value *v, bool first, struct jv_pair *ret)
{
	int64_t far;

	/* smaller than what could not be divided by -1 */
	if (n < -NUMBER_MAX || n > NUMBER_MAX)
		return false;
	far = n - v->plus;
	if (far % v->times)
		return false;
	*ret = (struct jv_pair){ first ? KNOWN : v->id, first ? v->id : KNOWN, 0, far / v->times,
				 v->times, v->plus };
	return true;
}

static bool none_named(int64_t a, int64_t b, struct jv_pair *ret)
{
	struct jv_value v;
	int64_t by;

	if (__builtin_sub_overflow(b, a, &by))
		return false;
	jv_name(&v, KNOWN, by, a);
	if (!v.id)
		return false;
	*ret = (struct jv_pair){ KNOWN, KNOWN, 0, 0, v.times, v.plus };
	return true;
}

bool jv_pair_of(const struct jv_value *a, const struct jv_value *b, const struct jv_value *joined,
		struct jv_pair *ret)
{
	bool affine = jv_is_affine(a);

	if (affine != jv_is_affine(b))
		return false;
	if (!affine && a->id && b->id)
		*ret = (struct jv_pair){ a->id, b->id, 1, 0, 1, 0 };
	if (!affine)
		return a->id && b->id;
	if (!jv_same_base(a, b) || !jv_is_affine(joined) || !jv_same_base(a, joined))
		return false;
	if (jv_is_known(a) && jv_is_known(b))
		return none_named(a->lo, b->lo, ret);
	if (jv_is_known(a) && b->id)
		return one_named(a->lo, b, true, ret);
	if (jv_is_known(b) && a->id)
		return one_named(b->lo, a, false, ret);
	return a->id && b->id && both_named(a, b, ret);
}

/* ---- bounds ---- */

static __int128 div_down(__int128 a, int64_t b)
{
	__int128 q;

	/* most names are this plain, and a division of 128 bits is a call */
	if (b == 1 || b == -1)
		return b == 1 ? a : -a;
	q = a / b;
	return a % b && (a < 0) != (b < 0) ? q - 1 : q;
}

static __int128 div_up(__int128 a, int64_t b)
{
	return -div_down(-a, b);
}

static const struct jv_range any_number = { -((__int128)1 << 72), (__int128)1 << 72 };

/* What v's bounds say of S. */
static void narrow_range(struct jv_range *r, const struct jv_value *v)
{
	__int128 lo = (__int128)v->lo - v->plus, hi = (__int128)v->hi - v->plus;
	__int128 first = v->times > 0 ? div_up(lo, v->times) : div_up(hi, v->times);
	__int128 last = v->times > 0 ? div_down(hi, v->times) : div_down(lo, v->times);

	if (first > r->lo)
		r->lo = first;
	if (last < r->hi)
		r->hi = last;
}

/* What the bounds of S, which v's are a part of, say of v. */
static void narrow_value(struct jv_value *v, const struct jv_range *r)
{
	__int128 a = r->lo * v->times + v->plus, b = r->hi * v->times + v->plus;
	__int128 lo = a < b ? a : b, hi = a < b ? b : a;

	assert(lo <= hi && lo >= v->lo && hi <= v->hi);
	v->lo = (int64_t)lo;
	v->hi = (int64_t)hi;
}

static bool has_name(const struct jv_value *v, uint32_t id)
{
	return v->id == id && jv_is_affine(v);
}

bool jv_narrow(struct jv_places *s, const struct jv_value *v)
{
	struct jv_range r = any_number;
	uint32_t id = v->id;

	narrow_range(&r, v);
	for (uint32_t k = 0; k < s->n; k++)
		if (has_name(&s->at[k], id))
			narrow_range(&r, &s->at[k]);
	if (r.lo > r.hi)
		return false;
	for (uint32_t k = 0; k < s->n; k++)
		if (has_name(&s->at[k], id))
			narrow_value(&s->at[k], &r);
	return true;
}

void jv_narrow_all(struct jv_value *at, uint32_t n, uint32_t first, struct jv_range *ranges)
{
	for (uint32_t k = 0; k < n; k++)
		ranges[k] = any_number;
	for (uint32_t k = 0; k < n; k++)
		if (jv_is_affine(&at[k]))
			narrow_range(&ranges[at[k].id - first], &at[k]);
	for (uint32_t k = 0; k < n; k++) {
		const struct jv_range *r = &ranges[at[k].id - first];

		if (jv_is_affine(&at[k]) && r->lo <= r->hi)
			narrow_value(&at[k], r);
	}
}

/* ---- where loops may end ---- */

static void note_goal(struct jv_opt *o, uint32_t id, int64_t s)
{
	for (uint32_t k = 0; k < o->ngoals && k < JV_LIMITS; k++)
		if (o->goals[k].id == id && o->goals[k].at == s)
			return;
	o->goals[o->ngoals % JV_LIMITS].id = id;
	o->goals[o->ngoals++ % JV_LIMITS].at = s;
}

/* What S was called before paths met, of which it is `factor` times plus `more`. */
static bool name_before(const struct jv_opt *o, uint32_t *id, int64_t *s)
{
	const struct jv_origin *from;

	if (*id < JV_JOIN_ID || *id - JV_JOIN_ID >= o->origins.len)
		return false;
	from = &o->origins.at[*id - JV_JOIN_ID];
	if (!from->id)
		return false;
	*id = from->id;
	*s = (int64_t)div_down((__int128)*s - from->more, from->factor);
	return true;
}

void jv_note_goal(struct jv_opt *o, const struct jv_value *v, const struct jv_value *with)
{
	uint32_t id = v->id;
	int64_t s;

	if (!id || !jv_is_number(v) || !jv_is_number(with) || !jv_is_known(with) ||
	    with->lo < -NUMBER_MAX || with->lo > NUMBER_MAX)
		return;
	s = (int64_t)div_down((__int128)with->lo - v->plus, v->times);
	for (unsigned int hops = 0; hops < GOAL_HOPS; hops++) {
		note_goal(o, id, s);
		if (!name_before(o, &id, &s))
			return;
	}
}

/* The next goal of S from `far` on, upwards, or from -far on downwards; false: there is none. */
static bool next_goal(const struct jv_opt *o, uint32_t id, __int128 far, bool up, __int128 *ret)
{
	__int128 next = 0;
	bool any = false;

	for (uint32_t k = 0; k < o->ngoals && k < JV_LIMITS; k++) {
		__int128 at = up ? o->goals[k].at : -(__int128)o->goals[k].at;

		/* or the first place beyond it */
		at += at < far;
		if (o->goals[k].id != id || at < far || (any && at >= next))
			continue;
		next = at;
		any = true;
	}
	if (any)
		*ret = next;
	return any;
}

/* S was in `was` and is now in r: where it may end. */
static bool reach_goal(const struct jv_opt *o, uint32_t id, const struct jv_range *was,
		       struct jv_range *r)
{
	__int128 low = 0;
	bool any = false;

	if (r->hi > was->hi)
		any |= next_goal(o, id, r->hi, true, &r->hi);
	if (r->lo < was->lo && next_goal(o, id, -r->lo, false, &low)) {
		r->lo = -low;
		any = true;
	}
	return any;
}

/* The value may be whatever S in r makes of it. */
static void widen_value(struct jv_value *v, const struct jv_range *r)
{
	__int128 a = r->lo * v->times + v->plus, b = r->hi * v->times + v->plus;
	__int128 lo = a < b ? a : b, hi = a < b ? b : a;

	if (lo >= INT64_MIN && lo < v->lo)
		v->lo = (int64_t)lo;
	if (hi <= INT64_MAX && hi > v->hi)
		v->hi = (int64_t)hi;
}

void jv_reach_goals(struct jv_opt *o, const struct jv_value *before, uint32_t first, bool *ret)
{
	struct jv_range *was = o->ranges + o->s.n;

	for (uint32_t k = 0; k < o->s.n; k++)
		was[k] = any_number;
	for (uint32_t k = 0; k < o->s.n; k++) {
		struct jv_value v = o->joined[k];

		v.lo = before[k].lo;
		v.hi = before[k].hi;
		if (jv_is_affine(&v))
			narrow_range(&was[v.id - first], &v);
	}
	for (uint32_t k = 0; k < o->s.n; k++) {
		struct jv_value *v = &o->joined[k];
		uint32_t of = v->id - first;

		if (of == k)
			ret[k] = reach_goal(o, v->id, &was[k], &o->ranges[k]);
		else
			ret[k] = ret[of];
		if (ret[k] && jv_is_affine(v))
			widen_value(v, &o->ranges[of]);
	}
}

/* ---- ids where states meet ---- */

void jv_forget_kin(struct jv_opt *o)
{
	if (++o->stamp)
		return;
	memset(o->kin, 0, sizeof(o->kin));
	o->stamp = 1;
}

uint32_t jv_kin_of(struct jv_opt *o, const struct jv_pair *p, uint32_t place)
{
	uint32_t k = (p->a * 2654435761u ^ p->b * 40503u ^ (uint32_t)p->more * 2246822519u) >> 7;

	for (uint32_t tries = 0; tries < 8; tries++, k++) {
		struct jv_kin *c = &o->kin[k %= ARRAY_SIZE(o->kin)];

		if (c->stamp != o->stamp) {
			*c = (struct jv_kin){ p->a, p->b, place, o->stamp, p->factor, p->more };
			return place;
		}
		if (c->a == p->a && c->b == p->b && c->factor == p->factor && c->more == p->more)
			return c->place;
	}
	return JV_MANY;
}
