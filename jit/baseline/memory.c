/*
 * Loads and stores. An address is an i32, zero-extended, plus an offset below 4 GiB: inside what is
 * reserved, so there is no check. Three forms, and nothing else, reach linear memory:
 *	[r13 + r64 + disp32]		the index is a zero-extended i32, disp the offset of the
 *					instruction
 *	gs:[r32 + r32*s + disp32]	with the address-size prefix: all of an i32 sum, modulo
 *					2^32; the offset is 0
 *	[base + r64]			memories with 64-bit addresses or small pages: compared with
 *					the size, and moved to where it faults if it is too large:
 *					no branch to speculate past
 */
#include "jit/baseline/emit.h"

/* The register with the base of a memory, r13 for the module's own memory 0, else a temporary. */
static unsigned int memory_base(struct jit_func *f, uint32_t memory)
{
	int32_t disp = f->layout->memories + (int32_t)(memory * sizeof(struct jit_memory));
	unsigned int reg;

	if (memory == 0 && !f->m->imported_memories)
		return JIT_MEM_BASE;
	reg = jit_alloc_gpr(f);
	x64_rm(f->x, X64_MOV, X64_64, reg,
	       x64_at(JIT_MEM_BASE, disp + (int32_t)offsetof(struct jit_memory, base)));
	return reg;
}

/* The top is a sum whose registers are to be part of the operand. */
static struct x64_mem pop_sum_addr(struct jit_func *f, uint32_t *ret_regs)
{
	struct wasm_val *v = f->b.sp - 1;
	struct x64_mem m = { .base = v->reg,
			     .index = v->reg2,
			     .scale = v->scale,
			     .flags = X64_GS | X64_ADDR32,
			     .disp = (int32_t)v->disp };
	uint32_t before = f->free;

	if (v->reg == JIT_NOREG)
		m.base = X64_NO_BASE;
	if (v->reg2 == JIT_NOREG)
		m.index = X64_NO_INDEX;
	jit_release(f, v);
	*ret_regs = f->free & ~before;
	f->free = before;
	f->b.sp--;
	return m;
}

/* What guard pages cannot check. */
static bool needs_check(const struct wasm_memtype *m)
{
	return m->limits.is64 || m->page_log2 != 16;
}

/* The size of a memory, in bytes, as an operand; *ret_reg is to be freed unless it is JIT_NOREG. */
static struct x64_mem memory_size(struct jit_func *f, uint32_t memory, unsigned int *ret_reg)
{
	int32_t disp = f->layout->memories + (int32_t)(memory * sizeof(struct jit_memory));

	*ret_reg = JIT_NOREG;
	if (memory == 0 && !f->m->imported_memories)
		return x64_at(JIT_MEM_BASE, JIT_VMCTX(memory_size));
	*ret_reg = jit_alloc_gpr(f);
	x64_rm(f->x, X64_MOV, X64_64, *ret_reg,
	       x64_at(JIT_MEM_BASE, disp + (int32_t)offsetof(struct jit_memory, size)));
	return x64_at(*ret_reg, 0);
}

/* reg += n; traps on overflow. */
static void add_checked(struct jit_func *f, unsigned int reg, uint64_t n)
{
	if (!n)
		return;
	if (n <= INT32_MAX) {
		x64_ri(f->x, X64_ADD, X64_64, reg, (int32_t)n);
	} else {
		unsigned int t = jit_alloc_gpr(f);

		x64_mov_imm(f->x, t, n);
		x64_rr(f->x, X64_ADD, X64_64, reg, t);
		jit_free(f, t);
	}
	jit_trap_if(f, X64_CC_B, RT_TRAP_OUT_OF_BOUNDS);
}

/*
 * Pops an address that is compared with the memory's size. One beyond it becomes the first address
 * without access: the size itself, or with small pages the end of its machine page.
 */
