/*
 * The abstract stack: where values are, registers given out and taken back.
 *
 * Entries below f->settled need no look when registers are wanted or locals are written; at most
 * JIT_UNSETTLED_MAX entries are above it, so that no scan here takes more than a constant time.
 */
#include "jit/baseline/baseline.h"

static inline void load(struct jit_func *f, wasm_valtype t, unsigned int dst, struct x64_mem m)
{
	switch (wasm_kind(t)) {
	case WASM_KIND_I32:
		x64_rm(f->x, X64_MOV, X64_32, dst, m);
		break;
	case WASM_KIND_F32:
		x64_vm(f->x, X64_VMOVSS, dst & 15, m);
		break;
	case WASM_KIND_F64:
		x64_vm(f->x, X64_VMOVSD, dst & 15, m);
		break;
	case WASM_KIND_V128:
		x64_vm(f->x, X64_VMOVUPS, dst & 15, m);
		break;
	default:
		x64_rm(f->x, X64_MOV, X64_64, dst, m);
	}
}

static inline void store(struct jit_func *f, wasm_valtype t, struct x64_mem m, unsigned int src)
{
	switch (wasm_kind(t)) {
	case WASM_KIND_I32:
		x64_mr(f->x, X64_MOV, X64_32, m, src);
		break;
	case WASM_KIND_F32:
		x64_mv(f->x, X64_VMOVSS_ST, m, src & 15);
		break;
	case WASM_KIND_F64:
		x64_mv(f->x, X64_VMOVSD_ST, m, src & 15);
		break;
	case WASM_KIND_V128:
		x64_mv(f->x, X64_VMOVUPS_ST, m, src & 15);
		break;
	default:
		x64_mr(f->x, X64_MOV, X64_64, m, src);
	}
}

__attribute__((noinline))
static void load_other(struct jit_func *f, wasm_valtype t, unsigned int dst, struct x64_mem m)
{
	load(f, t, dst, m);
}

__attribute__((noinline))
static void store_other(struct jit_func *f, wasm_valtype t, struct x64_mem m, unsigned int src)
{
	store(f, t, m, src);
}

static bool of_frame(struct x64_mem m)
{
	return m.base == X64_RBP && m.index == X64_NO_INDEX && !m.flags;
}

/* Most are of the frame: with so much known, little of the encoder is left. */
JIT_FLATTEN
void jit_load(struct jit_func *f, wasm_valtype t, unsigned int dst, struct x64_mem m)
{
	if (of_frame(m))
		load(f, t, dst, x64_at(X64_RBP, m.disp));
	else
		load_other(f, t, dst, m);
}

JIT_FLATTEN
void jit_store(struct jit_func *f, wasm_valtype t, struct x64_mem m, unsigned int src)
{
	if (of_frame(m))
		store(f, t, x64_at(X64_RBP, m.disp), src);
	else
		store_other(f, t, m, src);
}

void jit_move(struct jit_func *f, wasm_valtype t, unsigned int dst, unsigned int src)
{
	if (dst == src)
		return;
	if (dst >= 16)
		x64_vv(f->x, X64_VMOVAPS, dst & 15, src & 15);
	else
		x64_rr(f->x, X64_MOV, jit_width(t), dst, src);
}

static void load_const(struct jit_func *f, const struct wasm_val *v, unsigned int reg)
{
	unsigned int k = wasm_kind(v->type);

	if (reg < 16) {
		if (v->bits || f->flags_live)
			x64_mov_imm(f->x, reg, k == WASM_KIND_I32 ? (uint32_t)v->bits : v->bits);
		else
			x64_zero(f->x, reg);
		return;
	}
	if (k == WASM_KIND_V128) {
		const struct jit_const *c = &f->consts.at[v->bits];

		if (!c->lo && !c->hi)
			x64_vvv(f->x, X64_VPXOR, reg & 15, reg & 15, reg & 15);
		else if (c->lo == UINT64_MAX && c->hi == UINT64_MAX)
			x64_vvv(f->x, X64_VPCMPEQD, reg & 15, reg & 15, reg & 15);
		else
			x64_vm(f->x, X64_VMOVUPS, reg & 15, x64_at_label(c->label));
	} else if (!v->bits) {
		x64_vvv(f->x, X64_VXORPS, reg & 15, reg & 15, reg & 15);
	} else {
		jit_load(f, v->type, reg, jit_const_mem(f, v->bits, 0, k == WASM_KIND_F32 ? 4 : 8));
	}
}

