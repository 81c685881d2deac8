/* What constant expressions ask of an instance: its globals, and references to its functions. */
#include <errno.h>

#include "runtime/state.h"
#include "runtime/wasm/expr.h"

_Static_assert(sizeof(union wasm_cell) == sizeof(union rt_value),
	       "an expression's value is a global's");

static void global_of(void *env, uint32_t index, union wasm_cell *ret)
{
	const struct rt_instance *inst = env;
	const union rt_value *v = rt_global_value(inst->globals[index]);

	__builtin_memcpy(ret, v, sizeof(*ret));
}

static uint64_t func_of(void *env, uint32_t index)
{
	return (uintptr_t)rt_func_at(env, index);
}

int rt_eval(struct rt_instance *inst, const struct wasm_expr *expr, wasm_valtype type,
	    union rt_value *ret)
{
	const struct wasm_expr_env env = { inst, global_of, func_of };
	struct wsbox_err err = WSBOX_ERR_INIT;

	return wasm_expr_eval(inst->m, expr, type, &env, (union wasm_cell *)ret, &err);
}
