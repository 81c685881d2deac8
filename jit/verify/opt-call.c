/*
 * Code of the optimizing tier: calls, returns, jumps. It calls functions of its kind that take
 * arguments on the stack by C's convention (the caller pops them), others through adapters; what
 * is called is recognized by its form, wherever it lies.
 */
#include <string.h>

#include "jit/baseline/baseline.h"
#include "jit/verify/opt.h"

#define ADAPTED_MAX 256		/* bytes of arguments that an adapter may copy */

/* ---- code between two conventions ---- */

/*
 *	push rbp; mov rbp, rsp; sub rsp, bytes
 *	mov rax or eax, [rbp + 16 + off]; mov [rsp + off], rax	for each off below bytes
 *	call; leave; ret
 */
struct adapter {
	uint32_t bytes;
	uint32_t narrow;	/* slots that are zero-extended from 32 bits */
	struct jv_insn call;
	uint32_t pop;
};

/* The next instruction; *at is behind it. */
static bool next(const struct jv *v, uint32_t *at, enum jv_class class, struct jv_insn *ret)
{
	if (*at >= v->text_size || !jv_decode_at(v, *at, ret) || ret->class != class)
		return false;
	*at += ret->len;
	return true;
}

static bool is_rax_at(const struct jv_insn *i, unsigned int base, int32_t disp)
{
	return i->flags & JV_MEM && !(i->flags & (JV_GS | JV_IMM)) && i->base == base &&
	       i->index == JV_NONE && i->disp == disp && i->reg == RAX;
}

static bool copies(const struct jv *v, uint32_t *at, struct adapter *a)
{
	struct jv_insn load, store;

	for (uint32_t off = 0; off < a->bytes; off += 8) {
		if (!next(v, at, JV_MOV, &load) || !next(v, at, JV_MOV, &store))
			return false;
		if (!is_rax_at(&load, RBP, 16 + (int32_t)off) || load.dst != RAX || load.width < 4)
			return false;
		if (!is_rax_at(&store, RSP, (int32_t)off) || store.dst != JV_NONE ||
		    store.width != 8)
			return false;
		if (load.width == 4)
			a->narrow |= 1u << off / 8;
	}
	return true;
}

static bool parse_adapter(const struct jv *v, uint32_t at, struct adapter *ret)
{
	struct adapter a = { 0 };
	struct jv_insn i;

	if (!next(v, &at, JV_PUSH, &i) || i.rm != RBP || !next(v, &at, JV_MOV, &i) ||
	    i.width != 8 || i.flags & (JV_MEM | JV_IMM) || i.dst != RBP ||
	    (i.rm == RBP ? i.reg : i.rm) != RSP)
		return false;
	if (!next(v, &at, JV_SUB, &i) || i.dst != RSP || !(i.flags & JV_IMM) || i.width != 8 ||
	    i.imm <= 0 || i.imm % 16 || i.imm > ADAPTED_MAX)
		return false;
	a.bytes = (uint32_t)i.imm;
	if (!copies(v, &at, &a))
		return false;
	if (!next(v, &at, JV_CALL, &a.call) && !next(v, &at, JV_CALL_IND, &a.call))
		return false;
	if (!next(v, &at, JV_LEAVE, &i) || !next(v, &at, JV_RET, &i))
		return false;
	a.pop = (uint32_t)i.imm;
	*ret = a;
	return true;
}

bool jv_adapter_in(const struct jv *v, uint32_t at, const struct jv_sig *sig, uint32_t *ret_inner)
{
	struct adapter a;

	if (!parse_adapter(v, at, &a) || a.call.class != JV_CALL || a.bytes != sig->stack_bytes ||
	    a.pop != a.bytes || sig->stack_args & ~a.narrow || a.call.target <= v->lo ||
	    a.call.target >= v->hi)
		return false;
	*ret_inner = a.call.target;
	return true;
}

/* ---- what a call calls ---- */

