#include "runtime/base/arena.h"

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include "runtime/base/num.h"

#define PAGE ((size_t)4096)
#define CHUNK_MIN ((size_t)16 << 10)
/* One call for all pages of a chunk is cheaper than a fault for each, where most are used. */
#define CHUNK_POPULATED ((size_t)64 << 10)
#define CHUNK_MAX ((size_t)4 << 20)
#define CHUNK_KEPT ((size_t)1 << 20)	/* by arena_reset() */

struct arena_chunk {
	struct arena_chunk *next;
	size_t size;			/* with this head: whole pages, from mmap() */
	_Alignas(16) char data[];
};

void arena_init(struct arena *a)
{
	*a = (struct arena){ 0 };
}

void arena_done(struct arena *a)
{
	struct arena_chunk *c, *next;

	for (c = a->chunks; c; c = next) {
		next = c->next;
		(void)munmap(c, c->size);
	}
	arena_init(a);
}

static char *end_of(struct arena_chunk *c)
{
	return (char *)c + c->size;
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
	used = (size_t)((kept == a->chunks ? a->at : end_of(kept)) - kept->data);
	for (c = a->chunks; c; c = next) {
		next = c->next;
		if (c != kept)
			(void)munmap(c, c->size);
	}
	memset(kept->data, 0, used);
	kept->next = NULL;
	a->chunks = kept;
	a->at = kept->data;
	a->end = end_of(kept);
	a->used = kept->size;
}

/* need: at most SIZE_MAX / 4 */
static bool grow(struct arena *a, size_t need)
{
	size_t size = a->used < CHUNK_MIN ? CHUNK_MIN : num_min(a->used, CHUNK_MAX);
	struct arena_chunk *c;

	size = num_align(num_max(size, sizeof(*c) + need), PAGE);
	c = mmap(NULL, size, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | (size <= CHUNK_POPULATED ? MAP_POPULATE : 0), -1, 0);
	if (c == MAP_FAILED)
		return false;
	c->size = size;
	c->next = a->chunks;
	a->chunks = c;
	a->at = c->data;
	a->end = end_of(c);
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
