/*
 * Each allocation of wsbox and its cells in turn fails (traced.h): malloc, calloc, realloc, mmap,
 * those of the C library's own functions too. The programs are linked for it (wrap.c).
 */
#include <errno.h>
#include <stdio.h>

#include "runtime/base/num.h"
#include "tests/faults/much.h"
#include "tests/faults/traced.h"

static const int *no_memory(const struct traced_place *p)
{
	static const int codes[] = { ENOMEM, 0 };

	return codes;
}

int main(void)
{
	char *guest = traced_begin("short/wsbox", much, sizeof(much));
	char *plain[] = { "wsbox", "run", "--no-cache", guest, NULL };
	char *options[] = { "wsbox", "run", "--no-cache", "--dir", "/tmp::/a",
			    "--dir", "/usr::/b:ro", "--tmpfs", "/t:1M", "--env", "A=B",
			    "--memory", "64M", "--max-output", "1M", guest, "argument", NULL };
	char *kept[] = { "wsbox", "run", guest, NULL };
	char *validate[] = { "wsbox", "validate", guest, NULL };
	char *inspect[] = { "wsbox", "inspect", guest, NULL };
	char *compile[] = { "wsbox", "compile", "-o", "out", guest, NULL };
	char *precompiled[] = { "wsbox", "run", "--allow-precompiled", "out", NULL };
	char *optimized[] = { "wsbox", "run", "--no-cache", "-O3", guest, NULL };
	const struct traced_try tries[] = {
		{ "plain", plain, .says = "hello\n" },
		{ "options", options, .says = "hello\n" },
		{ "cached", kept, .fresh = true, .says = "hello\n" },
		{ "from the cache", kept, .says = "hello\n" },
		{ "validate", validate, .says = "" },
		{ "inspect", inspect, .says = NULL },
		{ "compile", compile, .says = "" },
		{ "precompiled", precompiled, .says = "hello\n" },
		{ "optimized", optimized, .says = "hello\n", .most = 60 },
	};

	if (!guest)
		return 1;
	if (!traced_possible(plain)) {
		printf("skipped: no process can be traced here\n");
		return 77;
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(tries); i++) {
		struct traced_try t = tries[i];

		t.allocations = true;
		t.codes = no_memory;
		traced_try_all(&t);
	}
	return traced_end();
}
