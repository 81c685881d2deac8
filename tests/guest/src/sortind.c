/* sortind.c: quicksort and heap sort through comparison functions; measures indirect calls. */
#include <stdlib.h>
#include "guest.h"

#define COUNT 300000

typedef int compare(const void *a, const void *b);

static uint32_t item[COUNT];

static int up(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static int down(const void *a, const void *b)
{
	return up(b, a);
}

static int by_low_bits(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a & 0xffff, y = *(const uint32_t *)b & 0xffff;

	return x != y ? (x > y) - (x < y) : up(a, b);
}

static void swap(uint32_t *a, uint32_t *b)
{
	uint32_t t = *a;

	*a = *b;
	*b = t;
}

static void quick(uint32_t *v, int count, compare *cmp)
{
	while (count > 1) {
		int i = 0, j = count - 1;
		uint32_t pivot = v[count / 2];

		while (i <= j) {
			while (cmp(&v[i], &pivot) < 0)
				i++;
			while (cmp(&v[j], &pivot) > 0)
				j--;
			if (i <= j)
				swap(&v[i++], &v[j--]);
		}
		quick(v, j + 1, cmp);
		v += i;
		count -= i;
	}
}

static void sift(uint32_t *v, int root, int count, compare *cmp)
{
	for (int child; (child = 2 * root + 1) < count; root = child) {
		if (child + 1 < count && cmp(&v[child], &v[child + 1]) < 0)
			child++;
		if (cmp(&v[root], &v[child]) >= 0)
			return;
		swap(&v[root], &v[child]);
	}
}

static void heap(uint32_t *v, int count, compare *cmp)
{
	for (int i = count / 2; i-- > 0;)
		sift(v, i, count, cmp);
	for (int i = count; i-- > 1;) {
		swap(&v[0], &v[i]);
		sift(v, 0, i, cmp);
	}
}

uint64_t work(void)
{
	static compare *const order[] = { up, by_low_bits, down };
	uint64_t sum = GUEST_SUM;

	for (int i = 0; i < 6; i++) {
		for (int j = 0; j < COUNT; j++)
			item[j] = (uint32_t)guest_rand();
		(i % 2 ? heap : quick)(item, COUNT, order[i / 2]);
		sum = guest_mix(sum, item, 64) + item[COUNT / 2];
	}
	return sum;
}
