/*
 * Lengths of instructions at many places at once: see skip.h.
 *
 * Where an instruction begins depends on all before it, so a walk that looks each one up waits for
 * memory twice and for its numbers' ends, or guesses and pays for wrong guesses. Here the length of
 * what might begin at each byte is worked out for 32 bytes in one go, and the walk only adds.
 */
#include <string.h>

#include "runtime/wasm/skip.h"

typedef uint8_t bytes __attribute__((vector_size(32)));
enum { N = sizeof(bytes) };

static inline bytes bytes_at(const uint8_t *at)
{
	bytes v;

	memcpy(&v, at, N);
	return v;
}

/* All ones where from <= x <= to, else zero. */
static inline bytes in(bytes x, uint8_t from, uint8_t to)
{
	return (bytes)((x - from) <= (uint8_t)(to - from));
}

static inline bytes is(bytes x, uint8_t value)
{
	return (bytes)(x == value);
}

/* Where a number goes on behind this byte. */
static inline bytes more(const uint8_t *at)
{
	return (bytes)(bytes_at(at) >= 0x80);
}

/*
 * The opcodes are those of op-table.h that this knows a way over; a test compares both. c1 to c6
 * say whether the byte so far behind the opcode has another behind it that belongs to the same
 * number: all ones, so to subtract them counts bytes.
 */
static inline void lens(const uint8_t *at, uint8_t *ret)
{
	bytes op = bytes_at(at), second = bytes_at(at + 1);
	bytes c1 = more(at + 1), c2 = more(at + 2), c3 = more(at + 3), c4 = more(at + 4);
	bytes c5 = more(at + 5), c6 = more(at + 6);
	bytes none = in(op, 0x45, 0xc4) | in(op, 0x1a, 0x1b) | in(op, 0x00, 0x01) | is(op, 0x05) |
		     is(op, 0x0b) | is(op, 0x0f);
	bytes local = in(op, 0x20, 0x22) & ~c1;
	bytes number = in(op, 0x23, 0x24) | in(op, 0x41, 0x42) | in(op, 0x0c, 0x0d) | is(op, 0x10);
	bytes address = in(op, 0x28, 0x3e) & (bytes)(second < 0x40);
	bytes block = in(op, 0x02, 0x04) & ~is(op, 0x03) &
		      (is(second, 0x40) | in(second, 0x7c, 0x7f));
	/* a number behind the opcode, and one behind an alignment */
	bytes a2 = c1 & c2, a3 = a2 & c3, a4 = a3 & c4, a5 = a4 & c5;
	bytes b3 = c2 & c3, b4 = b3 & c4, b5 = b4 & c5, b6 = b5 & c6;
	bytes n = (none & 1) | ((local | block) & 2) | (is(op, 0x43) & 5) | (is(op, 0x44) & 9) |
		  (number & ~a5 & (2 - c1 - a2 - a3 - a4)) |
		  (address & ~b6 & (3 - c2 - b3 - b4 - b5));

	memcpy(ret, &n, N);
}

void wasm_skip_lens(const uint8_t at[WASM_SKIP_READ], uint8_t ret[WASM_SKIP_WINDOW])
{
	_Static_assert(WASM_SKIP_WINDOW % N == 0 && WASM_SKIP_READ == WASM_SKIP_WINDOW + 6,
		       "as far as lens() reads");
	for (uint32_t i = 0; i < WASM_SKIP_WINDOW; i += N)
		lens(at + i, ret + i);
}
