/*
 * Value types. A valtype is one word: the low byte is the kind; for references the next bits say nullability
 * and what is referred to, so that typed references (3.0) need no second representation.
 *
 *	 31           9   8      7..0
 *	┌──────────────┬────┬───────────┐
 *	│ heap type    │null│ kind      │	heap type: a type index, or WASM_HEAP_ABSTRACT + abstract heap type code
 *	└──────────────┴────┴───────────┘
 */
#ifndef RUNTIME_WASM_TYPE_H
#define RUNTIME_WASM_TYPE_H

#include <stdbool.h>
#include <stdint.h>

typedef uint32_t wasm_valtype;

/* The kinds are the binary format's codes (core spec 5.3), but for REF, which stands for all references. */
enum wasm_kind {
	WASM_KIND_NONE = 0,	/* polymorphic bottom, in unreachable code only */
	WASM_KIND_I32 = 0x7f,
	WASM_KIND_I64 = 0x7e,
	WASM_KIND_F32 = 0x7d,
	WASM_KIND_F64 = 0x7c,
	WASM_KIND_V128 = 0x7b,
	WASM_KIND_REF = 0x64,
};

#define WASM_TYPE_NULLABLE (1u << 8)
#define WASM_HEAP_SHIFT 9
#define WASM_HEAP_ABSTRACT 0x400000u	/* heap type field: above every type index */
#define WASM_REF(null, heap) \
	(WASM_KIND_REF | ((null) ? WASM_TYPE_NULLABLE : 0) | ((uint32_t)(heap) << WASM_HEAP_SHIFT))

#define WASM_I32 ((wasm_valtype)WASM_KIND_I32)
#define WASM_I64 ((wasm_valtype)WASM_KIND_I64)
#define WASM_F32 ((wasm_valtype)WASM_KIND_F32)
#define WASM_F64 ((wasm_valtype)WASM_KIND_F64)
#define WASM_V128 ((wasm_valtype)WASM_KIND_V128)
#define WASM_HEAP_FUNC (WASM_HEAP_ABSTRACT + 0x70)
#define WASM_HEAP_EXTERN (WASM_HEAP_ABSTRACT + 0x6f)
#define WASM_FUNCREF WASM_REF(true, WASM_HEAP_FUNC)
#define WASM_EXTERNREF WASM_REF(true, WASM_HEAP_EXTERN)

static inline uint8_t wasm_kind(wasm_valtype t)
{
	return (uint8_t)t;
}

static inline bool wasm_is_ref(wasm_valtype t)
{
	return wasm_kind(t) == WASM_KIND_REF;
}

static inline uint32_t wasm_heap(wasm_valtype t)
{
	return t >> WASM_HEAP_SHIFT;
}

/* Bytes of a value in a frame slot: 16 for v128, else 8. */
static inline uint32_t wasm_slot_size(wasm_valtype t)
{
	return wasm_kind(t) == WASM_KIND_V128 ? 16 : 8;
}

/* Whether a value of type a may stand where b is wanted. References need the module for type indices. */
struct wasm_module;
bool wasm_subtype(const struct wasm_module *m, wasm_valtype a, wasm_valtype b);

/* "i32", "(ref null func)"...: into buf, which is returned. */
const char *wasm_type_name(wasm_valtype t, char *buf, unsigned int size);

struct wasm_functype {
	uint32_t nparams, nresults;
	const wasm_valtype *params;	/* results follow in the same array */
	const wasm_valtype *results;
	uint32_t canon;			/* smallest index of an equal type in this module */
};

bool wasm_functype_equal(const struct wasm_functype *a, const struct wasm_functype *b);

#endif
