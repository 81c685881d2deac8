/*
 * The walk over a function of the baseline's: every instruction is decoded and checked in one go,
 * from the entry on and without gaps, until control does not fall through and no branch, jump table
 * or handler that was come by leads further on. So constants and tables behind the code are never
 * looked at. Code that nobody branches to begins a block too: it may be the target of a later
 * branch, and does no harm if it is not.
 *
 * Where a branch goes back to an instruction at which no block had begun, the code from there up to
 * the next block is gone through once more in the end, with nothing known at its start. No byte is
 * gone through a third time: by then all targets are known.
 */
#include "jit/verify/func.h"

/* A sequence that the prologue has looked at begins here. */
static bool pass_sequence(struct jv *v)
{
	if (v->reached)
		return jv_fail(v, v->at,
			       v->at == v->probe ?
				       "the probe of the frame in the way" :
				       "the way to what took the function's place in the way");
	if (v->at == v->probe) {
		v->at = v->probe_end;
		v->probe = UINT32_MAX;
	} else {
		struct jv_insn jump;

		v->at += jv_decode_at(v, v->at, &jump);
		v->replaced = UINT32_MAX;
	}
	return true;
}

/* A block begins at v->at. *ret_ends: it has been gone through, or will be. */
static bool next_block(struct jv *v, uint32_t block, bool again, bool *ret_ends)
{
	*ret_ends = again;
	if (v->reached && !jv_fall_into(v, block))
		return false;
	if (!again)
		jv_block_begin(v, block);
	return true;
}

/* Control does not fall through to v->at. *ret_ends: nor does it go on behind. */
static bool unreached(struct jv *v, bool again, bool *ret_ends)
{
	uint32_t block;

	*ret_ends = again || v->last_target < v->at;
	if (*ret_ends || v->at >= v->hi || v->map[v->at - v->lo] & JV_BLOCK)
		return true;
	if (!jv_block_new(v, v->at, &block))
		return false;
	jv_block_begin(v, block);
	return true;
}

/* From v->at on. again: up to the next block. */
static bool walk_on(struct jv *v, bool again)
{
	bool ends = false;

	while (!ends) {
		uint32_t block;

		if (v->at >= v->hi)
			return jv_fail(v, v->at, "control runs over the end of the function");
		block = v->map[v->at - v->lo] & JV_BLOCK;
		if (block && v->at != v->block_at) {
			if (v->at == v->probe || v->at == v->replaced) {
				if (!pass_sequence(v) || !unreached(v, again, &ends))
					return false;
				continue;
			}
			if (block == JV_SEALED)
				return jv_fail(v, v->at, "a sequence that is not whole");
			if (!next_block(v, block - 1, again, &ends))
				return false;
			if (ends)
				break;
		}
		if (!jv_walk_block(v) || (!v->reached && !unreached(v, again, &ends)))
			return false;
	}
	return true;
}

/* Blocks that were found behind their beginning. */
static bool walk_again(struct jv *v)
{
	for (uint32_t b = 0; b < v->blocks.len; b++) {
		uint32_t at = v->blocks.at[b].at;

		if (v->blocks.at[b].first_edge != JV_NOT_WALKED)
			continue;
		if (!(v->map[at - v->lo] & JV_START))
			return jv_fail(v, at,
				       "a branch into the middle of an instruction, or to data");
		jv_block_begin(v, b);
		v->at = at;
		if (!walk_on(v, true))
			return false;
	}
	return true;
}

bool jv_baseline(struct jv *v)
{
	if (!jv_flow_init(v))
		return false;
	v->at = v->lo;
	if (!jv_prologue(v) || !walk_on(v, false))
		return false;
	if (v->probe != UINT32_MAX || v->replaced != UINT32_MAX)
		return jv_fail(v, v->lo, "a sequence of the beginning's that is not in the code");
	v->table_entries = 0;
	return walk_again(v) && jv_solve(v);
}
