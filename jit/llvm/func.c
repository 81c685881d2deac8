/* One function: its definition in the module, and the walk over its body. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jit/llvm/ir.h"

void ll_place(struct ll_func *f, uint32_t at)
{
	LLVMMetadataRef place =
		LLVMDIBuilderCreateDebugLocation(f->l->ctx, at, 0, f->scope, NULL);

	LLVMSetCurrentDebugLocation2(f->ir, place);
}

/* As ll_declare(), with what a function defined here has. Calls use another name of it. */
static void define(struct ll_func *f, uint32_t func)
{
	struct ll *l = f->l;
	char name[32], section[40];
	uint32_t at = (uint32_t)(f->b.r.at - f->b.r.base);
	LLVMTypeRef type = f->osr ? LLVMFunctionType(l->i64, &l->ptr, 1, 0) : f->sig->type[0];
	size_t len;

	if (f->osr)
		len = (size_t)snprintf(name, sizeof(name), "o%u_%u", f->osr, func);
	else
		len = (size_t)snprintf(name, sizeof(name), "d%u", func);
	snprintf(section, sizeof(section), ".text.%s", name);
	f->fn = LLVMAddFunction(l->mod, name, type);
	LLVMSetSection(f->fn, section);
	LLVMSetVisibility(f->fn, LLVMHiddenVisibility);
	LLVMAddAttributeAtIndex(f->fn, LLVMAttributeFunctionIndex, l->nounwind);
	LLVMAddAttributeAtIndex(f->fn, LLVMAttributeFunctionIndex, l->frames);
	LLVMAddAttributeAtIndex(f->fn, LLVMAttributeFunctionIndex, l->probes);
	LLVMAddAttributeAtIndex(f->fn, 1, l->swiftself);
	f->scope = LLVMDIBuilderCreateFunction(l->debug, l->file, name, len, NULL, 0, l->file, at,
					       l->routine, 0, 1, at, LLVMDIFlagZero, 1);
	LLVMSetSubprogram(f->fn, f->scope);
	f->self = LLVMGetParam(f->fn, 0);
	f->sret = f->sig->cc.sret && !f->osr ? LLVMGetParam(f->fn, 1) : NULL;
	f->area = NULL;
	f->at = at;
}

/* Locals begin as parameters or zero. */
static void begin_locals(struct ll_func *f)
{
	uint32_t nparams = f->b.type->nparams, first = f->sret ? 2 : 1;

	for (uint32_t i = 0; i < f->b.nlocals; i++) {
		LLVMTypeRef t = ll_type(f->l, f->b.locals[i]);
		LLVMValueRef v = LLVMConstNull(t);

		f->locals[i].home = LLVMBuildAlloca(f->ir, t, "");
		if (i < nparams) {
			if (wasm_kind(f->b.locals[i]) == WASM_KIND_I32)
				LLVMAddAttributeAtIndex(f->fn, first + i + 1, f->l->range);
			v = ll_received(f, LLVMGetParam(f->fn, first + i), f->b.locals[i]);
		} else if (t == f->l->f32 || t == f->l->f64) {
			v = ll_opaque(f, v);
		}
		LLVMBuildStore(f->ir, v, f->locals[i].home);
		f->locals[i].value = v;
		f->locals[i].block = f->block;
	}
}

/* The results of calls in memory, and locals. */
static void begin_frame(struct ll_func *f)
{
	ll_at(f, ll_block(f));
	ll_place(f, f->at);
	if (f->l->sret_max)
		f->area = LLVMBuildAlloca(f->ir, LLVMArrayType2(f->l->i128, f->l->sret_max / 16),
					  "");
	if (f->osr)
		ll_osr_begin(f);
	else
		begin_locals(f);
}

static int open_function(struct ll_func *f, uint32_t func)
{
	struct ll *l = f->l;
	int ret;

	arena_reset(&l->arena);
	f->why = (struct wsbox_err)WSBOX_ERR_INIT;
	f->failed = f->left = false;
	ret = wasm_body_init(&f->b, l->m, func, &l->arena, &f->why);
	if (ret < 0)
		return ret;
	f->locals = arena_array(&l->arena, (size_t)f->b.nlocals + 1, sizeof(*f->locals));
	f->sig = ll_sig(l, l->m->funcs[func].type);
	if (!f->locals || !f->sig)
		return -ENOMEM;
	if (f->sig->odd)
		return -ENOTSUP;
	define(f, func);
	begin_frame(f);
	return ll_control_start(f) ? 0 : -ENOMEM;
}

/* An instruction that cannot be reached: only ends of frames that can be are of interest. */
static bool passed_over(struct ll_func *f, const struct wasm_insn *in)
{
	if (!wasm_body_dead(&f->b))
		return false;
	if ((in->op == WASM_END || in->op == WASM_ELSE) && !f->b.ctl->dead)
		return false;
	wasm_body_apply(&f->b, in);
	return true;
}

