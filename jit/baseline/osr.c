/* Heads of loops that look whether code that took the function's place goes on from there. */
#include "jit/baseline/emit.h"

/* What is needed of the head where its cold code is made: the operand stack is gone then. */
struct head {
	uint32_t height;
	struct wasm_val stack[];
};

static struct x64_mem carry_at(const struct jit_func *f, uint32_t i)
{
	return x64_at(JIT_MEM_BASE, f->layout->carry + 16 * (int32_t)i);
}

static unsigned int temp(wasm_valtype t)
{
	return jit_class(t) == JIT_GPRS ? X64_RAX : JIT_XMM(0);
}

static void carry_locals(struct jit_func *f)
{
	for (uint32_t i = 0; i < f->b.nlocals; i++) {
		wasm_valtype t = f->b.locals[i];
		unsigned int reg = f->loc[i] == JIT_NOREG ? temp(t) : f->loc[i];

		x64_reserve(f->x, X64_ROOM_ONE);
		if (f->loc[i] == JIT_NOREG)
			jit_load(f, t, reg, jit_frame(f->home[i]));
		jit_store(f, t, carry_at(f, i), reg);
	}
}

static void carry_stack(struct jit_func *f, const struct head *h)
{
	for (uint32_t i = 0; i < h->height; i++) {
		const struct wasm_val *v = &h->stack[i];

		x64_reserve(f->x, X64_ROOM_ONE);
		if (v->kind == JIT_SLOT)
			jit_load(f, v->type, temp(v->type), jit_slot(f, f->b.stack + i));
		else
			jit_load_val(f, v, temp(v->type));
		jit_store(f, v->type, carry_at(f, f->b.nlocals + i), temp(v->type));
	}
}

/* Results are where they were left: to where the convention wants them, and back to the caller. */
static void take_carried(struct jit_func *f)
{
	uint32_t n = f->b.type->nresults;

	x64_reserve(f->x, X64_ROOM_ONE);
	if (f->cc.sret)
		x64_rm(f->x, X64_MOV, X64_64, X64_RCX, jit_frame(f->sret_home));
	for (uint32_t i = 0; i < n; i++) {
		const struct jit_loc *r = &f->results[i];
		wasm_valtype t = f->b.type->results[i];
		unsigned int reg = f->cc.sret ? temp(t) :
				   r->where == JIT_IN_XMM ? JIT_XMM(r->reg) : r->reg;

		x64_reserve(f->x, X64_ROOM_ONE);
		jit_load(f, t, reg, carry_at(f, i));
		if (f->cc.sret)
			jit_store(f, t, x64_at(X64_RCX, (int32_t)r->off), reg);
	}
	x64_reserve(f->x, X64_ROOM_MAX / 2);
	jit_epilogue(f);
}

static void cold_head(struct jit_func *f, const struct jit_cold *c)
{
	const struct head *h = f->heads_at.at[c->b];
	uint32_t stay = jit_label(f);

	jit_region_enter(f, c->a);
	carry_locals(f);
	carry_stack(f, h);
	x64_reserve(f->x, X64_ROOM_MAX / 2);
	jit_save_locals(f);
	x64_mov_imm(f->x, X64_RSI, c->at);
	x64_m(f->x, X64_CALL_IND, X64_64, x64_at(JIT_MEM_BASE, JIT_VMCTX(osr)));
	/* what it calls is the function's frame in backtraces */
	jit_site(f, JIT_SITE_ADAPTER);
	x64_rr(f->x, X64_TEST, X64_32, X64_RAX, X64_RAX);
	jit_jcc(f, X64_CC_E, stay);
	take_carried(f);
	x64_reserve(f->x, X64_ROOM_MAX / 2);
	jit_bind(f, stay);
	jit_reload_locals(f);
	jit_jmp(f, c->back);
}

void jit_osr_look(struct jit_func *f, uint32_t at)
{
	uint32_t height = (uint32_t)(f->b.sp - f->b.stack), back = jit_label(f);
	struct jit_cold *c;
	struct head *h;

	if (!jit_osr_fits(f->b.nlocals, height, f->b.type->nresults))
		return;
	h = arena_alloc(f->arena, sizeof(*h) + height * sizeof(h->stack[0]));
	if (!h || !vec_push(&f->heads_at, h)) {
		f->failed = true;
		return;
	}
	h->height = height;
	memcpy(h->stack, f->b.stack, height * sizeof(h->stack[0]));
	c = jit_cold(f, cold_head);
	c->a = f->region;
	c->b = (uint32_t)f->heads_at.len - 1;
	c->at = at;
	c->back = back;
	x64_mi(f->x, X64_CMP, X64_8, x64_at(JIT_MEM_BASE, f->head), 0);
	jit_jcc(f, X64_CC_NE, c->label);
	jit_bind(f, back);
}
