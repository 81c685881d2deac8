/*
 * The descriptor table: lowest free number first, as POSIX has it, and what kind of thing each
 * entry is.
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/stat.h>
#include <unistd.h>

#include "wasi-iouring/ring.h"
#include "wasi-iouring/state.h"
#include "wasi-iouring/sys.h"

#ifndef RWF_NOAPPEND
#define RWF_NOAPPEND 0x20	/* Linux 6.9; an older kernel says EOPNOTSUPP */
#endif

#define DIRECTORY_RIGHTS \
	(WASI_RIGHT_FD_READDIR | WASI_RIGHT_FD_FILESTAT_GET | WASI_RIGHT_FD_FILESTAT_SET_TIMES | \
	 WASI_RIGHT_POLL_FD_READWRITE | PATH_RIGHTS)
#define PATH_RIGHTS \
	(WASI_RIGHT_PATH_CREATE_DIRECTORY | WASI_RIGHT_PATH_CREATE_FILE | \
	 WASI_RIGHT_PATH_LINK_SOURCE | WASI_RIGHT_PATH_LINK_TARGET | WASI_RIGHT_PATH_OPEN | \
	 WASI_RIGHT_PATH_READLINK | WASI_RIGHT_PATH_RENAME_SOURCE | \
	 WASI_RIGHT_PATH_RENAME_TARGET | WASI_RIGHT_PATH_FILESTAT_GET | \
	 WASI_RIGHT_PATH_FILESTAT_SET_SIZE | WASI_RIGHT_PATH_FILESTAT_SET_TIMES | \
	 WASI_RIGHT_PATH_SYMLINK | WASI_RIGHT_PATH_REMOVE_DIRECTORY | WASI_RIGHT_PATH_UNLINK_FILE)
#define FILE_RIGHTS \
	(WASI_RIGHT_ALL & ~(PATH_RIGHTS | WASI_RIGHT_FD_READDIR | WASI_RIGHT_SOCK_SHUTDOWN | \
			    WASI_RIGHT_SOCK_ACCEPT))
/* libc takes a character device that cannot seek for a terminal (isatty) */
#define STREAM_RIGHTS (FILE_RIGHTS & ~(WASI_RIGHT_FD_SEEK | WASI_RIGHT_FD_TELL))
#define SOCKET_RIGHTS (STREAM_RIGHTS | WASI_RIGHT_SOCK_SHUTDOWN | WASI_RIGHT_SOCK_ACCEPT)

_Static_assert((DIRECTORY_RIGHTS | SOCKET_RIGHTS | FILE_RIGHTS) == WASI_RIGHT_ALL,
	       "each right is of use somewhere");

int64_t wasi_fd_free(struct wasi *w)
{
	while (w->lowest < w->nfds && w->fds[w->lowest].kind)
		w->lowest++;
	assert(w->lowest <= w->nfds);
	return w->lowest < w->nfds ? (int64_t)w->lowest : -EMFILE;
}

struct wasi_fd *wasi_fd_set(struct wasi *w, uint32_t n, enum wasi_kind kind, int host)
{
	struct wasi_fd *f = &w->fds[n];

	assert(n < w->nfds && f->kind == WASI_FREE);
	*f = (struct wasi_fd){ .kind = kind, .host = host };
	f->serial = ++w->serial ? w->serial : ++w->serial;
	return f;
}

/* Takes f's polls out of the ring: they are kept by number. */
static void forget_polls(struct wasi *w, struct wasi_fd *f)
{
	uint32_t n = (uint32_t)(f - w->fds);

	if (!(f->state & WASI_STATE_POLLED))
		return;
	assert(w->ring && n < w->nfds);
	wasi_ring_forget(w->ring, WASI_POLL_KEY(n, WASI_EVENT_READ));
	wasi_ring_forget(w->ring, WASI_POLL_KEY(n, WASI_EVENT_WRITE));
	f->state &= ~WASI_STATE_POLLED;
}

long wasi_fd_drop(struct wasi *w, struct wasi_fd *f)
{
	uint32_t n = (uint32_t)(f - w->fds);
	long result;

	assert(n < w->nfds && f->kind && f->host >= 0);
	forget_polls(w, f);
	if (f->kind == WASI_KIND_DIRECTORY)
		wasi_dir_forget(w, f->serial);
	/*
	 * the process's own last words go to 2:
	 * they must not end in a file that the guest opens next
	 */
	result = f->host == STDERR_FILENO ? 0 : SYS1(close, f->host);
	*f = (struct wasi_fd){ .kind = WASI_FREE };
	if (n < w->lowest)
		w->lowest = n;
	return result;
}

