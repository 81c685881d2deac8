/*
 * The walls a cell puts up itself, in two halves. After the second nothing can be made executable
 * and only the system calls of the filter are left; none of it can be undone.
 *
 *	lock_early	no new privileges, not dumpable, MDWE (no writable memory made executable),
 *			Landlock. Before threads are made: they inherit these and do not share them.
 *	lock_late	seccomp, for all threads. After the code is mapped.
 */
#ifndef TOOLS_CELL_LOCK_H
#define TOOLS_CELL_LOCK_H

#include <stdint.h>

#include "runtime/base/cell.h"
#include "runtime/base/err.h"

/*
 * flags: of struct cell_job, say which walls must stand. *walls: set of enum cell_wall that do,
 * added to. 0, or -errno with err saying which wall cannot be put up; the process must then end.
 */
int lock_early(uint32_t flags, uint32_t *walls, struct wsbox_err *err);
int lock_late(uint32_t flags, uint32_t *walls, struct wsbox_err *err);

#endif
