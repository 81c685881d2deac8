/*
 * A part of refuse.c: loops that step several registers and compare one of them, as LLVM's
 * reduction of strength makes them, and such that step or compare something else. What is reached
 * with one step too many, or with steps that are not counted, is what lies below the memory.
 */
#ifndef TESTS_VERIFY_STEPPED_H
#define TESTS_VERIFY_STEPPED_H

#define TIMES 100

/* rax: steps to go; rcx: behind a part of memory that it steps down through. */
static void begin_steps(int32_t bytes)
{
	begin_saved();
	x64_mov_imm(b, X64_RAX, TIMES);
	x64_rm(b, X64_LEA, X64_64, X64_RCX, x64_at(X64_R13, bytes));
}

static void use_pointer(void)
{
	x64_ri(b, X64_ADD, X64_64, X64_RCX, -4);
	store(X64_32, x64_at(X64_RCX, 0), X64_RDI);
}

static void count_down(enum x64_width w)
{
	x64_ri(b, X64_ADD, w, X64_RAX, -1);
}

static void stepped(int32_t bytes, enum x64_width w)
{
	struct x64_label head = { 0 };

	begin_steps(bytes);
	x64_bind(b, &head);
	use_pointer();
	count_down(w);
	x64_jcc(b, X64_CC_NE, &head);
	restore();
}

static void stepped_ok(void) { stepped(4 * TIMES, X64_64); }
static void stepped_32_ok(void) { stepped(4 * TIMES, X64_32); }
static void stepped_too_often(void) { stepped(4 * TIMES - 4, X64_64); }

/* rdx counts up by any steps, until cc does not hold of it and the limit. */
static void stepped_up(int32_t step, int32_t limit, enum x64_cond cc)
{
	struct x64_label head = { 0 };

	begin_steps(4 * TIMES);
	x64_zero(b, X64_RDX);
	x64_bind(b, &head);
	use_pointer();
	x64_ri(b, X64_ADD, X64_32, X64_RDX, step);
	x64_ri(b, X64_CMP, X64_32, X64_RDX, limit);
	x64_jcc(b, cc, &head);
	restore();
}

static void up_to_ok(void) { stepped_up(28, 28 * TIMES, X64_CC_NE); }
static void up_below_ok(void) { stepped_up(28, 28 * TIMES - 5, X64_CC_B); }
static void up_to_more(void) { stepped_up(28, 28 * TIMES + 28, X64_CC_NE); }
static void up_below_more(void) { stepped_up(28, 28 * TIMES + 1, X64_CC_B); }
static void up_past(void) { stepped_up(28, 28 * TIMES - 5, X64_CC_NE); }
/* The last step below the limit is followed by 0. */
static void up_and_around(void) { stepped_up(0x1000, -0x100, X64_CC_B); }

/* A step of 64 bits leads from below the limit to a negative number. */
static void around_64(void)
{
	struct x64_label head = { 0 };

	begin_steps(4 * TIMES);
	x64_zero(b, X64_RDX);
	x64_mov_imm(b, X64_R8, 1);
	x64_shift(b, X64_SHL, X64_64, X64_R8, 62);
	x64_rm(b, X64_LEA, X64_64, X64_R9, x64_at(X64_R8, 1));
	x64_bind(b, &head);
	use_pointer();
	x64_rr(b, X64_ADD, X64_64, X64_RDX, X64_R8);
	x64_rr(b, X64_CMP, X64_64, X64_RDX, X64_R9);
	x64_jcc(b, X64_CC_L, &head);
	restore();
}

/* What is compared is not what counts. */
static void other_register(void)
{
	struct x64_label head = { 0 };

	begin_steps(4 * TIMES);
	x64_bind(b, &head);
	use_pointer();
	count_down(X64_64);
	x64_rr(b, X64_TEST, X64_64, X64_RSI, X64_RSI);
	x64_jcc(b, X64_CC_NE, &head);
	restore();
}

/* Two ways lead back to the head; the second one counts or does not. */
static void two_ways(bool counts)
{
	struct x64_label head = { 0 }, second = { 0 };

	begin_steps(4 * TIMES);
	x64_bind(b, &head);
	use_pointer();
	x64_rr(b, X64_TEST, X64_32, X64_RSI, X64_RSI);
	x64_jcc(b, X64_CC_E, &second);
	count_down(X64_64);
	x64_jcc(b, X64_CC_NE, &head);
	restore();
	x64_bind(b, &second);
	if (counts)
		count_down(X64_64);
	else
		x64_rr(b, X64_TEST, X64_64, X64_RAX, X64_RAX);
	x64_jcc(b, X64_CC_NE, &head);
	restore();
}

