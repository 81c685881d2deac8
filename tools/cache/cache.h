/*
 * The code cache: compiled modules kept on disk, so that a second run starts no compiler.
 *
 *	DIR/key			32 random bytes: the key of all MACs here
 *	DIR/<name>.code		an entry: header, code image, module (format.h)
 *	DIR/<file>.seen		what a file holds, as long as the file stays as it was (seen below)
 *	DIR/<name>.fill		an entry that is being made in the background, or why that failed;
 *				locked by who makes it
 *	DIR/tmp-<random>	being written; locked by its writer
 *
 * Native code is authority: who can write an entry decides what instances run. So only the
 * supervisor writes here, each user in a directory of his own that nobody else may even enter:
 * mode 0700, owner and kind checked on the descriptor, at no place a symbolic link followed. Every
 * entry has a MAC over all of it, with a key that lies beside it: it proves that this wsbox wrote
 * the entry and the disk kept it, and turns any damage into a compilation. It does not defend
 * against the user himself or root, who can replace wsbox as well.
 *
 * An entry is used in one of two ways.
 *	mapped	as the file it is, when a record says that its bytes were already checked or
 *		written by us, in this boot, and its inode is the same and has not changed since
 *		(size, mtime, ctime). Nothing is copied and its pages are shared by all instances.
 *	copied	else: into a sealed memfd, whose MAC is checked; then the record is written.
 * A module's file gets the same kind of record, of its SHA-256, so that it is not read again.
 * There the name of the mount is compared too, and the record is made only when the file had been
 * left alone for some time, longer than clocks of file systems are coarse: a later change then has
 * another ctime. Who can change the module without that (by a shared mapping) makes an older
 * content of his own file run; he gains nothing by it. Only kernel file systems with kernel-made
 * timestamps count; on others everything is hashed and copied at each run.
 *
 * Entries and records are published whole, by rename. Fifty processes may use the directory at
 * once; killing one at any moment leaves at most a temporary file, which the next writer removes.
 * Nothing waits for the disk: what a crash of the system tears is of an earlier boot, so that no
 * record vouches for it, and its MAC is wrong.
 */
#ifndef TOOLS_CACHE_CACHE_H
#define TOOLS_CACHE_CACHE_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "tools/cache/format.h"
#include "runtime/base/err.h"
#include "runtime/base/vec.h"

#define CACHE_LIMIT_DEFAULT (1ull << 30)	/* bytes, as of WSBOX_CACHE_SIZE */

struct cache {
	int dir;			/* -1: closed */
	uint64_t limit;			/* bytes of all entries together; 0: nothing is stored */
	uint8_t key[SHA256_BYTES];
	char boot[CACHE_BOOT];		/* the kernel's boot_id */
	bool new_key;			/* the key was missing or bad: no entry is valid any more */
};

/*
 * The directory by the environment: WSBOX_CACHE_DIR, else /var/cache/wsbox for root, else
 * XDG_CACHE_HOME/wsbox or HOME/.cache/wsbox. -ENOENT with err when there is none.
 */
int cache_path(char ret[PATH_MAX], struct wsbox_err *err);

/*
 * Opens the directory and reads its key; makes what is missing. -errno with err when it cannot be
 * had or is not ours alone.
 */
int cache_open(const char *path, struct cache *ret, struct wsbox_err *err);
void cache_close(struct cache *c);

/* What fills the name of an entry. */
void cache_name(const struct cache_recipe *recipe, uint8_t ret[SHA256_BYTES]);

/* "unknown" for a number that is no tier. */
const char *cache_tier_name(uint32_t tier);

/* An entry in use. */
struct cache_found {
	int fd;				/* the caller's */
	bool mapped;			/* fd is the entry's file; else a sealed memfd */
	struct cache_entry entry;
};

/*
 * The entry for this recipe. 0; -ENOENT when there is none; -errno with err when there is one that
 * must not be used: it is to be made again.
 */
