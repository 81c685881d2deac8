/* Calls, tail calls and returns: what is called, and that both sides keep the convention. */
#include "jit/verify/func.h"

/* What the runtime believes of an argument that the compiler, not the guest, chose. */
enum {
	ARG_NONE, ARG_MEMORY, ARG_TABLE, ARG_DATA, ARG_ELEM, ARG_TAG, ARG_DATA_MEMORY,
	ARG_ELEM_TABLE,
};

static const uint8_t lib_args[JIT_LIB_MAX][2] = {
	[JIT_LIB_memory_grow] = { ARG_MEMORY },
	[JIT_LIB_memory_copy] = { ARG_MEMORY, ARG_MEMORY },
	[JIT_LIB_memory_fill] = { ARG_MEMORY },
	[JIT_LIB_memory_init] = { ARG_DATA_MEMORY },
	[JIT_LIB_data_drop] = { ARG_DATA },
	[JIT_LIB_table_get] = { ARG_TABLE },
	[JIT_LIB_table_set] = { ARG_TABLE },
	[JIT_LIB_table_grow] = { ARG_TABLE },
	[JIT_LIB_table_fill] = { ARG_TABLE },
	[JIT_LIB_table_copy] = { ARG_TABLE, ARG_TABLE },
	[JIT_LIB_table_init] = { ARG_ELEM_TABLE },
	[JIT_LIB_elem_drop] = { ARG_ELEM },
	[JIT_LIB_exn_new] = { ARG_TAG },
	[JIT_LIB_throw] = { ARG_NONE },
};

_Static_assert(JIT_LIB_MAX == 14, "a new call of the runtime needs its row in lib_args");

static int32_t lib_at(enum jit_libcall lib)
{
	return JIT_VMCTX(lib) + (int32_t)(lib * sizeof(void *));
}

static bool in_context(const struct jv_insn *i)
{
	return i->flags & JV_MEM && !(i->flags & JV_GS) && i->base == R13 && i->index == JV_NONE;
}

bool jv_ends(const struct jv_insn *i)
{
	return in_context(i) &&
	       (i->disp == JIT_VMCTX(trap) || i->disp == JIT_VMCTX(indirect_fail) ||
		i->disp == lib_at(JIT_LIB_throw));
}

/* ---- the convention ---- */

/* Registers hold what a function of this type expects. */
static bool check_arguments(struct jv *v, const struct jv_insn *i, const struct jv_sig *sig)
{
	if (!sig->func)
		return jv_refuse(v, i, "calls what is not of a function type");
	for (uint32_t m = sig->args; m; m &= m - 1)
		if (!jv_zero_extended(v, i, (unsigned int)__builtin_ctz(m)))
			return jv_refuse(v, i, "an argument that may be over 32 bits");
	return true;
}

/* Where results go that do not fit into registers: into our frame, above the arguments. */
static bool result_area(struct jv *v, const struct jv_insn *i, const struct jv_sig *sig)
{
	uint32_t from = v->s.n[RDI];

	if (!sig->result_bytes)
		return true;
	if (jv_kind_of(v, RDI) != KIND_FRAME || from > v->frame || from < sig->result_bytes ||
	    from - sig->result_bytes < 8 * v->nsaved + (v->sig->result_bytes ? 8 : 0))
		return jv_refuse(v, i, "the results would not go into the frame");
	return true;
}

static void clobber(struct jv *v)
{
	v->s.zx &= JV_CALLEE_SAVED;
	v->s.inherited &= JV_CALLEE_SAVED;
	v->s.special = 0;
}

static bool call_of(struct jv *v, const struct jv_insn *i, const struct jv_sig *sig)
{
	if (v->leaf || v->s.left || v->s.depth != v->frame + sig->stack_bytes)
		return jv_refuse(v, i, "a call while the stack is not as the callee expects");
	if (!check_arguments(v, i, sig) || !result_area(v, i, sig))
		return false;
	clobber(v);
	v->s.depth = v->frame;
	v->s.zx |= sig->results;
	return true;
}

