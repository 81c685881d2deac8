/* Calls: of functions, through tables, into the runtime. */
#include "jit/baseline/emit.h"

#define CALLEE_SAVED JIT_SAVED_GPRS

/* Entries that need a computation first get a register of their own. */
static void settle_sums(struct jit_func *f, struct wasm_val *v, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		unsigned int reg;

		if (v[i].kind != JIT_SUM)
			continue;
		reg = jit_alloc_gpr(f);
		/* the allocation may have put this very entry into its slot */
		if (v[i].kind != JIT_SUM) {
			jit_free(f, reg);
			continue;
		}
		jit_load_val(f, &v[i], reg);
		jit_release(f, &v[i]);
		v[i].kind = JIT_REG;
		v[i].reg = (uint8_t)reg;
	}
}

static unsigned int held_in(const struct jit_func *f, const struct wasm_val *v)
{
	if (v->kind == JIT_REG)
		return v->reg;
	return v->kind == JIT_LOCAL ? f->loc[v->local] : JIT_NOREG;
}

static unsigned int reg_of(const struct jit_loc *l)
{
	return l->where == JIT_IN_XMM ? JIT_XMM(l->reg) : l->reg;
}

void jit_place(struct jit_func *f, struct wasm_val *v, const struct jit_loc *locs, uint32_t n)
{
	struct jit_shuffle s;
	uint32_t last = 0;

	s.n = 0;
	settle_sums(f, v, n);
	for (uint32_t i = 0; i < n; i++) {
		unsigned int from = held_in(f, &v[i]), to = reg_of(&locs[i]);

		if (locs[i].where == JIT_ON_STACK || from == to)
			continue;
		if (from == JIT_NOREG) {
			last = i + 1;
			continue;
		}
		s.dst[s.n] = (uint8_t)to;
		s.src[s.n] = (uint8_t)from;
		s.type[s.n++] = v[i].type;
	}
	if (s.n)
		jit_shuffle(f, &s);
	for (uint32_t i = 0; i < last; i++) {
		if (locs[i].where != JIT_ON_STACK && held_in(f, &v[i]) == JIT_NOREG)
			jit_load_val(f, &v[i], reg_of(&locs[i]));
	}
}

void jit_save_locals(struct jit_func *f)
{
	const struct jit_region *r = &f->regions[f->region];

	for (uint32_t m = r->regs & r->stale & ~CALLEE_SAVED; m; m &= m - 1) {
		unsigned int reg = (unsigned int)__builtin_ctz(m);

		jit_store(f, f->b.locals[r->local[reg]], jit_frame(f->home[r->local[reg]]), reg);
	}
}

void jit_reload_locals(struct jit_func *f)
{
	const struct jit_region *r = &f->regions[f->region];

	for (uint32_t m = r->regs & ~CALLEE_SAVED; m; m &= m - 1) {
		unsigned int reg = (unsigned int)__builtin_ctz(m);

		jit_load(f, f->b.locals[r->local[reg]], reg, jit_frame(f->home[r->local[reg]]));
	}
}

/* Stack arguments: an i32 is stored whole. */
static void put_stack_args(struct jit_func *f, struct wasm_val *v, const struct jit_loc *locs,
			   uint32_t n, uint32_t bytes)
{
	if (!bytes)
		return;
	x64_ri(f->x, X64_SUB, X64_64, X64_RSP, (int32_t)bytes);
	for (uint32_t i = 0; i < n; i++) {
		struct x64_mem m = x64_at(X64_RSP, (int32_t)locs[i].off);
		unsigned int reg;

		if (locs[i].where != JIT_ON_STACK)
			continue;
		x64_reserve(f->x, X64_ROOM_ONE);
		if (wasm_kind(v[i].type) != WASM_KIND_I32) {
			jit_store_val(f, &v[i], m);
			continue;
		}
		reg = jit_alloc_gpr(f);
		jit_load_val(f, &v[i], reg);
		x64_mr(f->x, X64_MOV, X64_64, m, reg);
		jit_free(f, reg);
	}
}

/* Results that came in memory, at rsp: into their slots. */
static void take_results(struct jit_func *f, const struct wasm_functype *t,
			 const struct jit_loc *results)
{
	for (uint32_t i = 0; i < t->nresults; i++) {
		struct wasm_val *v = jit_push(f, t->results[i], JIT_SLOT);
		unsigned int reg = jit_alloc(f, jit_class(v->type));

		x64_reserve(f->x, X64_ROOM_ONE);
		jit_load(f, v->type, reg, x64_at(X64_RSP, (int32_t)results[i].off));
		jit_store(f, v->type, jit_slot(f, v), reg);
		jit_free(f, reg);
	}
}

