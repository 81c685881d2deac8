/*
 * Randomness straight from the kernel into the guest's memory: no generator of ours that a snapshot
 * could copy.
 */
#include <errno.h>

#include "wasi-iouring/calls.h"
#include "wasi-iouring/sys.h"

WASI_CALL(random_get)
{
	uint8_t *at = rt_mem(inst, ARG32(0), ARG32(1));
	size_t left = ARG32(1);

	if (!at)
		return WASI_EFAULT;
	while (left) {
		long n = SYS3(getrandom, at, left, 0);

		if (n == -EINTR)
			continue;
		if (n < 0)
			return wasi_errno(n);
		at += n;
		left -= (size_t)n;
	}
	return WASI_OK;
}
