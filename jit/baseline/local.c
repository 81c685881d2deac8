/*
 * Locals, globals, constants, references, select: instructions that mostly only say where a value
 * is.
 */
#include "jit/baseline/emit.h"

void jit_emit_drop(struct jit_func *f, const struct wasm_insn *in, const struct jit_row *row)
{
	jit_drop(f);
}

void jit_emit_const(struct jit_func *f, const struct wasm_insn *in, const struct jit_row *row)
{
	jit_push_const(f, in->push[0], row->op ? 0 : in->bits);
}

static void push_local(struct jit_func *f, uint32_t local)
{
	jit_push(f, f->b.locals[local], JIT_LOCAL)->local = local;
	f->naliases[local]++;
}

void jit_emit_local_get(struct jit_func *f, const struct wasm_insn *in, const struct jit_row *row)
{
	push_local(f, in->index);
}

void jit_local_set(struct jit_func *f, uint32_t local)
{
	wasm_valtype t = f->b.locals[local];
	struct wasm_val *v = f->b.sp - 1;
	unsigned int reg = f->loc[local];

	if (v->kind == JIT_LOCAL && v->local == local) {
		jit_drop(f);
		return;
	}
	if (f->naliases[local]) {
		/*
		 * the value itself may be a sum with the old one: it is made before that is
		 * replaced
		 */
		if (v->kind == JIT_SUM) {
			unsigned int r = jit_pop_gpr(f);

			jit_push_gpr(f, t, r);
		}
		jit_unalias(f, local);
		v = f->b.sp - 1;
	}
	if (reg == JIT_NOREG) {
		jit_store_val(f, v, jit_frame(f->home[local]));
		jit_drop(f);
	} else {
		jit_pop_into(f, reg);
	}
}

void jit_emit_local_set(struct jit_func *f, const struct wasm_insn *in, const struct jit_row *row)
{
	jit_local_set(f, in->index);
}

void jit_local_tee(struct jit_func *f, uint32_t local)
{
	wasm_valtype t = f->b.locals[local];
	struct wasm_val *v = f->b.sp - 1;

	if (f->loc[local] == JIT_NOREG && !(v->kind == JIT_CONST && jit_class(t) == JIT_GPRS)) {
		/* the value stays in a register; the local's home gets a copy */
		unsigned int reg;

		if (jit_class(t) == JIT_GPRS) {
			reg = jit_pop_gpr_own(f);
		} else {
			reg = jit_pop_xmm_own(f) + 16;
		}
		jit_push_gpr(f, t, reg);
		if (f->naliases[local])
			jit_unalias(f, local);
		v = f->b.sp - 1;
		jit_store_val(f, v, jit_frame(f->home[local]));
		return;
	}
	jit_local_set(f, local);
	push_local(f, local);
}

void jit_emit_local_tee(struct jit_func *f, const struct wasm_insn *in, const struct jit_row *row)
{
	jit_local_tee(f, in->index);
}

/* Where a global's value is; a register that the caller frees may be taken for it. */
static struct x64_mem global_mem(struct jit_func *f, uint32_t global, unsigned int *ret_reg)
{
	struct x64_mem m = x64_at(JIT_MEM_BASE, jit_global_disp(f->layout, global));

	*ret_reg = JIT_NOREG;
	if (global >= f->m->imported_globals)
		return m;
	*ret_reg = jit_alloc_gpr(f);
	x64_rm(f->x, X64_MOV, X64_64, *ret_reg, m);
	return x64_at(*ret_reg, 0);
}

void jit_emit_global_get(struct jit_func *f, const struct wasm_insn *in, const struct jit_row *row)
{
	wasm_valtype t = f->m->globals[in->index].type.type;
	unsigned int p, reg = jit_dest(f, jit_class(t));
	struct x64_mem m = global_mem(f, in->index, &p);

	if (reg == JIT_NOREG)
		reg = jit_alloc(f, jit_class(t));
	jit_load(f, t, reg, m);
	if (p != JIT_NOREG)
		jit_free(f, p);
	jit_push_gpr(f, t, reg);
}

void jit_emit_global_set(struct jit_func *f, const struct wasm_insn *in, const struct jit_row *row)
{
	wasm_valtype t = f->m->globals[in->index].type.type;
	unsigned int p;
	struct x64_mem m = global_mem(f, in->index, &p);
	struct wasm_val *v = f->b.sp - 1;

	if (v->kind == JIT_REG || v->kind == JIT_CONST) {
		jit_store_val(f, v, m);
		jit_drop(f);
	} else {
		bool gpr = jit_class(t) == JIT_GPRS;
		unsigned int reg = gpr ? jit_pop_gpr(f) : jit_pop_xmm(f) + 16;

		jit_store(f, t, m, reg);
		jit_free(f, reg);
	}
	if (p != JIT_NOREG)
		jit_free(f, p);
}

