/* Integer arithmetic, compares and conversions. */
#include "jit/baseline/emit.h"

/* Next opcodes that are looked at. */
enum {
	I32_EQZ = 0x45, I64_EQZ = 0x50, I32_ADD = 0x6a, LOCAL_GET = 0x20, GLOBAL_GET = 0x23,
	I32_CONST = 0x41, FIRST_LOAD = 0x28, LAST_LOAD = 0x35, I32_SHL = 0x74,
};

static wasm_valtype int_type(unsigned int w)
{
	return w == X64_64 ? WASM_I64 : WASM_I32;
}

void jit_push_cond(struct jit_func *f, unsigned int cc)
{
	if (jit_next_is_condition(f)) {
		jit_push(f, WASM_I32, JIT_FLAGS)->reg = (uint8_t)cc;
		f->flags_live = true;
	} else {
		struct wasm_val v = { .type = WASM_I32, .kind = JIT_FLAGS, .reg = (uint8_t)cc };
		unsigned int d = jit_dest_gpr(f, JIT_NOREG);

		jit_load_val(f, &v, d);
		jit_push_gpr(f, WASM_I32, d);
	}
}

/* Inlined, it would be checked for forms that a caller's operand never has. */
__attribute__((noinline))
static void opnd_op(struct jit_func *f, enum x64_op op, enum x64_width w, unsigned int d,
		    const struct jit_opnd *b)
{
	jit_opnd_use(f, b);
	if (b->kind == JIT_OPND_REG)
		x64_rr(f->x, op, w, d, b->reg);
	else if (b->kind == JIT_OPND_MEM)
		x64_rm(f->x, op, w, d, b->mem);
	else if (op == X64_IMUL)
		x64_imul_rri(f->x, w, d, d, b->imm);
	else
		x64_ri(f->x, op, w, d, b->imm);
}

static void opnd_load(struct jit_func *f, enum x64_width w, unsigned int d,
		      const struct jit_opnd *a)
{
	if (a->kind == JIT_OPND_IMM) {
		x64_mov_imm(f->x, d, w == X64_32 ? (uint32_t)a->imm : (uint64_t)(int64_t)a->imm);
		return;
	}
	if (a->kind == JIT_OPND_REG) {
		jit_move(f, int_type(w), d, a->reg);
		return;
	}
	jit_opnd_use(f, a);
	jit_load(f, int_type(w), d, a->mem);
}

/* Whether writing reg before b is read would spoil it. */
static bool opnd_reads(const struct jit_opnd *b, unsigned int reg)
{
	if (b->kind == JIT_OPND_REG)
		return b->reg == reg;
	return b->kind == JIT_OPND_MEM && (b->mem.base == reg || b->mem.index == reg);
}

static void swap(struct jit_opnd *a, struct jit_opnd *b)
{
	struct jit_opnd t = *a;

	*a = *b;
	*b = t;
}

static bool is_temp(const struct jit_func *f, const struct jit_opnd *o)
{
	return o->kind == JIT_OPND_REG && jit_is_temp(f, o->reg);
}

/*
 * The register for the result of a op b; if it is not a's, a is copied there first, so b must not
 * read it.
 */
static unsigned int choose(struct jit_func *f, struct jit_opnd *a, struct jit_opnd *b,
			   bool commutes)
{
	unsigned int d = jit_dest(f, JIT_GPRS);

	if (commutes && (b->kind == JIT_OPND_REG) &&
	    (a->kind != JIT_OPND_REG || b->reg == d ||
	     (a->reg != d && is_temp(f, b) && !is_temp(f, a))))
		swap(a, b);
	if (d != JIT_NOREG && ((a->kind == JIT_OPND_REG && a->reg == d) || !opnd_reads(b, d)))
		return d;
	if (is_temp(f, a))
		return a->reg;
	return jit_alloc_gpr(f);
}

static void free_but(struct jit_func *f, const struct jit_opnd *o, unsigned int d)
{
	f->free |= o->regs & f->pool & ~JIT_BIT(d);
}

static void finish(struct jit_func *f, const struct jit_opnd *a, const struct jit_opnd *b,
		   enum x64_width w, unsigned int d)
{
	free_but(f, a, d);
	free_but(f, b, d);
	jit_push_gpr(f, int_type(w), d);
}

