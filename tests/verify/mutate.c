/*
 * Every bit of compiled functions flipped, and every instruction of them replaced by nothing: how
 * many of these mutants the verifier refuses, and what the others are. A mutant that is accepted is
 * looked at by a second opinion: all its instructions are decoded by Zydis, and each must be of a
 * plain kind, leave rsp, rbp and r13 alone outside of the known forms, and access only what its
 * base register stands for. It knows nothing of how registers came by their values; that is what
 * the cases of refuse.c are for. Each mutant is also gone through without quick.c, which is to say
 * the same.
 */
#include "tests/verify/zydis.h"

#ifdef NO_ZYDIS
int main(void)
{
	return zydis_missing();
}
#else
#include <string.h>

#include "jit/verify/func.h"
#include "jit/x64.h"
#include "tests/verify/made.h"

enum { SEEDS = 5 };

/* Where a flipped bit was, of the mutants that were accepted. */
enum place { DATA, VALUE, OPERAND, ADDRESS, TARGET, LENGTH, NOPS, PLACES };

static const char *const place_names[PLACES] = {
	"behind the code", "an immediate", "an operation or a register", "an address",
	"a branch's target", "another length", "instruction left out",
};

static unsigned long mutants, accepted[PLACES];
static int failed;

static bool in(int64_t at, uint32_t size, int64_t from, int64_t to)
{
	return at >= from && at + size <= to;
}

/* What an access may reach, by its base register. NULL or an objection. */
static const char *objection_to_memory(const struct jv *v, const struct jv_insn *i,
				       const struct zydis *z)
{
	const ZydisDecodedOperand *m = z->mem;
	uint32_t size = m->size / 8;
	int64_t disp = m->mem.disp.value;
	bool write = m->actions & ZYDIS_OPERAND_ACTION_MASK_WRITE;
	int base = zydis_gpr(m->mem.base);

	if (m->mem.type != ZYDIS_MEMOP_TYPE_MEM || z->insn.mnemonic == ZYDIS_MNEMONIC_NOP)
		return NULL;
	if (m->mem.segment == ZYDIS_REGISTER_GS)
		return z->insn.address_width == 32 ? NULL : "gs: with 64 bits";
	if (m->mem.base == ZYDIS_REGISTER_RIP)
		return !write && in(i->at + i->len + disp, size, 0, v->text_size) ?
		       NULL : "outside the text";
	if (base == R13 && (disp >= 0 || m->mem.index != ZYDIS_REGISTER_NONE))
		return disp >= 0 ? NULL : "below the memory";
	if (base == R13)
		return !write || in(disp, size, v->layout.globals,
				    v->layout.globals + 16 * (int64_t)v->m->nglobals) ?
		       NULL : "writes the context";
	if (base == RBP && z->insn.mnemonic != ZYDIS_MNEMONIC_VMOVUPS)
		return in(disp, size, -(int64_t)v->bottom, -8 * (int64_t)v->nsaved) || !write ||
		       in(disp, size, 16, 16 + v->sig->stack_bytes) ?
		       NULL : "writes outside the frame";
	if (base == RSP)
		return disp >= 0 && disp <= (int64_t)v->frame + 16 * 1000 ?
		       NULL : "outside the stack";
	return NULL;
}

static const char *objection(const struct jv *v, const struct jv_insn *i)
{
	struct zydis z;
	uint32_t all;

	if (!zydis_decode(v->text + i->at, v->text_size - i->at, &z) || z.insn.length != i->len)
		return "not decoded alike";
	if (z.insn.attributes &
	    (ZYDIS_ATTRIB_HAS_LOCK | ZYDIS_ATTRIB_IS_PRIVILEGED | ZYDIS_ATTRIB_HAS_REP))
		return "forbidden";
	all = z.written[0] | z.written[1] | z.written[2] | z.written[3];
	if (all & BIT(R13))
		return "writes r13";
	if (all & BIT(RBP) && z.insn.mnemonic != ZYDIS_MNEMONIC_POP &&
	    z.insn.mnemonic != ZYDIS_MNEMONIC_LEAVE && z.insn.mnemonic != ZYDIS_MNEMONIC_MOV)
		return "writes rbp";
	if (z.written[0] & BIT(RSP) || z.written[1] & BIT(RSP) || z.written[2] & BIT(RSP))
		return "writes a part of rsp";
	return z.mem ? objection_to_memory(v, i, &z) : NULL;
}

/* The first instruction from *at on of those that v has gone through; *at is then behind it. */
static bool next_insn(const struct jv *v, uint32_t *at, struct jv_insn *ret)
{
	while (*at < v->hi && !(v->map[*at - v->lo] & JV_START))
		++*at;
	if (*at == v->hi)
		return false;
	*at += jv_decode_at(v, *at, ret);
	return true;
}

/* Of the function that v has just accepted. */
static void second_opinion(const struct jv *v, uint64_t seed)
{
	struct jv_insn i;

	for (uint32_t at = v->lo; next_insn(v, &at, &i);) {
		const char *what = objection(v, &i);

		if (what && ++failed < 20)
			printf("FAIL seed %llu, function %u at +0x%x, accepted: %s\n",
			       (unsigned long long)seed, v->func, i.at - v->lo, what);
	}
}