void wasi_fd_move(struct wasi *w, struct wasi_fd *from, struct wasi_fd *to)
{
	assert(from != to && from->kind && to->kind);
	forget_polls(w, from);
	(void)wasi_fd_drop(w, to);
	*to = *from;
	*from = (struct wasi_fd){ .kind = WASI_FREE };
	if (from < w->fds + w->lowest)
		w->lowest = (uint32_t)(from - w->fds);
}

enum wasi_filetype wasi_type_of_mode(uint32_t st_mode)
{
	switch (st_mode & S_IFMT) {
	case S_IFREG:
		return WASI_TYPE_REGULAR;
	case S_IFDIR:
		return WASI_TYPE_DIRECTORY;
	case S_IFLNK:
		return WASI_TYPE_SYMLINK;
	case S_IFCHR:
		return WASI_TYPE_CHARACTER;
	case S_IFBLK:
		return WASI_TYPE_BLOCK;
	case S_IFSOCK:
		return WASI_TYPE_SOCKET_STREAM;
	default:
		return WASI_TYPE_UNKNOWN;	/* a FIFO has no code of its own */
	}
}

enum wasi_errno wasi_fd_settle(struct wasi_fd *f)
{
	struct stat st;
	long r;

	if (!(f->state & WASI_STATE_UNTYPED))
		return WASI_OK;
	assert(f->kind == WASI_KIND_FILE);
	r = SYS2(fstat, f->host, &st);
	if (r < 0)
		return wasi_errno(r);
	f->type = wasi_type_of_mode(st.st_mode);
	f->state &= ~WASI_STATE_UNTYPED;
	if (f->type == WASI_TYPE_DIRECTORY)
		f->kind = WASI_KIND_DIRECTORY;
	else if (f->type != WASI_TYPE_REGULAR && f->type != WASI_TYPE_BLOCK)
		f->kind = WASI_KIND_STREAM;
	return WASI_OK;
}

uint32_t wasi_fd_applicable(struct wasi_fd *f)
{
	if (wasi_fd_settle(f))
		return 0;
	switch (f->kind) {
	case WASI_KIND_DIRECTORY:
		return DIRECTORY_RIGHTS;
	case WASI_KIND_STREAM:
		return STREAM_RIGHTS;
	case WASI_KIND_SOCKET:
		return SOCKET_RIGHTS;
	default:
		return FILE_RIGHTS;
	}
}

uint32_t wasi_fd_access(uint64_t flags)
{
	uint32_t rights = WASI_RIGHT_ALL;

	if ((flags & O_ACCMODE) == O_RDONLY)
		rights &= ~(uint32_t)(WASI_RIGHT_FD_WRITE | WASI_RIGHT_FD_ALLOCATE |
				      WASI_RIGHT_FD_FILESTAT_SET_SIZE);
	if ((flags & O_ACCMODE) == O_WRONLY)
		rights &= ~(uint32_t)WASI_RIGHT_FD_READ;
	return rights;
}

enum wasi_errno wasi_fd_lacking(struct wasi_fd *f, uint32_t need, enum wasi_errno otherwise)
{
	uint32_t applicable = wasi_fd_applicable(f);

	if (otherwise == WASI_ENOTSOCK && f->kind != WASI_KIND_SOCKET)
		return WASI_ENOTSOCK;
	if (f->dropped & need & applicable)
		return WASI_ENOTCAPABLE;
	if (f->kind == WASI_KIND_DIRECTORY)
		return need & ~applicable ? WASI_EBADF : WASI_ENOTCAPABLE;
	if (need & (PATH_RIGHTS | WASI_RIGHT_FD_READDIR))
		return WASI_ENOTDIR;
	if (need == WASI_RIGHT_FD_SEEK)
		return WASI_ESPIPE;
	return otherwise;
}

void wasi_fd_flags(struct wasi_fd *f, uint16_t fdflags)
{
	f->fdflags = fdflags;
	f->rwf = (fdflags & WASI_FD_DSYNC ? RWF_DSYNC : 0) |
		 (fdflags & (WASI_FD_SYNC | WASI_FD_RSYNC) ? RWF_SYNC : 0);
	if (fdflags & WASI_FD_APPEND)
		f->rwf |= f->state & WASI_STATE_O_APPEND ? 0 : RWF_APPEND;
	else
		f->rwf |= f->state & WASI_STATE_O_APPEND ? RWF_NOAPPEND : 0;
}
