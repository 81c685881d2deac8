/* Reading code images: image.h has the format. */
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "jit/image.h"

static bool part(const struct jit_image *m, uint64_t off, uint64_t n, uint64_t align)
{
	return off % align == 0 && off >= sizeof(*m) && off <= m->size && n <= m->size - off;
}

int jit_image_check(const void *image, size_t size, struct wsbox_err *err)
{
	const struct jit_image *m = image;

	if (size < sizeof(*m) || memcmp(m->magic, JIT_IMAGE_MAGIC, 8) ||
	    m->version != JIT_IMAGE_VERSION || m->size != size)
		return err_set(err, -ENOEXEC, WSBOX_FAILED, "not a code image of this version");
	if (!part(m, m->funcs_off, m->nfuncs * 4ull, 4) ||
	    !part(m, m->sites_off, m->nsites * 8ull, 4) ||
	    !part(m, m->handlers_off, m->nhandlers * (uint64_t)sizeof(struct jit_handler), 4) ||
	    !part(m, m->osr_off, m->nosr * (uint64_t)sizeof(struct jit_osr), 4) ||
	    !part(m, m->text_off, m->text_size, 4096))
		return err_set(err, -ENOEXEC, WSBOX_FAILED, "the code image is damaged");
	return 0;
}

const struct jit_site *jit_image_near(const struct jit_image *m, uint32_t pc)
{
	const struct jit_site *sites = (const void *)((const char *)m + m->sites_off);
	uint32_t lo = 0, hi = m->nsites;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (sites[mid].pc <= pc)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo ? &sites[lo - 1] : NULL;
}

const struct jit_site *jit_image_site(const struct jit_image *m, uint32_t pc, bool call)
{
	const struct jit_site *first = (const void *)((const char *)m + m->sites_off);
	const struct jit_site *s = jit_image_near(m, pc);

	/* where what follows a call can fault, the call comes first */
	while (s && call && s > first && s[-1].pc == pc)
		s--;
	if (s && s->pc == pc && s->at != JIT_SITE_END && !(s->at & JIT_SITE_RANGE))
		return s;
	s = jit_image_near(m, pc - call);
	return s && (s->at & JIT_SITE_RANGE) ? s : NULL;
}

uint32_t jit_image_func(const struct jit_image *m, uint32_t pc)
{
	const uint32_t *funcs = (const void *)((const char *)m + m->funcs_off);
	uint32_t lo = 0, hi = m->nfuncs;

	while (lo + 1 < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (funcs[mid] <= pc)
			lo = mid;
		else
			hi = mid;
	}
	return lo;
}

const struct jit_osr *jit_image_osr(const struct jit_image *m, uint32_t at)
{
	const struct jit_osr *all = (const void *)((const char *)m + m->osr_off);
	uint32_t lo = 0, hi = m->nosr;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (all[mid].at < at)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < m->nosr && all[lo].at == at && all[lo].pc < m->text_size ? &all[lo] : NULL;
}

uint32_t jit_image_handler_from(const struct jit_image *m, uint32_t pc)
{
	const struct jit_handler *h = (const void *)((const char *)m + m->handlers_off);
	uint32_t lo = 0, hi = m->nhandlers;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (h[mid].pc < pc)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

const struct jit_handler *jit_image_handlers(const struct jit_image *m, uint32_t pc,
					     uint32_t *ret_n)
{
	const struct jit_handler *h = (const void *)((const char *)m + m->handlers_off);
	const uint32_t *funcs = (const void *)((const char *)m + m->funcs_off);
	uint32_t func = jit_image_func(m, pc - 1), first = jit_image_handler_from(m, funcs[func]);
	uint32_t end = func + 1 < m->nfuncs ? jit_image_handler_from(m, funcs[func + 1]) :
					      m->nhandlers;

	*ret_n = end - first;
	return h + first;
}
