/*
 * Memory operands: linear memory, context, frame, constants, and what pointers from the context
 * lead to.
 */
#include "jit/verify/func.h"

/* Pages guard it: 8 GiB are reserved. */
bool jv_guarded(const struct jv *v, uint32_t memory)
{
	const struct wasm_memtype *t = &v->m->memories[memory];

	return !t->limits.is64 && t->page_log2 == 16;
}

bool jv_zero_extended(struct jv *v, const struct jv_insn *i, unsigned int reg)
{
	if (v->s.zx & BIT(reg))
		return true;
	if (v->s.inherited & BIT(reg))
		jv_need(v, i, BIT(reg));
	else if (jv_kind_of(v, reg) == KIND_SAME)
		jv_need(v, i, BIT(v->s.n[reg]));
	else
		return false;
	return true;
}

/* An index and a displacement into a memory that begins at the base register. */
static bool linear(struct jv *v, const struct jv_insn *i, uint32_t memory)
{
	enum jv_kind kind = jv_kind_of(v, i->index);
	uint32_t n = i->index < 16 ? v->s.n[i->index] : 0;

	if (i->disp < 0 || i->scale)
		return jv_refuse(v, i, "an address that may lie below the memory");
	if (kind == KIND_CHECKED && (n & 0xff) == memory && i->size <= n >> 8 && !i->disp)
		return true;
	if (!jv_guarded(v, memory))
		return jv_refuse(v, i, "an index that was not compared with the memory's size");
	if (i->index == JV_NONE || jv_zero_extended(v, i, i->index))
		return true;
	if (kind == KIND_SUM && (uint32_t)i->disp + i->size <= JIT_PAGE) {
		if (n)
			jv_need(v, i, BIT(n - 1));
		return true;
	}
	return jv_refuse(v, i, "an index that may be over 32 bits");
}

/* Which of n slots of `size` bytes from `first` on (all below r13) holds the access; *off in it. */
static bool slot(const struct jv_insn *i, int32_t first, uint32_t n, uint32_t size, uint32_t *ret,
		 uint32_t *off)
{
	uint32_t d = (uint32_t)i->disp - (uint32_t)first;

	if (i->disp < first || d / size >= n || d % size + i->size > size)
		return false;
	*ret = d / size;
	*off = d % size;
	return true;
}

static bool at_context(const struct jv_insn *i)
{
	return i->base == R13 && i->index == JV_NONE && i->disp < 0 && !(i->flags & JV_GS);
}

bool jv_table_field(const struct jv *v, const struct jv_insn *i, uint32_t off, uint32_t *ret_table)
{
	uint32_t at;

	if (!(i->flags & JV_MEM) || i->flags & JV_GS || i->size != 8)
		return false;
	if (jv_kind_of(v, i->base) == KIND_TABLE && i->index == JV_NONE &&
	    i->disp == (int32_t)off) {
		*ret_table = v->s.n[i->base];
		return true;
	}
	return at_context(i) &&
	       slot(i, v->layout.tables, v->m->ntables, sizeof(struct jit_table), ret_table, &at) &&
	       at == off &&
	       (off == offsetof(struct jit_table, link) || *ret_table >= v->m->imported_tables);
}

bool jv_memory_size(const struct jv *v, const struct jv_insn *i, uint32_t *ret_memory)
{
	if (!(i->flags & JV_MEM) || i->size != 8 || i->flags & (JV_WRITE | JV_GS))
		return false;
	if (jv_kind_of(v, i->base) == KIND_SIZE_AT && i->index == JV_NONE && !i->disp) {
		*ret_memory = v->s.n[i->base];
		return true;
	}
	*ret_memory = 0;
	return at_context(i) && v->own_memory && i->disp == JIT_VMCTX(memory_size);
}

/*
 * Values on their way between frames: of code that may be replaced, and of code that may take its
 * place.
 */
static bool is_carried(const struct jv *v, const struct jv_insn *i)
{
	uint32_t n, off;

	return (v->image->flags & JIT_IMAGE_REPLACEABLE || v->image->nosr) &&
	       slot(i, v->layout.carry, JIT_CARRY_MAX, 16, &n, &off);
}

