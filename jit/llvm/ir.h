/*
 * From a body to LLVM IR. Private to jit/llvm.
 *
 * wasm_body_next() hands out an instruction, its row in ll_rows[] names the function that emits IR
 * for it. The abstract stack is the validation stack: an entry's `bits` is its LLVMValueRef. Locals
 * are allocas, which LLVM makes registers of.
 *
 * Conventions of a function's IR: r13 is the parameter marked swiftself (its register, and one that
 * calls preserve); r10, the descriptor at indirect calls, is one marked nest. An i32 is passed as
 * an i64 whose upper half is zero. Stack arguments follow the C convention, for which adapter.c
 * stands between.
 *
 * Traps: what may fault is volatile, so that it is done exactly once, where it stands; explicit
 * conditions branch to a block that calls a stub (place.c).
 *
 * Frames: every function that calls has one, in the rbp chain, before it calls. LLVM may make it
 * later than the first access of memory; where such an access faults, the backtrace lacks the
 * caller.
 *
 * Places: each instruction's debug location is its offset in the module, as the line. LLVM gives an
 * instruction that a load was folded into the place of its user, so what computes with a value that
 * was loaded in the same block takes the place of that load: of several, the last, since only that
 * one can be folded past the others.
 */
#ifndef JIT_LLVM_IR_H
#define JIT_LLVM_IR_H

#include <assert.h>
#include <llvm-c/Core.h>
#include <llvm-c/DebugInfo.h>
#include <llvm-c/TargetMachine.h>

#include "jit/cc.h"
#include "jit/compile.h"
#include "jit/libcall.h"
#include "jit/osr.h"
#include "jit/vmctx.h"
#include "runtime/base/num.h"
#include "runtime/base/vec.h"
#include "runtime/wasm/body.h"

/* Interpretations of a vector; on the stack it is I64X2. */
enum ll_lanes { LL_I8X16, LL_I16X8, LL_I32X4, LL_I64X2, LL_F32X4, LL_F64X2, LL_LANES };

/* A function type's convention, worked out when it is first needed. */
struct ll_sig {
	struct jit_cc cc;
	bool ready;
	/* stack arguments too many, or a vector among them: left to the baseline */
	bool odd;
	uint32_t narrow;	/* a bit for each 8 bytes of stack arguments that hold an i32 */
	LLVMTypeRef result;
	LLVMTypeRef type[2];	/* without and with the descriptor */
};

struct ll_object;

/* A worker: what lives as long as the module, and the LLVM module of the batch at hand. */
struct ll {
	const struct wasm_module *m;
	const struct jit_layout *layout;
	const struct jit_options *options;
	struct arena arena;		/* a function's */
	struct arena sig_arena;
	struct ll_sig *sigs;		/* of each type */
	uint32_t sret_max;		/* bytes of the largest results in memory */

	LLVMContextRef ctx;
	LLVMTargetMachineRef machine;
	LLVMTypeRef none, i1, i8, i16, i32, i64, i128, f32, f64, ptr;
	LLVMTypeRef lanes[LL_LANES], lane[LL_LANES];
	LLVMAttributeRef swiftself, nest, range, nounwind, cold, nomerge, frames, probes;
	LLVMValueRef tag_memory, tag_context, empty;	/* metadata */
	unsigned int kind_tbaa, kind_invariant;

	LLVMModuleRef mod;		/* the batch */
	LLVMBuilderRef ir;
	LLVMDIBuilderRef debug;
	LLVMMetadataRef file, routine;

	struct ll_object *objects;	/* what the batch became; what was made again with care */
	struct ll_object *object;	/* the one at hand */
	unsigned int care;		/* LL_CARE_*, of the functions at hand */
};

/*
 * How much is kept from LLVM in code that is made again because the verifier could not follow: how
 * values step round a loop, of which it makes pointers that step; and of each index, too, what is
 * in the upper bits without the extension.
 */
enum { LL_CARE_NONE, LL_CARE_STEPS, LL_CARE_INDICES, LL_CARES };

struct ll_ctl {
	LLVMBasicBlockRef target;	/* of branches */
	LLVMBasicBlockRef otherwise;	/* an if whose else has not begun */
	LLVMValueRef *phis;		/* at the target, one for each value a branch carries */
	LLVMValueRef *params;		/* of an if, for its else */
};

struct ll_local {
	LLVMValueRef home;		/* alloca */
	LLVMValueRef value;		/* what it holds, if it was used in block `block` */
	uint32_t block, loaded_at;
};

/* Where the value of a stack entry comes from, if `block` is the current one. */
struct ll_origin {
	uint32_t block, loaded_at;
};

