/* Compiles one function: set-up, the walk over its body, what lies behind it. */
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
	f->catches.len = f->landings.len = 0;
	f->labels.len = f->cold.len = f->consts.len = f->tables.len = f->targets.len = 0;
	f->settled = 0;
	f->region = f->next_loop = 0;
	f->local_regs = 0;
	f->failed = f->flags_live = false;
	f->unsupported = NULL;
	f->own_memory = f->m->nmemories && !f->m->imported_memories && !f->m->memories[0].limits.is64 &&
			f->m->memories[0].page_log2 == 16;
	f->zf_reg = JIT_NOREG;
	f->sret_bytes = 0;
	/* so that failing to grow one of them leaves something to point to */
	if (!vec_reserve(&f->labels, 64) || !vec_reserve(&f->cold, 64) || !vec_reserve(&f->consts, 64) ||
	    !vec_reserve(&f->targets, 64))
		return false;
	f->x->pool = f->labels.at;
	return true;
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
	f->leaf = !f->scan.has_call && !f->scan.has_try && !f->force_frame;
	jit_frame_layout(f);
	x64_reserve(f->x, X64_ROOM_ONE);
	x64_align(f->x, 16);
	f->entry = x64_offset(f->x);
	jit_region_enter(f, 0);
	jit_prologue(f);
	jit_region_enter(f, 0);
	return jit_control_start(f) ? 0 : -ENOMEM;
}

/*
 * An instruction in code that cannot be reached: only ends of frames that can be are of interest.
 */
static bool skip_dead(struct jit_func *f, const struct wasm_insn *in)
{
	if (!wasm_body_dead(&f->b))
		return false;
	if ((in->op == WASM_END || in->op == WASM_ELSE) && !f->b.ctl->dead)
		return false;
	wasm_body_apply(&f->b, in);
	return true;
}

static int walk(struct jit_func *f, struct wsbox_err *err)
{
	struct wasm_insn in;
	int ret;

	while ((ret = wasm_body_next(&f->b, &in)) > 0) {
		const struct jit_row *row = &jit_rows[in.op];

		if (skip_dead(f, &in))
			continue;
		if (!row->emit)
			return err_set(err, -ENOTSUP, WSBOX_INVALID, "%s at offset %u is not supported by the compiler",
				       wasm_ops[in.op].name, in.at);
		f->at = in.at;
		x64_reserve(f->x, X64_ROOM_MAX / 2);
		row->emit(f, &in, row);
		if (f->failed)
			return -ENOMEM;
		if (f->x->overflow)
			return -ENOSPC;
		if (f->unsupported)
			return err_set(err, -ENOTSUP, WSBOX_INVALID, "%s at offset %u is not supported by the compiler",
				       f->unsupported, in.at);
	}
	return ret;
}

static int compile(struct jit_func *f, uint32_t func, struct jit_out *out, struct wsbox_err *err)
{
	int ret = begin(f, func, out, err);

	if (ret == 0)
		ret = walk(f, err);
	if (ret < 0)
		return ret;
	jit_cold_code(f);
	if (!jit_frame_finish(f))
		return -EAGAIN;
	jit_data(f);
	if (f->failed)
		return -ENOMEM;
	return f->x->overflow ? -ENOSPC : 0;
}

static void rewind_to(struct jit_out *out, const struct jit_out *before)
{
	out->code.at = before->code.at;
	out->code.overflow = false;
	out->sites.len = before->sites.len;
	out->relocs.len = before->relocs.len;
	out->handlers.len = before->handlers.len;
}

int jit_baseline(struct jit_func *f, uint32_t func, struct jit_out *out, uint32_t *ret_entry, struct wsbox_err *err)
{
	struct jit_out before = *out;
	int ret;

	/* what a full buffer writes over must be this function's, not the code of those before it */
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
	free(f->ctls);
	f->ctls = NULL;
	f->ctls_cap = 0;
}
