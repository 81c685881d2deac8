/*
 * A module's bodies, in batches of neighbours, compiled by whoever is free; placed in order and
 * written (writer.h) as soon as all batches before them are.
 *
 * What a batch becomes depends on its functions only, and where it is placed on the batches before
 * it, so the image is the same whatever the number of workers.
 */
#include "jit/compile.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

#include "jit/baseline/baseline.h"
#include "jit/pool.h"
#include "jit/tier.h"
#include "jit/verify/verify.h"
#include "jit/writer.h"

/* of bodies: enough to pay for taking it, little enough to share out */
#define BATCH_BYTES (48u << 10)
#define BATCH_FUNCS 1024u
#define BATCH_WORDS (BATCH_FUNCS / 64)
#define CODE_START ((size_t)1 << 20)	/* first size of a worker's buffer */
/* of a body: more than code needs as a rule (1.5); untouched pages cost nothing */
#define CODE_PER_BYTE 4u
#define CODE_MIN ((size_t)64 << 10)
#define CODE_MAX ((size_t)224 << 20)	/* the encoder's limit is 256 MiB */

struct batch {
	uint32_t first, n;		/* defined functions, 0-based */
	struct jit_piece kept;		/* compiled before its turn came: one allocation at code */
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
	/* functions that the tier left to the baseline; that it made again for the verifier */
	atomic_uint left, remade;
	atomic_uint workers;

	pthread_mutex_t lock;		/* of what follows */
	struct jit_writer writer;
	uint32_t written;		/* batches */
	int write_ret;			/* the first error */
	uint64_t ns_write;
};

struct worker {
	struct job *job;
	struct jit_func func;
	struct jit_out out;
	struct arena arena, sigs;
	size_t code_size;
	const struct batch *batch;	/* the one at hand */
	void *tier;			/* its state, NULL: none */
	/* of the batch's functions: made by the tier; refused now; ever */
	uint64_t optimized[BATCH_WORDS], refused[BATCH_WORDS], doubted[BATCH_WORDS];
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
	uint32_t i = func - w->job->m->imported_funcs - w->batch->first;
	int ret = tier ? tier->place(w->tier, func, &w->out, entry) : -ENOTSUP;

