/* Sections from imports to start: the index spaces of a module (core spec 5.5.5 to 5.5.11). */
#include "runtime/wasm/decode.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/num.h"

/* A type index that must name a function type. */
static int functype_index(struct wasm_decoder *d, uint32_t *ret)
{
	size_t at = reader_offset(&d->r);
	uint32_t t = reader_u32(&d->r);

	if (!reader_ok(&d->r))
		return wasm_malformed(&d->r, d->err);
	if (t >= d->m->ntypes)
		return err_module(d->err, at, "unknown type %u: the module has %u", t,
				  d->m->ntypes);
	if (d->m->subs[t].kind != WASM_TYPE_FUNC)
		return err_module(d->err, at, "type mismatch: type %u is no function type", t);
	*ret = t;
	return 0;
}

/*
 * Limits (core spec 5.3.9): bit 0 has a maximum, 1 shared, 2 64-bit, 3 a page size follows
 * (memories). max is the largest number of a 32-bit one, beyond which `what` follows in the
 * message.
 */
static int limits_read(struct wasm_decoder *d, unsigned int allowed, struct wasm_limits *l,
		       uint8_t *ret_flags)
{
	size_t at = reader_offset(&d->r);
	uint8_t flags = reader_byte(&d->r);

	if (!reader_ok(&d->r))
		return wasm_malformed(&d->r, d->err);
	if (flags & ~allowed)
		return err_module(d->err, at, "malformed limits flags 0x%02x", flags);
	if ((flags & 4) && !wasm_has(d->m, WASM_FEATURE_MEMORY64))
		return wasm_feature_off(WASM_FEATURE_MEMORY64, at,
					"malformed limits flags: a 64-bit memory or table", d->err);
	if ((flags & 2) && !wasm_has(d->m, WASM_FEATURE_THREADS))
		return wasm_feature_off(WASM_FEATURE_THREADS, at,
					"malformed limits flags: a shared memory", d->err);
	if ((flags & 8) && !wasm_has(d->m, WASM_FEATURE_CUSTOM_PAGE_SIZES))
		return wasm_feature_off(WASM_FEATURE_CUSTOM_PAGE_SIZES, at,
					"malformed limits flags: a page size", d->err);
	if ((flags & 3) == 2)
		return err_module(d->err, at, "shared memory must have maximum");
	l->has_max = flags & 1;
	l->shared = flags & 2;
	l->is64 = flags & 4;
	l->min = reader_u64(&d->r);
	l->max = l->has_max ? reader_u64(&d->r) : UINT64_MAX;
	*ret_flags = flags;
	if (!reader_ok(&d->r))
		return wasm_malformed(&d->r, d->err);
	if (l->has_max && l->max < l->min)
		return err_module(d->err, at,
				  "size minimum must not be greater than maximum: %llu and %llu",
				  (unsigned long long)l->min, (unsigned long long)l->max);
	return 0;
}

/* Pages of all of an address space; of one byte each, one fewer. */
static uint64_t pages_max(bool is64, uint8_t log2)
{
	if (!log2)
		return is64 ? UINT64_MAX : UINT32_MAX;
	return (uint64_t)1 << ((is64 ? 64 : 32) - log2);
}

static int memtype_read(struct wasm_decoder *d, struct wasm_memtype *t)
{
	size_t at = reader_offset(&d->r);
	uint8_t flags;
	uint32_t log2 = 16;
	uint64_t most;
	int ret = limits_read(d, 15, &t->limits, &flags);

	if (ret)
		return ret;
	if (flags & 8)
		log2 = reader_u32(&d->r);
	if (!reader_ok(&d->r))
		return wasm_malformed(&d->r, d->err);
	if (log2 != 0 && log2 != 16)
		return err_module(d->err, at,
				  "invalid custom page size: 2 to the %u, not 1 or 65536 bytes",
				  log2);
	t->page_log2 = (uint8_t)log2;
	most = pages_max(t->limits.is64, (uint8_t)log2);
	if (t->limits.min > most || (t->limits.has_max && t->limits.max > most))
		return err_module(d->err, at, "memory size must be at most %llu pages%s",
				  (unsigned long long)most, most == 65536 ? " (4GiB)" : "");
	return 0;
}

