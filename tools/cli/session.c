#include "tools/cli/session.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "runtime/base/fd.h"
#include "runtime/base/num.h"
#include "tools/cli/deadline.h"
#include "tools/cli/session-internal.h"

#define SECOND 1000000000ull

uint64_t session_clock(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * SECOND + (uint64_t)t.tv_nsec;
}

const char *session_end_name(enum session_end end)
{
	static const char *const names[] = {
#define X(id, name) name,
		SESSION_ENDS(X)
#undef X
	};

	return names[end];
}

void session_init(struct session *s, const struct options *o, uint64_t begin)
{
	memset(s, 0, sizeof(*s));
	s->o = o;
	s->module = s->image = s->next = s->signals = -1;
	s->code.cache.dir = -1;
	s->code.err = (struct wsbox_err)WSBOX_ERR_INIT;
	s->compiler.control = s->instance.control = -1;
	s->pumps[0].in = s->pumps[1].in = -1;
	s->fill.sock = -1;
	s->optimize = o->tier == TIER_OPTIMIZED;
	tty_init(&s->tty);
	trace_init(&s->trace);
	s->profile.fd = -1;
	s->at.begin = begin;
	s->deadline = o->timeout_ns ? begin + o->timeout_ns : 0;
}

void session_done(struct session *s)
{
	assert(!s->compiler.running && !s->instance.running && !s->code.writing);
	cache_close(&s->code.cache);
	fd_closep(&s->module);
	fd_closep(&s->image);
	fd_closep(&s->next);
	fd_closep(&s->signals);
	fd_closep(&s->compiler.control);
	fd_closep(&s->instance.control);
	pump_close(&s->pumps[0]);
	pump_close(&s->pumps[1]);
	trace_close(&s->trace);
	profile_close(&s->profile);
	listen_close(&s->listeners);
}

void session_end(struct session *s, enum session_end why, int status)
{
	assert(why != SESSION_RUNNING);
	if (s->ended == SESSION_RUNNING) {
		s->ended = why;
		s->status = status;
	}
	if (s->compiler.running)
		sb_kill(&s->compiler.cell);
	if (s->instance.running)
		sb_kill(&s->instance.cell);
}

/*
 * Signals are read from a descriptor. SIGPIPE is blocked for good: a reader of the guest's output
 * that went away is an error of write(). sb_spawn gives cells a mask and dispositions of their own.
 */
static int watch_signals(struct session *s)
{
	const int wanted[] = {
		SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2,
		SIGALRM, SIGXCPU, SIGTSTP, SIGTTIN, SIGTTOU, SIGPIPE, fill_signal(),
	};
	const int of_terminal[] = { SIGWINCH, SIGCONT };
	sigset_t set;

	sigemptyset(&set);
	for (unsigned int i = 0; i < ARRAY_SIZE(wanted); i++) {
		struct sigaction now;

		/* what is ignored, as by nohup, stays so; these two are our own timers' */
		if (wanted[i] == SIGXCPU || wanted[i] == fill_signal() ||
		    sigaction(wanted[i], NULL, &now) < 0 ||
		    now.sa_handler != SIG_IGN)
			sigaddset(&set, wanted[i]);
	}
	for (unsigned int i = 0; s->o->tty && i < ARRAY_SIZE(of_terminal); i++)
		sigaddset(&set, of_terminal[i]);
	sigprocmask(SIG_BLOCK, &set, NULL);
	sigdelset(&set, SIGPIPE);
	s->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (s->signals < 0)
		return err_set(&s->err, -errno, WSBOX_FAILED, "signalfd: %s", err_name(-errno));
	return 0;
}

static void signal_cells(const struct session *s, int signal)
{
	if (s->compiler.running)
		(void)kill(s->compiler.cell.pid, signal);
	if (s->instance.running)
		(void)kill(s->instance.cell.pid, signal);
}

/*
 * The terminal's stop key, or its use from the background: the cells stop and go on with us. The
 * signal itself stops us, so that a shell learns which it was; the kernel does not stop a job that
 * no shell could continue. A terminal that we took is the shell's meanwhile; of one that stays
 * another job's while nobody stops us there is nothing to read.
 */
static void stop_with_cells(struct session *s, int signal)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, signal);
	signal_cells(s, SIGSTOP);
	tty_release(&s->tty);
	(void)raise(signal);
	(void)sigprocmask(SIG_UNBLOCK, &set, NULL);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	tty_seize(&s->tty);
	if (s->tty.waiting && (sigpending(&set) < 0 || !sigismember(&set, SIGCONT)))
		tty_give_up(&s->tty);
	signal_cells(s, SIGCONT);
}

