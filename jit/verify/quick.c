/*
 * The walk over a block of the baseline's code. Nearly all of it are general instructions with
 * registers, slots of the frame, globals and linear memory, moves of vectors, branches and calls.
 * What these do is known here: by the same rows of opcodes.c as decode.c goes by, and as check.c
 * has it, but without a struct jv_insn, and with the facts about registers in one number.
 *
 * Nothing is refused here. What is not known or not right at once is left to jv_step(), so all that
 * could be wrong is what is passed: tests/verify/mutate and tests/fuzz/verify.c do without it, too,
 * and compare.
 */
#include <string.h>

#include "jit/verify/func.h"
#include "jit/verify/opcodes.h"

#define ALWAYS_INLINE static inline __attribute__((always_inline))
#define NOINLINE static __attribute__((noinline))
#define LIKELY(x) __builtin_expect(x, 1)
#define UNLIKELY(x) __builtin_expect(x, 0)

enum { REX_B = 1, REX_X = 2, REX_R = 4, REX_W = 8, REX = 0x40 };
enum { CC_AE = 3, CC_E = 4, CC_NE = 5 };

/*
 * What is known of registers as one number: bit r, zero-extended; bit 16 + r, as at the block's
 * start; bit 32 + r, special. Bits from 48 on mean nothing.
 */
#define ZX(r) (UINT64_C(1) << (r))
#define INHERITED(r) (ZX(r) << 16)
#define SPECIAL(r) (ZX(r) << 32)
#define ALL_OF(r) (UINT64_C(0x100010001) << (r))
#define NOWHERE 48u		/* in place of a register that is written */

/* An instruction, and what is known before it. Only what is inlined sees it: it is in registers. */
struct quick {
	uint64_t state;
	uint32_t need;		/* of struct jv_block */
	uint32_t at;
	uint32_t last;		/* row of the one before, with W64 if of 64 bits, or UNKNOWN */
	uint32_t row, code, rex;	/* of opcodes.c; opcode; REX with its upper bits, or 0 */
	bool gs, w16;		/* prefixes */
	bool leaves;		/* control does not fall through */
	const uint8_t *p;	/* behind the opcode; then where the instruction ends */
};

#define UNKNOWN UINT32_MAX

/* Forms of ModRM. Bits 0 to 2: its bytes, with SIB and displacement, but for what NO_BASE says. */
enum {
	LEN = 7,
	DISP8 = 1 << 3,		/* the displacement is a byte, else four */
	AT_5 = 1 << 4,		/* [rbp or r13 + displacement] */
	INDEXED = 1 << 5,	/* SIB and a displacement */
	NO_BASE = 1 << 6,	/* SIB, whose base 5 means none, but a displacement */
	REGISTER = 1 << 7,
};

/* clang-format off */
#define ROW(other, four, five) other, other, other, other, four, five, other, other
#define ROWS(...) ROW(__VA_ARGS__), ROW(__VA_ARGS__), ROW(__VA_ARGS__), ROW(__VA_ARGS__), \
		  ROW(__VA_ARGS__), ROW(__VA_ARGS__), ROW(__VA_ARGS__), ROW(__VA_ARGS__)
static const uint8_t forms[256] = {
	ROWS(1, 2 | NO_BASE, 5),
	ROWS(2, 3 | INDEXED | DISP8, 2 | AT_5 | DISP8),
	ROWS(5, 6 | INDEXED, 5 | AT_5),
	ROWS(1 | REGISTER, 1 | REGISTER, 1 | REGISTER),
};
/* clang-format on */

ALWAYS_INLINE uint32_t read32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, 4);
	return v;
}

ALWAYS_INLINE void take(const struct jv *v, struct quick *q)
{
	q->state = v->s.zx | (uint64_t)v->s.inherited << 16 | (uint64_t)v->s.special << 32;
}

ALWAYS_INLINE void keep(struct jv *v, struct quick *q)
{
	struct jv_block *b = &v->blocks.at[v->block];

	v->s.zx = q->state & 0xffff;
	v->s.inherited = q->state >> 16 & 0xffff;
	v->s.special = q->state >> 32 & 0xffff;
	if (q->need && !b->need)
		b->need_at = q->at;
	b->need |= q->need;
	q->need = 0;
}

