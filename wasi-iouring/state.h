/*
 * The state of one guest's WASI, for the files of this folder only.
 *
 * Descriptors: the guest's numbers index `fds`; the host's never show. What an entry keeps in user
 * space is what makes most calls cheaper than natively: the offset of files the guest opened itself
 * (pread, pwrite; seek and tell are free), flags (given with each write, so that nobody else's open
 * file changes) and rights.
 *
 *	kind		offset			read, write
 *	FILE		ours			pread64 pwrite64 preadv pwritev; its type is not
 *						asked before it matters
 *	STANDARD	the kernel's		read write: a regular file on 0, 1 or 2, whose
 *						offset is shared with who started us
 *	DIRECTORY	position in dirbufs	getdents64
 *	STREAM		none			read write: pipe, terminal, device
 *	SOCKET		none			read write; sock_recv: recvfrom, sock_send: sendto
 */
#ifndef WASI_IOURING_STATE_H
#define WASI_IOURING_STATE_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/uio.h>

#include "wasi-iouring/abi.h"
#include "wasi-iouring/wasi.h"

#define WASI_PATH_MAX 4096	/* bytes of a path, with the NUL the kernel wants */
#define WASI_IOV_MAX 1024	/* as Linux */
#define WASI_DIRBUFS 8		/* directories listed at once without asking the kernel again */
#define WASI_DIRBUF_SIZE 32768

enum wasi_kind {
	WASI_FREE, WASI_KIND_FILE, WASI_KIND_STANDARD, WASI_KIND_DIRECTORY, WASI_KIND_STREAM,
	WASI_KIND_SOCKET,
};

enum wasi_fd_state {
	WASI_STATE_UNTYPED = 1 << 0,	/* FILE whose type fstat was not asked for yet */
	WASI_STATE_READONLY = 1 << 1,	/* below a read-only preopen */
	WASI_STATE_PREOPEN = 1 << 2,	/* `preopen` is valid */
	/* only the kernel knows the offset: a FILE after an append, a DIRECTORY being listed */
	WASI_STATE_KERNEL = 1 << 3,
	WASI_STATE_POLLED = 1 << 4,	/* the ring may hold a poll of it */
	WASI_STATE_NONBLOCK = 1 << 5,	/* opened with O_NONBLOCK, by us: nobody else clears it */
	WASI_STATE_NO_NOWAIT = 1 << 6,	/* its driver does not know RWF_NOWAIT */
	WASI_STATE_O_APPEND = 1 << 7,	/* the open file has it, and others may write there, too */
};

struct wasi_fd {
	uint8_t kind;		/* enum wasi_kind */
	uint8_t type;		/* enum wasi_filetype */
	uint8_t state;		/* enum wasi_fd_state */
	uint8_t rwf;		/* RWF_ flags of writes, from fdflags */
	uint16_t fdflags;
	uint16_t preopen;	/* index in the configuration */
	int host;
	uint32_t rights, inheriting;
	/* rights taken by fd_fdstat_set_rights, here or above: their absence is ENOTCAPABLE */
	uint32_t dropped;
	uint64_t offset;	/* of a FILE; of a DIRECTORY, as a cookie */
	uint32_t serial;	/* of this opening; never 0 in an open entry */
};

_Static_assert(sizeof(struct wasi_fd) == 40, "a lookup is two lea");

/* What getdents64 gave, of one directory. */
struct wasi_dirbuf {
	uint32_t serial;	/* of the descriptor, 0: free */
	uint32_t used;		/* when: the smallest is taken next */
	uint32_t len;
	uint32_t at;		/* entry that was served last, */
	uint64_t at_cookie;	/* and the cookie that leads to it */
	uint64_t first;		/* cookie before the first entry */
	uint64_t self;		/* inode of the directory, 0 if not known */
	uint8_t data[WASI_DIRBUF_SIZE];
};

struct pollfd;
struct wasi_poll;
struct wasi_ring;
struct wasi_ring_poll;

