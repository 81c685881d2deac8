/*
 * Starts that go wrong. Each system call of a start is forbidden in turn: at SB_FULL the start must
 * fail with a reason or stand complete, at SB_DEGRADED it may go on without the wall; never may
 * descriptors, processes, mounts or groups be left. And a supervisor is killed at many moments of a
 * start: no cell may survive it.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cgroup/internal.h"
#include "runtime/base/fd.h"
#include "sandbox/internal.h"
#include "tests/faults/faults.h"
#include "tests/util/enclose.h"
#include "tests/util/file.h"
#include "tests/util/group.h"

unsigned int passed, failed, skipped;
static int program = -1;
static const char *about = "";
static uint64_t in_memory;	/* bytes of a third directory, or 0 */

void expect(bool ok, const char *fmt, ...)
{
	va_list ap;

	passed += ok;
	failed += !ok;
	if (ok)
		return;
	printf("FAIL %s: ", about);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
}

int cell_begin(enum sb_isolation level, const struct sb_limits *limits, enum deed deed,
	       struct sb_cell *ret, int *ret_control, struct wsbox_err *err)
{
	const struct sb_preopen dirs[] = {
		{ .host = "/tmp" }, { .host = "/usr", .readonly = true }, { .tmpfs = in_memory },
	};
	struct sb_spec spec = { .role = CELL_ROLE_RUN,
				.isolation = level,
				.cell = program,
				.argv0 = FAULTS_CELL,
				.stdio = { -1, -1, 2 },
				.module = -1,
				.image = -1,
				.strings = -1,
				.preopens = dirs,
				.preopen_count = in_memory ? 3 : 2,
				.limits = *limits };
	char byte = (char)deed;
	int pair[2], code;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		return -errno;
	FD_AUTO ours = pair[0];
	FD_AUTO theirs = pair[1];
	spec.control = theirs;
	code = sb_spawn(&spec, ret, err);
	if (code)
		return code;
	expect(!err->text[0], "started, and err says: %s", err->text);
	if (write(ours, &byte, 1) != 1)
		(void)err_set(err, -errno, WSBOX_FAILED, "the cell was gone at once");
	*ret_control = fd_take(&ours);
	return 0;
}

/* Names in a directory that begin so. */
struct traces {
	unsigned int descriptors, mounts, groups, mappings;
	bool children;
};

static unsigned int lines(const char *path)
{
	FILE *f = fopen(path, "r");
	unsigned int n = 0;

	for (int c; f && (c = getc(f)) != EOF;)
		n += c == '\n';
	if (f)
		(void)fclose(f);
	return n;
}

static struct traces look_around(void)
{
	return (struct traces){
		.descriptors = test_entries("/proc/self/fd", ""),
		.mounts = lines("/proc/self/mountinfo"), .groups = test_groups(getpid()),
		.mappings = lines("/proc/self/maps"),
		.children = waitpid(-1, NULL, WNOHANG | __WALL) >= 0,
	};
}

static void expect_clean(const struct traces *before)
{
	struct traces now = look_around();

	expect(now.descriptors == before->descriptors, "%u descriptors, were %u", now.descriptors,
	       before->descriptors);
	expect(now.mounts == before->mounts, "%u mounts, were %u", now.mounts, before->mounts);
	expect(now.groups <= before->groups, "%u groups, were %u", now.groups, before->groups);
	expect(now.mappings <= before->mappings + 1, "%u mappings, were %u", now.mappings,
	       before->mappings);
	expect(!now.children, "a process is left");
}

struct result {
	bool started;		/* the program ran to its end */
	bool missing;		/* a wall that full needs was missing */
	struct wsbox_err err;
};

static struct result start_one(enum sb_isolation level, const struct sb_limits *limits)
{
	struct result r = { .err = WSBOX_ERR_INIT };
	struct sb_cell cell;
	struct sb_end end;
	int control;

	if (cell_begin(level, limits, DEED_EXIT, &cell, &control, &r.err))
		return r;
	(void)sb_reap(&cell, &end);
	(void)close(control);
	r.started = WIFEXITED(end.status) && WEXITSTATUS(end.status) == 7;
	if (!r.started && !sb_failure(&end.report, &r.err))
		(void)err_set(&r.err, 0, 0, "%s", "");
	for (int w = 0; w < SB_WALL_COUNT; w++)
		r.missing |= end.report.wall[w].state == SB_MISSING &&
			     sb_wall_needed((enum sb_wall)w, SB_FULL);
	return r;
}

