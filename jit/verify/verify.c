/* The verifier's frame: facts of the module, then one function after the other. */
#include "jit/verify/verify.h"

#include <assert.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "jit/baseline/baseline.h"
#include "jit/cc.h"
#include "jit/pool.h"
#include "jit/tier.h"
#include "jit/verify/opt.h"
#include "runtime/base/num.h"

static bool is_i32(wasm_valtype t)
{
	return wasm_kind(t) == WASM_KIND_I32;
}

static void sig_init(struct jv_sig *s, const struct wasm_functype *t, struct jit_loc *locs)
{
	struct jit_loc *results = locs + t->nparams;
	struct jit_cc cc;

	jit_cc_init(&cc, t, locs, results);
	*s = (struct jv_sig){
		.stack_bytes = cc.stack_bytes, .result_bytes = cc.sret_bytes, .func = true
	};
	for (uint32_t i = 0; i < t->nparams; i++)
		if (is_i32(t->params[i]) && locs[i].where == JIT_IN_GPR)
			s->args |= (uint16_t)BIT(locs[i].reg);
	for (uint32_t i = 0; i < t->nparams; i++) {
		if (locs[i].where != JIT_ON_STACK)
			continue;
		s->c_bytes = locs[i].off + wasm_slot_size(t->params[i]);
		if (is_i32(t->params[i]) && locs[i].off < 8 * 32)
			s->stack_args |= 1u << locs[i].off / 8;
	}
	for (uint32_t i = 0; i < t->nresults; i++)
		if (is_i32(t->results[i]) && results[i].where == JIT_IN_GPR)
			s->results |= (uint16_t)BIT(results[i].reg);
}

static bool make_sigs(struct jv *v)
{
	struct jit_loc *locs;
	uint32_t most = 0;

	for (uint32_t i = 0; i < v->m->ntypes; i++)
		most = (uint32_t)num_max(most, v->m->types[i].nparams + v->m->types[i].nresults);
	locs = calloc(most + 1, sizeof(*locs));
	v->sigs = calloc(v->m->ntypes + 1, sizeof(*v->sigs));
	for (uint32_t i = 0; locs && v->sigs && i < v->m->ntypes; i++)
		if (v->m->subs[i].kind == WASM_TYPE_FUNC)
			sig_init(&v->sigs[i], &v->m->types[i], locs);
	free(locs);
	return locs && v->sigs;
}

/* Where functions are found by the place of their entry; entries must ascend. */
static bool make_buckets(struct jv *v)
{
	uint32_t n = v->text_size / 64 + 1, f = 0;

	v->bucket = malloc(n * sizeof(*v->bucket));
	if (!v->bucket)
		return false;
	for (uint32_t b = 0; b < n; b++) {
		while (f < v->nfuncs && v->entries[f] < b * 64)
			f++;
		v->bucket[b] = f;
	}
	return true;
}

/* For the longest function. */
static bool make_map(struct jv *v)
{
	size_t most = 0;

	for (uint32_t f = 0; f < v->nfuncs; f++) {
		uint32_t end = f + 1 < v->nfuncs ? v->entries[f + 1] : v->text_size;

		if (end - v->entries[f] > most)
			most = end - v->entries[f];
	}
	v->map = malloc((most + JV_READ_AHEAD) * sizeof(*v->map));
	/* in one piece for all but the longest, rather than by doubling: fresh pages are dear */
	return v->map && vec_reserve(&v->edges, num_min(most / 16, 65536)) &&
	       vec_reserve(&v->blocks, num_min(most / 16, 65536));
}

static bool make_opt(struct jv *v)
{
	v->opt = jv_opt_new(v);
	v->stub = jv_opt_new(v);
	return v->opt && v->stub;
}

/* Whether the entries are in the text, one behind the other. */
static bool entries_ascend(const struct jv *v)
{
	for (uint32_t f = 0; f < v->nfuncs; f++)
		if (v->entries[f] >= v->text_size || (f && v->entries[f] <= v->entries[f - 1]))
			return false;
	return true;
}

static const struct jit_handler *all_handlers(const struct jv *v)
{
	return (const void *)((const char *)v->image + v->image->handlers_off);
}

