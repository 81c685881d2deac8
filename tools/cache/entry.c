/* Entries: their names, their form, their MAC. */
#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tools/cache/internal.h"
#include "runtime/base/fd.h"
#include "runtime/base/num.h"

void cache_name(const struct cache_recipe *recipe, uint8_t ret[SHA256_BYTES])
{
	sha256(recipe, sizeof(*recipe), ret);
}

const char *cache_tier_name(uint32_t tier)
{
	static const char *const names[] = {
#define X(id, name) name,
		CACHE_TIERS(X)
#undef X
	};

	return tier < ARRAY_SIZE(names) ? names[tier] : "unknown";
}

static int damaged(struct wsbox_err *err)
{
	return err_set(err, -EBADMSG, WSBOX_FAILED, "the entry is damaged");
}

int cache_entry_check(const struct cache_entry *e, uint64_t file_size, struct wsbox_err *err)
{
	uint64_t image_end, end;
	uint8_t name[SHA256_BYTES];

	if (memcmp(e->magic, CACHE_ENTRY_MAGIC, 8) || e->version != CACHE_VERSION ||
	    e->image_off != CACHE_PAGE || !e->image_size || e->module_off % CACHE_PAGE ||
	    !num_add(e->image_off, e->image_size, &image_end) || image_end > e->module_off ||
	    e->module_off - image_end >= CACHE_PAGE || !e->module_size ||
	    !num_add(e->module_off, e->module_size, &end) || end != file_size ||
	    e->label[CACHE_LABEL - 1])
		return damaged(err);
	cache_name(&e->recipe, name);
	return sha256_same(name, e->name) ? 0 : damaged(err);
}

void cache_entry_mac(const struct cache *c, const struct cache_entry *e, const void *image,
		     const void *module, uint8_t ret[SHA256_BYTES])
{
	struct cache_entry head = *e;
	struct hmac m;

	memset(head.mac, 0, sizeof(head.mac));
	hmac_init(&m, c->key);
	hmac_add(&m, &head, sizeof(head));
	hmac_add(&m, image, e->image_size);
	hmac_add(&m, module, e->module_size);
	hmac_end(&m, ret);
}

static bool all_zero(const uint8_t *p, uint64_t n)
{
	while (n && !p[n - 1])
		n--;
	return !n;
}

/* Form and MAC of all of it, the gaps, which the MAC leaves out, included. */
static int check_bytes(const struct cache *c, const uint8_t *bytes, uint64_t size,
		       struct cache_entry *ret, struct wsbox_err *err)
{
	uint8_t mac[SHA256_BYTES];
	struct cache_entry e;
	int code;

	assert(size >= sizeof(e));

	memcpy(&e, bytes, sizeof(e));
	code = cache_entry_check(&e, size, err);
	if (code < 0)
		return code;
	uint64_t image_end = e.image_off + e.image_size;

	cache_entry_mac(c, &e, bytes + e.image_off, bytes + e.module_off, mac);
	if (!sha256_same(mac, e.mac) || !all_zero(bytes + sizeof(e), e.image_off - sizeof(e)) ||
	    !all_zero(bytes + image_end, e.module_off - image_end))
		return damaged(err);
	*ret = e;
	return 0;
}

int cache_copy_checked(const struct cache *c, int fd, struct cache_entry *ret,
		       struct wsbox_err *err)
{
	uint64_t size;
	FD_AUTO copy = fd_copy_sealed(fd, "code", INT64_MAX, &size);
	void *p;
	int code;

	if (copy < 0)
		return cache_cannot(err, copy, "the entry cannot be read");
	if (size < CACHE_PAGE)
		return damaged(err);
	p = mmap(NULL, size, PROT_READ, MAP_SHARED | MAP_POPULATE, copy, 0);
	if (p == MAP_FAILED)
		return cache_cannot(err, -errno, "the entry cannot be mapped");
	code = check_bytes(c, p, size, ret, err);
	(void)munmap(p, size);
	return code < 0 ? code : fd_take(&copy);
}
