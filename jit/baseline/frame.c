/*
 * Prologue and epilogue. The size of the frame is known only at the end, so `sub rsp, imm32` is
 * patched then; a frame of more than a page becomes a jump to code that probes it page by page, so
 * that it cannot step over the stack's guard.
 */
#include "jit/baseline/baseline.h"

#define PAGE 4096u
#define SUB_LEN 7		/* sub rsp, imm32 */
#define ZERO_LOOP_MIN 256u	/* bytes */

static const uint8_t saved_order[4] = { X64_RBX, X64_R12, X64_R14, X64_R15 };

void jit_frame_layout(struct jit_func *f)
{
	uint32_t at = 8 * f->nsaved, nparams = f->b.type->nparams;

	if (f->cc.sret) {
		at += 8;
		f->sret_home = (int32_t)at;
	}
	for (uint32_t i = 0; i < f->b.nlocals; i++) {
		if (i < nparams && f->params[i].where == JIT_ON_STACK) {
			f->home[i] = -(16 + (int32_t)f->params[i].off);
			continue;
		}
		at += wasm_slot_size(f->b.locals[i]);
		f->home[i] = (int32_t)at;
	}
	f->slots_start = f->slots_max = at;
}

/* Swaps two registers without a third. */
static void swap_regs(struct jit_func *f, unsigned int a, unsigned int b)
{
	if (a < 16) {
		x64_rr(f->x, X64_XCHG, X64_64, a, b);
		return;
	}
	a &= 15;
	b &= 15;
	x64_vvv(f->x, X64_VXORPS, a, a, b);
	x64_vvv(f->x, X64_VXORPS, b, a, b);
	x64_vvv(f->x, X64_VXORPS, a, a, b);
}

static void remove_move(struct jit_shuffle *s, uint32_t i)
{
	s->n--;
	s->dst[i] = s->dst[s->n];
	s->src[i] = s->src[s->n];
	s->type[i] = s->type[s->n];
}

static uint32_t sources(const struct jit_shuffle *s)
{
	uint32_t mask = 0;

	for (uint32_t i = 0; i < s->n; i++) {
		if (s->dst[i] != s->src[i])
			mask |= JIT_BIT(s->src[i]);
	}
	return mask;
}

void jit_shuffle(struct jit_func *f, struct jit_shuffle *s)
{
	assert(s->n <= ARRAY_SIZE(s->dst));
	while (s->n) {
		uint32_t before = s->n, mask = sources(s);

		for (uint32_t i = 0; i < s->n; i++) {
			if (s->dst[i] != s->src[i] && (mask >> s->dst[i] & 1))
				continue;
			jit_move(f, s->type[i], s->dst[i], s->src[i]);
			remove_move(s, i--);
		}
		if (s->n < before)
			continue;
		/* only cycles are left */
		swap_regs(f, s->dst[0], s->src[0]);
		for (uint32_t i = 1; i < s->n; i++) {
			if (s->src[i] == s->dst[0])
				s->src[i] = s->src[0];
		}
		remove_move(s, 0);
	}
}

static void place_params(struct jit_func *f)
{
	struct jit_shuffle s;
	uint32_t n = f->b.type->nparams;

	s.n = 0;
	if (f->cc.sret)
		x64_mr(f->x, X64_MOV, X64_64, jit_frame(f->sret_home), X64_RDI);
	for (uint32_t i = 0; i < n; i++) {
		const struct jit_loc *p = &f->params[i];
		unsigned int reg = p->where == JIT_IN_XMM ? JIT_XMM(p->reg) : p->reg;

		if (p->where == JIT_ON_STACK)
			continue;
		if (f->loc[i] == JIT_NOREG) {
			x64_reserve(f->x, X64_ROOM_ONE);
			jit_store(f, f->b.locals[i], jit_frame(f->home[i]), reg);
			continue;
		}
		s.dst[s.n] = f->loc[i];
		s.src[s.n] = (uint8_t)reg;
		s.type[s.n++] = f->b.locals[i];
	}
	x64_reserve(f->x, X64_ROOM_MAX);
	jit_shuffle(f, &s);
	for (uint32_t i = 0; i < n; i++) {
		if (f->params[i].where == JIT_ON_STACK && f->loc[i] != JIT_NOREG)
			jit_load(f, f->b.locals[i], f->loc[i], jit_frame(f->home[i]));
	}
}