struct wasi {
	struct wasi_config config;	/* preopens: a copy of our own */
	struct rt_store *store;
	int *mounts;			/* for each preopen what keeps its mount, or -1 */
	size_t mapped;			/* bytes from here on: all arrays below are in them */
	struct wasi_fd *fds;
	uint32_t nfds;			/* entries of fds */
	uint32_t lowest;		/* no entry below is free */
	uint32_t serial;
	uint32_t tick;			/* for dirbufs */
	uint32_t npolls;		/* subscriptions that one poll_oneoff may have */
	struct wasi_poll *polls;	/* room for them: see poll.c */
	struct pollfd *pollfds;
	struct wasi_ring_poll *ring_polls;
	struct wasi_ring *ring;		/* NULL: system calls */
	struct wasi_dirbuf *dirs;
	struct rt_func **funcs;		/* by row of calls.h, made when first imported */
	struct iovec iov[WASI_IOV_MAX];
	char path[2][WASI_PATH_MAX + 8];
	char link[WASI_PATH_MAX];
};

/* --- table.c --- */

/* The open entry of a guest number, or NULL. */
static inline struct wasi_fd *wasi_fd_get(struct wasi *w, uint32_t n)
{
	return n < w->nfds && w->fds[n].kind ? &w->fds[n] : NULL;
}

/* The lowest free number, or -EMFILE. Not taken until wasi_fd_set(). */
int64_t wasi_fd_free(struct wasi *w);

/* Makes entry n, as wasi_fd_free() gave it; takes over the descriptor host. */
struct wasi_fd *wasi_fd_set(struct wasi *w, uint32_t n, enum wasi_kind kind, int host);

/* Closes the host's descriptor and frees the entry. The result of close(2). */
long wasi_fd_drop(struct wasi *w, struct wasi_fd *f);

/* Moves the entry `from` to the open entry `to`, which is closed. */
void wasi_fd_move(struct wasi *w, struct wasi_fd *from, struct wasi_fd *to);

/*
 * Finds out type and kind of an entry that was opened without asking. WASI_OK or why fstat failed.
 */
enum wasi_errno wasi_fd_settle(struct wasi_fd *f);

/* Rights that a file opened with these flags of open(2) can have. */
uint32_t wasi_fd_access(uint64_t flags);

/* Rights that mean anything for f's type; settles it. */
uint32_t wasi_fd_applicable(struct wasi_fd *f);

/*
 * Why f may not do what needs these rights, at least one of which it lacks; `otherwise` for files
 * that were opened without.
 */
enum wasi_errno wasi_fd_lacking(struct wasi_fd *f, uint32_t need, enum wasi_errno otherwise);

/* Key of a poll in the ring: descriptor n for WASI_EVENT_READ or WASI_EVENT_WRITE. */
#define WASI_POLL_KEY(n, event) (2 * (n) + ((event) == WASI_EVENT_WRITE))

/* Sets fdflags and what follows from them. */
void wasi_fd_flags(struct wasi_fd *f, uint16_t fdflags);

enum wasi_filetype wasi_type_of_mode(uint32_t st_mode);

/* --- memory of the guest --- */

/* n bytes at guest address p into or out of a record; false if not all of it is memory. */
static inline bool wasi_load(struct rt_instance *inst, uint32_t p, void *record, size_t n)
{
	const void *at = rt_mem(inst, p, n);

	if (at)
		memcpy(record, at, n);
	return at;
}

static inline bool wasi_store(struct rt_instance *inst, uint32_t p, const void *record, size_t n)
{
	void *at = rt_mem(inst, p, n);

	if (at)
		memcpy(at, record, n);
	return at;
}

#define WASI_STORE(inst, p, value) wasi_store(inst, p, &(value), sizeof(value))

/* --- io.c --- */

/* As many of n iovecs as one transfer takes: with more it is short, which every caller expects. */
static inline uint32_t wasi_iov_count(uint32_t n)
{
	return n < WASI_IOV_MAX ? n : WASI_IOV_MAX;
}

/* wasi_iov_count(n) of the guest's iovecs at p into w->iov, all inside memory. */
enum wasi_errno wasi_iovecs(struct wasi *w, struct rt_instance *inst, uint32_t p, uint32_t n);

/* Waits until host is ready for events (POLLIN, POLLOUT). 0 or -errno. */
long wasi_wait(int host, short events);

/* Whether it is not ready for them now. */
bool wasi_would_block(int host, short events);

/* --- dir.c --- */
void wasi_dir_forget(struct wasi *w, uint32_t serial);

/* --- ring.c: see ring.h --- */

#endif
