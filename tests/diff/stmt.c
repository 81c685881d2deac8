/* stmt.c: statements, blocks and calls; they leave the stack as it was, but for stated results. */
#include <string.h>

#include "tests/diff/gen.h"

#define NO_KIND (-1)

/* Of a list of no kinds there may be no address, which memcpy and memcmp may not be given. */
static void copy_kinds(uint8_t *to, const uint8_t *from, uint32_t count)
{
	if (count)
		memcpy(to, from, count);
}

static bool same_kinds(const uint8_t *a, const uint8_t *b, uint32_t count)
{
	return !count || !memcmp(a, b, count);
}

/* The index of a type, added if there is room; GEN_TYPE_MAX if there is none. */
uint32_t gen_type_index(struct gen *g, const uint8_t *params, uint32_t nparams,
			const uint8_t *results, uint32_t nresults)
{
	struct gen_type *t = g->types;

	for (uint32_t i = 0; i < g->ntypes; i++, t++)
		if (t->nparams == nparams && t->nresults == nresults &&
		    same_kinds(t->params, params, nparams) &&
		    same_kinds(t->results, results, nresults))
			return i;
	if (g->ntypes == GEN_TYPE_MAX)
		return GEN_TYPE_MAX;
	t = &g->types[g->ntypes];
	t->nparams = nparams;
	t->nresults = nresults;
	copy_kinds(t->params, params, nparams);
	copy_kinds(t->results, results, nresults);
	return g->ntypes++;
}

/* The end of the innermost label's block. */
void gen_end(struct gen *g)
{
	g->nlabels--;
	gen_op(g, WASM_END);
}

static void branch(struct gen *g, enum wasm_op op, uint32_t label)
{
	gen_op(g, op);
	gen_u32(&g->code, g->nlabels - 1 - label);
}

void gen_label(struct gen *g, const uint8_t *kinds, uint32_t count, bool closed)
{
	struct gen_label *l = &g->labels[g->nlabels++];

	l->count = count;
	copy_kinds(l->kinds, kinds, count);
	l->closed = closed;
}

void gen_values(struct gen *g, const uint8_t *kinds, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		gen_expr(g, kinds[i]);
}

/* Takes the top value off: into a local or away. */
static void consume(struct gen *g, uint8_t kind)
{
	uint32_t local;

	if (gen_below(g, 4) && gen_pick_local(g, kind, true, &local))
		gen_local(g, WASM_LOCAL_SET, local);
	else
		gen_op(g, WASM_DROP);
}

void gen_consume_all(struct gen *g, const uint8_t *kinds, uint32_t count)
{
	while (count--)
		consume(g, kinds[count]);
}

/* Returns zeros when the fuel is used up, else burns one. */
void gen_fuel(struct gen *g)
{
	gen_local(g, WASM_GLOBAL_GET, 0);
	gen_op(g, WASM_I32_EQZ);
	gen_op(g, WASM_IF);
	gen_byte(&g->code, 0x40);
	for (uint32_t i = 0; i < g->type->nresults; i++)
		gen_zero(g, g->type->results[i]);
	gen_op(g, WASM_RETURN);
	gen_op(g, WASM_END);
	gen_local(g, WASM_GLOBAL_GET, 0);
	gen_const(g, GEN_I32, 1);
	gen_op(g, WASM_I32_SUB);
	gen_local(g, WASM_GLOBAL_SET, 0);
}

/* block, loop or if with its type; the parameters must be on the stack. */
static void open_block(struct gen *g, enum wasm_op op, uint32_t type, const uint8_t *results,
		       uint32_t nresults)
{
	gen_op(g, op);
	if (type != GEN_TYPE_MAX)
		gen_s64(&g->code, type);
	else if (nresults)
		gen_kind(&g->code, results[0]);
	else
		gen_byte(&g->code, 0x40);
}

/* A block of no parameters and at most one result, and its label. */
void gen_block(struct gen *g, enum wasm_op op, const uint8_t *kinds, uint32_t count)
{
	open_block(g, op, GEN_TYPE_MAX, kinds, count);
	gen_label(g, kinds, count, false);
}

