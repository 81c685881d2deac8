/* Steps over instructions without types: see skip.h. */
#include "runtime/wasm/skip.h"

#include <assert.h>

#include "runtime/base/num.h"
#include "runtime/wasm/body.h"

#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

bool wasm_skip_leb(struct reader *r)
{
	while (likely(r->at < r->end))
		if (likely(!(*r->at++ & 0x80)))
			return true;
	return false;
}

static bool skip_bytes(struct reader *r, size_t n)
{
	if (reader_left(r) < n)
		return false;
	r->at += n;
	return true;
}

static bool skip_lebs(struct reader *r, uint32_t n)
{
	while (n--)
		if (!wasm_skip_leb(r))
			return false;
	return true;
}

/* A heap or value type: one number, or a prefix and one. */
static bool skip_type(struct reader *r)
{
	if (reader_left(r) && (*r->at == 0x63 || *r->at == 0x64))
		r->at++;
	return wasm_skip_leb(r);
}

/* A count, then as many numbers and `more`. */
static bool skip_vector(struct reader *r, uint32_t more)
{
	uint32_t n = reader_u32(r);

	return reader_ok(r) && n <= reader_left(r) && skip_lebs(r, n + more);
}

static bool skip_catches(struct reader *r)
{
	uint32_t n;

	if (!skip_type(r))
		return false;
	n = reader_u32(r);
	for (uint32_t i = 0; i < n && reader_ok(r); i++) {
		uint8_t kind = reader_byte(r);

		if (kind <= WASM_CATCH_REF)
			reader_u32(r);
		reader_u32(r);
	}
	return reader_ok(r);
}

static bool skip_memarg(struct reader *r)
{
	uint32_t align = reader_u32(r);

	if (align & 0x40)
		reader_u32(r);
	return reader_ok(r) && wasm_skip_leb(r);
}

/* What is not one number. */
static bool skip_other(struct reader *r, uint8_t imm)
{
	switch (imm) {
	case WASM_IMM_BLOCK:
	case WASM_IMM_HEAP:
		return skip_type(r);
	case WASM_IMM_TRY_TABLE:
		return skip_catches(r);
	case WASM_IMM_BR_TABLE:
		return skip_vector(r, 1);
	case WASM_IMM_SELECT_T:
		return wasm_skip_leb(r) && skip_type(r);
	case WASM_IMM_MEMARG:
		return skip_memarg(r);
	case WASM_IMM_MEMARG_LANE:
		return skip_memarg(r) && skip_bytes(r, 1);
	case WASM_IMM_CAST:
		return skip_bytes(r, 1) && wasm_skip_leb(r) && skip_type(r) && skip_type(r);
	default:
		assert(false);
		return false;
	}
}

/* How many numbers (low bits) or bytes (from BYTES up) follow an opcode; OTHER for skip_other(). */
enum { BYTES = 0x20, OTHER = 0x80 };
static const uint8_t imm_skips[] = {
	[WASM_IMM_NONE] = 0,
	[WASM_IMM_BLOCK] = OTHER,
	[WASM_IMM_LABEL] = 1,
	[WASM_IMM_BR_TABLE] = OTHER,
	[WASM_IMM_FUNC] = 1,
	[WASM_IMM_CALL_INDIRECT] = 2,
	[WASM_IMM_LOCAL] = 1,
	[WASM_IMM_GLOBAL] = 1,
	[WASM_IMM_TABLE] = 1,
	[WASM_IMM_TABLE_TABLE] = 2,
	[WASM_IMM_ELEM_TABLE] = 2,
	[WASM_IMM_ELEM] = 1,
	[WASM_IMM_MEMARG] = OTHER,
	[WASM_IMM_MEMARG_LANE] = OTHER,
	[WASM_IMM_LANE] = BYTES + 1,
	[WASM_IMM_MEMORY] = 1,
	[WASM_IMM_MEMORY_MEMORY] = 2,
	[WASM_IMM_DATA_MEMORY] = 2,
	[WASM_IMM_DATA] = 1,
	[WASM_IMM_I32] = 1,
	[WASM_IMM_I64] = 1,
	[WASM_IMM_F32] = BYTES + 4,
	[WASM_IMM_F64] = BYTES + 8,
	[WASM_IMM_V128] = BYTES + 16,
	[WASM_IMM_SHUFFLE] = BYTES + 16,
	[WASM_IMM_SELECT_T] = OTHER,
	[WASM_IMM_HEAP] = OTHER,
	[WASM_IMM_TYPE] = 1,
	[WASM_IMM_TAG] = 1,
	[WASM_IMM_TRY_TABLE] = OTHER,
	[WASM_IMM_FENCE] = BYTES + 1,
	[WASM_IMM_TYPE_FIELD] = 2,
	[WASM_IMM_TYPE_COUNT] = 2,
	[WASM_IMM_TYPE_DATA] = 2,
	[WASM_IMM_TYPE_ELEM] = 2,
	[WASM_IMM_TYPE_TYPE] = 2,
	[WASM_IMM_CAST] = OTHER,
};
_Static_assert(ARRAY_SIZE(imm_skips) == WASM_IMM_CAST + 1, "a way over each immediate");

bool wasm_skip_immediate(struct reader *r, uint8_t imm)
{
	uint8_t how = imm_skips[imm];

	if (how < BYTES)
		return skip_lebs(r, how);
	return how < OTHER ? skip_bytes(r, how - BYTES) : skip_other(r, imm);
}

uint16_t wasm_skip_opcode(struct reader *r)
{
	uint8_t byte = reader_byte(r);
	uint16_t slot = wasm_op_slots[byte];

	if (unlikely(!reader_ok(r)))
		return WASM_OPS;
	return likely(slot) ? slot - 1 : wasm_op_find(byte, reader_u32(r));
}