static const struct fault {
	const char *name;
	struct test_deny deny;
	bool degrades;		/* SB_DEGRADED starts all the same */
} faults[] = {
	{ "nothing", { -1, -1, 0, false, 0 }, true },
	{ "clone3 unknown", { SYS_clone3, -1, 0, false, ENOSYS }, true },
	{ "clone3 denied", { SYS_clone3, -1, 0, false, EPERM }, false },
	{ "no more processes", { SYS_clone3, -1, 0, false, EAGAIN }, false },
	{ "no more namespaces", { SYS_clone3, -1, 0, false, ENOSPC }, false },
	{ "open_tree unknown", { SYS_open_tree, -1, 0, false, ENOSYS }, true },
	{ "open_tree denied", { SYS_open_tree, -1, 0, false, EPERM }, true },
	{ "mount_setattr unknown", { SYS_mount_setattr, -1, 0, false, ENOSYS }, true },
	{ "fsopen denied", { SYS_fsopen, -1, 0, false, EPERM }, true },
	{ "fsmount denied", { SYS_fsmount, -1, 0, false, EPERM }, true },
	{ "fsmount out of memory", { SYS_fsmount, -1, 0, false, ENOMEM }, false },
	{ "no more mounts", { SYS_open_tree, -1, 0, false, ENOSPC }, false },
	{ "mount denied", { SYS_mount, -1, 0, false, EACCES }, true },
	{ "move_mount denied", { SYS_move_mount, -1, 0, false, EPERM }, true },
	{ "pivot_root denied", { SYS_pivot_root, -1, 0, false, EPERM }, true },
	{ "pivot_root from an initial ram disk", { SYS_pivot_root, -1, 0, false, EINVAL }, true },
	{ "umount2 denied", { SYS_umount2, -1, 0, false, EPERM }, true },
	{ "close_range unknown", { SYS_close_range, -1, 0, false, ENOSYS }, false },
	{ "no more descriptors", { SYS_fcntl, 1, F_DUPFD_CLOEXEC, true, EMFILE }, false },
	{ "dup3 interrupted", { SYS_dup3, -1, 0, false, EBUSY }, false },
	{ "memfd_create unknown", { SYS_memfd_create, -1, 0, false, ENOSYS }, false },
	{ "Landlock unknown", { SYS_landlock_create_ruleset, -1, 0, false, ENOSYS }, true },
	{ "Landlock off", { SYS_landlock_create_ruleset, -1, 0, false, EOPNOTSUPP }, true },
	{ "Landlock out of memory", { SYS_landlock_create_ruleset, -1, 0, false, ENOMEM }, false },
	{ "Landlock rules denied", { SYS_landlock_add_rule, -1, 0, false, EPERM }, true },
	{ "setresuid denied", { SYS_setresuid, -1, 0, false, EPERM }, true },
	{ "no more processes of a uid", { SYS_setresuid, -1, 0, false, EAGAIN }, false },
	{ "setgroups denied", { SYS_setgroups, -1, 0, false, EPERM }, true },
	{ "capset denied", { SYS_capset, -1, 0, false, EPERM }, false },
	{ "capget denied", { SYS_capget, -1, 0, false, EPERM }, true },
	{ "no_new_privs denied", { SYS_prctl, 0, PR_SET_NO_NEW_PRIVS, true, EINVAL }, false },
	{ "bounding set denied", { SYS_prctl, 0, PR_CAPBSET_DROP, true, EPERM }, true },
	{ "PDEATHSIG denied", { SYS_prctl, 0, PR_SET_PDEATHSIG, true, EINVAL }, false },
	{ "MDWE unknown", { SYS_prctl, 0, 66, true, EINVAL }, true },
	{ "rlimits denied", { SYS_prlimit64, -1, 0, false, EPERM }, false },
	{ "execveat denied", { SYS_execveat, -1, 0, false, EACCES }, false },
	{ "execveat unknown", { SYS_execveat, -1, 0, false, ENOSYS }, false },
	{ "mkdir denied", { SYS_mkdirat, -1, 0, false, EACCES }, true },
};

/*
 * Before Linux 6.2 Landlock does not see truncation: a read-only directory that is not a mount of
 * its own is refused at every level but none.
 */
static bool landlock_is_old(const struct wsbox_err *err)
{
	int abi = sb_landlock_abi();

	return abi > 0 && abi < 3 && strstr(err->text, "read-only needs");
}

/*
 * What "wsbox features" says must be what a start finds: full is offered just where no wall is
 * missing then, and each that is missing has a reason.
 */
