/*
 * The functions of wasi.h on Linux itself, for guests that are built natively too: what the same
 * call says without an engine. 3 is the working directory. A path that leaves it is refused, as
 * engines must.
 */
#ifndef GUEST_NATIVE_H
#define GUEST_NATIVE_H

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

typedef uint32_t u32;
typedef uint64_t u64;

static char paths[2][8192];

static inline int answer(long result)
{
	return result < 0 ? errno : 0;
}

static inline int host(u32 fd)
{
	return fd == 3 ? AT_FDCWD : (int)fd;
}

/* Copies a path to paths[which]. EPERM if it leaves by its own components. */
static inline int path_in(int which, const char *at, u32 len)
{
	char *p = paths[which];
	int depth = 0;

	if (memchr(at, 0, len))
		return EINVAL;
	memcpy(p, at, len);
	p[len] = 0;
	if (*p == '/')
		return EPERM;
	while (*p) {
		size_t n = strcspn(p, "/");

		depth += n == 2 && p[0] == '.' && p[1] == '.' ? -1 :
			 n > 0 && !(n == 1 && *p == '.');
		if (depth < 0)
			return EPERM;
		p += n;
		p += strspn(p, "/");
	}
	return 0;
}

static inline int w_path_open(u32 fd, u32 lookup, const char *at, u32 len, u32 oflags, u64 rights,
			      u64 inheriting, u32 fdflags, void *ret)
{
	const u64 read = 1 << 1, write = 1 << 6;
	struct open_how how = { .resolve = RESOLVE_BENEATH };
	int e = path_in(0, at, len);
	long made;

	if (e == EINVAL)
		return e;
	how.flags = rights & write ? (rights & read ? O_RDWR : O_WRONLY) : O_RDONLY;
	how.flags |= (lookup ? 0 : O_NOFOLLOW) | (oflags & 1 ? O_CREAT : 0) |
		     (oflags & 2 ? O_DIRECTORY : 0);
	how.flags |= (oflags & 4 ? O_EXCL : 0) | (oflags & 8 ? O_TRUNC : 0);
	how.mode = how.flags & O_CREAT ? 0666 : 0;
	made = syscall(SYS_openat2, host(fd), paths[0], &how, sizeof(how));
	if (made < 0)
		return errno == EXDEV ? EPERM : errno;
	*(u32 *)ret = (u32)(made == 3 ? fcntl((int)made, F_DUPFD, 4) : made);
	return 0;
}

static inline int w_fd_close(u32 fd)
{
	return answer(close(host(fd)));
}

static inline int w_fd_read(u32 fd, const void *iov, u32 count, u32 *ret)
{
	ssize_t n = readv(host(fd), iov, (int)count);

	*ret = (u32)n;
	return answer(n);
}

static inline int w_fd_write(u32 fd, const void *iov, u32 count, u32 *ret)
{
	ssize_t n = writev(host(fd), iov, (int)count);

	*ret = (u32)n;
	return answer(n);
}

#define ONE(at, len) \
	int e = path_in(0, at, len); \
	if (e) \
		return e

static inline int w_path_create_directory(u32 fd, const char *at, u32 len)
{
	ONE(at, len);
	return answer(mkdirat(host(fd), paths[0], 0777));
}

static inline int w_path_remove_directory(u32 fd, const char *at, u32 len)
{
	ONE(at, len);
	return answer(unlinkat(host(fd), paths[0], AT_REMOVEDIR));
}

static inline int w_path_unlink_file(u32 fd, const char *at, u32 len)
{
	ONE(at, len);
	return answer(unlinkat(host(fd), paths[0], 0));
}

static inline int w_path_readlink(u32 fd, const char *at, u32 len, char *to, u32 room, u32 *ret)
{
	ssize_t n;
	ONE(at, len);

	n = readlinkat(host(fd), paths[0], to, room);
	*ret = (u32)n;
	return answer(n);
}

/* Writes what wasi.h's struct filestat has. */
static inline int w_path_filestat_get(u32 fd, u32 lookup, const char *at, u32 len, void *ret)
{
	struct stat st;
	ONE(at, len);

	if (fstatat(host(fd), paths[0], &st, lookup ? 0 : AT_SYMLINK_NOFOLLOW))
		return errno;
	memcpy(ret, (u64[8]){
	       st.st_dev, st.st_ino, S_ISDIR(st.st_mode) ? 3 : S_ISREG(st.st_mode) ? 4 : 7,
	       st.st_nlink, (u64)st.st_size, 0,
	       (u64)st.st_mtim.tv_sec * 1000000000 + (u64)st.st_mtim.tv_nsec, 0 }, 64);
	return 0;
}

static inline int w_path_filestat_set_times(u32 fd, u32 lookup, const char *at, u32 len, u64 atim,
					    u64 mtim, u32 flags)
{
	struct timespec t[2] = { { (time_t)(atim / 1000000000), (long)(atim % 1000000000) },
				 { (time_t)(mtim / 1000000000), (long)(mtim % 1000000000) } };
	ONE(at, len);

	return answer(utimensat(host(fd), paths[0], t, lookup ? 0 : AT_SYMLINK_NOFOLLOW));
}

static inline int w_path_symlink(const char *target, u32 target_len, u32 fd, const char *at,
				 u32 len)
{
	ONE(at, len);
	e = path_in(1, target, target_len);
	return e == EINVAL || *target == '/' ? e : answer(symlinkat(paths[1], host(fd), paths[0]));
}

#define TWO(from, from_len, to, to_len) \
	int e = path_in(0, from, from_len) ?: path_in(1, to, to_len); \
	if (e) \
		return e

static inline int w_path_rename(u32 fd, const char *from, u32 from_len, u32 fd2, const char *to,
				u32 to_len)
{
	TWO(from, from_len, to, to_len);
	return answer(renameat(host(fd), paths[0], host(fd2), paths[1]));
}

/* Links are not followed: engines refuse that. */
static inline int w_path_link(u32 fd, u32 lookup, const char *from, u32 from_len, u32 fd2,
			      const char *to, u32 to_len)
{
	TWO(from, from_len, to, to_len);
	return lookup ? EINVAL : answer(linkat(host(fd), paths[0], host(fd2), paths[1], 0));
}

static inline const char *error_name(int e)
{
	return e == EOPNOTSUPP ? "NOTSUP" : e ? strerrorname_np(e) + 1 : "OK";
}

#endif
