/*
 * From instructions to their emitters. One row each; what has no row is not compiled (and is
 * refused by name). Columns: instruction, emitter, then op, w and cc as the head of the emitter
 * says.
 */
#include "jit/baseline/emit.h"
#include "jit/baseline/simd.h"

#define ROW(name, emitter, ...) [WASM_##name] = { .emit = jit_emit_##emitter, __VA_ARGS__ },

/* i32 and i64 */
#define BOTH(name, emitter, op, cc) \
	ROW(I32_##name, emitter, op, X64_32, cc) \
	ROW(I64_##name, emitter, op, X64_64, cc)
#define COMPARE(name, cc) BOTH(name, compare, 0, X64_CC_##cc)

/* f32 and f64: the scalar instruction is op and SS or SD */
#define FLOATS(name, emitter, op, cc) \
	ROW(F32_##name, emitter, X64_##op##SS, X64_32, cc) \
	ROW(F64_##name, emitter, X64_##op##SD, X64_64, cc)
#define FCOMPARE(name, swap, cc) \
	ROW(F32_##name, fcompare, swap, X64_32, cc) \
	ROW(F64_##name, fcompare, swap, X64_64, cc)
#define MASK(name, op, cc) \
	ROW(F32_##name, unary, op, X64_32, cc) \
	ROW(F64_##name, unary, op, X64_64, cc)

/* cc of trunc: UNSIGNED 1, SAT 2, DOUBLE 4 */
#define TRUNC(int, bits) \
	ROW(int##_TRUNC_F32_S, trunc, 0, bits, 0) \
	ROW(int##_TRUNC_F32_U, trunc, 0, bits, 1) \
	ROW(int##_TRUNC_F64_S, trunc, 0, bits, 4) \
	ROW(int##_TRUNC_F64_U, trunc, 0, bits, 5) \
	ROW(int##_TRUNC_SAT_F32_S, trunc, 0, bits, 2) \
	ROW(int##_TRUNC_SAT_F32_U, trunc, 0, bits, 3) \
	ROW(int##_TRUNC_SAT_F64_S, trunc, 0, bits, 6) \
	ROW(int##_TRUNC_SAT_F64_U, trunc, 0, bits, 7)

#define LIB(name, call, indices, nargs) ROW(name, lib, JIT_LIB_##call, JIT_LIB_##indices, nargs)

const struct jit_row jit_rows[WASM_OPS] = {
	/* vector instructions have a table of their own, simd-ops.h */
	[WASM_V128_LOAD ... WASM_V128_LOAD + JIT_SIMD_ROWS - 1] = { .emit = jit_simd },

	ROW(UNREACHABLE, unreachable)
	ROW(NOP, nop)
	ROW(BLOCK, block)
	ROW(LOOP, loop)
	ROW(IF, if)
	ROW(ELSE, else)
	ROW(END, end)
	ROW(BR, br)
	ROW(BR_IF, br_if)
	ROW(BR_TABLE, br_table)
	ROW(BR_ON_NULL, br_on_null, 0)
	ROW(BR_ON_NON_NULL, br_on_null, 1)
	ROW(RETURN, return)
	ROW(TRY_TABLE, try_table)
	ROW(THROW, throw)
	ROW(THROW_REF, throw_ref)
	ROW(CALL, call)
	ROW(CALL_INDIRECT, call_indirect)
	ROW(CALL_REF, call_ref)
	ROW(RETURN_CALL, return_call)
	ROW(RETURN_CALL_INDIRECT, return_call_indirect)
	ROW(RETURN_CALL_REF, return_call_ref)
	ROW(DROP, drop)
	ROW(SELECT, select)
	ROW(SELECT_T, select)
	ROW(LOCAL_GET, local_get)
	ROW(LOCAL_SET, local_set)
	ROW(LOCAL_TEE, local_tee)
	ROW(GLOBAL_GET, global_get)
	ROW(GLOBAL_SET, global_set)
	JIT_LIB_INSNS(LIB)
	ROW(TABLE_SIZE, table_size)
	ROW(REF_NULL, const, 1)
	ROW(REF_IS_NULL, eqz, 0, X64_64)
	ROW(REF_FUNC, ref_func)
	ROW(REF_AS_NON_NULL, ref_as_non_null)

	ROW(I32_LOAD, load, X64_MOV, X64_32, 1)
	ROW(I64_LOAD, load, X64_MOV, X64_64, 2)
	ROW(F32_LOAD, load, X64_VMOVSS, X64_32, 4)
	ROW(F64_LOAD, load, X64_VMOVSD, X64_64, 8)
	ROW(I32_LOAD8_S, load, X64_MOVSX8, X64_32)
	ROW(I32_LOAD8_U, load, X64_MOVZX8, X64_32)
	ROW(I32_LOAD16_S, load, X64_MOVSX16, X64_32)
	ROW(I32_LOAD16_U, load, X64_MOVZX16, X64_32)
	ROW(I64_LOAD8_S, load, X64_MOVSX8, X64_64)
	ROW(I64_LOAD8_U, load, X64_MOVZX8, X64_32)
	ROW(I64_LOAD16_S, load, X64_MOVSX16, X64_64)
	ROW(I64_LOAD16_U, load, X64_MOVZX16, X64_32)
	ROW(I64_LOAD32_S, load, X64_MOVSXD, X64_64)
	ROW(I64_LOAD32_U, load, X64_MOV, X64_32)
	ROW(I32_STORE, store, X64_MOV, X64_32)
	ROW(I64_STORE, store, X64_MOV, X64_64)
	ROW(F32_STORE, store, X64_VMOVSS_ST, X64_32)
	ROW(F64_STORE, store, X64_VMOVSD_ST, X64_64)
	ROW(I32_STORE8, store, X64_MOV, X64_8)
	ROW(I32_STORE16, store, X64_MOV, X64_16)
	ROW(I64_STORE8, store, X64_MOV, X64_8)
	ROW(I64_STORE16, store, X64_MOV, X64_16)
	ROW(I64_STORE32, store, X64_MOV, X64_32)
	ROW(MEMORY_SIZE, memory_size)
	LIB(MEMORY_COPY, memory_copy, TWO, 3)

	ROW(I32_CONST, const)
	ROW(I64_CONST, const)
	ROW(F32_CONST, const)
	ROW(F64_CONST, const)
	ROW(I32_EQZ, eqz, 0, X64_32)
	ROW(I64_EQZ, eqz, 0, X64_64)
	COMPARE(EQ, E)
	COMPARE(NE, NE)
	COMPARE(LT_S, L)
	COMPARE(LT_U, B)
	COMPARE(GT_S, G)
	COMPARE(GT_U, A)
	COMPARE(LE_S, LE)
	COMPARE(LE_U, BE)
	COMPARE(GE_S, GE)
	COMPARE(GE_U, AE)
	FCOMPARE(EQ, 0, JIT_CC_FEQ)
	FCOMPARE(NE, 0, JIT_CC_FNE)
	FCOMPARE(LT, 1, X64_CC_A)
	FCOMPARE(GT, 0, X64_CC_A)
	FCOMPARE(LE, 1, X64_CC_AE)
	FCOMPARE(GE, 0, X64_CC_AE)

	BOTH(CLZ, bits, X64_LZCNT, 0)
	BOTH(CTZ, bits, X64_TZCNT, 0)
	BOTH(POPCNT, bits, X64_POPCNT, 0)
	BOTH(ADD, add, X64_ADD, 1)
	BOTH(SUB, alu, X64_SUB, 0)
	BOTH(MUL, mul, X64_IMUL, 1)
	BOTH(DIV_S, divide, 0, 1)
	BOTH(DIV_U, divide, 0, 0)
	BOTH(REM_S, divide, 0, 3)
	BOTH(REM_U, divide, 0, 2)
	BOTH(AND, alu, X64_AND, 1)
	BOTH(OR, alu, X64_OR, 1)
	BOTH(XOR, alu, X64_XOR, 1)
	BOTH(SHL, shift, X64_SHLX, 0)
	BOTH(SHR_S, shift, X64_SARX, 0)
	BOTH(SHR_U, shift, X64_SHRX, 0)
	BOTH(ROTL, rotate, 0, 1)
	BOTH(ROTR, rotate, 0, 0)
	BOTH(EXTEND8_S, bits, X64_MOVSX8, 0)
	BOTH(EXTEND16_S, bits, X64_MOVSX16, 0)
	ROW(I64_EXTEND32_S, bits, X64_MOVSXD, X64_64)
	ROW(I64_EXTEND_I32_S, bits, X64_MOVSXD, X64_64)
	ROW(I64_EXTEND_I32_U, extend)
	ROW(I32_WRAP_I64, wrap)

	FLOATS(ADD, arith, VADD, 1)
	FLOATS(SUB, arith, VSUB, 0)
	FLOATS(MUL, arith, VMUL, 1)
	FLOATS(DIV, arith, VDIV, 0)
	FLOATS(MIN, minmax, VMIN, 0)
	FLOATS(MAX, minmax, VMAX, 1)
	FLOATS(CEIL, round, VROUND, 10)
	FLOATS(FLOOR, round, VROUND, 9)
	FLOATS(TRUNC, round, VROUND, 11)
	FLOATS(NEAREST, round, VROUND, 8)
	FLOATS(SQRT, unary, VSQRT, 0)
	MASK(ABS, X64_VANDPS, 1)
	MASK(NEG, X64_VXORPS, 2)
	ROW(F32_COPYSIGN, copysign, 0, X64_32)
	ROW(F64_COPYSIGN, copysign, 0, X64_64)
	TRUNC(I32, X64_32)
	TRUNC(I64, X64_64)
	ROW(F32_CONVERT_I32_S, from_int, X64_VCVTSI2SS, X64_32)
	ROW(F32_CONVERT_I32_U, from_int, X64_VCVTSI2SS, X64_64)
	ROW(F32_CONVERT_I64_S, from_int, X64_VCVTSI2SS, X64_64)
	ROW(F32_CONVERT_I64_U, from_u64, X64_VCVTSI2SS, X64_64)
	ROW(F64_CONVERT_I32_S, from_int, X64_VCVTSI2SD, X64_32)
	ROW(F64_CONVERT_I32_U, from_int, X64_VCVTSI2SD, X64_64)
	ROW(F64_CONVERT_I64_S, from_int, X64_VCVTSI2SD, X64_64)
	ROW(F64_CONVERT_I64_U, from_u64, X64_VCVTSI2SD, X64_64)
	ROW(F32_DEMOTE_F64, fconvert, X64_VCVTSD2SS, X64_32)
	ROW(F64_PROMOTE_F32, fconvert, X64_VCVTSS2SD, X64_64)
	ROW(I32_REINTERPRET_F32, reinterpret, 0, X64_32)
	ROW(I64_REINTERPRET_F64, reinterpret, 0, X64_64)
	ROW(F32_REINTERPRET_I32, reinterpret, 0, X64_32)
	ROW(F64_REINTERPRET_I64, reinterpret, 0, X64_64)
};
