/*
 * The instruction set: one table (op-table.h), expanded by every reader.
 *
 * Rows: OP(enumerator, prefix, code, "text name", IMMEDIATE, "params:results", flags, FEATURE)
 *   prefix     0 for one-byte opcodes, else 0xfb (GC), 0xfc, 0xfd (SIMD), 0xfe (threads)
 *   IMMEDIATE  WASM_IMM_*: what follows the opcode
 *   signature  a letter a value: i l f d v (i32 i64 f32 f64 v128), r any reference, c externref, F funcref, a: address type of the
 *              memory (i or l); "*" when types depend on the immediate or the stack, and then the validator has a function for it
 *   flags      WASM_OP_*
 *   FEATURE    the proposal it came with (feature.h): instructions of a proposal that is off are refused by name
 * The table has rows for all of 3.0 and threads; those not implemented say so by their feature, not by absence.
 */
#ifndef RUNTIME_WASM_OP_H
#define RUNTIME_WASM_OP_H

#include <stdint.h>

#include "runtime/wasm/type.h"

enum wasm_imm {
	WASM_IMM_NONE, WASM_IMM_BLOCK, WASM_IMM_LABEL, WASM_IMM_BR_TABLE, WASM_IMM_FUNC, WASM_IMM_CALL_INDIRECT,
	WASM_IMM_LOCAL, WASM_IMM_GLOBAL, WASM_IMM_TABLE, WASM_IMM_TABLE_TABLE, WASM_IMM_ELEM_TABLE, WASM_IMM_ELEM,
	WASM_IMM_MEMARG, WASM_IMM_MEMARG_LANE, WASM_IMM_LANE, WASM_IMM_MEMORY, WASM_IMM_MEMORY_MEMORY,
	WASM_IMM_DATA_MEMORY, WASM_IMM_DATA, WASM_IMM_I32, WASM_IMM_I64, WASM_IMM_F32, WASM_IMM_F64, WASM_IMM_V128,
	WASM_IMM_SHUFFLE, WASM_IMM_SELECT_T, WASM_IMM_HEAP, WASM_IMM_TYPE, WASM_IMM_TAG, WASM_IMM_TRY_TABLE,
	WASM_IMM_FENCE, WASM_IMM_GC,	/* reference to op-table.h's own note */
};

enum wasm_op_flag {
	WASM_OP_CONTROL = 1 << 0,	/* moves control frames or branches */
	WASM_OP_ENDS = 1 << 1,		/* what follows cannot be reached */
	WASM_OP_LOAD = 1 << 2,
	WASM_OP_STORE = 1 << 3,
	WASM_OP_COMMUTES = 1 << 4,
	WASM_OP_COMPARE = 1 << 5,	/* result is 0 or 1 */
	WASM_OP_CAN_TRAP = 1 << 6,	/* beyond loads and stores */
	WASM_OP_CONST_EXPR = 1 << 7,	/* allowed in constant expressions */
};

enum wasm_op {
#define OP(name, ...) WASM_##name,
#include "runtime/wasm/op-table.h"
#undef OP
	WASM_OPS,
};

struct wasm_op_row {
	const char *name;
	uint8_t prefix, imm, flags, feature;
	uint16_t code;
	uint8_t nparams, nresults;	/* of fixed signatures */
	uint8_t access;			/* log2 of the bytes of a memory access: natural alignment */
	bool special;			/* signature "*" */
	wasm_valtype params[3];
	wasm_valtype result;
};

extern const struct wasm_op_row wasm_ops[WASM_OPS];

/* The row for an opcode, or WASM_OPS if there is none. */
uint16_t wasm_op_find(uint8_t prefix, uint32_t code);

#endif
