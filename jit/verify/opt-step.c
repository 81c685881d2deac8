/* Code of the optimizing tier: what an instruction does to what is known. */
#include <string.h>

#include "jit/verify/opt.h"

enum {
	CC_O = 0,
	CC_B = 2,
	CC_AE,
	CC_E,
	CC_NE,
	CC_BE,
	CC_A,
	CC_S,
	CC_NS,
	CC_L = 12,
	CC_GE,
	CC_LE,
	CC_G
};
enum { ALU_ADD, ALU_OR, ALU_ADC, ALU_SBB, ALU_AND, ALU_SUB, ALU_XOR, ALU_CMP };

/* ---- flags ---- */

/* What counts up to it, or to the last step before, is not to be thought to go on. */
static void note_limit(struct jv_opt *o, int64_t n)
{
	uint32_t k;

	for (k = 0; k < o->nlimits && k < JV_LIMITS; k++)
		if (o->limits[k] == n)
			return;
	o->limits[o->nlimits++ % JV_LIMITS] = n;
}

static void set_flags(struct jv_opt *o, enum jv_flags flags, unsigned int width,
		      struct jv_value left, struct jv_value right)
{
	if (flags == JV_FLAGS_RESULT || (right.lo == right.hi && jv_is_number(&right)))
		note_limit(o, right.lo);
	jv_note_goal(o, &left, &right);
	jv_note_goal(o, &right, &left);
	jv_note_rivals(o, &left, &right);
	o->s.flags = (uint8_t)flags;
	o->s.flags_width = (uint8_t)width;
	o->s.left = left;
	o->s.right = right;
}

static void no_flags(struct jv_opt *o)
{
	o->s.flags = JV_FLAGS_NONE;
}

/* b cc' a is a cc b. */
static unsigned int seen_from_right(unsigned int cc)
{
	switch (cc) {
	case CC_B: return CC_A;
	case CC_A: return CC_B;
	case CC_AE: return CC_BE;
	case CC_BE: return CC_AE;
	case CC_L: return CC_G;
	case CC_G: return CC_L;
	case CC_LE: return CC_GE;
	case CC_GE: return CC_LE;
	case CC_E: case CC_NE: return cc;
	default: return CC_O;
	}
}

/* The compare of 64 bits that holds where the condition does, or CC_O: none. */
static unsigned int compare_of(const struct jv_places *s, unsigned int cc)
{
	bool order = cc == CC_L || cc == CC_GE || cc == CC_LE || cc == CC_G;
	int64_t top;

	if (s->flags == JV_FLAGS_RESULT) {
		if (cc == CC_E || cc == CC_NE)
			return cc;
		if (s->flags_width == 8 && (cc == CC_S || cc == CC_NS))
			return cc == CC_S ? CC_L : CC_GE;
		return CC_O;
	}
	if (s->flags == JV_FLAGS_SHIFTED)
		return cc == CC_E ? CC_B : cc == CC_NE ? CC_AE : CC_O;
	if (s->flags != JV_FLAGS_COMPARE)
		return CC_O;
	if (cc == CC_S || cc == CC_NS) {
		if (s->right.lo || s->right.hi)
			return CC_O;
		cc = cc == CC_S ? CC_L : CC_GE;
		order = true;
	}
	top = (int64_t)((uint64_t)1 << (8 * s->flags_width - 1));
	/* of fewer bits: signs are elsewhere */
	if (order && s->flags_width < 8 && (s->left.hi >= top || s->right.hi >= top))
		return cc == CC_L || cc == CC_G ? CC_NE : CC_O;
	return cc;
}

/* v's equals, and what its bounds say of others. */
static bool refine_equals(struct jv_places *s, const struct jv_value *v, unsigned int cc,
			  const struct jv_value *with)
{
	struct jv_value refined = *v;

	if (!v->id)
		return true;
	for (uint32_t k = 0; k < s->n; k++)
		if (jv_identical(&s->at[k], v) && !jv_refine(&s->at[k], cc, with))
			return false;
	return jv_refine(&refined, cc, with) && (!jv_is_affine(v) || jv_narrow(s, &refined));
}

static void descriptor_is(struct jv_places *s, uint32_t id, uint32_t type)
{
	for (uint32_t k = 0; id && k < s->n; k++) {
		struct jv_value *v = &s->at[k];

		if (v->id == id && v->kind == JV_ENTRY && !v->lo && !v->hi) {
			v->kind = JV_CALLEE;
			v->n = type;
		}
	}
}