/* Whether the function's loops are to ask. */
static bool is_look(const struct jv *v, const struct jv_insn *i)
{
	return v->image->flags & JIT_IMAGE_REPLACEABLE && i->class == JV_CMP && i->size == 1 &&
	       i->disp == v->layout.heads + (int32_t)v->func;
}

/* Reads and writes in the context, but for the pointers that jv_load() and calls take. */
bool jv_context(struct jv *v, const struct jv_insn *i)
{
	uint32_t n, off;

	if (slot(i, v->layout.globals, v->m->nglobals, 16, &n, &off) &&
	    n >= v->m->imported_globals) {
		if (i->flags & JV_WRITE && !v->m->globals[n].type.mut)
			return jv_refuse(v, i, "writes a constant global");
		return true;
	}
	if (is_carried(v, i) || is_look(v, i))
		return true;
	if (!(i->flags & JV_WRITE) && (jv_memory_size(v, i, &n) ||
				       jv_table_field(v, i, offsetof(struct jit_table, size), &n)))
		return true;
	return jv_refuse(v, i, "reaches into the context");
}

/* Whether [at, at + size), from rbp on, is a part of the frame that may be written. */
static bool in_frame(const struct jv *v, int64_t at, uint32_t size)
{
	int64_t top = -8 * (int64_t)v->nsaved - (v->sig->result_bytes ? 8 : 0);
	int64_t bottom = v->bottom > v->s.depth ? v->bottom : v->s.depth;

	if (at >= 16)
		return at + size <= 16 + (int64_t)v->sig->stack_bytes;
	return at >= -bottom && at + size <= top;
}

static bool frame(struct jv *v, const struct jv_insn *i)
{
	int64_t at = i->disp - (i->base == RSP ? (int64_t)v->s.depth : 0);

	if (i->index != JV_NONE || v->s.leaving || v->s.depth == UINT32_MAX)
		return jv_refuse(v, i, "an index into the stack, or there is none");
	if (!in_frame(v, at, i->size))
		return jv_refuse(v, i, "an access outside the frame");
	return true;
}

/* Bytes from `first` up to `end` at a pointer. */
static bool within(struct jv *v, const struct jv_insn *i, uint32_t first, uint32_t end)
{
	if (i->index != JV_NONE || i->disp < (int32_t)first || (int64_t)i->disp + i->size > end)
		return jv_refuse(v, i, "an access outside of what the pointer points to");
	return true;
}

static bool at_pointer(struct jv *v, const struct jv_insn *i)
{
	uint32_t n = v->s.n[i->base & 15], table;
	bool write = i->flags & JV_WRITE;

	switch (jv_kind_of(v, i->base)) {
	case KIND_MEMORY:
		return linear(v, i, n);
	case KIND_GLOBAL:
		if (write && !v->m->globals[n].type.mut)
			return jv_refuse(v, i, "writes a constant global");
		return within(v, i, 0, 16);
	case KIND_EXN:
		return within(v, i, JIT_EXN_VALUES,
			      JIT_EXN_VALUES + 16 * v->m->types[v->m->tags[n].type].nparams);
	case KIND_RESULTS:
		return within(v, i, 0, v->sig->result_bytes);
	case KIND_ENTRY:
	case KIND_CALLEE:
		if (!write && i->index == JV_NONE && !i->disp && i->size == 4)
			return true;
		break;
	case KIND_SIZE_AT:
		if (jv_memory_size(v, i, &n))
			return true;
		break;
	case KIND_TABLE:
		if (!write && jv_table_field(v, i, offsetof(struct jit_table, size), &table))
			return true;
		break;
	default:
		break;
	}
	return jv_refuse(v, i, "an address that is not known to be allowed");
}

bool jv_memory(struct jv *v, const struct jv_insn *i)
{
	uint32_t end = (uint32_t)i->disp + i->size;

	if (i->flags & JV_GS) {
		if (!v->gs)
			return jv_refuse(v, i, "gs: without a memory of its own");
		return true;
	}
	switch (i->base) {
	case R13:
		if (i->index == JV_NONE && i->disp < 0)
			return jv_context(v, i);
		if (!v->own_memory)
			return jv_refuse(v, i, "no memory lies at r13");
		return linear(v, i, 0);
	case RBP:
	case RSP:
		return frame(v, i);
	case JV_RIP:
		if (i->flags & JV_WRITE || i->disp < 0 || end > v->text_size)
			return jv_refuse(v, i, "not a constant of the text");
		return true;
	default:
		return at_pointer(v, i);
	}
}

