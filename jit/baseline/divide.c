/*
 * Division and remainder: rax and rdx, checks that hardware would fault on, constants that need
 * neither.
 */
#include <assert.h>

#include "jit/baseline/emit.h"

enum { SIGNED = 1, REM = 2 };

static wasm_valtype operand_type(const struct jit_row *row)
{
	return row->w == X64_64 ? WASM_I64 : WASM_I32;
}

/* -1 as a divisor: x / -1 is -x, which overflows for the smallest x; the remainder is 0. */
static void cold_minus_one(struct jit_func *f, const struct jit_cold *c)
{
	if (c->b & REM) {
		x64_zero(f->x, X64_RDX);
	} else {
		x64_r(f->x, X64_NEG, (enum x64_width)c->a, X64_RAX);
		f->at = c->at;
		jit_trap_if(f, X64_CC_O, RT_TRAP_INTEGER_OVERFLOW);
	}
	jit_jmp(f, c->back);
}

/* The divisor where neither rax nor rdx is. */
static void pop_divisor(struct jit_func *f, struct jit_opnd *b)
{
	uint32_t fixed = JIT_BIT(X64_RAX) | JIT_BIT(X64_RDX);

	jit_pop_opnd(f, b, false);
	if (b->kind == JIT_OPND_REG && (fixed >> b->reg & 1)) {
		unsigned int t = jit_alloc(f, JIT_GPRS & ~fixed);

		x64_rr(f->x, X64_MOV, X64_64, t, b->reg);
		jit_free(f, b->reg);
		b->reg = (uint8_t)t;
		b->regs = JIT_BIT(t);
	}
}

static void check_zero(struct jit_func *f, const struct jit_opnd *b, enum x64_width w)
{
	if (b->kind == JIT_OPND_REG)
		x64_rr(f->x, X64_TEST, w, b->reg, b->reg);
	else
		x64_mi(f->x, X64_CMP, w, b->mem, 0);
	jit_trap_if(f, X64_CC_E, RT_TRAP_DIVIDE_BY_ZERO);
}

static struct jit_cold *check_minus_one(struct jit_func *f, const struct jit_opnd *b,
					const struct jit_row *row)
{
	struct jit_cold *c = jit_cold(f, cold_minus_one);

	c->a = row->w;
	c->b = row->cc;
	if (b->kind == JIT_OPND_REG)
		x64_ri(f->x, X64_CMP, row->w, b->reg, -1);
	else
		x64_mi(f->x, X64_CMP, row->w, b->mem, -1);
	jit_jcc(f, X64_CC_E, c->label);
	return c;
}

static void divide(struct jit_func *f, const struct jit_row *row, bool checked)
{
	enum x64_width w = row->w;
	struct jit_cold *minus_one = NULL;
	uint32_t back = WASM_NONE;
	struct jit_opnd b;

	pop_divisor(f, &b);
	if (f->b.sp[-1].kind == JIT_REG && f->b.sp[-1].reg == X64_RAX) {
		f->b.sp--;
	} else {
		jit_take(f, X64_RAX);
		jit_pop_into(f, X64_RAX);
	}
	jit_take(f, X64_RDX);
	if (checked)
		check_zero(f, &b, w);
	if (checked && (row->cc & SIGNED)) {
		back = jit_label(f);
		minus_one = check_minus_one(f, &b, row);
		minus_one->back = back;
	}
	if (row->cc & SIGNED)
		x64_bare(f->x, w == X64_64 ? X64_CQO : X64_CDQ);
	else
		x64_zero(f->x, X64_RDX);
	if (b.kind == JIT_OPND_REG)
		x64_r(f->x, row->cc & SIGNED ? X64_IDIV : X64_DIV, w, b.reg);
	else
		x64_m(f->x, row->cc & SIGNED ? X64_IDIV : X64_DIV, w, b.mem);
	if (minus_one)
		jit_bind(f, back);
	jit_opnd_done(f, &b);
	jit_free(f, row->cc & REM ? X64_RAX : X64_RDX);
	jit_push_gpr(f, operand_type(row), row->cc & REM ? X64_RDX : X64_RAX);
}

/* By 2^n, n at least 1. */
static void divide_power(struct jit_func *f, const struct jit_row *row, unsigned int n)
{
	enum x64_width w = row->w;
	unsigned int a = jit_pop_gpr(f), d, t, bits = w == X64_64 ? 64 : 32;

	if (!(row->cc & SIGNED)) {
		d = jit_dest_gpr(f, a);
		if (!(row->cc & REM)) {
			jit_move(f, operand_type(row), d, a);
			x64_shift(f->x, X64_SHR, w, d, n);
		} else if (n < 32) {
			jit_move(f, operand_type(row), d, a);
			x64_ri(f->x, X64_AND, w, d, (int32_t)((1u << n) - 1));
		} else {
			unsigned int count = jit_alloc_gpr(f);

			x64_mov_imm(f->x, count, n);
			x64_rrr(f->x, X64_BZHI, w, d, a, count);
			jit_free(f, count);
		}
		if (d != a)
			jit_free(f, a);
		jit_push_gpr(f, operand_type(row), d);
		return;
	}
	/* t = a + (a < 0 ? 2^n - 1 : 0), rounded towards zero by the shift */
	t = jit_alloc_gpr(f);
	jit_move(f, operand_type(row), t, a);
	if (n > 1)
		x64_shift(f->x, X64_SAR, w, t, bits - 1);
	x64_shift(f->x, X64_SHR, w, t, bits - n);
	x64_rr(f->x, X64_ADD, w, t, a);
	if (row->cc & REM) {
		x64_shift(f->x, X64_SAR, w, t, n);
		x64_shift(f->x, X64_SHL, w, t, n);
		d = jit_is_temp(f, a) ? a : jit_alloc_gpr(f);
		jit_move(f, operand_type(row), d, a);
		x64_rr(f->x, X64_SUB, w, d, t);
		jit_free(f, t);
		jit_push_gpr(f, operand_type(row), d);
	} else {
		x64_shift(f->x, X64_SAR, w, t, n);
		jit_free(f, a);
		jit_push_gpr(f, operand_type(row), t);
	}
}

