/* Compiles one function: set-up, the walk over its body, what lies behind it. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "jit/baseline/baseline.h"

static bool alloc_locals(struct jit_func *f)
{
	uint32_t n = f->b.nlocals;

	f->loc = arena_alloc(f->arena, n + 1);
	f->home = arena_array(f->arena, n + 1, sizeof(*f->home));
	f->naliases = arena_array(f->arena, n + 1, sizeof(*f->naliases));
	f->params = arena_array(f->arena, f->b.type->nparams + 1, sizeof(*f->params));
	f->results = arena_array(f->arena, f->b.type->nresults + 1, sizeof(*f->results));
	if (!f->loc || !f->home || !f->naliases || !f->params || !f->results)
		return false;
	memset(f->loc, JIT_NOREG, n);
	return true;
}

static bool reset(struct jit_func *f, struct jit_out *out)
{
	f->out = out;
	f->x = &out->code;
	f->catches.len = f->landings.len = f->heads_at.len = 0;
	f->labels.len = f->cold.len = f->consts.len = f->tables.len = f->targets.len = 0;
	f->settled = 0;
	f->region = f->next_loop = 0;
	f->local_regs = 0;
	f->failed = f->flags_live = false;
	f->own_memory = f->m->nmemories && !f->m->imported_memories &&
			!f->m->memories[0].limits.is64 && f->m->memories[0].page_log2 == 16;
	f->zf_reg = JIT_NOREG;
	f->sret_bytes = 0;
	/* so that failing to grow one of them leaves something to point to */
	if (!vec_reserve(&f->labels, 64) || !vec_reserve(&f->cold, 64) ||
	    !vec_reserve(&f->consts, 64) || !vec_reserve(&f->targets, 64))
		return false;
	f->x->pool = f->labels.at;
	return true;
}

static void cold_replaced(struct jit_func *f, const struct jit_cold *c)
{
	x64_m(f->x, X64_JMP_IND, X64_64, x64_at(JIT_MEM_BASE, f->slot));
}

/*
 * Before the frame: whatever took this function's place is entered as the function was. One that
 * calls nothing does without: what calls it is replaced, or is by what it is called through.
 */
static void look_at_slot(struct jit_func *f)
{
	struct jit_cold *cold = jit_cold(f, cold_replaced);

	cold->at = JIT_LINE_NONE;
	x64_reserve(f->x, X64_ROOM_ONE);
	x64_mi(f->x, X64_CMP, X64_64, x64_at(JIT_MEM_BASE, f->slot), 0);
	jit_jcc(f, X64_CC_NE, cold->label);
	assert(f->x->overflow || x64_offset(f->x) - f->entry == JIT_LOOK_BYTES);
}

static int begin(struct jit_func *f, uint32_t func, struct jit_out *out, struct wsbox_err *err)
{
	int ret;

	arena_reset(f->arena);
	ret = wasm_body_init(&f->b, f->m, func, f->arena, err);
	if (ret < 0)
		return ret;
	if (!reset(f, out) || !alloc_locals(f))
		return -ENOMEM;
	jit_cc_init(&f->cc, f->b.type, f->params, f->results);
	ret = wasm_body_scan(&f->b, JIT_MAX_USES, &f->scan);
	if (ret < 0)
		return ret;
	f->slot_log2 = f->module_vectors || f->scan.has_simd ? 4 : 3;
	if (!jit_regions_make(f))
		return -ENOMEM;
	if (f->scan.has_try)
		f->saved = JIT_SAVED_GPRS;
	f->nsaved = (uint32_t)__builtin_popcount(f->saved);
	f->heads = (enum jit_osr_heads)f->options->osr;
	/* a tier leaves functions with handlers to the baseline */
	if (f->scan.has_try || f->scan.nloops < 2 || f->options->tier)
		f->heads = JIT_OSR_NONE;
	f->head = f->layout->heads + (int32_t)(func - f->m->imported_funcs);
	f->slot = jit_slot_disp(f->layout, func - f->m->imported_funcs);
	f->leaf = !f->scan.has_call && !f->scan.has_try && !f->force_frame && !f->heads;
	jit_frame_layout(f);
	x64_reserve(f->x, X64_ROOM_ONE);
	x64_align(f->x, 16);
	f->entry = x64_offset(f->x);
	jit_line(f, JIT_LINE_NONE);
	if (f->options->replaceable && f->scan.has_call)
		look_at_slot(f);
	jit_region_enter(f, 0);
	jit_prologue(f);
	jit_region_enter(f, 0);
	return jit_control_start(f) ? 0 : -ENOMEM;
}

/* A run of what most operands are: it says only where a value is. */
static inline void push_operands(struct jit_func *f)
{
	struct wasm_body *b = &f->b;
	const uint8_t *at = b->r.at, *end = b->r.end - 3;
	struct wasm_val *v = b->sp, *first = v, *room = b->stack_end - WASM_BODY_ROOM;

	/* so f->settled need be looked at only once */
	if (room > v + JIT_RUN_MAX)
		room = v + JIT_RUN_MAX;
	for (; at <= end && v < room; at += 2, v++) {
		if (wasm_short_get(b, at)) {
			*v = (struct wasm_val){ .type = b->locals[at[1]], .kind = JIT_LOCAL };
			v->local = at[1];
			f->naliases[at[1]]++;
		} else if (wasm_short_const(at)) {
			*v = (struct wasm_val){ .type = WASM_I32, .kind = JIT_CONST };
			v->bits = wasm_short_value(at);
		} else {
			break;
		}
	}
	if (v == first)
		return;
	b->r.at = at;
	b->sp = v;
	jit_pushed(f, first);
}

