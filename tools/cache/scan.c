/* The directory as a whole: listing, removing what was not used for longest, cleaning. */
#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/cache/internal.h"
#include "runtime/base/fd.h"

#define SEEN_DAYS 30	/* a record or note not used for so long is of a file that is gone */

/* Digits as we write them: how many of them name begins with. */
static size_t digits(const char *name)
{
	return strspn(name, "0123456789abcdef");
}

static bool names_hash(const char *name, const char *suffix)
{
	size_t n = 2 * SHA256_BYTES;

	return digits(name) == n && !strcmp(name + n, suffix);
}

static bool names_entry(const char *name)
{
	return names_hash(name, CACHE_CODE_SUFFIX);
}

static bool names_fill(const char *name)
{
	return names_hash(name, CACHE_FILL_SUFFIX);
}

/* Three numbers: cache_seen_name(). */
static bool names_record(const char *name)
{
	for (int i = 0; i < 3; i++) {
		size_t n = digits(name);

		if (!n || (i < 2 && name[n] != '-'))
			return false;
		name += n + (i < 2);
	}
	return !strcmp(name, CACHE_SEEN_SUFFIX);
}

static bool names_temporary(const char *name)
{
	const size_t n = strlen(CACHE_TEMP_PREFIX);

	return !strncmp(name, CACHE_TEMP_PREFIX, n) && digits(name + n) == 16 && !name[n + 16];
}

/* Calls f for each name; a name that f removes does not disturb the others. */
static int each_file(struct cache *c, int (*f)(struct cache *c, const char *name, void *arg),
		     void *arg)
{
	int fd = openat(c->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), ret = 0;
	DIR *d = fd < 0 ? NULL : fdopendir(fd);

	if (!d) {
		ret = -errno;
		fd_closep(&fd);
		return ret;
	}
	for (struct dirent *e; ret == 0 && (e = readdir(d));)
		if (strlen(e->d_name) < CACHE_FILE_NAME && e->d_name[0] != '.')
			ret = f(c, e->d_name, arg);
	(void)closedir(d);
	return ret;
}

/* An entry is used when its record is. */
static int64_t last_use(struct cache *c, const struct stat *st)
{
	char name[CACHE_FILE_NAME];
	struct stat seen;

	cache_seen_name(st->st_dev, st->st_ino, 0, name);
	if (fstatat(c->dir, name, &seen, AT_SYMLINK_NOFOLLOW) < 0 || seen.st_mtime < st->st_mtime)
		return st->st_mtime;
	return seen.st_mtime;
}

struct gathering {
	bool (*wanted)(const char *name);
	struct cache_files files;
};

static int take_file(struct cache *c, const char *name, void *arg)
{
	struct gathering *g = arg;
	struct cache_file file = { 0 };
	struct stat st;

	if (!g->wanted(name) ||
	    fstatat(c->dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return 0;
	assert(strlen(name) < sizeof(file.name));
	strcpy(file.name, name);
	file.size = (uint64_t)st.st_size;
	file.dev = st.st_dev;
	file.ino = st.st_ino;
	file.used = last_use(c, &st);
	return vec_push(&g->files, file) ? 0 : -ENOMEM;
}

static int by_use(const void *a, const void *b)
{
	const struct cache_file *x = a, *y = b;

	if (x->used != y->used)
		return x->used < y->used ? -1 : 1;
	return strcmp(x->name, y->name);
}

static int scan(struct cache *c, bool (*wanted)(const char *name), struct cache_files *ret)
{
	struct gathering g = { .wanted = wanted };
	int code = each_file(c, take_file, &g);

	if (code < 0) {
		vec_done(&g.files);
		return code;
	}
	if (g.files.len)
		qsort(g.files.at, g.files.len, sizeof(*g.files.at), by_use);
	*ret = g.files;
	return 0;
}

int cache_scan(struct cache *c, struct cache_files *ret)
{
	return scan(c, names_entry, ret);
}

int cache_scan_fills(struct cache *c, struct cache_files *ret)
{
	return scan(c, names_fill, ret);
}

static bool forgotten(struct cache *c, const char *name)
{
	struct stat st;

	return fstatat(c->dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       st.st_mtime + SEEN_DAYS * 86400 < time(NULL);
}

static int sweep(struct cache *c, const char *name, void *arg)
{
	if (names_temporary(name))
		cache_remove_unlocked(c, name);
	else if (names_record(name) && forgotten(c, name))
		(void)unlinkat(c->dir, name, 0);
	else if (names_fill(name) && forgotten(c, name))
		cache_remove_unlocked(c, name);
	return 0;
}

/* The record goes last: what has none is checked before use. */
static void entry_remove(struct cache *c, const struct cache_file *file)
{
	char seen[CACHE_FILE_NAME];

	assert(names_entry(file->name));
	cache_step("removing");
	(void)unlinkat(c->dir, file->name, 0);
	cache_step("removed");
	cache_seen_name(file->dev, file->ino, 0, seen);
	(void)unlinkat(c->dir, seen, 0);
}

int cache_trim(struct cache *c, uint64_t limit)
{
	struct cache_files files;
	uint64_t total = 0;
	int ret = each_file(c, sweep, NULL);

	if (ret == 0)
		ret = cache_scan(c, &files);
	if (ret < 0)
		return ret;
	for (size_t i = 0; i < files.len; i++)
		total += files.at[i].size;
	for (size_t i = 0; i < files.len && total > limit; i++) {
		entry_remove(c, &files.at[i]);
		total -= files.at[i].size;
	}
	vec_done(&files);
	return 0;
}

static int remove_rest(struct cache *c, const char *name, void *arg)
{
	if (names_temporary(name) || names_fill(name))
		cache_remove_unlocked(c, name);
	else if (names_record(name))
		(void)unlinkat(c->dir, name, 0);
	return 0;
}

int cache_clean(struct cache *c, uint32_t *ret_entries, uint64_t *ret_bytes)
{
	struct cache_files files;
	int ret = cache_scan(c, &files);

	if (ret < 0)
		return ret;
	*ret_entries = (uint32_t)files.len;
	*ret_bytes = 0;
	for (size_t i = 0; i < files.len; i++) {
		entry_remove(c, &files.at[i]);
		*ret_bytes += files.at[i].size;
	}
	vec_done(&files);
	return each_file(c, remove_rest, NULL);
}
