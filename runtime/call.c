/*
 * Calls across the border: rt_call() into wasm, rt_host_dispatch() out of it. Both move values
 * between arrays of union rt_value and the places jit_cc_init() gives them. No value passes
 * through a conversion: NaN bits stay.
 */
#include <alloca.h>
#include <assert.h>
#include <string.h>

#include "runtime/state.h"

int rt_host_dispatch(struct rt_func *f, struct rt_instance *caller, struct rt_regs *regs);
int rt_host_simple(struct rt_func *f, struct rt_instance *caller, union rt_value *values);

const int rt_trap_indirect_null __attribute__((visibility("hidden"))) = RT_TRAP_INDIRECT_NULL;
const int rt_trap_indirect_sig __attribute__((visibility("hidden"))) = RT_TRAP_INDIRECT_SIG;

/* An i32 is zero-extended wherever a register or a slot of 8 bytes holds it. */
static uint64_t widen(wasm_valtype t, const union rt_value *v)
{
	return wasm_kind(t) == WASM_KIND_I32 ? v->f32_bits : v->f64_bits;
}

/*
 * A value for a vector register, read no wider than it was written: a load of 16 bytes over a
 * fresh store of 8 waits for the store to reach the cache.
 */
static void put_vector(wasm_valtype t, union rt_value *to, const union rt_value *v)
{
	typedef uint64_t pair __attribute__((vector_size(16)));

	if (t == WASM_V128)
		*to = *v;
	else
		*(pair *)to = (pair){ v->f64_bits, 0 };
}

static void put_arguments(const struct rt_type *t, const union rt_value *args, struct rt_regs *regs,
			  char *stack)
{
	for (uint32_t i = 0; i < t->func.nparams; i++) {
		const struct jit_loc *l = &t->params[i];
		uint64_t bits;

		if (l->where == JIT_IN_GPR) {
			regs->gpr[l->reg] = widen(t->func.params[i], &args[i]);
		} else if (l->where == JIT_IN_XMM) {
			put_vector(t->func.params[i], &regs->xmm[l->reg], &args[i]);
		} else if (t->func.params[i] == WASM_V128) {
			memcpy(stack + l->off, args[i].v128, 16);
		} else {
			bits = widen(t->func.params[i], &args[i]);
			memcpy(stack + l->off, &bits, 8);
		}
	}
}

static void take_arguments(const struct rt_type *t, union rt_value *args,
			   const struct rt_regs *regs, const char *stack)
{
	for (uint32_t i = 0; i < t->func.nparams; i++) {
		const struct jit_loc *l = &t->params[i];

		if (l->where == JIT_IN_GPR)
			args[i].f64_bits = regs->gpr[l->reg];
		else if (l->where == JIT_IN_XMM)
			args[i] = regs->xmm[l->reg];
		else
			memcpy(&args[i], stack + l->off, wasm_slot_size(t->func.params[i]));
	}
}

static void read_results(const struct rt_type *t, const struct rt_regs *regs,
			 union rt_value *results)
{
	if (t->cc.sret)
		return;
	for (uint32_t i = 0; i < t->func.nresults; i++) {
		if (t->results[i].where == JIT_IN_GPR)
			results[i].f64_bits = regs->gpr[t->results[i].reg];
		else
			results[i] = regs->xmm[t->results[i].reg];
	}
}

static void put_results(const struct rt_type *t, struct rt_regs *regs,
			const union rt_value *results)
{
	char *memory = (char *)regs->gpr[0];

	for (uint32_t i = 0; i < t->func.nresults; i++) {
		wasm_valtype type = t->func.results[i];
		const struct jit_loc *l = &t->results[i];
		uint64_t bits = widen(type, &results[i]);

		if (t->cc.sret && type == WASM_V128)
			memcpy(memory + l->off, results[i].v128, 16);
		else if (t->cc.sret)
			memcpy(memory + l->off, &bits, 8);
		else if (l->where == JIT_IN_GPR)
			regs->gpr[l->reg] = bits;
		else
			put_vector(type, &regs->xmm[l->reg], &results[i]);
	}
}

