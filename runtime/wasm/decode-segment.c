/* Sections from elements to data (core spec 5.5.12 to 5.5.16). Function bodies stay bytes. */
#include "runtime/wasm/decode.h"

#include <errno.h>

/* Bits of an element segment's flags; 1 and 2 together: declared. */
enum { ELEM_NOT_ACTIVE = 1, ELEM_TABLE_OR_DECLARED = 2, ELEM_EXPRS = 4 };

static wasm_valtype table_address(const struct wasm_module *m, uint32_t t)
{
	return m->tables[t].type.limits.is64 ? WASM_I64 : WASM_I32;
}

static int elem_funcs(struct wasm_decoder *d, struct wasm_elem *e)
{
	uint32_t *funcs;
	int ret = wasm_count_read(d, "elements", WASM_MAX_TABLE_SIZE, 1, &e->n);

	if (ret)
		return ret;
	funcs = wasm_decode_array(d, e->n, sizeof(*funcs));
	if (!funcs)
		return -ENOMEM;
	for (uint32_t i = 0; i < e->n; i++) {
		size_t at = reader_offset(&d->r);

		funcs[i] = reader_u32(&d->r);
		if (!reader_ok(&d->r))
			return wasm_malformed(&d->r, d->err);
		if (funcs[i] >= d->m->nfuncs)
			return err_module(d->err, at, "unknown function %u: the module has %u",
					  funcs[i], d->m->nfuncs);
		wasm_declare(d->m, funcs[i]);
	}
	e->funcs = funcs;
	return 0;
}

static int elem_exprs(struct wasm_decoder *d, struct wasm_elem *e)
{
	struct wasm_expr *exprs;
	int ret = wasm_count_read(d, "elements", WASM_MAX_TABLE_SIZE, 2, &e->n);

	if (ret)
		return ret;
	exprs = wasm_decode_array(d, e->n, sizeof(*exprs));
	if (!exprs)
		return -ENOMEM;
	for (uint32_t i = 0; i < e->n && !ret; i++)
		ret = wasm_decode_expr(d, e->type, &exprs[i]);
	e->exprs = exprs;
	return ret;
}

/* The element kind byte, or a type where expressions follow. */
static int elem_type(struct wasm_decoder *d, uint32_t flags, struct wasm_elem *e)
{
	size_t at = reader_offset(&d->r);
	uint8_t kind;

	e->type = flags & ELEM_EXPRS ? WASM_FUNCREF : WASM_REF(false, WASM_HEAP_FUNC);
	if (!(flags & (ELEM_NOT_ACTIVE | ELEM_TABLE_OR_DECLARED)))
		return 0;
	if (flags & ELEM_EXPRS)
		return wasm_reftype_read(d->m, &d->r, &e->type, d->err);
	kind = reader_byte(&d->r);
	if (!reader_ok(&d->r))
		return wasm_malformed(&d->r, d->err);
	return kind ? err_module(d->err, at, "malformed element kind 0x%02x", kind) : 0;
}

static int elem_active(struct wasm_decoder *d, uint32_t flags, struct wasm_elem *e)
{
	size_t at = reader_offset(&d->r);

	e->table = flags & ELEM_TABLE_OR_DECLARED ? reader_u32(&d->r) : 0;
	if (!reader_ok(&d->r))
		return wasm_malformed(&d->r, d->err);
	if (e->table >= d->m->ntables)
		return err_module(d->err, at, "unknown table %u: the module has %u", e->table,
				  d->m->ntables);
	return wasm_decode_expr(d, table_address(d->m, e->table), &e->offset);
}

static int elem_read(struct wasm_decoder *d, struct wasm_elem *e)
{
	char have[WASM_TYPE_NAME], want[WASM_TYPE_NAME];
	size_t at = reader_offset(&d->r);
	uint32_t flags = reader_u32(&d->r);
	int ret = 0;

	if (!reader_ok(&d->r))
		return wasm_malformed(&d->r, d->err);
	if (flags > 7)
		return err_module(d->err, at, "malformed elements segment kind %u", flags);
	if (flags && !wasm_has(d->m, WASM_FEATURE_BULK_MEMORY))
		return wasm_feature_off(WASM_FEATURE_BULK_MEMORY, at, "this element segment",
					d->err);
	e->mode = !(flags & ELEM_NOT_ACTIVE) ? WASM_SEGMENT_ACTIVE :
		  flags & ELEM_TABLE_OR_DECLARED ? WASM_SEGMENT_DECLARED : WASM_SEGMENT_PASSIVE;
	if (e->mode == WASM_SEGMENT_ACTIVE)
		ret = elem_active(d, flags, e);
	if (!ret)
		ret = elem_type(d, flags, e);
	if (!ret)
		ret = flags & ELEM_EXPRS ? elem_exprs(d, e) : elem_funcs(d, e);
	if (ret || e->mode != WASM_SEGMENT_ACTIVE)
		return ret;
	if (!wasm_subtype(d->m, e->type, d->m->tables[e->table].type.elem))
		return err_module(d->err, at,
				  "type mismatch: elements of type %s for table %u of %s",
				  wasm_type_name(e->type, have), e->table,
				  wasm_type_name(d->m->tables[e->table].type.elem, want));
	return 0;
}

