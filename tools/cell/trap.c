#include "tools/cell/trap.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/fd.h"
#include "runtime/base/num.h"

struct text {
	size_t len;
	char at[32 << 10];
};

__attribute__((format(printf, 2, 3)))
static void add(struct text *t, const char *fmt, ...)
{
	size_t room = sizeof(t->at) - t->len;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(t->at + t->len, room, fmt, ap);
	va_end(ap);
	if (n > 0)
		t->len += num_min((size_t)n, room - 1);
}

static void add_frame(struct text *t, uint32_t i, const struct rt_frame *f)
{
	const struct wasm_module *m = rt_module(f->inst);
	const struct wasm_func *func = &m->funcs[f->func];
	char buf[256];
	const char *name = wasm_func_name(m, f->func, buf, sizeof(buf));

	if (f->at && func->body)
		add(t, "%3u: %s + 0x%zx (0x%x)\n", i, name,
		    (size_t)f->at - (size_t)(func->body - m->bytes), f->at);
	else
		add(t, "%3u: %s\n", i, name);
}

void trap_print(const struct rt_store *store, int trap)
{
	static struct rt_frame frames[TRAP_FRAMES_MAX];
	static struct text t;
	uint32_t depth = 0, n = rt_backtrace(store, frames, TRAP_FRAMES_MAX, &depth);

	assert(n <= TRAP_FRAMES_MAX && n <= depth);
	add(&t, "wsbox: trap: %s\n", rt_trap_text(trap));
	for (uint32_t i = 0; i < n; i++)
		add_frame(&t, i, &frames[i]);
	if (depth > n)
		add(&t, "  ... and %u more\n", depth - n);
	(void)fd_write_all(STDERR_FILENO, t.at, t.len);
}