/*
 * n / d for n of w bits: (n >> pre) * m >> (w + post), of whose product the upper half is needed.
 *
 * m = 2^(w + post) / d' + 1 with d' = d >> pre is too large: m * d' = 2^(w + post) + e. That never
 * reaches the next quotient if e <= 2^(post + pre), n >> pre having w - pre bits (Granlund and
 * Montgomery, "Division by Invariant Integers using Multiplication", theorem 4.2).
 */
struct magic {
	uint64_t m;
	unsigned int pre, post;
};

static bool find_magic(uint64_t d, unsigned int w, unsigned int pre, struct magic *ret)
{
	uint64_t odd = d >> pre;
	unsigned int post = 63 - (unsigned int)__builtin_clzll(odd);
	unsigned __int128 power = (unsigned __int128)1 << (w + post), m = power / odd + 1;

	if (m * odd - power > (unsigned __int128)1 << (post + pre))
		return false;
	assert(odd & (odd - 1) && !(m >> w));
	*ret = (struct magic){ (uint64_t)m, pre, post };
	return true;
}

/* n, neither in rax nor in rdx, which are taken. */
static unsigned int pop_beside_product(struct jit_func *f)
{
	uint32_t fixed = JIT_BIT(X64_RAX) | JIT_BIT(X64_RDX);
	unsigned int n = jit_pop_gpr(f), t = n;

	if (fixed >> n & 1) {
		t = jit_alloc(f, JIT_GPRS & ~fixed);
		x64_rr(f->x, X64_MOV, X64_64, t, n);
		jit_free(f, n);
	}
	jit_take(f, X64_RAX);
	jit_take(f, X64_RDX);
	return t;
}

/* rdx = q * d, q being eax or rdx. */
static void multiply_back(struct jit_func *f, enum x64_width w, unsigned int q, uint64_t d)
{
	if (w == X64_32 || d <= INT32_MAX) {
		x64_imul_rri(f->x, w, X64_RDX, q, (int32_t)d);
	} else {
		x64_mov_imm(f->x, X64_RAX, d);
		x64_rr(f->x, X64_IMUL, w, X64_RDX, X64_RAX);
	}
}

/* Unsigned, by a constant that is no power of two. */
static void divide_magic(struct jit_func *f, const struct jit_row *row, uint64_t d,
			 const struct magic *g)
{
	enum x64_width w = row->w;
	unsigned int n = pop_beside_product(f), q = w == X64_64 ? X64_RDX : X64_RAX;

	x64_rr(f->x, X64_MOV, w, X64_RAX, n);	/* an i32 needs its upper half zero */
	if (g->pre)
		x64_shift(f->x, X64_SHR, w, X64_RAX, g->pre);
	x64_mov_imm(f->x, X64_RDX, g->m);
	if (w == X64_64) {
		x64_r(f->x, X64_MUL, w, X64_RDX);
	} else {
		x64_rr(f->x, X64_IMUL, X64_64, X64_RAX, X64_RDX);
		x64_shift(f->x, X64_SHR, X64_64, X64_RAX, 32);
	}
	x64_shift(f->x, X64_SHR, w, q, g->post);
	if (row->cc & REM) {
		multiply_back(f, w, q, d);
		x64_rr(f->x, X64_MOV, w, X64_RAX, n);
		x64_rr(f->x, X64_SUB, w, X64_RAX, X64_RDX);
		q = X64_RAX;
	}
	jit_free(f, n);
	jit_free(f, X64_RAX ^ X64_RDX ^ q);
	jit_push_gpr(f, operand_type(row), q);
}

/* row: w; cc SIGNED, REM */
void jit_emit_divide(struct jit_func *f, const struct wasm_insn *in, const struct jit_row *row)
{
	const struct wasm_val *b = f->b.sp - 1;
	uint64_t c = b->bits, all = row->w == X64_64 ? UINT64_MAX : UINT32_MAX;
	bool constant = b->kind == JIT_CONST;
	unsigned int bits = row->w == X64_64 ? 64 : 32;
	struct magic g;

	/* the sign bit alone is a power of two only for unsigned division */
	if (constant && c > 1 && (c & (c - 1)) == 0 &&
	    !((row->cc & SIGNED) && c == (all >> 1) + 1)) {
		jit_drop(f);
		divide_power(f, row, (unsigned int)__builtin_ctzll(c));
		return;
	}
	if (constant && c > 2 && !(row->cc & SIGNED) &&
	    (find_magic(c, bits, 0, &g) ||
	     find_magic(c, bits, (unsigned int)__builtin_ctzll(c), &g))) {
		jit_drop(f);
		divide_magic(f, row, c, &g);
		return;
	}
	divide(f, row, !constant || c == 0 || c == all);
}
