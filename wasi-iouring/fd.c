/*
 * Descriptors themselves: closing, moving, flags, rights, attributes, preopens.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>

#include "runtime/base/num.h"
#include "wasi-iouring/attr.h"
#include "wasi-iouring/calls.h"
#include "wasi-iouring/sys.h"

WASI_CALL(fd_close)
{
	return wasi_errno(wasi_fd_drop(w, f));
}

WASI_CALL(fd_renumber)
{
	struct wasi_fd *to = wasi_fd_get(w, ARG32(1));

	if (f != to)
		wasi_fd_move(w, f, to);
	return WASI_OK;
}

/* Of a file whose type nobody has asked yet, the row does not know if the right means anything. */
static bool right_applies(struct wasi_fd *f, uint32_t right)
{
	return wasi_fd_applicable(f) & right;
}

WASI_CALL(fd_sync)
{
	return right_applies(f, WASI_RIGHT_FD_SYNC) ? wasi_errno(SYS1(fsync, f->host)) : WASI_EBADF;
}

WASI_CALL(fd_datasync)
{
	return right_applies(f, WASI_RIGHT_FD_DATASYNC) ? wasi_errno(SYS1(fdatasync, f->host)) :
							  WASI_EBADF;
}

WASI_CALL(fd_advise)
{
	static const uint8_t advice[WASI_ADVICES] = {
		POSIX_FADV_NORMAL, POSIX_FADV_SEQUENTIAL, POSIX_FADV_RANDOM, POSIX_FADV_WILLNEED,
		POSIX_FADV_DONTNEED, POSIX_FADV_NOREUSE,
	};

	if (ARG32(3) >= WASI_ADVICES)
		return WASI_EINVAL;
	if (!right_applies(f, WASI_RIGHT_FD_ADVISE))
		return WASI_EBADF;
	return wasi_errno(SYS4(fadvise64, f->host, ARG64(1), ARG64(2), advice[ARG32(3)]));
}

/* Linux looks at the range before it looks at how the file was opened. */
WASI_CALL(fd_allocate)
{
	if ((int64_t)ARG64(1) < 0 || (int64_t)ARG64(2) <= 0)
		return WASI_EINVAL;
	if (!(f->rights & WASI_RIGHT_FD_ALLOCATE))
		return wasi_fd_lacking(f, WASI_RIGHT_FD_ALLOCATE, WASI_EBADF);
	return wasi_errno(SYS4(fallocate, f->host, 0, ARG64(1), ARG64(2)));
}

/* What a guest is told that what it opens, or accepts, by f can have. */
static uint32_t inheriting_shown(const struct wasi_fd *f)
{
	return f->kind == WASI_KIND_DIRECTORY || f->kind == WASI_KIND_SOCKET ? f->inheriting : 0;
}

WASI_CALL(fd_fdstat_get)
{
	enum wasi_errno e = wasi_fd_settle(f);
	uint32_t applicable = wasi_fd_applicable(f);
	struct wasi_fdstat st = {
		.filetype = f->type, .flags = f->fdflags, .rights = f->rights & applicable,
		.inheriting = inheriting_shown(f),
	};

	if (e)
		return e;
	return WASI_STORE(inst, ARG32(1), st) ? WASI_OK : WASI_EFAULT;
}

WASI_CALL(fd_fdstat_set_flags)
{
	if (ARG32(1) & ~(uint32_t)WASI_FD_FLAGS)
		return WASI_EINVAL;
	if (!right_applies(f, WASI_RIGHT_FD_FDSTAT_SET_FLAGS))
		return WASI_EBADF;
	wasi_fd_flags(f, (uint16_t)ARG32(1));
	return WASI_OK;
}

/* Rights can only be given away, and only those that fd_fdstat_get shows can be kept. */
WASI_CALL(fd_fdstat_set_rights)
{
	uint64_t base = ARG64(1), inheriting = ARG64(2);
	uint32_t shown = f->rights & wasi_fd_applicable(f);

	if (base & ~(uint64_t)shown || inheriting & ~(uint64_t)inheriting_shown(f))
		return WASI_ENOTCAPABLE;
	f->dropped |= f->rights & ~(uint32_t)base;
	f->rights = (uint32_t)base;
	f->inheriting = (uint32_t)inheriting;
	return WASI_OK;
}