/*
 * What is as large as a number that is not negative, by a compare of fewer than 64 bits with their
 * sign, is not negative either.
 */
static bool suppose_sign(struct jv_places *s, unsigned int cc)
{
	struct jv_value *low, *high;
	struct jv_value most = jv_number(0, 0);

	if (s->flags != JV_FLAGS_COMPARE || s->flags_width == 8)
		return true;
	if (cc == CC_NS && !s->right.lo && !s->right.hi)
		cc = CC_GE;
	if (cc != CC_GE && cc != CC_G && cc != CC_L && cc != CC_LE)
		return true;
	low = cc == CC_GE || cc == CC_G ? &s->right : &s->left;
	high = low == &s->left ? &s->right : &s->left;
	most.lo = most.hi = (int64_t)(((uint64_t)1 << (8 * s->flags_width - 1)) - 1);
	if (!jv_is_number(low) || low->lo < 0 || low->hi > most.hi || !jv_is_number(high) ||
	    high->lo < 0 || high->hi <= most.hi)
		return true;
	return refine_equals(s, high, CC_LE, &most) && jv_refine(high, CC_LE, &most);
}

/* What the condition says of all that is known. False: it cannot hold. */
static bool suppose(struct jv_places *s, unsigned int cc)
{
	struct jv_value left, right;

	if (!suppose_sign(s, cc))
		return false;
	left = s->left;
	right = s->right;
	if (s->flags == JV_FLAGS_COMPARE && cc == CC_E) {
		if (left.kind == JV_TYPE_OF && right.kind == JV_TYPE)
			descriptor_is(s, left.n, right.n);
		if (left.kind == JV_TYPE && right.kind == JV_TYPE_OF)
			descriptor_is(s, right.n, left.n);
	}
	cc = compare_of(s, cc);
	if (cc == CC_O)
		return true;
	if (!jv_refine(&s->left, cc, &right) || !jv_refine(&s->right, seen_from_right(cc), &left))
		return false;
	return refine_equals(s, &left, cc, &right) &&
	       refine_equals(s, &right, seen_from_right(cc), &left) &&
	       (cc != CC_NE || jv_not_equal(s, &left, &right));
}

/* ---- operands ---- */

/* Writes of 1 and 2 bytes leave the others. */
static void put_low(struct jv_opt *o, unsigned int reg, struct jv_value v, unsigned int width)
{
	const struct jv_value *old = &o->s.at[reg];
	int64_t mask = width == 1 ? 0xff : 0xffff;
	uint8_t low = 0;

	if (width >= 4) {
		jv_put(o, reg, jv_low(&v, width));
		return;
	}
	if (jv_is_number(&v) && v.lo >= 0 && v.hi <= 0xff && width == 1)
		low = (uint8_t)(255 - v.hi);
	if (!jv_is_number(old) || old->lo < 0)
		v = jv_unknown();
	else if (old->hi > mask || !jv_is_number(&v) || v.lo < 0 || v.hi > mask)
		v = jv_number(0, old->hi | 0xffff);
	v.id = 0;
	v.low = low;
	jv_put(o, reg, v);
}

static struct jv_value immediate(const struct jv_insn *i, unsigned int width)
{
	int64_t n = i->imm;

	return width == 8 ? jv_number(n, n) :
			    jv_number(n & (int64_t)(((uint64_t)1 << 8 * width) - 1),
				      n & (int64_t)(((uint64_t)1 << 8 * width) - 1));
}

/* The operand in ModRM.rm: a register's lower bits or what is loaded. */
static bool operand_rm(struct jv_opt *o, const struct jv_insn *i, struct jv_value *ret)
{
	if (i->flags & JV_MEM)
		return jv_opt_load(o, i, ret);
	*ret = i->flags & JV_HIGH ? jv_any(1) : jv_low(&o->s.at[i->rm], i->width);
	return true;
}

/* The result of an instruction that has read its memory operand: to its register or there. */
static bool result(struct jv_opt *o, const struct jv_insn *i, struct jv_value v)
{
	if (i->flags & JV_HIGH && i->width == 1)
		v = jv_unknown();
	if (i->dst != JV_NONE)
		put_low(o, i->dst, v, i->width);
	return !(i->flags & JV_WRITE) || jv_opt_store(o, i, i->width == 8 ? &v : NULL);
}

