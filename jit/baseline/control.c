/*
 * Blocks, branches and joins.
 *
 * At a label each local is where the label's region has it, entries below the frame are in their
 * slots (or constants), and the values the label takes are: one value of a block or function in rax
 * or xmm0; otherwise (loops, several values) in slots. So a join needs no record of how its
 * branches came.
 */
#include <stdlib.h>

#include "jit/baseline/emit.h"

#define INLINE_EPILOGUE_MAX 2	/* saved registers up to which `return` does not jump */

static struct jit_ctl *ctl_of(struct jit_func *f, const struct wasm_ctl *c)
{
	return &f->ctls[c - f->b.ctls];
}

/* The compiler's part of the innermost frame, which has just been entered. NULL: no memory. */
static struct jit_ctl *enter(struct jit_func *f)
{
	uint32_t depth = (uint32_t)(f->b.ctl - f->b.ctls);
	struct jit_ctl *c;

	if (depth >= f->ctls_cap) {
		uint32_t cap = depth * 2 + 32;
		struct jit_ctl *p = realloc(f->ctls, cap * sizeof(*p));

		if (!p) {
			f->failed = true;
			return NULL;
		}
		f->ctls = p;
		f->ctls_cap = cap;
	}
	c = &f->ctls[depth];
	assert(depth && !f->flags_live);
	*c = (struct jit_ctl){ .label = jit_label(f), .region = f->region, .outer = f->region,
			       .else_label = WASM_NONE, .stub_label = WASM_NONE };
	return c;
}

bool jit_control_start(struct jit_func *f)
{
	return enter(f);
}

static uint32_t height(const struct jit_func *f)
{
	return (uint32_t)(f->b.sp - f->b.stack);
}

/*
 * The topmost n entries below the topmost `above`: into their slots, constants too. All others are
 * settled.
 */
static void settle_values(struct jit_func *f, uint32_t n, uint32_t above)
{
	jit_settle(f, above);
	for (struct wasm_val *v = f->b.sp - above - n; v < f->b.sp - above; v++) {
		x64_reserve(f->x, X64_ROOM_ONE);
		if (v->kind == JIT_CONST)
			jit_store_val(f, v, jit_slot(f, v));
		v->kind = JIT_SLOT;
	}
}

/* The topmost n entries, made by wasm_body_apply(), are in their slots; all below are settled. */
static void values_in_slots(struct jit_func *f, uint32_t n)
{
	for (struct wasm_val *v = f->b.sp - n; v < f->b.sp; v++)
		v->kind = JIT_SLOT;
	f->settled = height(f);
	assert(n <= f->settled);
}

static unsigned int result_reg(wasm_valtype t)
{
	return jit_class(t) == JIT_GPRS ? X64_RAX : JIT_XMM(0);
}

static bool one_in_reg(const struct wasm_ctl *c, uint32_t n)
{
	return n == 1 && c->kind != WASM_CTL_LOOP;
}

/* ---- conditions ---- */

unsigned int jit_pop_cond(struct jit_func *f)
{
	const struct wasm_val *v = f->b.sp - 1;
	struct jit_opnd o;
	unsigned int cc = v->reg;

	if (v->kind == JIT_FLAGS) {
		jit_drop(f);
		return cc;
	}
	if (v->kind == JIT_CONST) {
		unsigned int reg = jit_pop_gpr(f);

		x64_rr(f->x, X64_TEST, X64_32, reg, reg);
		jit_free(f, reg);
		return X64_CC_NE;
	}
	jit_pop_opnd(f, &o, false);
	jit_opnd_use(f, &o);
	if (o.kind == JIT_OPND_MEM)
		x64_mi(f->x, X64_CMP, X64_32, o.mem, 0);
	else if (f->zf_reg != o.reg || f->zf_width != X64_32 || f->zf_at != x64_offset(f->x))
		x64_rr(f->x, X64_TEST, X64_32, o.reg, o.reg);
	jit_opnd_done(f, &o);
	return X64_CC_NE;
}

