/*
 * A module's bodies, in batches of neighbours, compiled by whoever is free; then placed in order
 * and written.
 *
 * What a batch becomes depends on its functions only, and where it is placed on the batches before
 * it, so the image is the same whatever the number of workers.
 */
#include "jit/compile.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "jit/baseline/baseline.h"
#include "jit/pool.h"
#include "jit/tier.h"
#include "jit/verify/verify.h"

/* of bodies: enough to pay for taking it, little enough to share out */
#define BATCH_BYTES (48u << 10)
#define BATCH_FUNCS 1024u
#define CODE_START ((size_t)1 << 20)	/* first size of a worker's buffer */
/* of a body: more than code needs as a rule (1.5); untouched pages cost nothing */
#define CODE_PER_BYTE 4u
#define CODE_MIN ((size_t)64 << 10)
#define CODE_MAX ((size_t)224 << 20)	/* the encoder's limit is 256 MiB */
#define TEXT_MAX ((uint64_t)INT32_MAX)	/* calls are relative */
#define BATCH_ALIGN 64u

struct batch {
	uint32_t first, n;		/* defined functions, 0-based */
	uint32_t text_off;
	uint32_t size, nsites, nrelocs, nhandlers;
	size_t nlines;
	uint8_t *code;
	struct jit_site *sites;
	struct jit_reloc *relocs;
	struct jit_handler *handlers;
	struct jit_line *lines;
	int ret;
	struct wsbox_err err;
};

struct job {
	const struct wasm_module *m;
	const struct jit_options *options;
	struct jit_layout layout;
	bool vectors;			/* see struct jit_func: module_vectors */
	struct batch *batches;
	uint32_t nbatches;
	struct jit_entry *entries;	/* of defined functions: in their batch, later in text */
	atomic_uint next;		/* batch to take */
	/* lowest batch that failed: no later one need be compiled */
	atomic_uint failed;
	atomic_uint left;		/* functions that the tier left to the baseline */
};

struct worker {
	struct job *job;
	struct jit_func func;
	struct jit_out out;
	struct arena arena, sigs;
	size_t code_size;
	void *tier;			/* its state, NULL: none */
};

/* ---- a worker ---- */

static bool worker_grow(struct worker *w, size_t size)
{
	size_t used = w->out.code.start ? x64_offset(&w->out.code) : 0;
	uint8_t *p = size <= CODE_MAX ? realloc(w->out.code.start, size) : NULL;

	if (!p)
		return false;
	x64_buf_init(&w->out.code, p, size);
	w->out.code.at = p + used;
	w->code_size = size;
	return true;
}

/* As jit_baseline(), and -ENOSPC of the tier. */
static int compile_once(struct worker *w, uint32_t func, struct jit_entry *entry,
			struct wsbox_err *err)
{
	const struct jit_tier *tier = w->tier ? w->job->options->tier : NULL;
	int ret = tier ? tier->place(w->tier, func, &w->out, entry) : -ENOTSUP;

	if (ret != -ENOTSUP)
		return ret;
	ret = jit_baseline(&w->func, func, &w->out, &entry->entry, err);
	entry->inner = entry->entry;
	if (ret < 0 || !tier)
		return ret;
	ret = tier->baseline(w->tier, func, &w->out, entry);
	if (ret == 0)
		atomic_fetch_add(&w->job->left, 1);
	return ret;
}

static int compile_func(struct worker *w, uint32_t i, struct wsbox_err *err)
{
	uint32_t func = w->job->m->imported_funcs + i;
	size_t room = x64_offset(&w->out.code) +
		      CODE_PER_BYTE * (size_t)w->job->m->funcs[func].body_len + CODE_MIN;
	char name[128];
	int ret;

	if (room > w->code_size && !worker_grow(w, num_min(room, CODE_MAX)))
		return err_set(err, -ENOMEM, WSBOX_FAILED, "out of memory");
	while ((ret = compile_once(w, func, &w->job->entries[i], err)) == -ENOSPC) {
		if (!worker_grow(w, 2 * w->code_size)) {
			ret = err_set(err, -EFBIG, WSBOX_FAILED,
				      "the code of one function is too large");
			break;
		}
	}
	if (ret < 0)
		err_prefix(err, "function %u (%s)", func,
			   wasm_func_name(w->job->m, func, name, sizeof(name)));
	return ret;
}

