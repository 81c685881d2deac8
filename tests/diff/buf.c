/* buf.c: the bytes of a module: LEB128 numbers, names, value types. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/diff/gen.h"

void gen_bytes(struct gen_buf *b, const void *bytes, size_t count)
{
	if (b->room - b->len < count) {
		b->room = (b->room + count) * 2;
		b->bytes = realloc(b->bytes, b->room);
		if (!b->bytes) {
			fprintf(stderr, "out of memory\n");
			exit(1);
		}
	}
	if (count)
		memcpy(b->bytes + b->len, bytes, count);
	b->len += count;
}

void gen_byte(struct gen_buf *b, uint32_t byte)
{
	uint8_t one = (uint8_t)byte;

	gen_bytes(b, &one, 1);
}

void gen_u32(struct gen_buf *b, uint32_t v)
{
	for (; v > 0x7f; v >>= 7)
		gen_byte(b, v | 0x80);
	gen_byte(b, v);
}

void gen_s64(struct gen_buf *b, int64_t v)
{
	while (v < -64 || v > 63) {
		gen_byte(b, (uint32_t)(v & 0x7f) | 0x80);
		v >>= 7;
	}
	gen_byte(b, (uint32_t)(v & 0x7f));
}

void gen_name(struct gen_buf *b, const char *name)
{
	gen_u32(b, (uint32_t)strlen(name));
	gen_bytes(b, name, strlen(name));
}

void gen_kind(struct gen_buf *b, uint8_t kind)
{
	static const uint8_t code[GEN_KINDS + 1] = { 0x7f, 0x7e, 0x7d, 0x7c, 0x7b, 0x70, 0x69 };

	gen_byte(b, code[kind]);
}
