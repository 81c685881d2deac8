#include "tests/util/group.h"

#include <stdio.h>

#include "cgroup/internal.h"
#include "runtime/base/fd.h"
#include "runtime/base/num.h"
#include "tests/util/file.h"

unsigned int test_groups(pid_t pid)
{
	static const char *const controllers[] = { "memory", "cpu", "pids" };
	char path[48], mine[32];
	unsigned int n = 0;

	(void)snprintf(mine, sizeof(mine), "wsbox-%d-", pid);
	for (unsigned int i = 0; i < ARRAY_SIZE(controllers); i++) {
		FD_AUTO own = cg_own_open(cg_mode(), controllers[i]);

		(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", own);
		n += own < 0 ? 0 : test_entries(path, mine);
	}
	return n;
}