void jit_branch(struct jit_func *f, unsigned int cc, uint32_t label)
{
	if (cc == JIT_CC_FEQ) {
		uint8_t *skip = x64_jcc8(f->x, X64_CC_P);

		jit_jcc(f, X64_CC_E, label);
		x64_here8(f->x, skip);
	} else if (cc == JIT_CC_FNE) {
		jit_jcc(f, X64_CC_NE, label);
		jit_jcc(f, X64_CC_P, label);
	} else {
		jit_jcc(f, cc, label);
	}
}

/* ---- values of branches ---- */

/*
 * Results of the function, which lie on top, to where the convention wants them. They stay on the
 * stack.
 */
static void place_return(struct jit_func *f)
{
	uint32_t n = f->b.type->nresults;
	struct wasm_val *v = f->b.sp - n;
	unsigned int p;

	if (!f->cc.sret) {
		jit_place(f, v, f->results, n);
		return;
	}
	p = jit_alloc_gpr(f);
	x64_rm(f->x, X64_MOV, X64_64, p, jit_frame(f->sret_home));
	for (uint32_t i = 0; i < n; i++) {
		x64_reserve(f->x, X64_ROOM_ONE);
		jit_store_val(f, &v[i], x64_at(p, (int32_t)f->results[i].off));
	}
	jit_free(f, p);
}

/*
 * What a branch to c carries lies on top; puts it where the label wants it. The entries stay as
 * they are.
 */
static void place_values(struct jit_func *f, const struct wasm_ctl *c)
{
	const wasm_valtype *types;
	uint32_t n = wasm_label_types(c, &types);
	const struct wasm_val *to = f->b.stack + c->height;

	if (c->kind == WASM_CTL_FUNC) {
		place_return(f);
		return;
	}
	if (one_in_reg(c, n)) {
		jit_load_val(f, f->b.sp - 1, result_reg(types[0]));
		return;
	}
	for (uint32_t i = 0; i < n; i++) {
		struct wasm_val *v = f->b.sp - n + i;

		x64_reserve(f->x, X64_ROOM_ONE);
		assert(to + i <= v);
		if (v->kind != JIT_SLOT || v != to + i)
			jit_store_val(f, v, jit_slot(f, to + i));
	}
}

static void leave_function(struct jit_func *f)
{
	if (f->nsaved <= INLINE_EPILOGUE_MAX) {
		jit_epilogue(f);
		return;
	}
	f->ctls[1].used = true;
	jit_jmp(f, f->ctls[1].label);
}

static void branch_to(struct jit_func *f, const struct wasm_ctl *c)
{
	place_values(f, c);
	x64_reserve(f->x, X64_ROOM_MAX / 2);
	if (c->kind == WASM_CTL_FUNC) {
		leave_function(f);
		return;
	}
	ctl_of(f, c)->used = true;
	jit_region_move(f, f->region, ctl_of(f, c)->region);
	jit_jmp(f, ctl_of(f, c)->label);
}

void jit_branch_to(struct jit_func *f, uint32_t depth)
{
	branch_to(f, wasm_body_label(&f->b, depth));
}

void jit_try_begin(struct jit_func *f, uint32_t first)
{
	struct jit_ctl *c = ctl_of(f, f->b.ctl);

	c->try_start = x64_offset(f->x);
	c->first_catch = first;
}

static void cold_exit(struct jit_func *f, const struct jit_cold *c)
{
	jit_region_move(f, c->a, c->b);
	jit_jmp(f, c->back);
}

/* A label to which a branch to c without values may go from the current region. */
static uint32_t exit_label(struct jit_func *f, const struct wasm_ctl *c)
{
	struct jit_ctl *j = ctl_of(f, c);
	struct jit_cold *cold;

	j->used = true;
	if (c->kind == WASM_CTL_FUNC || jit_region_same(f, f->region, j->region))
		return j->label;
	if (j->stub_label == WASM_NONE || j->stub_region != f->region) {
		cold = jit_cold(f, cold_exit);
		cold->a = f->region;
		cold->b = j->region;
		cold->back = j->label;
		j->stub_label = cold->label;
		j->stub_region = f->region;
	}
	return j->stub_label;
}

/* After a branch: the rest of the frame is dead. */
static void ends(struct jit_func *f, const struct wasm_insn *in)
{
	jit_truncate(f, f->b.ctl->height);
	wasm_body_apply(&f->b, in);
}

