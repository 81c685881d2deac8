/* Counting, the modes, and what the policy says of a system call. */
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <linux/io_uring.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sandbox/policy.h"
#include "tests/escape/escape.h"
#include "tests/util/enclose.h"

void check(struct tally *t, bool ok, const char *name, const char *fmt, ...)
{
	va_list ap;

	if (ok) {
		t->passed++;
		return;
	}
	t->failed++;
	printf("FAIL %s: %s: ", t->mode_name, name);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
}

uint32_t tally_step(void)
{
	const char *wanted = getenv("ESCAPE_STEP");
	unsigned long step = wanted ? strtoul(wanted, NULL, 10) : 1;

	return step > 0 && step <= 100 ? (uint32_t)step : 1;
}

/* What a cell makes belongs to the caller, whatever uid it runs as. */
void check_owner(struct tally *t)
{
	char path[128];
	struct stat st;

	(void)snprintf(path, sizeof(path), "%s/made", t->tree.in);
	check(t,
	      !stat(path, &st) && st.st_uid == geteuid() && st.st_gid == getegid() &&
		      st.st_size == 4,
	      "owner of a new file", "uid %u, gid %u", st.st_uid, st.st_gid);
}

unsigned int sets_of(unsigned int flags)
{
	if (flags & COMPILER)
		return SB_SET_COMPILE;
	return SB_SET_COMPUTE | SB_SET_IO | (flags & DIRS ? SB_SET_READ | SB_SET_WRITE : 0) |
	       (flags & RING ? SB_SET_RING : 0);
}

enum call_row call_row(long nr, unsigned int sets)
{
	static const struct row {
		long nr;
		unsigned int sets;
		struct sb_arg args[SB_ARGS_MAX];
	} rows[] = {
#define ROW(name, sets, when, reason) { SYS_##name, sets, when },
		SB_POLICY(ROW)
	};
	static const struct {
		long nr;
		unsigned int sets;
	} refusals[] = {
#define REFUSAL(name, sets, error, reason) { SYS_##name, sets },
		SB_REFUSALS(REFUSAL)
	};

	enum call_row best = CALL_DIES;

	for (unsigned int i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].nr == nr && (rows[i].sets & sets) && best < CALL_ALLOWED)
			best = rows[i].args[0].mask ? CALL_CONDITIONS : CALL_ALLOWED;
	for (unsigned int i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++)
		if (refusals[i].nr == nr && (refusals[i].sets & sets))
			best = CALL_REFUSED;
	return best;
}

bool call_is_uprobe(uint32_t nr)
{
	return nr == 335 || nr == 336;
}

void tally_mode(struct tally *sum, enum mode mode, const char *name, void (*run)(struct tally *t))
{
	struct tally t = { .mode = mode, .mode_name = name, .cell = sum->cell };
	int pipes[2], status, pid;

	if (pipe2(pipes, O_CLOEXEC))
		abort();
	(void)fflush(stdout);
	pid = fork();
	if (!pid) {
		if (mode != MODE_ROOT && !test_become_user())
			check(&t, false, "setup", "cannot become an ordinary user");
		else
			run(&t);
		(void)fflush(stdout);
		_exit(write(pipes[1], &t, sizeof(t)) != sizeof(t));
	}
	(void)close(pipes[1]);
	if (read(pipes[0], &t, sizeof(t)) != sizeof(t))
		t.failed++;
	(void)close(pipes[0]);
	(void)waitpid(pid, &status, 0);
	printf("%s: %u passed, %u failed, %u skipped\n", name, t.passed, t.failed, t.skipped);
	sum->passed += t.passed;
	sum->failed += t.failed;
	sum->skipped += t.skipped;
}
