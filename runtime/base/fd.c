#include "runtime/base/fd.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/num.h"

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U
#endif

#define SEALS (F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL)

void fd_closep(int *fd)
{
	int saved = errno;

	if (*fd >= 0)
		close(*fd);
	*fd = -1;
	errno = saved;
}

int fd_write_all(int fd, const void *p, size_t n)
{
	const char *at = p;

	while (n) {
		ssize_t w = write(fd, at, n);

		if (w < 0 && errno == EINTR)
			continue;
		if (w < 0)
			return -errno;
		at += w;
		n -= (size_t)w;
	}
	return 0;
}

int fd_read_all(int fd, void *p, size_t n)
{
	char *at = p;

	while (n) {
		ssize_t r = read(fd, at, n);

		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return -errno;
		if (r == 0)
			return -EIO;
		at += r;
		n -= (size_t)r;
	}
	return 0;
}

int fd_memfd(const char *name)
{
	int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL);

	/* before Linux 6.3 the kernel does not know MFD_NOEXEC_SEAL */
	if (fd < 0 && errno == EINVAL)
		fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	return fd < 0 ? -errno : fd;
}

int fd_seal(int fd)
{
	return fcntl(fd, F_ADD_SEALS, SEALS) < 0 ? -errno : 0;
}

int fd_sealed(int fd)
{
	int seals = fcntl(fd, F_GET_SEALS);

	return seals >= 0 && (seals & SEALS) == SEALS ? 0 : -EPERM;
}

/*
 * One piece of at most room bytes from src to dst: its size, 0 at the end, or -errno.
 * sendfile stays in the kernel, but not every source can.
 */
static ssize_t copy_some(int dst, int src, size_t room, bool *sendfile_works)
{
	char buf[16384];
	ssize_t n;
	int ret;

	assert(room);
	if (*sendfile_works) {
		n = sendfile(dst, src, NULL, num_min(room, 1 << 30));
		if (n >= 0 || errno == EINTR)
			return n < 0 ? -EINTR : n;
		*sendfile_works = false;
	}
	n = read(src, buf, num_min(room, sizeof(buf)));
	if (n <= 0)
		return n < 0 ? -errno : 0;
	ret = fd_write_all(dst, buf, (size_t)n);
	return ret < 0 ? ret : n;
}

static int copy_all(int dst, int src, uint64_t max, uint64_t *ret_size)
{
	bool sendfile_works = true;
	uint64_t done = 0;
	ssize_t n;

	do {
		n = copy_some(dst, src, max - done + 1, &sendfile_works);
		if (n > 0)
			done += (uint64_t)n;
		if (done > max)
			return -E2BIG;
	} while (n > 0);
	if (n < 0)
		return (int)n;
	*ret_size = done;
	return 0;
}

int fd_copy_sealed(int src, const char *name, uint64_t max, uint64_t *ret_size)
{
	FD_AUTO fd = fd_memfd(name);
	uint64_t size = 0;
	struct stat st;
	int ret;

	if (fd < 0)
		return fd;
	if (fstat(src, &st) == 0 && S_ISREG(st.st_mode) && (uint64_t)st.st_size > max)
		return -E2BIG;
	ret = copy_all(fd, src, max, &size);
	if (ret == 0)
		ret = fd_seal(fd);
	if (ret < 0)
		return ret;
	if (ret_size)
		*ret_size = size;
	return fd_take(&fd);
}