void jit_emit_br(struct jit_func *f, const struct wasm_insn *in, const struct jit_row *row)
{
	const struct wasm_ctl *c = wasm_body_label(&f->b, in->index);
	const wasm_valtype *types;
	uint32_t n = wasm_label_types(c, &types);

	/*
	 * an entry that is spilled for a register later could land on a value that has been placed
	 */
	if (n && !one_in_reg(c, n) && c->kind != WASM_CTL_FUNC)
		jit_settle(f, 0);
	branch_to(f, c);
	ends(f, in);
}

void jit_emit_return(struct jit_func *f, const struct wasm_insn *in, const struct jit_row *row)
{
	branch_to(f, f->b.ctls + 1);
	ends(f, in);
}

void jit_emit_unreachable(struct jit_func *f, const struct wasm_insn *in, const struct jit_row *row)
{
	jit_trap(f, RT_TRAP_UNREACHABLE, in->at);
	ends(f, in);
}

void jit_emit_br_if(struct jit_func *f, const struct wasm_insn *in, const struct jit_row *row)
{
	const struct wasm_ctl *c = wasm_body_label(&f->b, in->index);
	const wasm_valtype *types;
	uint32_t n = wasm_label_types(c, &types), skip, label;
	unsigned int cc;

	if (n == 0) {
		label = exit_label(f, c);
		jit_branch(f, jit_pop_cond(f), label);
		return;
	}
	/* the code for the taken branch must not change what the other path believes */
	if (!one_in_reg(c, n) || f->b.sp[-2].kind == JIT_SUM)
		jit_settle(f, 1);
	skip = jit_label(f);
	cc = jit_pop_cond(f);
	jit_branch(f, cc ^ 1, skip);
	branch_to(f, c);
	jit_bind(f, skip);
	f->b.sp++;
	wasm_body_apply(&f->b, in);
}

/*
 * br_on_null carries what lies below the reference, br_on_non_null the reference too. row: op is 1
 * for the latter.
 */
void jit_emit_br_on_null(struct jit_func *f, const struct wasm_insn *in, const struct jit_row *row)
{
	uint32_t skip = jit_label(f), above = !row->op;
	unsigned int reg;

	jit_settle(f, 0);
	reg = jit_alloc_gpr(f);
	jit_load_val(f, f->b.sp - 1, reg);
	x64_rr(f->x, X64_TEST, X64_64, reg, reg);
	jit_free(f, reg);
	jit_jcc(f, row->op ? X64_CC_E : X64_CC_NE, skip);
	f->b.sp -= above;
	branch_to(f, wasm_body_label(&f->b, in->index));
	f->b.sp += above;
	jit_bind(f, skip);
	wasm_body_apply(&f->b, in);
}

/* ---- br_table ---- */

/* The label for one target; those that need code get a stub behind the jump, listed in stubs. */
static uint32_t table_label(struct jit_func *f, const struct wasm_ctl *c, uint32_t nvalues)
{
	struct jit_ctl *j = ctl_of(f, c);

	if (nvalues == 0)
		return exit_label(f, c);
	if (j->table_at != f->at) {
		j->table_at = f->at;
		j->table_label = jit_label(f);
	}
	return j->table_label;
}

static void table_stubs(struct jit_func *f, const struct wasm_insn *in)
{
	for (uint32_t i = 0; i <= in->index && !f->failed; i++) {
		const struct wasm_ctl *c = wasm_body_label(&f->b, in->targets[i]);
		uint32_t label = ctl_of(f, c)->table_label;

		if (jit_label_at(f, label)->bound)
			continue;
		x64_reserve(f->x, X64_ROOM_MAX / 2);
		jit_bind(f, label);
		branch_to(f, c);
	}
}

#define TABLE_MIN 4

