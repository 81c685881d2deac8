/* The process: giving way, ending, and the signal nobody can raise. */
#include "wasi-iouring/calls.h"
#include "wasi-iouring/sys.h"

WASI_CALL(sched_yield)
{
	(void)SYS1(sched_yield, 0);
	return WASI_OK;
}

/* There are no signals here: a guest that wants to end itself has proc_exit and unreachable. */
WASI_CALL(proc_raise)
{
	return WASI_ENOTSUP;
}
