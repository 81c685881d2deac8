/*
 * Checked arithmetic for sizes that come from outside, and small helpers every layer needs.
 */
#ifndef RUNTIME_BASE_NUM_H
#define RUNTIME_BASE_NUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* false on overflow; *ret is then untouched */
#define num_add(a, b, ret) (!__builtin_add_overflow((a), (b), (ret)))
#define num_mul(a, b, ret) (!__builtin_mul_overflow((a), (b), (ret)))

/* n rounded up to a multiple of align, a power of two. The caller knows that it cannot wrap. */
static inline size_t num_align(size_t n, size_t align)
{
	return (n + align - 1) & ~(align - 1);
}

static inline size_t num_min(size_t a, size_t b)
{
	return a < b ? a : b;
}

static inline size_t num_max(size_t a, size_t b)
{
	return a > b ? a : b;
}

/*
 * A size such as 64M, 2G, 512K or 4096 (powers of 1024; B and iB may follow the letter).
 * 0, or -EINVAL / -ERANGE with *ret_bytes untouched.
 */
int num_parse_size(const char *s, uint64_t *ret_bytes);

/* A duration such as 500ms, 2s, 1.5s, 1m, 1h, 250us; a bare number is seconds. In nanoseconds. */
int num_parse_time(const char *s, uint64_t *ret_ns);

/* A whole decimal number between min and max. */
int num_parse_u64(const char *s, uint64_t min, uint64_t max, uint64_t *ret);

#endif
