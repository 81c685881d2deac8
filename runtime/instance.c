/*
 * Instances: the context below r13 and what it points to. The stages are those of rt.h; after
 * rt_instance_link() compiled code may run, and nothing here maps executable memory or opens a
 * descriptor any more.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "runtime/state.h"

static int out_of_memory(struct wsbox_err *err)
{
	return err_set(err, -ENOMEM, WSBOX_FAILED, "out of memory for an instance");
}

static bool owns_memory0(const struct wasm_module *m)
{
	return m->nmemories && !m->imported_memories;
}

/* The arrays of an instance, as long as its index spaces. */
static bool make_arrays(struct rt_instance *inst, struct arena *a)
{
	const struct wasm_module *m = inst->m;

	inst->memories = arena_array(a, m->nmemories + 1, sizeof(*inst->memories));
	inst->tables = arena_array(a, m->ntables + 1, sizeof(*inst->tables));
	inst->globals = arena_array(a, m->nglobals + 1, sizeof(*inst->globals));
	inst->tags = arena_array(a, m->ntags + 1, sizeof(*inst->tags));
	inst->data_dropped = arena_alloc(a, m->ndatas + 1);
	inst->elem_dropped = arena_alloc(a, m->nelems + 1);
	inst->funcs = calloc(m->nfuncs + 1, sizeof(*inst->funcs));
	return inst->memories && inst->tables && inst->globals && inst->tags &&
	       inst->data_dropped && inst->elem_dropped && inst->funcs;
}

/* Maps the context, with room for memory 0 behind it. */
static int map_context(struct rt_instance *inst, struct rt_store *s, struct wsbox_err *err)
{
	const struct wasm_module *m = inst->m;
	uint64_t span = owns_memory0(m) ? rt_memory_span(&m->memories[0]) : 0;
	int ret = jit_layout_init(&inst->layout, m);

	if (ret < 0)
		return err_set(err, ret, WSBOX_INVALID,
			       "the module has too many globals and imports");
	assert(inst->layout.size % 4096 == 0 && inst->layout.size >= sizeof(struct jit_vmctx));
	inst->map_size = inst->layout.size + span;
	inst->map = rt_reserve(s, inst->map_size, span);
	if (!inst->map || mprotect(inst->map, inst->layout.size, PROT_READ | PROT_WRITE))
		return out_of_memory(err);
	inst->ctx = inst->map + inst->layout.size;
	if (span)
		s->regions.at[s->regions.len - 1].lo = (uintptr_t)inst->ctx;
	return 0;
}

static void fill_context(struct rt_instance *inst, struct rt_store *s)
{
	*rt_ctx(inst) = (struct jit_vmctx) {
		.lib = {
#define X(name) [JIT_LIB_##name] = rt_lib_##name##_entry,
			JIT_LIBCALLS(X)
#undef X
		},
		.trap = rt_trap_entry,
		.indirect_fail = rt_indirect_fail_entry,
		.instance = inst,
		.funcs = inst->funcs,
		.osr = rt_osr_entry,
		.exec = &s->exec,
		.stack_limit = s->stack_lo,
	};
}

static int register_types(struct rt_instance *inst, struct rt_store *s)
{
	inst->sigs = rt_slot(inst, inst->layout.sigs);
	for (uint32_t i = 0; i < inst->m->ntypes; i++) {
		inst->sigs[i] = rt_type_id(s, &inst->m->types[i], inst->sigs);
		if (!inst->sigs[i])
			return -ENOMEM;
	}
	return 0;
}

int rt_instance_prepare(struct rt_store *s, const struct wasm_module *m, struct rt_instance **ret,
			struct wsbox_err *err)
{
	struct rt_instance *inst = arena_alloc(&s->arena, sizeof(*inst));
	int r;

	if (!inst || !vec_push(&s->instances, inst))
		return out_of_memory(err);
	inst->m = m;
	inst->head.store = s;
	if (!make_arrays(inst, &s->arena))
		return out_of_memory(err);
	r = map_context(inst, s, err);
	if (r < 0)
		return r;
	fill_context(inst, s);
	if (register_types(inst, s) < 0)
		return out_of_memory(err);
	*ret = inst;
	return 0;
}

struct rt_func *rt_func_at(struct rt_instance *inst, uint32_t i)
{
	struct rt_func *f = &inst->funcs[i];
	/* read once: a signal may replace it (rt_instance_replace) */
	const struct jit_image *image =
		*(const struct jit_image *volatile *)&inst->image.at;
	const struct rt_type *type;
	uint32_t id;

	assert(i < inst->m->nfuncs);
	if (f->callee.sig)
		return f;
	assert(i >= inst->m->imported_funcs);
	id = inst->sigs[inst->m->funcs[i].type];
	f->callee = (struct jit_callee){ id, 0, rt_switch, inst->ctx, f };
	f->owner = inst;
	f->index = i;
	type = rt_type_of(inst->head.store, id);
	f->type = type;
	f->stack_bytes = type->cc.stack_bytes;
	f->entry = rt_image_entry(image, i - inst->m->imported_funcs);
	return f;
}

