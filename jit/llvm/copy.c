/*
 * The stub for memory.copy within memory 0: a copy of few bytes is made here, without a call of the
 * runtime, whose way through the host's stack costs several times as much. What is longer, or not
 * inside of the memory, goes on to the runtime's thunk: arguments are in its registers, and the
 * return address is the caller's.
 *
 *	rsi, rdx	memory indices		rcx, r8		destination, source	r9   bytes
 *
 * All is read before anything is written, so the ranges may overlap.
 */
#include "jit/llvm/place.h"

#define SMALL 64

/* Loads and stores of `width` bytes at both ends of the range, which cover it. */
static void both_ends(struct x64_buf *x, enum x64_width w, int32_t width)
{
	x64_reserve(x, X64_ROOM_ONE);
	x64_rm(x, X64_MOV, w, X64_RAX, x64_at(X64_R8, 0));
	x64_rm(x, X64_MOV, w, X64_RDX, x64_at_index(X64_R8, X64_R9, 0, -width));
	x64_mr(x, X64_MOV, w, x64_at(X64_RCX, 0), X64_RAX);
	x64_mr(x, X64_MOV, w, x64_at_index(X64_RCX, X64_R9, 0, -width), X64_RDX);
	x64_ret(x, 0);
}

/* The same by n vector registers from each end. */
static void both_ends_vector(struct x64_buf *x, unsigned int n)
{
	x64_reserve(x, X64_ROOM_ONE);
	for (unsigned int i = 0; i < n; i++) {
		x64_vm(x, X64_VMOVUPS, i, x64_at(X64_R8, 16 * (int32_t)i));
		x64_vm(x, X64_VMOVUPS, n + i,
		       x64_at_index(X64_R8, X64_R9, 0, -16 * (int32_t)(i + 1)));
	}
	x64_reserve(x, X64_ROOM_ONE);
	for (unsigned int i = 0; i < n; i++) {
		x64_mv(x, X64_VMOVUPS_ST, x64_at(X64_RCX, 16 * (int32_t)i), i);
		x64_mv(x, X64_VMOVUPS_ST, x64_at_index(X64_RCX, X64_R9, 0, -16 * (int32_t)(i + 1)),
		       n + i);
	}
	x64_ret(x, 0);
}

/* Up to 3 bytes: the first, the last and the one in the middle. */
static void bytes(struct x64_buf *x)
{
	static const enum x64_reg value[3] = { X64_RAX, X64_RDX, X64_RSI };
	struct x64_label none = { 0 };

	x64_reserve(x, X64_ROOM_ONE);
	x64_rr(x, X64_TEST, X64_32, X64_R9, X64_R9);
	x64_jcc(x, X64_CC_E, &none);
	x64_rr(x, X64_MOV, X64_32, X64_RDI, X64_R9);
	x64_shift(x, X64_SHR, X64_32, X64_RDI, 1);
	x64_rm(x, X64_MOVZX8, X64_32, value[0], x64_at(X64_R8, 0));
	x64_rm(x, X64_MOVZX8, X64_32, value[1], x64_at_index(X64_R8, X64_RDI, 0, 0));
	x64_rm(x, X64_MOVZX8, X64_32, value[2], x64_at_index(X64_R8, X64_R9, 0, -1));
	x64_mr(x, X64_MOV, X64_8, x64_at(X64_RCX, 0), value[0]);
	x64_reserve(x, X64_ROOM_ONE);
	x64_mr(x, X64_MOV, X64_8, x64_at_index(X64_RCX, X64_RDI, 0, 0), value[1]);
	x64_mr(x, X64_MOV, X64_8, x64_at_index(X64_RCX, X64_R9, 0, -1), value[2]);
	x64_bind(x, &none);
	x64_ret(x, 0);
}

/* Goes to `slow` unless both ranges are short and in the memory; then makes them addresses. */
static void check_ranges(struct x64_buf *x, struct x64_label *slow)
{
	x64_reserve(x, X64_ROOM_ONE);
	x64_ri(x, X64_CMP, X64_64, X64_R9, SMALL);
	x64_jcc(x, X64_CC_A, slow);
	x64_rm(x, X64_LEA, X64_64, X64_RDI, x64_at_index(X64_RCX, X64_R9, 0, 0));
	x64_rm(x, X64_CMP, X64_64, X64_RDI, x64_at(JIT_MEM_BASE, JIT_VMCTX(memory_size)));
	x64_jcc(x, X64_CC_A, slow);
	x64_reserve(x, X64_ROOM_ONE);
	x64_rm(x, X64_LEA, X64_64, X64_RDI, x64_at_index(X64_R8, X64_R9, 0, 0));
	x64_rm(x, X64_CMP, X64_64, X64_RDI, x64_at(JIT_MEM_BASE, JIT_VMCTX(memory_size)));
	x64_jcc(x, X64_CC_A, slow);
	x64_rr(x, X64_ADD, X64_64, X64_R8, JIT_MEM_BASE);
	x64_rr(x, X64_ADD, X64_64, X64_RCX, JIT_MEM_BASE);
}

void ll_copy_stub(struct x64_buf *x)
{
	struct x64_label slow = { 0 }, below16 = { 0 }, below8 = { 0 }, below4 = { 0 };
	struct x64_label above32 = { 0 };

	check_ranges(x, &slow);
	x64_ri(x, X64_CMP, X64_32, X64_R9, 16);
	x64_jcc(x, X64_CC_B, &below16);
	x64_ri(x, X64_CMP, X64_32, X64_R9, 32);
	x64_jcc(x, X64_CC_A, &above32);
	both_ends_vector(x, 1);
	x64_bind(x, &below16);
	x64_ri(x, X64_CMP, X64_32, X64_R9, 8);
	x64_jcc(x, X64_CC_B, &below8);
	both_ends(x, X64_64, 8);
	x64_bind(x, &below8);
	x64_ri(x, X64_CMP, X64_32, X64_R9, 4);
	x64_jcc(x, X64_CC_B, &below4);
	both_ends(x, X64_32, 4);
	x64_bind(x, &above32);
	both_ends_vector(x, 2);
	x64_bind(x, &below4);
	bytes(x);
	x64_reserve(x, X64_ROOM_ONE);
	x64_bind(x, &slow);
	x64_m(x, X64_JMP_IND, X64_64,
	      x64_at(JIT_MEM_BASE,
		     JIT_VMCTX(lib) + (int32_t)(JIT_LIB_memory_copy * sizeof(void *))));
}
