/*
 * Vector instructions: memory, lanes, bits and conversions. On the stack a vector is <2 x i64>;
 * each instruction takes it as it needs it.
 */
#include <string.h>

#include "jit/llvm/simd.h"

LLVMValueRef ll_as(struct ll_func *f, LLVMValueRef v, enum ll_lanes lanes)
{
	LLVMTypeRef t = f->l->lanes[lanes];

	return LLVMTypeOf(v) == t ? v : LLVMBuildBitCast(f->ir, v, t, "");
}

void ll_push_vector(struct ll_func *f, LLVMValueRef v)
{
	ll_push(f, WASM_V128, ll_as(f, v, LL_I64X2));
}

LLVMValueRef ll_pop_vector(struct ll_func *f, enum ll_lanes lanes)
{
	LLVMValueRef v = ll_pop(f);

	return ll_as(f, v, lanes);
}

LLVMValueRef ll_pop_low(struct ll_func *f, enum ll_lanes lanes)
{
	LLVMValueRef v = ll_pop(f);

	return ll_as(f, LLVMIsALoadInst(v) ? ll_opaque(f, v) : v, lanes);
}

LLVMValueRef ll_lane_order(struct ll_func *f, LLVMValueRef a, LLVMValueRef b, const uint8_t *lanes,
			   unsigned int n)
{
	LLVMValueRef mask[16];

	for (unsigned int i = 0; i < n; i++)
		mask[i] = ll_i32(f, lanes[i]);
	return LLVMBuildShuffleVector(f->ir, a, b, LLVMConstVector(mask, n), "");
}

LLVMValueRef ll_repeat(struct ll_func *f, LLVMValueRef v, unsigned int n)
{
	static const uint8_t first[16];
	LLVMValueRef none = LLVMGetPoison(LLVMVectorType(LLVMTypeOf(v), n));

	v = LLVMBuildInsertElement(f->ir, none, v, ll_i32(f, 0), "");
	return ll_lane_order(f, v, none, first, n);
}

static unsigned int lane_count(const struct ll_func *f, enum ll_lanes lanes)
{
	return LLVMGetVectorSize(f->l->lanes[lanes]);
}

void ll_emit_v_const(struct ll_func *f, const struct wasm_insn *in, const struct ll_row *row)
{
	uint64_t halves[2];
	LLVMValueRef v[2];

	memcpy(halves, in->bytes16, sizeof(halves));
	v[0] = ll_i64(f, halves[0]);
	v[1] = ll_i64(f, halves[1]);
	ll_push_vector(f, LLVMConstVector(v, 2));
}

/* ---- memory ---- */

static LLVMValueRef load_at(struct ll_func *f, const struct wasm_insn *in, LLVMTypeRef t)
{
	LLVMValueRef p = ll_pop_address(f, in);

	ll_place(f, in->at);
	f->loaded_at = in->at;
	return ll_load(f, t, p);
}

void ll_emit_v_load(struct ll_func *f, const struct wasm_insn *in, const struct ll_row *row)
{
	ll_push_vector(f, load_at(f, in, f->l->lanes[LL_I64X2]));
}

/* row: lanes of the result, op the extension */
void ll_emit_v_load_extend(struct ll_func *f, const struct wasm_insn *in, const struct ll_row *row)
{
	unsigned int n = lane_count(f, row->lanes);
	LLVMTypeRef narrow = LLVMVectorType(LLVMIntTypeInContext(f->l->ctx, 64 / n), n);
	LLVMValueRef v = LLVMBuildBitCast(f->ir, load_at(f, in, f->l->i64), narrow, "");

	ll_push_vector(f,
		       LLVMBuildCast(f->ir, (LLVMOpcode)row->op, v, f->l->lanes[row->lanes], ""));
}

void ll_emit_v_load_splat(struct ll_func *f, const struct wasm_insn *in, const struct ll_row *row)
{
	ll_push_vector(f, ll_repeat(f, load_at(f, in, f->l->lane[row->lanes]),
				    lane_count(f, row->lanes)));
}

void ll_emit_v_load_zero(struct ll_func *f, const struct wasm_insn *in, const struct ll_row *row)
{
	LLVMValueRef v = load_at(f, in, f->l->lane[row->lanes]);
	LLVMValueRef zero = LLVMConstNull(f->l->lanes[row->lanes]);

	ll_push_vector(f, LLVMBuildInsertElement(f->ir, zero, v, ll_i32(f, 0), ""));
}

void ll_emit_v_load_lane(struct ll_func *f, const struct wasm_insn *in, const struct ll_row *row)
{
	LLVMValueRef v = ll_pop_vector(f, row->lanes);
	LLVMValueRef lane = load_at(f, in, f->l->lane[row->lanes]);

	ll_push_vector(f, LLVMBuildInsertElement(f->ir, v, lane, ll_i32(f, in->lane), ""));
}

static void store_at(struct ll_func *f, const struct wasm_insn *in, LLVMValueRef v)
{
	LLVMValueRef p = ll_pop_address(f, in);

	ll_place(f, in->at);
	ll_store(f, v, p);
}

void ll_emit_v_store(struct ll_func *f, const struct wasm_insn *in, const struct ll_row *row)
{
	LLVMValueRef v = ll_pop(f);

	store_at(f, in, v);
}

void ll_emit_v_store_lane(struct ll_func *f, const struct wasm_insn *in, const struct ll_row *row)
{
	LLVMValueRef v = ll_pop_vector(f, row->lanes);

	store_at(f, in, LLVMBuildExtractElement(f->ir, v, ll_i32(f, in->lane), ""));
}

/* ---- lanes ---- */