/* The function that the call or jump is to go to when it is placed, or NULL. */
static const struct jv_sig *placed_later(const struct jv *v, const struct jv_insn *i)
{
	uint32_t at = i->at + i->len - 4;
	size_t lo = 0, hi = v->nrelocs;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (v->relocs[mid].at < at)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo == v->nrelocs || v->relocs[lo].at != at)
		return NULL;
	return &v->sigs[v->m->funcs[v->relocs[lo].func].type];
}

bool jv_leaves(const struct jv *v, const struct jv_insn *i)
{
	return i->target <= v->lo || i->target >= v->hi || (v->nrelocs && placed_later(v, i));
}

enum callee {
	CALLEE_NONE,
	CALLEE_FUNCTION,
	CALLEE_DESCRIPTOR,
	CALLEE_TRAP,
	CALLEE_MISMATCH,
	CALLEE_COPY
};

/* Whether the function that holds `at` has its adapter call it: code by C's convention. */
static const struct jv_sig *inner_sig(const struct jv *v, uint32_t at)
{
	uint32_t f = jit_image_func(v->image, at);
	struct adapter a;

	if (f >= v->nfuncs || !parse_adapter(v, v->entries[f], &a) || a.call.class != JV_CALL ||
	    a.call.target != at)
		return NULL;
	return &v->sigs[v->m->funcs[v->m->imported_funcs + v->first + f].type];
}

static bool at_code_of_r10(const struct jv_insn *i)
{
	return i->flags & JV_MEM && !(i->flags & JV_GS) && i->base == R10 && i->index == JV_NONE &&
	       i->disp == (int32_t)offsetof(struct jit_callee, code);
}

/* mov eax, n; jmp [r13 + trap], or mov eax, edi; jmp [r13 + indirect_fail] */
static enum callee dead_end(const struct jv *v, uint32_t at)
{
	struct jv_insn i, jump;

	if (!jv_decode_at(v, at, &i) || i.dst != RAX || i.flags & JV_MEM)
		return CALLEE_NONE;
	at += i.len;
	if (!next(v, &at, JV_JMP_IND, &jump) || !(jump.flags & JV_MEM) || jump.flags & JV_GS ||
	    jump.base != R13 || jump.index != JV_NONE)
		return CALLEE_NONE;
	if (i.class == JV_MOV_IMM && jump.disp == JIT_VMCTX(trap))
		return !i.target && i.imm > 0 && i.imm < RT_TRAPS ? CALLEE_TRAP : CALLEE_NONE;
	if (i.class == JV_MOV && !(i.flags & JV_IMM) && jump.disp == JIT_VMCTX(indirect_fail))
		return CALLEE_MISMATCH;
	return CALLEE_NONE;
}

static enum callee find_callee(struct jv *v, const struct jv_insn *from,
			       const struct jv_sig **ret_sig, uint32_t *ret_bytes)
{
	uint32_t at = from->target;
	struct adapter a;
	struct jv_insn i;
	enum callee dead;

	*ret_sig = v->nrelocs ? placed_later(v, from) : NULL;
	if (*ret_sig)
		return CALLEE_FUNCTION;
	*ret_sig = jv_entry_sig(v, at);
	if (*ret_sig)
		return (*ret_sig)->stack_bytes ? CALLEE_NONE : CALLEE_FUNCTION;
	if (at >= v->text_size)
		return CALLEE_NONE;
	*ret_sig = inner_sig(v, at);
	if (*ret_sig)
		return CALLEE_FUNCTION;
	*ret_bytes = 0;
	if (jv_decode_at(v, at, &i) && i.class == JV_JMP_IND && at_code_of_r10(&i))
		return CALLEE_DESCRIPTOR;
	dead = dead_end(v, at);
	if (dead != CALLEE_NONE)
		return dead;
	if (parse_adapter(v, at, &a) && !a.pop) {
		*ret_bytes = a.bytes;
		if (a.call.class == JV_CALL_IND)
			return at_code_of_r10(&a.call) ? CALLEE_DESCRIPTOR : CALLEE_NONE;
		*ret_sig = jv_entry_sig(v, a.call.target);
		return *ret_sig && (*ret_sig)->stack_bytes == a.bytes ? CALLEE_FUNCTION :
									CALLEE_NONE;
	}
	return jv_is_copy_stub(v, at) ? CALLEE_COPY : CALLEE_NONE;
}

