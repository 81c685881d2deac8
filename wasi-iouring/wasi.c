/*
 * Making and freeing a guest's WASI: everything that allocates or opens is here, before the process
 * locks itself.
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/num.h"
#include "wasi-iouring/calls.h"
#include "wasi-iouring/poll.h"
#include "wasi-iouring/ring.h"
#include "wasi-iouring/sys.h"

#define NOFILE_DEFAULT 1024
#define NOFILE_MAX (1u << 20)

/*
 * Zeroed and touched only where used: a guest with three descriptors pays for three. NULL on
 * failure.
 */
static void *map_array(size_t n, size_t size)
{
	void *at = mmap(NULL, n * size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return at == MAP_FAILED ? NULL : at;
}

static void unmap_array(void *at, size_t n, size_t size)
{
	if (at)
		(void)munmap(at, n * size);
}

static uint32_t access_rights(int flags)
{
	uint32_t rights = WASI_RIGHT_ALL;

	if ((flags & O_ACCMODE) == O_RDONLY)
		rights &= ~(uint32_t)(WASI_RIGHT_FD_WRITE | WASI_RIGHT_FD_ALLOCATE | WASI_RIGHT_FD_FILESTAT_SET_SIZE);
	if ((flags & O_ACCMODE) == O_WRONLY)
		rights &= ~(uint32_t)WASI_RIGHT_FD_READ;
	return rights;
}

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
 * Entry n for a descriptor that is open already: 0, 1, 2 and sockets. Nothing if it is not open. A
 * directory there gives no way into it: it is not one that the guest was to have. A socket on 0, 1
 * or 2 is only a stream.
 */
static void adopt(struct wasi *w, uint32_t n, int host, bool socket)
{
	struct stat st;
	int flags = fcntl(host, F_GETFL);
	struct wasi_fd *f;

	if (flags < 0 || fstat(host, &st))
		return;
	f = wasi_fd_set(w, n, adopted_kind(st.st_mode, host, socket), host);
	f->type = S_ISSOCK(st.st_mode) ? socket_type(host) : wasi_type_of_mode(st.st_mode);
	f->rights = access_rights(flags) & wasi_fd_applicable(f);
	if (f->kind == WASI_KIND_DIRECTORY)
		f->rights &= WASI_RIGHT_FD_FILESTAT_GET | WASI_RIGHT_POLL_FD_READWRITE;
	if (f->kind == WASI_KIND_SOCKET)
		f->inheriting = WASI_RIGHT_ALL;
	wasi_fd_flags(f, (flags & O_APPEND ? WASI_FD_APPEND : 0) | (flags & O_NONBLOCK ? WASI_FD_NONBLOCK : 0));
}

/*
 * A detached mount comes as an O_PATH descriptor, which cannot be listed or synced. A directory
 * that nobody may read stays one.
 */
static int readable_directory(int fd)
{
	int flags = fcntl(fd, F_GETFL), readable;

	if (flags < 0 || !(flags & O_PATH))
		return fd;
	readable = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (readable < 0)
		return fd;
	(void)close(fd);
	return readable;
}

static void add_preopen(struct wasi *w, uint32_t n, uint16_t i)
{
	const struct wasi_preopen *p = &w->config.preopens[i];
	struct wasi_fd *f = wasi_fd_set(w, n, WASI_KIND_DIRECTORY, readable_directory(p->fd));

	f->type = WASI_TYPE_DIRECTORY;
	f->state = WASI_STATE_PREOPEN | (p->readonly ? WASI_STATE_READONLY : 0);
	f->preopen = i;
	f->rights = wasi_fd_applicable(f);
	f->inheriting = WASI_RIGHT_ALL;
}

static const struct wasi_preopen *preopens_copy(const struct wasi_config *config)
{
	struct wasi_preopen *copy = calloc(config->npreopens + 1, sizeof(*copy));

	if (copy && config->npreopens)
		memcpy(copy, config->preopens, config->npreopens * sizeof(*copy));
	return copy;
}

static int arrays_new(struct wasi *w)
{
	w->npolls = (uint32_t)num_max(WASI_POLL_MIN, 2 * (size_t)w->nfds);
	w->fds = map_array(w->nfds, sizeof(*w->fds));
	w->polls = map_array(w->npolls, sizeof(*w->polls));
	w->pollfds = map_array(w->npolls, sizeof(*w->pollfds));
	w->ring_polls = map_array(w->npolls, sizeof(*w->ring_polls));
	w->dirs = map_array(WASI_DIRBUFS, sizeof(*w->dirs));
	w->funcs = calloc(WASI_CALLS_MAX, sizeof(struct rt_func *));
	w->config.preopens = preopens_copy(&w->config);
	return w->config.preopens && w->fds && w->polls && w->pollfds && w->ring_polls && w->dirs && w->funcs ? 0 : -ENOMEM;
}

static uint64_t ring_ops(void)
{
	uint64_t ops = 0;

	for (int i = 0; i < WASI_CALLS_MAX; i++)
		ops |= wasi_call_rows[i].ring;
	return ops;
}

int wasi_new(const struct wasi_config *config, struct rt_store *store, struct wasi **ret, struct wsbox_err *err)
{
	struct wasi *w = calloc(1, sizeof(*w));
	uint64_t first = 3 + (uint64_t)config->nsockets + config->npreopens;

	if (!w)
		return err_set(err, -ENOMEM, WSBOX_FAILED, "WASI: out of memory");
	w->config = *config;
	w->store = store;
	w->nfds = config->nofile ? config->nofile : NOFILE_DEFAULT;
	if (w->nfds > NOFILE_MAX || first > w->nfds) {
		free(w);
		return err_set(err, -EMFILE, WSBOX_FAILED, "WASI: %u descriptors do not hold 3 standard ones, %u sockets and "
			       "%u directories", config->nofile, config->nsockets, config->npreopens);
	}
	if (arrays_new(w)) {
		wasi_free(w);
		return err_set(err, -ENOMEM, WSBOX_FAILED, "WASI: out of memory");
	}
	for (int i = 0; i < 3; i++)
		adopt(w, (uint32_t)i, i, false);
	for (uint32_t i = 0; i < config->nsockets; i++)
		adopt(w, 3 + i, config->sockets[i], true);
	for (uint32_t i = 0; i < config->npreopens; i++)
		add_preopen(w, 3 + config->nsockets + i, (uint16_t)i);
	if (config->ring)
		(void)wasi_ring_new(ring_ops(), 2 * w->nfds, &w->ring);	/* refused: system calls do the same */
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
	for (uint32_t i = 0; w->fds && i < w->nfds; i++) {
		if (w->fds[i].kind && w->fds[i].host > 2)
			(void)wasi_fd_drop(w, &w->fds[i]);
	}
	wasi_ring_free(w->ring);
	unmap_array(w->fds, w->nfds, sizeof(*w->fds));
	unmap_array(w->polls, w->npolls, sizeof(*w->polls));
	unmap_array(w->pollfds, w->npolls, sizeof(*w->pollfds));
	unmap_array(w->ring_polls, w->npolls, sizeof(*w->ring_polls));
	unmap_array(w->dirs, WASI_DIRBUFS, sizeof(*w->dirs));
	free(w->funcs);
	free((void *)w->config.preopens);
	free(w);
}

bool wasi_ring(const struct wasi *w)
{
	return w->ring;
}
