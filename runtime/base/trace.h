/*
 * What an instance that is traced shares with its supervisor: one page-sized record, in memory that
 * both have mapped, so that what the instance was doing is known however it ends.
 *
 * The instance writes; the supervisor reads when the instance is gone, and believes none of it:
 * texts are made printable, a length is checked.
 */
#ifndef RUNTIME_BASE_TRACE_H
#define RUNTIME_BASE_TRACE_H

#include <stdint.h>

enum trace_limit {
	/* bytes of a line, newline included: pipes take so many whole (PIPE_BUF) */
	TRACE_LINE = 4096,
	TRACE_CALLS = 64,
	TRACE_NAME = 40,
	TRACE_COLUMN = 40,	/* where the result of a short line stands */
};

struct trace_count {
	char name[TRACE_NAME];	/* "": no such row */
	uint64_t calls, errors, ns;
};

struct trace_page {
	uint32_t len;			/* bytes of `line`: a call that has not ended; 0: none */
	char line[TRACE_LINE];
	struct trace_count counts[TRACE_CALLS];
};

#endif
