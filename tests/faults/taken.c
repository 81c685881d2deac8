/*
 * A run whose control groups somebody removes: at each step of its start (traced.h), as an
 * administrator or the host's manager might. It may end with a line, or go on; what it had no group
 * for is said by its statistics, and no group is left.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cgroup/internal.h"
#include "runtime/base/fd.h"
#include "runtime/base/num.h"
#include "tests/faults/much.h"
#include "tests/faults/traced.h"

/* All of its processes go one up, or where no group may have both, beside it. */
static void empty(int parent, int leaf, enum cg_mode mode)
{
	const char *file = mode == CG_V2 ? "cgroup.procs" : "tasks";
	char list[CG_TEXT_MAX];

	if (cg_read(leaf, file, list, sizeof(list)) < 0)
		return;
	for (char *next = list; *next; next += strspn(next, "\n")) {
		uint64_t pid = strtoull(next, &next, 10);

		if (cg_write_u64(parent, file, pid))
			(void)cg_write_u64(parent, CG_SELF "/cgroup.procs", pid);
	}
}

static void remove_below(int parent, const char *prefix, enum cg_mode mode)
{
	int fd = openat(parent, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);

	for (struct dirent *e; d && (e = readdir(d));) {
		if (strncmp(e->d_name, prefix, strlen(prefix)))
			continue;
		FD_AUTO leaf = openat(parent, e->d_name, O_PATH | O_DIRECTORY | O_CLOEXEC);

		empty(parent, leaf, mode);
		(void)unlinkat(parent, e->d_name, AT_REMOVEDIR);
	}
	if (d)
		(void)closedir(d);
}

static void take_away(int pid)
{
	enum cg_mode mode = cg_mode();
	char prefix[32];

	(void)snprintf(prefix, sizeof(prefix), "wsbox-%d-", pid);
#define X(id, v1, v2) \
	{ \
		FD_AUTO parent = cg_own_open(mode, v1); \
\
		if (parent >= 0) \
			remove_below(parent, prefix, mode); \
	}
	CG_CONTROLLERS(X)
#undef X
}

int main(void)
{
	char *guest = traced_begin("../../tools/wsbox", much, sizeof(much));
	char *limited[] = { "wsbox", "run", "--no-cache", "--memory", "64M", "--pids-limit", "9",
			    guest, NULL };
	char *shared[] = { "wsbox", "run", "--no-cache", "--cpus", "1", guest, NULL };
	const struct traced_try tries[] = {
		{ "memory and tasks", limited, .says = "hello\n", .act = take_away },
		{ "processors", shared, .says = "hello\n", .act = take_away },
	};

	if (!guest)
		return 1;
	if (!traced_possible(limited)) {
		printf("skipped: no process can be traced here\n");
		return 77;
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(tries); i++)
		traced_try_all(&tries[i]);
	return traced_end();
}
