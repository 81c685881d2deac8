/*
 * Value types. A valtype is one word: the low byte is the kind; for references the next bits say
 * nullability and what is referred to, so that typed references (3.0) need no second
 * representation. A type index in a value type is canonical: the smallest index of an equal type
 * in the module. So equal types are equal words, and arrays of them compare as memory.
 *
 *	 31           9   8      7..0
 *	┌──────────────┬────┬───────────┐
 *	│ heap type    │null│ kind      │	a type index, or WASM_HEAP_ABSTRACT + heap type code
 *	└──────────────┴────┴───────────┘
 */
#ifndef RUNTIME_WASM_TYPE_H
#define RUNTIME_WASM_TYPE_H

#include <stdbool.h>
#include <stdint.h>

typedef uint32_t wasm_valtype;

/*
 * The kinds are the binary format's codes (core spec 5.3), but for REF, which stands for all
 * references.
 */
enum wasm_kind {
	WASM_KIND_NONE = 0,	/* polymorphic bottom, in unreachable code only */
	WASM_KIND_I32 = 0x7f,
	WASM_KIND_I64 = 0x7e,
	WASM_KIND_F32 = 0x7d,
	WASM_KIND_F64 = 0x7c,
	WASM_KIND_V128 = 0x7b,
	WASM_KIND_I8 = 0x78,	/* fields of structs and arrays only */
	WASM_KIND_I16 = 0x77,
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

/* Abstract heap types */
#define WASM_HEAP_FUNC (WASM_HEAP_ABSTRACT + 0x70)
#define WASM_HEAP_EXTERN (WASM_HEAP_ABSTRACT + 0x6f)
#define WASM_HEAP_ANY (WASM_HEAP_ABSTRACT + 0x6e)
#define WASM_HEAP_EQ (WASM_HEAP_ABSTRACT + 0x6d)
#define WASM_HEAP_I31 (WASM_HEAP_ABSTRACT + 0x6c)
#define WASM_HEAP_STRUCT (WASM_HEAP_ABSTRACT + 0x6b)
#define WASM_HEAP_ARRAY (WASM_HEAP_ABSTRACT + 0x6a)
#define WASM_HEAP_EXN (WASM_HEAP_ABSTRACT + 0x69)
#define WASM_HEAP_NONE (WASM_HEAP_ABSTRACT + 0x71)
#define WASM_HEAP_NOEXTERN (WASM_HEAP_ABSTRACT + 0x72)
#define WASM_HEAP_NOFUNC (WASM_HEAP_ABSTRACT + 0x73)
#define WASM_HEAP_NOEXN (WASM_HEAP_ABSTRACT + 0x74)
#define WASM_FUNCREF WASM_REF(true, WASM_HEAP_FUNC)
#define WASM_EXTERNREF WASM_REF(true, WASM_HEAP_EXTERN)
#define WASM_EXNREF WASM_REF(true, WASM_HEAP_EXN)

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

/* Whether a heap type (wasm_heap) is a type index. */
static inline bool wasm_heap_is_index(uint32_t heap)
{
	return heap < WASM_HEAP_ABSTRACT;
}

/* Whether a local of this type starts with a value: all but references that cannot be null. */
static inline bool wasm_has_default(wasm_valtype t)
{
	return !wasm_is_ref(t) || (t & WASM_TYPE_NULLABLE);
}

/* Bytes of a value in a frame slot: 16 for v128, else 8. */
static inline uint32_t wasm_slot_size(wasm_valtype t)
{
	return wasm_kind(t) == WASM_KIND_V128 ? 16 : 8;
}

/*
 * Whether a value of type a may stand where b is wanted. References need the module for type
 * indices.
 */
struct wasm_module;
bool wasm_subtype(const struct wasm_module *m, wasm_valtype a, wasm_valtype b);
bool wasm_heap_subtype(const struct wasm_module *m, uint32_t a, uint32_t b);

/* func, any, extern or exn: the abstract type above all that a heap type is related to. */
uint32_t wasm_heap_top(const struct wasm_module *m, uint32_t heap);

/* "i32", "(ref null func)"...: into buf, which is returned. */
#define WASM_TYPE_NAME 40
const char *wasm_type_name(wasm_valtype t, char buf[WASM_TYPE_NAME]);

/*
 * A function type; for a struct or array type (struct wasm_subtype) one without parameters and
 * results.
 */
struct wasm_functype {
	uint32_t nparams, nresults;
	const wasm_valtype *params;	/* results follow in the same array */
	const wasm_valtype *results;
	uint32_t canon;			/* smallest index of an equal type in this module */
};

bool wasm_functype_equal(const struct wasm_functype *a, const struct wasm_functype *b);

enum wasm_typekind { WASM_TYPE_FUNC = 0x60, WASM_TYPE_STRUCT = 0x5f, WASM_TYPE_ARRAY = 0x5e };

struct wasm_field {
	wasm_valtype type;	/* also I8 and I16 */
	bool mut;
};

/* What 3.0 adds to a type: kind, place in the subtype order, recursion group. */
struct wasm_subtype {
	uint8_t kind;			/* enum wasm_typekind */
	bool final;
	uint8_t depth;			/* of supertypes */
	uint32_t super;			/* canonical index, or WASM_NONE */
	uint32_t group, group_len;	/* its recursion group: first type, number of types */
	uint32_t nfields;		/* 1 for arrays */
	const struct wasm_field *fields;
};

#endif