/* A copy of n bytes at *at, which is moved behind it. */
static void *keep(char **at, const void *p, size_t n)
{
	void *q = *at;

	if (n)
		memcpy(q, p, n);
	*at += num_align(n, 16);
	return q;
}

/*
 * The worker's output becomes the batch's: one piece, as the pages that allocations of their own
 * for each part begin and end in cost as much as the copies.
 */
static int batch_take(struct batch *b, const struct jit_out *out)
{
	size_t size = x64_offset(&out->code), sites = out->sites.len * sizeof(*b->sites);
	size_t relocs = out->relocs.len * sizeof(*b->relocs);
	size_t handlers = out->handlers.len * sizeof(*b->handlers);
	size_t lines = out->lines.len * sizeof(*b->lines);
	char *at = malloc(size + sites + relocs + handlers + lines + 5 * 16);

	if (!at)
		return err_set(&b->err, -ENOMEM, WSBOX_FAILED, "out of memory");
	b->size = (uint32_t)size;
	b->nsites = (uint32_t)out->sites.len;
	b->nrelocs = (uint32_t)out->relocs.len;
	b->nhandlers = (uint32_t)out->handlers.len;
	b->nlines = out->lines.len;
	b->code = keep(&at, out->code.start, size);
	b->sites = keep(&at, out->sites.at, sites);
	b->relocs = keep(&at, out->relocs.at, relocs);
	b->handlers = keep(&at, out->handlers.at, handlers);
	b->lines = keep(&at, out->lines.at, lines);
	return 0;
}

/* What the tier puts behind a batch. */
static int finish_batch(struct worker *w)
{
	int ret;

	while ((ret = w->job->options->tier->finish(w->tier, &w->out)) == -ENOSPC) {
		if (!worker_grow(w, 2 * w->code_size))
			return -EFBIG;
	}
	return ret;
}

static int compile_batch(struct worker *w, struct batch *b)
{
	const struct jit_tier *tier = w->job->options->tier;
	int ret = 0;

	w->out.code.at = w->out.code.start;
	w->out.sites.len = w->out.relocs.len = w->out.handlers.len = w->out.lines.len = 0;
	if (tier)
		ret = tier->batch(w->tier, w->job->m->imported_funcs + b->first, b->n);
	for (uint32_t i = b->first; i < b->first + b->n && ret == 0; i++)
		ret = compile_func(w, i, &b->err);
	if (tier && ret == 0)
		ret = finish_batch(w);
	return ret < 0 ? ret : batch_take(b, &w->out);
}

static void note_failure(struct job *job, uint32_t batch)
{
	uint32_t lowest = atomic_load(&job->failed);

	while (batch < lowest && !atomic_compare_exchange_weak(&job->failed, &lowest, batch))
		;
}

static void run_batches(struct worker *w)
{
	struct job *job = w->job;
	uint32_t i;

	while ((i = atomic_fetch_add(&job->next, 1)) < job->nbatches) {
		struct batch *b = &job->batches[i];

		if (i > atomic_load(&job->failed))
			break;
		b->ret = compile_batch(w, b);
		if (b->ret < 0)
			note_failure(job, i);
	}
}