static void zero_reg(struct jit_func *f, unsigned int reg)
{
	if (reg < 16)
		x64_zero(f->x, reg);
	else
		x64_vvv(f->x, X64_VXORPS, reg & 15, reg & 15, reg & 15);
}

/* Zeroes [rbp - high, rbp - low), of which the lower end may be overshot into the slots below. */
static void zero_homes(struct jit_func *f, uint32_t low, uint32_t high)
{
	uint32_t at = low;

	zero_reg(f, JIT_XMM(0));
	if (high - low >= ZERO_LOOP_MIN) {
		struct x64_label head = { 0 };

		x64_rm(f->x, X64_LEA, X64_64, X64_RAX, jit_frame((int32_t)low));
		x64_rm(f->x, X64_LEA, X64_64, X64_RCX, jit_frame((int32_t)high));
		x64_bind(f->x, &head);
		x64_ri(f->x, X64_SUB, X64_64, X64_RAX, 16);
		x64_mv(f->x, X64_VMOVUPS_ST, x64_at(X64_RAX, 0), 0);
		x64_rr(f->x, X64_CMP, X64_64, X64_RAX, X64_RCX);
		x64_jcc(f->x, X64_CC_A, &head);
		return;
	}
	for (; high - at >= 16; at += 16)
		x64_mv(f->x, X64_VMOVUPS_ST, jit_frame((int32_t)at + 16), 0);
	if (at < high)
		x64_mv(f->x, X64_VMOVQ_ST, jit_frame((int32_t)at + 8), 0);
}

static void zero_locals(struct jit_func *f)
{
	uint32_t n = f->b.nlocals, low = 0, high = 0;

	for (uint32_t i = f->b.type->nparams; i < n; i++) {
		uint32_t end = (uint32_t)f->home[i], start = end - wasm_slot_size(f->b.locals[i]);

		if (f->loc[i] != JIT_NOREG) {
			zero_reg(f, f->loc[i]);
			continue;
		}
		if (start != high) {
			x64_reserve(f->x, X64_ROOM_MAX);
			if (high > low)
				zero_homes(f, low, high);
			low = start;
		}
		high = end;
	}
	x64_reserve(f->x, X64_ROOM_MAX);
	if (high > low)
		zero_homes(f, low, high);
	/* the loop may overshoot by 8 bytes */
	f->slots_max = f->slots_start + 8;
}

void jit_prologue(struct jit_func *f)
{
	x64_reserve(f->x, X64_ROOM_MAX);
	x64_push(f->x, X64_RBP);
	x64_rr(f->x, X64_MOV, X64_64, X64_RBP, X64_RSP);
	for (unsigned int i = 0; i < 4; i++) {
		if (f->saved >> saved_order[i] & 1)
			x64_push(f->x, saved_order[i]);
	}
	f->sub_at = x64_offset(f->x);
	if (!f->leaf) {
		x64_ri(f->x, X64_SUB, X64_64, X64_RSP, INT32_MAX);
		f->back_label = jit_label(f);
		jit_bind(f, f->back_label);
		assert(f->x->overflow || x64_offset(f->x) - f->sub_at == SUB_LEN);
	}
	place_params(f);
	zero_locals(f);
}

