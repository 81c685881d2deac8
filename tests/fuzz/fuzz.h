/* What the fuzz targets share. A target never prints: what it finds it dies of. */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/wasm/body.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Unlike assert, stays whatever the build. */
#define MUST(x) \
	do { \
		if (!(x)) \
			abort(); \
	} while (0)

/* A failure says what, in one line, and leaves nothing behind. */
static inline void must_explain(int ret, const struct wsbox_err *err)
{
	MUST(ret < 0);
	MUST(err->code == ret);
	MUST(err->text[0] && strlen(err->text) < sizeof(err->text));
	for (const char *p = err->text; *p; p++)
		MUST((unsigned char)*p >= 0x20);
}

#endif
