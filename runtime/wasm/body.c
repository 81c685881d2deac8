/*
 * The walk: fetch, decode the immediate, check. Instructions whose types the table gives are
 * checked by two masked compares against the top of the stack; whatever that does not settle (dead
 * code, subtypes, three operands) goes to wasm_operands(). The rest have a rule each (rule.h).
 * Nothing is allocated but room that grows by doubling.
 */
#include "runtime/wasm/body.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "runtime/base/num.h"
#include "runtime/wasm/rule.h"

#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

int wasm_body_error(struct wasm_body *b, const struct wasm_insn *insn, const char *fmt, ...)
{
	char text[300];
	va_list ap;

	if (!reader_ok(&b->r))
		return wasm_malformed(&b->r, b->err);
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return err_module(b->err, insn->at, "%s", text);
}

int wasm_body_room(struct wasm_body *b, uint32_t n)
{
	size_t used = (size_t)(b->sp - b->stack), cap = (size_t)(b->stack_end - b->stack);
	struct wasm_val *grown;
	ptrdiff_t base = b->base - b->stack;

	assert(b->stack <= b->base && b->base <= b->sp && used <= cap);
	if (likely(cap - used >= n))
		return 1;
	if (used + n > WASM_MAX_STACK + WASM_BODY_ROOM)
		return err_module(b->err, reader_offset(&b->r),
				  "the operand stack exceeds the limit of %u values",
				  WASM_MAX_STACK);
	cap = num_min(num_max(2 * cap, used + n), WASM_MAX_STACK + WASM_BODY_ROOM);
	grown = arena_array(b->arena, cap + WASM_BODY_PADS, sizeof(*grown));
	if (!grown)
		return wasm_no_memory(b->err);
	grown += WASM_BODY_PADS;
	memcpy(grown, b->stack, used * sizeof(*grown));
	b->stack = grown;
	b->sp = grown + used;
	b->base = grown + base;
	b->stack_end = grown + cap;
	return 1;
}

/* With the one below the function's and the function's own. */
enum { FRAMES_MAX = WASM_MAX_DEPTH + 2 };

int wasm_body_ctl_room(struct wasm_body *b)
{
	size_t used = (size_t)(b->ctl - b->ctls) + 1, cap = (size_t)(b->ctls_end - b->ctls);
	struct wasm_ctl *grown;

	if (likely(cap > used))
		return 1;
	if (used >= FRAMES_MAX)
		return err_module(b->err, reader_offset(&b->r),
				  "nested blocks exceed the limit of %u", WASM_MAX_DEPTH);
	cap = num_min(2 * cap, FRAMES_MAX);
	grown = arena_array(b->arena, cap, sizeof(*grown));
	if (!grown)
		return wasm_no_memory(b->err);
	memcpy(grown, b->ctls, used * sizeof(*grown));
	b->ctls = grown;
	b->ctl = grown + used - 1;
	b->ctls_end = grown + cap;
	return 1;
}

int wasm_operands(struct wasm_body *b, const struct wasm_insn *insn, uint32_t skip,
		  const wasm_valtype *types, uint32_t n, uint32_t *ret_have)
{
	char have[WASM_TYPE_NAME], want[WASM_TYPE_NAME];
	ptrdiff_t depth = b->sp - b->base - (ptrdiff_t)skip;
	uint32_t there = depth < 0 ? 0 : depth < (ptrdiff_t)n ? (uint32_t)depth : n;
	const struct wasm_val *top = b->sp - skip;

	for (uint32_t i = 0; i < there; i++) {
		wasm_valtype got = top[-1 - (ptrdiff_t)i].type, t = types[n - 1 - i];

		if (unlikely(got != t) && !wasm_subtype(b->m, got, t))
			return wasm_body_error(
				b, insn,
				"type mismatch: %s needs %s as operand %u of %u, but it is %s",
				wasm_op_name(insn->row), wasm_type_name(t, want), n - i, n,
				wasm_type_name(got, have));
	}
	if (unlikely(there < n) && !b->ctl->unreachable)
		return wasm_body_error(
			b, insn,
			"type mismatch: %s needs %u operand%s (%s%s), but the stack has %u",
			wasm_op_name(insn->row), n, n == 1 ? "" : "s",
			wasm_type_name(types[0], want), n == 1 ? "" : "...", there);
	*ret_have = there;
	return 1;
}