static void flags_of(struct jit_func *f, enum x64_width w, unsigned int d)
{
	f->zf_at = x64_offset(f->x);
	f->zf_reg = (uint8_t)d;
	f->zf_width = (uint8_t)w;
}

/* d = a op b for operands that have been popped */
static void alu(struct jit_func *f, enum x64_op op, enum x64_width w, struct jit_opnd *a,
		struct jit_opnd *b, bool commutes)
{
	unsigned int d = choose(f, a, b, commutes);

	opnd_load(f, w, d, a);
	opnd_op(f, op, w, d, b);
	flags_of(f, w, d);
	finish(f, a, b, w, d);
}

/* and with a mask that a move makes */
static bool mask_and(struct jit_func *f, enum x64_width w, const struct jit_opnd *a,
		     const struct jit_opnd *b)
{
	unsigned int d;

	if (b->kind != JIT_OPND_IMM || (b->imm != 0xff && b->imm != 0xffff) ||
	    a->kind != JIT_OPND_REG)
		return false;
	d = jit_dest_gpr(f, a->reg);
	x64_rr(f->x, b->imm == 0xff ? X64_MOVZX8 : X64_MOVZX16, X64_32, d, a->reg);
	finish(f, a, b, w, d);
	return true;
}

static void test(struct jit_func *f, enum x64_width w, struct jit_opnd *a, struct jit_opnd *b)
{
	if (a->kind == JIT_OPND_MEM && b->kind == JIT_OPND_MEM) {
		unsigned int t = jit_alloc_gpr(f);

		opnd_load(f, w, t, a);
		*a = (struct jit_opnd){
			.kind = JIT_OPND_REG, .reg = (uint8_t)t, .regs = a->regs | JIT_BIT(t)
		};
	}
	if (a->kind == JIT_OPND_IMM || (a->kind == JIT_OPND_REG && b->kind == JIT_OPND_MEM))
		swap(a, b);
	jit_opnd_use(f, a);
	if (a->kind == JIT_OPND_REG && b->kind == JIT_OPND_REG)
		x64_rr(f->x, X64_TEST, w, a->reg, b->reg);
	else if (a->kind == JIT_OPND_REG)
		x64_ri(f->x, X64_TEST, w, a->reg, b->imm);
	else if (b->kind == JIT_OPND_REG)
		x64_mr(f->x, X64_TEST, w, a->mem, b->reg);
	else
		x64_mi(f->x, X64_TEST, w, a->mem, b->imm);
	jit_opnd_done(f, a);
	jit_opnd_done(f, b);
	jit_push(f, int_type(w), JIT_FLAGS)->reg = X64_CC_NE;
	f->flags_live = true;
}

/* row: op, w; cc 1 if it commutes */
void jit_emit_alu(struct jit_func *f, const struct wasm_insn *in, const struct jit_row *row)
{
	struct jit_opnd a, b;
	unsigned int next = jit_peek(f);

	jit_pop_opnd(f, &b, true);
	jit_pop_opnd(f, &a, row->cc);
	if (row->op == X64_AND && a.kind + b.kind != 2 * JIT_OPND_IMM &&
	    (row->w == X64_64 ? next == I64_EQZ : jit_next_is_condition(f))) {
		test(f, row->w, &a, &b);
		return;
	}
	if (row->op == X64_AND && mask_and(f, row->w, &a, &b))
		return;
	alu(f, (enum x64_op)row->op, row->w, &a, &b, row->cc);
}

/* ---- add: sums ---- */

static bool in_reg(const struct jit_func *f, const struct wasm_val *v)
{
	return v->kind == JIT_REG || (v->kind == JIT_LOCAL && f->loc[v->local] != JIT_NOREG);
}

static bool sum_part(const struct jit_func *f, const struct wasm_val *v)
{
	return in_reg(f, v) || (v->kind == JIT_SUM && v->reg2 == JIT_NOREG);
}

static bool scaled(const struct wasm_val *v)
{
	return v->kind == JIT_SUM && v->reg == JIT_NOREG;
}

