/*
 * Which locals live in registers, and where.
 *
 * A region is the function or a loop. Within a region each local has one place, its home or a
 * register, from the first instruction to the last: so control joins need no shuffling, and a local
 * that a loop uses stays in its register across the loop's head. Places change only on the edges
 * between regions. A loop takes over what its parent has, evicts what it does not use where it has
 * hotter locals, and gives all back on the way out.
 *
 * A home may be out of date while its local is in a register: region->stale says for which
 * registers. Where a region has a local at home, the home is right.
 */
#include "jit/baseline/baseline.h"

/* Loops beyond these, in order of their heads, belong to the region around them. */
#define REGIONS_MAX 4096

/* Uses that pay for saving and restoring a callee-saved register. */
#define SAVED_MIN_WEIGHT 3

static uint32_t region_pool(const struct jit_func *f, uint32_t i)
{
	uint32_t all = JIT_SAVED_GPRS | JIT_SCRATCH_GPRS | JIT_LOCAL_XMMS;

	/* an exception finds locals at home */
	if (f->scan.has_try)
		return 0;
	return f->scan.loops[i].has_call ? JIT_SAVED_GPRS : all;
}

static void assign(const struct jit_func *f, struct jit_region *r, unsigned int reg, uint32_t local,
		   bool stale)
{
	r->regs |= JIT_BIT(reg);
	r->local[reg] = local;
	if (stale || f->uses_cut)
		r->stale |= JIT_BIT(reg);
}

/*
 * The hottest locals, as many as the pool has room for, stay in the parent's registers where they
 * are in one. done: a bit for each use of the list that is settled, by a register or by none.
 */
static void inherit(struct jit_func *f, const struct wasm_loop *l, struct jit_region *r,
		    uint32_t pool, uint64_t *done)
{
	const struct jit_region *p = &f->regions[r->parent];
	uint32_t left_gpr = (uint32_t)__builtin_popcount(pool & JIT_GPRS);
	uint32_t left_xmm = (uint32_t)__builtin_popcount(pool & JIT_XMMS);

	for (uint32_t k = 0; k < l->nuses; k++) {
		const struct wasm_use *u = &f->scan.uses[l->first_use + k];
		uint32_t class = jit_class(f->b.locals[u->local]);
		uint32_t *left = class == JIT_GPRS ? &left_gpr : &left_xmm;

		if (!*left) {
			*done |= (uint64_t)1 << k;
			continue;
		}
		--*left;
		for (uint32_t m = p->regs & pool & class; m; m &= m - 1) {
			unsigned int reg = (unsigned int)__builtin_ctz(m);

			if (p->local[reg] != u->local)
				continue;
			assign(f, r, reg, u->local, u->written || (p->stale >> reg & 1));
			*done |= (uint64_t)1 << k;
		}
	}
}

static unsigned int pick(const struct jit_func *f, const struct jit_region *r, uint32_t pool,
			 uint32_t parent, const struct wasm_use *u)
{
	uint32_t m = pool & ~r->regs & jit_class(f->b.locals[u->local]);
	uint32_t cheap = m & ~(JIT_SAVED_GPRS & ~f->saved);

	if (u->weight < SAVED_MIN_WEIGHT)
		m = cheap;
	if (!m)
		return JIT_NOREG;
	if (m & ~parent)
		m &= ~parent;
	if (m & ~JIT_SAVED_GPRS)
		m &= ~JIT_SAVED_GPRS;
	else if (m & f->saved)
		m &= f->saved;
	return (unsigned int)__builtin_ctz(m);
}

static void assign_loop(struct jit_func *f, uint32_t i)
{
	const struct wasm_loop *l = &f->scan.loops[i];
	struct jit_region *r = &f->regions[i];
	const struct jit_region *p = &f->regions[r->parent];
	uint32_t pool = region_pool(f, i), parent = i ? p->regs : 0, rest;
	uint64_t done = 0;

	if (i)
		inherit(f, l, r, pool, &done);
	for (uint32_t k = 0; k < l->nuses; k++) {
		const struct wasm_use *u = &f->scan.uses[l->first_use + k];
		unsigned int reg;

		if (done >> k & 1)
			continue;
		reg = pick(f, r, pool, parent, u);
		if (reg == JIT_NOREG)
			continue;
		assign(f, r, reg, u->local, u->written || i == 0);
		f->saved |= JIT_BIT(reg) & JIT_SAVED_GPRS;
	}
	/* what the loop has no use for stays where it was */
	for (rest = parent & pool & ~r->regs; rest; rest &= rest - 1) {
		unsigned int reg = (unsigned int)__builtin_ctz(rest);

		assign(f, r, reg, p->local[reg], p->stale >> reg & 1);
	}
}

/*
 * Parameters stay in the registers they come in where these may hold locals and nothing hotter
 * wants them.
 */
