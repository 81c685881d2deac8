/* For tests that start cells. */
#ifndef TESTS_UTIL_GROUP_H
#define TESTS_UTIL_GROUP_H

#include <sys/types.h>

/*
 * The control groups, of all controllers, that the supervisor of this pid made below the caller's
 * own; those of its number's namesake in another pid namespace are among them.
 */
unsigned int test_groups(pid_t pid);

#endif
