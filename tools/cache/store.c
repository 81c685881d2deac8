/* Writing an entry. */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tools/cache/internal.h"
#include "runtime/base/fd.h"
#include "runtime/base/num.h"

struct mapping {
	void *at;		/* MAP_FAILED: none */
	size_t size;
};

static struct mapping map_part(int fd, uint64_t at, uint64_t size)
{
	return (struct mapping){
		mmap(NULL, size, PROT_READ, MAP_SHARED | MAP_POPULATE, fd, (off_t)at), size,
	};
}

static void unmap(struct mapping *m)
{
	if (m->at != MAP_FAILED)
		(void)munmap(m->at, m->size);
}
#define MAPPED __attribute__((cleanup(unmap))) struct mapping

static struct cache_entry header_of(const struct cache_item *item)
{
	struct cache_entry e = {
		.magic = CACHE_ENTRY_MAGIC, .version = CACHE_VERSION, .recipe = item->recipe,
		.image_off = CACHE_PAGE, .image_size = item->image_size,
		.module_off = CACHE_PAGE + num_align(item->image_size, CACHE_PAGE),
		.module_size = item->module_size,
		.made = (uint64_t)time(NULL),
		.body_bytes = item->body_bytes, .text_bytes = item->text_bytes,
		.looks = item->looks,
	};

	cache_name(&item->recipe, e.name);
	(void)snprintf(e.label, sizeof(e.label), "%s", item->label);
	return e;
}

/* n bytes so that they end, padded with zeros, at offset end. */
static int write_padded(int fd, const void *p, uint64_t n, uint64_t padding)
{
	static const char zeros[CACHE_PAGE];
	int ret = fd_write_all(fd, p, n);

	assert(padding < CACHE_PAGE);
	cache_step("part written");
	return ret < 0 ? ret : fd_write_all(fd, zeros, padding);
}

static int write_parts(int fd, const struct cache_entry *e, const void *image, const void *module)
{
	int ret = write_padded(fd, e, sizeof(*e), CACHE_PAGE - sizeof(*e));

	if (ret == 0)
		ret = write_padded(fd, image, e->image_size,
				   e->module_off - e->image_off - e->image_size);
	return ret < 0 ? ret : write_padded(fd, module, e->module_size, 0);
}

/* Of what we just wrote we know what it is. */
static void record(struct cache *c, int fd, const struct cache_entry *e)
{
	struct cache_identity id;

	if (cache_identify(fd, CACHE_SEEN_CODE, &id) == 0)
		(void)cache_seen_set(c, CACHE_SEEN_CODE, &id, e->name, (struct timespec){ 0 });
}

static int write_and_publish(struct cache *c, const struct cache_entry *e, const void *image,
			     const void *module)
{
	char file[CACHE_FILE_NAME];
	struct cache_temp t;
	int ret = cache_temp_open(c, &t);

	if (ret < 0)
		return ret;
	ret = write_parts(t.fd, e, image, module);
	if (ret == 0) {
		cache_code_name(e->name, file);
		ret = cache_temp_publish(c, &t, file);
	}
	if (ret == 0)
		record(c, t.fd, e);
	cache_step("recorded");
	cache_temp_done(c, &t);
	return ret;
}

int cache_store(struct cache *c, const struct cache_item *item, struct wsbox_err *err)
{
	struct cache_entry e = header_of(item);
	int ret;

	assert(c->dir >= 0 && item->image_size && item->module_size);
	if (e.module_off + e.module_size > c->limit)
		return err_set(err, -EFBIG, WSBOX_FAILED, "it is larger than the cache may be");
	MAPPED image = map_part(item->image, 0, item->image_size);
	MAPPED module = map_part(item->module, item->module_off, item->module_size);
	if (image.at == MAP_FAILED || module.at == MAP_FAILED)
		return cache_cannot(err, -errno, "cannot map it");
	cache_entry_mac(c, &e, image.at, module.at, e.mac);
	ret = write_and_publish(c, &e, image.at, module.at);
	if (ret < 0)
		return cache_cannot(err, ret, "cannot write it");
	ret = cache_trim(c, c->limit);
	return ret < 0 ? cache_cannot(err, ret, "cannot read the directory") : 0;
}
