/*
 * The words of a job: CELL_FD_STRINGS as arrays.
 */
#ifndef TOOLS_CELL_STRINGS_H
#define TOOLS_CELL_STRINGS_H

#include "runtime/base/cell.h"

struct strings {
	const char **argv, **env, **preopens;	/* as many as the job says */
	const char *invoke;			/* NULL without CELL_JOB_INVOKE */
};

/* All of it stays mapped for the life of the process. 0, -EBADMSG if there are fewer words than
 * told, or -errno. */
int strings_read(const struct cell_job *job, struct strings *ret);

#endif
