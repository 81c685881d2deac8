/* Compiling with several workers: batches that are done out of turn, and a file that fails. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "jit/compile.h"
#include "tests/unit/module.h"

#define FUNCTIONS 3000u		/* of 200 to 300 bytes: more than ten batches */
#define NONE UINT32_MAX

/* Calls of two functions, one of them under a handler, and loads between them. */
static void body(struct mod *m, uint32_t i, bool bad)
{
	mod_open(m);
	mod_put(m, 0);
	for (uint32_t k = 0; k < 30 + i % 13; k++)
		mod_put(m, 0x41, 4, 0x28, 2, 0, 0x1a);	/* i32.const, i32.load, drop */
	mod_put(m, 0x10);
	mod_u32(m, FUNCTIONS - 1 - i);
	if (i % 10 == 0) {
		mod_put(m, 0x02, 0x40, 0x1f, 0x40, 1, 2, 0, 0x10);	/* try_table, catch_all */
		mod_u32(m, i * 7 % FUNCTIONS);
		mod_put(m, 0x0b, 0x0b);
	}
	if (bad)
		mod_put(m, 0x6a);			/* i32.add of nothing */
	mod_put(m, 0x0b);
	mod_end(m);
}

/* Functions `bad` and 1.5 times it are not valid. */
static void module(struct mod *bytes, struct wasm_module *ret, uint32_t bad)
{
	struct wsbox_err err = WSBOX_ERR_INIT;

	*bytes = mod_new();
	mod_section(bytes, 1);
	mod_put(bytes, 1, 0x60, 0, 0);
	mod_end(bytes);
	mod_section(bytes, 3);
	mod_u32(bytes, FUNCTIONS);
	for (uint32_t i = 0; i < FUNCTIONS; i++)
		mod_put(bytes, 0);
	mod_end(bytes);
	mod_section(bytes, 5);
	mod_put(bytes, 1, 0, 1);
	mod_end(bytes);
	mod_section(bytes, 10);
	mod_u32(bytes, FUNCTIONS);
	for (uint32_t i = 0; i < FUNCTIONS; i++)
		body(bytes, i, bad != NONE && (i == bad || i == bad + bad / 2));
	mod_end(bytes);
	ck_assert_msg(!wasm_module_decode(ret, bytes->b.at, bytes->b.len, wasm_features_default(),
					  &err), "%s", err.text);
}

static int compile(const struct wasm_module *m, uint32_t workers, int fd,
		   struct jit_stats *ret_stats, struct wsbox_err *err)
{
	struct jit_options options = { .threads = workers };
	struct jit_pool *pool = jit_pool_new(workers, 0);
	int ret = jit_compile(m, &options, pool, fd, ret_stats, err);

	ck_assert(workers == 1 || pool);
	jit_pool_free(pool);
	return ret;
}

START_TEST(the_same_image)
{
	struct wsbox_err err = WSBOX_ERR_INIT;
	struct jit_stats stats;
	struct wasm_module m;
	uint8_t *first = NULL;
	struct mod bytes;

	module(&bytes, &m, NONE);
	for (uint32_t i = 0; i < 24; i++) {
		int fd = memfd_create("image", MFD_CLOEXEC);
		uint8_t *p;

		ck_assert_msg(!compile(&m, 1 + i % 4, fd, &stats, &err), "%s", err.text);
		p = mmap(NULL, stats.image_bytes, PROT_READ, MAP_SHARED, fd, 0);
		close(fd);
		ck_assert(p != MAP_FAILED);
		ck_assert_int_eq(jit_image_check(p, stats.image_bytes, &err), 0);
		ck_assert_uint_ge(((struct jit_image *)p)->nhandlers, FUNCTIONS / 10);
		if (i)
			ck_assert(!memcmp(first, p, stats.image_bytes));
		else
			first = p;
		if (i)
			munmap(p, stats.image_bytes);
	}
	wasm_module_done(&m);
	vec_done(&bytes.b);
}
END_TEST

START_TEST(the_lowest_failure)
{
	struct wasm_module m;
	struct mod bytes;

	module(&bytes, &m, 1200);
	for (uint32_t i = 0; i < 24; i++) {
		struct wsbox_err err = WSBOX_ERR_INIT;
		int fd = memfd_create("image", MFD_CLOEXEC);

		ck_assert_int_eq(compile(&m, 1 + i % 4, fd, NULL, &err), -ENOEXEC);
		ck_assert_msg(strstr(err.text, "function 1200 ") != NULL, "%s", err.text);
		close(fd);
	}
	wasm_module_done(&m);
	vec_done(&bytes.b);
}
END_TEST

/* What the file answers is told, and not taken for a limit of ours. */
static void refused(const struct wasm_module *m, int fd, int expected, const char *words)
{
	for (uint32_t i = 0; i < 8; i++) {
		struct wsbox_err err = WSBOX_ERR_INIT;

		ck_assert_int_eq(compile(m, 1 + i % 4, fd, NULL, &err), expected);
		ck_assert_str_eq(err.text, words);
		ck_assert_int_eq(err.status, WSBOX_FAILED);
	}
}

START_TEST(a_file_that_fails)
{
	struct rlimit limit = { 100000, 100000 };
	struct wasm_module m;
	struct mod bytes;
	int fd = memfd_create("image", MFD_CLOEXEC | MFD_ALLOW_SEALING), ends[2];

	module(&bytes, &m, NONE);
	ck_assert_int_eq(pipe(ends), 0);
	refused(&m, ends[1], -ESPIPE, "writing the code image: Illegal seek");
	signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	refused(&m, fd, -EFBIG, "writing the code image: File too large");
	wasm_module_done(&m);
	vec_done(&bytes.b);
}
END_TEST

UNIT("image", the_same_image, the_lowest_failure, a_file_that_fails)
