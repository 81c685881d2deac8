/* gen.c: a module from a seed: types, functions, tables, memory, globals, segments, exports. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/diff/gen.h"

uint64_t gen_random(struct gen *g)
{
	uint64_t z = g->state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

uint32_t gen_below(struct gen *g, uint32_t n)
{
	return (uint32_t)((gen_random(g) >> 32) * n >> 32);
}

bool gen_once(struct gen *g, uint32_t n)
{
	return gen_below(g, n) == 0;
}

uint8_t gen_some_kind(struct gen *g)
{
	static const uint8_t kinds[] = { GEN_I32, GEN_I32, GEN_I32, GEN_I64,  GEN_I64,
					 GEN_F32, GEN_F64, GEN_REF, GEN_V128, GEN_V128 };

	return kinds[gen_below(g, g->simd ? 10 : 8)];
}

static uint32_t new_type(struct gen *g)
{
	uint8_t params[GEN_ARITY_MAX], results[GEN_RESULT_MAX];
	uint32_t np = gen_below(g, gen_once(g, 4) ? GEN_ARITY_MAX + 1 : 5);
	uint32_t nr = gen_below(g, gen_once(g, 4) ? GEN_RESULT_MAX + 1 : 2);

	for (uint32_t i = 0; i < np; i++)
		params[i] = gen_some_kind(g);
	for (uint32_t i = 0; i < nr; i++)
		results[i] = gen_some_kind(g);
	return gen_type_index(g, params, np, results, nr);
}

/*
 * Imports: env.l (i64, i64) -> i64 and env.d (f64, f32) -> f64. Types 0 and 1 are theirs, 2 and 3
 * the exports'.
 */
static void fixed_types(struct gen *g)
{
	static const uint8_t l[] = { GEN_I64, GEN_I64, GEN_I64, GEN_I64 };
	static const uint8_t d[] = { GEN_F64, GEN_F32 };

	g->funcs[0] = gen_type_index(g, l, 2, l, 1);
	g->funcs[1] = gen_type_index(g, d, 2, d, 1);
	(void)gen_type_index(g, l, GEN_ARGS, l, 1);
	(void)gen_type_index(g, NULL, 0, l, 1);
	g->nfuncs = GEN_IMPORTS;
}

static void outline(struct gen *g, bool exceptions)
{
	uint32_t own = 2 + gen_below(g, 5);

	g->simd = gen_below(g, 4) != 0;
	fixed_types(g);
	if (exceptions)
		gen_tags(g);
	while (own--)
		g->funcs[g->nfuncs++] = new_type(g);
	g->globals[0] = GEN_I32;
	for (g->nglobals = 1; g->nglobals < 4 + gen_below(g, GEN_GLOBAL_MAX - 4); g->nglobals++)
		g->globals[g->nglobals] = gen_some_kind(g);
	g->table_size[0] = 8 + gen_below(g, 20);
	g->table_size[1] = 1 + gen_below(g, 6);
	for (uint32_t i = 0; i < 32; i++)
		g->elements[i] = gen_once(g, 10) ? UINT32_MAX : gen_below(g, g->nfuncs);
}

/* Lays out locals: the parameters, a scratch of each kind, the loop counters, some more. */
static void start_function(struct gen *g, const struct gen_type *type, int budget)
{
	uint32_t more = gen_once(g, 5) ? gen_below(g, 30) : gen_below(g, 8);

	g->code.len = 0;
	g->type = type;
	g->nlocals = 0;
	for (uint32_t i = 0; i < type->nparams; i++)
		g->locals[g->nlocals++] = type->params[i];
	for (uint8_t k = 0; k < GEN_KINDS; k++) {
		g->scratch[k] = g->nlocals;
		g->locals[g->nlocals++] = k;
	}
	g->counters = g->nlocals;
	g->used_counters = 0;
	for (int i = 0; i < GEN_COUNTERS; i++)
		g->locals[g->nlocals++] = GEN_I32;
	g->exception = g->nlocals;
	if (g->ntags)
		g->locals[g->nlocals++] = GEN_EXN;
	while (more--)
		g->locals[g->nlocals++] = gen_some_kind(g);
	g->labels[0].count = type->nresults;
	memcpy(g->labels[0].kinds, type->results, type->nresults);
	g->labels[0].closed = false;
	g->nlabels = 1;
	g->budget = budget;
	g->depth = 0;
}

