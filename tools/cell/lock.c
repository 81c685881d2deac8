#include "tools/cell/lock.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef PR_SET_MDWE
#define PR_SET_MDWE 65
#define PR_MDWE_REFUSE_EXEC_GAIN 1
#endif

static int cannot(struct wsbox_err *err, const char *what)
{
	int code = -errno;

	return err_set(err, code, WSBOX_FAILED, "%s: %s", what, err_name(code));
}

int lock_early(uint32_t flags, uint32_t *walls, struct wsbox_err *err)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return cannot(err, "no_new_privs");
	*walls |= CELL_WALL_NO_NEW_PRIVS;
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return cannot(err, "not dumpable");
	*walls |= CELL_WALL_NOT_DUMPABLE;
	if (flags & CELL_JOB_MDWE) {
		if (prctl(PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN, 0, 0, 0) < 0)
			return cannot(err, "MDWE");
		*walls |= CELL_WALL_MDWE;
	}
	if (flags & CELL_JOB_LANDLOCK) {
		if (syscall(SYS_landlock_restrict_self, CELL_FD_LANDLOCK, 0) < 0)
			return cannot(err, "Landlock");
		*walls |= CELL_WALL_LANDLOCK;
		close(CELL_FD_LANDLOCK);
	}
	return 0;
}

int lock_late(uint32_t flags, uint32_t *walls, struct wsbox_err *err)
{
	static struct sock_filter code[BPF_MAXINSNS];
	struct sock_fprog program = { .filter = code };
	ssize_t n;
	long ret;

	if (!(flags & CELL_JOB_FILTER))
		return 0;
	n = pread(CELL_FD_FILTER, code, sizeof(code), 0);
	if (n < 0)
		return cannot(err, "seccomp filter");
	if (!n || (size_t)n % sizeof(code[0]))
		return err_set(err, -EBADMSG, WSBOX_FAILED,
			       "seccomp filter: %zd bytes are no program", n);
	program.len = (unsigned short)((size_t)n / sizeof(code[0]));
	close(CELL_FD_FILTER);
	ret = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program);
	if (ret < 0)
		return cannot(err, "seccomp");
	if (ret > 0)
		return err_set(err, -ESRCH, WSBOX_FAILED,
			       "seccomp: thread %ld has a filter of its own", ret);
	*walls |= CELL_WALL_SECCOMP;
	return 0;
}
