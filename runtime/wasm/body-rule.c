/* Rules of instructions other than control: parametric, variables, tables, memories, references. */
#include "runtime/wasm/body.h"

#include <errno.h>

#include "runtime/base/num.h"
#include "runtime/wasm/rule.h"

#define unlikely(x) __builtin_expect(!!(x), 0)

static int index_read(struct wasm_body *b, struct wasm_insn *insn, const char *what, uint32_t n,
		      uint32_t *ret)
{
	*ret = reader_u32(&b->r);
	if (unlikely(!reader_ok(&b->r) || *ret >= n))
		return wasm_body_error(b, insn, "unknown %s %u: the module has %u", what, *ret, n);
	return 1;
}

/* Checks operands given last first, as the stack has them, and sets npop. */
static int operands_check(struct wasm_body *b, struct wasm_insn *insn, const wasm_valtype *types,
			  uint32_t n)
{
	return wasm_operands(b, insn, 0, types, n, &insn->npop);
}

static int pushes(struct wasm_body *b, struct wasm_insn *insn, wasm_valtype t)
{
	b->types[0] = t;
	insn->push = b->types;
	insn->npush = 1;
	return 1;
}

static int rule_drop(struct wasm_body *b, struct wasm_insn *insn)
{
	bool have;

	(void)wasm_peek(b, 0, &have);
	insn->npush = 0;
	insn->npop = have;
	if (unlikely(!have && !b->ctl->unreachable))
		return wasm_body_error(
			b, insn, "type mismatch: drop needs an operand, but the stack is empty");
	return 1;
}

/* Two operands of one numeric or vector type, and an i32 on top. */
static int rule_select(struct wasm_body *b, struct wasm_insn *insn)
{
	char x[WASM_TYPE_NAME], y[WASM_TYPE_NAME];
	bool have1, have2;
	wasm_valtype t1 = wasm_peek(b, 1, &have1), t2 = wasm_peek(b, 2, &have2);

	if (unlikely(wasm_operand(b, insn, 0, WASM_I32, &insn->npop) < 0))
		return -ENOEXEC;
	insn->npop += have1 + have2;
	if (unlikely(!(have1 && have2) && !b->ctl->unreachable))
		return wasm_body_error(
			b, insn, "type mismatch: select needs 3 operands, but the stack has %u",
			insn->npop);
	if (unlikely(wasm_is_ref(t1) || wasm_is_ref(t2)))
		return wasm_body_error(b, insn, "type mismatch: select of references needs a type");
	if (unlikely(t1 != t2 && t1 != WASM_KIND_NONE && t2 != WASM_KIND_NONE))
		return wasm_body_error(b, insn, "type mismatch: select between %s and %s",
				       wasm_type_name(t2, x), wasm_type_name(t1, y));
	return pushes(b, insn, t1 == WASM_KIND_NONE ? t2 : t1);
}

static int rule_select_t(struct wasm_body *b, struct wasm_insn *insn)
{
	uint32_t n = reader_u32(&b->r);
	wasm_valtype t;
	int ret;

	if (!reader_ok(&b->r) || n != 1)
		return wasm_body_error(b, insn, "invalid result arity: select has one type, not %u",
				       n);
	ret = wasm_valtype_read(b->m, &b->r, &t, b->err);
	if (ret)
		return ret;
	insn->index = 1;
	insn->bits = t;
	ret = operands_check(b, insn, (const wasm_valtype[]){ t, t, WASM_I32 }, 3);
	return ret > 0 ? pushes(b, insn, t) : ret;
}

static int rule_global(struct wasm_body *b, struct wasm_insn *insn)
{
	const struct wasm_globaltype *g;

	if (unlikely(index_read(b, insn, "global", b->nglobals, &insn->index) < 0))
		return -ENOEXEC;
	g = &b->m->globals[insn->index].type;
	insn->push = &g->type;
	insn->npush = insn->op == WASM_GLOBAL_GET;
	insn->npop = 0;
	if (insn->npush) {
		if (unlikely(b->constant && g->mut))
			return wasm_body_error(b, insn,
					       "constant expression required: global %u is mutable",
					       insn->index);
		return 1;
	}
	if (unlikely(!g->mut))
		return wasm_body_error(
			b, insn,
			"immutable global %u: global.set needs a mutable one (global is immutable)",
			insn->index);
	return wasm_operand(b, insn, 0, g->type, &insn->npop);
}

