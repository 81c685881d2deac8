/*
 * Making and freeing a guest's WASI: everything that allocates or opens is here, before the process
 * locks itself.
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "runtime/base/num.h"
#include "wasi-iouring/calls.h"
#include "wasi-iouring/poll.h"
#include "wasi-iouring/ring.h"
#include "wasi-iouring/sys.h"
#include "wasi-iouring/trace.h"

#define NOFILE_DEFAULT 1024
#define NOFILE_MAX (1u << 20)
#define ALIGN 64
#ifndef ST_NOSYMFOLLOW
#define ST_NOSYMFOLLOW 0x2000	/* Linux 5.10 */
#endif

static uint8_t socket_type(int fd)
{
	socklen_t len = sizeof(int);
	int type = SOCK_STREAM;

	(void)getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len);
	return type == SOCK_DGRAM ? WASI_TYPE_SOCKET_DGRAM : WASI_TYPE_SOCKET_STREAM;
}

/*
 * A device that can seek, such as /dev/null, is no terminal, and libc tells the two apart by just
 * that.
 */
static uint8_t adopted_kind(uint32_t mode, int host, bool socket)
{
	if (S_ISREG(mode) || S_ISBLK(mode) || (S_ISCHR(mode) && lseek(host, 0, SEEK_CUR) >= 0))
		return WASI_KIND_STANDARD;
	if (S_ISDIR(mode))
		return WASI_KIND_DIRECTORY;
	return socket ? WASI_KIND_SOCKET : WASI_KIND_STREAM;
}

/*
 * Entry n for a descriptor that is open already: 0, 1, 2 and sockets. 0 or -errno; 0 and nothing if
 * it is not open. A
 * directory there gives no way into it: it is not one that the guest was to have. A socket on 0, 1
 * or 2 is only a stream.
 */
static int adopt(struct wasi *w, uint32_t n, int host, bool socket)
{
	struct stat st;
	int flags = fcntl(host, F_GETFL);
	struct wasi_fd *f;

	if (flags < 0 || fstat(host, &st))
		return errno == EBADF ? 0 : -errno;
	f = wasi_fd_set(w, n, adopted_kind(st.st_mode, host, socket), host);
	f->type = S_ISSOCK(st.st_mode) ? socket_type(host) : wasi_type_of_mode(st.st_mode);
	f->rights = wasi_fd_access((uint64_t)flags) & wasi_fd_applicable(f);
	if (f->kind == WASI_KIND_DIRECTORY)
		f->rights &= WASI_RIGHT_FD_FILESTAT_GET | WASI_RIGHT_POLL_FD_READWRITE;
	if (f->kind == WASI_KIND_SOCKET) {
		f->inheriting = WASI_RIGHT_ALL;
		f->state = flags & O_NONBLOCK ? WASI_STATE_NONBLOCK : 0;
	}
	f->state |= flags & O_APPEND ? WASI_STATE_O_APPEND : 0;
	wasi_fd_flags(f, (flags & O_APPEND ? WASI_FD_APPEND : 0) |
				 (flags & O_NONBLOCK ? WASI_FD_NONBLOCK : 0));
	return 0;
}

/*
 * A detached mount comes as an O_PATH descriptor, which cannot be listed. A directory that nobody
 * may read stays one. The first descriptor stays open: with it goes the mount, though not what was
 * opened on it, and the kernel then counts the users of all processors whenever one of them lets
 * go, 0.25 us for each open and close of a file.
 */
static int readable_directory(int fd)
{
	int flags = fcntl(fd, F_GETFL), readable;

	if (flags < 0 || !(flags & O_PATH))
		return fd;
	readable = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return readable < 0 ? fd : readable;
}

static void add_preopen(struct wasi *w, uint32_t n, uint16_t i)
{
	const struct wasi_preopen *p = &w->config.preopens[i];
	struct wasi_fd *f = wasi_fd_set(w, n, WASI_KIND_DIRECTORY, readable_directory(p->fd));

	w->mounts[i] = f->host == p->fd ? -1 : p->fd;
	f->type = WASI_TYPE_DIRECTORY;
	f->state = WASI_STATE_PREOPEN | (p->readonly ? WASI_STATE_READONLY : 0);
	f->preopen = i;
	f->rights = wasi_fd_applicable(f);
	f->inheriting = WASI_RIGHT_ALL;
}

/*
 * The same for looking into a mount; 0 if fd is none that follows no links: the kernel is asked,
 * since a call is trusted by that not to leave the directory.
 */
static int linkless_directory(int fd)
{
	struct statfs st;

	if (fd <= STDERR_FILENO || fstatfs(fd, &st) || !(st.f_flags & ST_NOSYMFOLLOW))
		return 0;
	return fd;
}

/* The next n * size bytes of the mapping. */
static void *carve(uint8_t **at, size_t n, size_t size)
{
	void *piece = *at;

	*at += num_align(n * size, ALIGN);
	return piece;
}

