/*
 * Vector instructions and the abstract stack: for each shape of operands a function that pops them,
 * finds a place for the result, has the row's emitter make the code, and pushes.
 */
#include "jit/baseline/simd.h"

static struct x64_mem const16(void *owner, uint64_t lo, uint64_t hi)
{
	return jit_const_mem(owner, lo, hi, 16);
}

static void use(void *owner, const struct jit_opnd *o)
{
	jit_opnd_use(owner, o);
}

/* ---- operands and result: popped last to first, into s->src ---- */

static void pop_reg_src(struct jit_func *f, struct jit_simd *s, unsigned int i)
{
	unsigned int reg = jit_pop_xmm(f) + 16;

	s->src[i] = (struct jit_opnd){ .kind = JIT_OPND_REG,
				       .reg = (uint8_t)reg,
				       .regs = JIT_BIT(reg) };
}

static void pop_src(struct jit_func *f, struct jit_simd *s, unsigned int i)
{
	if (s->row->mem == i + JIT_SIMD_MEM_A)
		jit_pop_opnd(f, &s->src[i], false);
	else
		pop_reg_src(f, s, i);
}

/* A vector for the result (one of the first n sources, if it can be) and the temporaries. */
static void find_places(struct jit_func *f, struct jit_simd *s, unsigned int n)
{
	unsigned int owned = JIT_NOREG;

	for (unsigned int i = n; i-- > 0;)
		if (s->src[i].kind == JIT_OPND_REG && jit_is_temp(f, s->src[i].reg))
			owned = s->src[i].reg & 15;
	s->dst = (uint8_t)jit_dest_xmm(f, owned);
	for (unsigned int i = 0; i < s->row->temps; i++)
		s->tmp[i] = (uint8_t)jit_alloc_xmm(f);
}

static void free_temps(struct jit_func *f, struct jit_simd *s)
{
	for (unsigned int i = 0; i < s->row->temps; i++)
		jit_free_xmm(f, s->tmp[i]);
}

/* Gives back all but the result, which is register keep (0 to 31) or JIT_NOREG. */
static void give_back(struct jit_func *f, struct jit_simd *s, unsigned int n, unsigned int keep)
{
	uint32_t regs = 0;

	for (unsigned int i = 0; i < n; i++)
		regs |= s->src[i].regs;
	if (keep != JIT_NOREG)
		regs &= ~JIT_BIT(keep);
	f->free |= regs & f->pool;
	free_temps(f, s);
}

static void emit_and_push(struct jit_func *f, struct jit_simd *s, unsigned int n, wasm_valtype t)
{
	s->row->emit(s);
	give_back(f, s, n, s->dst + 16u);
	jit_push_xmm(f, t, s->dst);
}

/* Whether the entry is in memory, and can be an operand there. */
static bool in_memory(const struct jit_func *f, const struct wasm_val *v)
{
	return v->kind == JIT_SLOT || v->kind == JIT_CONST ||
	       (v->kind == JIT_LOCAL && f->loc[v->local] == JIT_NOREG);
}

/* ---- shapes ---- */

static void vectors(struct jit_func *f, struct jit_simd *s, unsigned int n)
{
	for (unsigned int i = n; i-- > 0;)
		pop_src(f, s, i);
	find_places(f, s, n);
	emit_and_push(f, s, n, WASM_V128);
}

/* Whether the operands of a commutative instruction are better the other way round. */
static bool better_swapped(const struct jit_func *f, const struct jit_simd *s,
			   const struct wasm_insn *in)
{
	const struct wasm_val *a = f->b.sp - 2, *b = f->b.sp - 1;

	return s->row->mem == JIT_SIMD_MEM_B && in->row->flags & WASM_OP_COMMUTES &&
	       in_memory(f, a) && b->kind != JIT_LOAD && !in_memory(f, b);
}

static void two_vectors(struct jit_func *f, struct jit_simd *s, const struct wasm_insn *in)
{
	if (!better_swapped(f, s, in)) {
		vectors(f, s, 2);
		return;
	}
	pop_reg_src(f, s, 0);
	jit_pop_opnd(f, &s->src[1], false);
	find_places(f, s, 2);
	emit_and_push(f, s, 2, WASM_V128);
}

