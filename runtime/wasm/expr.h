/* Evaluation of constant expressions, for whoever makes instances. */
#ifndef RUNTIME_WASM_EXPR_H
#define RUNTIME_WASM_EXPR_H

#include "runtime/wasm/body.h"
#include "runtime/wasm/module.h"

/*
 * 16 bytes as in a global's cell: numbers in the low bytes, references as the caller represents
 * them.
 */
union wasm_cell {
	uint64_t bits;
	uint8_t bytes[16];
};

/* What an expression asks of the instance. env is the caller's. */
struct wasm_expr_env {
	void *env;
	void (*global)(void *env, uint32_t index, union wasm_cell *ret);
	uint64_t (*func)(void *env, uint32_t index);	/* the reference to a function */
};

/*
 * The value of an expression that wasm_module_decode() accepted. 0; -ENOTSUP with err for
 * instructions that need a heap (GC); -ENOMEM.
 */
int wasm_expr_eval(const struct wasm_module *m, const struct wasm_expr *e, wasm_valtype type,
		   const struct wasm_expr_env *env, union wasm_cell *ret, struct wsbox_err *err);

#endif
