/* Code of the optimizing tier: memory operands. */
#include "jit/verify/opt.h"
#include "runtime/base/num.h"

#define PAGE 4096
#define FAR ((int64_t)1 << 40)	/* from what is pointed to: sums with it do not overflow */

struct jv_value jv_address(const struct jv_opt *o, const struct jv_insn *i)
{
	struct jv_value sum = jv_number(i->disp, i->disp), index;

	if (i->base == JV_RIP)
		return jv_pointer(JV_TEXT, 0, i->disp);
	if (i->base != JV_NONE) {
		if (!i->disp && i->index == JV_NONE)
			return o->s.at[i->base];
		sum = jv_sum(&o->s.at[i->base], &sum);
	}
	if (i->index != JV_NONE) {
		index = o->s.at[i->index];
		if (i->scale)
			index = jv_shifted_left(&index, i->scale);
		/* the displacement last: an element's address is a base plus an offset */
		if (i->base != JV_NONE && o->s.at[i->base].kind == JV_ELEMENTS) {
			sum = jv_sum(&o->s.at[i->base], &index);
			index = jv_number(i->disp, i->disp);
		} else if (index.kind == JV_ELEMENTS && i->base != JV_NONE) {
			sum = jv_sum(&index, &o->s.at[i->base]);
			index = jv_number(i->disp, i->disp);
		}
		sum = jv_sum(&sum, &index);
	}
	return sum;
}

uint32_t jv_entry_id(struct jv_opt *o, const struct jv_value *a, const struct jv_value *b)
{
	for (uint32_t k = 0; k < JV_SUMS; k++) {
		const struct jv_value *x = &o->sums[k].a, *y = &o->sums[k].b;

		if ((jv_identical(a, x) && jv_identical(b, y)) ||
		    (jv_identical(a, y) && jv_identical(b, x)))
			return o->sums[k].id;
	}
	o->nsums = (o->nsums + 1) % JV_SUMS;
	o->sums[o->nsums].a = *a;
	o->sums[o->nsums].b = *b;
	return o->sums[o->nsums].id = ++o->next_id;
}

struct jv_value jv_known_address(struct jv_opt *o, const struct jv_insn *i)
{
	struct jv_value a = jv_address(o, i);

	if (a.kind == JV_ENTRY && !i->disp && i->base < JV_REGS && i->index < JV_REGS && !i->scale)
		jv_name(&a, jv_entry_id(o, &o->s.at[i->base], &o->s.at[i->index]), 1, 0);
	return a;
}

/* ---- the stack ---- */

struct jv_value *jv_slot(struct jv_places *s, int64_t top, int64_t off)
{
	int64_t k = off < -JV_STACK_MAX ? INT64_MAX : (top - 8 - off) / 8;

	return off % 8 || off > top - 8 || k >= (int64_t)s->n - JV_REGS ? NULL :
									  &s->at[JV_REGS + k];
}

void jv_forget(struct jv_opt *o, int64_t off, int64_t end)
{
	struct jv_value *slot;

	for (off &= ~(int64_t)7; off < end; off += 8) {
		slot = jv_slot(&o->s, o->top, off);
		if (slot)
			*slot = jv_unknown();
	}
}

bool jv_touch(struct jv_opt *o, const struct jv_insn *i, int64_t off)
{
	if (off < -JV_STACK_MAX || off < o->s.probed - PAGE)
		return jv_opt_refuse(o, i, "reaches over the page that guards the stack");
	if (off < o->s.probed)
		o->s.probed = off;
	return true;
}

/* The function's own frame, or its arguments; not the return address between them. */
static bool frame_allowed(struct jv_opt *o, const struct jv_insn *i, const struct jv_value *a)
{
	if (a->lo != a->hi)
		return jv_opt_refuse(o, i, "an index into the stack");
	if (a->lo >= 8 ? a->lo + i->size > o->top : a->lo + i->size > 0)
		return jv_opt_refuse(o, i, "an access outside the frame");
	return jv_touch(o, i, a->lo);
}

/* ---- what is allowed ---- */

static bool linear_allowed(struct jv_opt *o, const struct jv_insn *i, const struct jv_value *a,
			   uint32_t memory)
{
	if (a->lo < 0)
		return jv_opt_refuse(o, i, "an address that may lie below the memory");
	if (!jv_guarded(o->v, memory))
		return jv_opt_refuse(o, i, "an index that was not compared with the memory's size");
	if (a->hi > (int64_t)JIT_MEMORY_RESERVE - i->size)
		return jv_opt_refuse(o, i, "an index that may be over 32 bits");
	return true;
}

/* At the end of a memory of whole pages lies a page that faults. */
static bool inside_allowed(struct jv_opt *o, const struct jv_insn *i, const struct jv_value *a)
{
	if (a->lo || a->hi || i->size > 64)
		return jv_opt_refuse(o, i, "an address that may lie beyond the memory's end");
	if (a->n == JV_OWN && !o->v->own_memory)
		return jv_opt_refuse(o, i, "no memory lies at r13");
	return true;
}

