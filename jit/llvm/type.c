/* LLVM types, function types and how values are passed. */
#include <string.h>

#include "jit/llvm/ir.h"
#include "jit/llvm/tier.h"

static LLVMAttributeRef flag(const struct ll *l, const char *name)
{
	return LLVMCreateEnumAttribute(l->ctx, LLVMGetEnumAttributeKindForName(name, strlen(name)),
				       0);
}

static LLVMAttributeRef text(const struct ll *l, const char *name, const char *value)
{
	return LLVMCreateStringAttribute(l->ctx, name, (unsigned int)strlen(name), value,
					 (unsigned int)strlen(value));
}

static void init_attributes(struct ll *l)
{
	static const uint64_t low = 0, high = (uint64_t)1 << 32;

	l->swiftself = flag(l, "swiftself");
	l->nest = flag(l, "nest");
	l->nounwind = flag(l, "nounwind");
	l->cold = flag(l, "cold");
	l->nomerge = flag(l, "nomerge");
	l->range = LLVMCreateConstantRangeAttribute(l->ctx,
						    LLVMGetEnumAttributeKindForName("range", 5),
						    64, &low, &high);
	l->frames = text(l, "frame-pointer", "all");
	l->probes = text(l, "probe-stack", "inline-asm");
}

/* An access tag: linear memory and the context never overlap. */
static LLVMValueRef access_tag(struct ll *l, LLVMMetadataRef root, const char *name)
{
	LLVMMetadataRef zero = LLVMValueAsMetadata(LLVMConstInt(l->i64, 0, 0));
	LLVMMetadataRef type[3] = {
		LLVMMDStringInContext2(l->ctx, name, strlen(name)), root, zero
	};
	LLVMMetadataRef node = LLVMMDNodeInContext2(l->ctx, type, 3), tag[3] = { node, node, zero };

	return LLVMMetadataAsValue(l->ctx, LLVMMDNodeInContext2(l->ctx, tag, 3));
}

static void init_metadata(struct ll *l)
{
	LLVMMetadataRef name = LLVMMDStringInContext2(l->ctx, "wsbox", 5);
	LLVMMetadataRef root = LLVMMDNodeInContext2(l->ctx, &name, 1);

	l->tag_memory = access_tag(l, root, "memory");
	l->tag_context = access_tag(l, root, "context");
	l->empty = LLVMMetadataAsValue(l->ctx, LLVMMDNodeInContext2(l->ctx, NULL, 0));
	l->kind_tbaa = LLVMGetMDKindIDInContext(l->ctx, "tbaa", 4);
	l->kind_invariant = LLVMGetMDKindIDInContext(l->ctx, "invariant.load", 14);
}

void ll_types_init(struct ll *l)
{
	l->none = LLVMVoidTypeInContext(l->ctx);
	l->i1 = LLVMInt1TypeInContext(l->ctx);
	l->i8 = LLVMInt8TypeInContext(l->ctx);
	l->i16 = LLVMInt16TypeInContext(l->ctx);
	l->i32 = LLVMInt32TypeInContext(l->ctx);
	l->i64 = LLVMInt64TypeInContext(l->ctx);
	l->i128 = LLVMInt128TypeInContext(l->ctx);
	l->f32 = LLVMFloatTypeInContext(l->ctx);
	l->f64 = LLVMDoubleTypeInContext(l->ctx);
	l->ptr = LLVMPointerTypeInContext(l->ctx, 0);
	l->lane[LL_I8X16] = l->i8;
	l->lane[LL_I16X8] = l->i16;
	l->lane[LL_I32X4] = l->i32;
	l->lane[LL_I64X2] = l->i64;
	l->lane[LL_F32X4] = l->f32;
	l->lane[LL_F64X2] = l->f64;
	l->lanes[LL_I8X16] = LLVMVectorType(l->i8, 16);
	l->lanes[LL_I16X8] = LLVMVectorType(l->i16, 8);
	l->lanes[LL_I32X4] = LLVMVectorType(l->i32, 4);
	l->lanes[LL_I64X2] = LLVMVectorType(l->i64, 2);
	l->lanes[LL_F32X4] = LLVMVectorType(l->f32, 4);
	l->lanes[LL_F64X2] = LLVMVectorType(l->f64, 2);
	init_attributes(l);
	init_metadata(l);
}

