/* expr.c: expressions: code that leaves one value of a wanted kind on the stack. */
#include <string.h>

#include "tests/diff/gen.h"

static const uint64_t corner32[] = {
	0, 1, 2, 7, 8, 31, 32, 63, 64, 255, 256, 0x7fff, 0x8000, 0xffff, 0x10000, 0x7fffffff,
	0x80000000, 0xffffffff, 0xfffffff8, 0x55555555, 0x01020304,
};
static const uint64_t corner64[] = {
	0, 1, 63, 64, 0x7fffffff, 0x80000000, 0xffffffff, 0x100000000, 0x7fffffffffffffff,
	0x8000000000000000, 0xffffffffffffffff, 0xffffffff80000000, 0x0123456789abcdef,
};
/* Zeros, ones, halves, the edges of integers' ranges, infinities, NaNs, denormals. */
static const uint32_t cornerf[] = {
	0, 0x80000000, 0x3f800000, 0xbf800000, 0x3f000000, 0x4f000000, 0xcf000000, 0x4f800000,
	0x5f000000, 0xdf000000, 0x7f800000, 0xff800000, 0x7fc00000, 0x7fa00001, 1, 0x007fffff,
	0x7f7fffff, 0x4effffff, 0x3effffff, 0x4b000000, 0x437f0000,
};
static const uint64_t cornerd[] = {
	0, 1ull << 63, 1, 0x3ff0000000000000, 0xbff0000000000000, 0x3fe0000000000000,
	0x41e0000000000000, 0xc1e0000000000000, 0x41dfffffffc00000, 0x43e0000000000000,
	0xc3e0000000000000, 0x43f0000000000000, 0x7ff0000000000000, 0xfff0000000000000,
	0x7ff8000000000000, 0x7ff4000000000001, 0x7fefffffffffffff, 0x4330000000000000,
	0x3fdfffffffffffff, 0x47efffffe0000000, 0x36a0000000000000,
};

#define COUNT(array) ((uint32_t)(sizeof(array) / sizeof((array)[0])))
#define PICK(g, array) ((array)[gen_below(g, COUNT(array))])

void gen_op(struct gen *g, enum wasm_op op)
{
	const struct wasm_op_row *row = &wasm_ops[op];

	if (row->prefix) {
		gen_byte(&g->code, row->prefix);
		gen_u32(&g->code, row->code);
	} else {
		gen_byte(&g->code, row->code);
	}
	g->budget--;
}

void gen_local(struct gen *g, enum wasm_op op, uint32_t local)
{
	gen_op(g, op);
	gen_u32(&g->code, local);
}

void gen_const(struct gen *g, uint8_t kind, uint64_t bits)
{
	static const uint16_t op[GEN_KINDS] = { WASM_I32_CONST, WASM_I64_CONST,	 WASM_F32_CONST,
						WASM_F64_CONST, WASM_V128_CONST, WASM_REF_NULL };
	uint64_t both[2] = { bits, bits * 0x9e3779b97f4a7c15u };

	gen_op(g, op[kind]);
	switch (kind) {
	case GEN_I32: gen_s64(&g->code, (int32_t)bits); break;
	case GEN_I64: gen_s64(&g->code, (int64_t)bits); break;
	case GEN_F32: gen_bytes(&g->code, &bits, 4); break;
	case GEN_F64: gen_bytes(&g->code, &bits, 8); break;
	case GEN_V128: gen_bytes(&g->code, both, 16); break;
	default: gen_byte(&g->code, 0x70);
	}
}

void gen_zero(struct gen *g, uint8_t kind)
{
	gen_const(g, kind, 0);
}

static void some_const(struct gen *g, uint8_t kind)
{
	uint64_t bits = gen_random(g);

	switch (kind) {
	case GEN_I32: bits = gen_once(g, 3) ? bits & 0xff : PICK(g, corner32); break;
	case GEN_I64: bits = gen_once(g, 3) ? bits >> gen_below(g, 64) : PICK(g, corner64); break;
	case GEN_F32: bits = gen_once(g, 4) ? bits & 0xffffffff : PICK(g, cornerf); break;
	case GEN_F64: bits = gen_once(g, 4) ? bits : PICK(g, cornerd); break;
	case GEN_V128:
		if (gen_once(g, 2)) {
			uint64_t half[2] = { PICK(g, cornerf) | (uint64_t)PICK(g, cornerf) << 32,
					     gen_once(g, 2) ? PICK(g, cornerd)
							    : PICK(g, corner64) };

			gen_op(g, WASM_V128_CONST);
			gen_bytes(&g->code, half, 16);
			return;
		}
		break;
	default:
		if (!gen_once(g, 3)) {
			gen_local(g, WASM_REF_FUNC, gen_below(g, g->nfuncs));
			return;
		}
	}
	gen_const(g, kind, bits);
}

