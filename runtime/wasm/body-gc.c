/* Rules of the garbage collection proposal: structs, arrays, i31, casts (core spec 3.4.7
 * to 3.4.10). */
#include "runtime/wasm/body.h"

#include <errno.h>

#include "runtime/base/num.h"
#include "runtime/wasm/rule.h"

static int index_in(struct wasm_body *b, struct wasm_insn *insn, const char *what, uint32_t n,
		    uint32_t *ret)
{
	*ret = reader_u32(&b->r);
	if (!reader_ok(&b->r) || *ret >= n)
		return wasm_body_error(b, insn, "unknown %s %u: there are %u", what, *ret, n);
	return 1;
}

static int push_one(struct wasm_body *b, struct wasm_insn *insn, wasm_valtype t)
{
	b->types[0] = t;
	insn->push = b->types;
	insn->npush = 1;
	return 1;
}

/* What a field of a packed type is on the stack. */
static wasm_valtype unpacked(wasm_valtype t)
{
	return t == WASM_KIND_I8 || t == WASM_KIND_I16 ? WASM_I32 : t;
}

static bool is_packed(wasm_valtype t)
{
	return t != unpacked(t);
}

/* A type index of this kind into insn->index. */
static int type_of_kind(struct wasm_body *b, struct wasm_insn *insn, uint8_t kind, uint32_t *ret)
{
	if (index_in(b, insn, "type", b->m->ntypes, ret) < 0)
		return -ENOEXEC;
	if (b->m->subs[*ret].kind != kind)
		return wasm_body_error(
			b, insn,
			"type mismatch: unknown type: %s needs %s type, which type %u is not",
			wasm_op_name(insn->row),
			kind == WASM_TYPE_STRUCT ? "a struct" : "an array", *ret);
	return 1;
}

static wasm_valtype type_ref(const struct wasm_body *b, bool null, uint32_t t)
{
	return WASM_REF(null, b->m->types[t].canon);
}

/* n operands, topmost last; stops early in dead code that lacks them. */
static int fields_popped(struct wasm_body *b, struct wasm_insn *insn,
			 const struct wasm_field *fields, uint32_t stride, uint32_t n)
{
	insn->npop = 0;
	for (uint32_t i = 0; i < n; i++) {
		uint32_t have, which = (n - 1 - i) * stride;

		if (wasm_operand(b, insn, i, unpacked(fields[which].type), &have) < 0)
			return -ENOEXEC;
		if (!have)
			break;
		insn->npop++;
	}
	return 1;
}

int wasm_rule_struct_new(struct wasm_body *b, struct wasm_insn *insn)
{
	const struct wasm_subtype *s;
	int ret = type_of_kind(b, insn, WASM_TYPE_STRUCT, &insn->index);

	if (ret < 0)
		return ret;
	s = &b->m->subs[insn->index];
	insn->npop = 0;
	if (insn->op == WASM_STRUCT_NEW)
		ret = fields_popped(b, insn, s->fields, 1, s->nfields);
	else
		for (uint32_t i = 0; i < s->nfields; i++)
			if (!wasm_has_default(s->fields[i].type))
				return wasm_body_error(
					b, insn, "type mismatch: field %u is not defaultable", i);
	return ret < 0 ? ret : push_one(b, insn, type_ref(b, false, insn->index));
}

/* Reading a packed field names its sign; reading others must not. */
static int sign_check(struct wasm_body *b, struct wasm_insn *insn, wasm_valtype t, bool plain)
{
	if (is_packed(t) == plain)
		return wasm_body_error(b, insn, "field is %s, so %s cannot read it",
				       plain ? "packed" : "unpacked", wasm_op_name(insn->row));
	return 1;
}

int wasm_rule_struct_field(struct wasm_body *b, struct wasm_insn *insn)
{
	const struct wasm_field *f;
	wasm_valtype types[2];

	if (type_of_kind(b, insn, WASM_TYPE_STRUCT, &insn->index) < 0 ||
	    index_in(b, insn, "field", b->m->subs[insn->index].nfields, &insn->index2) < 0)
		return -ENOEXEC;
	f = &b->m->subs[insn->index].fields[insn->index2];
	types[0] = type_ref(b, true, insn->index);
	types[1] = unpacked(f->type);
	insn->npush = 0;
	if (insn->op == WASM_STRUCT_SET) {
		if (!f->mut)
			return wasm_body_error(b, insn,
					       "immutable field %u: struct.set needs a mutable one",
					       insn->index2);
		return wasm_operands(b, insn, 0, types, 2, &insn->npop);
	}
	if (sign_check(b, insn, f->type, insn->op == WASM_STRUCT_GET) < 0 ||
	    wasm_operands(b, insn, 0, types, 1, &insn->npop) < 0)
		return -ENOEXEC;
	return push_one(b, insn, types[1]);
}

