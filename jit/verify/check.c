/* What each instruction does to what is known, and whether it may do it. */
#include <string.h>

#include "jit/verify/func.h"
#include "runtime/base/num.h"

enum { CC_B = 2, CC_AE = 3, CC_E = 4, CC_NE = 5, CC_A = 7 };

static bool memory_ok(struct jv *v, const struct jv_insn *i)
{
	return !(i->flags & JV_MEM) || jv_memory(v, i);
}

/* What needs no look: its memory operand and the register it writes. */
static bool simple(struct jv *v, const struct jv_insn *i)
{
	if (!memory_ok(v, i))
		return false;
	return i->dst == JV_NONE || jv_set(v, i, i->dst, i->width);
}

/* A copy of 64 bits keeps whether they are zero-extended. */
static bool copy_register(struct jv *v, const struct jv_insn *i, unsigned int src)
{
	uint32_t b = BIT(src);
	bool zx = v->s.zx & b, same = v->s.inherited & b;
	uint32_t origin = same ? src : jv_kind_of(v, src) == KIND_SAME ? v->s.n[src] : JV_NONE;

	if (!jv_set(v, i, i->dst, i->width) || i->width != 8)
		return !v->bad;
	if (zx)
		v->s.zx |= BIT(i->dst);
	else if (origin != JV_NONE)
		jv_know(v, i->dst, KIND_SAME, origin);
	return true;
}

static bool mov(struct jv *v, const struct jv_insn *i)
{
	if (!(i->flags & JV_MEM))
		return i->flags & JV_IMM ? simple(v, i) :
					   copy_register(v, i, i->dst == i->rm ? i->reg : i->rm);
	return i->dst == JV_NONE ? jv_memory(v, i) : jv_load(v, i);
}

static bool mov_imm(struct jv *v, const struct jv_insn *i)
{
	uint32_t high = i->width == 8 ? i->target : 0;

	if (!jv_set(v, i, i->dst, high ? 8 : 4))
		return false;
	jv_know(v, i->dst, KIND_CONST, 0);
	v->s.value[i->dst] = (uint32_t)i->imm | (uint64_t)high << 32;
	return true;
}

/* The import whose descriptor this is the address of, or WASM_NONE. */
static uint32_t import_at(const struct jv *v, const struct jv_insn *i)
{
	uint32_t d = (uint32_t)i->disp - (uint32_t)v->layout.imports;
	uint32_t size = sizeof(struct jit_callee);

	if (i->base != R13 || i->index != JV_NONE || i->disp < v->layout.imports || d % size ||
	    d / size >= v->m->imported_funcs)
		return WASM_NONE;
	return d / size;
}

static bool lea(struct jv *v, const struct jv_insn *i)
{
	uint32_t import = import_at(v, i);

	/* a number */
	if (i->width == 4 ||
	    (i->base != R13 && i->base != RSP && i->base != RBP && i->base != JV_RIP))
		return !(i->flags & JV_GS) && jv_set(v, i, i->dst, i->width);
	if (i->width != 8)
		return jv_refuse(v, i, "a part of an address");
	if (!jv_set(v, i, i->dst, 8))
		return false;
	if (import != WASM_NONE) {
		jv_know(v, i->dst, KIND_IMPORT, import);
	} else if (i->base == RSP && i->index == JV_NONE && i->disp >= 0 &&
		   (uint32_t)i->disp < v->s.depth) {
		jv_know(v, i->dst, KIND_FRAME, v->s.depth - (uint32_t)i->disp);
	} else {
		return jv_refuse(v, i, "an address that nobody needs");
	}
	return true;
}

/* i is add reg, [base of table t]; whether reg is a checked offset into it. */
static bool entry_of(struct jv *v, const struct jv_insn *i, uint32_t *ret_table)
{
	uint32_t t, n;
	enum jv_kind kind = jv_kind_of(v, i->dst);

	if (i->dst == JV_NONE || i->width != 8 ||
	    !jv_table_field(v, i, offsetof(struct jit_table, base), &t))
		return false;
	*ret_table = t;
	if (wasm_heap_top(v->m, wasm_heap(v->m->tables[t].type.elem)) != WASM_HEAP_FUNC)
		return false;
	if (kind == KIND_OFFSET)
		return v->s.n[i->dst] == t;
	n = v->s.n[i->dst];
	if (kind != KIND_BELOW_32 || t < v->m->imported_tables ||
	    (n & JV_N_MAX) > v->m->tables[t].type.limits.min)
		return false;
	if (n >> JV_N_BITS)
		jv_need(v, i, BIT((n >> JV_N_BITS) - 1));
	return true;
}