/*
 * Takes the register of an entry that is being popped, as part of a sum: it stays counted or owned.
 */
static uint8_t take_reg(const struct jit_func *f, const struct wasm_val *v)
{
	return v->kind == JIT_LOCAL ? f->loc[v->local] : v->reg;
}

/* Pops two operands of i32.add as one sum, if they are of that shape. */
static bool pop_sum(struct jit_func *f, struct wasm_val *s)
{
	struct wasm_val *b = f->b.sp - 1, *a = f->b.sp - 2;

	*s = (struct wasm_val){ .type = WASM_I32, .kind = JIT_SUM, .reg2 = JIT_NOREG };
	if (b->kind == JIT_CONST && (in_reg(f, a) || a->kind == JIT_SUM)) {
		if (a->kind == JIT_SUM)
			*s = *a;
		else
			s->reg = take_reg(f, a);
		s->disp = (int32_t)((uint32_t)s->disp + (uint32_t)b->bits);
	} else if (scaled(b) && sum_part(f, a)) {
		s->reg = take_reg(f, a);
		s->reg2 = b->reg2;
		s->scale = b->scale;
		s->disp = (int32_t)((uint32_t)b->disp +
				    (a->kind == JIT_SUM ? (uint32_t)a->disp : 0));
	} else if (sum_part(f, a) && in_reg(f, b)) {
		s->reg = take_reg(f, a);
		s->reg2 = take_reg(f, b);
		s->disp = a->kind == JIT_SUM ? a->disp : 0;
	} else if (in_reg(f, a) && sum_part(f, b)) {
		s->reg = take_reg(f, b);
		s->reg2 = take_reg(f, a);
		s->disp = b->disp;
	} else if (scaled(a) && in_reg(f, b)) {
		s->reg = take_reg(f, b);
		s->reg2 = a->reg2;
		s->scale = a->scale;
		s->disp = a->disp;
	} else {
		return false;
	}
	f->b.sp -= 2;
	return true;
}

/* Whether a sum may wait: what follows is likely to be the access, or the rest of the address. */
static bool sum_waits(const struct jit_func *f)
{
	unsigned int next = jit_peek(f);

	if (!f->options->gs)
		return next == I32_CONST || next == I32_ADD;
	return (next >= FIRST_LOAD && next <= LAST_LOAD) || next == LOCAL_GET ||
	       next == I32_CONST || next == I32_ADD || next == GLOBAL_GET || next == 0x42 ||
	       next == 0x43 || next == 0x44 || next == 0xfd;
}

/* Computes a sum now. */
static void sum_now(struct jit_func *f, const struct wasm_val *s)
{
	bool plain = s->scale == 0 && s->reg != JIT_NOREG;
	unsigned int d;
	struct wasm_val v = *s;

	/*
	 * registers of the sum become free, or uncounted, before the result's is chosen: lea reads
	 * them first
	 */
	jit_release(f, &v);
	d = jit_dest(f, JIT_GPRS);
	if (d == JIT_NOREG && s->reg != JIT_NOREG && jit_is_temp(f, s->reg))
		d = s->reg;
	if (d == JIT_NOREG && s->reg2 != JIT_NOREG && jit_is_temp(f, s->reg2))
		d = s->reg2;
	if (d == JIT_NOREG)
		d = jit_alloc_gpr(f);
	f->free &= ~JIT_BIT(d);
	if (plain && s->reg2 == JIT_NOREG && d == s->reg)
		x64_ri(f->x, X64_ADD, X64_32, d, (int32_t)s->disp);
	else if (plain && s->reg2 != JIT_NOREG && !s->disp && d == s->reg)
		x64_rr(f->x, X64_ADD, X64_32, d, s->reg2);
	else if (plain && s->reg2 != JIT_NOREG && !s->disp && d == s->reg2)
		x64_rr(f->x, X64_ADD, X64_32, d, s->reg);
	else {
		jit_load_val(f, s, d);
		jit_push_gpr(f, WASM_I32, d);
		return;
	}
	flags_of(f, X64_32, d);
	jit_push_gpr(f, WASM_I32, d);
}

