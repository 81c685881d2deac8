/* Value types and the type section (core spec 5.3, 5.5.4). */
#include "runtime/wasm/decode.h"

#include <errno.h>
#include <string.h>

#include "runtime/wasm/canon.h"

static int type_unknown(const struct reader *r, uint64_t index, uint32_t n, struct wsbox_err *err)
{
	return err_module(err, reader_offset(r), "unknown type %llu: the module has %u",
			  (unsigned long long)index, n);
}

/* The feature that brought an abstract heap type, or WASM_FEATURES if the code is none. */
static enum wasm_feature heap_feature(uint8_t code)
{
	switch (WASM_HEAP_ABSTRACT + code) {
	case WASM_HEAP_FUNC:
	case WASM_HEAP_EXTERN:
		return WASM_FEATURE_REFERENCE_TYPES;
	case WASM_HEAP_ANY:
	case WASM_HEAP_EQ:
	case WASM_HEAP_I31:
	case WASM_HEAP_STRUCT:
	case WASM_HEAP_ARRAY:
	case WASM_HEAP_NONE:
	case WASM_HEAP_NOEXTERN:
	case WASM_HEAP_NOFUNC:
		return WASM_FEATURE_GC;
	case WASM_HEAP_EXN:
	case WASM_HEAP_NOEXN:
		return WASM_FEATURE_EXCEPTIONS;
	default:
		return WASM_FEATURES;
	}
}

int wasm_heap_read(const struct wasm_module *m, struct reader *r, uint32_t *ret_heap,
		   struct wsbox_err *err)
{
	size_t at = reader_offset(r);
	int64_t v = reader_s33(r);
	enum wasm_feature f;

	if (!reader_ok(r))
		return wasm_malformed(r, err);
	if (v >= 0) {
		if (!wasm_has(m, WASM_FEATURE_FUNCTION_REFERENCES))
			return wasm_feature_off(WASM_FEATURE_FUNCTION_REFERENCES, at,
						"a typed reference", err);
		if (v >= m->ntypes)
			return type_unknown(r, (uint64_t)v, m->ntypes, err);
		*ret_heap = m->types[v].canon;
		return 0;
	}
	f = v >= -64 ? heap_feature((uint8_t)(v & 0x7f)) : WASM_FEATURES;
	if (f == WASM_FEATURES)
		return err_module(err, at, "malformed heap type 0x%02x", (unsigned int)(v & 0x7f));
	if (!wasm_has(m, f))
		return wasm_feature_off(f, at, "this reference type", err);
	*ret_heap = WASM_HEAP_ABSTRACT + (uint32_t)(v & 0x7f);
	return 0;
}

int wasm_reftype_read(const struct wasm_module *m, struct reader *r, wasm_valtype *ret,
		      struct wsbox_err *err)
{
	size_t at = reader_offset(r);
	uint8_t b = reader_left(r) ? *r->at : 0;
	uint32_t heap = 0;
	int ret_code;

	if (b == 0x63 || b == 0x64) {
		reader_byte(r);
		if (!wasm_has(m, WASM_FEATURE_FUNCTION_REFERENCES))
			return wasm_feature_off(WASM_FEATURE_FUNCTION_REFERENCES, at,
						"a typed reference", err);
		ret_code = wasm_heap_read(m, r, &heap, err);
		*ret = WASM_REF(b == 0x63, heap);
		return ret_code;
	}
	if (reader_left(r) && heap_feature(b) == WASM_FEATURES)
		return err_module(err, at, "malformed reference type 0x%02x", b);
	ret_code = wasm_heap_read(m, r, &heap, err);
	*ret = WASM_REF(true, heap);
	return ret_code;
}

int wasm_valtype_read(const struct wasm_module *m, struct reader *r, wasm_valtype *ret,
		      struct wsbox_err *err)
{
	uint8_t b = reader_left(r) ? *r->at : 0;

	if (b >= WASM_KIND_V128 && b <= WASM_KIND_I32) {
		if (b == WASM_KIND_V128 && !wasm_has(m, WASM_FEATURE_SIMD))
			return wasm_feature_off(WASM_FEATURE_SIMD, reader_offset(r), "v128", err);
		reader_byte(r);
		*ret = b;
		return 0;
	}
	if (reader_left(r) && b != 0x63 && b != 0x64 && heap_feature(b) == WASM_FEATURES)
		return err_module(err, reader_offset(r), "malformed value type 0x%02x", b);
	return wasm_reftype_read(m, r, ret, err);
}

static int types_read(struct wasm_decoder *d, wasm_valtype *at, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		int ret = wasm_valtype_read(d->m, &d->r, &at[i], d->err);

		if (ret)
			return ret;
	}
	return 0;
}

