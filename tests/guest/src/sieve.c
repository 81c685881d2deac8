/* sieve.c: Eratosthenes over bytes; measures stores with a stride. */
#include "guest.h"

#define LIMIT 6000000

static unsigned char composite[LIMIT];

uint64_t work(void)
{
	uint64_t sum = 0;

	for (uint32_t round = 0; round < 6; round++) {
		memset(composite, 0, sizeof(composite));
		for (uint32_t i = 2; i < LIMIT; i++) {
			if (composite[i])
				continue;
			sum += i ^ round;
			for (uint64_t j = (uint64_t)i * i; j < LIMIT; j += i)
				composite[j] = 1;
		}
	}
	return sum;
}
