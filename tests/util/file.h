/* For tests that need files. */
#ifndef TESTS_UTIL_FILE_H
#define TESTS_UTIL_FILE_H

#include <stddef.h>

/*
 * Makes dir/name, which is not there yet, with these n bytes (NULL: zeros) and mode 0600: a
 * descriptor to read and write it, the caller's to close. Ends the test's process if it cannot.
 */
int test_file(const char *dir, const char *name, const void *bytes, size_t n);

/* How many entries of a directory have names that begin so; 0 if it cannot be read. */
unsigned int test_entries(const char *path, const char *prefix);

#endif
