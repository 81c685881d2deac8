/* Limits: the cell reaches one and sb_reap tells which; and what the cell does for that. */
#include "tests/faults/faults.h"

#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PIECE (16ul << 20)
#define MILLION 1000000ull

static int take_memory(void)
{
	int pieces = 0;

	for (; pieces < 64; pieces++) {
		char *p = mmap(NULL, PIECE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			       0);

		if (p == MAP_FAILED)
			break;
		memset(p, 1, PIECE);
	}
	return pieces;
}

static int wait_for_ever(void *arg)
{
	for (;;)
		(void)syscall(SYS_pause);
	return 0;
}

static int take_tasks(void)
{
	static char stacks[64][4096] __attribute__((aligned(16)));
	int tasks = 0;

	while (tasks < 64 &&
	       clone(wait_for_ever, stacks[tasks] + sizeof(stacks[0]), CLONE_VM, NULL) > 0)
		tasks++;
	return tasks;
}

static int take_files(void)
{
	int last = -1, fd;

	while ((fd = dup(CELL_FD_CONTROL)) >= 0)
		last = fd;
	return last + 1;
}

/* Byte by byte at the end, where a limit that counts pages would be seen. */
static int take_size(void)
{
	static const char piece[4096];
	int fd = memfd_create("size", 0);

	while (write(fd, piece, sizeof(piece)) > 0)
		;
	while (write(fd, piece, 1) > 0)
		;
	return (int)(lseek(fd, 0, SEEK_END) / (long)sizeof(piece));
}

_Noreturn void faults_cell(void)
{
	char deed = 0;

	if (read(CELL_FD_CONTROL, &deed, 1) != 1)
		_exit(9);
	if (deed == DEED_WAIT)
		(void)!read(CELL_FD_CONTROL, &deed, 1);
	while (deed == DEED_SPIN)
		;
	if (deed == DEED_MEMORY)
		_exit(take_memory());
	if (deed == DEED_FILES)
		_exit(take_files());
	if (deed == DEED_SIZE)
		_exit(take_size());
	if (deed == DEED_TASKS)
		_exit(take_tasks());
	_exit(7);
}

static bool run(enum sb_isolation level, const struct sb_limits *limits, enum deed deed,
		struct sb_end *ret)
{
	struct wsbox_err err = WSBOX_ERR_INIT;
	struct sb_cell cell;
	int control, code = cell_begin(level, limits, deed, &cell, &control, &err);

	if (code) {
		expect(false, "limits: not started: %s", err.text);
		return false;
	}
	struct pollfd p = { .fd = cell.pidfd, .events = POLLIN };
	if (poll(&p, 1, 20000) != 1)
		sb_kill(&cell);
	(void)close(control);
	(void)sb_reap(&cell, ret);
	return true;
}

static volatile sig_atomic_t cpu_signals;

static void on_cpu(int sig)
{
	cpu_signals++;
}

/*
 * The timer tells the supervisor, which kills; here the rlimit behind it does, a second or two
 * later.
 */
static void cpu_time(void)
{
	const struct sb_limits limits = { .cpu_ns = 100 * MILLION };
	struct sigaction act = { .sa_handler = on_cpu };
	struct wsbox_err err = WSBOX_ERR_INIT;
	struct sb_cell cell;
	struct sb_end end;
	int control;

	(void)sigaction(SIGXCPU, &act, NULL);
	if (cell_begin(SB_FULL, &limits, DEED_SPIN, &cell, &control, &err)) {
		expect(false, "cpu: %s", err.text);
		return;
	}
	struct pollfd p = { .fd = cell.pidfd, .events = POLLIN };
	for (int i = 0; i < 6000 && !cpu_signals && poll(&p, 1, 10) <= 0; i++)
		;
	sb_kill(&cell);
	(void)close(control);
	(void)sb_reap(&cell, &end);
	expect(cpu_signals == 1, "cpu: %d signals", (int)cpu_signals);
	expect(end.cpu_ns > 90 * MILLION && end.cpu_ns < 1500 * MILLION, "cpu: used %llu ns",
	       (unsigned long long)end.cpu_ns);
	expect(end.status == SIGKILL, "cpu: status %x", end.status);
}

/* Whether the caller can have groups: root, or an ordinary user to whom some are delegated. */
static bool has_groups(void)
{
	struct sb_features f;

	return !sb_probe(&f) && f.wall[SB_WALL_CGROUP].state == SB_STANDING;
}

static uint64_t now_ns(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 * MILLION + (uint64_t)t.tv_nsec;
}

/* A fifth of a processor for 300 ms of wall time, or however long that takes on a busy host. */
static void share(bool groups)
{
	const struct sb_limits limits = { .cpus_milli = 200 };
	struct timespec pause = { .tv_nsec = 300 * MILLION };
	struct wsbox_err err = WSBOX_ERR_INIT;
	struct sb_cell cell;
	struct sb_end end;
	uint64_t began = now_ns(), most;
	int control, code = cell_begin(SB_FULL, &limits, DEED_SPIN, &cell, &control, &err);

	if (!groups) {
		expect(code < 0 && strstr(err.text, "--cpus"), "share without a cgroup: %s",
		       err.text);
		return;
	}
	if (code) {
		expect(false, "share: %s", err.text);
		return;
	}
	(void)nanosleep(&pause, NULL);
	sb_kill(&cell);
	(void)close(control);
	(void)sb_reap(&cell, &end);
	/* the share of a period may be had at its beginning */
	most = (now_ns() - began) / 5 + 90 * MILLION;
	expect(end.cpu_ns < most, "share: used %llu ns of %llu", (unsigned long long)end.cpu_ns,
	       (unsigned long long)most);
}

void test_limits(void)
{
	const struct sb_limits memory = { .memory = 64 << 20 }, tasks = { .pids = 5 }, none = { 0 };
	const struct sb_limits files = { .nofile = 20 }, size = { .file_size = 100 * 4096 };
	struct sb_end end;
	bool groups = has_groups();

	expect(groups || geteuid(), "root has no groups");
	if (!run(SB_FULL, &memory, DEED_MEMORY, &end))
		return;
	if (!groups) {
		expect(WIFEXITED(end.status) && WEXITSTATUS(end.status) == 3,
		       "memory by rlimit: status %x", end.status);
	} else {
		expect(end.oom_killed && end.status == SIGKILL, "memory: status %x, oom %d",
		       end.status, end.oom_killed);
		expect(end.peak_memory > 60 << 20 && end.peak_memory <= 64 << 20,
		       "memory: peak %llu", (unsigned long long)end.peak_memory);
	}
	if (run(SB_FULL, &tasks, DEED_TASKS, &end))
		expect(WEXITSTATUS(end.status) == 4, "tasks: status %x", end.status);
	if (run(SB_FULL, &files, DEED_FILES, &end))
		expect(end.status == 20 << 8, "descriptors: status %x", end.status);
	if (run(SB_FULL, &size, DEED_SIZE, &end))
		expect(end.status == 100 << 8, "file size: status %x", end.status);
	if (run(SB_FULL, &none, DEED_TASKS, &end) && !end.report.wall[SB_WALL_RLIMITS].why[0])
		expect(WEXITSTATUS(end.status) == 0, "no tasks by default: status %x", end.status);
	cpu_time();
	share(groups);
}
