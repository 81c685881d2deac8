/* Calls: of functions, through tables, into the runtime. place.c makes the stubs they name. */
#include <stdio.h>

#include "jit/llvm/ir.h"

struct callee {
	const char *name;		/* of a function or stub; NULL: the descriptor's code */
	LLVMValueRef descriptor;	/* at indirect and imported calls */
};

/* The n topmost values as they are passed. NULL: no memory. */
static LLVMValueRef *arguments(struct ll_func *f, const struct wasm_functype *t,
			       const struct callee *callee, LLVMValueRef sret, unsigned int *ret_n)
{
	LLVMValueRef *args = arena_array(&f->l->arena, (size_t)t->nparams + 3, sizeof(*args));
	const struct wasm_val *v = f->b.sp - t->nparams;
	unsigned int n = 0;

	if (!args) {
		f->failed = true;
		return NULL;
	}
	args[n++] = f->self;
	if (callee->descriptor)
		args[n++] = callee->descriptor;
	if (sret)
		args[n++] = sret;
	for (uint32_t i = 0; i < t->nparams; i++)
		args[n++] = ll_passed(f, ll_value(&v[i]), t->params[i]);
	*ret_n = n;
	return args;
}

static LLVMValueRef build_call(struct ll_func *f, struct ll_sig *s, const struct wasm_functype *t,
			       const struct callee *callee, LLVMValueRef sret)
{
	bool nest = callee->descriptor;
	unsigned int n;
	LLVMValueRef *args = arguments(f, t, callee, sret, &n), code, call;

	if (!args)
		return NULL;
	ll_place(f, f->at);
	if (callee->name)
		code = ll_declare(f->l, callee->name, s->type[nest]);
	else
		code = ll_read(f, f->l->ptr, ll_offset(f, callee->descriptor,
						       offsetof(struct jit_callee, code)), false);
	call = LLVMBuildCall2(f->ir, s->type[nest], code, args, n, "");
	LLVMAddCallSiteAttribute(call, 1, f->l->swiftself);
	if (nest)
		LLVMAddCallSiteAttribute(call, 2, f->l->nest);
	LLVMAddCallSiteAttribute(call, LLVMAttributeFunctionIndex, f->l->nounwind);
	if (s->result == f->l->i64 && wasm_kind(t->results[0]) == WASM_KIND_I32)
		LLVMAddCallSiteAttribute(call, LLVMAttributeReturnIndex, f->l->range);
	return call;
}

static void take_result(struct ll_func *f, const struct ll_sig *s, const struct wasm_functype *t,
			LLVMValueRef call)
{
	f->loaded_at = 0;
	for (uint32_t i = 0; i < t->nresults; i++) {
		LLVMValueRef v = call;

		if (s->cc.sret)
			v = ll_read(f, ll_type(f->l, t->results[i]),
				    ll_offset(f, f->area, 16 * (int64_t)i), false);
		else if (t->nresults > 1)
			v = LLVMBuildExtractValue(f->ir, call, i, "");
		if (!s->cc.sret)
			v = ll_received(f, v, t->results[i]);
		ll_push(f, t->results[i], v);
	}
}

static void call_function(struct ll_func *f, uint32_t type, struct callee *callee)
{
	const struct wasm_functype *t = &f->l->m->types[type];
	struct ll_sig *s = ll_sig(f->l, type);
	LLVMValueRef result;
	char name[32];

	if (!s || s->odd) {
		f->failed = !s;
		f->left = true;
		return;
	}
	/* who pops its arguments is called through an adapter */
	if (callee->descriptor && s->cc.stack_bytes) {
		snprintf(name, sizeof(name), "c%u_%u", s->cc.stack_bytes, type);
		callee->name = name;
	}
	result = build_call(f, s, t, callee, s->cc.sret ? f->area : NULL);
	if (!result)
		return;
	f->b.sp -= t->nparams;
	take_result(f, s, t, result);
}

