/*
 * Code that goes on with a function at the head of a loop (jit/osr.h). It is the function's, whose
 * own beginning nothing leads to: LLVM drops what is not reached from the loop.
 */
#include "jit/llvm/ir.h"

static LLVMValueRef place_of(struct ll_func *f, uint32_t i)
{
	return ll_context(f, f->l->layout->carry + 16 * (int64_t)i);
}

/* Locals are what was carried; their places must be of the first block. */
void ll_osr_begin(struct ll_func *f)
{
	for (uint32_t i = 0; i < f->b.nlocals; i++) {
		LLVMTypeRef t = ll_type(f->l, f->b.locals[i]);

		f->locals[i] = (struct ll_local){ .home = LLVMBuildAlloca(f->ir, t, "") };
		if (i < JIT_CARRY_MAX)
			LLVMBuildStore(f->ir, ll_read(f, t, place_of(f, i), false),
				       f->locals[i].home);
	}
	f->enter = LLVMGetInsertBlock(f->ir);
	ll_at(f, ll_block(f));
}

/* One of two edges to the loop's head, which sets apart values that were the same so far. */
static void join_edges(struct ll_func *f, LLVMBasicBlockRef head, LLVMBasicBlockRef before,
		       uint32_t i)
{
	struct wasm_val *v = f->b.stack + i;
	LLVMTypeRef t = LLVMTypeOf(ll_value(v));
	LLVMValueRef was = ll_value(v), is, phi;

	LLVMPositionBuilderAtEnd(f->ir, f->enter);
	is = ll_read(f, t, place_of(f, f->b.nlocals + i), false);
	LLVMPositionBuilderAtEnd(f->ir, head);
	phi = LLVMBuildPhi(f->ir, t, "");
	LLVMAddIncoming(phi, &was, &before, 1);
	LLVMAddIncoming(phi, &is, &f->enter, 1);
	ll_set(f, v, phi, 0);
}

/* The frame of the loop has just been opened; the topmost values are its parameters, with phis. */
void ll_osr_enter(struct ll_func *f, struct ll_ctl *c)
{
	uint32_t height = (uint32_t)(f->b.sp - f->b.stack), n = f->b.ctl->type->nparams;
	LLVMBasicBlockRef before = LLVMGetInsertBlock(f->ir);

	if (!jit_osr_fits(f->b.nlocals, height, f->b.type->nresults)) {
		f->left = true;
		return;
	}
	for (uint32_t i = 0; i < height - n; i++)
		join_edges(f, c->target, before, i);
	LLVMPositionBuilderAtEnd(f->ir, f->enter);
	for (uint32_t i = 0; i < n; i++) {
		LLVMValueRef v = ll_read(f, LLVMTypeOf(c->phis[i]),
					 place_of(f, f->b.nlocals + height - n + i), false);

		LLVMAddIncoming(c->phis[i], &v, &f->enter, 1);
	}
	LLVMBuildBr(f->ir, c->target);
	f->enter = NULL;
}

void ll_osr_return(struct ll_func *f, const struct ll_ctl *c)
{
	for (uint32_t i = 0; i < f->b.type->nresults; i++)
		ll_write(f, c->phis[i], place_of(f, i));
	LLVMBuildRet(f->ir, ll_i64(f, 1));
}