static int trap_of(int ret)
{
	return ret < 0 && ret > -RT_TRAPS ? -ret : RT_TRAP_HOST;
}

static size_t values_of(const struct rt_type *t)
{
	return t->func.nparams > t->func.nresults ? t->func.nparams : t->func.nresults;
}

/* Any types; values has room for arguments and results. */
static int dispatch(const struct rt_host *host, struct rt_instance *caller, struct rt_regs *regs,
		    union rt_value *values)
{
	const struct rt_type *t = host->type;
	int ret;

	take_arguments(t, values, regs, (const char *)regs->guest_rsp + 8);
	ret = host->fn(host->env, caller, values);
	if (ret)
		return trap_of(ret);
	put_results(t, regs, values);
	regs->pop = t->cc.stack_bytes;
	regs->vectors = 1;
	return 0;
}

/* Called by rt_host_entry on the host stack. 0 or RT_TRAP_x. */
int rt_host_dispatch(struct rt_func *f, struct rt_instance *caller, struct rt_regs *regs)
{
	const struct rt_host *host = f->type;
	int ret = dispatch(host, caller, regs,
			   alloca((values_of(host->type) + 1) * sizeof(union rt_value)));

	assert((uintptr_t)regs % 16 == 0);
	if (!ret)
		host->store->trace.fresh = false;
	return ret;
}

/* Called by rt_host_simple_entry likewise, with its arguments as they are. */
int rt_host_simple(struct rt_func *f, struct rt_instance *caller, union rt_value *values)
{
	const struct rt_host *host = f->type;
	int ret = host->fn(host->env, caller, values);

	if (__builtin_expect(ret, 0))
		return trap_of(ret);
	values[0].f64_bits &= host->type->keep_result;
	host->store->trace.fresh = false;
	return 0;
}

_Static_assert(RT_SIMPLE_GUEST_RSP == JIT_CC_GPR_ARGS * sizeof(union rt_value) &&
		       sizeof(union rt_value) == 16 && RT_SIMPLE_SIZE % 16 == 0,
	       "entry.S spills values");

static int call_host(const struct rt_func *f, const union rt_value *args,
		     union rt_value *ret_results)
{
	const struct rt_host *host = f->type;
	const struct rt_type *t = host->type;
	union rt_value *values = alloca((values_of(t) + 1) * sizeof(*values));
	int ret;

	if (t->func.nparams)
		memcpy(values, args, t->func.nparams * sizeof(*values));
	ret = host->fn(host->env, f->owner, values);
	if (ret)
		return trap_of(ret);
	if (t->func.nresults)
		memcpy(ret_results, values, t->func.nresults * sizeof(*values));
	return 0;
}

static void set_gs(struct rt_exec *e, uint64_t base)
{
	__asm__ volatile("wrgsbase %0" : : "r"(base));
	e->gs = base;
}

/* Enters f at guest_rsp, which has room for its arguments. */
static inline int enter_wasm(struct rt_store *s, const struct rt_func *f,
			     const union rt_value *args, union rt_value *results, char *guest_rsp)
{
	const struct rt_type *t = f->type;
	struct rt_regs regs;
	int trap;

	if (s->exec.use_gs && s->exec.gs != (uintptr_t)f->callee.ctx)
		set_gs(&s->exec, (uintptr_t)f->callee.ctx);
	if (__builtin_expect(t->simple, 1)) {
		for (uint32_t i = 0; i < t->func.nparams; i++)
			regs.gpr[i] = args[i].f64_bits & t->keep[i];
		trap = rt_enter(&s->exec, &regs, f->entry, f->callee.ctx, guest_rsp, 0);
		if (!trap && t->func.nresults)
			results[0].f64_bits = regs.gpr[0];
		return trap;
	}
	assert((uintptr_t)guest_rsp % 16 == 0 && t->cc.stack_bytes == f->stack_bytes);
	guest_rsp -= t->cc.stack_bytes;
	if (t->cc.sret)
		regs.gpr[0] = (uintptr_t)results;
	put_arguments(t, args, &regs, guest_rsp);
	trap = rt_enter(&s->exec, &regs, f->entry, f->callee.ctx, guest_rsp, t->xmm);
	if (!trap)
		read_results(t, &regs, results);
	return trap;
}