static void pin_params(struct jit_func *f)
{
	const struct wasm_loop *l = &f->scan.loops[0];
	uint32_t pool = region_pool(f, 0);

	for (uint32_t k = 0; k < l->nuses; k++) {
		const struct wasm_use *u = &f->scan.uses[l->first_use + k];
		const struct jit_loc *p = &f->params[u->local];
		unsigned int reg;

		if (u->local >= f->b.type->nparams || p->where == JIT_ON_STACK)
			continue;
		reg = p->where == JIT_IN_XMM ? JIT_XMM(p->reg) : p->reg;
		if (pool >> reg & 1)
			assign(f, &f->regions[0], reg, u->local, true);
	}
}

static bool has_local(const struct jit_region *r, uint32_t local)
{
	for (uint32_t m = r->regs; m; m &= m - 1) {
		if (r->local[__builtin_ctz(m)] == local)
			return true;
	}
	return false;
}

static void assign_function(struct jit_func *f)
{
	const struct wasm_loop *l = &f->scan.loops[0];
	struct jit_region *r = &f->regions[0];

	pin_params(f);
	for (uint32_t k = 0; k < l->nuses; k++) {
		const struct wasm_use *u = &f->scan.uses[l->first_use + k];
		unsigned int reg;

		if (has_local(r, u->local))
			continue;
		reg = pick(f, r, region_pool(f, 0), 0, u);
		if (reg == JIT_NOREG)
			continue;
		assign(f, r, reg, u->local, true);
		f->saved |= JIT_BIT(reg) & JIT_SAVED_GPRS;
	}
}

bool jit_regions_make(struct jit_func *f)
{
	f->nregions = f->scan.nloops < REGIONS_MAX ? f->scan.nloops : REGIONS_MAX;
	f->regions = arena_array(f->arena, f->nregions, sizeof(*f->regions));
	if (!f->regions)
		return false;
	f->saved = 0;
	f->uses_cut = false;
	for (uint32_t i = 1; i < f->scan.nloops; i++)
		f->uses_cut |= f->scan.loops[i].nuses >= JIT_MAX_USES;
	assign_function(f);
	for (uint32_t i = 1; i < f->nregions; i++) {
		/* loops come in order of their heads, so a parent before its children */
		assert(f->scan.loops[i].parent < i);
		f->regions[i].parent = f->scan.loops[i].parent;
		assign_loop(f, i);
	}
	return true;
}

void jit_region_enter(struct jit_func *f, uint32_t region)
{
	const struct jit_region *r = &f->regions[region];

	assert(region < f->nregions && !(r->stale & ~r->regs));
	assert(!(r->regs & (JIT_TEMP_GPRS | JIT_TEMP_XMMS | JIT_BIT(JIT_MEM_BASE) |
			    JIT_BIT(X64_RSP) | JIT_BIT(X64_RBP))));
	assert(!(r->regs & JIT_SAVED_GPRS & ~f->saved));
	for (uint32_t m = f->local_regs; m; m &= m - 1)
		f->loc[f->local_of[__builtin_ctz(m)]] = JIT_NOREG;
	for (uint32_t m = r->regs; m; m &= m - 1) {
		unsigned int reg = (unsigned int)__builtin_ctz(m);

		f->local_of[reg] = r->local[reg];
		f->loc[r->local[reg]] = (uint8_t)reg;
	}
	f->region = region;
	f->local_regs = r->regs;
	f->pool = (JIT_TEMP_GPRS | JIT_TEMP_XMMS | JIT_SCRATCH_GPRS | JIT_LOCAL_XMMS) & ~r->regs;
	f->free = f->pool;
}

void jit_region_move(struct jit_func *f, uint32_t from, uint32_t to)
{
	const struct jit_region *a = &f->regions[from], *b = &f->regions[to];

	if (from == to)
		return;
	for (uint32_t m = a->regs & a->stale; m; m &= m - 1) {
		unsigned int reg = (unsigned int)__builtin_ctz(m);
		uint32_t local = a->local[reg];

		if (!(b->regs >> reg & 1) || b->local[reg] != local)
			jit_store(f, f->b.locals[local], jit_frame(f->home[local]), reg);
	}
	for (uint32_t m = b->regs; m; m &= m - 1) {
		unsigned int reg = (unsigned int)__builtin_ctz(m);
		uint32_t local = b->local[reg];

		if (!(a->regs >> reg & 1) || a->local[reg] != local)
			jit_load(f, f->b.locals[local], reg, jit_frame(f->home[local]));
	}
}

bool jit_region_same(const struct jit_func *f, uint32_t from, uint32_t to)
{
	const struct jit_region *a = &f->regions[from], *b = &f->regions[to];

	if (from == to)
		return true;
	for (uint32_t m = b->regs; m; m &= m - 1) {
		unsigned int reg = (unsigned int)__builtin_ctz(m);

		if (!(a->regs >> reg & 1) || a->local[reg] != b->local[reg])
			return false;
	}
	for (uint32_t m = a->regs & a->stale; m; m &= m - 1) {
		unsigned int reg = (unsigned int)__builtin_ctz(m);

		if (!(b->regs >> reg & 1) || a->local[reg] != b->local[reg])
			return false;
	}
	return true;
}
