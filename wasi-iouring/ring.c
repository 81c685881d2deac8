/*
 * The ring engine: setting one up so that it can do little, and polls that outlive a call.
 *
 * Each key has at most one poll in the kernel. user_data is key | token << 32, and a token is used
 * once, so that a completion of a poll that was cancelled since is told apart and ignored. A poll
 * that was armed by an earlier call says that its descriptor was ready at some time, not that it
 * still is: it is asked again before it counts.
 */
#include <assert.h>
#include <errno.h>
#include <linux/io_uring.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "runtime/base/num.h"
#include "wasi-iouring/ring.h"
#include "wasi-iouring/sys.h"

#define SQ_ENTRIES 64u
#define CQ_ENTRIES_MAX 4096u
#define NO_SQARRAY (1u << 16)	/* IORING_SETUP_NO_SQARRAY, Linux 6.6; not in Debian 12's header */
#define REMOVE_DATA UINT64_MAX	/* user_data of removals: no key */

struct ring_key {
	uint32_t token;		/* of the poll that is armed, 0: none */
	uint32_t armed_in;	/* call that armed it */
	uint32_t asked_in;	/* last call that asked for it */
	short events, revents;	/* revents: of call asked_in */
	int fd;
};

struct wasi_ring {
	int fd;
	uint32_t nkeys, call, token;
	uint32_t *sq_head, *sq_tail, *sq_array, sq_mask, sq_entries;
	uint32_t *cq_head, *cq_tail, cq_mask;
	struct io_uring_sqe *sqes;
	struct io_uring_cqe *cqes;
	void *map;
	size_t map_size, sqes_size;
	struct ring_key *keys;
};

/*
 * Set-up flags, best first; a kernel that does not know one says EINVAL. All need R_DISABLED
 * (5.10).
 */
static const uint32_t ring_flags[] = {
	IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | NO_SQARRAY,	/* 6.6 */
	IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN,		/* 6.1 */
	IORING_SETUP_COOP_TASKRUN,						/* 5.19 */
	0,
};

static int ring_setup(uint32_t nkeys, struct io_uring_params *p)
{
	uint32_t cq = (uint32_t)num_min(num_max(2 * nkeys, 2 * SQ_ENTRIES), CQ_ENTRIES_MAX);
	long fd = -EINVAL;

	for (size_t i = 0; i < ARRAY_SIZE(ring_flags) && fd == -EINVAL; i++) {
		*p = (struct io_uring_params){ .cq_entries = cq };
		p->flags = ring_flags[i] | IORING_SETUP_R_DISABLED | IORING_SETUP_CQSIZE |
			   IORING_SETUP_CLAMP;
		fd = SYS2(io_uring_setup, SQ_ENTRIES, p);
	}
	if (fd >= 0 &&
	    (~p->features & (IORING_FEAT_SINGLE_MMAP | IORING_FEAT_EXT_ARG | IORING_FEAT_NODROP))) {
		(void)SYS1(close, fd);
		return -ENOSYS;
	}
	return (int)fd;
}

static int ring_map(struct wasi_ring *r, const struct io_uring_params *p)
{
	uint8_t *map;

	r->map_size = num_max(p->sq_off.array + p->sq_entries * sizeof(uint32_t),
			      p->cq_off.cqes + p->cq_entries * sizeof(struct io_uring_cqe));
	r->sqes_size = p->sq_entries * sizeof(struct io_uring_sqe);
	r->map = mmap(NULL, r->map_size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, r->fd,
		      IORING_OFF_SQ_RING);
	r->sqes = mmap(NULL, r->sqes_size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, r->fd,
		       IORING_OFF_SQES);
	if (r->map == MAP_FAILED || r->sqes == MAP_FAILED)
		return -ENOMEM;
	map = r->map;
	r->sq_head = (uint32_t *)(map + p->sq_off.head);
	r->sq_tail = (uint32_t *)(map + p->sq_off.tail);
	r->sq_array = p->flags & NO_SQARRAY ? NULL : (uint32_t *)(map + p->sq_off.array);
	assert(!(p->sq_entries & (p->sq_entries - 1)) && !(p->cq_entries & (p->cq_entries - 1)));
	r->sq_entries = p->sq_entries;
	r->sq_mask = p->sq_entries - 1;
	r->cq_head = (uint32_t *)(map + p->cq_off.head);
	r->cq_tail = (uint32_t *)(map + p->cq_off.tail);
	r->cq_mask = p->cq_entries - 1;
	r->cqes = (struct io_uring_cqe *)(map + p->cq_off.cqes);
	return 0;
}