static int tabletype_read(struct wasm_decoder *d, struct wasm_tabletype *t)
{
	uint8_t flags;
	int ret = wasm_reftype_read(d->m, &d->r, &t->elem, d->err);

	if (!ret)
		ret = limits_read(d, 5, &t->limits, &flags);
	if (!ret && !t->limits.is64 &&
	    (t->limits.min > UINT32_MAX || (t->limits.has_max && t->limits.max > UINT32_MAX)))
		return err_module(d->err, reader_offset(&d->r),
				  "table size must be at most 2^32-1 entries");
	return ret;
}

static int globaltype_read(struct wasm_decoder *d, struct wasm_globaltype *t)
{
	size_t at;
	uint8_t mut;
	int ret = wasm_valtype_read(d->m, &d->r, &t->type, d->err);

	if (ret)
		return ret;
	at = reader_offset(&d->r);
	mut = reader_byte(&d->r);
	if (!reader_ok(&d->r))
		return wasm_malformed(&d->r, d->err);
	if (mut > 1)
		return err_module(d->err, at, "malformed mutability 0x%02x", mut);
	t->mut = mut;
	return 0;
}

static int tag_read(struct wasm_decoder *d, struct wasm_tag *t)
{
	size_t at = reader_offset(&d->r);
	uint8_t attribute = reader_byte(&d->r);
	int ret;

	if (!wasm_has(d->m, WASM_FEATURE_EXCEPTIONS))
		return wasm_feature_off(WASM_FEATURE_EXCEPTIONS, at, "a tag", d->err);
	if (attribute)
		return err_module(d->err, at, "malformed tag attribute 0x%02x", attribute);
	ret = functype_index(d, &t->type);
	if (!ret && d->m->types[t->type].nresults)
		return err_module(d->err, at,
				  "non-empty tag result type: a tag's type has no results");
	return ret;
}

/* An array that begins with the `old` items of another: index spaces grow from imports to
 * definitions. */
static void *space_grow(struct wasm_decoder *d, const void *old, uint32_t nold, uint32_t nnew,
			size_t size)
{
	char *p = wasm_decode_array(d, (size_t)nold + nnew, size);

	if (p && nold)
		memcpy(p, old, nold * size);
	return p;
}

static int space_limit(struct wasm_decoder *d, const char *what, uint64_t n, uint32_t max)
{
	if (n <= max)
		return 0;
	return err_module(d->err, reader_offset(&d->r),
			  "the number of %s, %llu, exceeds the limit of %u", what,
			  (unsigned long long)n, max);
}

/* One memory and, without reference types, one table. */
static int spaces_check(struct wasm_decoder *d)
{
	struct wasm_module *m = d->m;

	if (m->nmemories > 1 && !wasm_has(m, WASM_FEATURE_MULTI_MEMORY))
		return wasm_feature_off(WASM_FEATURE_MULTI_MEMORY, reader_offset(&d->r),
					"multiple memories: a second one", d->err);
	if (m->ntables > 1 && !wasm_has(m, WASM_FEATURE_REFERENCE_TYPES))
		return wasm_feature_off(WASM_FEATURE_REFERENCE_TYPES, reader_offset(&d->r),
					"multiple tables: a second one", d->err);
	return 0;
}

/*
 * Imports go to scratch spaces first, each as large as the section has imports: their kinds are
 * known only at the end.
 */
struct import_spaces {
	struct wasm_func *funcs;
	struct wasm_table *tables;
	struct wasm_memtype *memories;
	struct wasm_global *globals;
	struct wasm_tag *tags;
};

static int import_desc(struct wasm_decoder *d, struct wasm_import *imp, struct import_spaces *s)
{
	struct wasm_module *m = d->m;
	size_t at = reader_offset(&d->r);

	imp->kind = reader_byte(&d->r);
	if (!reader_ok(&d->r))
		return wasm_malformed(&d->r, d->err);
	switch (imp->kind) {
	case WASM_EXTERN_FUNC:
		imp->index = m->nfuncs++;
		return functype_index(d, &s->funcs[imp->index].type);
	case WASM_EXTERN_TABLE:
		imp->index = m->ntables++;
		return tabletype_read(d, &s->tables[imp->index].type);
	case WASM_EXTERN_MEMORY:
		imp->index = m->nmemories++;
		return memtype_read(d, &s->memories[imp->index]);
	case WASM_EXTERN_GLOBAL:
		imp->index = m->nglobals++;
		return globaltype_read(d, &s->globals[imp->index].type);
	case WASM_EXTERN_TAG:
		imp->index = m->ntags++;
		return tag_read(d, &s->tags[imp->index]);
	default:
		return err_module(d->err, at, "malformed import kind 0x%02x", imp->kind);
	}
}

