/*
 * What the files of a session share: start.c makes the cells, session.c waits for them, verdict.c
 * tells how it ended.
 */
#ifndef TOOLS_CLI_SESSION_INTERNAL_H
#define TOOLS_CLI_SESSION_INTERNAL_H

#include "tools/cli/session.h"

/*
 * All of a session but its opening, which gave ret: starts the cells, or does not if ret < 0 (and
 * err of *s is set), and waits until all is over. The status.
 */
int session_work(struct session *s, enum cell_role role, int ret);

/* Makes what the cells need, starts them and hands them their jobs. 0, or negative with s->err
 * set. */
int session_start(struct session *s, enum cell_role role);

/* Sends a message. 0 or -errno; 0 also to a cell that ended, which its pidfd tells. */
int session_send(const struct session_cell *c, const void *msg);

/*
 * Takes one packet from this cell's socket, or the end of its stream. Each message is taken once
 * and from the cell that may send it; anything else ends the cell.
 */
void session_take(struct session *s, struct session_cell *c);

/* Ends the session for this reason, if nothing else has yet: both cells are killed. err of *s stays
 * as it is. */
void session_end(struct session *s, enum session_end why, int status);

/* The cell ended by itself or was killed: sets the verdict if there is none. */
void verdict_compiler(struct session *s);
void verdict_instance(struct session *s);

/* What it sent is none of those messages, or not now: error of cell_recv(), or 0. */
void verdict_protocol(struct session *s, const struct session_cell *c, int error);

/* The three messages a cell may send, already checked for size. */
void verdict_compiled(struct session *s);
void verdict_exit(struct session *s);

/* A signal to the supervisor. SIGXCPU is the CPU-time limit of a cell. */
void verdict_signal(struct session *s, int signal);
void verdict_timeout(struct session *s);
void verdict_unread(struct session *s);	/* the same, of what is left of a guest that has ended */
void verdict_output(struct session *s);
void verdict_output_lost(struct session *s, int error);

#endif