/* ---- the convention ---- */

static bool has_context(const struct jv_opt *o)
{
	return jv_exactly(&o->s.at[R13], JV_CONTEXT, 0, 0);
}

static int64_t rsp_of(const struct jv_opt *o)
{
	return o->s.at[RSP].lo;
}

static bool may_call(struct jv_opt *o, const struct jv_insn *i)
{
	if (!has_context(o))
		return jv_opt_refuse(o, i, "a call without the context in r13");
	if (rsp_of(o) % 16 != -8)
		return jv_opt_refuse(o, i, "a call while the stack is not aligned");
	return jv_touch(o, i, rsp_of(o) - 8);
}

/* What a call leaves: saved registers, and of the frame what is above its arguments. */
static void forget_at_call(struct jv_opt *o, int64_t above)
{
	jv_forget(o, o->top - 8 * (int64_t)(o->s.n - JV_REGS), above);
	for (uint32_t k = 0; k < o->s.n; k++) {
		struct jv_value *v = &o->s.at[k];
		bool gone = k < JV_REGS &&
			    !((JV_CALLEE_SAVED | BIT(RBP) | BIT(RSP) | BIT(R13)) & BIT(k));

		if (gone || v->kind == JV_CALLEE || v->kind == JV_ENTRY || v->kind == JV_TYPE_OF ||
		    v->kind == JV_CODE || v->kind == JV_EXCEPTION)
			*v = jv_unknown();
	}
	o->s.flags = JV_FLAGS_NONE;
}

static bool has_arguments(struct jv_opt *o, const struct jv_insn *i, const struct jv_sig *sig)
{
	const struct jv_value *slot;

	if (!sig->func)
		return jv_opt_refuse(o, i, "calls what is not of a function type");
	for (uint32_t m = sig->args; m; m &= m - 1)
		if (!jv_is_32(&o->s.at[__builtin_ctz(m)]))
			return jv_opt_refuse(o, i, "an argument that may be over 32 bits");
	for (uint32_t m = sig->stack_args; m; m &= m - 1) {
		slot = jv_slot(&o->s, o->top, rsp_of(o) + 8 * __builtin_ctz(m));
		if (!slot || !jv_is_32(slot))
			return jv_opt_refuse(o, i, "an argument that may be over 32 bits");
	}
	return true;
}

/* Arguments on the stack and results in memory lie in our frame, the results above. */
static bool areas(struct jv_opt *o, const struct jv_insn *i, const struct jv_sig *sig)
{
	const struct jv_value *to = &o->s.at[RDI];
	int64_t end = rsp_of(o) + (int64_t)sig->c_bytes;

	if (end > 0)
		return jv_opt_refuse(o, i, "a call while the stack is not as the callee expects");
	if (!sig->result_bytes)
		return true;
	if (to->kind != JV_FRAME || to->lo != to->hi || to->lo < end ||
	    to->lo > -(int64_t)sig->result_bytes)
		return jv_opt_refuse(o, i, "the results would not go into the frame");
	jv_forget(o, to->lo, to->lo + sig->result_bytes);
	return true;
}

static bool opt_call_of(struct jv_opt *o, const struct jv_insn *i, const struct jv_sig *sig)
{
	if (!may_call(o, i) || !has_arguments(o, i, sig) || !areas(o, i, sig))
		return false;
	forget_at_call(o, rsp_of(o) + sig->c_bytes);
	for (uint32_t m = sig->results; m; m &= m - 1)
		jv_put(o, (unsigned int)__builtin_ctz(m), jv_any(4));
	return true;
}