/*
 * Of a sum of two zero-extended registers at least one is known to be so; 1 + the other, if that is
 * to be shown.
 */
static bool sum(const struct jv *v, const struct jv_insn *i, uint32_t *ret)
{
	uint32_t both = BIT(i->dst) | BIT(i->dst == i->rm ? i->reg : i->rm), open = both & ~v->s.zx;

	*ret = open ? (uint32_t)__builtin_ctz(open) + 1 : 0;
	return (both & v->s.zx) && !(open & ~v->s.inherited);
}

static bool add_insn(struct jv *v, const struct jv_insn *i)
{
	bool regs = i->dst != JV_NONE && i->width == 8 && !(i->flags & (JV_MEM | JV_IMM));
	enum jv_kind kind = KIND_NONE;
	uint32_t n = 0;

	if (entry_of(v, i, &n)) {
		if (!jv_set(v, i, i->dst, 8))
			return false;
		jv_know(v, i->dst, KIND_ENTRY, n);
		return true;
	}
	if (regs && sum(v, i, &n)) {
		kind = KIND_SUM;
	} else if (i->width == 8 && i->imm == 4095 && i->flags & JV_IMM &&
		   jv_kind_of(v, i->dst) == KIND_SIZE) {
		kind = KIND_SIZE_UP;
		n = v->s.n[i->dst];
	}
	if (!simple(v, i))
		return false;
	if (kind != KIND_NONE)
		jv_know(v, i->dst, kind, n);
	return true;
}

/* Room for arguments of a call: no more than its guard has. */
static bool sub(struct jv *v, const struct jv_insn *i)
{
	if (i->dst != RSP)
		return simple(v, i);
	if (i->width != 8 || !(i->flags & JV_IMM) || v->leaf || v->s.leaving ||
	    v->s.depth != v->frame || i->imm <= 0 || i->imm % 16 || i->imm > 16 * WASM_MAX_PARAMS)
		return jv_refuse(v, i, "the stack pointer moves");
	v->s.depth += (uint32_t)i->imm;
	return true;
}

static bool and(struct jv *v, const struct jv_insn *i)
{
	uint32_t memory = i->dst < 16 ? v->s.n[i->dst] : 0;
	bool round = jv_kind_of(v, i->dst) == KIND_SIZE_UP && i->width == 8 && i->flags & JV_IMM &&
		     i->imm == -4096;

	if (!simple(v, i))
		return false;
	if (round)
		jv_know(v, i->dst, KIND_BEYOND, memory);
	return true;
}

static bool shl(struct jv *v, const struct jv_insn *i)
{
	enum jv_kind kind = i->width == 8 && i->imm == 5 ? jv_kind_of(v, i->dst) : KIND_NONE;
	uint32_t n = i->dst < 16 ? v->s.n[i->dst] : 0;

	/* a compare of 32 bits says nothing of the others */
	if (kind == KIND_BELOW && !(v->s.zx & BIT(i->dst))) {
		if (v->s.inherited & BIT(i->dst))
			n |= (i->dst + 1u) << JV_N_BITS;
		else
			kind = KIND_NONE;
	}
	if (!simple(v, i))
		return false;
	if (kind == KIND_INDEX)
		jv_know(v, i->dst, KIND_OFFSET, n);
	else if (kind == KIND_BELOW || kind == KIND_BELOW64)
		jv_know(v, i->dst, KIND_BELOW_32, n);
	return true;
}

/* The size in bytes of a 32-bit memory by the size of its pages. */
static bool shr(struct jv *v, const struct jv_insn *i)
{
	bool pages = jv_kind_of(v, i->dst) == KIND_SIZE && i->width == 8 && i->imm == 16 &&
		     !v->m->memories[v->s.n[i->dst]].limits.is64;

	if (!simple(v, i))
		return false;
	if (pages)
		v->s.zx |= BIT(i->dst);
	return true;
}

/*
 *	mov end, index; add end, bytes; jb trap; cmp end, size; cmova index, size
 * size is in memory, or the register that was compared is moved from the first address without
 * access.
 */
