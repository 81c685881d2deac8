/*
 * How each kind of parameter (WASI_PARAMS in calls.h) is shown in a trace.
 */
#ifndef WASI_IOURING_SHOW_H
#define WASI_IOURING_SHOW_H

#include "wasi-iouring/calls.h"
#include "wasi-iouring/text.h"

enum wasi_when { WASI_WHEN_BEFORE, WASI_WHEN_AFTER, WASI_WHEN_RESULT, WASI_WHEN_NEVER };

/* A call that is being shown. */
struct wasi_shown {
	struct wasi_text text;
	struct rt_instance *inst;
	const char *params;		/* of its row */
	const union rt_value *a;	/* its arguments */
	bool has_count;
	uint32_t count;			/* its first result: bytes or events in a buffer */
};

struct wasi_param {
	wasm_valtype type;
	enum wasi_when when;
	void (*show)(struct wasi_shown *s, uint32_t i);	/* argument i */
};

extern const struct wasi_param wasi_params[128];	/* by letter */

/* An argument that the call was to fill and did not: its address, and how many elements fit. */
void wasi_show_unfilled(struct wasi_shown *s, uint32_t i);

#endif
