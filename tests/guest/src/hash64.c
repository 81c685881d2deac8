/* hash64.c: an open-addressing hash table of 64-bit keys; measures i64 multiplies and cache misses.
 */
#include "guest.h"

#define SLOTS (1u << 19)

static uint64_t key[SLOTS], value[SLOTS];

static uint64_t scramble(uint64_t x)
{
	x ^= x >> 33;
	x *= 0xff51afd7ed558ccdu;
	x ^= x >> 29;
	x *= 0xc4ceb9fe1a85ec53u;
	return x ^ x >> 32;
}

static uint64_t *find(uint64_t wanted)
{
	uint32_t at = (uint32_t)scramble(wanted) & (SLOTS - 1);

	while (key[at] && key[at] != wanted)
		at = (at + 1) & (SLOTS - 1);
	key[at] = wanted;
	return &value[at];
}

uint64_t work(void)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < 6000000; i++)
		*find(scramble(i % 300000) | 1) += i;
	for (uint32_t i = 0; i < SLOTS; i++)
		sum += key[i] ^ value[i];
	return sum;
}
