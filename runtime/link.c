/*
 * Imports: what an instance asks for, what it is given, and whether the two match (core spec 3.5,
 * import matching).
 */
#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "runtime/state.h"

#define TEXT_MAX 160
#define LINK_NAME 128	/* bytes of a name in a message, which has room for two and the types */

struct text {
	char at[TEXT_MAX];
	size_t len;
};

__attribute__((format(printf, 2, 3)))
static void put_import(struct text *t, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(t->at + t->len, sizeof(t->at) - t->len, fmt, ap);
	va_end(ap);
	t->len += n > 0 ? (size_t)n : 0;
	if (t->len >= sizeof(t->at))
		t->len = sizeof(t->at) - 1;
}

static void put_types(struct text *t, const char *word, const wasm_valtype *types, uint32_t n)
{
	char name[WASM_TYPE_NAME];

	if (!n)
		return;
	put_import(t, " (%s", word);
	for (uint32_t i = 0; i < n; i++)
		put_import(t, " %s", wasm_type_name(types[i], name));
	put_import(t, ")");
}

static void put_limits(struct text *t, const struct wasm_limits *l, uint64_t size)
{
	put_import(t, "%s %llu", l->is64 ? " i64" : "", (unsigned long long)size);
	if (l->has_max)
		put_import(t, " %llu", (unsigned long long)l->max);
	if (l->shared)
		put_import(t, " shared");
}

static void put_func(struct text *t, const struct rt_store *s, const char *word, uint32_t id)
{
	const struct wasm_functype *f = &rt_type_of(s, id)->func;

	put_import(t, "%s", word);
	put_types(t, "param", f->params, f->nparams);
	put_types(t, "result", f->results, f->nresults);
}

static void put_global(struct text *t, const struct wasm_globaltype *g)
{
	char name[WASM_TYPE_NAME];

	put_import(t, g->mut ? "global (mut %s)" : "global %s", wasm_type_name(g->type, name));
}

static void put_table(struct text *t, const struct wasm_tabletype *type, uint64_t size)
{
	char name[WASM_TYPE_NAME];

	put_import(t, "table");
	put_limits(t, &type->limits, size);
	put_import(t, " %s", wasm_type_name(type->elem, name));
}

/* Both sides of an import in the store's terms: what the module wants, and a text of it. */
static void wanted_text(const struct rt_instance *inst, const struct wasm_import *imp,
			struct text *t)
{
	const struct wasm_module *m = inst->m;
	struct wasm_tabletype table;
	struct wasm_globaltype global;

	switch (imp->kind) {
	case WASM_EXTERN_FUNC:
		put_func(t, inst->head.store, "func", inst->sigs[m->funcs[imp->index].type]);
		return;
	case WASM_EXTERN_TABLE:
		table = m->tables[imp->index].type;
		table.elem = rt_valtype(table.elem, inst->sigs);
		put_table(t, &table, table.limits.min);
		return;
	case WASM_EXTERN_MEMORY:
		put_import(t, "memory");
		put_limits(t, &m->memories[imp->index].limits, m->memories[imp->index].limits.min);
		return;
	case WASM_EXTERN_GLOBAL:
		global = m->globals[imp->index].type;
		global.type = rt_valtype(global.type, inst->sigs);
		put_global(t, &global);
		return;
	default:
		put_func(t, inst->head.store, "tag", inst->sigs[m->tags[imp->index].type]);
	}
}

static void given_text(const struct rt_store *s, const struct rt_extern *x, struct text *t)
{
	switch (x->kind) {
	case WASM_EXTERN_FUNC:
		put_func(t, s, "func", x->func->callee.sig);
		return;
	case WASM_EXTERN_TABLE:
		put_table(t, &x->table->type, rt_table_size(x->table));
		return;
	case WASM_EXTERN_MEMORY:
		put_import(t, "memory");
		put_limits(t, &x->memory->limits, rt_memory_pages(x->memory));
		return;
	case WASM_EXTERN_GLOBAL:
		put_global(t, &x->global->type);
		return;
	default:
		put_func(t, s, "tag", x->tag->type);
	}
}

static bool limits_match(const struct wasm_limits *want, const struct wasm_limits *have,
			 uint64_t size)
{
	if (size < want->min || have->is64 != want->is64 || have->shared != want->shared)
		return false;
	return !want->has_max || (have->has_max && have->max <= want->max);
}

