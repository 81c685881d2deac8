/*
 * write.c: writes the modules of some seeds to standard output: gen [exceptions] FIRST COUNT, or
 * gen [exceptions] FIRST for one bare module. Where exceptions are asked for, two seeds of four
 * have them.
 *
 * A frame: u32 size of the module, u32 number of exported functions, u64 seed, u32 number of calls;
 * the calls, each u32 export and 4 x i64 arguments; the module. All little-endian, nothing padded.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/diff/gen.h"

enum { CALLS_EACH = 3 };

static void frame(uint64_t seed, const struct gen_buf *module, uint32_t exports)
{
	uint32_t head[2] = { (uint32_t)module->len, exports }, calls = exports * CALLS_EACH;

	fwrite(head, sizeof(head), 1, stdout);
	fwrite(&seed, sizeof(seed), 1, stdout);
	fwrite(&calls, sizeof(calls), 1, stdout);
	for (uint32_t i = 0; i < calls; i++) {
		uint32_t export = i % exports;
		int64_t args[GEN_ARGS];

		gen_arguments(seed, i, args);
		fwrite(&export, sizeof(export), 1, stdout);
		fwrite(args, sizeof(args), 1, stdout);
	}
	fwrite(module->bytes, module->len, 1, stdout);
}

int main(int argc, char **argv)
{
	bool exceptions = argc > 1 && !strcmp(argv[1], "exceptions");

	argc -= exceptions;
	argv += exceptions;
	uint64_t first = argc > 1 ? strtoull(argv[1], NULL, 0) : 1,
		 count = argc > 2 ? strtoull(argv[2], NULL, 0) : 0;
	struct gen_buf module = { 0 };
	uint32_t exports;

	if (!count) {
		gen_module(first, exceptions && first & 2, &module, &exports);
		fwrite(module.bytes, module.len, 1, stdout);
	}
	for (uint64_t seed = first; seed < first + count; seed++) {
		gen_module(seed, exceptions && seed & 2, &module, &exports);
		frame(seed, &module, exports);
	}
	free(module.bytes);
	return fflush(stdout) != 0;
}
