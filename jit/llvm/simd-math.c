/* Vector instructions that compute. */
#include "jit/llvm/simd.h"

/* row: op the LLVMOpcode */
void ll_emit_v_binary(struct ll_func *f, const struct wasm_insn *in, const struct ll_row *row)
{
	LLVMValueRef b = ll_pop_vector(f, row->lanes), a = ll_pop_vector(f, row->lanes);

	ll_push_vector(f, LLVMBuildBinOp(f->ir, (LLVMOpcode)row->op, a, b, ""));
}

static void push_mask(struct ll_func *f, LLVMValueRef bits, enum ll_lanes lanes)
{
	enum ll_lanes ints = lanes == LL_F32X4 ? LL_I32X4 : lanes == LL_F64X2 ? LL_I64X2 : lanes;

	ll_push_vector(f, LLVMBuildSExt(f->ir, bits, f->l->lanes[ints], ""));
}

void ll_emit_v_compare(struct ll_func *f, const struct wasm_insn *in, const struct ll_row *row)
{
	LLVMValueRef b = ll_pop_vector(f, row->lanes), a = ll_pop_vector(f, row->lanes);

	push_mask(f, LLVMBuildICmp(f->ir, (LLVMIntPredicate)row->op, a, b, ""), row->lanes);
}

void ll_emit_v_fcompare(struct ll_func *f, const struct wasm_insn *in, const struct ll_row *row)
{
	LLVMValueRef b = ll_pop_vector(f, row->lanes), a = ll_pop_vector(f, row->lanes);

	push_mask(f, LLVMBuildFCmp(f->ir, (LLVMRealPredicate)row->op, a, b, ""), row->lanes);
}

void ll_emit_v_unary(struct ll_func *f, const struct wasm_insn *in, const struct ll_row *row)
{
	LLVMValueRef a = ll_pop_vector(f, row->lanes);

	ll_push_vector(f, ll_intrinsic1(f, row->intrinsic, a));
}

/* The intrinsic is told that the smallest integer is an operand like any other. */
void ll_emit_v_unary2(struct ll_func *f, const struct wasm_insn *in, const struct ll_row *row)
{
	LLVMValueRef args[2] = { ll_pop_vector(f, row->lanes), LLVMConstNull(f->l->i1) };

	ll_push_vector(f, ll_intrinsic(f, row->intrinsic, &f->l->lanes[row->lanes], 1, args, 2));
}

/* row: how 0: the machine's own; 1: overloaded by type; 2: the machine's own, operands swapped */
void ll_emit_v_intrinsic(struct ll_func *f, const struct wasm_insn *in, const struct ll_row *row)
{
	LLVMValueRef b = ll_pop_vector(f, row->lanes), a = ll_pop_vector(f, row->lanes);
	LLVMValueRef args[2] = { row->how == 2 ? b : a, row->how == 2 ? a : b };

	ll_push_vector(f, ll_intrinsic(f, row->intrinsic, &f->l->lanes[row->lanes], row->how == 1,
				       args, 2));
}

void ll_emit_v_neg(struct ll_func *f, const struct wasm_insn *in, const struct ll_row *row)
{
	LLVMValueRef a = ll_pop_vector(f, row->lanes);

	ll_push_vector(f, LLVMBuildNeg(f->ir, a, ""));
}

/* row: op the LLVMOpcode. The count is an i32, taken modulo the width of a lane. */
void ll_emit_v_shift(struct ll_func *f, const struct wasm_insn *in, const struct ll_row *row)
{
	LLVMValueRef n = ll_pop(f), a = ll_pop_vector(f, row->lanes);
	LLVMTypeRef lane = f->l->lane[row->lanes];

	n = LLVMBuildAnd(f->ir, n, ll_i32(f, LLVMGetIntTypeWidth(lane) - 1), "");
	n = LLVMBuildIntCast2(f->ir, n, lane, 0, "");
	n = ll_repeat(f, n, LLVMGetVectorSize(LLVMTypeOf(a)));
	ll_push_vector(f, LLVMBuildBinOp(f->ir, (LLVMOpcode)row->op, a, n, ""));
}

/* ---- lanes that become wider ---- */

