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

/* RFC 8259, section 7. Bytes that are not UTF-8 become '?'. */
static void text_put_string(struct json *j, const char *s)
{
	size_t n = strlen(s);
	bool utf8 = utf8_valid(s, n);
	char escape[8];

	text_put(j, "\"", 1);
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)s[i];

		if (c == '"' || c == '\\') {
			text_put(j, (char[]){ '\\', (char)c }, 2);
		} else if (c < 0x20 || c == 0x7f) {
			snprintf(escape, sizeof(escape), "\\u%04x", c);
			text_put(j, escape, 6);
		} else {
			text_put(j, c >= 0x80 && !utf8 ? "?" : s + i, 1);
		}
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
