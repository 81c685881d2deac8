/*
 * The seccomp filters, made at build time from policy.h; a cell gets the smallest that serves it as
 * a memfd.
 */
#include <assert.h>
#include <linux/filter.h>
#include <sys/stat.h>

#include "runtime/base/fd.h"
#include "sandbox/internal.h"
#include "sandbox/policy.h"

#include "sandbox/filters.h"

static const struct {
	unsigned int sets;
	const struct sock_filter *code;
	size_t size;
} filters[] = {
#define FILTER(id, sets) [SB_FILTER_##id] = { sets, filter_##id, sizeof(filter_##id) },
	SB_FILTERS(FILTER)
};

_Static_assert(sizeof(filters) / sizeof(filters[0]) == SB_FILTER_COUNT, "a row a filter");

static unsigned int sets_for(const struct sb_spec *spec)
{
	unsigned int sets =
		SB_RUN | (spec->ring ? SB_SET_RING : 0) | (spec->preopen_count ? SB_SET_READ : 0) |
		(spec->sockets ? SB_SET_NET : 0);

	if (spec->role != CELL_ROLE_RUN)
		return SB_SET_COMPILE;
	for (uint32_t i = 0; i < spec->preopen_count; i++)
		sets |= spec->preopens[i].readonly ? 0 : SB_SET_WRITE;
	for (int i = 0; i < 3; i++) {
		struct stat st;

		if (spec->stdio[i] >= 0 && !fstat(spec->stdio[i], &st) && S_ISSOCK(st.st_mode))
			sets |= SB_SET_NET;
	}
	return sets;
}

static enum sb_filter_id filter_for(const struct sb_spec *spec)
{
	unsigned int sets = sets_for(spec), id = 0;

	while (id < SB_FILTER_COUNT && filters[id].sets != sets)
		id++;
	assert(id < SB_FILTER_COUNT);
	return (enum sb_filter_id)id;
}

int sb_filter_memfd(const struct sb_spec *spec)
{
	enum sb_filter_id id = filter_for(spec);
	FD_AUTO fd = fd_memfd("filter");
	int code;

	if (fd < 0)
		return fd;
	code = fd_write_all(fd, filters[id].code, filters[id].size);
	return code ? code : fd_take(&fd);
}