/* lea for a copy and an addition */
static void add64(struct jit_func *f, struct jit_opnd *a, struct jit_opnd *b)
{
	unsigned int d;

	d = choose(f, a, b, true);
	if (a->kind == JIT_OPND_REG && a->reg != d && b->kind != JIT_OPND_MEM) {
		x64_rm(f->x, X64_LEA, X64_64, d, b->kind == JIT_OPND_IMM ? x64_at(a->reg, b->imm) :
		       x64_at_index(a->reg, b->reg, 0, 0));
	} else {
		opnd_load(f, X64_64, d, a);
		opnd_op(f, X64_ADD, X64_64, d, b);
		flags_of(f, X64_64, d);
	}
	finish(f, a, b, X64_64, d);
}

void jit_emit_add(struct jit_func *f, const struct wasm_insn *in, const struct jit_row *row)
{
	struct jit_opnd a, b;
	struct wasm_val s;

	if (row->w == X64_32 && pop_sum(f, &s)) {
		if (sum_waits(f)) {
			struct wasm_val *v = jit_push(f, WASM_I32, JIT_SUM);

			v->reg = s.reg;
			v->reg2 = s.reg2;
			v->scale = s.scale;
			v->disp = s.disp;
		} else {
			sum_now(f, &s);
		}
		return;
	}
	jit_pop_opnd(f, &b, true);
	jit_pop_opnd(f, &a, true);
	if (row->w == X64_64)
		add64(f, &a, &b);
	else
		alu(f, X64_ADD, row->w, &a, &b, true);
}

void jit_emit_mul(struct jit_func *f, const struct wasm_insn *in, const struct jit_row *row)
{
	struct jit_opnd a, b;
	unsigned int d;

	jit_pop_opnd(f, &b, true);
	jit_pop_opnd(f, &a, true);
	if (a.kind == JIT_OPND_IMM)
		swap(&a, &b);
	if (b.kind != JIT_OPND_IMM || a.kind == JIT_OPND_IMM) {
		d = choose(f, &a, &b, true);
		opnd_load(f, row->w, d, &a);
		opnd_op(f, X64_IMUL, row->w, d, &b);
		finish(f, &a, &b, row->w, d);
		return;
	}
	d = jit_dest_gpr(f, a.kind == JIT_OPND_REG ? a.reg : JIT_NOREG);
	if (b.imm > 0 && (b.imm & (b.imm - 1)) == 0) {
		opnd_load(f, row->w, d, &a);
		if (b.imm > 1)
			x64_shift(f->x, X64_SHL, row->w, d,
				  (unsigned int)__builtin_ctz((unsigned int)b.imm));
	} else if (a.kind == JIT_OPND_REG && (b.imm == 3 || b.imm == 5 || b.imm == 9)) {
		x64_rm(f->x, X64_LEA, row->w, d,
		       x64_at_index(a.reg, a.reg, (unsigned int)b.imm >> 2 ?
				    (unsigned int)b.imm >> 3 ? 3 : 2 : 1, 0));
	} else if (a.kind == JIT_OPND_REG) {
		x64_imul_rri(f->x, row->w, d, a.reg, b.imm);
	} else {
		jit_opnd_use(f, &a);
		x64_imul_rmi(f->x, row->w, d, a.mem, b.imm);
	}
	finish(f, &a, &b, row->w, d);
}

/* ---- compares ---- */

static unsigned int swapped(unsigned int cc)
{
	switch (cc) {
	case X64_CC_B: return X64_CC_A;
	case X64_CC_A: return X64_CC_B;
	case X64_CC_BE: return X64_CC_AE;
	case X64_CC_AE: return X64_CC_BE;
	case X64_CC_L: return X64_CC_G;
	case X64_CC_G: return X64_CC_L;
	case X64_CC_LE: return X64_CC_GE;
	case X64_CC_GE: return X64_CC_LE;
	default: return cc;
	}
}

