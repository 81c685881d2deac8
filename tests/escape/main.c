/*
 * Runs the escape tests in three modes: as root, as an ordinary user, and as one on a host that
 * gives no namespaces. Prints what failed and closes on "N passed, N failed, N skipped".
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <linux/io_uring.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sandbox/policy.h"
#include "tests/escape/escape.h"
#include "tests/util/enclose.h"

#define CALLS 501
#define PATIENCE_MS 20000

bool cell_start(struct tally *t, const char *name, struct order *order, struct sb_cell *ret,
		int *ret_control)
{
	const struct sb_preopen dirs[] = {
		{ .host = t->tree.in },
		{ .host = t->tree.ro, .readonly = true },
		{ .tmpfs = 1 << 20 },
	};
	/* one in memory needs a mount namespace */
	uint32_t count = t->mode == MODE_DEGRADED || !wall_stands(SB_WALL_MOUNT_NS) ? 2 : 3;
	struct wsbox_err err = WSBOX_ERR_INIT;
	int pair[2], code;
	struct sb_spec spec = {
		.role = order->flags & COMPILER ? CELL_ROLE_COMPILE : CELL_ROLE_RUN,
		.isolation = t->mode == MODE_DEGRADED ? SB_DEGRADED : SB_FULL,
		.cell = t->cell, .argv0 = ESCAPE_CELL, .stdio = { -1, -1, 2 },
		.module = -1, .image = -1, .strings = -1, .ring = order->flags & RING,
		.preopens = dirs, .preopen_count = order->flags & DIRS ? count : 0,
	};

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		return false;
	spec.control = pair[1];
	code = sb_spawn(&spec, ret, &err);
	(void)close(pair[1]);
	if (code) {
		check(t, false, name, "not started: %s", err.text);
		(void)close(pair[0]);
		return false;
	}
	order->job = ret->job_flags;
	if (write(pair[0], order, sizeof(*order)) != sizeof(*order))
		printf("no order sent: %s\n", strerror(errno));
	*ret_control = pair[0];
	return true;
}

struct outcome attempt(struct tally *t, const char *name, struct order *o)
{
	struct outcome out = { 0 };
	struct wsbox_err err = WSBOX_ERR_INIT;
	struct sb_cell cell;
	struct sb_end end;
	int control;

	if (!cell_start(t, name, o, &cell, &control))
		return out;
	struct pollfd p = { .fd = cell.pidfd, .events = POLLIN };
	if (poll(&p, 1, PATIENCE_MS) != 1)
		sb_kill(&cell);
	out.said =
		recv(control, &out.result, sizeof(out.result), MSG_DONTWAIT) == sizeof(out.result);
	(void)close(control);
	out.started = !sb_reap(&cell, &end) && end.report.failed_step < 0;
	out.status = end.status;
	if (!out.started)
		check(t, false, name, "not started: %s",
		      sb_failure(&end.report, &err) ? err.text : "?");
	return out;
}

static bool died(const struct outcome *o)
{
	return WIFSIGNALED(o->status) && WTERMSIG(o->status) == SIGSYS;
}

static bool as_expected(const struct outcome *o, enum expect expect)
{
	switch (expect) {
	case DIES:
		return died(o) && !o->said;
	case FAILS:
	case FAILS_DETACHED:
		return o->said && o->result < 0;
	case STAYS_IN:
		return o->said;
	case WORKS:
		return o->said && o->result >= 0;
	}
	return false;
}

static void run_attack(struct tally *t, uint32_t which, uint32_t index, const struct attack *a)
{
	struct order o = { .which = which, .index = index, .flags = a->flags };
	struct outcome out;

	/* what only namespaces and detached mounts can hold is no test of a cell without */
	if (t->mode == MODE_DEGRADED && (a->expect == FAILS_DETACHED || (a->flags & CONFINED)))
		return;
	if (t->mode == MODE_DEGRADED && (a->flags & DIRS) && !(t->kernel & PLAIN_DIRS)) {
		t->skipped++;
		printf("skipped: %s: %s: directories need Landlock ABI 3\n", t->mode_name, a->name);
		return;
	}
	if ((a->flags & (MDWE | LANDLOCK_TCP | LANDLOCK_SCOPES)) & ~t->kernel) {
		t->skipped++;
		printf("skipped: %s: %s: not in this kernel\n", t->mode_name, a->name);
		return;
	}
	out = attempt(t, a->name, &o);
	if (!out.started)
		return;
	check(t, as_expected(&out, a->expect), a->name, "status %x, result %ld (%s)", out.status,
	      out.said ? out.result : 0,
	      out.said && out.result < 0 ? strerror((int)-out.result)
	      : out.said		 ? "done"
					 : "silent");
	if (which == 1)
		check(t, !tree_changed(&t->tree), a->name, "changed something outside");
}

/*
 * Every number with arguments of all ones, which no condition admits: it dies unless the table has
 * it without one.
 */