static void expect_features(const struct result *full)
{
	struct sb_features f;
	int code = sb_probe(&f);

	if (code) {
		expect(!full->started, "features: %s, and yet full starts", strerror(-code));
		return;
	}
	expect(!full->started || f.full, "full starts and features denies it");
	expect(!f.full || !strstr(full->err.text, "wall"), "features promises full: %s",
	       full->err.text);
	for (int w = 0; w < SB_WALL_COUNT; w++)
		expect(f.wall[w].state != SB_MISSING || f.wall[w].why[0] || f.wall[w].code,
		       "features: %s is missing without a reason", sb_wall_name((enum sb_wall)w));
}

/*
 * A fault does not reach every kind of caller, so that what counts is: no wall missing at full, a
 * reason, nothing left.
 */
static void try_fault(const struct fault *f, enum sb_isolation level)
{
	const struct sb_limits none = { 0 }, some = { .memory = 64 << 20, .pids = 4 };
	struct traces before = look_around();

	for (unsigned int i = 0; i < 6; i++) {
		struct result r = start_one(level, i & 1 ? &some : &none);

		if (level == SB_FULL && i == 0)
			expect_features(&r);
		if (r.started) {
			expect(level != SB_FULL || !r.missing, "full started with a wall missing");
			continue;
		}
		expect(r.err.text[0] && r.err.code < 0, "failed without a reason");
		expect(level == SB_FULL || !f->degrades || landlock_is_old(&r.err),
		       "degraded does not start: %s", r.err.text);
	}
	expect_clean(&before);
}

static void in_child(void (*run)(const struct fault *f, enum sb_isolation level),
		     const struct fault *f, enum sb_isolation level, bool user)
{
	unsigned int counts[3] = { 0 };
	int pipes[2], pid;

	if (pipe2(pipes, O_CLOEXEC))
		abort();
	(void)fflush(stdout);
	pid = fork();
	if (!pid) {
		passed = failed = skipped = 0;
		if ((user && !test_become_user()) || (f->deny.nr >= 0 && !test_deny(&f->deny, 1)))
			expect(false, "setup");
		else
			run(f, level);
		(void)fflush(stdout);
		_exit(write(pipes[1], (unsigned int[3]){ passed, failed, skipped },
			    sizeof(counts)) != sizeof(counts));
	}
	(void)close(pipes[1]);
	if (read(pipes[0], counts, sizeof(counts)) != sizeof(counts))
		expect(false, "the test died");
	(void)close(pipes[0]);
	(void)waitpid(pid, NULL, 0);
	passed += counts[0];
	failed += counts[1];
	skipped += counts[2];
}

/* A container's filter and no Landlock: directories would have nothing around them. */
static void test_floor(const struct fault *f, enum sb_isolation level)
{
	static const struct test_deny rows[] = {
		{ SYS_clone3, -1, 0, false, ENOSYS },
		{ SYS_clone, 0, CLONE_NEWUSER | CLONE_NEWNS, false, EPERM },
		{ SYS_open_tree, -1, 0, false, EPERM },
	};
	const struct sb_limits none = { 0 };
	struct result r;

	expect(test_deny(rows, sizeof(rows) / sizeof(rows[0])), "setup");
	r = start_one(level, &none);
	expect(!r.started && strstr(r.err.text, "preopens"), "started, or: %s", r.err.text);
	expect(strstr(r.err.text, "--isolation none") != NULL, "no way out: %s", r.err.text);
}

/* Ubuntu 24.04: a user namespace can be made, but nothing be done in it, its maps included. */
#define NOBODYS_MAP "65534 65534 1"

static void test_powerless(const struct fault *f, enum sb_isolation level)
{
	static const struct test_deny rows[] = {
		{ SYS_write, 2, sizeof(NOBODYS_MAP) - 1, true, EPERM },
		{ SYS_mount, -1, 0, false, EACCES },
		{ SYS_fsopen, -1, 0, false, EPERM },
		{ SYS_open_tree, -1, 0, false, EPERM },
		{ SYS_move_mount, -1, 0, false, EPERM },
		{ SYS_pivot_root, -1, 0, false, EPERM },
		{ SYS_chroot, -1, 0, false, EPERM },
		{ SYS_prctl, 0, PR_CAPBSET_DROP, true, EPERM },
		{ SYS_prctl, 0, PR_SET_SECUREBITS, true, EPERM },
	};
	const struct sb_limits none = { 0 };
	struct result r;

	expect(test_deny(rows, sizeof(rows) / sizeof(rows[0])), "setup");
	r = start_one(level, &none);
	if (level == SB_FULL)
		expect(!r.started && strstr(r.err.text, "--isolation degraded"), "full: %s",
		       r.err.text);
	else
		expect((r.started && r.missing) || landlock_is_old(&r.err), "degraded: %s",
		       r.err.text);
}

