#include "runtime/base/arena.h"

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/num.h"

#define CHUNK_MIN ((size_t)16 << 10)
#define CHUNK_MAX ((size_t)4 << 20)
#define CHUNK_KEPT ((size_t)1 << 20)	/* by arena_reset() */

struct arena_chunk {
	struct arena_chunk *next;
	size_t size;			/* of data */
	_Alignas(16) char data[];
};

void arena_init(struct arena *a, size_t limit)
{
	*a = (struct arena){ .limit = limit };
}

void arena_done(struct arena *a)
{
	struct arena_chunk *c, *next;

	for (c = a->chunks; c; c = next) {
		next = c->next;
		free(c);
	}
	arena_init(a, a->limit);
}

/* The largest chunk that is not too large to keep; NULL if there is none. */
static struct arena_chunk *chunk_kept(const struct arena *a)
{
	struct arena_chunk *kept = NULL;

	for (struct arena_chunk *c = a->chunks; c; c = c->next)
		if (c->size <= CHUNK_KEPT && (!kept || c->size > kept->size))
			kept = c;
	return kept;
}

void arena_reset(struct arena *a)
{
	struct arena_chunk *kept = chunk_kept(a), *c, *next;
	size_t used;

	if (!kept) {
		arena_done(a);
		return;
	}
	/* what was never given out is still zero: a compiler resets once a function */
	used = kept == a->chunks ? (size_t)(a->at - kept->data) : kept->size;
	for (c = a->chunks; c; c = next) {
		next = c->next;
		if (c != kept)
			free(c);
	}
	memset(kept->data, 0, used);
	kept->next = NULL;
	a->chunks = kept;
	a->at = kept->data;
	a->end = kept->data + kept->size;
	a->used = kept->size;
}

static bool grow(struct arena *a, size_t need)
{
	size_t size = a->used < CHUNK_MIN ? CHUNK_MIN : num_min(a->used, CHUNK_MAX);
	struct arena_chunk *c;

	size = num_max(size, need);
	if (a->limit && (a->used >= a->limit || size > a->limit - a->used))
		size = need;
	if (a->limit && (a->used >= a->limit || size > a->limit - a->used))
		return false;
	c = calloc(1, sizeof(*c) + size);
	if (!c)
		return false;
	c->size = size;
	c->next = a->chunks;
	a->chunks = c;
	a->at = c->data;
	a->end = c->data + size;
	a->used += size;
	return true;
}

void *arena_alloc(struct arena *a, size_t size)
{
	void *p;

	if (size > SIZE_MAX / 4)
		return NULL;
	size = num_align(size ? size : 1, 16);
	if ((size_t)(a->end - a->at) < size && !grow(a, size))
		return NULL;
	p = a->at;
	a->at += size;
	assert(a->at <= a->end);
	return p;
}

void *arena_array(struct arena *a, size_t n, size_t size)
{
	size_t bytes;

	return num_mul(n, size, &bytes) ? arena_alloc(a, bytes) : NULL;
}

char *arena_strndup(struct arena *a, const char *s, size_t n)
{
	char *p = n < SIZE_MAX ? arena_alloc(a, n + 1) : NULL;

	if (p)
		memcpy(p, s, n);
	return p;
}
