/* Text of a trace: see text.h. */
#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "wasi-iouring/text.h"

#define DOTS 3	/* always kept free, for "..." */

void wasi_text_add(struct wasi_text *t, const char *fmt, ...)
{
	uint32_t free = t->room - t->len;
	va_list ap;
	int n;

	if (t->cut)
		return;
	assert(t->len < t->room && free > DOTS);
	va_start(ap, fmt);
	n = vsnprintf(t->at + t->len, free - DOTS, fmt, ap);
	va_end(ap);
	if (n >= 0 && (uint32_t)n < free - DOTS) {
		t->len += (uint32_t)n;
		return;
	}
	t->cut = true;
	memcpy(t->at + t->len, "...", DOTS);
	t->len += DOTS;
}

/* One byte of a string; `next` is the one that follows, 0 at the end. */
static void add_byte(struct wasi_text *t, uint8_t c, uint8_t next)
{
	static const char letters[] = "tnvfr";

	if (c >= '\t' && c <= '\r')
		wasi_text_add(t, "\\%c", letters[c - '\t']);
	else if (c == '"' || c == '\\')
		wasi_text_add(t, "\\%c", c);
	else if (c >= ' ' && c < 0x7f)
		wasi_text_add(t, "%c", c);
	else
		wasi_text_add(t, next >= '0' && next <= '9' ? "\\%03o" : "\\%o", c);
}

void wasi_text_string(struct wasi_text *t, const uint8_t *s, size_t n, size_t most)
{
	size_t shown = n < most ? n : most;

	wasi_text_add(t, "\"");
	for (size_t i = 0; i < shown && !t->cut; i++)
		add_byte(t, s[i], i + 1 < shown ? s[i + 1] : 0);
	wasi_text_add(t, shown < n ? "\"..." : "\"");
}

void wasi_text_kind(struct wasi_text *t, uint64_t value, const struct wasi_name *names, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		if (names[i].value == value) {
			wasi_text_add(t, "%s", names[i].name);
			return;
		}
	}
	wasi_text_add(t, "%llu", (unsigned long long)value);
}

void wasi_text_flags(struct wasi_text *t, uint64_t value, const struct wasi_name *names, uint32_t n)
{
	const char *between = "";

	for (uint32_t i = 0; i < n; i++) {
		if (!(names[i].value & value))
			continue;
		wasi_text_add(t, "%s%s", between, names[i].name);
		value &= ~names[i].value;
		between = "|";
	}
	if (value)
		wasi_text_add(t, "%s0x%llx", between, (unsigned long long)value);
	else if (!*between)
		wasi_text_add(t, "0");
}
