/*
 * The body walk on any bytes: it accepts or explains; on the way the abstract stack keeps what
 * body.h promises. For functions it accepts, the scan must have seen the same instructions, and a
 * second walk, without short cuts and moving the
 * stack by hand, must agree with the first.
 */
#include "runtime/wasm/rule.h"
#include "tests/fuzz/fuzz.h"

/* As a compiler would move the stack: only for what is not control. */
static void apply_by_hand(struct wasm_body *b, const struct wasm_insn *insn)
{
	if (insn->row->flags & WASM_OP_CONTROL) {
		wasm_body_apply(b, insn);
		return;
	}
	b->sp -= insn->npop;
	for (uint32_t i = 0; i < insn->npush; i++)
		wasm_body_push(b, insn->push[i]);
}

static void check_state(const struct wasm_body *b)
{
	MUST(b->base >= b->stack && b->base <= b->sp && b->sp <= b->stack_end);
	MUST(b->ctl >= b->ctls && b->ctl < b->ctls_end);
	if (b->ctl > b->ctls)
		MUST(b->base == b->stack + b->ctl->height);
}

/* Immediates that both ways of decoding have to agree on. */
static uint64_t own_bits(const struct wasm_insn *insn)
{
	uint8_t imm = insn->row->imm;

	if (imm == WASM_IMM_LOCAL || imm == WASM_IMM_GLOBAL || imm == WASM_IMM_FUNC ||
	    imm == WASM_IMM_LABEL)
		return insn->index;
	if (imm == WASM_IMM_MEMARG)
		return insn->offset << 8 | insn->align | (uint64_t)insn->index << 40;
	return imm >= WASM_IMM_I32 && imm <= WASM_IMM_F64 ? insn->bits : 0;
}

/* Returns the last answer of next(), and a sum over what was seen. */
static int walk(const struct wasm_module *m, uint32_t f, struct arena *a, bool by_hand,
		uint64_t *ret_sum, uint32_t *ret_ops, uint32_t *ret_loops, struct wsbox_err *err)
{
	struct wasm_insn insn;
	struct wasm_body b;
	int ret = wasm_body_init(&b, m, f, a, err);

	*ret_sum = *ret_ops = *ret_loops = 0;
	if (ret)
		return ret;
	while ((ret = by_hand ? wasm_body_next_slowly(&b, &insn) : wasm_body_next(&b, &insn)) > 0) {
		check_state(&b);
		MUST(insn.row == &wasm_ops[insn.op] && insn.npop <= (size_t)(b.sp - b.base));
		MUST(wasm_body_dead(&b) || insn.row->special || insn.npop == insn.row->nparams);
		if (by_hand)
			apply_by_hand(&b, &insn);
		else
			wasm_body_apply(&b, &insn);
		check_state(&b);
		*ret_sum = (*ret_sum ^ (uint64_t)(b.sp - b.stack) ^ insn.op ^ insn.at ^
			    own_bits(&insn) ^ (b.sp > b.base ? b.sp[-1].type : 0)) *
			   0x9e3779b97f4a7c15u;
		++*ret_ops;
		*ret_loops += insn.op == WASM_LOOP;
	}
	return ret;
}

static void function(const struct wasm_module *m, uint32_t f, struct arena *a)
{
	struct wsbox_err err = WSBOX_ERR_INIT;
	uint32_t ops, loops, ops2, loops2;
	uint64_t sum, sum2;
	struct wasm_scan scan;
	struct wasm_body b;
	int ret = walk(m, f, a, false, &sum, &ops, &loops, &err);

	if (ret)
		must_explain(ret, &err);
	arena_reset(a);
	MUST(walk(m, f, a, true, &sum2, &ops2, &loops2, &err) == ret);
	MUST(sum == sum2 && ops == ops2);
	arena_reset(a);
	if (wasm_body_init(&b, m, f, a, &err))
		return;
	MUST(!wasm_body_scan(&b, 16, &scan));
	MUST(scan.nloops >= 1 && scan.nloops <= WASM_SCAN_LOOPS);
	MUST(ret || (scan.nops == ops && scan.nloops == loops + 1));
	for (uint32_t i = 0; i < scan.nloops; i++) {
		MUST(scan.loops[i].first_use + scan.loops[i].nuses <= scan.nuses);
		MUST(i ? scan.loops[i].parent < i : scan.loops[i].parent == WASM_NONE);
	}
	arena_reset(a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wsbox_err err = WSBOX_ERR_INIT;
	struct wasm_module m;
	struct arena a;

	if (wasm_module_decode(&m, data, size, wasm_features_validated(), &err))
		return 0;
	arena_init(&a);
	for (uint32_t f = m.imported_funcs; f < m.nfuncs; f++)
		function(&m, f, &a);
	arena_done(&a);
	wasm_module_done(&m);
	return 0;
}