/* The function's type, its name among the stubs and functions, or its descriptor. */
static void find_function(struct ll_func *f, uint32_t func, char kind, char name[24],
			  struct callee *ret)
{
	int64_t import = f->l->layout->imports + (int64_t)func * (int64_t)sizeof(struct jit_callee);

	*ret = (struct callee){ .name = name };
	snprintf(name, 24, "%c%u", kind, func);
	if (func < f->l->m->imported_funcs)
		*ret = (struct callee){ .descriptor = ll_context(f, import) };
}

void ll_emit_call(struct ll_func *f, const struct wasm_insn *in, const struct ll_row *row)
{
	struct callee c;
	char name[24];

	find_function(f, in->index, 'f', name, &c);
	call_function(f, f->l->m->funcs[in->index].type, &c);
}

/* The number of elements of a table, and its slot. */
static LLVMValueRef table_size(struct ll_func *f, uint32_t table, LLVMValueRef *ret_slot)
{
	const struct wasm_limits *l = &f->l->m->tables[table].type.limits;
	LLVMValueRef slot = ll_context(f, f->l->layout->tables +
				       (int64_t)table * (int64_t)sizeof(struct jit_table));

	if (table < f->l->m->imported_tables)
		slot = ll_read(f, f->l->ptr, ll_offset(f, slot, offsetof(struct jit_table, link)),
			       true);
	*ret_slot = slot;
	if (table >= f->l->m->imported_tables && l->has_max && l->max == l->min)
		return ll_i64(f, l->min);
	return ll_read(f, f->l->i64, ll_offset(f, slot, offsetof(struct jit_table, size)), false);
}

/* An entry of another type than the wanted one: null or a mismatch, which the runtime finds out. */
static void check_type(struct ll_func *f, LLVMValueRef entry, uint32_t type)
{
	struct ll *l = f->l;
	int64_t sig = l->layout->sigs + 4 * (int64_t)l->m->types[type].canon;
	LLVMValueRef have = ll_read(f, l->i32, entry, false),
		     want = ll_read(f, l->i32, ll_context(f, sig), false);
	LLVMTypeRef types[3] = { l->ptr, l->ptr, l->i32 };
	LLVMValueRef args[3] = { f->self, entry, want };
	LLVMBasicBlockRef bad = ll_block(f), good = ll_block(f);

	LLVMBuildCondBr(f->ir, LLVMBuildICmp(f->ir, LLVMIntEQ, have, want, ""), good, bad);
	ll_at(f, bad);
	ll_dead_end(f, "s", LLVMFunctionType(l->none, types, 3, 0), args, 3, true);
	ll_at(f, good);
}

/* Pops an index; the address of its entry, checked. */
static LLVMValueRef pop_entry(struct ll_func *f, uint32_t table, uint32_t type)
{
	LLVMValueRef index = ll_pop(f), slot, size, base, entry;

	if (LLVMTypeOf(index) == f->l->i32)
		index = ll_wide(f, index);
	size = table_size(f, table, &slot);
	ll_trap_if(f, LLVMBuildICmp(f->ir, LLVMIntUGE, index, size, ""), RT_TRAP_INDIRECT_BOUNDS);
	base = ll_read(f, f->l->ptr, slot, true);
	/* what is made of it stays behind the compare, where the verifier of machine code looks for
	 * it */
	index = ll_opaque(f, index);
	index = LLVMBuildShl(f->ir, index, ll_i64(f, 5), "");
	_Static_assert(sizeof(struct jit_callee) == 1 << 5, "the shift above");
	/* so that one register is looked at and called */
	entry = ll_opaque(f, LLVMBuildGEP2(f->ir, f->l->i8, base, &index, 1, ""));
	check_type(f, entry, type);
	return entry;
}

void ll_emit_call_indirect(struct ll_func *f, const struct wasm_insn *in, const struct ll_row *row)
{
	struct callee c = { .descriptor = pop_entry(f, in->index2, in->index) };

	call_function(f, in->index, &c);
}

