#include "tools/cell/inspect.h"

#include <assert.h>

#include "tools/cell/listing.h"

static void list_types(struct listing *l, const wasm_valtype *types, uint32_t n)
{
	char name[WASM_TYPE_NAME];

	listing_line(l, "(");
	for (uint32_t i = 0; i < n; i++)
		listing_line(l, "%s%s", i ? ", " : "", wasm_type_name(types[i], name));
	listing_line(l, ")");
}

static void list_limits(struct listing *l, const struct wasm_limits *limits, const char *unit)
{
	listing_line(l, " %llu", (unsigned long long)limits->min);
	if (limits->has_max)
		listing_line(l, " to %llu", (unsigned long long)limits->max);
	listing_line(l, " %s%s%s", unit, limits->is64 ? ", 64-bit" : "",
		     limits->shared ? ", shared" : "");
}

/* The type of a thing of this kind, to the end of its line. */
static void list_extern(struct listing *l, const struct wasm_module *m, uint8_t kind,
			uint32_t index)
{
	char name[WASM_TYPE_NAME];
	const struct wasm_functype *type;

	switch ((enum wasm_extern)kind) {
	case WASM_EXTERN_FUNC:
		type = wasm_func_type(m, index);
		listing_line(l, "func ");
		list_types(l, type->params, type->nparams);
		listing_line(l, " -> ");
		list_types(l, type->results, type->nresults);
		break;
	case WASM_EXTERN_TABLE:
		listing_line(l, "table of %s,", wasm_type_name(m->tables[index].type.elem, name));
		list_limits(l, &m->tables[index].type.limits, "elements");
		break;
	case WASM_EXTERN_MEMORY:
		listing_line(l, "memory,");
		list_limits(l, &m->memories[index].limits, "pages");
		break;
	case WASM_EXTERN_GLOBAL:
		listing_line(l, "global %s%s", m->globals[index].type.mut ? "mut " : "",
		     wasm_type_name(m->globals[index].type.type, name));
		break;
	case WASM_EXTERN_TAG:
		listing_line(l, "tag");
		break;
	}
	listing_line(l, "\n");
}

static void list_features(struct listing *l, wasm_features features)
{
	listing_line(l, "features:");
	for (int i = 0; i < WASM_FEATURES; i++)
		if (features >> i & 1)
			listing_line(l, " %s", wasm_feature_rows[i].name);
	listing_line(l, "%s\n", features ? "" : " mvp");
}

static void list_counts(struct listing *l, const struct wasm_module *m)
{
	struct wasm_name own;
	char name[200];

	assert(m->imported_funcs <= m->nfuncs && m->imported_globals <= m->nglobals);
	assert(m->start == WASM_NONE || m->start < m->nfuncs);
	listing_line(l, "size: %zu bytes, code: %llu bytes\n", m->size,
		     (unsigned long long)m->code_bytes);
	if (wasm_module_name(m, &own))
		listing_line(l, "name: %s\n", wasm_name_show(&own, name, sizeof(name)));
	listing_line(l, "types: %u\n", m->ntypes);
	listing_line(l, "functions: %u (%u imported)\n", m->nfuncs, m->imported_funcs);
	listing_line(l, "globals: %u (%u imported)\n", m->nglobals, m->imported_globals);
	listing_line(l, "element segments: %u\n", m->nelems);
	listing_line(l, "data segments: %u\n", m->ndatas);
	list_features(l, wasm_module_uses(m));
	if (m->start != WASM_NONE)
		listing_line(l, "start: %s\n", wasm_func_name(m, m->start, name, sizeof(name)));
}

int inspect_print(const struct wasm_module *m, int fd)
{
	static struct listing l;
	char a[200], b[200];

	l.fd = fd;
	list_counts(&l, m);
	for (uint32_t i = 0; i < m->ntables; i++) {
		listing_line(&l, "table %u: ", i);
		list_extern(&l, m, WASM_EXTERN_TABLE, i);
	}
	for (uint32_t i = 0; i < m->nmemories; i++) {
		listing_line(&l, "memory %u: ", i);
		list_extern(&l, m, WASM_EXTERN_MEMORY, i);
	}
	for (uint32_t i = 0; i < m->nimports; i++) {
		const struct wasm_import *imp = &m->imports[i];

		listing_line(&l, "import %s %s: ", wasm_name_show(&imp->module, a, sizeof(a)),
		     wasm_name_show(&imp->name, b, sizeof(b)));
		list_extern(&l, m, imp->kind, imp->index);
	}
	for (uint32_t i = 0; i < m->nexports; i++) {
		listing_line(&l, "export %s: ", wasm_name_show(&m->exports[i].name, a, sizeof(a)));
		list_extern(&l, m, m->exports[i].kind, m->exports[i].index);
	}
	for (uint32_t i = 0; i < m->ncustoms; i++)
		listing_line(&l, "custom section %s: %zu bytes\n",
		     wasm_name_show(&m->customs[i].name, a, sizeof(a)), m->customs[i].len);
	listing_flush(&l);
	return l.error;
}