static bool matches(const struct rt_instance *inst, const struct wasm_import *imp,
		    const struct rt_extern *x)
{
	const struct wasm_module *m = inst->m;
	const struct wasm_tabletype *table;
	wasm_valtype type;

	if (x->kind != imp->kind)
		return false;
	switch (imp->kind) {
	case WASM_EXTERN_FUNC:
		return x->func->callee.sig == inst->sigs[m->funcs[imp->index].type];
	case WASM_EXTERN_TABLE:
		table = &m->tables[imp->index].type;
		return x->table->type.elem == rt_valtype(table->elem, inst->sigs) &&
		       limits_match(&table->limits, &x->table->type.limits,
				    rt_table_size(x->table));
	case WASM_EXTERN_MEMORY:
		return x->memory->page_log2 == m->memories[imp->index].page_log2 &&
		       limits_match(&m->memories[imp->index].limits, &x->memory->limits,
				    rt_memory_pages(x->memory));
	case WASM_EXTERN_GLOBAL:
		type = rt_valtype(m->globals[imp->index].type.type, inst->sigs);
		if (x->global->type.mut != m->globals[imp->index].type.mut)
			return false;
		return x->global->type.mut ? x->global->type.type == type :
					     rt_subtype(x->global->type.type, type);
	case WASM_EXTERN_TAG:
		return x->tag->type == inst->sigs[m->tags[imp->index].type];
	}
	return false;
}

/*
 * A function given: its descriptor goes to the import slot, a copy of it to the index space. A host
 * function called through an export of this instance acts for it.
 */
static void bind_func(struct rt_instance *inst, uint32_t i, const struct rt_func *f)
{
	struct jit_callee *slots = rt_slot(inst, inst->layout.imports);

	assert(i < inst->m->imported_funcs);

	inst->funcs[i] = *f;
	inst->funcs[i].callee.func = &inst->funcs[i];
	if (f->callee.flags & RT_CALLEE_HOST)
		inst->funcs[i].owner = inst;
	slots[i] = inst->funcs[i].callee;
}

static void bind_import(struct rt_instance *inst, const struct wasm_import *imp,
			const struct rt_extern *x)
{
	struct jit_table *tables = rt_slot(inst, inst->layout.tables);

	switch (imp->kind) {
	case WASM_EXTERN_FUNC:
		bind_func(inst, imp->index, x->func);
		break;
	case WASM_EXTERN_TABLE:
		assert(imp->index < inst->m->imported_tables);
		rt_table_share(x->table);
		inst->tables[imp->index] = x->table;
		tables[imp->index].link = x->table->slot;
		tables[imp->index].rt = x->table;
		break;
	case WASM_EXTERN_MEMORY:
		assert(imp->index < inst->m->imported_memories);
		inst->memories[imp->index] = x->memory;
		break;
	case WASM_EXTERN_GLOBAL:
		assert(imp->index < inst->m->imported_globals);
		inst->globals[imp->index] = x->global;
		*(void **)rt_slot(inst, jit_global_disp(&inst->layout, imp->index)) =
			x->global->value;
		break;
	case WASM_EXTERN_TAG:
		assert(imp->index < inst->m->ntags);
		inst->tags[imp->index] = x->tag;
		break;
	}
}

int rt_link_imports(struct rt_instance *inst, rt_resolve_fn resolve, void *arg,
		    struct wsbox_err *err)
{
	for (uint32_t i = 0; i < inst->m->nimports; i++) {
		const struct wasm_import *imp = &inst->m->imports[i];
		struct text want = { .len = 0 }, have = { .len = 0 };
		char module[LINK_NAME], name[LINK_NAME];
		struct rt_extern x;

		wanted_text(inst, imp, &want);
		if (!resolve || !resolve(arg, inst->m, imp, &x))
			return err_set(err, -ENOENT, WSBOX_INVALID,
				       "unknown import: \"%s\" \"%s\" (%s)",
				       wasm_name_show(&imp->module, module, sizeof(module)),
				       wasm_name_show(&imp->name, name, sizeof(name)), want.at);
		if (!matches(inst, imp, &x)) {
			given_text(inst->head.store, &x, &have);
			return err_set(err, -ENOEXEC, WSBOX_INVALID,
				       "incompatible import type: \"%s\" \"%s\" is (%s), "
				       "wanted (%s)",
				       wasm_name_show(&imp->module, module, sizeof(module)),
				       wasm_name_show(&imp->name, name, sizeof(name)), have.at,
				       want.at);
		}
		bind_import(inst, imp, &x);
	}
	return 0;
}
