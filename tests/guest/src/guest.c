/*
 * guest.c: runs work() of a measured guest, as often as its argument says (once), prints the last
 * checksum and how long all took.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include "guest.h"

static uint64_t state = 0x9e3779b97f4a7c15u;

uint64_t guest_rand(void)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return state * 0x2545f4914f6cdd1du;
}

uint64_t guest_mix(uint64_t sum, const void *bytes, size_t count)
{
	const unsigned char *p = bytes;

	while (count--)
		sum = (sum ^ *p++) * 0x100000001b3u;
	return sum;
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

int main(int argc, char **argv)
{
	int times = argc > 1 ? atoi(argv[1]) : 1;
	double start = now(), end;
	uint64_t sum;

	do {
		sum = work();
	} while (--times > 0);
	end = now();

	printf("%016llx\n", (unsigned long long)sum);
	fprintf(stderr, "work %.3f ms\n", end - start);
	return 0;
}
