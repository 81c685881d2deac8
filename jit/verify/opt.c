/* Code of the optimizing tier: blocks, and what is known at their start until it changes no more.
 */
#include "jit/verify/opt.h"
#include "runtime/base/num.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define ROUNDS_EXACT 3u		/* by which bounds at a loop's head grow; then they do by steps */
#define ROUNDS_STEPS 24u
#define VISITS_MAX 64u		/* of a block */
#define VISITS_ORDERS 8u	/* after so many orders get fewer only */
#define STATES_MAX ((size_t)6 << 20)	/* values at the starts of all blocks of a function */

bool jv_opt_refuse(struct jv_opt *o, const struct jv_insn *i, const char *what)
{
	return jv_fail(o->v, i->at, what);
}

/* ---- joins ---- */

static struct jv_value *state_of(const struct jv_opt *o, uint32_t join)
{
	return o->values.at + (size_t)join * o->s.n;
}

static void set_pending(struct jv_opt *o, uint32_t at)
{
	at -= o->v->lo;
	o->pending[at / 64] |= (uint64_t)1 << at % 64;
	if (at / 64 < o->first_pending)
		o->first_pending = at / 64;
}

/* Whoever ran over this place before it began a block is to go there. */
static void split_block(struct jv_opt *o, uint32_t at)
{
	while (at-- > o->v->lo) {
		if (o->join_of[at - o->v->lo]) {
			set_pending(o, at);
			return;
		}
	}
}

static bool new_join(struct jv_opt *o, uint32_t edge, const struct jv_places *s, uint32_t at)
{
	struct jv_join j = { .at = at, .from = edge, .probed = s->probed, .orders = s->orders };

	if ((o->joins.len + 1) * s->n > STATES_MAX)
		return jv_fail(o->v, at, "too large to be verified");
	if (!vec_reserve(&o->values, s->n) || !vec_reserve(&o->origins, s->n) ||
	    !vec_push(&o->joins, j))
		return jv_lacks_memory(o->v);
	memset(o->origins.at + o->origins.len, 0, s->n * sizeof(*o->origins.at));
	o->origins.len += s->n;
	memcpy(o->values.at + o->values.len, s->at, s->n * sizeof(*s->at));
	o->values.len += s->n;
	split_block(o, at);
	o->join_of[at - o->v->lo] = (uint32_t)o->joins.len;
	set_pending(o, at);
	return true;
}

/* One edge only comes here, which now comes with another state. */
static bool replace_state(struct jv_opt *o, const struct jv_places *s, uint32_t join)
{
	struct jv_value *at = state_of(o, join);
	struct jv_join *j = &o->joins.at[join];
	struct jv_places before = { .n = s->n };
	bool changed = false;
	uint32_t same;

	jv_forget_kin(o);
	for (uint32_t k = 0; k < s->n; k++) {
		const struct jv_pair was = { .a = at[k].id };

		changed |= !jv_same(&at[k], &s->at[k]) || at[k].kind == JV_TYPE_OF ||
			   at[k].kind == JV_CODE || at[k].times != s->at[k].times ||
			   at[k].plus != s->at[k].plus;
		/* named by the same as what it was named by the same as */
		same = at[k].id ? jv_kin_of(o, &was, k) : k;
		changed |= same == JV_MANY || s->at[same].id != s->at[k].id;
	}
	before.at = at;
	before.orders = j->orders;
	changed |= j->probed != s->probed || !jv_keeps_orders(&before, s);
	memcpy(at, s->at, s->n * sizeof(*at));
	j->probed = s->probed;
	j->orders = s->orders;
	return changed;
}

/*
 * What comes round a loop is thought to come again: bounds that have grown go where that may end.
 */
static void grow_bounds(struct jv_opt *o, const struct jv_value *at, const struct jv_places *s,
			uint32_t base, enum jv_growth growth)
{
	uint32_t limits = (uint32_t)num_min(o->nlimits, JV_LIMITS);

	memset(o->reached, 0, s->n);
	if (growth == JV_STEPS)
		jv_reach_goals(o, at, base, o->reached);
	for (uint32_t k = 0; k < s->n; k++) {
		struct jv_value *r = &o->joined[k],
				wide = jv_join(&at[k], &s->at[k], growth, o->limits, limits);

		if (o->reached[k])
			continue;
		r->lo = wide.lo;
		r->hi = wide.hi;
	}
	jv_narrow_all(o->joined, s->n, base, o->ranges);
}

