/*
 * Frames: the prologue and the epilogue, whose forms are fixed (jit/cc.h, jit/baseline/frame.c),
 * and the sequences that touch the stack in other ways than an operand of one instruction.
 */
#include <string.h>

#include "jit/verify/func.h"

#define PAGE 4096u
#define UNPROBED_MAX (PAGE - 64)	/* of a frame; also of a leaf's, which does not move rsp */
#define FRAME_MAX (1 << 30)
#define PROBE_LEN 6

static const struct jv_insn *insn(const struct jv *v, uint32_t k)
{
	static const struct jv_insn none;

	return k < v->insns.len ? &v->insns.at[k] : &none;
}

static bool is_reg_op(const struct jv_insn *i, enum jv_class class, unsigned int dst,
		      unsigned int src)
{
	return i->class == class && i->width == 8 && !(i->flags & (JV_MEM | JV_IMM)) &&
	       ((i->reg == dst && i->rm == src && (i->dst == dst || i->dst == JV_NONE)) ||
		(i->rm == dst && i->reg == src && i->dst == dst));
}

static bool is_imm_op(const struct jv_insn *i, enum jv_class class, unsigned int dst, int32_t imm)
{
	return i->class == class && i->width == 8 && i->flags & JV_IMM && !(i->flags & JV_MEM) &&
	       i->dst == dst && i->imm == imm;
}

static bool is_at(const struct jv_insn *i, unsigned int base, int32_t disp)
{
	return i->flags & JV_MEM && !(i->flags & JV_GS) && i->base == base && i->index == JV_NONE &&
	       i->disp == disp;
}

/* A load or store of a whole general register. */
static bool is_mov(const struct jv_insn *i, unsigned int reg, unsigned int base, int32_t disp,
		   bool load)
{
	return i->class == JV_MOV && i->width == 8 && i->size == 8 && i->reg == reg &&
	       is_at(i, base, disp) && !(i->flags & JV_IMM) && (i->dst == reg) == load;
}

static bool is_lea(const struct jv_insn *i, unsigned int dst, unsigned int base)
{
	return i->class == JV_LEA && i->width == 8 && i->dst == dst && i->base == base &&
	       i->index == JV_NONE && !(i->flags & JV_GS);
}

/* ---- the beginning ---- */

/*
 * lea rax, [rsp - size]; head: sub rsp, 4096; or [rsp], 0; cmp rsp, rax; ja head;
 * mov rsp, rax; jmp back
 */
static bool is_probe(const struct jv *v, uint32_t k)
{
	const struct jv_insn *touch = insn(v, k + 2), *loop = insn(v, k + 4);
	const struct jv_insn *jump = insn(v, k + PROBE_LEN);

	return is_lea(insn(v, k), RAX, RSP) && insn(v, k)->disp < 0 &&
	       insn(v, k)->disp > -FRAME_MAX && is_imm_op(insn(v, k + 1), JV_SUB, RSP, PAGE) &&
	       touch->class == JV_OP && touch->flags & JV_IMM && !touch->imm &&
	       is_at(touch, RSP, 0) && is_reg_op(insn(v, k + 3), JV_CMP, RSP, RAX) &&
	       loop->class == JV_JCC && loop->reg == 7 && loop->target == insn(v, k + 1)->at &&
	       is_reg_op(insn(v, k + 5), JV_MOV, RSP, RAX) && jump->class == JV_JMP &&
	       jump->target == v->back && jv_unbroken(v, k + 2, PROBE_LEN - 1);
}

/* The instruction at this place in text, or UINT32_MAX. */
static uint32_t find(const struct jv *v, uint32_t at)
{
	uint32_t lo = 0, hi = (uint32_t)v->insns.len;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (v->insns.at[mid].at < at)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < v->insns.len && v->insns.at[lo].at == at ? lo : UINT32_MAX;
}

