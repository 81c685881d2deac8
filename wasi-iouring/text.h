/*
 * Text of a trace, in memory of a fixed size: what does not fit is cut, and ends in "...". Bytes of
 * a guest go through wasi_text_string() only, which leaves nothing that a terminal or a reader of
 * lines could mistake.
 */
#ifndef WASI_IOURING_TEXT_H
#define WASI_IOURING_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wasi_text {
	char *at;
	uint32_t len, room;	/* len <= room */
	bool cut;		/* something did not fit: nothing more is taken */
};

__attribute__((format(printf, 2, 3)))
void wasi_text_add(struct wasi_text *t, const char *fmt, ...);

/* As a C string in quotes, escaped as strace does; the first `most` bytes, then "...". */
void wasi_text_string(struct wasi_text *t, const uint8_t *s, size_t n, size_t most);

/* A named value; flags are some of them, joined by '|'. */
struct wasi_name {
	uint64_t value;
	const char *name;
};

void wasi_text_kind(struct wasi_text *t, uint64_t value, const struct wasi_name *names, uint32_t n);
void wasi_text_flags(struct wasi_text *t, uint64_t value, const struct wasi_name *names,
		     uint32_t n);

#endif