/* Whether handlers come in the order of functions: whoever looks for one relies on it. */
static bool handlers_ascend(const struct jv *v)
{
	const struct jit_handler *h = all_handlers(v);
	uint32_t f = 0;

	for (uint32_t k = 0; k < v->image->nhandlers; k++) {
		while (f + 1 < v->nfuncs && v->entries[f + 1] <= h[k].pc)
			f++;
		if (h[k].pc >= v->text_size || f >= v->nfuncs || h[k].pc < v->entries[f])
			return false;
	}
	return true;
}

static const struct jit_osr *all_osrs(const struct jv *v)
{
	return (const void *)((const char *)v->image + v->image->osr_off);
}

/* Whether all lie behind each other in the text. The baseline makes none. */
static bool osrs_ascend(const struct jv *v)
{
	const struct jit_osr *o = all_osrs(v);

	for (uint32_t k = 0; k < v->image->nosr; k++)
		if (o[k].pc >= v->text_size ||
		    (k && (o[k].pc <= o[k - 1].pc || o[k].at <= o[k - 1].at)))
			return false;
	return !v->image->nosr || v->image->tier != JIT_TIER_BASELINE;
}

/* The first that lies at or behind this place. */
static uint32_t osr_from(const struct jv *v, uint32_t pc)
{
	const struct jit_osr *o = all_osrs(v);
	uint32_t lo = 0, hi = v->image->nosr;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (o[mid].pc < pc)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* Those of the function at hand, each of which is to be for what lies in it. */
static bool take_handlers(struct jv *v)
{
	uint32_t first = jit_image_handler_from(v->image, v->lo);

	v->handlers = all_handlers(v) + first;
	v->nhandlers = jit_image_handler_from(v->image, v->hi) - first;
	for (uint32_t k = 0; k < v->nhandlers; k++) {
		const struct jit_handler *h = &v->handlers[k];

		if (h->start < v->lo || h->start > h->end || h->end > v->hi ||
		    (h->tag != WASM_NONE && h->tag >= v->m->ntags))
			return jv_fail(v, v->lo, "a handler for what is not in its function");
	}
	return true;
}

/* Functions that the optimizing tier left are the baseline's. */
static bool of_either_tier(struct jv *v)
{
	struct jv_state none = { 0 };
	const char *bad;
	uint32_t at;

	v->s = none;
	if (jv_opt_function(v))
		return true;
	bad = v->bad;
	at = v->bad_at;
	v->bad = NULL;
	if (jv_baseline(v))
		return true;
	v->bad = bad;
	v->bad_at = at;
	return false;
}

static void begin_function(struct jv *v, uint32_t f)
{
	assert(f < v->nfuncs);
	v->bad = NULL;
	v->func = f;
	v->lo = v->entries[f];
	v->hi = f + 1 < v->nfuncs ? v->entries[f + 1] : v->text_size;
	v->sig = &v->sigs[v->m->funcs[v->m->imported_funcs + v->first + f].type];
}

/*
 * What goes on with the function at loops' heads is each a function of its own, which takes no
 * arguments, and lies between the function at hand, which is cut there, and its end.
 */
struct osrs {
	uint32_t first, last, end;
};

static struct osrs cut_osrs(struct jv *v)
{
	struct osrs o = { osr_from(v, v->lo + 1), osr_from(v, v->hi), v->hi };

	if (o.first < o.last)
		v->hi = all_osrs(v)[o.first].pc;
	return o;
}

static bool osrs_are_right(struct jv *v, struct osrs o)
{
	static const struct jv_sig sig = { .func = true };
	const struct jit_osr *all = all_osrs(v);

	v->sig = &sig;
	v->nhandlers = 0;
	for (uint32_t k = o.first; k < o.last; k++) {
		struct jv_state none = { 0 };

		v->s = none;
		v->lo = all[k].pc;
		v->hi = k + 1 < o.last ? all[k + 1].pc : o.end;
		if (!jv_opt_function(v))
			return false;
	}
	return true;
}

bool jv_function(struct jv *v, uint32_t f)
{
	struct osrs osrs;

	begin_function(v, f);
	if (!take_handlers(v))
		return false;
	if (!v->opt)
		return jv_baseline(v);
	osrs = cut_osrs(v);
	return of_either_tier(v) && osrs_are_right(v, osrs);
}

static int refusal(const struct jv *v, struct wsbox_err *err)
{
	if (!strcmp(v->bad, "out of memory"))
		return err_set(err, -ENOMEM, WSBOX_FAILED, "out of memory");
	return err_set(err, -ENOEXEC, WSBOX_FAILED, "code verifier: function %u at +0x%x: %s",
		       v->func + v->m->imported_funcs, v->bad_at - v->lo, v->bad);
}

int jv_init(struct jv *v, const struct jit_image *image, const struct wasm_module *m,
	    struct wsbox_err *err)
{
	bool guarded;

	*v = (struct jv){
		.m = m,
		.image = image,
		.text = (const uint8_t *)image + image->text_off,
		.text_size = (uint32_t)image->text_size,
		.entries = (const void *)((const char *)image + image->funcs_off),
		.nfuncs = image->nfuncs,
		.own_memory = m->nmemories && !m->imported_memories,
		.references = -1,
		.copy_stub = UINT32_MAX,
	};
	if (jit_layout_init(&v->layout, m) < 0 || image->nfuncs != m->nfuncs - m->imported_funcs ||
	    image->ctx_size != v->layout.size || image->module_size != m->size ||
	    image->text_size > INT32_MAX)
		return err_set(err, -ENOEXEC, WSBOX_FAILED,
			       "code verifier: the image was made from another module");
	if (!entries_ascend(v) || !handlers_ascend(v) || !osrs_ascend(v))
		return err_set(err, -ENOEXEC, WSBOX_FAILED,
			       "code verifier: functions, handlers or heads of loops are not in "
			       "order");
	guarded = v->own_memory && jv_guarded(v, 0);
	v->gs = guarded && image->flags & JIT_IMAGE_GS;
	v->near.memory = guarded ? 0 : INT64_MAX;
	if (!make_sigs(v) || !make_buckets(v) || !make_map(v) ||
	    (image->tier != JIT_TIER_BASELINE && !make_opt(v)))
		return err_set(err, -ENOMEM, WSBOX_FAILED, "out of memory");
	return 0;
}

void jv_done(struct jv *v)
{
	jv_opt_free(v->opt);
	jv_opt_free(v->stub);
	free(v->sigs);
	free(v->bucket);
	free(v->map);
	vec_done(&v->blocks);
	vec_done(&v->edges);
	vec_done(&v->work);
}

/* ---- functions that are not yet in an image ---- */

static int by_offset(const void *a, const void *b)
{
	const struct jit_reloc *x = a, *y = b;

	return x->at < y->at ? -1 : x->at > y->at;
}

/* As much of an image as the functions need: entries and sites; in memory of its own. */
static struct jit_image *part_image(const struct jit_verify_part *p)
{
	size_t sites = p->nsites * sizeof(*p->sites);
	size_t osrs = p->nosrs * sizeof(*p->osrs), entries = (p->n + 1) * sizeof(uint32_t);
	struct jit_image *image = calloc(1, sizeof(*image) + entries + sites + osrs);

	if (!image)
		return NULL;
	image->funcs_off = sizeof(*image);
	image->sites_off = image->handlers_off = sizeof(*image) + entries;
	image->osr_off = image->sites_off + sites;
	image->nosr = (uint32_t)p->nosrs;
	image->nfuncs = p->n;
	image->nsites = (uint32_t)p->nsites;
	image->tier = JIT_TIER_LLVM;
	for (uint32_t i = 0; i < p->n; i++)
		((uint32_t *)(image + 1))[i] = p->entries[i].entry;
	if (sites)
		memcpy((char *)image + image->sites_off, p->sites, sites);
	if (osrs)
		memcpy((char *)image + image->osr_off, p->osrs, osrs);
	return image;
}

static void verify_marked(struct jv *v, const struct jit_verify_part *p, uint64_t *refused,
			  uint32_t *n)
{
	for (uint32_t i = 0; i < p->n; i++) {
		struct osrs osrs;

		if (!jv_test(p->optimized, i))
			continue;
		begin_function(v, i);
		osrs = cut_osrs(v);
		if (jv_opt_function(v) && osrs_are_right(v, osrs))
			continue;
		refused[i / 64] |= (uint64_t)1 << i % 64;
		++*n;
	}
}

int jit_verify_part(const struct jit_verify_part *p, uint64_t *ret_refused, uint32_t *ret_n)
{
	struct jit_image *image = part_image(p);
	struct jit_reloc *relocs = malloc((p->nrelocs + 1) * sizeof(*relocs));
	struct jv v = {
		.m = p->m,
		.image = image,
		.text = p->text,
		.text_size = p->size,
		.layout = *p->layout,
		.entries = image ? (const uint32_t *)(image + 1) : NULL,
		.first = p->first,
		.nfuncs = p->n,
		.relocs = relocs,
		.nrelocs = p->nrelocs,
		.own_memory = p->m->nmemories && !p->m->imported_memories,
		.references = -1,
		.copy_stub = UINT32_MAX,
	};
	uint32_t n = 0;
	int ret = -ENOMEM;

	if (relocs && image) {
		if (p->nrelocs)
			memcpy(relocs, p->relocs, p->nrelocs * sizeof(*relocs));
		qsort(relocs, p->nrelocs, sizeof(*relocs), by_offset);
		if (make_sigs(&v) && make_buckets(&v) && make_opt(&v)) {
			verify_marked(&v, p, ret_refused, &n);
			*ret_n = n;
			ret = 0;
		}
	}
	jv_done(&v);
	free(relocs);
	free(image);
	return ret;
}

/* ---- all functions ---- */

#define BATCH 64u		/* functions that a worker takes at once */

/* What the workers share. */
struct crew {
	const struct jit_image *image;
	const struct wasm_module *m;
	atomic_uint next;	/* function to take */
	atomic_uint done;	/* functions that were looked at, or come behind one that failed */
	atomic_uint failed;	/* lowest function that was refused */
};

static void note_failure_of(struct crew *c, uint32_t f)
{
	uint32_t lowest = atomic_load(&c->failed);

	while (f < lowest && !atomic_compare_exchange_weak(&c->failed, &lowest, f))
		;
}

static void verify_batch(struct crew *c, struct jv *v, uint32_t first, uint32_t n)
{
	for (uint32_t f = first; f < first + n && f < atomic_load(&c->failed); f++)
		if (!jv_function(v, f))
			note_failure_of(c, f);
	atomic_fetch_add(&c->done, n);
}

/* Without memory the functions stay for the other workers. */
static void verify_batches(void *arg)
{
	struct wsbox_err err = WSBOX_ERR_INIT;
	struct crew *c = arg;
	uint32_t first;
	struct jv v;

	if (jv_init(&v, c->image, c->m, &err) == 0)
		while ((first = atomic_fetch_add(&c->next, BATCH)) < v.nfuncs)
			verify_batch(c, &v, first, (uint32_t)num_min(BATCH, v.nfuncs - first));
	jv_done(&v);
}

/* 0, or the error of the lowest function that is refused, however many workers there are. */
static int verify_all(struct jv *v, struct jit_pool *pool, struct wsbox_err *err)
{
	struct crew c = { .image = v->image, .m = v->m };

	atomic_init(&c.next, 0);
	atomic_init(&c.done, 0);
	atomic_init(&c.failed, UINT32_MAX);
	if (v->nfuncs > BATCH && pool)
		jit_pool_run(pool, verify_batches, &c);
	else
		verify_batch(&c, v, 0, v->nfuncs);
	/* once more, for its words */
	v->thorough = true;
	if (atomic_load(&c.failed) != UINT32_MAX && !jv_function(v, atomic_load(&c.failed)))
		return refusal(v, err);
	if (atomic_load(&c.failed) == UINT32_MAX && atomic_load(&c.done) == v->nfuncs)
		return 0;
	return err_set(err, -ENOMEM, WSBOX_FAILED, "out of memory");
}

int jit_verify(const struct jit_image *image, const struct wasm_module *m, struct jit_pool *pool,
	       struct wsbox_err *err)
{
	struct jv v;
	int ret = jv_init(&v, image, m, err);

	if (ret == 0)
		ret = verify_all(&v, pool, err);
	jv_done(&v);
	return ret;
}