void jit_emit_br_table(struct jit_func *f, const struct wasm_insn *in, const struct jit_row *row)
{
	const wasm_valtype *types;
	uint32_t nvalues = wasm_label_types(wasm_body_label(&f->b, in->targets[in->index]), &types);
	uint32_t n = in->index, first = (uint32_t)f->targets.len, *labels;
	unsigned int reg;

	if (nvalues)
		jit_settle(f, 1);
	reg = jit_pop_gpr_own(f);
	if (!vec_reserve(&f->targets, (size_t)n + 1)) {
		f->failed = true;
		return;
	}
	for (uint32_t i = 0; i <= n; i++)
		f->targets.at[first + i] =
			table_label(f, wasm_body_label(&f->b, in->targets[i]), nvalues);
	f->targets.len += n + 1;
	assert(f->targets.len <= f->targets.cap);
	labels = f->targets.at + first;
	if (n < TABLE_MIN) {
		for (uint32_t i = 0; i < n; i++) {
			x64_ri(f->x, X64_CMP, X64_32, reg, (int32_t)i);
			jit_jcc(f, X64_CC_E, labels[i]);
		}
		jit_jmp(f, labels[n]);
		f->targets.len = first;
	} else {
		x64_ri(f->x, X64_CMP, X64_32, reg, (int32_t)n);
		jit_jcc(f, X64_CC_AE, labels[n]);
		jit_table_jump(f, reg, first, n);
	}
	jit_free(f, reg);
	if (nvalues)
		table_stubs(f, in);
	f->b.sp++;
	f->b.sp[-1].kind = JIT_SLOT;
	ends(f, in);
}

/* ---- frames ---- */

void jit_emit_nop(struct jit_func *f, const struct wasm_insn *in, const struct jit_row *row)
{
}

void jit_emit_block(struct jit_func *f, const struct wasm_insn *in, const struct jit_row *row)
{
	uint32_t n = in->block->nparams;

	settle_values(f, n, 0);
	wasm_body_apply(&f->b, in);
	values_in_slots(f, n);
	enter(f);
}

/* The region of the loop at this offset; loops in dead code have been skipped. */
static uint32_t loop_region(struct jit_func *f, uint32_t at)
{
	while (f->next_loop < f->nregions && f->scan.loops[f->next_loop].at < at)
		f->next_loop++;
	if (f->next_loop < f->nregions && f->scan.loops[f->next_loop].at == at)
		return f->next_loop;
	return f->region;
}

void jit_emit_loop(struct jit_func *f, const struct wasm_insn *in, const struct jit_row *row)
{
	uint32_t n = in->block->nparams, outer = f->region, region = loop_region(f, in->at);
	struct jit_equal equal;
	struct jit_ctl *c;

	assert(region == outer || f->regions[region].parent == outer);
	settle_values(f, n, 0);
	wasm_body_apply(&f->b, in);
	values_in_slots(f, n);
	jit_region_move(f, outer, region);
	jit_region_enter(f, region);
	if (jit_equal_loop(&f->b, &equal))
		jit_equal_ahead(f, &equal);
	c = enter(f);
	if (!c)
		return;
	c->outer = outer;
	x64_reserve(f->x, X64_ROOM_MAX / 2);
	x64_align(f->x, 16);
	jit_bind(f, c->label);
	if (f->scan.loops[region].at == in->at && jit_osr_head(&f->scan, region, f->heads))
		jit_osr_look(f, in->at);
}

void jit_emit_if(struct jit_func *f, const struct wasm_insn *in, const struct jit_row *row)
{
	uint32_t n = in->block->nparams, label = jit_label(f);
	struct jit_ctl *c;

	settle_values(f, n, 1);
	jit_branch(f, jit_pop_cond(f) ^ 1, label);
	f->b.sp++;
	f->b.sp[-1].kind = JIT_SLOT;
	wasm_body_apply(&f->b, in);
	values_in_slots(f, n);
	c = enter(f);
	if (c)
		c->else_label = label;
}

/* Values of a frame that is left at its end: they are all of the stack above its height. */
static void place_at_end(struct jit_func *f)
{
	place_values(f, f->b.ctl);
	jit_truncate(f, f->b.ctl->height);
	for (uint32_t i = 0; i < f->b.ctl->type->nresults; i++)
		(f->b.sp++)->kind = JIT_SLOT;
}