/* A directory in memory is there, or the start fails and says why; never is it left out. */
static void test_tmpfs(const struct fault *f, enum sb_isolation level)
{
	const struct sb_limits none = { 0 };
	struct traces before = look_around();
	struct result r;

	in_memory = 1 << 20;
	r = start_one(level, &none);
	if (f->degrades)
		expect(r.started, "not started: %s", r.err.text);
	else
		expect(!r.started && (strstr(r.err.text, "--tmpfs") || landlock_is_old(&r.err)),
		       "started, or: %s", r.err.text);
	expect_clean(&before);
}

static void test_tmpfs_nowhere(const struct fault *f, enum sb_isolation level)
{
	static const struct test_deny rows[] = {
		{ SYS_clone3, -1, 0, false, ENOSYS },
		{ SYS_clone, 0, CLONE_NEWUSER | CLONE_NEWNS, false, EPERM },
	};

	expect(test_deny(rows, sizeof(rows) / sizeof(rows[0])), "setup");
	test_tmpfs(f, level);
}

static void limits(const struct fault *f, enum sb_isolation level)
{
	struct traces before;

	if (cg_mode() == CG_NONE) {
		printf("skipped: no cgroups on this host\n");
		skipped++;
		return;
	}
	before = look_around();
	test_limits();
	expect_clean(&before);
}

static void test_faults(bool user)
{
	static char name[128];

	for (unsigned int i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		for (int level = SB_FULL; level <= SB_DEGRADED; level++) {
			(void)snprintf(name, sizeof(name), "%s, %s, %s", user ? "user" : "root",
				       level == SB_FULL ? "full" : "degraded", faults[i].name);
			about = name;
			in_child(try_fault, &faults[i], (enum sb_isolation)level, user);
		}
	}
}

/* FAULTS_STARTS in the environment: fewer for a slow machine, more for a night. */
static unsigned int starts(void)
{
	const char *wanted = getenv("FAULTS_STARTS");

	return wanted ? (unsigned int)strtoul(wanted, NULL, 10) : 1000;
}

static void many(const struct fault *f, enum sb_isolation level)
{
	const struct sb_limits none = { 0 }, some = { .memory = 64 << 20, .pids = 4 };
	struct traces before;
	unsigned int started = 0, wanted = starts();

	(void)start_one(level, &none);
	before = look_around();
	for (unsigned int i = 0; i < wanted; i++)
		started += start_one(level, i % 4 ? &none : &some).started;
	expect(started == (f->deny.nr < 0 ? wanted : 0), "%u of %u started", started, wanted);
	expect_clean(&before);
}

static uint32_t uid_of(int pid)
{
	char path[32], line[128];
	uint32_t uid = 0;
	FILE *f;

	(void)snprintf(path, sizeof(path), "/proc/%d/status", pid);
	f = fopen(path, "r");
	while (f && fgets(line, sizeof(line), f) && sscanf(line, "Uid: %u", &uid) != 1)
		;
	if (f)
		(void)fclose(f);
	return uid;
}

/* Cells that live at the same time, once they have come to their exec. */
static void expect_own_uids(const struct sb_cell *cells, unsigned int n)
{
	const struct timespec pause = { .tv_nsec = 2000000 };
	uint32_t uids[64];

	for (unsigned int i = 0; i < n; i++) {
		for (int tries = 0; !cells[i].report->exec && tries < 5000; tries++)
			(void)nanosleep(&pause, NULL);
		uids[i] = uid_of(cells[i].pid);
		expect(uids[i] >= SB_UID_BASE && uids[i] < SB_UID_END && uids[i] == cells[i].uid,
		       "cell %u has uid %u: %s", i, uids[i],
		       cells[i].report->wall[SB_WALL_IDENTITY].why);
		for (unsigned int k = 0; k < i; k++)
			expect(uids[k] != uids[i], "cells %u and %u have uid %u", k, i, uids[i]);
	}
}

static void at_once(const struct fault *f, enum sb_isolation level)
{
	enum { CELLS = 50 };
	const struct sb_limits some = { .memory = 64 << 20 };
	struct wsbox_err err = WSBOX_ERR_INIT;
	struct sb_cell cells[CELLS];
	int controls[CELLS];
	unsigned int started = 0;
	struct traces before;

	(void)start_one(level, &some);
	before = look_around();
	while (started < CELLS && !cell_begin(level, &some, DEED_WAIT, &cells[started],
					      &controls[started], &err))
		started++;
	expect(started == CELLS, "%u cells, then: %s", started, err.text);
	if (level == SB_FULL && !geteuid())
		expect_own_uids(cells, started);
	for (unsigned int i = 0; i < started; i++) {
		struct sb_end end;

		(void)close(controls[i]);
		(void)sb_reap(&cells[i], &end);
		(void)sb_failure(&end.report, &err);
		expect(WIFEXITED(end.status) && WEXITSTATUS(end.status) == 7, "cell %u: %x %s", i,
		       end.status, err.text);
	}
	expect_clean(&before);
}

