/*
 * Loads and stores of linear memory. An address is an i32, zero-extended, plus an offset below
 * 4 GiB: inside what is reserved, so there is no check. Memories with 64-bit addresses or small
 * pages compare with the size, and what is beyond goes to an address that faults. Of small pages
 * the verifier follows none: the baseline makes those functions in the end.
 *
 * Each access is volatile: done once, in order with all others and with calls, and never where the
 * program would not have come.
 */
#include "jit/llvm/ir.h"

LLVMValueRef ll_load(struct ll_func *f, LLVMTypeRef t, LLVMValueRef p)
{
	LLVMValueRef v = LLVMBuildLoad2(f->ir, t, p, "");

	LLVMSetVolatile(v, 1);
	LLVMSetAlignment(v, 1);
	LLVMSetMetadata(v, f->l->kind_tbaa, f->l->tag_memory);
	return v;
}

void ll_store(struct ll_func *f, LLVMValueRef v, LLVMValueRef p)
{
	LLVMValueRef store = LLVMBuildStore(f->ir, v, p);

	LLVMSetVolatile(store, 1);
	LLVMSetAlignment(store, 1);
	LLVMSetMetadata(store, f->l->kind_tbaa, f->l->tag_memory);
}

static LLVMValueRef memory_slot(struct ll_func *f, uint32_t memory, size_t field)
{
	return ll_context(f, f->l->layout->memories +
				     (int64_t)(memory * sizeof(struct jit_memory) + field));
}

LLVMValueRef ll_memory_base(struct ll_func *f, uint32_t memory)
{
	if (memory == 0 && !f->l->m->imported_memories)
		return f->self;
	return ll_read(f, f->l->ptr, memory_slot(f, memory, offsetof(struct jit_memory, base)),
		       true);
}

LLVMValueRef ll_memory_size(struct ll_func *f, uint32_t memory)
{
	LLVMValueRef p = ll_context(f, JIT_VMCTX(memory_size));

	if (memory || f->l->m->imported_memories)
		p = ll_read(f, f->l->ptr, memory_slot(f, memory, offsetof(struct jit_memory, size)),
			    true);
	return ll_read(f, f->l->i64, p, false);
}

/* a + n; traps on overflow. */
static LLVMValueRef sum_checked(struct ll_func *f, LLVMValueRef a, uint64_t n)
{
	LLVMValueRef sum;

	if (!n)
		return a;
	sum = LLVMBuildAdd(f->ir, a, ll_i64(f, n), "");
	ll_trap_if(f, LLVMBuildICmp(f->ir, LLVMIntULT, sum, a, ""), RT_TRAP_OUT_OF_BOUNDS);
	return sum;
}

/*
 * One beyond the size becomes the first address without access: the size itself, or with small
 * pages the end of its machine page.
 */
static LLVMValueRef checked(struct ll_func *f, const struct wasm_insn *in, LLVMValueRef index)
{
	LLVMValueRef size = ll_memory_size(f, in->index), end, fault = size;

	index = sum_checked(f, index, in->offset);
	if (f->l->m->memories[in->index].page_log2 != 16) {
		fault = LLVMBuildAdd(f->ir, size, ll_i64(f, 4095), "");
		fault = LLVMBuildAnd(f->ir, fault, ll_i64(f, ~(uint64_t)4095), "");
	}
	end = sum_checked(f, index, 1ull << in->row->access);
	return LLVMBuildSelect(f->ir, LLVMBuildICmp(f->ir, LLVMIntUGT, end, size, ""), fault, index,
			       "");
}

/*
 * What is beyond the size, or partly, ends at it and faults there. The verifier follows the minimum
 * and nothing else: no more is said in between.
 */