int wasm_operand(struct wasm_body *b, const struct wasm_insn *insn, uint32_t skip,
		 wasm_valtype type, uint32_t *ret_have)
{
	if (likely(b->sp - b->base > (ptrdiff_t)skip && b->sp[-1 - (ptrdiff_t)skip].type == type)) {
		*ret_have = 1;
		return 1;
	}
	return wasm_operands(b, insn, skip, &type, 1, ret_have);
}

/* The row has the address as i32. */
static int address64_operands(struct wasm_body *b, struct wasm_insn *insn)
{
	wasm_valtype params[ARRAY_SIZE(insn->row->params)];

	memcpy(params, insn->row->params, sizeof(params));
	params[0] = WASM_I64;
	return wasm_operands(b, insn, 0, params, insn->row->nparams, &insn->npop);
}

/* Memory access immediate: alignment (bit 6: a memory index follows), offset. */
static int memarg_read(struct wasm_body *b, struct wasm_insn *insn)
{
	const struct wasm_op_row *row = insn->row;
	uint32_t align = reader_u32(&b->r);
	bool is64;

	insn->npop = row->nparams;
	insn->index = 0;
	if (unlikely(align & 0x40) && wasm_has(b->m, WASM_FEATURE_MULTI_MEMORY)) {
		align &= ~0x40u;
		insn->index = reader_u32(&b->r);
	}
	if (unlikely(insn->index >= b->m->nmemories))
		return wasm_body_error(b, insn, "unknown memory %u: the module has %u", insn->index,
				       b->m->nmemories);
	is64 = b->m->memories[insn->index].limits.is64;
	if (unlikely(align > row->access)) {
		if (align >= 0x40)
			return wasm_body_error(b, insn, "malformed memop flags 0x%02x", align);
		return wasm_body_error(b, insn,
				       "alignment must not be larger than natural: %s has at most "
				       "2**%u, not 2**%u", wasm_op_name(row), row->access, align);
	}
	if (unlikely(row->prefix == 0xfe) && align != row->access)
		return wasm_body_error(b, insn,
				       "atomic alignment must be natural: %s has 2**%u, not 2**%u",
				       wasm_op_name(row), row->access, align);
	insn->align = (uint8_t)align;
	insn->offset = reader_left(&b->r) && *b->r.at < 0x80 ? *b->r.at++ : reader_u64(&b->r);
	if (unlikely(insn->offset > UINT32_MAX && !is64))
		return wasm_body_error(b, insn, "offset out of range: %s of a 32-bit memory",
				       wasm_op_name(row));
	return 1;
}

static int lane_read(struct wasm_body *b, struct wasm_insn *insn)
{
	insn->lane = reader_byte(&b->r);
	if (unlikely(insn->lane >= 16 >> insn->row->access))
		return wasm_body_error(b, insn, "invalid lane index %u: %s has %u lanes",
				       insn->lane, wasm_op_name(insn->row),
				       16 >> insn->row->access);
	return 1;
}

static int shuffle_read(struct wasm_body *b, struct wasm_insn *insn)
{
	insn->bytes16 = reader_bytes(&b->r, 16);
	for (int i = 0; insn->bytes16 && i < 16; i++)
		if (insn->bytes16[i] >= 32)
			return wasm_body_error(b, insn,
					       "invalid lane index %u: i8x16.shuffle has 32 lanes",
					       insn->bytes16[i]);
	return 1;
}

static int fence_read(struct wasm_body *b, struct wasm_insn *insn)
{
	if (reader_byte(&b->r))
		return wasm_body_error(b, insn, "zero byte expected after atomic.fence");
	return 1;
}

/* What follows an opcode with a fixed signature, of the rarer kinds. 1, or the error. */
static int immediate_read(struct wasm_body *b, struct wasm_insn *insn)
{
	switch (insn->row->imm) {
	case WASM_IMM_I32:
		insn->bits = (uint64_t)(int64_t)reader_s32(&b->r);
		return 1;
	case WASM_IMM_I64:
		insn->bits = (uint64_t)reader_s64(&b->r);
		return 1;
	case WASM_IMM_F32:
		insn->bits = reader_f32(&b->r);
		return 1;
	case WASM_IMM_F64:
		insn->bits = reader_f64(&b->r);
		return 1;
	case WASM_IMM_V128:
		insn->bytes16 = reader_bytes(&b->r, 16);
		return 1;
	case WASM_IMM_MEMARG:
		return memarg_read(b, insn);
	case WASM_IMM_MEMARG_LANE:
		return memarg_read(b, insn) < 0 ? -ENOEXEC : lane_read(b, insn);
	case WASM_IMM_LANE:
		return lane_read(b, insn);
	case WASM_IMM_SHUFFLE:
		return shuffle_read(b, insn);
	case WASM_IMM_FENCE:
		return fence_read(b, insn);
	default:
		assert(insn->row->imm == WASM_IMM_NONE);
		return 1;
	}
}

