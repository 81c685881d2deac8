/* Where the parts of a module's context lie below r13 (vmctx.h). */
#include <assert.h>
#include <errno.h>

#include "jit/vmctx.h"
#include "runtime/base/num.h"

#define CONTEXT_MAX ((uint64_t)1 << 30)

/* Takes n items of size bytes below *top; returns their displacement. */
static int32_t place_slots(uint64_t *top, uint64_t n, uint64_t size)
{
	*top = num_align(*top + n * size, 16);
	assert(*top <= CONTEXT_MAX);
	return -(int32_t)*top;
}

int jit_layout_init(struct jit_layout *l, const struct wasm_module *m)
{
	struct jit_layout r = { 0 };
	uint64_t top = sizeof(struct jit_vmctx);

	if (m->ntypes * 4ull + m->nmemories * 16ull + m->ntables * 32ull +
	    m->imported_funcs * 32ull + m->nglobals * 16ull + m->nfuncs * 9ull >
		    CONTEXT_MAX - 65536)
		return -EFBIG;
	r.sigs = place_slots(&top, m->ntypes, sizeof(uint32_t));
	r.memories = place_slots(&top, m->nmemories, sizeof(struct jit_memory));
	r.tables = place_slots(&top, m->ntables, sizeof(struct jit_table));
	r.imports = place_slots(&top, m->imported_funcs, sizeof(struct jit_callee));
	r.globals = place_slots(&top, m->nglobals, 16);
	r.slots = place_slots(&top, m->nfuncs - m->imported_funcs, sizeof(void *));
	r.heads = place_slots(&top, m->nfuncs - m->imported_funcs, 1);
	r.carry = place_slots(&top, JIT_CARRY_MAX, 16);
	r.size = (uint32_t)num_align(top, 4096);
	/* the order of the drawing in vmctx.h: nothing overlaps */
	assert(r.carry <= r.heads && r.heads <= r.slots && r.slots <= r.globals &&
	       r.globals <= r.imports && r.imports <= r.tables && r.tables <= r.memories &&
	       r.memories <= r.sigs && -(int64_t)r.carry <= r.size);
	*l = r;
	return 0;
}
