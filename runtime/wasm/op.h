/*
 * The instruction set: one table (op-table.h), expanded by every reader.
 *
 * Rows: OP(enumerator, prefix, code, "text name", IMMEDIATE, signature, flags, FEATURE)
 *   prefix     0 for one-byte opcodes, else 0xfb (GC), 0xfc, 0xfd (SIMD), 0xfe (threads)
 *   IMMEDIATE  WASM_IMM_*: what follows the opcode
 *   signature  parameters_results, a letter a value: i l f d v (i32 i64 f32 f64 v128), a: address
 *   type of the memory
 *              (i32 or i64); `special` when types depend on the immediate or the stack: then
 *              body.c has a rule for it
 *   flags      WASM_OP_* without the prefix, and BYTES(n)
 *   FEATURE    the proposal it came with (feature.h): instructions of a proposal that is off are
 *   refused by name
 * The table has rows for all of 3.0, threads and wide arithmetic; those not implemented say so by
 * their feature.
 */
#ifndef RUNTIME_WASM_OP_H
#define RUNTIME_WASM_OP_H

#include <stdint.h>

#include "runtime/wasm/feature.h"
#include "runtime/wasm/type.h"

enum wasm_imm {
	WASM_IMM_NONE, WASM_IMM_BLOCK, WASM_IMM_LABEL, WASM_IMM_BR_TABLE, WASM_IMM_FUNC,
	WASM_IMM_CALL_INDIRECT, WASM_IMM_LOCAL, WASM_IMM_GLOBAL, WASM_IMM_TABLE,
	WASM_IMM_TABLE_TABLE, WASM_IMM_ELEM_TABLE, WASM_IMM_ELEM, WASM_IMM_MEMARG,
	WASM_IMM_MEMARG_LANE, WASM_IMM_LANE, WASM_IMM_MEMORY, WASM_IMM_MEMORY_MEMORY,
	WASM_IMM_DATA_MEMORY, WASM_IMM_DATA, WASM_IMM_I32, WASM_IMM_I64, WASM_IMM_F32, WASM_IMM_F64,
	WASM_IMM_V128, WASM_IMM_SHUFFLE, WASM_IMM_SELECT_T, WASM_IMM_HEAP, WASM_IMM_TYPE,
	WASM_IMM_TAG, WASM_IMM_TRY_TABLE, WASM_IMM_FENCE, WASM_IMM_TYPE_FIELD, WASM_IMM_TYPE_COUNT,
	WASM_IMM_TYPE_DATA, WASM_IMM_TYPE_ELEM, WASM_IMM_TYPE_TYPE, WASM_IMM_CAST,
};

enum wasm_op_flag {
	WASM_OP_CONTROL = 1 << 0,	/* moves control frames or branches */
	WASM_OP_ENDS = 1 << 1,		/* what follows cannot be reached */
	WASM_OP_LOAD = 1 << 2,
	WASM_OP_STORE = 1 << 3,
	WASM_OP_COMMUTES = 1 << 4,
	WASM_OP_COMPARE = 1 << 5,	/* result is 0 or 1 */
	WASM_OP_TRAPS = 1 << 6,		/* may trap, beyond loads and stores */
	WASM_OP_CONST = 1 << 7,		/* allowed in constant expressions */
	WASM_OP_CALLS = 1 << 8,		/* a function, or in each tier the runtime: on the stack */
};

/* How wasm_body_other() may take an instruction of one byte. */
enum wasm_fast {
	WASM_FAST_NONE,
	WASM_FAST_CONST,	/* a signed number */
	WASM_FAST_MEMARG,
	WASM_FAST_LOCAL_GET,
	WASM_FAST_LOCAL_SET,	/* and tee */
	WASM_FAST_RULE,
};

enum wasm_op {
#define OP(name, ...) WASM_##name,
#include "runtime/wasm/op-table.h"
#undef OP
	WASM_OPS,
};

/* What a short form needs; wasm_body.lacks has what a module does not offer. */
enum wasm_need {
	WASM_NEED_PLAIN_MEMORY = 1,	/* one memory, of 32 bits */
	WASM_NEED_SIGN_EXTENSION = 2,
	WASM_NEED_MORE = 4,		/* always lacking: there is no short form */
};

struct wasm_op_row {
	_Alignas(64) uint16_t name_at;	/* see wasm_op_name() */
	uint16_t flags, code;
	uint8_t prefix, imm;
	uint8_t feature;
	uint8_t nparams, nresults;	/* of fixed signatures */
	/* log2 of the bytes of a memory access (natural alignment) or lane */
	uint8_t access;
	bool special;			/* signature `special`: nparams and nresults say nothing */
	bool address;			/* params[0] is an address: i32, or i64 by its memory */
	/*
	 * The short form of an opcode of one byte with a fixed signature of at most two operands:
	 * no immediate, a number of one byte, or an alignment and an offset of one byte each.
	 */
	uint8_t short_len;		/* bytes of the instruction, with its opcode */
	uint8_t short_needs;		/* enum wasm_need */
	uint8_t second_max, third_max;	/* of the bytes behind the opcode */
	wasm_valtype params[4];
	wasm_valtype results[2];
	/* the last two parameters, topmost first; masks 0 where there is none */
	wasm_valtype top[2], top_mask[2];
};

_Static_assert(sizeof(struct wasm_op_row) == 64, "a row is one cache line");

/*
 * There are no pointers in here: a position-independent program would write each, and so each page
 * of the table, when it starts.
 */
extern const struct wasm_op_row wasm_ops[WASM_OPS];

/* As in the text format. */
const char *wasm_op_name(const struct wasm_op_row *row);

/* By byte: the row of opcodes of one byte, as an offset; else any row without a short form. */
extern const uint16_t wasm_op_rows[];

/* By byte: the enumerator + 1 of opcodes of one byte, else 0. */
extern const uint16_t wasm_op_slots[];

/* By byte: enum wasm_fast. */
extern const uint8_t wasm_op_fast[];

/* The enumerator for an opcode, or WASM_OPS if there is none. */
uint16_t wasm_op_find(uint8_t prefix, uint32_t code);

#endif
