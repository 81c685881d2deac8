/*
 * Frames: the prologue and the epilogue, whose forms are fixed (jit/cc.h, jit/baseline/frame.c),
 * and the sequences that touch the stack in other ways than an operand of one instruction.
 */
#include <string.h>

#include "jit/verify/func.h"
#include "runtime/base/num.h"

#define PAGE 4096u
#define UNPROBED_MAX (PAGE - 64)	/* of a frame; also of a leaf's, which does not move rsp */
#define FRAME_MAX (1 << 30)
#define PROBE_LEN 6
#define PROBE_PADDING 2

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
static bool is_probe(const struct jv_insn *i, uint32_t back)
{
	const struct jv_insn *touch = i + 2, *loop = i + 4, *jump = i + PROBE_LEN;

	return is_lea(i, RAX, RSP) && i->disp < 0 && i->disp > -FRAME_MAX &&
	       is_imm_op(i + 1, JV_SUB, RSP, PAGE) && touch->class == JV_OP &&
	       touch->flags & JV_IMM && !touch->imm && is_at(touch, RSP, 0) &&
	       is_reg_op(i + 3, JV_CMP, RSP, RAX) && loop->class == JV_JCC && loop->reg == 7 &&
	       loop->target == i[1].at && is_reg_op(i + 5, JV_MOV, RSP, RAX) &&
	       jump->class == JV_JMP && jump->target == back;
}

/*
 * jmp to the probe, and two bytes of padding. The probe changes rax only, and goes back to where
 * nobody else comes.
 */
static bool to_probe(struct jv *v, const struct jv_insn *jmp, uint32_t *ret_size)
{
	uint32_t back = jmp->at + jmp->len + PROBE_PADDING;
	struct jv_insn probe[PROBE_LEN + 1];
	const struct jv_insn *last = &probe[PROBE_LEN];

	if (jmp->target <= jmp->at || jmp->target >= v->hi ||
	    !jv_peek(v, jmp->target, probe, ARRAY_SIZE(probe)) || !is_probe(probe, back))
		return jv_refuse(v, jmp, "a frame of more than a page that is not probed");
	if (!jv_seal(v, jmp, 1) || !jv_seal(v, probe, ARRAY_SIZE(probe)))
		return false;
	if (back >= v->hi || v->map[back - v->lo])
		return jv_refuse(v, jmp, "a branch into the beginning of the function");
	*ret_size = -(uint32_t)probe->disp;
	v->probe = probe->at;
	v->probe_end = last->at + last->len;
	if (v->probe > v->last_target)
		v->last_target = v->probe;
	v->at = back;
	return true;
}

static bool is_probe_head(const struct jv *v, uint32_t at)
{
	return v->hi - at >= 4 && !memcmp(v->text + at, "\x48\x8d\x84\x24", 4);
}

/* What makes room for the frame: sub rsp, or a jump to the probe; a leaf does without. */
static bool reserve_frame(struct jv *v)
{
	struct jv_insn i;
	uint32_t size = 0;

	if (!jv_peek(v, v->at, &i, 1))
		return jv_fail(v, v->at, "an instruction that is not permitted");
	v->leaf = false;
	if (i.class == JV_SUB && i.dst == RSP) {
		if (!is_imm_op(&i, JV_SUB, RSP, i.imm) || i.imm < 0 ||
		    i.imm > (int32_t)UNPROBED_MAX)
			return jv_refuse(v, &i, "a frame of more than a page that is not probed");
		size = (uint32_t)i.imm;
		v->at += i.len;
		if (!jv_seal(v, &i, 1))
			return false;
	} else if (i.class == JV_JMP && i.target > v->at && i.target < v->hi &&
		   is_probe_head(v, i.target)) {
		if (!to_probe(v, &i, &size))
			return false;
	} else {
		v->leaf = true;
	}
	v->s.depth = v->frame = 8 * v->nsaved + size;
	v->bottom = v->leaf ? v->frame + UNPROBED_MAX : v->frame;
	return v->leaf || v->frame % 16 == 0 || jv_refuse(v, &i, "a frame that is not aligned");
}

/*
 * cmp qword [slot], 0; jne away: from there a jump to what took the function's place, which finds
 * all as this function does.
 */