static void push_results(struct jit_func *f, const struct wasm_functype *t,
			 const struct jit_loc *results)
{
	for (uint32_t i = 0; i < t->nresults; i++)
		f->free &= ~JIT_BIT(reg_of(&results[i]));
	for (uint32_t i = 0; i < t->nresults; i++)
		jit_push_gpr(f, t->results[i], reg_of(&results[i]));
}

struct callee {
	uint32_t func;		/* or WASM_NONE: the descriptor's address is in r10 */
};

/* Where a type's values travel; worked out once for each worker. NULL: no memory. */
static const struct jit_sig *sig_of(struct jit_func *f, uint32_t type)
{
	const struct wasm_functype *t = &f->m->types[type];
	struct jit_sig *s;

	if (!f->sigs)
		f->sigs = arena_array(f->sig_arena, f->m->ntypes, sizeof(*f->sigs));
	if (!f->sigs || f->sigs[type])
		return f->sigs ? f->sigs[type] : NULL;
	s = arena_alloc(f->sig_arena,
			sizeof(*s) + ((size_t)t->nparams + t->nresults) * sizeof(*s->params));
	if (!s)
		return NULL;
	s->params = (struct jit_loc *)(s + 1);
	s->results = s->params + t->nparams;
	jit_cc_init(&s->cc, t, s->params, s->results);
	f->sigs[type] = s;
	return s;
}

/*
 * Arguments are the topmost entries. r10 is taken by the caller of this function, if it is needed.
 */
static void call(struct jit_func *f, uint32_t type, const struct callee *callee)
{
	const struct wasm_functype *t = &f->m->types[type];
	const struct jit_sig *sig = sig_of(f, type);
	struct wasm_val *v = f->b.sp - t->nparams;

	if (!sig) {
		f->failed = true;
		return;
	}
	/* what the scan did not see as a call would have no frame, and locals where calls write */
	assert(!f->leaf && f->scan.loops[f->region].has_call);
	if (sig->cc.sret_bytes > f->sret_bytes)
		f->sret_bytes = sig->cc.sret_bytes;
	jit_spill_for_call(f, t->nparams);
	put_stack_args(f, v, sig->params, t->nparams, sig->cc.stack_bytes);
	x64_reserve(f->x, X64_ROOM_MAX / 2);
	jit_save_locals(f);
	jit_place(f, v, sig->params, t->nparams);
	if (sig->cc.sret)
		x64_rm(f->x, X64_LEA, X64_64, X64_RDI,
		       x64_at(X64_RSP, (int32_t)sig->cc.stack_bytes));
	x64_reserve(f->x, X64_ROOM_MAX / 2);
	if (callee->func != WASM_NONE) {
		struct jit_reloc r = { .at = x64_call_hole(f->x), .func = callee->func };

		if (!vec_push(&f->out->relocs, r))
			f->failed = true;
	} else {
		x64_m(f->x, X64_CALL_IND, X64_64,
		      x64_at(X64_R10, offsetof(struct jit_callee, code)));
	}
	jit_site(f, f->at);
	jit_truncate(f, (uint32_t)(v - f->b.stack));
	jit_reload_locals(f);
	x64_reserve(f->x, X64_ROOM_MAX / 2);
	if (sig->cc.sret)
		take_results(f, t, sig->results);
	else
		push_results(f, t, sig->results);
}

/* The descriptor of an imported function, in r10. */
static void take_import(struct jit_func *f, uint32_t func)
{
	jit_take(f, X64_R10);
	x64_rm(f->x, X64_LEA, X64_64, X64_R10,
	       x64_at(JIT_MEM_BASE, f->layout->imports +
				    (int32_t)(func * sizeof(struct jit_callee))));
}

void jit_emit_call(struct jit_func *f, const struct wasm_insn *in, const struct jit_row *row)
{
	struct callee c = { .func = in->index };

	if (in->index < f->m->imported_funcs) {
		c.func = WASM_NONE;
		take_import(f, in->index);
	}
	call(f, f->m->funcs[in->index].type, &c);
	if (c.func == WASM_NONE)
		jit_free(f, X64_R10);
}