static void shift_lanes(struct jit_func *f, struct jit_simd *s)
{
	const struct wasm_val *count = f->b.sp - 1;

	s->constant = count->kind == JIT_CONST;
	if (s->constant) {
		s->lane = (uint8_t)count->bits;
		jit_drop(f);
	} else {
		s->gpr = (uint8_t)jit_pop_gpr_own(f);
	}
	pop_reg_src(f, s, 0);
	find_places(f, s, 1);
	s->row->emit(s);
	give_back(f, s, 1, s->dst + 16u);
	if (!s->constant)
		jit_free(f, s->gpr);
	jit_push_xmm(f, WASM_V128, s->dst);
}

static void to_flags(struct jit_func *f, struct jit_simd *s)
{
	pop_src(f, s, 0);
	for (unsigned int i = 0; i < s->row->temps; i++)
		s->tmp[i] = (uint8_t)jit_alloc_xmm(f);
	s->row->emit(s);
	give_back(f, s, 1, JIT_NOREG);
	jit_push_cond(f, s->cc);
}

/*
 * The source of a lane: in the frame it stays there; a pending load or a constant is not to be read
 * in part.
 */
static void pop_lane_src(struct jit_func *f, struct jit_simd *s)
{
	const struct wasm_val *v = f->b.sp - 1;

	if (v->kind != JIT_CONST && in_memory(f, v))
		jit_pop_opnd(f, &s->src[0], false);
	else
		pop_reg_src(f, s, 0);
}

/* A vector to a general register. */
static void to_general(struct jit_func *f, struct jit_simd *s, wasm_valtype t)
{
	if (s->row->shape == JIT_SIMD_GET_G)
		pop_lane_src(f, s);
	else
		pop_reg_src(f, s, 0);
	s->dst = (uint8_t)jit_dest_gpr(f, JIT_NOREG);
	for (unsigned int i = 0; i < s->row->temps; i++)
		s->tmp[i] = (uint8_t)jit_alloc_xmm(f);
	s->row->emit(s);
	give_back(f, s, 1, JIT_NOREG);
	jit_push_gpr(f, t, s->dst);
}

static void push_const(struct jit_func *f, uint64_t lo, uint64_t hi)
{
	jit_push_const(f, WASM_V128, jit_const(f, lo, hi, 16));
}

static void splat(struct jit_func *f, struct jit_simd *s)
{
	const struct wasm_val *v = f->b.sp - 1;

	if (v->kind == JIT_CONST) {
		uint64_t both = simd_repeat(v->bits, s->row->imm);

		jit_drop(f);
		push_const(f, both, both);
		return;
	}
	if (s->row->shape == JIT_SIMD_SPLAT_F) {
		vectors(f, s, 1);
		return;
	}
	s->gpr = (uint8_t)jit_pop_gpr(f);
	find_places(f, s, 0);
	s->row->emit(s);
	jit_free(f, s->gpr);
	jit_push_xmm(f, WASM_V128, s->dst);
}

static void set_lane(struct jit_func *f, struct jit_simd *s)
{
	if (s->row->shape == JIT_SIMD_SET_F) {
		vectors(f, s, 2);
		return;
	}
	s->gpr = (uint8_t)jit_pop_gpr(f);
	pop_reg_src(f, s, 0);
	find_places(f, s, 1);
	s->row->emit(s);
	jit_free(f, s->gpr);
	give_back(f, s, 1, s->dst + 16u);
	jit_push_xmm(f, WASM_V128, s->dst);
}

/*
 * Whether the next instruction can take a vector that is on top of the stack from memory: all 16
 * bytes, since some of them may lie beyond the end.
 */
static bool next_takes_vector(const struct jit_func *f)
{
	const uint8_t *p = f->b.r.at;
	const struct jit_simd_row *row;
	uint16_t op;

	if (f->b.r.end - p < 4 || p[0] != 0xfd)
		return false;
	op = wasm_op_find(0xfd, p[1] & 0x80 ? (p[1] & 0x7f) | (p[2] & 0x7fu) << 7 : p[1]);
	if (op < WASM_V128_LOAD || op >= WASM_V128_LOAD + JIT_SIMD_ROWS)
		return false;
	row = &jit_simd_rows[op - WASM_V128_LOAD];
	if (x64_mem_bytes(row->op) != 16)
		return false;
	return (row->shape == JIT_SIMD_VV && row->mem == JIT_SIMD_MEM_B) ||
	       (row->shape == JIT_SIMD_V && row->mem == JIT_SIMD_MEM_A);
}

