/* Paths: see path.h. */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>

#include "runtime/base/utf8.h"
#include "wasi-iouring/path.h"
#include "wasi-iouring/sys.h"

/* RESOLVE_BENEATH gives EAGAIN when something is renamed during the walk. */
#define WALK_TRIES 32

enum wasi_errno wasi_path_copy(struct wasi *w, struct rt_instance *inst, uint32_t p, uint32_t len,
			       int which)
{
	const char *at = rt_mem(inst, p, len);
	char *to = w->path[which];

	if (!at)
		return WASI_EFAULT;
	if (len >= WASI_PATH_MAX)
		return WASI_ENAMETOOLONG;
	memcpy(to, at, len);
	to[len] = 0;
	if (memchr(to, 0, len))
		return WASI_EINVAL;
	return utf8_valid(to, len) ? WASI_OK : WASI_EILSEQ;
}

static enum wasi_last last_of(const char *name)
{
	if (name[0] != '.')
		return WASI_LAST_NAME;
	if (!name[1])
		return WASI_LAST_DOT;
	return name[1] == '.' && !name[2] ? WASI_LAST_DOTDOT : WASI_LAST_NAME;
}

bool wasi_path_plain(const char *path)
{
	return path[0] && !strchr(path, '/') && last_of(path) == WASI_LAST_NAME;
}

bool wasi_path_down(const char *path)
{
	return path[0] && path[0] != '/' && !strstr(path, "..");
}

/*
 * One component whose link, if it is one, is not followed cannot leave; without the checks of a
 * scoped walk the kernel is faster by a tenth. What it says of a link is answered by the walk.
 */
static long open_plain(int dir, const char *path, struct open_how *how)
{
	uint64_t flags = how->flags, resolve = how->resolve;
	long fd;

	how->flags |= O_NOFOLLOW;
	how->resolve = 0;
	fd = SYS4(openat2, dir, path, how, sizeof(*how));
	how->flags = flags;
	how->resolve = resolve;
	return fd == -ELOOP || fd == -ENOTDIR ? -EAGAIN : fd;
}

long wasi_path_openat(int dir, const char *path, uint64_t flags, uint64_t mode)
{
	struct open_how how = {
		.flags = flags | O_CLOEXEC | (flags & O_PATH ? 0 : O_NOCTTY), .mode = mode,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
	};
	long fd = -EAGAIN;

	if (!(flags & O_PATH) && wasi_path_plain(path))
		fd = open_plain(dir, path, &how);
	for (int i = 0; i < WALK_TRIES && (fd == -EAGAIN || fd == -EINTR); i++)
		fd = SYS4(openat2, dir, path, &how, sizeof(how));
	/*
	 * Of a detached mount that was let go (preopens are), the kernel says EAGAIN for ever where
	 * a path leaves by ".." behind a link.
	 */
	if (fd == -EAGAIN && !(flags & O_NONBLOCK))
		fd = -EXDEV;
	return fd == -EXDEV ? -EPERM : fd;
}

enum wasi_errno wasi_place_open(int dir, char *path, struct wasi_place *ret)
{
	size_t len = strlen(path);
	char *cut;
	long fd;

	assert(dir >= 0);
	*ret = (struct wasi_place){ .dir = dir };
	if (!len)
		return WASI_ENOENT;
	if (path[0] == '/')
		return WASI_EPERM;
	while (path[len - 1] == '/') {
		path[--len] = 0;
		ret->slash = true;
	}
	cut = strrchr(path, '/');
	ret->name = cut ? cut + 1 : path;
	ret->last = last_of(ret->name);
	assert(ret->name[0] && !strchr(ret->name, '/'));	/* what *at calls are safe with */
	if (!cut)
		return ret->last == WASI_LAST_DOTDOT ? WASI_EPERM : WASI_OK;
	*cut = 0;
	fd = wasi_path_openat(dir, path, O_PATH | O_DIRECTORY, 0);
	if (fd < 0)
		return wasi_errno(fd);
	ret->dir = (int)fd;
	ret->opened = true;
	return WASI_OK;
}

void wasi_place_close(struct wasi_place *p)
{
	if (p->opened)
		(void)SYS1(close, p->dir);
	p->opened = false;
}

enum wasi_errno wasi_place_look(const struct wasi_place *p)
{
	struct stat st;
	long r;

	assert(p->last == WASI_LAST_NAME);
	r = SYS4(newfstatat, p->dir, p->name, &st, AT_SYMLINK_NOFOLLOW);

	if (r < 0)
		return wasi_errno(r);
	return S_ISDIR(st.st_mode) ? WASI_EISDIR : WASI_ENOTDIR;
}