static int array_type(struct wasm_body *b, struct wasm_insn *insn, uint32_t *ret,
		      const struct wasm_field **ret_field)
{
	if (type_of_kind(b, insn, WASM_TYPE_ARRAY, ret) < 0)
		return -ENOEXEC;
	*ret_field = &b->m->subs[*ret].fields[0];
	return 1;
}

/* The segment an array is made of or filled from: data for numbers, elements for references. */
static int segment_read(struct wasm_body *b, struct wasm_insn *insn, const struct wasm_field *f)
{
	if (insn->row->imm == WASM_IMM_TYPE_DATA) {
		if (wasm_is_ref(f->type))
			return wasm_body_error(b, insn, "array type is not numeric or vector: %s",
					       wasm_op_name(insn->row));
		if (!b->m->has_datacount)
			return wasm_body_error(b, insn, "data count section required before %s",
					       wasm_op_name(insn->row));
		return index_in(b, insn, "data segment", b->m->datacount, &insn->index2);
	}
	if (index_in(b, insn, "elem segment", b->m->nelems, &insn->index2) < 0)
		return -ENOEXEC;
	if (!wasm_subtype(b->m, b->m->elems[insn->index2].type, f->type))
		return wasm_body_error(b, insn,
				       "type mismatch: element segment %u does not fit the array",
				       insn->index2);
	return 1;
}

int wasm_rule_array_new(struct wasm_body *b, struct wasm_insn *insn)
{
	const struct wasm_field *f;
	wasm_valtype types[2] = { WASM_I32, WASM_I32 };
	int ret = array_type(b, insn, &insn->index, &f);

	if (ret < 0)
		return ret;
	if (insn->row->imm == WASM_IMM_TYPE_COUNT) {
		insn->index2 = reader_u32(&b->r);
		if (!reader_ok(&b->r))
			return wasm_malformed(&b->r, b->err);
		ret = fields_popped(b, insn, f, 0, insn->index2);
	} else if (insn->row->imm == WASM_IMM_TYPE) {
		types[0] = unpacked(f->type);
		if (insn->op == WASM_ARRAY_NEW_DEFAULT && !wasm_has_default(f->type))
			return wasm_body_error(b, insn,
					       "type mismatch: array type is not defaultable");
		ret = insn->op == WASM_ARRAY_NEW
			      ? wasm_operands(b, insn, 0, types, 2, &insn->npop)
			      : wasm_operands(b, insn, 0, types + 1, 1, &insn->npop);
	} else {
		ret = segment_read(b, insn, f);
		if (ret > 0)
			ret = wasm_operands(b, insn, 0, types, 2, &insn->npop);
	}
	return ret < 0 ? ret : push_one(b, insn, type_ref(b, false, insn->index));
}

int wasm_rule_array_get(struct wasm_body *b, struct wasm_insn *insn)
{
	const struct wasm_field *f;

	if (array_type(b, insn, &insn->index, &f) < 0 ||
	    sign_check(b, insn, f->type, insn->op == WASM_ARRAY_GET) < 0 ||
	    wasm_operands(b, insn, 0,
			  (const wasm_valtype[]){ type_ref(b, true, insn->index), WASM_I32 }, 2,
			  &insn->npop) < 0)
		return -ENOEXEC;
	return push_one(b, insn, unpacked(f->type));
}

static int array_mutable(struct wasm_body *b, struct wasm_insn *insn, const struct wasm_field *f)
{
	if (!f->mut)
		return wasm_body_error(b, insn, "immutable array: %s needs a mutable one",
				       wasm_op_name(insn->row));
	return 1;
}

/* array.set, fill, init_data, init_elem */
int wasm_rule_array_write(struct wasm_body *b, struct wasm_insn *insn)
{
	wasm_valtype types[4] = { 0, WASM_I32, WASM_I32, WASM_I32 };
	const struct wasm_field *f;

	insn->npush = 0;
	if (array_type(b, insn, &insn->index, &f) < 0 || array_mutable(b, insn, f) < 0)
		return -ENOEXEC;
	if (insn->row->imm == WASM_IMM_TYPE)
		types[2] = unpacked(f->type);
	else if (segment_read(b, insn, f) < 0)
		return -ENOEXEC;
	types[0] = type_ref(b, true, insn->index);
	return wasm_operands(b, insn, 0, types, insn->op == WASM_ARRAY_SET ? 3 : 4, &insn->npop);
}

int wasm_rule_array_copy(struct wasm_body *b, struct wasm_insn *insn)
{
	wasm_valtype types[5] = { 0, WASM_I32, 0, WASM_I32, WASM_I32 };
	const struct wasm_field *dst, *src;

	insn->npush = 0;
	if (array_type(b, insn, &insn->index, &dst) < 0 ||
	    array_type(b, insn, &insn->index2, &src) < 0 || array_mutable(b, insn, dst) < 0)
		return -ENOEXEC;
	if (!wasm_subtype(b->m, src->type, dst->type))
		return wasm_body_error(
			b, insn, "array types do not match: type %u cannot be copied to type %u",
			insn->index2, insn->index);
	types[0] = type_ref(b, true, insn->index);
	types[2] = type_ref(b, true, insn->index2);
	return wasm_operands(b, insn, 0, types, 5, &insn->npop);
}

