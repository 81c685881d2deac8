/* Looking an entry up. */
#include <assert.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "tools/cache/internal.h"
#include "runtime/base/fd.h"

/* The header of a file of which a record says that it is whole. */
static bool known_header(int fd, uint64_t size, struct cache_entry *ret)
{
	return pread(fd, ret, sizeof(*ret), 0) == sizeof(*ret) &&
	       cache_entry_check(ret, size, NULL) == 0;
}

static bool is_of(const struct cache_entry *e, const struct cache_recipe *recipe)
{
	return !memcmp(&e->recipe, recipe, sizeof(*recipe));
}

/* What the file is now, and whether that was already checked. */
static bool unchanged(struct cache *c, const uint8_t name[SHA256_BYTES],
		      const struct cache_identity *id)
{
	uint8_t content[SHA256_BYTES];

	return cache_seen(c, CACHE_SEEN_CODE, id, content) && sha256_same(content, name);
}

int cache_find(struct cache *c, const struct cache_recipe *recipe, struct cache_found *ret,
	       struct wsbox_err *err)
{
	struct cache_found found = { .mapped = true };
	struct cache_identity id, after;
	char file[CACHE_FILE_NAME];
	uint8_t name[SHA256_BYTES];
	struct timespec now;
	struct stat st;

	assert(c->dir >= 0);
	cache_name(recipe, name);
	cache_code_name(name, file);
	FD_AUTO fd = cache_file_open(c, file, &st, err);
	if (fd < 0)
		return fd;
	bool known = cache_identify(fd, CACHE_SEEN_CODE, &id) == 0;

	if (known && unchanged(c, name, &id) && known_header(fd, id.size, &found.entry) &&
	    is_of(&found.entry, recipe)) {
		found.fd = fd_take(&fd);
		*ret = found;
		return 0;
	}
	(void)clock_gettime(CLOCK_REALTIME, &now);
	FD_AUTO copy = cache_copy_checked(c, fd, &found.entry, err);
	if (copy < 0)
		return copy;
	if (!is_of(&found.entry, recipe))
		return err_set(err, -EBADMSG, WSBOX_FAILED, "the entry is of another module");
	if (known && cache_identify(fd, CACHE_SEEN_CODE, &after) == 0 &&
	    !memcmp(&id, &after, sizeof(id)))
		(void)cache_seen_set(c, CACHE_SEEN_CODE, &id, name, now);
	found.mapped = false;
	found.fd = fd_take(&copy);
	*ret = found;
	return 0;
}

int cache_read(struct cache *c, const char *file, bool check, struct cache_entry *ret,
	       struct wsbox_err *err)
{
	struct cache_entry e;
	struct stat st;
	FD_AUTO fd = cache_file_open(c, file, &st, err);
	FD_AUTO copy = -1;

	if (fd < 0)
		return fd;
	if (check) {
		copy = cache_copy_checked(c, fd, &e, err);
		if (copy < 0)
			return copy;
	} else if (!known_header(fd, (uint64_t)st.st_size, &e)) {
		return err_set(err, -EBADMSG, WSBOX_FAILED, "the entry is damaged");
	}
	*ret = e;
	return 0;
}