/* A function reference is the address of its descriptor. */
static LLVMValueRef pop_reference(struct ll_func *f)
{
	LLVMValueRef ref = ll_pop(f);

	ll_trap_if(f, LLVMBuildIsNull(f->ir, ref, ""), RT_TRAP_NULL_FUNCTION);
	return LLVMBuildIntToPtr(f->ir, ref, f->l->ptr, "");
}

void ll_emit_call_ref(struct ll_func *f, const struct wasm_insn *in, const struct ll_row *row)
{
	struct callee c = { .descriptor = pop_reference(f) };

	call_function(f, in->index, &c);
}

/* ---- tail calls: place.c finds out whether LLVM made a jump of each ---- */

static void jump_function(struct ll_func *f, const struct wasm_insn *in, uint32_t type,
			  struct callee *callee)
{
	const struct wasm_functype *t = &f->l->m->types[type];
	struct ll_sig *s = ll_sig(f->l, type);
	LLVMValueRef result;
	char name[32];

	/* the frame of an adapter would stay, ours or the callee's */
	if (!s || s->cc.stack_bytes || f->sig->cc.stack_bytes) {
		f->failed = !s;
		f->left = true;
		return;
	}
	if (callee->descriptor) {
		snprintf(name, sizeof(name), "k%u", type);
		callee->name = name;
	}
	result = build_call(f, s, t, callee, f->sret);
	if (!result)
		return;
	LLVMSetTailCall(result, 1);
	if (s->result == f->l->none)
		LLVMBuildRetVoid(f->ir);
	else
		LLVMBuildRet(f->ir, result);
	wasm_body_apply(&f->b, in);
}

/* The frame that the code goes on for stays, so the callee's results are returned to it. */
static void call_and_return(struct ll_func *f, const struct wasm_insn *in,
			    const struct ll_row *row,
			    void (*emit)(struct ll_func *, const struct wasm_insn *,
					 const struct ll_row *))
{
	struct wasm_val *sp = f->b.sp;

	emit(f, in, row);
	if (f->failed || f->left)
		return;
	ll_return_edge(f);
	f->b.sp = sp;
	wasm_body_apply(&f->b, in);
}

void ll_emit_return_call(struct ll_func *f, const struct wasm_insn *in, const struct ll_row *row)
{
	struct callee c;
	char name[24];

	if (f->osr) {
		call_and_return(f, in, row, ll_emit_call);
		return;
	}
	find_function(f, in->index, 'j', name, &c);
	jump_function(f, in, f->l->m->funcs[in->index].type, &c);
}

void ll_emit_return_call_indirect(struct ll_func *f, const struct wasm_insn *in,
				  const struct ll_row *row)
{
	struct callee c = { 0 };

	if (f->osr) {
		call_and_return(f, in, row, ll_emit_call_indirect);
		return;
	}
	c.descriptor = pop_entry(f, in->index2, in->index);
	jump_function(f, in, in->index, &c);
}

void ll_emit_return_call_ref(struct ll_func *f, const struct wasm_insn *in,
			     const struct ll_row *row)
{
	struct callee c = { 0 };

	if (f->osr) {
		call_and_return(f, in, row, ll_emit_call_ref);
		return;
	}
	c.descriptor = pop_reference(f);
	jump_function(f, in, in->index, &c);
}

/* ---- the runtime ---- */

#define LIB_ARGS 5

/* Calls a thunk of the runtime, or a stub that takes what the thunk takes. */
static LLVMValueRef call_runtime(struct ll_func *f, LLVMValueRef code, const char *stub,
				 LLVMValueRef *args, uint32_t n)
{
	struct ll *l = f->l;
	LLVMTypeRef types[LIB_ARGS + 2] = { l->ptr, l->i64 }, type;
	LLVMValueRef all[LIB_ARGS + 2] = { f->self, LLVMGetUndef(l->i64) }, call;

	assert(n <= LIB_ARGS);
	for (uint32_t i = 0; i < n; i++) {
		types[i + 2] = l->i64;
		all[i + 2] = LLVMTypeOf(args[i]) == l->i32 ? ll_wide(f, args[i]) : args[i];
	}
	type = LLVMFunctionType(l->i64, types, n + 2, 0);
	ll_place(f, f->at);
	call = LLVMBuildCall2(f->ir, type, stub ? ll_declare(l, stub, type) : code, all, n + 2, "");
	LLVMAddCallSiteAttribute(call, 1, l->swiftself);
	LLVMAddCallSiteAttribute(call, LLVMAttributeFunctionIndex, l->nounwind);
	return call;
}

