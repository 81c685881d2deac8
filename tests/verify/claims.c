/*
 * Whether what the verifier claims of code is true of it: loops of random instructions are verified
 * by the rules for optimized code, then run, and at the start of every block each register and slot
 * of the frame is compared with what the verifier says is there: its bounds, what it points to, and
 * that there is one S for all values with the same id (value.h). Instructions are run as they were
 * drawn, not as they were decoded. No verdict is looked at here, so nothing needs to be refused.
 *
 * CLAIMS=N in the environment tries N programs, from the seed CLAIMS_SEED on.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jit/compile.h"
#include "jit/tier.h"
#include "jit/verify/opt.h"
#include "jit/x64.h"
#include "runtime/base/num.h"
#include "tests/unit/module.h"

enum {
	PROGRAMS = 2000, RUNS = 8, STEPS = 200,
	BLOCKS = 7, OPS = 6,
	SLOTS = 4,		/* of the frame, that are used */
	FRAME = 64,		/* below rbp */
	WORDS = 128,		/* of the stack, from 8 * (WORDS - 16) below rsp at entry on */
	TEXT_OFF = 4096, TEXT_SIZE = 1024, ROOM = 1 << 14,
};

enum kind {
	OP_MOV, OP_IMM, OP_ALU, OP_ALU_IMM, OP_LEA, OP_IMUL, OP_SHIFT, OP_UNARY, OP_CMOV,
	OP_EXTEND, OP_LOAD, OP_STORE, OP_ALU_SLOT, OP_KINDS,
};

struct op {
	enum kind kind;
	enum x64_op what;
	unsigned int bytes;
	enum x64_reg dst, src, index;
	unsigned int n;		/* scale, count, slot, condition */
	int64_t imm;
};

enum end { END_FALLS, END_BRANCH, END_JUMP };

struct block {
	struct op ops[OPS];
	uint32_t nops, at;
	enum end end;
	enum x64_cond cc;
	uint32_t to;
};

struct program {
	struct block blocks[BLOCKS];	/* control leaves behind the last one */
	uint32_t n;
	struct x64_label ends;
};

/* ---- numbers ---- */

static uint64_t seed;