static void work(void *arg)
{
	struct job *job = arg;
	struct worker *w = calloc(1, sizeof(*w));

	/* without memory the batches stay for the other workers, or fail as not compiled */
	if (!w)
		return;
	w->job = job;
	arena_init(&w->arena, 0);
	arena_init(&w->sigs, 0);
	w->func = (struct jit_func){ .m = job->m, .layout = &job->layout, .options = job->options,
				     .module_vectors = job->vectors,
				     .arena = &w->arena, .sig_arena = &w->sigs };
	if (job->options->tier)
		w->tier = job->options->tier->worker_new(job->m, &job->layout, job->options);
	if ((w->tier || !job->options->tier) && worker_grow(w, CODE_START))
		run_batches(w);
	if (w->tier)
		job->options->tier->worker_free(w->tier);
	jit_func_done(&w->func);
	arena_done(&w->arena);
	arena_done(&w->sigs);
	vec_done(&w->out.sites);
	vec_done(&w->out.relocs);
	vec_done(&w->out.handlers);
	vec_done(&w->out.lines);
	free(w->out.code.start);
	free(w);
}

/* ---- the whole ---- */

static bool has_vector(const wasm_valtype *types, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		if (types[i] == WASM_V128)
			return true;
	return false;
}

/* Whether a function may get a v128 without an instruction of its own that says so. */
static bool module_vectors(const struct wasm_module *m)
{
	for (uint32_t i = 0; i < m->ntypes; i++)
		if (has_vector(m->types[i].params, m->types[i].nparams + m->types[i].nresults))
			return true;
	for (uint32_t i = 0; i < m->nglobals; i++)
		if (m->globals[i].type.type == WASM_V128)
			return true;
	return false;
}

/* Batches are cut by the sizes of bodies alone. */
static bool make_batches(struct job *job)
{
	const struct wasm_module *m = job->m;
	uint32_t n = m->nfuncs - m->imported_funcs;
	uint32_t batch_bytes = job->options->tier ? job->options->tier->batch_bytes : BATCH_BYTES;
	uint64_t bytes = 0;

	job->entries = calloc(n + 1, sizeof(*job->entries));
	job->batches = calloc((size_t)m->code_bytes / batch_bytes + n / BATCH_FUNCS + 2,
			      sizeof(*job->batches));
	if (!job->entries || !job->batches)
		return false;
	for (uint32_t i = 0; i < n; i++) {
		struct batch *b = &job->batches[job->nbatches];

		if (b->n == 0)
			b->first = i;
		b->n++;
		b->ret = -ENOMEM;
		bytes += m->funcs[m->imported_funcs + i].body_len;
		if (bytes >= batch_bytes || b->n == BATCH_FUNCS || i + 1 == n) {
			job->nbatches++;
			bytes = 0;
		}
	}
	return true;
}

static void job_done(struct job *job)
{
	/* the rest of a batch lies behind its code */
	for (uint32_t i = 0; job->batches && i < job->nbatches; i++)
		free(job->batches[i].code);
	free(job->batches);
	free(job->entries);
}

/* Gives each batch its place, and entries and sites theirs in text. */
static int place(struct job *job, struct jit_image *h)
{
	uint64_t text = 0, nsites = 0, nhandlers = 0;

	for (uint32_t i = 0; i < job->nbatches; i++) {
		struct batch *b = &job->batches[i];

		text = num_align(text, BATCH_ALIGN);
		if (text + b->size > TEXT_MAX)
			return -EFBIG;
		b->text_off = (uint32_t)text;
		for (uint32_t k = 0; k < b->n; k++) {
			job->entries[b->first + k].entry += b->text_off;
			job->entries[b->first + k].inner += b->text_off;
		}
		for (uint32_t k = 0; k < b->nsites; k++) {
			/* they are searched by halves */
			assert(b->sites[k].pc <= b->size &&
			       (!k || b->sites[k].pc + b->text_off >= b->sites[k - 1].pc));
			b->sites[k].pc += b->text_off;
		}
		for (uint32_t k = 0; k < b->nhandlers; k++) {
			b->handlers[k].start += b->text_off;
			b->handlers[k].end += b->text_off;
			b->handlers[k].pc += b->text_off;
		}
		text += b->size;
		nsites += b->nsites;
		nhandlers += b->nhandlers;
	}
	if (nsites > UINT32_MAX || nhandlers > UINT32_MAX)
		return -EFBIG;
	h->text_size = text;
	h->nsites = (uint32_t)nsites;
	h->nhandlers = (uint32_t)nhandlers;
	return 0;
}

