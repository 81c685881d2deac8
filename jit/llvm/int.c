/* Integer instructions. */
#include "jit/llvm/ir.h"

/* row: op the LLVMOpcode */
void ll_emit_binary(struct ll_func *f, const struct wasm_insn *in, const struct ll_row *row)
{
	LLVMValueRef b = ll_pop(f), a = ll_pop(f);

	ll_push(f, in->push[0], LLVMBuildBinOp(f->ir, (LLVMOpcode)row->op, a, b, ""));
}

/* row: op the predicate */
void ll_emit_compare(struct ll_func *f, const struct wasm_insn *in, const struct ll_row *row)
{
	LLVMValueRef b = ll_pop(f), a = ll_pop(f);

	ll_push_bit(f, LLVMBuildICmp(f->ir, (LLVMIntPredicate)row->op, a, b, ""));
}

/* Of references too. */
void ll_emit_eqz(struct ll_func *f, const struct wasm_insn *in, const struct ll_row *row)
{
	LLVMValueRef a = ll_pop(f);

	ll_push_bit(f, LLVMBuildICmp(f->ir, LLVMIntEQ, a, LLVMConstNull(LLVMTypeOf(a)), ""));
}

/* The count modulo the width. */
void ll_emit_shift(struct ll_func *f, const struct wasm_insn *in, const struct ll_row *row)
{
	LLVMValueRef b = ll_pop(f), a = ll_pop(f);
	LLVMTypeRef t = LLVMTypeOf(a);

	b = LLVMBuildAnd(f->ir, b, LLVMConstInt(t, LLVMGetIntTypeWidth(t) - 1, 0), "");
	ll_push(f, in->push[0], LLVMBuildBinOp(f->ir, (LLVMOpcode)row->op, a, b, ""));
}

void ll_emit_rotate(struct ll_func *f, const struct wasm_insn *in, const struct ll_row *row)
{
	LLVMValueRef b = ll_pop(f), a = ll_pop(f), args[3] = { a, a, b };
	LLVMTypeRef t = LLVMTypeOf(a);

	ll_push(f, in->push[0], ll_intrinsic(f, row->intrinsic, &t, 1, args, 3));
}

/* row: how 1: the intrinsic is told that zero is an operand like any other */
void ll_emit_bits(struct ll_func *f, const struct wasm_insn *in, const struct ll_row *row)
{
	LLVMValueRef a = ll_pop(f), args[2] = { a, LLVMConstNull(f->l->i1) };
	LLVMTypeRef t = LLVMTypeOf(a);

	ll_push(f, in->push[0], ll_intrinsic(f, row->intrinsic, &t, 1, args, row->how ? 2 : 1));
}

/* The sign of the low bits; row: op how many. */
void ll_emit_extend(struct ll_func *f, const struct wasm_insn *in, const struct ll_row *row)
{
	LLVMValueRef a = ll_pop(f);
	LLVMTypeRef t = LLVMTypeOf(a);

	a = LLVMBuildTrunc(f->ir, a, LLVMIntTypeInContext(f->l->ctx, (unsigned int)row->op), "");
	ll_push(f, in->push[0], LLVMBuildSExt(f->ir, a, t, ""));
}

/* row: op the LLVMOpcode of a conversion */
void ll_emit_cast(struct ll_func *f, const struct wasm_insn *in, const struct ll_row *row)
{
	LLVMValueRef a = ll_pop(f);

	ll_push(f, in->push[0],
		LLVMBuildCast(f->ir, (LLVMOpcode)row->op, a, ll_type(f->l, in->push[0]), ""));
}

/* row: op the LLVMOpcode. The smallest number modulo -1 is 0, which LLVM leaves undefined. */
void ll_emit_divide(struct ll_func *f, const struct wasm_insn *in, const struct ll_row *row)
{
	LLVMValueRef b = ll_pop(f), a = ll_pop(f), minus_one;
	LLVMTypeRef t = LLVMTypeOf(a);
	LLVMValueRef least = LLVMConstInt(t, (uint64_t)1 << (LLVMGetIntTypeWidth(t) - 1), 0);

	ll_trap_if(f, LLVMBuildIsNull(f->ir, b, ""), RT_TRAP_DIVIDE_BY_ZERO);
	minus_one = LLVMBuildICmp(f->ir, LLVMIntEQ, b, LLVMConstAllOnes(t), "");
	if (row->op == LLVMSDiv) {
		LLVMValueRef is_least = LLVMBuildICmp(f->ir, LLVMIntEQ, a, least, "");

		ll_trap_if(f, LLVMBuildAnd(f->ir, is_least, minus_one, ""),
			   RT_TRAP_INTEGER_OVERFLOW);
	} else if (row->op == LLVMSRem) {
		b = LLVMBuildSelect(f->ir, minus_one, LLVMConstInt(t, 1, 0), b, "");
	}
	f->loaded_at = 0;
	ll_push(f, in->push[0], LLVMBuildBinOp(f->ir, (LLVMOpcode)row->op, a, b, ""));
}
