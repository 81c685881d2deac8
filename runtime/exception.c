/*
 * Throwing: finds the handler by the return addresses on the stack of this activation. Frames of
 * other instances are looked through too. At the activation's end the exception is a trap: it does
 * not pass through host functions.
 *
 * There is no collector: an exception to which wasm holds a reference stays until the store ends,
 * counted against the store's memory limit. One that clauses without reference catch, as in most
 * programs, is freed by the next throw.
 */
#include <assert.h>
#include <stdlib.h>

#include "runtime/state.h"

static struct rt_ret trap_with(int kind)
{
	return (struct rt_ret){ .trap = (uint64_t)kind };
}

struct rt_ret rt_lib_exn_new(struct rt_instance *inst, uint64_t tag, uint64_t b, uint64_t c,
			     uint64_t d, uint64_t e)
{
	struct rt_store *s = inst->head.store;
	uint32_t n = rt_type_of(s, inst->tags[tag]->type)->func.nparams;
	struct rt_exn *exn = calloc(1, sizeof(*exn) + n * sizeof(exn->values[0]));

	free(s->caught);
	s->caught = NULL;
	if (!exn)
		return trap_with(RT_TRAP_EXCEPTIONS);
	exn->tag = inst->tags[tag];
	return (struct rt_ret){ .value = (uintptr_t)exn };
}

static const struct jit_handler *find_handler(const struct rt_code *code, const void *pc,
					      const struct rt_exn *exn)
{
	uint32_t n, off = (uint32_t)((uintptr_t)pc - code->lo);
	const struct jit_handler *h = jit_image_handlers(code->image, off, &n);

	for (uint32_t i = 0; i < n; i++)
		if (off > h[i].start && off <= h[i].end &&
		    (h[i].tag == UINT32_MAX || code->inst->tags[h[i].tag] == exn->tag))
			return &h[i];
	return NULL;
}

/* The exception was caught with a reference, or without one. */
static bool keep_or_drop(struct rt_store *s, struct rt_exn *exn, bool ref)
{
	uint32_t n = rt_type_of(s, exn->tag->type)->func.nparams;
	uint64_t size = sizeof(*exn) + n * sizeof(exn->values[0]);

	if (exn->next)
		return true;
	if (!ref) {
		s->caught = exn;
		return true;
	}
	if (size > s->memory_max - s->memory_used)
		return false;
	s->memory_used += size;
	/* no growing array: it would be copied each time it grows, for no more than to be freed */
	exn->next = s->exns ? s->exns : exn;
	s->exns = exn;
	return true;
}

struct rt_ret rt_lib_throw(struct rt_instance *inst, uint64_t ref, uint64_t b, uint64_t c,
			   uint64_t d, uint64_t e)
{
	struct rt_store *s = inst->head.store;
	struct rt_exn *exn = (struct rt_exn *)ref;
	const void *pc = *(void **)s->exec.guest_rsp;
	void *const *rbp = s->exec.guest_rbp;

	if (!exn)
		return trap_with(RT_TRAP_NULL_EXCEPTION);
	while (rt_on_stack(s, rbp, 16)) {
		const struct rt_code *code = rt_code_find(s, (const char *)pc - 1);
		const struct jit_handler *h = code ? find_handler(code, pc, exn) : NULL;

		if (h) {
			if (!keep_or_drop(s, exn, h->ref))
				return trap_with(RT_TRAP_EXCEPTIONS);
			s->exec.trap_pc = (char *)code->lo + h->pc;
			s->exec.trap_rbp = (void *)rbp;
			s->exec.resume_ctx = code->inst->ctx;
			return (struct rt_ret){ .value = ref };
		}
		pc = rbp[1];
		assert(rbp[0] == NULL || rbp[0] > (void *)rbp);
		rbp = rbp[0];
	}
	(void)keep_or_drop(s, exn, false);
	return trap_with(RT_TRAP_UNCAUGHT);
}
