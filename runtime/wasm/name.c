/*
 * Names of functions for people (core spec, appendix A.6): from the name section, else an export,
 * else "func[N]".
 *
 * Nothing is indexed: a lookup walks the section, whose indices ascend, and stops at the function.
 * Who wants many names asks for all at once. A section that is wrong somewhere gives the names
 * before that place; it never makes a module invalid.
 */
#include "runtime/wasm/module.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "runtime/base/num.h"
#include "runtime/base/reader.h"

enum { SUBSECTION_MODULE = 0, SUBSECTION_FUNCTIONS = 1 };

/* The content of a subsection of the name section, or an empty reader. */
static struct reader name_subsection(const struct wasm_module *m, uint8_t want)
{
	for (uint32_t i = 0; i < m->ncustoms; i++) {
		const struct wasm_custom *c = &m->customs[i];
		struct reader r = reader_of(c->at, c->len);

		if (c->name.len != 4 || memcmp(c->name.at, "name", 4))
			continue;
		while (reader_ok(&r) && reader_left(&r)) {
			uint8_t id = reader_byte(&r);
			struct reader sub = reader_sub(&r, reader_u32(&r));

			if (id == want && reader_ok(&r))
				return sub;
		}
	}
	return reader_of("", 0);
}

static bool section_name(const struct wasm_module *m, uint32_t f, struct wasm_name *ret)
{
	struct reader r = name_subsection(m, SUBSECTION_FUNCTIONS);
	uint32_t n = reader_u32(&r);

	for (uint32_t i = 0; i < n && reader_ok(&r); i++) {
		uint32_t index = reader_u32(&r);

		ret->at = reader_name(&r, &ret->len);
		if (index > f)
			break;
		if (index == f)
			return reader_ok(&r) && ret->len;
	}
	return false;
}

static bool export_name(const struct wasm_module *m, uint32_t f, struct wasm_name *ret)
{
	for (uint32_t i = 0; i < m->nexports; i++)
		if (m->exports[i].kind == WASM_EXTERN_FUNC && m->exports[i].index == f &&
		    m->exports[i].name.len) {
			*ret = m->exports[i].name;
			return true;
		}
	return false;
}

const char *wasm_name_show(const struct wasm_name *name, char *buf, size_t size)
{
	size_t n;

	assert(size);
	n = num_min(name->len, size - 1);
	while (n && n < name->len && ((uint8_t)name->at[n] & 0xc0) == 0x80)
		n--;
	memcpy(buf, name->at, n);
	buf[n] = 0;
	err_printable(buf, n);
	return buf;
}

/* As section_name() and export_name() find them. */
void wasm_func_names(const struct wasm_module *m, struct wasm_name *ret)
{
	struct reader r = name_subsection(m, SUBSECTION_FUNCTIONS);
	uint32_t n = reader_u32(&r), highest = 0;

	memset(ret, 0, m->nfuncs * sizeof(*ret));
	for (uint32_t i = 0; i < n && reader_ok(&r); i++) {
		uint32_t index = reader_u32(&r);
		struct wasm_name name;

		name.at = reader_name(&r, &name.len);
		if (reader_ok(&r) && index < m->nfuncs && index >= highest && !ret[index].at)
			ret[index] = name;
		highest = index > highest ? index : highest;
	}
	for (uint32_t i = 0; i < m->nexports; i++) {
		const struct wasm_export *e = &m->exports[i];

		if (e->kind == WASM_EXTERN_FUNC && !ret[e->index].len)
			ret[e->index] = e->name;
	}
}

const char *wasm_name_text(const struct wasm_name *name, uint32_t f, char *buf, size_t size)
{
	if (name->len)
		return wasm_name_show(name, buf, size);
	snprintf(buf, size, "func[%u]", f);
	return buf;
}

const char *wasm_func_name(const struct wasm_module *m, uint32_t f, char *buf, size_t size)
{
	struct wasm_name name;

	if (!section_name(m, f, &name) && !export_name(m, f, &name))
		name.len = 0;
	return wasm_name_text(&name, f, buf, size);
}

bool wasm_module_name(const struct wasm_module *m, struct wasm_name *ret)
{
	struct reader r = name_subsection(m, SUBSECTION_MODULE);

	ret->at = reader_name(&r, &ret->len);
	return reader_ok(&r) && ret->len;
}
