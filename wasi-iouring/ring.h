/*
 * An io_uring that can do nothing but poll, and keeps its polls from one call to the next.
 *
 * It is made before the process locks itself, disabled, restricted to the operations in the ring
 * column of calls.h and to no register operation but the one that enables it, then enabled. There
 * is no SQPOLL, no registered file or buffer and no personality: it acts as its process does, on
 * descriptors the process holds.
 *
 * Why only polls: a ring is slower than the system call wherever one call does the work
 * (sandbox.md's figures are in README.md), and WASI 0.1 guests wait for one thing at a time except
 * in poll_oneoff. There a ring wins: a poll stays armed between calls, so that waiting for
 * thousands of descriptors costs one io_uring_enter and the few that became ready, not a walk over
 * all.
 */
#ifndef WASI_IOURING_RING_H
#define WASI_IOURING_RING_H

#include <stdbool.h>
#include <stdint.h>

struct wasi_ring;
struct pollfd;

/*
 * For at most nkeys keys. ops is the mask of operations allowed. 0; -EPERM, -ENOSYS, -EINVAL...
 * when the kernel will not make one; -ENOMEM.
 */
int wasi_ring_new(uint64_t ops, uint32_t nkeys, struct wasi_ring **ret);
void wasi_ring_free(struct wasi_ring *r);

/*
 * A poll to make: key names what is polled (it must not be polled for something else before
 * wasi_ring_forget).
 */
struct wasi_ring_poll {
	uint32_t key;
	int fd;
	short events;
	short revents;		/* out: 0 if not ready */
};

/*
 * As ppoll(2): waits until one is ready or timeout_ns passed (UINT64_MAX: never). How many are
 * ready, or -errno.
 */
int wasi_ring_wait(struct wasi_ring *r, struct wasi_ring_poll *polls, uint32_t n,
		   uint64_t timeout_ns);

/* Cancels what is armed for key: its descriptor is about to be closed. */
void wasi_ring_forget(struct wasi_ring *r, uint32_t key);

#endif