/* cmp a, b; returns whether the operands were swapped */
static bool compare(struct jit_func *f, enum x64_width w, struct jit_opnd *a, struct jit_opnd *b)
{
	bool sw = a->kind == JIT_OPND_IMM && b->kind != JIT_OPND_IMM;

	if (sw)
		swap(a, b);
	if (a->kind == JIT_OPND_IMM || (a->kind == JIT_OPND_MEM && b->kind == JIT_OPND_MEM)) {
		unsigned int t = jit_alloc_gpr(f);

		opnd_load(f, w, t, a);
		*a = (struct jit_opnd){
			.kind = JIT_OPND_REG, .reg = (uint8_t)t, .regs = a->regs | JIT_BIT(t)
		};
	}
	if (a->kind == JIT_OPND_REG && b->kind == JIT_OPND_IMM && b->imm == 0) {
		x64_rr(f->x, X64_TEST, w, a->reg, a->reg);
	} else if (a->kind == JIT_OPND_REG) {
		opnd_op(f, X64_CMP, w, a->reg, b);
	} else {
		jit_opnd_use(f, a);
		if (b->kind == JIT_OPND_IMM)
			x64_mi(f->x, X64_CMP, w, a->mem, b->imm);
		else
			x64_mr(f->x, X64_CMP, w, a->mem, b->reg);
	}
	return sw;
}

/* row: w, cc */
void jit_emit_compare(struct jit_func *f, const struct wasm_insn *in, const struct jit_row *row)
{
	struct jit_opnd a, b;
	unsigned int cc = row->cc;

	jit_pop_opnd(f, &b, true);
	jit_pop_opnd(f, &a, true);
	if (compare(f, row->w, &a, &b))
		cc = swapped(cc);
	jit_opnd_done(f, &a);
	jit_opnd_done(f, &b);
	jit_push_cond(f, cc);
}

/* i32.eqz, i64.eqz, ref.is_null */
void jit_emit_eqz(struct jit_func *f, const struct wasm_insn *in, const struct jit_row *row)
{
	struct jit_opnd a;
	unsigned int cc = X64_CC_E;

	if (f->b.sp[-1].kind == JIT_FLAGS) {
		cc = f->b.sp[-1].reg ^ 1;
		jit_drop(f);
		jit_push_cond(f, cc);
		return;
	}
	jit_pop_opnd(f, &a, false);
	jit_opnd_use(f, &a);
	if (a.kind == JIT_OPND_MEM)
		x64_mi(f->x, X64_CMP, row->w, a.mem, 0);
	else if (f->zf_reg != a.reg || f->zf_width != row->w || f->zf_at != x64_offset(f->x))
		x64_rr(f->x, X64_TEST, row->w, a.reg, a.reg);
	jit_opnd_done(f, &a);
	jit_push_cond(f, cc);
}

/* ---- shifts ---- */

static void shift_const(struct jit_func *f, const struct jit_row *row, unsigned int n)
{
	struct jit_opnd a, none = { .kind = JIT_OPND_IMM };
	unsigned int d;

	n &= row->w == X64_64 ? 63 : 31;
	if (row->op == X64_SHLX && row->w == X64_32 && n >= 1 && n <= 3 && in_reg(f, f->b.sp - 1) &&
	    jit_peek(f) == I32_ADD) {
		uint8_t reg = take_reg(f, f->b.sp - 1);
		struct wasm_val *v;

		f->b.sp--;
		v = jit_push(f, WASM_I32, JIT_SUM);
		v->reg = JIT_NOREG;
		v->reg2 = reg;
		v->scale = (uint8_t)n;
		v->disp = 0;
		return;
	}
	jit_pop_opnd(f, &a, false);
	d = jit_dest_gpr(f, a.kind == JIT_OPND_REG ? a.reg : JIT_NOREG);
	opnd_load(f, row->w, d, &a);
	if (n) {
		x64_shift(f->x, row->op == X64_SHLX ? X64_SHL : row->op == X64_SHRX ? X64_SHR :
			  X64_SAR, row->w, d, n);
		flags_of(f, row->w, d);
	}
	finish(f, &a, &none, row->w, d);
}