	if (ret == 0)
		w->optimized[i / 64] |= (uint64_t)1 << i % 64;
	if (ret != -ENOTSUP)
		return ret;
	ret = jit_baseline(&w->func, func, &w->out, &entry->entry, err);
	entry->inner = entry->entry;
	if (ret < 0 || !tier)
		return ret;
	return tier->baseline(w->tier, func, &w->out, entry);
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

/* The code of all functions, one behind the other. */
static int place_batch(struct worker *w, struct batch *b)
{
	int ret = 0;

	w->out.code.at = w->out.code.start;
	w->out.sites.len = w->out.relocs.len = w->out.handlers.len = w->out.lines.len = 0;
	memset(w->optimized, 0, sizeof(w->optimized));
	w->out.osrs.len = 0;
	for (uint32_t i = b->first; i < b->first + b->n && ret == 0; i++)
		ret = compile_func(w, i, &b->err);
	return w->job->options->tier && ret == 0 ? finish_batch(w) : ret;
}

/* What the verifier thinks of those that the tier made. */
static int ask_verifier(struct worker *w, const struct batch *b, uint32_t *ret_refused)
{
	const struct jit_verify_part part = {
		.m = w->job->m,
		.layout = &w->job->layout,
		.text = w->out.code.start,
		.size = x64_offset(&w->out.code),
		.first = b->first,
		.n = b->n,
		.entries = w->job->entries + b->first,
		.relocs = w->out.relocs.at,
		.nrelocs = w->out.relocs.len,
		.sites = w->out.sites.at,
		.nsites = w->out.sites.len,
		.osrs = w->out.osrs.at,
		.nosrs = w->out.osrs.len,
		.optimized = w->optimized,
	};

	memset(w->refused, 0, sizeof(w->refused));
	return jit_verify_part(&part, w->refused, ret_refused);
}

/* Has what the verifier refuses made again, until nothing is: the tier leaves it in the end. */
static int compile_verified(struct worker *w, struct batch *b)
{
	const struct jit_tier *tier = w->job->options->tier;
	int ret = tier->batch(w->tier, w->job->m->imported_funcs + b->first, b->n);
	uint32_t refused = 1;

	memset(w->doubted, 0, sizeof(w->doubted));
	while (ret == 0) {
		ret = place_batch(w, b);
		if (ret == 0)
			ret = ask_verifier(w, b, &refused);
		if (ret < 0 || !refused)
			break;
		for (uint32_t k = 0; k < BATCH_WORDS; k++)
			w->doubted[k] |= w->refused[k];
		ret = tier->again(w->tier, w->refused);
	}
	return ret;
}

static void count_ways(struct worker *w)
{
	for (uint32_t i = 0; i < w->batch->n; i++) {
		bool optimized = w->optimized[i / 64] >> i % 64 & 1;

		if (!optimized)
			atomic_fetch_add(&w->job->left, 1);
		else if (w->doubted[i / 64] >> i % 64 & 1)
			atomic_fetch_add(&w->job->remade, 1);
	}
}

static int compile_batch(struct worker *w, struct batch *b)
{
	bool tier = w->job->options->tier;
	int ret;

	w->batch = b;
	ret = tier ? compile_verified(w, b) : place_batch(w, b);
	if (tier && ret == 0)
		count_ways(w);
	return ret;
}

static void note_failure(struct job *job, uint32_t batch)
{
	uint32_t lowest = atomic_load(&job->failed);

	while (batch < lowest && !atomic_compare_exchange_weak(&job->failed, &lowest, batch))
		;
}

/* ---- what becomes of a batch ---- */

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static struct jit_piece piece_of(const struct jit_out *out)
{
	return (struct jit_piece){
		.code = out->code.start, .sites = out->sites.at, .relocs = out->relocs.at,
		.handlers = out->handlers.at, .lines = out->lines.at,
		.size = (uint32_t)x64_offset(&out->code), .nsites = (uint32_t)out->sites.len,
		.nrelocs = (uint32_t)out->relocs.len, .nhandlers = (uint32_t)out->handlers.len,
		.nlines = out->lines.len, .osrs = out->osrs.at,
		.nosrs = (uint32_t)out->osrs.len,
	};
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

/* A copy of all of it, in one allocation at its code. NULL there: no memory. */
static struct jit_piece keep_piece(const struct jit_piece *p)
{
	size_t sites = p->nsites * sizeof(*p->sites), relocs = p->nrelocs * sizeof(*p->relocs);
	size_t handlers = p->nhandlers * sizeof(*p->handlers);
	size_t lines = p->nlines * sizeof(*p->lines), osrs = p->nosrs * sizeof(*p->osrs);
	char *at = malloc(p->size + sites + relocs + handlers + lines + osrs + 6 * 16);
	struct jit_piece kept = *p;

	kept.code = at ? keep(&at, p->code, p->size) : NULL;
	if (!kept.code)
		return kept;
	kept.sites = keep(&at, p->sites, sites);
	kept.relocs = keep(&at, p->relocs, relocs);
	kept.handlers = keep(&at, p->handlers, handlers);
	kept.lines = keep(&at, p->lines, lines);
	kept.osrs = keep(&at, p->osrs, osrs);
	return kept;
}

/* Under the lock. */
static void write_batch(struct job *job, const struct jit_piece *p)
{
	const struct batch *b = &job->batches[job->written];
	uint64_t start = now();
	int ret = jit_writer_add(&job->writer, b->first, b->n, p);

	job->ns_write += now() - start;
	if (ret < 0) {
		job->write_ret = ret;
		note_failure(job, job->written);
	}
	job->written++;
}

/* Under the lock: those whose turn has come meanwhile. */
static void write_kept(struct job *job)
{
	while (job->write_ret == 0 && job->written < job->nbatches) {
		struct batch *b = &job->batches[job->written];

		if (!b->kept.code)
			break;
		write_batch(job, &b->kept);
		free(b->kept.code);
		b->kept.code = NULL;
	}
}

/* Batch i is compiled: it is written if its turn has come, and kept if not. */
static int batch_done(struct job *job, uint32_t i, const struct jit_out *out)
{
	struct jit_piece p = piece_of(out);
	struct batch *b = &job->batches[i];
	bool turn;

	pthread_mutex_lock(&job->lock);
	turn = job->written == i;
	pthread_mutex_unlock(&job->lock);
	if (!turn)
		p = keep_piece(&p);
	if (!p.code)
		return err_set(&b->err, -ENOMEM, WSBOX_FAILED, "out of memory");
	pthread_mutex_lock(&job->lock);
	if (turn)
		write_batch(job, &p);
	else
		b->kept = p;
	write_kept(job);
	pthread_mutex_unlock(&job->lock);
	return 0;
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
		if (b->ret == 0)
			b->ret = batch_done(job, i, &w->out);
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
	atomic_fetch_add(&job->workers, 1);
	w->job = job;
	arena_init(&w->arena);
	arena_init(&w->sigs);
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
	vec_done(&w->out.osrs);
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

static bool job_init(struct job *job, int image_fd)
{
	atomic_init(&job->next, 0);
	atomic_init(&job->failed, UINT32_MAX);
	atomic_init(&job->left, 0);
	atomic_init(&job->remade, 0);
	atomic_init(&job->workers, 0);
	pthread_mutex_init(&job->lock, NULL);
	return make_batches(job) && jit_writer_init(&job->writer, job->m, job->options, image_fd,
						    job->entries, job->nbatches);
}

static void job_done(struct job *job)
{
	for (uint32_t i = 0; job->batches && i < job->nbatches; i++)
		free(job->batches[i].kept.code);
	free(job->batches);
	free(job->entries);
	jit_writer_done(&job->writer);
	pthread_mutex_destroy(&job->lock);
}

static int write_failure(int ret, struct wsbox_err *err)
{
	if (ret == -EOVERFLOW)
		return err_set(err, -EFBIG, WSBOX_FAILED, "the module's code is too large");
	if (ret == -ENOMEM)
		return err_set(err, ret, WSBOX_FAILED, "out of memory");
	return err_set(err, ret, WSBOX_FAILED, "writing the code image: %s", err_name(ret));
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

static bool is_replaceable(const struct jit_options *o)
{
	return !o->tier && (o->replaceable || o->osr);
}

static int publish(struct job *job, struct jit_pool *pool, int fd, struct jit_stats *stats,
		   struct wsbox_err *err)
{
	struct jit_image h = { .magic = JIT_IMAGE_MAGIC, .version = JIT_IMAGE_VERSION };
	uint64_t start = now(), written;
	int ret;

	h.flags = (job->options->gs ? JIT_IMAGE_GS : 0) |
		  (is_replaceable(job->options) ? JIT_IMAGE_REPLACEABLE : 0);
	h.tier = job->options->tier ? job->options->tier->id : JIT_TIER_BASELINE;
	h.module_size = job->m->size;
	h.origin = job->options->origin;
	h.ctx_size = job->layout.size;
	ret = jit_writer_finish(&job->writer, &h);
	if (ret < 0)
		return write_failure(ret, err);
	written = now();
	stats->text_bytes = h.text_size;
	stats->image_bytes = h.size;
	stats->ns_publish += written - start;
	if (fd < 0)
		return 0;
	ret = verify_image(job, pool, fd, &h, err);
	stats->ns_verify = now() - written;
	return ret;
}

/* The first failure in the order of functions. */
static int first_failure(const struct job *job, struct wsbox_err *err)
{
	/* all batches before it are there */
	if (job->write_ret < 0)
		return write_failure(job->write_ret, err);
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
	uint64_t start = now(), writing;
	int ret = jit_layout_init(&job.layout, m);

	assert(!options->replaceable || !options->tier);
	if (ret < 0)
		return err_set(err, ret, WSBOX_INVALID, "the module's context is too large");
	job.vectors = module_vectors(m);
	if (job_init(&job, image_fd)) {
		jit_pool_run(job.nbatches > 1 ? pool : NULL, work, &job);
		ret = first_failure(&job, err);
	} else {
		ret = err_set(err, -ENOMEM, WSBOX_FAILED, "out of memory");
	}
	stats.left = atomic_load(&job.left);
	stats.remade = atomic_load(&job.remade);
	/* one writes while the others compile */
	writing = job.ns_write / num_max(atomic_load(&job.workers), 1);
	stats.ns_compile = now() - start - writing;
	stats.ns_publish = writing;
	if (ret == 0)
		ret = publish(&job, pool, image_fd, &stats, err);
	if (ret == 0 && ret_stats)
		*ret_stats = stats;
	job_done(&job);
	return ret;
}