void jit_emit_ref_func(struct jit_func *f, const struct wasm_insn *in, const struct jit_row *row)
{
	unsigned int reg = jit_alloc_gpr(f);

	x64_rm(f->x, X64_MOV, X64_64, reg, x64_at(JIT_MEM_BASE, JIT_VMCTX(funcs)));
	if (in->index)
		x64_ri(f->x, X64_ADD, X64_64, reg, (int32_t)(in->index * sizeof(struct rt_func)));
	jit_push_gpr(f, in->push[0], reg);
}

void jit_emit_table_size(struct jit_func *f, const struct wasm_insn *in, const struct jit_row *row)
{
	int32_t slot = f->layout->tables + (int32_t)(in->index * sizeof(struct jit_table));
	unsigned int reg = jit_alloc_gpr(f);

	x64_rm(f->x, X64_MOV, X64_64, reg,
	       x64_at(JIT_MEM_BASE, slot + (int32_t)offsetof(struct jit_table, link)));
	x64_rm(f->x, X64_MOV, X64_64, reg, x64_at(reg, offsetof(struct jit_table, size)));
	jit_push_gpr(f, in->push[0], reg);
}

/* ---- select ---- */

/* d = cc ? d : b, general registers */
static void select_gpr(struct jit_func *f, wasm_valtype t, unsigned int cc)
{
	struct jit_opnd b;
	unsigned int a, d;
	enum x64_width w = jit_width(t);

	jit_pop_opnd(f, &b, false);
	a = jit_pop_gpr(f);
	d = jit_dest(f, JIT_GPRS);
	if (d == JIT_NOREG || (b.kind == JIT_OPND_REG && b.reg == d && a != d))
		d = jit_is_temp(f, a) ? a : jit_alloc_gpr(f);
	jit_move(f, t, d, a);
	if (cc < JIT_CC_FEQ && b.kind == JIT_OPND_REG) {
		x64_cmov(f->x, (enum x64_cond)(cc ^ 1), w, d, b.reg);
	} else if (cc < JIT_CC_FEQ) {
		x64_cmov_m(f->x, (enum x64_cond)(cc ^ 1), w, d, b.mem);
	} else {
		uint32_t keep = jit_label(f);

		jit_branch(f, cc, keep);
		if (b.kind == JIT_OPND_REG)
			jit_move(f, t, d, b.reg);
		else
			jit_load(f, t, d, b.mem);
		jit_bind(f, keep);
	}
	jit_opnd_done(f, &b);
	if (a != d)
		jit_free(f, a);
	jit_push_gpr(f, t, d);
}

static void select_xmm(struct jit_func *f, wasm_valtype t, unsigned int cc)
{
	unsigned int b = jit_pop_xmm(f), a = jit_pop_xmm(f), d = jit_dest(f, JIT_XMMS);
	uint32_t keep = jit_label(f);

	if (d == JIT_NOREG || (b == (d & 15) && a != (d & 15)))
		d = jit_is_temp(f, JIT_XMM(a)) ? JIT_XMM(a) : jit_alloc(f, JIT_XMMS);
	jit_move(f, t, d, JIT_XMM(a));
	jit_branch(f, cc, keep);
	jit_move(f, t, d, JIT_XMM(b));
	jit_bind(f, keep);
	jit_free_xmm(f, b);
	if (a != (d & 15))
		jit_free_xmm(f, a);
	jit_push_gpr(f, t, d);
}

void jit_emit_select(struct jit_func *f, const struct wasm_insn *in, const struct jit_row *row)
{
	wasm_valtype t = in->push[0];
	unsigned int cc;

	/* from here to the end flags must survive: constants are loaded without xor */
	cc = jit_pop_cond(f);
	f->flags_live = true;
	if (jit_class(t) == JIT_GPRS)
		select_gpr(f, t, cc);
	else
		select_xmm(f, t, cc);
	f->flags_live = false;
}

void jit_emit_ref_as_non_null(struct jit_func *f, const struct wasm_insn *in,
			      const struct jit_row *row)
{
	unsigned int reg = jit_pop_gpr_own(f);

	x64_rr(f->x, X64_TEST, X64_64, reg, reg);
	jit_trap_if(f, X64_CC_E, RT_TRAP_NULL_REFERENCE);
	jit_push_gpr(f, in->push[0], reg);
}
