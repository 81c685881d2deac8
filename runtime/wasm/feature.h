/*
 * The proposals a module may use, one row each: the names of `-W NAME=y|n`, of error messages and
 * of `wsbox features`.
 *
 *	F(enumerator, "name", default, VALIDATED, COMPILED, needs, "help")
 *
 * default: on when nothing is said. VALIDATED: decoder and validator know it. COMPILED: the
 * baseline compiler does. A row that is not both cannot be switched on by a user; tests of the
 * validator set its bit themselves.
 */
#ifndef RUNTIME_WASM_FEATURE_H
#define RUNTIME_WASM_FEATURE_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/base/err.h"

#define WASM_FEATURE_TABLE(F) \
	F(MVP, "mvp", 1, 1, 1, 0, "WebAssembly 1.0; cannot be switched off") \
	F(MUTABLE_GLOBALS, "mutable-globals", 1, 1, 1, 0, \
	  "mutable globals as imports and exports") \
	F(SIGN_EXTENSION, "sign-extension", 1, 1, 1, 0, "i32.extend8_s and its like") \
	F(NONTRAPPING_FPTOINT, "nontrapping-fptoint", 1, 1, 1, 0, \
	  "saturating conversions of floats") \
	F(MULTI_VALUE, "multi-value", 1, 1, 1, 0, "several results; parameters of blocks") \
	F(BULK_MEMORY, "bulk-memory", 1, 1, 1, 0, "memory.copy, memory.fill, passive segments") \
	F(REFERENCE_TYPES, "reference-types", 1, 1, 1, 0, "externref, several tables, table.get") \
	F(SIMD, "simd", 1, 1, 1, 0, "128-bit vectors") \
	F(EXTENDED_CONST, "extended-const", 1, 1, 1, 0, \
	  "add, sub and mul in constant expressions") \
	F(MULTI_MEMORY, "multi-memory", 1, 1, 1, 0, "several memories in a module") \
	F(MEMORY64, "memory64", 1, 1, 1, 0, "memories and tables with 64-bit addresses") \
	F(TAIL_CALL, "tail-call", 1, 1, 1, 0, "return_call and return_call_indirect") \
	F(FUNCTION_REFERENCES, "function-references", 1, 1, 1, B(REFERENCE_TYPES), \
	  "(ref $t), call_ref") \
	F(GC, "gc", 0, 1, 0, B(REFERENCE_TYPES) | B(FUNCTION_REFERENCES), \
	  "structs, arrays, i31, subtyping") \
	F(EXCEPTIONS, "exceptions", 1, 1, 1, B(REFERENCE_TYPES), "tags, throw, try_table, exnref") \
	F(RELAXED_SIMD, "relaxed-simd", 1, 1, 1, B(SIMD), \
	  "vector instructions whose corner cases vary") \
	F(THREADS, "threads", 0, 1, 0, 0, "atomics and shared memories") \
	F(WIDE_ARITHMETIC, "wide-arithmetic", 0, 1, 0, 0, "128-bit add, sub and mul") \
	F(CUSTOM_PAGE_SIZES, "custom-page-sizes", 0, 1, 1, 0, "memories in pages of one byte")

enum wasm_feature {
#define F(name, ...) WASM_FEATURE_##name,
	WASM_FEATURE_TABLE(F)
#undef F
	WASM_FEATURES,
};

/* A set of features: bit WASM_FEATURE_x. */
typedef uint64_t wasm_features;
#define WASM_FEATURE_BIT(name) ((wasm_features)1 << WASM_FEATURE_##name)

struct wasm_feature_row {
	const char *name, *help;
	wasm_features needs;	/* switched on with it, and it is switched off with them */
	bool on, validated, compiled;
};

extern const struct wasm_feature_row wasm_feature_rows[WASM_FEATURES];

/* What is on when nothing is said. */
wasm_features wasm_features_default(void);

/* Everything decoder and validator know, whether or not there is a compiler for it. */
wasm_features wasm_features_validated(void);

/*
 * Applies "NAME=y" or "NAME=n" (also yes, no, on, off, true, false, or NAME alone for y) to *f. 0,
 * or -EINVAL (no such feature, bad value), -ENOTSUP (not supported yet) with err and *f untouched.
 */
int wasm_features_set(wasm_features *f, const char *spec, struct wsbox_err *err);

/*
 * The module needs a feature that is off: sets err to "WHAT needs ...", with what to do about it.
 * WHAT begins a message in words the caller chose ("i8x16.add", "a second memory"). Returns
 * -ENOEXEC.
 */
int wasm_feature_off(enum wasm_feature feature, uint64_t offset, const char *what,
		     struct wsbox_err *err);

#endif
