/* The seccomp filters, made at build time from policy.h; a cell gets the smallest that serves it as a memfd. */
#include <linux/filter.h>

#include "runtime/base/fd.h"
#include "sandbox/internal.h"
#include "sandbox/policy.h"

#include "sandbox/filters.h"

static const struct {
	const struct sock_filter *code;
	size_t size;
} filters[] = {
#define FILTER(id, sets) [SB_FILTER_##id] = { filter_##id, sizeof(filter_##id) },
	SB_FILTERS(FILTER)
};

_Static_assert(sizeof(filters) / sizeof(filters[0]) == SB_FILTER_COUNT, "a row a filter");
_Static_assert(SB_FILTER_RING_WRITE - SB_FILTER_RING == SB_FILTER_RUN_WRITE - SB_FILTER_RUN,
	       "the filters with a ring stand in the order of those without");

static enum sb_filter_id choose(const struct sb_spec *spec)
{
	enum sb_filter_id id = spec->ring ? SB_FILTER_RING : SB_FILTER_RUN;
	bool writes = false;

	if (spec->role != CELL_ROLE_RUN)
		return SB_FILTER_COMPILE;
	for (uint32_t i = 0; i < spec->preopen_count; i++)
		writes |= !spec->preopens[i].readonly;
	return id + (spec->preopen_count ? 1 : 0) + (writes ? 1 : 0);
}

int sb_filter_memfd(const struct sb_spec *spec)
{
	enum sb_filter_id id = choose(spec);
	FD_AUTO fd = fd_memfd("filter");
	int code;

	if (fd < 0)
		return fd;
	code = fd_write_all(fd, filters[id].code, filters[id].size);
	return code ? code : fd_take(&fd);
}
