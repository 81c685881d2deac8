/* Errors: Linux's numbers to WASI's, from the one list in abi.h. */
#include <errno.h>

#include "runtime/base/err.h"
#include "runtime/base/num.h"
#include "wasi-iouring/abi.h"

static const uint8_t from_linux[] = {
#define X(name) [E##name] = WASI_E##name,
	WASI_ERRNOS(X)
#undef X
};

static const char *const names[] = {
	"OK",
#define X(name) "E" #name,
	WASI_ERRNOS(X)
#undef X
	"ENOTCAPABLE",
};

static const uint8_t to_linux[] = {
#define X(name) [WASI_E##name] = E##name,
	WASI_ERRNOS(X)
#undef X
};

_Static_assert(ARRAY_SIZE(names) == WASI_ERRNO_MAX, "a name for each error");
_Static_assert(WASI_ERRNO_MAX <= UINT8_MAX, "from_linux holds bytes");

enum wasi_errno wasi_errno(long result)
{
	unsigned long e = -(unsigned long)result;

	if (result >= 0)
		return WASI_OK;
	return e < ARRAY_SIZE(from_linux) && from_linux[e] ? from_linux[e] : WASI_EIO;
}

const char *wasi_errno_name(enum wasi_errno e)
{
	return (unsigned int)e < ARRAY_SIZE(names) ? names[e] : "?";
}

const char *wasi_errno_text(enum wasi_errno e)
{
	if (e == WASI_ENOTCAPABLE)
		return "Right not held";
	return (unsigned int)e < ARRAY_SIZE(to_linux) ? err_name(-to_linux[e]) : "?";
}