/* Adds the finished body, with its locals declared, to the code section. */
static void finish_function(struct gen *g, struct gen_buf *section)
{
	struct gen_buf head = { 0 };
	uint32_t first = g->type->nparams;

	gen_u32(&head, g->nlocals - first);
	for (uint32_t i = first; i < g->nlocals; i++) {
		gen_u32(&head, 1);
		gen_kind(&head, g->locals[i]);
	}
	gen_byte(&g->code, 0x0b);
	gen_u32(section, (uint32_t)(head.len + g->code.len));
	gen_bytes(section, head.bytes, head.len);
	gen_bytes(section, g->code.bytes, g->code.len);
	free(head.bytes);
}

static void random_function(struct gen *g, uint32_t func, struct gen_buf *section)
{
	static const int budgets[] = { 30, 80, 150, 300, 600, 1200 };

	start_function(g, &g->types[g->funcs[func]], budgets[gen_below(g, 6)]);
	gen_fuel(g);
	while (g->budget > 0)
		gen_stmts(g, 3);
	for (uint32_t i = 0; i < g->type->nresults; i++)
		gen_expr(g, g->type->results[i]);
	finish_function(g, section);
}

/* Local `sum` becomes rotl(sum, 7) ^ the value on top, as an i64. */
static void fold(struct gen *g, uint8_t kind, uint32_t sum)
{
	gen_canonical(g, kind);
	switch (kind) {
	case GEN_I32: gen_op(g, WASM_I64_EXTEND_I32_U); break;
	case GEN_F32: gen_op(g, WASM_I32_REINTERPRET_F32); gen_op(g, WASM_I64_EXTEND_I32_U); break;
	case GEN_F64: gen_op(g, WASM_I64_REINTERPRET_F64); break;
	case GEN_REF: gen_op(g, WASM_REF_IS_NULL); gen_op(g, WASM_I64_EXTEND_I32_U); break;
	case GEN_V128:
		gen_local(g, WASM_LOCAL_TEE, g->scratch[GEN_V128]);
		gen_op(g, WASM_I64X2_EXTRACT_LANE);
		gen_byte(&g->code, 0);
		fold(g, GEN_I64, sum);
		gen_local(g, WASM_LOCAL_GET, g->scratch[GEN_V128]);
		gen_op(g, WASM_I64X2_EXTRACT_LANE);
		gen_byte(&g->code, 1);
	}
	gen_local(g, WASM_LOCAL_GET, sum);
	gen_const(g, GEN_I64, 7);
	gen_op(g, WASM_I64_ROTL);
	gen_op(g, WASM_I64_XOR);
	gen_local(g, WASM_LOCAL_SET, sum);
}

/* Exported fN: fills the fuel, makes the arguments of the function from i64s, folds its results. */
static void wrapper(struct gen *g, uint32_t func, struct gen_buf *section)
{
	const struct gen_type *t = &g->types[g->funcs[func]];

	start_function(g, &g->types[2], 1 << 20);
	gen_const(g, GEN_I32, GEN_FUEL);
	gen_local(g, WASM_GLOBAL_SET, 0);
	for (uint32_t i = 0; i < t->nparams; i++) {
		gen_local(g, WASM_LOCAL_GET, i % GEN_ARGS);
		if (t->params[i] == GEN_I32 || t->params[i] == GEN_F32 || t->params[i] == GEN_REF)
			gen_op(g, WASM_I32_WRAP_I64);
		if (t->params[i] == GEN_F32)
			gen_op(g, WASM_F32_REINTERPRET_I32);
		if (t->params[i] == GEN_F64)
			gen_op(g, WASM_F64_REINTERPRET_I64);
		if (t->params[i] == GEN_V128)
			gen_op(g, WASM_I64X2_SPLAT);
		if (t->params[i] == GEN_REF) {
			gen_op(g, WASM_DROP);
			gen_local(g, WASM_REF_FUNC, func);
		}
	}
	gen_local(g, WASM_CALL, func);
	for (uint32_t i = t->nresults; i-- > 0;)
		fold(g, t->results[i], 0);
	gen_local(g, WASM_LOCAL_GET, 0);
	finish_function(g, section);
}