/* What makes room for the frame: sub rsp, or a jump to the probe; a leaf does without. */
static bool reserve_frame(struct jv *v, uint32_t *k)
{
	const struct jv_insn *i = insn(v, *k);
	uint32_t size = 0;

	v->leaf = false;
	if (i->class == JV_SUB && i->dst == RSP) {
		if (!is_imm_op(i, JV_SUB, RSP, i->imm) || i->imm < 0 ||
		    i->imm > (int32_t)UNPROBED_MAX)
			return jv_refuse(v, i, "a frame of more than a page that is not probed");
		size = (uint32_t)i->imm;
		++*k;
	} else if (i->class == JV_JMP && insn(v, *k + 1)->at == i->at + i->len + 2) {
		v->back = insn(v, *k + 1)->at;
		v->probe = find(v, i->target);
		if (v->probe == UINT32_MAX || v->probe <= *k || !is_probe(v, v->probe))
			return jv_refuse(v, i, "a frame of more than a page that is not probed");
		size = -(uint32_t)insn(v, v->probe)->disp;
		jv_close(v, i->target);
		jv_close(v, insn(v, v->probe + 1)->at);
		++*k;
	} else {
		v->leaf = true;
	}
	v->s.depth = v->frame = 8 * v->nsaved + size;
	v->bottom = v->leaf ? v->frame + UNPROBED_MAX : v->frame;
	return v->leaf || v->frame % 16 == 0 || jv_refuse(v, i, "a frame that is not aligned");
}

/*
 * cmp qword [slot], 0; jne away: from there a jump to what took the function's place, which finds
 * all as this function does.
 */
static bool entry_looks(struct jv *v, uint32_t *k)
{
	const struct jv_insn *cmp = insn(v, 0), *jne = insn(v, 1), *jump;
	int32_t slot = jit_slot_disp(&v->layout, v->func);
	uint32_t at;

	v->replaced = UINT32_MAX;
	if (cmp->class != JV_CMP)
		return true;
	if (!(v->image->flags & JIT_IMAGE_REPLACEABLE) || cmp->width != 8 ||
	    !(cmp->flags & JV_IMM) || cmp->imm || !is_at(cmp, R13, slot) ||
	    jne->class != JV_JCC || jne->reg != 5 || jne->at != cmp->at + cmp->len ||
	    jne->at + jne->len - cmp->at != JIT_LOOK_BYTES || !jv_unbroken(v, 1, 2))
		return jv_refuse(v, cmp, "not a look at what took the function's place");
	at = find(v, jne->target);
	jump = insn(v, at);
	if (at == UINT32_MAX || at <= 1 || jump->class != JV_JMP_IND || !is_at(jump, R13, slot))
		return jv_refuse(v, jne, "not a jump to what took the function's place");
	jv_close(v, jne->target);
	v->replaced = at;
	*k = 2;
	return true;
}

bool jv_replaced(struct jv *v, uint32_t *k)
{
	const struct jv_insn *jump = insn(v, *k);

	if (v->reached || !jv_test(v->targets, jump->at - v->lo))
		return jv_refuse(v, jump, "the way to what took the function's place in the way");
	/* entered from the beginning only, where nothing has changed yet */
	v->blocks.at[++v->block].first_edge = (uint32_t)v->edges.len;
	++*k;
	return true;
}

bool jv_prologue(struct jv *v, uint32_t *k)
{
	static const uint8_t order[4] = { RBX, R12, R14, R15 };
	const struct jv_insn *first;
	uint32_t saved = 0, start;

	v->nsaved = 0;
	v->probe = UINT32_MAX;
	if (!entry_looks(v, k))
		return false;
	start = *k;
	first = insn(v, start);
	if (first->class != JV_PUSH || first->rm != RBP ||
	    !is_reg_op(insn(v, start + 1), JV_MOV, RBP, RSP))
		return jv_refuse(v, first, "not the beginning of a function");
	*k = start + 2;
	for (unsigned int r = 0; r < 4; r++) {
		if (insn(v, *k)->class != JV_PUSH || insn(v, *k)->rm != order[r])
			continue;
		v->saved[v->nsaved++] = order[r];
		saved |= BIT(order[r]);
		++*k;
	}
	if (!jv_unbroken(v, start + 1, *k - start - 1))
		return jv_refuse(v, first, "a branch into the beginning of the function");
	v->pinned = BIT(RSP) | BIT(RBP) | BIT(R13) | (JV_CALLEE_SAVED & ~saved);
	if (!reserve_frame(v, k))
		return false;
	if (v->nhandlers && v->nsaved != 4)
		return jv_refuse(v, first,
				 "a handler in a function that does not save all registers");
	if (v->probe != UINT32_MAX) {
		/* the probe changes rax only, and nobody else comes here */
		v->s.zx &= ~BIT(RAX);
		if (!jv_block_begin(v, insn(v, *k)))
			return false;
		v->blocks.at[v->block].closed = true;
	}
	if (!v->sig->result_bytes)
		return true;
	/* below rsp the arguments of a call would lie over it */
	if (!v->leaf && v->frame <= 8 * v->nsaved)
		return jv_refuse(v, insn(v, *k), "no room for the address of the results");
	if (!is_mov(insn(v, *k), RDI, RBP, -8 * (int32_t)(v->nsaved + 1), false))
		return jv_refuse(v, insn(v, *k), "the address of the results is not kept");
	++*k;
	return true;
}

