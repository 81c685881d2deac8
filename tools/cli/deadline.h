/*
 * A limit of time for what waits in system calls, as for the writer of a pipe: when the time has
 * come a call that waits ends with EINTR, and so does each one after it.
 */
#ifndef TOOLS_CLI_DEADLINE_H
#define TOOLS_CLI_DEADLINE_H

#include <signal.h>
#include <stdint.h>
#include <time.h>

struct deadline {
	int signal;
	timer_t timer;
	struct sigaction action;	/* what was before */
	sigset_t mask;
};

/*
 * at: of CLOCK_MONOTONIC, in ns. Between the two the signal, which must have no other use, is the
 * deadline's. 0, or -errno: then there is none.
 */
int deadline_set(struct deadline *d, int signal, uint64_t at);
void deadline_clear(struct deadline *d);

#endif