/* ---- arithmetic ---- */

static struct jv_value with_carry(struct jv_value v, int64_t lo, int64_t hi)
{
	struct jv_value carry = jv_number(lo, hi);

	return jv_is_number(&v) ? jv_sum(&v, &carry) : jv_unknown();
}

static struct jv_value compute(unsigned int op, const struct jv_value *a, const struct jv_value *b)
{
	switch (op) {
	case ALU_ADD: return jv_sum(a, b);
	case ALU_SUB: return jv_difference(a, b);
	case ALU_AND: return jv_and(a, b);
	case ALU_OR: case ALU_XOR: return jv_or(a, b);
	case ALU_ADC: return with_carry(jv_sum(a, b), 0, 1);
	case ALU_SBB: return with_carry(jv_difference(a, b), -1, 0);
	default: return jv_unknown();
	}
}

/* A number that is added or subtracted means the same with its sign. */
static struct jv_value with_sign(const struct jv_insn *i, unsigned int op, struct jv_value b)
{
	bool sum = op == ALU_ADD || op == ALU_SUB || op == ALU_ADC || op == ALU_SBB;

	return i->flags & JV_IMM && sum ? jv_number(i->imm, i->imm) : b;
}

/* left op= right; where is left's place if it is a register. */
static bool do_alu(struct jv_opt *o, const struct jv_insn *i, unsigned int op, struct jv_value a,
		   struct jv_value b, bool same)
{
	struct jv_value signed_b = with_sign(i, op, b), r = compute(op, &a, &signed_b);

	if (op == ALU_CMP) {
		set_flags(o, JV_FLAGS_COMPARE, i->width, a, b);
		return true;
	}
	if (same && (op == ALU_XOR || op == ALU_SUB))
		r = jv_number(0, 0);
	if (i->dst == RSP && (i->width != 8 || r.kind != JV_FRAME || r.lo != r.hi || r.lo > 0))
		return jv_opt_refuse(o, i, "the stack pointer moves");
	r = jv_low(&r, i->width);
	if (r.kind == JV_ENTRY)
		jv_name(&r, jv_entry_id(o, &a, &b), 1, 0);
	else if (!r.id)
		r = jv_fresh(o, r);
	if (op == ALU_SUB)
		set_flags(o, JV_FLAGS_COMPARE, i->width, a, b);
	else if (op == ALU_ADC || op == ALU_SBB || i->width < 4 || !jv_is_number(&r))
		no_flags(o);
	else
		set_flags(o, JV_FLAGS_RESULT, i->width, r, jv_number(0, 0));
	return result(o, i, r);
}

/* The forms of an ALU instruction: rm and reg, either order; accumulator or rm and immediate. */
static bool alu_insn(struct jv_opt *o, const struct jv_insn *i)
{
	bool group = i->opcode >= 0x80, accumulator = !group && (i->opcode & 7) >= 4;
	unsigned int op = group ? i->reg & 7 : i->opcode >> 3;
	bool to_reg = !group && !accumulator && i->opcode & 2;
	struct jv_value rm = jv_low(&o->s.at[RAX], i->width), other;

	if (!accumulator && !operand_rm(o, i, &rm))
		return false;
	if (group || accumulator)
		return do_alu(o, i, op, rm, immediate(i, i->width), false);
	other = i->flags & JV_HIGH ? jv_any(1) : jv_low(&o->s.at[i->reg], i->width);
	return to_reg ? do_alu(o, i, op, other, rm, i->reg == i->rm) :
			do_alu(o, i, op, rm, other, i->reg == i->rm);
}

/* By a number that is not known: 4 to the left, 5 to the right. */
static struct jv_value shifted_by(const struct jv_insn *i, unsigned int op,
				  const struct jv_value *a, const struct jv_value *count)
{
	int64_t most = jv_low(count, 1).hi;
	struct jv_value r;

	if (!jv_is_number(a) || a->lo < 0)
		return jv_any(i->width);
	if (op == 5)
		return jv_number(0, a->hi);
	if (most >= 8 * i->width)
		return jv_any(i->width);
	r = jv_shifted_left(a, (unsigned int)most);
	r = jv_is_number(&r) && r.lo >= 0 ? jv_number(0, r.hi) : jv_unknown();
	return r;
}

