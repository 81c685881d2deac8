/*
 * Code images of an instance: mapped before the process locks itself, checked and trimmed when they
 * are complete.
 */
#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "jit/compile.h"
#include "runtime/base/fd.h"
#include "runtime/base/num.h"
#include "runtime/state.h"

static int check_image(const struct rt_instance *inst, const struct rt_code_file *file,
		       struct wsbox_err *err)
{
	const struct jit_image *image = inst->image;
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
	if ((image->flags & JIT_IMAGE_GS) && !jit_cpu_fsgsbase())
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
static int image_take(struct rt_instance *inst, const struct rt_code_file *file,
		      struct wsbox_err *err)
{
	void *p = file->at;
	uint64_t room = p ? file->room : file->size;
	int ret = p ? 0 : fd_sealed(file->fd);

	assert(!inst->image);
	if (ret < 0)
		return err_set(err, ret, WSBOX_FAILED, "the code image is not sealed");
	if (!p)
		ret = rt_code_map(file->fd, file->offset, room, &p, err);
	if (ret < 0)
		return ret;
	inst->image = p;
	inst->image_size = room;
	return 0;
}

/* What is not code cannot be run any more; what lies behind it is given back. */
static int image_trim(struct rt_instance *inst, uint64_t size)
{
	const struct jit_image *image = inst->image;
	char *p = (char *)inst->image;
	uint64_t end = num_align(size, 4096);
	uint64_t text_end = num_align(image->text_off + image->text_size, 4096);

	if (mprotect(p, image->text_off, PROT_READ) ||
	    (text_end < end && mprotect(p + text_end, end - text_end, PROT_READ)))
		return -errno;
	if (inst->image_size > end && munmap(p + end, inst->image_size - end))
		return -errno;
	inst->image_size = size;
	return 0;
}

int rt_instance_code(struct rt_instance *inst, const struct rt_code_file *file,
		     struct wsbox_err *err)
{
	struct rt_store *s = inst->head.store;
	const struct jit_image *image;
	int ret = image_take(inst, file, err);

	if (ret < 0)
		return ret;
	image = inst->image;
	ret = file->size > inst->image_size ? -EFBIG : 0;
	if (ret < 0)
		return err_set(err, ret, WSBOX_FAILED, "the code image is too large");
	ret = check_image(inst, file, err);
	if (ret < 0)
		return ret;
	ret = image_trim(inst, file->size);
	if (ret < 0)
		return err_set(err, ret, WSBOX_FAILED, "cannot map code: %s", err_name(ret));
	inst->text = (char *)image + image->text_off;
	if (!vec_push(&s->code,
		      ((struct rt_code){ (uintptr_t)inst->text,
					 (uintptr_t)inst->text + image->text_size, image, inst })))
		return err_set(err, -ENOMEM, WSBOX_FAILED, "out of memory for an instance");
	s->exec.use_gs |= (image->flags & JIT_IMAGE_GS) != 0;
	return 0;
}