/* A NaN of any bits on top becomes the canonical one. */
void gen_canonical(struct gen *g, uint8_t kind)
{
	bool f32 = kind == GEN_F32;

	if (kind != GEN_F32 && kind != GEN_F64)
		return;
	gen_local(g, WASM_LOCAL_TEE, g->scratch[kind]);
	gen_const(g, kind, f32 ? 0x7fc00000 : 0x7ff8000000000000);
	gen_local(g, WASM_LOCAL_GET, g->scratch[kind]);
	gen_local(g, WASM_LOCAL_GET, g->scratch[kind]);
	gen_op(g, f32 ? WASM_F32_EQ : WASM_F64_EQ);
	gen_op(g, WASM_SELECT);
}

static void canonical_lanes(struct gen *g, bool f32)
{
	uint64_t nan = f32 ? 0x7fc000007fc00000 : 0x7ff8000000000000, both[2] = { nan, nan };
	uint32_t v = g->scratch[GEN_V128];

	gen_local(g, WASM_LOCAL_TEE, v);
	gen_op(g, WASM_V128_CONST);
	gen_bytes(&g->code, both, 16);
	gen_local(g, WASM_LOCAL_GET, v);
	gen_local(g, WASM_LOCAL_GET, v);
	gen_op(g, f32 ? WASM_F32X4_EQ : WASM_F64X2_EQ);
	gen_op(g, WASM_V128_BITSELECT);
}

bool gen_pick_local(struct gen *g, uint8_t kind, bool write, uint32_t *ret)
{
	uint32_t start = gen_below(g, g->nlocals);

	for (uint32_t i = 0; i < g->nlocals; i++) {
		uint32_t l = (start + i) % g->nlocals;
		bool counter = l >= g->counters && l < g->counters + GEN_COUNTERS;

		if (g->locals[l] == kind && l != g->scratch[kind] && !(write && counter)) {
			*ret = l;
			return true;
		}
	}
	return false;
}

bool gen_pick_global(struct gen *g, uint8_t kind, uint32_t *ret)
{
	uint32_t start = gen_below(g, g->nglobals);

	for (uint32_t i = 0; i < g->nglobals; i++) {
		uint32_t at = (start + i) % g->nglobals;

		if (at && g->globals[at] == kind) {
			*ret = at;
			return true;
		}
	}
	return false;
}

static void leaf(struct gen *g, uint8_t kind)
{
	uint32_t at;

	if (gen_below(g, 10) < 6 && gen_pick_local(g, kind, false, &at))
		gen_local(g, WASM_LOCAL_GET, at);
	else if (gen_once(g, 4) && gen_pick_global(g, kind, &at))
		gen_local(g, WASM_GLOBAL_GET, at);
	else
		some_const(g, kind);
}

/* An address: nearly always inside the first page, now and then at its edge or anywhere. */
void gen_address(struct gen *g)
{
	uint32_t way = gen_below(g, 100);

	if (gen_once(g, 200)) {
		gen_expr(g, GEN_I32);
	} else if (gen_once(g, 80)) {
		gen_const(g, GEN_I32, 65536 - gen_below(g, 20));
	} else if (way < 30) {
		gen_const(g, GEN_I32, gen_below(g, 2000) * 4);
	} else {
		gen_expr(g, GEN_I32);
		gen_const(g, GEN_I32, way < 60 ? 0x3ff8 : 0xff);
		gen_op(g, WASM_I32_AND);
		if (way < 50 || way >= 90)
			return;
		gen_const(g, GEN_I32, way < 70 ? 3 : gen_below(g, 5));
		gen_op(g, WASM_I32_SHL);
		if (way < 80) {
			gen_const(g, GEN_I32, gen_below(g, 1000));
			gen_op(g, WASM_I32_ADD);
		}
	}
}

/* An index into something of this size: nearly always inside. */
void gen_index(struct gen *g, uint32_t size)
{
	if (gen_once(g, 60) || !size)
		gen_expr(g, GEN_I32);
	else if (gen_once(g, 2))
		gen_const(g, GEN_I32, gen_below(g, size));
	else {
		gen_expr(g, GEN_I32);
		gen_const(g, GEN_I32, size);
		gen_op(g, WASM_I32_REM_U);
	}
}