static bool do_shift(struct jv_opt *o, const struct jv_insn *i)
{
	unsigned int op = i->reg & 7, n = (unsigned int)i->imm & (i->width == 8 ? 63 : 31);
	bool by_imm = i->flags & JV_IMM, once = i->opcode == 0xd0 || i->opcode == 0xd1;
	struct jv_value a, r = jv_any(i->width);

	if (!operand_rm(o, i, &a))
		return false;
	n = once ? 1 : n;
	no_flags(o);
	if (i->width >= 4 && (by_imm || once)) {
		if (op == 4)
			r = jv_shifted_left(&a, n);
		else if (op == 7 && (i->width == 8 || a.hi <= INT32_MAX))
			r = jv_shifted_signed(&a, n);
		else if (op == 5)
			r = jv_shifted_right(&a, n);
		if (op == 5 && n && n < 63 && jv_is_number(&a))
			set_flags(o, JV_FLAGS_SHIFTED, i->width, a,
				  jv_number((int64_t)1 << n, (int64_t)1 << n));
	} else if (i->width >= 4 && (op == 4 || op == 5)) {
		r = shifted_by(i, op, &a, &o->s.at[RCX]);
	}
	return result(o, i, r);
}

static bool do_unary(struct jv_opt *o, const struct jv_insn *i)
{
	struct jv_value a, r = jv_any(i->width), minus_one = jv_number(-1, -1),
			   zero = jv_number(0, 0);

	if (!operand_rm(o, i, &a))
		return false;
	switch (i->reg & 7) {
	case 2:
		if (i->width == 8)
			r = jv_difference(&minus_one, &a);
		break;
	case 3:
		if (i->width == 8)
			r = jv_difference(&zero, &a);
		no_flags(o);
		break;
	}
	return result(o, i, r);
}

static bool step_by_one(struct jv_opt *o, const struct jv_insn *i)
{
	int64_t by = i->reg & 7 ? -1 : 1;
	struct jv_value a, one = jv_number(by, by), r;

	if (!operand_rm(o, i, &a))
		return false;
	r = jv_sum(&a, &one);
	r = jv_low(&r, i->width);
	if (!r.id)
		r = jv_fresh(o, r);
	no_flags(o);
	if (i->width >= 4 && jv_is_number(&r) && i->dst != JV_NONE)
		set_flags(o, JV_FLAGS_RESULT, i->width, r, jv_number(0, 0));
	return result(o, i, r);
}

static bool do_multiply(struct jv_opt *o, const struct jv_insn *i)
{
	struct jv_value a,
		b = i->flags & JV_IMM ? immediate(i, i->width) : jv_low(&o->s.at[i->reg], i->width),
		r;

	if (!operand_rm(o, i, &a))
		return false;
	no_flags(o);
	r = jv_product(&a, &b);
	return result(o, i, r);
}

/* movzx, movsx: the operand has another size than the result. */
static bool extend(struct jv_opt *o, const struct jv_insn *i, unsigned int from, bool sign)
{
	struct jv_value a;

	if (i->flags & JV_MEM) {
		if (!jv_opt_load(o, i, &a))
			return false;
	} else {
		a = i->flags & JV_HIGH ? jv_any(1) : jv_low(&o->s.at[i->rm], from);
	}
	if (sign)
		a = jv_signed(&a, from);
	return result(o, i, a);
}

/* ---- moves ---- */

static bool do_mov(struct jv_opt *o, const struct jv_insn *i)
{
	struct jv_value v;
	unsigned int src = i->dst == i->rm ? i->reg : i->rm;

	if (!(i->flags & JV_MEM)) {
		v = i->flags & JV_IMM ? immediate(i, i->width) : jv_low(&o->s.at[src], i->width);
	} else if (i->dst != JV_NONE) {
		if (!jv_opt_load(o, i, &v))
			return false;
	} else {
		v = i->flags & JV_IMM ? immediate(i, i->width) : o->s.at[i->reg];
		return jv_opt_store(o, i, i->width == 8 ? &v : NULL);
	}
	if (i->dst == RSP && (i->width != 8 || v.kind != JV_FRAME || v.lo != v.hi || v.lo > 0))
		return jv_opt_refuse(o, i, "the stack pointer moves");
	put_low(o, i->dst, i->flags & JV_HIGH ? jv_unknown() : v, i->width);
	return true;
}

