/*
 * The store: what a process has once. The guest stack, the address space that instances reserve,
 * and the end of it all.
 *
 *	stack: │ guard, PROT_NONE │ guest stack, touched as it deepens ... │ stack_top
 * The default is what a native program has (8 MiB): it is reserved, not used, until a guest
 * recurses, and it counts against the cell's own memory limit. Guests compiled from C keep their
 * arrays in linear memory, so this is room for some 100,000 frames; engines that share a process
 * among tenants give 0.5 to 1 MiB.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "runtime/base/num.h"
#include "runtime/state.h"

static int make_stack(struct rt_store *s, size_t size)
{
	size_t all = num_align(size ? size : RT_STACK_DEFAULT, 4096) + RT_STACK_GUARD;
	void *p = mmap(NULL, all, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);

	if (p == MAP_FAILED)
		return -errno;
	s->stack = p;
	s->stack_top = s->stack + all;
	s->stack_lo = (uintptr_t)p + RT_STACK_GUARD;
	return mprotect(p, RT_STACK_GUARD, PROT_NONE) ? -errno : 0;
}

int rt_store_new(const struct rt_config *config, struct rt_store **ret_store, struct wsbox_err *err)
{
	struct rt_store *s = calloc(1, sizeof(*s));
	int ret;

	if (!s)
		return err_set(err, -ENOMEM, WSBOX_FAILED, "out of memory");
	arena_init(&s->arena);
	s->memory_max = config && config->memory_max ? config->memory_max : UINT64_MAX;
	ret = make_stack(s, config ? config->stack_size : 0);
	if (ret < 0)
		err_set(err, ret, WSBOX_FAILED, "cannot reserve the guest stack: %s",
			err_name(ret));
	else
		ret = rt_fault_install(s, err);
	if (ret < 0) {
		rt_store_free(s);
		return ret;
	}
	*ret_store = s;
	return 0;
}

static void free_exceptions(struct rt_exn *exn)
{
	while (exn) {
		struct rt_exn *next = exn->next == exn ? NULL : exn->next;

		free(exn);
		exn = next;
	}
}

static void free_instance(struct rt_instance *inst)
{
	if (inst->map)
		munmap(inst->map, inst->map_size);
	if (inst->image.at)
		munmap((void *)inst->image.at, inst->image.size);
	if (inst->former.at)
		munmap((void *)inst->former.at, inst->former.size);
	free(inst->funcs);
}

void rt_store_free(struct rt_store *s)
{
	if (!s)
		return;
	assert(!s->nesting);
	rt_fault_remove(s);
	for (size_t i = 0; i < s->memories.len; i++)
		if (s->memories.at[i]->reserved)
			munmap(s->memories.at[i]->base, s->memories.at[i]->reserved);
	for (size_t i = 0; i < s->tables.len; i++)
		if (s->tables.at[i]->reserved)
			munmap(s->tables.at[i]->slot->base, s->tables.at[i]->reserved);
	/* after the tables, whose slots lie in the contexts */
	for (size_t i = 0; i < s->instances.len; i++)
		free_instance(s->instances.at[i]);
	if (s->stack)
		munmap(s->stack, (size_t)(s->stack_top - s->stack));
	free_exceptions(s->exns);
	free(s->caught);
	vec_done(&s->types);
	vec_done(&s->regions);
	vec_done(&s->code);
	vec_done(&s->instances);
	vec_done(&s->memories);
	vec_done(&s->tables);
	free(s->buckets);
	arena_done(&s->arena);
	free(s);
}

void *rt_reserve(struct rt_store *s, size_t size, bool fault)
{
	void *p;

	if (fault && !vec_reserve(&s->regions, 1))
		return NULL;
	p = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (p == MAP_FAILED)
		return NULL;
	if (fault)
		s->regions.at[s->regions.len++] = (struct rt_region){
			(uintptr_t)p, (uintptr_t)p + size
		};
	return p;
}

int rt_commit(struct rt_store *s, void *base, uint64_t old_size, uint64_t new_size)
{
	uint64_t from = num_align(old_size, 4096), to = num_align(new_size, 4096);

	assert(old_size <= new_size && s->memory_used <= s->memory_max);
	if (new_size - old_size > s->memory_max - s->memory_used)
		return -ENOMEM;
	if (to > from && mprotect((char *)base + from, to - from, PROT_READ | PROT_WRITE))
		return -ENOMEM;
	s->memory_used += new_size - old_size;
	return 0;
}

int rt_exit(struct rt_instance *caller, int32_t status)
{
	caller->head.store->exit_status = status;
	return -RT_TRAP_EXIT;
}

int32_t rt_exit_status(const struct rt_store *s)
{
	return s->exit_status;
}

const char *rt_trap_text(int trap)
{
	static const char *const texts[] = {
#define X(name, text) [RT_TRAP_##name] = text,
		JIT_TRAPS(X)
#undef X
	};

	return trap > 0 && trap < RT_TRAPS ? texts[trap] : "unknown trap";
}
