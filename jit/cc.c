/* The calling convention as cc.h states it. */
#include <assert.h>

#include "jit/cc.h"
#include "jit/x64.h"

static const uint8_t gpr_args[JIT_CC_GPR_ARGS] = {
	X64_RDI, X64_RSI, X64_RDX, X64_RCX, X64_R8, X64_R9
};

static bool in_xmm(wasm_valtype t)
{
	unsigned int k = wasm_kind(t);

	return k == WASM_KIND_F32 || k == WASM_KIND_F64 || k == WASM_KIND_V128;
}

static void assign_params(struct jit_cc *cc, const struct wasm_functype *t, struct jit_loc *params)
{
	uint32_t gpr = cc->sret, xmm = 0, off = 0;

	for (uint32_t i = 0; i < t->nparams; i++) {
		struct jit_loc l = { 0 };

		if (in_xmm(t->params[i]) && xmm < JIT_CC_XMM_ARGS) {
			l.where = JIT_IN_XMM;
			l.reg = (uint8_t)xmm++;
		} else if (!in_xmm(t->params[i]) && gpr < JIT_CC_GPR_ARGS) {
			l.where = JIT_IN_GPR;
			l.reg = gpr_args[gpr++];
		} else {
			l.where = JIT_ON_STACK;
			l.off = off;
			off += wasm_slot_size(t->params[i]);
		}
		if (params)
			params[i] = l;
	}
	assert(gpr <= JIT_CC_GPR_ARGS && xmm <= JIT_CC_XMM_ARGS);
	cc->stack_bytes = (off + 15) & ~15u;
}

void jit_cc_init(struct jit_cc *cc, const struct wasm_functype *t, struct jit_loc *params,
		 struct jit_loc *results)
{
	static const uint8_t gpr_results[2] = { X64_RAX, X64_RDX };
	uint32_t gprs = 0, xmms = 0;

	for (uint32_t i = 0; i < t->nresults; i++) {
		if (in_xmm(t->results[i]))
			xmms++;
		else
			gprs++;
	}
	*cc = (struct jit_cc){ .sret = gprs > 2 || xmms > 2 };
	cc->sret_bytes = cc->sret ? 16 * t->nresults : 0;
	gprs = xmms = 0;
	for (uint32_t i = 0; results && i < t->nresults; i++) {
		struct jit_loc l = { .where = JIT_ON_STACK, .off = 16 * i };

		if (!cc->sret && in_xmm(t->results[i]))
			l = (struct jit_loc){ .where = JIT_IN_XMM, .reg = (uint8_t)xmms++ };
		else if (!cc->sret)
			l = (struct jit_loc){ .where = JIT_IN_GPR, .reg = gpr_results[gprs++] };
		results[i] = l;
	}
	assert(gprs <= 2 && xmms <= 2);
	assign_params(cc, t, params);
}