struct ll_func {
	struct wasm_body b;
	struct ll *l;
	LLVMBuilderRef ir;
	LLVMValueRef fn, self, sret, area;	/* area: results in memory of calls made */
	/*
	 * 0, or the loop at whose head this code begins (jit/osr.h): `enter` leads there once it is
	 * reached, with what is carried
	 */
	uint32_t osr;
	LLVMBasicBlockRef enter;
	LLVMMetadataRef scope;
	struct ll_sig *sig;
	struct ll_local *locals;
	struct VEC(struct ll_ctl) ctls;
	struct VEC(struct ll_origin) origins;	/* by height of the entry */
	uint32_t at;			/* of the instruction at hand */
	/* of the load its operands are from, 0: none in this block */
	uint32_t loaded_at;
	uint32_t block;			/* counts basic blocks */
	struct {
		LLVMValueRef address;
		uint64_t offset;
		uint32_t block, at;
	} last_load;
	struct wsbox_err why;		/* what is wrong with the body: the baseline will say it */
	bool failed;			/* out of memory */
	bool left;			/* cannot be done here: left to the baseline */
};

/* An instruction's row: who emits it, and what that function needs to know. */
struct ll_row {
	void (*emit)(struct ll_func *f, const struct wasm_insn *in, const struct ll_row *row);
	const char *intrinsic;
	int op;			/* LLVMOpcode, predicate, or the emitter's own */
	uint8_t lanes;		/* enum ll_lanes; or the emitter's own */
	uint8_t how;		/* the emitter's own */
};

extern const struct ll_row ll_rows[WASM_OPS];

/* ---- func.c ---- */

/*
 * Adds the function to the module, and what goes on with it at heads of loops. 0; -ENOTSUP: it is
 * left to the baseline; -ENOMEM.
 */
int ll_func_emit(struct ll_func *f, uint32_t func);

/* What follows belongs to this place in the module. */
void ll_place(struct ll_func *f, uint32_t at);

/* ---- type.c ---- */

void ll_types_init(struct ll *l);
LLVMTypeRef ll_type(const struct ll *l, wasm_valtype t);	/* on the stack and in locals */
struct ll_sig *ll_sig(struct ll *l, uint32_t type);		/* NULL: no memory */
/* The function of this name in the module, declared if it is new. */
LLVMValueRef ll_declare(struct ll *l, const char *name, LLVMTypeRef type);
/* An i32 in 64 bits, for an index or an argument. */
LLVMValueRef ll_wide(struct ll_func *f, LLVMValueRef v);
/* A value as it is passed, and back. */
LLVMValueRef ll_passed(struct ll_func *f, LLVMValueRef v, wasm_valtype t);
LLVMValueRef ll_received(struct ll_func *f, LLVMValueRef v, wasm_valtype t);

/* ---- values ---- */

static inline LLVMValueRef ll_value(const struct wasm_val *v)
{
	return (LLVMValueRef)(uintptr_t)v->bits;
}

/* The entry's value was loaded, or made of what was, at this place (0: not in this block). */
static inline void ll_set(struct ll_func *f, struct wasm_val *v, LLVMValueRef value,
			  uint32_t loaded_at)
{
	size_t i = (size_t)(v - f->b.stack);
	struct ll_origin none = { 0 };

	v->bits = (uintptr_t)value;
	while (f->origins.len <= i && !f->failed)
		f->failed = !vec_push(&f->origins, none);
	if (!f->failed)
		f->origins.at[i] = (struct ll_origin){ .block = f->block, .loaded_at = loaded_at };
}

static inline uint32_t ll_loaded_at(const struct ll_func *f, const struct wasm_val *v)
{
	size_t i = (size_t)(v - f->b.stack);

	return i < f->origins.len && f->origins.at[i].block == f->block ?
		       f->origins.at[i].loaded_at : 0;
}

static inline LLVMValueRef ll_pop(struct ll_func *f)
{
	return ll_value(--f->b.sp);
}

static inline void ll_push(struct ll_func *f, wasm_valtype t, LLVMValueRef value)
{
	ll_set(f, wasm_body_push(&f->b, t), value, f->loaded_at);
}

/* The i32 1 or 0. */
static inline void ll_push_bit(struct ll_func *f, LLVMValueRef bit)
{
	ll_push(f, WASM_I32, LLVMBuildZExt(f->ir, bit, f->l->i32, ""));
}

static inline LLVMValueRef ll_i32(const struct ll_func *f, uint32_t n)
{
	return LLVMConstInt(f->l->i32, n, 0);
}

static inline LLVMValueRef ll_i64(const struct ll_func *f, uint64_t n)
{
	return LLVMConstInt(f->l->i64, n, 0);
}

/* A new block of the function, at its end; ll_at() begins to fill it. */
LLVMBasicBlockRef ll_block(struct ll_func *f);
void ll_at(struct ll_func *f, LLVMBasicBlockRef block);

/* ---- context.c: the instance's context, traps, intrinsics ---- */

/* r13 + disp */
LLVMValueRef ll_context(struct ll_func *f, int64_t disp);
/* Reads and writes what is not linear memory. constant: it never changes while the module runs. */
LLVMValueRef ll_read(struct ll_func *f, LLVMTypeRef t, LLVMValueRef p, bool constant);
LLVMValueRef ll_write(struct ll_func *f, LLVMValueRef v, LLVMValueRef p);

/* p + n */
LLVMValueRef ll_offset(struct ll_func *f, LLVMValueRef p, int64_t n);

