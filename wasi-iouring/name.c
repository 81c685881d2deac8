/*
 * The path_ calls that make, remove, rename or describe names.
 *
 * Each resolves first and then acts on what was resolved (path.h). A path of one component needs no
 * walk: the descriptor's directory is the place. Errors are Linux's where it can be asked without a
 * trailing slash; where the slash decides, the same answer is computed here.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>

#include "wasi-iouring/attr.h"
#include "wasi-iouring/calls.h"
#include "wasi-iouring/path.h"
#include "wasi-iouring/sys.h"

/* Path `which` from the guest, its place below f, which may end in "." or "..". */
static enum wasi_errno name_walk(struct wasi *w, struct rt_instance *inst, const struct wasi_fd *f,
				 uint32_t p, uint32_t len, int which, struct wasi_place *ret)
{
	enum wasi_errno e = wasi_path_copy(w, inst, p, len, which);

	return e ? e : wasi_place_open(f->host, w->path[which], ret);
}

/* The place of a name that is to be changed. `special` is the answer for "." and "..". */
static enum wasi_errno name_place(struct wasi *w, struct rt_instance *inst, const struct wasi_fd *f,
				  uint32_t p, uint32_t len, enum wasi_errno special,
				  struct wasi_place *ret)
{
	enum wasi_errno e = name_walk(w, inst, f, p, len, 0, ret);

	if (e)
		return e;
	if (ret->last != WASI_LAST_NAME) {
		e = special;
		wasi_place_close(ret);
	}
	return e;
}

/*
 * Whether the kernel may be asked to make a name below f. One that is no directory may have no
 * trailing slash; and that a name exists comes before that nothing can be made here: programs go on
 * at EEXIST.
 */
static enum wasi_errno new_name(const struct wasi_fd *f, const struct wasi_place *p, bool directory)
{
	bool slash = p->slash && !directory;
	enum wasi_errno e;

	if (!slash && !(f->state & WASI_STATE_READONLY))
		return WASI_OK;
	e = wasi_place_look(p);
	if (e == WASI_ENOENT)
		return slash ? e : WASI_EROFS;
	return e == WASI_EISDIR || (e == WASI_ENOTDIR && !slash) ? WASI_EEXIST : e;
}

WASI_CALL(path_create_directory)
{
	struct wasi_place p;
	enum wasi_errno e = name_place(w, inst, f, ARG32(1), ARG32(2), WASI_EEXIST, &p);

	if (e)
		return e;
	e = new_name(f, &p, true);
	if (!e)
		e = wasi_errno(SYS3(mkdirat, p.dir, p.name, 0777));
	wasi_place_close(&p);
	return e;
}

WASI_CALL(path_remove_directory)
{
	struct wasi_place p;
	enum wasi_errno e = name_place(w, inst, f, ARG32(1), ARG32(2), WASI_EINVAL, &p);

	if (e)
		return e;
	e = f->state & WASI_STATE_READONLY ?
		    WASI_EROFS : wasi_errno(SYS3(unlinkat, p.dir, p.name, AT_REMOVEDIR));
	wasi_place_close(&p);
	return e;
}

WASI_CALL(path_unlink_file)
{
	struct wasi_place p;
	enum wasi_errno e = name_place(w, inst, f, ARG32(1), ARG32(2), WASI_EISDIR, &p);

	if (e)
		return e;
	if (f->state & WASI_STATE_READONLY)
		e = WASI_EROFS;
	else
		e = p.slash ? wasi_place_look(&p) : wasi_errno(SYS3(unlinkat, p.dir, p.name, 0));
	wasi_place_close(&p);
	return e;
}

/* path_symlink(old, len, fd, new, len): a target that starts at the root could only lead out */
WASI_CALL(path_symlink)
{
	struct wasi_place p;
	enum wasi_errno e = wasi_path_copy(w, inst, ARG32(0), ARG32(1), 1);

	if (!e && w->path[1][0] == '/')
		e = WASI_EPERM;
	if (!e)
		e = name_place(w, inst, f, ARG32(3), ARG32(4), WASI_EEXIST, &p);
	if (e)
		return e;
	e = new_name(f, &p, false);
	if (!e)
		e = wasi_errno(SYS3(symlinkat, w->path[1], p.dir, p.name));
	wasi_place_close(&p);
	return e;
}

/*
 * The old name of a link. One that ends in a slash, "." or ".." can only name a directory: that is
 * opened, and is then "." below itself, so that Linux says what it says of directories.
 */
