/*
 * The expansion of op-table.h into rows, and the way from bytes to rows: one array indexed by a
 * code's slot, in which each prefix has a range.
 */
#include "runtime/wasm/op.h"

#include <stddef.h>

#include "runtime/wasm/skip.h"

/* Flag names as the table writes them; the access size stands above the flags' sixteen bits. */
enum {
	CONTROL = WASM_OP_CONTROL,
	ENDS = WASM_OP_ENDS,
	LOAD = WASM_OP_LOAD,
	STORE = WASM_OP_STORE,
	COMMUTES = WASM_OP_COMMUTES,
	COMPARE = WASM_OP_COMPARE,
	TRAPS = WASM_OP_TRAPS,
	CONST = WASM_OP_CONST,
	CALLS = WASM_OP_CALLS,
};
#define BYTES(n) (__builtin_ctz(n) << 16)

#define I WASM_I32
#define L WASM_I64
#define F WASM_F32
#define D WASM_F64
#define V WASM_V128
#define A WASM_I32
#define COUNT(...) (sizeof((const wasm_valtype[]){ __VA_ARGS__ }) / sizeof(wasm_valtype))
#define TOP1(a) .top = { a }, .top_mask = { ~0u }
#define TOP2(a, b) .top = { b, a }, .top_mask = { ~0u, ~0u }
#define P1(a) .nparams = 1, .params = { a }, TOP1(a)
#define P2(a, b) .nparams = 2, .params = { a, b }, TOP2(a, b)
#define P3(a, b, c) .nparams = 3, .params = { a, b, c }, TOP2(b, c)
#define P4(a, b, c, d) .nparams = 4, .params = { a, b, c, d }, TOP2(c, d)
#define R(...) .nresults = COUNT(__VA_ARGS__), .results = { __VA_ARGS__ }
#define SIG_special .special = true
#define SIG__ .nparams = 0
#define SIG__d R(D)
#define SIG__f R(F)
#define SIG__i R(I)
#define SIG__l R(L)
#define SIG__v R(V)
#define SIG_a_d P1(A), R(D), .address = true
#define SIG_a_f P1(A), R(F), .address = true
#define SIG_a_i P1(A), R(I), .address = true
#define SIG_a_l P1(A), R(L), .address = true
#define SIG_a_v P1(A), R(V), .address = true
#define SIG_ad_ P2(A, D), .address = true
#define SIG_af_ P2(A, F), .address = true
#define SIG_ai_ P2(A, I), .address = true
#define SIG_ai_i P2(A, I), R(I), .address = true
#define SIG_aii_i P3(A, I, I), R(I), .address = true
#define SIG_ail_i P3(A, I, L), R(I), .address = true
#define SIG_al_ P2(A, L), .address = true
#define SIG_al_l P2(A, L), R(L), .address = true
#define SIG_all_i P3(A, L, L), R(I), .address = true
#define SIG_all_l P3(A, L, L), R(L), .address = true
#define SIG_av_ P2(A, V), .address = true
#define SIG_av_v P2(A, V), R(V), .address = true
#define SIG_d_d P1(D), R(D)
#define SIG_d_f P1(D), R(F)
#define SIG_d_i P1(D), R(I)
#define SIG_d_l P1(D), R(L)
#define SIG_d_v P1(D), R(V)
#define SIG_dd_d P2(D, D), R(D)
#define SIG_dd_i P2(D, D), R(I)
#define SIG_f_d P1(F), R(D)
#define SIG_f_f P1(F), R(F)
#define SIG_f_i P1(F), R(I)
#define SIG_f_l P1(F), R(L)
#define SIG_f_v P1(F), R(V)
#define SIG_ff_f P2(F, F), R(F)
#define SIG_ff_i P2(F, F), R(I)
#define SIG_i_d P1(I), R(D)
#define SIG_i_f P1(I), R(F)
#define SIG_i_i P1(I), R(I)
#define SIG_i_l P1(I), R(L)
#define SIG_i_v P1(I), R(V)
#define SIG_ii_i P2(I, I), R(I)
#define SIG_l_d P1(L), R(D)
#define SIG_l_f P1(L), R(F)
#define SIG_l_i P1(L), R(I)
#define SIG_l_l P1(L), R(L)
#define SIG_l_v P1(L), R(V)
#define SIG_ll_i P2(L, L), R(I)
#define SIG_ll_l P2(L, L), R(L)
#define SIG_ll_ll P2(L, L), R(L, L)
#define SIG_llll_ll P4(L, L, L, L), R(L, L)
#define SIG_v_d P1(V), R(D)
#define SIG_v_f P1(V), R(F)
#define SIG_v_i P1(V), R(I)
#define SIG_v_l P1(V), R(L)
#define SIG_v_v P1(V), R(V)
#define SIG_vd_v P2(V, D), R(V)
#define SIG_vf_v P2(V, F), R(V)
#define SIG_vi_v P2(V, I), R(V)
#define SIG_vl_v P2(V, L), R(V)
#define SIG_vv_v P2(V, V), R(V)
#define SIG_vvv_v P3(V, V, V), R(V)