void jit_emit_else(struct jit_func *f, const struct wasm_insn *in, const struct jit_row *row)
{
	struct jit_ctl *c = ctl_of(f, f->b.ctl);

	if (!f->b.ctl->unreachable) {
		place_at_end(f);
		c->used = true;
		jit_jmp(f, c->label);
	}
	jit_bind(f, c->else_label);
	c->else_label = WASM_NONE;
	wasm_body_apply(&f->b, in);
	values_in_slots(f, f->b.ctl->type->nparams);
	f->free = f->pool;
}

/* The values that a join leaves: as place_values() put them. */
static void push_joined(struct jit_func *f, uint32_t n)
{
	struct wasm_val *v = f->b.sp - 1;

	values_in_slots(f, n);
	f->free = f->pool;
	if (n != 1)
		return;
	v->kind = JIT_REG;
	v->reg = (uint8_t)result_reg(v->type);
	f->free &= ~JIT_BIT(v->reg);
	f->settled = height(f) - 1;
}

static void end_loop(struct jit_func *f, const struct wasm_insn *in)
{
	struct jit_ctl *c = ctl_of(f, f->b.ctl);
	uint32_t n = f->b.ctl->type->nresults, outer = c->outer;
	bool dead = f->b.ctl->unreachable;

	if (!dead && n == 1)
		jit_load_val(f, f->b.sp - 1, result_reg(f->b.ctl->type->results[0]));
	else if (!dead)
		settle_values(f, n, 0);
	if (!dead) {
		jit_truncate(f, f->b.ctl->height);
		f->b.sp += n;
		jit_region_move(f, f->region, outer);
	}
	jit_region_enter(f, outer);
	wasm_body_apply(&f->b, in);
	push_joined(f, n);
}

/* The way round an if without else: what it takes is what it gives. */
static void implicit_else(struct jit_func *f, struct jit_ctl *c)
{
	const struct wasm_ctl *w = f->b.ctl;

	if (w->type->nresults != 1) {
		jit_bind(f, c->else_label);
		return;
	}
	if (!w->unreachable)
		jit_jmp(f, c->label);
	jit_bind(f, c->else_label);
	jit_load(f, w->type->results[0], result_reg(w->type->results[0]),
		 jit_slot(f, f->b.stack + w->height));
}

static void end_block(struct jit_func *f, const struct wasm_insn *in)
{
	struct jit_ctl *c = ctl_of(f, f->b.ctl);
	uint32_t n = f->b.ctl->type->nresults;

	if (f->b.ctl->kind == WASM_CTL_TRY)
		jit_try_end(f, c->try_start, c->first_catch);

	if (c->else_label == WASM_NONE && !c->used && !f->b.ctl->unreachable) {
		/* nobody branches here: values stay where they are */
		struct wasm_val v = n == 1 ? f->b.sp[-1] : (struct wasm_val){ 0 };

		if (n != 1)
			settle_values(f, n, 0);
		wasm_body_apply(&f->b, in);
		if (n != 1)
			values_in_slots(f, n);
		else
			f->b.sp[-1] = v;
		return;
	}
	if (!f->b.ctl->unreachable)
		place_at_end(f);
	if (c->else_label != WASM_NONE)
		implicit_else(f, c);
	jit_bind(f, c->label);
	wasm_body_apply(&f->b, in);
	push_joined(f, n);
}

static void end_function(struct jit_func *f, const struct wasm_insn *in)
{
	struct jit_ctl *c = ctl_of(f, f->b.ctl);

	if (!f->b.ctl->unreachable)
		place_return(f);
	if (!f->b.ctl->unreachable || c->used) {
		jit_bind(f, c->label);
		jit_epilogue(f);
	}
	jit_truncate(f, 0);
	/* what was taken has been given back */
	assert(f->failed || f->free == f->pool);
	f->b.sp += f->b.type->nresults;
	wasm_body_apply(&f->b, in);
}

void jit_emit_end(struct jit_func *f, const struct wasm_insn *in, const struct jit_row *row)
{
	if (f->b.ctl->kind == WASM_CTL_FUNC)
		end_function(f, in);
	else if (f->b.ctl->kind == WASM_CTL_LOOP)
		end_loop(f, in);
	else
		end_block(f, in);
}
