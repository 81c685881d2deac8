/*
 * --tier auto: a guest starts on the baseline's code at once. When it has run for a while, LLVM
 * makes better code of its module, beside it, in a process of its own. It goes into the cache for
 * later runs, and the guest itself goes on with it:
 *
 *	wsbox ──fork──► filler ──► compiler cell (wsbox-llvm) ──► memfd, sealed ──► code cache
 *	  └──► instance cell ◄── it is complete ───────────────────────┘
 *
 * The instance mapped that memfd read-execute when it was empty, before its lock, and has no
 * descriptor of it; that it is complete a message says, and a signal that it is there.
 *
 * The filler has the run's limits of time and processors and what a compiler cell is given, the
 * lowest priority, and is the first to go when memory is short. It lives while the run does; when
 * the guest has ended by itself, and only then, it is left alone to finish within FILL_AFTER, and
 * nobody waits for it. It ends when wsbox is killed, and with any limit, signal or failure that
 * ends the run. A filler that fails costs the run nothing: -v, --stats and wsbox cache ls tell why.
 */
#ifndef TOOLS_CLI_FILL_H
#define TOOLS_CLI_FILL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "runtime/base/cell.h"
#include "runtime/base/err.h"

/* X(ID, name in the statistics) */
#define FILL_RESULTS(X) \
	X(OFF, "off")			/* not asked for, or nowhere to keep it */ \
	X(NONE, "none")			/* the guest did not run for long enough */ \
	X(UNAVAILABLE, "unavailable")	/* wsbox-llvm is not installed */ \
	X(RUNNING, "running")		/* at the end of the run: and goes on */ \
	X(ELSEWHERE, "elsewhere")	/* another process makes it, or just did */ \
	X(STORED, "stored") \
	X(ENDED, "ended")		/* with the run, or at its limits */ \
	X(FAILED, "failed")

enum fill_result {
#define X(id, name) FILL_##id,
	FILL_RESULTS(X)
#undef X
};

struct session;

struct fill {
	enum fill_result result;
	int sock;			/* to the filler, or the filler's to the run; -1: none */
	bool filler;			/* this session is the filler's */
	bool armed;			/* timer is set */
	timer_t timer;
	bool asked;			/* the instance, where it is */
	struct cell_where where;	/* its answer; head.type 0: none yet */
	pid_t pid;			/* of the filler, until it is waited for */
	uint64_t began, ended;		/* CLOCK_MONOTONIC; 0: not yet */
	uint64_t cpu_ns;		/* of the filler and its cell */
	struct wsbox_err err;		/* of FILL_FAILED and FILL_ENDED */
};

const char *fill_result_name(enum fill_result result);

/* The guest runs: has FILL_SIGNAL sent when it has used so much time that better code may pay. */
void fill_arm(struct session *s);
int fill_signal(void);

/* That signal came: starts the filler. */
void fill_start(struct session *s);

/* The instance says where it is: once, when it was asked. false: it was not. */
bool fill_where(struct session *s, const struct cell_where *where);

/* Something came from the other side. */
void fill_take(struct session *s);

/* The run is over: lets the filler go on alone, or ends it. */
void fill_leave(struct session *s);

/* What the filler tells the run. */
struct fill_report {
	uint32_t result;		/* enum fill_result */
	struct wsbox_err err;
};

#define FILL_AFTER (600ull * 1000000000)	/* wall clock, alone */
#define FILL_CPU (1200ull * 1000000000)		/* processor time of the compiler */

/* filler.c: the filler itself, in a process that was just forked from the run's. */
_Noreturn void filler_main(const struct session *run, int sock);

/* The run let it go on, or ended it. */
void filler_take(struct session *s);

#endif