static void two_ways_ok(void) { two_ways(true); }
static void one_way_counts(void) { two_ways(false); }

/* The pointer is stepped once more on some ways through the body. */
static void stepped_twice(void)
{
	struct x64_label head = { 0 }, skip = { 0 };

	begin_steps(4 * TIMES);
	x64_bind(b, &head);
	use_pointer();
	x64_rr(b, X64_TEST, X64_32, X64_RSI, X64_RSI);
	x64_jcc(b, X64_CC_E, &skip);
	x64_ri(b, X64_ADD, X64_64, X64_RCX, -4);
	x64_bind(b, &skip);
	count_down(X64_64);
	x64_jcc(b, X64_CC_NE, &head);
	restore();
}

/* A loop in the loop, which may step rax, too. */
static void nested(int32_t inner)
{
	struct x64_label outer = { 0 }, head = { 0 };

	begin_steps(4 * TIMES);
	x64_bind(b, &outer);
	use_pointer();
	x64_mov_imm(b, X64_RDX, 8);
	x64_bind(b, &head);
	store(X64_32, x64_at_index(X64_RCX, X64_RDX, 2, 0), X64_RDI);
	x64_ri(b, X64_ADD, X64_64, X64_RAX, inner);
	x64_ri(b, X64_ADD, X64_64, X64_RDX, -1);
	x64_jcc(b, X64_CC_NE, &head);
	count_down(X64_64);
	x64_jcc(b, X64_CC_NE, &outer);
	restore();
}

static void nested_ok(void) { nested(0); }
static void nested_steps(void) { nested(1); }

/* The inner loop steps the outer loop's pointer, and another counter. */
static void nested_pointer(void)
{
	struct x64_label outer = { 0 }, head = { 0 };

	begin_steps(4 * TIMES);
	x64_bind(b, &outer);
	x64_mov_imm(b, X64_RDX, 2);
	x64_bind(b, &head);
	use_pointer();
	x64_ri(b, X64_ADD, X64_64, X64_RDX, -1);
	x64_jcc(b, X64_CC_NE, &head);
	count_down(X64_64);
	x64_jcc(b, X64_CC_NE, &outer);
	restore();
}

/* What two counters begin with is not known, but how far one is from the other. */
static void from_anywhere(int32_t far)
{
	struct x64_label head = { 0 };

	begin_saved();
	bounded(X64_64, X64_RDI, 1000, X64_CC_AE);
	bounded(X64_64, X64_RDI, 2, X64_CC_B);
	x64_rm(b, X64_LEA, X64_64, X64_RAX, x64_at(X64_RDI, 1));
	x64_rm(b, X64_LEA, X64_64, X64_RCX, x64_at(X64_RDI, far));
	x64_bind(b, &head);
	store(X64_32, linear_at(X64_RCX, 0), X64_RSI);
	x64_ri(b, X64_ADD, X64_64, X64_RCX, -1);
	count_down(X64_32);
	x64_ri(b, X64_CMP, X64_32, X64_RAX, 2);
	x64_jcc(b, X64_CC_A, &head);
	restore();
}

static void from_anywhere_ok(void) { from_anywhere(-2); }
static void from_anywhere_less(void) { from_anywhere(-3); }

/* rcx of 64 bits is the index; its lower half is compared with a number that is not known. */
static void below_unknown(enum x64_cond cc)
{
	struct x64_label head = { 0 };

	begin_saved();
	x64_zero(b, X64_RCX);
	x64_bind(b, &head);
	store(X64_32, linear_at(X64_RCX, 0), X64_RSI);
	x64_ri(b, X64_ADD, X64_64, X64_RCX, 1);
	x64_rr(b, X64_CMP, X64_32, X64_RCX, X64_RSI);
	x64_jcc(b, cc, &head);
	restore();
}

static void below_unknown_ok(void) { below_unknown(X64_CC_B); }
static void less_than_unknown_ok(void) { below_unknown(X64_CC_L); }
static void less_or_equal_unknown(void) { below_unknown(X64_CC_LE); }
static void below_or_equal_unknown(void) { below_unknown(X64_CC_BE); }
static void until_unknown(void) { below_unknown(X64_CC_NE); }

/*
 * The same, but that the number is at least `least`, the counter begins with `first` and is stepped
 * by `step`, and the number by `away`.
 */
static void until_at_least(int32_t least, int32_t first, int32_t step, int32_t away,
			   enum x64_reg with)
{
	struct x64_label head = { 0 };