/* lea of a 32-bit sum */
static void load_sum(struct jit_func *f, const struct wasm_val *v, unsigned int reg)
{
	struct x64_mem m;

	if (v->reg2 == JIT_NOREG)
		m = x64_at(v->reg, (int32_t)v->disp);
	else
		m = x64_at_index(v->reg == JIT_NOREG ? X64_NO_BASE : v->reg, v->reg2, v->scale,
				 (int32_t)v->disp);
	x64_rm(f->x, X64_LEA, X64_32, reg, m);
}

/* A pending load: what jit_push_load() noted. */
static struct x64_mem load_mem(const struct wasm_val *v)
{
	return (struct x64_mem){ .base = v->reg, .index = v->reg2, .scale = v->scale & 3,
				 .flags = v->scale >> 2, .disp = v->disp };
}

/* Temporaries in its address. What is no register of it is none of the pool. */
static uint32_t load_regs(const struct jit_func *f, const struct wasm_val *v)
{
	return (JIT_BIT(v->reg & 31) | JIT_BIT(v->reg2 & 31)) & JIT_GPRS & f->pool;
}

void jit_push_load(struct jit_func *f, wasm_valtype t, struct x64_mem m)
{
	struct wasm_val *v = jit_push(f, t, JIT_LOAD);

	assert(m.base != X64_RIP && m.scale < 4);
	v->reg = m.base;
	v->reg2 = m.index;
	v->scale = (uint8_t)(m.scale | m.flags << 2);
	v->disp = m.disp;
	v->at = f->at;
}

static void load_flags(struct jit_func *f, unsigned int cc, unsigned int reg)
{
	if (cc >= JIT_CC_FEQ) {
		unsigned int t = jit_alloc_gpr(f);
		bool eq = cc == JIT_CC_FEQ;

		x64_setcc(f->x, eq ? X64_CC_NP : X64_CC_P, t);
		x64_setcc(f->x, eq ? X64_CC_E : X64_CC_NE, reg);
		x64_rr(f->x, eq ? X64_AND : X64_OR, X64_32, reg, t);
		jit_free(f, t);
	} else {
		x64_setcc(f->x, cc, reg);
	}
	x64_rr(f->x, X64_MOVZX8, X64_32, reg, reg);
}

static void load_local(struct jit_func *f, const struct wasm_val *v, unsigned int reg)
{
	if (f->loc[v->local] == JIT_NOREG)
		jit_load(f, v->type, reg, jit_frame(f->home[v->local]));
	else
		jit_move(f, v->type, reg, f->loc[v->local]);
}

/* The rarer kinds. */
static void load_other_val(struct jit_func *f, const struct wasm_val *v, unsigned int reg)
{
	if (v->kind == JIT_SUM) {
		load_sum(f, v, reg);
	} else if (v->kind == JIT_LOAD) {
		jit_site(f, v->at);
		jit_load(f, v->type, reg, load_mem(v));
	} else {
		assert(v->kind == JIT_FLAGS);
		load_flags(f, v->reg, reg);
		f->flags_live = false;
	}
}

void jit_load_val(struct jit_func *f, const struct wasm_val *v, unsigned int reg)
{
	if (v->kind == JIT_LOCAL)
		load_local(f, v, reg);
	else if (v->kind == JIT_CONST)
		load_const(f, v, reg);
	else if (v->kind == JIT_REG)
		jit_move(f, v->type, reg, v->reg);
	else if (v->kind == JIT_SLOT)
		jit_load(f, v->type, reg, jit_slot(f, v));
	else
		load_other_val(f, v, reg);
}

