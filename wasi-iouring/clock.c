/*
 * Clocks, through the vDSO where the kernel has it: REALTIME and MONOTONIC cost no system call.
 *
 * An unknown clock is EINVAL; the two of CPU time are this process's, which is this guest's.
 */
#include <time.h>

#include "wasi-iouring/calls.h"

static const clockid_t clocks[WASI_CLOCKS] = {
	[WASI_CLOCK_REALTIME] = CLOCK_REALTIME,
	[WASI_CLOCK_MONOTONIC] = CLOCK_MONOTONIC,
	[WASI_CLOCK_PROCESS] = CLOCK_PROCESS_CPUTIME_ID,
	[WASI_CLOCK_THREAD] = CLOCK_THREAD_CPUTIME_ID,
};

WASI_CALL(clock_time_get)
{
	struct timespec now;
	uint64_t ns;

	if (ARG32(0) >= WASI_CLOCKS)
		return WASI_EINVAL;
	if (clock_gettime(clocks[ARG32(0)], &now))
		return WASI_ENOTSUP;
	ns = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
	return WASI_STORE(inst, ARG32(2), ns) ? WASI_OK : WASI_EFAULT;
}

/*
 * What clock_getres() says of all four wherever there are high-resolution timers: asking would be
 * one more call to allow.
 */
WASI_CALL(clock_res_get)
{
	uint64_t ns = 1;

	if (ARG32(0) >= WASI_CLOCKS)
		return WASI_EINVAL;
	return WASI_STORE(inst, ARG32(1), ns) ? WASI_OK : WASI_EFAULT;
}