/* 64 bits from the context: what they point to. */
enum jv_kind jv_context_pointer(const struct jv *v, const struct jv_insn *i, uint32_t *n)
{
	uint32_t off;

	if (slot(i, v->layout.globals, v->m->imported_globals, 16, n, &off) && !off)
		return KIND_GLOBAL;
	if (slot(i, v->layout.memories, v->m->nmemories, sizeof(struct jit_memory), n, &off)) {
		if (off == offsetof(struct jit_memory, base))
			return KIND_MEMORY;
		return off == offsetof(struct jit_memory, size) ? KIND_SIZE_AT : KIND_NONE;
	}
	return jv_table_field(v, i, offsetof(struct jit_table, link), n) ? KIND_TABLE : KIND_NONE;
}

/*
 * What else is known of 64 bits that are loaded: sizes of 32-bit tables, and in bytes of memories
 * with pages of a byte, are below 2^32. (Of others they may be 2^32.)
 */
static bool is_small(const struct jv *v, const struct jv_insn *i)
{
	uint32_t n;

	if (jv_table_field(v, i, offsetof(struct jit_table, size), &n))
		return !v->m->tables[n].type.limits.is64;
	return jv_memory_size(v, i, &n) && !v->m->memories[n].limits.is64 &&
	       !v->m->memories[n].page_log2;
}

bool jv_type_at(const struct jv *v, const struct jv_insn *i, uint32_t *ret_type)
{
	uint32_t off;

	return slot(i, v->layout.sigs, v->m->ntypes, 4, ret_type, &off) && !off;
}

bool jv_calls_from(const struct jv *v, int32_t disp)
{
	uint32_t d = (uint32_t)disp - (uint32_t)v->layout.imports, size = sizeof(struct jit_callee),
		 lib;

	if (disp >= v->layout.imports && d / size < v->m->imported_funcs &&
	    d % size == offsetof(struct jit_callee, code))
		return true;
	return jv_lib_of(v, disp, &lib);
}

static bool load_context(struct jv *v, const struct jv_insn *i)
{
	enum jv_kind kind = KIND_NONE;
	bool small = is_small(v, i);
	uint32_t n = 0;

	if (i->width == 8) {
		kind = jv_context_pointer(v, i, &n);
		if (kind == KIND_NONE && jv_memory_size(v, i, &n))
			kind = KIND_SIZE;
		if (kind == KIND_NONE && i->disp == JIT_VMCTX(funcs))
			return jv_set(v, i, i->dst, 8);
	} else if (i->width == 4 && jv_type_at(v, i, &n)) {
		kind = KIND_SIG;
	}
	if (kind == KIND_NONE && !jv_context(v, i))
		return false;
	if (!jv_set(v, i, i->dst, i->width))
		return false;
	if (kind != KIND_NONE)
		jv_know(v, i->dst, kind, n);
	if (small)
		v->s.zx |= BIT(i->dst);
	return true;
}

/* Through a pointer to a size. */
static bool load_size(struct jv *v, const struct jv_insn *i)
{
	bool small = is_small(v, i);
	uint32_t n;
	bool size = jv_memory_size(v, i, &n);

	if (!jv_memory(v, i) || !jv_set(v, i, i->dst, 8))
		return false;
	if (size)
		jv_know(v, i->dst, KIND_SIZE, n);
	if (small)
		v->s.zx |= BIT(i->dst);
	return true;
}

bool jv_load(struct jv *v, const struct jv_insn *i)
{
	if (at_context(i))
		return load_context(v, i);
	if (i->width == 8 && i->base == RBP && i->index == JV_NONE && !(i->flags & JV_GS) &&
	    v->sig->result_bytes && !v->s.leaving &&
	    i->disp == -8 * (int32_t)(v->nsaved + 1)) {
		if (!jv_set(v, i, i->dst, 8))
			return false;
		jv_know(v, i->dst, KIND_RESULTS, 0);
		return true;
	}
	if (!(i->flags & JV_GS) && (jv_kind_of(v, i->base) == KIND_SIZE_AT ||
				    jv_kind_of(v, i->base) == KIND_TABLE))
		return load_size(v, i);
	return jv_memory(v, i) && jv_set(v, i, i->dst, i->width);
}