static bool is_checked(const struct jv *v, const struct jv_insn *i, uint32_t *ret)
{
	struct jv_insn last[4];
	const struct jv_insn *mov = &last[0], *add = &last[1], *jb = &last[2], *cmp = &last[3];
	uint32_t memory;

	if (i->imm != CC_A || i->width != 8 || !jv_look_back(v, i->at, last, ARRAY_SIZE(last)))
		return false;
	if (mov->class != JV_MOV || mov->width != 8 || mov->flags & (JV_MEM | JV_IMM) ||
	    mov->dst != mov->reg || mov->rm != i->dst)
		return false;
	if (add->class != JV_ADD || add->width != 8 || !(add->flags & JV_IMM) ||
	    add->flags & JV_MEM || add->dst != mov->dst || add->imm < 1 || add->imm > 16 ||
	    jb->class != JV_JCC || jb->reg != CC_B)
		return false;
	if (cmp->class != JV_CMP || cmp->width != 8 || cmp->flags & JV_IMM ||
	    cmp->reg != mov->dst || mov->dst == i->dst || !jv_memory_size(v, cmp, &memory))
		return false;
	*ret = memory | (uint32_t)add->imm << 8;
	if (!(i->flags & JV_MEM))
		return jv_is(v, i->rm, KIND_BEYOND, memory);
	return i->base == cmp->base && i->index == cmp->index && i->disp == cmp->disp &&
	       (i->flags & JV_GS) == (cmp->flags & JV_GS);
}

static bool cmov(struct jv *v, const struct jv_insn *i)
{
	uint32_t n;
	bool ok = is_checked(v, i, &n);

	if (!simple(v, i))
		return false;
	if (ok)
		jv_know(v, i->dst, KIND_CHECKED, n);
	return true;
}

static bool xchg(struct jv *v, const struct jv_insn *i)
{
	struct jv_state old = v->s;
	unsigned int pair[2] = { i->reg, i->rm };

	if (i->width < 4)
		return jv_refuse(v, i, "an exchange of parts of registers");
	for (unsigned int k = 0; k < 2; k++) {
		unsigned int dst = pair[k], src = pair[!k];

		if (!jv_set(v, i, dst, i->width))
			return false;
		if (i->width == 4)
			continue;
		if (old.zx & BIT(src))
			v->s.zx |= BIT(dst);
		else if (old.inherited & BIT(src))
			jv_know(v, dst, KIND_SAME, src);
		else if (old.special & BIT(src) && old.kind[src] == KIND_SAME)
			jv_know(v, dst, KIND_SAME, old.n[src]);
	}
	return true;
}

/* ---- branches ---- */

/* All entries of a table are instructions of the function; all tables are in it, and not twice. */
static bool edges_by_table(struct jv *v, const struct jv_insn *jump, uint32_t at, uint32_t n)
{
	v->table_entries += n;
	if (at < v->lo || at > v->hi || n > (v->hi - at) / 4 ||
	    v->table_entries > (v->hi - v->lo) / 4)
		return jv_refuse(v, jump, "a jump table outside of its function");
	for (uint32_t k = 0; k < n; k++) {
		int32_t d;

		memcpy(&d, v->text + at + 4 * k, 4);
		if (!jv_edge_to(v, jump->at, at + (uint32_t)d))
			return false;
	}
	return true;
}

/*
 * lea base, [table]; movsxd reg, [base + reg * 4]; add reg, base; jmp reg: where reg is below the
 * length of the table.
 */
static bool jump_table(struct jv *v, const struct jv_insn *lea)
{
	struct jv_insn next[3];
	const struct jv_insn *load = &next[0], *add = &next[1], *jump = &next[2];
	unsigned int reg, base = lea->dst;
	uint32_t n;

	if (!jv_peek(v, v->at, next, ARRAY_SIZE(next)) || load->class != JV_MOVSXD ||
	    add->class != JV_ADD || jump->class != JV_JMP_IND || jump->flags & JV_MEM)
		return jv_refuse(v, lea, "an address that nobody needs");
	reg = jump->rm;
	if (load->base != base || load->index != reg || load->scale != 2 || load->disp ||
	    load->flags & JV_GS || load->dst != reg || load->width != 8 || add->width != 8 ||
	    add->flags & (JV_MEM | JV_IMM) || add->dst != reg ||
	    (add->rm == reg ? add->reg : add->rm) != base)
		return jv_refuse(v, jump, "an indirect jump that is not through a jump table");
	if (!jv_set(v, lea, base, 8))
		return false;
	n = jv_kind_of(v, reg) == KIND_BELOW ? v->s.n[reg] : 0;
	if (!n || !jv_zero_extended(v, load, reg))
		return jv_refuse(v, load,
				 "an index that was not compared with the jump table's length");
	if (!jv_seal(v, next, ARRAY_SIZE(next)))
		return false;
	v->at = jump->at + jump->len;
	v->reached = false;
	return jv_set(v, add, reg, 8) && edges_by_table(v, jump, (uint32_t)lea->disp, n);
}

