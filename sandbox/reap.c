/* The end of a cell: killing it, waiting for it, taking its cgroup down. */
#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/base/fd.h"
#include "sandbox/internal.h"

#ifndef P_PIDFD
#define P_PIDFD 3
#endif

void sb_kill(struct sb_cell *cell)
{
	assert(cell->pidfd >= 0);
	if (cell->cgroup.mode != CG_NONE)
		(void)cg_kill(&cell->cgroup);
	(void)syscall(SYS_pidfd_send_signal, cell->pidfd, SIGKILL, NULL, 0);
}

static uint64_t ns_of(struct timeval t)
{
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_usec * 1000;
}

/* The cell went on without what its group had limited. */
static void note_removed(struct sb_fact *cgroup)
{
	static const char why[] = "somebody removed its group, and the limits with it";

	_Static_assert(sizeof(why) <= sizeof(cgroup->why), "fits");
	*cgroup = (struct sb_fact){ .state = SB_MISSING, .code = -ENOENT };
	memcpy(cgroup->why, why, sizeof(why));
}

/* waitid(2) through the system call, whose fifth argument is what the library's does not have. */
static int wait_end(int pidfd, struct sb_end *end)
{
	siginfo_t info = { 0 };

	while (syscall(SYS_waitid, P_PIDFD, pidfd, &info, WEXITED, &end->usage))
		if (errno != EINTR)
			return -errno;
	if (info.si_code == CLD_EXITED)
		end->status = info.si_status << 8;
	else
		end->status = info.si_status | (info.si_code == CLD_DUMPED ? 0x80 : 0);
	end->cpu_ns = ns_of(end->usage.ru_utime) + ns_of(end->usage.ru_stime);
	end->peak_memory = (uint64_t)end->usage.ru_maxrss * 1024;
	return 0;
}

int sb_reap(struct sb_cell *cell, struct sb_end *ret_end)
{
	struct sb_end end = { 0 };
	struct cg_usage usage = { 0 };
	bool removed = false;
	int code;

	assert(cell->pidfd >= 0 && cell->report);
	code = wait_end(cell->pidfd, &end);
	if (cell->has_timer)
		(void)timer_delete(cell->cpu_timer);
	cell->has_timer = false;
	if (cell->cgroup.mode != CG_NONE) {
		if (!cg_usage(&cell->cgroup, &usage)) {
			end.oom_killed = usage.oom_killed;
			end.peak_memory = usage.memory_peak ? usage.memory_peak : end.peak_memory;
		}
		removed = cg_remove(&cell->cgroup) == -ENOENT;
	}
	end.report = *cell->report;
	if (removed)
		note_removed(&end.report.wall[SB_WALL_CGROUP]);
	(void)munmap(cell->report, sizeof(*cell->report));
	cell->report = NULL;
	fd_closep(&cell->pidfd);
	sb_uid_put(cell->uid);
	cell->uid = 0;
	if (!code && ret_end)
		*ret_end = end;
	return code;
}
