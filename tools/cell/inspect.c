#include "tools/cell/inspect.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "runtime/base/fd.h"
#include "runtime/base/num.h"

/* Text on its way to fd; the first failure of a write sticks. */
struct listing {
	int fd, error;
	size_t len;
	char at[8192];
};

static void flush_listing(struct listing *l)
{
	if (!l->error)
		l->error = fd_write_all(l->fd, l->at, l->len);
	l->len = 0;
}

/* One piece of at most 1,000 bytes; what is longer is cut. */
__attribute__((format(printf, 2, 3)))
static void line(struct listing *l, const char *fmt, ...)
{
	char text[1000];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (n < 0)
		return;
	if (sizeof(l->at) - l->len < sizeof(text))
		flush_listing(l);
	memcpy(l->at + l->len, text, num_min((size_t)n, sizeof(text) - 1));
	l->len += num_min((size_t)n, sizeof(text) - 1);
}

/* A name as text of at most size - 1 bytes in buf. */
static const char *printable(struct wasm_name name, char *buf, size_t size)
{
	size_t n = num_min(name.len, size - 1);

	memcpy(buf, name.at, n);
	buf[n] = '\0';
	err_printable(buf, n);
	return buf;
}

static void list_types(struct listing *l, const wasm_valtype *types, uint32_t n)
{
	char name[WASM_TYPE_NAME];

	line(l, "(");
	for (uint32_t i = 0; i < n; i++)
		line(l, "%s%s", i ? ", " : "", wasm_type_name(types[i], name));
	line(l, ")");
}

static void list_limits(struct listing *l, const struct wasm_limits *limits, const char *unit)
{
	line(l, " %llu", (unsigned long long)limits->min);
	if (limits->has_max)
		line(l, " to %llu", (unsigned long long)limits->max);
	line(l, " %s%s%s", unit, limits->is64 ? ", 64-bit" : "", limits->shared ? ", shared" : "");
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
		line(l, "func ");
		list_types(l, type->params, type->nparams);
		line(l, " -> ");
		list_types(l, type->results, type->nresults);
		break;
	case WASM_EXTERN_TABLE:
		line(l, "table of %s,", wasm_type_name(m->tables[index].type.elem, name));
		list_limits(l, &m->tables[index].type.limits, "elements");
		break;
	case WASM_EXTERN_MEMORY:
		line(l, "memory,");
		list_limits(l, &m->memories[index].limits, "pages");
		break;
	case WASM_EXTERN_GLOBAL:
		line(l, "global %s%s", m->globals[index].type.mut ? "mut " : "",
		     wasm_type_name(m->globals[index].type.type, name));
		break;
	case WASM_EXTERN_TAG:
		line(l, "tag");
		break;
	}
	line(l, "\n");
}

static void list_features(struct listing *l, wasm_features features)
{
	line(l, "features:");
	for (int i = 0; i < WASM_FEATURES; i++)
		if (features >> i & 1)
			line(l, " %s", wasm_feature_rows[i].name);
	line(l, "%s\n", features ? "" : " mvp");
}

static void list_counts(struct listing *l, const struct wasm_module *m)
{
	struct wasm_name own;
	char name[200];

	line(l, "size: %zu bytes, code: %llu bytes\n", m->size, (unsigned long long)m->code_bytes);
	if (wasm_module_name(m, &own))
		line(l, "name: %s\n", printable(own, name, sizeof(name)));
	line(l, "types: %u\n", m->ntypes);
	line(l, "functions: %u (%u imported)\n", m->nfuncs, m->imported_funcs);
	line(l, "globals: %u (%u imported)\n", m->nglobals, m->imported_globals);
	line(l, "element segments: %u\n", m->nelems);
	line(l, "data segments: %u\n", m->ndatas);
	list_features(l, wasm_module_uses(m));
	if (m->start != WASM_NONE)
		line(l, "start: %s\n", wasm_func_name(m, m->start, name, sizeof(name)));
}

int inspect_print(const struct wasm_module *m, int fd)
{
	static struct listing l;
	char a[200], b[200];

	l.fd = fd;
	list_counts(&l, m);
	for (uint32_t i = 0; i < m->ntables; i++) {
		line(&l, "table %u: ", i);
		list_extern(&l, m, WASM_EXTERN_TABLE, i);
	}
	for (uint32_t i = 0; i < m->nmemories; i++) {
		line(&l, "memory %u: ", i);
		list_extern(&l, m, WASM_EXTERN_MEMORY, i);
	}
	for (uint32_t i = 0; i < m->nimports; i++) {
		const struct wasm_import *imp = &m->imports[i];

		line(&l, "import %s %s: ", printable(imp->module, a, sizeof(a)),
		     printable(imp->name, b, sizeof(b)));
		list_extern(&l, m, imp->kind, imp->index);
	}
	for (uint32_t i = 0; i < m->nexports; i++) {
		line(&l, "export %s: ", printable(m->exports[i].name, a, sizeof(a)));
		list_extern(&l, m, m->exports[i].kind, m->exports[i].index);
	}
	for (uint32_t i = 0; i < m->ncustoms; i++)
		line(&l, "custom section %s: %zu bytes\n",
		     printable(m->customs[i].name, a, sizeof(a)), m->customs[i].len);
	flush_listing(&l);
	return l.error;
}