/* A fixed signature in full: any immediate, any number of operands, dead code, 64-bit addresses. */
__attribute__((noinline))
static int fixed_slow(struct wasm_body *b, struct wasm_insn *insn)
{
	const struct wasm_op_row *row = insn->row;
	int ret = immediate_read(b, insn);

	if (ret < 0)
		return ret;
	if (!reader_ok(&b->r))
		return wasm_malformed(&b->r, b->err);
	if (row->address && b->m->any_memory64 && b->m->memories[insn->index].limits.is64)
		return address64_operands(b, insn);
	return wasm_operands(b, insn, 0, row->params, row->nparams, &insn->npop);
}

/* Notes that a local without a default has a value from here to the end of the block. */
static void local_init(struct wasm_body *b, uint32_t i)
{
	if (b->local_set[i])
		return;
	assert(b->ninits < b->nlocals);
	b->local_set[i] = 1;
	b->inits[b->ninits++] = i;
}

/* local.get, set, tee: any index, any state. */
__attribute__((noinline))
static int local_slow(struct wasm_body *b, struct wasm_insn *insn)
{
	uint32_t i = insn->index = reader_u32(&b->r);

	if (!reader_ok(&b->r) || i >= b->nlocals)
		return wasm_body_error(b, insn, "unknown local %u: the function has %u", i,
				       b->declared);
	insn->push = &b->locals[i];
	insn->npop = 0;
	insn->npush = insn->op != WASM_LOCAL_SET;
	if (insn->op == WASM_LOCAL_GET) {
		if (b->local_set && !b->local_set[i])
			return wasm_body_error(b, insn,
					       "uninitialized local %u: its type has no default "
					       "and nothing set it before",
					       b->local_names ? b->local_names[i] : i);
		return 1;
	}
	if (wasm_operands(b, insn, 0, &b->locals[i], 1, &insn->npop) < 0)
		return -ENOEXEC;
	if (b->local_set)
		local_init(b, i);
	return 1;
}

/* A prefixed opcode's enumerator, or WASM_OPS with the error set. */
static uint16_t prefixed_op(struct wasm_body *b, struct wasm_insn *insn, uint8_t prefix)
{
	bool known = prefix >= 0xfb && prefix <= 0xfe;
	uint32_t code = known ? reader_u32(&b->r) : 0;
	uint16_t op = known ? wasm_op_find(prefix, code) : WASM_OPS;

	if (!reader_ok(&b->r)) {
		(void)wasm_malformed(&b->r, b->err);
		return WASM_OPS;
	}
	if (op == WASM_OPS && known)
		(void)err_module(b->err, insn->at, "illegal opcode 0x%02x 0x%02x", prefix, code);
	else if (op == WASM_OPS)
		(void)err_module(b->err, insn->at, "illegal opcode 0x%02x", prefix);
	return op;
}

/* No more bytes: right only if the function's own end has been applied. */
static int body_end(struct wasm_body *b)
{
	if (!reader_ok(&b->r))
		return wasm_malformed(&b->r, b->err);
	if (b->ctl == b->ctls)
		return 0;
	return err_module(b->err, reader_offset(&b->r),
			  "unexpected end of section or function: %td block%s not ended",
			  b->ctl - b->ctls, b->ctl - b->ctls == 1 ? "" : "s");
}

/* One instruction without any of next()'s assumptions but room. */
__attribute__((noinline))
static int next_slow(struct wasm_body *b, struct wasm_insn *insn)
{
	uint8_t byte = *b->r.at++;
	uint16_t op = (uint16_t)(wasm_op_slots[byte] - 1);

	if (op >= WASM_OPS) {
		op = prefixed_op(b, insn, byte);
		if (op == WASM_OPS)
			return -ENOEXEC;
	}
	insn->row = &wasm_ops[op];
	insn->op = op;
	if (!(b->m->features >> insn->row->feature & 1))
		return wasm_feature_off(insn->row->feature, insn->at, wasm_op_name(insn->row),
					b->err);
	insn->push = insn->row->results;
	if (insn->row->imm == WASM_IMM_LOCAL)
		return local_slow(b, insn);
	if (insn->row->special)
		return wasm_rules[op](b, insn);
	insn->npop = insn->row->nparams;
	insn->npush = insn->row->nresults;
	return fixed_slow(b, insn);
}

