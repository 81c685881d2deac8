#include "runtime/base/num.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct unit {
	const char *name;
	double scale;
};

static const struct unit size_units[] = {
	{ "", 1 }, { "B", 1 }, { "K", 1 << 10 }, { "M", 1 << 20 }, { "G", 1 << 30 },
	{ "T", 1099511627776.0 }, { "k", 1 << 10 }, { "m", 1 << 20 }, { "g", 1 << 30 },
	{ "KiB", 1 << 10 }, { "MiB", 1 << 20 }, { "GiB", 1 << 30 }, { "TiB", 1099511627776.0 },
	{ "KB", 1 << 10 }, { "MB", 1 << 20 }, { "GB", 1 << 30 },
};

static const struct unit time_units[] = {
	{ "", 1e9 }, { "ns", 1 }, { "us", 1e3 }, { "ms", 1e6 }, { "s", 1e9 },
	{ "m", 60e9 }, { "min", 60e9 }, { "h", 3600e9 },
};

static int parse_unit(const char *s, const struct unit *units, size_t n, uint64_t *ret)
{
	char *end;
	double v;

	/* strtod also takes signs, hex, inf and nan: none of them is a quantity here */
	if (*s < '0' || *s > '9' || strpbrk(s, "xXpPeE"))
		return -EINVAL;
	v = strtod(s, &end);
	for (size_t i = 0; i < n; i++) {
		if (strcmp(end, units[i].name))
			continue;
		v = rint(v * units[i].scale);
		if (v >= 9.2e18)
			return -ERANGE;
		*ret = (uint64_t)v;
		return 0;
	}
	return -EINVAL;
}

int num_parse_size(const char *s, uint64_t *ret_bytes)
{
	return parse_unit(s, size_units, ARRAY_SIZE(size_units), ret_bytes);
}

int num_parse_time(const char *s, uint64_t *ret_ns)
{
	return parse_unit(s, time_units, ARRAY_SIZE(time_units), ret_ns);
}

int num_parse_u64(const char *s, uint64_t min, uint64_t max, uint64_t *ret)
{
	uint64_t v = 0;

	if (!*s)
		return -EINVAL;
	for (; *s; s++) {
		if (*s < '0' || *s > '9')
			return -EINVAL;
		if (!num_mul(v, (uint64_t)10, &v) || !num_add(v, (uint64_t)(*s - '0'), &v))
			return -ERANGE;
	}
	if (v < min || v > max)
		return -ERANGE;
	*ret = v;
	return 0;
}
