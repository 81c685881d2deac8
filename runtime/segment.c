/*
 * Element and data segments: the active ones at the start of an instance, and the copying that
 * table.init shares with them.
 */
#include <errno.h>
#include <string.h>

#include "runtime/state.h"

int rt_elem_copy(struct rt_instance *inst, uint32_t elem, struct rt_table *t, uint64_t d,
		 uint64_t s, uint64_t n)
{
	const struct wasm_elem *e = &inst->m->elems[elem];
	uint64_t have = inst->elem_dropped[elem] ? 0 : e->n, size = rt_table_size(t);

	if (s > have || n > have - s || d > size || n > size - d)
		return RT_TRAP_TABLE_BOUNDS;
	for (uint64_t i = 0; i < n; i++) {
		union rt_value v = { 0 };

		if (e->funcs)
			v.ref = rt_func_at(inst, e->funcs[s + i]);
		else if (rt_eval(inst, &e->exprs[s + i], e->type, &v) < 0)
			return RT_TRAP_HOST;
		rt_table_set(t, d + i, v.ref);
	}
	return 0;
}

/* The start of an active segment: an address of the memory's or table's type. */
static int offset_of(struct rt_instance *inst, const struct wasm_expr *expr, bool is64,
		     uint64_t *ret)
{
	union rt_value v;
	int err = rt_eval(inst, expr, is64 ? WASM_I64 : WASM_I32, &v);

	if (err < 0)
		return RT_TRAP_HOST;
	*ret = is64 ? v.f64_bits : v.f32_bits;
	return 0;
}

static int apply_elem(struct rt_instance *inst, uint32_t i)
{
	const struct wasm_elem *e = &inst->m->elems[i];
	struct rt_table *t;
	uint64_t d;
	int trap;

	if (e->mode == WASM_SEGMENT_PASSIVE)
		return 0;
	if (e->mode == WASM_SEGMENT_ACTIVE) {
		t = inst->tables[e->table];
		trap = offset_of(inst, &e->offset, t->type.limits.is64, &d);
		if (!trap)
			trap = rt_elem_copy(inst, i, t, d, 0, e->n);
		if (trap)
			return trap;
	}
	inst->elem_dropped[i] = 1;
	return 0;
}

static int apply_data(struct rt_instance *inst, uint32_t i)
{
	const struct wasm_data *data = &inst->m->datas[i];
	struct rt_memory *m;
	uint64_t d;
	int trap;

	if (data->mode != WASM_SEGMENT_ACTIVE)
		return 0;
	m = inst->memories[data->memory];
	trap = offset_of(inst, &data->offset, m->limits.is64, &d);
	if (trap)
		return trap;
	if (d > *m->size || data->len > *m->size - d)
		return RT_TRAP_OUT_OF_BOUNDS;
	if (data->len)
		memcpy(m->base + d, data->at, data->len);
	inst->data_dropped[i] = 1;
	return 0;
}

int rt_segments_apply(struct rt_instance *inst)
{
	int trap = 0;

	for (uint32_t i = 0; !trap && i < inst->m->nelems; i++)
		trap = apply_elem(inst, i);
	for (uint32_t i = 0; !trap && i < inst->m->ndatas; i++)
		trap = apply_data(inst, i);
	return trap;
}
