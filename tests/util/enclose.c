#include "tests/util/enclose.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOBODY 65534
#define DENY_MAX 16

/*
 * Groups have names of process ids, and tests beside this one are in pid namespaces, too: ids
 * begin elsewhere in each, so that no test takes another's groups for its own.
 */
static void count_from(int outside)
{
	int fd = open("/proc/sys/kernel/ns_last_pid", O_WRONLY | O_CLOEXEC);

	if (fd >= 0) {
		(void)dprintf(fd, "%u", (unsigned int)outside * 7919u % 32000u + 300u);
		(void)close(fd);
	}
}

/* Goes on in a child, which dies with us; we end with its status. */
static void go_on_in_child(void)
{
	int status, pid = fork();

	if (pid) {
		while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
			;
		exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
	}
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
}

void test_enclose(void)
{
	int outside = getpid();

	if (geteuid() || unshare(CLONE_NEWPID | CLONE_NEWNS))
		return;
	go_on_in_child();
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("proc", "/proc", "proc", 0, NULL))
		exit(1);
	count_from(outside);
	/* whose id is none that each namespace has; orphans are its children, as they were ours */
	go_on_in_child();
	(void)prctl(PR_SET_CHILD_SUBREAPER, 1);
}

bool test_become_user(void)
{
	if (geteuid())
		return true;
	/* the change makes /proc/self root's, which a user's own process is not */
	return !syscall(SYS_setgroups, 0, NULL) && !setresgid(NOBODY, NOBODY, NOBODY) &&
	       !setresuid(NOBODY, NOBODY, NOBODY) && !prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
}

bool test_deny(const struct test_deny *rows, unsigned int n)
{
	struct sock_filter code[5 * DENY_MAX + 1];
	struct sock_fprog program = { .filter = code };
	unsigned int at = 0;

	for (unsigned int i = 0; i < n && i < DENY_MAX; i++) {
		unsigned int arg = rows[i].arg < 0 ? 0 : (unsigned int)rows[i].arg;
		unsigned int how = rows[i].exact ? BPF_JEQ : BPF_JSET;

		code[at++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
							  offsetof(struct seccomp_data, nr));
		code[at++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
							  (unsigned int)rows[i].nr, 0, 3);
		code[at++] = (struct sock_filter)BPF_STMT(
			BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args) + 8 * arg);
		code[at++] = rows[i].arg < 0
				     ? (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JA, 0, 0, 0)
				     : (struct sock_filter)BPF_JUMP(BPF_JMP | how | BPF_K,
								    rows[i].bits, 0, 1);
		code[at++] = (struct sock_filter)BPF_STMT(
			BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned int)rows[i].code);
	}
	code[at++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	program.len = (unsigned short)at;
	/* root needs no no_new_privs for it, and the cells' set-up is tried with what it has */
	if (geteuid() && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return false;
	return !syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program);
}
