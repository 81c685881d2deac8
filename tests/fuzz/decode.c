/*
 * The decoder on any bytes, with every feature and with the default ones: it accepts or explains;
 * what it accepts has indices in range, names that can be looked up, constant expressions that have
 * a value.
 */
#include "tests/fuzz/fuzz.h"

#include <errno.h>

#include "runtime/wasm/expr.h"

static void give_global(void *env, uint32_t index, union wasm_cell *ret)
{
	const struct wasm_module *m = env;

	MUST(index < m->nglobals && !m->globals[index].type.mut);
	ret->bits = index;
}

static uint64_t give_func(void *env, uint32_t index)
{
	const struct wasm_module *m = env;

	MUST(index < m->nfuncs);
	return index + 1;
}

static void evaluate(struct wasm_module *m, const struct wasm_expr *e, wasm_valtype t)
{
	struct wasm_expr_env env = { m, give_global, give_func };
	struct wsbox_err err = WSBOX_ERR_INIT;
	union wasm_cell v;
	int ret;

	if (!e->len)
		return;
	MUST(e->at >= m->bytes && e->at + e->len <= m->bytes + m->size);
	ret = wasm_expr_eval(m, e, t, &env, &v, &err);
	MUST(!ret || ret == -ENOTSUP);
}

static void check_elems(struct wasm_module *m)
{
	for (uint32_t i = 0; i < m->nelems; i++) {
		const struct wasm_elem *e = &m->elems[i];

		MUST(!e->n || e->funcs || e->exprs);
		if (e->mode == WASM_SEGMENT_ACTIVE) {
			MUST(e->table < m->ntables);
			evaluate(m, &e->offset,
				 m->tables[e->table].type.limits.is64 ? WASM_I64 : WASM_I32);
		}
		for (uint32_t k = 0; k < e->n && k < 100; k++) {
			if (e->funcs)
				MUST(e->funcs[k] < m->nfuncs);
			else
				evaluate(m, &e->exprs[k], e->type);
		}
	}
}

static void check_spaces(struct wasm_module *m)
{
	uint32_t n[] = { m->nfuncs, m->ntables, m->nmemories, m->nglobals, m->ntags };
	char name[60];

	for (uint32_t i = 0; i < m->nfuncs; i++) {
		MUST(m->funcs[i].type < m->ntypes);
		MUST((i < m->imported_funcs) == !m->funcs[i].body);
	}
	for (uint32_t i = 0; i < m->nfuncs && i < 10; i++)
		MUST(strlen(wasm_func_name(m, i, name, sizeof(name))) < sizeof(name));
	for (uint32_t i = 0; i < m->ntypes; i++) {
		MUST(m->types[i].canon <= i &&
		     m->types[m->types[i].canon].canon == m->types[i].canon);
		MUST(m->subs[i].super == WASM_NONE || m->subs[i].super < i);
	}
	for (uint32_t i = 0; i < m->nexports; i++) {
		const struct wasm_export *e = &m->exports[i];

		MUST(e->index < n[e->kind]);
		MUST(wasm_export_find(m, e->name.at, e->name.len) == e);
	}
	for (uint32_t i = 0; i < m->nglobals; i++)
		evaluate(m, &m->globals[i].init, m->globals[i].type.type);
}

static void decode(const uint8_t *data, size_t size, wasm_features features)
{
	struct wsbox_err err = WSBOX_ERR_INIT;
	struct wasm_module m;
	int ret = wasm_module_decode(&m, data, size, features, &err);

	if (ret) {
		must_explain(ret, &err);
		MUST(!m.types && !m.arena.chunks);
		return;
	}
	check_spaces(&m);
	check_elems(&m);
	for (uint32_t i = 0; i < m.ndatas; i++) {
		MUST(m.datas[i].len <= size);
		evaluate(&m, &m.datas[i].offset,
			 m.datas[i].mode == WASM_SEGMENT_ACTIVE &&
					 m.memories[m.datas[i].memory].limits.is64
				 ? WASM_I64
				 : WASM_I32);
	}
	wasm_module_done(&m);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	decode(data, size, wasm_features_validated());
	decode(data, size, wasm_features_default());
	return 0;
}
