/*
 * What wsbox needs of the CPU, x86-64-v3, and what more it makes use of. Virtual machines make
 * CPUID dear (up to 10 us each): ask once, and where nobody waits for the answer.
 */
#ifndef RUNTIME_BASE_CPU_H
#define RUNTIME_BASE_CPU_H

#include <stdbool.h>

#include "runtime/base/err.h"

/* 0, or -ENOTSUP with err naming what the CPU lacks of x86-64-v3. Three CPUIDs. */
int cpu_check(struct wsbox_err *err);

/* Whether it has SHA-256 instructions. One CPUID. */
bool cpu_sha(void);

/* Whether user code may use wrgsbase (AT_HWCAP2 bit 1). */
bool cpu_fsgsbase(void);

#endif