static void release_sum_reg(struct jit_func *f, unsigned int reg)
{
	if (reg == JIT_NOREG)
		return;
	assert(reg < 16);
	if (f->local_regs >> reg & 1)
		f->naliases[f->local_of[reg]]--;
	else
		jit_free(f, reg);
}

void jit_release_slow(struct jit_func *f, const struct wasm_val *v)
{
	if (v->kind == JIT_SUM) {
		release_sum_reg(f, v->reg);
		release_sum_reg(f, v->reg2);
	} else if (v->kind == JIT_LOAD) {
		f->free |= load_regs(f, v);
	} else {
		assert(v->kind == JIT_FLAGS);
		f->flags_live = false;
	}
}

/* Gives the entry this register, in which its value now is. */
static void now_in_reg(struct jit_func *f, struct wasm_val *v, unsigned int reg)
{
	jit_release(f, v);
	v->kind = JIT_REG;
	v->reg = (uint8_t)reg;
	f->free &= ~JIT_BIT(reg);
}

void jit_store_val(struct jit_func *f, const struct wasm_val *v, struct x64_mem m)
{
	uint32_t class = jit_class(v->type);
	unsigned int reg;

	if (v->kind == JIT_REG || (v->kind == JIT_LOCAL && f->loc[v->local] != JIT_NOREG)) {
		jit_store(f, v->type, m, v->kind == JIT_REG ? v->reg : f->loc[v->local]);
		return;
	}
	if (v->kind == JIT_CONST && class == JIT_GPRS &&
	    (wasm_kind(v->type) == WASM_KIND_I32 || (int64_t)v->bits == (int32_t)v->bits)) {
		x64_mi(f->x, X64_MOV, jit_width(v->type), m, (int32_t)v->bits);
		return;
	}
	reg = jit_alloc(f, class);
	jit_load_val(f, v, reg);
	jit_store(f, v->type, m, reg);
	jit_free(f, reg);
}

static void spill(struct jit_func *f, struct wasm_val *v)
{
	if (v->kind == JIT_SUM) {
		/* one of its own registers, if any, so that nothing else needs to be spilled */
		unsigned int reg = v->reg != JIT_NOREG && jit_is_temp(f, v->reg) ? v->reg : v->reg2;

		if (reg == JIT_NOREG || !jit_is_temp(f, reg))
			reg = jit_alloc_gpr(f);
		load_sum(f, v, reg);
		now_in_reg(f, v, reg);
	}
	jit_store_val(f, v, jit_slot(f, v));
	jit_release(f, v);
	v->kind = JIT_SLOT;
}

/* Whether the entry owns a register of the mask. */
static bool holds(const struct jit_func *f, const struct wasm_val *v, uint32_t mask)
{
	mask &= f->pool;
	if (v->kind == JIT_REG)
		return mask >> v->reg & 1;
	if (v->kind == JIT_SUM)
		return (v->reg != JIT_NOREG && (mask >> v->reg & 1)) ||
		       (v->reg2 != JIT_NOREG && (mask >> v->reg2 & 1));
	return false;
}

static struct wasm_val *unsettled(struct jit_func *f)
{
	return f->b.stack + f->settled;
}

unsigned int jit_alloc_slow(struct jit_func *f, uint32_t mask)
{
	uint32_t m = f->free & mask;
	unsigned int reg;

	for (struct wasm_val *v = unsettled(f); !m && v < f->b.sp; v++) {
		if (holds(f, v, mask))
			spill(f, v);
		m = f->free & mask;
	}
	assert(m);
	reg = (unsigned int)__builtin_ctz(m);
	f->free &= ~JIT_BIT(reg);
	return reg;
}

static void move_away(struct jit_func *f, struct wasm_val *v, uint8_t *reg, uint32_t mask,
		      uint32_t class)
{
	uint32_t m = f->free & class & ~mask;
	unsigned int to;

	if (*reg == JIT_NOREG || !(mask & f->pool & JIT_BIT(*reg)))
		return;
	if (!m) {
		spill(f, v);
		return;
	}
	to = (unsigned int)__builtin_ctz(m);
	f->free &= ~JIT_BIT(to);
	jit_move(f, v->type, to, *reg);
	jit_free(f, *reg);
	*reg = (uint8_t)to;
}

