/*
 * A decoded module: every section but the function bodies, which stay bytes until body.h walks
 * them.
 *
 * All arrays live in the module's arena; names and bytes point into the module's own bytes, which
 * must outlive it and must not change (a sealed memfd). Decoding checks everything in the spec's
 * module validation except bodies; after wasm_module_decode() returns 0, every index stored here
 * is in range.
 */
#ifndef RUNTIME_WASM_MODULE_H
#define RUNTIME_WASM_MODULE_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "runtime/base/arena.h"
#include "runtime/base/err.h"
#include "runtime/wasm/feature.h"
#include "runtime/wasm/type.h"

/* Named limits (documented in wsbox(1)); beyond each: "... exceeds the limit of N". */
enum wasm_limit {
	WASM_MAX_MODULE = 1 << 30,	/* bytes */
	WASM_MAX_TYPES = 1000000,
	WASM_MAX_FUNCTIONS = 1000000,
	WASM_MAX_IMPORTS = 100000,
	WASM_MAX_EXPORTS = 1000000,
	WASM_MAX_GLOBALS = 1000000,
	WASM_MAX_TABLES = 100,
	WASM_MAX_MEMORIES = 100,
	WASM_MAX_SEGMENTS = 100000,
	WASM_MAX_PARAMS = 1000,
	WASM_MAX_RESULTS = 1000,
	WASM_MAX_LOCALS = 50000,
	WASM_MAX_BODY = 7654321,	/* bytes of a function, as in the JS API's limits */
	WASM_MAX_TABLE_SIZE = 10000000,	/* entries of a segment; of a table when it is made */
	WASM_MAX_NAME = 100000,
	WASM_MAX_TAGS = 1000000,
	WASM_MAX_FIELDS = 10000,
	WASM_MAX_SUPERTYPES = 63,
	WASM_MAX_STACK = 100000,	/* operands on a function's stack */
	WASM_MAX_DEPTH = 500000,	/* nested blocks */
	WASM_MAX_MEMORY_PAGES = 65536,	/* of a 32-bit memory */
};


struct wasm_name {
	const char *at;		/* UTF-8, not NUL-terminated */
	uint32_t len;
};

static inline bool wasm_name_is(const struct wasm_name *n, const char *s)
{
	return n->len == strlen(s) && !memcmp(n->at, s, n->len);
}

enum wasm_extern {		/* the binary format's codes */
	WASM_EXTERN_FUNC, WASM_EXTERN_TABLE, WASM_EXTERN_MEMORY, WASM_EXTERN_GLOBAL,
	WASM_EXTERN_TAG,
};

struct wasm_limits {
	uint64_t min, max;	/* max is UINT64_MAX when absent */
	bool has_max, is64, shared;
};

struct wasm_tabletype {
	wasm_valtype elem;
	struct wasm_limits limits;
};

struct wasm_memtype {
	struct wasm_limits limits;	/* in pages */
	uint8_t page_log2;		/* 16, or 0 with custom page sizes */
};

struct wasm_globaltype {
	wasm_valtype type;
	bool mut;
};

/* A constant expression: bytes up to and including `end`, validated; expr.h evaluates it. */
struct wasm_expr {
	const uint8_t *at;
	uint32_t len;
};

struct wasm_import {
	struct wasm_name module, name;
	uint8_t kind;		/* enum wasm_extern */
	uint32_t index;		/* in the index space of its kind */
};

struct wasm_export {
	struct wasm_name name;
	uint8_t kind;
	uint32_t index;
};

struct wasm_func {
	uint32_t type;		/* index into types */
	uint32_t body_len;	/* 0 for imports */
	const uint8_t *body;	/* after its size: locals' declarations, code. NULL: imported */
};

struct wasm_table {
	struct wasm_tabletype type;
	struct wasm_expr init;	/* len 0: null references */
};

struct wasm_global {
	struct wasm_globaltype type;
	struct wasm_expr init;	/* len 0 for imports */
};

struct wasm_tag {
	uint32_t type;		/* a function type without results */
};

enum wasm_segment_mode { WASM_SEGMENT_ACTIVE, WASM_SEGMENT_PASSIVE, WASM_SEGMENT_DECLARED };