/* The low or high half of the lanes, each twice as wide. */
static LLVMValueRef half_extended(struct ll_func *f, LLVMValueRef a, const struct ll_row *row)
{
	unsigned int n = LLVMGetVectorSize(LLVMTypeOf(a)) / 2;
	uint8_t lanes[8];

	for (unsigned int i = 0; i < n; i++)
		lanes[i] = (uint8_t)(row->how ? n + i : i);
	a = ll_lane_order(f, a, a, lanes, n);
	return LLVMBuildCast(f->ir, (LLVMOpcode)row->op, a, f->l->lanes[row->lanes + 1], "");
}

void ll_emit_v_extend(struct ll_func *f, const struct wasm_insn *in, const struct ll_row *row)
{
	LLVMValueRef a = ll_pop_low(f, row->lanes);

	ll_push_vector(f, half_extended(f, a, row));
}

void ll_emit_v_extmul(struct ll_func *f, const struct wasm_insn *in, const struct ll_row *row)
{
	LLVMValueRef b = ll_pop_low(f, row->lanes), a = ll_pop_low(f, row->lanes);

	a = half_extended(f, a, row);
	b = half_extended(f, b, row);
	ll_push_vector(f, LLVMBuildMul(f->ir, a, b, ""));
}

/* Sums of neighbours. */
void ll_emit_v_extadd(struct ll_func *f, const struct wasm_insn *in, const struct ll_row *row)
{
	LLVMValueRef a = ll_pop_vector(f, row->lanes), even, odd;
	unsigned int n = LLVMGetVectorSize(LLVMTypeOf(a)) / 2;
	LLVMTypeRef wide = f->l->lanes[row->lanes + 1];
	uint8_t lanes[2][8];

	for (unsigned int i = 0; i < n; i++) {
		lanes[0][i] = (uint8_t)(2 * i);
		lanes[1][i] = (uint8_t)(2 * i + 1);
	}
	even = LLVMBuildCast(f->ir, (LLVMOpcode)row->op, ll_lane_order(f, a, a, lanes[0], n), wide,
			     "");
	odd = LLVMBuildCast(f->ir, (LLVMOpcode)row->op, ll_lane_order(f, a, a, lanes[1], n), wide,
			    "");
	ll_push_vector(f, LLVMBuildAdd(f->ir, even, odd, ""));
}

/* -1 * -1 is the one product that does not fit: the machine gives -1. */
void ll_emit_v_q15(struct ll_func *f, const struct wasm_insn *in, const struct ll_row *row)
{
	LLVMValueRef b = ll_pop_vector(f, LL_I16X8), a = ll_pop_vector(f, LL_I16X8);
	LLVMValueRef args[2] = { a, b };
	LLVMValueRef r = ll_intrinsic(f, "llvm.x86.ssse3.pmul.hr.sw.128", NULL, 0, args, 2), least;

	least = ll_repeat(f, LLVMConstInt(f->l->i16, 0x8000, 0), 8);
	least = LLVMBuildSExt(f->ir, LLVMBuildICmp(f->ir, LLVMIntEQ, r, least, ""), LLVMTypeOf(r),
			      "");
	ll_push_vector(f, LLVMBuildXor(f->ir, r, least, ""));
}

/* Signed by unsigned bytes in pairs, then pairs of those, onto the third. */
void ll_emit_v_dot_add(struct ll_func *f, const struct wasm_insn *in, const struct ll_row *row)
{
	LLVMValueRef c = ll_pop_vector(f, LL_I32X4), b = ll_pop_vector(f, LL_I8X16);
	LLVMValueRef a = ll_pop_vector(f, LL_I8X16), args[2] = { b, a };

	args[0] = ll_intrinsic(f, "llvm.x86.ssse3.pmadd.ub.sw.128", NULL, 0, args, 2);
	args[1] = ll_repeat(f, LLVMConstInt(f->l->i16, 1, 0), 8);
	a = ll_intrinsic(f, "llvm.x86.sse2.pmadd.wd", NULL, 0, args, 2);
	ll_push_vector(f, LLVMBuildAdd(f->ir, a, c, ""));
}