static bool do_movsxd(struct jv_opt *o, const struct jv_insn *i)
{
	const struct jv_value *base, *index;

	if (i->flags & JV_MEM && i->base < JV_REGS && i->index < JV_REGS && i->scale == 2 &&
	    !i->disp && i->width == 8) {
		base = &o->s.at[i->base];
		index = &o->s.at[i->index];
		if (base->kind == JV_TEXT && base->lo == base->hi && jv_is_number(index) &&
		    index->lo >= 0) {
			struct jv_value r = jv_pointer(JV_JUMP, (uint32_t)base->lo, 0),
					was = *index, a;

			if (!jv_opt_load(o, i, &a))
				return false;
			r.lo = was.lo;
			r.hi = was.hi;
			jv_put(o, i->dst, r);
			return true;
		}
	}
	return extend(o, i, 4, i->width == 8);
}

static bool do_lea(struct jv_opt *o, const struct jv_insn *i)
{
	struct jv_value a = jv_known_address(o, i);

	if (i->flags & JV_GS)
		return jv_opt_refuse(o, i, "gs: in optimized code");
	if (i->dst == RSP && (i->width != 8 || a.kind != JV_FRAME || a.lo != a.hi || a.lo > 0))
		return jv_opt_refuse(o, i, "the stack pointer moves");
	put_low(o, i->dst, a, i->width);
	return true;
}

static bool do_cmov(struct jv_opt *o, const struct jv_insn *i)
{
	struct jv_value src, old = jv_low(&o->s.at[i->dst], i->width), r;
	unsigned int cc = compare_of(&o->s, (unsigned int)i->imm),
		     not = compare_of(&o->s, (unsigned int)i->imm ^ 1);
	bool moves = true, stays = true;

	if (!operand_rm(o, i, &src))
		return false;
	if (cc != CC_O && jv_identical(&src, &o->s.left))
		moves = jv_refine(&src, cc, &o->s.right);
	else if (cc != CC_O && jv_identical(&src, &o->s.right))
		moves = jv_refine(&src, seen_from_right(cc), &o->s.left);
	if (not != CC_O && jv_identical(&old, &o->s.left))
		stays = jv_refine(&old, not, &o->s.right);
	else if (not != CC_O && jv_identical(&old, &o->s.right))
		stays = jv_refine(&old, seen_from_right(not), &o->s.left);
	r = !moves ? old : !stays ? src : jv_join(&old, &src, JV_EXACT, NULL, 0);
	r.id = 0;
	put_low(o, i->dst, r, i->width);
	return true;
}

static bool do_xchg(struct jv_opt *o, const struct jv_insn *i)
{
	struct jv_value a = o->s.at[i->reg], b = o->s.at[i->rm];

	if (i->width < 4 || i->reg == RSP || i->rm == RSP)
		return jv_opt_refuse(o, i,
				     "an exchange of parts of registers, or of the stack pointer");
	put_low(o, i->reg, b, i->width);
	put_low(o, i->rm, a, i->width);
	return true;
}

/* Whatever else: reads and writes its operands, and says nothing of the result. */
static bool do_other(struct jv_opt *o, const struct jv_insn *i, struct jv_value r)
{
	struct jv_value a;

	if (i->flags & JV_READ && !jv_opt_load(o, i, &a))
		return false;
	return result(o, i, r);
}

/* ---- the stack ---- */

static bool do_push(struct jv_opt *o, const struct jv_insn *i)
{
	int64_t rsp = o->s.at[RSP].lo - 8;
	struct jv_value v, *slot;

	if (i->flags & JV_IMM)
		v = jv_number(i->imm, i->imm);
	else if (!operand_rm(o, i, &v))
		return false;
	if (!jv_touch(o, i, rsp))
		return false;
	jv_put(o, RSP, jv_pointer(JV_FRAME, 0, rsp));
	slot = jv_slot(&o->s, o->top, rsp);
	if (slot)
		*slot = v;
	return true;
}

static bool do_pop(struct jv_opt *o, const struct jv_insn *i, unsigned int reg)
{
	int64_t rsp = o->s.at[RSP].lo;
	const struct jv_value *slot = jv_slot(&o->s, o->top, rsp);

	if (rsp > -8 || reg == RSP)
		return jv_opt_refuse(o, i, "pop outside the frame");
	if (!jv_touch(o, i, rsp))
		return false;
	o->s.at[reg] = slot ? *slot : jv_unknown();
	jv_put(o, RSP, jv_pointer(JV_FRAME, 0, rsp + 8));
	return true;
}

