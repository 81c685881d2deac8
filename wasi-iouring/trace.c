/*
 * A traced call: its line is built in the page that the supervisor sees, and written with one write
 * when the call is over. What is there when the process ends in the middle of a call, the
 * supervisor writes.
 */
#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <time.h>

#include "wasi-iouring/show.h"
#include "wasi-iouring/sys.h"
#include "wasi-iouring/trace.h"

/* What arguments leave of a line for the result, and both for the time. */
#define ROOM_RESULT 1536
#define ROOM_TIME 40

_Static_assert((int)WASI_CALLS_MAX <= (int)TRACE_CALLS, "a count for each call");

static const struct wasi_param *param(const struct wasi_shown *s, uint32_t i)
{
	return &wasi_params[(uint8_t)s->params[i]];
}

static uint64_t trace_clock(void)
{
	struct timespec t = { 0 };

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* Shows arguments from i on, up to the first that the call fills. The argument that comes next. */
static uint32_t show_before(struct wasi_shown *s, uint32_t i)
{
	for (; s->params[i] && param(s, i)->when != WASI_WHEN_AFTER; i++) {
		if (param(s, i)->when != WASI_WHEN_BEFORE)
			continue;
		wasi_text_add(&s->text, "%s", i ? ", " : "");
		param(s, i)->show(s, i);
	}
	return i;
}

/* The rest of the arguments. What a call that failed did not fill is shown as its address. */
static void show_after(struct wasi_shown *s, uint32_t i, bool ok)
{
	while (s->params[i]) {
		wasi_text_add(&s->text, "%s", i ? ", " : "");
		if (ok)
			param(s, i)->show(s, i);
		else
			wasi_show_unfilled(s, i);
		i = show_before(s, i + 1);
	}
	wasi_text_add(&s->text, ")");
}

static void show_results(struct wasi_shown *s)
{
	bool any = false;

	for (uint32_t i = 0; s->params[i]; i++) {
		if (param(s, i)->when != WASI_WHEN_RESULT)
			continue;
		wasi_text_add(&s->text, "%s", any ? ", " : "");
		param(s, i)->show(s, i);
		any = true;
	}
	if (!any)
		wasi_text_add(&s->text, "0");
}

/* The first result, if it is a number. */
static void take_count(struct wasi_shown *s)
{
	const char *at = strchr(s->params, '1');

	s->has_count = at && wasi_load(s->inst, (uint32_t)s->a[at - s->params].i32,
				       &s->count, sizeof(s->count));
}

static void line_begin(struct wasi_shown *s, struct trace_page *page, const char *name)
{
	s->text = (struct wasi_text){ .at = page->line, .room = TRACE_LINE - ROOM_RESULT };
	wasi_text_add(&s->text, "%s(", name);
}

/* ended: the call does not return to the guest. */
static void line_end(struct wasi_shown *s, uint32_t from, enum wasi_errno e, bool ended,
		     uint64_t ns)
{
	if (!e && !ended)
		take_count(s);
	show_after(s, from, !e && !ended);
	s->text.room = TRACE_LINE - ROOM_TIME;
	s->text.cut = false;
	wasi_text_add(&s->text, "%*s = ",
		      s->text.len < TRACE_COLUMN ? (int)(TRACE_COLUMN - s->text.len) : 0, "");
	if (ended)
		wasi_text_add(&s->text, "?");
	else if (e)
		wasi_text_add(&s->text, "-1 %s (%s)", wasi_errno_name(e), wasi_errno_text(e));
	else
		show_results(s);
	s->text.room = TRACE_LINE;
	s->text.cut = false;
	wasi_text_add(&s->text, " <%llu.%06llu>\n", (unsigned long long)(ns / 1000000000),
		      (unsigned long long)(ns / 1000 % 1000000));
}

/* A reader that went away ends the lines, not the guest. */
static void line_write(struct wasi *w, const struct wasi_text *t)
{
	uint32_t done = 0;

	while (done < t->len && w->config.trace.out >= 0) {
		long n = SYS3(write, w->config.trace.out, t->at + done, t->len - done);

		if (n == -EAGAIN)
			n = wasi_wait(w->config.trace.out, POLLOUT);
		else if (n > 0)
			done += (uint32_t)n;
		if (n < 0 && n != -EINTR)
			w->config.trace.out = -1;
	}
}

static int traced(struct wasi *w, struct rt_instance *inst, union rt_value *a, enum wasi_call call)
{
	const struct wasi_call_row *row = &wasi_call_rows[call];
	struct trace_page *page = w->config.trace.page;
	struct trace_count *count = &page->counts[call];
	bool lines = w->config.trace.out >= 0;
	union rt_value args[WASI_PARAMS_MAX];
	struct wasi_shown s = { .inst = inst, .params = row->params, .a = args };
	uint32_t next = 0;
	uint64_t start, ns;
	int r;

	assert(strlen(row->params) <= WASI_PARAMS_MAX);
	memcpy(args, a, strlen(row->params) * sizeof(*a));
	if (lines) {
		line_begin(&s, page, row->name);
		next = show_before(&s, 0);
		page->len = s.text.len;
	}
	count->calls++;
	start = trace_clock();
	r = row->enter(w, inst, a);
	ns = trace_clock() - start;
	count->ns += ns;
	count->errors += !r && a[0].i32;
	if (lines) {
		line_end(&s, next, r ? WASI_OK : (enum wasi_errno)a[0].i32, r, ns);
		page->len = 0;
		line_write(w, &s.text);
	}
	return r;
}

#define X(name, ...) \
	static int traced_##name(void *env, struct rt_instance *inst, union rt_value *a) \
	{ \
		return traced(env, inst, a, WASI_CALL_##name); \
	}
WASI_CALLS(X)
#undef X

const rt_host_fn wasi_traced[WASI_CALLS_MAX] = {
#define X(name, ...) [WASI_CALL_##name] = traced_##name,
	WASI_CALLS(X)
#undef X
};

void wasi_trace_begin(struct wasi *w)
{
	for (int i = 0; i < WASI_CALLS_MAX; i++)
		snprintf(w->config.trace.page->counts[i].name, TRACE_NAME, "%s",
			 wasi_call_rows[i].name);
}
