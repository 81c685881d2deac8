#include "tools/cell/invoke.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/fd.h"

_Static_assert((int)INVOKE_VALUES_MAX >= (int)WASM_MAX_PARAMS, "all types fit");
_Static_assert((int)INVOKE_VALUES_MAX >= (int)WASM_MAX_RESULTS, "all types fit");

/* A whole number of so many bits; negative ones down to the smallest signed, others up to the
 * largest unsigned. */
static bool parse_int(const char *s, unsigned int bits, uint64_t *ret)
{
	bool negative = *s == '-';
	uint64_t most = bits == 64 ? UINT64_MAX : (1ull << bits) - 1, n;
	char *end;

	s += negative || *s == '+';
	if (*s < '0' || *s > '9')
		return false;
	errno = 0;
	n = strtoull(s, &end, s[0] == '0' && (s[1] == 'x' || s[1] == 'X') ? 16 : 10);
	if (errno || *end || n > (negative ? most / 2 + 1 : most))
		return false;
	*ret = negative ? 0 - n : n;
	return true;
}

static bool parse_value(wasm_valtype type, const char *s, union rt_value *ret)
{
	union rt_value v = { .i64 = 0 };
	uint64_t n;
	char *end = NULL;

	switch (wasm_kind(type)) {
	case WASM_KIND_I32:
		if (!parse_int(s, 32, &n))
			return false;
		v.i32 = (int32_t)n;
		break;
	case WASM_KIND_I64:
		if (!parse_int(s, 64, &n))
			return false;
		v.i64 = (int64_t)n;
		break;
	case WASM_KIND_F32:
		v.f32 = strtof(s, &end);
		break;
	case WASM_KIND_F64:
		v.f64 = strtod(s, &end);
		break;
	default:
		return false;
	}
	if (end && (end == s || *end))
		return false;
	*ret = v;
	return true;
}

int invoke_parse(const struct wasm_functype *type, int argc, const char *const *argv,
		 union rt_value *ret_args, struct wsbox_err *err)
{
	char name[WASM_TYPE_NAME];

	if ((uint32_t)argc != type->nparams)
		return err_set(err, -EINVAL, WSBOX_FAILED,
			       "the function takes %u arguments, not %d", type->nparams, argc);
	for (int i = 0; i < argc; i++) {
		if (!parse_value(type->params[i], argv[i], &ret_args[i]))
			return err_set(err, -EINVAL, WSBOX_FAILED,
				       "argument %d, %s: the function wants %s", i + 1, argv[i],
				       wasm_type_name(type->params[i], name));
	}
	return 0;
}

static bool same_float(const char *text, double v, bool single)
{
	return single ? strtof(text, NULL) == (float)v : strtod(text, NULL) == v;
}

/* digits (n of them, the point stands after the first) times 10^exponent, written without an
 * exponent */
static void print_positional(char *to, size_t size, const char *digits, int n, int exponent)
{
	size_t len = 0;

#define PUT(c) do { if (len + 1 < size) to[len++] = (char)(c); } while (0)
	if (exponent < 0) {
		PUT('0');
		PUT('.');
		for (int i = -1; i > exponent; i--)
			PUT('0');
	}
	for (int i = 0; i < n || i <= exponent; i++) {
		if (exponent >= 0 && i == exponent + 1)
			PUT('.');
		PUT(i < n ? digits[i] : '0');
	}
	to[len] = '\0';
#undef PUT
}

static const char *float_text(double v, bool single, char *buf, size_t size)
{
	char text[40], digits[24];
	int n = 0, precision = 0;
	const char *e;

	if (isnan(v) || isinf(v)) {
		snprintf(buf, size, "%s", isnan(v) ? "NaN" : v < 0 ? "-inf" : "inf");
		return buf;
	}
	do {
		snprintf(text, sizeof(text), "%.*e", precision, fabs(v));
	} while (!same_float(text, fabs(v), single) && ++precision < 17);
	e = strchr(text, 'e');
	assert(e && e - text <= 19);
	for (const char *c = text; c < e; c++)
		if (*c != '.')
			digits[n++] = *c;
	while (n > 1 && digits[n - 1] == '0')
		n--;
	buf[0] = '-';
	print_positional(buf + !!signbit(v), size - 1, digits, n, atoi(e + 1));
	return buf;
}

const char *invoke_text(wasm_valtype type, const union rt_value *v, char *buf, size_t size)
{
	switch (wasm_kind(type)) {
	case WASM_KIND_I32:
		snprintf(buf, size, "%d", v->i32);
		return buf;
	case WASM_KIND_I64:
		snprintf(buf, size, "%lld", (long long)v->i64);
		return buf;
	case WASM_KIND_F32:
		return float_text((double)v->f32, true, buf, size);
	case WASM_KIND_F64:
		return float_text(v->f64, false, buf, size);
	case WASM_KIND_V128:
		snprintf(buf, size, "0x");
		for (int i = 15; i >= 0; i--)
			snprintf(buf + strlen(buf), size - strlen(buf), "%02x", v->v128[i]);
		return buf;
	default:
		snprintf(buf, size, "%s", v->ref ? "reference" : "null");
		return buf;
	}
}

int invoke_print(const struct wasm_functype *type, const union rt_value *results)
{
	char text[INVOKE_TEXT_MAX];

	for (uint32_t i = 0; i < type->nresults; i++) {
		invoke_text(type->results[i], &results[i], text, sizeof(text) - 1);
		strcat(text, "\n");
		int ret = fd_write_all(STDOUT_FILENO, text, strlen(text));

		if (ret < 0)
			return ret;
	}
	return 0;
}
