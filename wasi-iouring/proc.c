/* The process: giving way, ending, and the signal nobody can raise. */
#include "wasi-iouring/calls.h"
#include "wasi-iouring/sys.h"

WASI_CALL(sched_yield)
{
	(void)SYS1(sched_yield, 0);
	return WASI_OK;
}

/* Does not return to the guest. Any status is passed on; the kernel keeps its low 8 bits. */
int wasi_enter_proc_exit(void *env, struct rt_instance *inst, union rt_value *a)
{
	return rt_exit(inst, a[0].i32);
}

/* There are no signals here: a guest that wants to end itself has proc_exit and unreachable. */
WASI_CALL(proc_raise)
{
	return WASI_ENOTSUP;
}
