/*
 * Cases of refuse.c, whose helpers they use: branches into sequences that must be whole, and back
 * to where no block had begun.
 */
#ifndef TESTS_VERIFY_SEQUENCES_H
#define TESTS_VERIFY_SEQUENCES_H

/* The frame is zeroed by a loop, whose rax is where it is by coming from its beginning only. */
static void zeroed(int32_t into, bool back)
{
	struct x64_label place = { 0 }, past = { 0 }, head = { 0 };

	begin();
	x64_rr(b, X64_TEST, X64_32, X64_RDI, X64_RDI);
	if (into)
		x64_jcc(b, X64_CC_E, &place);
	x64_rm(b, X64_LEA, X64_64, X64_RAX, x64_at(X64_RBP, 0));
	x64_rm(b, X64_LEA, X64_64, X64_RCX, x64_at(X64_RBP, -64));
	x64_bind(b, &head);
	if (into == 1)
		x64_bind(b, &place);
	x64_ri(b, X64_SUB, X64_64, X64_RAX, 16);
	RAW(0xc5, 0xf8, 0x11, 0x00);	/* vmovups [rax], xmm0 */
	x64_rr(b, X64_CMP, X64_64, X64_RAX, X64_RCX);
	if (into == 2)
		x64_bind(b, &place);
	x64_jcc(b, X64_CC_A, &head);
	x64_bind(b, &past);
	if (back) {
		x64_rr(b, X64_TEST, X64_32, X64_RDI, X64_RDI);
		x64_jcc(b, X64_CC_E, &head);
	}
	result();
}

static void zeroed_ok(void) { zeroed(0, false); }
static void zeroed_from_before(void) { zeroed(1, false); }
static void zeroed_from_the_end(void) { zeroed(2, false); }
static void zeroed_from_behind(void) { zeroed(0, true); }

/* A branch goes back to where no block had begun: what is done there holds for both ways. */
static void back_to(enum x64_width w, bool call)
{
	struct x64_label middle = { 0 };

	begin();
	x64_rr(b, X64_MOV, X64_32, X64_RAX, X64_RDI);
	x64_bind(b, &middle);
	load(X64_32, X64_RCX, linear_at(X64_RAX, 0));
	x64_rr(b, X64_TEST, X64_32, X64_RCX, X64_RCX);
	load(w, X64_RAX, x64_at(X64_RBP, -8));
	if (call)
		x64_ri(b, X64_SUB, X64_64, X64_RSP, 16);
	x64_jcc(b, X64_CC_NE, &middle);
	result();
}

static void back_ok(void) { back_to(X64_32, false); }
static void back_64(void) { back_to(X64_64, false); }
static void back_with_arguments(void) { back_to(X64_32, true); }
CASE(back_to_the_middle, x64_mov_imm(b, X64_RAX, 0x0000c3c9); RAW(0xeb, 0xfa))
CASE(back_to_the_prologue, RAW(0x74, 0xfa))

#endif
