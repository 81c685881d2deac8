#include "jit/writer.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "jit/baseline/baseline.h"

#define TEXT_MAX ((uint64_t)INT32_MAX)	/* calls are relative */
#define BATCH_ALIGN 64u
#define PAGE 4096u
#define WINDOW ((size_t)64 << 10)	/* of text, read, mended and written again */

bool jit_writer_init(struct jit_writer *w, const struct wasm_module *m,
		     const struct jit_options *options, int fd, struct jit_entry *entries,
		     uint32_t nbatches)
{
	uint64_t funcs_end = num_align(sizeof(struct jit_image), 16) +
			     (uint64_t)(m->nfuncs - m->imported_funcs) * sizeof(uint32_t);

	*w = (struct jit_writer){ .m = m, .options = options, .fd = fd, .entries = entries,
				  .text_off = num_align(funcs_end, PAGE), .parts_max = nbatches };
	arena_init(&w->arena);
	w->parts = calloc((size_t)nbatches + 1, sizeof(*w->parts));
	return w->parts != NULL;
}

void jit_writer_done(struct jit_writer *w)
{
	arena_done(&w->arena);
	free(w->parts);
}

/* n bytes at `at` of the image. */
static int write_at(const struct jit_writer *w, const void *p, size_t n, uint64_t at)
{
	at += w->options->image_offset;
	while (n) {
		ssize_t k = pwrite(w->fd, p, n, (off_t)at);

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

static int read_at(const struct jit_writer *w, void *p, size_t n, uint64_t at)
{
	at += w->options->image_offset;
	while (n) {
		ssize_t k = pread(w->fd, p, n, (off_t)at);

		if (k < 0 && errno == EINTR)
			continue;
		if (k <= 0)
			return k < 0 ? -errno : -EIO;
		p = (char *)p + k;
		n -= (size_t)k;
		at += (uint64_t)k;
	}
	return 0;
}

/* ---- a batch ---- */

/* The field of the call at `at` in text. */
static uint32_t distance(const struct jit_writer *w, const struct jit_reloc *r, uint64_t at)
{
	const struct jit_entry *e = &w->entries[r->func - w->m->imported_funcs];

	return (r->inner ? e->inner : e->entry) - (uint32_t)(at + 4);
}

/* Calls of functions before `end` are made good, the others kept. */
static bool add_relocs(struct jit_writer *w, struct jit_written *part, const struct jit_piece *p,
			uint32_t end)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < p->nrelocs; i++) {
		struct jit_reloc r = p->relocs[i];
		uint32_t d;

		assert(r.at + 4 <= p->size && r.func >= w->m->imported_funcs &&
		       r.func < w->m->nfuncs);
		if (r.func - w->m->imported_funcs < end) {
			d = distance(w, &r, w->text + r.at);
			memcpy(p->code + r.at, &d, 4);
		} else {
			r.at += (uint32_t)w->text;
			p->relocs[n++] = r;
		}
	}
	part->nrelocs = n;
	part->relocs = arena_array(&w->arena, n, sizeof(*part->relocs));
	if (part->relocs && n)
		memcpy(part->relocs, p->relocs, n * sizeof(*p->relocs));
	return part->relocs != NULL;
}

static bool add_sites(struct jit_writer *w, struct jit_written *part, const struct jit_piece *p)
{
	struct jit_site *s = arena_array(&w->arena, p->nsites, sizeof(*s));

	if (!s)
		return false;
	for (uint32_t i = 0; i < p->nsites; i++) {
		/* they are searched by halves */
		assert(p->sites[i].pc <= p->size && (!i || p->sites[i].pc >= p->sites[i - 1].pc));
		s[i] = p->sites[i];
		s[i].pc += (uint32_t)w->text;
	}
	part->sites = s;
	part->nsites = p->nsites;
	w->nsites += p->nsites;
	return true;
}

static bool add_handlers(struct jit_writer *w, struct jit_written *part,
			  const struct jit_piece *p)
{
	struct jit_handler *h = arena_array(&w->arena, p->nhandlers, sizeof(*h));

	if (!h)
		return false;
	for (uint32_t i = 0; i < p->nhandlers; i++) {
		h[i] = p->handlers[i];
		h[i].start += (uint32_t)w->text;
		h[i].end += (uint32_t)w->text;
		h[i].pc += (uint32_t)w->text;
	}
	part->handlers = h;
	part->nhandlers = p->nhandlers;
	w->nhandlers += p->nhandlers;
	return true;
}

static bool add_osrs(struct jit_writer *w, struct jit_written *part, const struct jit_piece *p)
{
	struct jit_osr *o = arena_array(&w->arena, p->nosrs, sizeof(*o));

	if (!o)
		return false;
	for (uint32_t i = 0; i < p->nosrs; i++) {
		assert(p->osrs[i].pc < p->size && (!i || p->osrs[i].at > p->osrs[i - 1].at));
		o[i] = p->osrs[i];
		o[i].pc += (uint32_t)w->text;
	}
	part->osrs = o;
	part->nosrs = p->nosrs;
	w->nosrs += p->nosrs;
	return true;
}

/* Each batch ends in what is no code, as between batches there is padding. */
static bool add_lines(struct jit_writer *w, const struct jit_piece *p)
{
	struct jit_lines *lines = w->options->lines;
	uint32_t text = (uint32_t)w->text;

	for (size_t i = 0; lines && i < p->nlines; i++)
		if (!jit_line_add(lines, text + p->lines[i].pc, p->lines[i].at))
			return false;
	return !lines || jit_line_add(lines, text + p->size, JIT_LINE_DATA);
}

