/* One function: its definition in the module, and the walk over its body. */
#include <errno.h>
#include <stdio.h>
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
	char name[24], section[24];
	size_t len = (size_t)snprintf(name, sizeof(name), "d%u", func);
	uint32_t at = (uint32_t)(f->b.r.at - f->b.r.base);

	snprintf(section, sizeof(section), ".text.%u", func);
	f->fn = LLVMAddFunction(l->mod, name, f->sig->type[0]);
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
	f->sret = f->sig->cc.sret ? LLVMGetParam(f->fn, 1) : NULL;
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
	ll_at(f, ll_block(f));
	ll_place(f, f->at);
	if (l->sret_max)
		f->area = LLVMBuildAlloca(f->ir, LLVMArrayType2(l->i128, l->sret_max / 16), "");
	begin_locals(f);
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
int ll_func_emit(struct ll_func *f, uint32_t func)
{
	int ret;

	f->fn = NULL;
	ret = open_function(f, func);
	if (ret == 0)
		ret = emit_body(f);
	LLVMSetCurrentDebugLocation2(f->ir, NULL);
	if (ret < 0 && f->fn)
		LLVMDeleteFunction(f->fn);
	return ret == 0 || ret == -ENOMEM ? ret : -ENOTSUP;
}
