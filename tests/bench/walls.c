/*
 * What each wall costs: walls CELL ROUNDS starts wsbox-cell, from the call to its end, with all
 * walls, without each, without any, and with what is not always there; one of each a round.
 *
 * A line each: name, then nanoseconds of all rounds. The cell has an instance's walls and a
 * compiler's job, an empty module to validate, so that it ends as soon as it has locked itself.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "runtime/base/fd.h"
#include "runtime/wasm/feature.h"
#include "sandbox/internal.h"

#define ROUNDS_MAX 10000

enum variant {
	/* the walls by their numbers, each left out */
	ALL = SB_WALL_COUNT,
	NONE,
	CGROUP,		/* all and a limit that needs a cgroup */
	DIRECTORY,	/* all and a preopened directory */
	NO_EXEC,	/* all, but ends where it would execute its program */
	VARIANTS,
};

static const uint8_t empty_module[] = { 0, 'a', 's', 'm', 1, 0, 0, 0 };
static unsigned int left_out = ALL;

bool sb_test_without(enum sb_wall wall)
{
	return wall == left_out;
}

/* Those that a start can do without and the others stay; the rest costs a system call, if that. */
static bool measured(unsigned int variant)
{
	switch (variant) {
	case SB_WALL_IDENTITY:	/* not root's is the user namespace that allows the others */
		return !geteuid();
	case SB_WALL_MOUNT_NS:	/* without it no root: SB_WALL_EMPTY_ROOT tells that part */
	case SB_WALL_PREOPENS:
	case SB_WALL_NETWORK:
	case SB_WALL_CGROUP:
	case SB_WALL_NO_NEW_PRIVS:
	case SB_WALL_NOT_DUMPABLE:
		return false;
	default:
		return true;
	}
}

static const char *variant_name(unsigned int variant)
{
	static const char *const names[] = {
		[ALL - ALL] = "all", [NONE - ALL] = "none", [CGROUP - ALL] = "+cgroup",
		[DIRECTORY - ALL] = "+directory", [NO_EXEC - ALL] = "-exec",
	};
	static char text[32];

	if (variant >= ALL)
		return names[variant - ALL];
	(void)snprintf(text, sizeof(text), "-%s", sb_wall_name((enum sb_wall)variant));
	return text;
}

/* One start from beginning to end, in nanoseconds; 0 if it failed. */
static uint64_t once(int program, int module, unsigned int variant)
{
	static const struct sb_preopen tmp = { .host = "/tmp", .readonly = true };
	struct cell_job job = { .head = { CELL_MSG_JOB, sizeof(job) },
				.role = CELL_ROLE_VALIDATE,
				.features = wasm_features_default(),
				.module_size = sizeof(empty_module),
				.jobs = 1 };
	struct wsbox_err err = WSBOX_ERR_INIT;
	struct sb_cell cell;
	struct sb_end end;
	uint64_t begin = sb_now();
	int pair[2], code;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		return 0;
	FD_AUTO ours = pair[0];
	FD_AUTO theirs = pair[1];
	struct sb_spec spec = { .role = CELL_ROLE_RUN,
				.isolation = variant == NONE ? SB_NONE : SB_FULL,
				.cell = program, .argv0 = "wsbox-cell", .stdio = { -1, -1, -1 },
				.control = theirs, .module = module, .image = -1, .strings = -1,
				.preopens = &tmp, .preopen_count = variant == DIRECTORY,
				.limits = { .pids = variant == CGROUP ? 16 : 0 } };

	left_out = variant;
	code = sb_start_cell(&spec, variant == NO_EXEC, &cell, &err);
	if (code) {
		fprintf(stderr, "%s: %s\n", variant_name(variant), err.text);
		return 0;
	}
	job.flags = cell.job_flags;
	(void)cell_send(ours, &job);
	code = sb_reap(&cell, &end);
	return code || end.status ? 0 : sb_now() - begin;
}

/* Ahead of others, if we may: the median is to tell of walls, not of a machine's other work. */
static void hurry(void)
{
	const struct sched_param param = { .sched_priority = 1 };

	(void)sched_setscheduler(0, SCHED_FIFO, &param);
}

int main(int argc, char **argv)
{
	static uint64_t ns[VARIANTS][ROUNDS_MAX];
	int rounds = argc == 3 ? atoi(argv[2]) : 0;
	FD_AUTO program = argc == 3 ? open(argv[1], O_PATH | O_CLOEXEC) : -1;
	FD_AUTO module = fd_memfd("module");

	if (program < 0 || rounds < 1 || rounds > ROUNDS_MAX ||
	    fd_write_all(module, empty_module, sizeof(empty_module)) || fd_seal(module)) {
		fprintf(stderr, "walls CELL ROUNDS\n");
		return 1;
	}
	hurry();
	for (int round = 0; round < rounds; round++)
		for (unsigned int v = 0; v < VARIANTS; v++)
			if (measured(v))
				ns[v][round] = once(program, module, v);
	for (unsigned int v = 0; v < VARIANTS; v++) {
		if (!measured(v) || !ns[v][0])
			continue;
		printf("%s", variant_name(v));
		for (int round = 0; round < rounds; round++)
			printf(" %llu", (unsigned long long)ns[v][round]);
		printf("\n");
	}
	return 0;
}
