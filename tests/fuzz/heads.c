/*
 * The two heads that the supervisor reads of files: of a compiled module, and of an entry of the
 * code cache. What is taken lies within the file; what is not is explained.
 */
#include "tests/fuzz/fuzz.h"

#include "tools/cache/internal.h"
#include "runtime/base/cwasm.h"

/* The first 8 bytes are the file's size: a head may say anything of a large file. */
static uint64_t file_size(const uint8_t **data, size_t *size)
{
	uint64_t n = 0;

	if (*size < sizeof(n))
		return 0;
	memcpy(&n, *data, sizeof(n));
	*data += sizeof(n);
	*size -= sizeof(n);
	return n;
}

static void within(uint64_t off, uint64_t size, uint64_t file)
{
	MUST(off % CWASM_PAGE == 0 && off >= CWASM_PAGE && size && off <= file &&
	     size <= file - off);
}

static void try_cwasm(const uint8_t *data, size_t size, uint64_t file)
{
	static const uint8_t build[32];
	struct wsbox_err err = WSBOX_ERR_INIT;
	struct cwasm c;
	int ret = cwasm_check(data, size, file, build, &c, &err);

	if (ret < 0) {
		must_explain(ret, &err);
		return;
	}
	MUST(cwasm_is_elf(data, size));
	within(c.image_off, c.image_size, file);
	within(c.module_off, c.module_size, file);
	MUST(c.module_off - c.image_off >= c.image_size);
}

static void try_entry(const uint8_t *data, size_t size, uint64_t file)
{
	struct wsbox_err err = WSBOX_ERR_INIT;
	struct cache_entry e = { 0 };
	int ret;

	memcpy(&e, data, size < sizeof(e) ? size : sizeof(e));
	/* chance would never name it */
	cache_name(&e.recipe, e.name);
	ret = cache_entry_check(&e, file, &err);
	if (ret < 0) {
		must_explain(ret, &err);
		return;
	}
	within(e.image_off, e.image_size, file);
	within(e.module_off, e.module_size, file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint64_t file = file_size(&data, &size);

	try_cwasm(data, size, file);
	try_entry(data, size, file);
	return 0;
}
