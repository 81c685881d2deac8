/*
 * Blocks, branches and joins. A frame that branches may end at has a basic block for them, with a
 * phi for each value they carry.
 */
#include "jit/llvm/ir.h"

static struct ll_ctl *frame_of(struct ll_func *f, const struct wasm_ctl *c)
{
	return &f->ctls.at[c - f->b.ctls];
}

static LLVMValueRef *make_phis(struct ll_func *f, LLVMBasicBlockRef block,
			       const wasm_valtype *types, uint32_t n)
{
	LLVMBasicBlockRef here = LLVMGetInsertBlock(f->ir);
	LLVMValueRef *phis = arena_array(&f->l->arena, (size_t)n + 1, sizeof(*phis));

	if (!phis) {
		f->failed = true;
		return NULL;
	}
	LLVMPositionBuilderAtEnd(f->ir, block);
	for (uint32_t i = 0; i < n; i++)
		phis[i] = LLVMBuildPhi(f->ir, ll_type(f->l, types[i]), "");
	LLVMPositionBuilderAtEnd(f->ir, here);
	return phis;
}

/* The compiler's part of the innermost frame, which has just been entered. NULL: no memory. */
static struct ll_ctl *open_block(struct ll_func *f)
{
	size_t depth = (size_t)(f->b.ctl - f->b.ctls);
	const wasm_valtype *types;
	uint32_t n = wasm_label_types(f->b.ctl, &types);
	struct ll_ctl *c;

	assert(depth <= f->ctls.len);
	f->ctls.len = depth;
	if (!vec_reserve(&f->ctls, 1)) {
		f->failed = true;
		return NULL;
	}
	c = &f->ctls.at[f->ctls.len++];
	*c = (struct ll_ctl){ .target = ll_block(f) };
	c->phis = make_phis(f, c->target, types, n);
	return c->phis ? c : NULL;
}

bool ll_control_start(struct ll_func *f)
{
	/* b.ctls[0] is no frame */
	f->ctls.len = 0;
	return vec_push(&f->ctls, (struct ll_ctl){ 0 }) && open_block(f);
}

static void add_incoming(struct ll_func *f, struct ll_ctl *c, const LLVMValueRef *values,
			 uint32_t n)
{
	LLVMBasicBlockRef here = LLVMGetInsertBlock(f->ir);

	for (uint32_t i = 0; i < n; i++) {
		LLVMValueRef v = values[i];

		LLVMAddIncoming(c->phis[i], &v, &here, 1);
	}
}

/* The edge from here to the frame's target, with the topmost values; the branch is the caller's. */
static LLVMBasicBlockRef edge(struct ll_func *f, const struct wasm_ctl *w)
{
	struct ll_ctl *c = frame_of(f, w);
	LLVMBasicBlockRef here = LLVMGetInsertBlock(f->ir);
	const wasm_valtype *types;
	uint32_t n = wasm_label_types(w, &types);

	for (uint32_t i = 0; i < n; i++) {
		LLVMValueRef v = ll_value(f->b.sp - n + i);

		LLVMAddIncoming(c->phis[i], &v, &here, 1);
	}
	return c->target;
}

void ll_emit_br(struct ll_func *f, const struct wasm_insn *in, const struct ll_row *row)
{
	LLVMBuildBr(f->ir, edge(f, wasm_body_label(&f->b, in->index)));
	wasm_body_apply(&f->b, in);
}

void ll_return_edge(struct ll_func *f)
{
	LLVMBuildBr(f->ir, edge(f, f->b.ctls + 1));
}

void ll_emit_return(struct ll_func *f, const struct wasm_insn *in, const struct ll_row *row)
{
	ll_return_edge(f);
	wasm_body_apply(&f->b, in);
}

void ll_emit_unreachable(struct ll_func *f, const struct wasm_insn *in, const struct ll_row *row)
{
	ll_trap(f, RT_TRAP_UNREACHABLE);
	wasm_body_apply(&f->b, in);
}

