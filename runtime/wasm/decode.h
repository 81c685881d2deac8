/*
 * Inside the decoder: what its files share. Not for other folders.
 */
#ifndef RUNTIME_WASM_DECODE_H
#define RUNTIME_WASM_DECODE_H

#include "runtime/base/err.h"
#include "runtime/base/reader.h"
#include "runtime/wasm/body.h"
#include "runtime/wasm/module.h"

struct wasm_decoder {
	struct wasm_module *m;
	struct reader r;		/* the section; offsets count from the module's start */
	struct wsbox_err *err;
	struct arena scratch;		/* dropped after decoding */
	struct wasm_body expr;		/* walks constant expressions */
	bool expr_ready;
	bool outline;			/* bodies are stepped over */
	uint32_t nbodies;		/* functions the function section declared */
	uint32_t types_cap;		/* room in m->types and m->subs */
};

struct wasm_section_row {
	uint8_t id;
	const char *name;
	int (*read)(struct wasm_decoder *d);
};

static inline bool wasm_has(const struct wasm_module *m, enum wasm_feature f)
{
	return m->features >> f & 1;
}

/* Turns the reader's failure into *err: -ENOEXEC. For use when !reader_ok(r). */
int wasm_malformed(const struct reader *r, struct wsbox_err *err);

int wasm_no_memory(struct wsbox_err *err);

/*
 * Reads a value type (core spec 5.3.3), checks that its feature is on and its type index known.
 * -ENOEXEC with err. wasm_heap_read() reads a heap type alone, as ref.null has it.
 */
int wasm_valtype_read(const struct wasm_module *m, struct reader *r, wasm_valtype *ret,
		      struct wsbox_err *err);
int wasm_heap_read(const struct wasm_module *m, struct reader *r, uint32_t *ret_heap,
		   struct wsbox_err *err);

/* A reference type: as a value type, but anything else is "malformed reference type". */
int wasm_reftype_read(const struct wasm_module *m, struct reader *r, wasm_valtype *ret,
		      struct wsbox_err *err);

/*
 * The count of a vector whose items take at least min bytes each: checked against what is left of
 * the section and against max, so that a count allocates nothing the input does not pay for.
 */
int wasm_count_read(struct wasm_decoder *d, const char *what, uint32_t max, uint32_t min,
		    uint32_t *ret);

/* An array of n zeroed items in the module's arena, or NULL with err set. */
void *wasm_decode_array(struct wasm_decoder *d, size_t n, size_t size);

/* The type section. */
int wasm_decode_types(struct wasm_decoder *d);

/* Import, function, table, memory, tag, global, export, start sections. */
int wasm_decode_imports(struct wasm_decoder *d);
int wasm_decode_functions(struct wasm_decoder *d);
int wasm_decode_tables(struct wasm_decoder *d);
int wasm_decode_memories(struct wasm_decoder *d);
int wasm_decode_tags(struct wasm_decoder *d);
int wasm_decode_globals(struct wasm_decoder *d);
int wasm_decode_exports(struct wasm_decoder *d);
int wasm_decode_start(struct wasm_decoder *d);

/* Element, data count, code, data sections. */
int wasm_decode_elems(struct wasm_decoder *d);
int wasm_decode_datacount(struct wasm_decoder *d);
int wasm_decode_code(struct wasm_decoder *d);
int wasm_decode_datas(struct wasm_decoder *d);

/* Validates the constant expression at d->r as one of type want, steps over it. */
int wasm_decode_expr(struct wasm_decoder *d, wasm_valtype want, struct wasm_expr *ret);

/* Sets the bit of function f in m->declared. */
static inline void wasm_declare(struct wasm_module *m, uint32_t f)
{
	m->declared[f / 8] |= (uint8_t)(1 << f % 8);
}

#endif
