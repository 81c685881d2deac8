#include "tools/cli/tty.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "runtime/base/fd.h"
#include "runtime/base/num.h"

enum { TTY_ENDS = 64 };		/* ends of file typed at a time */

/* What seized() gives back when we crash. One process has one. */
static const struct tty *in_use;

void tty_init(struct tty *t)
{
	*t = (struct tty){ .master = -1, .out = -1, .caller = -1, .in = { .in = -1 } };
}

/*
 * Keys come as they are typed. Output is processed as before (OPOST): the new terminal leaves that
 * to this one, and what wsbox itself says, and a trace, look as ever.
 */
static void make_raw(struct termios *a)
{
	tcflag_t output = a->c_oflag;

	cfmakeraw(a);
	a->c_oflag = output;
	a->c_cc[VMIN] = 1;
	a->c_cc[VTIME] = 0;
}

/* A terminal that does not control us (ENOTTY) has no foreground for us to be out of. */
static bool is_foreground(int fd)
{
	pid_t group = tcgetpgrp(fd);

	return group < 0 || group == getpgrp();
}

static void crash(int sig)
{
	if (in_use && in_use->raw)
		(void)tcsetattr(in_use->caller, TCSANOW, &in_use->cooked);
	(void)raise(sig);
}

static void watch_crashes(const struct tty *t)
{
	static const int deadly[] = { SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGSYS };
	struct sigaction act = { .sa_handler = crash, .sa_flags = (int)SA_RESETHAND };

	in_use = t;
	for (unsigned int i = 0; i < ARRAY_SIZE(deadly); i++)
		(void)sigaction(deadly[i], &act, NULL);
}

void tty_seize(struct tty *t)
{
	struct termios now, raw;

	if (t->caller < 0)
		return;
	t->waiting = !is_foreground(t->caller);
	if (t->waiting) {
		t->raw = false;
		return;
	}
	if (tcgetattr(t->caller, &now) < 0)
		return;
	raw = now;
	make_raw(&raw);
	/* continued after SIGSTOP: a shell may have put its own settings in place of ours */
	if (t->raw && raw.c_lflag == now.c_lflag)
		return;
	t->cooked = now;
	t->raw = true;
	/* not TCSADRAIN, which waits for a terminal that was stopped; SIGTTOU is blocked */
	(void)tcsetattr(t->caller, TCSANOW, &raw);
}

void tty_release(struct tty *t)
{
	if (t->raw && is_foreground(t->caller))
		(void)tcsetattr(t->caller, TCSANOW, &t->cooked);
	t->raw = false;
}

/* A line discipline has no end of input but this key, and each read takes one. */
static void type_end(struct tty *t)
{
	unsigned char key = t->own.c_cc[VEOF];

	if (t->in.error || !(t->own.c_lflag & ICANON) || key == _POSIX_VDISABLE)
		return;
	memset(t->in.buf, key, TTY_ENDS);
	t->in.off = 0;
	t->in.len = TTY_ENDS;
}

void tty_give_up(struct tty *t)
{
	t->waiting = false;
	fd_closep(&t->caller);
	pump_close(&t->in);
	type_end(t);
}

void tty_resize(const struct tty *t)
{
	struct winsize size;

	for (int fd = 0; fd <= 2; fd++) {
		if (ioctl(fd, TIOCGWINSZ, &size) < 0)
			continue;
		(void)ioctl(t->master, TIOCSWINSZ, &size);
		return;
	}
}

/* From the caller's settings; what ISTRIP and IUCLC change, tty_type could not tell from others. */
static int set_up(struct tty *t)
{
	FD_AUTO slave = tty_slave(t);
	struct termios out, from;

	if (slave < 0)
		return slave;
	if (tcgetattr(slave, &t->own) < 0)
		return -errno;
	if (tcgetattr(STDIN_FILENO, &from) == 0) {
		t->own.c_iflag = from.c_iflag & ~(tcflag_t)(ISTRIP | IUCLC);
		t->own.c_oflag = from.c_oflag;
		t->own.c_lflag = from.c_lflag & ~(tcflag_t)EXTPROC;
		memcpy(t->own.c_cc, from.c_cc, sizeof(from.c_cc));
	}
	if (tcgetattr(STDOUT_FILENO, &out) == 0 && out.c_oflag & OPOST)
		t->own.c_oflag &= ~(tcflag_t)OPOST;
	return tcsetattr(slave, TCSANOW, &t->own) < 0 ? -errno : 0;
}

