#include "runtime/base/vec.h"

#include <stdlib.h>

#include "runtime/base/num.h"

bool vec_grow_(void **at, size_t *cap, size_t len, size_t more, size_t size)
{
	size_t want, bytes;
	void *p;

	if (!num_add(len, more, &want))
		return false;
	if (want < *cap + *cap / 2)
		want = *cap + *cap / 2;
	if (want < 16)
		want = 16;
	if (!num_mul(want, size, &bytes))
		return false;
	p = realloc(*at, bytes);
	if (!p)
		return false;
	*at = p;
	*cap = want;
	return true;
}

void vec_free_(void **at, size_t *len, size_t *cap)
{
	free(*at);
	*at = NULL;
	*len = *cap = 0;
}