static int name_limit(struct wasm_decoder *d, struct wasm_name *ret)
{
	size_t at = reader_offset(&d->r);

	ret->at = reader_name(&d->r, &ret->len);
	if (!reader_ok(&d->r))
		return wasm_malformed(&d->r, d->err);
	if (ret->len > WASM_MAX_NAME)
		return err_module(d->err, at, "a name of %u bytes exceeds the limit of %u",
				  ret->len, WASM_MAX_NAME);
	return 0;
}

static int import_read(struct wasm_decoder *d, struct wasm_import *imp, struct import_spaces *s)
{
	struct wasm_module *m = d->m;
	int ret = name_limit(d, &imp->module);

	if (!ret)
		ret = name_limit(d, &imp->name);
	if (!ret)
		ret = import_desc(d, imp, s);
	if (!ret && imp->kind == WASM_EXTERN_GLOBAL && s->globals[imp->index].type.mut &&
	    !wasm_has(m, WASM_FEATURE_MUTABLE_GLOBALS))
		return wasm_feature_off(WASM_FEATURE_MUTABLE_GLOBALS, reader_offset(&d->r),
					"an imported mutable global", d->err);
	return ret;
}

static bool import_spaces_new(struct wasm_decoder *d, uint32_t n, struct import_spaces *s)
{
	struct arena *a = &d->scratch;

	s->funcs = arena_array(a, n, sizeof(*s->funcs));
	s->tables = arena_array(a, n, sizeof(*s->tables));
	s->memories = arena_array(a, n, sizeof(*s->memories));
	s->globals = arena_array(a, n, sizeof(*s->globals));
	s->tags = arena_array(a, n, sizeof(*s->tags));
	return s->funcs && s->tables && s->memories && s->globals && s->tags;
}

int wasm_decode_imports(struct wasm_decoder *d)
{
	struct wasm_module *m = d->m;
	struct import_spaces s;
	int ret = wasm_count_read(d, "imports", WASM_MAX_IMPORTS, 3, &m->nimports);

	if (ret)
		return ret;
	m->imports = wasm_decode_array(d, m->nimports, sizeof(*m->imports));
	if (!m->imports || !import_spaces_new(d, m->nimports, &s))
		return wasm_no_memory(d->err);
	for (uint32_t i = 0; i < m->nimports && !ret; i++)
		ret = import_read(d, &m->imports[i], &s);
	if (ret)
		return ret;
	assert(m->nfuncs + m->ntables + m->nmemories + m->nglobals + m->ntags == m->nimports);
	m->imported_funcs = m->nfuncs;
	m->imported_tables = m->ntables;
	m->imported_memories = m->nmemories;
	m->imported_globals = m->nglobals;
	m->imported_tags = m->ntags;
	/* the scratch is dropped: keep exact copies */
	m->funcs = space_grow(d, s.funcs, m->nfuncs, 0, sizeof(*m->funcs));
	m->tables = space_grow(d, s.tables, m->ntables, 0, sizeof(*m->tables));
	m->memories = space_grow(d, s.memories, m->nmemories, 0, sizeof(*m->memories));
	m->globals = space_grow(d, s.globals, m->nglobals, 0, sizeof(*m->globals));
	m->tags = space_grow(d, s.tags, m->ntags, 0, sizeof(*m->tags));
	if (!m->funcs || !m->tables || !m->memories || !m->globals || !m->tags)
		return wasm_no_memory(d->err);
	for (uint32_t i = 0; i < m->nmemories; i++)
		m->any_memory64 |= m->memories[i].limits.is64;
	ret = space_limit(d, "tables", m->ntables, WASM_MAX_TABLES);
	if (!ret)
		ret = space_limit(d, "memories", m->nmemories, WASM_MAX_MEMORIES);
	return ret ? ret : spaces_check(d);
}

int wasm_decode_functions(struct wasm_decoder *d)
{
	struct wasm_module *m = d->m;
	uint32_t n, from = m->nfuncs;
	int ret = wasm_count_read(d, "functions", WASM_MAX_FUNCTIONS, 1, &n);

	if (!ret)
		ret = space_limit(d, "functions", (uint64_t)from + n, WASM_MAX_FUNCTIONS);
	if (ret)
		return ret;
	m->funcs = space_grow(d, m->funcs, from, n, sizeof(*m->funcs));
	if (!m->funcs)
		return -ENOMEM;
	m->nfuncs = from + n;
	d->nbodies = n;
	for (uint32_t i = from; i < m->nfuncs && !ret; i++)
		ret = functype_index(d, &m->funcs[i].type);
	return ret;
}