int wasm_decode_elems(struct wasm_decoder *d)
{
	struct wasm_module *m = d->m;
	int ret = wasm_count_read(d, "element segments", WASM_MAX_SEGMENTS, 2, &m->nelems);

	if (ret)
		return ret;
	m->elems = wasm_decode_array(d, m->nelems, sizeof(*m->elems));
	if (!m->elems)
		return -ENOMEM;
	for (uint32_t i = 0; i < m->nelems && !ret; i++)
		ret = elem_read(d, &m->elems[i]);
	return ret;
}

int wasm_decode_datacount(struct wasm_decoder *d)
{
	size_t at = reader_offset(&d->r);

	if (!wasm_has(d->m, WASM_FEATURE_BULK_MEMORY))
		return wasm_feature_off(WASM_FEATURE_BULK_MEMORY, at, "a data count section",
					d->err);
	d->m->datacount = reader_u32(&d->r);
	d->m->has_datacount = true;
	if (reader_ok(&d->r) && d->m->datacount > WASM_MAX_SEGMENTS)
		return err_module(d->err, at,
				  "the number of data segments, %u, exceeds the limit of %u",
				  d->m->datacount, WASM_MAX_SEGMENTS);
	return reader_ok(&d->r) ? 0 : wasm_malformed(&d->r, d->err);
}

/* The bodies of all functions that are not imported, each after its size. */
static int bodies_read(struct wasm_module *m, struct reader *r, struct wsbox_err *err)
{
	for (uint32_t i = m->imported_funcs; i < m->nfuncs; i++) {
		size_t at = reader_offset(r);

		m->funcs[i].body_len = reader_u32(r);
		if (m->funcs[i].body_len > WASM_MAX_BODY && reader_ok(r))
			return err_module(err, at,
					  "function %u of %u bytes exceeds the limit of %u", i,
					  m->funcs[i].body_len, WASM_MAX_BODY);
		m->funcs[i].body = reader_bytes(r, m->funcs[i].body_len);
		if (!reader_ok(r))
			return wasm_malformed(r, err);
		if (!m->funcs[i].body_len)
			return err_module(err, at,
					  "unexpected end: function %u has an empty body", i);
	}
	return 0;
}

int wasm_decode_code(struct wasm_decoder *d)
{
	struct wasm_module *m = d->m;
	uint32_t n;
	size_t at = reader_offset(&d->r);
	int ret = wasm_count_read(d, "function bodies", WASM_MAX_FUNCTIONS, 2, &n);

	if (ret)
		return ret;
	if (n != d->nbodies)
		return err_module(d->err, at,
				  "function and code section have inconsistent lengths: %u and %u",
				  d->nbodies, n);
	d->nbodies = 0;
	m->code = d->r.at;
	m->code_bytes = reader_left(&d->r);
	if (!d->outline)
		return bodies_read(m, &d->r, d->err);
	(void)reader_bytes(&d->r, m->code_bytes);
	return 0;
}

int wasm_module_bodies(struct wasm_module *m, struct wsbox_err *err)
{
	struct reader r = reader_of(m->code, m->code_bytes);

	r.base = m->bytes;
	return bodies_read(m, &r, err);
}

static int data_read(struct wasm_decoder *d, struct wasm_data *s)
{
	struct wasm_module *m = d->m;
	size_t at = reader_offset(&d->r);
	uint32_t flags = reader_u32(&d->r);
	int ret = 0;

	if (!reader_ok(&d->r))
		return wasm_malformed(&d->r, d->err);
	if (flags > 2)
		return err_module(d->err, at, "malformed data segment kind %u", flags);
	if (flags == 1 && !wasm_has(m, WASM_FEATURE_BULK_MEMORY))
		return wasm_feature_off(WASM_FEATURE_BULK_MEMORY, at, "a passive data segment",
					d->err);
	s->mode = flags == 1 ? WASM_SEGMENT_PASSIVE : WASM_SEGMENT_ACTIVE;
	if (flags == 2)
		s->memory = reader_u32(&d->r);
	if (s->mode == WASM_SEGMENT_ACTIVE && reader_ok(&d->r)) {
		if (s->memory >= m->nmemories)
			return err_module(d->err, at, "unknown memory %u: the module has %u",
					  s->memory, m->nmemories);
		ret = wasm_decode_expr(d, m->memories[s->memory].limits.is64 ? WASM_I64 : WASM_I32,
				       &s->offset);
		if (ret)
			return ret;
	}
	s->len = reader_u32(&d->r);
	s->at = reader_bytes(&d->r, s->len);
	return reader_ok(&d->r) ? 0 : wasm_malformed(&d->r, d->err);
}

int wasm_decode_datas(struct wasm_decoder *d)
{
	struct wasm_module *m = d->m;
	size_t at = reader_offset(&d->r);
	int ret = wasm_count_read(d, "data segments", WASM_MAX_SEGMENTS, 2, &m->ndatas);

	if (ret)
		return ret;
	if (m->has_datacount && m->ndatas != m->datacount)
		return err_module(
			d->err, at,
			"data count and data section have inconsistent lengths: %u and %u",
			m->datacount, m->ndatas);
	m->datas = wasm_decode_array(d, m->ndatas, sizeof(*m->datas));
	if (!m->datas)
		return -ENOMEM;
	for (uint32_t i = 0; i < m->ndatas && !ret; i++)
		ret = data_read(d, &m->datas[i]);
	return ret;
}