static uint8_t kind_of(wasm_valtype t)
{
	return t == WASM_I32 ? GEN_I32 : t == WASM_I64 ? GEN_I64 : t == WASM_F32 ? GEN_F32 :
	       t == WASM_F64 ? GEN_F64 : t == WASM_V128 ? GEN_V128 : GEN_REF;
}

static bool named(const struct wasm_op_row *row, const char *part)
{
	return strstr(wasm_op_name(row), part) != NULL;
}

/* f32x4 or f64x2 arithmetic: 4 or 2 lanes of floats; 0 for what gives integers or masks. */
static uint32_t float_lanes(const struct wasm_op_row *row)
{
	static const char *const masks[] = { ".eq", ".ne", ".lt", ".gt", ".le", ".ge" };
	uint32_t lanes = 0;

	if (!strncmp(wasm_op_name(row), "f32x4.", 6) || !strncmp(wasm_op_name(row), "f64x2.", 6))
		lanes = wasm_op_name(row)[4] == '4' ? 4 : 2;
	for (uint32_t i = 0; i < COUNT(masks); i++)
		if (lanes && !strcmp(wasm_op_name(row) + 5, masks[i]))
			return 0;
	return row->nresults && row->results[0] == WASM_V128 ? lanes : 0;
}

static uint32_t lanes_of(const struct wasm_op_row *row)
{
	if (row->imm == WASM_IMM_MEMARG_LANE)
		return 16u >> row->access;
	return named(row, "x16") ? 16 : named(row, "x8") ? 8 : named(row, "x4") ? 4 : 2;
}

static void immediates(struct gen *g, const struct wasm_op_row *row)
{
	static const uint32_t far[] = { 65528, 65536, 0x7fffffff, 0xfffffff0, 0xffffffff };

	if (row->imm == WASM_IMM_MEMARG || row->imm == WASM_IMM_MEMARG_LANE) {
		gen_u32(&g->code, gen_below(g, row->access + 1u));
		if (gen_once(g, 300))
			gen_u32(&g->code, PICK(g, far));
		else
			gen_u32(&g->code, gen_once(g, 2) ? 0 : gen_below(g, 300));
	}
	if (row->imm == WASM_IMM_LANE || row->imm == WASM_IMM_MEMARG_LANE)
		gen_byte(&g->code, gen_below(g, lanes_of(row)));
	if (row->imm == WASM_IMM_SHUFFLE)
		for (int i = 0; i < 16; i++)
			gen_byte(&g->code, gen_below(g, 32));
}

static bool usable(const struct gen *g, const struct wasm_op_row *row)
{
	bool imm = row->imm == WASM_IMM_NONE || row->imm == WASM_IMM_MEMARG ||
		   row->imm == WASM_IMM_MEMARG_LANE || row->imm == WASM_IMM_LANE ||
		   row->imm == WASM_IMM_SHUFFLE;
	bool feature = row->feature == WASM_FEATURE_MVP ||
		       row->feature == WASM_FEATURE_SIGN_EXTENSION ||
		       row->feature == WASM_FEATURE_NONTRAPPING_FPTOINT ||
		       (row->feature == WASM_FEATURE_SIMD && g->simd);

	return imm && feature && !row->special && row->nparams;
}

/* A row of the table that gives this kind (GEN_KINDS: none, a store). */
static const struct wasm_op_row *pick_row(struct gen *g, uint8_t kind)
{
	for (int tries = 0; tries < 2000; tries++) {
		const struct wasm_op_row *row = &wasm_ops[gen_below(g, WASM_OPS)];

		if (!usable(g, row) || (kind == GEN_KINDS ? row->nresults != 0 :
					row->nresults != 1 || kind_of(row->results[0]) != kind))
			continue;
		/* These trap on most operands. */
		if (named(row, ".trunc_f") && gen_below(g, 20))
			continue;
		return row;
	}
	return NULL;
}

static void operands(struct gen *g, const struct wasm_op_row *row, uint32_t lanes);

/* A row's operands, the instruction, and the canonical form of float lanes unless the user is such
 * an instruction too. */
