/*
 * The walls a cell puts up itself (tools/cell/lock.h) when they cannot be put up: each system call
 * of it fails in turn, and a thread cannot be taken along. It must be an error then, and the wall
 * must not be counted among those that stand.
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/base/fd.h"
#include "tests/util/enclose.h"
#include "tools/cell/lock.h"

#define WALLS \
	(CELL_WALL_NO_NEW_PRIVS | CELL_WALL_NOT_DUMPABLE | CELL_WALL_MDWE | CELL_WALL_LANDLOCK | \
	 CELL_WALL_SECCOMP)

static const struct fault {
	const char *name;
	struct test_deny deny;
	uint32_t wall;		/* that must not stand then */
	const char *says;
} faults[] = {
	{ "no_new_privs", { SYS_prctl, 0, PR_SET_NO_NEW_PRIVS, true, EINVAL },
	  CELL_WALL_NO_NEW_PRIVS, "no_new_privs: Invalid argument" },
	{ "not dumpable", { SYS_prctl, 0, PR_SET_DUMPABLE, true, EPERM }, CELL_WALL_NOT_DUMPABLE,
	  "not dumpable: Operation not permitted" },
	{ "MDWE", { SYS_prctl, 0, 65, true, EINVAL }, CELL_WALL_MDWE, "MDWE: Invalid argument" },
	{ "Landlock", { SYS_landlock_restrict_self, -1, 0, false, E2BIG }, CELL_WALL_LANDLOCK,
	  "Landlock: Argument list too long" },
	{ "no filter to read", { SYS_pread64, -1, 0, false, EIO }, CELL_WALL_SECCOMP,
	  "seccomp filter: Input/output error" },
	{ "seccomp", { SYS_seccomp, -1, 0, false, ENOMEM }, CELL_WALL_SECCOMP,
	  "seccomp: Cannot allocate memory" },
};

static unsigned int passed, failed;

static void expect(bool ok, const char *name, const char *what)
{
	passed += ok;
	failed += !ok;
	if (!ok)
		printf("FAIL %s: %s\n", name, what);
}

/* A filter that allows everything, and a ruleset, where a cell has them. */
static bool give(void)
{
	const struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	const uint64_t handled = 1;
	FD_AUTO filter = fd_memfd("filter");
	FD_AUTO ruleset = (int)syscall(SYS_landlock_create_ruleset, &handled, sizeof(handled), 0);

	return filter >= 0 && ruleset >= 0 && fd_write_all(filter, &allow, sizeof(allow)) == 0 &&
	       dup2(filter, CELL_FD_FILTER) >= 0 && dup2(ruleset, CELL_FD_LANDLOCK) >= 0;
}

static int lock(uint32_t *walls, struct wsbox_err *err)
{
	const uint32_t all = CELL_JOB_FILTER | CELL_JOB_LANDLOCK | CELL_JOB_MDWE;
	int ret = lock_early(all, walls, err);

	return ret < 0 ? ret : lock_late(all, walls, err);
}

/* In a process of its own, since none of it can be undone. */
static void in_child(const char *name, void (*run)(const void *arg), const void *arg)
{
	int status = -1, pid;

	(void)fflush(stdout);
	pid = fork();
	if (!pid) {
		failed = 0;
		if (!give())
			expect(false, name, "no ruleset here");
		else
			run(arg);
		(void)fflush(stdout);
		_exit(failed != 0);
	}
	expect(waitpid(pid, &status, 0) == pid && !status, name, "in the child");
}

static void all_stand(const void *arg)
{
	struct wsbox_err err = WSBOX_ERR_INIT;
	uint32_t walls = 0;

	expect(!lock(&walls, &err) && walls == WALLS, "nothing fails", err.text);
}

static void fails(const void *arg)
{
	const struct fault *f = arg;
	struct wsbox_err err = WSBOX_ERR_INIT;
	uint32_t walls = 0;

	if (!test_deny(&f->deny, 1)) {
		expect(false, f->name, "cannot be denied");
		return;
	}
	expect(lock(&walls, &err) == -f->deny.code, f->name, "no error");
	expect(!(walls & f->wall), f->name, "counted as standing");
	expect(!strcmp(err.text, f->says), f->name, err.text);
}

/* What a thread has that the caller's filters are not the start of cannot be synchronized. */
static void *filter_alone(void *arg)
{
	static struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	const struct sock_fprog program = { 1, &allow };
	bool *made = arg;

	*made = !prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) &&
		!syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program);
	__atomic_store_n(made + 1, true, __ATOMIC_RELEASE);
	for (;;)
		(void)pause();
	return NULL;
}

static void thread_behind(const void *arg)
{
	struct wsbox_err err = WSBOX_ERR_INIT;
	bool made[2] = { false, false };
	uint32_t walls = 0;
	pthread_t thread;
	int ret;

	ret = pthread_create(&thread, NULL, filter_alone, made);
	while (!ret && !__atomic_load_n(&made[1], __ATOMIC_ACQUIRE))
		(void)sched_yield();
	expect(!ret && made[0], "a thread's own filter", "no such thread");
	expect(lock(&walls, &err) == -ESRCH, "a thread's own filter", "no error");
	expect(!(walls & CELL_WALL_SECCOMP), "a thread's own filter", "counted as standing");
	expect(strstr(err.text, "has a filter of its own"), "a thread's own filter", err.text);
}

int main(void)
{
	if (syscall(SYS_landlock_create_ruleset, NULL, 0, 1) < 0 ||
	    prctl(66 /* PR_GET_MDWE */, 0, 0, 0, 0) < 0) {
		printf("skipped: no Landlock or no MDWE here\n");
		return 77;
	}
	in_child("nothing fails", all_stand, NULL);
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
		in_child(faults[i].name, fails, &faults[i]);
	in_child("a thread's own filter", thread_behind, NULL);
	printf("%u passed, %u failed\n", passed, failed);
	return failed != 0;
}
