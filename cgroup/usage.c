/* What a group has used. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "cgroup/internal.h"

static uint64_t number_of(int dir, const char *file)
{
	char text[64];

	return cg_read(dir, file, text, sizeof(text)) > 0 ? strtoull(text, NULL, 10) : 0;
}

static uint64_t key_of(int dir, const char *file, const char *key)
{
	char text[CG_TEXT_MAX];
	uint64_t value = 0;

	if (cg_read(dir, file, text, sizeof(text)) > 0)
		(void)cg_key_find(text, key, &value);
	return value;
}

int cg_usage(const struct cg_group *g, struct cg_usage *ret)
{
	bool v2 = g->mode == CG_V2;
	int memory = g->dir[v2 ? 0 : CG_MEMORY];
	struct cg_usage u = { 0 };

	assert(!v2 || g->dir[0] >= 0);
	if (g->mode == CG_NONE)
		return -EOPNOTSUPP;
	if (memory >= 0) {
		u.memory_peak = number_of(memory, v2 ? "memory.peak" : "memory.max_usage_in_bytes");
		u.oom_killed =
			key_of(memory, v2 ? "memory.events" : "memory.oom_control", "oom_kill") > 0;
	}
	if (v2)
		u.cpu_ns = key_of(g->dir[0], "cpu.stat", "usage_usec") * 1000;
	*ret = u;
	return 0;
}
