/*
 * Floating-point instructions, scalar.
 *
 * NaN: an operation's result is quiet (core spec 4.3.3). LLVM may leave out what changes no number,
 * such as x * 1, and with it the quieting: operands that allow it are made opaque.
 */
#include "jit/llvm/ir.h"

/* row: op the LLVMOpcode */
void ll_emit_arith(struct ll_func *f, const struct wasm_insn *in, const struct ll_row *row)
{
	LLVMValueRef b = ll_pop(f), a = ll_pop(f);

	if (ll_is_unit(a))
		a = ll_opaque(f, a);
	if (ll_is_unit(b))
		b = ll_opaque(f, b);
	ll_push(f, in->push[0], LLVMBuildBinOp(f->ir, (LLVMOpcode)row->op, a, b, ""));
}

/* LLVM's minimum may give back a NaN operand as it is; a sum is quiet. */
void ll_emit_minmax(struct ll_func *f, const struct wasm_insn *in, const struct ll_row *row)
{
	LLVMValueRef b = ll_pop(f), a = ll_pop(f), r = ll_intrinsic2(f, row->intrinsic, a, b);
	LLVMValueRef nan = LLVMBuildFCmp(f->ir, LLVMRealUNO, a, b, "");

	r = LLVMBuildSelect(f->ir, nan, LLVMBuildFAdd(f->ir, a, b, ""), r, "");
	ll_push(f, in->push[0], r);
}

void ll_emit_unary(struct ll_func *f, const struct wasm_insn *in, const struct ll_row *row)
{
	LLVMValueRef a = ll_pop(f);

	ll_push(f, in->push[0], ll_intrinsic1(f, row->intrinsic, a));
}

void ll_emit_neg(struct ll_func *f, const struct wasm_insn *in, const struct ll_row *row)
{
	LLVMValueRef a = ll_pop(f);

	ll_push(f, in->push[0], LLVMBuildFNeg(f->ir, a, ""));
}

void ll_emit_copysign(struct ll_func *f, const struct wasm_insn *in, const struct ll_row *row)
{
	LLVMValueRef b = ll_pop(f), a = ll_pop(f);

	ll_push(f, in->push[0], ll_intrinsic2(f, row->intrinsic, a, b));
}

/* row: op the predicate */
void ll_emit_fcompare(struct ll_func *f, const struct wasm_insn *in, const struct ll_row *row)
{
	LLVMValueRef b = ll_pop(f), a = ll_pop(f), bit;

	bit = LLVMBuildFCmp(f->ir, (LLVMRealPredicate)row->op, a, b, "");
	ll_push_bit(f, bit);
}

/* What may be a promotion: LLVM would take the two for none. */
void ll_emit_demote(struct ll_func *f, const struct wasm_insn *in, const struct ll_row *row)
{
	LLVMValueRef a = ll_pop(f);

	if (LLVMIsAFPExtInst(a) || LLVMIsAPHINode(a) || LLVMIsALoadInst(a))
		a = ll_opaque(f, a);
	ll_push(f, in->push[0], LLVMBuildFPTrunc(f->ir, a, f->l->f32, ""));
}

/* row: how 1: unsigned */
void ll_emit_trunc_sat(struct ll_func *f, const struct wasm_insn *in, const struct ll_row *row)
{
	LLVMValueRef a = ll_pop(f);
	LLVMTypeRef types[2] = { ll_type(f->l, in->push[0]), LLVMTypeOf(a) };

	ll_push(f, in->push[0],
		ll_intrinsic(f, row->how ? "llvm.fptoui.sat" : "llvm.fptosi.sat", types, 2, &a, 1));
}

/*
 * The numbers below and above which there is no integer of that width, both excluded; as far as the
 * float's own type has them. (For a low limit that it has not, the next one below.)
 */
static void limits(unsigned int width, bool is_unsigned, bool wide, double *ret_low,
		   double *ret_high)
{
	double half = width == 32 ? 2147483648.0 : 9223372036854775808.0;

	*ret_high = is_unsigned ? 2 * half : half;
	*ret_low = is_unsigned ? -1 : -half;
	if (is_unsigned)
		return;
	/* -2^31 - 1 is a double; below the others comes what differs by more than 1 */
	if (width == 32)
		*ret_low = wide ? -2147483649.0 : -2147483904.0;
	else
		*ret_low = wide ? -9223372036854777856.0 : -9223373136366403584.0;
}

/* row: how 1: unsigned. Traps unless the number is strictly between the limits. */
void ll_emit_trunc(struct ll_func *f, const struct wasm_insn *in, const struct ll_row *row)
{
	LLVMValueRef a = ll_pop(f), above, below;
	LLVMTypeRef from = LLVMTypeOf(a), to = ll_type(f->l, in->push[0]);
	LLVMBasicBlockRef bad = ll_block(f), good = ll_block(f);
	double low, high;

	limits(LLVMGetIntTypeWidth(to), row->how, from == f->l->f64, &low, &high);
	above = LLVMBuildFCmp(f->ir, LLVMRealOGT, a, LLVMConstReal(from, low), "");
	below = LLVMBuildFCmp(f->ir, LLVMRealOLT, a, LLVMConstReal(from, high), "");
	LLVMBuildCondBr(f->ir, LLVMBuildAnd(f->ir, above, below, ""), good, bad);
	ll_at(f, bad);
	ll_trap_if(f, LLVMBuildFCmp(f->ir, LLVMRealUNO, a, a, ""), RT_TRAP_INVALID_CONVERSION);
	ll_trap(f, RT_TRAP_INTEGER_OVERFLOW);
	ll_at(f, good);
	f->loaded_at = 0;
	ll_push(f, in->push[0],
		LLVMBuildCast(f->ir, row->how ? LLVMFPToUI : LLVMFPToSI, a, to, ""));
}