uint64_t wasi_attr_ns(const struct timespec *t)
{
	uint64_t ns;

	if (t->tv_sec < 0)
		return 0;
	if (__builtin_mul_overflow((uint64_t)t->tv_sec, 1000000000, &ns) ||
	    __builtin_add_overflow(ns, (uint64_t)t->tv_nsec, &ns))
		return UINT64_MAX;
	return ns;
}

bool wasi_attr_store(struct rt_instance *inst, uint32_t p, const struct stat *st,
		     enum wasi_filetype type)
{
	struct wasi_filestat out = {
		.dev = st->st_dev, .ino = st->st_ino, .filetype = type, .nlink = st->st_nlink,
		.size = (uint64_t)st->st_size, .atim = wasi_attr_ns(&st->st_atim),
		.mtim = wasi_attr_ns(&st->st_mtim), .ctim = wasi_attr_ns(&st->st_ctim),
	};

	return WASI_STORE(inst, p, out);
}

enum wasi_errno wasi_attr_times(uint64_t atim, uint64_t mtim, uint32_t flags,
				struct timespec ret[2])
{
	const uint64_t ns = 1000000000;

	if (flags & ~15u || (flags & WASI_FST_ATIM && flags & WASI_FST_ATIM_NOW) ||
	    (flags & WASI_FST_MTIM && flags & WASI_FST_MTIM_NOW))
		return WASI_EINVAL;
	ret[0] = (struct timespec){ 0, flags & WASI_FST_ATIM_NOW ? UTIME_NOW : UTIME_OMIT };
	ret[1] = (struct timespec){ 0, flags & WASI_FST_MTIM_NOW ? UTIME_NOW : UTIME_OMIT };
	if (flags & WASI_FST_ATIM)
		ret[0] = (struct timespec){ (time_t)(atim / ns), (long)(atim % ns) };
	if (flags & WASI_FST_MTIM)
		ret[1] = (struct timespec){ (time_t)(mtim / ns), (long)(mtim % ns) };
	return WASI_OK;
}

WASI_CALL(fd_filestat_get)
{
	struct stat st;
	long r;

	r = SYS2(fstat, f->host, &st);
	if (r < 0)
		return wasi_errno(r);
	if (!S_ISSOCK(st.st_mode))
		f->type = wasi_type_of_mode(st.st_mode);
	return wasi_attr_store(inst, ARG32(1), &st, f->type) ? WASI_OK : WASI_EFAULT;
}

WASI_CALL(fd_filestat_set_size)
{
	if (ARG64(1) > INT64_MAX)
		return WASI_EINVAL;
	return wasi_errno(SYS2(ftruncate, f->host, ARG64(1)));
}

WASI_CALL(fd_filestat_set_times)
{
	struct timespec times[2];
	enum wasi_errno e = wasi_attr_times(ARG64(1), ARG64(2), ARG32(3), times);

	if (e)
		return e;
	if (f->state & WASI_STATE_READONLY)
		return WASI_EROFS;
	return wasi_errno(SYS4(utimensat, f->host, NULL, times, 0));
}

WASI_CALL(fd_prestat_get)
{
	struct wasi_prestat st = { 0 };

	if (!(f->state & WASI_STATE_PREOPEN))
		return WASI_EBADF;
	st.name_len = (uint32_t)strlen(w->config.preopens[f->preopen].guest);
	return WASI_STORE(inst, ARG32(1), st) ? WASI_OK : WASI_EFAULT;
}

WASI_CALL(fd_prestat_dir_name)
{
	const char *name;
	size_t len;

	if (!(f->state & WASI_STATE_PREOPEN))
		return WASI_ENOTDIR;
	name = w->config.preopens[f->preopen].guest;
	len = strlen(name);
	if (ARG32(2) < len)
		return WASI_ENAMETOOLONG;
	return wasi_store(inst, ARG32(1), name, len) ? WASI_OK : WASI_EFAULT;
}