/* p: behind the prefixes, but for REX. */
ALWAYS_INLINE void fetch(struct quick *q, const uint8_t *p)
{
	q->rex = 0;
	q->code = *p++;
	if ((q->code & 0xf0) == REX) {
		q->rex = q->code;
		q->code = *p++;
	}
	q->row = jv_rows[JV_MAP_ONE][q->code];
	if (q->code == 0x0f)
		q->row = jv_rows[JV_MAP_0F][*p++];
	q->p = p;
}

/* ---- registers ---- */

ALWAYS_INLINE unsigned int reg_of(const struct quick *q, unsigned int m)
{
	return (m >> 3 & 7) | (q->rex & REX_R) << 1;
}

ALWAYS_INLINE unsigned int rm_of(const struct quick *q, unsigned int m)
{
	return (m & 7) | (q->rex & REX_B) << 3;
}

/* As jv_set(), of 32 bits or 64. */
ALWAYS_INLINE bool set(const struct jv *v, struct quick *q, unsigned int reg)
{
	uint64_t all = ALL_OF(reg);

	if (UNLIKELY(all & v->pinned))
		return false;
	q->state = (q->state & ~all) | (uint64_t)!(q->rex & REX_W) << reg;
	return true;
}

/* A copy of 64 bits keeps whether they are zero-extended: as copy_register() of check.c. */
ALWAYS_INLINE bool copy(struct jv *v, struct quick *q, unsigned int dst, unsigned int src)
{
	uint64_t from = q->state;
	uint32_t origin = src;

	if (!set(v, q, dst))
		return false;
	if (from & ZX(src)) {
		q->state |= ZX(dst);
		return true;
	}
	if (!(from & INHERITED(src))) {
		if (!(from & SPECIAL(src)) || v->s.kind[src] != KIND_SAME)
			return true;
		origin = v->s.n[src];
	}
	q->state |= SPECIAL(dst);
	v->s.kind[dst] = KIND_SAME;
	v->s.n[dst] = origin;
	return true;
}

/* ---- memory operands of up to 8 bytes ---- */

/* [r13 + index]: zero-extended, no scale. */
ALWAYS_INLINE bool index_ok(struct quick *q, unsigned int sib)
{
	unsigned int index = (sib >> 3 & 7) | (q->rex & REX_X) << 2;

	if (UNLIKELY((sib & 0xc7) != 5 || index == RSP ||
		     !((q->state | q->state >> 16) & ZX(index))))
		return false;
	q->need |= (uint32_t)(~q->state & ZX(index));
	return true;
}

/* 8 bytes of a global of the module's own. */
ALWAYS_INLINE bool global_ok(const struct jv *v, const struct quick *q, int64_t disp)
{
	uint64_t d = (uint64_t)(disp - v->layout.globals), n = d / 16;

	return n < v->m->nglobals && n >= v->m->imported_globals && d % 16 <= 8 &&
	       (!(q->row & W) || v->m->globals[n].type.mut);
}

/* Where the memory operand of this ModRM is one of gs:. */
ALWAYS_INLINE bool gs_ok(const struct jv *v, const struct quick *q, unsigned int form)
{
	return v->gs && q->row & (R | W) && (q->p[0] & 0xc7) != 5 &&
	       !(form & NO_BASE && (q->p[1] & 7) == 5);
}

/*
 * [rbp + disp] in the frame; [r13 + disp] or [r13 + index + disp] where pages guard the memory;
 * globals. more: bytes beyond 8.
 */
ALWAYS_INLINE bool memory_ok(const struct jv *v, struct quick *q, unsigned int form, uint32_t more)
{
	unsigned int drop = (form & DISP8) * 3;
	int64_t disp = (int32_t)(read32(q->p + 1 + (form >> 5 & 1)) << drop) >> drop;

	if (UNLIKELY(q->gs))
		return gs_ok(v, q, form);
	if (form & AT_5 && !(q->rex & REX_B))
		return (uint64_t)(disp - v->near.low) < v->near.span &&
		       (uint64_t)(disp - v->near.low) + more < v->near.span;
	if (UNLIKELY(!(form & (AT_5 | INDEXED)) || !(q->rex & REX_B)))
		return false;
	if (UNLIKELY(disp < v->near.memory))
		return form & AT_5 && !more && global_ok(v, q, disp);
	return form & AT_5 || index_ok(q, q->p[1]);
}