/* 1, or the error that the emitter has left. */
static inline int emitted(const struct jit_func *f)
{
	if (__builtin_expect(f->failed, 0))
		return -ENOMEM;
	/* as much is left of a full buffer that has been wrapped: so this finds it too */
	return __builtin_expect(f->x->end - f->x->at <= X64_ROOM_MAX, 0) ? -ENOSPC : 1;
}

static inline int emit(struct jit_func *f, const struct wasm_insn *in, bool lines,
		       struct wsbox_err *err)
{
	const struct jit_row *row = &jit_rows[in->op];

	if (__builtin_expect(!row->emit, 0))
		return err_set(err, -ENOTSUP, WSBOX_INVALID,
			       "%s at offset %u is not supported by the compiler",
			       wasm_op_name(in->row), in->at);
	f->at = in->at;
	if (lines)
		jit_line(f, in->at);
	row->emit(f, in, row);
	return emitted(f);
}

/* The next instruction, a local.set or local.tee. */
static inline int emit_set(struct jit_func *f, bool lines)
{
	const uint8_t *at = f->b.r.at;

	if (lines)
		jit_line(f, (uint32_t)(at - f->b.r.base));
	f->b.r.at = at + 2;
	if (at[0] == 0x21)
		jit_local_set(f, at[1]);
	else
		jit_local_tee(f, at[1]);
	return emitted(f);
}

/*
 * Code that cannot be reached: of interest are only ends of frames that can be. The first of them
 * is emitted. 1, or what ended the walk.
 */
__attribute__((noinline))
static int skip_dead(struct jit_func *f, bool lines, struct wsbox_err *err)
{
	struct wasm_insn in;
	int ret;

	while ((ret = wasm_body_next(&f->b, &in)) > 0) {
		if ((in.op == WASM_END || in.op == WASM_ELSE) && !f->b.ctl->dead)
			return emit(f, &in, lines, err);
		wasm_body_apply(&f->b, &in);
	}
	return ret;
}

/* lines is a constant of the caller's: without a line table no instruction asks for it. */
__attribute__((always_inline))
static inline int walk_with(struct jit_func *f, bool lines, struct wsbox_err *err)
{
	struct wasm_insn in;
	int ret;

	do {
		if (lines)
			jit_line(f, (uint32_t)(f->b.r.at - f->b.r.base));
		push_operands(f);
		if (wasm_body_roomy(&f->b) && wasm_short_set(&f->b, f->b.r.at)) {
			ret = emit_set(f, lines);
			continue;
		}
		if (wasm_body_short(&f->b, &in)) {
			ret = emit(f, &in, lines, err);
			continue;
		}
		ret = wasm_body_other(&f->b, &in);
		if (ret > 0)
			ret = emit(f, &in, lines, err);
		/* only now, as what has a short form is no control */
		while (ret > 0 && wasm_body_dead(&f->b))
			ret = skip_dead(f, lines, err);
	} while (ret > 0);
	return ret;
}

static int walk(struct jit_func *f, struct wsbox_err *err)
{
	return walk_with(f, false, err);
}

__attribute__((cold, noinline))
static int walk_lines(struct jit_func *f, struct wsbox_err *err)
{
	return walk_with(f, true, err);
}

static int compile(struct jit_func *f, uint32_t func, struct jit_out *out, struct wsbox_err *err)
{
	int ret = begin(f, func, out, err);

	if (ret == 0)
		ret = f->options->lines ? walk_lines(f, err) : walk(f, err);
	if (ret < 0)
		return ret;
	jit_cold_code(f);
	jit_line(f, JIT_LINE_NONE);
	if (!jit_frame_finish(f))
		return -EAGAIN;
	jit_line(f, JIT_LINE_DATA);
	jit_data(f);
	if (f->failed)
		return -ENOMEM;
	return f->x->overflow ? -ENOSPC : 0;
}

static void rewind_to(struct jit_out *out, const struct jit_out *before)
{
	assert(out->sites.len >= before->sites.len && out->relocs.len >= before->relocs.len &&
	       out->handlers.len >= before->handlers.len && out->lines.len >= before->lines.len);
	out->code.at = before->code.at;
	out->code.overflow = false;
	out->sites.len = before->sites.len;
	out->relocs.len = before->relocs.len;
	out->handlers.len = before->handlers.len;
	out->lines.len = before->lines.len;
}

int jit_baseline(struct jit_func *f, uint32_t func, struct jit_out *out, uint32_t *ret_entry,
		 struct wsbox_err *err)
{
	struct jit_out before = *out;
	int ret;

	/* what a full buffer writes over must be this function's, not code before it */
	if (out->code.end - out->code.at < 2 * X64_ROOM_MAX)
		return -ENOSPC;
	f->force_frame = false;
	ret = compile(f, func, out, err);
	if (ret == -EAGAIN) {
		rewind_to(out, &before);
		f->force_frame = true;
		ret = compile(f, func, out, err);
	}
	if (ret < 0) {
		rewind_to(out, &before);
		if (ret == -ENOMEM)
			err_set(err, -ENOMEM, WSBOX_FAILED, "out of memory");
		return ret;
	}
	*ret_entry = f->entry;
	return 0;
}

void jit_func_done(struct jit_func *f)
{
	vec_done(&f->labels);
	vec_done(&f->cold);
	vec_done(&f->consts);
	vec_done(&f->tables);
	vec_done(&f->targets);
	vec_done(&f->catches);
	vec_done(&f->landings);
	vec_done(&f->heads_at);
	free(f->ctls);
	f->ctls = NULL;
	f->ctls_cap = 0;
}