static struct x64_mem pop_checked(struct jit_func *f, const struct wasm_insn *in,
				  uint32_t *ret_regs)
{
	unsigned int reg = jit_pop_gpr_own(f), base, size_reg, end, fault = JIT_NOREG;
	struct x64_mem size = memory_size(f, in->index, &size_reg);

	add_checked(f, reg, in->offset);
	if (f->m->memories[in->index].page_log2 != 16) {
		fault = jit_alloc_gpr(f);
		x64_rm(f->x, X64_MOV, X64_64, fault, size);
		x64_ri(f->x, X64_ADD, X64_64, fault, 4095);
		x64_ri(f->x, X64_AND, X64_64, fault, -4096);
	}
	end = jit_alloc_gpr(f);
	x64_rr(f->x, X64_MOV, X64_64, end, reg);
	add_checked(f, end, 1ull << in->row->access);
	x64_rm(f->x, X64_CMP, X64_64, end, size);
	jit_free(f, end);
	if (fault != JIT_NOREG) {
		x64_cmov(f->x, X64_CC_A, X64_64, reg, fault);
		jit_free(f, fault);
	} else {
		x64_cmov_m(f->x, X64_CC_A, X64_64, reg, size);
	}
	if (size_reg != JIT_NOREG)
		jit_free(f, size_reg);
	base = memory_base(f, in->index);
	*ret_regs = (JIT_BIT(base) | JIT_BIT(reg)) & f->pool;
	return x64_at_index(base, reg, 0, 0);
}

static struct x64_mem pop_addr_slow(struct jit_func *f, const struct wasm_insn *in,
				    uint32_t *ret_regs)
{
	const struct wasm_val *v = f->b.sp - 1;
	uint64_t offset = in->offset;
	unsigned int base, reg;

	if (needs_check(&f->m->memories[in->index]))
		return pop_checked(f, in, ret_regs);
	base = memory_base(f, in->index);
	if (v->kind == JIT_SUM && base == JIT_MEM_BASE && offset == 0 && f->options->gs)
		return pop_sum_addr(f, ret_regs);
	*ret_regs = JIT_BIT(base);
	if (v->kind == JIT_CONST && (uint32_t)v->bits + offset <= INT32_MAX) {
		offset += (uint32_t)v->bits;
		f->b.sp--;
		return x64_at(base, (int32_t)offset);
	}
	reg = jit_pop_gpr(f);
	if (offset > INT32_MAX) {
		unsigned int t = jit_alloc_gpr(f);

		x64_mov_imm(f->x, t, offset);
		x64_rr(f->x, X64_ADD, X64_64, t, reg);
		jit_free(f, reg);
		reg = t;
		offset = 0;
	}
	*ret_regs |= JIT_BIT(reg);
	*ret_regs &= f->pool;
	return x64_at_index(base, reg, 0, (int32_t)offset);
}

/* The usual case apart: memory 0 of the module's own, an address that is not a sum or constant. */
static inline struct x64_mem pop_addr(struct jit_func *f, const struct wasm_insn *in,
				      uint32_t *ret_regs)
{
	unsigned int kind = f->b.sp[-1].kind, reg;

	if (!f->own_memory || in->index || in->offset > INT32_MAX ||
	    (kind != JIT_REG && kind != JIT_LOCAL))
		return pop_addr_slow(f, in, ret_regs);
	reg = jit_pop_gpr(f);
	*ret_regs = JIT_BIT(reg) & f->pool;
	return (struct x64_mem){
		.base = JIT_MEM_BASE, .index = (uint8_t)reg, .disp = (int32_t)in->offset
	};
}

struct x64_mem jit_pop_addr(struct jit_func *f, const struct wasm_insn *in, uint32_t *ret_regs)
{
	return pop_addr(f, in, ret_regs);
}

/*
 * Next opcodes that take a value from memory as their second operand, by the bit of the value's
 * type (row->cc of its load): 1 i32, 2 i64, 4 f32, 8 f64.
 */
static const uint8_t load_fuses[256] = {
	[0x45 ... 0x4f] = 1, /* eqz to ge_u */
	[0x50 ... 0x5a] = 2,
	[0x6a ... 0x6c] = 1, /* add sub mul */
	[0x71 ... 0x73] = 1, /* and or xor */
	[0x7c ... 0x7e] = 2,
	[0x83 ... 0x85] = 2,
	[0x92 ... 0x95] = 4, /* add sub mul div */
	[0xa0 ... 0xa3] = 8,
	[0xac] = 1,	     /* i64.extend_i32_s */
};