/* Everything is as it was at entry, but for what arguments and results are in. */
static bool has_left(struct jv_opt *o, const struct jv_insn *i)
{
	uint32_t kept = JV_CALLEE_SAVED | BIT(RBP);

	if (rsp_of(o) || !has_context(o))
		return jv_opt_refuse(o, i,
				     "leaves while the stack or the context is not the caller's");
	for (; kept; kept &= kept - 1) {
		uint32_t r = (uint32_t)__builtin_ctz(kept);

		if (!jv_exactly(&o->s.at[r], JV_SAVED, r, 0))
			return jv_opt_refuse(o, i, "leaves without restoring a register");
	}
	return true;
}

bool jv_opt_return(struct jv_opt *o, const struct jv_insn *i)
{
	o->ends = true;
	if (i->imm || !has_left(o, i))
		return jv_opt_refuse(o, i, "a return that is not the function's");
	for (uint32_t m = o->sig->results; m; m &= m - 1)
		if (!jv_is_32(&o->s.at[__builtin_ctz(m)]))
			return jv_opt_refuse(o, i, "a result that may be over 32 bits");
	return true;
}

static bool opt_tail_of(struct jv_opt *o, const struct jv_insn *i, const struct jv_sig *sig)
{
	const struct jv_sig *own = o->sig;

	if (!has_left(o, i))
		return false;
	if (sig->stack_bytes || own->stack_bytes)
		return jv_opt_refuse(o, i,
				     "a tail call while the stack is not as the callee expects");
	if (sig->result_bytes != own->result_bytes || own->results & ~sig->results)
		return jv_opt_refuse(o, i, "a tail call of a function with other results");
	if (sig->result_bytes && !jv_exactly(&o->s.at[RDI], JV_RESULTS, 0, 0))
		return jv_opt_refuse(o, i, "the results would not go where they should");
	return has_arguments(o, i, sig);
}

/* ---- through descriptors ---- */

/* The type of the function whose descriptor is in r10. code: of the register that the code was
 * found by. */
static const struct jv_sig *sig_of_r10(struct jv_opt *o, const struct jv_insn *i)
{
	const struct jv_value *d = &o->s.at[R10];
	int64_t import = 0;

	if (!jv_is_number(d) && (d->lo != d->hi || d->lo < INT32_MIN || d->lo > 0))
		return NULL;
	if (d->kind == JV_CONTEXT)
		import = d->lo - o->v->layout.imports;
	if (d->kind == JV_CALLEE && !d->lo)
		return &o->v->sigs[d->n];
	if (d->kind == JV_CONTEXT && import >= 0 && import % 32 == 0 &&
	    import / 32 < o->v->m->imported_funcs)
		return &o->v->sigs[o->v->m->funcs[import / 32].type];
	if (d->kind == JV_NOT_NULL || (jv_is_number(d) && d->lo > 0))
		return jv_reference_sig(o->v, i);
	return NULL;
}

/* The distance of the descriptor's code from r13, or 0: it is not an import's. */
static int64_t import_code(const struct jv_value *d)
{
	if (d->kind != JV_CONTEXT || d->lo != d->hi || d->lo < INT32_MIN || d->lo >= 0)
		return 0;
	return d->lo + (int64_t)offsetof(struct jit_callee, code);
}

/* Whether the value is the code of the descriptor d. */
static bool is_code(const struct jv_value *d, const struct jv_value *v)
{
	if (v->kind == JV_THUNK)
		return v->lo == import_code(d);
	return v->kind == JV_CODE && d->id && v->n == d->id;
}

/* The slot that lies at this address, NULL: it is none. Within the frame, since something was found
 * there. */
static const struct jv_value *slot_at(const struct jv_opt *o, const struct jv_value *a)
{
	struct jv_places s = o->s;

	return a->kind == JV_FRAME && a->lo == a->hi ? jv_slot(&s, o->top, a->lo) : NULL;
}

