/* The table of vector instructions, simd-ops.h, as data. */
#include "jit/baseline/simd.h"

#define X64_NONE ((enum x64_op)0)

const struct jit_simd_row jit_simd_rows[] = {
#define ROW(name, shape, emit, op, op2, imm, temps, mem) \
	[WASM_##name - WASM_V128_LOAD] = { \
		simd_##emit, X64_##op, X64_##op2, JIT_SIMD_##shape, imm, temps, JIT_SIMD_MEM_##mem \
	},
#include "jit/baseline/simd-ops.h"
#undef ROW
};

_Static_assert(ARRAY_SIZE(jit_simd_rows) == 256,
	       "236 instructions of the proposal and 20 relaxed ones");
#define ROW(name, shape, emit, op, op2, imm, temps, mem) \
	_Static_assert((temps) <= 2 && (imm) < 256 && \
			       (X64_##op2 == X64_NONE || X64_##op != X64_NONE || \
				JIT_SIMD_##shape == JIT_SIMD_STORE_LANE), \
		       #name);
#include "jit/baseline/simd-ops.h"
#undef ROW
