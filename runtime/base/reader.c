#include <assert.h>

#include "runtime/base/reader.h"
#include "runtime/base/utf8.h"

void reader_fail(struct reader *r, const char *why)
{
	assert(why && r->at <= r->end);
	if (r->why)
		return;
	r->why = why;
	r->where = reader_offset(r);
	r->at = r->end;
}

struct reader reader_sub(struct reader *r, size_t n)
{
	struct reader s = *r;

	if (reader_left(r) < n)
		reader_fail(r, "unexpected end");
	s.why = r->why;
	s.where = r->where;
	s.end = r->why ? s.at : s.at + n;
	r->at = r->why ? r->end : s.end;
	return s;
}

/*
 * One loop for all widths: bits is the width, and the last byte may only hold bits that fit,
 * extended by zeros or, if is_signed, by the sign.
 */
static uint64_t leb(struct reader *r, unsigned int bits, bool is_signed)
{
	uint64_t v = 0;
	unsigned int shift = 0;

	for (;;) {
		unsigned int left = bits - shift;
		uint8_t b;

		if (r->at == r->end) {
			reader_fail(r, "unexpected end");
			return 0;
		}
		b = *r->at;
		if (left <= 7) {
			uint8_t rest = (uint8_t)(0x7f & (0x7fu << (is_signed ? left - 1 : left)));

			if (b & 0x80) {
				reader_fail(r, "integer representation too long");
				return 0;
			}
			if ((b & rest) != 0 && !(is_signed && (b & rest) == rest)) {
				reader_fail(r, "integer too large");
				return 0;
			}
		}
		r->at++;
		v |= (uint64_t)(b & 0x7f) << shift;
		shift += 7;
		if (b & 0x80)
			continue;
		if (is_signed && (b & 0x40) && shift < 64)
			v |= ~(uint64_t)0 << shift;
		return v;
	}
}

uint32_t reader_u32_slow(struct reader *r)
{
	return (uint32_t)leb(r, 32, false);
}

int32_t reader_s32_slow(struct reader *r)
{
	return (int32_t)leb(r, 32, true);
}

int64_t reader_s33(struct reader *r)
{
	return (int64_t)leb(r, 33, true);
}

int64_t reader_s64(struct reader *r)
{
	return (int64_t)leb(r, 64, true);
}

uint64_t reader_u64(struct reader *r)
{
	return leb(r, 64, false);
}

const uint8_t *reader_bytes(struct reader *r, size_t n)
{
	const uint8_t *p = r->at;

	if (reader_left(r) < n) {
		reader_fail(r, "unexpected end");
		return NULL;
	}
	r->at += n;
	return p;
}

uint32_t reader_f32(struct reader *r)
{
	const uint8_t *p = reader_bytes(r, 4);
	uint32_t v = 0;

	if (p)
		memcpy(&v, p, sizeof(v));
	return v;
}

uint64_t reader_f64(struct reader *r)
{
	const uint8_t *p = reader_bytes(r, 8);
	uint64_t v = 0;

	if (p)
		memcpy(&v, p, sizeof(v));
	return v;
}

const char *reader_name(struct reader *r, uint32_t *ret_len)
{
	uint32_t n = reader_u32(r);
	const uint8_t *start = r->at;
	const uint8_t *p = reader_bytes(r, n);

	*ret_len = 0;
	if (!p)
		return "";
	if (!utf8_valid((const char *)p, n)) {
		r->at = start;
		reader_fail(r, "malformed UTF-8 encoding");
		return "";
	}
	*ret_len = n;
	return (const char *)p;
}