static void row_value(struct gen *g, const struct wasm_op_row *row, bool raw)
{
	uint32_t lanes = float_lanes(row);

	operands(g, row, lanes);
	gen_op(g, (enum wasm_op)(row - wasm_ops));
	immediates(g, row);
	if (lanes && !raw)
		canonical_lanes(g, lanes == 4);
}

static void operands(struct gen *g, const struct wasm_op_row *row, uint32_t lanes)
{
	bool seen = named(row, "reinterpret") || named(row, ".store") || named(row, "copysign");
	/* what has lanes of other kinds in than out would show bits of a NaN */
	bool converts = named(row, "convert") || named(row, "demote") || named(row, "promote");
	bool divides = named(row, ".div_") || named(row, ".rem_");

	for (uint32_t i = 0; i < row->nparams; i++) {
		uint8_t kind = kind_of(row->params[i]);
		const struct wasm_op_row *inner = NULL;

		if (row->address && i == 0) {
			gen_address(g);
			continue;
		}
		if (lanes && !converts && kind == GEN_V128 && g->budget > 0 && gen_once(g, 3))
			inner = pick_row(g, GEN_V128);
		if (inner && float_lanes(inner) == lanes)
			row_value(g, inner, true);
		else
			gen_expr(g, kind);
		if (seen)
			gen_canonical(g, kind);
		if (divides && i == 1 && gen_below(g, 40)) {
			gen_const(g, kind, 1 + gen_below(g, 9));
			gen_op(g, kind == GEN_I32 ? WASM_I32_OR : WASM_I64_OR);
		}
	}
}

/* Only integers and masks for i32 that no row of numbers gives. */
static bool special_i32(struct gen *g)
{
	uint32_t table = gen_below(g, GEN_TABLES);

	switch (gen_below(g, 5)) {
	case 0:
		gen_op(g, WASM_MEMORY_SIZE);
		gen_byte(&g->code, 0);
		break;
	case 1:
		gen_const(g, GEN_I32, gen_below(g, 3));
		gen_op(g, WASM_MEMORY_GROW);
		gen_byte(&g->code, 0);
		break;
	case 2:
		gen_local(g, WASM_TABLE_SIZE, table);
		break;
	case 3:
		gen_expr(g, GEN_REF);
		gen_op(g, WASM_REF_IS_NULL);
		break;
	default:
		gen_expr(g, GEN_REF);
		gen_const(g, GEN_I32, gen_below(g, 4));
		gen_local(g, WASM_TABLE_GROW, table);
	}
	return true;
}

static void choose(struct gen *g, uint8_t kind)
{
	gen_expr(g, kind);
	gen_expr(g, kind);
	gen_expr(g, GEN_I32);
	if (kind == GEN_REF || gen_once(g, 4)) {
		gen_op(g, WASM_SELECT_T);
		gen_u32(&g->code, 1);
		gen_kind(&g->code, kind);
	} else {
		gen_op(g, WASM_SELECT);
	}
}

static void table_get(struct gen *g)
{
	uint32_t table = gen_below(g, GEN_TABLES);

	gen_index(g, g->table_size[table]);
	gen_local(g, WASM_TABLE_GET, table);
}

static void numeric(struct gen *g, uint8_t kind)
{
	const struct wasm_op_row *row = kind == GEN_REF ? NULL : pick_row(g, kind);

	if (kind == GEN_REF)
		table_get(g);
	else if (row)
		row_value(g, row, false);
	else
		leaf(g, kind);
}

void gen_expr(struct gen *g, uint8_t kind)
{
	uint32_t way = gen_below(g, 100), local;

	if (g->budget <= 0 || g->depth > 8 || way < 20) {
		leaf(g, kind);
		return;
	}
	g->depth++;
	if (way < 75) {
		numeric(g, kind);
	} else if (way < 80 && gen_pick_local(g, kind, true, &local)) {
		gen_expr(g, kind);
		gen_local(g, WASM_LOCAL_TEE, local);
	} else if (way < 86) {
		gen_control(g, &kind, 1);
	} else if (way < 91) {
		gen_call(g, kind);
	} else if (way < 95) {
		choose(g, kind);
	} else if (way < 97 && kind == GEN_I32) {
		special_i32(g);
	} else if (!gen_branch_value(g, kind)) {
		numeric(g, kind);
	}
	g->depth--;
}

/* A store row with its operands; for stmt.c. */
void gen_store(struct gen *g)
{
	const struct wasm_op_row *row = pick_row(g, GEN_KINDS);

	if (row)
		row_value(g, row, false);
}