/* Our caller's call becomes one of that type. */
static bool tail_of(struct jv *v, const struct jv_insn *i, const struct jv_sig *sig)
{
	if (!v->s.left || v->s.left_args != sig->stack_bytes)
		return jv_refuse(v, i, "a tail call while the stack is not as the callee expects");
	if (sig->result_bytes != v->sig->result_bytes || v->sig->results & ~sig->results)
		return jv_refuse(v, i, "a tail call of a function with other results");
	if (sig->result_bytes && jv_kind_of(v, RDI) != KIND_RESULTS)
		return jv_refuse(v, i, "the results would not go where they should");
	return check_arguments(v, i, sig);
}

bool jv_return(struct jv *v, const struct jv_insn *i)
{
	if (!v->s.left || v->s.left_args != v->sig->stack_bytes ||
	    (uint32_t)i->imm != v->sig->stack_bytes)
		return jv_refuse(v, i, "a return that is not the function's");
	for (uint32_t m = v->sig->results; m; m &= m - 1)
		if (!jv_zero_extended(v, i, (unsigned int)__builtin_ctz(m)))
			return jv_refuse(v, i, "a result that may be over 32 bits");
	return true;
}

/* ---- direct ones ---- */

/* The type of the function whose entry this is, or NULL. */
const struct jv_sig *jv_entry_sig(const struct jv *v, uint32_t at)
{
	uint32_t f;

	if (at >= v->text_size)
		return NULL;
	for (f = v->bucket[at / 64]; f < v->nfuncs && v->entries[f] < at; f++)
		;
	if (f >= v->nfuncs || v->entries[f] != at)
		return NULL;
	return &v->sigs[v->m->funcs[v->m->imported_funcs + v->first + f].type];
}

bool jv_call(struct jv *v, const struct jv_insn *i)
{
	const struct jv_sig *sig = jv_entry_sig(v, i->target);

	return sig ? call_of(v, i, sig) :
		     jv_refuse(v, i, "a call of what is not the entry of a function");
}

bool jv_tail(struct jv *v, const struct jv_insn *i)
{
	const struct jv_sig *sig = jv_entry_sig(v, i->target);

	return sig ? tail_of(v, i, sig) : jv_refuse(v, i, "a branch out of the function");
}

/* ---- through a descriptor ---- */

static bool uses_references(struct jv *v)
{
	if (v->references < 0)
		v->references = (wasm_module_uses(v->m) &
				 WASM_FEATURE_BIT(FUNCTION_REFERENCES)) != 0;
	return v->references;
}

/*
 * The type that a call_ref, or its tail call, names. The site is not trusted: what it says is
 * only what is checked.
 */
static const struct jv_sig *reference_sig(const struct jv *v, const struct jv_insn *i)
{
	bool call = i->class == JV_CALL_IND;
	const struct jit_site *site = jit_image_site(v->image, call ? i->at + i->len : i->at, call);
	uint32_t type = 0, shift = 0;
	const uint8_t *p, *end = v->m->bytes + v->m->size;

	if (!site || site->at >= v->m->size)
		return NULL;
	p = v->m->bytes + site->at;
	if (*p != 0x14 && *p != 0x15)
		return NULL;
	for (p++; p < end && shift < 35; shift += 7) {
		type |= (uint32_t)(*p & 0x7f) << shift;
		if (!(*p++ & 0x80))
			return type < v->m->ntypes ? &v->sigs[type] : NULL;
	}
	return NULL;
}

const struct jv_sig *jv_reference_sig(struct jv *v, const struct jv_insn *i)
{
	return uses_references(v) ? reference_sig(v, i) : NULL;
}

static const struct jv_sig *descriptor_sig(struct jv *v, const struct jv_insn *i)
{
	uint32_t n = v->s.n[R10];

	switch (jv_kind_of(v, R10)) {
	case KIND_IMPORT:
		return &v->sigs[v->m->funcs[n].type];
	case KIND_CALLEE:
		return &v->sigs[n];
	case KIND_NOT_NULL:
		return jv_reference_sig(v, i);
	default:
		return NULL;
	}
}

static bool at_code(const struct jv_insn *i)
{
	return i->flags & JV_MEM && !(i->flags & JV_GS) && i->base == R10 && i->index == JV_NONE &&
	       i->disp == (int32_t)offsetof(struct jit_callee, code);
}

bool jv_tail_indirect(struct jv *v, const struct jv_insn *i)
{
	const struct jv_sig *sig = at_code(i) ? descriptor_sig(v, i) : NULL;

	return sig ? tail_of(v, i, sig) : jv_refuse(v, i, "an indirect jump that was not checked");
}