/* Kills a supervisor some microseconds after it has begun to start cells. */
static void kill_one(long delay_us)
{
	const struct sb_limits none = { 0 };
	struct timespec pause = { .tv_nsec = delay_us * 1000 };
	int pid = fork();

	if (!pid) {
		for (;;) {
			struct wsbox_err err = WSBOX_ERR_INIT;
			struct sb_cell cell;
			int control;

			if (cell_begin(SB_FULL, &none, DEED_WAIT, &cell, &control, &err))
				_exit(1);
		}
	}
	if (pid < 0)
		return;
	(void)nanosleep(&pause, NULL);
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
}

/* Processes in this pid namespace; its first one is this program. */
static unsigned int processes(void)
{
	unsigned int n = 0;
	struct dirent *e;
	DIR *d = opendir("/proc");

	while (d && (e = readdir(d)))
		n += e->d_name[0] >= '0' && e->d_name[0] <= '9';
	if (d)
		(void)closedir(d);
	return n;
}

static void test_death(void)
{
	struct timespec pause = { .tv_nsec = 1000000 };
	unsigned int left = 0;

	about = "supervisor killed";
	if (geteuid()) {
		printf("skipped: killing a supervisor needs a pid namespace to count in\n");
		skipped++;
		return;
	}
	for (long us = 0; us < 4000; us += 50)
		kill_one(us);
	/* orphans are ours to reap; process 1 waits for us */
	for (unsigned int i = 0; i < 2000; i++) {
		while (waitpid(-1, NULL, WNOHANG | __WALL) > 0)
			;
		left = processes() - 2;
		if (!left)
			break;
		(void)nanosleep(&pause, NULL);
	}
	expect(!left, "%u processes survive", left);
}

static void test_probe(void)
{
	struct traces before = look_around();
	struct sb_features f;

	about = "probe";
	expect(!sb_probe(&f), "failed");
	expect(f.full, "full isolation is not offered here");
	expect(f.landlock_abi > 0, "no Landlock");
	expect_clean(&before);
}

int main(int argc, char **argv)
{
	static const struct fault
		none = { "nothing", { -1, -1, 0, false, 0 }, true },
		no_landlock = { "", { SYS_landlock_create_ruleset, -1, 0, false, ENOSYS }, false },
		no_fsopen = { "", { SYS_fsopen, -1, 0, false, EPERM }, false },
		no_exec = { "execveat denied", { SYS_execveat, -1, 0, false, EACCES }, false };

	if (!strcmp(argv[0], FAULTS_CELL))
		faults_cell();
#ifdef WSBOX_SAN
	printf("skipped: a program with sanitizers is dynamic and does not start in an empty "
	       "root\n");
	return 77;
#endif
	(void)signal(SIGPIPE, SIG_IGN);
	program = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	test_enclose();
	test_probe();
	about = "limits of root";
	if (!geteuid())
		in_child(limits, &none, SB_FULL, false);
	about = "limits of a user";
	in_child(limits, &none, SB_FULL, true);
	if (!geteuid())
		test_faults(false);
	test_faults(true);
	about = "many starts";
	in_child(many, &none, SB_FULL, false);
	about = "many failed starts";
	in_child(many, &no_exec, SB_FULL, false);
	about = "fifty at once";
	in_child(at_once, &none, SB_FULL, false);
	about = "user namespaces without powers";
	in_child(test_powerless, &none, SB_FULL, true);
	in_child(test_powerless, &none, SB_DEGRADED, true);
	about = "a directory in memory";
	for (int level = SB_FULL; level <= SB_DEGRADED; level++) {
		if (!geteuid())
			in_child(test_tmpfs, &none, (enum sb_isolation)level, false);
		in_child(test_tmpfs, &none, (enum sb_isolation)level, true);
	}
	in_child(test_tmpfs, &no_fsopen, SB_DEGRADED, true);
	in_child(test_tmpfs_nowhere, &no_fsopen, SB_DEGRADED, true);
	about = "degraded without mounts and Landlock";
	in_child(test_floor, &no_landlock, SB_DEGRADED, true);
	test_death();
	printf("%u passed, %u failed, %u skipped\n", passed, failed, skipped);
	return failed != 0;
}
