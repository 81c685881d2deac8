/*
 * Cases of refuse.c, whose helpers they use: code that looks for what took its place, and code that
 * goes on with a function at a loop's head.
 */
#ifndef TESTS_VERIFY_REPLACED_H
#define TESTS_VERIFY_REPLACED_H

/* ---- the look at the slot of what took a function's place ---- */

static struct look {
	uint32_t compared, jumped;	/* whose slots */
	int32_t with;
	enum { APART, INTO, BEHIND, AGAIN } where;
	const char *why;
} look;

static void looking(void)
{
	struct x64_label away = { 0 }, body = { 0 };

	x64_mi(b, X64_CMP, X64_64, ctx(jit_slot_disp(&layout, look.compared)), look.with);
	x64_jcc(b, X64_CC_NE, look.where == INTO ? &body : &away);
	begin();
	x64_bind(b, &body);
	if (look.where == AGAIN) {
		x64_rr(b, X64_TEST, X64_32, X64_RDI, X64_RDI);
		x64_jcc(b, X64_CC_E, &away);
	}
	if (look.where == BEHIND)
		x64_zero(b, X64_RAX);
	else
		result();
	x64_bind(b, &away);
	x64_m(b, X64_JMP_IND, X64_64, ctx(jit_slot_disp(&layout, look.jumped)));
}

START_TEST(replaceable)
{
	static const struct look looks[] = {
		{ .why = NULL },
		{ .compared = 1, .why = "not a look at what took the function's place" },
		{ .jumped = 1, .why = "not a jump to what took the function's place" },
		{ .with = 1, .why = "not a look at what took the function's place" },
		{ .where = INTO, .why = "not a jump to what took the function's place" },
		{ .where = BEHIND, .why = "the way to what took the function's place in the way" },
		{ .where = AGAIN, .why = "a branch into a sequence that must be whole" },
	};

	make_module();
	for (size_t i = 0; i < sizeof(looks) / sizeof(looks[0]); i++) {
		struct wsbox_err err = WSBOX_ERR_INIT;
		struct jit_image *image;
		int ret;

		look = looks[i];
		image = assemble(looking);
		ck_assert_int_eq(jit_verify(image, &module, NULL, &err), -ENOEXEC);
		image->flags |= JIT_IMAGE_REPLACEABLE;
		ret = jit_verify(image, &module, NULL, &err);
		ck_assert_msg(look.why ? ret == -ENOEXEC && strstr(err.text, look.why) : !ret,
			      "%zu: %s", i, err.text);
		free(image);
	}
}
END_TEST

/* ---- code that goes on at a loop's head ---- */

static bool carries_beyond;

/* Carries an i32 and an i64, and returns what the runtime left. */
static void carrying(void)
{
	struct x64_label stay = { 0 };

	begin();
	x64_mi(b, X64_CMP, X64_8, ctx(layout.heads), 0);
	store(X64_32, ctx(layout.carry), X64_RDI);
	store(X64_64, ctx(layout.carry + (carries_beyond ? 12 : 16)), X64_RSI);
	x64_m(b, X64_CALL_IND, X64_64, ctx(JIT_VMCTX(osr)));
	x64_rr(b, X64_TEST, X64_32, X64_RAX, X64_RAX);
	x64_jcc(b, X64_CC_E, &stay);
	load(X64_32, X64_RAX, ctx(layout.carry));
	finish();
	x64_bind(b, &stay);
	result();
}

START_TEST(carried)
{
	struct wsbox_err err = WSBOX_ERR_INIT;
	struct jit_image *image;

	make_module();
	image = assemble(carrying);
	ck_assert_int_eq(jit_verify(image, &module, NULL, &err), -ENOEXEC);
	image->flags |= JIT_IMAGE_REPLACEABLE;
	ck_assert_msg(!jit_verify(image, &module, NULL, &err), "%s", err.text);
	free(image);
	/* over two values */
	carries_beyond = true;
	image = assemble(carrying);
	image->flags |= JIT_IMAGE_REPLACEABLE;
	ck_assert_int_eq(jit_verify(image, &module, NULL, &err), -ENOEXEC);
	ck_assert_ptr_nonnull(strstr(err.text, "reaches into the context"));
	free(image);
}
END_TEST

static uint32_t goes_on_at;
static bool goes_astray;

/* A function, and behind it what goes on with it. */
static void going_on(void)
{
	begin();
	result();
	goes_on_at = x64_offset(b);
	x64_push(b, X64_RBP);
	x64_rr(b, X64_MOV, X64_64, X64_RBP, X64_RSP);
	load(goes_astray ? X64_64 : X64_32, X64_RAX, ctx(layout.carry));
	load(X64_32, X64_RCX, linear_at(X64_RAX, 0));
	store(X64_32, ctx(layout.carry), X64_RCX);
	x64_mov_imm(b, X64_RAX, 1);
	x64_pop(b, X64_RBP);
	x64_ret(b, 0);
}

START_TEST(goes_on)
{
	static const struct {
		bool astray;
		uint32_t tier, n, pcs;
		const char *why;
	} each[] = {
		{ false, JIT_TIER_LLVM, 1, 0, NULL },
		{ true, JIT_TIER_LLVM, 1, 0, BELOW },
		{ false, JIT_TIER_BASELINE, 1, 0, "not in order" },
		{ false, JIT_TIER_LLVM, 2, 0, "not in order" },
		{ false, JIT_TIER_LLVM, 1, TEXT, "not in order" },
	};

	make_module();
	for (size_t i = 0; i < sizeof(each) / sizeof(each[0]); i++) {
		struct wsbox_err err = WSBOX_ERR_INIT;
		struct jit_image *image;
		struct jit_osr *osr;
		int ret;

		goes_astray = each[i].astray;
		image = assemble(going_on);
		image->tier = each[i].tier;
		image->nosr = each[i].n;
		/* behind the entries, where there is room up to the text */
		image->osr_off = sizeof(*image) + 2 * sizeof(uint32_t);
		osr = (struct jit_osr *)((char *)image + image->osr_off);
		osr[0] = osr[1] = (struct jit_osr){ 5, goes_on_at + each[i].pcs };
		ret = jit_verify(image, &module, NULL, &err);
		ck_assert_msg(each[i].why ? ret == -ENOEXEC && strstr(err.text, each[i].why) :
					    !ret, "%zu: %s", i, err.text);
		free(image);
	}
}
END_TEST

#endif