/* ---- the runtime ---- */

bool jv_lib_takes(const struct jv *v, uint32_t lib, unsigned int k, const uint64_t *value)
{
	const struct wasm_module *m = v->m;
	uint64_t n = value ? *value : 0, low = (uint32_t)n, high = n >> 32;
	bool ok = value;

	switch (lib_args[lib][k]) {
	case ARG_NONE: return true;
	case ARG_MEMORY: ok &= n < m->nmemories; break;
	case ARG_TABLE: ok &= n < m->ntables; break;
	case ARG_DATA: ok &= n < m->ndatas; break;
	case ARG_ELEM: ok &= n < m->nelems; break;
	case ARG_TAG: ok &= n < m->ntags; break;
	case ARG_DATA_MEMORY: ok &= low < m->ndatas && high < m->nmemories; break;
	case ARG_ELEM_TABLE: ok &= low < m->nelems && high < m->ntables; break;
	default: ok = false;
	}
	return ok;
}

bool jv_lib_of(const struct jv *v, int32_t disp, uint32_t *ret_lib)
{
	uint32_t lib = (uint32_t)(disp - JIT_VMCTX(lib)) / sizeof(void *);

	if (disp < JIT_VMCTX(lib) || lib >= JIT_LIB_MAX || lib_at((enum jit_libcall)lib) != disp)
		return false;
	*ret_lib = lib;
	return true;
}

static bool lib_arg(struct jv *v, const struct jv_insn *i, uint32_t lib, unsigned int k)
{
	unsigned int reg = k ? RDX : RSI;

	return jv_lib_takes(v, lib, k,
			    jv_kind_of(v, reg) == KIND_CONST ? &v->s.value[reg] : NULL) ||
	       jv_refuse(v, i, "an index that the module does not have");
}

/* Going on in code that took the function's place: all it is told is in the context. */
static bool call_osr(struct jv *v, const struct jv_insn *i)
{
	if (v->leaf || v->s.leaving || v->s.depth != v->frame)
		return jv_refuse(v, i, "a call while the stack is not the frame's");
	clobber(v);
	return true;
}

static bool call_lib(struct jv *v, const struct jv_insn *i, uint32_t lib)
{
	uint32_t tag = (uint32_t)v->s.value[RSI];

	if (v->leaf || v->s.leaving || v->s.depth != v->frame)
		return jv_refuse(v, i, "a call while the stack is not the frame's");
	if (!lib_arg(v, i, lib, 0) || !lib_arg(v, i, lib, 1))
		return false;
	clobber(v);
	if (lib == JIT_LIB_exn_new)
		jv_know(v, RAX, KIND_EXN, tag);
	return true;
}

/* They do not return, so neither the stack nor the frame matters any more. */
static bool call_trap(struct jv *v, const struct jv_insn *i)
{
	uint64_t why = v->s.value[RAX];

	if (jv_kind_of(v, RAX) != KIND_CONST || !why || why >= RT_TRAPS)
		return jv_refuse(v, i, "a trap of no kind");
	return true;
}

static bool call_indirect_fail(struct jv *v, const struct jv_insn *i)
{
	if (v->s.inherited & BIT(R10))
		jv_need(v, i, JV_ENTRY_BIT);
	else if (jv_kind_of(v, R10) != KIND_ENTRY)
		return jv_refuse(v, i, "a failed call without a table entry");
	return true;
}

bool jv_call_indirect(struct jv *v, const struct jv_insn *i)
{
	const struct jv_sig *sig;
	uint32_t lib;

	if (at_code(i)) {
		sig = descriptor_sig(v, i);
		return sig ? call_of(v, i, sig) :
			     jv_refuse(v, i, "an indirect call that was not checked");
	}
	if (!in_context(i) || v->s.leaving)
		return jv_refuse(v, i, "an indirect call that was not checked");
	if (i->disp == JIT_VMCTX(trap))
		return call_trap(v, i);
	if (i->disp == JIT_VMCTX(indirect_fail))
		return call_indirect_fail(v, i);
	if (i->disp == JIT_VMCTX(osr) && v->image->flags & JIT_IMAGE_REPLACEABLE)
		return call_osr(v, i);
	if (!jv_lib_of(v, i->disp, &lib))
		return jv_refuse(v, i, "a call through the context that is not the runtime's");
	return call_lib(v, i, lib);
}