/* Direct calls: both ends are known now. */
static void relocate(struct job *job)
{
	for (uint32_t i = 0; i < job->nbatches; i++) {
		struct batch *b = &job->batches[i];

		for (uint32_t k = 0; k < b->nrelocs; k++) {
			const struct jit_reloc *r = &b->relocs[k];
			const struct jit_entry *e = &job->entries[r->func - job->m->imported_funcs];
			uint32_t d = (r->inner ? e->inner : e->entry) - (b->text_off + r->at + 4);

			assert(r->at + 4 <= b->size && r->func >= job->m->imported_funcs &&
			       r->func < job->m->nfuncs);
			memcpy(b->code + r->at, &d, 4);
		}
	}
}

static int write_at(int fd, const void *p, size_t n, uint64_t at)
{
	while (n) {
		ssize_t k = pwrite(fd, p, n, (off_t)at);

		if (k < 0 && errno == EINTR)
			continue;
		if (k < 0)
			return -errno;
		p = (const char *)p + k;
		n -= (size_t)k;
		at += (uint64_t)k;
	}
	return 0;
}

static int write_entries(const struct job *job, int fd, const struct jit_image *h)
{
	uint32_t *funcs = malloc(h->nfuncs * sizeof(*funcs) + 1);
	int ret = -ENOMEM;

	for (uint32_t i = 0; funcs && i < h->nfuncs; i++)
		funcs[i] = job->entries[i].entry;
	if (funcs)
		ret = write_at(fd, funcs, h->nfuncs * sizeof(*funcs),
			       job->options->image_offset + h->funcs_off);
	free(funcs);
	return ret;
}

static int write_image(struct job *job, int fd, struct jit_image *h)
{
	uint64_t base = job->options->image_offset;
	uint64_t sites = base + h->sites_off, handlers = base + h->handlers_off;
	int ret = write_at(fd, h, sizeof(*h), base);

	if (ret == 0)
		ret = write_entries(job, fd, h);
	for (uint32_t i = 0; i < job->nbatches && ret == 0; i++) {
		const struct batch *b = &job->batches[i];

		ret = write_at(fd, b->sites, b->nsites * sizeof(*b->sites), sites);
		sites += b->nsites * sizeof(*b->sites);
		if (ret == 0)
			ret = write_at(fd, b->handlers, b->nhandlers * sizeof(*b->handlers),
				       handlers);
		handlers += b->nhandlers * sizeof(*b->handlers);
		if (ret == 0)
			ret = write_at(fd, b->code, b->size, base + h->text_off + b->text_off);
	}
	if (ret == 0 && ftruncate(fd, (off_t)(base + h->size)) < 0)
		ret = -errno;
	return ret;
}

/* Each batch ends in what is no code, as between batches there is padding. */
static int collect_lines(const struct job *job, struct jit_lines *lines)
{
	for (uint32_t i = 0; i < job->nbatches; i++) {
		const struct batch *b = &job->batches[i];

		for (size_t k = 0; k < b->nlines; k++)
			if (!jit_line_add(lines, b->text_off + b->lines[k].pc, b->lines[k].at))
				return -ENOMEM;
		if (!jit_line_add(lines, b->text_off + b->size, JIT_LINE_DATA))
			return -ENOMEM;
	}
	return 0;
}

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* Verifies what has been written, as whoever maps it will see it. */
static int verify_image(const struct job *job, struct jit_pool *pool, int fd,
			const struct jit_image *h, struct wsbox_err *err)
{
	void *p = mmap(NULL, h->size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd,
		       (off_t)job->options->image_offset);
	int ret;

	if (p == MAP_FAILED)
		return err_set(err, -errno, WSBOX_FAILED, "cannot map the code image: %s",
			       err_name(errno));
	ret = jit_image_check(p, h->size, err);
	if (ret == 0)
		ret = jit_verify(p, job->m, pool, err);
	munmap(p, h->size);
	return ret;
}

