/* What most emitters need: the instance's context, traps, intrinsics, values opaque to LLVM. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "jit/llvm/ir.h"

LLVMBasicBlockRef ll_block(struct ll_func *f)
{
	return LLVMAppendBasicBlockInContext(f->l->ctx, f->fn, "");
}

void ll_at(struct ll_func *f, LLVMBasicBlockRef block)
{
	LLVMPositionBuilderAtEnd(f->ir, block);
	f->block++;
}

LLVMValueRef ll_offset(struct ll_func *f, LLVMValueRef p, int64_t n)
{
	LLVMValueRef index = LLVMConstInt(f->l->i64, (uint64_t)n, 1);

	return n ? LLVMBuildGEP2(f->ir, f->l->i8, p, &index, 1, "") : p;
}

LLVMValueRef ll_context(struct ll_func *f, int64_t disp)
{
	return ll_offset(f, f->self, disp);
}

/* Vectors may lie at any multiple of 8. */
static void set_alignment(LLVMValueRef access, LLVMTypeRef t)
{
	if (LLVMGetTypeKind(t) == LLVMVectorTypeKind)
		LLVMSetAlignment(access, 8);
}

LLVMValueRef ll_read(struct ll_func *f, LLVMTypeRef t, LLVMValueRef p, bool constant)
{
	LLVMValueRef v = LLVMBuildLoad2(f->ir, t, p, "");

	set_alignment(v, t);
	LLVMSetMetadata(v, f->l->kind_tbaa, f->l->tag_context);
	if (constant)
		LLVMSetMetadata(v, f->l->kind_invariant, f->l->empty);
	return v;
}

LLVMValueRef ll_write(struct ll_func *f, LLVMValueRef v, LLVMValueRef p)
{
	LLVMValueRef store = LLVMBuildStore(f->ir, v, p);

	set_alignment(store, LLVMTypeOf(v));
	LLVMSetMetadata(store, f->l->kind_tbaa, f->l->tag_context);
	return store;
}

/* ---- traps ---- */

void ll_dead_end(struct ll_func *f, const char *name, LLVMTypeRef type, LLVMValueRef *args,
		 unsigned int n, bool nest)
{
	LLVMValueRef call;

	ll_place(f, f->at);
	call = LLVMBuildCall2(f->ir, type, ll_declare(f->l, name, type), args, n, "");
	LLVMAddCallSiteAttribute(call, 1, f->l->swiftself);
	if (nest)
		LLVMAddCallSiteAttribute(call, 2, f->l->nest);
	LLVMAddCallSiteAttribute(call, LLVMAttributeFunctionIndex, f->l->cold);
	/* each has a place of its own */
	LLVMAddCallSiteAttribute(call, LLVMAttributeFunctionIndex, f->l->nomerge);
	/* keeps the return address within the function, and apart from what comes next */
	(void)ll_intrinsic(f, "llvm.trap", NULL, 0, NULL, 0);
	LLVMBuildUnreachable(f->ir);
}

void ll_trap(struct ll_func *f, enum rt_trap trap)
{
	LLVMTypeRef type = LLVMFunctionType(f->l->none, &f->l->ptr, 1, 0);
	char name[16];

	snprintf(name, sizeof(name), "t%u", trap);
	ll_dead_end(f, name, type, &f->self, 1, false);
}

void ll_trap_if(struct ll_func *f, LLVMValueRef condition, enum rt_trap trap)
{
	LLVMBasicBlockRef bad = ll_block(f), good = ll_block(f);

	LLVMBuildCondBr(f->ir, condition, bad, good);
	ll_at(f, bad);
	ll_trap(f, trap);
	ll_at(f, good);
}

/* ---- intrinsics ---- */

LLVMValueRef ll_intrinsic(struct ll_func *f, const char *name, LLVMTypeRef *types,
			  unsigned int ntypes, LLVMValueRef *args, unsigned int nargs)
{
	unsigned int id = LLVMLookupIntrinsicID(name, strlen(name));
	LLVMTypeRef type = LLVMIntrinsicGetType(f->l->ctx, id, types, ntypes);

	assert(id);
	return LLVMBuildCall2(f->ir, type,
			      LLVMGetIntrinsicDeclaration(f->l->mod, id, types, ntypes),
			      args, nargs, "");
}

LLVMValueRef ll_intrinsic1(struct ll_func *f, const char *name, LLVMValueRef a)
{
	LLVMTypeRef type = LLVMTypeOf(a);

	return ll_intrinsic(f, name, &type, 1, &a, 1);
}

LLVMValueRef ll_intrinsic2(struct ll_func *f, const char *name, LLVMValueRef a, LLVMValueRef b)
{
	LLVMTypeRef type = LLVMTypeOf(a);
	LLVMValueRef args[2] = { a, b };

	return ll_intrinsic(f, name, &type, 1, args, 2);
}

/* ---- values LLVM may not look into ---- */

LLVMValueRef ll_opaque(struct ll_func *f, LLVMValueRef v)
{
	LLVMTypeRef t = LLVMTypeOf(v), type = LLVMFunctionType(t, &t, 1, 0);
	LLVMTypeKind kind = LLVMGetTypeKind(t);
	const char *where = kind == LLVMIntegerTypeKind || kind == LLVMPointerTypeKind ? "=r,0" :
											 "=x,0";
	LLVMValueRef nothing = LLVMGetInlineAsm(type, "", 0, where, 4, 0, 0,
						LLVMInlineAsmDialectIntel, 0);

	return LLVMBuildCall2(f->ir, type, nothing, &v, 1, "");
}

static bool is_unit(LLVMValueRef v)
{
	LLVMBool lossy;
	double d;

	if (!v || !LLVMIsAConstantFP(v))
		return false;
	d = fabs(LLVMConstRealGetDouble(v, &lossy));
	return d == 0 || d == 1;
}

bool ll_is_unit(LLVMValueRef v)
{
	LLVMTypeRef t = LLVMTypeOf(v);
	bool any = false;

	if (!LLVMIsConstant(v))
		return false;
	if (LLVMGetTypeKind(t) != LLVMVectorTypeKind)
		return is_unit(v);
	if (LLVMIsNull(v))
		return true;
	for (unsigned int i = 0; i < LLVMGetVectorSize(t); i++)
		any |= is_unit(LLVMGetAggregateElement(v, i));
	return any;
}

LLVMValueRef ll_condition(struct ll_func *f, LLVMValueRef v)
{
	if (LLVMIsAZExtInst(v) && LLVMTypeOf(LLVMGetOperand(v, 0)) == f->l->i1)
		return LLVMGetOperand(v, 0);
	return LLVMBuildICmp(f->ir, LLVMIntNE, v, LLVMConstNull(LLVMTypeOf(v)), "");
}
