#include "runtime/base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

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

/* sendfile stays in the kernel; where the source cannot, read and write. */
static int copy(int dst, int src, uint64_t max, uint64_t *ret_size)
{
	char buf[16384];
	uint64_t done = 0;

	for (;;) {
		off_t off = (off_t)done;
		ssize_t n = sendfile(dst, src, &off, 1 << 30);

		if (n < 0 && errno != EINTR) {
			n = pread(src, buf, sizeof(buf), (off_t)done);
			if (n > 0 && fd_write_all(dst, buf, (size_t)n) < 0)
				return -EIO;
		}
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		done += (uint64_t)n;
		if (done > max)
			return -EFBIG;
	}
	*ret_size = done;
	return 0;
}

int fd_copy_sealed(int src, const char *name, uint64_t max, uint64_t *ret_size)
{
	FD_AUTO fd = fd_memfd(name);
	uint64_t size;
	struct stat st;
	int ret;

	if (fd < 0)
		return fd;
	if (fstat(src, &st) == 0 && S_ISREG(st.st_mode) && (uint64_t)st.st_size > max)
		return -EFBIG;
	ret = copy(fd, src, max, &size);
	if (ret == 0)
		ret = fd_seal(fd);
	if (ret < 0)
		return ret;
	if (ret_size)
		*ret_size = size;
	return fd_take(&fd);
}
