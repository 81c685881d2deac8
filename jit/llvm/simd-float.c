/* Vector instructions on floats. NaN: as in float.c. */
#include "jit/llvm/simd.h"

static LLVMValueRef pop_float(struct ll_func *f, enum ll_lanes lanes)
{
	LLVMValueRef v = ll_pop_vector(f, lanes);

	return ll_is_unit(v) ? ll_opaque(f, v) : v;
}

/* row: op the LLVMOpcode */
void ll_emit_v_arith(struct ll_func *f, const struct wasm_insn *in, const struct ll_row *row)
{
	LLVMValueRef b = pop_float(f, row->lanes), a = pop_float(f, row->lanes);

	ll_push_vector(f, LLVMBuildBinOp(f->ir, (LLVMOpcode)row->op, a, b, ""));
}

void ll_emit_v_fneg(struct ll_func *f, const struct wasm_insn *in, const struct ll_row *row)
{
	LLVMValueRef a = ll_pop_vector(f, row->lanes);

	ll_push_vector(f, LLVMBuildFNeg(f->ir, a, ""));
}

void ll_emit_v_minmax(struct ll_func *f, const struct wasm_insn *in, const struct ll_row *row)
{
	LLVMValueRef b = ll_pop_vector(f, row->lanes), a = ll_pop_vector(f, row->lanes);
	LLVMValueRef r = ll_intrinsic2(f, row->intrinsic, a, b);
	LLVMValueRef nan = LLVMBuildFCmp(f->ir, LLVMRealUNO, a, b, "");

	ll_push_vector(f, LLVMBuildSelect(f->ir, nan, LLVMBuildFAdd(f->ir, a, b, ""), r, ""));
}

/* The second operand if it is less (or greater) than the first; row: op the predicate */
void ll_emit_v_pminmax(struct ll_func *f, const struct wasm_insn *in, const struct ll_row *row)
{
	LLVMValueRef b = ll_pop_vector(f, row->lanes), a = ll_pop_vector(f, row->lanes);
	LLVMValueRef second = LLVMBuildFCmp(f->ir, (LLVMRealPredicate)row->op, b, a, "");

	ll_push_vector(f, LLVMBuildSelect(f->ir, second, b, a, ""));
}

/* row: how 1: minus the product */
void ll_emit_v_fma(struct ll_func *f, const struct wasm_insn *in, const struct ll_row *row)
{
	LLVMValueRef args[3];

	args[2] = ll_pop_vector(f, row->lanes);
	args[1] = ll_pop_vector(f, row->lanes);
	args[0] = ll_pop_vector(f, row->lanes);
	if (row->how)
		args[0] = LLVMBuildFNeg(f->ir, args[0], "");
	ll_push_vector(f, ll_intrinsic(f, "llvm.fma", &f->l->lanes[row->lanes], 1, args, 3));
}

static const uint8_t low[4] = { 0, 1, 2, 3 };

/* The two lanes, and zeros. */
static LLVMValueRef zeros_above(struct ll_func *f, LLVMValueRef two)
{
	return ll_lane_order(f, two, LLVMConstNull(LLVMTypeOf(two)), low, 4);
}

void ll_emit_v_demote(struct ll_func *f, const struct wasm_insn *in, const struct ll_row *row)
{
	LLVMValueRef a = ll_opaque(f, ll_pop_vector(f, LL_F64X2));

	a = LLVMBuildFPTrunc(f->ir, a, LLVMVectorType(f->l->f32, 2), "");
	ll_push_vector(f, zeros_above(f, a));
}

void ll_emit_v_promote(struct ll_func *f, const struct wasm_insn *in, const struct ll_row *row)
{
	LLVMValueRef a = ll_pop_low(f, LL_F32X4);

	a = ll_lane_order(f, a, a, low, 2);
	ll_push_vector(f, LLVMBuildFPExt(f->ir, a, f->l->lanes[LL_F64X2], ""));
}

/* Between i32x4 and f32x4; row: intrinsic to integers, or op from them */
void ll_emit_v_convert(struct ll_func *f, const struct wasm_insn *in, const struct ll_row *row)
{
	LLVMTypeRef types[2] = { f->l->lanes[LL_I32X4], f->l->lanes[LL_F32X4] };
	LLVMValueRef a = ll_pop_vector(f, row->intrinsic ? LL_F32X4 : LL_I32X4);

	if (row->intrinsic)
		a = ll_intrinsic(f, row->intrinsic, types, 2, &a, 1);
	else
		a = LLVMBuildCast(f->ir, (LLVMOpcode)row->op, a, types[1], "");
	ll_push_vector(f, a);
}

void ll_emit_v_convert_low(struct ll_func *f, const struct wasm_insn *in, const struct ll_row *row)
{
	LLVMValueRef a = ll_pop_low(f, LL_I32X4);

	a = ll_lane_order(f, a, a, low, 2);
	ll_push_vector(f, LLVMBuildCast(f->ir, (LLVMOpcode)row->op, a, f->l->lanes[LL_F64X2], ""));
}

void ll_emit_v_trunc_sat_zero(struct ll_func *f, const struct wasm_insn *in,
			      const struct ll_row *row)
{
	LLVMTypeRef types[2] = { LLVMVectorType(f->l->i32, 2), f->l->lanes[LL_F64X2] };
	LLVMValueRef a = ll_pop_vector(f, LL_F64X2);

	ll_push_vector(f, zeros_above(f, ll_intrinsic(f, row->intrinsic, types, 2, &a, 1)));
}

/* The machine's own conversion: what does not fit is 0x80000000. */
void ll_emit_v_relaxed_trunc(struct ll_func *f, const struct wasm_insn *in,
			     const struct ll_row *row)
{
	LLVMValueRef a = ll_pop_vector(f, row->lanes);

	ll_push_vector(f, ll_intrinsic(f, row->intrinsic, NULL, 0, &a, 1));
}
