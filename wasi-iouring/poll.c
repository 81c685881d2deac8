/*
 * poll_oneoff: clocks, files, streams and sockets in one wait.
 *
 * Regular files and directories are always ready and cost no call; clocks become the timeout of one
 * wait, and with nothing else to wait for a clock_nanosleep to the absolute time. Subscriptions are
 * copied before anything is waited for and events are written after, so the two may overlap in the
 * guest's memory.
 */
#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <sys/stat.h>
#include <time.h>

#include "wasi-iouring/calls.h"
#include "wasi-iouring/poll.h"
#include "wasi-iouring/sys.h"

static clockid_t poll_clock(uint8_t clock)
{
	return clock == WASI_CLOCK_REALTIME ? CLOCK_REALTIME : CLOCK_MONOTONIC;
}

static uint64_t now_ns(uint8_t clock)
{
	struct timespec t = { 0 };

	(void)clock_gettime(poll_clock(clock), &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* How long to wait is counted by the clock that nobody sets (POSIX, clock_nanosleep). */
static enum wasi_errno sub_clock(struct wasi_poll *p, const struct wasi_subscription *s)
{
	bool absolute = s->clock.flags & WASI_CLOCK_ABSTIME;
	uint64_t at = s->clock.timeout;

	if (s->clock.id >= WASI_CLOCKS || s->clock.flags & ~WASI_CLOCK_ABSTIME)
		return WASI_EINVAL;
	if (s->clock.id > WASI_CLOCK_MONOTONIC)
		return WASI_ENOTSUP;	/* processor time does not pass while one waits */
	p->clock = absolute ? (uint8_t)s->clock.id : WASI_CLOCK_MONOTONIC;
	if (!absolute && __builtin_add_overflow(at, now_ns(p->clock), &at))
		at = UINT64_MAX;
	p->deadline = at;
	return WASI_OK;
}

/* A regular file: ready, with what is left of it. */
static void file_ready(struct wasi_poll *p, const struct wasi_fd *f)
{
	struct stat st;

	p->ready = true;
	p->nbytes = 1;
	if (f->kind == WASI_KIND_FILE && p->tag == WASI_EVENT_READ &&
	    !(f->state & WASI_STATE_KERNEL) && SYS2(fstat, f->host, &st) >= 0)
		p->nbytes = (uint64_t)st.st_size > f->offset ? (uint64_t)st.st_size - f->offset : 0;
}

/*
 * The right to wait, and that to do what is waited for. What was opened without the latter may be
 * waited for, as on Linux; who gave it away may not.
 */
static bool may_poll(struct wasi_fd *f, uint8_t tag)
{
	uint32_t use = tag == WASI_EVENT_READ ? WASI_RIGHT_FD_READ : WASI_RIGHT_FD_WRITE;

	return f->rights & WASI_RIGHT_POLL_FD_READWRITE &&
	       !(f->dropped & wasi_fd_applicable(f) & use);
}

/* slot: the next free place among pollfds. */
static void sub_fd(struct wasi *w, struct wasi_poll *p, int32_t slot)
{
	struct wasi_fd *f = wasi_fd_get(w, p->fd);

	p->error = f ? wasi_fd_settle(f) : WASI_EBADF;
	if (!p->error && !may_poll(f, p->tag))
		p->error = WASI_ENOTCAPABLE;
	if (p->error) {
		p->ready = true;
		return;
	}
	if (f->kind != WASI_KIND_STREAM && f->kind != WASI_KIND_SOCKET) {
		file_ready(p, f);
		return;
	}
	assert(slot >= 0 && (uint32_t)slot < w->npolls);
	p->slot = slot;
	w->pollfds[slot] = (struct pollfd){
		f->host, p->tag == WASI_EVENT_READ ? POLLIN : POLLOUT, 0
	};
}

/*
 * Copies n subscriptions. *ret_slots is how many descriptors must be waited for. What is wrong with
 * one of them is said in its event; of wrong numbers only, nothing can happen at all.
 */
static enum wasi_errno subscribe(struct wasi *w, const uint8_t *list, uint32_t n,
				 uint32_t *ret_slots)
{
	uint32_t slots = 0, wrong = 0;

	for (uint32_t i = 0; i < n; i++) {
		struct wasi_poll *p = &w->polls[i];
		struct wasi_subscription s;
		enum wasi_errno e = WASI_OK;

		memcpy(&s, list + i * sizeof(s), sizeof(s));
		*p = (struct wasi_poll){ .userdata = s.userdata, .tag = s.tag, .slot = -1 };
		if (s.tag >= WASI_EVENTS)
			return WASI_EINVAL;
		if (s.tag == WASI_EVENT_CLOCK) {
			e = sub_clock(p, &s);
		} else {
			p->fd = s.rw.fd;
			sub_fd(w, p, (int32_t)slots);
			slots += p->slot >= 0;
			wrong += p->error == WASI_EBADF;
		}
		if (e)
			return e;
	}
	assert(slots + wrong <= n && n <= w->npolls);
	*ret_slots = slots;
	return wrong < n ? WASI_OK : WASI_EBADF;
}

/*
 * Marks the clocks that have passed. How long until the next one, 0 if something is ready already.
 */
static uint64_t clocks_pass(struct wasi *w, uint32_t n)
{
	uint64_t now[2] = { 0 }, wait = UINT64_MAX;

	for (uint32_t i = 0; i < n; i++) {
		struct wasi_poll *p = &w->polls[i];

		if (p->tag == WASI_EVENT_CLOCK) {
			uint64_t *t = &now[p->clock];

			*t = *t ? *t : now_ns(p->clock);
			p->ready = p->deadline <= *t;
			if (p->deadline - *t < wait)
				wait = p->deadline - *t;
		}
		if (p->ready)
			wait = 0;
	}
	return wait;
}

static void slot_ready(struct wasi *w, struct wasi_poll *p)
{
	short events = w->pollfds[p->slot].revents;

	if (!events)
		return;
	p->ready = true;
	p->nbytes = events & (POLLIN | POLLOUT) ? 1 : 0;
	p->hangup = (events & (POLLHUP | POLLERR)) != 0;
	if (events & POLLNVAL)
		p->error = WASI_EBADF;
}

/*
 * One wait by the ring for the slots of n subscriptions. Ready ones show in pollfds. Number or
 * -errno.
 */
static long wait_ring(struct wasi *w, uint32_t n, uint32_t slots, uint64_t ns)
{
	long ready;

	for (uint32_t i = 0; i < n; i++) {
		const struct wasi_poll *p = &w->polls[i];

		if (p->slot < 0)
			continue;
		assert((uint32_t)p->slot < slots && p->tag != WASI_EVENT_CLOCK);
		w->fds[p->fd].state |= WASI_STATE_POLLED;
		w->ring_polls[p->slot] = (struct wasi_ring_poll){
			WASI_POLL_KEY(p->fd, p->tag), w->pollfds[p->slot].fd,
			w->pollfds[p->slot].events, 0 };
	}
	ready = wasi_ring_wait(w->ring, w->ring_polls, slots, ns);
	for (uint32_t i = 0; i < slots && ready >= 0; i++)
		w->pollfds[i].revents = w->ring_polls[i].revents;
	return ready;
}

static long wait_once(struct wasi *w, uint32_t n, uint32_t slots, uint64_t ns)
{
	struct timespec ts = { (time_t)(ns / 1000000000), (long)(ns % 1000000000) };
	long r;

	if (w->ring && slots >= WASI_POLL_RING_MIN) {
		r = wait_ring(w, n, slots, ns);
		if (r >= 0)
			return r;
	}
	r = SYS5(ppoll, w->pollfds, slots, ns == UINT64_MAX ? NULL : &ts, NULL, 8);
	return r == -EINTR ? 0 : r;
}

/* The only subscriptions are clocks: sleep until the first. */
static void sleep_until(const struct wasi *w, uint32_t n, uint64_t wait)
{
	struct timespec ts = { 0 };
	uint8_t clock = WASI_CLOCK_MONOTONIC;
	uint64_t at;

	if (__builtin_add_overflow(now_ns(clock), wait, &at))
		at = UINT64_MAX;
	if (n == 1) {
		clock = w->polls[0].clock;
		at = w->polls[0].deadline;
	}
	ts.tv_sec = at / 1000000000 > INT64_MAX / 2 ? INT64_MAX / 2 : (time_t)(at / 1000000000);
	ts.tv_nsec = (long)(at % 1000000000);
	(void)SYS4(clock_nanosleep, poll_clock(clock), TIMER_ABSTIME, &ts, NULL);
}

static uint32_t collect(struct wasi *w, struct rt_instance *inst, uint32_t n, uint32_t out)
{
	uint32_t events = 0;

	for (uint32_t i = 0; i < n; i++) {
		const struct wasi_poll *p = &w->polls[i];
		struct wasi_event ev = {
			.userdata = p->userdata, .error = p->error, .type = p->tag,
			.nbytes = p->nbytes, .flags = p->hangup ? WASI_HANGUP : 0,
		};

		if (!p->ready)
			continue;
		(void)WASI_STORE(inst, out + events * (uint32_t)sizeof(ev), ev);
		events++;
	}
	return events;
}

/* poll_oneoff(in, out, n, ret) */
WASI_CALL(poll_oneoff)
{
	uint32_t n = ARG32(2), slots = 0, events;
	const uint8_t *list = rt_mem(inst, ARG32(0),
				     (uint64_t)n * sizeof(struct wasi_subscription));
	enum wasi_errno e;
	bool any = false;

	if (!n || n > w->npolls)
		return WASI_EINVAL;
	if (!list || !rt_mem(inst, ARG32(1), (uint64_t)n * sizeof(struct wasi_event)) ||
	    !rt_mem(inst, ARG32(3), 4))
		return WASI_EFAULT;
	e = subscribe(w, list, n, &slots);
	if (e)
		return e;
	while (!any) {
		uint64_t wait = clocks_pass(w, n);
		long r = 0;

		if (slots)
			r = wait_once(w, n, slots, wait);
		else if (wait)
			sleep_until(w, n, wait);
		if (r < 0)
			return wasi_errno(r);
		for (uint32_t i = 0; i < n && r > 0; i++) {
			if (w->polls[i].slot >= 0)
				slot_ready(w, &w->polls[i]);
		}
		any = r > 0 || clocks_pass(w, n) == 0;
	}
	events = collect(w, inst, n, ARG32(1));
	assert(events && events <= n);
	(void)WASI_STORE(inst, ARG32(3), events);
	return WASI_OK;
}