int cache_find(struct cache *c, const struct cache_recipe *recipe, struct cache_found *ret,
	       struct wsbox_err *err);

/*
 * What is to be kept. The image is a sealed memfd, the module one or, from module_off (whole
 * pages), a part of an entry.
 */
struct cache_item {
	struct cache_recipe recipe;
	int image, module;
	uint64_t image_size, module_off, module_size;
	uint64_t body_bytes, text_bytes;
	bool looks;			/* as in struct cell_compiled */
	const char *label;		/* for people: a file name */
};

/*
 * Keeps the item and removes entries not used for longest until all fit in the limit. 0; -EFBIG
 * when the item alone does not fit; -errno with err.
 */
int cache_store(struct cache *c, const struct cache_item *item, struct wsbox_err *err);

/*
 * The right to make an entry beside a run. One process has it at a time, until it ends or gives it
 * back; the file tells others of it.
 */
struct cache_fill {
	int fd;
	char file[CACHE_FILE_NAME];
};

/*
 * Takes it. 0; -EEXIST: the entry is there; -EBUSY: another process makes it; -EALREADY with err:
 * it failed less than a day ago, for this reason; -errno with err.
 */
int cache_fill_begin(struct cache *c, const struct cache_recipe *recipe, const char *label,
		     struct cache_fill *ret, struct wsbox_err *err);

/* Gives it back. why: what to tell the next day's runs instead of trying; NULL: nothing failed. */
void cache_fill_end(struct cache *c, struct cache_fill *fill, const struct wsbox_err *why);

/* What a cache_file that is a note holds. 0 or -errno with err. */
enum cache_fill_state {
	CACHE_FILL_WORKING,
	CACHE_FILL_ENDED,		/* whoever made it was ended before it was done */
	CACHE_FILL_FAILED,
};
int cache_fill_read(struct cache *c, const char *file, struct cache_note *ret,
		    enum cache_fill_state *ret_state, struct wsbox_err *err);

/*
 * What a file held when it was last looked at, if it is still the same file and unchanged. Without
 * CACHE_SEEN_MODULE's demands on the mount, CACHE_SEEN_CODE wants one that allows execution.
 */
struct cache_identity;
int cache_identify(int fd, enum cache_seen_kind kind, struct cache_identity *ret);
bool cache_seen(struct cache *c, enum cache_seen_kind kind, const struct cache_identity *id,
		uint8_t ret[SHA256_BYTES]);

/*
 * Records it. id: taken before the file was read; now: CLOCK_REALTIME at that moment. A module
 * changed shortly before is not recorded: -EAGAIN.
 */
int cache_seen_set(struct cache *c, enum cache_seen_kind kind, const struct cache_identity *id,
		   const uint8_t content[SHA256_BYTES], struct timespec now);

/* A file of the directory. */
struct cache_file {
	char name[CACHE_FILE_NAME];
	uint64_t size;
	uint64_t dev, ino;
	int64_t used;			/* seconds since 1970 */
};
struct cache_files VEC(struct cache_file);

/* All entries, the one not used for longest first. The caller frees with vec_done(). */
int cache_scan(struct cache *c, struct cache_files *ret);

/* The same of the notes of those being made. */
int cache_scan_fills(struct cache *c, struct cache_files *ret);

/*
 * Reads an entry for a listing. check: all of it, against its MAC; else the header's form only. 0
 * or -errno with err.
 */
int cache_read(struct cache *c, const char *file, bool check, struct cache_entry *ret,
	       struct wsbox_err *err);

/* Removes entries until the others take at most this many bytes, and what killed writers left. */
int cache_trim(struct cache *c, uint64_t limit);

/* Removes all but the key. */
int cache_clean(struct cache *c, uint32_t *ret_entries, uint64_t *ret_bytes);

/* Test programs that stop or kill a writer at each step have it; wsbox does not. */
__attribute__((weak)) void cache_test_step(const char *step);

#endif
