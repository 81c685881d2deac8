/*
 * Backtraces: the rbp chain of wasm frames, from the trap through every activation of rt_call()
 * below it. Taken when a trap lands, before anything else runs on the guest stack; resolved to
 * functions only when asked for.
 *
 * The chain is guest data as far as trust goes: no pointer is followed that is not on the guest
 * stack, aligned, and above the one before it, so the walk ends.
 */
#include <assert.h>
#include <string.h>

#include "runtime/state.h"

const struct rt_code *rt_code_find(const struct rt_store *s, const void *pc)
{
	for (size_t i = 0; i < s->code.len; i++)
		if ((uintptr_t)pc >= s->code.at[i].lo && (uintptr_t)pc < s->code.at[i].hi)
			return &s->code.at[i];
	return NULL;
}

/* A return address may be the first byte after its function, and after the text. */
static const struct rt_code *code_of(const struct rt_store *s, const void *pc, bool call)
{
	return rt_code_find(s, (const char *)pc - call);
}

static void note(struct rt_store *s, void *pc, bool call)
{
	const struct rt_code *c = code_of(s, pc, call);
	struct rt_trace *t = &s->trace;
	const struct jit_site *site;

	if (!c)
		return;
	site = jit_image_site(c->image, (uint32_t)((uintptr_t)pc - c->lo), call);
	if (site && site->at == JIT_SITE_ADAPTER)
		return;
	if (t->n < RT_TRACE_MAX) {
		t->pc[t->n] = pc;
		t->call[t->n++] = call;
	}
	t->depth++;
}

bool rt_on_stack(const struct rt_store *s, const void *p, size_t n)
{
	return (uintptr_t)p >= s->stack_lo && (uintptr_t)p % 8 == 0 &&
	       (uintptr_t)p <= (uintptr_t)s->stack_top - n;
}

/* Frames from the one whose rbp this is to the entry of its activation, where rbp is 0. */
static void walk_frames(struct rt_store *s, void *const *rbp)
{
	while (rt_on_stack(s, rbp, 16)) {
		void *const *next = rbp[0];

		note(s, rbp[1], true);
		if (next <= rbp)
			return;
		rbp = next;
	}
}

/*
 * A function that faults on the guard before it has made its frame: its caller is found at rsp,
 * not at rbp.
 */
static bool at_entry(const struct rt_store *s, const void *pc)
{
	const struct rt_code *c = rt_code_find(s, pc);
	const uint32_t *funcs;
	uintptr_t off, entry;

	if (!c)
		return false;
	off = (uintptr_t)pc - c->lo;
	funcs = (const uint32_t *)((const char *)c->image + c->image->funcs_off);
	entry = funcs[jit_image_func(c->image, (uint32_t)off)];
	return off == entry ||
	       (c->image->flags & JIT_IMAGE_REPLACEABLE && off == entry + JIT_LOOK_BYTES);
}

void rt_trace_take(struct rt_store *s)
{
	const struct rt_exec *e = &s->exec;
	const struct rt_activation *a;

	s->trace.n = s->trace.depth = 0;
	s->trace.fresh = true;
	note(s, e->trap_pc, !s->trace.faulted);
	if (s->trace.faulted && at_entry(s, e->trap_pc) && rt_on_stack(s, e->guest_rsp, 8))
		note(s, *(void **)e->guest_rsp, true);
	walk_frames(s, e->trap_rbp);
	for (a = s->activation; a && a->prev; a = a->prev) {
		if (rt_on_stack(s, a->guest_rsp, 8))
			note(s, *(void **)a->guest_rsp, true);
		walk_frames(s, a->guest_rbp);
	}
	s->trace.faulted = false;
	assert(s->trace.n <= s->trace.depth);
}

/* The place of the site before pc in its function, or 0. */
static uint32_t place_near(const struct jit_image *image, uint32_t func, uint32_t pc)
{
	const uint32_t *funcs = (const void *)((const char *)image + image->funcs_off);
	const struct jit_site *s = jit_image_near(image, pc);

	return s && s->pc >= funcs[func] && s->at < JIT_SITE_ADAPTER ? s->at : 0;
}

/* Of several frames of a function the outermost; of too many functions the innermost go. */
static uint32_t add_where(struct jit_place *list, uint32_t n, uint32_t max, struct jit_place w)
{
	uint32_t i = 0;

	while (i < n && list[i].func != w.func)
		i++;
	if (i == n && n < max) {
		list[n] = w;
		return n + 1;
	}
	if (i == n)
		i = 0;
	memmove(&list[i], &list[i + 1], (n - i - 1) * sizeof(*list));
	list[n - 1] = w;
	return n;
}

uint32_t rt_instance_where(const struct rt_instance *inst, const void *at, const void *frame,
			   struct jit_place *ret, uint32_t max)
{
	const struct rt_store *s = inst->head.store;
	void *const *rbp = frame;
	const char *pc = at;
	uint32_t n = 0;

	/* called out: where it did */
	if (!rt_code_find(s, pc) && rt_on_stack(s, s->exec.guest_rsp, 8)) {
		pc = *(char **)s->exec.guest_rsp;
		rbp = s->exec.guest_rbp;
	}
	for (;;) {
		const struct rt_code *c = rt_code_find(s, pc);

		if (c && c->inst == inst) {
			uint32_t off = (uint32_t)((uintptr_t)pc - c->lo);
			uint32_t func = jit_image_func(c->image, off);

			n = add_where(ret, n, max,
				      (struct jit_place){ func + inst->m->imported_funcs,
							  place_near(c->image, func, off) });
		}
		if (!rt_on_stack(s, rbp, 16) || (rbp[0] && (void *const *)rbp[0] <= rbp))
			return n;
		pc = rbp[1];
		rbp = rbp[0];
	}
}

uint32_t rt_backtrace(const struct rt_store *s, struct rt_frame *frames, uint32_t max,
		      uint32_t *ret_depth)
{
	uint32_t n = s->trace.n < max ? s->trace.n : max;

	for (uint32_t i = 0; i < n; i++) {
		const struct rt_code *c = code_of(s, s->trace.pc[i], s->trace.call[i]);
		uint32_t pc = (uint32_t)((uintptr_t)s->trace.pc[i] - c->lo);
		const struct jit_site *site = jit_image_site(c->image, pc, s->trace.call[i]);

		frames[i].inst = c->inst;
		frames[i].func = jit_image_func(c->image, s->trace.call[i] ? pc - 1 : pc) +
				 c->inst->m->imported_funcs;
		frames[i].at = site ? site->at & ~JIT_SITE_RANGE : 0;
	}
	if (ret_depth)
		*ret_depth = s->trace.depth;
	return n;
}