/* The place of the operands' last load, or of the instruction. */
static void find_place(struct ll_func *f, const struct wasm_insn *in)
{
	assert(in->npop <= f->b.sp - f->b.stack);
	f->at = in->at;
	f->loaded_at = 0;
	for (uint32_t i = 1; i <= in->npop; i++) {
		uint32_t at = ll_loaded_at(f, f->b.sp - i);

		if (at > f->loaded_at)
			f->loaded_at = at;
	}
	ll_place(f, f->loaded_at ? f->loaded_at : in->at);
}

static int emit_body(struct ll_func *f)
{
	struct wasm_insn in;
	int ret;

	while ((ret = wasm_body_next(&f->b, &in)) > 0) {
		const struct ll_row *row = &ll_rows[in.op];

		if (passed_over(f, &in))
			continue;
		if (!row->emit)
			return -ENOTSUP;
		find_place(f, &in);
		row->emit(f, &in, row);
		if (f->failed)
			return -ENOMEM;
		if (f->left)
			return -ENOTSUP;
	}
	return ret;
}

/* A body that is not valid is left to the baseline too, which says why. */
static int emit_once(struct ll_func *f, uint32_t func, uint32_t osr)
{
	int ret;

	f->fn = NULL;
	f->osr = osr;
	f->enter = NULL;
	ret = open_function(f, func);
	if (ret == 0)
		ret = emit_body(f);
	/* the loop was not reached */
	if (ret == 0 && f->enter)
		ret = -ENOTSUP;
	LLVMSetCurrentDebugLocation2(f->ir, NULL);
	if (ret < 0 && f->fn)
		LLVMDeleteFunction(f->fn);
	return ret == 0 || ret == -ENOMEM ? ret : -ENOTSUP;
}

#define HEADS_UNKNOWN 4u	/* of a function where a run is, in some loop or other */

/* Marks the loop that comes round next where a run is at `at`, and the outermost one around it. */
static void mark_heads(const struct wasm_scan *s, uint32_t at, uint8_t *wanted)
{
	uint32_t i = s->nloops - 1, n = 0;

	for (uint32_t k = 1; !at && k < s->nloops && n < HEADS_UNKNOWN; k++)
		n += wanted[k] = jit_osr_head(s, k, JIT_OSR_SOME);
	while (i && s->loops[i].at > at)
		i--;
	while (i && !jit_osr_head(s, i, JIT_OSR_SOME))
		i = s->loops[i].parent;
	wanted[i] = 1;
	while (i && s->loops[i].parent)
		i = s->loops[i].parent;
	wanted[i] = 1;
}

/* The loops of f's body that code is to go on at: *ret_n of them, the caller's. NULL: no memory. */
static uint32_t *find_heads(struct ll_func *f, uint32_t func, uint32_t *ret_n)
{
	const struct jit_options *o = f->l->options;
	struct wasm_scan scan;
	uint32_t *heads, n = 0;
	uint8_t *wanted;

	if (wasm_body_init(&f->b, f->l->m, func, &f->l->arena, &f->why) < 0 ||
	    wasm_body_scan(&f->b, 1, &scan) < 0)
		return NULL;
	wanted = arena_alloc(&f->l->arena, scan.nloops);
	heads = malloc(scan.nloops * sizeof(*heads));
	for (uint32_t i = 0; wanted && heads && i < o->nwhere; i++)
		if (o->where[i].func == func)
			mark_heads(&scan, o->where[i].at, wanted);
	for (uint32_t i = 1; wanted && heads && i < scan.nloops; i++)
		if (wanted[i] || (o->osr == JIT_OSR_ALL && jit_osr_head(&scan, i, JIT_OSR_ALL)))
			heads[n++] = scan.loops[i].at;
	*ret_n = n;
	return wanted ? heads : NULL;
}

/* Whether code is to be made that goes on with this function. */
static bool goes_on(const struct jit_options *o, uint32_t func)
{
	for (uint32_t i = 0; i < o->nwhere; i++)
		if (o->where[i].func == func)
			return o->osr != JIT_OSR_NONE;
	return o->osr == JIT_OSR_ALL;
}

static int emit_osrs(struct ll_func *f, uint32_t func)
{
	uint32_t n, *heads;
	int ret = 0;

	arena_reset(&f->l->arena);
	heads = find_heads(f, func, &n);
	if (!heads)
		return -ENOMEM;
	for (uint32_t i = 0; i < n && ret != -ENOMEM; i++)
		ret = emit_once(f, func, heads[i]);
	free(heads);
	return ret == -ENOMEM ? ret : 0;
}

int ll_func_emit(struct ll_func *f, uint32_t func)
{
	int ret = emit_once(f, func, 0);

	/* of what is refused, perhaps for that very code, none is made again */
	return ret == 0 && !f->l->care && goes_on(f->l->options, func) ? emit_osrs(f, func) : ret;
}