void jit_evict(struct jit_func *f, uint32_t mask)
{
	for (struct wasm_val *v = unsettled(f); v < f->b.sp; v++) {
		if (holds(f, v, mask))
			move_away(f, v, &v->reg, mask,
				  v->reg < 16 || v->kind == JIT_SUM ? JIT_GPRS : JIT_XMMS);
		if (v->kind == JIT_SUM && holds(f, v, mask))
			move_away(f, v, &v->reg2, mask, JIT_GPRS);
	}
}

static inline struct wasm_val *pop(struct jit_func *f)
{
	assert(f->b.sp > f->b.stack);
	return --f->b.sp;
}

unsigned int jit_pop_reg_slow(struct jit_func *f)
{
	struct wasm_val *v = pop(f);
	unsigned int reg;

	if (v->kind == JIT_LOCAL) {
		reg = jit_alloc(f, jit_class(v->type));
		load_local(f, v, reg);
		f->naliases[v->local]--;
		return reg;
	}
	/* its own registers may hold the result */
	if (v->kind == JIT_SUM || v->kind == JIT_LOAD) {
		struct wasm_val copy = *v;

		jit_release(f, v);
		v->kind = JIT_SLOT;
		reg = jit_alloc(f, jit_class(v->type));
		jit_load_val(f, &copy, reg);
		return reg;
	}
	reg = jit_alloc(f, jit_class(v->type));
	jit_load_val(f, v, reg);
	jit_release(f, v);
	return reg;
}

static unsigned int pop_own(struct jit_func *f)
{
	wasm_valtype t = f->b.sp[-1].type;
	unsigned int reg = jit_pop_reg(f), r;

	if (jit_is_temp(f, reg))
		return reg;
	r = jit_alloc(f, jit_class(t));
	jit_move(f, t, r, reg);
	return r;
}

unsigned int jit_pop_gpr_own(struct jit_func *f)
{
	return pop_own(f);
}

unsigned int jit_pop_xmm_own(struct jit_func *f)
{
	return pop_own(f) & 15;
}

void jit_pop_into(struct jit_func *f, unsigned int reg)
{
	struct wasm_val *v = pop(f);

	jit_load_val(f, v, reg);
	jit_release(f, v);
}

void jit_drop(struct jit_func *f)
{
	struct wasm_val *v = pop(f);

	if (v->kind == JIT_LOAD) {
		/* the access may fault and must happen */
		f->b.sp++;
		jit_free(f, jit_pop_reg(f));
		return;
	}
	jit_release(f, v);
}

void jit_pop_opnd(struct jit_func *f, struct jit_opnd *o, bool imm)
{
	struct wasm_val *v = f->b.sp - 1;
	unsigned int k = wasm_kind(v->type);

	o->site = false;
	if (v->kind == JIT_REG || (v->kind == JIT_LOCAL && f->loc[v->local] != JIT_NOREG)) {
		o->kind = JIT_OPND_REG;
		o->reg = (uint8_t)jit_pop_reg(f);
		o->regs = JIT_BIT(o->reg);
		return;
	}
	*o = (struct jit_opnd){ .kind = JIT_OPND_MEM, .reg = JIT_NOREG };
	if (v->kind == JIT_CONST && jit_class(v->type) == JIT_XMMS) {
		o->mem = k == WASM_KIND_V128 ? x64_at_label(f->consts.at[v->bits].label) :
			 jit_const_mem(f, v->bits, 0, k == WASM_KIND_F32 ? 4 : 8);
	} else if (v->kind == JIT_CONST && imm &&
		   (k == WASM_KIND_I32 || (int64_t)v->bits == (int32_t)v->bits)) {
		o->kind = JIT_OPND_IMM;
		o->imm = (int32_t)v->bits;
	} else if (v->kind == JIT_SLOT) {
		o->mem = jit_slot(f, v);
	} else if (v->kind == JIT_LOCAL && f->loc[v->local] == JIT_NOREG) {
		f->naliases[v->local]--;
		o->mem = jit_frame(f->home[v->local]);
	} else if (v->kind == JIT_LOAD) {
		o->mem = load_mem(v);
		o->site = true;
		o->at = v->at;
		o->regs = load_regs(f, v);
	} else {
		o->kind = JIT_OPND_REG;
		o->reg = (uint8_t)jit_pop_reg(f);
		o->regs = JIT_BIT(o->reg);
		return;
	}
	f->b.sp--;
}