void ll_emit_v_shuffle(struct ll_func *f, const struct wasm_insn *in, const struct ll_row *row)
{
	LLVMValueRef b = ll_pop_vector(f, LL_I8X16), a = ll_pop_vector(f, LL_I8X16);

	ll_push_vector(f, ll_lane_order(f, a, b, in->bytes16, 16));
}

/* The machine looks at four bits of an index and its top bit. row: how 1: 16 and more give 0 */
void ll_emit_v_swizzle(struct ll_func *f, const struct wasm_insn *in, const struct ll_row *row)
{
	LLVMValueRef b = ll_pop_vector(f, LL_I8X16), a = ll_pop_vector(f, LL_I8X16), args[2];

	if (row->how)
		b = ll_intrinsic2(f, "llvm.uadd.sat", b,
				  ll_repeat(f, LLVMConstInt(f->l->i8, 0x70, 0), 16));
	args[0] = a;
	args[1] = b;
	ll_push_vector(f, ll_intrinsic(f, "llvm.x86.ssse3.pshuf.b.128", NULL, 0, args, 2));
}

static LLVMValueRef narrowed(struct ll_func *f, LLVMValueRef v, enum ll_lanes lanes)
{
	return lanes <= LL_I16X8 ? LLVMBuildTrunc(f->ir, v, f->l->lane[lanes], "") : v;
}

void ll_emit_v_splat(struct ll_func *f, const struct wasm_insn *in, const struct ll_row *row)
{
	LLVMValueRef v = ll_pop(f);

	ll_push_vector(f, ll_repeat(f, narrowed(f, v, row->lanes), lane_count(f, row->lanes)));
}

/* row: op how a narrow lane becomes an i32 */
void ll_emit_v_extract(struct ll_func *f, const struct wasm_insn *in, const struct ll_row *row)
{
	LLVMValueRef v = ll_pop_vector(f, row->lanes);

	v = LLVMBuildExtractElement(f->ir, v, ll_i32(f, in->lane), "");
	if (row->lanes <= LL_I16X8)
		v = LLVMBuildCast(f->ir, (LLVMOpcode)row->op, v, f->l->i32, "");
	ll_push(f, in->push[0], v);
}

void ll_emit_v_replace(struct ll_func *f, const struct wasm_insn *in, const struct ll_row *row)
{
	LLVMValueRef lane = ll_pop(f), v = ll_pop_vector(f, row->lanes);

	lane = narrowed(f, lane, row->lanes);
	ll_push_vector(f, LLVMBuildInsertElement(f->ir, v, lane, ll_i32(f, in->lane), ""));
}

/* ---- bits ---- */

void ll_emit_v_not(struct ll_func *f, const struct wasm_insn *in, const struct ll_row *row)
{
	LLVMValueRef a = ll_pop(f);

	ll_push_vector(f, LLVMBuildNot(f->ir, a, ""));
}

void ll_emit_v_andnot(struct ll_func *f, const struct wasm_insn *in, const struct ll_row *row)
{
	LLVMValueRef b = ll_pop(f), a = ll_pop(f);

	ll_push_vector(f, LLVMBuildAnd(f->ir, a, LLVMBuildNot(f->ir, b, ""), ""));
}

void ll_emit_v_bitselect(struct ll_func *f, const struct wasm_insn *in, const struct ll_row *row)
{
	LLVMValueRef mask = ll_pop(f), b = ll_pop(f), a = ll_pop(f);

	a = LLVMBuildAnd(f->ir, a, mask, "");
	b = LLVMBuildAnd(f->ir, b, LLVMBuildNot(f->ir, mask, ""), "");
	ll_push_vector(f, LLVMBuildOr(f->ir, a, b, ""));
}

/* By the top bit of each lane of the mask. */
void ll_emit_v_blend(struct ll_func *f, const struct wasm_insn *in, const struct ll_row *row)
{
	LLVMValueRef mask = ll_pop_vector(f, row->lanes), b = ll_pop_vector(f, row->lanes);
	LLVMValueRef a = ll_pop_vector(f, row->lanes);

	mask = LLVMBuildICmp(f->ir, LLVMIntSLT, mask, LLVMConstNull(LLVMTypeOf(mask)), "");
	ll_push_vector(f, LLVMBuildSelect(f->ir, mask, a, b, ""));
}

void ll_emit_v_any_true(struct ll_func *f, const struct wasm_insn *in, const struct ll_row *row)
{
	LLVMValueRef a = LLVMBuildBitCast(f->ir, ll_pop(f), f->l->i128, "");

	ll_push_bit(f, LLVMBuildIsNotNull(f->ir, a, ""));
}

/* One bit for each lane, as an integer of so many bits. */
static LLVMValueRef lane_bits(struct ll_func *f, LLVMValueRef a, LLVMIntPredicate predicate)
{
	LLVMTypeRef t = LLVMTypeOf(a);
	LLVMValueRef bits = LLVMBuildICmp(f->ir, predicate, a, LLVMConstNull(t), "");

	return LLVMBuildBitCast(f->ir, bits, LLVMIntTypeInContext(f->l->ctx, LLVMGetVectorSize(t)),
				"");
}

void ll_emit_v_all_true(struct ll_func *f, const struct wasm_insn *in, const struct ll_row *row)
{
	LLVMValueRef zeros = lane_bits(f, ll_pop_vector(f, row->lanes), LLVMIntEQ);

	ll_push_bit(f, LLVMBuildIsNull(f->ir, zeros, ""));
}

void ll_emit_v_bitmask(struct ll_func *f, const struct wasm_insn *in, const struct ll_row *row)
{
	ll_push_bit(f, lane_bits(f, ll_pop_vector(f, row->lanes), LLVMIntSLT));
}
