/*
 * Code of the optimizing tier: which of two numbers is below the other, where neither is known.
 *
 * A loop that counts up by one until it meets a number that nothing is known of, but that it is
 * above where the counter begins, ends there, and never wraps: LLVM compares the lower half of a
 * counter of 64 bits with such a number and counts on if they are not equal. No bounds say so. What
 * is known instead is that the one is below the other when the loop begins; that it is no more than
 * the other when one was added; and below it again, if they were not equal.
 *
 * An order is said of names (value.h), as numbers of 64 bits with their sign: of x and y that are
 * less + i and more + j, x is below y if i - j <= 0, and no more than y if i - j <= 1. Numbers do
 * not wrap in names, so this needs no more said; and S is the same as long as the state is.
 *
 * Where states meet names begin anew. There it is tried of places that were compared somewhere
 * (rivals) whether one was below the other before and is so on the edge, by an order or by bounds;
 * if so it holds of their new names. That a pair is not tried loses an order, no more.
 */
#include "jit/verify/opt.h"
#include "runtime/base/num.h"

#include <string.h>

static struct jv_term term_of(const struct jv_value *v)
{
	return (struct jv_term){ v->id, v->times, v->plus };
}

static bool may_have_order(const struct jv_value *v)
{
	return v->id && jv_is_number(v);
}

/* v is t plus *ret. */
static bool beyond(const struct jv_value *v, const struct jv_term *t, int64_t *ret)
{
	*ret = v->plus - t->plus;
	return v->id == t->id && v->times == t->times;
}

/* a is below b, or, where at_most is 1, no more than b: by an order of their names. */
static bool terms_ordered(const struct jv_orders *o, const struct jv_value *a,
			  const struct jv_value *b, int64_t at_most)
{
	for (uint32_t k = 0; k < o->n; k++) {
		int64_t i, j;

		if (beyond(a, &o->at[k].less, &i) && beyond(b, &o->at[k].more, &j) &&
		    i - j <= at_most)
			return true;
	}
	return false;
}

static bool is_below(const struct jv_orders *o, const struct jv_value *a, const struct jv_value *b)
{
	if (!may_have_order(a) || !may_have_order(b))
		return false;
	return a->hi < b->lo || terms_ordered(o, a, b, 0);
}

static void add_order(struct jv_orders *o, const struct jv_value *a, const struct jv_value *b)
{
	if (o->n == JV_ORDERS)
		memmove(o->at, o->at + 1, --o->n * sizeof(*o->at));
	o->at[o->n++] = (struct jv_order){ term_of(a), term_of(b) };
}

/* a is below b. False: that cannot be. */
static bool narrow_by_order(struct jv_value *a, struct jv_value *b)
{
	if (b->hi == INT64_MIN || a->lo == INT64_MAX)
		return false;
	if (a->hi >= b->hi)
		a->hi = b->hi - 1;
	if (b->lo <= a->lo)
		b->lo = a->lo + 1;
	return a->lo <= a->hi && b->lo <= b->hi;
}

/* a, which is no more than b, is not b. */
static bool is_below_now(struct jv_places *s, const struct jv_value *a, const struct jv_value *b)
{
	struct jv_value less = *a, more = *b;

	if (!narrow_by_order(&less, &more))
		return false;
	add_order(&s->orders, a, b);
	return jv_narrow(s, &less) && jv_narrow(s, &more);
}

bool jv_not_equal(struct jv_places *s, const struct jv_value *a, const struct jv_value *b)
{
	if (!may_have_order(a) || !may_have_order(b))
		return true;
	if (terms_ordered(&s->orders, a, b, 1))
		return is_below_now(s, a, b);
	return !terms_ordered(&s->orders, b, a, 1) || is_below_now(s, b, a);
}

/* ---- where states meet ---- */

