/*
 * path_open: one openat2. What kind of thing it opened is not asked until it matters
 * (wasi_fd_settle): a program that opens, reads and closes pays for three calls, as natively.
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>

#include "wasi-iouring/calls.h"
#include "wasi-iouring/path.h"
#include "wasi-iouring/sys.h"

struct open_request {
	uint32_t oflags, fdflags;
	uint64_t rights, inheriting;
	bool follow;
};

/* Rights beyond those of path_open that f must have for what is asked of it. */
static uint32_t open_needs(const struct open_request *q)
{
	return (q->oflags & WASI_O_CREAT ? WASI_RIGHT_PATH_CREATE_FILE : 0) |
	       (q->oflags & WASI_O_TRUNC ? WASI_RIGHT_PATH_FILESTAT_SET_SIZE : 0);
}

/* witx: the right to sync what is opened includes that to have each of its writes synced. */
static bool may_sync(const struct wasi_fd *f, uint32_t fdflags)
{
	if (fdflags & (WASI_FD_SYNC | WASI_FD_RSYNC))
		return f->inheriting & WASI_RIGHT_FD_SYNC;
	return !(fdflags & WASI_FD_DSYNC) ||
	       f->inheriting & (WASI_RIGHT_FD_SYNC | WASI_RIGHT_FD_DATASYNC);
}

/* Who asks neither to read nor to write may read, as on Wasmtime. */
static uint64_t open_flags(const struct open_request *q)
{
	bool writes = q->rights & WASI_RIGHT_FD_WRITE;
	bool reads = q->rights & WASI_RIGHT_FD_READ || !writes;
	uint64_t flags = writes ? (reads ? O_RDWR : O_WRONLY) : O_RDONLY;

	flags |= q->follow ? 0 : O_NOFOLLOW;
	flags |= q->oflags & WASI_O_CREAT ? O_CREAT : 0;
	flags |= q->oflags & WASI_O_DIRECTORY ? O_DIRECTORY : 0;
	flags |= q->oflags & WASI_O_EXCL ? O_EXCL : 0;
	flags |= q->oflags & WASI_O_TRUNC ? O_TRUNC : 0;
	flags |= q->fdflags & WASI_FD_NONBLOCK ? O_NONBLOCK : 0;
	return flags;
}

/*
 * Below a read-only preopen whose mount may be writable: nothing may be made or changed, and the
 * errors are those of a read-only mount (EEXIST before EROFS).
 */
static long open_readonly(int dir, const char *path, uint64_t flags)
{
	long fd;

	if (flags & (O_ACCMODE | O_TRUNC)) {
		fd = wasi_path_openat(dir, path, O_PATH | (flags & O_NOFOLLOW), 0);
		if (fd >= 0)
			(void)SYS1(close, fd);
		return fd >= 0 || (fd == -ENOENT && flags & O_CREAT) ? -EROFS : fd;
	}
	fd = wasi_path_openat(dir, path, flags & ~(uint64_t)(O_CREAT | O_EXCL), 0);
	if (fd == -ENOENT && flags & O_CREAT)
		return -EROFS;
	if (fd >= 0 && (flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL)) {
		(void)SYS1(close, fd);
		return -EEXIST;
	}
	return fd;
}

static enum wasi_errno open_checked(const struct wasi_fd *f, const struct open_request *q)
{
	uint32_t need = open_needs(q);

	if (q->oflags & ~(uint32_t)WASI_O_FLAGS || q->fdflags & ~(uint32_t)WASI_FD_FLAGS)
		return WASI_EINVAL;
	if ((q->rights | q->inheriting) & ~(uint64_t)WASI_RIGHT_ALL)
		return WASI_EINVAL;
	/* Linux would make a file and then say that it is no directory */
	if (q->oflags & WASI_O_CREAT && q->oflags & WASI_O_DIRECTORY)
		return WASI_EINVAL;
	if ((f->rights & need) != need || !may_sync(f, q->fdflags) ||
	    (q->rights | q->inheriting) & ~(uint64_t)f->inheriting)
		return WASI_ENOTCAPABLE;
	return WASI_OK;
}

/*
 * Of the rights that are asked for, only those to read and to write narrow what is given: programs
 * made for Wasmtime, which keeps no rights, ask for no more than these and use the others. What was
 * given away by fd_fdstat_set_rights stays away.
 */
static void open_rights(struct wasi_fd *made, uint32_t inherited, uint64_t flags)
{
	made->rights = inherited & wasi_fd_access(flags);
	made->inheriting = inherited;
	made->dropped = WASI_RIGHT_ALL & ~inherited &
			~(uint32_t)(WASI_RIGHT_FD_READ | WASI_RIGHT_FD_WRITE);
}

/* path_open(fd, lookup, path, len, oflags, rights, inheriting, fdflags, ret) */
WASI_CALL(path_open)
{
	struct open_request q = {
		.oflags = ARG32(4), .fdflags = ARG32(7), .rights = ARG64(5), .inheriting = ARG64(6),
		.follow = ARG32(1) & WASI_LOOKUP_FOLLOW,
	};
	enum wasi_errno e = wasi_path_copy(w, inst, ARG32(2), ARG32(3), 0);
	int64_t number = wasi_fd_free(w);
	struct wasi_fd *made;
	uint64_t flags;
	long fd;

	if (!e && ARG32(1) & ~(uint32_t)WASI_LOOKUP_FOLLOW)
		e = WASI_EINVAL;
	if (!e)
		e = open_checked(f, &q);
	if (!e && !rt_mem(inst, ARG32(8), 4))
		e = WASI_EFAULT;
	if (e || number < 0)
		return e ? e : wasi_errno(number);
	flags = open_flags(&q);
	if (f->state & WASI_STATE_READONLY)
		fd = open_readonly(f->host, w->path[0], flags);
	else
		fd = wasi_path_openat(f->host, w->path[0], flags, flags & O_CREAT ? 0666 : 0);
	if (fd < 0)
		return wasi_errno(fd);
	assert(!(f->state & WASI_STATE_READONLY) || !(flags & (O_ACCMODE | O_TRUNC)));
	made = wasi_fd_set(w, (uint32_t)number,
			   q.oflags & WASI_O_DIRECTORY ? WASI_KIND_DIRECTORY : WASI_KIND_FILE,
			   (int)fd);
	made->type = q.oflags & WASI_O_DIRECTORY ? WASI_TYPE_DIRECTORY : WASI_TYPE_UNKNOWN;
	made->state = (f->state & WASI_STATE_READONLY) |
		      (q.oflags & WASI_O_DIRECTORY ? 0 : WASI_STATE_UNTYPED);
	made->state |= q.fdflags & WASI_FD_NONBLOCK ? WASI_STATE_NONBLOCK : 0;
	open_rights(made, f->inheriting, flags);
	wasi_fd_flags(made, (uint16_t)q.fdflags);
	(void)wasi_store(inst, ARG32(8), &(uint32_t){ (uint32_t)number }, 4);
	return WASI_OK;
}
