/*
 * Code images of an instance: mapped before the process locks itself, checked and trimmed when they
 * are complete.
 */
#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "jit/compile.h"
#include "runtime/base/cpu.h"
#include "runtime/base/fd.h"
#include "runtime/base/num.h"
#include "runtime/state.h"

static int check_image(const struct rt_instance *inst, const struct jit_image *image,
		       const struct rt_code_file *file, struct wsbox_err *err)
{
	int ret = jit_image_check(image, file->size, err);

	if (ret < 0)
		return ret;
	if (image->ctx_size != inst->layout.size ||
	    image->nfuncs != inst->m->nfuncs - inst->m->imported_funcs ||
	    image->module_size != inst->m->size ||
	    memcmp(image->origin.module, file->origin.module, sizeof(image->origin.module)))
		return err_set(err, -ENOEXEC, WSBOX_FAILED,
			       "the code image was made from another module");
	if (memcmp(image->origin.build, file->origin.build, sizeof(image->origin.build)))
		return err_set(err, -ENOEXEC, WSBOX_FAILED,
			       "the code image was made by another build of wsbox");
	if ((image->flags & JIT_IMAGE_GS) && !cpu_fsgsbase())
		return err_set(err, -ENOTSUP, WSBOX_FAILED,
			       "the code image needs FSGSBASE, which is off here");
	return 0;
}

/*
 * All of it executable from birth: MDWE and a cell's filter allow none of it later, and where text
 * begins is only known when there is some.
 */
int rt_code_map(int fd, uint64_t offset, uint64_t room, void **ret, struct wsbox_err *err)
{
	void *p = mmap(NULL, room, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, (off_t)offset);

	if (p == MAP_FAILED)
		return err_set(err, -errno, WSBOX_FAILED, "cannot map the code image: %s",
			       err_name(errno));
	*ret = p;
	return 0;
}

int rt_code_copy(int fd, uint64_t offset, uint64_t size, void **ret, struct wsbox_err *err)
{
	void *from = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, (off_t)offset);
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int code = from == MAP_FAILED || p == MAP_FAILED ? -errno : 0;

	if (code == 0) {
		memcpy(p, from, size);
		code = mprotect(p, size, PROT_READ | PROT_EXEC) < 0 ? -errno : 0;
	}
	if (from != MAP_FAILED)
		(void)munmap(from, size);
	if (code < 0)
		return err_set(err, code, WSBOX_FAILED, "cannot copy the code image: %s",
			       err_name(code));
	*ret = p;
	return 0;
}

/* Maps the image unless it is. */
static int image_take(const struct rt_code_file *file, struct rt_image *ret, struct wsbox_err *err)
{
	void *p = file->at;
	uint64_t room = p ? file->room : file->size;
	int r = p ? 0 : fd_sealed(file->fd);

	if (r < 0)
		return err_set(err, r, WSBOX_FAILED, "the code image is not sealed");
	if (!p)
		r = rt_code_map(file->fd, file->offset, room, &p, err);
	if (r < 0)
		return r;
	*ret = (struct rt_image){ p, room };
	return 0;
}

/* What is not code cannot be run any more; what lies behind it is given back. */
static int image_trim(struct rt_image *image, uint64_t size)
{
	char *p = (char *)image->at;
	uint64_t end = num_align(size, 4096);
	uint64_t text_end = num_align(image->at->text_off + image->at->text_size, 4096);

	if (mprotect(p, image->at->text_off, PROT_READ) ||
	    (text_end < end && mprotect(p + text_end, end - text_end, PROT_READ)))
		return -errno;
	if (image->size > end && munmap(p + end, image->size - end))
		return -errno;
	image->size = size;
	return 0;
}

/* Takes the image, finds it right, and lists its text. */
static int image_add(struct rt_instance *inst, const struct rt_code_file *file,
		     struct rt_image *image, struct wsbox_err *err)
{
	struct rt_store *s = inst->head.store;
	uintptr_t text;
	int ret = image_take(file, image, err);

	if (ret < 0)
		return ret;
	if (file->size > image->size)
		return err_set(err, -EFBIG, WSBOX_FAILED, "the code image is too large");
	ret = check_image(inst, image->at, file, err);
	if (ret < 0)
		return ret;
	ret = image_trim(image, file->size);
	if (ret < 0)
		return err_set(err, ret, WSBOX_FAILED, "cannot map code: %s", err_name(ret));
	text = (uintptr_t)rt_image_text(image->at);
	if (!vec_push(&s->code,
		      ((struct rt_code){ text, text + image->at->text_size, image->at, inst })))
		return err_set(err, -ENOMEM, WSBOX_FAILED, "out of memory for an instance");
	return 0;
}

