/*
 * --trace: the page that a traced instance and its supervisor share, where lines go, and the words
 * at the end of it all.
 */
#ifndef TOOLS_CLI_TRACE_H
#define TOOLS_CLI_TRACE_H

#include "runtime/base/err.h"
#include "runtime/base/trace.h"

struct trace {
	int memfd;			/* the page's, -1: none */
	struct trace_page *page;
	int out;			/* standard error, or FILE, which is then ours to close */
};

void trace_init(struct trace *t);
void trace_close(struct trace *t);

/* Makes the page and opens FILE (NULL: standard error). 0, or -errno with err naming it. */
int trace_open(struct trace *t, const char *file, struct wsbox_err *err);

/*
 * When the instance is gone: the line of a call it never came back from, then one of how it ended,
 * as strace has them.
 */
void trace_end(const struct trace *t, const char *how);

/* The table of strace -c, longest in all first. */
void trace_summary(const struct trace *t);

#endif
