#include "runtime/base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "runtime/base/utf8.h"

void err_printable(char *s, size_t n)
{
	for (size_t i = 0, len; i < n; i += len) {
		uint32_t c = 0;

		len = utf8_next(s + i, n - i, &c);
		if (len && !utf8_hidden(c))
			continue;
		len += !len;
		memset(s + i, '?', len);
	}
}

static void vset(struct wsbox_err *err, int code, int status, uint64_t offset,
		 const char *fmt, va_list ap)
{
	if (!err)
		return;
	err->code = code;
	err->status = status;
	err->offset = offset;
	vsnprintf(err->text, sizeof(err->text), fmt, ap);
	err_printable(err->text, strlen(err->text));
}

int err_set(struct wsbox_err *err, int code, int status, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vset(err, code, status, WSBOX_NO_OFFSET, fmt, ap);
	va_end(ap);
	return code;
}

int err_module(struct wsbox_err *err, uint64_t offset, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vset(err, -ENOEXEC, WSBOX_INVALID, offset, fmt, ap);
	va_end(ap);
	return -ENOEXEC;
}

int err_prefix(struct wsbox_err *err, const char *fmt, ...)
{
	char old[WSBOX_ERR_TEXT];
	va_list ap;
	int n;

	if (!err)
		return -EINVAL;
	memcpy(old, err->text, sizeof(old));
	va_start(ap, fmt);
	n = vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	if (n >= 0 && (size_t)n < sizeof(err->text))
		snprintf(err->text + n, sizeof(err->text) - n, ": %s", old);
	err_printable(err->text, strlen(err->text));
	return err->code;
}

const char *err_name(int code)
{
	return strerror(code < 0 ? -code : code);
}