/* Parameters and results in one array: the results' count stands behind the parameters. */
static int functype_read(struct wasm_decoder *d, struct wasm_functype *t)
{
	wasm_valtype params[WASM_MAX_PARAMS], *all;
	int ret;

	ret = wasm_count_read(d, "parameters", WASM_MAX_PARAMS, 1, &t->nparams);
	if (!ret)
		ret = types_read(d, params, t->nparams);
	if (!ret)
		ret = wasm_count_read(d, "results", WASM_MAX_RESULTS, 1, &t->nresults);
	if (ret)
		return ret;
	if (t->nresults > 1 && !wasm_has(d->m, WASM_FEATURE_MULTI_VALUE))
		return wasm_feature_off(WASM_FEATURE_MULTI_VALUE, reader_offset(&d->r),
					"a function with several results", d->err);
	all = wasm_decode_array(d, t->nparams + t->nresults, sizeof(*all));
	if (!all)
		return -ENOMEM;
	memcpy(all, params, t->nparams * sizeof(*all));
	t->params = all;
	t->results = all + t->nparams;
	return types_read(d, all + t->nparams, t->nresults);
}

static int field_read(struct wasm_decoder *d, struct wasm_field *f)
{
	uint8_t b = reader_left(&d->r) ? *d->r.at : 0, mut;
	int ret = 0;

	if (b == WASM_KIND_I8 || b == WASM_KIND_I16)
		f->type = reader_byte(&d->r);
	else
		ret = wasm_valtype_read(d->m, &d->r, &f->type, d->err);
	if (ret)
		return ret;
	mut = reader_byte(&d->r);
	if (mut > 1)
		reader_fail(&d->r, "malformed mutability");
	f->mut = mut;
	return reader_ok(&d->r) ? 0 : wasm_malformed(&d->r, d->err);
}

static int fields_read(struct wasm_decoder *d, struct wasm_subtype *sub)
{
	struct wasm_field *fields;
	int ret = 0;

	sub->nfields = 1;
	if (sub->kind == WASM_TYPE_STRUCT)
		ret = wasm_count_read(d, "fields", WASM_MAX_FIELDS, 2, &sub->nfields);
	if (ret)
		return ret;
	fields = wasm_decode_array(d, sub->nfields, sizeof(*fields));
	if (!fields)
		return -ENOMEM;
	sub->fields = fields;
	for (uint32_t i = 0; i < sub->nfields && !ret; i++)
		ret = field_read(d, &fields[i]);
	return ret;
}

static int comptype_read(struct wasm_decoder *d, uint32_t i)
{
	struct wasm_subtype *sub = &d->m->subs[i];
	size_t at = reader_offset(&d->r);

	sub->kind = reader_byte(&d->r);
	if (!reader_ok(&d->r))
		return wasm_malformed(&d->r, d->err);
	if (sub->kind == WASM_TYPE_FUNC)
		return functype_read(d, &d->m->types[i]);
	if (sub->kind != WASM_TYPE_STRUCT && sub->kind != WASM_TYPE_ARRAY)
		return err_module(d->err, at, "malformed type form 0x%02x", sub->kind);
	if (!wasm_has(d->m, WASM_FEATURE_GC))
		return wasm_feature_off(WASM_FEATURE_GC, at, "a struct or array type", d->err);
	return fields_read(d, sub);
}

/* One type: `sub final? supertypes` before it, or the composite type alone, which is final. */
static int subtype_read(struct wasm_decoder *d, uint32_t i)
{
	struct wasm_subtype *sub = &d->m->subs[i];
	uint8_t b = reader_left(&d->r) ? *d->r.at : 0;
	uint32_t n, super;

	sub->super = WASM_NONE;
	sub->final = true;
	if (b != 0x50 && b != 0x4f)
		return comptype_read(d, i);
	if (!wasm_has(d->m, WASM_FEATURE_GC))
		return wasm_feature_off(WASM_FEATURE_GC, reader_offset(&d->r), "a subtype", d->err);
	reader_byte(&d->r);
	sub->final = b == 0x4f;
	n = reader_u32(&d->r);
	if (n > 1)
		return err_module(d->err, reader_offset(&d->r),
				  "sub type: a type has at most one supertype, not %u", n);
	if (n) {
		super = reader_u32(&d->r);
		if (reader_ok(&d->r) && super >= i)
			return err_module(d->err, reader_offset(&d->r),
					  "unknown type %u: a supertype comes before type %u",
					  super, i);
		sub->super = super;
	}
	return reader_ok(&d->r) ? comptype_read(d, i) : wasm_malformed(&d->r, d->err);
}

/* Whether field a may stand where b is declared: equal if mutable, else covariant. */
static bool field_matches(const struct wasm_module *m, const struct wasm_field *a,
			  const struct wasm_field *b)
{
	if (a->mut != b->mut)
		return false;
	return a->mut ? a->type == b->type : wasm_subtype(m, a->type, b->type);
}