/* The same of what is called, with that in r10. */
static bool is_code_of_r10(const struct jv_opt *o, const struct jv_insn *i)
{
	const struct jv_value *d = &o->s.at[R10], *r;
	struct jv_value a;

	if (!(i->flags & JV_MEM))
		return is_code(d, &o->s.at[i->rm]);
	if (i->flags & JV_GS)
		return false;
	a = jv_address(o, i);
	r = slot_at(o, &a);
	if (r)
		return is_code(d, r);
	if (a.kind == JV_CONTEXT && d->kind == JV_CONTEXT)
		return a.lo == a.hi && a.lo && a.lo == import_code(d);
	return i->base < JV_REGS && i->index == JV_NONE &&
	       i->disp == (int32_t)offsetof(struct jit_callee, code) &&
	       jv_identical(&o->s.at[i->base], d);
}

/* ---- the runtime ---- */

static bool opt_call_lib(struct jv_opt *o, const struct jv_insn *i, uint32_t lib)
{
	static const uint8_t regs[2] = { RSI, RDX };
	uint32_t tag = (uint32_t)o->s.at[RSI].lo;

	for (unsigned int k = 0; k < 2; k++) {
		const struct jv_value *r = &o->s.at[regs[k]];
		uint64_t n = (uint64_t)r->lo;

		if (!jv_lib_takes(o->v, lib, k, jv_is_number(r) && r->lo == r->hi ? &n : NULL))
			return jv_opt_refuse(o, i, "an index that the module does not have");
	}
	forget_at_call(o, rsp_of(o));
	if (lib == JIT_LIB_exn_new)
		jv_put(o, RAX, jv_pointer(JV_EXCEPTION, tag, 0));
	o->ends = lib == JIT_LIB_throw;
	return true;
}

/* The place in the context whose pointer is called, or 0. */
static int64_t thunk_of(const struct jv_opt *o, const struct jv_insn *i)
{
	const struct jv_value *slot;
	struct jv_value a;

	if (!(i->flags & JV_MEM))
		return o->s.at[i->rm].kind == JV_THUNK ? o->s.at[i->rm].lo : 0;
	a = jv_address(o, i);
	slot = slot_at(o, &a);
	if (slot)
		return slot->kind == JV_THUNK && !(i->flags & JV_GS) ? slot->lo : 0;
	return !(i->flags & JV_GS) && a.kind == JV_CONTEXT && a.lo == a.hi && a.lo < 0 &&
			       a.lo >= INT32_MIN ?
		       a.lo :
		       0;
}

static bool opt_call_trap(struct jv_opt *o, const struct jv_insn *i)
{
	const struct jv_value *why = &o->s.at[RAX];

	o->ends = true;
	if (!jv_is_number(why) || why->lo < 1 || why->hi >= RT_TRAPS)
		return jv_opt_refuse(o, i, "a trap of no kind");
	return may_call(o, i);
}

bool jv_opt_call_indirect(struct jv_opt *o, const struct jv_insn *i)
{
	int64_t thunk = thunk_of(o, i);
	const struct jv_sig *sig;
	uint32_t lib;

	if (o->is_stub)
		return jv_opt_refuse(o, i, "a call in a stub");
	if (thunk == JIT_VMCTX(trap))
		return opt_call_trap(o, i);
	if (thunk && jv_lib_of(o->v, (int32_t)thunk, &lib))
		return may_call(o, i) && opt_call_lib(o, i, lib);
	sig = is_code_of_r10(o, i) ? sig_of_r10(o, i) : NULL;
	/* who pops its arguments is called through an adapter */
	if (!sig || sig->stack_bytes)
		return jv_opt_refuse(o, i, "an indirect call that was not checked");
	return opt_call_of(o, i, sig);
}

/* ---- direct ones ---- */

static bool call_copy(struct jv_opt *o, const struct jv_insn *i)
{
	static const struct jv_sig sig = { .func = true, .args = BIT(RCX) | BIT(R8) | BIT(R9) };

	if (!jv_exactly(&o->s.at[RSI], JV_NUMBER, 0, 0) ||
	    !jv_exactly(&o->s.at[RDX], JV_NUMBER, 0, 0))
		return jv_opt_refuse(o, i, "an index that the module does not have");
	return opt_call_of(o, i, &sig);
}

