/*
 * The baseline compiler on any bytes: what decoder and validator accept has code, what they refuse
 * has none.
 */
#include "tests/fuzz/fuzz.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "jit/compile.h"
#include "jit/image.h"

static void check_image(int fd)
{
	struct wsbox_err err = WSBOX_ERR_INIT;
	off_t size = lseek(fd, 0, SEEK_END);
	void *image = mmap(NULL, (size_t)size, PROT_READ, MAP_PRIVATE, fd, 0);

	MUST(image != MAP_FAILED);
	MUST(!jit_image_check(image, (size_t)size, &err));
	munmap(image, (size_t)size);
}

static void compile(const uint8_t *data, size_t size, bool gs, int fd)
{
	struct wsbox_err err = WSBOX_ERR_INIT, why = WSBOX_ERR_INIT;
	struct jit_options options = { .gs = gs };
	struct jit_stats stats;
	struct wasm_module m;
	int ret, valid;

	if (wasm_module_decode(&m, data, size, wasm_features_default(), &err))
		return;
	valid = wasm_module_validate(&m, &why);
	MUST(!ftruncate(fd, 0));
	ret = jit_compile(&m, &options, NULL, fd, &stats, &err);
	/* named limits of the compiler may refuse what is valid; nothing else may differ */
	MUST(!valid || ret);
	if (ret)
		must_explain(ret, &err);
	else
		check_image(fd);
	MUST(valid || !ret || ret == -ENOTSUP || ret == -EFBIG);
	wasm_module_done(&m);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int fd = -1;

	if (fd < 0)
		fd = memfd_create("image", MFD_CLOEXEC);
	compile(data, size, true, fd);
	compile(data, size, false, fd);
	return 0;
}
