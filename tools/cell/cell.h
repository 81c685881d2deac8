/*
 * wsbox-cell: the confined side. One program, its role told by the first message on CELL_FD_CONTROL
 * (runtime/base/cell.h): a compiler takes a module and writes a code image; an instance takes
 * module and image and runs the guest.
 *
 * The process is started by sandbox/ with most walls standing. It puts up the last ones itself
 * (lock.h), once it has made everything that needs more system calls than the guest may cause. It
 * opens no path it was not handed.
 */
#ifndef TOOLS_CELL_CELL_H
#define TOOLS_CELL_CELL_H

#include <stddef.h>
#include <stdint.h>

#include "jit/image.h"
#include "runtime/base/cell.h"

/* Exit statuses of the process, seen by the supervisor when no message told more. */
enum cell_status {
	CELL_STATUS_OK = 0,
	CELL_STATUS_PROTOCOL = 2,	/* the supervisor went away or sent what it should not */
};

/* CLOCK_MONOTONIC in nanoseconds. */
uint64_t cell_clock(void);

/* The module of this job, mapped read-only for the life of the process. 0 or -errno. */
int cell_map_module(const struct cell_job *job, const void **ret_bytes);

/* What an image of this job's module, made by this build, is made from. */
struct jit_origin cell_origin(const struct cell_job *job);

/* Sends the message; ends the process if nobody hears. */
void cell_tell(const void *msg);

/* Each does a job and ends the process. start is cell_clock() when main() began. */
_Noreturn void compile_main(const struct cell_job *job, uint64_t start);
_Noreturn void instance_main(const struct cell_job *job, uint64_t start);

/* Tells GDB where the guest's functions are. 0 or -ENOMEM. NULL but in debug builds. */
struct rt_instance;
__attribute__((weak)) int cell_tell_gdb(const struct rt_instance *inst);

/* What compiles beside the baseline: in wsbox-llvm only. */
struct jit_tier;
extern const struct jit_tier *const cell_tier __attribute__((weak));

/* Likewise. */
struct jit_disasm;
extern const struct jit_disasm *const cell_disasm __attribute__((weak));

/*
 * Native code for a locked instance, in place of what may be attacked from then on: the decoder, or
 * all that the guest reaches. NULL in wsbox-cell: only the program that tests/escape links from
 * these parts has it.
 */
enum cell_point {
	CELL_LOCKED,	/* nothing of the module was looked at */
	CELL_READY,	/* the guest would run */
};
__attribute__((weak)) void cell_test_inject(enum cell_point point, int argc, const char **argv);

#endif