	begin_saved();
	x64_rr(b, X64_MOV, X64_32, X64_RSI, X64_RSI);
	x64_rr(b, X64_MOV, X64_32, X64_RDI, X64_RDI);
	bounded(X64_32, X64_RSI, least, X64_CC_B);
	x64_mov_imm(b, X64_RCX, (uint32_t)first);
	x64_bind(b, &head);
	store(X64_32, linear_at(X64_RCX, 0), X64_RSI);
	x64_ri(b, X64_ADD, X64_64, X64_RCX, step);
	if (away)
		x64_ri(b, X64_ADD, X64_32, X64_RSI, away);
	x64_rr(b, X64_CMP, X64_32, with, X64_RCX);
	x64_jcc(b, X64_CC_NE, &head);
	restore();
}

static void until_above_ok(void) { until_at_least(1, 0, 1, 0, X64_RSI); }
static void until_far_above_ok(void) { until_at_least(8, 7, 1, 0, X64_RSI); }
static void until_not_above(void) { until_at_least(7, 7, 1, 0, X64_RSI); }
static void until_stepped_past(void) { until_at_least(2, 0, 2, 0, X64_RSI); }
static void until_nearer(void) { until_at_least(1, 0, 1, -1, X64_RSI); }
static void until_another(void) { until_at_least(1, 0, 1, 0, X64_RDI); }

/* On one way round nothing is compared. */
static void until_one_way(bool compares)
{
	struct x64_label head = { 0 }, other = { 0 }, end = { 0 };

	begin_saved();
	x64_rr(b, X64_MOV, X64_32, X64_RSI, X64_RSI);
	bounded(X64_32, X64_RSI, 1, X64_CC_B);
	x64_zero(b, X64_RCX);
	x64_bind(b, &head);
	store(X64_32, linear_at(X64_RCX, 0), X64_RSI);
	x64_rm(b, X64_LEA, X64_64, X64_RDX, x64_at(X64_RCX, 1));
	x64_rr(b, X64_TEST, X64_32, X64_RDI, X64_RDI);
	x64_jcc(b, X64_CC_E, &other);
	x64_rr(b, X64_MOV, X64_64, X64_RCX, X64_RDX);
	x64_rr(b, X64_CMP, X64_32, X64_RSI, X64_RCX);
	x64_jcc(b, X64_CC_NE, &head);
	restore();
	x64_bind(b, &other);
	x64_rr(b, X64_MOV, X64_64, X64_RCX, X64_RDX);
	if (compares) {
		x64_rr(b, X64_CMP, X64_32, X64_RSI, X64_RCX);
		x64_jcc(b, X64_CC_E, &end);
	}
	x64_jmp(b, &head);
	x64_bind(b, &end);
	restore();
}

static void until_two_ways_ok(void) { until_one_way(true); }
static void until_on_one_way(void) { until_one_way(false); }

/* The bits from one on are compared with nothing: what has none is below it. */
static void no_high_bits(int32_t mask)
{
	struct x64_label bad = { 0 };

	begin_saved();
	x64_ri(b, X64_TEST, X64_64, X64_RSI, mask);
	x64_jcc(b, X64_CC_NE, &bad);
	store(X64_32, linear_at(X64_RSI, 0), X64_RDI);
	restore();
	x64_bind(b, &bad);
	trap();
}

static void no_high_bits_ok(void) { no_high_bits(INT32_MIN); }
static void no_some_bits(void) { no_high_bits(INT32_MIN + 1); }
static void no_low_bits(void) { no_high_bits(INT32_MAX); }

/* The counter lies in the frame, and is stepped there. */
static void counted_in_frame(enum x64_width w)
{
	struct x64_label head = { 0 };

	begin_steps(4 * TIMES);
	store(X64_64, x64_at(X64_RBP, -16), X64_RAX);
	x64_bind(b, &head);
	use_pointer();
	x64_mi(b, X64_ADD, w, x64_at(X64_RBP, -16), -1);
	load(X64_64, X64_RDX, x64_at(X64_RBP, -16));
	x64_rr(b, X64_TEST, X64_64, X64_RDX, X64_RDX);
	x64_jcc(b, X64_CC_NE, &head);
	restore();
}

static void counted_in_frame_ok(void) { counted_in_frame(X64_64); }
static void half_in_frame(void) { counted_in_frame(X64_32); }

