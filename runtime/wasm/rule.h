/*
 * Inside the body walk: what the validator's rules share. Not for other folders.
 *
 * A rule decodes the immediates of one instruction whose types the table cannot give, checks them
 * and the operands on the stack, and fills insn. It moves nothing. 1, or -ENOEXEC / -ENOMEM with
 * err set.
 */
#ifndef RUNTIME_WASM_RULE_H
#define RUNTIME_WASM_RULE_H

#include "runtime/wasm/body.h"
#include "runtime/wasm/decode.h"

typedef int wasm_rule(struct wasm_body *b, struct wasm_insn *insn);

/* A rule for each special row; NULL for the others. */
extern wasm_rule *const wasm_rules[WASM_OPS];

/* wasm_body_next() without its short ways: the oracle that tests hold against it. */
int wasm_body_next_slowly(struct wasm_body *b, struct wasm_insn *insn);

/*
 * Reads the declarations of locals, from b->r on, which then is the code behind them or a copy of
 * it: see body-local.c. Sets what is known of them. 0, or the error.
 */
int wasm_body_locals(struct wasm_body *b);

/* Entries below the stack that may be read. */
enum { WASM_BODY_PADS = 4 };

/*
 * Checks that below `skip` topmost entries lie n operands of these types (in dead code, some may
 * be missing). 1, and in *ret_have how many are there; or the error.
 */
int wasm_operands(struct wasm_body *b, const struct wasm_insn *insn, uint32_t skip,
		  const wasm_valtype *types, uint32_t n, uint32_t *ret_have);

/* The same for one operand. */
int wasm_operand(struct wasm_body *b, const struct wasm_insn *insn, uint32_t skip,
		 wasm_valtype type, uint32_t *ret_have);

/* Makes room for n values above sp, or one more control frame. 1, or the error. */
int wasm_body_room(struct wasm_body *b, uint32_t n);
int wasm_body_ctl_room(struct wasm_body *b);

/* The reader's failure if it has one, else a message at the instruction. */
__attribute__((format(printf, 3, 4), cold))
int wasm_body_error(struct wasm_body *b, const struct wasm_insn *insn, const char *fmt, ...);

/*
 * Type of the i-th value from the top; WASM_KIND_NONE where dead code leaves it open. *ret_have:
 * it is there.
 */
static inline wasm_valtype wasm_peek(const struct wasm_body *b, uint32_t i, bool *ret_have)
{
	*ret_have = b->sp - b->base > (ptrdiff_t)i;
	return *ret_have ? b->sp[-1 - (ptrdiff_t)i].type : WASM_KIND_NONE;
}

static inline wasm_valtype wasm_address(bool is64)
{
	return is64 ? WASM_I64 : WASM_I32;
}

/*
 * A walk over a constant expression at r, which ends within it: type has its one result.
 * wasm_expr_reopen() begins another with the room of the first.
 */
int wasm_expr_init(struct wasm_body *b, const struct wasm_module *m, struct reader r,
		   const struct wasm_functype *type, struct arena *arena, struct wsbox_err *err);
void wasm_expr_reopen(struct wasm_body *b, struct reader r, const struct wasm_functype *type);

wasm_rule wasm_rule_block, wasm_rule_else, wasm_rule_end, wasm_rule_br, wasm_rule_br_table,
	wasm_rule_return, wasm_rule_unreachable, wasm_rule_throw, wasm_rule_throw_ref,
	wasm_rule_try_table, wasm_rule_call, wasm_rule_call_indirect, wasm_rule_call_ref,
	wasm_rule_br_on_null, wasm_rule_struct_new, wasm_rule_struct_field, wasm_rule_array_new,
	wasm_rule_array_get, wasm_rule_array_write, wasm_rule_array_copy, wasm_rule_array_len,
	wasm_rule_ref_cast, wasm_rule_convert, wasm_rule_i31, wasm_rule_br_on_cast;

#endif
