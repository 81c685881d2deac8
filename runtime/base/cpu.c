#include "runtime/base/cpu.h"

#include <cpuid.h>
#include <errno.h>
#include <stddef.h>
#include <sys/auxv.h>

#define HWCAP2_FSGSBASE 2

/* What the operating system saves at a context switch: XCR0. Bits 1, 2: whole vector registers. */
static bool saves_vectors(void)
{
	uint32_t lo, hi;

	__asm__("xgetbv" : "=a"(lo), "=d"(hi) : "c"(0));
	return (lo & 6) == 6;
}

int cpu_check(struct wsbox_err *err)
{
	static const struct {
		const char *name;
		uint8_t reg;		/* of the array below */
		uint32_t bits;
	} needs[] = {
		{ "AVX", 0, bit_AVX | bit_OSXSAVE },
		{ "FMA", 0, bit_FMA },
		{ "MOVBE", 0, bit_MOVBE },
		{ "POPCNT", 0, bit_POPCNT },
		{ "AVX2", 1, bit_AVX2 },
		{ "BMI1", 1, bit_BMI },
		{ "BMI2", 1, bit_BMI2 },
		{ "LZCNT", 2, bit_LZCNT },
	};
	uint32_t a, b, d, has[3] = { 0 };

	__cpuid(1, a, b, has[0], d);
	__cpuid_count(7, 0, a, has[1], b, d);
	__cpuid(0x80000001, a, b, has[2], d);
	for (size_t i = 0; i < sizeof(needs) / sizeof(needs[0]); i++)
		if ((has[needs[i].reg] & needs[i].bits) != needs[i].bits)
			return err_set(err, -ENOTSUP, WSBOX_FAILED,
				       "this CPU lacks %s (x86-64-v3 is needed)", needs[i].name);
	if (!saves_vectors())
		return err_set(err, -ENOTSUP, WSBOX_FAILED,
			       "the kernel does not save AVX registers");
	return 0;
}

/* CPUs without leaf 7 answer with zeroes or do not run wsbox. */
bool cpu_sha(void)
{
	uint32_t a, b, c, d;

	__cpuid_count(7, 0, a, b, c, d);
	return b & bit_SHA;
}

bool cpu_fsgsbase(void)
{
	return getauxval(AT_HWCAP2) & HWCAP2_FSGSBASE;
}
