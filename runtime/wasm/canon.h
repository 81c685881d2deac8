/*
 * Canonical types (core spec 3.2.6, iso-recursive equality). As a recursion group ends it is
 * written as a string of words in which a reference into the group is relative and any other is
 * canonical already; equal strings are equal types. The table of groups is hashed with a seed of
 * this process, so that a module cannot choose collisions.
 */
#ifndef RUNTIME_WASM_CANON_H
#define RUNTIME_WASM_CANON_H

#include "runtime/base/vec.h"
#include "runtime/wasm/module.h"

struct wasm_words VEC(uint64_t);

struct wasm_canon_slot {
	uint64_t hash;
	uint32_t first;		/* type index + 1 of the group; 0: free */
};

struct wasm_canon {
	struct wasm_canon_slot *slots;	/* cap of them, a power of two; n used */
	size_t n, cap;
	uint64_t seed;
	struct wasm_words words, other;
};

void wasm_canon_init(struct wasm_canon *c);
void wasm_canon_done(struct wasm_canon *c);

/*
 * Sets canon of types from...from+len-1, which are complete, and makes what they name canonical.
 * false: no memory.
 */
bool wasm_canon_group(struct wasm_canon *c, struct wasm_module *m, uint32_t from, uint32_t len);

static inline wasm_valtype wasm_canon_type(const struct wasm_module *m, wasm_valtype t)
{
	if (!wasm_is_ref(t) || !wasm_heap_is_index(wasm_heap(t)))
		return t;
	return (t & ((1u << WASM_HEAP_SHIFT) - 1)) |
	       m->types[wasm_heap(t)].canon << WASM_HEAP_SHIFT;
}

#endif