static void take_signals(struct session *s)
{
	struct signalfd_siginfo info;

	while (read(s->signals, &info, sizeof(info)) == sizeof(info)) {
		assert(info.ssi_signo && info.ssi_signo < NSIG);
		if (info.ssi_signo == SIGTSTP || info.ssi_signo == SIGTTIN ||
		    info.ssi_signo == SIGTTOU)
			stop_with_cells(s, (int)info.ssi_signo);
		else if ((int)info.ssi_signo == fill_signal())
			fill_start(s);
		else if (info.ssi_signo == SIGWINCH)
			tty_resize(&s->tty);
		else if (info.ssi_signo == SIGCONT)
			tty_seize(&s->tty);
		else
			verdict_signal(s, (int)info.ssi_signo);
	}
}

int session_send(const struct session_cell *c, const void *msg)
{
	int ret = cell_send(c->control, msg);

	return ret == -EPIPE || ret == -ECONNRESET ? 0 : ret;
}

union message {
	struct cell_head head;
	struct cell_compiled compiled;
	struct cell_ready ready;
	struct cell_exit exit;
	struct cell_where where;
};

/* An instance that is ready before it can be is in somebody's hands, and the image unfinished. */
static bool ready_is_due(const struct session *s)
{
	return !s->ready.head.type && (s->code.result >= CODE_HIT || s->code.sealed);
}

void session_take(struct session *s, struct session_cell *c)
{
	union message m;
	int ret = cell_recv(c->control, &m, sizeof(m));

	/* once, where it ended without reading what we sent; what it said comes behind it */
	if (ret == -ECONNRESET)
		return;
	if (ret == -EPIPE) {
		fd_closep(&c->control);
		return;
	}
	if (ret == 0 && c == &s->compiler && m.head.type == CELL_MSG_COMPILED &&
	    !s->compiled.head.type) {
		s->compiled = m.compiled;
		s->at.compiled = session_clock();
		verdict_compiled(s);
	} else if (ret == 0 && c == &s->instance && m.head.type == CELL_MSG_READY &&
		   ready_is_due(s)) {
		s->ready = m.ready;
		s->at.ready = session_clock();
		code_keep(s);
		fill_arm(s);
	} else if (ret == 0 && c == &s->instance && m.head.type == CELL_MSG_EXIT &&
		   !s->exit.head.type) {
		s->exit = m.exit;
		s->at.exit = session_clock();
		verdict_exit(s);
	} else if (ret == 0 && c == &s->instance && m.head.type == CELL_MSG_WHERE &&
		   fill_where(s, &m.where)) {
		return;
	} else {
		fd_closep(&c->control);
		verdict_protocol(s, c, ret);
		sb_kill(&c->cell);
	}
}

static void reap(struct session *s, struct session_cell *c)
{
	/* what it said before it ended lies in the socket still */
	while (c->control >= 0)
		session_take(s, c);
	if (c == &s->instance && !s->at.exit)
		s->at.exit = session_clock();
	(void)sb_reap(&c->cell, &c->end);
	c->running = false;
	if (c == &s->compiler)
		verdict_compiler(s);
	else
		verdict_instance(s);
}

enum slot {
	SLOT_SIGNALS, SLOT_FILL, SLOT_KEYS, SLOT_CELLS, SLOT_PUMPS = SLOT_CELLS + 4,
	SLOTS = SLOT_PUMPS + 2,
};

static void fill(const struct session *s, struct pollfd *p)
{
	const struct session_cell *cells[2] = { &s->compiler, &s->instance };

	p[SLOT_SIGNALS] = (struct pollfd){ .fd = s->signals, .events = POLLIN };
	p[SLOT_FILL] = (struct pollfd){ .fd = s->fill.sock, .events = POLLIN };
	for (unsigned int i = 0; i < 2; i++) {
		const struct session_cell *c = cells[i];

		p[SLOT_CELLS + 2 * i] =
			(struct pollfd){ .fd = c->running ? c->control : -1, .events = POLLIN };
		p[SLOT_CELLS + 2 * i + 1] =
			(struct pollfd){ .fd = c->running ? c->cell.pidfd : -1, .events = POLLIN };
		p[SLOT_PUMPS + i] = pump_wants(&s->pumps[i]);
	}
	p[SLOT_KEYS] = tty_wants(&s->tty);
}

static void move_output(struct session *s, const struct pollfd *p)
{
	uint64_t max = s->o->max_output ? s->o->max_output : UINT64_MAX;
	uint64_t left = max - s->output;

	assert(s->output <= max);

	for (unsigned int i = 0; i < 2; i++) {
		if (!pump_move(&s->pumps[i], p[i].revents, &left))
			verdict_output(s);
		if (s->pumps[i].error)
			verdict_output_lost(s, s->pumps[i].error);
	}
	s->output = max - left;
}

/* The stop key is for all of our job, as natively; the signal comes back by the signalfd. */
static void take_keys(struct session *s, short revents)
{
	int signal = tty_type(&s->tty, revents);

	if (signal == SIGTSTP)
		(void)kill(0, signal);
	else if (signal)
		verdict_signal(s, signal);
}