/* What is known where a conditional branch is not taken, from the compare directly before it. */
static void not_taken(struct jv *v, const struct jv_insn *i)
{
	struct jv_insn last[1];
	const struct jv_insn *c = last;
	uint32_t t;

	if ((i->reg != CC_AE && i->reg != CC_NE && i->reg != CC_E) ||
	    !jv_look_back(v, i->at, last, 1))
		return;
	if (c->class == JV_CMP && i->reg == CC_AE) {
		if (c->flags & JV_IMM && c->rm < 16 && c->width >= 4 && c->imm >= 0 &&
		    c->imm <= (int32_t)JV_N_MAX)
			jv_know(v, c->rm, c->width == 4 ? KIND_BELOW : KIND_BELOW64,
				(uint32_t)c->imm);
		else if (c->width == 8 && !(c->flags & JV_IMM) && c->rm == JV_NONE &&
			 c->flags & JV_READ &&
			 jv_table_field(v, c, offsetof(struct jit_table, size), &t))
			jv_know(v, c->reg, KIND_INDEX, t);
	} else if (c->class == JV_CMP && i->reg == CC_NE) {
		if (c->width == 4 && c->rm == JV_NONE && !(c->flags & (JV_IMM | JV_GS)) &&
		    !c->disp && c->index == JV_NONE && c->base == R10 &&
		    jv_kind_of(v, R10) == KIND_ENTRY && jv_kind_of(v, c->reg) == KIND_SIG)
			jv_know(v, R10, KIND_CALLEE, v->s.n[c->reg]);
	} else if (c->class == JV_TEST && i->reg == CC_E && c->width == 8 && c->rm == c->reg &&
		   !(c->flags & JV_IMM)) {
		jv_know(v, c->rm, KIND_NOT_NULL, 0);
	}
}

bool jv_step(struct jv *v, const struct jv_insn *i)
{
	if (v->s.leaving && i->class != JV_POP && i->class != JV_RET && i->class != JV_JMP &&
	    i->class != JV_JMP_IND)
		return jv_refuse(v, i, "code within the epilogue");
	switch ((enum jv_class)i->class) {
	case JV_OP:
	case JV_MOVSXD:
		return simple(v, i);
	case JV_NOP:
		return true;
	case JV_MOV:
		if (i->base == RBP && i->flags & JV_READ && jv_starts_replace(v, i))
			return jv_replace_frame(v, i);
		return mov(v, i);
	case JV_MOV_IMM:
		return mov_imm(v, i);
	case JV_LEA:
		if (i->base == RBP && i->width == 8 && i->dst == RSP)
			return jv_lea_rsp(v, i);
		if (i->base == RBP && i->width == 8)
			return jv_zero_loop(v, i);
		if (i->base == JV_RIP && i->width == 8)
			return jump_table(v, i);
		return lea(v, i);
	case JV_ADD:
		return add_insn(v, i);
	case JV_SUB:
		return sub(v, i);
	case JV_AND:
		return and(v, i);
	case JV_CMP:
	case JV_TEST:
		return memory_ok(v, i);
	case JV_SHL:
		return shl(v, i);
	case JV_SHR:
		return shr(v, i);
	case JV_CMOV:
		return cmov(v, i);
	case JV_XCHG:
		return xchg(v, i);
	case JV_WIDE:
		return memory_ok(v, i) && jv_set(v, i, RAX, i->width) &&
		       jv_set(v, i, RDX, i->width);
	case JV_CDQ:
		return jv_set(v, i, RDX, i->width);

	case JV_POP:
		return jv_pop(v, i);
	case JV_LEAVE:
		return jv_leave(v, i);
	case JV_RET:
		v->reached = false;
		return jv_return(v, i);
	case JV_CALL:
		return jv_call(v, i);
	case JV_CALL_IND:
		v->reached = !jv_ends(i);
		return jv_call_indirect(v, i);
	case JV_JCC:
		if (!jv_edge_to(v, i->at, i->target))
			return false;
		not_taken(v, i);
		return true;
	case JV_JMP:
		v->reached = false;
		return i->target <= v->lo || i->target >= v->hi ? jv_tail(v, i) :
								  jv_edge_to(v, i->at, i->target);
	case JV_JMP_IND:
		v->reached = false;
		if (i->flags & JV_MEM)
			return jv_tail_indirect(v, i);
		return jv_refuse(v, i, "an indirect jump that is not through a jump table");
	case JV_CDQE:
	case JV_MULX:
	case JV_PUSH:
	case JV_BAD:
	case JV_GROUP:
		break;
	}
	return jv_refuse(v, i, "an instruction out of place");
}