static uint64_t draw(void)
{
	uint64_t z = seed += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

static uint32_t draw_below(uint32_t n)
{
	return (uint32_t)(draw() >> 32) % n;
}

static int32_t draw_imm(void)
{
	static const int32_t some[] = {
		0, 1, 1, -1, -1, 2, -2, 3, 4, 4, -4, 8, -8, 12, 28, 100, -100, 112, 400, 127, -128,
		255, 4096, 0x40000000, INT32_MAX, INT32_MIN, INT32_MIN + 1,
	};

	return draw_below(8) ? some[draw_below(ARRAY_SIZE(some))] : (int32_t)draw();
}

/* What registers hold at entry, and 64-bit immediates. */
static uint64_t draw_number(void)
{
	switch (draw_below(5)) {
	case 0: return draw_below(200);
	case 1: return (uint64_t)(int64_t)draw_imm();
	case 2: return ((uint64_t)1 << draw_below(64)) + (uint64_t)(int64_t)draw_imm();
	case 3: return (uint32_t)draw_imm();
	default: return draw();
	}
}

static enum x64_reg draw_reg(void)
{
	static const enum x64_reg regs[] = { X64_RAX, X64_RCX, X64_RDX, X64_RSI, X64_RDI, X64_R8 };

	return regs[draw_below(ARRAY_SIZE(regs))];
}

/* Also pointers: below the memory, at it, of the frame. */
static enum x64_reg draw_source(void)
{
	return draw_below(12) ? draw_reg() : draw_below(3) ? X64_R13 : X64_RBP;
}

static enum x64_cond draw_condition(void)
{
	enum x64_cond cc = X64_CC_B + draw_below(12);

	/* neither parity */
	return cc < X64_CC_S + 2 ? cc : cc + 2;
}

/* ---- programs ---- */

static void draw_alu(struct op *o)
{
	static const enum x64_op what[] = {
		X64_ADD, X64_ADD, X64_ADD, X64_SUB, X64_CMP, X64_CMP, X64_CMP, X64_AND, X64_XOR,
		X64_OR, X64_TEST,
	};

	o->what = what[draw_below(ARRAY_SIZE(what))];
	if (o->kind == OP_ALU_SLOT)
		o->what = X64_ADD;
	if (o->what == X64_TEST && draw_below(2))
		o->src = o->dst;
	if (!draw_below(12) && o->kind != OP_ALU_SLOT)
		o->bytes = 1;
	o->imm = o->bytes == 1 ? (int8_t)draw_imm() : draw_imm();
}

static void draw_op(struct op *o)
{
	static const enum kind kinds[] = {
		OP_MOV, OP_MOV, OP_IMM, OP_ALU, OP_ALU, OP_ALU_IMM, OP_ALU_IMM, OP_ALU_IMM,
		OP_ALU_IMM, OP_LEA, OP_LEA, OP_LEA, OP_IMUL, OP_SHIFT, OP_UNARY, OP_CMOV,
		OP_EXTEND, OP_LOAD, OP_STORE, OP_ALU_SLOT,
	};
	static const enum x64_op unary[] = { X64_INC, X64_DEC, X64_DEC, X64_NEG, X64_NOT },
		shift[] = { X64_SHL, X64_SHL, X64_SHR, X64_SAR },
		extend[] = { X64_MOVSXD, X64_MOVSXD, X64_MOVZX8, X64_MOVSX8 };

	*o = (struct op){ .kind = kinds[draw_below(ARRAY_SIZE(kinds))],
			  .bytes = draw_below(2) ? 8 : 4, .dst = draw_reg(), .src = draw_source(),
			  .index = draw_reg(), .imm = draw_imm(), .n = draw_below(4) };
	if (o->kind == OP_ALU || o->kind == OP_ALU_IMM || o->kind == OP_ALU_SLOT)
		draw_alu(o);
	if (o->kind == OP_IMM)
		o->imm = (int64_t)draw_number();
	if (o->kind == OP_UNARY)
		o->what = unary[draw_below(ARRAY_SIZE(unary))];
	if (o->kind == OP_SHIFT) {
		o->what = shift[draw_below(ARRAY_SIZE(shift))];
		o->n = 1 + draw_below(draw_below(2) ? 5 : 31);
	}
	if (o->kind == OP_EXTEND)
		o->what = extend[draw_below(ARRAY_SIZE(extend))];
	if (o->what == X64_MOVZX8 || o->what == X64_MOVSX8)
		o->src = draw_reg();
	if (o->kind == OP_EXTEND && o->what == X64_MOVSXD)
		o->bytes = 8;
	if (o->kind == OP_CMOV)
		o->n = draw_condition();
}

/* What loops that LLVM made are full of: a few registers that step together, and are compared. */
static void draw_step(struct op *o)
{
	static const enum x64_reg regs[] = { X64_RAX, X64_RCX, X64_RDX };
	static const int8_t steps[] = { 1, 1, 1, -1, -1, 2, 4, 4, -4, 8 };

	*o = (struct op){ .kind = OP_ALU_IMM, .what = X64_ADD, .bytes = draw_below(4) ? 8 : 4,
			  .dst = regs[draw_below(3)], .imm = steps[draw_below(10)] };
	switch (draw_below(12)) {
	case 0:
		o->what = X64_CMP;
		o->imm = draw_imm();
		break;
	case 1:
		o->kind = OP_ALU_SLOT;
		o->n = draw_below(SLOTS);
		break;
	case 2: case 3:
		o->kind = OP_LEA;
		o->src = regs[draw_below(3)];
		o->n = 3;
		break;
	case 4:
		o->kind = OP_MOV;
		o->src = regs[draw_below(3)];
		break;
	case 5:
		o->kind = OP_ALU;
		o->what = X64_CMP;
		o->src = regs[draw_below(3)];
	}
}

/* What they begin with: numbers that are known, or so many times one that is not. */
static void draw_first(struct op *o, uint32_t k)
{
	static const enum x64_reg regs[] = { X64_RCX, X64_RDX, X64_R8 };

	if (!draw_below(3)) {
		o->kind = OP_IMM;
		o->imm = (int64_t)draw_number();
	} else if (!k) {
		*o = (struct op){ .kind = OP_MOV, .bytes = 4, .dst = X64_RAX, .src = X64_RDI };
	} else {
		*o = (struct op){ .kind = OP_LEA, .bytes = 8, .dst = regs[draw_below(3)],
				  .src = draw_below(3) ? X64_RAX : X64_R13, .index = X64_RAX,
				  .n = draw_below(4), .imm = draw_imm() };
	}
}

/* Blocks 0 to 2 count rcx up to what is not known, but that it is above a number. */
static void draw_counter(struct program *p)
{
	struct block *first = p->blocks, *body = first + 2;
	struct op *last = body->ops + body->nops;

	first->ops[0] = (struct op){ .kind = OP_MOV, .bytes = 4, .dst = X64_RAX, .src = X64_RDI };
	first->ops[1] = (struct op){ .kind = OP_ALU_IMM, .what = X64_CMP, .bytes = 4,
				     .dst = X64_RAX, .imm = draw_below(4) };
	first->nops = 2;
	first->end = END_BRANCH;
	first->cc = draw_below(4) ? X64_CC_B : draw_condition();
	first->to = p->n;
	first[1].ops[0] = (struct op){ .kind = OP_IMM, .bytes = 8, .dst = X64_RCX,
				       .imm = draw_below(3) };
	first[1].end = END_FALLS;
	last[-2] = (struct op){ .kind = OP_ALU_IMM, .what = X64_ADD, .bytes = 8, .dst = X64_RCX,
				.imm = draw_below(6) ? 1 : 2 };
	last[-1] = (struct op){ .kind = OP_ALU, .what = X64_CMP, .bytes = 4, .dst = X64_RAX,
				.src = X64_RCX };
	body->end = END_BRANCH;
	body->cc = draw_below(8) ? X64_CC_NE : draw_condition();
	body->to = 2 - !draw_below(8);
}

static void draw_program(struct program *p)
{
	bool steps = draw_below(2);

	p->n = 3 + draw_below(BLOCKS - 2);
	for (uint32_t k = 0; k < p->n; k++) {
		struct block *b = &p->blocks[k];

		b->nops = 2 + draw_below(OPS - 1);
		for (uint32_t i = 0; i < b->nops; i++) {
			draw_op(&b->ops[i]);
			if (!k && draw_below(3))
				draw_first(&b->ops[i], i);
			else if (k && steps && draw_below(8))
				draw_step(&b->ops[i]);
		}
		if (steps && draw_below(2)) {
			draw_step(&b->ops[b->nops - 1]);
			b->ops[b->nops - 1].kind = draw_below(3) ? OP_ALU_IMM : OP_ALU;
			b->ops[b->nops - 1].src = draw_below(2) ? X64_RAX : X64_RCX;
			b->ops[b->nops - 1].what = X64_CMP;
			b->ops[b->nops - 1].imm = draw_imm();
		}
		b->end = draw_below(5) ? END_BRANCH : draw_below(3) ? END_FALLS : END_JUMP;
		b->cc = draw_condition();
		b->to = draw_below(p->n + 1);
		if (b->end == END_JUMP && b->to <= k)
			b->to = k + 1;
	}
	if (steps && draw_below(2))
		draw_counter(p);
}

/* ---- as machine code ---- */

static struct x64_mem slot_at(unsigned int n)
{
	return x64_at(X64_RBP, -8 * (int32_t)(n + 1));
}

static void emit_op(struct x64_buf *b, const struct op *o)
{
	enum x64_width w = o->bytes == 8 ? X64_64 : o->bytes == 4 ? X64_32 : X64_8;

	switch (o->kind) {
	case OP_MOV: x64_rr(b, X64_MOV, w, o->dst, o->src); break;
	case OP_IMM: x64_mov_imm(b, o->dst, (uint64_t)o->imm); break;
	case OP_ALU: x64_rr(b, o->what, w, o->dst, o->src); break;
	case OP_ALU_IMM: x64_ri(b, o->what, w, o->dst, (int32_t)o->imm); break;
	case OP_LEA:
		x64_rm(b, X64_LEA, w, o->dst,
		       o->n == 3 ? x64_at(o->src, (int32_t)o->imm) :
				   x64_at_index(o->src, o->index, o->n, (int32_t)o->imm));
		break;
	case OP_IMUL: x64_imul_rri(b, w, o->dst, o->src, (int32_t)o->imm); break;
	case OP_SHIFT: x64_shift(b, o->what, w, o->dst, o->n); break;
	case OP_UNARY: x64_r(b, o->what, w, o->dst); break;
	case OP_CMOV: x64_cmov(b, o->n, w, o->dst, o->src); break;
	case OP_EXTEND: x64_rr(b, o->what, w, o->dst, o->src); break;
	case OP_LOAD: x64_rm(b, X64_MOV, w, o->dst, slot_at(o->n)); break;
	case OP_STORE: x64_mr(b, X64_MOV, w, slot_at(o->n), o->src); break;
	case OP_ALU_SLOT: x64_mi(b, o->what, w, slot_at(o->n), (int32_t)o->imm); break;
	case OP_KINDS: break;
	}
}

static void emit_program(struct x64_buf *b, struct program *p)
{
	struct x64_label labels[BLOCKS + 1] = { 0 };

	x64_push(b, X64_RBP);
	x64_rr(b, X64_MOV, X64_64, X64_RBP, X64_RSP);
	x64_ri(b, X64_SUB, X64_64, X64_RSP, FRAME);
	for (uint32_t k = 0; k < p->n; k++) {
		struct block *at = &p->blocks[k];

		x64_bind(b, &labels[k]);
		at->at = x64_offset(b);
		for (uint32_t i = 0; i < at->nops; i++)
			emit_op(b, &at->ops[i]);
		if (at->end == END_BRANCH)
			x64_jcc(b, at->cc, &labels[at->to]);
		else if (at->end == END_JUMP)
			x64_jmp(b, &labels[at->to]);
	}
	x64_bind(b, &labels[p->n]);
	x64_zero(b, X64_RAX);
	x64_bare(b, X64_LEAVE);
	x64_ret(b, 0);
}

/* ---- as it is run ---- */

struct machine {
	uint64_t r[JV_REGS], entry[JV_REGS];
	uint64_t stack[WORDS];
	bool c, z, s, o;
	bool c_known, zs_known, o_known;	/* defined by the instruction */
};

static uint64_t *word_at(struct machine *m, int64_t off)
{
	int64_t k = off / 8 + WORDS - 16;

	return k >= 0 && k < WORDS ? &m->stack[k] : NULL;
}

static uint64_t *slot_of(struct machine *m, unsigned int n)
{
	return word_at(m, -8 - 8 * (int64_t)(n + 1));
}

static uint64_t cut(uint64_t v, unsigned int bytes)
{
	return bytes == 8 ? v : v & (((uint64_t)1 << 8 * bytes) - 1);
}

static bool top_of(uint64_t v, unsigned int bytes)
{
	return v >> (8 * bytes - 1) & 1;
}

static void put(struct machine *m, enum x64_reg r, uint64_t v, unsigned int bytes)
{
	m->r[r] = bytes == 1 ? (m->r[r] & ~(uint64_t)0xff) | (v & 0xff) : cut(v, bytes);
}

static void flags_of(struct machine *m, uint64_t r, unsigned int bytes)
{
	m->z = !cut(r, bytes);
	m->s = top_of(r, bytes);
	m->zs_known = m->o_known = true;
}

/* The result; a and b are cut. */
static uint64_t alu(struct machine *m, enum x64_op op, uint64_t a, uint64_t b, unsigned int bytes)
{
	uint64_t r;

	switch ((unsigned int)op) {
	case X64_ADD:
		r = cut(a + b, bytes);
		m->c = r < a;
		m->o = top_of(~(a ^ b) & (a ^ r), bytes);
		break;
	case X64_SUB: case X64_CMP:
		r = cut(a - b, bytes);
		m->c = a < b;
		m->o = top_of((a ^ b) & (a ^ r), bytes);
		break;
	default:
		r = op == X64_XOR ? a ^ b : op == X64_OR ? a | b : a & b;
		m->c = m->o = false;
	}
	m->c_known = true;
	flags_of(m, r, bytes);
	return r;
}

static void unary(struct machine *m, const struct op *o, uint64_t a)
{
	bool c = m->c, known = m->c_known;

	if (o->what == X64_NOT) {
		put(m, o->dst, ~a, o->bytes);
		return;
	}
	if (o->what == X64_NEG) {
		put(m, o->dst, alu(m, X64_SUB, 0, a, o->bytes), o->bytes);
		return;
	}
	put(m, o->dst, alu(m, o->what == X64_INC ? X64_ADD : X64_SUB, a, 1, o->bytes), o->bytes);
	m->c = c;
	m->c_known = known;
}

static void shift(struct machine *m, const struct op *o, uint64_t a)
{
	uint64_t sign = top_of(a, o->bytes) ? ~cut(UINT64_MAX, o->bytes) : 0, r;

	r = o->what == X64_SHL ? a << o->n :
	    o->what == X64_SHR ? a >> o->n :
				 (uint64_t)((int64_t)(a | sign) >> o->n);
	put(m, o->dst, r, o->bytes);
	flags_of(m, r, o->bytes);
	m->c_known = m->o_known = false;
}

/* What is not defined may be either. */
static bool holds(const struct machine *m, enum x64_cond cc)
{
	bool c = m->c_known ? m->c : draw_below(2), z = m->zs_known ? m->z : draw_below(2),
	     s = m->zs_known ? m->s : draw_below(2), o = m->o_known ? m->o : draw_below(2), yes;

	switch (cc / 2) {
	case X64_CC_B / 2: yes = c; break;
	case X64_CC_E / 2: yes = z; break;
	case X64_CC_BE / 2: yes = c || z; break;
	case X64_CC_S / 2: yes = s; break;
	case X64_CC_L / 2: yes = s != o; break;
	default: yes = z || s != o;
	}
	return yes != (cc & 1);
}

static uint64_t extended(const struct op *o, uint64_t v)
{
	return o->what == X64_MOVSXD ? (uint64_t)(int64_t)(int32_t)v :
	       o->what == X64_MOVSX8 ? (uint64_t)(int64_t)(int8_t)v :
				       (uint8_t)v;
}

static void run_op(struct machine *m, const struct op *o)
{
	uint64_t a = cut(m->r[o->dst], o->bytes), b = cut(m->r[o->src], o->bytes),
		 imm = cut((uint64_t)o->imm, o->bytes), r, *slot = slot_of(m, o->n);

	switch (o->kind) {
	case OP_MOV: put(m, o->dst, b, o->bytes); break;
	case OP_IMM: m->r[o->dst] = (uint64_t)o->imm; break;
	case OP_ALU: case OP_ALU_IMM:
		r = alu(m, o->what, a, o->kind == OP_ALU ? b : imm, o->bytes);
		if (o->what != X64_CMP && o->what != X64_TEST)
			put(m, o->dst, r, o->bytes);
		break;
	case OP_LEA:
		put(m, o->dst, m->r[o->src] + (uint64_t)o->imm +
			       (o->n == 3 ? 0 : m->r[o->index] << o->n), o->bytes);
		break;
	case OP_IMUL:
		put(m, o->dst, b * imm, o->bytes);
		m->c_known = m->zs_known = m->o_known = false;
		break;
	case OP_SHIFT: shift(m, o, a); break;
	case OP_UNARY: unary(m, o, a); break;
	case OP_CMOV: put(m, o->dst, holds(m, o->n) ? b : a, o->bytes); break;
	case OP_EXTEND: put(m, o->dst, extended(o, m->r[o->src]), o->bytes); break;
	case OP_LOAD: put(m, o->dst, *slot, o->bytes); break;
	case OP_STORE: memcpy(slot, &m->r[o->src], o->bytes); break;
	case OP_ALU_SLOT:
		r = alu(m, o->what, cut(*slot, o->bytes), imm, o->bytes);
		if (o->what != X64_CMP)
			memcpy(slot, &r, o->bytes);
		break;
	case OP_KINDS: break;
	}
}

static void begin(struct machine *m, const struct jv_sig *sig)
{
	memset(m, 0, sizeof(*m));
	for (int k = 0; k < JV_REGS; k++) {
		m->r[k] = draw_number();
		if (sig->args >> k & 1)
			m->r[k] = (uint32_t)m->r[k];
	}
	for (int k = 0; k < WORDS; k++)
		m->stack[k] = draw_number();
	m->r[X64_R13] = (uint64_t)0x6000 << 32;
	m->r[X64_RSP] = (uint64_t)0x7ff0 << 32;
	memcpy(m->entry, m->r, sizeof(m->r));
	m->r[X64_RSP] -= 8;
	*word_at(m, -8) = m->r[X64_RBP];
	m->r[X64_RBP] = m->r[X64_RSP];
	/* the flags, too */
	m->r[X64_RSP] = alu(m, X64_SUB, m->r[X64_RSP], FRAME, 8);
}

/* ---- what is claimed ---- */

struct checker {
	struct jv v;
	struct machine m;
	uint32_t at;
	/* looked at; values of them that share a name; orders among them */
	unsigned long states, named, ordered;
};

/* What S is said to be one of; false: v is not what is claimed. */
static bool claim_holds(struct checker *c, const struct jv_value *v, uint64_t is, __int128 *ret)
{
	uint64_t from = v->kind == JV_CONTEXT ? c->m.entry[X64_R13] :
			v->kind == JV_FRAME ? c->m.entry[X64_RSP] : 0;
	int64_t far = (int64_t)(is - from);

	*ret = (__int128)is;
	if (v->kind == JV_SAVED)
		return is == c->m.entry[v->n];
	if (v->kind != JV_NUMBER && v->kind != JV_NOT_NULL && !from)
		return false;
	if (far < v->lo || far > v->hi || (v->kind == JV_NOT_NULL && !is))
		return false;
	if (jv_is_number(v) && (is & ((1u << v->align) - 1) || (is & 0xff) > 255u - v->low))
		return false;
	if (!v->id || !jv_is_affine(v))
		return true;
	*ret = ((__int128)far - v->plus) / v->times;
	return ((__int128)far - v->plus) % v->times == 0;
}

/* k: a place of the state at. */
static bool place_holds(struct checker *c, const struct jv_value *at, uint32_t k, __int128 *s)
{
	const struct jv_opt *o = c->v.opt;
	uint64_t *word = word_at(&c->m, o->top - 8 - 8 * ((int64_t)k - JV_REGS));

	if (k >= JV_REGS && !word)
		return true;
	if (!claim_holds(c, &at[k], k < JV_REGS ? c->m.r[k] : *word, &s[k]))
		return false;
	for (uint32_t j = 0; at[k].id && j < k; j++) {
		if (at[j].id != at[k].id || jv_is_affine(&at[j]) != jv_is_affine(&at[k]))
			continue;
		c->named++;
		if (s[j] != s[k])
			return false;
	}
	return true;
}

/* What the term is, by a value of that id. False: there is none. */
static bool term_is(const struct jv_opt *o, const struct jv_value *at, const __int128 *s,
		    const struct jv_term *t, __int128 *ret)
{
	for (uint32_t k = 0; k < o->s.n; k++) {
		if (at[k].id != t->id || !jv_is_affine(&at[k]))
			continue;
		*ret = s[k] * t->times + t->plus;
		return true;
	}
	return false;
}

static bool orders_hold(struct checker *c, const struct jv_orders *orders,
			const struct jv_value *at, const __int128 *s)
{
	__int128 less, more;

	for (uint32_t k = 0; k < orders->n; k++) {
		if (!term_is(c->v.opt, at, s, &orders->at[k].less, &less) ||
		    !term_is(c->v.opt, at, s, &orders->at[k].more, &more))
			continue;
		c->ordered++;
		if (less >= more)
			return false;
	}
	return true;
}

/* Control has come to the start of a block; branched: by a branch. */
static bool state_holds(struct checker *c, uint32_t at, bool branched)
{
	const struct jv_opt *o = c->v.opt;
	uint32_t join = o->join_of[at - c->v.lo];
	__int128 s[JV_REGS + WORDS];
	const struct jv_value *state;

	if (!join)
		return !branched;
	c->states++;
	assert(o->s.n <= ARRAY_SIZE(s));
	state = o->values.at + (size_t)(join - 1) * o->s.n;
	for (uint32_t k = 0; k < o->s.n; k++) {
		if (!place_holds(c, state, k, s)) {
			printf("at +0x%x, place %u: kind %u in [%lld, %lld], id 0x%x * %d + %lld\n",
			       at, k, state[k].kind, (long long)state[k].lo,
			       (long long)state[k].hi, state[k].id, state[k].times,
			       (long long)state[k].plus);
			return false;
		}
	}
	return orders_hold(c, &o->joins.at[join - 1].orders, state, s);
}

static bool run_program(struct checker *c, const struct program *p)
{
	bool branched = false;
	uint32_t k = 0;

	begin(&c->m, c->v.sig);
	for (int steps = 0; steps < STEPS && k < p->n; steps++) {
		const struct block *b = &p->blocks[k];

		if (!state_holds(c, b->at, branched))
			return false;
		for (uint32_t i = 0; i < b->nops; i++)
			run_op(&c->m, &b->ops[i]);
		branched = b->end == END_JUMP || (b->end == END_BRANCH && holds(&c->m, b->cc));
		k = branched ? b->to : k + 1;
	}
	return true;
}

/* ---- all of it ---- */

static struct wasm_module module;
static struct jit_layout layout;

/* A function of (i32) -> i32, and a memory. */
static void make_module(void)
{
	struct wsbox_err err = WSBOX_ERR_INIT;
	struct mod m = mod_new();
	int ret;

	mod_section(&m, 1);
	mod_put(&m, 1, 0x60, 1, 0x7f, 1, 0x7f);
	mod_end(&m);
	mod_section(&m, 3);
	mod_put(&m, 1, 0);
	mod_end(&m);
	mod_section(&m, 5);
	mod_put(&m, 1, 0, 1);
	mod_end(&m);
	mod_section(&m, 10);
	mod_put(&m, 1, 4, 0, 0x20, 0, 0x0b);
	mod_end(&m);
	ret = wasm_module_decode(&module, m.b.at, m.b.len, wasm_features_default(), &err);
	assert(!ret);
	ret = jit_layout_init(&layout, &module);
	assert(!ret);
}

static struct jit_image *make_image(void)
{
	struct jit_image *image = calloc(1, TEXT_OFF + TEXT_SIZE);

	assert(image);
	*image = (struct jit_image){ .magic = JIT_IMAGE_MAGIC,
				     .version = JIT_IMAGE_VERSION,
				     .size = TEXT_OFF + TEXT_SIZE,
				     .tier = JIT_TIER_LLVM,
				     .module_size = module.size,
				     .nfuncs = 1,
				     .funcs_off = sizeof(*image),
				     .sites_off = sizeof(*image),
				     .handlers_off = sizeof(*image),
				     .osr_off = sizeof(*image),
				     .text_off = TEXT_OFF,
				     .text_size = TEXT_SIZE,
				     .ctx_size = layout.size };
	return image;
}

/* Whether it was verified; *ret_ok: what was claimed holds. */
static bool try_program(struct checker *c, uint8_t *text, bool *ret_ok)
{
	static uint8_t room[ROOM];
	struct program p = { 0 };
	struct x64_buf b;

	draw_program(&p);
	x64_buf_init(&b, room, sizeof(room));
	emit_program(&b, &p);
	assert(x64_offset(&b) <= TEXT_SIZE);
	memset(text, 0xcc, TEXT_SIZE);
	memcpy(text, room, x64_offset(&b));
	*ret_ok = true;
	/* not as the baseline's code */
	if (!jv_function(&c->v, 0) || !jv_opt_function(&c->v))
		return false;
	for (int k = 0; *ret_ok && k < RUNS; k++)
		*ret_ok = run_program(c, &p);
	return true;
}

static uint64_t setting(const char *name, uint64_t otherwise)
{
	const char *s = getenv(name);

	return s ? strtoull(s, NULL, 0) : otherwise;
}

int main(void)
{
	uint64_t programs = setting("CLAIMS", PROGRAMS), first = setting("CLAIMS_SEED", 1);
	struct wsbox_err err = WSBOX_ERR_INIT;
	unsigned long verified = 0, failed = 0;
	static struct checker c;
	struct jit_image *image;
	bool ok;

	make_module();
	image = make_image();
	ok = jv_init(&c.v, image, &module, &err) >= 0;
	assert(ok);
	for (uint64_t k = first; k < first + programs && failed < 10; k++) {
		seed = k << 20;
		verified += try_program(&c, (uint8_t *)image + TEXT_OFF, &ok);
		failed += !ok;
		if (!ok)
			printf("FAIL CLAIMS_SEED=%llu CLAIMS=1\n", (unsigned long long)k);
	}
	printf("%lu programs verified of %llu, %lu states, %lu values of a common name, "
	       "%lu orders\n",
	       verified, (unsigned long long)programs, c.states, c.named, c.ordered);
	/* a test of nothing is none */
	failed += programs == PROGRAMS && (verified < programs / 2 || c.named < 10 * programs ||
						    !c.ordered);
	jv_done(&c.v);
	free(image);
	wasm_module_done(&module);
	printf("%d passed, %lu failed, 0 skipped\n", !failed, failed);
	return failed != 0;
}
