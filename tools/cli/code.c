#include "tools/cli/code.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/cwasm.h"
#include "runtime/base/fd.h"
#include "tools/build.h"
#include "tools/cli/module.h"
#include "tools/cli/session-internal.h"

#define HWCAP2_FSGSBASE 2		/* asm/hwcap2.h */

const char *code_result_name(enum code_result result)
{
	static const char *const names[] = {
#define X(id, name) name,
		CODE_RESULTS(X)
#undef X
	};

	return names[result];
}

/* Whether a fill may make code that the run goes on with: a profile tells of one image. */
static bool can_be_replaced(const struct session *s)
{
	FD_AUTO llvm = -1;

	if (s->o->tier != TIER_AUTO || !s->code.cache.limit || s->o->profile)
		return false;
	llvm = llvm_program_open("a fill needs", NULL);
	return llvm >= 0;
}

static void open_cache(struct session *s)
{
	struct code *c = &s->code;
	char path[PATH_MAX];

	c->result = CODE_UNUSABLE;
	if (cache_path(path, &c->err) < 0 || cache_open(path, &c->cache, &c->err) < 0)
		return;
	if (c->cache.new_key)
		(void)err_set(&c->err, -EPERM, WSBOX_FAILED,
			      "its key was not ours alone or damaged: all is made anew");
	c->result = CODE_MISS;
	c->item.label = module_name(s->o->args[0]);
	c->item.recipe = (struct cache_recipe){
		.cpu = CACHE_CPU_V3,
		.flags = getauxval(AT_HWCAP2) & HWCAP2_FSGSBASE ? CACHE_FLAG_FSGSBASE : 0,
		.tier = s->optimize ? CACHE_TIER_OPTIMIZED : CACHE_TIER_BASELINE,
		.uid = geteuid(),
	};
	if (can_be_replaced(s))
		c->item.recipe.flags |= CACHE_FLAG_REPLACEABLE;
	memcpy(c->item.recipe.build, build_id, sizeof(build_id));
}

static int find_made(struct code *c, uint32_t tier, uint32_t flags)
{
	struct cache_recipe recipe = c->item.recipe;

	recipe.tier = tier;
	recipe.flags = flags;
	return cache_find(&c->cache, &recipe, &c->found, &c->err);
}

/* The best entry that may be used. */
static int find_best(struct session *s)
{
	struct code *c = &s->code;
	const struct cache_recipe *own = &c->item.recipe;
	uint32_t plain = own->flags & ~(uint32_t)CACHE_FLAG_REPLACEABLE;

	if (s->o->tier == TIER_AUTO && find_made(c, CACHE_TIER_OPTIMIZED, plain) == 0)
		return 0;
	if (find_made(c, own->tier, own->flags) == 0)
		return 0;
	return own->flags == plain ? -ENOENT : find_made(c, own->tier, plain);
}

/* Whether there is an entry for the recipe; if so it is the session's. */
static bool look_up(struct session *s)
{
	struct code *c = &s->code;

	if (find_best(s) < 0)
		return false;
	fd_closep(&s->module);
	s->module = c->found.fd;
	s->module_offset = c->found.entry.module_off;
	s->module_size = c->found.entry.module_size;
	c->image_off = c->found.entry.image_off;
	c->image_size = c->found.entry.image_size;
	c->result = CODE_HIT;
	return true;
}

static int hash_module(struct session *s)
{
	void *p = mmap(NULL, s->module_size, PROT_READ, MAP_SHARED | MAP_POPULATE, s->module, 0);

	if (p == MAP_FAILED)
		return -errno;
	sha256(p, s->module_size, s->code.item.recipe.module);
	(void)munmap(p, s->module_size);
	return 0;
}

/* The module's bytes are read, and that file's content is known from now on. */
static bool find_by_content(struct session *s, int src, const struct cache_identity *id,
			    struct timespec now)
{
	struct code *c = &s->code;
	uint8_t *hash = c->item.recipe.module, tried[SHA256_BYTES];
	struct cache_identity after;
	uint64_t start = session_clock();
	int ret;

	memcpy(tried, hash, sizeof(tried));
	ret = hash_module(s);
	c->ns_hash = session_clock() - start;
	if (ret < 0) {
		c->result = CODE_UNUSABLE;
		(void)err_set(&c->err, ret, WSBOX_FAILED, "cannot hash: %s", err_name(ret));
		return false;
	}
	if (id && cache_identify(src, CACHE_SEEN_MODULE, &after) == 0 &&
	    !memcmp(id, &after, sizeof(after)) && id->size == s->module_size)
		(void)cache_seen_set(&c->cache, CACHE_SEEN_MODULE, id, hash, now);
	return memcmp(tried, hash, sizeof(tried)) && look_up(s);
}

/*
 * A file that wsbox compile made brings its code along. 0 also when it is no such file, which its
 * first bytes tell; a copy of it is open.
 */
