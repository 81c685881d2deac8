/* fannkuch.c: reverses prefixes of permutations; measures short loops over small arrays. */
#include "guest.h"

#define N 10

static int flips(const int *perm)
{
	int p[N], count = 0;

	memcpy(p, perm, sizeof(p));
	for (int first; (first = p[0]) != 0; count++)
		for (int i = 0, j = first; i < j; i++, j--) {
			int t = p[i];

			p[i] = p[j];
			p[j] = t;
		}
	return count;
}

/* Rotates the first i + 1 entries until a position's counter allows it; false after the last. */
static int next(int *perm, int *count)
{
	for (int i = 1; i < N; i++) {
		int first = perm[0];

		for (int j = 0; j < i; j++)
			perm[j] = perm[j + 1];
		perm[i] = first;
		if (count[i]++ < i)
			return 1;
		count[i] = 0;
	}
	return 0;
}

uint64_t work(void)
{
	int perm[N], count[N] = { 0 }, most = 0;
	int64_t sum = 0, index = 0;

	for (int i = 0; i < N; i++)
		perm[i] = i;
	do {
		int f = flips(perm);

		most = f > most ? f : most;
		sum += index++ % 2 ? -f : f;
	} while (next(perm, count));
	return (uint64_t)sum * 1000 + (uint64_t)most;
}
