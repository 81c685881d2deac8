/* The parts of the tier that tier.c puts together. */
#ifndef JIT_LLVM_TIER_H
#define JIT_LLVM_TIER_H

#include "jit/tier.h"

struct ll;

#define LL_TRIPLE "x86_64-unknown-linux-gnu"
/* bytes of stack arguments, of functions that are not left to the baseline */
#define LL_ADAPTED_MAX 256

/* place.c: as struct jit_tier says of place, baseline and finish */
int ll_place_function(struct ll *l, uint32_t func, struct jit_out *out, struct jit_entry *ret);
int ll_place_baseline(struct ll *l, uint32_t func, struct jit_out *out, struct jit_entry *entry);
int ll_place_shared(struct ll *l, struct jit_out *out);

#endif
