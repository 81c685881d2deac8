/* The canonical form of types: see canon.h. */
#include "runtime/wasm/canon.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>

static uint64_t mix(uint64_t h, uint64_t v)
{
	__uint128_t p = (__uint128_t)(h ^ v ^ 0x9e3779b97f4a7c15u) * 0xd6e8feb86659fd93u;

	return (uint64_t)p ^ (uint64_t)(p >> 64);
}

/* A value type as a word: an index into the group (from, len) becomes relative and marked. */
static uint64_t type_word(wasm_valtype t, uint32_t from, uint32_t len)
{
	uint32_t heap = wasm_heap(t);

	if (!wasm_is_ref(t) || !wasm_heap_is_index(heap) || heap < from || heap >= from + len)
		return t;
	return (uint64_t)1 << 32 | (t & ((1u << WASM_HEAP_SHIFT) - 1)) |
	       (uint64_t)(heap - from) << WASM_HEAP_SHIFT;
}

static bool group_words(const struct wasm_module *m, uint32_t from, uint32_t len,
			struct wasm_words *ret)
{
	ret->len = 0;
	for (uint32_t i = from; i < from + len; i++) {
		const struct wasm_functype *t = &m->types[i];
		const struct wasm_subtype *s = &m->subs[i];
		uint64_t super = s->super == WASM_NONE ? WASM_NONE
				 : s->super >= from    ? (uint64_t)1 << 32 | (s->super - from)
						       : s->super;

		if (!vec_reserve(ret, 4 + (size_t)t->nparams + t->nresults + s->nfields))
			return false;
		ret->at[ret->len++] =
			(uint64_t)s->kind << 56 | (uint64_t)s->final << 48 | s->nfields;
		ret->at[ret->len++] = super;
		ret->at[ret->len++] = (uint64_t)t->nparams << 32 | t->nresults;
		for (uint32_t k = 0; k < t->nparams + t->nresults; k++)
			ret->at[ret->len++] = type_word(t->params[k], from, len);
		for (uint32_t k = 0; k < s->nfields; k++)
			ret->at[ret->len++] = type_word(s->fields[k].type, from, len) |
						      (uint64_t)s->fields[k].mut << 40;
	}
	return true;
}

static uint64_t group_hash(const struct wasm_words *g, uint64_t h)
{
	for (size_t i = 0; i < g->len; i++)
		h = mix(h, g->at[i]);
	return h;
}

/* Groups stand in the table once each: the first of its kind. */
static bool table_grow(struct wasm_canon *c)
{
	size_t cap = c->cap ? 2 * c->cap : 64;
	struct wasm_canon_slot *slots;

	if (2 * (c->n + 1) <= c->cap)
		return true;
	slots = calloc(cap, sizeof(*slots));
	if (!slots)
		return false;
	for (size_t i = 0; i < c->cap; i++) {
		size_t at = c->slots[i].hash & (cap - 1);

		if (!c->slots[i].first)
			continue;
		while (slots[at].first)
			at = (at + 1) & (cap - 1);
		slots[at] = c->slots[i];
	}
	free(c->slots);
	c->slots = slots;
	c->cap = cap;
	return true;
}

/* Types of the group name each other by their own index: that becomes the canonical one. */
static void group_rename(struct wasm_module *m, uint32_t from, uint32_t len)
{
	for (uint32_t i = from; i < from + len; i++) {
		struct wasm_functype *t = &m->types[i];
		struct wasm_subtype *s = &m->subs[i];
		/* the arrays are the module's own; const is for its readers */
		wasm_valtype *types = (wasm_valtype *)t->params;
		struct wasm_field *fields = (struct wasm_field *)s->fields;

		for (uint32_t k = 0; k < t->nparams + t->nresults; k++)
			types[k] = wasm_canon_type(m, types[k]);
		for (uint32_t k = 0; k < s->nfields; k++)
			fields[k].type = wasm_canon_type(m, fields[k].type);
		if (s->super != WASM_NONE)
			s->super = m->types[s->super].canon;
	}
}

/* The slot of an equal group, or a free one. */
static struct wasm_canon_slot *group_find(struct wasm_canon *c, const struct wasm_module *m,
					  uint32_t len, uint64_t hash)
{
	size_t at = hash & (c->cap - 1);

	assert(c->n < c->cap);
	for (;; at = (at + 1) & (c->cap - 1)) {
		struct wasm_canon_slot *s = &c->slots[at];

		if (!s->first)
			return s;
		if (s->hash != hash || m->subs[s->first - 1].group_len != len)
			continue;
		if (!group_words(m, s->first - 1, len, &c->other))
			return NULL;
		if (c->other.len == c->words.len &&
		    !memcmp(c->other.at, c->words.at, c->words.len * sizeof(*c->words.at)))
			return s;
	}
}

bool wasm_canon_group(struct wasm_canon *c, struct wasm_module *m, uint32_t from, uint32_t len)
{
	struct wasm_canon_slot *slot;
	uint64_t hash;

	if (!len)
		return true;
	/* a supertype outside the group must be canonical before the words are compared */
	for (uint32_t i = from; i < from + len; i++)
		if (m->subs[i].super < from)
			m->subs[i].super = m->types[m->subs[i].super].canon;
	if (!group_words(m, from, len, &c->words) || !table_grow(c))
		return false;
	hash = group_hash(&c->words, c->seed);
	slot = group_find(c, m, len, hash);
	if (!slot)
		return false;
	if (!slot->first) {
		*slot = (struct wasm_canon_slot){ .hash = hash, .first = from + 1 };
		c->n++;
		return true;
	}
	for (uint32_t i = 0; i < len; i++)
		m->types[from + i].canon = slot->first - 1 + i;
	assert(slot->first - 1 < from);
	group_rename(m, from, len);
	return true;
}

void wasm_canon_init(struct wasm_canon *c)
{
	const void *random = (const void *)getauxval(AT_RANDOM);

	*c = (struct wasm_canon){ 0 };
	if (random)
		memcpy(&c->seed, random, sizeof(c->seed));
}

void wasm_canon_done(struct wasm_canon *c)
{
	free(c->slots);
	vec_done(&c->words);
	vec_done(&c->other);
}