/* At least one register operation must be listed: with none, Linux 7.3 allows all of them. */
static int ring_restrict(int fd, uint64_t ops)
{
	struct io_uring_restriction list[64];
	uint32_t n = 0;
	long r;

	list[n++] = (struct io_uring_restriction){
		.opcode = IORING_RESTRICTION_REGISTER_OP,
		.register_op = IORING_REGISTER_ENABLE_RINGS };
	list[n++] = (struct io_uring_restriction){ .opcode = IORING_RESTRICTION_SQE_FLAGS_ALLOWED };
	for (uint8_t op = 0; op < IORING_OP_LAST && n < ARRAY_SIZE(list); op++) {
		if (ops >> op & 1)
			list[n++] = (struct io_uring_restriction){
				.opcode = IORING_RESTRICTION_SQE_OP, .sqe_op = op };
	}
	assert(n == 2u + (uint32_t)__builtin_popcountll(ops));	/* each has its row */
	r = SYS4(io_uring_register, fd, IORING_REGISTER_RESTRICTIONS, list, n);
	if (r >= 0)
		r = SYS4(io_uring_register, fd, IORING_REGISTER_ENABLE_RINGS, NULL, 0);
	return (int)r;
}

int wasi_ring_new(uint64_t ops, uint32_t nkeys, struct wasi_ring **ret)
{
	struct wasi_ring *r = calloc(1, sizeof(*r));
	struct io_uring_params p;
	int e = -ENOMEM;

	if (!r)
		return -ENOMEM;
	r->fd = -1;
	r->map = r->sqes = MAP_FAILED;
	r->nkeys = nkeys;
	r->keys = calloc(nkeys, sizeof(*r->keys));
	if (!r->keys)
		goto fail;
	e = r->fd = ring_setup(nkeys, &p);
	if (e < 0)
		goto fail;
	e = ring_map(r, &p);
	if (!e)
		e = ring_restrict(r->fd, ops);
	if (e)
		goto fail;
	*ret = r;
	return 0;
fail:
	wasi_ring_free(r);
	return e;
}

void wasi_ring_free(struct wasi_ring *r)
{
	if (!r)
		return;
	if (r->map != MAP_FAILED)
		(void)munmap(r->map, r->map_size);
	if (r->sqes != MAP_FAILED)
		(void)munmap(r->sqes, r->sqes_size);
	if (r->fd >= 0)
		(void)close(r->fd);
	free(r->keys);
	free(r);
}

static uint32_t ring_pending(const struct wasi_ring *r)
{
	uint32_t pending = *r->sq_tail - __atomic_load_n(r->sq_head, __ATOMIC_ACQUIRE);

	assert(pending <= r->sq_entries);
	return pending;
}

/*
 * Submits what is queued, and waits for `wait` completions at most timeout_ns. 0 or -errno; a
 * timeout is 0.
 */
static int ring_enter(struct wasi_ring *r, uint32_t wait, uint64_t timeout_ns)
{
	struct timespec ts = { (time_t)(timeout_ns / 1000000000), (long)(timeout_ns % 1000000000) };
	struct io_uring_getevents_arg arg = {
		.ts = timeout_ns == UINT64_MAX ? 0 : (uint64_t)(uintptr_t)&ts
	};
	long n = SYS6(io_uring_enter, r->fd, ring_pending(r), wait,
		      IORING_ENTER_GETEVENTS | IORING_ENTER_EXT_ARG, &arg, sizeof(arg));

	return n >= 0 || n == -ETIME || n == -EINTR ? 0 : (int)n;
}

/* The next submission entry, zeroed; NULL if the kernel takes none. */
static struct io_uring_sqe *ring_next(struct wasi_ring *r)
{
	struct io_uring_sqe *sqe;
	uint32_t tail = *r->sq_tail;

