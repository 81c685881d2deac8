/* What is before a loop that compares bytes (jit/equal.h): steps over those that are equal. */
#include "jit/equal.h"
#include "jit/llvm/ir.h"

static LLVMValueRef local_of(struct ll_func *f, uint32_t local)
{
	return LLVMBuildLoad2(f->ir, f->l->i32, f->locals[local].home, "");
}

static void step_local(struct ll_func *f, uint32_t local, int32_t by)
{
	LLVMValueRef sum = LLVMBuildAdd(f->ir, local_of(f, local), ll_i32(f, (uint32_t)by), "");

	LLVMBuildStore(f->ir, sum, f->locals[local].home);
}

/* That many bytes at the address in the local; on to `beyond` if not all are in the memory. */
static LLVMValueRef load_ahead(struct ll_func *f, uint32_t local, LLVMBasicBlockRef beyond)
{
	LLVMValueRef index = ll_wide(f, local_of(f, local)), end;
	LLVMBasicBlockRef inside = ll_block(f);

	end = LLVMBuildAdd(f->ir, index, ll_i64(f, JIT_EQUAL_STEP), "");
	LLVMBuildCondBr(f->ir, LLVMBuildICmp(f->ir, LLVMIntUGT, end, ll_memory_size(f, 0), ""),
			beyond, inside);
	ll_at(f, inside);
	return ll_load(f, f->l->i64,
		       LLVMBuildGEP2(f->ir, f->l->i8, ll_memory_base(f, 0), &index, 1, ""));
}

void ll_equal_ahead(struct ll_func *f)
{
	LLVMBasicBlockRef head, more, equal, done;
	LLVMValueRef a, b;
	struct jit_equal e;

	if (!jit_equal_loop(&f->b, &e))
		return;
	head = ll_block(f);
	more = ll_block(f);
	equal = ll_block(f);
	done = ll_block(f);
	LLVMBuildBr(f->ir, head);
	ll_at(f, head);
	/* one at least is left to the loop, which makes the values that it ends with */
	LLVMBuildCondBr(f->ir,
			LLVMBuildICmp(f->ir, LLVMIntUGT, local_of(f, e.n),
				      ll_i32(f, JIT_EQUAL_STEP), ""),
			more, done);
	ll_at(f, more);
	a = load_ahead(f, e.a, done);
	b = load_ahead(f, e.b, done);
	LLVMBuildCondBr(f->ir, LLVMBuildICmp(f->ir, LLVMIntEQ, a, b, ""), equal, done);
	ll_at(f, equal);
	step_local(f, e.a, JIT_EQUAL_STEP);
	step_local(f, e.b, JIT_EQUAL_STEP);
	step_local(f, e.n, -JIT_EQUAL_STEP);
	LLVMBuildBr(f->ir, head);
	ll_at(f, done);
}