static bool do_leave(struct jv_opt *o, const struct jv_insn *i)
{
	struct jv_value rbp = o->s.at[RBP];

	if (rbp.kind != JV_FRAME || rbp.lo != rbp.hi || rbp.lo > -8)
		return jv_opt_refuse(o, i, "leave, but rbp is not the frame's");
	o->s.at[RSP] = rbp;
	return do_pop(o, i, RBP);
}

/* ---- branches ---- */

static bool do_branch(struct jv_opt *o, const struct jv_insn *i)
{
	struct jv_places here;
	bool ok = true;

	/* the state of the other side, in room of its own */
	here = o->s;
	o->s.at = o->taken.at;
	memcpy(o->s.at, here.at, here.n * sizeof(*here.at));
	if (suppose(&o->s, i->reg)) {
		ok = jv_leaves(o->v, i) ? jv_opt_tail(o, i) : jv_opt_goto(o, i, &o->s, i->target);
	}
	o->s = here;
	o->ends = !suppose(&o->s, i->reg ^ 1);
	return ok;
}

static bool do_jump(struct jv_opt *o, const struct jv_insn *i)
{
	o->ends = true;
	if (jv_leaves(o->v, i))
		return jv_opt_tail(o, i);
	return jv_opt_goto(o, i, &o->s, i->target);
}

/* ---- by opcode ---- */

static bool one_byte(struct jv_opt *o, const struct jv_insn *i)
{
	struct jv_value any = jv_any(i->width);

	if (i->opcode < 0x40 || i->opcode == 0x80 || i->opcode == 0x81 || i->opcode == 0x83)
		return alu_insn(o, i);
	switch (i->opcode) {
	case 0x69: case 0x6b:
		return do_multiply(o, i);
	case 0xb0: case 0xb1: case 0xb2: case 0xb3: case 0xb4: case 0xb5: case 0xb6: case 0xb7:
		put_low(o, i->dst, any, 1);
		return true;
	case 0xc0: case 0xc1: case 0xd0: case 0xd1: case 0xd2: case 0xd3:
		return do_shift(o, i);
	case 0xf6: case 0xf7:
		return do_unary(o, i);
	case 0xfe: case 0xff:
		return step_by_one(o, i);
	default:
		no_flags(o);
		return do_other(o, i, any);
	}
}

static bool two_bytes(struct jv_opt *o, const struct jv_insn *i)
{
	switch (i->opcode) {
	case 0x90: case 0x91: case 0x92: case 0x93: case 0x94: case 0x95: case 0x96: case 0x97:
	case 0x98: case 0x99: case 0x9a: case 0x9b: case 0x9c: case 0x9d: case 0x9e: case 0x9f:
		return do_other(o, i, jv_number(0, 1));
	case 0xaf:
		return do_multiply(o, i);
	case 0xb6: case 0xb7:
		return extend(o, i, i->opcode & 1 ? 2 : 1, false);
	case 0xbe: case 0xbf:
		return extend(o, i, i->opcode & 1 ? 2 : 1, true);
	case 0xb8: case 0xbc: case 0xbd:
		no_flags(o);
		/* bsf and bsr leave their register alone where there is no bit */
		return do_other(o, i, i->pp ? jv_number(0, 64) : jv_any(i->width));
	default:
		no_flags(o);
		return do_other(o, i, jv_any(i->width));
	}
}

/* shlx, sarx, shrx: the register in vvvv is the count. */
static bool shift_by_register(struct jv_opt *o, const struct jv_insn *i)
{
	struct jv_value a, r = jv_any(i->width);

	if (!operand_rm(o, i, &a))
		return false;
	if (i->pp == 1)
		r = shifted_by(i, 4, &a, &o->s.at[i->vvvv]);
	else if (i->pp == 3)
		r = shifted_by(i, 5, &a, &o->s.at[i->vvvv]);
	return result(o, i, r);
}

static bool operation(struct jv_opt *o, const struct jv_insn *i)
{
	if (i->map == JV_MAP_ONE)
		return one_byte(o, i);
	if (i->map == JV_MAP_0F)
		return two_bytes(o, i);
	if (i->map == JV_MAP_VEX + 1 && i->opcode == 0xf7 && i->pp)
		return shift_by_register(o, i);
	no_flags(o);
	return do_other(o, i, jv_any(i->width));
}

