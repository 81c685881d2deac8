/*
 * Modules made by hand: bytes are appended, sections get their length when they end.
 *
 *	struct mod m = mod_new();
 *	mod_section(&m, 1); mod_put(&m, 1, 0x60, 0, 0); mod_end(&m);
 *
 * Memory is never given back: each test case is a process.
 */
#ifndef TESTS_UNIT_MODULE_H
#define TESTS_UNIT_MODULE_H

#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "runtime/base/vec.h"
#include "runtime/wasm/body.h"

struct mod {
	struct VEC(uint8_t) b;
	size_t open[4];		/* where the lengths of open parts belong */
	int depth;
};

static inline void mod_bytes(struct mod *m, const void *p, size_t n)
{
	bool ok = vec_reserve(&m->b, n);

	assert(ok);
	memcpy(m->b.at + m->b.len, p, n);
	m->b.len += n;
}

#define mod_put(m, ...) \
	mod_bytes(m, (const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }))

static inline void mod_u32(struct mod *m, uint32_t v)
{
	do {
		uint8_t b = (v & 0x7f) | (v > 0x7f ? 0x80 : 0);

		mod_bytes(m, &b, 1);
		v >>= 7;
	} while (v);
}

/* A part with a length before it: the length is five bytes long. */
static inline void mod_open(struct mod *m)
{
	m->open[m->depth++] = m->b.len;
	mod_put(m, 0, 0, 0, 0, 0);
}

static inline void mod_end(struct mod *m)
{
	size_t at = m->open[--m->depth], n = m->b.len - at - 5;

	for (int i = 0; i < 5; i++)
		m->b.at[at + i] = (uint8_t)((n >> 7 * i & 0x7f) | (i < 4 ? 0x80 : 0));
}

static inline void mod_section(struct mod *m, uint8_t id)
{
	mod_bytes(m, &id, 1);
	mod_open(m);
}

static inline struct mod mod_new(void)
{
	struct mod m = { .depth = 0 };

	mod_put(&m, 0, 'a', 's', 'm', 1, 0, 0, 0);
	return m;
}

/* A module of one function: type bytes (after 0x60), then the caller writes locals and code until
 * mod_end twice. */
static inline struct mod mod_function(const void *type, size_t n, const void *sections,
				      size_t nsections)
{
	struct mod m = mod_new();

	mod_section(&m, 1);
	mod_put(&m, 1, 0x60);
	mod_bytes(&m, type, n);
	mod_end(&m);
	mod_section(&m, 3);
	mod_put(&m, 1, 0);
	mod_end(&m);
	mod_bytes(&m, sections, nsections);
	mod_section(&m, 10);
	mod_put(&m, 1);
	mod_open(&m);
	return m;
}

/* Ends a mod_function() and judges it: 0, or the error with err set. */
static inline int mod_judge(struct mod *m, wasm_features features, struct wsbox_err *err)
{
	struct wasm_module w;
	int ret;

	while (m->depth)
		mod_end(m);
	ret = wasm_module_decode(&w, m->b.at, m->b.len, features, err);
	if (!ret) {
		ret = wasm_module_validate(&w, err);
		wasm_module_done(&w);
	}
	vec_done(&m->b);
	return ret;
}

#endif
