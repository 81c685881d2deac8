#include "tools/cell/listing.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "runtime/base/fd.h"
#include "runtime/base/num.h"

void listing_flush(struct listing *l)
{
	if (!l->error)
		l->error = fd_write_all(l->fd, l->at, l->len);
	l->len = 0;
}

void listing_line(struct listing *l, const char *fmt, ...)
{
	char text[1000];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	assert(l->len <= sizeof(l->at));
	if (n < 0)
		return;
	if (sizeof(l->at) - l->len < sizeof(text))
		listing_flush(l);
	memcpy(l->at + l->len, text, num_min((size_t)n, sizeof(text) - 1));
	l->len += num_min((size_t)n, sizeof(text) - 1);
}
