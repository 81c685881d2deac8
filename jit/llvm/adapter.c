#include <errno.h>

#include "jit/llvm/place.h"

bool ll_room(const struct jit_out *out, size_t n)
{
	return (size_t)(out->code.end - out->code.at) >= n + 2 * X64_ROOM_MAX;
}

/* A frame with a copy of the stack arguments at rsp. rax is no argument. narrow: see place.h */
static void open_frame(struct x64_buf *x, uint32_t bytes, uint32_t narrow)
{
	x64_reserve(x, X64_ROOM_ONE);
	x64_push(x, X64_RBP);
	x64_rr(x, X64_MOV, X64_64, X64_RBP, X64_RSP);
	x64_ri(x, X64_SUB, X64_64, X64_RSP, (int32_t)bytes);
	for (uint32_t off = 0; off < bytes; off += 8) {
		x64_reserve(x, X64_ROOM_ONE);
		x64_rm(x, X64_MOV, narrow >> off / 8 & 1 ? X64_32 : X64_64, X64_RAX,
		       x64_at(X64_RBP, 16 + (int32_t)off));
		x64_mr(x, X64_MOV, X64_64, x64_at(X64_RSP, (int32_t)off), X64_RAX);
	}
	x64_reserve(x, X64_ROOM_ONE);
}

/* rsp is anywhere in the frame. */
static int close_frame(struct jit_out *out, uint32_t pop)
{
	struct jit_site s = { .pc = x64_offset(&out->code), .at = JIT_SITE_ADAPTER };

	x64_bare(&out->code, X64_LEAVE);
	x64_ret(&out->code, pop);
	return vec_push(&out->sites, s) ? 0 : -ENOMEM;
}

/* Sets the displacement of a call. */
static void aim_call(struct x64_buf *x, uint32_t hole, uint32_t target)
{
	uint32_t d = target - (hole + 4);

	memcpy(x->start + hole, &d, 4);
}

int ll_adapter_in(struct jit_out *out, uint32_t bytes, uint32_t narrow, uint32_t align)
{
	struct x64_buf *x = &out->code;
	uint32_t hole;
	int ret;

	if (!ll_room(out, LL_ADAPTER_ROOM))
		return -ENOSPC;
	open_frame(x, bytes, narrow);
	hole = x64_call_hole(x);
	ret = close_frame(out, bytes);
	x64_align(x, align);
	aim_call(x, hole, x64_offset(x));
	return ret;
}

int ll_adapter_out(struct jit_out *out, uint32_t bytes, uint32_t entry)
{
	if (!ll_room(out, LL_ADAPTER_ROOM))
		return -ENOSPC;
	open_frame(&out->code, bytes, 0);
	aim_call(&out->code, x64_call_hole(&out->code), entry);
	return close_frame(out, 0);
}

int ll_adapter_indirect(struct jit_out *out, uint32_t bytes)
{
	if (!ll_room(out, LL_ADAPTER_ROOM))
		return -ENOSPC;
	open_frame(&out->code, bytes, 0);
	x64_m(&out->code, X64_CALL_IND, X64_64, x64_at(X64_R10, offsetof(struct jit_callee, code)));
	return close_frame(out, 0);
}