/* Whether some hold no more. */
static bool join_orders(struct jv_opt *o, const struct jv_places *s, uint32_t join)
{
	struct jv_join *j = &o->joins.at[join];
	const struct jv_places before = { .at = state_of(o, join), .n = s->n,
					  .orders = j->orders };
	struct jv_orders both;
	bool changed;

	jv_join_orders(o, &before, s, j->visits <= VISITS_ORDERS, &both);
	if (both.n)
		jv_narrow_all(o->joined, s->n, JV_JOIN_ID + join * s->n, o->ranges);
	changed = both.n < j->orders.n ||
		  memcmp(both.at, j->orders.at, j->orders.n * sizeof(*both.at));
	j->orders = both;
	return changed;
}

/* Both states hold. */
static bool merge_state(struct jv_opt *o, const struct jv_places *s, uint32_t join, bool back)
{
	struct jv_value *at = state_of(o, join);
	struct jv_join *j = &o->joins.at[join];
	/* where nothing comes round a loop nothing goes on growing */
	enum jv_growth growth = !back || j->rounds <= ROUNDS_EXACT ? JV_EXACT :
				j->rounds <= ROUNDS_STEPS	   ? JV_STEPS :
								     JV_LEAPS;
	uint32_t base = JV_JOIN_ID + join * s->n, same;
	bool changed;

	jv_forget_kin(o);
	for (uint32_t k = 0; k < s->n; k++) {
		struct jv_value r = jv_join(&at[k], &s->at[k], JV_EXACT, NULL, 0);
		struct jv_pair p = { .times = 1 };

		same = jv_pair_of(&at[k], &s->at[k], &r, &p) ? jv_kin_of(o, &p, k) : JV_MANY;
		same = same == JV_MANY ? k : same;
		jv_name(&r, base + same, p.times, p.plus);
		assert(r.id);
		o->joined[k] = r;
		if (!back && p.factor && p.b != r.id)
			o->origins.at[r.id - JV_JOIN_ID] =
				(struct jv_origin){ p.b, p.factor, p.more };
	}
	jv_narrow_all(o->joined, s->n, base, o->ranges);
	if (growth != JV_EXACT)
		grow_bounds(o, at, s, base, growth);
	changed = join_orders(o, s, join);
	for (uint32_t k = 0; k < s->n; k++) {
		const struct jv_value *r = &o->joined[k];

		changed |= !jv_same(r, &at[k]) || r->id != at[k].id || r->times != at[k].times ||
			   r->plus != at[k].plus;
		at[k] = *r;
	}
	if (s->probed > j->probed) {
		j->probed = s->probed;
		changed = true;
	}
	j->rounds += changed && back;
	return changed;
}

static bool arrive(struct jv_opt *o, uint32_t edge, const struct jv_places *s, uint32_t at)
{
	struct jv *v = o->v;
	struct jv_join *j;
	uint32_t join;
	bool changed, back = edge >> 1 >= at;

	if (at < v->lo || at >= v->hi)
		return jv_fail(v, at, "a branch out of the function");
	join = o->join_of[at - v->lo];
	if (!join)
		return new_join(o, edge, s, at);
	j = &o->joins.at[--join];
	if (j->from == edge && !back) {
		changed = replace_state(o, s, join);
	} else {
		j->from = j->from == edge ? edge : JV_MANY;
		changed = merge_state(o, s, join, back);
	}
	if (changed)
		set_pending(o, at);
	return true;
}

/* An instruction has two edges at most, also if both go to the same place. */
bool jv_opt_goto(struct jv_opt *o, const struct jv_insn *i, const struct jv_places *s, uint32_t at)
{
	return arrive(o, i->at << 1, s, at);
}

/* ---- the walk ---- */

static bool decode_next(struct jv_opt *o, uint32_t at, struct jv_insn *ret)
{
	unsigned int len = jv_decode_at(o->v, at, ret);

	return (len && len <= o->v->hi - at) ||
	       jv_fail(o->v, at, "an instruction that is not permitted");
}

