/*
 * A module's sections, in order; each is read within its own bounds by the function of its row.
 */
#include "runtime/wasm/decode.h"

#include <assert.h>
#include <errno.h>

#include "runtime/base/num.h"

int wasm_malformed(const struct reader *r, struct wsbox_err *err)
{
	assert(!reader_ok(r));
	return err_module(err, r->where, "%s", r->why);
}

int wasm_no_memory(struct wsbox_err *err)
{
	return err_set(err, -ENOMEM, WSBOX_FAILED, "out of memory while decoding the module");
}

void *wasm_decode_array(struct wasm_decoder *d, size_t n, size_t size)
{
	void *p = arena_array(&d->m->arena, n, size);

	if (!p)
		(void)wasm_no_memory(d->err);
	return p;
}

int wasm_count_read(struct wasm_decoder *d, const char *what, uint32_t max, uint32_t min,
		    uint32_t *ret)
{
	size_t at = reader_offset(&d->r);
	uint32_t n = reader_u32(&d->r);

	if (!reader_ok(&d->r))
		return wasm_malformed(&d->r, d->err);
	if (n > reader_left(&d->r) / min)
		return err_module(d->err, at,
				  "unexpected end of section or function: %u %s in %zu bytes", n,
				  what, reader_left(&d->r));
	if (n > max)
		return err_module(d->err, at, "the number of %s, %u, exceeds the limit of %u", what,
				  n, max);
	*ret = n;
	return 0;
}

/* In the order they must come in; names for messages and `wsbox inspect`. */
static const struct wasm_section_row section_rows[] = {
	{ 1, "type", wasm_decode_types },	  { 2, "import", wasm_decode_imports },
	{ 3, "function", wasm_decode_functions }, { 4, "table", wasm_decode_tables },
	{ 5, "memory", wasm_decode_memories },	  { 13, "tag", wasm_decode_tags },
	{ 6, "global", wasm_decode_globals },	  { 7, "export", wasm_decode_exports },
	{ 8, "start", wasm_decode_start },	  { 9, "element", wasm_decode_elems },
	{ 12, "data count", wasm_decode_datacount }, { 10, "code", wasm_decode_code },
	{ 11, "data", wasm_decode_datas },
};

const char *wasm_section_name(uint8_t id)
{
	for (size_t i = 0; i < ARRAY_SIZE(section_rows); i++)
		if (section_rows[i].id == id)
			return section_rows[i].name;
	return id ? NULL : "custom";
}