/*
 * The usual access: memory 0 of the module's own, a general register, an address in one. Its
 * register, or JIT_NOREG.
 */
static inline unsigned int plain_addr(const struct jit_func *f, const struct wasm_insn *in,
				      const struct wasm_val *v)
{
	if (!f->own_memory || in->index || in->offset > INT32_MAX)
		return JIT_NOREG;
	if (v->kind == JIT_REG)
		return v->reg;
	return v->kind == JIT_LOCAL ? f->loc[v->local] : JIT_NOREG;
}

/* Gives back the register of an address that plain_addr() found. */
static inline void plain_done(struct jit_func *f, const struct wasm_val *v, unsigned int reg)
{
	if (v->kind == JIT_LOCAL)
		f->naliases[v->local]--;
	else
		jit_free(f, reg);
}

static inline struct x64_mem plain_mem(const struct wasm_insn *in, unsigned int reg)
{
	return (struct x64_mem){
		.base = JIT_MEM_BASE, .index = (uint8_t)reg, .disp = (int32_t)in->offset
	};
}

/* The top is an address in reg: it becomes the value. */
JIT_FLATTEN
static void load_plain(struct jit_func *f, const struct wasm_insn *in, const struct jit_row *row,
		       unsigned int reg)
{
	struct wasm_val *v = f->b.sp - 1;
	enum x64_op op = (enum x64_op)row->op;
	wasm_valtype t = in->push[0];
	unsigned int d;

	f->b.sp--;
	if (load_fuses[jit_peek(f)] & row->cc) {
		if (v->kind == JIT_LOCAL)
			f->naliases[v->local]--;
		jit_push_load(f, t, plain_mem(in, reg));
		return;
	}
	plain_done(f, v, reg);
	d = jit_dest(f, JIT_GPRS);
	if (d == JIT_NOREG)
		d = jit_alloc(f, JIT_GPRS);
	jit_site(f, in->at);
	f->x->at = x64_legacy_rm(f->x, op, x64_opcode(op), row->w, d, plain_mem(in, reg), false, 0);
	jit_push_gpr(f, t, d);
}

/* row: op, w (of the result); cc the bit in load_fuses, 0 for loads that extend */
void jit_emit_load(struct jit_func *f, const struct wasm_insn *in, const struct jit_row *row)
{
	wasm_valtype t = in->push[0];
	uint32_t regs, class = jit_class(t);
	unsigned int reg = plain_addr(f, in, f->b.sp - 1), d;
	struct x64_mem m;

	if (class == JIT_GPRS && reg != JIT_NOREG) {
		load_plain(f, in, row, reg);
		return;
	}
	m = pop_addr(f, in, &regs);

	if (load_fuses[jit_peek(f)] & row->cc) {
		jit_push_load(f, t, m);
		return;
	}
	f->free |= regs & f->pool;
	d = jit_dest(f, class);
	if (d == JIT_NOREG)
		d = jit_alloc(f, class);
	jit_site(f, f->at);
	if (class == JIT_GPRS)
		x64_rm(f->x, (enum x64_op)row->op, row->w, d, m);
	else
		x64_vm(f->x, (enum x64_op)row->op, d & 15, m);
	jit_push_gpr(f, t, d);
}

/* A constant that a move to memory can have as its immediate. */
static bool store_const(const struct wasm_val *v, const struct jit_row *row, uint64_t *ret)
{
	*ret = v->bits;
	if (v->kind != JIT_CONST || wasm_kind(v->type) == WASM_KIND_V128)
		return false;
	return row->w != X64_64 || (int64_t)v->bits == (int32_t)v->bits;
}

/* The top is a value in reg, below it an address in another: both are popped. */
JIT_FLATTEN
static void store_plain(struct jit_func *f, const struct wasm_insn *in, enum x64_width w,
			unsigned int addr, unsigned int reg)
{
	const struct wasm_val *v = f->b.sp - 1;

	jit_site(f, in->at);
	x64_mr(f->x, X64_MOV, w, plain_mem(in, addr), reg);
	plain_done(f, v, reg);
	plain_done(f, v - 1, addr);
	f->b.sp -= 2;
}