static bool do_test(struct jv_opt *o, const struct jv_insn *i)
{
	struct jv_value a = jv_low(&o->s.at[RAX], i->width);
	int64_t first = -(int64_t)i->imm;

	if (i->opcode < 0xa8 || i->opcode > 0xa9) {
		if (!operand_rm(o, i, &a))
			return false;
	}
	no_flags(o);
	if (!(i->flags & (JV_IMM | JV_MEM)) && i->reg == i->rm && jv_is_number(&a))
		set_flags(o, JV_FLAGS_COMPARE, i->width, a, jv_number(0, 0));
	/* all bits from one on */
	if (i->flags & JV_IMM && i->width >= 4 && jv_is_number(&a) && first > 0 &&
	    !(first & (first - 1)))
		set_flags(o, JV_FLAGS_SHIFTED, i->width, a, jv_number(first, first));
	return true;
}

static bool do_wide(struct jv_opt *o, const struct jv_insn *i)
{
	struct jv_value a;

	no_flags(o);
	if (!operand_rm(o, i, &a))
		return false;
	put_low(o, RAX, jv_any(i->width), i->width);
	put_low(o, RDX, jv_any(i->width), i->width);
	return true;
}

static bool sign_of_rax(struct jv_opt *o, const struct jv_insn *i)
{
	struct jv_value low = jv_low(&o->s.at[RAX], i->width / 2);

	if (i->class == JV_CDQ)
		put_low(o, RDX, jv_any(i->width), i->width);
	else
		put_low(o, RAX, jv_signed(&low, i->width / 2), i->width);
	return true;
}

static bool do_mulx(struct jv_opt *o, const struct jv_insn *i)
{
	if (i->vvvv == RSP)
		return jv_opt_refuse(o, i, "the stack pointer moves");
	if (!do_other(o, i, jv_any(i->width)))
		return false;
	put_low(o, i->vvvv, jv_any(i->width), i->width);
	return true;
}

static bool do_mov_imm(struct jv_opt *o, const struct jv_insn *i)
{
	int64_t n = (int64_t)((uint32_t)i->imm | (uint64_t)i->target << 32);

	jv_put(o, i->dst, jv_number(n, n));
	return true;
}

static bool plain_step(struct jv_opt *o, const struct jv_insn *i)
{
	switch ((enum jv_class)i->class) {
	case JV_OP: case JV_SHL: case JV_SHR: case JV_ADD: case JV_SUB: case JV_AND: case JV_CMP:
		return operation(o, i);
	case JV_NOP: return true;
	case JV_MOV: return do_mov(o, i);
	case JV_MOV_IMM: return do_mov_imm(o, i);
	case JV_MOVSXD: return do_movsxd(o, i);
	case JV_LEA: return do_lea(o, i);
	case JV_TEST: return do_test(o, i);
	case JV_CMOV: return do_cmov(o, i);
	case JV_XCHG: return do_xchg(o, i);
	case JV_WIDE: return do_wide(o, i);
	case JV_CDQ: case JV_CDQE: return sign_of_rax(o, i);
	case JV_MULX: return do_mulx(o, i);
	case JV_PUSH: return do_push(o, i);
	case JV_POP: return do_pop(o, i, i->rm);
	case JV_LEAVE: return do_leave(o, i);
	case JV_JCC: return do_branch(o, i);
	case JV_JMP: return do_jump(o, i);
	case JV_RET: return jv_opt_return(o, i);
	case JV_CALL: return jv_opt_call(o, i);
	case JV_CALL_IND: return jv_opt_call_indirect(o, i);
	case JV_JMP_IND: return jv_opt_jump_indirect(o, i);
	case JV_BAD: case JV_GROUP: break;
	}
	return jv_opt_refuse(o, i, "an instruction out of place");
}

bool jv_opt_step(struct jv_opt *o, const struct jv_insn *i)
{
	const struct jv_value *rsp = &o->s.at[RSP];
	bool ok = plain_step(o, i);

	if (rsp->kind != JV_FRAME || rsp->lo != rsp->hi || rsp->lo < -JV_STACK_MAX)
		return jv_fail(o->v, i->at, "the stack pointer moves");
	return ok;
}
