#include "tests/faults/traced.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
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
#include "tests/util/file.h"
#include "tests/util/group.h"

#define PATIENCE 10	/* seconds */
#define TASKS 64	/* processes and threads of a run */
#define SAME 2		/* of the same calls in a row so many fail */

static struct VEC(struct traced_place) places;

struct task {
	int pid;		/* 0: ended */
	unsigned int calls;
	bool quiet;		/* its calls do not count any more */
	int pending;		/* errno to give when the call returns, 0: none */
};

struct run {
	struct task tasks[TASKS];
	unsigned int ntasks;
	bool allocations;	/* are what counts */
	const struct traced_place *at;	/* NULL: record */
	int code;
	void (*act)(int pid);	/* in place of the errno */
	bool hit, late;
	int pid;
	unsigned int groups;	/* before */
	int status;
	char out[8192], err[1024];
};

static unsigned int passed, failed;
static char top[] = "/tmp/wsbox-traced-XXXXXX";
static char wsbox[PATH_MAX], guest[sizeof(top) + 32], cache[sizeof(top) + 32];
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
	return nr != TRACED_ALLOCATION && !task && !call;
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

/* The next of the calls that count. */
static void meets(struct run *r, struct task *t, struct user_regs_struct *regs)
{
	struct traced_place p = { (unsigned int)(t - r->tasks), t->calls++, (long)regs->orig_rax,
				  (long)regs->rsi };

	if (!r->at) {
		if (!spared(p.nr, p.task, p.call) && !vec_push(&places, p))
			abort();
	} else if (r->at->task != p.task || r->at->call != p.call || r->at->nr != p.nr) {
		return;
	} else if (r->act) {
		r->act(r->pid);
		r->hit = true;
	} else {
		/* one that every filter allows; a descriptor is closed, whatever close says */
		if (p.nr != SYS_close)
			regs->orig_rax = SYS_sched_yield;
		t->pending = r->code;
		r->hit = !ptrace(PTRACE_SETREGS, t->pid, NULL, regs);
	}
}

