/* Which proposals a module uses, for people: from its types and spaces, and from its opcodes
 * without validating them. */
#include "runtime/wasm/body.h"
#include "runtime/wasm/skip.h"

static wasm_features heap_uses(uint32_t heap)
{
	switch (heap) {
	case WASM_HEAP_FUNC:
	case WASM_HEAP_EXTERN:
		return WASM_FEATURE_BIT(REFERENCE_TYPES);
	case WASM_HEAP_EXN:
	case WASM_HEAP_NOEXN:
		return WASM_FEATURE_BIT(EXCEPTIONS);
	default:
		return wasm_heap_is_index(heap) ? WASM_FEATURE_BIT(FUNCTION_REFERENCES)
						: WASM_FEATURE_BIT(GC);
	}
}

static wasm_features type_uses(wasm_valtype t)
{
	if (t == WASM_V128)
		return WASM_FEATURE_BIT(SIMD);
	if (!wasm_is_ref(t))
		return 0;
	return heap_uses(wasm_heap(t)) |
	       (t & WASM_TYPE_NULLABLE ? 0 : WASM_FEATURE_BIT(FUNCTION_REFERENCES));
}

static wasm_features types_use(const struct wasm_module *m)
{
	wasm_features f = 0;

	for (uint32_t i = 0; i < m->ntypes; i++) {
		const struct wasm_functype *t = &m->types[i];
		const struct wasm_subtype *s = &m->subs[i];

		if (s->kind != WASM_TYPE_FUNC || s->super != WASM_NONE || !s->final ||
		    s->group_len > 1)
			f |= WASM_FEATURE_BIT(GC);
		if (t->nresults > 1)
			f |= WASM_FEATURE_BIT(MULTI_VALUE);
		for (uint32_t k = 0; k < t->nparams + t->nresults; k++)
			f |= type_uses(t->params[k]);
	}
	return f;
}

static wasm_features limits_use(const struct wasm_limits *l)
{
	return (l->is64 ? WASM_FEATURE_BIT(MEMORY64) : 0) |
	       (l->shared ? WASM_FEATURE_BIT(THREADS) : 0);
}

static wasm_features spaces_use(const struct wasm_module *m)
{
	wasm_features f = 0;

	if (m->ntables > 1)
		f |= WASM_FEATURE_BIT(REFERENCE_TYPES);
	if (m->nmemories > 1)
		f |= WASM_FEATURE_BIT(MULTI_MEMORY);
	if (m->ntags)
		f |= WASM_FEATURE_BIT(EXCEPTIONS);
	if (m->has_datacount)
		f |= WASM_FEATURE_BIT(BULK_MEMORY);
	for (uint32_t i = 0; i < m->ntables; i++)
		f |= limits_use(&m->tables[i].type.limits);
	for (uint32_t i = 0; i < m->nmemories; i++) {
		f |= limits_use(&m->memories[i].limits);
		if (m->memories[i].page_log2 != 16)
			f |= WASM_FEATURE_BIT(CUSTOM_PAGE_SIZES);
	}
	for (uint32_t i = 0; i < m->nglobals; i++)
		f |= type_uses(m->globals[i].type.type);
	for (uint32_t i = 0; i < m->imported_globals; i++)
		f |= m->globals[i].type.mut ? WASM_FEATURE_BIT(MUTABLE_GLOBALS) : 0;
	for (uint32_t i = 0; i < m->nexports; i++)
		if (m->exports[i].kind == WASM_EXTERN_GLOBAL &&
		    m->globals[m->exports[i].index].type.mut)
			f |= WASM_FEATURE_BIT(MUTABLE_GLOBALS);
	return f;
}

static wasm_features body_uses(const struct wasm_func *func)
{
	struct reader r = reader_of(func->body, func->body_len);
	uint32_t groups = reader_u32(&r);
	wasm_features f = 0;
	uint16_t op;

	for (uint32_t i = 0; i < groups && reader_ok(&r); i++) {
		(void)reader_u32(&r);
		if (reader_ok(&r) && reader_left(&r) && *r.at == WASM_KIND_V128)
			f |= WASM_FEATURE_BIT(SIMD);
		if (!wasm_skip_immediate(&r, WASM_IMM_HEAP))
			return f;
	}
	while (reader_ok(&r) && (op = wasm_skip_opcode(&r)) != WASM_OPS) {
		f |= (wasm_features)1 << wasm_ops[op].feature;
		if (!wasm_skip_immediate(&r, wasm_ops[op].imm))
			break;
	}
	return f;
}

wasm_features wasm_module_uses(const struct wasm_module *m)
{
	wasm_features f = types_use(m) | spaces_use(m);

	for (uint32_t i = m->imported_funcs; i < m->nfuncs; i++)
		f |= body_uses(&m->funcs[i]);
	return f & ~WASM_FEATURE_BIT(MVP);
}