static int table_read(struct wasm_decoder *d, struct wasm_table *t)
{
	size_t at = reader_offset(&d->r);
	int ret;

	/* 0x40 0x00 begins a table with an initial value, which function references brought */
	if (reader_left(&d->r) >= 2 && d->r.at[0] == 0x40 && d->r.at[1] == 0 &&
	    wasm_has(d->m, WASM_FEATURE_FUNCTION_REFERENCES)) {
		reader_bytes(&d->r, 2);
		ret = tabletype_read(d, &t->type);
		return ret ? ret : wasm_decode_expr(d, t->type.elem, &t->init);
	}
	ret = tabletype_read(d, &t->type);
	if (!ret && !wasm_has_default(t->type.elem))
		return err_module(
			d->err, at,
			"type mismatch: a table of non-null references needs an initial value");
	return ret;
}

int wasm_decode_tables(struct wasm_decoder *d)
{
	struct wasm_module *m = d->m;
	uint32_t n, from = m->ntables;
	int ret = wasm_count_read(d, "tables", WASM_MAX_TABLES, 2, &n);

	if (!ret)
		ret = space_limit(d, "tables", (uint64_t)from + n, WASM_MAX_TABLES);
	if (ret)
		return ret;
	m->tables = space_grow(d, m->tables, from, n, sizeof(*m->tables));
	if (!m->tables)
		return -ENOMEM;
	for (uint32_t i = from; i < from + n && !ret; i++)
		ret = table_read(d, &m->tables[i]);
	m->ntables = from + n;
	return ret ? ret : spaces_check(d);
}

int wasm_decode_memories(struct wasm_decoder *d)
{
	struct wasm_module *m = d->m;
	uint32_t n, from = m->nmemories;
	int ret = wasm_count_read(d, "memories", WASM_MAX_MEMORIES, 1, &n);

	if (!ret)
		ret = space_limit(d, "memories", (uint64_t)from + n, WASM_MAX_MEMORIES);
	if (ret)
		return ret;
	m->memories = space_grow(d, m->memories, from, n, sizeof(*m->memories));
	if (!m->memories)
		return -ENOMEM;
	for (uint32_t i = from; i < from + n && !ret; i++) {
		ret = memtype_read(d, &m->memories[i]);
		m->any_memory64 |= m->memories[i].limits.is64;
	}
	m->nmemories = from + n;
	return ret ? ret : spaces_check(d);
}

int wasm_decode_tags(struct wasm_decoder *d)
{
	struct wasm_module *m = d->m;
	uint32_t n, from = m->ntags;
	int ret;

	if (!wasm_has(m, WASM_FEATURE_EXCEPTIONS))
		return wasm_feature_off(WASM_FEATURE_EXCEPTIONS, reader_offset(&d->r),
					"a tag section", d->err);
	ret = wasm_count_read(d, "tags", WASM_MAX_TAGS, 2, &n);
	if (!ret)
		ret = space_limit(d, "tags", (uint64_t)from + n, WASM_MAX_TAGS);
	if (ret)
		return ret;
	m->tags = space_grow(d, m->tags, from, n, sizeof(*m->tags));
	if (!m->tags)
		return -ENOMEM;
	for (uint32_t i = from; i < from + n && !ret; i++)
		ret = tag_read(d, &m->tags[i]);
	m->ntags = from + n;
	return ret;
}

int wasm_decode_globals(struct wasm_decoder *d)
{
	struct wasm_module *m = d->m;
	uint32_t n, from = m->nglobals;
	int ret = wasm_count_read(d, "globals", WASM_MAX_GLOBALS, 3, &n);

	if (!ret)
		ret = space_limit(d, "globals", (uint64_t)from + n, WASM_MAX_GLOBALS);
	if (ret)
		return ret;
	m->globals = space_grow(d, m->globals, from, n, sizeof(*m->globals));
	if (!m->globals)
		return -ENOMEM;
	for (uint32_t i = from; i < from + n && !ret; i++) {
		ret = globaltype_read(d, &m->globals[i].type);
		if (!ret)
			ret = wasm_decode_expr(d, m->globals[i].type.type, &m->globals[i].init);
		/* an initial value may read the globals before its own */
		m->nglobals = i + 1;
	}
	return ret;
}

