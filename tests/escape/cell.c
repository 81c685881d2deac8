/* The cell's side: takes an order, locks itself, attacks, tells the result. */
#include "tests/escape/escape.h"

#include <linux/filter.h>
#include <linux/futex.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static void die(const char *what)
{
	dprintf(2, "escape-cell: %s\n", what);
	_exit(99);
}

/* As tools/cell does it. */
static void lock(const struct order *o)
{
	static struct sock_filter code[1024];
	struct sock_fprog program = { .filter = code };
	ssize_t n;

	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0))
		die("dumpable");
	if ((o->job & CELL_JOB_MDWE) && prctl(65 /* PR_SET_MDWE */, 1, 0, 0, 0))
		die("MDWE");
	if ((o->job & CELL_JOB_LANDLOCK) && !(o->flags & NO_LANDLOCK)) {
		if (RAW(SYS_landlock_restrict_self, CELL_FD_LANDLOCK, 0))
			die("Landlock");
		close(CELL_FD_LANDLOCK);
	}
	if (!(o->job & CELL_JOB_FILTER))
		return;
	n = pread(CELL_FD_FILTER, code, sizeof(code), 0);
	if (n <= 0)
		die("filter");
	close(CELL_FD_FILTER);
	program.len = (unsigned short)((size_t)n / sizeof(code[0]));
	if (!(o->flags & NO_FILTER) && RAW(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program))
		die("seccomp");
}

_Noreturn void cell_main(void)
{
	struct order o;
	long result = 0;

	if (read(CELL_FD_CONTROL, &o, sizeof(o)) != sizeof(o))
		die("no order");
	lock(&o);
	switch (o.which) {
	case 0:
		result = attacks[o.index].run(attacks[o.index].arg);
		break;
	case 1:
		result = path_attacks[o.index].run(path_attacks[o.index].arg);
		break;
	case 2:
		result = raw((long)o.index, -1, -1, -1, -1, -1, -1);
		break;
	default:
		RAW(SYS_write, CELL_FD_CONTROL, &result, sizeof(result));
		if (o.flags & COMPILER)
			RAW(SYS_futex, &result, FUTEX_WAIT, 0, 0);
		else
			RAW(SYS_ppoll, 0, 0, 0, 0, 0);
	}
	RAW(SYS_write, CELL_FD_CONTROL, &result, sizeof(result));
	RAW(SYS_exit_group, 0);
	__builtin_unreachable();
}
