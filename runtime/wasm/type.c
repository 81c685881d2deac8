/* Names and the subtype order of value types (core spec 3.3). */
#include "runtime/wasm/type.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "runtime/base/num.h"
#include "runtime/wasm/module.h"

static const struct {
	uint8_t code;
	char name[10];
	char nullable[14];	/* the word for (ref null NAME) */
} heap_rows[] = {
	{ 0x70, "func", "funcref" },
	{ 0x6f, "extern", "externref" },
	{ 0x6e, "any", "anyref" },
	{ 0x6d, "eq", "eqref" },
	{ 0x6c, "i31", "i31ref" },
	{ 0x6b, "struct", "structref" },
	{ 0x6a, "array", "arrayref" },
	{ 0x69, "exn", "exnref" },
	{ 0x71, "none", "nullref" },
	{ 0x72, "noextern", "nullexternref" },
	{ 0x73, "nofunc", "nullfuncref" },
	{ 0x74, "noexn", "nullexnref" },
};

static const char *numeric_name(wasm_valtype t)
{
	switch (wasm_kind(t)) {
	case WASM_KIND_I32:
		return "i32";
	case WASM_KIND_I64:
		return "i64";
	case WASM_KIND_F32:
		return "f32";
	case WASM_KIND_F64:
		return "f64";
	case WASM_KIND_V128:
		return "v128";
	case WASM_KIND_I8:
		return "i8";
	case WASM_KIND_I16:
		return "i16";
	default:
		return "any";
	}
}

const char *wasm_type_name(wasm_valtype t, char buf[WASM_TYPE_NAME])
{
	bool null = t & WASM_TYPE_NULLABLE;
	uint32_t heap = wasm_heap(t);

	if (!wasm_is_ref(t)) {
		snprintf(buf, WASM_TYPE_NAME, "%s", numeric_name(t));
		return buf;
	}
	if (wasm_heap_is_index(heap)) {
		snprintf(buf, WASM_TYPE_NAME, "(ref %s%u)", null ? "null " : "", heap);
		return buf;
	}
	for (size_t i = 0; i < ARRAY_SIZE(heap_rows); i++)
		if (heap_rows[i].code == heap - WASM_HEAP_ABSTRACT) {
			snprintf(buf, WASM_TYPE_NAME, null ? "%s" : "(ref %s)",
				 null ? heap_rows[i].nullable : heap_rows[i].name);
			return buf;
		}
	snprintf(buf, WASM_TYPE_NAME, "any reference");
	return buf;
}

/* The abstract type directly above an abstract or defined one; WASM_NONE above a top. */
static uint32_t heap_parent(uint32_t heap)
{
	switch (heap) {
	case WASM_HEAP_EQ:
		return WASM_HEAP_ANY;
	case WASM_HEAP_I31:
	case WASM_HEAP_STRUCT:
	case WASM_HEAP_ARRAY:
		return WASM_HEAP_EQ;
	default:
		return WASM_NONE;
	}
}

static uint32_t heap_of_kind(uint8_t kind)
{
	return kind == WASM_TYPE_FUNC ? WASM_HEAP_FUNC :
	       kind == WASM_TYPE_STRUCT ? WASM_HEAP_STRUCT : WASM_HEAP_ARRAY;
}

uint32_t wasm_heap_top(const struct wasm_module *m, uint32_t heap)
{
	if (wasm_heap_is_index(heap))
		return m->subs[heap].kind == WASM_TYPE_FUNC ? WASM_HEAP_FUNC : WASM_HEAP_ANY;
	switch (heap) {
	case WASM_HEAP_FUNC:
	case WASM_HEAP_NOFUNC:
		return WASM_HEAP_FUNC;
	case WASM_HEAP_EXTERN:
	case WASM_HEAP_NOEXTERN:
		return WASM_HEAP_EXTERN;
	case WASM_HEAP_EXN:
	case WASM_HEAP_NOEXN:
		return WASM_HEAP_EXN;
	default:
		return WASM_HEAP_ANY;
	}
}

static bool heap_is_bottom(uint32_t heap)
{
	return heap == WASM_HEAP_NONE || heap == WASM_HEAP_NOFUNC || heap == WASM_HEAP_NOEXTERN ||
	       heap == WASM_HEAP_NOEXN;
}

bool wasm_heap_subtype(const struct wasm_module *m, uint32_t a, uint32_t b)
{
	if (a == b)
		return true;
	if (heap_is_bottom(a))
		return wasm_heap_top(m, a) == wasm_heap_top(m, b);
	if (wasm_heap_is_index(a)) {
		assert(a < m->ntypes);
		if (wasm_heap_is_index(b)) {
			for (uint32_t t = m->subs[a].super; t != WASM_NONE; t = m->subs[t].super)
				if (t == b)
					return true;
			return false;
		}
		a = heap_of_kind(m->subs[a].kind);
	}
	for (; a != WASM_NONE; a = heap_parent(a))
		if (a == b)
			return true;
	return false;
}

bool wasm_subtype(const struct wasm_module *m, wasm_valtype a, wasm_valtype b)
{
	if (a == b || wasm_kind(a) == WASM_KIND_NONE)
		return true;
	if (!wasm_is_ref(a) || !wasm_is_ref(b))
		return false;
	if ((a & WASM_TYPE_NULLABLE) && !(b & WASM_TYPE_NULLABLE))
		return false;
	return wasm_heap_subtype(m, wasm_heap(a), wasm_heap(b));
}

bool wasm_functype_equal(const struct wasm_functype *a, const struct wasm_functype *b)
{
	return a->nparams == b->nparams && a->nresults == b->nresults &&
	       !memcmp(a->params, b->params, a->nparams * sizeof(*a->params)) &&
	       !memcmp(a->results, b->results, a->nresults * sizeof(*a->results));
}
