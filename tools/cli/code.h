/*
 * Where a run gets its code: from the cache, or from a compiler, whose work is then kept. That the
 * cache cannot be used is never an error of the run; -v and --stats tell why.
 */
#ifndef TOOLS_CLI_CODE_H
#define TOOLS_CLI_CODE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "tools/cache/cache.h"
#include "runtime/base/cell.h"

/* X(ID, name in the statistics) */
#define CODE_RESULTS(X) \
	X(OFF, "off") \
	X(UNUSABLE, "unusable") \
	X(MISS, "miss") \
	X(HIT, "hit") \
	X(PRECOMPILED, "precompiled")

enum code_result {
#define X(id, name) CODE_##id,
	CODE_RESULTS(X)
#undef X
};

struct code {
	struct cache cache;		/* open from CODE_MISS on */
	enum code_result result;
	struct cache_item item;		/* what to keep; its recipe is set from CODE_MISS on */
	struct cache_found found;	/* of a hit; the descriptor is the session's module */
	uint64_t image_off, image_size;	/* from CODE_HIT on: in the session's module file */
	bool sealed;			/* the image is, and the instance was told */
	bool stored;
	uint64_t ns_find, ns_hash, ns_store;
	struct wsbox_err err;		/* why it was not used, or not kept; code 0: neither */
	bool writing;			/* writer runs */
	pthread_t writer;
};

struct session;

/*
 * Opens FILE for a session and looks for its code, in the file itself or in the cache: fills in
 * the session's module. 0, or negative with the session's err set.
 */
int code_open(struct session *s, enum cell_role role);

/* Tells the instance that this image, which must be sealed, is complete. 0 or -errno. */
int code_send(struct session *s, int fd);

/* Whether better code may take the place of what the guest starts on, while it runs. */
bool code_replaceable(const struct session *s);

/*
 * Begins to keep the image that a compiler made, beside the session, once an instance found nothing
 * wrong with it; waits until that is done.
 */
void code_keep(struct session *s);
void code_done(struct session *s);

/* Whether the guest starts on code of the optimizing tier. */
bool code_optimized(const struct session *s);

const char *code_result_name(enum code_result result);

#endif
