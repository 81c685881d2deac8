/*
 * wsbox with one fault after the other: of the supervisor, of what it clones, of both cells, up to
 * the message that the guest now runs. A first run without a fault tells which process makes which
 * calls; then each in turn fails, by ptrace(2).
 *
 * Whatever fails: the guest ran and said what it says, or one line tells what failed and the status
 * is 125, or 126 where the module could not be read. No process, control group or file is left.
 */
#ifndef TESTS_FAULTS_TRACED_H
#define TESTS_FAULTS_TRACED_H

#include <stdbool.h>
#include <stddef.h>

/*
 * The system call that a program linked with wrap.c makes before each allocation: no kernel has it,
 * and none sees it. Its first argument is how many bytes are wanted.
 */
#define TRACED_ALLOCATION 0x57534d

/* Which call of which task, by the order in which both came to be. */
struct traced_place {
	unsigned int task, call;
	long nr, arg;		/* its second argument */
};

/* The errnos that a call gets in turn, up to four, the last of fewer is 0. */
typedef const int *traced_codes(const struct traced_place *p);

/*
 * Finds wsbox at this path from the folder of the test, writes the module to a file and encloses
 * the test. The file's path, or NULL.
 */
char *traced_begin(const char *wsbox, const void *module, size_t size);

/* Whether this test can be run here at all. */
bool traced_possible(char **argv);

/*
 * All faults of one command line. fresh: the code cache is emptied before each. says: on standard
 * output; NULL: what the first run says. allocations: these fail, each of them, in place of system
 * calls; of more than most (unless that is 0) so many, spread evenly. act: what is done, with the
 * number of wsbox's process, as the call is about to be made, which then does not fail; codes are
 * not asked. walls: the command line has --stats-fd 1; no wall may be missing for want of memory or
 * descriptors.
 */
struct traced_try {
	const char *name;
	char **argv;
	bool fresh, allocations, walls;
	const char *says;
	size_t most;
	void (*act)(int pid);
	traced_codes *codes;
};
void traced_try_all(const struct traced_try *t);

/* The status of the test. */
int traced_end(void);

#endif