/* All accesses: the vector operand if there is one, the address, the place that may fault. */
static void memory_access(struct jit_func *f, struct jit_simd *s, const struct wasm_insn *in)
{
	bool load = s->row->shape == JIT_SIMD_LOAD || s->row->shape == JIT_SIMD_LOAD_LANE;
	unsigned int n = s->row->shape == JIT_SIMD_LOAD ? 0 : 1;
	uint32_t regs;

	if (n)
		pop_reg_src(f, s, 0);
	s->mem = jit_pop_addr(f, in, &regs);
	if (in->op == WASM_V128_LOAD && next_takes_vector(f)) {
		jit_push_load(f, WASM_V128, s->mem);
		return;
	}
	if (load)
		find_places(f, s, n);
	jit_site(f, f->at);
	s->row->emit(s);
	f->free |= regs & f->pool;
	give_back(f, s, n, load ? s->dst + 16u : JIT_NOREG);
	if (load)
		jit_push_xmm(f, WASM_V128, s->dst);
}

static bool is_zero(const struct jit_func *f, const struct wasm_val *v)
{
	return v->kind == JIT_CONST && !f->consts.at[v->bits].lo && !f->consts.at[v->bits].hi;
}

static void shuffle(struct jit_func *f, struct jit_simd *s)
{
	for (unsigned int i = 2; i-- > 0;) {
		if (is_zero(f, f->b.sp - 1)) {
			s->zero |= 1u << i;
			s->src[i] = (struct jit_opnd){ .kind = JIT_OPND_MEM };
			jit_drop(f);
		} else {
			pop_reg_src(f, s, i);
		}
	}
	find_places(f, s, 2);
	emit_and_push(f, s, 2, WASM_V128);
}

void jit_simd(struct jit_func *f, const struct wasm_insn *in, const struct jit_row *unused)
{
	struct jit_simd s = {
		.x = f->x,
		.row = &jit_simd_rows[in->op - WASM_V128_LOAD],
		.lane = in->lane,
		.owner = f,
		.const16 = const16,
		.use = use,
	};
	uint64_t halves[2];

	switch ((enum jit_simd_shape)s.row->shape) {
	case JIT_SIMD_V:
		vectors(f, &s, 1);
		break;
	case JIT_SIMD_VV:
		two_vectors(f, &s, in);
		break;
	case JIT_SIMD_VVV:
		vectors(f, &s, 3);
		break;
	case JIT_SIMD_SHIFT:
		shift_lanes(f, &s);
		break;
	case JIT_SIMD_TEST:
		to_flags(f, &s);
		break;
	case JIT_SIMD_BITS:
		to_general(f, &s, WASM_I32);
		break;
	case JIT_SIMD_GET_G:
		to_general(f, &s, in->push[0]);
		break;
	case JIT_SIMD_GET_F:
		pop_lane_src(f, &s);
		find_places(f, &s, 1);
		emit_and_push(f, &s, 1, in->push[0]);
		break;
	case JIT_SIMD_SPLAT_G:
	case JIT_SIMD_SPLAT_F:
		splat(f, &s);
		break;
	case JIT_SIMD_SET_G:
	case JIT_SIMD_SET_F:
		set_lane(f, &s);
		break;
	case JIT_SIMD_LOAD:
	case JIT_SIMD_STORE:
	case JIT_SIMD_LOAD_LANE:
	case JIT_SIMD_STORE_LANE:
		memory_access(f, &s, in);
		break;
	case JIT_SIMD_CONST:
		memcpy(halves, in->bytes16, 16);
		push_const(f, halves[0], halves[1]);
		break;
	case JIT_SIMD_SHUFFLE:
		s.lanes = in->bytes16;
		shuffle(f, &s);
		break;
	case JIT_SIMD_SHAPES:
		assert(s.row->shape < JIT_SIMD_SHAPES);
	}
}
