#include "tools/cli/json.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "runtime/base/fd.h"
#include "runtime/base/utf8.h"

static void text_put(struct json *j, const char *s, size_t n)
{
	/* one byte stays free for the newline */
	if (n >= sizeof(j->text) - j->len) {
		j->full = true;
		return;
	}
	memcpy(j->text + j->len, s, n);
	j->len += n;
}

/* RFC 8259, section 7: beyond the basic plane as a surrogate pair. */
static void text_put_escape(struct json *j, uint32_t c)
{
	char escape[16];
	int n;

	if (c < 0x10000)
		n = snprintf(escape, sizeof(escape), "\\u%04x", c);
	else
		n = snprintf(escape, sizeof(escape), "\\u%04x\\u%04x",
			     0xd800 + ((c - 0x10000) >> 10), 0xdc00 + (c & 0x3ff));
	text_put(j, escape, (size_t)n);
}

/* What a terminal might obey or not show is escaped; bytes that are not UTF-8 become '?'. */
static void text_put_string(struct json *j, const char *s)
{
	size_t n = strlen(s);

	text_put(j, "\"", 1);
	for (size_t i = 0, len; i < n; i += len) {
		uint32_t c = 0;

		len = utf8_next(s + i, n - i, &c);
		if (!len)
			text_put(j, "?", len = 1);
		else if (c == '"' || c == '\\')
			text_put(j, (char[]){ '\\', (char)c }, 2);
		else if (utf8_hidden(c))
			text_put_escape(j, c);
		else
			text_put(j, s + i, len);
	}
	text_put(j, "\"", 1);
}

static void text_begin(struct json *j, const char *name)
{
	if (j->comma)
		text_put(j, ",", 1);
	j->comma = true;
	if (name) {
		text_put_string(j, name);
		text_put(j, ":", 1);
	}
}

void json_open(struct json *j, const char *name, char bracket)
{
	text_begin(j, name);
	text_put(j, &bracket, 1);
	j->comma = false;
}

void json_close(struct json *j, char bracket)
{
	text_put(j, &bracket, 1);
	j->comma = true;
}

void json_u64(struct json *j, const char *name, uint64_t value)
{
	char text[24];

	text_begin(j, name);
	text_put(j, text, (size_t)snprintf(text, sizeof(text), "%llu", (unsigned long long)value));
}

void json_tenths(struct json *j, const char *name, uint64_t tenths)
{
	char text[32];

	text_begin(j, name);
	text_put(j, text,
	    (size_t)snprintf(text, sizeof(text), "%llu.%llu", (unsigned long long)(tenths / 10),
			     (unsigned long long)(tenths % 10)));
}

void json_bool(struct json *j, const char *name, bool value)
{
	text_begin(j, name);
	text_put(j, value ? "true" : "false", value ? 4 : 5);
}

void json_string(struct json *j, const char *name, const char *value)
{
	text_begin(j, name);
	text_put_string(j, value);
}

int json_end(struct json *j, int fd)
{
	if (j->full)
		return -ENOSPC;
	assert(j->len < sizeof(j->text));
	j->text[j->len] = '\n';
	return fd_write_all(fd, j->text, j->len + 1);
}
