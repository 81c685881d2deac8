/*
 * Growing arrays. A vector is a struct with three members, made by VEC(type); the macros work on
 * any.
 *
 *	struct VEC(uint32_t) offs = {0};
 *	if (!vec_push(&offs, 7))
 *		return -ENOMEM;
 *	vec_done(&offs);
 */
#ifndef RUNTIME_BASE_VEC_H
#define RUNTIME_BASE_VEC_H

#include <stdbool.h>
#include <stddef.h>

#define VEC(type) { type *at; size_t len, cap; }

/* Room for n more items. false when out of memory; the vector is then as it was. */
#define vec_reserve(v, n) \
	((v)->cap - (v)->len >= (size_t)(n) || \
	 vec_grow_((void **)&(v)->at, &(v)->cap, (v)->len, (size_t)(n), sizeof(*(v)->at)))

#define vec_push(v, item) \
	(vec_reserve(v, 1) && ((v)->at[(v)->len++] = (item), true))

#define vec_done(v) vec_free_((void **)&(v)->at, &(v)->len, &(v)->cap)

bool vec_grow_(void **at, size_t *cap, size_t len, size_t more, size_t size);
void vec_free_(void **at, size_t *len, size_t *cap);

#endif
