/* What the files of this program share. */
#ifndef TESTS_FAULTS_FAULTS_H
#define TESTS_FAULTS_FAULTS_H

#include <stdbool.h>

#include "sandbox/sandbox.h"

#define FAULTS_CELL "faults-cell"	/* argv[0] of the program as a cell */

/* What the cell does when told so by one byte; then it exits with 7. */
enum deed {
	DEED_EXIT = 'x',
	DEED_WAIT = 'w',	/* for the end of the control socket */
	DEED_SPIN = 's',
	DEED_MEMORY = 'm',	/* touches memory; exits with the number of 16 MiB pieces it got */
	DEED_FILES = 'f',	/* opens descriptors; exits with the first number it does not get */
	DEED_SIZE = 'z',	/* writes to a file; exits with the number of 4 KiB pieces in it */
	DEED_TASKS = 't',	/* starts threads; exits with how many it got */
};

extern unsigned int passed, failed, skipped;
void expect(bool ok, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* A cell of this program with these limits, told its deed. 0 or the code of sb_spawn. */
int cell_begin(enum sb_isolation level, const struct sb_limits *limits, enum deed deed,
	       struct sb_cell *ret, int *ret_control, struct wsbox_err *err);

_Noreturn void faults_cell(void);
void test_limits(void);

#endif
