/*
 * --profile: the file that tells perf(1) where the guest's functions are. The instance cell fills
 * it before any of the guest's code runs; here it is made and gets the name by which perf finds it,
 * and nobody reads it.
 *
 *	perfmap		/tmp/perf-PID.map, of the cell's pid
 *	jitdump		jit-PID.dump in the current directory, of our own pid: perf inject looks for
 *			a process that maps a file of that name executable, as we do; it replaces
 *			none
 */
#ifndef TOOLS_CLI_PROFILE_H
#define TOOLS_CLI_PROFILE_H

#include <sys/types.h>

#include "tools/cli/options.h"

struct profile {
	int fd;			/* -1: none */
	char name[40];		/* what it is called now; empty: there is none */
	void *marker;
};

/* Makes the file. 0, or -errno with err set; profile_close() in any case. */
int profile_open(struct profile *p, enum profile_mode mode, struct wsbox_err *err);

/* The cell's pid is known. The same. */
int profile_name(struct profile *p, pid_t pid, struct wsbox_err *err);

/* The file stays, unless nothing was written to it: then nothing was run. */
void profile_close(struct profile *p);

#endif