void ll_emit_br_if(struct ll_func *f, const struct wasm_insn *in, const struct ll_row *row)
{
	LLVMValueRef condition = ll_condition(f, ll_pop(f));
	LLVMBasicBlockRef next = ll_block(f), target = edge(f, wasm_body_label(&f->b, in->index));

	LLVMBuildCondBr(f->ir, condition, target, next);
	f->b.sp++;
	wasm_body_apply(&f->b, in);
	ll_at(f, next);
}

/* row: op is 1 for br_on_non_null, whose branch carries the reference too. */
void ll_emit_br_on_null(struct ll_func *f, const struct wasm_insn *in, const struct ll_row *row)
{
	LLVMValueRef null = LLVMBuildIsNull(f->ir, ll_value(f->b.sp - 1), "");
	LLVMBasicBlockRef next = ll_block(f), target;

	f->b.sp -= !row->op;
	target = edge(f, wasm_body_label(&f->b, in->index));
	f->b.sp += !row->op;
	LLVMBuildCondBr(f->ir, null, row->op ? next : target, row->op ? target : next);
	wasm_body_apply(&f->b, in);
	ll_at(f, next);
}

void ll_emit_br_table(struct ll_func *f, const struct wasm_insn *in, const struct ll_row *row)
{
	LLVMValueRef index = ll_pop(f), jump;

	jump = LLVMBuildSwitch(f->ir, index,
			       edge(f, wasm_body_label(&f->b, in->targets[in->index])), in->index);
	for (uint32_t i = 0; i < in->index; i++)
		LLVMAddCase(jump, ll_i32(f, i), edge(f, wasm_body_label(&f->b, in->targets[i])));
	f->b.sp++;
	wasm_body_apply(&f->b, in);
}

void ll_emit_nop(struct ll_func *f, const struct wasm_insn *in, const struct ll_row *row)
{
}

void ll_emit_block(struct ll_func *f, const struct wasm_insn *in, const struct ll_row *row)
{
	wasm_body_apply(&f->b, in);
	(void)open_block(f);
}

/* The topmost n values are from now on the phis. */
static void take_phis(struct ll_func *f, const struct ll_ctl *c, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		ll_set(f, f->b.sp - n + i, c->phis[i], 0);
}

void ll_emit_loop(struct ll_func *f, const struct wasm_insn *in, const struct ll_row *row)
{
	struct ll_ctl *c;

	ll_equal_ahead(f);
	wasm_body_apply(&f->b, in);
	c = open_block(f);
	if (!c)
		return;
	LLVMBuildBr(f->ir, edge(f, f->b.ctl));
	if (f->osr == in->at)
		ll_osr_enter(f, c);
	ll_at(f, c->target);
	take_phis(f, c, f->b.ctl->type->nparams);
}

void ll_emit_if(struct ll_func *f, const struct wasm_insn *in, const struct ll_row *row)
{
	LLVMValueRef condition = ll_condition(f, ll_value(f->b.sp - 1));
	uint32_t n = in->block->nparams;
	LLVMValueRef *params = arena_array(&f->l->arena, (size_t)n + 1, sizeof(*params));
	LLVMBasicBlockRef then = ll_block(f), otherwise = ll_block(f);
	struct ll_ctl *c;

	wasm_body_apply(&f->b, in);
	c = open_block(f);
	if (!params || !c) {
		f->failed = true;
		return;
	}
	for (uint32_t i = 0; i < n; i++)
		params[i] = ll_value(f->b.sp - n + i);
	c->otherwise = otherwise;
	c->params = params;
	LLVMBuildCondBr(f->ir, condition, then, otherwise);
	ll_at(f, then);
}