static void run_calls(struct tally *t, const char *filter, unsigned int flags)
{
	for (uint32_t nr = 0; nr < CALLS; nr += tally_step()) {
		struct order o = { .which = 2, .index = nr, .flags = flags };
		enum call_row row = call_row(nr, sets_of(flags));
		struct outcome out;
		char name[64];

		(void)snprintf(name, sizeof(name), "system call %u, %s", nr, filter);
		out = attempt(t, name, &o);
		if (out.started && call_is_uprobe(nr))
			check(t, !out.said || out.result < 0, name, "result %ld", out.result);
		else if (out.started && row == CALL_REFUSED)
			check(t, out.said && out.result < 0, name, "result %ld", out.result);
		else if (out.started)
			check(t, row == CALL_ALLOWED ? !died(&out) : died(&out) && !out.said, name,
			      "row %d, status %x", (int)row, out.status);
	}
}

static int listen_abstract(void)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX, .sun_path = "\0wsbox-escape" };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)bind(fd, (struct sockaddr *)&at,
		   offsetof(struct sockaddr_un, sun_path) + sizeof("wsbox-escape"));
	(void)listen(fd, 1);
	return fd;
}

unsigned int kernel_has(void)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, 1);

	return (prctl(66 /* PR_GET_MDWE */, 0, 0, 0, 0) < 0 ? 0 : MDWE) |
	       (abi < 4 ? 0 : LANDLOCK_TCP) | (abi < 6 ? 0 : LANDLOCK_SCOPES) |
	       (abi < 3 ? 0 : PLAIN_DIRS);
}

static void posture(struct tally *t, unsigned int flags, const char *expected)
{
	struct order o = { .which = 3, .flags = flags };
	struct sb_cell cell;
	struct sb_end end;
	int control;
	long ready;

	if (!cell_start(t, "posture", &o, &cell, &control))
		return;
	check(t, read(control, &ready, sizeof(ready)) == sizeof(ready), "posture",
	      "the cell did not lock itself");
	posture_of(t, cell.pid, !strncmp(cell.report->wall[SB_WALL_IDENTITY].why, "uid ", 4),
		   expected);
	sb_kill(&cell);
	(void)close(control);
	(void)sb_reap(&cell, &end);
	check(t, end.status == 9, "sb_kill", "status %x", end.status);
}

static void postures(struct tally *t)
{
	bool dirs = t->mode != MODE_DEGRADED || (t->kernel & PLAIN_DIRS);

	posture(t, dirs ? DIRS : 0,
		t->mode != MODE_DEGRADED ? "0 1 2 3 10 11 12 " :
		dirs ? "0 1 2 3 10 11 " : "0 1 2 3 ");
	posture(t, COMPILER, "0 1 2 3 ");
}

static void run_mode(struct tally *t)
{
	int listener = listen_abstract();

	if (!tree_make(&t->tree, geteuid())) {
		check(t, false, "tree", "%s: %s", t->tree.top, strerror(errno));
		return;
	}
	t->kernel = kernel_has();
	postures(t);
	for (uint32_t i = 0; i < attack_count; i++)
		run_attack(t, 0, i, &attacks[i]);
	for (uint32_t i = 0; i < path_attack_count; i++)
		run_attack(t, 1, i, &path_attacks[i]);
	if (t->mode != MODE_DEGRADED || (t->kernel & PLAIN_DIRS))
		check_owner(t);
	if (t->mode != MODE_DEGRADED) {
		run_calls(t, "with directories and ring", DIRS | RING);
		run_calls(t, "compiler", COMPILER);
	}
	tree_remove(&t->tree);
	(void)close(listener);
}

/*
 * As a container's filter: clone3 is unknown, new namespaces are denied. Inherited by the cells,
 * which are killed all the same.
 */
static bool forbid_namespaces(void)
{
	static const struct test_deny rows[] = {
		{ SYS_clone3, -1, 0, false, ENOSYS },
		{ SYS_unshare, -1, 0, false, EPERM },
		{ SYS_clone, 0, CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID, false, EPERM },
	};

	return test_deny(rows, sizeof(rows) / sizeof(rows[0]));
}

static void degraded_mode(struct tally *t)
{
	if (!forbid_namespaces())
		check(t, false, "setup", "cannot forbid namespaces");
	else
		run_mode(t);
}

int main(int argc, char **argv)
{
	struct tally sum = { 0 };

	if (!strcmp(argv[0], ESCAPE_CELL))
		cell_main();
#ifdef WSBOX_SAN
	printf("skipped: a program with sanitizers is dynamic and does not start in an empty "
	       "root\n");
	return 77;
#endif
	(void)signal(SIGPIPE, SIG_IGN);
	sum.cell = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	if (!geteuid()) {
		test_enclose();
		tally_mode(&sum, MODE_ROOT, "root", run_mode);
		tally_mode(&sum, MODE_ROOT, "one wall missing", single_mode);
	} else {
		printf("skipped: root: the tests were not started as root\n");
		sum.skipped++;
	}
	tally_mode(&sum, MODE_USER, "user", run_mode);
	tally_mode(&sum, MODE_DEGRADED, "degraded", degraded_mode);
	printf("%u passed, %u failed, %u skipped\n", sum.passed, sum.failed, sum.skipped);
	return sum.failed != 0;
}