static bool entry_looks(struct jv *v)
{
	struct jv_insn look[2], jump;
	const struct jv_insn *cmp = &look[0], *jne = &look[1];
	int32_t slot = jit_slot_disp(&v->layout, v->func);

	v->replaced = UINT32_MAX;
	if (!jv_peek(v, v->at, look, 1))
		return jv_fail(v, v->at, "an instruction that is not permitted");
	if (cmp->class != JV_CMP)
		return true;
	if (!jv_peek(v, v->at, look, 2) || !(v->image->flags & JIT_IMAGE_REPLACEABLE) ||
	    cmp->width != 8 || !(cmp->flags & JV_IMM) || cmp->imm || !is_at(cmp, R13, slot) ||
	    jne->class != JV_JCC || jne->reg != 5 ||
	    jne->at + jne->len - cmp->at != JIT_LOOK_BYTES)
		return jv_refuse(v, cmp, "not a look at what took the function's place");
	v->map[0] |= JV_START;
	v->at = jne->at + jne->len;
	/* nobody branches back to the entry; and where this one goes, nothing has changed yet */
	if (!jv_seal(v, jne, 1))
		return false;
	if (jne->target < v->at || jne->target >= v->hi || !jv_peek(v, jne->target, &jump, 1) ||
	    jump.class != JV_JMP_IND || !is_at(&jump, R13, slot))
		return jv_refuse(v, jne, "not a jump to what took the function's place");
	if (!jv_seal(v, &jump, 1))
		return false;
	v->replaced = jump.at;
	if (v->replaced > v->last_target)
		v->last_target = v->replaced;
	return true;
}

/* push rbp; mov rbp, rsp; push of some of the registers to be saved, in order */
static bool save_registers(struct jv *v)
{
	static const uint8_t order[4] = { RBX, R12, R14, R15 };
	struct jv_insn i[2];
	uint32_t saved = 0;

	v->nsaved = 0;
	if (!jv_peek(v, v->at, i, 2) || i[0].class != JV_PUSH || i[0].rm != RBP ||
	    !is_reg_op(&i[1], JV_MOV, RBP, RSP))
		return jv_fail(v, v->at, "not the beginning of a function");
	v->at = i[1].at + i[1].len;
	v->map[0] |= JV_START;
	if (!jv_seal(v, &i[1], 1) || (i[0].at != v->lo && !jv_seal(v, i, 1)))
		return false;
	for (unsigned int r = 0; r < 4; r++) {
		if (!jv_peek(v, v->at, i, 1) || i->class != JV_PUSH || i->rm != order[r])
			continue;
		v->saved[v->nsaved++] = order[r];
		saved |= BIT(order[r]);
		v->at += i->len;
		if (!jv_seal(v, i, 1))
			return false;
	}
	v->pinned = BIT(RSP) | BIT(RBP) | BIT(R13) | (JV_CALLEE_SAVED & ~saved);
	return true;
}

/* Where the results go that do not fit into registers is kept below the saved ones. */
static bool keep_results(struct jv *v)
{
	struct jv_insn i;

	/* below rsp the arguments of a call would lie over it */
	if (!v->leaf && v->frame <= 8 * v->nsaved)
		return jv_fail(v, v->at, "no room for the address of the results");
	if (!jv_peek(v, v->at, &i, 1) ||
	    !is_mov(&i, RDI, RBP, -8 * (int32_t)(v->nsaved + 1), false))
		return jv_fail(v, v->at, "the address of the results is not kept");
	v->at += i.len;
	return jv_seal(v, &i, 1);
}

/* The probe goes on here, and nobody else does. */
static bool begin_behind_probe(struct jv *v)
{
	uint32_t block;

	v->s.zx &= ~BIT(RAX);
	if (!jv_block_new(v, v->at, &block) || !jv_fall_into(v, block))
		return false;
	jv_block_begin(v, block);
	v->blocks.at[block].closed = true;
	return true;
}

/* Slots of the frame's own. */
static void near_slots(struct jv *v)
{
	uint32_t top = 8 * v->nsaved + (v->sig->result_bytes ? 8 : 0);

	v->near.low = -(int64_t)v->bottom;
	v->near.span = v->bottom < top + 8 ? 0 : v->bottom - top - 7;
}

