/*
 * Random modules for comparing engines: valid by construction, the same for a seed, and ending.
 *
 * What not every engine has (exceptions) is made only when asked for.
 *
 * Every instruction that moves values comes from runtime/wasm's table, so a new row is generated
 * without a change here. Control, calls, tables and segments are built by hand (expr.c, stmt.c).
 * gen.c puts the module together.
 *
 * What makes two correct engines agree:
 *  - A NaN's bits are not fixed by the standard. Where bits could be seen (stores,
 *    reinterpretation, copysign, lanes, checksums) the value is made canonical first, by
 *    instructions in the module.
 *  - Only 64-bit integers cross the module's edge; a module folds what it has into one of them.
 *  - Global 0 is fuel: loops that may go on and functions' entries take some, and return when
 *    there is none.
 */
#ifndef TESTS_DIFF_GEN_H
#define TESTS_DIFF_GEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/wasm/op.h"

/* GEN_EXN, a reference to an exception, is none of those that are picked by chance. */
enum gen_kind {
	GEN_I32, GEN_I64, GEN_F32, GEN_F64, GEN_V128, GEN_REF, GEN_KINDS, GEN_EXN = GEN_KINDS,
};

enum {
	GEN_TYPE_MAX = 40,
	GEN_ARITY_MAX = 12,
	GEN_RESULT_MAX = 4,
	GEN_FUNC_MAX = 16,
	GEN_GLOBAL_MAX = 12,
	GEN_LOCAL_MAX = 60,
	GEN_LABEL_MAX = 12,
	GEN_IMPORTS = 2,
	GEN_TABLES = 2,
	GEN_SEGMENTS = 3,
	GEN_TAG_MAX = 3,
	GEN_FUEL = 200,
	GEN_ARGS = 4,
};

struct gen_buf {
	uint8_t *bytes;
	size_t len, room;
};

struct gen_type {
	uint32_t nparams, nresults;
	uint8_t params[GEN_ARITY_MAX], results[GEN_RESULT_MAX];
};

/* A branch target: what a branch to it carries. Counted loops are closed to random branches. */
struct gen_label {
	uint32_t count;
	uint8_t kinds[GEN_ARITY_MAX];
	bool closed;
};

struct gen {
	uint64_t state;
	struct gen_buf code;		/* the body being made */

	struct gen_type types[GEN_TYPE_MAX];
	uint32_t ntypes;
	uint32_t funcs[GEN_FUNC_MAX];	/* type of each function, imports first */
	uint32_t nfuncs;
	uint8_t globals[GEN_GLOBAL_MAX];	/* kinds; 0 is the fuel */
	uint32_t nglobals;
	uint32_t table_size[GEN_TABLES];
	uint32_t elements[32];		/* functions in table 0, UINT32_MAX: null */
	uint32_t tags[GEN_TAG_MAX];	/* types of the exceptions' tags */
	uint32_t ntags;			/* 0: no exceptions */
	bool simd;

	/* the function being made */
	const struct gen_type *type;
	uint8_t locals[GEN_LOCAL_MAX];
	uint32_t nlocals;
	uint32_t scratch[GEN_KINDS];	/* a local of each kind that holds a value for a moment */
	uint32_t exception;		/* a local that holds a reference to one */
	uint32_t counters, used_counters; /* first local that counts a loop, how many are taken */
	struct gen_label labels[GEN_LABEL_MAX];
	uint32_t nlabels;
	int budget;			/* instructions that may still be made */
	int depth;
};

enum { GEN_COUNTERS = 3 };

/* buf.c: bytes in the binary format. Out of memory ends the program. */
void gen_byte(struct gen_buf *b, uint32_t byte);
void gen_bytes(struct gen_buf *b, const void *bytes, size_t count);
void gen_u32(struct gen_buf *b, uint32_t v);
void gen_s64(struct gen_buf *b, int64_t v);
void gen_name(struct gen_buf *b, const char *name);
void gen_kind(struct gen_buf *b, uint8_t kind);

/* gen.c: numbers below n, and true once in n. */
uint64_t gen_random(struct gen *g);
uint32_t gen_below(struct gen *g, uint32_t n);
bool gen_once(struct gen *g, uint32_t n);
uint8_t gen_some_kind(struct gen *g);

/* expr.c: code that leaves one value of the kind; its canonical form where it is a float. */
void gen_op(struct gen *g, enum wasm_op op);
void gen_const(struct gen *g, uint8_t kind, uint64_t bits);
void gen_zero(struct gen *g, uint8_t kind);
void gen_expr(struct gen *g, uint8_t kind);
void gen_canonical(struct gen *g, uint8_t kind);
void gen_store(struct gen *g);
void gen_address(struct gen *g);
void gen_index(struct gen *g, uint32_t size);
void gen_local(struct gen *g, enum wasm_op op, uint32_t local);
bool gen_pick_local(struct gen *g, uint8_t kind, bool write, uint32_t *ret);
bool gen_pick_global(struct gen *g, uint8_t kind, uint32_t *ret);

/* stmt.c: statements leave the stack as it was; a body leaves the results of the label on top. */
uint32_t gen_type_index(struct gen *g, const uint8_t *params, uint32_t nparams,
			const uint8_t *results, uint32_t nresults);
void gen_stmts(struct gen *g, uint32_t count);
void gen_values(struct gen *g, const uint8_t *kinds, uint32_t count);
void gen_consume_all(struct gen *g, const uint8_t *kinds, uint32_t count);
void gen_label(struct gen *g, const uint8_t *kinds, uint32_t count, bool closed);
void gen_block(struct gen *g, enum wasm_op op, const uint8_t *kinds, uint32_t count);
void gen_end(struct gen *g);
void gen_control(struct gen *g, const uint8_t *results, uint32_t nresults);
void gen_call(struct gen *g, int wanted);
bool gen_branch_value(struct gen *g, uint8_t kind);
void gen_fuel(struct gen *g);

/* exception.c: statements too; gen_throw's is the last of its block. */
void gen_tags(struct gen *g);
void gen_try(struct gen *g);
void gen_throw(struct gen *g);

/* The module of a seed; it exports f0 and up of (i64 x 4) -> i64, and `sum` of () -> i64. */
void gen_module(uint64_t seed, bool exceptions, struct gen_buf *ret_module, uint32_t *ret_exports);

/* The arguments of one call, of a seed's own sequence. */
void gen_arguments(uint64_t seed, uint32_t call, int64_t ret_args[GEN_ARGS]);

#endif
