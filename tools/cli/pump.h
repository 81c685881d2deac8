/*
 * Carries one output of the guest through a pipe of the supervisor's, so that it can be counted
 * (--max-output), and what passes a terminal of its own (tty.h). Never blocks on a slow reader
 * while there are limits to keep: it writes only what poll says will not block.
 */
#ifndef TOOLS_CLI_PUMP_H
#define TOOLS_CLI_PUMP_H

#include <limits.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

struct pump {
	int in;			/* end of a pipe, or of a terminal; -1: closed */
	int out;		/* where it goes; not owned */
	uint32_t len, off;	/* bytes held: buf[off..len] */
	int error;		/* errno that lost bytes; a reader that went away is none */
	char buf[PIPE_BUF];	/* poll's POLLOUT on a pipe promises room for this many */
};

/* Carries from in, which it owns then, to out. */
void pump_init(struct pump *p, int in, int out);

/* Makes the pipe; *ret_guest is the guest's end, owned by the caller. 0 or -errno. */
int pump_open(struct pump *p, int out, int *ret_guest);
void pump_close(struct pump *p);

/* What to poll for; fd -1 when nothing. */
struct pollfd pump_wants(const struct pump *p);

/*
 * After poll. Moves bytes on, at most *budget of them (which it lowers). false when the guest wrote
 * more than that: what was within the budget is still carried.
 */
bool pump_move(struct pump *p, short revents, uint64_t *budget);

/* Nothing more will come. */
static inline bool pump_over(const struct pump *p)
{
	return p->in < 0 && p->off == p->len;
}

#endif
