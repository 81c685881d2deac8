/*
 * wsbox run, of which one system call after the other fails: of the supervisor, of what it clones,
 * of both cells up to the message that the guest now runs. A first run without a fault tells which
 * process makes which calls; then each call in turn gets each errno that it may plausibly give,
 * by ptrace(2): the kernel is asked for something else, and the process sees the errno.
 *
 * Whatever fails: the guest ran and said what it says, or one line tells what failed and the status
 * is 125, or 126 where the module could not be read. No process, control group or file is left.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cgroup/internal.h"
#include "runtime/base/cell.h"
#include "runtime/base/fd.h"
#include "runtime/base/num.h"
#include "runtime/base/vec.h"
#include "tests/util/enclose.h"

#define PATIENCE 10	/* seconds */
#define TASKS 64	/* processes and threads of a run */
#define SAME 2		/* of the same calls in a row so many fail */

/* fd_write of "hello\n" to 1 */
static const unsigned char module[] = {
	0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0,
	1, 12, 2, 0x60, 0, 0, 0x60, 4, 0x7f, 0x7f, 0x7f, 0x7f, 1, 0x7f,
	2, 35, 1, 22, 'w', 'a', 's', 'i', '_', 's', 'n', 'a', 'p', 's', 'h', 'o', 't', '_', 'p',
	'r', 'e', 'v', 'i', 'e', 'w', '1', 8, 'f', 'd', '_', 'w', 'r', 'i', 't', 'e', 0, 1,
	3, 2, 1, 0, 5, 3, 1, 0, 1,
	7, 19, 2, 6, '_', 's', 't', 'a', 'r', 't', 0, 1, 6, 'm', 'e', 'm', 'o', 'r', 'y', 2, 0,
	10, 15, 1, 13, 0, 0x41, 1, 0x41, 8, 0x41, 1, 0x41, 0, 0x10, 0, 0x1a, 0x0b,
	11, 20, 1, 0, 0x41, 8, 0x0b, 14, 16, 0, 0, 0, 6, 0, 0, 0, 'h', 'e', 'l', 'l', 'o', '\n',
};

#define ANY -1

/*
 * What a call may say, by its number and, unless that is ANY, its second argument. Others say what
 * is in the last row.
 */
static const struct errors {
	long nr, arg;
	int codes[4];
} errors[] = {
	{ SYS_open, ANY, { EMFILE, ENFILE, EACCES } },
	{ SYS_openat, ANY, { EMFILE, ENFILE, EACCES } },
	{ SYS_memfd_create, ANY, { EMFILE, ENOMEM, ENOSYS } },
	{ SYS_socketpair, ANY, { EMFILE, ENOMEM } },
	{ SYS_pidfd_open, ANY, { EMFILE, ENOSYS } }, { SYS_signalfd4, ANY, { EMFILE, ENOMEM } },
	{ SYS_pipe2, ANY, { EMFILE, ENFILE } },
	{ SYS_fcntl, F_DUPFD_CLOEXEC, { EMFILE } }, { SYS_fcntl, F_ADD_SEALS, { EBUSY, EPERM } },
	{ SYS_fcntl, ANY, { 0 } }, { SYS_dup3, ANY, { EMFILE } },
	{ SYS_close, ANY, { EIO, EINTR } },
	{ SYS_mmap, ANY, { ENOMEM } }, { SYS_brk, ANY, { ENOMEM } },
	{ SYS_mprotect, ANY, { ENOMEM } },
	{ SYS_clone3, ANY, { EAGAIN, ENOMEM, EPERM, ENOSPC } },
	{ SYS_clone, ANY, { EAGAIN, ENOMEM, EPERM } },
	{ SYS_read, ANY, { EINTR } }, { SYS_pread64, ANY, { EIO } }, { SYS_readv, ANY, { EINTR } },
	{ SYS_write, ANY, { ENOSPC, EIO, EINTR } }, { SYS_pwrite64, ANY, { ENOSPC, EIO } },
	{ SYS_ftruncate, ANY, { ENOSPC, EFBIG } }, { SYS_fallocate, ANY, { ENOSPC, EOPNOTSUPP } },
	{ SYS_mkdirat, ANY, { ENOSPC, EACCES, EROFS } }, { SYS_ppoll, ANY, { EINTR, ENOMEM } },
	{ SYS_fstat, ANY, { EIO, ENOMEM } },
	{ SYS_execve, ANY, { EACCES, ENOMEM, E2BIG } },
	{ SYS_execveat, ANY, { EACCES, ENOMEM, EAGAIN } }, { SYS_seccomp, ANY, { EINVAL, ENOMEM } },
	{ SYS_io_uring_setup, ANY, { EPERM, ENOSYS, ENOMEM } },
	{ ANY, ANY, { EPERM, ENOMEM } },
};