void ll_emit_else(struct ll_func *f, const struct wasm_insn *in, const struct ll_row *row)
{
	struct ll_ctl *c = frame_of(f, f->b.ctl);
	uint32_t n = f->b.ctl->type->nparams;

	if (!f->b.ctl->unreachable)
		LLVMBuildBr(f->ir, edge(f, f->b.ctl));
	ll_at(f, c->otherwise);
	c->otherwise = NULL;
	wasm_body_apply(&f->b, in);
	for (uint32_t i = 0; i < n; i++)
		ll_set(f, f->b.sp - n + i, c->params[i], 0);
}

/* A join that nothing reaches has no values. */
static void drop_empty_phis(struct ll_func *f, struct ll_ctl *c, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		LLVMValueRef phi = c->phis[i];

		if (LLVMCountIncoming(phi))
			continue;
		c->phis[i] = LLVMGetUndef(LLVMTypeOf(phi));
		LLVMInstructionEraseFromParent(phi);
	}
}

/* Results in registers are one value or the members of a structure; else they go to memory. */
static void return_values(struct ll_func *f, const struct ll_ctl *c)
{
	const struct wasm_functype *t = f->b.type;
	LLVMValueRef all = t->nresults > 1 && !f->sret ? LLVMGetUndef(f->sig->result) : NULL;

	for (uint32_t i = 0; i < t->nresults; i++) {
		if (f->sret) {
			LLVMValueRef v = c->phis[i];

			/* whole, as all i32 in 8 bytes */
			ll_write(f, ll_passed(f, v, t->results[i]),
				 ll_offset(f, f->sret, 16 * (int64_t)i));
		} else if (all) {
			all = LLVMBuildInsertValue(f->ir, all,
						   ll_passed(f, c->phis[i], t->results[i]), i, "");
		}
	}
	if (f->sret || !t->nresults)
		LLVMBuildRetVoid(f->ir);
	else
		LLVMBuildRet(f->ir, all ? all : ll_passed(f, c->phis[0], t->results[0]));
}

static void close_function(struct ll_func *f, const struct wasm_insn *in, struct ll_ctl *c)
{
	drop_empty_phis(f, c, f->b.type->nresults);
	if (f->osr)
		ll_osr_return(f, c);
	else
		return_values(f, c);
	wasm_body_apply(&f->b, in);
}

void ll_emit_end(struct ll_func *f, const struct wasm_insn *in, const struct ll_row *row)
{
	struct ll_ctl *c = frame_of(f, f->b.ctl);
	uint32_t n = f->b.ctl->type->nresults;
	bool function = f->b.ctl->kind == WASM_CTL_FUNC;

	if (f->b.ctl->kind == WASM_CTL_LOOP) {
		/* only falling through leaves it: values stay what they are */
		struct wasm_val *v = f->b.sp - n;
		LLVMValueRef *kept = arena_array(&f->l->arena, (size_t)n + 1, sizeof(*kept));
		bool dead = f->b.ctl->unreachable;

		if (!kept) {
			f->failed = true;
			return;
		}
		for (uint32_t i = 0; i < n; i++)
			kept[i] = dead ? LLVMGetUndef(ll_type(f->l, f->b.ctl->type->results[i])) :
					 ll_value(&v[i]);
		wasm_body_apply(&f->b, in);
		if (dead)
			ll_at(f, ll_block(f));
		for (uint32_t i = 0; i < n; i++)
			ll_set(f, f->b.sp - n + i, kept[i], 0);
		return;
	}
	if (!f->b.ctl->unreachable)
		LLVMBuildBr(f->ir, edge(f, f->b.ctl));
	if (c->otherwise) {
		LLVMPositionBuilderAtEnd(f->ir, c->otherwise);
		add_incoming(f, c, c->params, n);
		LLVMBuildBr(f->ir, c->target);
	}
	ll_at(f, c->target);
	if (function) {
		close_function(f, in, c);
		return;
	}
	drop_empty_phis(f, c, n);
	wasm_body_apply(&f->b, in);
	take_phis(f, c, n);
}
