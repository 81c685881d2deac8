/*
 * The bounded reader: the only way this project reads bytes it does not trust.
 *
 * It cannot run past its end, and its failure sticks: after the first bad read every read gives 0,
 * and reader_ok() is false. So a caller may read a whole record and check once. The reason for the
 * first failure and its place are kept for the message.
 */
#ifndef RUNTIME_BASE_READER_H
#define RUNTIME_BASE_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct reader {
	const uint8_t *at;
	const uint8_t *end;
	const uint8_t *base;	/* offset 0 of what messages count from */
	const char *why;	/* NULL while all is well; a static string */
	size_t where;		/* offset of the failure */
};

static inline struct reader reader_of(const void *p, size_t n)
{
	return (struct reader){ .at = p, .end = (const uint8_t *)p + n, .base = p };
}

/* A reader of the next n bytes of r, which r steps over. Empty and failed when r has fewer. */
struct reader reader_sub(struct reader *r, size_t n);

static inline bool reader_ok(const struct reader *r)
{
	return !r->why;
}

static inline size_t reader_left(const struct reader *r)
{
	return (size_t)(r->end - r->at);
}

static inline size_t reader_offset(const struct reader *r)
{
	return (size_t)(r->at - r->base);
}

/* Records the first failure and moves to the end. why is a static string. */
__attribute__((cold)) void reader_fail(struct reader *r, const char *why);

uint32_t reader_u32_slow(struct reader *r);
int32_t reader_s32_slow(struct reader *r);
int64_t reader_s64(struct reader *r);
uint64_t reader_u64(struct reader *r);
int64_t reader_s33(struct reader *r);

static inline uint8_t reader_byte(struct reader *r)
{
	if (__builtin_expect(r->at < r->end, 1))
		return *r->at++;
	reader_fail(r, "unexpected end");
	return 0;
}

/* LEB128 (core spec, 5.2.2): at most ceil(bits/7) bytes, unused bits zero or sign. */
static inline uint32_t reader_u32(struct reader *r)
{
	if (__builtin_expect(r->at < r->end && *r->at < 0x80, 1))
		return *r->at++;
	return reader_u32_slow(r);
}

static inline int32_t reader_s32(struct reader *r)
{
	if (__builtin_expect(r->at < r->end && *r->at < 0x80, 1))
		return (int32_t)((uint32_t)*r->at++ << 25) >> 25;
	return reader_s32_slow(r);
}

/* Little-endian fixed-width numbers and byte runs; NULL or 0 on failure. */
uint32_t reader_f32(struct reader *r);
uint64_t reader_f64(struct reader *r);
const uint8_t *reader_bytes(struct reader *r, size_t n);

/* A length-prefixed UTF-8 name (core spec, 5.2.4): n bytes at the result, not NUL-terminated. */
const char *reader_name(struct reader *r, uint32_t *ret_len);

#endif