int wasm_rule_array_len(struct wasm_body *b, struct wasm_insn *insn)
{
	if (wasm_operand(b, insn, 0, WASM_REF(true, WASM_HEAP_ARRAY), &insn->npop) < 0)
		return -ENOEXEC;
	return push_one(b, insn, WASM_I32);
}

int wasm_rule_ref_cast(struct wasm_body *b, struct wasm_insn *insn)
{
	bool null = insn->op == WASM_REF_TEST_NULL || insn->op == WASM_REF_CAST_NULL;
	bool test = insn->op == WASM_REF_TEST || insn->op == WASM_REF_TEST_NULL;
	uint32_t heap;
	int ret = wasm_heap_read(b->m, &b->r, &heap, b->err);

	if (ret)
		return ret;
	if (wasm_operand(b, insn, 0, WASM_REF(true, wasm_heap_top(b->m, heap)), &insn->npop) < 0)
		return -ENOEXEC;
	insn->to = WASM_REF(null, heap);
	return push_one(b, insn, test ? WASM_I32 : insn->to);
}

/* Between external and internal references; null stays what it may be. */
int wasm_rule_convert(struct wasm_body *b, struct wasm_insn *insn)
{
	bool have, in = insn->op == WASM_ANY_CONVERT_EXTERN;
	wasm_valtype t = wasm_peek(b, 0, &have);

	if (wasm_operand(b, insn, 0, WASM_REF(true, in ? WASM_HEAP_EXTERN : WASM_HEAP_ANY),
			 &insn->npop) < 0)
		return -ENOEXEC;
	return push_one(b, insn,
			WASM_REF(t & WASM_TYPE_NULLABLE, in ? WASM_HEAP_ANY : WASM_HEAP_EXTERN));
}

/* ref.i31, i31.get_s, i31.get_u */
int wasm_rule_i31(struct wasm_body *b, struct wasm_insn *insn)
{
	bool new = insn->op == WASM_REF_I31;

	if (wasm_operand(b, insn, 0, new ? WASM_I32 : WASM_REF(true, WASM_HEAP_I31), &insn->npop) <
	    0)
		return -ENOEXEC;
	return push_one(b, insn, new ? WASM_REF(false, WASM_HEAP_I31) : WASM_I32);
}

/*
 * br_on_cast from to: the branch carries `to`, what goes on is `from` without it; br_on_cast_fail
 * the other way. For the walk, insn->from and insn->to hold what goes on and what is cast to after
 * a failed and a passed cast.
 */
int wasm_rule_br_on_cast(struct wasm_body *b, struct wasm_insn *insn)
{
	bool fail = insn->op == WASM_BR_ON_CAST_FAIL;
	wasm_valtype from, to, rest, carried;
	const wasm_valtype *types;
	uint32_t from_heap, to_heap, n, have;

	insn->npop = insn->npush = 0;
	insn->align = reader_byte(&b->r);
	insn->index = reader_u32(&b->r);
	if (!reader_ok(&b->r) || insn->align > 3)
		return wasm_body_error(b, insn, "malformed br_on_cast flags 0x%02x", insn->align);
	if (wasm_heap_read(b->m, &b->r, &from_heap, b->err) ||
	    wasm_heap_read(b->m, &b->r, &to_heap, b->err))
		return -ENOEXEC;
	from = WASM_REF(insn->align & 1, from_heap);
	to = WASM_REF(insn->align & 2, to_heap);
	if (insn->index >= b->ctl - b->ctls)
		return wasm_body_error(b, insn, "unknown label %u: %td blocks are open",
				       insn->index, b->ctl - b->ctls);
	if (!wasm_subtype(b->m, to, from))
		return wasm_body_error(b, insn, "type mismatch: %s to a type that is no subtype",
				       wasm_op_name(insn->row));
	rest = to & WASM_TYPE_NULLABLE ? from & ~WASM_TYPE_NULLABLE : from;
	carried = fail ? rest : to;
	n = wasm_label_types(wasm_body_label(b, insn->index), &types);
	if (!n || !wasm_subtype(b->m, carried, types[n - 1]))
		return wasm_body_error(b, insn,
				       "type mismatch: the label of %s does not take the reference",
				       wasm_op_name(insn->row));
	if (wasm_operand(b, insn, 0, from, &have) < 0 ||
	    wasm_operands(b, insn, 1, types, n - 1, &have) < 0)
		return -ENOEXEC;
	insn->from = rest;
	insn->to = to;
	return wasm_body_room(b, n + WASM_BODY_ROOM);
}

