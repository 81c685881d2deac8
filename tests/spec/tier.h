/* What compiles beside the baseline, in host-llvm only. */
#ifndef TESTS_SPEC_TIER_H
#define TESTS_SPEC_TIER_H

#include "jit/tier.h"

extern const struct jit_tier *const host_tier __attribute__((weak));
const struct jit_tier *host_tier_mixed(void) __attribute__((weak));

#endif
