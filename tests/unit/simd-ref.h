/*
 * What vector instructions do, lane by lane in C: the reference for tests/unit/simd.c, which
 * defines the two macros.
 *
 *	LANES(OP, T, R, N, e)	lanes a, b, c of type T of the operands; e: lane of type R of the
 *				result; N lanes
 *	WHOLE(OP, statement)	A, B, C point to the operands, Z to the result (zeroed)
 *	n			lane number or shift count
 *
 * Types, which are the members of the union of all lanes too: u8 i8 u16 i16 u32 i32 u64 i64 f32
 * f64.
 */

#define EACH(N) for (int i = 0; i < (N); i++)

#define INT(P, u, i_, BITS, N) \
	LANES(P##_ADD, u, u, N, a + b) \
	LANES(P##_SUB, u, u, N, a - b) \
	LANES(P##_NEG, u, u, N, -a) \
	LANES(P##_ABS, i_, u, N, a < 0 ? -(u)a : (u)a) \
	LANES(P##_EQ, u, i_, N, -(a == b)) \
	LANES(P##_NE, u, i_, N, -(a != b)) \
	LANES(P##_LT_S, i_, i_, N, -(a < b)) \
	LANES(P##_GT_S, i_, i_, N, -(a > b)) \
	LANES(P##_LE_S, i_, i_, N, -(a <= b)) \
	LANES(P##_GE_S, i_, i_, N, -(a >= b)) \
	LANES(P##_SHL, u, u, N, (u)((uint64_t)a << (n % (BITS)))) \
	LANES(P##_SHR_S, i_, i_, N, a >> (n % (BITS))) \
	LANES(P##_SHR_U, u, u, N, a >> (n % (BITS))) \
	WHOLE(P##_ALL_TRUE, Z->u32[0] = 1; EACH(N) Z->u32[0] &= A->u[i] != 0) \
	WHOLE(P##_BITMASK, EACH(N) Z->u32[0] |= (uint32_t)(A->i_[i] < 0) << i) \
	WHOLE(P##_SPLAT, EACH(N) Z->u[i] = A->u[0]) \
	WHOLE(P##_REPLACE_LANE, *Z = *A; Z->u[n] = B->u[0])
INT(I8X16, u8, i8, 8, 16)
INT(I16X8, u16, i16, 16, 8)
INT(I32X4, u32, i32, 32, 4)
INT(I64X2, u64, i64, 64, 2)

#define INT_U(P, u, i_, N) \
	LANES(P##_LT_U, u, i_, N, -(a < b)) \
	LANES(P##_GT_U, u, i_, N, -(a > b)) \
	LANES(P##_LE_U, u, i_, N, -(a <= b)) \
	LANES(P##_GE_U, u, i_, N, -(a >= b)) \
	LANES(P##_MIN_S, i_, i_, N, a < b ? a : b) \
	LANES(P##_MIN_U, u, u, N, a < b ? a : b) \
	LANES(P##_MAX_S, i_, i_, N, a > b ? a : b) \
	LANES(P##_MAX_U, u, u, N, a > b ? a : b)
INT_U(I8X16, u8, i8, 16)
INT_U(I16X8, u16, i16, 8)
INT_U(I32X4, u32, i32, 4)

#define INT_SMALL(P, u, i_, N, LOW, HIGH, TOP) \
	LANES(P##_ADD_SAT_S, i_, i_, N, CLAMP(a + b, LOW, HIGH)) \
	LANES(P##_ADD_SAT_U, u, u, N, CLAMP(a + b, 0, TOP)) \
	LANES(P##_SUB_SAT_S, i_, i_, N, CLAMP(a - b, LOW, HIGH)) \
	LANES(P##_SUB_SAT_U, u, u, N, CLAMP(a - b, 0, TOP)) \
	LANES(P##_AVGR_U, u, u, N, (a + b + 1) / 2) \
	WHOLE(P##_EXTRACT_LANE_S, Z->i32[0] = A->i_[n]) \
	WHOLE(P##_EXTRACT_LANE_U, Z->u32[0] = A->u[n])
INT_SMALL(I8X16, u8, i8, 16, -128, 127, 255)
INT_SMALL(I16X8, u16, i16, 8, -32768, 32767, 65535)

#define WIDEN(TO, FROM, S, from, to, N) \
	WHOLE(TO##_EXTEND_LOW_##FROM##_##S, EACH(N) Z->to[i] = A->from[i]) \
	WHOLE(TO##_EXTEND_HIGH_##FROM##_##S, EACH(N) Z->to[i] = A->from[N + i]) \
	WHOLE(TO##_EXTMUL_LOW_##FROM##_##S, EACH(N) Z->to[i] = (to)A->from[i] * (to)B->from[i]) \
	WHOLE(TO##_EXTMUL_HIGH_##FROM##_##S, \
	      EACH(N) Z->to[i] = (to)A->from[N + i] * (to)B->from[N + i])
WIDEN(I16X8, I8X16, S, i8, i16, 8)
WIDEN(I16X8, I8X16, U, u8, u16, 8)
WIDEN(I32X4, I16X8, S, i16, i32, 4)
WIDEN(I32X4, I16X8, U, u16, u32, 4)
WIDEN(I64X2, I32X4, S, i32, i64, 2)
WIDEN(I64X2, I32X4, U, u32, u64, 2)
WHOLE(I16X8_EXTADD_PAIRWISE_I8X16_S, EACH(8) Z->i16[i] = A->i8[2 * i] + A->i8[2 * i + 1])
WHOLE(I16X8_EXTADD_PAIRWISE_I8X16_U, EACH(8) Z->u16[i] = A->u8[2 * i] + A->u8[2 * i + 1])
WHOLE(I32X4_EXTADD_PAIRWISE_I16X8_S, EACH(4) Z->i32[i] = A->i16[2 * i] + A->i16[2 * i + 1])
WHOLE(I32X4_EXTADD_PAIRWISE_I16X8_U, EACH(4) Z->u32[i] = A->u16[2 * i] + A->u16[2 * i + 1])

#define NARROW(TO, FROM, S, from, to, N, LOW, HIGH) \
	WHOLE(TO##_NARROW_##FROM##_##S, EACH(N) { \
		Z->to[i] = CLAMP(A->from[i], LOW, HIGH); \
		Z->to[N + i] = CLAMP(B->from[i], LOW, HIGH); \
	})
NARROW(I8X16, I16X8, S, i16, i8, 8, -128, 127)
NARROW(I8X16, I16X8, U, i16, u8, 8, 0, 255)
NARROW(I16X8, I32X4, S, i32, i16, 4, -32768, 32767)
NARROW(I16X8, I32X4, U, i32, u16, 4, 0, 65535)

LANES(I8X16_POPCNT, u8, u8, 16, __builtin_popcount(a))
LANES(I16X8_MUL, u16, u16, 8, (uint32_t)a * b)
LANES(I32X4_MUL, u32, u32, 4, a * b)
LANES(I64X2_MUL, u64, u64, 2, a * b)
LANES(I16X8_Q15MULR_SAT_S, i16, i16, 8, CLAMP((a * b + 0x4000) >> 15, -32768, 32767))
LANES(I16X8_RELAXED_Q15MULR_S, i16, i16, 8, (a * b + 0x4000) >> 15)
WHOLE(I32X4_DOT_I16X8_S, EACH(4) Z->u32[i] = (u32)(A->i16[2 * i] * B->i16[2 * i]) +
						(u32)(A->i16[2 * i + 1] * B->i16[2 * i + 1]))
WHOLE(I16X8_RELAXED_DOT_I8X16_I7X16_S, dot_bytes(Z, A, B))
WHOLE(I32X4_RELAXED_DOT_I8X16_I7X16_ADD_S,
      dot_bytes(&t, A, B); EACH(4) Z->u32[i] = (u32)(t.i16[2 * i] + t.i16[2 * i + 1]) + C->u32[i])

LANES(V128_NOT, u64, u64, 2, ~a)
LANES(V128_AND, u64, u64, 2, a & b)
LANES(V128_ANDNOT, u64, u64, 2, a & ~b)
LANES(V128_OR, u64, u64, 2, a | b)
LANES(V128_XOR, u64, u64, 2, a ^ b)
LANES(V128_BITSELECT, u64, u64, 2, (a & c) | (b & ~c))
LANES(I8X16_RELAXED_LANESELECT, i8, i8, 16, c < 0 ? a : b)
LANES(I16X8_RELAXED_LANESELECT, u64, u64, 2, (a & c) | (b & ~c))
LANES(I32X4_RELAXED_LANESELECT, i32, i32, 4, c < 0 ? a : b)
LANES(I64X2_RELAXED_LANESELECT, i64, i64, 2, c < 0 ? a : b)
WHOLE(V128_ANY_TRUE, Z->u32[0] = (A->u64[0] | A->u64[1]) != 0)

WHOLE(I8X16_SWIZZLE, EACH(16) Z->u8[i] = B->u8[i] < 16 ? A->u8[B->u8[i]] : 0)
WHOLE(I8X16_RELAXED_SWIZZLE, EACH(16) Z->u8[i] = B->u8[i] < 128 ? A->u8[B->u8[i] & 15] : 0)
WHOLE(I32X4_EXTRACT_LANE, Z->u32[0] = A->u32[n])
WHOLE(I64X2_EXTRACT_LANE, Z->u64[0] = A->u64[n])
WHOLE(F32X4_EXTRACT_LANE, Z->u32[0] = A->u32[n])
WHOLE(F64X2_EXTRACT_LANE, Z->u64[0] = A->u64[n])
WHOLE(F32X4_REPLACE_LANE, *Z = *A; Z->u32[n] = B->u32[0])
WHOLE(F64X2_REPLACE_LANE, *Z = *A; Z->u64[n] = B->u64[0])
WHOLE(F32X4_SPLAT, EACH(4) Z->u32[i] = A->u32[0])
WHOLE(F64X2_SPLAT, EACH(2) Z->u64[i] = A->u64[0])

/* Floats; sign operations and pmin, pmax copy bits. */
#define FLOAT(P, f, u, i_, N, SIGN, SUFFIX) \
	LANES(P##_EQ, f, i_, N, -(a == b)) \
	LANES(P##_NE, f, i_, N, -(a != b)) \
	LANES(P##_LT, f, i_, N, -(a < b)) \
	LANES(P##_GT, f, i_, N, -(a > b)) \
	LANES(P##_LE, f, i_, N, -(a <= b)) \
	LANES(P##_GE, f, i_, N, -(a >= b)) \
	LANES(P##_ABS, u, u, N, a & ~(SIGN)) \
	LANES(P##_NEG, u, u, N, a ^ (SIGN)) \
	LANES(P##_SQRT, f, f, N, sqrt##SUFFIX(a)) \
	LANES(P##_CEIL, f, f, N, ceil##SUFFIX(a)) \
	LANES(P##_FLOOR, f, f, N, floor##SUFFIX(a)) \
	LANES(P##_TRUNC, f, f, N, trunc##SUFFIX(a)) \
	LANES(P##_NEAREST, f, f, N, nearbyint##SUFFIX(a)) \
	LANES(P##_ADD, f, f, N, a + b) \
	LANES(P##_SUB, f, f, N, a - b) \
	LANES(P##_MUL, f, f, N, a * b) \
	LANES(P##_DIV, f, f, N, a / b) \
	LANES(P##_MIN, f, f, N, a != a || b != b ? NAN : a < b || (a == b && signbit(a)) ? a : b) \
	LANES(P##_MAX, f, f, N, a != a || b != b ? NAN : a > b || (a == b && !signbit(a)) ? a : b) \
	WHOLE(P##_PMIN, EACH(N) Z->u[i] = B->f[i] < A->f[i] ? B->u[i] : A->u[i]) \
	WHOLE(P##_PMAX, EACH(N) Z->u[i] = A->f[i] < B->f[i] ? B->u[i] : A->u[i]) \
	WHOLE(P##_RELAXED_MIN, EACH(N) Z->u[i] = B->f[i] < A->f[i] ? B->u[i] : A->u[i]) \
	WHOLE(P##_RELAXED_MAX, EACH(N) Z->u[i] = A->f[i] < B->f[i] ? B->u[i] : A->u[i]) \
	LANES(P##_RELAXED_MADD, f, f, N, fma##SUFFIX(a, b, c)) \
	LANES(P##_RELAXED_NMADD, f, f, N, fma##SUFFIX(-a, b, c))
FLOAT(F32X4, f32, u32, i32, 4, 0x80000000u, f)
FLOAT(F64X2, f64, u64, i64, 2, 0x8000000000000000u, )

LANES(I32X4_TRUNC_SAT_F32X4_S, f32, i32, 4, to_i32(a))
LANES(I32X4_TRUNC_SAT_F32X4_U, f32, u32, 4, to_u32(a))
WHOLE(I32X4_TRUNC_SAT_F64X2_S_ZERO, EACH(2) Z->i32[i] = to_i32(A->f64[i]))
WHOLE(I32X4_TRUNC_SAT_F64X2_U_ZERO, EACH(2) Z->u32[i] = to_u32(A->f64[i]))
LANES(I32X4_RELAXED_TRUNC_F32X4_S, f32, i32, 4,
      a >= -2147483648.0 && a < 2147483648.0 ? to_i32(a) : INT32_MIN)
LANES(I32X4_RELAXED_TRUNC_F32X4_U, f32, u32, 4, to_u32(a))
WHOLE(I32X4_RELAXED_TRUNC_F64X2_S_ZERO,
      EACH(2) Z->i32[i] = A->f64[i] > -2147483649.0 && A->f64[i] < 2147483648.0 ? to_i32(A->f64[i])
										: INT32_MIN)
WHOLE(I32X4_RELAXED_TRUNC_F64X2_U_ZERO, EACH(2) Z->u32[i] = to_u32(A->f64[i]))
LANES(F32X4_CONVERT_I32X4_S, i32, f32, 4, (f32)a)
LANES(F32X4_CONVERT_I32X4_U, u32, f32, 4, (f32)a)
WHOLE(F64X2_CONVERT_LOW_I32X4_S, EACH(2) Z->f64[i] = A->i32[i])
WHOLE(F64X2_CONVERT_LOW_I32X4_U, EACH(2) Z->f64[i] = A->u32[i])
WHOLE(F32X4_DEMOTE_F64X2_ZERO, EACH(2) Z->f32[i] = (f32)A->f64[i])
WHOLE(F64X2_PROMOTE_LOW_F32X4, EACH(2) Z->f64[i] = A->f32[i])

/*
 * Loads: A is the memory, B the vector of lane loads. Stores: A the vector, the memory is B, of
 * which the rest is kept.
 */
WHOLE(V128_LOAD, *Z = *A)
WHOLE(V128_LOAD8X8_S, EACH(8) Z->i16[i] = A->i8[i])
WHOLE(V128_LOAD8X8_U, EACH(8) Z->u16[i] = A->u8[i])
WHOLE(V128_LOAD16X4_S, EACH(4) Z->i32[i] = A->i16[i])
WHOLE(V128_LOAD16X4_U, EACH(4) Z->u32[i] = A->u16[i])
WHOLE(V128_LOAD32X2_S, EACH(2) Z->i64[i] = A->i32[i])
WHOLE(V128_LOAD32X2_U, EACH(2) Z->u64[i] = A->u32[i])
WHOLE(V128_LOAD8_SPLAT, EACH(16) Z->u8[i] = A->u8[0])
WHOLE(V128_LOAD16_SPLAT, EACH(8) Z->u16[i] = A->u16[0])
WHOLE(V128_LOAD32_SPLAT, EACH(4) Z->u32[i] = A->u32[0])
WHOLE(V128_LOAD64_SPLAT, EACH(2) Z->u64[i] = A->u64[0])
WHOLE(V128_LOAD32_ZERO, Z->u32[0] = A->u32[0])
WHOLE(V128_LOAD64_ZERO, Z->u64[0] = A->u64[0])
WHOLE(V128_LOAD8_LANE, *Z = *B; Z->u8[n] = A->u8[0])
WHOLE(V128_LOAD16_LANE, *Z = *B; Z->u16[n] = A->u16[0])
WHOLE(V128_LOAD32_LANE, *Z = *B; Z->u32[n] = A->u32[0])
WHOLE(V128_LOAD64_LANE, *Z = *B; Z->u64[n] = A->u64[0])
WHOLE(V128_STORE, *Z = *A)
WHOLE(V128_STORE8_LANE, *Z = *B; Z->u8[0] = A->u8[n])
WHOLE(V128_STORE16_LANE, *Z = *B; Z->u16[0] = A->u16[n])
WHOLE(V128_STORE32_LANE, *Z = *B; Z->u32[0] = A->u32[n])
WHOLE(V128_STORE64_LANE, *Z = *B; Z->u64[0] = A->u64[n])
WHOLE(I8X16_SHUFFLE, EACH(16)
	Z->u8[i] = n_lanes[i] < 16 ? A->u8[n_lanes[i]] : B->u8[n_lanes[i] - 16])