static bool walk_block(struct jv_opt *o, uint32_t join)
{
	struct jv_join *j = &o->joins.at[join];
	uint32_t at = j->at;
	struct jv_insn i;

	if (++j->visits > VISITS_MAX || o->next_id > JV_JOIN_ID / 2)
		return jv_fail(o->v, at, "takes too long to verify");
	memcpy(o->s.at, state_of(o, join), o->s.n * sizeof(*o->s.at));
	o->s.probed = j->probed;
	o->s.orders = j->orders;
	o->s.flags = JV_FLAGS_NONE;
	memset(o->sums, 0, sizeof(o->sums));
	if (o->s.at[RSP].kind != JV_FRAME || o->s.at[RSP].lo != o->s.at[RSP].hi)
		return jv_fail(o->v, at, "the stack pointer is not the same on every path");
	for (o->ends = false; !o->ends; at += i.len) {
		if (at >= o->v->hi)
			return jv_fail(o->v, at, "control runs over the end of the function");
		if (at != o->joins.at[join].at && o->join_of[at - o->v->lo])
			return arrive(o, i.at << 1 | 1, &o->s, at);
		if (!decode_next(o, at, &i) || !jv_opt_step(o, &i))
			return false;
	}
	return true;
}

/*
 * The first of the blocks of which something has changed, until there is none. So a loop is
 * settled before what comes behind it is looked at.
 */
static bool settle_blocks(struct jv_opt *o)
{
	uint32_t words = (o->v->hi - o->v->lo + 63) / 64, w, bit;

	while ((w = o->first_pending) < words) {
		if (!o->pending[w]) {
			o->first_pending++;
			continue;
		}
		bit = (uint32_t)__builtin_ctzll(o->pending[w]);
		o->pending[w] &= o->pending[w] - 1;
		if (!walk_block(o, o->join_of[w * 64 + bit] - 1))
			return false;
	}
	return true;
}

/* ---- a function ---- */

#define SAVED_BYTES 64u
#define ARGUMENT_BYTES 256u
#define RED_ZONE 128u		/* below rsp, of functions that call nothing */

/* How far below its entry the function's frame may go: only what is followed depends on it. */
static uint32_t frame_slots(const struct jv *v, uint32_t from)
{
	uint32_t run = 0, pushed = 0, largest = 0;
	struct jv_insn i;

	for (uint32_t at = from; at < v->hi; at += i.len) {
		if (!jv_decode_at(v, at, &i))
			i.len = 1;
		else if (i.class == JV_PUSH)
			pushed = (uint32_t)num_max(pushed, run += 8);
		else if (i.class == JV_CALL || i.class == JV_CALL_IND)
			run = 0;
		else if (i.class == JV_SUB && i.dst == RSP && i.flags & JV_IMM &&
			 i.imm > (int32_t)largest)
			largest = (uint32_t)i.imm;
		else if (i.class == JV_LEA && i.dst == RSP && i.disp < -(int32_t)largest)
			largest = (uint32_t)-i.disp;
	}
	return (uint32_t)num_min(
		(SAVED_BYTES + largest + num_min(pushed, ARGUMENT_BYTES) + RED_ZONE) / 8,
		JV_SLOTS_MAX);
}

static bool make_room(struct jv_opt *o, uint32_t bytes)
{
	if (bytes > o->room) {
		free(o->join_of);
		free(o->pending);
		o->join_of = malloc(((size_t)bytes + 1) * sizeof(*o->join_of));
		o->pending = malloc(((size_t)bytes / 64 + 1) * sizeof(*o->pending));
		o->room = o->join_of && o->pending ? bytes : 0;
		if (!o->room)
			return jv_lacks_memory(o->v);
	}
	memset(o->join_of, 0, ((size_t)bytes + 1) * sizeof(*o->join_of));
	memset(o->pending, 0, ((size_t)bytes / 64 + 1) * sizeof(*o->pending));
	return true;
}

