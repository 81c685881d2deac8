/*
 * The expansion of op-table.h into rows, and the way from bytes to rows: one array indexed by a code's slot, in
 * which each prefix has a range.
 */
#include "runtime/wasm/op.h"

/* Flag names as the table writes them; the access size stands above the flags' eight bits. */
enum {
	CONTROL = WASM_OP_CONTROL,
	ENDS = WASM_OP_ENDS,
	LOAD = WASM_OP_LOAD,
	STORE = WASM_OP_STORE,
	COMMUTES = WASM_OP_COMMUTES,
	COMPARE = WASM_OP_COMPARE,
	TRAPS = WASM_OP_TRAPS,
	CONST = WASM_OP_CONST,
};
#define BYTES(n) (__builtin_ctz(n) << 8)

#define I WASM_I32
#define L WASM_I64
#define F WASM_F32
#define D WASM_F64
#define V WASM_V128
#define A WASM_I32
#define COUNT(...) (sizeof((const wasm_valtype[]){ __VA_ARGS__ }) / sizeof(wasm_valtype))
#define P(...) .nparams = COUNT(__VA_ARGS__), .params = { __VA_ARGS__ }
#define R(...) .nresults = COUNT(__VA_ARGS__), .results = { __VA_ARGS__ }
#define SIG_special .special = true
#define SIG__ .nparams = 0
#define SIG__d R(D)
#define SIG__f R(F)
#define SIG__i R(I)
#define SIG__l R(L)
#define SIG__v R(V)
#define SIG_a_d P(A), R(D), .address = true
#define SIG_a_f P(A), R(F), .address = true
#define SIG_a_i P(A), R(I), .address = true
#define SIG_a_l P(A), R(L), .address = true
#define SIG_a_v P(A), R(V), .address = true
#define SIG_ad_ P(A, D), .address = true
#define SIG_af_ P(A, F), .address = true
#define SIG_ai_ P(A, I), .address = true
#define SIG_ai_i P(A, I), R(I), .address = true
#define SIG_aii_i P(A, I, I), R(I), .address = true
#define SIG_ail_i P(A, I, L), R(I), .address = true
#define SIG_al_ P(A, L), .address = true
#define SIG_al_l P(A, L), R(L), .address = true
#define SIG_all_i P(A, L, L), R(I), .address = true
#define SIG_all_l P(A, L, L), R(L), .address = true
#define SIG_av_ P(A, V), .address = true
#define SIG_av_v P(A, V), R(V), .address = true
#define SIG_d_d P(D), R(D)
#define SIG_d_f P(D), R(F)
#define SIG_d_i P(D), R(I)
#define SIG_d_l P(D), R(L)
#define SIG_d_v P(D), R(V)
#define SIG_dd_d P(D, D), R(D)
#define SIG_dd_i P(D, D), R(I)
#define SIG_f_d P(F), R(D)
#define SIG_f_f P(F), R(F)
#define SIG_f_i P(F), R(I)
#define SIG_f_l P(F), R(L)
#define SIG_f_v P(F), R(V)
#define SIG_ff_f P(F, F), R(F)
#define SIG_ff_i P(F, F), R(I)
#define SIG_i_d P(I), R(D)
#define SIG_i_f P(I), R(F)
#define SIG_i_i P(I), R(I)
#define SIG_i_l P(I), R(L)
#define SIG_i_v P(I), R(V)
#define SIG_ii_i P(I, I), R(I)
#define SIG_l_d P(L), R(D)
#define SIG_l_f P(L), R(F)
#define SIG_l_i P(L), R(I)
#define SIG_l_l P(L), R(L)
#define SIG_l_v P(L), R(V)
#define SIG_ll_i P(L, L), R(I)
#define SIG_ll_l P(L, L), R(L)
#define SIG_ll_ll P(L, L), R(L, L)
#define SIG_llll_ll P(L, L, L, L), R(L, L)
#define SIG_v_d P(V), R(D)
#define SIG_v_f P(V), R(F)
#define SIG_v_i P(V), R(I)
#define SIG_v_l P(V), R(L)
#define SIG_v_v P(V), R(V)
#define SIG_vd_v P(V, D), R(V)
#define SIG_vf_v P(V, F), R(V)
#define SIG_vi_v P(V, I), R(V)
#define SIG_vl_v P(V, L), R(V)
#define SIG_vv_v P(V, V), R(V)
#define SIG_vvv_v P(V, V, V), R(V)

const struct wasm_op_row wasm_ops[WASM_OPS] = {
#define OP(enumerator, pre, opcode, text, immediate, sig, fl, feat) \
	[WASM_##enumerator] = { .name = text, .prefix = pre, .code = opcode, .imm = WASM_IMM_##immediate, \
				.flags = (fl) & 0xff, .access = (fl) >> 8, .feature = WASM_FEATURE_##feat, \
				SIG_##sig },
#include "runtime/wasm/op-table.h"
#undef OP
};

enum {
	SLOT_FB = 256,
	SLOT_FC = SLOT_FB + 0x20,
	SLOT_FD = SLOT_FC + 0x20,
	SLOT_FE = SLOT_FD + 0x120,
	SLOTS = SLOT_FE + 0x50,
};
#define SLOT(prefix, code) \
	((code) + ((prefix) == 0xfb ? SLOT_FB : (prefix) == 0xfc ? SLOT_FC : \
		   (prefix) == 0xfd ? SLOT_FD : (prefix) == 0xfe ? SLOT_FE : 0))

/* Enumerator + 1, 0 where there is none. */
static const uint16_t slots[SLOTS] = {
#define OP(enumerator, prefix, code, ...) [SLOT(prefix, code)] = WASM_##enumerator + 1,
#include "runtime/wasm/op-table.h"
#undef OP
};

/* No code leaves its prefix's range. */
#define OP(enumerator, prefix, code, ...) \
	_Static_assert(SLOT(prefix, code) < ((prefix) == 0xfb ? SLOT_FC : (prefix) == 0xfc ? SLOT_FD : \
		       (prefix) == 0xfd ? SLOT_FE : (prefix) == 0xfe ? SLOTS : SLOT_FB), #enumerator);
#include "runtime/wasm/op-table.h"
#undef OP

uint16_t wasm_op_find(uint8_t prefix, uint32_t code)
{
	static const struct {
		uint16_t from, to;
	} ranges[] = { { SLOT_FB, SLOT_FC }, { SLOT_FC, SLOT_FD }, { SLOT_FD, SLOT_FE }, { SLOT_FE, SLOTS } };
	uint32_t from = 0, to = SLOT_FB;

	if (prefix) {
		if (prefix < 0xfb || prefix > 0xfe)
			return WASM_OPS;
		from = ranges[prefix - 0xfb].from;
		to = ranges[prefix - 0xfb].to;
	}
	if (code >= to - from || !slots[from + code])
		return WASM_OPS;
	return slots[from + code] - 1;
}