static void body(struct gen *g, const uint8_t *results, uint32_t nresults)
{
	gen_stmts(g, 1 + gen_below(g, 3));
	gen_values(g, results, nresults);
}

static void counted_loop(struct gen *g, uint32_t type, const uint8_t *results, uint32_t nresults)
{
	uint32_t counter = g->counters + g->used_counters++;

	gen_const(g, GEN_I32, 1 + gen_below(g, 8));
	gen_local(g, WASM_LOCAL_SET, counter);
	open_block(g, WASM_LOOP, type, results, nresults);
	gen_label(g, NULL, 0, true);
	gen_stmts(g, 1 + gen_below(g, 4));
	gen_local(g, WASM_LOCAL_GET, counter);
	gen_const(g, GEN_I32, 1);
	gen_op(g, WASM_I32_SUB);
	gen_local(g, WASM_LOCAL_TEE, counter);
	branch(g, WASM_BR_IF, g->nlabels - 1);
	gen_values(g, results, nresults);
	gen_end(g);
	g->used_counters--;
}

static void alternatives(struct gen *g, uint32_t type, const uint8_t *params, uint32_t nparams,
			 const uint8_t *results, uint32_t nresults)
{
	gen_expr(g, GEN_I32);
	open_block(g, WASM_IF, type, results, nresults);
	gen_label(g, results, nresults, false);
	gen_consume_all(g, params, nparams);
	body(g, results, nresults);
	if (nresults || nparams || gen_once(g, 2)) {
		gen_op(g, WASM_ELSE);
		gen_consume_all(g, params, nparams);
		body(g, results, nresults);
	}
	gen_end(g);
}

void gen_control(struct gen *g, const uint8_t *results, uint32_t nresults)
{
	uint8_t params[3];
	uint32_t nparams = gen_once(g, 3) ? gen_below(g, 4) : 0, type, way = gen_below(g, 8);

	if (g->nlabels >= GEN_LABEL_MAX - 6) {
		gen_values(g, results, nresults);
		return;
	}
	for (uint32_t i = 0; i < nparams; i++)
		params[i] = (uint8_t)gen_below(g, g->simd ? GEN_KINDS : GEN_V128);
	if (way < 2 && g->used_counters < GEN_COUNTERS)
		nparams = 0;
	type = gen_type_index(g, params, nparams, results, nresults);
	if (type == GEN_TYPE_MAX && (nparams || nresults > 1)) {
		gen_values(g, results, nresults);
		return;
	}
	gen_values(g, params, nparams);
	if (way < 2 && g->used_counters < GEN_COUNTERS) {
		counted_loop(g, type, results, nresults);
	} else if (way < 5) {
		alternatives(g, type, params, nparams, results, nresults);
	} else {
		bool loop = way == 5;

		open_block(g, loop ? WASM_LOOP : WASM_BLOCK, type, results, nresults);
		gen_label(g, loop ? params : results, loop ? nparams : nresults, false);
		if (loop)
			gen_fuel(g);
		gen_consume_all(g, params, nparams);
		body(g, results, nresults);
		gen_end(g);
	}
}

static bool gives(const struct gen_type *t, int wanted)
{
	for (uint32_t i = 0; i < t->nresults; i++)
		if (t->results[i] == wanted)
			return true;
	return wanted == NO_KIND;
}

/*
 * Leaves the place of a function of this type in table 0, rarely any place; false, and nothing, if
 * there is none.
 */
static bool callee(struct gen *g, uint32_t type)
{
	uint32_t start = gen_below(g, g->table_size[0]);

	if (gen_once(g, 60)) {
		gen_index(g, g->table_size[0]);
		return true;
	}
	for (uint32_t i = 0; i < g->table_size[0]; i++) {
		uint32_t at = (start + i) % g->table_size[0];

		if (g->elements[at] != UINT32_MAX && g->funcs[g->elements[at]] == type) {
			gen_const(g, GEN_I32, at);
			return true;
		}
	}
	return false;
}

