/* The run's side of a background fill: fill.h tells of both. */
#include "tools/cli/fill.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/base/fd.h"
#include "runtime/base/num.h"
#include "tools/cli/module.h"
#include "tools/cli/session-internal.h"

/*
 * When: LLVM takes about 12 us of a processor for a byte of code (make bench BENCH=compile). A
 * guest that has used a fiftieth of what its code will cost is likely to be run for longer, or
 * again.
 */
#define COST_NS 12000ull			/* a byte */
#define SHARE 50
#define LEAST_NS (100ull * 1000000)		/* processor time of the guest */
#define AGAIN_NS (20ull * 1000000)		/* when the cache is being written */
#define END_MS 1000				/* a filler that was told to end */

const char *fill_result_name(enum fill_result result)
{
	static const char *const names[] = {
#define X(id, name) name,
		FILL_RESULTS(X)
#undef X
	};

	return names[result];
}

int fill_signal(void)
{
	return SIGRTMIN;
}

/* Bytes of code that the guest runs in the baseline's form; 0: it does not, or nothing is kept. */
static uint64_t bytes_to_fill(const struct session *s)
{
	const struct code *c = &s->code;

	if (s->o->tier != TIER_AUTO || (c->result != CODE_MISS && c->result != CODE_HIT) ||
	    !c->cache.limit)
		return 0;
	if (c->result == CODE_MISS)
		return s->compiled.body_bytes;
	return c->found.entry.recipe.tier == CACHE_TIER_BASELINE ? c->found.entry.body_bytes : 0;
}

static void set_timer(struct fill *f, uint64_t ns)
{
	const struct itimerspec at = { .it_value = { (time_t)(ns / 1000000000),
						     (long)(ns % 1000000000) } };

	(void)timer_settime(f->timer, TIMER_ABSTIME, &at, NULL);
}

void fill_arm(struct session *s)
{
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = fill_signal() };
	struct fill *f = &s->fill;
	uint64_t bytes = bytes_to_fill(s), ns;
	clockid_t clock;

	assert(!f->armed && !f->filler);
	if (!bytes || !num_mul(bytes, COST_NS, &ns) ||
	    clock_getcpuclockid(s->instance.cell.pid, &clock) ||
	    timer_create(clock, &event, &f->timer))
		return;
	f->armed = true;
	f->result = FILL_NONE;
	set_timer(f, num_max(ns / SHARE, LEAST_NS));
}

static void disarm(struct fill *f)
{
	if (f->armed)
		(void)timer_delete(f->timer);
	f->armed = false;
}

static void cannot_fill(struct fill *f, int code, const char *what)
{
	f->result = FILL_FAILED;
	(void)err_set(&f->err, code, WSBOX_FAILED, "%s: %s", what, err_name(code));
}

/* A copy of a process with two threads has one, and what the other held is held for ever. */
static bool writer_is_done(struct code *c)
{
	if (c->writing && pthread_tryjoin_np(c->writer, NULL) == 0)
		c->writing = false;
	return !c->writing;
}

static void start_again_soon(struct session *s)
{
	struct timespec used = { 0 };
	clockid_t clock;

	if (clock_getcpuclockid(s->instance.cell.pid, &clock) == 0)
		(void)clock_gettime(clock, &used);
	set_timer(&s->fill, (uint64_t)used.tv_sec * 1000000000 + (uint64_t)used.tv_nsec + AGAIN_NS);
}

/* Asks where the guest is, which it may not say. false: there is no need to. */
static bool ask_where(struct session *s)
{
	const struct cell_image none = { .head = { CELL_MSG_IMAGE, sizeof(none) } };

	if (s->next < 0 || s->fill.asked)
		return false;
	s->fill.asked = true;
	return session_send(&s->instance, &none) == 0 &&
	       kill(s->instance.cell.pid, CELL_SIGNAL_IMAGE) == 0;
}

bool fill_where(struct session *s, const struct cell_where *where)
{
	struct fill *f = &s->fill;

	if (!f->asked || f->where.head.type)
		return false;
	f->where = *where;
	fill_start(s);
	return true;
}

void fill_start(struct session *s)
{
	struct fill *f = &s->fill;
	FD_AUTO llvm = -1;
	int ends[2];

	if (f->result != FILL_NONE || !f->armed || !s->instance.running)
		return;
	if (!writer_is_done(&s->code) || ask_where(s)) {
		start_again_soon(s);
		return;
	}
	disarm(f);
	f->result = FILL_UNAVAILABLE;
	llvm = llvm_program_open("a fill needs", NULL);
	if (llvm < 0)
		return;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0) {
		cannot_fill(f, -errno, "socketpair");
		return;
	}
	FD_AUTO theirs = ends[1];
	FD_AUTO ours = ends[0];
	f->began = session_clock();
	f->pid = fork();
	if (f->pid < 0) {
		cannot_fill(f, -errno, "cannot start a process");
		return;
	}
	if (!f->pid)
		filler_main(s, theirs);
	f->sock = fd_take(&ours);
	f->result = FILL_RUNNING;
}

/* The filler has ended, or is about to. */
static void wait_filler(struct fill *f)
{
	struct rusage u;
	pid_t got;

	do {
		got = wait4(f->pid, NULL, 0, &u);
	} while (got < 0 && errno == EINTR);
	if (got == f->pid)
		f->cpu_ns = (uint64_t)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000000000 +
			    (uint64_t)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) * 1000;
	f->pid = 0;
	f->ended = session_clock();
	fd_closep(&f->sock);
}

static void take_report(struct fill *f)
{
	struct fill_report report;
	ssize_t n = recv(f->sock, &report, sizeof(report), MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n == sizeof(report)) {
		f->result = (enum fill_result)report.result;
		f->err = report.err;
	} else {
		f->result = FILL_FAILED;
		(void)err_set(&f->err, -ECHILD, WSBOX_FAILED, "its process ended early");
	}
	wait_filler(f);
}

/* The guest goes on with the code that the filler made, if it has any of a kind that allows it. */
static void go_on_with_it(struct session *s)
{
	int ret;

	if (s->fill.result != FILL_STORED || s->next < 0 || !s->instance.running)
		return;
	ret = code_send(s, s->next);
	if (ret == 0 && kill(s->instance.cell.pid, CELL_SIGNAL_IMAGE) < 0)
		ret = -errno;
	if (ret < 0)
		(void)err_set(&s->fill.err, ret, WSBOX_FAILED, "cannot hand over the code: %s",
			      err_name(ret));
	fd_closep(&s->next);
}

void fill_take(struct session *s)
{
	if (s->fill.filler) {
		filler_take(s);
		return;
	}
	take_report(&s->fill);
	go_on_with_it(s);
}

static bool ended_by_itself(const struct session *s)
{
	return s->ended == SESSION_EXIT || s->ended == SESSION_TRAP;
}

/* Its end of the socket closes when it ends. */
static void end_filler(struct fill *f)
{
	struct pollfd p = { .fd = f->sock };

	(void)shutdown(f->sock, SHUT_WR);
	if (poll(&p, 1, END_MS) <= 0)
		(void)kill(f->pid, SIGKILL);
	wait_filler(f);
	f->result = FILL_ENDED;
}

void fill_leave(struct session *s)
{
	struct fill *f = &s->fill;

	disarm(f);
	if (f->result == FILL_RUNNING)
		take_report(f);
	if (f->result != FILL_RUNNING)
		return;
	if (ended_by_itself(s))
		(void)send(f->sock, "", 1, MSG_NOSIGNAL);
	else
		end_filler(f);
	fd_closep(&f->sock);
}
