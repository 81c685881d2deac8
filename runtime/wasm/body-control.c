/*
 * Control: blocks, branches, calls' ends, exceptions; and wasm_control_apply(), which moves frames.
 *
 * In dead code a frame may have fewer values than an instruction needs (core spec, appendix A.3).
 * What is there is checked; settle() then writes the missing ones down.
 */
#include "runtime/wasm/body.h"

#include <assert.h>
#include <errno.h>

#include "runtime/base/num.h"
#include "runtime/wasm/rule.h"

#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

/* Block types written as one byte: nothing, or a number. */
#define SHORTHAND(t) \
	{ .nresults = 1, .params = types, .results = &types[WASM_KIND_##t - WASM_KIND_F64] }
static const wasm_valtype types[] = { WASM_F64, WASM_F32, WASM_I64, WASM_I32 };
static const struct wasm_functype
	empty = { .params = types, .results = types },
	numeric[] = { SHORTHAND(F64), SHORTHAND(F32), SHORTHAND(I64), SHORTHAND(I32) };
_Static_assert(WASM_KIND_I32 - WASM_KIND_F64 == 3, "types[] and numeric[] are indexed by code");

/* Rare ones are made in the function's arena. */
static int blocktype_make(struct wasm_body *b, struct wasm_insn *insn)
{
	struct {
		struct wasm_functype type;
		wasm_valtype result;
	} *own = arena_alloc(b->arena, sizeof(*own));
	int ret;

	if (!own)
		return wasm_no_memory(b->err);
	ret = wasm_valtype_read(b->m, &b->r, &own->result, b->err);
	if (ret)
		return ret;
	own->type = (struct wasm_functype){
		.nresults = 1, .params = types, .results = &own->result
	};
	insn->block = &own->type;
	return 1;
}

static int blocktype_index(struct wasm_body *b, struct wasm_insn *insn)
{
	int64_t index = reader_s33(&b->r);

	if (!reader_ok(&b->r))
		return wasm_malformed(&b->r, b->err);
	if (index < 0 || index >= b->m->ntypes || b->m->subs[index].kind != WASM_TYPE_FUNC)
		return wasm_body_error(b, insn, "unknown type %lld for a block: the module has %u",
				       (long long)index, b->m->ntypes);
	insn->block = &b->m->types[index];
	if (insn->block->nparams && !wasm_has(b->m, WASM_FEATURE_MULTI_VALUE))
		return wasm_feature_off(WASM_FEATURE_MULTI_VALUE, insn->at,
					"a block with parameters", b->err);
	return 1;
}

/* A block type: nothing, one value type, or a type index (core spec 5.4.1). */
static inline int blocktype_read(struct wasm_body *b, struct wasm_insn *insn)
{
	uint8_t byte = likely(reader_left(&b->r)) ? *b->r.at : 0;

	if (likely(byte == 0x40)) {
		insn->block = &empty;
	} else if (byte >= WASM_KIND_F64 && byte <= WASM_KIND_I32) {
		insn->block = &numeric[byte - WASM_KIND_F64];
	} else {
		return (byte & 0xc0) == 0x40 ? blocktype_make(b, insn) : blocktype_index(b, insn);
	}
	b->r.at++;
	return 1;
}

/* Whether an i32 is on top: what wasm_operand() would say. */
static inline bool condition_on_top(const struct wasm_body *b)
{
	return likely(b->sp > b->base && b->sp[-1].type == WASM_I32);
}

/* block, loop, if */
int wasm_rule_block(struct wasm_body *b, struct wasm_insn *insn)
{
	bool is_if = insn->op == WASM_IF;
	uint32_t have;
	int ret = blocktype_read(b, insn);

	insn->npop = is_if;
	insn->npush = 0;
	if (ret > 0 && is_if && !condition_on_top(b))
		ret = wasm_operand(b, insn, 0, WASM_I32, &insn->npop);
	if (ret > 0 && unlikely(insn->block->nparams)) {
		ret = wasm_operands(b, insn, is_if, insn->block->params, insn->block->nparams,
				    &have);
		if (ret > 0)
			ret = wasm_body_room(b, insn->block->nparams + WASM_BODY_ROOM);
	}
	if (ret > 0 && unlikely(b->ctls_end - b->ctl < 2))
		ret = wasm_body_ctl_room(b);
	return ret;
}

/* The frame must hold its results and nothing else. */
static int frame_results(struct wasm_body *b, struct wasm_insn *insn)
{
	const struct wasm_functype *t = b->ctl->type;
	uint32_t have;
	int ret;

	/* there is room for what follows: it was there when the frame was entered */
	if (likely(!t->nresults && b->sp == b->base))
		return 1;
	if (likely(t->nresults == 1 && b->sp - b->base == 1 && b->sp[-1].type == t->results[0]))
		return 1;
	ret = wasm_operands(b, insn, 0, t->results, t->nresults, &have);
	if (ret > 0 && b->sp - b->base != (ptrdiff_t)have)
		return wasm_body_error(b, insn,
				       "type mismatch: values remain on stack: the block has %u "
				       "result%s, the stack %td", t->nresults,
				       t->nresults == 1 ? "" : "s", b->sp - b->base);
	return ret > 0 ? wasm_body_room(b, num_max(t->nresults, t->nparams) + WASM_BODY_ROOM) : ret;
}

int wasm_rule_else(struct wasm_body *b, struct wasm_insn *insn)
{
	insn->npop = insn->npush = 0;
	if (b->ctl->kind != WASM_CTL_IF)
		return wasm_body_error(b, insn, "else without an if to belong to");
	return frame_results(b, insn);
}

/* An if without else passes its parameters on. */
static bool if_passes(const struct wasm_body *b, const struct wasm_functype *t)
{
	if (t->nparams != t->nresults)
		return false;
	for (uint32_t i = 0; i < t->nparams; i++)
		if (!wasm_subtype(b->m, t->params[i], t->results[i]))
			return false;
	return true;
}

int wasm_rule_end(struct wasm_body *b, struct wasm_insn *insn)
{
	insn->npop = insn->npush = 0;
	if (unlikely(b->ctl->kind == WASM_CTL_IF) && !if_passes(b, b->ctl->type))
		return wasm_body_error(
			b, insn,
			"type mismatch: an if without else must have results like its parameters");
	if (unlikely(b->ctl->kind == WASM_CTL_FUNC) && b->r.at != b->r.end && !b->constant)
		return wasm_body_error(
			b, insn,
			"END opcode expected only at the function's end: section size mismatch");
	return frame_results(b, insn);
}

static int label_check(struct wasm_body *b, struct wasm_insn *insn, uint32_t depth)
{
	if (unlikely(depth >= b->ctl - b->ctls))
		return wasm_body_error(b, insn, "unknown label %u: %td blocks are open", depth,
				       b->ctl - b->ctls);
	return 1;
}

/* br and br_if */
int wasm_rule_br(struct wasm_body *b, struct wasm_insn *insn)
{
	bool cond = insn->op == WASM_BR_IF;
	const wasm_valtype *types;
	uint32_t n, have;

	insn->npush = 0;
	insn->npop = cond;
	insn->index = reader_u32(&b->r);
	if (unlikely(label_check(b, insn, insn->index) < 0))
		return -ENOEXEC;
	if (cond && !condition_on_top(b) && wasm_operand(b, insn, 0, WASM_I32, &insn->npop) < 0)
		return -ENOEXEC;
	n = wasm_label_types(wasm_body_label(b, insn->index), &types);
	if (n && unlikely(wasm_operands(b, insn, cond, types, n, &have) < 0))
		return -ENOEXEC;
	if (n && unlikely(wasm_body_room(b, n + WASM_BODY_ROOM) < 0))
		return -ENOEXEC;
	return likely(reader_ok(&b->r)) ? 1 : wasm_malformed(&b->r, b->err);
}

/* Reads all targets; each must be an open label. */
static int targets_read(struct wasm_body *b, struct wasm_insn *insn)
{
	uint32_t n = reader_u32(&b->r);
	size_t left = reader_left(&b->r);

	if (!reader_ok(&b->r) || n >= left)
		return wasm_body_error(
			b, insn, "unexpected end: br_table with %u targets in %zu bytes", n, left);
	if (n + 1 > b->targets_cap) {
		b->targets_cap = (uint32_t)num_max(
			n + 1, num_min(2 * (size_t)b->targets_cap, WASM_MAX_BODY));
		b->targets = arena_array(b->arena, b->targets_cap, sizeof(*b->targets));
		if (!b->targets)
			return wasm_no_memory(b->err);
	}
	for (uint32_t i = 0; i <= n; i++) {
		b->targets[i] = reader_u32(&b->r);
		if (unlikely(label_check(b, insn, b->targets[i]) < 0))
			return -ENOEXEC;
	}
	insn->index = n;
	insn->targets = b->targets;
	return reader_ok(&b->r) ? 1 : wasm_malformed(&b->r, b->err);
}

int wasm_rule_br_table(struct wasm_body *b, struct wasm_insn *insn)
{
	const wasm_valtype *types, *last = NULL;
	uint32_t n, want, have;
	int ret = targets_read(b, insn);

	insn->npush = 0;
	if (ret > 0)
		ret = wasm_operand(b, insn, 0, WASM_I32, &insn->npop);
	if (ret < 0)
		return ret;
	want = wasm_label_types(wasm_body_label(b, insn->targets[insn->index]), &types);
	for (uint32_t i = 0; i <= insn->index; i++) {
		n = wasm_label_types(wasm_body_label(b, insn->targets[i]), &types);
		if (unlikely(n != want))
			return wasm_body_error(b, insn,
					       "type mismatch: br_table target %u carries %u "
					       "values, the default %u", i, n, want);
		/* targets mostly share a label: what was checked last needs no second look */
		if (!n || types == last)
			continue;
		last = types;
		if (wasm_operands(b, insn, 1, types, n, &have) < 0)
			return -ENOEXEC;
	}
	return 1;
}

int wasm_rule_return(struct wasm_body *b, struct wasm_insn *insn)
{
	insn->npush = insn->npop = 0;
	return wasm_operands(b, insn, 0, b->type->results, b->type->nresults, &insn->npop);
}

int wasm_rule_unreachable(struct wasm_body *b, struct wasm_insn *insn)
{
	insn->npush = insn->npop = 0;
	return 1;
}

/* Parameters below `skip` operands, results; a tail call gives the function's own results. */
static int callee_check(struct wasm_body *b, struct wasm_insn *insn, uint32_t skip)
{
	const struct wasm_functype *t = insn->callee;
	uint32_t have = 0;

	if (t->nparams && unlikely(wasm_operands(b, insn, skip, t->params, t->nparams, &have) < 0))
		return -ENOEXEC;
	insn->npop += have;
	insn->npush = t->nresults;
	if (t->nresults)
		insn->push = t->results;
	if (insn->row->flags & WASM_OP_ENDS) {
		insn->npush = 0;
		if (t->nresults != b->type->nresults)
			return wasm_body_error(
				b, insn,
				"type mismatch: %s to a function with %u results from one with %u",
				wasm_op_name(insn->row), t->nresults, b->type->nresults);
		for (uint32_t i = 0; i < t->nresults; i++)
			if (!wasm_subtype(b->m, t->results[i], b->type->results[i]))
				return wasm_body_error(b, insn,
						       "type mismatch: result %u of %s differs "
						       "from the function's", i,
						       wasm_op_name(insn->row));
	}
	return t->nresults > 1 ? wasm_body_room(b, t->nresults + WASM_BODY_ROOM) : 1;
}

/* call, return_call */
int wasm_rule_call(struct wasm_body *b, struct wasm_insn *insn)
{
	uint32_t f = insn->index = reader_u32(&b->r);

	insn->npop = 0;
	if (unlikely(!reader_ok(&b->r) || f >= b->m->nfuncs))
		return wasm_body_error(b, insn, "unknown function %u: the module has %u", f,
				       b->m->nfuncs);
	insn->callee = wasm_func_type(b->m, f);
	return callee_check(b, insn, 0);
}

static int callee_type(struct wasm_body *b, struct wasm_insn *insn)
{
	uint32_t t = insn->index = reader_u32(&b->r);

	if (unlikely(!reader_ok(&b->r) || t >= b->m->ntypes ||
		     b->m->subs[t].kind != WASM_TYPE_FUNC))
		return wasm_body_error(
			b, insn,
			"unknown type %u: %s needs one of the module's %u, a function type", t,
			wasm_op_name(insn->row), b->m->ntypes);
	insn->callee = &b->m->types[t];
	return 1;
}

/* call_indirect, return_call_indirect */
int wasm_rule_call_indirect(struct wasm_body *b, struct wasm_insn *insn)
{
	char name[WASM_TYPE_NAME];
	const struct wasm_tabletype *table;
	uint32_t t;

	if (unlikely(callee_type(b, insn) < 0))
		return -ENOEXEC;
	t = insn->index2 = reader_u32(&b->r);
	if (unlikely(!reader_ok(&b->r) || t >= b->m->ntables))
		return wasm_body_error(b, insn, "unknown table %u: the module has %u", t,
				       b->m->ntables);
	table = &b->m->tables[t].type;
	if (unlikely(table->elem != WASM_FUNCREF) && !wasm_subtype(b->m, table->elem, WASM_FUNCREF))
		return wasm_body_error(b, insn, "type mismatch: %s through table %u of %s",
				       wasm_op_name(insn->row), t,
				       wasm_type_name(table->elem, name));
	if (unlikely(wasm_operand(b, insn, 0, wasm_address(table->limits.is64), &insn->npop) < 0))
		return -ENOEXEC;
	return callee_check(b, insn, 1);
}

/* call_ref, return_call_ref */
int wasm_rule_call_ref(struct wasm_body *b, struct wasm_insn *insn)
{
	if (callee_type(b, insn) < 0 ||
	    wasm_operand(b, insn, 0, WASM_REF(true, insn->callee->canon), &insn->npop) < 0)
		return -ENOEXEC;
	return callee_check(b, insn, 1);
}

int wasm_rule_throw(struct wasm_body *b, struct wasm_insn *insn)
{
	const struct wasm_functype *t;

	insn->npush = 0;
	insn->index = reader_u32(&b->r);
	if (!reader_ok(&b->r) || insn->index >= b->m->ntags)
		return wasm_body_error(b, insn, "unknown tag %u: the module has %u", insn->index,
				       b->m->ntags);
	t = &b->m->types[b->m->tags[insn->index].type];
	return wasm_operands(b, insn, 0, t->params, t->nparams, &insn->npop);
}

int wasm_rule_throw_ref(struct wasm_body *b, struct wasm_insn *insn)
{
	insn->npush = 0;
	return wasm_operand(b, insn, 0, WASM_EXNREF, &insn->npop);
}

/* What a catch clause hands to its label: the tag's parameters, then perhaps the exception. */
static int catch_check(struct wasm_body *b, struct wasm_insn *insn, const struct wasm_catch *c)
{
	const struct wasm_functype *tag = NULL;
	bool ref = c->kind == WASM_CATCH_REF || c->kind == WASM_CATCH_ALL_REF;
	const wasm_valtype *types;
	uint32_t n, nparams;

	if (label_check(b, insn, c->label) < 0)
		return -ENOEXEC;
	if (c->kind <= WASM_CATCH_REF && c->tag >= b->m->ntags)
		return wasm_body_error(b, insn, "unknown tag %u: the module has %u", c->tag,
				       b->m->ntags);
	if (c->kind <= WASM_CATCH_REF)
		tag = &b->m->types[b->m->tags[c->tag].type];
	nparams = tag ? tag->nparams : 0;
	n = wasm_label_types(wasm_body_label(b, c->label), &types);
	if (n != nparams + ref)
		return wasm_body_error(
			b, insn,
			"type mismatch: a catch clause gives %u values, its label takes %u",
			nparams + ref, n);
	for (uint32_t i = 0; i < nparams; i++)
		if (!wasm_subtype(b->m, tag->params[i], types[i]))
			return wasm_body_error(
				b, insn,
				"type mismatch: value %u of a catch clause does not fit its label",
				i);
	if (ref && !wasm_subtype(b->m, WASM_REF(false, WASM_HEAP_EXN), types[n - 1]))
		return wasm_body_error(
			b, insn,
			"type mismatch: the exception of a catch clause does not fit its label");
	return 1;
}

int wasm_rule_try_table(struct wasm_body *b, struct wasm_insn *insn)
{
	const wasm_valtype *types;
	uint32_t n;
	int ret = wasm_rule_block(b, insn);

	if (ret < 0)
		return ret;
	n = insn->index = reader_u32(&b->r);
	if (!reader_ok(&b->r) || n > reader_left(&b->r) / 2)
		return wasm_body_error(b, insn, "unexpected end: try_table with %u clauses", n);
	b->catches = arena_array(b->arena, n, sizeof(*b->catches));
	if (!b->catches)
		return wasm_no_memory(b->err);
	for (uint32_t i = 0; i < n; i++) {
		struct wasm_catch *c = &b->catches[i];

		c->kind = reader_byte(&b->r);
		if (c->kind > WASM_CATCH_ALL_REF)
			return wasm_body_error(b, insn, "malformed catch clause 0x%02x", c->kind);
		c->tag = c->kind <= WASM_CATCH_REF ? reader_u32(&b->r) : WASM_NONE;
		c->label = reader_u32(&b->r);
		if (!reader_ok(&b->r))
			return wasm_malformed(&b->r, b->err);
		if (catch_check(b, insn, c) < 0)
			return -ENOEXEC;
		ret = wasm_body_room(b, wasm_label_types(wasm_body_label(b, c->label), &types) +
						WASM_BODY_ROOM);
		if (ret < 0)
			return ret;
	}
	return 1;
}

/* The reference on top, NONE where dead code leaves it open. */
static int reference_on_top(struct wasm_body *b, struct wasm_insn *insn, wasm_valtype *ret)
{
	char name[WASM_TYPE_NAME];
	bool have;

	*ret = wasm_peek(b, 0, &have);
	if (!have && !b->ctl->unreachable)
		return wasm_body_error(
			b, insn, "type mismatch: %s needs a reference, but the stack is empty",
			wasm_op_name(insn->row));
	if (have && *ret != WASM_KIND_NONE && !wasm_is_ref(*ret))
		return wasm_body_error(b, insn, "type mismatch: %s needs a reference, but it is %s",
				       wasm_op_name(insn->row), wasm_type_name(*ret, name));
	return 1;
}

/* br_on_null carries what lies below the reference, br_on_non_null the reference too. */
int wasm_rule_br_on_null(struct wasm_body *b, struct wasm_insn *insn)
{
	bool taken = insn->op == WASM_BR_ON_NON_NULL;
	const wasm_valtype *types;
	uint32_t n, have;
	wasm_valtype t;

	insn->npop = insn->npush = 0;
	insn->index = reader_u32(&b->r);
	if (!reader_ok(&b->r))
		return wasm_malformed(&b->r, b->err);
	if (label_check(b, insn, insn->index) < 0 || reference_on_top(b, insn, &t) < 0)
		return -ENOEXEC;
	n = wasm_label_types(wasm_body_label(b, insn->index), &types);
	if (taken) {
		if (!n || !wasm_is_ref(types[n - 1]) ||
		    !wasm_subtype(b->m, t & ~WASM_TYPE_NULLABLE, types[n - 1]))
			return wasm_body_error(b, insn,
					       "type mismatch: the label of br_on_non_null does "
					       "not take the reference");
		insn->npop = b->sp > b->base;
		n--;
	}
	if (wasm_operands(b, insn, 1, types, n, &have) < 0)
		return -ENOEXEC;
	return wasm_body_room(b, n + WASM_BODY_ROOM);
}

/* Makes the topmost n values of these types: in place where they are there, else (dead code only)
 * new. */
static void settle(struct wasm_body *b, const wasm_valtype *types, uint32_t n)
{
	if (likely(b->sp - b->base >= (ptrdiff_t)n)) {
		for (uint32_t i = 0; i < n; i++)
			b->sp[(ptrdiff_t)i - n].type = types[i];
		return;
	}
	assert(b->ctl->unreachable && b->stack_end - b->base >= (ptrdiff_t)n);
	b->sp = b->base;
	for (uint32_t i = 0; i < n; i++)
		*b->sp++ = (struct wasm_val){ .type = types[i] };
}

static void frame_enter(struct wasm_body *b, const struct wasm_insn *insn)
{
	bool loop = insn->op == WASM_LOOP;
	struct wasm_ctl *c = b->ctl + 1;

	b->sp -= insn->npop;
	if (insn->block->nparams)
		settle(b, insn->block->params, insn->block->nparams);
	assert(c < b->ctls_end);
	b->base = b->sp - insn->block->nparams;
	*c = (struct wasm_ctl){ .kind = loop ? WASM_CTL_LOOP :
					insn->op == WASM_IF ? WASM_CTL_IF :
					insn->op == WASM_BLOCK ? WASM_CTL_BLOCK : WASM_CTL_TRY,
				.dead = wasm_body_dead(b),
				.height = (uint32_t)(b->base - b->stack),
				.type = insn->block,
				.label = loop ? insn->block->params : insn->block->results,
				.nlabel = loop ? insn->block->nparams : insn->block->nresults,
				.inits = b->ninits };
	b->ctl = c;
}

/* Locals that got their first value in this frame have none outside of it. */
static void frame_unset(struct wasm_body *b)
{
	assert(b->ninits >= b->ctl->inits);
	while (b->ninits > b->ctl->inits)
		b->local_set[b->inits[--b->ninits]] = 0;
}

static void frame_push(struct wasm_body *b, const wasm_valtype *types, uint32_t n)
{
	assert(b->stack_end - b->base >= (ptrdiff_t)n);
	b->sp = b->base;
	for (uint32_t i = 0; i < n; i++)
		*b->sp++ = (struct wasm_val){ .type = types[i] };
}

static void frame_leave(struct wasm_body *b)
{
	const struct wasm_ctl *c = b->ctl;

	assert(b->ctl > b->ctls && b->base == b->stack + c->height);
	frame_unset(b);
	frame_push(b, c->type->results, c->type->nresults);
	b->ctl--;
	b->base = b->stack + b->ctl->height;
}

static void frame_else(struct wasm_body *b)
{
	struct wasm_ctl *c = b->ctl;

	assert(c->kind == WASM_CTL_IF);
	frame_unset(b);
	c->kind = WASM_CTL_ELSE;
	c->unreachable = false;
	frame_push(b, c->type->params, c->type->nparams);
}

/* br_if and its like: what is below the condition or reference takes the label's types. */
static void frame_branch(struct wasm_body *b, const struct wasm_insn *insn)
{
	bool keeps = insn->op != WASM_BR_IF && insn->op != WASM_BR_ON_NON_NULL;
	struct wasm_val top = { 0 };
	const wasm_valtype *types;
	uint32_t n = wasm_label_types(wasm_body_label(b, insn->index), &types);

	if (keeps && b->sp > b->base)
		top = *--b->sp;
	b->sp -= insn->npop;
	settle(b, types, n - (insn->op == WASM_BR_ON_NON_NULL || insn->row->imm == WASM_IMM_CAST));
	if (!keeps)
		return;
	if (insn->op == WASM_BR_ON_NULL)
		top.type &= ~WASM_TYPE_NULLABLE;
	else
		top.type = insn->op == WASM_BR_ON_CAST_FAIL ? insn->to : insn->from;
	*b->sp++ = top;
}

void wasm_control_apply(struct wasm_body *b, const struct wasm_insn *insn)
{
	if (insn->row->flags & WASM_OP_ENDS) {
		b->sp = b->base;
		b->ctl->unreachable = true;
	} else if (insn->row->imm == WASM_IMM_BLOCK || insn->row->imm == WASM_IMM_TRY_TABLE) {
		frame_enter(b, insn);
	} else if (insn->op == WASM_END) {
		frame_leave(b);
	} else if (insn->op == WASM_ELSE) {
		frame_else(b);
	} else {
		frame_branch(b, insn);
	}
}