struct wasm_elem {
	uint8_t mode;
	wasm_valtype type;
	uint32_t table;
	struct wasm_expr offset;
	uint32_t n;
	const uint32_t *funcs;		/* n function indices, or NULL */
	const struct wasm_expr *exprs;	/* n expressions, or NULL */
};

struct wasm_data {
	uint8_t mode;
	uint32_t memory;
	struct wasm_expr offset;
	const uint8_t *at;
	uint64_t len;
};

struct wasm_custom {
	struct wasm_name name;
	const uint8_t *at;
	size_t len;
};

#define WASM_NONE UINT32_MAX

struct wasm_module {
	const uint8_t *bytes;
	size_t size;
	wasm_features features;		/* that it may use */
	struct arena arena;
	uint32_t ntypes, nimports, nfuncs, ntables, nmemories, nglobals, nexports, nelems, ndatas,
		ncustoms, ntags;
	/* of the index spaces, how many come from imports (they come first) */
	uint32_t imported_funcs, imported_tables, imported_memories, imported_globals,
		imported_tags;
	struct wasm_functype *types;
	struct wasm_subtype *subs;	/* beside types */
	struct wasm_import *imports;
	struct wasm_func *funcs;
	struct wasm_table *tables;
	struct wasm_memtype *memories;
	struct wasm_global *globals;
	struct wasm_export *exports;
	struct wasm_elem *elems;
	struct wasm_data *datas;
	struct wasm_custom *customs;
	struct wasm_tag *tags;
	uint32_t *export_order;		/* exports sorted by name */
	uint32_t start;			/* function index or WASM_NONE */
	bool has_datacount;
	uint32_t datacount;
	const uint8_t *code;		/* the bodies, each after its size */
	uint64_t code_bytes;		/* of them */
	bool any_memory64;		/* a memory has 64-bit addresses */
	/* bit per function: ref.func may name it (core spec 3.4.1, refs) */
	uint8_t *declared;
};

/*
 * Decodes and validates all but bodies. 0, or -ENOEXEC / -ENOMEM with err set: malformed
 * ("unexpected end"...), invalid ("unknown type 7"...), over a limit, or uses a feature that is
 * off ("... -W simd=y"). Message texts begin with the words the spec suite expects. On failure *m
 * is as after wasm_module_done().
 */
int wasm_module_decode(struct wasm_module *m, const void *bytes, size_t size,
		       wasm_features features, struct wsbox_err *err);
void wasm_module_done(struct wasm_module *m);

/*
 * The same of a module whose code is compiled by others: the bodies are stepped over, which takes
 * no time however many there are. Their places in funcs are not set until wasm_module_bodies(),
 * which finds what is wrong with them (0, or -ENOEXEC with err).
 */
int wasm_module_outline(struct wasm_module *m, const void *bytes, size_t size,
			wasm_features features, struct wsbox_err *err);
int wasm_module_bodies(struct wasm_module *m, struct wsbox_err *err);

/* "type", "import"...; NULL for an id that is no section's. */
const char *wasm_section_name(uint8_t id);

/* The type of function index f. */
static inline const struct wasm_functype *wasm_func_type(const struct wasm_module *m, uint32_t f)
{
	return &m->types[m->funcs[f].type];
}

/* NULL if there is no such export. */
const struct wasm_export *wasm_export_find(const struct wasm_module *m, const char *name,
					   size_t len);

/*
 * A name for people, in buf, of which size is at least 1: as much of it as fits, in whole
 * characters, and printable (err_printable()).
 */
const char *wasm_name_show(const struct wasm_name *name, char *buf, size_t size);

/*
 * The function's name from the name section (malformed ones are ignored), then exports, else
 * "func[N]". Into buf, as wasm_name_show() does.
 */
const char *wasm_func_name(const struct wasm_module *m, uint32_t f, char *buf, size_t size);

/*
 * The same names of all functions, in time linear in the module: m->nfuncs of them, len 0 where
 * there is none, as text by wasm_name_text().
 */
void wasm_func_names(const struct wasm_module *m, struct wasm_name *ret);
const char *wasm_name_text(const struct wasm_name *name, uint32_t f, char *buf, size_t size);

/* The proposals it uses, as far as types, spaces and opcodes show; bodies need not be valid. */
wasm_features wasm_module_uses(const struct wasm_module *m);

/* The module's own name from the name section; false if it has none. */
bool wasm_module_name(const struct wasm_module *m, struct wasm_name *ret);

#endif