static enum wasi_errno link_source(struct wasi *w, struct rt_instance *inst,
				   const struct wasi_fd *f, uint32_t p, uint32_t len,
				   struct wasi_place *ret)
{
	enum wasi_errno e = name_walk(w, inst, f, p, len, 0, ret);
	long fd;

	if (e || (!ret->slash && ret->last == WASI_LAST_NAME))
		return e;
	wasi_place_close(ret);
	e = wasi_path_copy(w, inst, p, len, 0);	/* the walk cut it */
	if (e)
		return e;
	fd = wasi_path_openat(f->host, w->path[0], O_PATH | O_DIRECTORY, 0);
	if (fd < 0)
		return wasi_errno(fd);
	*ret = (struct wasi_place){
		.dir = (int)fd, .opened = true, .last = WASI_LAST_DOT, .name = "."
	};
	return WASI_OK;
}

/* The walks are done: what is left to refuse, and the link. */
static enum wasi_errno link_places(const struct wasi_place *from, const struct wasi_place *to,
				   const struct wasi_fd *to_fd)
{
	enum wasi_errno e;

	if (to->last != WASI_LAST_NAME)
		return WASI_EEXIST;
	e = new_name(to_fd, to, false);
	return e ? e : wasi_errno(SYS5(linkat, from->dir, from->name, to->dir, to->name, 0));
}

/* path_link(fd, lookup, old, len, new_fd, new, len) */
WASI_CALL(path_link)
{
	struct wasi_fd *to_fd = wasi_fd_get(w, ARG32(4));
	struct wasi_place from, to;
	enum wasi_errno e = ARG32(1) ? WASI_EINVAL :
				       link_source(w, inst, f, ARG32(2), ARG32(3), &from);

	if (e)
		return e;
	e = name_walk(w, inst, to_fd, ARG32(5), ARG32(6), 1, &to);
	if (!e) {
		e = link_places(&from, &to, to_fd);
		wasi_place_close(&to);
	}
	/* Linux looks for the old name before it looks where to */
	if (e && from.last == WASI_LAST_NAME && wasi_place_look(&from) == WASI_ENOENT)
		e = WASI_ENOENT;
	wasi_place_close(&from);
	return e;
}

/* Only a directory may be renamed with a trailing slash on either name. */
static enum wasi_errno rename_slashes(const struct wasi_place *from, const struct wasi_place *to)
{
	enum wasi_errno e;

	if (!from->slash && !to->slash)
		return WASI_OK;
	e = wasi_place_look(from);
	return e == WASI_EISDIR ? WASI_OK : e;
}

static enum wasi_errno rename_places(const struct wasi_place *from, const struct wasi_place *to,
				     bool readonly)
{
	enum wasi_errno e;

	if (from->last != WASI_LAST_NAME || to->last != WASI_LAST_NAME)
		return WASI_EBUSY;
	if (readonly)
		return WASI_EROFS;
	e = rename_slashes(from, to);
	return e ? e : wasi_errno(SYS5(renameat2, from->dir, from->name, to->dir, to->name, 0));
}

/* path_rename(fd, old, len, new_fd, new, len): both walks come before any other error */
WASI_CALL(path_rename)
{
	struct wasi_fd *to_fd = wasi_fd_get(w, ARG32(3));
	struct wasi_place from, to;
	enum wasi_errno e = name_walk(w, inst, f, ARG32(1), ARG32(2), 0, &from);

	if (e)
		return e;
	e = name_walk(w, inst, to_fd, ARG32(4), ARG32(5), 1, &to);
	if (!e) {
		e = rename_places(&from, &to, (f->state | to_fd->state) & WASI_STATE_READONLY);
		wasi_place_close(&to);
	}
	wasi_place_close(&from);
	return e;
}

/* The mount of f's directory that follows no links; 0: there is none. */
static int linkless_of(const struct wasi *w, const struct wasi_fd *f)
{
	return f->state & WASI_STATE_PREOPEN ? w->config.preopens[f->preopen].linkless : 0;
}

/*
 * The attributes of what path names. One component that is no link needs one call, as does a path
 * without links where there is a mount for that; anything else a walk.
 */