LLVMValueRef ll_libcall(struct ll_func *f, enum jit_libcall lib, LLVMValueRef *args, uint32_t n)
{
	LLVMValueRef p = ll_context(f, JIT_VMCTX(lib) + (int64_t)(lib * sizeof(void *)));

	return call_runtime(f, ll_read(f, f->l->ptr, p, true), NULL, args, n);
}

/* Within the module's own memory 0, if its addresses have 32 bits: by the stub of copy.c. */
void ll_emit_copy(struct ll_func *f, const struct wasm_insn *in, const struct ll_row *row)
{
	const struct wasm_module *m = f->l->m;
	LLVMValueRef args[LIB_ARGS] = { ll_i64(f, 0), ll_i64(f, 0) };

	if (in->index || in->index2 || m->imported_memories || m->memories[0].limits.is64 ||
	    m->memories[0].page_log2 != 16) {
		ll_emit_lib(f, in, row);
		return;
	}
	for (uint32_t i = 0; i < 3; i++)
		args[2 + i] = ll_value(f->b.sp - 3 + i);
	(void)call_runtime(f, NULL, "m", args, 5);
	f->b.sp -= 3;
}

/* row: op the libcall, lanes the number of operands, how enum jit_lib_indices. */
void ll_emit_lib(struct ll_func *f, const struct wasm_insn *in, const struct ll_row *row)
{
	LLVMValueRef args[LIB_ARGS], result;
	uint64_t consts[2];
	uint32_t n = jit_lib_consts(in, (enum jit_lib_indices)row->how, consts);

	for (uint32_t i = 0; i < n; i++)
		args[i] = ll_i64(f, consts[i]);
	for (uint32_t i = 0; i < row->lanes; i++)
		args[n++] = ll_value(f->b.sp - row->lanes + i);
	result = ll_libcall(f, (enum jit_libcall)row->op, args, n);
	f->b.sp -= row->lanes;
	f->loaded_at = 0;
	if (in->npush)
		ll_push(f, in->push[0], ll_received(f, result, in->push[0]));
}

/* ---- exceptions: try_table is left to the baseline, throwing is not ---- */

static void throw_exception(struct ll_func *f, const struct wasm_insn *in, LLVMValueRef exception)
{
	(void)ll_libcall(f, JIT_LIB_throw, &exception, 1);
	(void)ll_intrinsic(f, "llvm.trap", NULL, 0, NULL, 0);
	LLVMBuildUnreachable(f->ir);
	wasm_body_apply(&f->b, in);
}

void ll_emit_throw(struct ll_func *f, const struct wasm_insn *in, const struct ll_row *row)
{
	const struct wasm_functype *t = &f->l->m->types[f->l->m->tags[in->index].type];
	LLVMValueRef tag = ll_i64(f, in->index);
	LLVMValueRef exception = ll_libcall(f, JIT_LIB_exn_new, &tag, 1);
	LLVMValueRef p = LLVMBuildIntToPtr(f->ir, exception, f->l->ptr, "");

	for (uint32_t i = 0; i < t->nparams; i++)
		ll_write(f, ll_value(f->b.sp - t->nparams + i),
			 ll_offset(f, p, JIT_EXN_VALUES + 16 * (int64_t)i));
	throw_exception(f, in, exception);
}

void ll_emit_throw_ref(struct ll_func *f, const struct wasm_insn *in, const struct ll_row *row)
{
	throw_exception(f, in, ll_value(f->b.sp - 1));
}