/* ---- instructions with ModRM ---- */

ALWAYS_INLINE void pass_imm(struct quick *q)
{
	if (q->row & (I1 | IZ))
		q->p += q->row & I1 ? 1 : 4;
}

/* Nothing of it needs a look but the memory operand and the register that is written. */
ALWAYS_INLINE bool is_plain(const struct quick *q)
{
	unsigned int class = q->row & 31;

	return class && (class <= JV_PLAIN_64 || (class <= JV_PLAIN_32 && !(q->rex & REX_W)));
}

/* Bytes of registers, where none is ah or its like, as the reg field might say, too. */
ALWAYS_INLINE bool pass_bytes(struct jv *v, struct quick *q, unsigned int m)
{
	unsigned int dst;

	if (!q->rex && m & (q->row & B ? 0x24 : 4))
		return false;
	q->p++;
	pass_imm(q);
	dst = q->row & DREG ? reg_of(q, m) : q->row & DRM ? rm_of(q, m) : NOWHERE;
	if (!(q->row & B))
		return set(v, q, dst);
	if (ZX(dst) & v->pinned)
		return false;
	q->state &= ~(INHERITED(dst) | SPECIAL(dst));
	return true;
}

ALWAYS_INLINE bool pass_registers(struct jv *v, struct quick *q, unsigned int m)
{
	unsigned int dst = NOWHERE;

	if (UNLIKELY(q->gs || q->w16 || q->row & (F3 | W64 | ONLY_M) || !is_plain(q)))
		return false;
	if (q->row & (B | BRM))
		return pass_bytes(v, q, m);
	q->p++;
	pass_imm(q);
	dst = q->row & DRM ? rm_of(q, m) : dst;
	dst = q->row & DREG ? reg_of(q, m) : dst;
	if ((q->row & 31) == JV_MOV && q->rex & REX_W && !(q->row & IZ))
		return copy(v, q, dst, q->row & DREG ? rm_of(q, m) : reg_of(q, m));
	return set(v, q, dst);
}

/* lea of a number, made of registers that are no addresses; what fills, and is not touched. */
ALWAYS_INLINE bool pass_untouched(struct jv *v, struct quick *q, unsigned int m, unsigned int form)
{
	unsigned int base = (m & 7) == 4 ? q->p[1] & 7 : m & 7;

	if (q->gs || (form & NO_BASE && base == RBP))
		return false;
	q->p += form & LEN;
	if ((q->row & 31) == JV_NOP)
		return !q->rex;
	/* rsp and rbp; r12 and r13 with REX.B; rip, and none */
	if ((q->row & 31) != JV_LEA || q->w16 || (q->rex & REX_W && (base == RSP || base == RBP)))
		return false;
	return set(v, q, reg_of(q, m));
}

ALWAYS_INLINE bool pass_memory(struct jv *v, struct quick *q, unsigned int m, unsigned int form)
{
	if ((q->row & 31) > JV_PLAIN_32)
		return pass_untouched(v, q, m, form);
	if (UNLIKELY(q->row & (F3 | W64 | ONLY_R) || !is_plain(q) || !memory_ok(v, q, form, 0)))
		return false;
	q->p += form & LEN;
	if (UNLIKELY(q->w16))	/* a store */
		return (q->row & 31) == JV_MOV && !(q->row & (B | R | IZ)) && !(q->rex & REX_W);
	pass_imm(q);
	/* ah and its like, but for digits */
	if (q->row & B)
		return !(q->row & DREG) && (q->rex || !(m & 0x20));
	return set(v, q, q->row & DREG ? reg_of(q, m) : NOWHERE);
}

ALWAYS_INLINE bool pass_with_modrm(struct jv *v, struct quick *q)
{
	unsigned int m = *q->p, form = forms[m];

	if ((q->row & 31) == JV_GROUP) {
		uint32_t group = q->row;

		q->row = jv_groups[group >> 8][m >> 3 & 7];
		/* some of f6 and f7 */
		if (UNLIKELY((group ^ q->row) & (I1 | IZ)))
			return false;
	}
	return form & REGISTER ? pass_registers(v, q, m) : pass_memory(v, q, m, form);
}

/* ---- vector instructions of 128 bits ---- */