int rt_instance_code(struct rt_instance *inst, const struct rt_code_file *file,
		     struct wsbox_err *err)
{
	struct rt_store *s = inst->head.store;
	int ret;

	assert(!inst->image.at);
	ret = image_add(inst, file, &inst->image, err);
	if (ret < 0)
		return ret;
	s->exec.use_gs |= (inst->image.at->flags & JIT_IMAGE_GS) != 0;
	/* rt_instance_replace() may not allocate */
	if (inst->image.at->flags & JIT_IMAGE_REPLACEABLE && !vec_reserve(&s->code, 1))
		return err_set(err, -ENOMEM, WSBOX_FAILED, "out of memory for an instance");
	return 0;
}

/* ---- replacement: from within a signal handler, at any instruction of this process ---- */

static void replace_in_tables(struct rt_instance *inst)
{
	for (uint32_t i = inst->m->imported_tables; i < inst->m->ntables; i++) {
		struct rt_table *t = inst->tables[i];
		struct jit_callee *entries = t->slot->base;

		/* others' functions, and tables that others see, lead through rt_func */
		for (uint64_t k = 0; t->callees && !t->shared && k < t->slot->size; k++)
			if (entries[k].func && entries[k].func->owner == inst)
				entries[k].code = entries[k].func->entry;
	}
}

static void replace_functions(struct rt_instance *inst)
{
	uint32_t imported = inst->m->imported_funcs;
	char **slots = rt_slot(inst, inst->layout.slots);

	for (uint32_t i = imported; i < inst->m->nfuncs; i++) {
		struct rt_func *f = &inst->funcs[i];

		if (f->callee.sig)
			f->entry = rt_image_entry(inst->image.at, i - imported);
		slots[i - imported] = rt_image_entry(inst->image.at, i - imported);
	}
}

/* Loops of functions that the image has such code of ask for it from now on. */
static void replace_in_loops(struct rt_instance *inst)
{
	const struct jit_image *better = inst->better;
	const struct jit_osr *osrs = (const void *)((const char *)better + better->osr_off);
	uint8_t *heads = rt_slot(inst, inst->layout.heads);

	for (uint32_t i = 0; i < better->nosr; i++)
		if (osrs[i].pc < better->text_size)
			heads[jit_image_func(better, osrs[i].pc)] = 1;
}

int rt_instance_replace(struct rt_instance *inst, const struct rt_code_file *file,
			enum rt_replace what)
{
	struct rt_store *s = inst->head.store;
	struct rt_image next;
	int ret;

	if (!(inst->image.at->flags & JIT_IMAGE_REPLACEABLE) || inst->former.at)
		return -EALREADY;
	assert(s->code.len < s->code.cap);
	ret = image_add(inst, file, &next, NULL);
	if (ret < 0)
		return ret;
	if (next.at->flags & JIT_IMAGE_GS && !s->exec.use_gs)
		return -ENOTSUP;
	inst->former = what == RT_REPLACE_ALL ? inst->image : next;
	inst->image = what == RT_REPLACE_ALL ? next : inst->image;
	inst->better = next.at;
	if (what == RT_REPLACE_ALL) {
		replace_functions(inst);
		replace_in_tables(inst);
	}
	replace_in_loops(inst);
	return 0;
}

uint64_t rt_instance_osrs(const struct rt_instance *inst)
{
	return inst->osrs;
}

/* A function that is in other loops than there is code for does not ask for ever. */
char *rt_osr(struct rt_instance *inst, uint32_t at)
{
	const struct jit_osr *osr = inst->better ? jit_image_osr(inst->better, at) : NULL;
	const char *pc = *(char **)inst->head.store->exec.guest_rsp;
	const struct rt_code *code = rt_code_find(inst->head.store, pc - 1);
	uint8_t *heads = rt_slot(inst, inst->layout.heads);

	if (osr) {
		inst->osrs++;
		return rt_image_text(inst->better) + osr->pc;
	}
	if (code)
		heads[jit_image_func(code->image, (uint32_t)((uintptr_t)pc - 1 - code->lo))]++;
	return NULL;
}