/* row: op SHLX, SHRX, SARX; w */
void jit_emit_shift(struct jit_func *f, const struct wasm_insn *in, const struct jit_row *row)
{
	struct jit_opnd a;
	unsigned int n, d;

	if (f->b.sp[-1].kind == JIT_CONST) {
		n = (unsigned int)f->b.sp[-1].bits;
		jit_drop(f);
		shift_const(f, row, n);
		return;
	}
	n = jit_pop_gpr(f);
	jit_pop_opnd(f, &a, false);
	d = jit_dest_gpr(f, a.kind == JIT_OPND_REG && jit_is_temp(f, a.reg) ? a.reg : n);
	if (a.kind == JIT_OPND_REG)
		x64_rrr(f->x, (enum x64_op)row->op, row->w, d, a.reg, n);
	else
		x64_rmr(f->x, (enum x64_op)row->op, row->w, d, a.mem, n);
	if (n != d)
		jit_free(f, n);
	finish(f, &a, &(struct jit_opnd){ 0 }, row->w, d);
}

/* row: cc 1 for left; w */
void jit_emit_rotate(struct jit_func *f, const struct wasm_insn *in, const struct jit_row *row)
{
	unsigned int bits = row->w == X64_64 ? 64 : 32, n, d, a;
	const struct wasm_val *v = f->b.sp - 1;
	struct jit_opnd o, none = { .kind = JIT_OPND_IMM };

	if (v->kind == JIT_CONST) {
		n = (unsigned int)v->bits & (bits - 1);
		jit_drop(f);
		jit_pop_opnd(f, &o, false);
		d = jit_dest_gpr(f, o.kind == JIT_OPND_REG ? o.reg : JIT_NOREG);
		n = row->cc ? (bits - n) & (bits - 1) : n;
		if (o.kind == JIT_OPND_REG)
			x64_rri(f->x, X64_RORX, row->w, d, o.reg, n);
		else
			x64_rmi(f->x, X64_RORX, row->w, d, o.mem, n);
		finish(f, &o, &none, row->w, d);
		return;
	}
	if (v->kind == JIT_REG && v->reg == X64_RCX) {
		f->b.sp--;
	} else {
		jit_take(f, X64_RCX);
		jit_pop_into(f, X64_RCX);
	}
	a = jit_pop_gpr(f);
	d = jit_dest_gpr(f, a);
	jit_move(f, int_type(row->w), d, a);
	x64_shift_cl(f->x, row->cc ? X64_ROL : X64_ROR, row->w, d);
	jit_free(f, X64_RCX);
	if (a != d)
		jit_free(f, a);
	jit_push_gpr(f, int_type(row->w), d);
}

/* ---- one operand ---- */

/* row: op; w; source in a register or memory. clz, ctz, popcnt, sign extensions */
void jit_emit_bits(struct jit_func *f, const struct wasm_insn *in, const struct jit_row *row)
{
	struct jit_opnd a;
	unsigned int d;

	jit_pop_opnd(f, &a, false);
	d = jit_dest_gpr(f, a.kind == JIT_OPND_REG ? a.reg : JIT_NOREG);
	opnd_op(f, (enum x64_op)row->op, row->w, d, &a);
	finish(f, &a, &(struct jit_opnd){ 0 }, row->w, d);
}

/* i64.extend_i32_u: a register holds it already */
void jit_emit_extend(struct jit_func *f, const struct wasm_insn *in, const struct jit_row *row)
{
	struct wasm_val *v = f->b.sp - 1;
	unsigned int reg;

	if (v->kind == JIT_CONST || in_reg(f, v)) {
		v->type = WASM_I64;
		return;
	}
	reg = jit_pop_gpr(f);
	jit_push_gpr(f, WASM_I64, reg);
}

void jit_emit_wrap(struct jit_func *f, const struct wasm_insn *in, const struct jit_row *row)
{
	struct wasm_val *v = f->b.sp - 1;
	struct jit_opnd a;
	unsigned int d;

	if (v->kind == JIT_SLOT || v->kind == JIT_CONST) {
		v->type = WASM_I32;
		v->bits = v->kind == JIT_CONST ? (uint32_t)v->bits : 0;
		return;
	}
	jit_pop_opnd(f, &a, false);
	d = jit_dest_gpr(f, a.kind == JIT_OPND_REG ? a.reg : JIT_NOREG);
	opnd_op(f, X64_MOV, X64_32, d, &a);
	finish(f, &a, &(struct jit_opnd){ 0 }, X64_32, d);
}