bool jv_probe(struct jv *v, uint32_t *k)
{
	const struct jv_insn *lea = insn(v, *k), *head = insn(v, *k + 1);

	if (v->reached || !jv_test(v->targets, lea->at - v->lo) ||
	    !jv_test(v->targets, head->at - v->lo))
		return jv_refuse(v, lea, "the probe of the frame in the way");
	/* two blocks, entered from the prologue only, which has passed on what holds behind them */
	for (unsigned int n = 0; n < 2; n++)
		v->blocks.at[++v->block].first_edge = (uint32_t)v->edges.len;
	*k += PROBE_LEN + 1;
	return true;
}

/*
 * lea rax, [rbp - low]; lea rcx, [rbp - high]; head: sub rax, 16; vmovups [rax], xmm0;
 * cmp rax, rcx; ja head
 */
bool jv_zero_loop(struct jv *v, uint32_t *k)
{
	const struct jv_insn *a = insn(v, *k), *b = insn(v, *k + 1), *head = insn(v, *k + 2);
	const struct jv_insn *store = insn(v, *k + 3);
	const struct jv_insn *cmp = insn(v, *k + 4), *loop = insn(v, *k + 5);
	int64_t low = -(int64_t)a->disp, high = -(int64_t)b->disp;
	int64_t top = 8 * (int64_t)v->nsaved + (v->sig->result_bytes ? 8 : 0);

	if (!is_lea(a, RAX, RBP) || !is_lea(b, RCX, RBP) || !is_imm_op(head, JV_SUB, RAX, 16) ||
	    store->class != JV_OP || store->size != 16 || !(store->flags & JV_WRITE) ||
	    store->dst != JV_NONE || !is_at(store, RAX, 0) || !is_reg_op(cmp, JV_CMP, RAX, RCX) ||
	    cmp->reg != RAX || loop->class != JV_JCC || loop->reg != 7 ||
	    loop->target != head->at || !jv_unbroken(v, *k + 3, 3) || v->s.leaving)
		return jv_refuse(v, a, "an address in the frame that nobody needs");
	if (b->at != a->at + a->len || head->at != b->at + b->len ||
	    store->at != head->at + head->len)
		return jv_refuse(v, a, "an address in the frame that nobody needs");
	/* the last store begins at high or, as it goes by 16, up to 15 below */
	if (low < top || high <= low || low + (high - low + 15) / 16 * 16 > (int64_t)v->bottom)
		return jv_refuse(v, a, "zeroes more than the frame");
	if (!jv_set(v, a, RAX, 8) || !jv_set(v, a, RCX, 8) || !jv_block_begin(v, head) ||
	    !jv_set(v, a, RAX, 8) || !jv_edge_to(v, loop, head->at))
		return false;
	*k += 6;
	return true;
}

/* ---- the end ---- */

