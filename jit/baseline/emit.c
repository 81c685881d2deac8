/*
 * What surrounds instructions: labels, sites, cold code, constants and jump tables behind the
 * function.
 */
#include "jit/baseline/baseline.h"

uint32_t jit_label(struct jit_func *f)
{
	struct x64_label l = { 0 };

	if (!vec_push(&f->labels, l)) {
		f->failed = true;
		return 0;
	}
	f->x->pool = f->labels.at;
	return (uint32_t)f->labels.len - 1;
}

void jit_bind(struct jit_func *f, uint32_t label)
{
	f->zf_reg = JIT_NOREG;
	if (!f->failed)
		x64_bind(f->x, jit_label_at(f, label));
}

struct jit_cold *jit_cold(struct jit_func *f,
			  void (*emit)(struct jit_func *, const struct jit_cold *))
{
	struct jit_cold c = { .emit = emit, .at = f->at };

	c.label = jit_label(f);
	if (!vec_push(&f->cold, c)) {
		f->failed = true;
		f->cold.len = 1;
	}
	return &f->cold.at[f->cold.len - 1];
}

void jit_cold_code(struct jit_func *f)
{
	for (size_t i = 0; i < f->cold.len && !f->failed; i++) {
		struct jit_cold c = f->cold.at[i];

		x64_reserve(f->x, X64_ROOM_MAX);
		jit_bind(f, c.label);
		jit_line(f, c.at);
		c.emit(f, &c);
	}
}

void jit_trap(struct jit_func *f, enum rt_trap kind, uint32_t at)
{
	x64_mov_imm(f->x, X64_RAX, kind);
	x64_m(f->x, X64_CALL_IND, X64_64, x64_at(JIT_MEM_BASE, JIT_VMCTX(trap)));
	jit_site(f, at);
}

static void cold_trap(struct jit_func *f, const struct jit_cold *c)
{
	jit_trap(f, (enum rt_trap)c->a, c->at);
}

void jit_trap_if(struct jit_func *f, enum x64_cond cc, enum rt_trap kind)
{
	struct jit_cold *c = jit_cold(f, cold_trap);

	c->a = kind;
	jit_jcc(f, cc, c->label);
}

uint32_t jit_const(struct jit_func *f, uint64_t lo, uint64_t hi, unsigned int size)
{
	struct jit_const c = { .lo = lo, .hi = hi, .size = (uint8_t)size };
	uint32_t *hash = &f->const_hash[((lo ^ hi) * 0x9e3779b97f4a7c15u + size) >> 58];
	const struct jit_const *old = &f->consts.at[*hash];

	if (*hash < f->consts.len && old->lo == lo && old->hi == hi && old->size == size)
		return *hash;
	c.label = jit_label(f);
	if (!vec_push(&f->consts, c)) {
		f->failed = true;
		return 0;
	}
	*hash = (uint32_t)f->consts.len - 1;
	return *hash;
}

struct x64_mem jit_const_mem(struct jit_func *f, uint64_t lo, uint64_t hi, unsigned int size)
{
	uint32_t i = jit_const(f, lo, hi, size);

	return f->failed ? x64_at_rip(0) : x64_at_label(f->consts.at[i].label);
}

static void put(struct jit_func *f, const void *p, size_t n)
{
	memcpy(f->x->at, p, n);
	f->x->at += n;
}

/* Constants of one size; the larger come first, so that all are aligned. */
static void put_consts(struct jit_func *f, unsigned int size)
{
	for (size_t i = 0; i < f->consts.len; i++) {
		const struct jit_const *c = &f->consts.at[i];

		if (c->size != size)
			continue;
		x64_reserve(f->x, 64);
		jit_bind(f, c->label);
		put(f, &c->lo, size < 8 ? size : 8);
		if (size == 16)
			put(f, &c->hi, 8);
	}
}

void jit_data(struct jit_func *f)
{
	x64_reserve(f->x, 64);
	if (f->consts.len && !f->failed) {
		x64_align(f->x, 16);
		put_consts(f, 16);
		put_consts(f, 8);
		put_consts(f, 4);
	}
	for (size_t i = 0; i < f->tables.len && !f->failed; i++) {
		const struct jit_jump_table *t = &f->tables.at[i];
		uint32_t start;

		x64_reserve(f->x, 64);
		x64_align(f->x, 4);
		jit_bind(f, t->label);
		start = x64_offset(f->x);
		for (uint32_t k = 0; k < t->n; k++) {
			uint32_t d = jit_label_at(f, f->targets.at[t->first + k])->at - start;

			x64_reserve(f->x, 16);
			put(f, &d, sizeof(d));
		}
	}
}

void jit_table_jump(struct jit_func *f, unsigned int reg, uint32_t first, uint32_t n)
{
	struct jit_jump_table t = { .label = jit_label(f), .first = first, .n = n };
	unsigned int base = jit_alloc_gpr(f);

	assert(n && (size_t)first + n <= f->targets.len && jit_is_temp(f, reg));
	if (!vec_push(&f->tables, t)) {
		f->failed = true;
		return;
	}
	x64_rm(f->x, X64_LEA, X64_64, base, x64_at_label(t.label));
	x64_rm(f->x, X64_MOVSXD, X64_64, reg, x64_at_index(base, reg, 2, 0));
	x64_rr(f->x, X64_ADD, X64_64, reg, base);
	x64_r(f->x, X64_JMP_IND, X64_64, reg);
	jit_free(f, base);
}