bool jv_prologue(struct jv *v)
{
	v->probe = v->probe_end = UINT32_MAX;
	if (!entry_looks(v) || !save_registers(v) || !reserve_frame(v))
		return false;
	near_slots(v);
	if (v->nhandlers && v->nsaved != 4)
		return jv_fail(v, v->lo,
			       "a handler in a function that does not save all registers");
	if (v->probe != UINT32_MAX && !begin_behind_probe(v))
		return false;
	return !v->sig->result_bytes || keep_results(v);
}

/*
 * lea rax, [rbp - low]; lea rcx, [rbp - high]; head: sub rax, 16; vmovups [rax], xmm0;
 * cmp rax, rcx; ja head
 */
bool jv_zero_loop(struct jv *v, const struct jv_insn *a)
{
	struct jv_insn i[5];
	const struct jv_insn *b = &i[0], *head = &i[1], *store = &i[2], *cmp = &i[3], *loop = &i[4];
	int64_t low = -(int64_t)a->disp, high;
	int64_t top = 8 * (int64_t)v->nsaved + (v->sig->result_bytes ? 8 : 0);

	if (!is_lea(a, RAX, RBP) || !jv_peek(v, v->at, i, ARRAY_SIZE(i)) || !is_lea(b, RCX, RBP) ||
	    !is_imm_op(head, JV_SUB, RAX, 16) || store->class != JV_OP || store->size != 16 ||
	    !(store->flags & JV_WRITE) || store->dst != JV_NONE || !is_at(store, RAX, 0) ||
	    !is_reg_op(cmp, JV_CMP, RAX, RCX) || cmp->reg != RAX || loop->class != JV_JCC ||
	    loop->reg != 7 || loop->target != head->at || v->s.leaving)
		return jv_refuse(v, a, "an address in the frame that nobody needs");
	/* the last store begins at high or, as it goes by 16, up to 15 below */
	high = -(int64_t)b->disp;
	if (low < top || high <= low || low + (high - low + 15) / 16 * 16 > (int64_t)v->bottom)
		return jv_refuse(v, a, "zeroes more than the frame");
	v->at = loop->at + loop->len;
	return jv_seal(v, i, ARRAY_SIZE(i)) && jv_set(v, a, RAX, 8) && jv_set(v, a, RCX, 8);
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

/* The next of a sequence. What is none of the instructions is of class JV_BAD. */
static const struct jv_insn *take_next(struct jv *v, struct jv_insn *i)
{
	static const struct jv_insn none;

	if (!jv_peek(v, v->at, i, 1) || !jv_seal(v, i, 1))
		return &none;
	v->at += i->len;
	return i;
}

/*
 * Restores registers, moves the arguments from rsp over the frame, highest first, and leaves. The
 * first instruction has been seen.
 */
static bool is_replace(struct jv *v, uint32_t bytes)
{
	int32_t to = 16 + (int32_t)v->sig->stack_bytes - (int32_t)bytes;
	struct jv_insn i;

	for (uint32_t n = 1; n < v->nsaved; n++)
		if (!is_mov(take_next(v, &i), v->saved[n], RBP, -8 * (int32_t)(n + 1), true))
			return false;
	if (v->nsaved && !is_mov(take_next(v, &i), RAX, RBP, 0, true))
		return false;
	if (!is_mov(take_next(v, &i), R11, RBP, 8, true))
		return false;
	for (int32_t off = (int32_t)bytes - 16; off >= 0; off -= 16)
		if (!is_vector_move(take_next(v, &i), RSP, off, true) ||
		    !is_vector_move(take_next(v, &i), RBP, to + off, false))
			return false;
	return is_lea(take_next(v, &i), RSP, RBP) && i.disp == to - 8 &&
	       is_mov(take_next(v, &i), R11, RSP, 0, false) &&
	       is_reg_op(take_next(v, &i), JV_MOV, RBP, RAX);
}

bool jv_replace_frame(struct jv *v, const struct jv_insn *i)
{
	uint32_t bytes = v->s.depth - v->frame;

	if (v->s.depth < v->frame || v->s.depth == UINT32_MAX || v->s.leaving || bytes % 16 ||
	    !is_replace(v, bytes))
		return jv_refuse(v, i, "reads the saved registers");
	if (!jv_set(v, i, RAX, 8) || !jv_set(v, i, R11, 8))
		return false;
	left(v);
	v->s.left_args = bytes;
	return true;
}