/* Whether the operands of a fixed signature of at most two lie on the stack with exactly its types.
 */
static bool operands_fit(const struct wasm_body *b, const struct wasm_op_row *row)
{
	const struct wasm_val *sp = b->sp;

	return sp - row->nparams >= b->base && !(((sp[-1].type ^ row->top[0]) & row->top_mask[0]) |
						 ((sp[-2].type ^ row->top[1]) & row->top_mask[1]));
}

/* A fixed signature whose immediate has been read. */
static inline int fixed_done(struct wasm_insn *insn)
{
	insn->npop = insn->row->nparams;
	insn->npush = insn->row->nresults;
	insn->push = insn->row->results;
	return 1;
}

/* A number of at most five bytes: how many, or 0 if it is longer or too near the end. */
static inline uint32_t number_read(const struct reader *r, const uint8_t *p, uint64_t *ret)
{
	uint64_t word, ends;

	if (unlikely(r->end - p < 8))
		return 0;
	memcpy(&word, p, sizeof(word));
	ends = ~word & 0x8080808080u;
	if (unlikely(!ends))
		return 0;
	word &= ends ^ (ends - 1);
	*ret = (word & 0x7f) | (word >> 1 & 0x3f80) | (word >> 2 & 0x1fc000) |
	       (word >> 3 & 0xfe00000) | (word >> 4 & 0x7f0000000);
	return ((uint32_t)__builtin_ctzll(ends) >> 3) + 1;
}

/* The unused bits of an i32's fifth byte must be its sign. */
__attribute__((noinline))
static int const_long(struct wasm_body *b, struct wasm_insn *insn)
{
	uint64_t v;
	uint32_t n = number_read(&b->r, b->r.at + 1, &v), bits = 7 * n;

	if (unlikely(!n))
		return next_slow(b, insn);
	insn->bits = (uint64_t)((int64_t)(v << (64 - bits)) >> (64 - bits));
	if (unlikely((int64_t)insn->bits != (int32_t)insn->bits && insn->op == WASM_I32_CONST))
		return next_slow(b, insn);
	b->r.at += n + 1;
	return fixed_done(insn);
}

__attribute__((noinline))
static int offset_long(struct wasm_body *b, struct wasm_insn *insn)
{
	uint32_t n = number_read(&b->r, b->r.at + 2, &insn->offset);

	if (unlikely(!n || insn->offset > UINT32_MAX))
		return next_slow(b, insn);
	b->r.at += n + 2;
	return fixed_done(insn);
}

__attribute__((noinline, cold))
static int next_roomy(struct wasm_body *b, struct wasm_insn *insn)
{
	int ret = wasm_body_room(b, WASM_BODY_ROOM);

	return ret < 0 ? ret : wasm_body_other(b, insn);
}

/*
 * Whatever a case does not settle starts over in next_slow() at the opcode: nothing has been moved
 * yet. Every call is the last thing done, so that no register has to be saved.
 */
int wasm_body_other(struct wasm_body *b, struct wasm_insn *insn)
{
	const uint8_t *at = b->r.at;
	uint8_t fast;
	uint32_t i;

	if (unlikely(b->stack_end - b->sp < WASM_BODY_ROOM))
		return next_roomy(b, insn);
	insn->at = (uint32_t)(at - b->r.base);
	if (unlikely(b->r.end - at < 3))
		return at == b->r.end ? body_end(b) : next_slow(b, insn);
	fast = wasm_op_fast[at[0]];
	if (unlikely(fast == WASM_FAST_NONE))
		return next_slow(b, insn);
	insn->op = wasm_op_slots[at[0]] - 1;
	insn->row = &wasm_ops[insn->op];
	if (fast == WASM_FAST_RULE) {
		b->r.at = at + 1;
		insn->push = insn->row->results;
		return wasm_rules[insn->op](b, insn);
	}
	i = at[1];
	if (fast == WASM_FAST_LOCAL_SET) {
		if (likely(i < b->short_locals && b->sp > b->base &&
			   b->sp[-1].type == b->locals[i])) {
			insn->index = i;
			insn->npop = 1;
			insn->npush = insn->op == WASM_LOCAL_TEE;
			insn->push = &b->locals[i];
			b->r.at = at + 2;
			return 1;
		}
	} else if (fast == WASM_FAST_LOCAL_GET) {
		if (likely(i < b->short_locals)) {
			insn->index = i;
			insn->npop = 0;
			insn->npush = 1;
			insn->push = &b->locals[i];
			b->r.at = at + 2;
			return 1;
		}
	} else if (fast == WASM_FAST_CONST) {
		return const_long(b, insn);
	} else if (likely(i <= insn->row->access && operands_fit(b, insn->row) &&
			  !(b->lacks & WASM_NEED_PLAIN_MEMORY))) {
		insn->index = 0;
		insn->align = at[1];
		return offset_long(b, insn);
	}
	return next_slow(b, insn);
}