void jit_opnd_use(struct jit_func *f, const struct jit_opnd *o)
{
	if (o->site)
		jit_site(f, o->at);
}

void jit_pushed_slow(struct jit_func *f, const struct wasm_val *first)
{
	uint8_t kind = f->b.sp[-1].kind;

	if (f->settled > (uint32_t)(first - f->b.stack)) {
		f->settled = (uint32_t)(first - f->b.stack);
		return;
	}

	/* the entry that is being pushed is not there yet */
	f->b.sp[-1].kind = JIT_SLOT;
	jit_settle(f, 1 + JIT_UNSETTLED_MAX / 2);
	f->b.sp[-1].kind = kind;
}

unsigned int jit_dest_local(struct jit_func *f, uint32_t mask)
{
	const uint8_t *p = f->b.r.at;
	uint32_t local = p[1];
	unsigned int reg;

	if (local & 0x80)
		local = (local & 0x7f) | (uint32_t)p[2] << 7;
	if (local >= f->b.nlocals || (local > 0x7f && (p[2] & 0x80)) || f->naliases[local])
		return JIT_NOREG;
	reg = f->loc[local];
	return reg != JIT_NOREG && (mask >> reg & 1) ? reg : JIT_NOREG;
}

unsigned int jit_dest_gpr(struct jit_func *f, unsigned int owned)
{
	unsigned int reg = jit_dest(f, JIT_GPRS);

	if (reg != JIT_NOREG)
		return reg;
	return owned != JIT_NOREG && jit_is_temp(f, owned) ? owned : jit_alloc_gpr(f);
}

unsigned int jit_dest_xmm(struct jit_func *f, unsigned int owned)
{
	unsigned int reg = jit_dest(f, JIT_XMMS);

	if (reg != JIT_NOREG)
		return reg & 15;
	return owned != JIT_NOREG && jit_is_temp(f, owned + 16) ? owned : jit_alloc_xmm(f);
}

void jit_settle(struct jit_func *f, uint32_t keep)
{
	struct wasm_val *end = f->b.sp - keep;

	for (struct wasm_val *v = unsettled(f); v < end; v++) {
		x64_reserve(f->x, X64_ROOM_ONE);
		if (v->kind != JIT_SLOT && v->kind != JIT_CONST)
			spill(f, v);
	}
	if (f->b.stack + f->settled < end)
		f->settled = (uint32_t)(end - f->b.stack);
}

void jit_spill_for_call(struct jit_func *f, uint32_t keep)
{
	for (struct wasm_val *v = unsettled(f); v < f->b.sp - keep; v++) {
		if (v->kind == JIT_REG || v->kind == JIT_SUM)
			spill(f, v);
	}
}

void jit_unalias(struct jit_func *f, uint32_t local)
{
	for (struct wasm_val *v = unsettled(f); f->naliases[local] && v < f->b.sp; v++) {
		bool sum = v->kind == JIT_SUM && f->loc[local] != JIT_NOREG &&
			   (v->reg == f->loc[local] || v->reg2 == f->loc[local]);
		unsigned int reg;

		if (!sum && !(v->kind == JIT_LOCAL && v->local == local))
			continue;
		if (!(f->free & jit_class(v->type))) {
			spill(f, v);
			continue;
		}
		reg = jit_alloc(f, jit_class(v->type));
		jit_load_val(f, v, reg);
		now_in_reg(f, v, reg);
	}
	assert(!f->naliases[local]);
}

void jit_truncate(struct jit_func *f, uint32_t height)
{
	while ((uint32_t)(f->b.sp - f->b.stack) > height)
		jit_release(f, pop(f));
}