/* Goes on only where the condition does not hold. */
void ll_trap_if(struct ll_func *f, LLVMValueRef condition, enum rt_trap trap);
/* Ends the block. */
void ll_trap(struct ll_func *f, enum rt_trap trap);
/* osr.c: how the code for the loop f->osr begins, goes on at the loop, and ends. */
void ll_osr_begin(struct ll_func *f);
void ll_osr_enter(struct ll_func *f, struct ll_ctl *c);
void ll_osr_return(struct ll_func *f, const struct ll_ctl *c);

/* A call of a stub that does not return, and the end of the block. */
void ll_dead_end(struct ll_func *f, const char *name, LLVMTypeRef type, LLVMValueRef *args,
		 unsigned int n, bool nest);

/* Calls an intrinsic that is overloaded by these types. */
LLVMValueRef ll_intrinsic(struct ll_func *f, const char *name, LLVMTypeRef *types,
			  unsigned int ntypes, LLVMValueRef *args, unsigned int nargs);
/* One overloaded by the type of its first argument. */
LLVMValueRef ll_intrinsic1(struct ll_func *f, const char *name, LLVMValueRef a);
LLVMValueRef ll_intrinsic2(struct ll_func *f, const char *name, LLVMValueRef a, LLVMValueRef b);

/* The same value, which LLVM knows nothing about. */
LLVMValueRef ll_opaque(struct ll_func *f, LLVMValueRef v);
/*
 * A constant with a 0, 1 or -1 in it, with which LLVM would leave out the operation that makes a
 * NaN quiet.
 */
bool ll_is_unit(LLVMValueRef v);

/* The value as an i1. */
LLVMValueRef ll_condition(struct ll_func *f, LLVMValueRef v);

/* ---- others ---- */

/* Calls the runtime. */
LLVMValueRef ll_libcall(struct ll_func *f, enum jit_libcall lib, LLVMValueRef *args, uint32_t n);
/* control.c: the function's own frame, at the start. */
bool ll_control_start(struct ll_func *f);
/* control.c: returns what is on top of the stack, which stays there. */
void ll_return_edge(struct ll_func *f);
/* memory.c: where a memory begins (a pointer), and its size in bytes (i64). */
LLVMValueRef ll_memory_base(struct ll_func *f, uint32_t memory);
LLVMValueRef ll_memory_size(struct ll_func *f, uint32_t memory);
/* Pops an address: where the access of this instruction goes. */
LLVMValueRef ll_pop_address(struct ll_func *f, const struct wasm_insn *in);
LLVMValueRef ll_load(struct ll_func *f, LLVMTypeRef t, LLVMValueRef p);
void ll_store(struct ll_func *f, LLVMValueRef v, LLVMValueRef p);

/* equal.c: before a loop, whose body is to be read next: what may be done ahead of it. */
void ll_equal_ahead(struct ll_func *f);
/* simd.c */
LLVMValueRef ll_as(struct ll_func *f, LLVMValueRef v, enum ll_lanes lanes);

#define LL_EMITTERS(X) \
	/* control.c */ \
	X(unreachable) X(nop) X(block) X(loop) X(if) X(else) X(end) X(br) X(br_if) X(br_table) \
	X(return) X(br_on_null) \
	/* call.c */ \
	X(call) X(call_indirect) X(call_ref) X(lib) X(copy) X(return_call) X(return_call_indirect) \
	X(return_call_ref) X(throw) X(throw_ref) \
	/* local.c */ \
	X(drop) X(select) X(local_get) X(local_set) X(local_tee) X(const) X(float_const) X(null) \
	X(global_get) X(global_set) X(ref_func) X(ref_as_non_null) X(table_size) \
	/* int.c */ \
	X(binary) X(compare) X(eqz) X(shift) X(rotate) X(bits) X(extend) X(cast) X(divide) \
	/* float.c */ \
	X(arith) X(minmax) X(unary) X(copysign) X(fcompare) X(demote) X(trunc) X(trunc_sat) X(neg) \
	/* memory.c */ \
	X(load) X(store) X(memory_size) \
	/* simd-*.c */ \
	X(v_const) X(v_load) X(v_load_extend) X(v_load_splat) X(v_load_zero) X(v_store) \
	X(v_load_lane) X(v_store_lane) X(v_binary) X(v_compare) X(v_fcompare) X(v_unary2) \
	X(v_unary) X(v_intrinsic) X(v_arith) X(v_minmax) X(v_pminmax) X(v_shift) X(v_splat) \
	X(v_extract) X(v_replace) X(v_shuffle) X(v_swizzle) X(v_not) X(v_neg) X(v_fneg) \
	X(v_andnot) X(v_bitselect) X(v_blend) X(v_any_true) X(v_all_true) X(v_bitmask) X(v_extend) \
	X(v_extmul) X(v_extadd) X(v_q15) X(v_convert) X(v_convert_low) X(v_trunc_sat_zero) \
	X(v_demote) X(v_promote) X(v_fma) X(v_dot_add) X(v_relaxed_trunc)

#define X(name) \
	void ll_emit_##name(struct ll_func *f, const struct wasm_insn *in, \
			    const struct ll_row *row);
LL_EMITTERS(X)
#undef X

#endif
