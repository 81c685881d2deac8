/* What of the encoder is not worth being inline: the buffer's end, binding of labels, padding. */
#include "jit/x64.h"

#define SIZE_MAX_ ((size_t)256 << 20)

void x64_buf_init(struct x64_buf *b, void *memory, size_t size)
{
	assert(size > X64_ROOM_MAX + X64_SLACK && size < SIZE_MAX_);
	*b = (struct x64_buf){ .at = memory, .start = memory };
	b->end = b->start + size - X64_SLACK;
}

void x64_buf_wrap(struct x64_buf *b)
{
	assert(b->end - b->start >= X64_ROOM_MAX);
	b->at = b->end - X64_ROOM_MAX;
	b->overflow = true;
}

void x64_bind(struct x64_buf *b, struct x64_label *l)
{
	uint32_t here = x64_offset(b), next = l->at, v;

	assert(!l->bound);
	l->at = here;
	l->bound = true;
	/* a wrapped buffer has lost its chains */
	if (b->overflow)
		return;
	while (next) {
		uint8_t *field = b->start + next - 1;

		memcpy(&v, field, 4);
		assert(field + 4 <= b->at && v >> 3 < next);
		next = v >> 3;
		v = here - ((uint32_t)(field - b->start) + 4 + (v & 7));
		memcpy(field, &v, 4);
	}
}

void x64_nop(struct x64_buf *b, unsigned int n)
{
	static const uint8_t nops[9][9] = {
		{ 0x90 },
		{ 0x66, 0x90 },
		{ 0x0f, 0x1f, 0x00 },
		{ 0x0f, 0x1f, 0x40, 0x00 },
		{ 0x0f, 0x1f, 0x44, 0x00, 0x00 },
		{ 0x66, 0x0f, 0x1f, 0x44, 0x00, 0x00 },
		{ 0x0f, 0x1f, 0x80, 0x00, 0x00, 0x00, 0x00 },
		{ 0x0f, 0x1f, 0x84, 0x00, 0x00, 0x00, 0x00, 0x00 },
		{ 0x66, 0x0f, 0x1f, 0x84, 0x00, 0x00, 0x00, 0x00, 0x00 },
	};

	for (unsigned int k; n; n -= k) {
		k = n < 9 ? n : 9;
		memcpy(b->at, nops[k - 1], 9);
		b->at += k;
	}
}

void x64_wrong_form(void)
{
	assert(false);
}