static int table_named(struct wasm_body *b, struct wasm_insn *insn, uint32_t *ret,
		       const struct wasm_tabletype **ret_type)
{
	if (index_read(b, insn, "table", b->m->ntables, ret) < 0)
		return -ENOEXEC;
	*ret_type = &b->m->tables[*ret].type;
	return 1;
}

/* table.get, set, grow, size, fill: in terms of the table's address type a and element type e. */
static int rule_table(struct wasm_body *b, struct wasm_insn *insn)
{
	const struct wasm_tabletype *t;
	wasm_valtype a;

	if (table_named(b, insn, &insn->index, &t) < 0)
		return -ENOEXEC;
	a = wasm_address(t->limits.is64);
	insn->npush = insn->npop = 0;
	if (insn->op == WASM_TABLE_SIZE)
		return pushes(b, insn, a);
	if (insn->op == WASM_TABLE_SET)
		return operands_check(b, insn, (const wasm_valtype[]){ a, t->elem }, 2);
	if (insn->op == WASM_TABLE_FILL)
		return operands_check(b, insn, (const wasm_valtype[]){ a, t->elem, a }, 3);
	if (insn->op == WASM_TABLE_GET) {
		if (operands_check(b, insn, &a, 1) < 0)
			return -ENOEXEC;
		return pushes(b, insn, t->elem);
	}
	if (operands_check(b, insn, (const wasm_valtype[]){ t->elem, a }, 2) < 0)
		return -ENOEXEC;
	return pushes(b, insn, a);
}

static int rule_table_init(struct wasm_body *b, struct wasm_insn *insn)
{
	const struct wasm_tabletype *t;
	wasm_valtype a;

	insn->npush = 0;
	if (index_read(b, insn, "elem segment", b->m->nelems, &insn->index) < 0 ||
	    table_named(b, insn, &insn->index2, &t) < 0)
		return -ENOEXEC;
	if (!wasm_subtype(b->m, b->m->elems[insn->index].type, t->elem))
		return wasm_body_error(b, insn,
				       "type mismatch: element segment %u does not fit table %u",
				       insn->index, insn->index2);
	a = wasm_address(t->limits.is64);
	return operands_check(b, insn, (const wasm_valtype[]){ a, WASM_I32, WASM_I32 }, 3);
}

static int rule_elem_drop(struct wasm_body *b, struct wasm_insn *insn)
{
	insn->npop = insn->npush = 0;
	return index_read(b, insn, "elem segment", b->m->nelems, &insn->index);
}

/* The count is as wide as the narrower of the two. */
static int copy_check(struct wasm_body *b, struct wasm_insn *insn, bool dst64, bool src64)
{
	wasm_valtype d = wasm_address(dst64), s = wasm_address(src64),
		     n = wasm_address(dst64 && src64);

	insn->npush = 0;
	return operands_check(b, insn, (const wasm_valtype[]){ d, s, n }, 3);
}

static int rule_table_copy(struct wasm_body *b, struct wasm_insn *insn)
{
	const struct wasm_tabletype *dst, *src;

	if (table_named(b, insn, &insn->index, &dst) < 0 ||
	    table_named(b, insn, &insn->index2, &src) < 0)
		return -ENOEXEC;
	if (!wasm_subtype(b->m, src->elem, dst->elem))
		return wasm_body_error(b, insn,
				       "type mismatch: table %u cannot be copied to table %u",
				       insn->index2, insn->index);
	return copy_check(b, insn, dst->limits.is64, src->limits.is64);
}

static int memory_named(struct wasm_body *b, struct wasm_insn *insn, uint32_t *ret, bool *ret_is64)
{
	if (reader_left(&b->r) && *b->r.at && !wasm_has(b->m, WASM_FEATURE_MULTI_MEMORY))
		return wasm_body_error(
			b, insn,
			"zero byte expected: a memory index other than 0 needs -W multi-memory");
	if (index_read(b, insn, "memory", b->m->nmemories, ret) < 0)
		return -ENOEXEC;
	*ret_is64 = b->m->memories[*ret].limits.is64;
	return 1;
}

/* memory.size, grow, fill */
static int rule_memory(struct wasm_body *b, struct wasm_insn *insn)
{
	wasm_valtype a;
	bool is64;

	insn->npop = insn->npush = 0;
	if (memory_named(b, insn, &insn->index, &is64) < 0)
		return -ENOEXEC;
	a = wasm_address(is64);
	if (insn->op == WASM_MEMORY_FILL)
		return operands_check(b, insn, (const wasm_valtype[]){ a, WASM_I32, a }, 3);
	if (insn->op == WASM_MEMORY_GROW && operands_check(b, insn, &a, 1) < 0)
		return -ENOEXEC;
	return pushes(b, insn, a);
}