/* Exported sum: folds globals, table entries' nullness and all of memory. */
static void checksum(struct gen *g, struct gen_buf *section)
{
	uint32_t at, sum;

	start_function(g, &g->types[3], 1 << 20);
	at = g->counters;
	sum = g->nlocals;
	g->locals[g->nlocals++] = GEN_I64;
	for (uint32_t i = 1; i < g->nglobals; i++) {
		gen_local(g, WASM_GLOBAL_GET, i);
		fold(g, g->globals[i], sum);
	}
	for (uint32_t t = 0; t < GEN_TABLES; t++) {
		gen_local(g, WASM_TABLE_SIZE, t);
		fold(g, GEN_I32, sum);
		for (uint32_t i = 0; i < g->table_size[t]; i++) {
			gen_const(g, GEN_I32, i);
			gen_local(g, WASM_TABLE_GET, t);
			fold(g, GEN_REF, sum);
		}
	}
	gen_op(g, WASM_LOOP);
	gen_byte(&g->code, 0x40);
	gen_local(g, WASM_LOCAL_GET, at);
	gen_op(g, WASM_I64_LOAD);
	gen_u32(&g->code, 3);
	gen_u32(&g->code, 0);
	fold(g, GEN_I64, sum);
	gen_local(g, WASM_LOCAL_GET, at);
	gen_const(g, GEN_I32, 8);
	gen_op(g, WASM_I32_ADD);
	gen_local(g, WASM_LOCAL_TEE, at);
	gen_op(g, WASM_MEMORY_SIZE);
	gen_byte(&g->code, 0);
	gen_const(g, GEN_I32, 16);
	gen_op(g, WASM_I32_SHL);
	gen_op(g, WASM_I32_LT_U);
	gen_local(g, WASM_BR_IF, 0);
	gen_op(g, WASM_END);
	gen_local(g, WASM_LOCAL_GET, sum);
	finish_function(g, section);
}

static void section(struct gen_buf *module, uint32_t id, struct gen_buf *body)
{
	gen_byte(module, id);
	gen_u32(module, (uint32_t)body->len);
	gen_bytes(module, body->bytes, body->len);
	body->len = 0;
}

static void types_and_imports(struct gen *g, struct gen_buf *module, struct gen_buf *b)
{
	gen_u32(b, g->ntypes);
	for (uint32_t i = 0; i < g->ntypes; i++) {
		const struct gen_type *t = &g->types[i];

		gen_byte(b, 0x60);
		gen_u32(b, t->nparams);
		for (uint32_t j = 0; j < t->nparams; j++)
			gen_kind(b, t->params[j]);
		gen_u32(b, t->nresults);
		for (uint32_t j = 0; j < t->nresults; j++)
			gen_kind(b, t->results[j]);
	}
	section(module, 1, b);
	gen_u32(b, GEN_IMPORTS);
	for (uint32_t i = 0; i < GEN_IMPORTS; i++) {
		gen_name(b, "env");
		gen_name(b, i ? "d" : "l");
		gen_byte(b, 0);
		gen_u32(b, g->funcs[i]);
	}
	section(module, 2, b);
}

static void tags(struct gen *g, struct gen_buf *module, struct gen_buf *b)
{
	gen_u32(b, g->ntags);
	for (uint32_t i = 0; i < g->ntags; i++) {
		gen_byte(b, 0);
		gen_u32(b, g->tags[i]);
	}
	section(module, 13, b);
}

/* Functions, a wrapper for each, the checksum; tables; the memory; globals that are zero. */
static void declarations(struct gen *g, struct gen_buf *module, struct gen_buf *b)
{
	uint32_t own = g->nfuncs - GEN_IMPORTS;

	gen_u32(b, 2 * own + 1);
	for (uint32_t i = 0; i < own; i++)
		gen_u32(b, g->funcs[GEN_IMPORTS + i]);
	for (uint32_t i = 0; i < own; i++)
		gen_u32(b, 2);
	gen_u32(b, 3);
	section(module, 3, b);
	gen_u32(b, GEN_TABLES);
	for (uint32_t i = 0; i < GEN_TABLES; i++) {
		gen_kind(b, GEN_REF);
		gen_byte(b, 1);
		gen_u32(b, g->table_size[i]);
		gen_u32(b, g->table_size[i] + 10);
	}
	section(module, 4, b);
	gen_u32(b, 1);
	gen_byte(b, 1);
	gen_u32(b, 1);
	gen_u32(b, 1 + gen_below(g, 3));
	section(module, 5, b);
	if (g->ntags)
		tags(g, module, b);
	gen_u32(b, g->nglobals);
	for (uint32_t i = 0; i < g->nglobals; i++) {
		gen_kind(b, g->globals[i]);
		gen_byte(b, 1);
		g->code.len = 0;
		gen_zero(g, g->globals[i]);
		gen_bytes(b, g->code.bytes, g->code.len);
		gen_byte(b, 0x0b);
	}
	section(module, 6, b);
}