/* Calls something; leaves one result of the wanted kind, or nothing. */
void gen_call(struct gen *g, int wanted)
{
	uint32_t func = gen_below(g, g->nfuncs), saved = 0;
	bool kept = false;
	const struct gen_type *t;

	for (uint32_t i = 0; i < g->nfuncs && !gives(&g->types[g->funcs[func]], wanted); i++)
		func = (func + 1) % g->nfuncs;
	t = &g->types[g->funcs[func]];
	if (!gives(t, wanted)) {
		gen_expr(g, (uint8_t)wanted);
		return;
	}
	gen_values(g, t->params, t->nparams);
	if (gen_once(g, 2) && callee(g, g->funcs[func])) {
		gen_local(g, WASM_CALL_INDIRECT, g->funcs[func]);
		gen_byte(&g->code, 0);
	} else {
		gen_local(g, WASM_CALL, func);
	}
	for (uint32_t i = t->nresults; i-- > 0;) {
		if (!kept && t->results[i] == wanted) {
			kept = true;
			saved = i;
			if (i)
				gen_local(g, WASM_LOCAL_SET, g->scratch[wanted]);
		} else {
			gen_op(g, WASM_DROP);
		}
	}
	if (kept && saved)
		gen_local(g, WASM_LOCAL_GET, g->scratch[wanted]);
}

/* A random open label that carries just this (count kinds), or UINT32_MAX. */
static uint32_t label_like(struct gen *g, const uint8_t *kinds, uint32_t count)
{
	uint32_t start = gen_below(g, g->nlabels);

	for (uint32_t i = 0; i < g->nlabels; i++) {
		const struct gen_label *l = &g->labels[(start + i) % g->nlabels];

		if (!l->closed && l->count == count && !memcmp(l->kinds, kinds, count))
			return (start + i) % g->nlabels;
	}
	return UINT32_MAX;
}

bool gen_branch_value(struct gen *g, uint8_t kind)
{
	uint32_t label = label_like(g, &kind, 1);

	if (label == UINT32_MAX)
		return false;
	gen_expr(g, kind);
	gen_expr(g, GEN_I32);
	branch(g, WASM_BR_IF, label);
	return true;
}

static void branch_stmt(struct gen *g)
{
	uint32_t label = gen_below(g, g->nlabels);
	struct gen_label l = g->labels[label];

	if (l.closed)
		return;
	gen_values(g, l.kinds, l.count);
	if (gen_once(g, 12)) {
		branch(g, WASM_BR, label);
	} else if (gen_once(g, 8)) {
		gen_expr(g, GEN_I32);
		gen_op(g, WASM_BR_TABLE);
		gen_u32(&g->code, 3);
		for (int i = 0; i < 4; i++)
			gen_u32(&g->code, g->nlabels - 1 - label_like(g, l.kinds, l.count));
	} else {
		gen_expr(g, GEN_I32);
		branch(g, WASM_BR_IF, label);
		gen_consume_all(g, l.kinds, l.count);
	}
}

/* Nested blocks and a br_table in the innermost, as compilers make of a switch. */
static void switch_stmt(struct gen *g)
{
	uint32_t cases = 2 + gen_below(g, 4);

	if (g->nlabels + cases >= GEN_LABEL_MAX)
		return;
	for (uint32_t i = 0; i < cases; i++) {
		gen_block(g, WASM_BLOCK, NULL, 0);
	}
	gen_index(g, cases + 1);
	gen_op(g, WASM_BR_TABLE);
	gen_u32(&g->code, cases);
	for (uint32_t i = 0; i <= cases; i++)
		gen_u32(&g->code, gen_below(g, cases));
	for (uint32_t i = 0; i < cases; i++) {
		gen_end(g);
		gen_stmts(g, 1);
	}
}

static void small(struct gen *g, uint32_t most)
{
	gen_const(g, GEN_I32, gen_once(g, 50) ? 70000 : gen_below(g, most));
}

static void memory_stmt(struct gen *g)
{
	uint32_t segment = gen_below(g, GEN_SEGMENTS), way = gen_below(g, 8);

	if (way == 7) {
		gen_local(g, WASM_DATA_DROP, segment);
		return;
	}
	gen_address(g);
	if (way < 3)
		gen_address(g);
	else if (way < 5)
		gen_expr(g, GEN_I32);
	else
		small(g, 20);
	small(g, way < 5 ? 300 : 12);
	if (way < 3) {
		gen_local(g, WASM_MEMORY_COPY, 0);
		gen_byte(&g->code, 0);
	} else if (way < 5) {
		gen_local(g, WASM_MEMORY_FILL, 0);
	} else {
		gen_local(g, WASM_MEMORY_INIT, segment);
		gen_byte(&g->code, 0);
	}
}