/*
 * A terminal that promises room may have it for a part of what is written, and O_NONBLOCK on the
 * descriptor we were given would be everybody's.
 */
static int open_output(void)
{
	int fd = isatty(STDOUT_FILENO) ? open("/proc/self/fd/1", O_WRONLY | O_NOCTTY | O_NONBLOCK |
					      O_CLOEXEC) : -1;

	return fd >= 0 ? fd : fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
}

static int open_all(struct tty *t, bool keys)
{
	int unlocked = 0, ret;

	t->master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (t->master < 0 || ioctl(t->master, TIOCSPTLCK, &unlocked) < 0)
		return -errno;
	ret = set_up(t);
	if (ret < 0)
		return ret;
	tty_resize(t);
	t->out = open_output();
	if (t->out < 0)
		return -errno;
	if (!keys)
		return 0;
	t->in.out = t->master;
	t->in.in = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
	if (t->in.in < 0)
		return -errno;
	if (!isatty(STDIN_FILENO))
		return 0;
	t->caller = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
	return t->caller < 0 ? -errno : 0;
}

int tty_open(struct tty *t, bool keys, struct wsbox_err *err)
{
	int ret = open_all(t, keys);

	if (ret < 0) {
		tty_close(t);
		return err_set(err, ret, WSBOX_FAILED, "--tty: cannot make a terminal: %s",
			       err_name(ret));
	}
	watch_crashes(t);
	tty_seize(t);
	return 0;
}

void tty_close(struct tty *t)
{
	tty_release(t);
	in_use = NULL;
	pump_close(&t->in);
	fd_closep(&t->caller);
	fd_closep(&t->out);
	fd_closep(&t->master);
}

int tty_slave(const struct tty *t)
{
	int fd = ioctl(t->master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

struct pollfd tty_wants(const struct tty *t)
{
	return t->waiting ? (struct pollfd){ .fd = -1 } : pump_wants(&t->in);
}

static bool is_key(const struct tty *t, unsigned char c, int key)
{
	return c == t->own.c_cc[key] && c != _POSIX_VDISABLE;
}

/* As n_tty(4) of the kernel reads it: the meaning of a key after those before it. */
static int key_signal(struct tty *t, unsigned char c)
{
	if (t->literal) {
		t->literal = false;
		return 0;
	}
	if (t->own.c_lflag & ISIG) {
		if (is_key(t, c, VINTR))
			return SIGINT;
		if (is_key(t, c, VQUIT))
			return SIGQUIT;
		if (is_key(t, c, VSUSP))
			return t->caller >= 0 ? SIGTSTP : 0;
	}
	t->literal = t->own.c_lflag & ICANON && t->own.c_lflag & IEXTEN && is_key(t, c, VLNEXT);
	return 0;
}

/*
 * A line discipline works on what was typed later, on its own, unless a reader asks for it: then
 * the echo is there to be read before a guest that is killed takes its side away.
 */
static void await_echo(const struct tty *t)
{
	FD_AUTO slave = tty_slave(t);
	struct pollfd p = { .fd = slave, .events = POLLIN };

	(void)poll(&p, 1, 0);
}

int tty_type(struct tty *t, short revents)
{
	bool reads = revents && t->in.off == t->in.len && t->in.in >= 0;
	uint64_t all = UINT64_MAX;
	int signal = 0;

	if (!revents)
		return 0;
	(void)pump_move(&t->in, revents, &all);
	if (reads && t->in.off < t->in.len) {
		for (uint32_t i = 0; i < t->in.len && !signal; i++)
			signal = key_signal(t, (unsigned char)t->in.buf[i]);
		(void)pump_move(&t->in, POLLOUT, &all);
		if (signal)
			await_echo(t);
	}
	if (pump_over(&t->in))
		type_end(t);
	return signal;
}