/* Which call of which task, by the order in which both came to be. */
struct place {
	unsigned int task, call;
	long nr, arg;		/* its second argument */
};

struct VEC(struct place) places;

struct task {
	int pid;		/* 0: ended */
	unsigned int calls;
	bool quiet;		/* its calls do not count any more */
	int pending;		/* errno to give when the call returns, 0: none */
};

struct run {
	struct task tasks[TASKS];
	unsigned int ntasks;
	const struct place *at;	/* NULL: record */
	int code;
	bool hit, late;
	int pid;
	unsigned int groups;	/* before */
	int status;
	char out[256], err[1024];
};

static unsigned int passed, failed;
static char wsbox[PATH_MAX], guest[PATH_MAX], cache[PATH_MAX];
static volatile sig_atomic_t too_late;

__attribute__((format(printf, 2, 3)))
static void expect(bool ok, const char *fmt, ...)
{
	va_list ap;

	passed += ok;
	failed += !ok;
	if (ok)
		return;
	printf("FAIL ");
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
}

static void on_alarm(int sig)
{
	too_late = 1;
}

static struct task *task_of(struct run *r, int pid)
{
	unsigned int i = 0;

	while (i < r->ntasks && r->tasks[i].pid != pid)
		i++;
	if (i == TASKS)
		abort();
	if (i == r->ntasks)
		r->tasks[r->ntasks++] = (struct task){ .pid = pid };
	return &r->tasks[i];
}

/* What does not fail, and the exec that this test makes. */
static bool spared(long nr, unsigned int task, unsigned int call)
{
	static const long sure[] = {
		SYS_exit, SYS_exit_group, SYS_rt_sigreturn, SYS_arch_prctl, SYS_set_tid_address,
		SYS_getpid, SYS_getppid, SYS_gettid, SYS_getuid, SYS_geteuid, SYS_getgid,
		SYS_getegid, SYS_umask, SYS_rt_sigprocmask, SYS_rt_sigaction, SYS_clock_gettime,
		SYS_set_robust_list, SYS_pidfd_send_signal, SYS_futex,
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(sure); i++)
		if (sure[i] == nr)
			return true;
	return !task && !call;
}

/* A cell that says CELL_MSG_READY: what comes then is the guest's. */
static bool says_ready(int pid, const struct user_regs_struct *regs)
{
	long type;

	if (regs->orig_rax != SYS_write || regs->rdi != CELL_FD_CONTROL)
		return false;
	errno = 0;
	type = ptrace(PTRACE_PEEKDATA, pid, (void *)regs->rsi, NULL);
	return !errno && (uint32_t)type == CELL_MSG_READY;
}

/* A call is about to be made. */
static void enters(struct run *r, struct task *t)
{
	unsigned int task = (unsigned int)(t - r->tasks), call = t->calls++;
	struct user_regs_struct regs;
	long nr;

	if (t->quiet || ptrace(PTRACE_GETREGS, t->pid, NULL, &regs))
		return;
	nr = (long)regs.orig_rax;
	if (!r->at) {
		struct place p = { task, call, nr, (long)regs.rsi };

		if (!spared(nr, task, call) && !vec_push(&places, p))
			abort();
	} else if (r->at->task == task && r->at->call == call && r->at->nr == nr) {
		/* one that every filter allows; a descriptor is closed, whatever close says */
		if (nr != SYS_close)
			regs.orig_rax = SYS_sched_yield;
		t->pending = r->code;
		r->hit = !ptrace(PTRACE_SETREGS, t->pid, NULL, &regs);
	}
	t->quiet = says_ready(t->pid, &regs);
}

static void leaves(struct task *t)
{
	struct user_regs_struct regs;

	if (!t->pending || ptrace(PTRACE_GETREGS, t->pid, NULL, &regs))
		return;
	regs.rax = (unsigned long long)-(long long)t->pending;
	t->pending = 0;
	(void)ptrace(PTRACE_SETREGS, t->pid, NULL, &regs);
}

