/*
 * Globals. One that a module defines lives in its context, where compiled code reads it directly;
 * importers hold a pointer to it.
 */
#include "runtime/state.h"

struct rt_global *rt_global_new(struct rt_store *s, const struct wasm_globaltype *type,
				const union rt_value *v)
{
	struct rt_global *g = arena_alloc(&s->arena, sizeof(*g));

	if (!g)
		return NULL;
	g->type = *type;
	g->own_value = *v;
	g->value = &g->own_value;
	return g;
}

union rt_value *rt_global_value(struct rt_global *g)
{
	return g->value;
}
