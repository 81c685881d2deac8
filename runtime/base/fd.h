/*
 * Descriptors and memfds. Every descriptor is close-on-exec from birth.
 */
#ifndef RUNTIME_BASE_FD_H
#define RUNTIME_BASE_FD_H

#include <stddef.h>
#include <stdint.h>

/* Closes *fd if it is not negative and sets it to -1; keeps errno. For cleanup attributes. */
void fd_closep(int *fd);
#define FD_AUTO __attribute__((cleanup(fd_closep))) int

/* Gives *fd away: returns it and leaves -1 behind. */
static inline int fd_take(int *fd)
{
	int taken = *fd;

	*fd = -1;
	return taken;
}

/* All n bytes, or -errno (-EPIPE, -EIO at an early end of file). Restarts after signals. */
int fd_write_all(int fd, const void *p, size_t n);
int fd_read_all(int fd, void *p, size_t n);

/* A memfd that nobody may execute by path. The name shows in /proc only. */
int fd_memfd(const char *name);

/* Forbids any further write, growth, shrinking and sealing. 0 or -errno. */
int fd_seal(int fd);

/* 0 if fd is sealed as by fd_seal, else -EPERM. */
int fd_sealed(int fd);

/*
 * Copies what src still gives, a file or a pipe, into a new sealed memfd: its descriptor or
 * -errno. -E2BIG beyond max bytes, -EISDIR for a directory, -EINTR where a signal's handler ran
 * while it waited for more of a pipe. Moves src's position. *ret_size may be NULL.
 */
int fd_copy_sealed(int src, const char *name, uint64_t max, uint64_t *ret_size);

#endif