/* c4 or c5 is at q->p. */
ALWAYS_INLINE bool pass_vex(struct jv *v, struct quick *q)
{
	unsigned int map = 0, second = q->p[1], m, form, size;

	q->rex = ~second >> 5 & REX_R;
	if (*q->p++ == 0xc4) {
		q->rex = ~second >> 5 & (REX_R | REX_X | REX_B);
		map = (second & 31) - 1u;
		second = *++q->p;
		q->rex |= second >> 4 & REX_W;
	}
	if (map > 2 || second & 4)
		return false;
	q->row = jv_vex[map][second & 3][q->p[1]];
	q->p += 2;
	m = *q->p;
	form = forms[m];
	size = q->row >> 18 & 7;
	if ((q->row & 31) != JV_OP || q->row & (DIGIT | DVVV) ||
	    (q->rex & REX_W && !(q->row & WG)) || (~second >> 3 & 15 && !(q->row & V)) ||
	    q->row & (form & REGISTER ? ONLY_M : ONLY_R) ||
	    (!(form & REGISTER) && !memory_ok(v, q, form, size == 5 ? 8 : 0)))
		return false;
	q->p += form & LEN;
	pass_imm(q);
	if (q->row & DREG)
		return set(v, q, reg_of(q, m));
	return set(v, q, q->row & DRM && form & REGISTER ? rm_of(q, m) : NOWHERE);
}

/* ---- branches, calls, constants ---- */

/* Whether something may be known where the branch is not taken: see not_taken() of check.c. */
ALWAYS_INLINE bool tells(const struct quick *q, unsigned int cc)
{
	unsigned int last = q->last & 31;

	if (cc != CC_AE && cc != CC_NE && cc != CC_E)
		return false;
	return q->last == UNKNOWN ||
	       (cc == CC_E ? last == JV_TEST && q->last & W64 :
			     last == JV_CMP && (cc == CC_AE || q->state & SPECIAL(R10)));
}

/* To a place within the function. */
ALWAYS_INLINE bool branch(struct jv *v, struct quick *q, bool near)
{
	uint32_t d = near ? (uint32_t)(int8_t)*q->p : read32(q->p), target;

	if ((q->row & 31) == JV_JCC && tells(q, q->p[-1] & 15))
		return false;
	q->p += near ? 1 : 4;
	target = (uint32_t)(q->p - v->text) + d;
	/* behind a jump that is not all in the function nobody else would see it */
	if (target <= v->lo || target >= v->hi || q->p > v->text + v->hi)
		return false;
	keep(v, q);
	q->leaves = (q->row & 31) == JV_JMP;
	return jv_edge_to(v, q->at, target);
}

ALWAYS_INLINE bool call(struct jv *v, struct quick *q)
{
	struct jv_insn i = { .at = q->at };

	i.target = (uint32_t)(q->p + 4 - v->text) + read32(q->p);
	q->p += 4;
	keep(v, q);
	if (!jv_call(v, &i))
		return false;
	take(v, q);
	return true;
}

ALWAYS_INLINE bool move_imm(struct jv *v, struct quick *q)
{
	unsigned int reg = rm_of(q, q->code);
	uint64_t value = read32(q->p);

	if (q->rex & REX_W)
		value |= (uint64_t)read32(q->p + 4) << 32;
	q->p += q->rex & REX_W ? 8 : 4;
	if (!set(v, q, reg))
		return false;
	q->state |= SPECIAL(reg) | (uint64_t)!(value >> 32) << reg;
	v->s.kind[reg] = KIND_CONST;
	v->s.n[reg] = 0;
	v->s.value[reg] = value;
	return true;
}

ALWAYS_INLINE bool pass_without_modrm(struct jv *v, struct quick *q)
{
	switch ((enum jv_class)(q->row & 31)) {
	case JV_JCC:
		return branch(v, q, q->code != 0x0f);
	case JV_JMP:
		return branch(v, q, q->code == 0xeb);
	case JV_CALL:
		return call(v, q);
	case JV_MOV_IMM:
		return move_imm(v, q);
	case JV_OP: case JV_ADD: case JV_SUB: case JV_AND: case JV_CMP: case JV_TEST:
		/* of eax with an immediate */
		if (!(q->row & IZ) || !is_plain(q))
			return false;
		q->p += 4;
		return set(v, q, q->row & DOP ? RAX : NOWHERE);
	case JV_NOP:
		return !q->rex;
	default:
		return false;
	}
}

