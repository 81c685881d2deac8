#include "tools/cell/strings.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* The next n words from *at on, to to[]. false when the text ends before. */
static bool take(const char **at, const char *end, uint32_t n, const char **to)
{
	for (uint32_t i = 0; i < n; i++) {
		const char *nul = memchr(*at, 0, (size_t)(end - *at));

		if (!nul)
			return false;
		to[i] = *at;
		*at = nul + 1;
	}
	return true;
}

int strings_read(const struct cell_job *job, struct strings *ret)
{
	uint64_t n = (uint64_t)job->argc + job->envc + job->preopens + 1;
	struct strings s = { 0 };
	const char *at, **words;

	if (job->preopens > CELL_PREOPEN_MAX || !job->argc || !job->strings_size)
		return -EBADMSG;
	at = mmap(NULL, job->strings_size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, CELL_FD_STRINGS,
		  0);
	if (at == MAP_FAILED)
		return -errno;
	words = calloc(n, sizeof(*words));
	if (!words)
		return -ENOMEM;
	s.argv = words;
	s.env = s.argv + job->argc;
	s.preopens = s.env + job->envc;
	n -= !(job->flags & CELL_JOB_INVOKE);
	if (!take(&at, at + job->strings_size, (uint32_t)n, words)) {
		free(words);
		return -EBADMSG;
	}
	s.invoke = words[job->argc + job->envc + job->preopens];
	*ret = s;
	return 0;
}