/*
 * One zeroed mapping for everything, of which only the pages in use cost anything: the struct with
 * its small arrays first, then those that most guests hardly touch. NULL when out of memory.
 */
static struct wasi *state_new(const struct wasi_config *config, uint32_t nfds)
{
	size_t npolls = num_max(WASI_POLL_MIN, 2 * (size_t)nfds);
	size_t size = sizeof(struct wasi) + WASI_CALLS_MAX * sizeof(struct rt_func *) +
		      config->npreopens * (sizeof(struct wasi_preopen) + sizeof(int)) +
		      nfds * sizeof(struct wasi_fd) +
		      npolls * (sizeof(struct wasi_poll) + sizeof(struct pollfd) +
				sizeof(struct wasi_ring_poll)) +
		      WASI_DIRBUFS * sizeof(struct wasi_dirbuf) + 9 * ALIGN;
	uint8_t *at = mmap(NULL, size, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	struct wasi_preopen *preopens;
	struct wasi *w;

	if (at == MAP_FAILED)
		return NULL;
	w = carve(&at, 1, sizeof(*w));
	w->config = *config;
	w->mapped = size;
	w->nfds = nfds;
	w->npolls = (uint32_t)npolls;
	w->funcs = carve(&at, WASI_CALLS_MAX, sizeof(*w->funcs));
	preopens = carve(&at, config->npreopens, sizeof(*preopens));
	for (uint32_t i = 0; i < config->npreopens; i++) {
		preopens[i] = config->preopens[i];
		preopens[i].linkless = linkless_directory(preopens[i].linkless);
	}
	w->config.preopens = preopens;
	w->mounts = carve(&at, config->npreopens, sizeof(*w->mounts));
	w->fds = carve(&at, nfds, sizeof(*w->fds));
	w->polls = carve(&at, npolls, sizeof(*w->polls));
	w->pollfds = carve(&at, npolls, sizeof(*w->pollfds));
	w->ring_polls = carve(&at, npolls, sizeof(*w->ring_polls));
	w->dirs = carve(&at, WASI_DIRBUFS, sizeof(*w->dirs));
	assert(at <= (uint8_t *)w + size);
	return w;
}

static uint64_t ring_ops(void)
{
	uint64_t ops = 0;

	for (int i = 0; i < WASI_CALLS_MAX; i++)
		ops |= wasi_call_rows[i].ring;
	return ops;
}

int wasi_new(const struct wasi_config *config, struct rt_store *store, struct wasi **ret,
	     struct wsbox_err *err)
{
	uint32_t nfds = config->nofile ? config->nofile : NOFILE_DEFAULT;
	struct wasi *w;
	int e = 0;

	if (nfds > NOFILE_MAX || 3 + (uint64_t)config->nsockets + config->npreopens > nfds)
		return err_set(err, -EMFILE, WSBOX_FAILED,
			       "WASI: %u descriptors do not hold 3 standard ones, %u sockets and "
			       "%u directories", nfds, config->nsockets, config->npreopens);
	w = state_new(config, nfds);
	if (!w)
		return err_set(err, -ENOMEM, WSBOX_FAILED, "WASI: out of memory");
	w->store = store;
	for (int i = 0; i < 3 && !e; i++)
		e = adopt(w, (uint32_t)i, i, false);
	/* libc takes directories from 3 on until it meets anything else: sockets come behind */
	for (uint32_t i = 0; i < config->npreopens; i++)
		add_preopen(w, 3 + i, (uint16_t)i);
	for (uint32_t i = 0; i < config->nsockets && !e; i++)
		e = adopt(w, 3 + config->npreopens + i, config->sockets[i], true);
	if (e) {
		wasi_free(w);
		return err_set(err, e, WSBOX_FAILED, "WASI: cannot look at a descriptor: %s",
			       err_name(e));
	}
	if (config->ring)	/* if it is refused, system calls do the same */
		(void)wasi_ring_new(ring_ops(), 2 * w->nfds, &w->ring);
	if (config->trace.page)
		wasi_trace_begin(w);
	wasi_sys_measure();
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGXFSZ, SIG_IGN);
	*ret = w;
	return 0;
}

void wasi_free(struct wasi *w)
{
	if (!w)
		return;
	for (uint32_t i = 0; i < w->nfds; i++) {
		if (w->fds[i].kind && w->fds[i].host > 2)
			(void)wasi_fd_drop(w, &w->fds[i]);
	}
	for (uint32_t i = 0; i < w->config.npreopens; i++) {
		if (w->mounts[i] >= 0)
			(void)close(w->mounts[i]);
		if (w->config.preopens[i].linkless)
			(void)close(w->config.preopens[i].linkless);
	}
	wasi_ring_free(w->ring);
	(void)munmap(w, w->mapped);
}

bool wasi_ring(const struct wasi *w)
{
	return w->ring;
}
