/* Recognizing the loop of memcmp by its instructions. */
#include "jit/equal.h"

#include "runtime/wasm/op.h"

struct bytes {
	const uint8_t *at, *end;
	bool ok;		/* all were as they should be, so far */
};

static void want_byte(struct bytes *r, unsigned int byte)
{
	r->ok = r->ok && r->at < r->end && *r->at == byte;
	r->at += r->ok;
}

static void want_op(struct bytes *r, enum wasm_op op)
{
	want_byte(r, wasm_ops[op].code);
}

/* The index of a local behind op, of one byte: functions of this kind have few. */
static uint32_t local_after(struct bytes *r, enum wasm_op op)
{
	want_op(r, op);
	r->ok = r->ok && r->at < r->end && *r->at < 0x80;
	return r->ok ? *r->at++ : 0;
}

/* Loads a byte from where the local says, and keeps it in *ret_value. */
static uint32_t load_byte(struct bytes *r, uint32_t *ret_value)
{
	uint32_t index = local_after(r, WASM_LOCAL_GET);

	want_op(r, WASM_I32_LOAD8_U);
	want_byte(r, 0);
	want_byte(r, 0);
	*ret_value = local_after(r, WASM_LOCAL_TEE);
	return index;
}

/* Adds a number from -64 to 63; the sum is left to the caller. */
static uint32_t sum_of(struct bytes *r, int n)
{
	uint32_t index = local_after(r, WASM_LOCAL_GET);

	want_op(r, WASM_I32_CONST);
	want_byte(r, (uint8_t)n & 0x7f);
	want_op(r, WASM_I32_ADD);
	return index;
}

static uint32_t count_up(struct bytes *r)
{
	uint32_t index = sum_of(r, 1);

	r->ok = local_after(r, WASM_LOCAL_SET) == index && r->ok;
	return index;
}

static uint32_t count_down(struct bytes *r)
{
	uint32_t index = sum_of(r, -1);

	r->ok = local_after(r, WASM_LOCAL_TEE) == index && r->ok;
	return index;
}

static bool counts(const struct wasm_body *b, uint32_t index)
{
	return index < b->nlocals && wasm_kind(b->locals[index]) == WASM_KIND_I32;
}

bool jit_equal_loop(const struct wasm_body *b, struct jit_equal *ret)
{
	struct bytes r = { b->r.at, b->r.end, true };
	const struct wasm_memtype *memory = b->m->memories;
	uint32_t x, y, first, second;
	struct jit_equal e;

	/* indices may be others than those of b->locals */
	if (b->local_names || !b->m->nmemories || memory->limits.is64 || memory->page_log2 != 16)
		return false;
	e.a = load_byte(&r, &x);
	e.b = load_byte(&r, &y);
	want_op(&r, WASM_I32_NE);
	want_op(&r, WASM_BR_IF);
	/* to somewhere else */
	r.ok = r.ok && r.at < r.end && *r.at && *r.at < 0x80;
	r.at += r.ok;
	first = count_up(&r);
	second = count_up(&r);
	e.n = count_down(&r);
	want_op(&r, WASM_BR_IF);
	want_byte(&r, 0);
	if (!r.ok || !((first == e.a && second == e.b) || (first == e.b && second == e.a)))
		return false;
	if (e.a == e.b || e.a == e.n || e.b == e.n)
		return false;
	if (x == e.a || x == e.b || x == e.n || y == e.a || y == e.b || y == e.n)
		return false;
	*ret = e;
	return counts(b, e.a) && counts(b, e.b) && counts(b, e.n);
}
