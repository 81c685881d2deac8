/*
 * A terminal of the guest's own (--tty). The guest has its slave side as standard input, output and
 * error; the supervisor carries what passes its master side:
 *
 *	standard input ── in ──► master ═══ slave: 0, 1 and 2 of the guest
 *	standard output ◄── a pump of the session's ──┘
 *
 * The line discipline (echo, editing, end of file) is the new terminal's, with the settings of the
 * caller's; the caller's passes keys as they are typed while it is ours. It is ours in the
 * foreground only, and each way out gives it back. No process is of the new terminal's session, so
 * what the keys of ISIG mean is read here as its line discipline would. Nobody changes its
 * settings: the guest has no ioctl.
 */
#ifndef TOOLS_CLI_TTY_H
#define TOOLS_CLI_TTY_H

#include <poll.h>
#include <stdbool.h>
#include <termios.h>

#include "runtime/base/err.h"
#include "tools/cli/pump.h"

struct tty {
	int master;		/* -1: there is none */
	int out;		/* standard output, never blocking where it is a terminal */
	int caller;		/* the terminal whose keys are taken, -1: none */
	bool raw;		/* caller has our settings, not those of cooked */
	bool waiting;		/* caller is another job's: we are to stop until it is ours */
	bool literal;		/* the last key was VLNEXT */
	struct termios cooked;	/* of caller, before */
	struct termios own;	/* of the new terminal */
	struct pump in;
};

void tty_init(struct tty *t);

/*
 * Makes the terminal. keys (--interactive): standard input is typed on it, and if that is a
 * terminal itself it is taken as by tty_seize. 0, or -errno with err set and nothing to close.
 */
int tty_open(struct tty *t, bool keys, struct wsbox_err *err);

/* Gives the caller's terminal back and closes all. Harmless without tty_open. */
void tty_close(struct tty *t);

/* The guest's side, owned by the caller, or -errno. */
int tty_slave(const struct tty *t);

/*
 * Takes the caller's terminal, if its keys are wanted and this is its foreground process group;
 * else sets waiting. Whatever its settings are then is what tty_release brings back.
 */
void tty_seize(struct tty *t);
void tty_release(struct tty *t);

/* The caller's terminal will not be ours: its input is at its end. */
void tty_give_up(struct tty *t);

/* The new terminal gets the size of the caller's, the first of 0 to 2 that is one. */
void tty_resize(const struct tty *t);

/* What to poll for; fd -1 when nothing. */
struct pollfd tty_wants(const struct tty *t);

/*
 * After poll: types what came on the guest's terminal, and after the end of it the key that means
 * this for whoever reads. The signal that one of the keys stands for (SIGINT, SIGQUIT; SIGTSTP if
 * there is a terminal to leave), or 0.
 */
int tty_type(struct tty *t, short revents);

#endif