static void cold_indirect(struct jit_func *f, const struct jit_cold *c)
{
	x64_rm(f->x, X64_MOV, X64_32, X64_RAX, x64_at(JIT_MEM_BASE, (int32_t)c->a));
	x64_m(f->x, X64_CALL_IND, X64_64, x64_at(JIT_MEM_BASE, JIT_VMCTX(indirect_fail)));
	jit_site(f, c->at);
}

/* Pops an index into r10 and makes the address of its entry of it, checked. */
static void find_entry(struct jit_func *f, uint32_t table, uint32_t type)
{
	const struct wasm_limits *l = &f->m->tables[table].type.limits;
	bool imported = table < f->m->imported_tables;
	int32_t at = f->layout->tables + (int32_t)(table * sizeof(struct jit_table));
	struct x64_mem slot = x64_at(JIT_MEM_BASE, at);
	int32_t sig = f->layout->sigs + 4 * (int32_t)f->m->types[type].canon;
	struct jit_cold *cold;
	unsigned int reg;

	jit_take(f, X64_R10);
	jit_pop_into(f, X64_R10);
	reg = jit_alloc_gpr(f);
	if (imported) {
		slot.disp += (int32_t)offsetof(struct jit_table, link);
		x64_rm(f->x, X64_MOV, X64_64, reg, slot);
		slot = x64_at(reg, 0);
	}
	if (!imported && l->has_max && l->max == l->min && l->min <= INT32_MAX) {
		x64_ri(f->x, X64_CMP, l->is64 ? X64_64 : X64_32, X64_R10, (int32_t)l->min);
	} else {
		slot.disp += (int32_t)offsetof(struct jit_table, size);
		x64_rm(f->x, X64_CMP, X64_64, X64_R10, slot);
		slot.disp -= (int32_t)offsetof(struct jit_table, size);
	}
	jit_trap_if(f, X64_CC_AE, RT_TRAP_INDIRECT_BOUNDS);
	x64_shift(f->x, X64_SHL, X64_64, X64_R10, 5);
	x64_rm(f->x, X64_ADD, X64_64, X64_R10, slot);
	x64_rm(f->x, X64_MOV, X64_32, reg, x64_at(JIT_MEM_BASE, sig));
	x64_rm(f->x, X64_CMP, X64_32, reg, x64_at(X64_R10, offsetof(struct jit_callee, sig)));
	cold = jit_cold(f, cold_indirect);
	cold->a = (uint32_t)sig;
	jit_jcc(f, X64_CC_NE, cold->label);
	jit_free(f, reg);
}

void jit_emit_call_indirect(struct jit_func *f, const struct wasm_insn *in,
			    const struct jit_row *row)
{
	struct callee c = { .func = WASM_NONE };

	find_entry(f, in->index2, in->index);
	call(f, in->index, &c);
	jit_free(f, X64_R10);
}

/* A function reference is the address of its descriptor: pops it into r10. */
static void take_reference(struct jit_func *f)
{
	jit_take(f, X64_R10);
	jit_pop_into(f, X64_R10);
	x64_rr(f->x, X64_TEST, X64_64, X64_R10, X64_R10);
	jit_trap_if(f, X64_CC_E, RT_TRAP_NULL_FUNCTION);
}

void jit_emit_call_ref(struct jit_func *f, const struct wasm_insn *in, const struct jit_row *row)
{
	struct callee c = { .func = WASM_NONE };

	take_reference(f);
	call(f, in->index, &c);
	jit_free(f, X64_R10);
}

/* ---- tail calls ---- */

static void jump_to(struct jit_func *f, const struct callee *callee)
{
	if (callee->func == WASM_NONE) {
		/* so that whoever looks at the code finds the type that was called */
		jit_site(f, f->at);
		x64_m(f->x, X64_JMP_IND, X64_64,
		      x64_at(X64_R10, offsetof(struct jit_callee, code)));
	} else {
		struct jit_reloc r = { .at = x64_jmp_hole(f->x), .func = callee->func };

		if (!vec_push(&f->out->relocs, r))
			f->failed = true;
	}
}

/*
 * As call(), but the callee gets our return address, and pops the arguments it is given. Results in
 * memory go where ours were to go: they are the same. The rest of the block is dead.
 */
