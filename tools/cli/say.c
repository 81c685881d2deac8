#include "tools/cli/say.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "runtime/base/fd.h"
#include "runtime/base/num.h"

#define LINE (WSBOX_ERR_TEXT + 4200)

void say(const char *fmt, ...)
{
	char line[LINE] = "wsbox: ";
	size_t n = strlen(line);
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(line + n, sizeof(line) - n - 1, fmt, ap);
	va_end(ap);
	if (len < 0)
		return;
	len = (int)num_min((size_t)len, sizeof(line) - n - 2);
	err_printable(line + n, (size_t)len);
	n += (size_t)len;
	line[n++] = '\n';
	(void)fd_write_all(2, line, n);
}

int say_error(const struct wsbox_err *err, const char *file)
{
	char text[WSBOX_ERR_TEXT];
	const char *sep = file ? ": " : "";

	memcpy(text, err->text, sizeof(text));
	text[sizeof(text) - 1] = '\0';
	if (!file)
		file = "";
	if (err->offset != WSBOX_NO_OFFSET)
		say("%s%s%s (at byte 0x%llx)", file, sep, text, (unsigned long long)err->offset);
	else
		say("%s%s%s", file, sep, text);
	return err->status ? err->status : WSBOX_FAILED;
}