static int data_named(struct wasm_body *b, struct wasm_insn *insn, uint32_t *ret)
{
	if (!b->m->has_datacount)
		return wasm_body_error(b, insn, "data count section required before %s",
				       wasm_op_name(insn->row));
	return index_read(b, insn, "data segment", b->m->datacount, ret);
}

static int rule_memory_init(struct wasm_body *b, struct wasm_insn *insn)
{
	bool is64;

	insn->npush = 0;
	if (data_named(b, insn, &insn->index) < 0 ||
	    memory_named(b, insn, &insn->index2, &is64) < 0)
		return -ENOEXEC;
	return operands_check(b, insn,
			      (const wasm_valtype[]){ wasm_address(is64), WASM_I32, WASM_I32 }, 3);
}

static int rule_data_drop(struct wasm_body *b, struct wasm_insn *insn)
{
	insn->npop = insn->npush = 0;
	return data_named(b, insn, &insn->index);
}

static int rule_memory_copy(struct wasm_body *b, struct wasm_insn *insn)
{
	bool dst64, src64;

	if (memory_named(b, insn, &insn->index, &dst64) < 0 ||
	    memory_named(b, insn, &insn->index2, &src64) < 0)
		return -ENOEXEC;
	return copy_check(b, insn, dst64, src64);
}

static int rule_ref_null(struct wasm_body *b, struct wasm_insn *insn)
{
	int ret = wasm_heap_read(b->m, &b->r, &insn->index, b->err);

	insn->npop = 0;
	return ret ? ret : pushes(b, insn, WASM_REF(true, insn->index));
}

/* In a constant expression naming a function declares it; in a body it must be declared elsewhere.
 */
static int rule_ref_func(struct wasm_body *b, struct wasm_insn *insn)
{
	uint32_t f;

	insn->npop = 0;
	if (index_read(b, insn, "function", b->m->nfuncs, &insn->index) < 0)
		return -ENOEXEC;
	f = insn->index;
	if (!b->constant && !(b->m->declared[f / 8] >> f % 8 & 1))
		return wasm_body_error(b, insn,
				       "undeclared function reference: function %u is in no "
				       "export, element or global", f);
	return pushes(b, insn, WASM_REF(false, wasm_func_type(b->m, f)->canon));
}

/* ref.is_null, ref.as_non_null */
static int rule_ref_null_check(struct wasm_body *b, struct wasm_insn *insn)
{
	char name[WASM_TYPE_NAME];
	bool have;
	wasm_valtype t = wasm_peek(b, 0, &have);

	if (!have && !b->ctl->unreachable)
		return wasm_body_error(
			b, insn, "type mismatch: %s needs a reference, but the stack is empty",
			wasm_op_name(insn->row));
	if (t != WASM_KIND_NONE && !wasm_is_ref(t))
		return wasm_body_error(b, insn, "type mismatch: %s needs a reference, but it is %s",
				       wasm_op_name(insn->row), wasm_type_name(t, name));
	insn->npop = have;
	return pushes(b, insn, insn->op == WASM_REF_IS_NULL ? WASM_I32 : t & ~WASM_TYPE_NULLABLE);
}

static int rule_ref_eq(struct wasm_body *b, struct wasm_insn *insn)
{
	wasm_valtype eq = WASM_REF(true, WASM_HEAP_EQ);

	if (operands_check(b, insn, (const wasm_valtype[]){ eq, eq }, 2) < 0)
		return -ENOEXEC;
	return pushes(b, insn, WASM_I32);
}

