/*
 * A function's locals.
 *
 * Six bytes declare 50,000 of them, and whatever is kept for each costs time in every function. So
 * a body that declares more than it has bytes is walked as if it declared only those it names: the
 * walk reads a copy of its code, in which each number of a local is its rank among those, in as
 * many bytes. Offsets stay what they are, and for messages b->local_names has the numbers.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/num.h"
#include "runtime/wasm/rule.h"
#include "runtime/wasm/skip.h"

enum { ALWAYS_KEPT = 128 };	/* locals: too few to matter */

/* A number of a local that is no parameter: where in the code it stands. */
struct use {
	uint32_t local, at;
};

/* The sum of the local declarations, which r steps over; checks all but their types. */
static int locals_count(struct wasm_body *b, struct reader *r, uint32_t *ret)
{
	uint32_t groups = reader_u32(r);
	uint64_t n = *ret;

	for (uint32_t i = 0; i < groups && reader_ok(r); i++) {
		size_t at = reader_offset(r);
		wasm_valtype t;
		int code;

		n += reader_u32(r);
		if (n > UINT32_MAX)
			return err_module(b->err, at, "too many locals: %llu",
					  (unsigned long long)n);
		if (reader_ok(r)) {
			code = wasm_valtype_read(b->m, r, &t, b->err);
			if (code)
				return code;
		}
	}
	if (!reader_ok(r))
		return wasm_malformed(r, b->err);
	if (n > WASM_MAX_LOCALS)
		return err_module(b->err, reader_offset(r),
				  "too many locals: %llu exceeds the limit of %u",
				  (unsigned long long)n, WASM_MAX_LOCALS);
	*ret = (uint32_t)n;
	return 0;
}

/* Locals of references that cannot be null start without a value. */
static int locals_track(struct wasm_body *b)
{
	b->local_set = arena_array(b->arena, b->nlocals, 1);
	b->inits = arena_array(b->arena, b->nlocals, sizeof(*b->inits));
	if (!b->local_set || !b->inits)
		return wasm_no_memory(b->err);
	for (uint32_t i = 0; i < b->nlocals; i++)
		b->local_set[i] = i < b->type->nparams || wasm_has_default(b->locals[i]);
	return 0;
}

/*
 * The types of b->nlocals locals from the declarations, which are right and which b->r steps over:
 * all that are declared, or those of b->local_names.
 */
static int locals_type(struct wasm_body *b)
{
	wasm_valtype *locals = arena_array(b->arena, b->nlocals, sizeof(*locals));
	uint32_t n = b->type->nparams, end = n, groups = reader_u32(&b->r);
	bool all_set = true;

	if (!locals)
		return wasm_no_memory(b->err);
	memcpy(locals, b->type->params, n * sizeof(*locals));
	for (uint32_t i = 0; i < groups; i++) {
		uint32_t first = n, next = n;
		wasm_valtype t = WASM_I32;

		end += reader_u32(&b->r);
		(void)wasm_valtype_read(b->m, &b->r, &t, b->err);
		if (!b->local_names)
			next = end;
		else
			while (next < b->nlocals && b->local_names[next] < end)
				next++;
		while (n < next)
			locals[n++] = t;
		all_set &= n == first || wasm_has_default(t);
		b->vectors |= n > first && t == WASM_V128;
	}
	assert(n == b->nlocals);
	b->locals = locals;
	b->short_locals = all_set ? (uint8_t)num_min(n, 0x80) : 0;
	return all_set ? 0 : locals_track(b);
}

/* Notes where locals are named. false: the code is wrong somewhere, which the walk will tell. */
static bool uses_find(const struct wasm_body *b, struct reader r, uint32_t declared,
		      struct use *uses, uint32_t *ret_n)
{
	const uint8_t *code = r.at;
	uint32_t n = 0;

	while (reader_left(&r)) {
		uint16_t op = wasm_skip_opcode(&r);
		struct use use = { .at = (uint32_t)(r.at - code) };

		if (op == WASM_OPS)
			return false;
		if (wasm_ops[op].imm != WASM_IMM_LOCAL) {
			if (!wasm_skip_immediate(&r, wasm_ops[op].imm))
				return false;
			continue;
		}
		use.local = reader_u32(&r);
		if (!reader_ok(&r) || use.local >= declared)
			return false;
		if (use.local >= b->type->nparams)
			uses[n++] = use;
	}
	*ret_n = n;
	return true;
}

static int compare_uses(const void *a, const void *b)
{
	const struct use *x = a, *y = b;

	return x->local < y->local ? -1 : x->local > y->local;
}

/* Writes v over a number of at least its length, in that number's bytes. */
static void put_over(uint8_t *p, uint32_t v)
{
	bool more;

	do {
		more = *p & 0x80;
		*p++ = (uint8_t)((v & 0x7f) | (more ? 0x80 : 0));
		v >>= 7;
	} while (more);
	assert(!v);
}

/*
 * Leaves of the declared locals those that the code at r names; *r becomes the copy that names them
 * by rank. Nothing is changed where the code is wrong.
 */
static int locals_rank(struct wasm_body *b, struct reader *r, uint32_t declared)
{
	size_t left = reader_left(r), offset = reader_offset(r);
	/* a use takes two bytes */
	struct use *uses = arena_array(b->arena, left / 2 + 1, sizeof(*uses));
	uint8_t *code = arena_alloc(b->arena, left);
	uint32_t n, at = b->type->nparams, *names;

	if (!uses || !code)
		return wasm_no_memory(b->err);
	if (!uses_find(b, *r, declared, uses, &n))
		return 0;
	names = arena_array(b->arena, (size_t)at + n, sizeof(*names));
	if (!names)
		return wasm_no_memory(b->err);
	memcpy(code, r->at, left);
	if (n)
		qsort(uses, n, sizeof(*uses), compare_uses);
	for (uint32_t i = 0; i < at; i++)
		names[i] = i;
	for (uint32_t i = 0; i < n; i++) {
		if (!i || uses[i].local != uses[i - 1].local)
			names[at++] = uses[i].local;
		assert(at - 1 <= uses[i].local);
		put_over(code + uses[i].at, at - 1);
	}
	b->local_names = names;
	b->nlocals = at;
	r->at = code;
	r->end = code + left;
	r->base = (const uint8_t *)((uintptr_t)code - offset);
	return 0;
}

int wasm_body_locals(struct wasm_body *b)
{
	struct reader code = b->r;
	uint32_t n = b->type->nparams;
	int ret = locals_count(b, &code, &n);

	if (ret)
		return ret;
	b->nlocals = b->declared = n;
	if (n - b->type->nparams > num_max(reader_left(&code), ALWAYS_KEPT))
		ret = locals_rank(b, &code, n);
	if (ret == 0)
		ret = locals_type(b);
	b->r = code;
	return ret;
}