/* The type of one entry is compared, and one that is `far` elements from it is called. */
static void entry_at(int32_t far)
{
	struct x64_label bad = { 0 };

	begin_saved();
	load(X64_64, X64_RCX, BASE_OF(0));
	x64_rr(b, X64_MOV, X64_32, X64_R8, X64_RDI);
	x64_rm(b, X64_CMP, X64_64, X64_R8, SIZE_OF(0));
	x64_jcc(b, X64_CC_AE, &bad);
	x64_rm(b, X64_LEA, X64_64, X64_R9, x64_at(X64_R8, far));
	x64_rm(b, X64_CMP, X64_64, X64_R9, SIZE_OF(0));
	x64_jcc(b, X64_CC_AE, &bad);
	x64_shift(b, X64_SHL, X64_64, X64_R8, 5);
	x64_shift(b, X64_SHL, X64_64, X64_R9, 5);
	x64_rr(b, X64_ADD, X64_64, X64_R8, X64_RCX);
	x64_rr(b, X64_ADD, X64_64, X64_R9, X64_RCX);
	load(X64_32, X64_RAX, SIG_OF(SUBJECT_TYPE));
	x64_rm(b, X64_CMP, X64_32, X64_RAX, x64_at(X64_R8, 0));
	x64_jcc(b, X64_CC_NE, &bad);
	x64_rr(b, X64_MOV, X64_64, X64_R10, X64_R9);
	x64_zero(b, X64_RDI);
	x64_zero(b, X64_RSI);
	x64_m(b, X64_CALL_IND, X64_64, x64_at(X64_R10, 8));
	restore();
	x64_bind(b, &bad);
	trap();
}

static void same_entry_ok(void) { entry_at(0); }
static void next_entry(void) { entry_at(1); }

/* Of two copies of the stack pointer one is from before a push: they are not equal. */
static void pushed_between(bool pushes)
{
	struct x64_label other = { 0 }, bad = { 0 }, join = { 0 };

	begin_saved();
	x64_rr(b, X64_TEST, X64_32, X64_RDI, X64_RDI);
	x64_jcc(b, X64_CC_S, &bad);
	x64_jcc(b, X64_CC_E, &other);
	x64_rr(b, X64_MOV, X64_64, X64_RAX, X64_RSP);
	if (pushes)
		x64_push(b, X64_RSI);
	x64_rr(b, X64_MOV, X64_64, X64_RCX, X64_RSP);
	if (pushes)
		x64_pop(b, X64_RDX);
	x64_jmp(b, &join);
	x64_bind(b, &other);
	x64_rr(b, X64_MOV, X64_64, X64_RAX, X64_RBX);
	x64_rr(b, X64_MOV, X64_64, X64_RCX, X64_RBX);
	x64_rr(b, X64_TEST, X64_32, X64_RSI, X64_RSI);
	x64_jcc(b, X64_CC_NE, &join);
	x64_bind(b, &bad);
	trap();
	x64_bind(b, &join);
	x64_ri(b, X64_CMP, X64_64, X64_RAX, 1000);
	x64_jcc(b, X64_CC_AE, &bad);
	store(X64_32, linear_at(X64_RCX, 0), X64_RSI);
	restore();
}

static void copies_of_rsp_ok(void) { pushed_between(false); }
static void rsp_pushed_between(void) { pushed_between(true); }

#define STEPPED_GOOD \
	GOOD(stepped_ok), GOOD(stepped_32_ok), GOOD(up_to_ok), GOOD(up_below_ok), \
	GOOD(two_ways_ok), GOOD(nested_ok), GOOD(from_anywhere_ok), GOOD(below_unknown_ok), \
	GOOD(less_than_unknown_ok), GOOD(counted_in_frame_ok), \
	GOOD(same_entry_ok), GOOD(copies_of_rsp_ok), GOOD(until_above_ok), \
	GOOD(until_far_above_ok), GOOD(until_two_ways_ok), GOOD(no_high_bits_ok)
#define STEPPED_BAD \
	BAD(stepped_too_often, BELOW), BAD(up_to_more, BELOW), BAD(up_below_more, BELOW), \
	BAD(up_past, BELOW), BAD(up_and_around, BELOW), BAD(around_64, BELOW), \
	BAD(other_register, BELOW), BAD(one_way_counts, BELOW), BAD(stepped_twice, BELOW), \
	BAD(nested_steps, BELOW), BAD(nested_pointer, BELOW), BAD(from_anywhere_less, BELOW), \
	BAD(less_or_equal_unknown, WIDE), BAD(below_or_equal_unknown, WIDE), \
	BAD(until_unknown, WIDE), BAD(half_in_frame, BELOW), \
	BAD(next_entry, UNCHECKED), BAD(rsp_pushed_between, BELOW), \
	BAD(until_not_above, WIDE), BAD(until_stepped_past, WIDE), BAD(until_nearer, WIDE), \
	BAD(until_another, WIDE), BAD(until_on_one_way, WIDE), BAD(no_some_bits, BELOW), \
	BAD(no_low_bits, BELOW)

#endif