/* What changed from instruction a to b, which is what a became. */
static enum place place_of(const struct zydis *a, const struct zydis *b)
{
	if (a->insn.length != b->insn.length)
		return LENGTH;
	if (a->insn.raw.imm[0].is_relative)
		return TARGET;
	if (!a->mem != !b->mem || (a->mem && (a->mem->mem.base != b->mem->mem.base ||
					      a->mem->mem.index != b->mem->mem.index ||
					      a->mem->mem.disp.value != b->mem->mem.disp.value)))
		return ADDRESS;
	return a->insn.mnemonic == b->insn.mnemonic &&
	       a->insn.raw.imm[0].value.u != b->insn.raw.imm[0].value.u ? VALUE : OPERAND;
}

static bool accepts(struct jv *v, uint32_t f, uint64_t seed)
{
	bool quickly = jv_function(v, f), thoroughly;

	mutants++;
	v->thorough = true;
	thoroughly = jv_function(v, f);
	v->thorough = false;
	if (quickly != thoroughly && ++failed < 20)
		printf("FAIL seed %llu, function %u: %s only by quick.c\n",
		       (unsigned long long)seed, f, quickly ? "accepted" : "refused");
	if (!thoroughly)
		return false;
	second_opinion(v, seed);
	return true;
}

static void flip_bits(struct jv *v, uint8_t *text, uint32_t f, const struct jv_insn *i,
		      uint64_t seed)
{
	struct zydis before, after;

	zydis_decode(text + i->at, i->len, &before);
	for (uint32_t bit = 0; bit < 8u * i->len; bit++) {
		uint8_t *p = text + i->at + bit / 8, old = *p;

		*p ^= (uint8_t)(1u << bit % 8);
		if (accepts(v, f, seed) &&
		    zydis_decode(text + i->at, ZYDIS_MAX_INSTRUCTION_LENGTH, &after))
			accepted[place_of(&before, &after)]++;
		*p = old;
	}
}

static void leave_out(struct jv *v, uint8_t *text, uint32_t f, const struct jv_insn *i,
		      uint64_t seed)
{
	uint8_t old[16], nops[64];
	struct x64_buf b = { .at = nops, .start = nops, .end = nops + sizeof(nops) };

	memcpy(old, text + i->at, i->len);
	x64_nop(&b, i->len);
	memcpy(text + i->at, nops, i->len);
	accepted[NOPS] += accepts(v, f, seed);
	memcpy(text + i->at, old, i->len);
}

static void mutate_function(struct jv *v, const struct made *made, uint32_t f, uint64_t seed)
{
	uint32_t n = 0, end = 0;
	struct jv_insn *insns;
	bool ok = jv_function(v, f);

	if (!ok) {
		printf("FAIL seed %llu, function %u as it was compiled: %s\n",
		       (unsigned long long)seed, f, v->bad);
		failed++;
		return;
	}
	insns = malloc((v->hi - v->lo) * sizeof(*insns));
	for (uint32_t at = v->lo; next_insn(v, &at, &insns[n]); n++)
		end = at;
	for (uint32_t k = 0; k < n; k++) {
		flip_bits(v, made_text(made), f, &insns[k], seed);
		leave_out(v, made_text(made), f, &insns[k], seed);
	}
	for (uint32_t at = end; at < v->hi; at++) {
		made_text(made)[at] ^= 1;
		accepted[DATA] += accepts(v, f, seed);
		made_text(made)[at] ^= 1;
	}
	free(insns);
}

static unsigned long mutate_module(uint64_t seed, bool gs)
{
	struct wsbox_err err = WSBOX_ERR_INIT;
	struct made made;
	struct jv v;
	unsigned long n = 0;

	made_of_seed(seed, gs, &made);
	if (jv_init(&v, made.image, &made.m, &err) < 0)
		failed++;
	for (uint32_t f = 0; !failed && f < made.image->nfuncs; f++) {
		/* the longest ones say nothing new and take the square of their length */
		if (made_end(&made, f) - made_entries(&made)[f] > 3000)
			continue;
		mutate_function(&v, &made, f, seed);
		n++;
	}
	jv_done(&v);
	made_done(&made);
	return n;
}

int main(void)
{
	unsigned long functions = 0, total = 0;

	for (uint64_t seed = 1; seed <= SEEDS; seed++)
		functions += mutate_module(seed, seed % 2);
	for (int p = 0; p < PLACES; p++)
		total += accepted[p];
	printf("%lu mutants of %lu functions: %lu refused, %lu accepted\n", mutants, functions,
	       mutants - total, total);
	for (int p = 0; p < PLACES; p++)
		printf("%8lu accepted: %s\n", accepted[p], place_names[p]);
	if (functions < 10 || total == mutants)
		failed++;
	printf("%d passed, %d failed, 0 skipped\n", !failed, failed);
	return failed != 0;
}
#endif
