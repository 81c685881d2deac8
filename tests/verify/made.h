/* Images in memory, of modules that tests/diff makes from seeds. */
#ifndef TESTS_VERIFY_MADE_H
#define TESTS_VERIFY_MADE_H

#include "jit/image.h"
#include "runtime/wasm/module.h"

struct made {
	struct wasm_module m;
	uint8_t *bytes;			/* of the module */
	struct jit_image *image;	/* may be written */
};

/* Ends the program when the module does not compile. */
void made_of_seed(uint64_t seed, bool gs, struct made *ret);
void made_done(struct made *made);

static inline uint8_t *made_text(const struct made *made)
{
	return (uint8_t *)made->image + made->image->text_off;
}

static inline const uint32_t *made_entries(const struct made *made)
{
	return (const void *)((const char *)made->image + made->image->funcs_off);
}

/* Where function f ends in text, with what lies behind its code. */
static inline uint32_t made_end(const struct made *made, uint32_t f)
{
	return f + 1 < made->image->nfuncs ? made_entries(made)[f + 1] :
					     (uint32_t)made->image->text_size;
}

#endif
