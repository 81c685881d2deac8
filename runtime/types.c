/*
 * Function types by structure: equal types of all modules have one id, so that a compare of ids is
 * the check at an indirect call and at a link. Type indices inside a type are replaced by ids
 * first. They refer to earlier types, or to the type itself, which has no id yet and is 0 there:
 * equal only to another that refers to itself in that place.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/state.h"

wasm_valtype rt_valtype(wasm_valtype t, const uint32_t *ids)
{
	if (!ids || !wasm_is_ref(t) || wasm_heap(t) >= WASM_HEAP_ABSTRACT)
		return t;
	return WASM_REF(t & WASM_TYPE_NULLABLE, ids[wasm_heap(t)]);
}

/* Among functions and external references; a type index is a function type. */
static bool heap_subtype(uint32_t a, uint32_t b)
{
	bool b_func = wasm_heap_is_index(b) || b == WASM_HEAP_FUNC;

	return a == b || (wasm_heap_is_index(a) && b == WASM_HEAP_FUNC) ||
	       (a == WASM_HEAP_NOFUNC && b_func) ||
	       (a == WASM_HEAP_NOEXTERN && b == WASM_HEAP_EXTERN);
}

bool rt_subtype(wasm_valtype a, wasm_valtype b)
{
	if (a == b)
		return true;
	if (!wasm_is_ref(a) || !wasm_is_ref(b) ||
	    ((a & WASM_TYPE_NULLABLE) && !(b & WASM_TYPE_NULLABLE)))
		return false;
	return heap_subtype(wasm_heap(a), wasm_heap(b));
}

static uint32_t hash_types(uint32_t h, const wasm_valtype *t, uint32_t n, const uint32_t *ids)
{
	for (uint32_t i = 0; i < n; i++)
		h = (h ^ rt_valtype(t[i], ids)) * 0x9e3779b1u;
	return (h ^ n) * 0x85ebca6bu;
}

static bool same_types(const wasm_valtype *have, const wasm_valtype *t, uint32_t n,
		       const uint32_t *ids)
{
	for (uint32_t i = 0; i < n; i++)
		if (have[i] != rt_valtype(t[i], ids))
			return false;
	return true;
}

static bool grow_buckets(struct rt_store *s)
{
	uint32_t n = s->nbuckets ? s->nbuckets * 2 : 64;
	struct rt_type **buckets = calloc(n, sizeof(*buckets));

	if (!buckets)
		return false;
	free(s->buckets);
	s->buckets = buckets;
	s->nbuckets = n;
	for (size_t i = 0; i < s->types.len; i++) {
		struct rt_type *t = s->types.at[i];

		t->next = buckets[t->hash & (n - 1)];
		buckets[t->hash & (n - 1)] = t;
	}
	return true;
}

/* jit_cc_init() names machine registers; struct rt_regs holds them in the order of their use. */
static void number_registers(struct rt_type *t)
{
	uint8_t gpr = t->cc.sret, xmm = 0;

	for (uint32_t i = 0; i < t->func.nparams; i++) {
		if (t->params[i].where == JIT_IN_GPR)
			t->params[i].reg = gpr++;
		else if (t->params[i].where == JIT_IN_XMM)
			t->params[i].reg = xmm++;
	}
	t->xmm = xmm != 0;
	gpr = xmm = 0;
	for (uint32_t i = 0; i < t->func.nresults && !t->cc.sret; i++)
		t->results[i].reg = t->results[i].where == JIT_IN_GPR ? gpr++ : xmm++;
	assert(gpr <= 2 && xmm <= 2);
}

static void find_simple(struct rt_type *t)
{
	const struct wasm_functype *f = &t->func;

	t->simple = !t->xmm && !t->cc.sret && !t->cc.stack_bytes && f->nresults <= 1 &&
		    (!f->nresults || t->results[0].where == JIT_IN_GPR);
	for (uint32_t i = 0; t->simple && i < f->nparams; i++)
		t->keep[i] = f->params[i] == WASM_I32 ? UINT32_MAX : UINT64_MAX;
	t->keep_result = f->nresults && f->results[0] == WASM_I32 ? UINT32_MAX : UINT64_MAX;
}

static struct rt_type *new_type(struct rt_store *s, const struct wasm_functype *t,
				const uint32_t *ids)
{
	uint32_t n = t->nparams + t->nresults;
	struct rt_type *type = arena_alloc(&s->arena, sizeof(*type));
	wasm_valtype *values = arena_array(&s->arena, n + 1, sizeof(*values));
	struct jit_loc *locs = arena_array(&s->arena, n + 1, sizeof(*locs));

	if (!type || !values || !locs)
		return NULL;
	for (uint32_t i = 0; i < n; i++)
		values[i] = rt_valtype(i < t->nparams ? t->params[i] : t->results[i - t->nparams],
				       ids);
	type->func = (struct wasm_functype){
		t->nparams, t->nresults, values, values + t->nparams, 0
	};
	type->params = locs;
	type->results = locs + t->nparams;
	jit_cc_init(&type->cc, &type->func, type->params, type->results);
	number_registers(type);
	find_simple(type);
	return type;
}

uint32_t rt_type_id(struct rt_store *s, const struct wasm_functype *t, const uint32_t *ids)
{
	uint32_t h = hash_types(hash_types(0, t->params, t->nparams, ids), t->results, t->nresults,
				ids);
	struct rt_type *type;

	h ^= h >> 15;
	if (s->types.len >= s->nbuckets && !grow_buckets(s))
		return 0;
	for (type = s->buckets[h & (s->nbuckets - 1)]; type; type = type->next)
		if (type->hash == h && type->func.nparams == t->nparams &&
		    type->func.nresults == t->nresults &&
		    same_types(type->func.params, t->params, t->nparams, ids) &&
		    same_types(type->func.results, t->results, t->nresults, ids))
			return type->func.canon;
	/* an id is a heap type of the store */
	if (s->types.len + 1 >= WASM_HEAP_ABSTRACT)
		return 0;
	type = new_type(s, t, ids);
	if (!type || !vec_push(&s->types, type))
		return 0;
	type->hash = h;
	type->func.canon = (uint32_t)s->types.len;
	type->next = s->buckets[h & (s->nbuckets - 1)];
	s->buckets[h & (s->nbuckets - 1)] = type;
	return type->func.canon;
}
