/*
 * dump [-lnps] MODULE [TEXT]: compiles a module, writes its machine code to TEXT, prints one line a
 * function: index, where its code begins and ends in TEXT, name. Then times on stderr. -n: no gs:
 * forms. -p: as of --tier auto: functions look whether another took their place, and so do heads of
 * some loops, -l: of all. -s: a line for a site, too: its place in TEXT, then in the module, in
 * hexadecimal. -r N: compile N times, print the best rate. -t N: threads. dump-llvm compiles with
 * LLVM's tier.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "jit/compile.h"
#include "jit/osr.h"
#include "jit/image.h"
#include "jit/tier.h"
#include "runtime/wasm/feature.h"
#include "tests/spec/tier.h"

static int fail(const char *what, const struct wsbox_err *err)
{
	fprintf(stderr, "%s: %s\n", what, err->text);
	return 1;
}

static void print(const struct wasm_module *m, const struct jit_image *image, const char *text)
{
	const uint32_t *funcs = (const void *)((const char *)image + image->funcs_off);
	FILE *f = text ? fopen(text, "wb") : NULL;
	char name[128];

	for (uint32_t i = 0; i < image->nfuncs; i++) {
		uint64_t end = i + 1 < image->nfuncs ? funcs[i + 1] : image->text_size;

		printf("%u %u %llu %s\n", i + m->imported_funcs, funcs[i], (unsigned long long)end,
		       wasm_func_name(m, i + m->imported_funcs, name, sizeof(name)));
	}
	if (f) {
		fwrite((const char *)image + image->text_off, 1, image->text_size, f);
		fclose(f);
	}
}

static void print_sites(const struct jit_image *image)
{
	const struct jit_site *sites = (const void *)((const char *)image + image->sites_off);

	for (uint32_t i = 0; i < image->nsites; i++)
		printf("%x %x%s\n", sites[i].pc, sites[i].at & ~JIT_SITE_RANGE,
		       sites[i].at & JIT_SITE_RANGE ? " and on" : "");
}

static int compile(const struct wasm_module *m, const struct jit_options *o, struct jit_pool *pool,
		   int repeat, const char *text, bool sites)
{
	struct wsbox_err err = WSBOX_ERR_INIT;
	struct jit_stats stats, best = { .ns_compile = UINT64_MAX };
	int fd = memfd_create("image", MFD_CLOEXEC);
	void *image;

	for (int i = 0; i < repeat; i++) {
		if (jit_compile(m, o, pool, fd, &stats, &err) < 0)
			return fail("compile", &err);
		best.ns_verify = i && best.ns_verify < stats.ns_verify ? best.ns_verify :
									 stats.ns_verify;
		stats.ns_verify = best.ns_verify;
		if (stats.ns_compile < best.ns_compile)
			best = stats;
	}
	image = mmap(NULL, stats.image_bytes, PROT_READ, MAP_SHARED, fd, 0);
	if (image == MAP_FAILED || jit_image_check(image, stats.image_bytes, &err) < 0)
		return fail("image", &err);
	if (repeat == 1 || text)
		print(m, image, text);
	if (sites)
		print_sites(image);
	fprintf(stderr,
		"%.2f MB, %.1f ms + %.1f ms + %.1f ms (%.0f MB/s of code verified), %.1f MB/s, "
		"%.2f bytes of code a byte, %u sites\n",
		(double)best.body_bytes / 1e6, (double)best.ns_compile / 1e6,
		(double)best.ns_publish / 1e6, (double)best.ns_verify / 1e6,
		(double)best.text_bytes * 1e3 / (double)best.ns_verify,
		(double)best.body_bytes * 1e3 / (double)best.ns_compile,
		(double)best.text_bytes / (double)best.body_bytes,
		((const struct jit_image *)image)->nsites);
	return 0;
}

int main(int argc, char **argv)
{
	struct jit_options options = { .gs = true, .tier = &host_tier ? host_tier : NULL };
	struct wsbox_err err = WSBOX_ERR_INIT;
	struct jit_pool *pool = NULL;
	struct wasm_module m;
	struct stat st;
	int c, fd, repeat = 1, ret;
	bool sites = false;
	void *bytes;

	while ((c = getopt(argc, argv, "lnpr:st:")) > 0) {
		if (c == 'n')
			options.gs = false;
		else if (c == 'p')
			options = (struct jit_options){ .gs = options.gs, .tier = options.tier,
							.replaceable = !options.tier,
							.osr = JIT_OSR_SOME };
		else if (c == 'l')
			options.osr = JIT_OSR_ALL;
		else if (c == 's')
			sites = true;
		else if (c == 'r')
			repeat = atoi(optarg);
		else if (c == 't')
			pool = jit_pool_new((uint32_t)atoi(optarg),
					    options.tier ? options.tier->stack_size : 0);
		else
			return 2;
	}
	fd = optind < argc ? open(argv[optind], O_RDONLY | O_CLOEXEC) : -1;
	if (fd < 0 || fstat(fd, &st) < 0)
		return 2;
	bytes = mmap(NULL, (size_t)st.st_size + 1, PROT_READ, MAP_PRIVATE, fd, 0);
	if (bytes == MAP_FAILED)
		return 2;
	if (wasm_module_decode(&m, bytes, (size_t)st.st_size, wasm_features_default(), &err) < 0)
		return fail("decode", &err);
	ret = compile(&m, &options, pool, repeat, argv[optind + 1], sites);
	jit_pool_free(pool);
	wasm_module_done(&m);
	return ret;
}