static void table_stmt(struct gen *g)
{
	uint32_t way = gen_below(g, 9), table = gen_below(g, GEN_TABLES),
		 other = gen_below(g, GEN_TABLES);

	if (way == 8) {
		gen_local(g, WASM_ELEM_DROP, gen_below(g, GEN_SEGMENTS));
		return;
	}
	gen_index(g, g->table_size[table]);
	if (way < 3) {
		gen_expr(g, GEN_REF);
		gen_local(g, WASM_TABLE_SET, table);
	} else if (way < 5) {
		gen_expr(g, GEN_REF);
		small(g, 4);
		gen_local(g, WASM_TABLE_FILL, table);
	} else if (way < 7) {
		gen_index(g, g->table_size[other]);
		small(g, 5);
		gen_local(g, WASM_TABLE_COPY, table);
		gen_u32(&g->code, other);
	} else {
		small(g, 3);
		small(g, 3);
		gen_local(g, WASM_TABLE_INIT, gen_below(g, GEN_SEGMENTS));
		gen_u32(&g->code, table);
	}
}

static void set_stmt(struct gen *g)
{
	uint8_t kind = (uint8_t)gen_below(g, GEN_KINDS);
	uint32_t at;

	if (gen_once(g, 4) && gen_pick_global(g, kind, &at)) {
		gen_expr(g, kind);
		gen_local(g, WASM_GLOBAL_SET, at);
	} else if (gen_pick_local(g, kind, true, &at)) {
		gen_expr(g, kind);
		gen_local(g, WASM_LOCAL_SET, at);
	}
}

/* Leaves the function by calling one with the same results; an import, too. */
static bool tail_call(struct gen *g)
{
	uint32_t start = gen_below(g, g->nfuncs);

	for (uint32_t i = 0; i < g->nfuncs; i++) {
		uint32_t func = (start + i) % g->nfuncs;
		const struct gen_type *t = &g->types[g->funcs[func]];

		if (t->nresults != g->type->nresults ||
		    memcmp(t->results, g->type->results, t->nresults))
			continue;
		gen_values(g, t->params, t->nparams);
		if (gen_once(g, 2) && callee(g, g->funcs[func])) {
			gen_local(g, WASM_RETURN_CALL_INDIRECT, g->funcs[func]);
			gen_byte(&g->code, 0);
		} else {
			gen_local(g, WASM_RETURN_CALL, func);
		}
		return true;
	}
	return false;
}

static void rare_stmt(struct gen *g)
{
	gen_expr(g, GEN_I32);
	gen_block(g, WASM_IF, NULL, 0);
	if (gen_once(g, 4)) {
		gen_op(g, WASM_UNREACHABLE);
	} else if (g->ntags && gen_once(g, 2)) {
		gen_throw(g);
	} else if (gen_once(g, 3) || !tail_call(g)) {
		gen_values(g, g->type->results, g->type->nresults);
		gen_op(g, WASM_RETURN);
	}
	gen_stmts(g, gen_below(g, 2));
	gen_end(g);
}

void gen_stmts(struct gen *g, uint32_t count)
{
	g->depth++;
	while (count-- && g->budget > 0 && g->depth < 12) {
		uint32_t way = gen_below(g, 100);

		if (way < 40)
			set_stmt(g);
		else if (way < 55)
			gen_store(g);
		else if (way < 68)
			gen_control(g, NULL, 0);
		else if (way < 78)
			branch_stmt(g);
		else if (way < 80 && g->ntags)
			gen_try(g);
		else if (way < 82)
			switch_stmt(g);
		else if (way < 90)
			gen_call(g, NO_KIND);
		else if (way < 94)
			memory_stmt(g);
		else if (way < 97)
			table_stmt(g);
		else if (way < 99 || g->ntags)
			rare_stmt(g);
		else
			gen_op(g, WASM_NOP);
	}
	g->depth--;
}