	if (ring_pending(r) == r->sq_entries &&
	    (ring_enter(r, 0, 0) || ring_pending(r) == r->sq_entries))
		return NULL;
	assert(ring_pending(r) < r->sq_entries);
	sqe = &r->sqes[tail & r->sq_mask];
	*sqe = (struct io_uring_sqe){ 0 };
	if (r->sq_array)
		r->sq_array[tail & r->sq_mask] = tail & r->sq_mask;
	return sqe;
}

static void ring_push(struct wasi_ring *r)
{
	__atomic_store_n(r->sq_tail, *r->sq_tail + 1, __ATOMIC_RELEASE);
}

static int ring_arm(struct wasi_ring *r, uint32_t key)
{
	struct ring_key *k = &r->keys[key];
	struct io_uring_sqe *sqe = ring_next(r);

	if (!sqe)
		return -EBUSY;
	assert(!k->token);
	k->token = ++r->token ? r->token : ++r->token;
	k->armed_in = r->call;
	sqe->opcode = IORING_OP_POLL_ADD;
	sqe->fd = k->fd;
	sqe->poll32_events = (uint32_t)k->events;
	sqe->user_data = key | (uint64_t)k->token << 32;
	ring_push(r);
	return 0;
}

/* One completion. 0 or -errno of arming it again. */
static int ring_take(struct wasi_ring *r, const struct io_uring_cqe *cqe)
{
	uint32_t key = (uint32_t)cqe->user_data;
	struct ring_key *k = &r->keys[key];
	struct pollfd now;

	if (key >= r->nkeys || k->token != cqe->user_data >> 32)
		return 0;
	k->token = 0;
	if (k->asked_in != r->call)
		return 0;
	if (k->armed_in == r->call) {
		k->revents = cqe->res < 0 ? POLLNVAL : (short)cqe->res;
		return 0;
	}
	now = (struct pollfd){ k->fd, k->events, 0 };
	if (SYS5(ppoll, &now, 1, &(struct timespec){ 0 }, NULL, 8) > 0) {
		k->revents = now.revents;
		return 0;
	}
	return ring_arm(r, key);
}

static int ring_reap(struct wasi_ring *r)
{
	uint32_t head = *r->cq_head, tail = __atomic_load_n(r->cq_tail, __ATOMIC_ACQUIRE);
	int e = 0;

	for (; head != tail && !e; head++)
		e = ring_take(r, &r->cqes[head & r->cq_mask]);
	__atomic_store_n(r->cq_head, head, __ATOMIC_RELEASE);
	return e;
}

int wasi_ring_wait(struct wasi_ring *r, struct wasi_ring_poll *polls, uint32_t n,
		   uint64_t timeout_ns)
{
	int ready = 0, e = 0;

	r->call++;
	for (uint32_t i = 0; i < n && !e; i++) {
		struct ring_key *k = &r->keys[polls[i].key];

		assert(polls[i].key < r->nkeys);
		k->asked_in = r->call;
		k->events = polls[i].events;
		k->revents = 0;
		k->fd = polls[i].fd;
		if (!k->token)
			e = ring_arm(r, polls[i].key);
	}
	if (!e)
		e = ring_enter(r, timeout_ns > 0, timeout_ns);
	if (!e)
		e = ring_reap(r);
	if (e)
		return e;
	for (uint32_t i = 0; i < n; i++) {
		polls[i].revents = r->keys[polls[i].key].revents;
		ready += polls[i].revents != 0;
	}
	return ready;
}

void wasi_ring_forget(struct wasi_ring *r, uint32_t key)
{
	struct ring_key *k = &r->keys[key];
	struct io_uring_sqe *sqe = k->token ? ring_next(r) : NULL;

	assert(key < r->nkeys);
	if (!sqe)
		return;
	sqe->opcode = IORING_OP_POLL_REMOVE;
	sqe->fd = -1;
	sqe->addr = key | (uint64_t)k->token << 32;
	sqe->user_data = REMOVE_DATA;
	k->token = 0;
	ring_push(r);
	(void)ring_enter(r, 0, 0);
}
