/* What the files of this layer share. */
#ifndef TOOLS_CACHE_INTERNAL_H
#define TOOLS_CACHE_INTERNAL_H

#include <sys/stat.h>

#include "tools/cache/cache.h"

#define CACHE_CODE_SUFFIX ".code"
#define CACHE_SEEN_SUFFIX ".seen"
#define CACHE_FILL_SUFFIX ".fill"
#define CACHE_TEMP_PREFIX "tmp-"

/* "cannot do what: reason" in err; returns code. */
int cache_cannot(struct wsbox_err *err, int code, const char *what);

/* 0, or -EPERM with err: not of this kind (S_IFREG or S_IFDIR), not ours, or open to others. */
int cache_check_owner(const struct stat *st, mode_t kind, const char *name, struct wsbox_err *err);

/*
 * Opens a file of the directory for reading and checks whose it is. The descriptor; -ENOENT
 * without err; -errno with err (may be NULL).
 */
int cache_file_open(const struct cache *c, const char *name, struct stat *ret,
		    struct wsbox_err *err);

/* A file being written. */
struct cache_temp {
	int fd;
	char name[CACHE_FILE_NAME];
};

int cache_temp_open(const struct cache *c, struct cache_temp *ret);

/* Gives it this name, in place of what may have it. */
int cache_temp_publish(const struct cache *c, struct cache_temp *t, const char *name);

/* Closes and, if it was not published, removes it. */
void cache_temp_done(const struct cache *c, struct cache_temp *t);

void cache_fill_name(const uint8_t name[SHA256_BYTES], char ret[CACHE_FILE_NAME]);
void cache_code_name(const uint8_t name[SHA256_BYTES], char ret[CACHE_FILE_NAME]);
void cache_seen_name(uint64_t dev, uint64_t ino, uint64_t mount, char ret[CACHE_FILE_NAME]);

/* Removes the file unless somebody holds a lock on it. */
void cache_remove_unlocked(const struct cache *c, const char *name);

/* A header's form: magic, version, sizes that add up to the file's. 0 or -EBADMSG with err. */
int cache_entry_check(const struct cache_entry *e, uint64_t file_size, struct wsbox_err *err);

/* The MAC of the file whose bytes these are. */
void cache_entry_mac(const struct cache *c, const struct cache_entry *e, const void *image,
		     const void *module, uint8_t ret[SHA256_BYTES]);

/*
 * Copies the file into a sealed memfd and checks all of the copy. The descriptor of it, or -errno
 * with err.
 */
int cache_copy_checked(const struct cache *c, int fd, struct cache_entry *ret,
		       struct wsbox_err *err);

static inline void cache_step(const char *step)
{
	if (cache_test_step)
		cache_test_step(step);
}

#endif