#define PROBE_special ~, 1
#define SECOND(a, b, ...) b
#define SECOND_OF(...) SECOND(__VA_ARGS__)
#define IS_SPECIAL(sig) SECOND_OF(PROBE_##sig, 0, 0)

/* Signatures of more than two operands only prefixed instructions have. */
#define IS_NUMBER(imm) ((imm) == WASM_IMM_I32 || (imm) == WASM_IMM_I64)
#define SHORT_LEN(imm) ((imm) == WASM_IMM_NONE ? 1 : (imm) == WASM_IMM_MEMARG ? 3 : 2)
#define SHORT_NEEDS(pre, imm, special, feat) \
	((pre) || (special)			       ? WASM_NEED_MORE : \
	 (feat) == WASM_FEATURE_SIGN_EXTENSION	       ? WASM_NEED_SIGN_EXTENSION : \
	 (feat) != WASM_FEATURE_MVP		       ? WASM_NEED_MORE : \
	 (imm) == WASM_IMM_MEMARG		       ? WASM_NEED_PLAIN_MEMORY : \
	 (imm) == WASM_IMM_NONE || IS_NUMBER(imm) ? 0 : WASM_NEED_MORE)
#define SECOND_MAX(imm, fl) \
	((imm) == WASM_IMM_NONE ? 0xff : (imm) == WASM_IMM_MEMARG ? (fl) >> 16 : 0x7f)

/* All names, one behind the other. */
struct names {
#define OP(enumerator, prefix, code, text, ...) char enumerator[sizeof(text)];
#include "runtime/wasm/op-table.h"
#undef OP
};
_Static_assert(sizeof(struct names) <= UINT16_MAX, "name_at");
static const struct names names = {
#define OP(enumerator, prefix, code, text, ...) .enumerator = text,
#include "runtime/wasm/op-table.h"
#undef OP
};

const char *wasm_op_name(const struct wasm_op_row *row)
{
	return (const char *)&names + row->name_at;
}

