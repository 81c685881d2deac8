/*
 * A running instance goes on with better code, if a fill makes it: CELL_JOB_REPLACE. Room for that
 * image is mapped before the lock, as nothing can be made executable later; when the image is
 * complete, its supervisor sends CELL_MSG_IMAGE and CELL_SIGNAL_IMAGE. Before it is made, the same
 * without a size asks where the guest is, so that code is made to go on there.
 */
#ifndef TOOLS_CELL_REPLACE_H
#define TOOLS_CELL_REPLACE_H

#include <stdint.h>

#include "runtime/base/cell.h"
#include "runtime/base/err.h"

struct rt_instance;

/* Before the lock: maps the file at fd, which is closed, and handles the signal. 0 or -errno. */
int replace_prepare(const struct cell_job *job, int fd, struct wsbox_err *err);

/* From now on inst takes the image. */
void replace_in(struct rt_instance *inst);

/* 1: it did; 0: there was none; or -errno, why it did not. */
int32_t replace_result(void);

#endif