static void tail_call(struct jit_func *f, const struct wasm_insn *in, const struct wasm_functype *t,
		      const struct callee *callee)
{
	struct jit_loc *params = arena_array(f->arena, (size_t)t->nparams + 1, sizeof(*params));
	struct wasm_val *v = f->b.sp - t->nparams;
	struct jit_cc cc;

	if (!params) {
		f->failed = true;
		return;
	}
	jit_cc_init(&cc, t, params, NULL);
	assert(cc.sret == f->cc.sret && !f->leaf);
	jit_spill_for_call(f, t->nparams);
	put_stack_args(f, v, params, t->nparams, cc.stack_bytes);
	x64_reserve(f->x, X64_ROOM_MAX / 2);
	jit_place(f, v, params, t->nparams);
	if (cc.sret)
		x64_rm(f->x, X64_MOV, X64_64, X64_RDI, jit_frame(f->sret_home));
	x64_reserve(f->x, X64_ROOM_MAX / 2);
	if (cc.stack_bytes || f->cc.stack_bytes)
		jit_frame_replace(f, cc.stack_bytes);
	else
		jit_frame_leave(f);
	jump_to(f, callee);
	jit_truncate(f, f->b.ctl->height);
	wasm_body_apply(&f->b, in);
}

void jit_emit_return_call(struct jit_func *f, const struct wasm_insn *in, const struct jit_row *row)
{
	struct callee c = { .func = in->index };

	if (in->index < f->m->imported_funcs) {
		c.func = WASM_NONE;
		take_import(f, in->index);
	}
	tail_call(f, in, wasm_func_type(f->m, in->index), &c);
	if (c.func == WASM_NONE)
		jit_free(f, X64_R10);
}

void jit_emit_return_call_indirect(struct jit_func *f, const struct wasm_insn *in,
				   const struct jit_row *row)
{
	struct callee c = { .func = WASM_NONE };

	find_entry(f, in->index2, in->index);
	tail_call(f, in, &f->m->types[in->index], &c);
	jit_free(f, X64_R10);
}

void jit_emit_return_call_ref(struct jit_func *f, const struct wasm_insn *in,
			      const struct jit_row *row)
{
	struct callee c = { .func = WASM_NONE };

	take_reference(f);
	tail_call(f, in, &f->m->types[in->index], &c);
	jit_free(f, X64_R10);
}

/* ---- the runtime ---- */

static const uint8_t lib_args[5] = { X64_RSI, X64_RDX, X64_RCX, X64_R8, X64_R9 };

void jit_libcall(struct jit_func *f, enum jit_libcall lib, const uint64_t *consts, uint32_t nconsts,
		 uint32_t n)
{
	struct wasm_val *v = f->b.sp - n;
	struct jit_loc locs[5];

	assert(nconsts + n <= ARRAY_SIZE(lib_args));
	assert(!f->leaf && f->scan.loops[f->region].has_call);
	for (uint32_t i = 0; i < n; i++)
		locs[i] = (struct jit_loc){ .where = JIT_IN_GPR, .reg = lib_args[nconsts + i] };
	jit_spill_for_call(f, n);
	jit_save_locals(f);
	jit_place(f, v, locs, n);
	for (uint32_t i = 0; i < nconsts; i++)
		x64_mov_imm(f->x, lib_args[i], consts[i]);
	x64_m(f->x, X64_CALL_IND, X64_64,
	      x64_at(JIT_MEM_BASE, JIT_VMCTX(lib) + (int32_t)(lib * sizeof(void *))));
	jit_site(f, f->at);
	jit_truncate(f, (uint32_t)(v - f->b.stack));
	jit_reload_locals(f);
}

/*
 * row: op the libcall, w enum jit_lib_indices, cc the number of operands.
 */
void jit_emit_lib(struct jit_func *f, const struct wasm_insn *in, const struct jit_row *row)
{
	uint64_t consts[2];
	uint32_t n = jit_lib_consts(in, (enum jit_lib_indices)row->w, consts);

	jit_libcall(f, (enum jit_libcall)row->op, consts, n, row->cc);
	if (!in->npush)
		return;
	if (wasm_kind(in->push[0]) == WASM_KIND_I32)
		x64_rr(f->x, X64_MOV, X64_32, X64_RAX, X64_RAX);
	f->free &= ~JIT_BIT(X64_RAX);
	jit_push_gpr(f, in->push[0], X64_RAX);
}
