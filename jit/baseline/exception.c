/*
 * Exceptions. Code that does not throw pays nothing: what to do is found by return address, in the
 * image's handlers. A function with try_table keeps no local in a register (region.c) and saves
 * all that a call preserves (func.c), so that its frame is all a handler needs.
 *
 * The code that receives an exception stands before the try_table's own, where the abstract stack
 * is what its branch needs.
 */
#include <assert.h>

#include "jit/baseline/emit.h"

static const struct wasm_functype *tag_type(const struct jit_func *f, uint32_t tag)
{
	assert(tag < f->m->ntags);
	return &f->m->types[f->m->tags[tag].type];
}

static void store_value(struct jit_func *f, wasm_valtype t, struct x64_mem to, struct x64_mem from)
{
	unsigned int reg = jit_alloc(f, jit_class(t));

	x64_reserve(f->x, X64_ROOM_ONE);
	jit_load(f, t, reg, from);
	jit_store(f, t, to, reg);
	jit_free(f, reg);
}

/* Pushes what the clause gives, in slots. The exception is in rax. */
static void push_values(struct jit_func *f, const struct wasm_catch *c, bool ref)
{
	const struct wasm_functype *t = c->kind <= WASM_CATCH_REF ? tag_type(f, c->tag) : NULL;

	jit_take(f, X64_RAX);
	for (uint32_t i = 0; t && i < t->nparams; i++) {
		struct wasm_val *v = jit_push(f, t->params[i], JIT_SLOT);

		store_value(f, v->type, jit_slot(f, v),
			    x64_at(X64_RAX, JIT_EXN_VALUES + 16 * (int32_t)i));
	}
	if (ref) {
		struct wasm_val *v = jit_push(f, WASM_EXNREF, JIT_SLOT);

		jit_store(f, v->type, jit_slot(f, v), X64_RAX);
	}
	jit_free(f, X64_RAX);
}

static void emit_catch(struct jit_func *f, const struct wasm_catch *c)
{
	uint32_t height = (uint32_t)(f->b.sp - f->b.stack);
	bool ref = c->kind == WASM_CATCH_REF || c->kind == WASM_CATCH_ALL_REF;
	struct jit_catch k = {
		.pc = x64_offset(f->x), .tag = c->kind <= WASM_CATCH_REF ? c->tag : WASM_NONE,
		.ref = ref
	};

	x64_reserve(f->x, X64_ROOM_MAX / 2);
	k.pc = x64_offset(f->x);
	x64_rm(f->x, X64_LEA, X64_64, X64_RSP, jit_frame(INT32_MAX));
	if (!vec_push(&f->landings, x64_offset(f->x)) || !vec_push(&f->catches, k))
		f->failed = true;
	push_values(f, c, ref);
	x64_reserve(f->x, X64_ROOM_MAX / 2);
	jit_branch_to(f, c->label);
	jit_truncate(f, height);
}

void jit_emit_try_table(struct jit_func *f, const struct wasm_insn *in, const struct jit_row *row)
{
	uint32_t body = jit_label(f), first = (uint32_t)f->catches.len;

	jit_settle(f, 0);
	if (in->index) {
		jit_jmp(f, body);
		for (uint32_t i = 0; i < in->index && !f->failed; i++)
			emit_catch(f, &f->b.catches[i]);
		x64_reserve(f->x, X64_ROOM_MAX / 2);
		jit_bind(f, body);
	}
	jit_emit_block(f, in, row);
	jit_try_begin(f, first);
}

void jit_try_end(struct jit_func *f, uint32_t start, uint32_t first)
{
	assert(first <= f->catches.len && start <= x64_offset(f->x));
	for (size_t i = first; i < f->catches.len; i++) {
		const struct jit_catch *k = &f->catches.at[i];
		struct jit_handler h = { start, x64_offset(f->x), k->pc, k->tag, k->ref };

		if (!vec_push(&f->out->handlers, h))
			f->failed = true;
	}
	f->catches.len = first;
}

static void throw(struct jit_func *f, const struct wasm_insn *in)
{
	jit_libcall(f, JIT_LIB_throw, NULL, 0, 1);
	jit_truncate(f, f->b.ctl->height);
	wasm_body_apply(&f->b, in);
}

void jit_emit_throw(struct jit_func *f, const struct wasm_insn *in, const struct jit_row *row)
{
	const struct wasm_functype *t = tag_type(f, in->index);
	const uint64_t tag = in->index;
	struct wasm_val *v = f->b.sp - t->nparams;

	jit_settle(f, 0);
	jit_libcall(f, JIT_LIB_exn_new, &tag, 1, 0);
	f->free &= ~JIT_BIT(X64_RAX);
	for (uint32_t i = 0; i < t->nparams; i++) {
		x64_reserve(f->x, X64_ROOM_ONE);
		jit_store_val(f, &v[i], x64_at(X64_RAX, JIT_EXN_VALUES + 16 * (int32_t)i));
	}
	x64_reserve(f->x, X64_ROOM_MAX / 2);
	jit_truncate(f, (uint32_t)(v - f->b.stack));
	jit_push_gpr(f, WASM_EXNREF, X64_RAX);
	throw(f, in);
}

void jit_emit_throw_ref(struct jit_func *f, const struct wasm_insn *in, const struct jit_row *row)
{
	throw(f, in);
}