static int open_precompiled(struct session *s, enum cell_role role)
{
	bool allowed = role == CELL_ROLE_RUN && s->o->allow_precompiled;
	struct code *c = &s->code;
	char start[CWASM_PAGE];
	ssize_t n = pread(s->module, start, sizeof(start), 0);
	struct cwasm head;
	int ret;

	/* objdump's cell reads the file itself, and nothing of it is run */
	if (n < 0 || !cwasm_is_elf(start, (size_t)n) || role == CELL_ROLE_OBJDUMP)
		return 0;
	ret = cwasm_check(start, (size_t)n, s->module_size, allowed ? build_id : NULL, &head,
			  &s->err);
	if (ret < 0)
		return ret;
	if (!allowed)
		return err_set(&s->err, -EPERM, WSBOX_INVALID,
			       "is compiled code, which is trusted as its maker is; "
			       "wsbox run --allow-precompiled runs it");
	c->result = CODE_PRECOMPILED;
	c->item.recipe.features = head.features;
	memcpy(c->item.recipe.module, head.module, sizeof(head.module));
	c->image_off = head.image_off;
	c->image_size = head.image_size;
	s->module_offset = head.module_off;
	s->module_size = head.module_size;
	return 0;
}

/* A copy of FILE, and what it is. id: of the file, NULL if that tells nothing. */
static int read_module(struct session *s, enum cell_role role, int src,
		       const struct cache_identity *id, struct timespec now)
{
	struct code *c = &s->code;
	uint64_t start;
	int ret;

	s->module = module_copy(src, &s->module_size, &s->err);
	if (s->module < 0)
		return s->module;
	ret = open_precompiled(s, role);
	if (ret < 0)
		return ret;
	if (c->result == CODE_MISS) {
		start = session_clock();
		(void)find_by_content(s, src, id, now);
		c->ns_find += session_clock() - start - c->ns_hash;
	} else if (role == CELL_ROLE_COMPILE) {
		ret = hash_module(s);
	}
	return ret < 0 ? err_set(&s->err, ret, WSBOX_FAILED, "cannot hash: %s", err_name(ret)) : 0;
}

int code_open(struct session *s, enum cell_role role)
{
	struct code *c = &s->code;
	FD_AUTO src = module_source(s->o->args[0], &s->err);
	struct cache_identity id;
	struct timespec now;
	bool known = false;
	uint64_t start;

	if (src < 0)
		return src;
	start = session_clock();
	if (role == CELL_ROLE_RUN && !s->o->no_cache)
		open_cache(s);
	c->item.recipe.features = s->o->features;
	(void)clock_gettime(CLOCK_REALTIME, &now);
	if (c->result == CODE_MISS) {
		known = cache_identify(src, CACHE_SEEN_MODULE, &id) == 0;
		if (known && cache_seen(&c->cache, CACHE_SEEN_MODULE, &id, c->item.recipe.module))
			(void)look_up(s);
		c->ns_find = session_clock() - start;
	}
	return c->result == CODE_HIT ? 0 : read_module(s, role, src, known ? &id : NULL, now);
}

bool code_optimized(const struct session *s)
{
	return s->code.result == CODE_HIT ?
		       s->code.found.entry.recipe.tier == CACHE_TIER_OPTIMIZED : s->optimize;
}

bool code_replaceable(const struct session *s)
{
	const struct code *c = &s->code;

	if (c->result == CODE_HIT)
		return s->o->tier == TIER_AUTO && !s->o->profile &&
		       c->found.entry.recipe.flags & CACHE_FLAG_REPLACEABLE;
	return c->item.recipe.flags & CACHE_FLAG_REPLACEABLE;
}

int code_send(struct session *s, int fd)
{
	struct cell_image image = { .head = { CELL_MSG_IMAGE, sizeof(image) } };
	struct stat st;
	int ret = fd_sealed(fd);

	if (ret == 0 && fstat(fd, &st) < 0)
		ret = -errno;
	if (ret == 0 && (!st.st_size || st.st_size > CELL_IMAGE_MAX))
		ret = -EFBIG;
	if (ret < 0)
		return ret;
	image.size = (uint64_t)st.st_size;
	return session_send(&s->instance, &image);
}

static void *write_entry(void *arg)
{
	struct code *c = arg;
	struct wsbox_err err = WSBOX_ERR_INIT;
	uint64_t start = session_clock();

	c->stored = cache_store(&c->cache, &c->item, &err) == 0;
	if (!c->stored)
		c->err = err;
	c->ns_store = session_clock() - start;
	return NULL;
}

/* A thread, so that the limits of the guest are kept while the disk works. No signal is its own:
 * that of the limit of a file's size becomes an error of write(2). */
static int start_writer(struct code *c)
{
	sigset_t all, old;
	int ret;

	sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &old);
	ret = pthread_create(&c->writer, NULL, write_entry, c);
	(void)pthread_sigmask(SIG_SETMASK, &old, NULL);
	c->writing = ret == 0;
	return -ret;
}

void code_keep(struct session *s)
{
	struct code *c = &s->code;
	struct cache_item *item = &c->item;
	struct stat st;
	int ret;

	if (c->result != CODE_MISS || fstat(s->image, &st) < 0 || !st.st_size)
		return;
	assert(fd_sealed(s->image) == 0);
	assert(!c->writing && s->module >= 0 && s->module_size);
	item->image = s->image;
	item->image_size = (uint64_t)st.st_size;
	item->module = s->module;
	item->module_off = s->module_offset;
	item->module_size = s->module_size;
	item->body_bytes = s->compiled.body_bytes;
	item->text_bytes = s->compiled.text_bytes;
	item->looks = s->compiled.looks == 1;
	ret = start_writer(c);
	if (ret < 0)
		(void)err_set(&c->err, ret, WSBOX_FAILED, "no thread: %s", err_name(ret));
}

void code_done(struct session *s)
{
	if (s->code.writing)
		(void)pthread_join(s->code.writer, NULL);
	s->code.writing = false;
}