int jit_writer_add(struct jit_writer *w, uint32_t first, uint32_t n, const struct jit_piece *p)
{
	struct jit_written *part = &w->parts[w->nparts++];

	assert(w->nparts <= w->parts_max);
	w->text = num_align(w->text, BATCH_ALIGN);
	if (w->text + p->size > TEXT_MAX)
		return -EOVERFLOW;
	for (uint32_t i = first; i < first + n; i++) {
		w->entries[i].entry += (uint32_t)w->text;
		w->entries[i].inner += (uint32_t)w->text;
	}
	if (!add_lines(w, p))
		return -ENOMEM;
	if (w->fd >= 0) {
		int ret;

		if (!add_relocs(w, part, p, first + n) || !add_sites(w, part, p) ||
		    !add_handlers(w, part, p) || !add_osrs(w, part, p))
			return -ENOMEM;
		ret = write_at(w, p->code, p->size, w->text_off + w->text);
		if (ret < 0)
			return ret;
	}
	w->text += p->size;
	return 0;
}

/* ---- the end ---- */

/* A part of text in memory. */
struct window {
	const struct jit_writer *w;
	uint8_t *at;
	uint64_t start, size;	/* in text; size 0: nothing */
};

static int window_write(struct window *v)
{
	return v->size ? write_at(v->w, v->at, v->size, v->w->text_off + v->start) : 0;
}

/* So that it holds four bytes at `at`. */
static int window_move(struct window *v, uint64_t at)
{
	int ret;

	if (at >= v->start && at + 4 <= v->start + v->size)
		return 0;
	ret = window_write(v);
	if (ret < 0)
		return ret;
	v->start = at - at % PAGE;
	v->size = num_min(WINDOW, v->w->text - v->start);
	return read_at(v->w, v->at, v->size, v->w->text_off + v->start);
}

/* Calls forward: both ends are known now. */
static int relocate(const struct jit_writer *w)
{
	struct window v = { .w = w, .at = malloc(WINDOW) };
	int ret = v.at ? 0 : -ENOMEM;

	for (uint32_t i = 0; i < w->nparts && ret == 0; i++) {
		for (uint32_t k = 0; k < w->parts[i].nrelocs && ret == 0; k++) {
			const struct jit_reloc *r = &w->parts[i].relocs[k];
			uint32_t d = distance(w, r, r->at);

			ret = window_move(&v, r->at);
			if (ret == 0)
				memcpy(v.at + (r->at - v.start), &d, 4);
		}
	}
	if (ret == 0)
		ret = window_write(&v);
	free(v.at);
	return ret;
}

static int write_entries(const struct jit_writer *w, const struct jit_image *h)
{
	uint32_t *funcs = malloc(h->nfuncs * sizeof(*funcs) + 1);
	int ret = -ENOMEM;

	for (uint32_t i = 0; funcs && i < h->nfuncs; i++)
		funcs[i] = w->entries[i].entry;
	if (funcs)
		ret = write_at(w, funcs, h->nfuncs * sizeof(*funcs), h->funcs_off);
	free(funcs);
	return ret;
}

static int write_tables(const struct jit_writer *w, const struct jit_image *h)
{
	uint64_t sites = h->sites_off, handlers = h->handlers_off, osrs = h->osr_off;
	int ret = write_entries(w, h);

	for (uint32_t i = 0; i < w->nparts && ret == 0; i++) {
		const struct jit_written *part = &w->parts[i];

		ret = write_at(w, part->sites, part->nsites * sizeof(*part->sites), sites);
		if (ret == 0)
			ret = write_at(w, part->handlers,
				       part->nhandlers * sizeof(*part->handlers), handlers);
		if (ret == 0)
			ret = write_at(w, part->osrs, part->nosrs * sizeof(*part->osrs), osrs);
		osrs += part->nosrs * sizeof(*part->osrs);
		sites += part->nsites * sizeof(*part->sites);
		handlers += part->nhandlers * sizeof(*part->handlers);
	}
	return ret;
}

int jit_writer_finish(struct jit_writer *w, struct jit_image *h)
{
	int ret = 0;

	if (w->nsites > UINT32_MAX || w->nhandlers > UINT32_MAX || w->nosrs > UINT32_MAX)
		return -EOVERFLOW;
	h->nfuncs = w->m->nfuncs - w->m->imported_funcs;
	h->nsites = (uint32_t)w->nsites;
	h->nhandlers = (uint32_t)w->nhandlers;
	h->funcs_off = num_align(sizeof(*h), 16);
	h->text_off = w->text_off;
	h->text_size = w->text;
	h->sites_off = num_align(h->text_off + h->text_size, PAGE);
	h->handlers_off = num_align(h->sites_off + h->nsites * sizeof(struct jit_site), 16);
	h->nosr = (uint32_t)w->nosrs;
	h->osr_off = num_align(h->handlers_off + h->nhandlers * sizeof(struct jit_handler), 16);
	h->size = num_align(h->osr_off + h->nosr * sizeof(struct jit_osr), PAGE);
	if (w->fd < 0)
		return 0;
	ret = relocate(w);
	if (ret == 0)
		ret = write_tables(w, h);
	if (ret == 0 && ftruncate(w->fd, (off_t)(w->options->image_offset + h->size)) < 0)
		ret = -errno;
	return ret < 0 ? ret : write_at(w, h, sizeof(*h), 0);
}