static long stat_path(int dir, int linkless, const char *path, bool follow, struct stat *st)
{
	bool plain = wasi_path_plain(path);
	long r;

	if (plain || (linkless && wasi_path_down(path))) {
		r = SYS4(newfstatat, plain ? dir : linkless, path, st, AT_SYMLINK_NOFOLLOW);
		if (r != -ELOOP && (r < 0 || !follow || !S_ISLNK(st->st_mode)))
			return r;
	}
	r = wasi_path_openat(dir, path, O_PATH | (follow ? 0 : O_NOFOLLOW), 0);
	if (r >= 0) {
		int fd = (int)r;

		r = SYS2(fstat, fd, st);
		(void)SYS1(close, fd);
	}
	return r;
}

/* path_filestat_get(fd, lookup, path, len, ret) */
WASI_CALL(path_filestat_get)
{
	enum wasi_errno e = wasi_path_copy(w, inst, ARG32(2), ARG32(3), 0);
	struct stat st;
	long r;

	if (!e && ARG32(1) & ~(uint32_t)WASI_LOOKUP_FOLLOW)
		e = WASI_EINVAL;
	if (e)
		return e;
	r = stat_path(f->host, linkless_of(w, f), w->path[0], ARG32(1) & WASI_LOOKUP_FOLLOW, &st);
	if (r < 0)
		return wasi_errno(r);
	return wasi_attr_store(inst, ARG32(4), &st, wasi_type_of_mode(st.st_mode)) ? WASI_OK :
										     WASI_EFAULT;
}

/* path_filestat_set_times(fd, lookup, path, len, atim, mtim, flags) */
WASI_CALL(path_filestat_set_times)
{
	bool follow = ARG32(1) & WASI_LOOKUP_FOLLOW, readonly = f->state & WASI_STATE_READONLY;
	struct timespec times[2];
	enum wasi_errno e = wasi_path_copy(w, inst, ARG32(2), ARG32(3), 0);
	long r;

	if (!e && ARG32(1) & ~(uint32_t)WASI_LOOKUP_FOLLOW)
		e = WASI_EINVAL;
	if (!e)
		e = wasi_attr_times(ARG64(4), ARG64(5), ARG32(6), times);
	if (e)
		return e;
	if (!follow && !readonly && wasi_path_plain(w->path[0]))
		return wasi_errno(SYS4(utimensat, f->host, w->path[0], times, AT_SYMLINK_NOFOLLOW));
	r = wasi_path_openat(f->host, w->path[0], O_PATH | (follow ? 0 : O_NOFOLLOW), 0);
	if (r >= 0) {
		int fd = (int)r;

		r = readonly ? -EROFS : SYS4(utimensat, fd, "", times, AT_EMPTY_PATH);
		(void)SYS1(close, fd);
	}
	return wasi_errno(r);
}

/* Reads a link into w->link. Its length, -EINVAL if it is none. */
static long link_read(struct wasi *w, int dir, int linkless)
{
	const char *path = w->path[0];
	bool plain = wasi_path_plain(path);
	long r;
	int fd;

	if (plain || (linkless && wasi_path_down(path))) {
		r = SYS4(readlinkat, plain ? dir : linkless, path, w->link, sizeof(w->link));
		if (r != -ELOOP)
			return r;
	}
	r = wasi_path_openat(dir, path, O_PATH | O_NOFOLLOW, 0);
	if (r < 0)
		return r;
	fd = (int)r;
	r = SYS4(readlinkat, fd, "", w->link, sizeof(w->link));
	(void)SYS1(close, fd);
	return r == -ENOENT ? -EINVAL : r;	/* what "" on a thing that is no link gives */
}

/* path_readlink(fd, path, len, buf, buf_len, ret): an absolute target would tell of the host */
WASI_CALL(path_readlink)
{
	enum wasi_errno e = wasi_path_copy(w, inst, ARG32(1), ARG32(2), 0);
	uint32_t used;
	long n;

	if (e)
		return e;
	if (!rt_mem(inst, ARG32(3), ARG32(4)) || !rt_mem(inst, ARG32(5), sizeof(used)))
		return WASI_EFAULT;
	n = link_read(w, f->host, linkless_of(w, f));
	if (n < 0)
		return wasi_errno(n);
	if (n && w->link[0] == '/')
		return WASI_EPERM;
	used = (uint32_t)n < ARG32(4) ? (uint32_t)n : ARG32(4);
	(void)wasi_store(inst, ARG32(3), w->link, used);
	(void)WASI_STORE(inst, ARG32(5), used);
	return WASI_OK;
}
