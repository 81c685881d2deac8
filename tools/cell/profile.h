/* Where the guest's functions are, for perf(1). */
#ifndef TOOLS_CELL_PROFILE_H
#define TOOLS_CELL_PROFILE_H

#include "runtime/base/cell.h"
#include "runtime/rt.h"

/*
 * What the job asks for, nothing mostly, into fd, which is closed: perf's map (a line of address,
 * size and name for each function) or its jitdump (tools/perf/Documentation in the kernel's
 * sources), with the code itself. 0, or -errno with err set.
 */
int profile_write(const struct cell_job *job, const struct rt_instance *inst, int fd,
		  struct wsbox_err *err);

#endif
