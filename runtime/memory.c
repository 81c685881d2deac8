/*
 * Linear memories. The base never moves: a 32-bit memory has 8 GiB of address space, of which what
 * lies below its size is accessible, so that compiled code needs no check. A 64-bit one has its
 * maximum, at most RT_MEMORY64_RESERVE, and compiled code checks against its size.
 */
#include <assert.h>
#include <errno.h>

#include "runtime/base/num.h"
#include "runtime/state.h"

#define RT_MEMORY64_RESERVE (64ull << 30)

/* The size in pages of a 32-bit memory is an i32: in pages of one byte, 4 GiB would be 0. */
static uint64_t max_pages(const struct rt_memory *m)
{
	uint64_t room = m->limits.is64	? RT_MEMORY64_RESERVE >> m->page_log2 :
			m->page_log2	? ((uint64_t)1 << 32) >> m->page_log2 : UINT32_MAX;

	return m->limits.max < room ? m->limits.max : room;
}

uint64_t rt_memory_span(const struct wasm_memtype *type)
{
	uint64_t pages = type->limits.max, room = RT_MEMORY64_RESERVE >> type->page_log2;

	if (!type->limits.is64)
		return JIT_MEMORY_RESERVE;
	return num_align((pages < room ? pages : room) << type->page_log2, JIT_PAGE) + JIT_PAGE;
}

int rt_memory_init(struct rt_memory *m, struct rt_store *s, const struct wasm_memtype *type)
{
	m->store = s;
	m->limits = type->limits;
	m->page_log2 = type->page_log2;
	if (!m->size)
		m->size = &m->own_size;
	if (type->limits.min > max_pages(m))
		return -ENOMEM;
	if (!m->base) {
		if (!vec_reserve(&s->memories, 1))
			return -ENOMEM;
		m->base = rt_reserve(s, rt_memory_span(type), true);
		if (!m->base)
			return -ENOMEM;
		m->reserved = rt_memory_span(type);
		s->memories.at[s->memories.len++] = m;
	}
	return rt_memory_grow(m, type->limits.min) < 0 ? -ENOMEM : 0;
}

struct rt_memory *rt_memory_new(struct rt_store *s, const struct wasm_memtype *type)
{
	struct rt_memory *m = arena_alloc(&s->arena, sizeof(*m));

	return m && !rt_memory_init(m, s, type) ? m : NULL;
}

uint8_t *rt_memory_base(struct rt_memory *m)
{
	return m->base;
}

uint64_t rt_memory_size(struct rt_memory *m)
{
	return *m->size;
}

uint64_t rt_memory_pages(const struct rt_memory *m)
{
	assert((*m->size >> m->page_log2) << m->page_log2 == *m->size);
	return *m->size >> m->page_log2;
}

int64_t rt_memory_grow(struct rt_memory *m, uint64_t pages)
{
	uint64_t old = rt_memory_pages(m), size;

	if (old > max_pages(m) || pages > max_pages(m) - old)
		return RT_CANNOT_GROW;
	size = (old + pages) << m->page_log2;
	assert(size >= *m->size && (!m->reserved || size < m->reserved));
	if (rt_commit(m->store, m->base, *m->size, size) < 0)
		return RT_CANNOT_GROW;
	*m->size = size;
	return (int64_t)old;
}