/* Goes on with a task that stopped. */
static void stopped(struct run *r, int pid, int status)
{
	struct task *t = task_of(r, pid);
	struct __ptrace_syscall_info info;
	int sig = WSTOPSIG(status);

	if (sig == (SIGTRAP | 0x80)) {
		if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, (void *)sizeof(info), &info) > 0) {
			if (info.op == PTRACE_SYSCALL_INFO_ENTRY)
				enters(r, t);
			else if (info.op == PTRACE_SYSCALL_INFO_EXIT)
				leaves(t);
		}
		sig = 0;
	} else if (status >> 16) {
		unsigned long child;

		/* the order of births, whichever stops first */
		if (status >> 16 != PTRACE_EVENT_EXEC &&
		    !ptrace(PTRACE_GETEVENTMSG, pid, NULL, &child))
			(void)task_of(r, (int)child);
		sig = 0;
	} else if (sig == SIGSTOP) {
		sig = 0;
	}
	(void)ptrace(PTRACE_SYSCALL, pid, NULL, (void *)(long)sig);
}

static _Noreturn void become_wsbox(char **argv, const int *out, const int *err)
{
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

	(void)dup2(null, 0);
	(void)dup2(out[1], 1);
	(void)dup2(err[1], 2);
	(void)ptrace(PTRACE_TRACEME, 0, NULL, NULL);
	(void)raise(SIGSTOP);
	(void)execv(wsbox, argv);
	_exit(99);
}

static void drain(int fd, char *to, size_t room)
{
	ssize_t n = read(fd, to, room - 1);

	to[n < 0 ? 0 : n] = '\0';
	(void)close(fd);
}

/* Until nobody is left. */
static void trace_all(struct run *r, int first)
{
	int status, pid;

	too_late = 0;
	(void)alarm(PATIENCE);
	while ((pid = waitpid(-1, &status, __WALL)) > 0 || errno == EINTR) {
		if (too_late && !r->late) {
			r->late = true;
			(void)kill(first, SIGKILL);
		}
		if (pid <= 0)
			continue;
		if (WIFSTOPPED(status))
			stopped(r, pid, status);
		else
			task_of(r, pid)->pid = 0;
		if (pid == first && !WIFSTOPPED(status))
			r->status = status;
	}
	(void)alarm(0);
}

static unsigned int entries(const char *path, const char *prefix)
{
	unsigned int n = 0;
	struct dirent *e;
	DIR *d = opendir(path);

	while (d && (e = readdir(d)))
		n += !strncmp(e->d_name, prefix, strlen(prefix));
	if (d)
		(void)closedir(d);
	return n;
}

/* This supervisor's control groups, and those of its number's namesake in another pid namespace. */
static unsigned int groups(int pid)
{
	static const char *const controllers[] = { "memory", "cpu", "pids" };
	char path[48], mine[32];
	unsigned int n = 0;

	(void)snprintf(mine, sizeof(mine), "wsbox-%d-", pid);
	for (unsigned int i = 0; i < ARRAY_SIZE(controllers); i++) {
		FD_AUTO own = cg_own_open(cg_mode(), controllers[i]);

		(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", own);
		n += own < 0 ? 0 : entries(path, mine);
	}
	return n;
}

/* A directory of the cache's that is as if nobody had used it. */
static void empty_cache(void)
{
	DIR *d = opendir(cache);

	for (struct dirent *e; d && (e = readdir(d));)
		(void)unlinkat(dirfd(d), e->d_name, 0);
	if (d)
		(void)closedir(d);
	(void)rmdir(cache);
}

static bool run(struct run *r, char **argv)
{
	const long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK |
			     PTRACE_O_TRACEVFORK | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL;
	int out[2], err[2], status, pid;

	if (pipe2(out, O_CLOEXEC) || pipe2(err, O_CLOEXEC))
		return false;
	pid = fork();
	if (!pid)
		become_wsbox(argv, out, err);
	(void)close(out[1]);
	(void)close(err[1]);
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status) ||
	    ptrace(PTRACE_SETOPTIONS, pid, NULL, (void *)options))
		return false;
	r->pid = pid;
	r->groups = groups(pid);
	(void)task_of(r, pid);
	(void)ptrace(PTRACE_SYSCALL, pid, NULL, NULL);
	trace_all(r, pid);
	drain(out[0], r->out, sizeof(r->out));
	drain(err[0], r->err, sizeof(r->err));
	return true;
}

static bool one_line(const char *text)
{
	const char *end = strchr(text, '\n');

	return !strncmp(text, "wsbox: ", 7) && end && !end[1];
}

/* What removes: if that fails the thing stays. */
static bool removes(long nr)
{
	return nr == SYS_unlinkat || nr == SYS_unlink || nr == SYS_rmdir;
}

static void judge(const struct run *r, const char *what)
{
	int status = WIFEXITED(r->status) ? WEXITSTATUS(r->status) : -1;
	bool ran = !strcmp(r->out, "hello\n");

	expect(!r->late, "%s: no end", what);
	expect((status == 0 && ran && !r->err[0]) ||
		       ((status == WSBOX_FAILED || status == WSBOX_INVALID) && one_line(r->err)),
	       "%s: status %x, out \"%s\", err \"%s\"", what, r->status, r->out, r->err);
	if (r->at && removes(r->at->nr))
		return;
	expect(groups(r->pid) <= r->groups, "%s: a control group is left", what);
	expect(!entries(cache, "tmp-"), "%s: a temporary file is left", what);
}