static bool within_allowed(struct jv_opt *o, const struct jv_insn *i, const struct jv_value *a,
			   int64_t first, int64_t end)
{
	if (a->lo < first || a->hi + i->size > end)
		return jv_opt_refuse(o, i, "an access outside of what the pointer points to");
	return true;
}

/* The access as the baseline's rules see it, at r13 + disp. */
static struct jv_insn as_context(const struct jv_insn *i, int64_t disp)
{
	struct jv_insn k = *i;

	k.base = R13;
	k.index = JV_NONE;
	k.disp = (int32_t)disp;
	k.flags &= (uint8_t)~JV_GS;
	return k;
}

static bool context_allowed(struct jv_opt *o, const struct jv_insn *i, const struct jv_value *a)
{
	struct jv_insn k = as_context(i, a->lo);

	if (a->lo >= 0) {
		if (!o->v->own_memory)
			return jv_opt_refuse(o, i, "no memory lies at r13");
		return linear_allowed(o, i, a, 0);
	}
	if (a->hi >= 0)
		return jv_opt_refuse(o, i, "an address that may lie below the memory");
	if (a->lo != a->hi || a->lo < INT32_MIN)
		return jv_opt_refuse(o, i, "reaches into the context");
	/* a part of the size, as memory.size takes */
	if (a->lo >= JIT_VMCTX(memory_size) && a->lo + i->size <= JIT_VMCTX(memory_size) + 8 &&
	    !(i->flags & JV_WRITE))
		return true;
	return jv_context(o->v, &k);
}

static bool access_allowed(struct jv_opt *o, const struct jv_insn *i, const struct jv_value *a)
{
	bool write = i->flags & JV_WRITE, exact = a->lo == a->hi;
	const struct wasm_module *m = o->v->m;

	if (i->flags & JV_GS)
		return jv_opt_refuse(o, i, "gs: in optimized code");
	if (a->kind != JV_CONTEXT && a->kind != JV_MEMORY && (a->lo < -FAR || a->hi > FAR))
		return jv_opt_refuse(o, i, "an address that is not known to be allowed");
	switch ((enum jv_value_kind)a->kind) {
	case JV_CONTEXT:
		return context_allowed(o, i, a);
	case JV_MEMORY:
		return linear_allowed(o, i, a, a->n);
	case JV_INSIDE:
		return inside_allowed(o, i, a);
	case JV_FRAME:
		return frame_allowed(o, i, a);
	case JV_TEXT:
		if (!write && a->lo >= 0 && a->hi + i->size <= o->v->text_size)
			return true;
		return jv_opt_refuse(o, i, "not a constant of the text");
	case JV_GLOBAL:
		if (write && !m->globals[a->n].type.mut)
			return jv_opt_refuse(o, i, "writes a constant global");
		return within_allowed(o, i, a, 0, 16);
	case JV_EXCEPTION:
		return within_allowed(o, i, a, JIT_EXN_VALUES,
			      JIT_EXN_VALUES + 16 * (int64_t)m->types[m->tags[a->n].type].nparams);
	case JV_RESULTS:
		return within_allowed(o, i, a, 0, o->v->sig->result_bytes);
	case JV_ENTRY:
	case JV_CALLEE:
		if (!write && exact && !a->lo && i->size == 4)
			return true;
		break;
	case JV_SIZE_AT:
		if (!write && exact && !a->lo && i->size == 8)
			return true;
		break;
	case JV_TABLE:
		if (!write && exact && i->size == 8 &&
		    (a->lo == offsetof(struct jit_table, size) ||
		     a->lo == offsetof(struct jit_table, base)))
			return true;
		break;
	default:
		break;
	}
	return jv_opt_refuse(o, i, "an address that is not known to be allowed");
}

/* ---- what is loaded ---- */

static struct jv_value table_elements(const struct jv *v, uint32_t table)
{
	const struct wasm_tabletype *t = &v->m->tables[table].type;
	struct jv_value r = jv_pointer(JV_ELEMENTS, table, 0);

	if (wasm_heap_top(v->m, wasm_heap(t->elem)) != WASM_HEAP_FUNC)
		return jv_unknown();
	/* what is imported may be smaller than it says while the module is linked: believe its size
	 * only */
	if (table >= v->m->imported_tables)
		r.hi = (int64_t)num_min(t->limits.min, UINT32_MAX) *
		       (int64_t)sizeof(struct jit_callee);
	return r;
}

static struct jv_value table_length(const struct jv *v, uint32_t table)
{
	struct jv_value r = jv_number(0, v->m->tables[table].type.limits.is64 ? INT64_MAX :
										UINT32_MAX);

	r.kind = JV_LENGTH;
	r.n = table;
	return r;
}

static struct jv_value size_of_memory(const struct jv *v, uint32_t memory)
{
	const struct wasm_memtype *t = &v->m->memories[memory];
	struct jv_value r = jv_number(0, t->limits.is64 ? INT64_MAX : (int64_t)1 << 32);