static bool comptype_matches(const struct wasm_module *m, uint32_t a, uint32_t b)
{
	const struct wasm_functype *f = &m->types[a], *g = &m->types[b];

	if (m->subs[a].kind != m->subs[b].kind)
		return false;
	if (m->subs[a].kind == WASM_TYPE_FUNC) {
		if (f->nparams != g->nparams || f->nresults != g->nresults)
			return false;
		for (uint32_t i = 0; i < f->nparams; i++)
			if (!wasm_subtype(m, g->params[i], f->params[i]))
				return false;
		for (uint32_t i = 0; i < f->nresults; i++)
			if (!wasm_subtype(m, f->results[i], g->results[i]))
				return false;
		return true;
	}
	if (m->subs[a].nfields < m->subs[b].nfields)
		return false;
	for (uint32_t i = 0; i < m->subs[b].nfields; i++)
		if (!field_matches(m, &m->subs[a].fields[i], &m->subs[b].fields[i]))
			return false;
	return true;
}

/* The supertype must be open, match, and not lie too deep. After the group is canonical. */
static int super_check(struct wasm_decoder *d, uint32_t i)
{
	struct wasm_subtype *sub = &d->m->subs[i];
	const struct wasm_subtype *super;

	if (sub->super == WASM_NONE)
		return 0;
	super = &d->m->subs[sub->super];
	if (super->final)
		return err_module(d->err, reader_offset(&d->r),
				  "sub type %u: its supertype %u is final", i, sub->super);
	if (!comptype_matches(d->m, i, sub->super))
		return err_module(d->err, reader_offset(&d->r),
				  "sub type %u does not match supertype %u", i, sub->super);
	if (super->depth >= WASM_MAX_SUPERTYPES)
		return err_module(d->err, reader_offset(&d->r),
				  "sub type %u exceeds the limit of %u supertypes", i,
				  WASM_MAX_SUPERTYPES);
	sub->depth = super->depth + 1;
	return 0;
}

/* Room for n types in all. */
static int types_grow(struct wasm_decoder *d, uint32_t n)
{
	struct wasm_module *m = d->m;
	struct wasm_functype *types;
	struct wasm_subtype *subs;
	uint32_t cap = n;

	if (n <= d->types_cap)
		return 0;
	if (n > WASM_MAX_TYPES)
		return err_module(d->err, reader_offset(&d->r),
				  "the number of types exceeds the limit of %u", WASM_MAX_TYPES);
	if (cap < 2 * d->types_cap)
		cap = 2 * d->types_cap;
	types = wasm_decode_array(d, cap, sizeof(*types));
	subs = types ? wasm_decode_array(d, cap, sizeof(*subs)) : NULL;
	if (!subs)
		return -ENOMEM;
	if (d->types_cap) {
		memcpy(types, m->types, m->ntypes * sizeof(*types));
		memcpy(subs, m->subs, m->ntypes * sizeof(*subs));
	}
	m->types = types;
	m->subs = subs;
	d->types_cap = cap;
	return 0;
}

/* A recursion group, or a type that is one alone. */
static int group_read(struct wasm_decoder *d, struct wasm_canon *canon)
{
	uint32_t from = d->m->ntypes, len = 1;
	int ret = 0;

	if (reader_left(&d->r) && *d->r.at == 0x4e) {
		if (!wasm_has(d->m, WASM_FEATURE_GC))
			return wasm_feature_off(WASM_FEATURE_GC, reader_offset(&d->r),
						"a recursion group", d->err);
		reader_byte(&d->r);
		ret = wasm_count_read(d, "types", WASM_MAX_TYPES, 1, &len);
	}
	if (!ret)
		ret = types_grow(d, from + len);
	if (ret)
		return ret;
	d->m->ntypes = from + len;
	for (uint32_t k = from; k < from + len; k++) {
		d->m->types[k].canon = k;
		d->m->subs[k].group = from;
		d->m->subs[k].group_len = len;
	}
	for (uint32_t k = from; k < from + len && !ret; k++)
		ret = subtype_read(d, k);
	if (!ret && !wasm_canon_group(canon, d->m, from, len))
		ret = wasm_no_memory(d->err);
	for (uint32_t k = from; k < from + len && !ret; k++)
		ret = super_check(d, k);
	return ret;
}

int wasm_decode_types(struct wasm_decoder *d)
{
	struct wasm_canon canon;
	uint32_t n;
	int ret = wasm_count_read(d, "types", WASM_MAX_TYPES, 1, &n);

	if (!ret)
		ret = types_grow(d, n);
	wasm_canon_init(&canon);
	for (uint32_t i = 0; i < n && !ret; i++)
		ret = group_read(d, &canon);
	wasm_canon_done(&canon);
	return ret;
}
