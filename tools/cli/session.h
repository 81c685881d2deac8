/*
 * One run of one module: its two cells, the limits the supervisor itself keeps, and how it ended.
 *
 *	module ──► compiler cell ──image──► sealed here ──► instance cell ──► exit status
 *
 * Both cells are started at once; the instance prepares itself while the compiler works. When the
 * code cache has the image there is no compiler cell. One thread, one poll loop; beside it only the
 * one that writes the cache (code.h), and perhaps a process that fills it (fill.h). Nothing a cell
 * sends is believed beyond what its user may be told: figures, texts (made printable), the exit
 * status.
 */
#ifndef TOOLS_CLI_SESSION_H
#define TOOLS_CLI_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/base/cell.h"
#include "runtime/base/err.h"
#include "sandbox/sandbox.h"
#include "tools/cli/code.h"
#include "tools/cli/fill.h"
#include "tools/cli/options.h"
#include "tools/cli/profile.h"
#include "tools/cli/pump.h"
#include "tools/cli/trace.h"
#include "tools/cli/tty.h"

/* X(ID, name in the statistics) */
#define SESSION_ENDS(X) \
	X(RUNNING, "running") \
	X(EXIT, "exit") \
	X(TRAP, "trap") \
	X(INVALID, "invalid") \
	X(TIMEOUT, "timeout") \
	X(CPU_TIME, "cpu-time") \
	X(MEMORY, "memory-limit") \
	X(OUTPUT, "output-limit") \
	X(SIGNAL, "signal") \
	X(FAILED, "failed")

enum session_end {
#define X(id, name) SESSION_##id,
	SESSION_ENDS(X)
#undef X
};

struct session_cell {
	struct sb_cell cell;
	struct sb_end end;		/* valid once it was started and runs no more */
	int control;			/* our end of its socket, -1: closed */
	bool started, running;
};

/* CLOCK_MONOTONIC at the steps of the supervisor; 0: not reached */
struct session_times {
	uint64_t begin, module, compiler, instance, compiled, ready, exit, end;
};

struct session {
	const struct options *o;
	int module, image;		/* memfds; of a cache hit the entry, and -1 */
	int next;			/* memfd for code that the guest goes on with, or -1 */
	uint64_t module_offset, module_size;
	struct code code;
	struct fill fill;
	bool optimize;			/* the compiler cell is wsbox-llvm */
	bool cpu_checked;
	struct session_cell compiler, instance;
	struct pump pumps[2];		/* with --max-output: the guest's descriptors 1 and 2 */
	struct tty tty;			/* with --tty; its output passes pumps[0] */
	uint64_t output;		/* bytes that passed the pumps */
	struct trace trace;
	struct profile profile;
	struct listeners listeners;
	int signals;			/* signalfd */
	uint64_t deadline;		/* CLOCK_MONOTONIC; 0: none */
	enum session_end ended;
	int status;			/* exit status, once ended */
	struct wsbox_err err;		/* what to say, if err.code is not 0 */
	struct cell_compiled compiled;	/* head.type 0: no such message came */
	struct cell_ready ready;
	struct cell_exit exit;
	struct session_times at;
};

uint64_t session_clock(void);

/* begin: session_clock() at the start of main. */
void session_init(struct session *s, const struct options *o, uint64_t begin);
void session_done(struct session *s);

/*
 * Opens FILE, starts the cells that role needs (RUN: both, if its code is to be made; else the
 * compiler) and waits until all is over. The result is in *s; its status also returned.
 */
int session_run(struct session *s, enum cell_role role);

const char *session_end_name(enum session_end end);

#endif