static int export_read(struct wasm_decoder *d, struct wasm_export *e)
{
	struct wasm_module *m = d->m;
	static const char *const kinds[] = { "function", "table", "memory", "global", "tag" };
	uint32_t n[] = { m->nfuncs, m->ntables, m->nmemories, m->nglobals, m->ntags };
	int ret = name_limit(d, &e->name);
	size_t at;

	_Static_assert(ARRAY_SIZE(kinds) == WASM_EXTERN_TAG + 1, "a word for each kind");
	if (ret)
		return ret;
	e->kind = reader_byte(&d->r);
	at = reader_offset(&d->r);
	e->index = reader_u32(&d->r);
	if (!reader_ok(&d->r))
		return wasm_malformed(&d->r, d->err);
	if (e->kind >= ARRAY_SIZE(n))
		return err_module(d->err, at, "malformed export kind 0x%02x", e->kind);
	if (e->index >= n[e->kind])
		return err_module(d->err, at, "unknown %s %u: the module has %u", kinds[e->kind],
				  e->index, n[e->kind]);
	if (e->kind == WASM_EXTERN_FUNC)
		wasm_declare(m, e->index);
	if (e->kind == WASM_EXTERN_GLOBAL && m->globals[e->index].type.mut &&
	    !wasm_has(m, WASM_FEATURE_MUTABLE_GLOBALS))
		return wasm_feature_off(WASM_FEATURE_MUTABLE_GLOBALS, at,
					"an exported mutable global", d->err);
	return 0;
}

static int name_compare(const struct wasm_name *a, const struct wasm_name *b)
{
	if (a->len != b->len)
		return a->len < b->len ? -1 : 1;
	return memcmp(a->at, b->at, a->len);
}

static int export_compare(const void *a, const void *b, void *exports)
{
	const struct wasm_export *e = exports;

	return name_compare(&e[*(const uint32_t *)a].name, &e[*(const uint32_t *)b].name);
}

int wasm_decode_exports(struct wasm_decoder *d)
{
	struct wasm_module *m = d->m;
	int ret = wasm_count_read(d, "exports", WASM_MAX_EXPORTS, 3, &m->nexports);

	if (ret)
		return ret;
	m->exports = wasm_decode_array(d, m->nexports, sizeof(*m->exports));
	m->export_order = wasm_decode_array(d, m->nexports, sizeof(*m->export_order));
	if (!m->exports || !m->export_order)
		return wasm_no_memory(d->err);
	for (uint32_t i = 0; i < m->nexports && !ret; i++) {
		ret = export_read(d, &m->exports[i]);
		m->export_order[i] = i;
	}
	if (ret)
		return ret;
	qsort_r(m->export_order, m->nexports, sizeof(*m->export_order), export_compare, m->exports);
	for (uint32_t i = 1; i < m->nexports; i++) {
		const struct wasm_name *name = &m->exports[m->export_order[i]].name;
		char shown[100];

		if (!name_compare(&m->exports[m->export_order[i - 1]].name, name))
			return err_module(d->err, (uint64_t)((const uint8_t *)name->at - m->bytes),
					  "duplicate export name \"%s\"",
					  wasm_name_show(name, shown, sizeof(shown)));
	}
	return 0;
}

const struct wasm_export *wasm_export_find(const struct wasm_module *m, const char *name,
					   size_t len)
{
	struct wasm_name want = { .at = name, .len = (uint32_t)len };
	uint32_t lo = 0, hi = m->nexports;

	if (len > WASM_MAX_NAME)
		return NULL;
	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		const struct wasm_export *e = &m->exports[m->export_order[mid]];
		int order = name_compare(&want, &e->name);

		if (!order)
			return e;
		if (order < 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	return NULL;
}

int wasm_decode_start(struct wasm_decoder *d)
{
	struct wasm_module *m = d->m;
	size_t at = reader_offset(&d->r);
	uint32_t f = reader_u32(&d->r);

	if (!reader_ok(&d->r))
		return wasm_malformed(&d->r, d->err);
	if (f >= m->nfuncs)
		return err_module(d->err, at, "unknown function %u: the module has %u", f,
				  m->nfuncs);
	if (wasm_func_type(m, f)->nparams || wasm_func_type(m, f)->nresults)
		return err_module(d->err, at,
				  "start function %u must have no parameters and no results", f);
	m->start = f;
	return 0;
}
