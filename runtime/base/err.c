#include "runtime/base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "runtime/base/utf8.h"

void err_printable(char *s, size_t n)
{
	bool utf8 = utf8_valid(s, n);

	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)s[i];
		unsigned char next = i + 1 < n ? (unsigned char)s[i + 1] : 0;

		if (c < 0x20 || c == 0x7f || (c >= 0x80 && !utf8))
			s[i] = '?';
		else if (c == 0xc2 && next < 0xa0)
			s[i] = s[i + 1] = '?';
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
