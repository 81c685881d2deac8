/*
 * The image on its way into its file. What a batch of functions became is placed and written while
 * it is still in the cache, in the order of the batches, so that no second copy of all the code is
 * held; what is known only at the end (calls forward, the tables, the head) is written then.
 */
#ifndef JIT_WRITER_H
#define JIT_WRITER_H

#include "jit/compile.h"
#include "jit/tier.h"
#include "runtime/base/arena.h"

struct jit_reloc;

/* What a batch became; offsets in its code. Borrowed. */
struct jit_piece {
	uint8_t *code;
	struct jit_site *sites;		/* by pc */
	struct jit_reloc *relocs;
	struct jit_handler *handlers;	/* by pc */
	struct jit_line *lines;		/* by pc */
	struct jit_osr *osrs;		/* by at */
	uint32_t nosrs;
	uint32_t size, nsites, nrelocs, nhandlers;
	size_t nlines;
};

/* What is kept of it until the end; offsets in text. */
struct jit_written {
	struct jit_site *sites;
	struct jit_handler *handlers;
	struct jit_reloc *relocs;	/* of functions that come later */
	struct jit_osr *osrs;
	uint32_t nsites, nhandlers, nrelocs, nosrs;
};

struct jit_writer {
	const struct wasm_module *m;
	const struct jit_options *options;
	int fd;				/* -1: nothing is written */
	struct jit_entry *entries;	/* borrowed: of defined functions */
	uint64_t text_off;		/* in the image */
	uint64_t text;			/* bytes of text so far */
	uint64_t nsites, nhandlers, nosrs;
	struct jit_written *parts;	/* of each batch */
	uint32_t nparts, parts_max;
	struct arena arena;		/* of what parts point to */
};

/* For nbatches batches. entries are batch by batch made good by jit_writer_add(). false: memory. */
bool jit_writer_init(struct jit_writer *w, const struct wasm_module *m,
		     const struct jit_options *options, int fd, struct jit_entry *entries,
		     uint32_t nbatches);
void jit_writer_done(struct jit_writer *w);

/*
 * The next batch: n functions from `first`, 0-based and defined, whose entries are offsets in its
 * code and become offsets in text. Changes the piece. 0, -ENOMEM, -EOVERFLOW (text is too
 * large), or the error of a write.
 */
int jit_writer_add(struct jit_writer *w, uint32_t first, uint32_t n, const struct jit_piece *p);

/* After the last: sets in h where everything is, and writes the rest. As jit_writer_add(). */
int jit_writer_finish(struct jit_writer *w, struct jit_image *h);

#endif