wasm_rule *const wasm_rules[WASM_OPS] = {
	[WASM_UNREACHABLE] = wasm_rule_unreachable,
	[WASM_BLOCK] = wasm_rule_block,
	[WASM_LOOP] = wasm_rule_block,
	[WASM_IF] = wasm_rule_block,
	[WASM_ELSE] = wasm_rule_else,
	[WASM_END] = wasm_rule_end,
	[WASM_BR] = wasm_rule_br,
	[WASM_BR_IF] = wasm_rule_br,
	[WASM_BR_TABLE] = wasm_rule_br_table,
	[WASM_RETURN] = wasm_rule_return,
	[WASM_CALL] = wasm_rule_call,
	[WASM_RETURN_CALL] = wasm_rule_call,
	[WASM_CALL_INDIRECT] = wasm_rule_call_indirect,
	[WASM_RETURN_CALL_INDIRECT] = wasm_rule_call_indirect,
	[WASM_CALL_REF] = wasm_rule_call_ref,
	[WASM_RETURN_CALL_REF] = wasm_rule_call_ref,
	[WASM_THROW] = wasm_rule_throw,
	[WASM_THROW_REF] = wasm_rule_throw_ref,
	[WASM_TRY_TABLE] = wasm_rule_try_table,
	[WASM_BR_ON_NULL] = wasm_rule_br_on_null,
	[WASM_BR_ON_NON_NULL] = wasm_rule_br_on_null,
	[WASM_DROP] = rule_drop,
	[WASM_SELECT] = rule_select,
	[WASM_SELECT_T] = rule_select_t,
	[WASM_GLOBAL_GET] = rule_global,
	[WASM_GLOBAL_SET] = rule_global,
	[WASM_TABLE_GET] = rule_table,
	[WASM_TABLE_SET] = rule_table,
	[WASM_TABLE_GROW] = rule_table,
	[WASM_TABLE_SIZE] = rule_table,
	[WASM_TABLE_FILL] = rule_table,
	[WASM_TABLE_INIT] = rule_table_init,
	[WASM_TABLE_COPY] = rule_table_copy,
	[WASM_ELEM_DROP] = rule_elem_drop,
	[WASM_MEMORY_SIZE] = rule_memory,
	[WASM_MEMORY_GROW] = rule_memory,
	[WASM_MEMORY_FILL] = rule_memory,
	[WASM_MEMORY_INIT] = rule_memory_init,
	[WASM_MEMORY_COPY] = rule_memory_copy,
	[WASM_DATA_DROP] = rule_data_drop,
	[WASM_REF_NULL] = rule_ref_null,
	[WASM_REF_FUNC] = rule_ref_func,
	[WASM_REF_IS_NULL] = rule_ref_null_check,
	[WASM_REF_AS_NON_NULL] = rule_ref_null_check,
	[WASM_REF_EQ] = rule_ref_eq,
	[WASM_STRUCT_NEW] = wasm_rule_struct_new,
	[WASM_STRUCT_NEW_DEFAULT] = wasm_rule_struct_new,
	[WASM_STRUCT_GET] = wasm_rule_struct_field,
	[WASM_STRUCT_GET_S] = wasm_rule_struct_field,
	[WASM_STRUCT_GET_U] = wasm_rule_struct_field,
	[WASM_STRUCT_SET] = wasm_rule_struct_field,
	[WASM_ARRAY_NEW] = wasm_rule_array_new,
	[WASM_ARRAY_NEW_DEFAULT] = wasm_rule_array_new,
	[WASM_ARRAY_NEW_FIXED] = wasm_rule_array_new,
	[WASM_ARRAY_NEW_DATA] = wasm_rule_array_new,
	[WASM_ARRAY_NEW_ELEM] = wasm_rule_array_new,
	[WASM_ARRAY_GET] = wasm_rule_array_get,
	[WASM_ARRAY_GET_S] = wasm_rule_array_get,
	[WASM_ARRAY_GET_U] = wasm_rule_array_get,
	[WASM_ARRAY_SET] = wasm_rule_array_write,
	[WASM_ARRAY_FILL] = wasm_rule_array_write,
	[WASM_ARRAY_INIT_DATA] = wasm_rule_array_write,
	[WASM_ARRAY_INIT_ELEM] = wasm_rule_array_write,
	[WASM_ARRAY_COPY] = wasm_rule_array_copy,
	[WASM_ARRAY_LEN] = wasm_rule_array_len,
	[WASM_REF_TEST] = wasm_rule_ref_cast,
	[WASM_REF_TEST_NULL] = wasm_rule_ref_cast,
	[WASM_REF_CAST] = wasm_rule_ref_cast,
	[WASM_REF_CAST_NULL] = wasm_rule_ref_cast,
	[WASM_ANY_CONVERT_EXTERN] = wasm_rule_convert,
	[WASM_EXTERN_CONVERT_ANY] = wasm_rule_convert,
	[WASM_REF_I31] = wasm_rule_i31,
	[WASM_I31_GET_S] = wasm_rule_i31,
	[WASM_I31_GET_U] = wasm_rule_i31,
	[WASM_BR_ON_CAST] = wasm_rule_br_on_cast,
	[WASM_BR_ON_CAST_FAIL] = wasm_rule_br_on_cast,
};
