#include "tests/verify/made.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "jit/compile.h"
#include "tests/diff/gen.h"

static void must(bool ok, uint64_t seed, const struct wsbox_err *err)
{
	if (ok)
		return;
	printf("seed %llu: %s\n", (unsigned long long)seed, err->text);
	exit(1);
}

void made_of_seed(uint64_t seed, bool gs, struct made *ret)
{
	struct wsbox_err err = WSBOX_ERR_INIT;
	struct jit_options options = { .gs = gs };
	struct jit_stats stats;
	struct gen_buf module = { 0 };
	uint32_t exports;
	int fd = memfd_create("image", MFD_CLOEXEC);

	gen_module(seed, seed % 3 == 0, &module, &exports);
	ret->bytes = module.bytes;
	must(!wasm_module_decode(&ret->m, module.bytes, module.len, wasm_features_default(), &err),
	     seed, &err);
	must(!jit_compile(&ret->m, &options, NULL, fd, &stats, &err), seed, &err);
	ret->image = malloc(stats.image_bytes);
	must(ret->image &&
		     pread(fd, ret->image, stats.image_bytes, 0) == (ssize_t)stats.image_bytes,
	     seed, &err);
	close(fd);
}

void made_done(struct made *made)
{
	wasm_module_done(&made->m);
	free(made->bytes);
	free(made->image);
}