static int custom_read(struct wasm_decoder *d)
{
	struct wasm_custom c, *grown;
	struct wasm_module *m = d->m;

	c.name.at = reader_name(&d->r, &c.name.len);
	if (!reader_ok(&d->r))
		return wasm_malformed(&d->r, d->err);
	c.len = reader_left(&d->r);
	c.at = reader_bytes(&d->r, c.len);
	/* doubled at each power of two: at most twice the room */
	if (!(m->ncustoms & (m->ncustoms - 1))) {
		grown = wasm_decode_array(d, m->ncustoms ? 2 * (size_t)m->ncustoms : 1,
					  sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		if (m->ncustoms)
			memcpy(grown, m->customs, m->ncustoms * sizeof(*grown));
		m->customs = grown;
	}
	m->customs[m->ncustoms++] = c;
	return 0;
}

static bool declared_new(struct wasm_decoder *d)
{
	if (!d->m->declared)
		d->m->declared = wasm_decode_array(d, d->m->nfuncs / 8 + 1, 1);
	return d->m->declared;
}

/* One section, whose reader is d->r. *order: how far in section_rows the module has come. */
static int section_read(struct wasm_decoder *d, uint8_t id, size_t at, size_t *order)
{
	size_t i;
	int ret;

	if (!id)
		return custom_read(d);
	for (i = 0; i < ARRAY_SIZE(section_rows) && section_rows[i].id != id; i++)
		;
	if (i == ARRAY_SIZE(section_rows))
		return err_module(d->err, at, "malformed section id %u", id);
	if (i < *order)
		return err_module(
			d->err, at,
			"unexpected content after last section: the %s section is out of order or "
			"comes twice",
			section_rows[i].name);
	*order = i + 1;
	/* everything after the function section may name functions */
	if (i > 2 && !declared_new(d))
		return -ENOMEM;
	ret = section_rows[i].read(d);
	if (ret)
		return ret;
	if (!reader_ok(&d->r))
		return wasm_malformed(&d->r, d->err);
	if (reader_left(&d->r))
		return err_module(d->err, reader_offset(&d->r),
				  "section size mismatch: %zu bytes left in the %s section",
				  reader_left(&d->r), section_rows[i].name);
	return 0;
}

static int sections_read(struct wasm_decoder *d, struct reader *all)
{
	size_t order = 0;
	int ret = 0;

	while (!ret && reader_left(all)) {
		size_t at = reader_offset(all);
		uint8_t id = reader_byte(all);
		uint32_t size = reader_u32(all);

		if (reader_ok(all) && size > reader_left(all))
			return err_module(d->err, at,
					  "length out of bounds: unexpected end: a section of %u "
					  "bytes with %zu left", size, reader_left(all));
		d->r = reader_sub(all, size);
		if (!reader_ok(all))
			return wasm_malformed(all, d->err);
		ret = section_read(d, id, at, &order);
	}
	return ret;
}

/* What must hold between sections. */
static int module_check(struct wasm_decoder *d)
{
	struct wasm_module *m = d->m;

	if (d->nbodies)
		return err_module(d->err, m->size,
				  "function and code section have inconsistent lengths: %u and 0",
				  d->nbodies);
	if (m->has_datacount && m->datacount != m->ndatas)
		return err_module(
			d->err, m->size,
			"data count and data section have inconsistent lengths: %u and %u",
			m->datacount, m->ndatas);
	return declared_new(d) ? 0 : -ENOMEM;
}

static int header_read(struct wasm_decoder *d, struct reader *all)
{
	static const uint8_t magic[4] = { 0, 'a', 's', 'm' };
	const uint8_t *p = reader_bytes(all, 4);
	uint32_t version;

	if (!p)
		return err_module(d->err, 0, "unexpected end: %zu bytes are no WebAssembly module",
				  d->m->size);
	if (memcmp(p, magic, 4))
		return err_module(d->err, 0,
				  "magic header not detected: this is no WebAssembly binary");
	version = reader_f32(all);
	if (!reader_ok(all))
		return err_module(d->err, 4, "unexpected end of the version");
	if (version == 0x1000d)
		return err_module(
			d->err, 4,
			"unknown binary version: a component, which wsbox does not support yet");
	return version == 1
		       ? 0
		       : err_module(d->err, 4, "unknown binary version %u: expected 1", version);
}

static int module_decode(struct wasm_module *m, const void *bytes, size_t size,
			 wasm_features features, bool outline, struct wsbox_err *err)
{
	struct wasm_decoder d = { .m = m, .err = err, .outline = outline };
	struct reader all = reader_of(bytes, size);
	int ret;

	*m = (struct wasm_module){ .bytes = bytes,
				   .size = size,
				   .features = features | WASM_FEATURE_BIT(MVP),
				   .start = WASM_NONE };
	arena_init(&m->arena);
	arena_init(&d.scratch);
	if (size > WASM_MAX_MODULE)
		ret = err_module(err, 0, "a module of %zu bytes exceeds the limit of %u", size,
				 WASM_MAX_MODULE);
	else
		ret = header_read(&d, &all);
	if (!ret)
		ret = sections_read(&d, &all);
	if (!ret)
		ret = module_check(&d);
	arena_done(&d.scratch);
	if (ret)
		wasm_module_done(m);
	return ret;
}

int wasm_module_decode(struct wasm_module *m, const void *bytes, size_t size,
		       wasm_features features, struct wsbox_err *err)
{
	return module_decode(m, bytes, size, features, false, err);
}

int wasm_module_outline(struct wasm_module *m, const void *bytes, size_t size,
			wasm_features features, struct wsbox_err *err)
{
	return module_decode(m, bytes, size, features, true, err);
}

void wasm_module_done(struct wasm_module *m)
{
	arena_done(&m->arena);
	*m = (struct wasm_module){ .start = WASM_NONE };
}
