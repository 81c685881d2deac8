/*
 * What compiled code calls for instructions that are too large for it: bulk operations on memories
 * and tables, growth.
 *
 * Every operation checks all its bounds before it writes (core spec 4.6, bulk operations trap
 * without effect). Indices of memories, tables and segments are validated ones; all others are the
 * guest's, as 64-bit numbers.
 */
#include <string.h>

#include "runtime/state.h"

#define LIBCALL(name, ...) struct rt_ret rt_lib_##name(struct rt_instance *inst, __VA_ARGS__)

static struct rt_ret done(uint64_t value)
{
	return (struct rt_ret){ .value = value };
}

static struct rt_ret trap(int kind)
{
	return (struct rt_ret){ .trap = (uint64_t)kind };
}

static bool inside(uint64_t at, uint64_t n, uint64_t size)
{
	return at <= size && n <= size - at;
}

LIBCALL(memory_grow, uint64_t memory, uint64_t pages, uint64_t c, uint64_t d, uint64_t e)
{
	return done((uint64_t)rt_memory_grow(inst->memories[memory], pages));
}

LIBCALL(memory_copy, uint64_t dst, uint64_t src, uint64_t d, uint64_t s, uint64_t n)
{
	struct rt_memory *to = inst->memories[dst], *from = inst->memories[src];

	if (!inside(d, n, *to->size) || !inside(s, n, *from->size))
		return trap(RT_TRAP_OUT_OF_BOUNDS);
	memmove(to->base + d, from->base + s, n);
	return done(0);
}

LIBCALL(memory_fill, uint64_t memory, uint64_t d, uint64_t byte, uint64_t n, uint64_t e)
{
	struct rt_memory *m = inst->memories[memory];

	if (!inside(d, n, *m->size))
		return trap(RT_TRAP_OUT_OF_BOUNDS);
	memset(m->base + d, (uint8_t)byte, n);
	return done(0);
}

LIBCALL(memory_init, uint64_t data_memory, uint64_t d, uint64_t s, uint64_t n, uint64_t e)
{
	uint32_t data = (uint32_t)data_memory;
	struct rt_memory *m = inst->memories[data_memory >> 32];
	const struct wasm_data *from = &inst->m->datas[data];

	if (!inside(d, n, *m->size) || !inside(s, n, inst->data_dropped[data] ? 0 : from->len))
		return trap(RT_TRAP_OUT_OF_BOUNDS);
	if (n)
		memcpy(m->base + d, from->at + s, n);
	return done(0);
}

LIBCALL(data_drop, uint64_t data, uint64_t b, uint64_t c, uint64_t d, uint64_t e)
{
	inst->data_dropped[data] = 1;
	return done(0);
}

LIBCALL(table_get, uint64_t table, uint64_t i, uint64_t c, uint64_t d, uint64_t e)
{
	struct rt_table *t = inst->tables[table];

	return i < rt_table_size(t) ? done((uintptr_t)rt_table_get(t, i)) :
				      trap(RT_TRAP_TABLE_BOUNDS);
}

LIBCALL(table_set, uint64_t table, uint64_t i, uint64_t ref, uint64_t d, uint64_t e)
{
	struct rt_table *t = inst->tables[table];

	if (i >= rt_table_size(t))
		return trap(RT_TRAP_TABLE_BOUNDS);
	rt_table_set(t, i, (void *)ref);
	return done(0);
}

LIBCALL(table_grow, uint64_t table, uint64_t ref, uint64_t n, uint64_t d, uint64_t e)
{
	return done((uint64_t)rt_table_grow(inst->tables[table], (void *)ref, n));
}

LIBCALL(table_fill, uint64_t table, uint64_t i, uint64_t ref, uint64_t n, uint64_t e)
{
	struct rt_table *t = inst->tables[table];

	if (!inside(i, n, rt_table_size(t)))
		return trap(RT_TRAP_TABLE_BOUNDS);
	for (uint64_t k = 0; k < n; k++)
		rt_table_set(t, i + k, (void *)ref);
	return done(0);
}

LIBCALL(table_copy, uint64_t dst, uint64_t src, uint64_t d, uint64_t s, uint64_t n)
{
	struct rt_table *to = inst->tables[dst], *from = inst->tables[src];

	if (!inside(d, n, rt_table_size(to)) || !inside(s, n, rt_table_size(from)))
		return trap(RT_TRAP_TABLE_BOUNDS);
	for (uint64_t k = 0; k < n; k++) {
		uint64_t i = d <= s ? k : n - 1 - k;

		rt_table_set(to, d + i, rt_table_get(from, s + i));
	}
	return done(0);
}

LIBCALL(table_init, uint64_t elem_table, uint64_t d, uint64_t s, uint64_t n, uint64_t e)
{
	struct rt_table *table = inst->tables[elem_table >> 32];
	int kind = rt_elem_copy(inst, (uint32_t)elem_table, table, d, s, n);

	return kind ? trap(kind) : done(0);
}

LIBCALL(elem_drop, uint64_t elem, uint64_t b, uint64_t c, uint64_t d, uint64_t e)
{
	inst->elem_dropped[elem] = 1;
	return done(0);
}
