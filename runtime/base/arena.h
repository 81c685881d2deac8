/*
 * Memory with one lifetime: allocated piece by piece, dropped whole.
 *
 * Compilers have two, a module's and a function's. Pieces are zeroed and aligned to 16 bytes.
 * When the system has no memory, arena_alloc returns NULL.
 */
#ifndef RUNTIME_BASE_ARENA_H
#define RUNTIME_BASE_ARENA_H

#include <stddef.h>

struct arena_chunk;

struct arena {
	struct arena_chunk *chunks;	/* newest first */
	char *at, *end;			/* free part of the newest chunk */
	size_t used;			/* bytes in all chunks */
};

void arena_init(struct arena *a);
void arena_done(struct arena *a);

/* Drops all pieces but keeps one chunk, of at most 1 MiB, for the next user. */
void arena_reset(struct arena *a);

/* Zeroed, 16-byte aligned; NULL when out of memory. */
void *arena_alloc(struct arena *a, size_t size);

/* n items of size bytes; NULL also when n * size wraps. */
void *arena_array(struct arena *a, size_t n, size_t size);

/* A NUL-terminated copy of n bytes. */
char *arena_strndup(struct arena *a, const char *s, size_t n);

#endif