/* An activation inside another: what the outer one needs again is kept meanwhile. */
static int call_nested(struct rt_store *s, const struct rt_func *f, const union rt_value *args,
		       union rt_value *results)
{
	struct rt_exec *e = &s->exec;
	struct rt_activation a = { s->activation, e->host_rsp, e->guest_rsp, e->guest_rbp, e->gs };
	char *guest_rsp = (char *)((uintptr_t)e->guest_rsp & ~15ull);
	int trap;

	assert(s->nesting && s->nesting <= RT_NESTING_MAX && e->host_rsp);
	if (s->nesting == RT_NESTING_MAX || guest_rsp - f->stack_bytes < (char *)s->stack_lo + 4096)
		return RT_TRAP_STACK_EXHAUSTED;
	s->activation = &a;
	s->nesting++;
	s->trace.fresh = false;
	trap = enter_wasm(s, f, args, results, guest_rsp);
	if (trap && !s->trace.fresh)
		rt_trace_take(s);
	s->nesting--;
	s->activation = a.prev;
	e->host_rsp = a.host_rsp;
	e->guest_rsp = a.guest_rsp;
	e->guest_rbp = a.guest_rbp;
	if (e->gs != a.gs)
		set_gs(e, a.gs);
	return trap;
}

int rt_call(struct rt_func *f, const union rt_value *args, union rt_value *ret_results)
{
	struct rt_activation a;
	struct rt_store *s;
	int trap;

	if (f->callee.flags & RT_CALLEE_HOST)
		return call_host(f, args, ret_results);
	s = f->owner->head.store;
	if (s->activation)
		return call_nested(s, f, args, ret_results);
	assert(!s->nesting);
	a.prev = NULL;
	s->activation = &a;
	s->nesting = 1;
	s->trace.fresh = false;
	trap = enter_wasm(s, f, args, ret_results, s->stack_top);
	if (trap && !s->trace.fresh)
		rt_trace_take(s);
	s->nesting = 0;
	s->activation = NULL;
	return trap;
}

struct rt_func *rt_func_host(struct rt_store *s, const struct wasm_functype *type, rt_host_fn fn,
			     void *env)
{
	struct rt_func *f = arena_alloc(&s->arena, sizeof(*f));
	struct rt_host *host = arena_alloc(&s->arena, sizeof(*host));
	uint32_t id = rt_type_id(s, type, NULL);

	if (!f || !host || !id)
		return NULL;
	*host = (struct rt_host){ s, rt_type_of(s, id), fn, env };
	f->entry = host->type->simple ? rt_host_simple_entry : rt_host_entry;
	f->callee = (struct jit_callee){ id, RT_CALLEE_HOST | (host->type->xmm ? RT_CALLEE_XMM : 0),
					 f->entry, env, f };
	f->type = host;
	f->stack_bytes = host->type->cc.stack_bytes;
	return f;
}

static wasm_valtype letter_type(char c)
{
	switch (c) {
	case 'i': return WASM_I32;
	case 'l': return WASM_I64;
	case 'f': return WASM_F32;
	case 'd': return WASM_F64;
	case 'v': return WASM_V128;
	case 'F': return WASM_FUNCREF;
	default: return WASM_EXTERNREF;
	}
}

struct rt_func *rt_func_named(struct rt_store *s, const struct rt_host_func *h)
{
	wasm_valtype types[RT_HOST_VALUES];
	struct wasm_functype t = { .params = types };
	const char *c = h->signature;

	assert(strlen(c) <= RT_HOST_VALUES);
	for (; *c != ':'; c++)
		types[t.nparams++] = letter_type(*c);
	t.results = types + t.nparams;
	for (c++; *c; c++)
		types[t.nparams + t.nresults++] = letter_type(*c);
	return rt_func_host(s, &t, h->fn, h->env);
}

const struct wasm_functype *rt_func_type(const struct rt_func *f)
{
	const struct rt_host *host = f->type;
	const struct rt_type *type = f->type;

	return f->callee.flags & RT_CALLEE_HOST ? &host->type->func : &type->func;
}