bool jv_lea_rsp(struct jv *v, const struct jv_insn *i)
{
	uint32_t saved = 8 * v->nsaved;

	if (!is_lea(i, RSP, RBP))
		return jv_refuse(v, i, "the stack pointer moves");
	if (v->s.depth == UINT32_MAX && i->disp == -(int32_t)v->frame) {
		v->s.depth = v->frame;
		return true;
	}
	if (v->s.depth == UINT32_MAX || v->leaf || i->disp != -(int32_t)saved)
		return jv_refuse(v, i, "the stack pointer moves");
	v->s.depth = saved;
	v->s.leaving = true;
	return true;
}

static bool left(struct jv *v)
{
	v->s.leaving = v->s.left = true;
	v->s.left_args = v->sig->stack_bytes;
	return true;
}

bool jv_pop(struct jv *v, const struct jv_insn *i)
{
	uint32_t n = v->s.depth / 8;

	if (v->s.left || (!v->leaf && !v->s.leaving) || n > v->nsaved || v->s.depth % 8)
		return jv_refuse(v, i, "pop outside the epilogue");
	if (!n)
		return i->rm == RBP ? left(v) :
				      jv_refuse(v, i, "restores another register than was saved");
	if (i->rm != v->saved[n - 1])
		return jv_refuse(v, i, "restores another register than was saved");
	v->s.leaving = true;
	v->s.depth -= 8;
	return true;
}

bool jv_leave(struct jv *v, const struct jv_insn *i)
{
	if (v->nsaved || v->s.left || v->s.depth == UINT32_MAX)
		return jv_refuse(v, i, "leave, but registers were saved");
	return left(v);
}

/* ---- a tail call whose arguments on the stack replace ours ---- */

bool jv_starts_replace(const struct jv *v, const struct jv_insn *i)
{
	if (i->width != 8 || !(i->flags & JV_READ) || i->base != RBP || i->index != JV_NONE ||
	    v->leaf)
		return false;
	return v->nsaved ? is_mov(i, v->saved[0], RBP, -8, true) : is_mov(i, RAX, RBP, 0, true);
}

static bool is_vector_move(const struct jv_insn *i, unsigned int base, int32_t disp, bool load)
{
	return i->class == JV_OP && i->size == 16 && is_at(i, base, disp) && i->reg == 15 &&
	       i->dst == JV_NONE && i->flags & (load ? JV_READ : JV_WRITE);
}

/* Restores registers, moves the arguments from rsp over the frame, highest first, and leaves. */
static bool is_replace(const struct jv *v, uint32_t k, uint32_t bytes, uint32_t *ret_end)
{
	int32_t to = 16 + (int32_t)v->sig->stack_bytes - (int32_t)bytes;
	uint32_t at = k;

	for (uint32_t n = 0; n < v->nsaved; n++)
		if (!is_mov(insn(v, at++), v->saved[n], RBP, -8 * (int32_t)(n + 1), true))
			return false;
	if (!is_mov(insn(v, at), RAX, RBP, 0, true) || !is_mov(insn(v, at + 1), R11, RBP, 8, true))
		return false;
	at += 2;
	for (int32_t off = (int32_t)bytes - 16; off >= 0; off -= 16, at += 2)
		if (!is_vector_move(insn(v, at), RSP, off, true) ||
		    !is_vector_move(insn(v, at + 1), RBP, to + off, false))
			return false;
	if (!is_lea(insn(v, at), RSP, RBP) || insn(v, at)->disp != to - 8 ||
	    !is_mov(insn(v, at + 1), R11, RSP, 0, false) ||
	    !is_reg_op(insn(v, at + 2), JV_MOV, RBP, RAX))
		return false;
	*ret_end = at + 3;
	return jv_unbroken(v, k + 1, *ret_end - k - 1);
}

bool jv_replace_frame(struct jv *v, uint32_t *k)
{
	const struct jv_insn *i = insn(v, *k);
	uint32_t bytes = v->s.depth - v->frame, end;

	if (v->s.depth < v->frame || v->s.depth == UINT32_MAX || v->s.leaving || bytes % 16 ||
	    !is_replace(v, *k, bytes, &end))
		return jv_refuse(v, i, "reads the saved registers");
	if (!jv_set(v, i, RAX, 8) || !jv_set(v, i, R11, 8))
		return false;
	*k = end;
	left(v);
	v->s.left_args = bytes;
	return true;
}