	if (t->limits.is64 && t->page_log2 == 16) {
		r.kind = JV_WITHIN;
		r.n = memory;
	}
	return r;
}

static struct jv_value from_table(const struct jv *v, uint32_t table, int64_t off)
{
	return off == offsetof(struct jit_table, size) ? table_length(v, table) :
							 table_elements(v, table);
}

/* What [r13 + disp] holds that has a meaning. */
static bool from_context(const struct jv_opt *o, const struct jv_insn *i, int64_t disp,
			 struct jv_value *ret)
{
	static const uint8_t kinds[] = {
		[KIND_GLOBAL] = JV_GLOBAL,
		[KIND_MEMORY] = JV_MEMORY,
		[KIND_SIZE_AT] = JV_SIZE_AT,
		[KIND_TABLE] = JV_TABLE,
	};
	struct jv_insn k = as_context(i, disp);
	const struct jv *v = o->v;
	enum jv_kind kind;
	uint32_t n, t;

	if (disp < INT32_MIN || i->flags & JV_WRITE)
		return false;
	if (i->size == 4 && jv_type_at(v, &k, &t)) {
		*ret = jv_pointer(JV_TYPE, t, 0);
		return true;
	}
	if (i->size != 8)
		return false;
	kind = jv_context_pointer(v, &k, &n);
	if (kind != KIND_NONE)
		*ret = jv_pointer((enum jv_value_kind)kinds[kind], n, 0);
	else if (jv_table_field(v, &k, offsetof(struct jit_table, base), &n))
		*ret = from_table(v, n, offsetof(struct jit_table, base));
	else if (jv_table_field(v, &k, offsetof(struct jit_table, size), &n))
		*ret = from_table(v, n, offsetof(struct jit_table, size));
	else if (jv_memory_size(v, &k, &n))
		*ret = size_of_memory(v, n);
	else if (disp == JIT_VMCTX(funcs))
		*ret = jv_unknown();
	else if (jv_calls_from(v, (int32_t)disp))
		*ret = jv_pointer(JV_THUNK, 0, disp);
	else
		return false;
	return true;
}

/* What a whole register is loaded with from where a is, if that has a meaning. */
static bool meaning(const struct jv_opt *o, const struct jv_insn *i, const struct jv_value *a,
		    struct jv_value *ret)
{
	bool exact = a->lo == a->hi;

	if (a->kind == JV_CONTEXT && exact && a->lo < 0)
		return from_context(o, i, a->lo, ret);
	if (a->kind == JV_CALLEE && exact && a->lo == offsetof(struct jit_callee, code) &&
	    i->size == 8 && a->id) {
		*ret = jv_pointer(JV_CODE, a->id, 0);
		return true;
	}
	return false;
}

static struct jv_value from_frame(struct jv_opt *o, const struct jv_insn *i, int64_t off)
{
	const struct jv_value *slot = jv_slot(&o->s, o->top, off);

	return slot && i->size <= 8 ? jv_low(slot, i->size) : jv_any(i->size < 8 ? i->size : 8);
}

/* The descriptor whose code is at a: an operand with a displacement has no id of its own. */
static struct jv_value described(const struct jv_opt *o, const struct jv_insn *i, struct jv_value a)
{
	if (!a.id && i->base < JV_REGS && i->index == JV_NONE)
		jv_name(&a, o->s.at[i->base].id, 1, 0);
	return a;
}

bool jv_opt_load(struct jv_opt *o, const struct jv_insn *i, struct jv_value *ret)
{
	struct jv_value a = described(o, i, jv_known_address(o, i));

	*ret = jv_any(i->size < 8 ? i->size : 8);
	if (meaning(o, i, &a, ret))
		return true;
	if (!access_allowed(o, i, &a))
		return false;
	if (a.kind == JV_FRAME)
		*ret = from_frame(o, i, a.lo);
	else if (a.kind == JV_TABLE && a.lo == a.hi && i->size == 8)
		*ret = from_table(o->v, a.n, a.lo);
	else if (a.kind == JV_SIZE_AT)
		*ret = size_of_memory(o->v, a.n);
	else if ((a.kind == JV_ENTRY || a.kind == JV_CALLEE) && a.id && i->size == 4)
		*ret = jv_pointer(JV_TYPE_OF, a.id, 0);
	return true;
}

bool jv_opt_store(struct jv_opt *o, const struct jv_insn *i, const struct jv_value *value)
{
	struct jv_value a = jv_address(o, i), *slot;

	if (!access_allowed(o, i, &a))
		return false;
	if (a.kind != JV_FRAME)
		return true;
	slot = i->size == 8 ? jv_slot(&o->s, o->top, a.lo) : NULL;
	if (slot)
		*slot = value ? *value : jv_unknown();
	else
		jv_forget(o, a.lo, a.lo + i->size);
	return true;
}