/* ---- what is rarer: the state is v's ---- */

/* Behind prefixes, c4 and c5. The length, or 0. *ret_row: as quick.last. */
NOINLINE unsigned int pass_rare(struct jv *v, uint32_t at, uint32_t *ret_row)
{
	struct quick q = { .at = at, .p = v->text + at };
	bool ok;

	take(v, &q);
	if ((*q.p & 0xfe) == 0xc4) {
		ok = pass_vex(v, &q);
	} else {
		q.gs = q.p[0] == 0x65 && q.p[1] == 0x67;
		q.p += q.gs ? 2 : 0;
		q.w16 = *q.p == 0x66;
		fetch(&q, q.p + q.w16);
		ok = (q.gs || q.w16) && q.row & M && pass_with_modrm(v, &q);
	}
	if (!ok)
		return 0;
	keep(v, &q);
	*ret_row = q.w16 ? JV_OP : q.row | (q.rex & REX_W) << 18;
	return (unsigned int)(q.p - v->text) - at;
}

/* With all that check.c knows. */
NOINLINE bool step(struct jv *v)
{
	struct jv_insn i;
	unsigned int len = jv_decode_at(v, v->at, &i);

	if (!len || len > v->hi - v->at)
		return jv_fail(v, v->at, "an instruction that is not permitted");
	v->map[v->at - v->lo] |= JV_START;
	v->at += len;
	return jv_step(v, &i);
}

/* Restoring registers and returning. */
static bool leave(struct jv *v)
{
	const uint8_t *p = v->text + v->at;
	unsigned int rex = *p == 0x41, opcode = p[rex];
	struct jv_insn i = { .at = v->at, .rm = (opcode & 7) | rex << 3 };

	if ((opcode & 0xf8) != 0x58 && (opcode != 0xc3 || rex))
		return step(v);
	v->map[v->at - v->lo] |= JV_START;
	v->at += 1 + rex;
	v->reached = opcode != 0xc3;
	return v->reached ? jv_pop(v, &i) : jv_return(v, &i);
}

/* What pass() leaves. */
NOINLINE bool pass_slowly(struct jv *v, uint32_t *ret_last)
{
	unsigned int first, len;
	bool rare;

	*ret_last = UNKNOWN;
	if (v->at >= v->quick_end)
		return step(v);
	if (v->s.leaving)
		return leave(v);
	first = v->text[v->at];
	rare = (first & 0xfe) == 0xc4 || first == 0x65 || first == 0x66;
	len = rare && v->s.depth != UINT32_MAX ? pass_rare(v, v->at, ret_last) : 0;
	if (!len)
		return step(v);
	v->map[v->at - v->lo] |= JV_START;
	v->at += len;
	return true;
}

/* ---- the walk ---- */

ALWAYS_INLINE bool pass(struct jv *v, struct quick *q)
{
	fetch(q, v->text + q->at);
	return q->row & M ? pass_with_modrm(v, q) : pass_without_modrm(v, q);
}

/* As far as pass() may be used. */
static uint32_t quick_end(const struct jv *v)
{
	return v->s.leaving || v->s.depth == UINT32_MAX ? v->lo : v->quick_end;
}

bool jv_walk_block(struct jv *v)
{
	struct quick q = { .at = v->at, .last = UNKNOWN };
	uint32_t *map = v->map - v->lo, end = quick_end(v), last;
	bool ok = true;

	take(v, &q);
	do {
		if (LIKELY(q.at < end) && LIKELY(pass(v, &q))) {
			map[q.at] |= JV_START;
			q.last = q.row | (q.rex & REX_W) << 18;
			q.at = (uint32_t)(q.p - v->text);
			continue;
		}
		if (v->bad || q.at >= v->hi)
			break;
		keep(v, &q);
		v->at = q.at;
		ok = pass_slowly(v, &last);
		take(v, &q);
		q.leaves = !v->reached;
		q.at = v->at;
		q.last = last;
		end = quick_end(v);
	} while (ok && !q.leaves && !(map[q.at] & JV_BLOCK));
	keep(v, &q);
	v->at = q.at;
	v->reached = !q.leaves;
	return ok && !v->bad;
}
