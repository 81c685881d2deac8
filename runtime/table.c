/*
 * Tables. The base never moves: the maximum is reserved and made accessible as the table grows.
 * Entries of function tables are callee descriptors, so that an indirect call loads nothing else;
 * other tables hold the reference.
 *
 * A descriptor's code is the function's own as long as the table is private to the instance that
 * owns both; else it is the function's callee.code, which switches contexts.
 */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "runtime/base/num.h"
#include "runtime/state.h"

static size_t entry_size(const struct rt_table *t)
{
	return t->callees ? sizeof(struct jit_callee) : sizeof(void *);
}

static uint64_t max_entries(const struct rt_table *t)
{
	return t->type.limits.max < WASM_MAX_TABLE_SIZE ? t->type.limits.max : WASM_MAX_TABLE_SIZE;
}

static bool is_callee(wasm_valtype t)
{
	return wasm_heap(t) < WASM_HEAP_ABSTRACT || wasm_heap(t) == WASM_HEAP_FUNC;
}

int rt_table_init(struct rt_table *t, struct rt_store *s, const struct wasm_tabletype *type)
{
	t->store = s;
	t->type = *type;
	t->callees = is_callee(type->elem);
	if (!t->slot)
		t->slot = &t->own_slot;
	if (type->limits.min > max_entries(t) || !vec_reserve(&s->tables, 1))
		return -ENOMEM;
	t->reserved = num_align(max_entries(t) * entry_size(t) + 1, 4096);
	t->slot->base = rt_reserve(s, t->reserved, false);
	t->slot->link = t->slot;
	t->slot->rt = t;
	if (!t->slot->base)
		return -ENOMEM;
	s->tables.at[s->tables.len++] = t;
	return rt_table_grow(t, NULL, type->limits.min) < 0 ? -ENOMEM : 0;
}

struct rt_table *rt_table_new(struct rt_store *s, const struct wasm_tabletype *type, void *init)
{
	struct rt_table *t = arena_alloc(&s->arena, sizeof(*t));

	if (!t)
		return NULL;
	t->shared = true;
	if (rt_table_init(t, s, type) < 0)
		return NULL;
	for (uint64_t i = 0; init && i < type->limits.min; i++)
		rt_table_set(t, i, init);
	return t;
}

uint64_t rt_table_size(struct rt_table *t)
{
	return t->slot->size;
}

void *rt_table_get(struct rt_table *t, uint64_t i)
{
	assert(i < t->slot->size);
	return t->callees ? ((struct jit_callee *)t->slot->base)[i].func :
			    ((void **)t->slot->base)[i];
}

void rt_table_set(struct rt_table *t, uint64_t i, void *ref)
{
	struct rt_func *f = ref;
	struct jit_callee *entry;

	assert(i < t->slot->size);
	if (!t->callees) {
		((void **)t->slot->base)[i] = ref;
		return;
	}
	entry = (struct jit_callee *)t->slot->base + i;
	if (!f) {
		memset(entry, 0, sizeof(*entry));
		return;
	}
	*entry = f->callee;
	if (!t->shared && f->owner == t->owner)
		entry->code = f->entry;
}

void rt_table_share(struct rt_table *t)
{
	if (t->shared || !t->callees) {
		t->shared = true;
		return;
	}
	t->shared = true;
	for (uint64_t i = 0; i < t->slot->size; i++)
		rt_table_set(t, i, rt_table_get(t, i));
}

int64_t rt_table_grow(struct rt_table *t, void *ref, uint64_t n)
{
	uint64_t old = t->slot->size, size = entry_size(t);

	assert(old <= max_entries(t) && max_entries(t) * size < t->reserved &&
	       t->slot->link == t->slot);
	if (n > max_entries(t) - old ||
	    rt_commit(t->store, t->slot->base, old * size, (old + n) * size) < 0)
		return RT_CANNOT_GROW;
	t->slot->size = old + n;
	for (uint64_t i = old; ref && i < old + n; i++)
		rt_table_set(t, i, ref);
	return (int64_t)old;
}