static LLVMValueRef clamped(struct ll_func *f, const struct wasm_insn *in, LLVMValueRef index)
{
	LLVMValueRef size = ll_memory_size(f, in->index);

	if (in->offset)
		index = ll_intrinsic2(f, "llvm.uadd.sat", index, ll_i64(f, in->offset));
	return ll_intrinsic2(f, "llvm.umin", LLVMIsConstant(index) ? index : ll_opaque(f, index),
			     ll_opaque(f, size));
}

LLVMValueRef ll_pop_address(struct ll_func *f, const struct wasm_insn *in)
{
	const struct wasm_memtype *type = &f->l->m->memories[in->index];
	LLVMValueRef index = ll_pop(f), base;

	if (LLVMTypeOf(index) == f->l->i32)
		index = ll_wide(f, index);
	if (type->limits.is64 || type->page_log2 != 16) {
		index = type->page_log2 == 16 ? clamped(f, in, index) : checked(f, in, index);
		base = ll_memory_base(f, in->index);
		return LLVMBuildGEP2(f->ir, f->l->i8, base, &index, 1, "");
	}
	base = ll_memory_base(f, in->index);
	base = LLVMBuildGEP2(f->ir, f->l->i8, base, &index, 1, "");
	return ll_offset(f, base, (int64_t)in->offset);
}

/* What was loaded from here in this block has been: its place stands for the store's. */
static void note_load(struct ll_func *f, const struct wasm_insn *in, LLVMValueRef address)
{
	f->last_load.address = address;
	f->last_load.offset = in->offset;
	f->last_load.block = f->block;
	f->last_load.at = in->at;
}

/*
 * LLVM may make one instruction of load, operation and store. It can fault only where the load
 * would have, and so has the load's place.
 */
static uint32_t store_place(const struct ll_func *f, const struct wasm_insn *in,
			    LLVMValueRef address, uint32_t loaded_at)
{
	bool same = f->last_load.address == address && f->last_load.offset == in->offset &&
		    f->last_load.block == f->block && f->last_load.at == loaded_at;

	return same ? loaded_at : in->at;
}

/* row: lanes the bits in memory, 0: all; op how they become the value: LLVMSExt, LLVMZExt */
void ll_emit_load(struct ll_func *f, const struct wasm_insn *in, const struct ll_row *row)
{
	LLVMTypeRef t = ll_type(f->l, in->push[0]);
	LLVMValueRef address = ll_value(f->b.sp - 1), p = ll_pop_address(f, in), v;

	ll_place(f, in->at);
	if (row->lanes) {
		v = ll_load(f, LLVMIntTypeInContext(f->l->ctx, row->lanes), p);
		v = LLVMBuildCast(f->ir, (LLVMOpcode)row->op, v, t, "");
	} else {
		v = ll_load(f, t, p);
	}
	note_load(f, in, address);
	f->loaded_at = in->at;
	ll_push(f, in->push[0], v);
}

/* row: lanes the bits in memory, 0: all */
void ll_emit_store(struct ll_func *f, const struct wasm_insn *in, const struct ll_row *row)
{
	uint32_t loaded_at = ll_loaded_at(f, f->b.sp - 1);
	LLVMValueRef v = ll_pop(f), address = ll_value(f->b.sp - 1), p = ll_pop_address(f, in);

	ll_place(f, store_place(f, in, address, loaded_at));
	if (row->lanes)
		v = LLVMBuildTrunc(f->ir, v, LLVMIntTypeInContext(f->l->ctx, row->lanes), "");
	ll_store(f, v, p);
}

void ll_emit_memory_size(struct ll_func *f, const struct wasm_insn *in, const struct ll_row *row)
{
	LLVMValueRef n = ll_memory_size(f, in->index);

	n = LLVMBuildLShr(f->ir, n, ll_i64(f, f->l->m->memories[in->index].page_log2), "");
	if (wasm_kind(in->push[0]) == WASM_KIND_I32)
		n = LLVMBuildTrunc(f->ir, n, f->l->i32, "");
	ll_push(f, in->push[0], n);
}