static int publish(struct job *job, struct jit_pool *pool, int fd, struct jit_stats *stats,
		   struct wsbox_err *err)
{
	struct jit_image h = { .magic = JIT_IMAGE_MAGIC, .version = JIT_IMAGE_VERSION };
	uint64_t start = now();
	int ret = place(job, &h);

	if (ret < 0)
		return err_set(err, ret, WSBOX_FAILED, "the module's code is too large");
	relocate(job);
	h.flags = job->options->gs ? JIT_IMAGE_GS : 0;
	h.tier = job->options->tier ? job->options->tier->id : JIT_TIER_BASELINE;
	h.module_size = job->m->size;
	h.origin = job->options->origin;
	h.nfuncs = job->m->nfuncs - job->m->imported_funcs;
	h.funcs_off = num_align(sizeof(h), 16);
	h.sites_off = num_align(h.funcs_off + h.nfuncs * sizeof(uint32_t), 16);
	h.handlers_off = num_align(h.sites_off + h.nsites * sizeof(struct jit_site), 16);
	h.text_off = num_align(h.handlers_off + h.nhandlers * sizeof(struct jit_handler), 4096);
	h.size = num_align(h.text_off + h.text_size, 4096);
	h.ctx_size = job->layout.size;
	stats->text_bytes = h.text_size;
	stats->image_bytes = h.size;
	if (job->options->lines && collect_lines(job, job->options->lines) < 0)
		return err_set(err, -ENOMEM, WSBOX_FAILED, "out of memory");
	if (fd < 0)
		return 0;
	ret = write_image(job, fd, &h);
	if (ret < 0)
		return err_set(err, ret, WSBOX_FAILED, "writing the code image: %s", err_name(ret));
	stats->ns_publish = now() - start;
	/* not all that is right of a tier's code can be proved (verify/verify.h) */
	if (h.tier != JIT_TIER_BASELINE)
		return 0;
	ret = verify_image(job, pool, fd, &h, err);
	stats->ns_verify = now() - start - stats->ns_publish;
	return ret;
}

/* The first failure in the order of functions. */
static int first_failure(const struct job *job, struct wsbox_err *err)
{
	for (uint32_t i = 0; i < job->nbatches; i++) {
		const struct batch *b = &job->batches[i];

		if (b->ret == 0)
			continue;
		if (!b->err.code)
			return err_set(err, b->ret, WSBOX_FAILED, "out of memory");
		if (err)
			*err = b->err;
		return b->ret;
	}
	return 0;
}

int jit_compile(const struct wasm_module *m, const struct jit_options *options,
		struct jit_pool *pool, int image_fd, struct jit_stats *ret_stats,
		struct wsbox_err *err)
{
	struct job job = { .m = m, .options = options };
	struct jit_stats stats = {
		.functions = m->nfuncs - m->imported_funcs, .body_bytes = m->code_bytes
	};
	uint64_t start = now();
	int ret = jit_layout_init(&job.layout, m);

	if (ret < 0)
		return err_set(err, ret, WSBOX_INVALID, "the module's context is too large");
	job.vectors = module_vectors(m);
	atomic_init(&job.failed, UINT32_MAX);
	atomic_init(&job.left, 0);
	if (make_batches(&job)) {
		jit_pool_run(job.nbatches > 1 ? pool : NULL, work, &job);
		ret = first_failure(&job, err);
	} else {
		ret = err_set(err, -ENOMEM, WSBOX_FAILED, "out of memory");
	}
	stats.left = atomic_load(&job.left);
	stats.ns_compile = now() - start;
	if (ret == 0)
		ret = publish(&job, pool, image_fd, &stats, err);
	if (ret == 0 && ret_stats)
		*ret_stats = stats;
	job_done(&job);
	return ret;
}