const struct wasm_op_row wasm_ops[WASM_OPS] = {
#define OP(enumerator, pre, opcode, text, immediate, sig, fl, feat) \
	[WASM_##enumerator] = { .name_at = offsetof(struct names, enumerator), \
				.prefix = pre, .code = opcode, \
				.imm = WASM_IMM_##immediate, .feature = WASM_FEATURE_##feat, \
				.flags = (fl) & 0xffff, .access = (fl) >> 16, \
				.short_len = SHORT_LEN(WASM_IMM_##immediate), \
				.short_needs = SHORT_NEEDS(pre, WASM_IMM_##immediate, \
							   IS_SPECIAL(sig), WASM_FEATURE_##feat), \
				.second_max = SECOND_MAX(WASM_IMM_##immediate, fl), \
				.third_max = WASM_IMM_##immediate == WASM_IMM_MEMARG ? \
					     0x7f : 0xff, \
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
const uint16_t wasm_op_slots[SLOTS] = {
#define OP(enumerator, prefix, code, ...) [SLOT(prefix, code)] = WASM_##enumerator + 1,
#include "runtime/wasm/op-table.h"
#undef OP
};

_Static_assert(WASM_OPS * sizeof(struct wasm_op_row) <= UINT16_MAX && WASM_UNREACHABLE == 0,
	       "offsets of rows; 0 for bytes that are no opcode");
const uint16_t wasm_op_rows[SLOTS] = {
#define OP(enumerator, prefix, code, ...) \
	[SLOT(prefix, code)] = WASM_##enumerator * sizeof(struct wasm_op_row),
#include "runtime/wasm/op-table.h"
#undef OP
};

/* The short way by prefix, feature and immediate. A feature that may be off needs the slow one. */
#define FAST(pre, feat, immediate, sig, enumerator) \
	((pre) || WASM_FEATURE_##feat != WASM_FEATURE_MVP ? WASM_FAST_NONE : \
	 WASM_##enumerator == WASM_LOCAL_GET ? WASM_FAST_LOCAL_GET : \
	 WASM_IMM_##immediate == WASM_IMM_LOCAL ? WASM_FAST_LOCAL_SET : \
	 IS_SPECIAL(sig) ? WASM_FAST_RULE : \
	 WASM_IMM_##immediate == WASM_IMM_MEMARG ? WASM_FAST_MEMARG : \
	 IS_NUMBER(WASM_IMM_##immediate) ? WASM_FAST_CONST : WASM_FAST_NONE)
const uint8_t wasm_op_fast[SLOTS] = {
#define OP(enumerator, prefix, code, name, imm, sig, flags, feature) \
	[SLOT(prefix, code)] = FAST(prefix, feature, imm, sig, enumerator),
#include "runtime/wasm/op-table.h"
#undef OP
};

/* See skip.h. */
#define DEEPER(by) ((by) * (1 << WASM_WALK_DEPTH))
#define WALK(prefix, op, imm) \
	((prefix) ? 0 : (op) == WASM_END ? DEEPER(-1) : (op) == WASM_CALL ? WASM_WALK_CALL : \
	 (op) == WASM_BLOCK || (op) == WASM_IF ? DEEPER(1) : \
	 (imm) != WASM_IMM_LOCAL ? 0 : \
	 (op) == WASM_LOCAL_GET ? WASM_WALK_LOCAL : WASM_WALK_LOCAL | WASM_WALK_WRITES)
const int8_t wasm_op_walk[SLOTS] = {
#define OP(enumerator, prefix, code, name, imm, ...) \
	[SLOT(prefix, code)] = WALK(prefix, WASM_##enumerator, WASM_IMM_##imm),
#include "runtime/wasm/op-table.h"
#undef OP
};

/* No code leaves its prefix's range. */
#define OP(enumerator, prefix, code, ...) \
	_Static_assert(SLOT(prefix, code) < \
		       ((prefix) == 0xfb ? SLOT_FC : (prefix) == 0xfc ? SLOT_FD : \
			(prefix) == 0xfd ? SLOT_FE : (prefix) == 0xfe ? SLOTS : SLOT_FB), \
		       #enumerator);
#include "runtime/wasm/op-table.h"
#undef OP

uint16_t wasm_op_find(uint8_t prefix, uint32_t code)
{
	static const struct {
		uint16_t from, to;
	} ranges[] = {
		{ SLOT_FB, SLOT_FC }, { SLOT_FC, SLOT_FD }, { SLOT_FD, SLOT_FE }, { SLOT_FE, SLOTS }
	};
	uint32_t from = 0, to = SLOT_FB;

	if (prefix) {
		if (prefix < 0xfb || prefix > 0xfe)
			return WASM_OPS;
		from = ranges[prefix - 0xfb].from;
		to = ranges[prefix - 0xfb].to;
	}
	if (code >= to - from || !wasm_op_slots[from + code])
		return WASM_OPS;
	return wasm_op_slots[from + code] - 1;
}