static bool call_mismatch(struct jv_opt *o, const struct jv_insn *i)
{
	const struct jv_value *d = &o->s.at[R10];

	o->ends = true;
	if ((d->kind != JV_ENTRY && d->kind != JV_CALLEE) || d->lo || d->hi)
		return jv_opt_refuse(o, i, "a failed call without a table entry");
	return may_call(o, i);
}

bool jv_opt_call(struct jv_opt *o, const struct jv_insn *i)
{
	const struct jv_sig *sig;
	uint32_t bytes = 0;

	if (o->is_stub)
		return jv_opt_refuse(o, i, "a call in a stub");
	switch (find_callee(o->v, i, &sig, &bytes)) {
	case CALLEE_FUNCTION:
		return opt_call_of(o, i, sig);
	case CALLEE_DESCRIPTOR:
		sig = sig_of_r10(o, i);
		if (!sig || sig->stack_bytes != bytes)
			return jv_opt_refuse(o, i, "an indirect call that was not checked");
		return opt_call_of(o, i, sig);
	case CALLEE_TRAP:
		o->ends = true;
		return may_call(o, i);
	case CALLEE_MISMATCH:
		return call_mismatch(o, i);
	case CALLEE_COPY:
		return call_copy(o, i);
	case CALLEE_NONE:
		break;
	}
	return jv_opt_refuse(o, i, "a call of what is not the entry of a function");
}

bool jv_opt_tail(struct jv_opt *o, const struct jv_insn *i)
{
	const struct jv_sig *sig;
	uint32_t bytes = 0;

	if (o->is_stub)
		return jv_opt_refuse(o, i, "a branch out of the function");
	switch (find_callee(o->v, i, &sig, &bytes)) {
	case CALLEE_FUNCTION:
		return opt_tail_of(o, i, sig);
	case CALLEE_DESCRIPTOR:
		sig = sig_of_r10(o, i);
		if (sig && !bytes)
			return opt_tail_of(o, i, sig);
		break;
	default:
		break;
	}
	return jv_opt_refuse(o, i, "a branch out of the function");
}

/* ---- jumps ---- */

static bool through_table(struct jv_opt *o, const struct jv_insn *i, const struct jv_value *t)
{
	int64_t n = t->n;

	/* where states were joined there may be more than those that were read */
	if (t->lo < 0 || t->hi > UINT32_MAX || n + 4 * (t->hi + 1) > o->v->text_size)
		return jv_opt_refuse(o, i, "a jump table that is not in the text");
	for (int64_t k = t->lo; k <= t->hi; k++) {
		uint32_t target;

		memcpy(&target, o->v->text + n + 4 * k, 4);
		if (!jv_opt_goto(o, i, &o->s, (uint32_t)n + target))
			return false;
	}
	return true;
}

bool jv_opt_jump_indirect(struct jv_opt *o, const struct jv_insn *i)
{
	int64_t thunk = thunk_of(o, i);
	const struct jv_sig *sig;

	o->ends = true;
	if (!(i->flags & JV_MEM) && o->s.at[i->rm].kind == JV_TARGET)
		return through_table(o, i, &o->s.at[i->rm]);
	if (o->is_stub) {
		static const int32_t copy = JIT_VMCTX(lib) +
					    (int32_t)(JIT_LIB_memory_copy * sizeof(void *));

		if (thunk != copy || !has_left(o, i) ||
		    !jv_exactly(&o->s.at[RSI], JV_NUMBER, 0, 0) ||
		    !jv_exactly(&o->s.at[RDX], JV_NUMBER, 0, 0))
			return jv_opt_refuse(o, i, "an indirect jump that was not checked");
		return true;
	}
	sig = is_code_of_r10(o, i) ? sig_of_r10(o, i) : NULL;
	return sig ? opt_tail_of(o, i, sig) :
		     jv_opt_refuse(o, i, "an indirect jump that was not checked");
}
