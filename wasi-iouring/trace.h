/*
 * Tracing: entry points that do what those of calls.h do and tell about it. link.c gives a guest
 * the one set or the other, so that a guest that is not traced pays nothing.
 *
 *	fd_write(1, [{iov_base="hello\n", iov_len=6}], 1) = 6 <0.000004>
 *	path_open(3, FOLLOW, "x", 0, 0, 0, 0) = -1 ENOENT (No such file or directory) <0.000003>
 */
#ifndef WASI_IOURING_TRACE_H
#define WASI_IOURING_TRACE_H

#include "wasi-iouring/calls.h"

extern const rt_host_fn wasi_traced[WASI_CALLS_MAX];

/* Puts the names of the calls into the page. */
void wasi_trace_begin(struct wasi *w);

#endif