void jit_frame_leave(struct jit_func *f)
{
	if (!f->nsaved && !f->leaf) {
		x64_bare(f->x, X64_LEAVE);
	} else {
		if (!f->leaf)
			x64_rm(f->x, X64_LEA, X64_64, X64_RSP, jit_frame(8 * (int32_t)f->nsaved));
		for (unsigned int i = 4; i-- > 0;) {
			if (f->saved >> saved_order[i] & 1)
				x64_pop(f->x, saved_order[i]);
		}
		x64_pop(f->x, X64_RBP);
	}
}

void jit_epilogue(struct jit_func *f)
{
	jit_frame_leave(f);
	x64_ret(f->x, f->cc.stack_bytes);
}

void jit_frame_replace(struct jit_func *f, uint32_t bytes)
{
	int32_t to = 16 + (int32_t)f->cc.stack_bytes - (int32_t)bytes, at = 0;

	assert(!f->leaf && bytes % 16 == 0 && f->cc.stack_bytes % 16 == 0);
	for (unsigned int i = 0; i < 4; i++) {
		if (f->saved >> saved_order[i] & 1)
			x64_rm(f->x, X64_MOV, X64_64, saved_order[i], jit_frame(at += 8));
	}
	x64_rm(f->x, X64_MOV, X64_64, X64_RAX, x64_at(X64_RBP, 0));
	x64_rm(f->x, X64_MOV, X64_64, X64_R11, x64_at(X64_RBP, 8));
	for (int32_t off = (int32_t)bytes - 16; off >= 0; off -= 16) {
		x64_reserve(f->x, X64_ROOM_ONE);
		x64_vm(f->x, X64_VMOVUPS, 15, x64_at(X64_RSP, off));
		x64_mv(f->x, X64_VMOVUPS_ST, x64_at(X64_RBP, to + off), 15);
	}
	x64_rm(f->x, X64_LEA, X64_64, X64_RSP, x64_at(X64_RBP, to - 8));
	x64_mr(f->x, X64_MOV, X64_64, x64_at(X64_RSP, 0), X64_R11);
	x64_rr(f->x, X64_MOV, X64_64, X64_RBP, X64_RAX);
}

/*
 * In place of `sub rsp, size`: touches each page down to the new top. Arguments are live, rax is
 * not.
 */
static void probe(struct jit_func *f, uint32_t size)
{
	struct x64_buf patch = *f->x;
	struct x64_label here = { 0 }, head = { 0 };

	patch.at = patch.start + f->sub_at;
	x64_jmp(&patch, &here);
	memcpy(patch.at, "\x66\x90", SUB_LEN - 5);
	x64_reserve(f->x, X64_ROOM_ONE);
	x64_bind(f->x, &here);
	x64_rm(f->x, X64_LEA, X64_64, X64_RAX, x64_at(X64_RSP, -(int32_t)size));
	x64_bind(f->x, &head);
	x64_ri(f->x, X64_SUB, X64_64, X64_RSP, PAGE);
	x64_mi(f->x, X64_OR, X64_32, x64_at(X64_RSP, 0), 0);
	x64_rr(f->x, X64_CMP, X64_64, X64_RSP, X64_RAX);
	x64_jcc(f->x, X64_CC_A, &head);
	x64_rr(f->x, X64_MOV, X64_64, X64_RSP, X64_RAX);
	jit_jmp(f, f->back_label);
}

bool jit_frame_finish(struct jit_func *f)
{
	uint32_t size = ((f->slots_max + f->sret_bytes + 15) & ~15u) - 8 * f->nsaved;

	assert(f->slots_max >= f->slots_start && f->slots_start >= 8 * f->nsaved &&
	       size <= INT32_MAX);
	assert(!f->leaf || !f->sret_bytes);
	if (f->leaf)
		return size <= PAGE - 64;
	for (size_t i = 0; i < f->landings.len; i++) {
		int32_t disp = -(int32_t)(8 * f->nsaved + size);

		memcpy(f->x->start + f->landings.at[i] - 4, &disp, 4);
	}
	if (size > PAGE - 64)
		probe(f, size);
	else
		memcpy(f->x->start + f->sub_at + 3, &size, 4);
	return true;
}