/* A call is about to be made. */
static void enters(struct run *r, struct task *t)
{
	struct user_regs_struct regs;
	bool allocation;

	if (ptrace(PTRACE_GETREGS, t->pid, NULL, &regs))
		return;
	allocation = regs.orig_rax == TRACED_ALLOCATION;
	if (!t->quiet && allocation == r->allocations)
		meets(r, t, &regs);
	t->quiet = t->quiet || says_ready(t->pid, &regs);
	/* what no kernel has comes back with 0, if it does not fail, and no filter denies it */
	if (allocation) {
		regs.orig_rax = SYS_sched_yield;
		(void)ptrace(PTRACE_SETREGS, t->pid, NULL, &regs);
	}
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

/* What nobody writes any more. */
static void drain(int fd, char *to, size_t room)
{
	size_t n = 0;
	ssize_t got;

	while (n < room - 1 && (got = read(fd, to + n, room - 1 - n)) > 0)
		n += (size_t)got;
	to[n] = '\0';
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
	r->groups = test_groups(pid);
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

/* "missing":[...] of the last line, or nothing. */
static size_t missing_of(const char *out, const char **ret)
{
	*ret = strstr(out, "\"missing\":[");
	return *ret ? strcspn(*ret, "]") : 0;
}

/* Beyond what this host does not have, no wall falls for want of anything. */
static bool walls_stand(const struct run *r, const struct run *first)
{
	bool shortage = r->code == ENOMEM || r->code == EAGAIN || r->code == EMFILE ||
			r->code == ENFILE || r->code == ENOSPC;
	const char *ours, *theirs;
	size_t n = missing_of(r->out, &ours);

	return !shortage || (n && n == missing_of(first->out, &theirs) && !memcmp(ours, theirs, n));
}

static bool ran_as(const struct traced_try *t, const struct run *r, const struct run *first)
{
	const char *says = t->says ? t->says : first->out;

	if (!t->walls)
		return !strcmp(r->out, says) && !r->err[0];
	/* that the statistics cannot be written is said, and is not the guest's fault */
	if (one_line(r->err) && strstr(r->err, "the statistics"))
		return !strcmp(r->out, says);
	return !strncmp(r->out, says, strlen(says)) && walls_stand(r, first) && !r->err[0];
}

static void judge(const struct traced_try *t, const struct run *r, const struct run *first,
		  const char *what)
{
	int status = WIFEXITED(r->status) ? WEXITSTATUS(r->status) : -1;

	expect(!r->late, "%s: no end", what);
	expect((status == 0 && ran_as(t, r, first)) ||
		       ((status == WSBOX_FAILED || status == WSBOX_INVALID) && one_line(r->err)),
	       "%s: status %x, out \"%s\", err \"%s\"", what, r->status, r->out, r->err);
	expect(!r->allocations || !status || strcasestr(r->err, "memory") ||
		       strstr(r->err, "not to be had"),
	       "%s: says nothing of memory: %s", what, r->err);
	if (r->at && removes(r->at->nr))
		return;
	expect(test_groups(r->pid) <= r->groups, "%s: a control group is left", what);
	expect(!test_entries(cache, "tmp-") && !test_entries(top, "out."),
	       "%s: a temporary file is left",
	       what);
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
	const struct traced_place *x = a, *y = b;

	if (x->task != y->task)
		return x->task < y->task ? -1 : 1;
	return x->call < y->call ? -1 : 1;
}

/* One run without a fault: what it says is right. */
static bool try_none(const struct traced_try *t, struct run *first)
{
	vec_done(&places);
	if (t->fresh)
		empty_cache();
	if (!run(first, t->argv)) {
		expect(false, "%s: cannot be traced", t->name);
		return false;
	}
	judge(t, first, first, t->name);
	expect(first->status == 0, "%s: ends with %x", t->name, first->status);
	qsort(places.at, places.len, sizeof(*places.at), by_task);
	return true;
}

static bool try_one(const struct traced_try *t, const struct traced_place *at, int code,
		    const struct run *first)
{
	struct run r = { .at = at, .code = code, .act = t->act, .allocations = t->allocations };
	char what[160];

	(void)snprintf(what, sizeof(what), "%s: task %u, call %u (system call %ld): %s", t->name,
		       at->task, at->call, at->nr, t->act ? "acts" : strerror(code));
	if (t->fresh)
		empty_cache();
	if (!run(&r, t->argv))
		expect(false, "%s: cannot be traced", what);
	else
		judge(t, &r, first, what);
	return r.hit;
}

void traced_try_all(const struct traced_try *t)
{
	static const int once[] = { EAGAIN, 0 };	/* which nobody is given */
	static struct run first;
	unsigned int hits = 0, tries = 0;

	first = (struct run){ .allocations = t->allocations };
	if (!try_none(t, &first))
		return;
	for (size_t i = 0; i < places.len; i += t->most ? places.len / t->most + 1 : 1) {
		const int *codes = t->act ? once : t->codes(&places.at[i]);

		if (!t->allocations && !wanted(i))
			continue;
		for (unsigned int k = 0; k < 4 && codes[k]; k++, tries++)
			hits += try_one(t, &places.at[i], codes[k], &first);
	}
	/* tasks that wait for each other do not always make the same calls */
	expect(hits > tries * 3 / 4, "%s: %u of %u calls were met", t->name, hits, tries);
	printf("%s: %zu calls, %u faults of %u calls\n", t->name, places.len, hits, tries);
}

char *traced_begin(const char *of_test, const void *module, size_t size)
{
	static const struct sigaction act = { .sa_handler = on_alarm };
	char self[PATH_MAX - 64] = "";
	ssize_t n;

	test_enclose();
	n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	if (n <= 0 || !mkdtemp(top) || chdir(top))
		return NULL;
	(void)snprintf(wsbox, sizeof(wsbox), "%s/%s", dirname(self), of_test);
	(void)snprintf(guest, sizeof(guest), "%s/guest.wasm", top);
	(void)snprintf(cache, sizeof(cache), "%s/cache", top);
	(void)setenv("WSBOX_CACHE_DIR", cache, 1);
	(void)sigaction(SIGALRM, &act, NULL);
	FD_AUTO fd = open(guest, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	return fd >= 0 && !fd_write_all(fd, module, size) ? guest : NULL;
}

bool traced_possible(char **argv)
{
	static struct run r;

	return run(&r, argv);
}

int traced_end(void)
{
	char command[PATH_MAX];

	(void)snprintf(command, sizeof(command), "rm -rf %s", top);
	expect(!system(command), "files are left");
	printf("%u passed, %u failed\n", passed, failed);
	return failed != 0;
}