static void note_pair(struct jv_opt *o, uint32_t a, uint32_t b)
{
	for (uint32_t k = 0; k < o->nrivals && k < JV_RIVALS; k++)
		if (o->rivals[k].a == a && o->rivals[k].b == b)
			return;
	o->rivals[o->nrivals % JV_RIVALS].a = a;
	o->rivals[o->nrivals++ % JV_RIVALS].b = b;
}

void jv_note_rivals(struct jv_opt *o, const struct jv_value *a, const struct jv_value *b)
{
	enum { COPIES = 2 };
	uint32_t of_a[COPIES], of_b[COPIES], na = 0, nb = 0;

	if (!may_have_order(a) || !may_have_order(b))
		return;
	for (uint32_t k = 0; k < o->s.n; k++) {
		if (na < COPIES && jv_identical(&o->s.at[k], a))
			of_a[na++] = k;
		if (nb < COPIES && jv_identical(&o->s.at[k], b))
			of_b[nb++] = k;
	}
	for (uint32_t i = 0; i < na; i++)
		for (uint32_t j = 0; j < nb; j++)
			note_pair(o, of_a[i], of_b[j]);
}

/* The first place that is called t; JV_MANY: none. */
static uint32_t place_named(const struct jv_places *s, const struct jv_term *t)
{
	for (uint32_t k = 0; k < s->n; k++)
		if (s->at[k].id == t->id && s->at[k].times == t->times && s->at[k].plus == t->plus)
			return k;
	return JV_MANY;
}

/* If place a is below b in both states, this is an order from there on. */
static void try_order(struct jv_opt *o, const struct jv_places *before,
		      const struct jv_places *edge, uint32_t a, uint32_t b, struct jv_orders *ret)
{
	struct jv_value less = o->joined[a], more = o->joined[b];

	if (ret->n == JV_ORDERS || !jv_is_number(&less) || !jv_is_number(&more) ||
	    terms_ordered(ret, &less, &more, 0) ||
	    !is_below(&before->orders, &before->at[a], &before->at[b]) ||
	    !is_below(&edge->orders, &edge->at[a], &edge->at[b]) ||
	    !narrow_by_order(&less, &more))
		return;
	o->joined[a] = less;
	o->joined[b] = more;
	add_order(ret, &less, &more);
}

void jv_join_orders(struct jv_opt *o, const struct jv_places *before, const struct jv_places *edge,
		    bool may_add, struct jv_orders *ret)
{
	uint32_t n = may_add ? (uint32_t)num_min(o->nrivals, JV_RIVALS) : 0;

	memset(ret, 0, sizeof(*ret));
	/* these first: what is lost of them changes the state */
	for (uint32_t k = 0; k < before->orders.n; k++) {
		uint32_t a = place_named(before, &before->orders.at[k].less),
			 b = place_named(before, &before->orders.at[k].more);

		if (a != JV_MANY && b != JV_MANY)
			try_order(o, before, edge, a, b, ret);
	}
	for (uint32_t k = 0; k < n; k++) {
		try_order(o, before, edge, o->rivals[k].a, o->rivals[k].b, ret);
		try_order(o, before, edge, o->rivals[k].b, o->rivals[k].a, ret);
	}
}

static bool same_term(const struct jv_places *before, const struct jv_term *was,
		      const struct jv_places *now, const struct jv_term *is)
{
	uint32_t k = place_named(before, was);

	return k != JV_MANY && now->at[k].id == is->id && now->at[k].times == is->times &&
	       now->at[k].plus == is->plus;
}

bool jv_keeps_orders(const struct jv_places *before, const struct jv_places *now)
{
	for (uint32_t k = 0; k < before->orders.n; k++) {
		const struct jv_order *was = &before->orders.at[k];
		bool kept = false;

		for (uint32_t j = 0; !kept && j < now->orders.n; j++)
			kept = same_term(before, &was->less, now, &now->orders.at[j].less) &&
			       same_term(before, &was->more, now, &now->orders.at[j].more);
		if (!kept)
			return false;
	}
	return true;
}