static void exports(struct gen *g, struct gen_buf *module, struct gen_buf *b)
{
	uint32_t own = g->nfuncs - GEN_IMPORTS;
	char name[12];

	gen_u32(b, own + 1);
	for (uint32_t i = 0; i < own; i++) {
		snprintf(name, sizeof(name), "f%u", i);
		gen_name(b, name);
		gen_byte(b, 0);
		gen_u32(b, g->nfuncs + i);
	}
	gen_name(b, "sum");
	gen_byte(b, 0);
	gen_u32(b, g->nfuncs + own);
	section(module, 7, b);
}

/* An active segment for table 0, then passive ones, which name every function. */
static void elements(struct gen *g, struct gen_buf *module, struct gen_buf *b)
{
	uint32_t active = 1;

	gen_u32(b, active + GEN_SEGMENTS - 1);
	gen_byte(b, 4);
	gen_byte(b, 0x41);
	gen_byte(b, 0);
	gen_byte(b, 0x0b);
	gen_u32(b, g->table_size[0]);
	for (uint32_t i = 0; i < g->table_size[0]; i++) {
		if (g->elements[i] == UINT32_MAX) {
			gen_byte(b, 0xd0);
			gen_byte(b, 0x70);
		} else {
			gen_byte(b, 0xd2);
			gen_u32(b, g->elements[i]);
		}
		gen_byte(b, 0x0b);
	}
	for (uint32_t s = 1; s < GEN_SEGMENTS; s++) {
		gen_byte(b, 1);
		gen_byte(b, 0);
		gen_u32(b, g->nfuncs);
		for (uint32_t i = 0; i < g->nfuncs; i++)
			gen_u32(b, i);
	}
	section(module, 9, b);
	gen_u32(b, GEN_SEGMENTS);
	section(module, 12, b);
}

static void data(struct gen *g, struct gen_buf *module, struct gen_buf *b)
{
	gen_u32(b, GEN_SEGMENTS);
	for (uint32_t s = 0; s < GEN_SEGMENTS; s++) {
		uint32_t size = s ? 16 + gen_below(g, 16) : 2000;

		gen_byte(b, s ? 1 : 0);
		if (!s) {
			gen_byte(b, 0x41);
			gen_byte(b, 0);
			gen_byte(b, 0x0b);
		}
		gen_u32(b, size);
		while (size--)
			gen_byte(b, (uint32_t)gen_random(g) & 0xff);
	}
	section(module, 11, b);
}

void gen_module(uint64_t seed, bool exceptions, struct gen_buf *ret_module, uint32_t *ret_exports)
{
	struct gen_buf code = { 0 }, b = { 0 };
	struct gen g = { .state = seed };
	uint32_t own;

	outline(&g, exceptions);
	own = g.nfuncs - GEN_IMPORTS;
	gen_u32(&code, 2 * own + 1);
	for (uint32_t i = 0; i < own; i++)
		random_function(&g, GEN_IMPORTS + i, &code);
	for (uint32_t i = 0; i < own; i++)
		wrapper(&g, GEN_IMPORTS + i, &code);
	checksum(&g, &code);

	ret_module->len = 0;
	gen_bytes(ret_module, "\0asm\1\0\0", 8);
	types_and_imports(&g, ret_module, &b);
	declarations(&g, ret_module, &b);
	exports(&g, ret_module, &b);
	elements(&g, ret_module, &b);
	section(ret_module, 10, &code);
	data(&g, ret_module, &b);
	*ret_exports = own;
	free(code.bytes);
	free(b.bytes);
	free(g.code.bytes);
}

void gen_arguments(uint64_t seed, uint32_t call, int64_t ret_args[GEN_ARGS])
{
	static const int64_t corner[] = {
		0, 1, -1, INT64_MIN, INT64_MAX, INT32_MIN, INT32_MAX, 0x7ff8000000000000,
		0x7f8000013f800000, 0x3ff00000bf800000, 64, 65535,
	};
	struct gen g = { .state = seed ^ (uint64_t)(call + 1) * 0xd1342543de82ef95 };

	for (int i = 0; i < GEN_ARGS; i++)
		ret_args[i] = gen_once(&g, 2) ? corner[gen_below(&g, 12)] : (int64_t)gen_random(&g);
}
