/*
 * The emitters that rows.c names, by file. Each pops the operands of its instruction and pushes
 * the results.
 */
#ifndef JIT_BASELINE_EMIT_H
#define JIT_BASELINE_EMIT_H

#include "jit/baseline/baseline.h"
#include "jit/libcall.h"

#define JIT_EMITTERS(X) \
	/* control.c */ \
	X(unreachable) X(nop) X(block) X(loop) X(if) X(else) X(end) X(br) X(br_if) X(br_table) \
	X(return) X(br_on_null) \
	/* call.c */ \
	X(call) X(call_indirect) X(call_ref) X(lib) X(return_call) X(return_call_indirect) \
	X(return_call_ref) \
	/* exception.c */ \
	X(try_table) X(throw) X(throw_ref) \
	/* local.c */ \
	X(drop) X(select) X(local_get) X(local_set) X(local_tee) X(const) \
	X(global_get) X(global_set) X(ref_func) X(ref_is_null) X(ref_as_non_null) X(table_size) \
	/* int.c */ \
	X(alu) X(add) X(mul) X(compare) X(eqz) X(shift) X(rotate) X(bits) X(extend) X(wrap) \
	/* divide.c */ \
	X(divide) \
	/* float.c */ \
	X(arith) X(minmax) X(round) X(unary) X(copysign) X(fcompare) X(fconvert) X(from_int) \
	X(from_u64) X(trunc) X(reinterpret) \
	/* memory.c */ \
	X(load) X(store) X(memory_size)

#define X(name) \
	void jit_emit_##name(struct jit_func *f, const struct wasm_insn *in, \
			     const struct jit_row *row);
JIT_EMITTERS(X)
#undef X

#endif
