/* Locals, globals, constants, references, select. */
#include "jit/llvm/ir.h"

void ll_emit_drop(struct ll_func *f, const struct wasm_insn *in, const struct ll_row *row)
{
	f->b.sp--;
}

void ll_emit_const(struct ll_func *f, const struct wasm_insn *in, const struct ll_row *row)
{
	ll_push(f, in->push[0], LLVMConstInt(ll_type(f->l, in->push[0]), in->bits, 0));
}

void ll_emit_float_const(struct ll_func *f, const struct wasm_insn *in, const struct ll_row *row)
{
	bool wide = wasm_kind(in->push[0]) == WASM_KIND_F64;
	LLVMValueRef bits = LLVMConstInt(wide ? f->l->i64 : f->l->i32, in->bits, 0);

	ll_push(f, in->push[0], LLVMConstBitCast(bits, wide ? f->l->f64 : f->l->f32));
}

void ll_emit_null(struct ll_func *f, const struct wasm_insn *in, const struct ll_row *row)
{
	ll_push(f, in->push[0], ll_i64(f, 0));
}

void ll_emit_local_get(struct ll_func *f, const struct wasm_insn *in, const struct ll_row *row)
{
	struct ll_local *local = &f->locals[in->index];
	wasm_valtype t = f->b.locals[in->index];

	if (local->block != f->block) {
		local->value = LLVMBuildLoad2(f->ir, ll_type(f->l, t), local->home, "");
		local->block = f->block;
		local->loaded_at = 0;
	}
	f->loaded_at = local->loaded_at;
	ll_push(f, t, local->value);
}

void ll_emit_local_set(struct ll_func *f, const struct wasm_insn *in, const struct ll_row *row)
{
	struct ll_local *local = &f->locals[in->index];
	LLVMValueRef v = ll_pop(f);

	/* so that no use of the local, wherever it is, is computed with the constant */
	if (LLVMIsAConstantFP(v) && ll_is_unit(v))
		v = ll_opaque(f, v);
	LLVMBuildStore(f->ir, v, local->home);
	local->value = v;
	local->block = f->block;
	local->loaded_at = f->loaded_at;
}

void ll_emit_local_tee(struct ll_func *f, const struct wasm_insn *in, const struct ll_row *row)
{
	uint32_t loaded_at = f->loaded_at;

	ll_emit_local_set(f, in, row);
	f->loaded_at = loaded_at;
	ll_push(f, f->b.locals[in->index], f->locals[in->index].value);
}

/* Where a global's value is. */
static LLVMValueRef global_place(struct ll_func *f, uint32_t global)
{
	LLVMValueRef p = ll_context(f, jit_global_disp(f->l->layout, global));

	return global < f->l->m->imported_globals ? ll_read(f, f->l->ptr, p, true) : p;
}

void ll_emit_global_get(struct ll_func *f, const struct wasm_insn *in, const struct ll_row *row)
{
	const struct wasm_globaltype *t = &f->l->m->globals[in->index].type;

	ll_push(f, t->type,
		ll_read(f, ll_type(f->l, t->type), global_place(f, in->index), !t->mut));
}

/*
 * Volatile, as accesses of memory are: one that faults must find what was written before it, and
 * nothing from after.
 */
void ll_emit_global_set(struct ll_func *f, const struct wasm_insn *in, const struct ll_row *row)
{
	LLVMValueRef v = ll_pop(f);

	LLVMSetVolatile(ll_write(f, v, global_place(f, in->index)), 1);
}

void ll_emit_ref_func(struct ll_func *f, const struct wasm_insn *in, const struct ll_row *row)
{
	LLVMValueRef funcs = ll_read(f, f->l->i64, ll_context(f, JIT_VMCTX(funcs)), true);
	LLVMValueRef at = ll_i64(f, (uint64_t)in->index * sizeof(struct rt_func));

	ll_push(f, in->push[0], LLVMBuildAdd(f->ir, funcs, at, ""));
}

void ll_emit_ref_as_non_null(struct ll_func *f, const struct wasm_insn *in,
			     const struct ll_row *row)
{
	LLVMValueRef v = ll_pop(f);

	ll_trap_if(f, LLVMBuildIsNull(f->ir, v, ""), RT_TRAP_NULL_REFERENCE);
	ll_push(f, in->push[0], v);
}

void ll_emit_table_size(struct ll_func *f, const struct wasm_insn *in, const struct ll_row *row)
{
	int64_t slot = f->l->layout->tables +
		       (int64_t)in->index * (int64_t)sizeof(struct jit_table);
	LLVMValueRef p = ll_context(f, slot + (int64_t)offsetof(struct jit_table, link)), n;

	p = ll_read(f, f->l->ptr, p, true);
	n = ll_read(f, f->l->i64, ll_offset(f, p, offsetof(struct jit_table, size)), false);
	if (wasm_kind(in->push[0]) == WASM_KIND_I32)
		n = LLVMBuildTrunc(f->ir, n, f->l->i32, "");
	ll_push(f, in->push[0], n);
}

void ll_emit_select(struct ll_func *f, const struct wasm_insn *in, const struct ll_row *row)
{
	LLVMValueRef condition = ll_condition(f, ll_pop(f)), b = ll_pop(f), a = ll_pop(f);

	ll_push(f, in->push[0], LLVMBuildSelect(f->ir, condition, a, b, ""));
}
