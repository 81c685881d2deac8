/* For tests that make and kill processes. */
#ifndef TESTS_UTIL_ENCLOSE_H
#define TESTS_UTIL_ENCLOSE_H

#include <stdbool.h>

/*
 * As root: the rest of the program runs as process 1 of a pid namespace with a /proc of its own, so
 * that whatever a test leaves behind ends with it; the caller's process waits and exits with the
 * same status. For others it does nothing.
 */
void test_enclose(void);

/* Becomes an ordinary user (nobody) if the caller is root. */
bool test_become_user(void);

/*
 * System calls from here on give errno where fmt of struct test_deny says so; inherited by
 * children.
 */
struct test_deny {
	long nr;
	int arg;		/* -1: always */
	unsigned int bits;	/* else: that argument has one of these, or equals if exact */
	bool exact;
	int code;		/* errno */
};
bool test_deny(const struct test_deny *rows, unsigned int n);

#endif