static bool make_places(struct jv_opt *o, uint32_t n)
{
	struct jv_value *a = realloc(o->s.at, n * sizeof(*a)), *b, *c;
	struct jv_range *r;
	bool *reached;

	if (a)
		o->s.at = a;
	b = realloc(o->taken.at, n * sizeof(*b));
	if (b)
		o->taken.at = b;
	c = realloc(o->joined, n * sizeof(*c));
	if (c)
		o->joined = c;
	r = realloc(o->ranges, 2 * n * sizeof(*r));
	if (r)
		o->ranges = r;
	reached = realloc(o->reached, n);
	if (reached)
		o->reached = reached;
	o->s.n = o->taken.n = n;
	return (a && b && c && r && reached) || jv_lacks_memory(o->v);
}

/* At entry: arguments, what is to be kept, nothing else. */
static void begin_places(struct jv_opt *o, const struct jv_sig *sig)
{
	struct jv_value *r = o->s.at;

	for (uint32_t k = 0; k < o->s.n; k++)
		r[k] = jv_unknown();
	for (uint32_t k = 0; k < JV_REGS; k++) {
		if ((JV_CALLEE_SAVED | BIT(RBP)) & BIT(k))
			r[k] = jv_pointer(JV_SAVED, k, 0);
		else if (sig->args & BIT(k))
			r[k] = jv_any(4);
	}
	r[R13] = jv_pointer(JV_CONTEXT, 0, 0);
	r[RSP] = jv_pointer(JV_FRAME, 0, 0);
	if (sig->result_bytes)
		r[RDI] = jv_pointer(JV_RESULTS, 0, 0);
	for (uint32_t m = sig->stack_args; m; m &= m - 1)
		*jv_slot(&o->s, o->top, 8 + 8 * __builtin_ctz(m)) = jv_any(4);
	if (o->is_stub)
		r[RSI] = r[RDX] = jv_number(0, 0);
	for (uint32_t k = 0; k < o->s.n; k++)
		r[k] = jv_fresh(o, r[k]);
	o->s.probed = 0;
}

/* The code from `at` on, as a function of this type by C's convention for arguments on the stack.
 */
static bool settle_code(struct jv_opt *o, const struct jv_sig *sig, uint32_t at)
{
	o->sig = sig;
	o->top = 8 + (int64_t)sig->c_bytes;
	o->joins.len = o->values.len = o->origins.len = 0;
	o->next_id = o->nlimits = o->ngoals = o->nrivals = o->first_pending = 0;
	o->s.orders.n = 0;
	if (!make_room(o, o->v->hi - o->v->lo) ||
	    !make_places(o, JV_REGS + (uint32_t)o->top / 8 + frame_slots(o->v, at)))
		return false;
	begin_places(o, sig);
	return arrive(o, JV_MANY - 1, &o->s, at) && settle_blocks(o);
}

struct jv_opt *jv_opt_new(struct jv *v)
{
	struct jv_opt *o = calloc(1, sizeof(*o));

	if (o)
		o->v = v;
	return o;
}

void jv_opt_free(struct jv_opt *o)
{
	if (!o)
		return;
	vec_done(&o->joins);
	vec_done(&o->values);
	free(o->s.at);
	free(o->taken.at);
	free(o->joined);
	free(o->ranges);
	free(o->reached);
	vec_done(&o->origins);
	free(o->join_of);
	free(o->pending);
	free(o);
}

bool jv_opt_function(struct jv *v)
{
	uint32_t at = v->lo;

	if (v->nhandlers)
		return jv_fail(v, v->lo, "a handler in optimized code");
	if (v->sig->stack_bytes && !jv_adapter_in(v, v->lo, v->sig, &at))
		return jv_fail(v, v->lo,
			       "not the adapter of a function with arguments on the stack");
	return settle_code(v->opt, v->sig, at);
}

#define STUB_MAX 1024u

/* Its arguments are those of the runtime's thunk. */
bool jv_is_copy_stub(struct jv *v, uint32_t at)
{
	static const struct jv_sig sig = { .args = BIT(RCX) | BIT(R8) | BIT(R9) };
	uint32_t lo = v->lo, hi = v->hi;
	bool ok;

	if (at == v->copy_stub)
		return true;
	if (v->bad)
		return false;
	v->lo = at;
	v->hi = (uint32_t)num_min((uint64_t)at + STUB_MAX, v->text_size);
	v->stub->is_stub = true;
	ok = settle_code(v->stub, &sig, at);
	v->lo = lo;
	v->hi = hi;
	v->bad = NULL;
	if (ok)
		v->copy_stub = at;
	return ok;
}
