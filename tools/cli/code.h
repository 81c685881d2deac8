/*
 * Where a run gets its code: from the cache, or from a compiler, whose work is then kept. That the
 * cache cannot be used is never an error of the run; -v and --stats tell why.
 */
#ifndef TOOLS_CLI_CODE_H
#define TOOLS_CLI_CODE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "cache/cache.h"

/* X(ID, name in the statistics) */
#define CODE_RESULTS(X) \
	X(OFF, "off") \
	X(UNUSABLE, "unusable") \
	X(MISS, "miss") \
	X(HIT, "hit")

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
	bool stored;
	uint64_t ns_find, ns_hash, ns_store;
	struct wsbox_err err;		/* why it was not used, or not kept; code 0: nothing wrong */
	bool writing;			/* writer runs */
	pthread_t writer;
};

struct session;

/*
 * Opens FILE for a session and looks its code up: fills in the session's module and, of a hit, its
 * image. 0, or negative with the session's err set.
 */
int code_open(struct session *s, bool use_cache);

/* Hands the instance its image. */
void code_send(struct session *s);

/* Begins to keep the image that a compiler made, beside the session; waits until that is done. */
void code_keep(struct session *s);
void code_done(struct session *s);

const char *code_result_name(enum code_result result);

#endif