static int define_memories(struct rt_instance *inst, struct wsbox_err *err)
{
	const struct wasm_module *m = inst->m;
	struct rt_store *s = inst->head.store;

	for (uint32_t i = m->imported_memories; i < m->nmemories; i++) {
		struct rt_memory *mem = arena_alloc(&s->arena, sizeof(*mem));

		if (!mem)
			return out_of_memory(err);
		if (!i) {
			mem->base = (uint8_t *)inst->ctx;
			mem->size = &rt_ctx(inst)->memory_size;
		}
		if (rt_memory_init(mem, s, &m->memories[i]) < 0)
			return err_set(err, -ENOMEM, WSBOX_INVALID,
				       "memory %u needs %llu bytes, which is over the limit or not "
				       "to be had", i,
				       (unsigned long long)m->memories[i].limits.min
					       << m->memories[i].page_log2);
		inst->memories[i] = mem;
	}
	for (uint32_t i = 0; i < m->nmemories; i++) {
		struct jit_memory *slot = rt_slot(inst, inst->layout.memories);

		slot[i] = (struct jit_memory){ inst->memories[i]->base, inst->memories[i]->size };
	}
	if (m->nmemories) {
		inst->head.mem0 = inst->memories[0]->base;
		inst->head.mem0_size = inst->memories[0]->size;
	}
	return 0;
}

static int define_globals(struct rt_instance *inst, struct wsbox_err *err)
{
	const struct wasm_module *m = inst->m;

	for (uint32_t i = m->imported_globals; i < m->nglobals; i++) {
		struct rt_global *g = arena_alloc(&inst->head.store->arena, sizeof(*g));
		int ret;

		if (!g)
			return out_of_memory(err);
		g->type = (struct wasm_globaltype){ rt_valtype(m->globals[i].type.type, inst->sigs),
						    m->globals[i].type.mut };
		g->value = rt_slot(inst, jit_global_disp(&inst->layout, i));
		inst->globals[i] = g;
		ret = rt_eval(inst, &m->globals[i].init, m->globals[i].type.type, g->value);
		if (ret < 0)
			return err_set(err, ret, WSBOX_FAILED, "global %u: %s", i, err_name(ret));
	}
	return 0;
}

static int define_tables(struct rt_instance *inst, struct wsbox_err *err)
{
	const struct wasm_module *m = inst->m;
	struct rt_store *s = inst->head.store;
	struct jit_table *slots = rt_slot(inst, inst->layout.tables);
	union rt_value init = { 0 };

	for (uint32_t i = m->imported_tables; i < m->ntables; i++) {
		struct wasm_tabletype type = m->tables[i].type;
		struct rt_table *t = arena_alloc(&s->arena, sizeof(*t));

		if (!t)
			return out_of_memory(err);
		type.elem = rt_valtype(type.elem, inst->sigs);
		t->owner = inst;
		t->slot = &slots[i];
		if (rt_table_init(t, s, &type) < 0)
			return err_set(err, -ENOMEM, WSBOX_INVALID,
				       "table %u needs %llu elements, which is over the limit or "
				       "not to be had", i, (unsigned long long)type.limits.min);
		inst->tables[i] = t;
		if (!m->tables[i].init.len)
			continue;
		if (rt_eval(inst, &m->tables[i].init, m->tables[i].type.elem, &init) < 0)
			return out_of_memory(err);
		for (uint64_t k = 0; k < type.limits.min; k++)
			rt_table_set(t, k, init.ref);
	}
	return 0;
}

static int define_tags(struct rt_instance *inst, struct wsbox_err *err)
{
	const struct wasm_module *m = inst->m;

	for (uint32_t i = m->imported_tags; i < m->ntags; i++) {
		inst->tags[i] = arena_alloc(&inst->head.store->arena, sizeof(*inst->tags[i]));
		if (!inst->tags[i])
			return out_of_memory(err);
		inst->tags[i]->type = inst->sigs[m->tags[i].type];
	}
	return 0;
}

/* ref.func of compiled code is an address in inst->funcs: what it may name is made now. */
static void make_declared(struct rt_instance *inst)
{
	const uint8_t *declared = inst->m->declared;

	for (uint32_t i = 0; declared && i < inst->m->nfuncs; i++)
		if (declared[i / 8] >> i % 8 & 1)
			(void)rt_func_at(inst, i);
}

int rt_instance_link(struct rt_instance *inst, rt_resolve_fn resolve, void *arg,
		     struct wsbox_err *err)
{
	int ret = rt_link_imports(inst, resolve, arg, err);

	if (ret < 0)
		return ret;
	make_declared(inst);
	ret = define_tags(inst, err);
	if (!ret)
		ret = define_globals(inst, err);
	if (!ret)
		ret = define_memories(inst, err);
	if (!ret)
		ret = define_tables(inst, err);
	return ret;
}

int rt_instance_start(struct rt_instance *inst, struct wsbox_err *err)
{
	int trap;

	inst->head.store->trace.n = inst->head.store->trace.depth = 0;
	trap = rt_segments_apply(inst);
	if (trap || inst->m->start == WASM_NONE)
		return trap;
	return rt_call(rt_func_at(inst, inst->m->start), NULL, NULL);
}

bool rt_export(struct rt_instance *inst, const char *name, size_t len, struct rt_extern *ret)
{
	const struct wasm_export *e = wasm_export_find(inst->m, name, len);

	if (!e)
		return false;
	ret->kind = e->kind;
	switch (e->kind) {
	case WASM_EXTERN_FUNC:
		ret->func = rt_func_at(inst, e->index);
		return true;
	case WASM_EXTERN_TABLE:
		ret->table = inst->tables[e->index];
		return true;
	case WASM_EXTERN_MEMORY:
		ret->memory = inst->memories[e->index];
		return true;
	case WASM_EXTERN_GLOBAL:
		ret->global = inst->globals[e->index];
		return true;
	case WASM_EXTERN_TAG:
		ret->tag = inst->tags[e->index];
		return true;
	}
	return false;
}

const struct jit_image *rt_image(const struct rt_instance *inst, const char **ret_text)
{
	*ret_text = rt_image_text(inst->image.at);
	return inst->image.at;
}

const struct wasm_module *rt_module(const struct rt_instance *inst)
{
	return inst->m;
}
