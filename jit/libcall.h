/*
 * Instructions that are calls of the runtime, in every tier: which one, how the instruction's
 * indices are passed, and how many operands follow them.
 */
#ifndef JIT_LIBCALL_H
#define JIT_LIBCALL_H

#include "jit/vmctx.h"
#include "runtime/wasm/body.h"

/* The index; both indices; both in one word, the second in its upper half. */
enum jit_lib_indices { JIT_LIB_ONE, JIT_LIB_TWO, JIT_LIB_PAIR };

/* X(instruction, libcall, indices, operands). memory.copy is one, too, if a tier does no better. */
#define JIT_LIB_INSNS(X) \
	X(TABLE_GET, table_get, ONE, 1) \
	X(TABLE_SET, table_set, ONE, 2) \
	X(TABLE_GROW, table_grow, ONE, 2) \
	X(TABLE_FILL, table_fill, ONE, 3) \
	X(TABLE_COPY, table_copy, TWO, 3) \
	X(TABLE_INIT, table_init, PAIR, 3) \
	X(ELEM_DROP, elem_drop, ONE, 0) \
	X(MEMORY_GROW, memory_grow, ONE, 1) \
	X(MEMORY_FILL, memory_fill, ONE, 3) \
	X(MEMORY_INIT, memory_init, PAIR, 3) \
	X(DATA_DROP, data_drop, ONE, 0)

/* The constants that are passed; how many. */
static inline uint32_t jit_lib_consts(const struct wasm_insn *in, enum jit_lib_indices how,
				      uint64_t ret[2])
{
	ret[0] = in->index;
	ret[1] = in->index2;
	if (how == JIT_LIB_PAIR)
		ret[0] |= ret[1] << 32;
	return how == JIT_LIB_TWO ? 2 : 1;
}

#endif