LLVMTypeRef ll_type(const struct ll *l, wasm_valtype t)
{
	switch (wasm_kind(t)) {
	case WASM_KIND_I32:
		return l->i32;
	case WASM_KIND_F32:
		return l->f32;
	case WASM_KIND_F64:
		return l->f64;
	case WASM_KIND_V128:
		return l->lanes[LL_I64X2];
	default:
		return l->i64;
	}
}

static LLVMTypeRef passed_type(const struct ll *l, wasm_valtype t)
{
	return wasm_kind(t) == WASM_KIND_I32 ? l->i64 : ll_type(l, t);
}

LLVMValueRef ll_wide(struct ll_func *f, LLVMValueRef v)
{
	if (f->l->care >= LL_CARE_INDICES && !LLVMIsConstant(v))
		v = ll_opaque(f, v);
	return LLVMBuildZExt(f->ir, v, f->l->i64, "");
}

LLVMValueRef ll_passed(struct ll_func *f, LLVMValueRef v, wasm_valtype t)
{
	return wasm_kind(t) == WASM_KIND_I32 ? ll_wide(f, v) : v;
}

LLVMValueRef ll_received(struct ll_func *f, LLVMValueRef v, wasm_valtype t)
{
	return wasm_kind(t) == WASM_KIND_I32 ? LLVMBuildTrunc(f->ir, v, f->l->i32, "") : v;
}

/* Results in registers: none, one, or a structure. */
static LLVMTypeRef result_type(struct ll *l, const struct ll_sig *s, const struct wasm_functype *t)
{
	LLVMTypeRef types[4];

	if (s->cc.sret || !t->nresults)
		return l->none;
	assert(t->nresults <= ARRAY_SIZE(types));
	for (uint32_t i = 0; i < t->nresults; i++)
		types[i] = passed_type(l, t->results[i]);
	return t->nresults == 1 ? types[0] : LLVMStructTypeInContext(l->ctx, types, t->nresults, 0);
}

static bool work_out(struct ll *l, struct ll_sig *s, const struct wasm_functype *t)
{
	LLVMTypeRef *types = arena_array(&l->sig_arena, (size_t)t->nparams + 3, sizeof(*types));
	struct jit_loc *params = arena_array(&l->sig_arena, (size_t)t->nparams + 1,
					     sizeof(*params));

	if (!types || !params)
		return false;
	jit_cc_init(&s->cc, t, params, NULL);
	for (uint32_t i = 0; i < t->nparams; i++)
		s->odd |= params[i].where == JIT_ON_STACK &&
			  wasm_kind(t->params[i]) == WASM_KIND_V128;
	s->odd |= s->cc.stack_bytes > LL_ADAPTED_MAX;
	for (uint32_t i = 0; i < t->nparams && !s->odd; i++)
		if (params[i].where == JIT_ON_STACK && wasm_kind(t->params[i]) == WASM_KIND_I32)
			s->narrow |= 1u << params[i].off / 8;
	s->result = result_type(l, s, t);
	for (unsigned int nest = 0; nest < 2; nest++) {
		unsigned int n = 0;

		types[n++] = l->ptr;
		if (nest)
			types[n++] = l->ptr;
		if (s->cc.sret)
			types[n++] = l->ptr;
		for (uint32_t i = 0; i < t->nparams; i++)
			types[n++] = passed_type(l, t->params[i]);
		s->type[nest] = LLVMFunctionType(s->result, types, n, 0);
	}
	s->ready = true;
	return true;
}

struct ll_sig *ll_sig(struct ll *l, uint32_t type)
{
	struct ll_sig *s = &l->sigs[type];

	assert(type < l->m->ntypes);

	return s->ready || work_out(l, s, &l->m->types[type]) ? s : NULL;
}

LLVMValueRef ll_declare(struct ll *l, const char *name, LLVMTypeRef type)
{
	LLVMValueRef fn = LLVMGetNamedFunction(l->mod, name);

	if (fn)
		return fn;
	fn = LLVMAddFunction(l->mod, name, type);
	LLVMAddAttributeAtIndex(fn, LLVMAttributeFunctionIndex, l->nounwind);
	LLVMSetVisibility(fn, LLVMHiddenVisibility);
	return fn;
}
