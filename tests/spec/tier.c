/* The tiers of host-llvm. */
#include <errno.h>

#include "jit/llvm/llvm.h"
#include "tests/spec/tier.h"

const struct jit_tier *const host_tier = &jit_llvm;

/* Every other function by a hash of its index: calls cross between the tiers both ways. */
static int place_some(void *worker, uint32_t func, struct jit_out *out, struct jit_entry *ret)
{
	return (func * 2654435761u) >> 31 ? -ENOTSUP : jit_llvm.place(worker, func, out, ret);
}

const struct jit_tier *host_tier_mixed(void)
{
	static struct jit_tier mixed;

	mixed = jit_llvm;
	mixed.place = place_some;
	return &mixed;
}