static const int *codes_of(const struct place *p)
{
	unsigned int i = 0;

	while ((errors[i].nr != ANY && errors[i].nr != p->nr) ||
	       (errors[i].arg != ANY && errors[i].arg != p->arg))
		i++;
	return errors[i].codes;
}

/* The n-th of a row of the same calls of one task: the first ones and the last. */
static bool wanted(size_t i)
{
	size_t from = i, to = i;

	while (from && places.at[from - 1].task == places.at[i].task &&
	       places.at[from - 1].nr == places.at[i].nr)
		from--;
	while (to + 1 < places.len && places.at[to + 1].task == places.at[i].task &&
	       places.at[to + 1].nr == places.at[i].nr)
		to++;
	return i - from < SAME - 1 || i == to;
}

static int by_task(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	if (x->task != y->task)
		return x->task < y->task ? -1 : 1;
	return x->call < y->call ? -1 : 1;
}

/* All faults of one command line. */
static void try_all(const char *name, char **argv, bool fresh)
{
	unsigned int hits = 0, tries = 0;
	struct run first = { 0 };
	char what[160];

	vec_done(&places);
	if (fresh)
		empty_cache();
	if (!run(&first, argv)) {
		expect(false, "%s: cannot be traced", name);
		return;
	}
	judge(&first, name);
	qsort(places.at, places.len, sizeof(*places.at), by_task);
	for (size_t i = 0; i < places.len; i++) {
		const int *codes = codes_of(&places.at[i]);

		for (unsigned int k = 0; k < 4 && codes[k] && wanted(i); k++) {
			struct run r = { .at = &places.at[i], .code = codes[k] };

			(void)snprintf(what, sizeof(what),
				       "%s: task %u, call %u (system call %ld): %s",
				       name, r.at->task, r.at->call, r.at->nr, strerror(codes[k]));
			if (fresh)
				empty_cache();
			if (!run(&r, argv))
				expect(false, "%s: cannot be traced", what);
			else
				judge(&r, what);
			hits += r.hit;
			tries++;
		}
	}
	/* tasks that wait for each other do not always make the same calls */
	expect(hits > tries * 3 / 4, "%s: %u of %u calls were met", name, hits, tries);
	printf("%s: %zu calls, %u faults of %u calls\n", name, places.len, hits, tries);
}

static bool set_up(void)
{
	char self[PATH_MAX - 64] = "", top[] = "/tmp/wsbox-calls-XXXXXX";
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	const char *dir = n > 0 ? dirname(self) : NULL;

	if (!dir || !mkdtemp(top))
		return false;
	(void)snprintf(wsbox, sizeof(wsbox), "%s/../../tools/wsbox", dir);
	(void)snprintf(guest, sizeof(guest), "%s/guest.wasm", top);
	(void)snprintf(cache, sizeof(cache), "%s/cache", top);
	(void)setenv("WSBOX_CACHE_DIR", cache, 1);
	FD_AUTO fd = open(guest, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	return fd >= 0 && !fd_write_all(fd, module, sizeof(module));
}

static void tear_down(void)
{
	char command[2 * PATH_MAX];

	(void)snprintf(command, sizeof(command), "rm -rf %s", dirname(guest));
	expect(!system(command), "files are left");
}

int main(void)
{
	struct sigaction act = { .sa_handler = on_alarm };
	char *plain[] = { "wsbox", "run", "--no-cache", guest, NULL };
	char *much[] = { "wsbox", "run", "--no-cache", "--dir", "/tmp::/a", "--dir", "/usr::/b:ro",
			 "--tmpfs", "/t:1M", "--memory", "64M", "--pids-limit", "9",
			 "--cpu-time", "20s", "--max-output", "1M", guest, NULL };
	char *kept[] = { "wsbox", "run", guest, NULL };

	test_enclose();
	if (!set_up())
		return 1;
	(void)sigaction(SIGALRM, &act, NULL);
	if (!run(&(struct run){ 0 }, plain)) {
		printf("skipped: no process can be traced here\n");
		return 77;
	}
	try_all("plain", plain, false);
	try_all("all options", much, false);
	try_all("cached", kept, true);
	try_all("from the cache", kept, false);
	tear_down();
	printf("%u passed, %u failed\n", passed, failed);
	return failed != 0;
}
