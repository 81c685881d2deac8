/*
 * Constant expressions (core spec 3.4.13): checked by the same walk as bodies, evaluated with the
 * walk's stack as the interpreter's: a value lies in the part of an entry that a compiler would
 * use.
 */
#include "runtime/wasm/expr.h"

#include <assert.h>
#include <errno.h>

#include "runtime/wasm/rule.h"
#include "runtime/wasm/skip.h"

/* Arithmetic in constant expressions came later than constants. */
static int constant_check(struct wasm_body *b, const struct wasm_insn *insn)
{
	if (!(insn->row->flags & WASM_OP_CONST))
		return wasm_body_error(b, insn, "constant expression required: %s is not constant",
				       wasm_op_name(insn->row));
	if (insn->row->nparams && !wasm_has(b->m, WASM_FEATURE_EXTENDED_CONST))
		return wasm_feature_off(WASM_FEATURE_EXTENDED_CONST, insn->at,
					"constant expression required: arithmetic", b->err);
	return 1;
}

/* Walks to the end of the expression. */
static int expr_check(struct wasm_decoder *d)
{
	struct wasm_body *b = &d->expr;
	struct wasm_insn insn;
	int ret;

	while ((ret = wasm_body_next(b, &insn)) > 0) {
		ret = constant_check(b, &insn);
		if (ret < 0)
			return ret;
		if (insn.op == WASM_REF_FUNC)
			wasm_declare(d->m, insn.index);
		wasm_body_apply(b, &insn);
		if (b->ctl == b->ctls)
			return 0;
	}
	assert(ret < 0);
	return ret;
}

int wasm_decode_expr(struct wasm_decoder *d, wasm_valtype want, struct wasm_expr *ret)
{
	struct wasm_functype type = { .nresults = 1, .params = &want, .results = &want };
	int code = 0;

	if (d->expr_ready)
		wasm_expr_reopen(&d->expr, d->r, &type);
	else
		code = wasm_expr_init(&d->expr, d->m, d->r, &type, &d->scratch, d->err);
	d->expr_ready = true;
	if (!code)
		code = expr_check(d);
	if (code)
		return code;
	*ret = (struct wasm_expr){ .at = d->r.at, .len = (uint32_t)(d->expr.r.at - d->r.at) };
	d->r.at = d->expr.r.at;
	return 0;
}

_Static_assert(WASM_I32_SUB == WASM_I32_ADD + 1 && WASM_I32_MUL == WASM_I32_ADD + 2 &&
		       WASM_I64_SUB == WASM_I64_ADD + 1 && WASM_I64_MUL == WASM_I64_ADD + 2,
	       "arithmetic() counts from add");

static uint64_t arithmetic(const struct wasm_insn *insn, const struct wasm_val *sp)
{
	bool is32 = insn->row->params[0] == WASM_I32;
	uint64_t x = sp[-2].bits, y = sp[-1].bits, v;
	uint16_t which = insn->op - (is32 ? WASM_I32_ADD : WASM_I64_ADD);

	v = which == 0 ? x + y : which == 1 ? x - y : x * y;
	return is32 ? (uint32_t)v : v;
}

/* The value an instruction pushes. false: it needs a heap. */
static bool constant_value(const struct wasm_insn *insn, const struct wasm_val *sp,
			   const struct wasm_expr_env *env, union wasm_cell *ret)
{
	*ret = (union wasm_cell){ 0 };
	if (insn->op == WASM_GLOBAL_GET)
		env->global(env->env, insn->index, ret);
	else if (insn->op == WASM_REF_FUNC)
		ret->bits = env->func(env->env, insn->index);
	else if (insn->op == WASM_V128_CONST)
		memcpy(ret->bytes, insn->bytes16, sizeof(ret->bytes));
	else if (insn->op == WASM_I32_CONST)
		ret->bits = (uint32_t)insn->bits;
	else if (insn->row->imm >= WASM_IMM_I64 && insn->row->imm <= WASM_IMM_F64)
		ret->bits = insn->bits;
	else if (insn->row->nparams == 2 && !insn->row->special)
		ret->bits = arithmetic(insn, sp);
	else
		return insn->op == WASM_REF_NULL;
	return true;
}

/*
 * Every instruction pushes one value: the last one's is the result. Those that are operands fit
 * the compiler's part of a stack entry, as a v128 never is one.
 */
static int expr_run(struct wasm_body *b, const struct wasm_expr_env *env, union wasm_cell *ret)
{
	struct wasm_insn insn;
	union wasm_cell v = { 0 };
	int code;

	while ((code = wasm_body_next(b, &insn)) > 0) {
		if (insn.op == WASM_END) {
			*ret = v;
			return 0;
		}
		if (!constant_value(&insn, b->sp, env, &v))
			return err_set(b->err, -ENOTSUP, WSBOX_INVALID,
				       "%s in a constant expression is not supported yet",
				       wasm_op_name(insn.row));
		wasm_body_apply(b, &insn);
		b->sp[-1].bits = v.bits;
	}
	return code;
}

/*
 * The common expressions are one instruction: a module of Go has 100,000 of them. false: it is not
 * of these.
 */
static bool expr_single(const struct wasm_expr *e, const struct wasm_expr_env *env,
			union wasm_cell *ret)
{
	struct reader r = reader_of(e->at, e->len);
	uint16_t op = wasm_skip_opcode(&r);
	struct wasm_insn insn = { .op = op, .row = &wasm_ops[op < WASM_OPS ? op : WASM_END] };

	switch (insn.row->imm) {
	case WASM_IMM_I32:
		insn.bits = (uint64_t)(int64_t)reader_s32(&r);
		break;
	case WASM_IMM_I64:
		insn.bits = (uint64_t)reader_s64(&r);
		break;
	case WASM_IMM_GLOBAL:
	case WASM_IMM_FUNC:
		insn.index = reader_u32(&r);
		break;
	case WASM_IMM_HEAP:
		(void)wasm_skip_immediate(&r, WASM_IMM_HEAP);
		break;
	default:
		return false;
	}
	if (!reader_ok(&r) || reader_left(&r) != 1 || *r.at != wasm_ops[WASM_END].code)
		return false;
	return constant_value(&insn, NULL, env, ret);
}

int wasm_expr_eval(const struct wasm_module *m, const struct wasm_expr *e, wasm_valtype type,
		   const struct wasm_expr_env *env, union wasm_cell *ret, struct wsbox_err *err)
{
	struct wasm_functype functype = { .nresults = 1, .params = &type, .results = &type };
	struct reader r = { .at = e->at, .end = e->at + e->len, .base = m->bytes };
	struct wasm_body b;
	struct arena arena;
	int code;

	assert(e->len);
	if (expr_single(e, env, ret))
		return 0;
	arena_init(&arena);
	code = wasm_expr_init(&b, m, r, &functype, &arena, err);
	if (!code)
		code = expr_run(&b, env, ret);
	arena_done(&arena);
	return code;
}