int wasm_body_next_slowly(struct wasm_body *b, struct wasm_insn *insn)
{
	int ret = wasm_body_room(b, WASM_BODY_ROOM);

	if (ret < 0)
		return ret;
	insn->at = (uint32_t)reader_offset(&b->r);
	return b->r.at == b->r.end ? body_end(b) : next_slow(b, insn);
}

/* Stack and control frames of a size most functions never outgrow. */
static int body_alloc(struct wasm_body *b, size_t len)
{
	size_t values = num_min(len, 120) + WASM_BODY_ROOM, frames = num_min(len, 14) + 2;
	struct wasm_val *stack = arena_array(b->arena, values + WASM_BODY_PADS, sizeof(*stack));

	b->ctls = arena_array(b->arena, frames, sizeof(*b->ctls));
	if (!stack || !b->ctls)
		return wasm_no_memory(b->err);
	b->stack = b->sp = b->base = stack + WASM_BODY_PADS;
	b->stack_end = b->stack + values;
	b->ctls_end = b->ctls + frames;
	b->ctl = b->ctls;
	return 0;
}

/* Opens the function's frame: branches to it carry its results. */
static void body_open(struct wasm_body *b, const struct wasm_functype *type)
{
	b->ctl = b->ctls + 1;
	*b->ctl = (struct wasm_ctl){ .kind = WASM_CTL_FUNC,
				     .type = type,
				     .label = type->results,
				     .nlabel = type->nresults };
}

static uint8_t lacking(const struct wasm_module *m)
{
	return WASM_NEED_MORE |
	       (m->nmemories == 1 && !m->any_memory64 ? 0 : WASM_NEED_PLAIN_MEMORY) |
	       (wasm_has(m, WASM_FEATURE_SIGN_EXTENSION) ? 0 : WASM_NEED_SIGN_EXTENSION);
}

int wasm_body_init(struct wasm_body *b, const struct wasm_module *m, uint32_t func,
		   struct arena *arena, struct wsbox_err *err)
{
	const struct wasm_func *f = &m->funcs[func];
	int ret;

	assert(func >= m->imported_funcs && func < m->nfuncs);
	*b = (struct wasm_body){
		.m = m,
		.func = func,
		.type = wasm_func_type(m, func),
		.err = err,
		.arena = arena,
		.r = { .at = f->body, .end = f->body + f->body_len, .base = m->bytes },
		.nglobals = m->nglobals,
		.lacks = lacking(m),
	};
	ret = wasm_body_locals(b);
	if (!ret)
		ret = body_alloc(b, f->body_len);
	if (!ret)
		body_open(b, b->type);
	return ret;
}

int wasm_body_validate(const struct wasm_module *m, uint32_t func, struct arena *arena,
		       struct wsbox_err *err)
{
	struct wasm_insn insn;
	struct wasm_body b;
	int ret = wasm_body_init(&b, m, func, arena, err);

	if (ret)
		return ret;
	while ((ret = wasm_body_next(&b, &insn)) > 0)
		wasm_body_apply(&b, &insn);
	return ret;
}

int wasm_expr_init(struct wasm_body *b, const struct wasm_module *m, struct reader r,
		   const struct wasm_functype *type, struct arena *arena, struct wsbox_err *err)
{
	int ret;

	*b = (struct wasm_body){ .m = m,
				 .func = WASM_NONE,
				 .type = type,
				 .err = err,
				 .arena = arena,
				 .r = r,
				 .constant = true,
				 .lacks = WASM_NEED_MORE | WASM_NEED_PLAIN_MEMORY,
				 .nglobals = m->nglobals };
	ret = body_alloc(b, 32);
	if (!ret)
		body_open(b, type);
	return ret;
}

void wasm_expr_reopen(struct wasm_body *b, struct reader r, const struct wasm_functype *type)
{
	b->r = r;
	b->type = type;
	b->sp = b->base = b->stack;
	b->nglobals = b->m->nglobals;
	body_open(b, type);
}