static bool cells_run(const struct session *s)
{
	return s->compiler.running || s->instance.running;
}

/* Nanoseconds until somebody must act though nothing happens; UINT64_MAX: never. */
static uint64_t patience(const struct session *s)
{
	uint64_t now;

	if (s->ended == SESSION_RUNNING && s->tty.waiting)
		return 0;
	/* cells that were ended go by themselves, then there may be a reader to wait for */
	if (!s->deadline || (s->ended != SESSION_RUNNING && cells_run(s)))
		return UINT64_MAX;
	now = session_clock();
	return now < s->deadline ? s->deadline - now : 0;
}

/* Past the deadline: a guest ends; without one, the wait for readers that do not read. */
static void past_deadline(struct session *s, const struct pollfd pumps[2])
{
	if (s->ended == SESSION_RUNNING) {
		verdict_timeout(s);
	} else if (!cells_run(s) && !pumps[0].revents && !pumps[1].revents) {
		verdict_unread(s);
		pump_close(&s->pumps[0]);
		pump_close(&s->pumps[1]);
	}
}

static void take_events(struct session *s, const struct pollfd p[SLOTS])
{
	struct session_cell *cells[2] = { &s->compiler, &s->instance };

	if (p[SLOT_SIGNALS].revents)
		take_signals(s);
	if (p[SLOT_FILL].revents)
		fill_take(s);
	if (s->o->max_output || s->o->tty)
		move_output(s, p + SLOT_PUMPS);
	take_keys(s, p[SLOT_KEYS].revents);
	for (unsigned int i = 0; i < 2; i++) {
		if (p[SLOT_CELLS + 2 * i].revents && cells[i]->control >= 0)
			session_take(s, cells[i]);
		if (p[SLOT_CELLS + 2 * i + 1].revents)
			reap(s, cells[i]);
	}
}

/* Waits for something to happen, or for the deadline, and deals with it. */
static void turn(struct session *s)
{
	struct pollfd p[SLOTS];
	uint64_t ns = patience(s);
	struct timespec rest = { (time_t)(ns / SECOND), (long)(ns % SECOND) };

	fill(s, p);
	int n = ppoll(p, SLOTS, ns == UINT64_MAX ? NULL : &rest, NULL);

	if (n > 0)
		take_events(s, p);
	else if (n == 0 && s->tty.waiting)
		stop_with_cells(s, SIGTTIN);
	/* not only when nothing happens: a guest may write without end */
	if (s->deadline && session_clock() >= s->deadline)
		past_deadline(s, p + SLOT_PUMPS);
}

/* A signal also ends the wait for a reader of the guest's output that does not read. */
static bool over(const struct session *s)
{
	if (cells_run(s))
		return false;
	return s->ended == SESSION_SIGNAL || (pump_over(&s->pumps[0]) && pump_over(&s->pumps[1]));
}

int session_work(struct session *s, enum cell_role role, int ret)
{
	if (ret == 0)
		ret = watch_signals(s);
	if (ret == 0 && s->o->tty)
		ret = tty_open(&s->tty, s->o->interactive, &s->err);
	if (ret == 0)
		ret = session_start(s, role);
	if (ret < 0)
		session_end(s, SESSION_FAILED, s->err.status ? s->err.status : WSBOX_FAILED);
	while (!over(s))
		turn(s);
	tty_close(&s->tty);
	s->at.end = session_clock();
	code_done(s);
	assert(s->ended != SESSION_RUNNING);
	return s->status;
}

/* May wait for others: a pipe's writer. */
static int open_inputs(struct session *s, enum cell_role role)
{
	int ret = code_open(s, role);

	s->at.module = session_clock();
	if (ret == 0 && s->o->trace)
		ret = trace_open(&s->trace, s->o->trace_output, &s->err);
	if (ret == 0 && s->o->profile)
		ret = profile_open(&s->profile, s->o->profile, &s->err);
	for (size_t i = 0; ret == 0 && i < s->o->listens.len; i++)
		ret = listen_open(&s->listeners, &s->o->listens.at[i], &s->err);
	return ret;
}

/*
 * Until there is a guest to end, signals do what they do to any program; the deadline interrupts
 * what waits.
 */
static int open_in_time(struct session *s, enum cell_role role)
{
	struct deadline d;
	int ret;

	if (!s->deadline)
		return open_inputs(s, role);
	ret = deadline_set(&d, fill_signal(), s->deadline);
	if (ret < 0)
		return err_set(&s->err, ret, WSBOX_FAILED, "cannot set a timer: %s", err_name(ret));
	ret = open_inputs(s, role);
	deadline_clear(&d);
	if (ret < 0 && session_clock() >= s->deadline)
		verdict_timeout(s);
	return ret;
}

int session_run(struct session *s, enum cell_role role)
{
	int ret = open_in_time(s, role);

	(void)session_work(s, role, ret);
	fill_leave(s);
	return s->status;
}
