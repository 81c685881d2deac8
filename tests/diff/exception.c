/* exception.c: throwing and catching, by tag and any, with and without a reference. */
#include <string.h>

#include "tests/diff/gen.h"

void gen_tags(struct gen *g)
{
	g->ntags = 1 + gen_below(g, GEN_TAG_MAX);
	for (uint32_t i = 0; i < g->ntags; i++) {
		uint8_t params[GEN_RESULT_MAX];
		uint32_t count = gen_below(g, GEN_RESULT_MAX);	/* and a reference */

		for (uint32_t k = 0; k < count; k++)
			params[k] = gen_some_kind(g);
		g->tags[i] = gen_type_index(g, params, count, NULL, 0);
	}
}

static const struct gen_type *tag_type(const struct gen *g, uint32_t tag)
{
	return &g->types[g->tags[tag]];
}

void gen_throw(struct gen *g)
{
	uint32_t tag = gen_below(g, g->ntags);
	const struct gen_type *t = tag_type(g, tag);

	if (gen_once(g, 4)) {
		gen_local(g, WASM_LOCAL_GET, g->exception);
		gen_op(g, WASM_THROW_REF);
		return;
	}
	gen_values(g, t->params, t->nparams);
	gen_local(g, WASM_THROW, tag);
}

struct clause {
	uint32_t tag;		/* GEN_TAG_MAX: any */
	bool ref;
};

static uint32_t clause_kinds(const struct gen *g, struct clause c, uint8_t kinds[GEN_ARITY_MAX])
{
	uint32_t count = 0;

	if (c.tag < GEN_TAG_MAX) {
		count = tag_type(g, c.tag)->nparams;
		for (uint32_t i = 0; i < count; i++)
			kinds[i] = tag_type(g, c.tag)->params[i];
	}
	if (c.ref)
		kinds[count++] = GEN_EXN;
	return count;
}

/* What lies on the stack where a clause leads to; the reference is kept for a later throw_ref. */
static void caught(struct gen *g, const uint8_t *kinds, uint32_t count)
{
	if (count && kinds[count - 1] == GEN_EXN) {
		gen_local(g, WASM_LOCAL_SET, g->exception);
		count--;
	}
	gen_consume_all(g, kinds, count);
}

static void catch_clauses(struct gen *g, const struct clause *c, uint32_t count, uint32_t outer)
{
	gen_u32(&g->code, count);
	for (uint32_t i = 0; i < count; i++) {
		bool any = c[i].tag == GEN_TAG_MAX;

		gen_byte(&g->code, 2 * any + c[i].ref);
		if (!any)
			gen_u32(&g->code, c[i].tag);
		gen_u32(&g->code, outer);
	}
}

/*
 *	block (done)
 *	  block (what the clauses give)
 *	    try_table ... end
 *	    br done
 *	  end
 *	  take what was caught
 *	end
 * All clauses give the same, so that one label is enough; others give nothing but the reference.
 */
void gen_try(struct gen *g)
{
	struct clause c[3] = { { gen_below(g, g->ntags + 1), gen_once(g, 2) } };
	uint8_t kinds[GEN_ARITY_MAX];
	uint32_t n, count = 1, type;

	if (c[0].tag == g->ntags)
		c[0].tag = GEN_TAG_MAX;
	n = clause_kinds(g, c[0], kinds);
	type = gen_type_index(g, NULL, 0, kinds, n);
	if (type == GEN_TYPE_MAX || g->nlabels >= GEN_LABEL_MAX - 6)
		return;
	for (uint32_t tag = 0; tag < g->ntags && count < 3; tag++) {
		uint8_t other[GEN_ARITY_MAX];
		struct clause more = { tag, c[0].ref };

		if (clause_kinds(g, more, other) == n && (!n || !memcmp(kinds, other, n)))
			c[count++] = more;
	}
	gen_block(g, WASM_BLOCK, NULL, 0);
	gen_op(g, WASM_BLOCK);
	gen_s64(&g->code, type);
	gen_label(g, kinds, n, true);
	gen_op(g, WASM_TRY_TABLE);
	gen_byte(&g->code, 0x40);
	catch_clauses(g, c, gen_once(g, 20) ? 0 : count, 0);
	gen_label(g, NULL, 0, false);
	gen_stmts(g, 1 + gen_below(g, 4));
	gen_end(g);
	gen_op(g, WASM_BR);
	gen_u32(&g->code, 1);
	gen_end(g);
	caught(g, kinds, n);
	gen_stmts(g, gen_below(g, 2));
	gen_end(g);
}