/* row: op, w (of the access) */
void jit_emit_store(struct jit_func *f, const struct wasm_insn *in, const struct jit_row *row)
{
	const struct wasm_val *v = f->b.sp - 1;
	uint32_t regs, class = jit_class(v->type);
	unsigned int reg, addr = plain_addr(f, in, v - 1);
	struct x64_mem m;
	uint64_t bits;

	reg = plain_addr(f, in, v);
	if (class == JIT_GPRS && reg != JIT_NOREG && addr != JIT_NOREG) {
		store_plain(f, in, row->w, addr, reg);
		return;
	}
	if (store_const(v, row, &bits)) {
		jit_drop(f);
		m = pop_addr(f, in, &regs);
		jit_site(f, f->at);
		x64_mi(f->x, X64_MOV, row->w, m, (int32_t)bits);
		f->free |= regs & f->pool;
		return;
	}
	reg = class == JIT_GPRS ? jit_pop_gpr(f) : jit_pop_xmm(f) + 16;
	m = pop_addr(f, in, &regs);
	jit_site(f, f->at);
	if (class == JIT_GPRS)
		x64_mr(f->x, X64_MOV, row->w, m, reg);
	else
		x64_mv(f->x, (enum x64_op)row->op, m, reg & 15);
	jit_free(f, reg);
	f->free |= regs & f->pool;
}

void jit_emit_memory_size(struct jit_func *f, const struct wasm_insn *in, const struct jit_row *row)
{
	unsigned int d = jit_dest_gpr(f, JIT_NOREG), reg;
	struct x64_mem size = memory_size(f, in->index, &reg);

	x64_rm(f->x, X64_MOV, X64_64, d, size);
	if (reg != JIT_NOREG)
		jit_free(f, reg);
	if (f->m->memories[in->index].page_log2)
		x64_shift(f->x, X64_SHR, X64_64, d, f->m->memories[in->index].page_log2);
	jit_push_gpr(f, in->push[0], d);
}

/* On to `beyond` unless JIT_EQUAL_STEP bytes from the index in reg are in memory 0. */
static void check_inside(struct jit_func *f, unsigned int reg, unsigned int t,
			 struct x64_label *beyond)
{
	x64_rm(f->x, X64_LEA, X64_64, t, x64_at(reg, JIT_EQUAL_STEP));
	x64_rm(f->x, X64_CMP, X64_64, t, x64_at(JIT_MEM_BASE, JIT_VMCTX(memory_size)));
	x64_jcc(f->x, X64_CC_A, beyond);
}

void jit_equal_ahead(struct jit_func *f, const struct jit_equal *e)
{
	unsigned int a = f->loc[e->a], b = f->loc[e->b], n = f->loc[e->n], t;
	struct x64_label head = { 0 }, done = { 0 };

	if (f->m->imported_memories || a == JIT_NOREG || b == JIT_NOREG || n == JIT_NOREG)
		return;
	assert(!f->naliases[e->a] && !f->naliases[e->b] && !f->naliases[e->n]);
	t = jit_alloc_gpr(f);
	x64_reserve(f->x, X64_ROOM_MAX / 2);
	x64_bind(f->x, &head);
	/* one at least is left to the loop, which makes the values that it ends with */
	x64_ri(f->x, X64_CMP, X64_32, n, JIT_EQUAL_STEP);
	x64_jcc(f->x, X64_CC_BE, &done);
	check_inside(f, a, t, &done);
	check_inside(f, b, t, &done);
	x64_rm(f->x, X64_MOV, X64_64, t, x64_at_index(JIT_MEM_BASE, a, 0, 0));
	x64_rm(f->x, X64_CMP, X64_64, t, x64_at_index(JIT_MEM_BASE, b, 0, 0));
	x64_jcc(f->x, X64_CC_NE, &done);
	x64_ri(f->x, X64_ADD, X64_32, a, JIT_EQUAL_STEP);
	x64_ri(f->x, X64_ADD, X64_32, b, JIT_EQUAL_STEP);
	x64_ri(f->x, X64_SUB, X64_32, n, JIT_EQUAL_STEP);
	x64_jmp(f->x, &head);
	x64_bind(f->x, &done);
	jit_free(f, t);
}
