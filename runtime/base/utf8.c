#include "runtime/base/utf8.h"

#include <assert.h>

#include "runtime/base/num.h"

/* Ascending; tests/cli/names compares them with Python's. */
static const struct {
	uint32_t first, last;
} hidden[] = {
	{ 0x0, 0x1f },		{ 0x7f, 0x9f },		{ 0xad, 0xad },		{ 0x34f, 0x34f },
	{ 0x600, 0x605 },	{ 0x61c, 0x61c },	{ 0x6dd, 0x6dd },	{ 0x70f, 0x70f },
	{ 0x890, 0x891 },	{ 0x8e2, 0x8e2 },	{ 0x115f, 0x1160 },	{ 0x17b4, 0x17b5 },
	{ 0x180b, 0x180f },	{ 0x200b, 0x200f },	{ 0x2028, 0x202e },	{ 0x2060, 0x206f },
	{ 0x3164, 0x3164 },	{ 0xfe00, 0xfe0f },	{ 0xfeff, 0xfeff },	{ 0xffa0, 0xffa0 },
	{ 0xfff0, 0xfffb },	{ 0x110bd, 0x110bd },	{ 0x110cd, 0x110cd },
	{ 0x13430, 0x1343f },	{ 0x1bca0, 0x1bca3 },	{ 0x1d173, 0x1d17a },
	{ 0xe0000, 0xe0fff },
};

/* Length of the well-formed sequence at s, 0 if there is none (Unicode 15, table 3-7). */
static size_t sequence(const uint8_t *s, size_t n)
{
	uint8_t lo = 0x80, hi = 0xbf;
	size_t len;

	if (s[0] < 0x80)
		return 1;
	if (s[0] < 0xc2 || s[0] > 0xf4)
		return 0;
	len = s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
	if (n < len)
		return 0;
	if (s[0] == 0xe0)
		lo = 0xa0;
	else if (s[0] == 0xed)
		hi = 0x9f;
	else if (s[0] == 0xf0)
		lo = 0x90;
	else if (s[0] == 0xf4)
		hi = 0x8f;
	if (s[1] < lo || s[1] > hi)
		return 0;
	for (size_t i = 2; i < len; i++)
		if (s[i] < 0x80 || s[i] > 0xbf)
			return 0;
	return len;
}

bool utf8_valid(const char *s, size_t n)
{
	for (size_t i = 0, len; i < n; i += len) {
		len = sequence((const uint8_t *)s + i, n - i);
		if (!len)
			return false;
	}
	return true;
}

size_t utf8_next(const char *s, size_t n, uint32_t *ret_c)
{
	const uint8_t *at = (const uint8_t *)s;
	size_t len;

	assert(n);
	len = sequence(at, n);
	if (len)
		*ret_c = len == 1 ? at[0] : at[0] & (0x7fu >> len);
	for (size_t i = 1; i < len; i++)
		*ret_c = *ret_c << 6 | (at[i] & 0x3f);
	return len;
}

bool utf8_hidden(uint32_t c)
{
	size_t low = 0, high = ARRAY_SIZE(hidden);

	if (c >= 0x20 && c < 0x7f)
		return false;
	while (low < high) {
		size_t middle = (low + high) / 2;

		if (c > hidden[middle].last)
			low = middle + 1;
		else
			high = middle;
	}
	return low < ARRAY_SIZE(hidden) && c >= hidden[low].first;
}
