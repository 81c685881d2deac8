/*
 * Every row of the machine's instruction table, in all its shapes, against the system assembler:
 * the emitter writes bytes, the test writes the same instruction as text, `as` makes bytes of the
 * text, and both must be equal.
 *
 * Where the machine has two encodings of one instruction the text forces ours: {load} is the form
 * with the destination in ModRM.reg, which is what x64_rr and x64_vv use. Left out because the
 * assembler has a shorter encoding that we do not use: xchg with rax, and [index*1 + disp] without
 * a base.
 */
#include "tests/unit/unit.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "jit/x64.h"
#include "runtime/base/num.h"
#include "runtime/base/vec.h"

#define CODE_SIZE (64u << 20)

static const char *const regs[4][16] = {
	{ "al", "cl", "dl", "bl", "spl", "bpl", "sil", "dil",
	  "r8b", "r9b", "r10b", "r11b", "r12b", "r13b", "r14b", "r15b" },
	{ "ax", "cx", "dx", "bx", "sp", "bp", "si", "di",
	  "r8w", "r9w", "r10w", "r11w", "r12w", "r13w", "r14w", "r15w" },
	{ "eax", "ecx", "edx", "ebx", "esp", "ebp", "esi", "edi",
	  "r8d", "r9d", "r10d", "r11d", "r12d", "r13d", "r14d", "r15d" },
	{ "rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
	  "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15" },
};

struct row {
	const char *name, *text;
	enum x64_op op;
	enum x64_form form;
	unsigned int W, mem;
};

static const struct row rows[] = {
#define X(name, text, form, pp, map, opcode, digit, W, mem) \
	{ #name, text, X64_##name, X64_FORM_##form, X64_W_##W, X64_MEM_##mem },
	X64_OPS(X)
#undef X
};

/* One run: code and text grow together; where each instruction begins is kept for the message. */
static struct x64_buf b;
static uint8_t *code;
static FILE *text;
static struct VEC(uint32_t) begins;
static char dir[] = "/tmp/x64-XXXXXX";

static void begin_run(void)
{
	char path[64];

	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/x.s", dir);
	text = fopen(path, "w+");
	ck_assert_ptr_nonnull(text);
	fputs(".intel_syntax noprefix\n.text\n", text);
	code = malloc(CODE_SIZE);
	x64_buf_init(&b, code, CODE_SIZE);
}

/*
 * To be called before each instruction is emitted; the text may follow in pieces and ends with a
 * newline.
 */
static void next(void)
{
	x64_reserve(&b, X64_ROOM_ONE);
	ck_assert(vec_push(&begins, x64_offset(&b)));
}

static void complain(size_t at)
{
	char line[200] = "";
	uint32_t i = 0;

	while (i + 1 < begins.len && begins.at[i + 1] <= at)
		i++;
	rewind(text);
	for (uint32_t n = 0; n < i + 3 && fgets(line, sizeof(line), text); n++)
		;
	ck_abort_msg("instruction %u at %u differs from the assembler: %s", i, begins.at[i], line);
}

static void end_run(void)
{
	char command[400];
	size_t n = x64_offset(&b), got;
	uint8_t *theirs = malloc(n + 1);
	FILE *f;

	fflush(text);
	snprintf(command, sizeof(command),
		 "cd %s && as --64 -W -o x.o x.s > log 2>&1 || { head -9 log; exit 1; } && objcopy "
		 "-O binary -j .text x.o x.bin",
		 dir);
	ck_assert_int_eq(system(command), 0);
	snprintf(command, sizeof(command), "%s/x.bin", dir);
	f = fopen(command, "r");
	ck_assert_ptr_nonnull(f);
	got = fread(theirs, 1, n + 1, f);
	fclose(f);
	ck_assert(!b.overflow);
	for (size_t i = 0; i < num_min(got, n); i++)
		if (code[i] != theirs[i])
			complain(i);
	ck_assert_uint_eq(got, n);
	snprintf(command, sizeof(command), "rm -r %s", dir);
	ck_assert_int_eq(system(command), 0);
	fclose(text);
	vec_done(&begins);
	free(theirs);
	free(code);
}

static void put_mem(const struct row *row, enum x64_width w, const struct x64_mem *m)
{
	static const char *const sizes[] = { "byte", "word", "dword", "qword", "xmmword" };
	const char *const *names = regs[m->flags & X64_ADDR32 ? X64_32 : X64_64];
	const char *plus = "";

	if (row->mem <= X64_MEM_16)
		fprintf(text, "%s ptr ", sizes[row->mem]);
	else if (row->op != X64_LEA)
		fprintf(text, "%s ptr ", sizes[w]);
	fprintf(text, "%s[", m->flags & X64_GS ? "gs:" : "");
	if (m->base == X64_RIP) {
		fputs("rip", text);
		plus = "+";
	} else if (m->base != X64_NO_BASE) {
		fputs(names[m->base], text);
		plus = "+";
	}
	if (m->index != X64_NO_INDEX) {
		fprintf(text, "%s%s*%d", plus, names[m->index], 1 << m->scale);
		plus = "+";
	}
	fprintf(text, "%s%lld]", m->disp < 0 ? "" : plus, (long long)m->disp);
}

/*
 * %R: a general register (width, number), %V a vector register, %M memory (row, width, operand),
 * %s, %d.
 */
static void put(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	for (; *format; format++) {
		if (*format != '%') {
			fputc(*format, text);
			continue;
		}
		switch (*++format) {
		case 'R': {
			enum x64_width w = va_arg(ap, enum x64_width);

			fputs(regs[w][va_arg(ap, unsigned int)], text);
			break;
		}
		case 'V':
			fprintf(text, "xmm%u", va_arg(ap, unsigned int));
			break;
		case 'M': {
			const struct row *row = va_arg(ap, const struct row *);
			enum x64_width w = va_arg(ap, enum x64_width);

			put_mem(row, w, va_arg(ap, const struct x64_mem *));
			break;
		}
		case 's':
			fputs(va_arg(ap, const char *), text);
			break;
		case 'd':
			fprintf(text, "%d", va_arg(ap, int));
			break;
		}
	}
	va_end(ap);
}

static const int32_t imms[] = { 0, 1, 2, 5, 127, 128, 255, 256, 32767, 0x12345678, INT32_MAX,
				-1, -2, -128, -129, -32768, -65536, INT32_MIN };

static bool imm_fits(enum x64_width w, int32_t imm)
{
	return w >= X64_32 || imm == (w == X64_8 ? (int8_t)imm : (int16_t)imm);
}

/*
 * Which memory operands a row is tried with: all that differ in a way the encoding could get wrong.
 */
static size_t mem_shapes(struct x64_mem *ret, bool all)
{
	static const int32_t disps[] = { 0, 1, 127, 128, -1, -128, -129, INT32_MAX, INT32_MIN };
	unsigned int step = all ? 1 : 5;
	size_t n = 0;

	for (unsigned int base = 0; base < 16; base++)
		for (unsigned int d = 0; d < ARRAY_SIZE(disps);
		     d += all ? 1 : 1 + (base % 4 != 0) * 3)
			ret[n++] = x64_at((enum x64_reg)base, disps[d]);
	for (unsigned int base = 0; base < 16; base++)
		for (unsigned int index = base % step; index < 16; index += step)
			for (unsigned int d = 0; d < ARRAY_SIZE(disps); d += all ? 1 : 3)
				if (index != X64_RSP)
					ret[n++] = x64_at_index(base, (enum x64_reg)index,
								(base + index + d) % 4, disps[d]);
	for (unsigned int index = 0; index < 16; index += all ? 1 : 3)
		for (unsigned int scale = 1; scale < 4; scale++)
			if (index != X64_RSP)
				ret[n++] = x64_at_index(X64_NO_BASE, (enum x64_reg)index, scale,
							disps[index % 9]);
	for (unsigned int d = 0; d < ARRAY_SIZE(disps); d++) {
		ret[n++] = x64_at_rip(disps[d]);
		ret[n++] = x64_with(x64_at_abs(disps[d]), X64_GS);
	}
	for (size_t i = 0, plain = n; i < plain; i += all ? 1 : 7) {
		if (ret[i].base == X64_RIP || ret[i].base == X64_NO_BASE)
			continue;
		ret[n++] = x64_with(ret[i], X64_GS);
		ret[n++] = x64_with(ret[i], X64_GS | X64_ADDR32);
		ret[n++] = x64_with(ret[i], X64_ADDR32);
	}
	return n;
}

#define SHAPES_MAX 12000

static struct x64_mem shapes[SHAPES_MAX];

#define EACH_PAIR(i, j) for (unsigned int i = 0; i < 16; i++) for (unsigned int j = 0; j < 16; j++)
#define EACH_MEM(m, row) \
	for (const struct x64_mem *m = shapes, *end_ = m + shapes_for(row); m < end_; m++)

static size_t shapes_for(const struct row *row)
{
	size_t n = mem_shapes(shapes, row->op == X64_MOV || row->op == X64_MOVZX8 ||
					      row->op == X64_VPADDD || row->op == X64_VPSHUFB);

	ck_assert_uint_lt(n, SHAPES_MAX);
	return n;
}

/* A register that changes from one shape to the next. */
static unsigned int turn(unsigned int add)
{
	return ((unsigned int)begins.len * 7 + add) % 16;
}

static void general_rr(const struct row *row, enum x64_width w, enum x64_width src)
{
	bool load = row->form == X64_FORM_ALU || row->form == X64_FORM_MOV;

	EACH_PAIR(i, j) {
		if (row->op == X64_XCHG && (i == X64_RAX || j == X64_RAX))
			continue;
		next();
		x64_rr(&b, row->op, w, i, j);
		put("%s%s %R, %R\n", load ? "{load} " : "", row->text, w, i, src, j);
	}
}

static void general_rm(const struct row *row, enum x64_width w)
{
	EACH_MEM(m, row) {
		next();
		x64_rm(&b, row->op, w, turn(0), *m);
		put("%s %R, %M\n", row->text, w, turn(0), row, w, m);
	}
}

static void general_mr(const struct row *row, enum x64_width w)
{
	EACH_MEM(m, row) {
		next();
		x64_mr(&b, row->op, w, *m, turn(0));
		put("%s %M, %R\n", row->text, row, w, m, w, turn(0));
	}
}

static void general_ri(const struct row *row, enum x64_width w)
{
	for (unsigned int r = 0; r < 16; r++)
		for (size_t i = 0; i < ARRAY_SIZE(imms); i++) {
			if (!imm_fits(w, imms[i]))
				continue;
			next();
			x64_ri(&b, row->op, w, r, imms[i]);
			put("%s %R, %d\n", row->text, w, r, imms[i]);
		}
}

static void general_mi(const struct row *row, enum x64_width w)
{
	size_t i = 0;

	EACH_MEM(m, row) {
		while (!imm_fits(w, imms[++i % ARRAY_SIZE(imms)]))
			;
		next();
		x64_mi(&b, row->op, w, *m, imms[i % ARRAY_SIZE(imms)]);
		put("%s %M, %d\n", row->text, row, w, m, imms[i % ARRAY_SIZE(imms)]);
	}
}

/* Two-operand integer instructions: true if the row was one. */
static bool general(const struct row *row, enum x64_width w)
{
	switch (row->form) {
	case X64_FORM_ALU:
	case X64_FORM_MOV:
		general_rr(row, w, w);
		general_rm(row, w);
		general_mr(row, w);
		general_mi(row, w);
		if (row->form == X64_FORM_ALU)
			general_ri(row, w);
		return true;
	case X64_FORM_TEST:
		general_rr(row, w, w);
		general_mr(row, w);
		general_ri(row, w);
		general_mi(row, w);
		return true;
	case X64_FORM_MR:
		general_rr(row, w, w);
		general_mr(row, w);
		return true;
	case X64_FORM_RM:
		if (w == X64_8 || (row->mem == X64_MEM_2 && w == X64_16) ||
		    (row->mem == X64_MEM_4 && w != X64_64))
			return true;
		general_rr(row, w, row->mem <= X64_MEM_4 ? (enum x64_width)row->mem : w);
		general_rm(row, w);
		return true;
	case X64_FORM_RM8:
		if (w == X64_8)
			return true;
		general_rr(row, w, X64_8);
		general_rm(row, w);
		return true;
	case X64_FORM_LOAD:
		if (w != X64_8)
			general_rm(row, w);
		return true;
	case X64_FORM_STORE:
		if (w != X64_8)
			general_mr(row, w);
		return true;
	case X64_FORM_RD:
		if (w < X64_32)
			return true;
		general_rr(row, w, w);
		general_rm(row, w);
		return true;
	default:
		return false;
	}
}

static void one_register(const struct row *row, enum x64_width w)
{
	for (unsigned int r = 0; r < 16; r++) {
		next();
		x64_r(&b, row->op, w, r);
		put("%s %R\n", row->text, w, r);
	}
}

static void one_memory(const struct row *row, enum x64_width w)
{
	EACH_MEM(m, row) {
		next();
		x64_m(&b, row->op, w, *m);
		put("%s %M\n", row->text, row, w, m);
	}
}

static void shifts(const struct row *row, enum x64_width w)
{
	static const unsigned int counts[] = { 0, 1, 2, 7, 31, 63 };

	for (unsigned int r = 0; r < 16; r++) {
		for (size_t i = 0; i < ARRAY_SIZE(counts); i++) {
			next();
			if (row->form == X64_FORM_SHIFT)
				x64_shift(&b, row->op, w, r, counts[i]);
			else
				x64_bit(&b, row->op, w, r, counts[i]);
			put("%s %R, %d\n", row->text, w, r, counts[i]);
		}
		if (row->form != X64_FORM_SHIFT)
			continue;
		next();
		x64_shift_cl(&b, row->op, w, r);
		put("%s %R, cl\n", row->text, w, r);
	}
}

/* Integer instructions of one operand, or none, or three. */
static bool general_other(const struct row *row, enum x64_width w)
{
	switch (row->form) {
	case X64_FORM_UNARY:
		one_register(row, w);
		one_memory(row, w);
		return true;
	case X64_FORM_NEAR:
	case X64_FORM_NEAR_M:
		if (w == X64_64 && row->form == X64_FORM_NEAR)
			one_register(row, w);
		if (w == X64_64)
			one_memory(row, w);
		return true;
	case X64_FORM_REG:
	case X64_FORM_BASE:
		if (w >= X64_32)
			one_register(row, w);
		return true;
	case X64_FORM_REG64:
		if (w == X64_64)
			one_register(row, w);
		return true;
	case X64_FORM_BIT:
		if (w == X64_8)
			return true;
		shifts(row, w);
		return true;
	case X64_FORM_SHIFT:
		shifts(row, w);
		return true;
	case X64_FORM_BARE:
	case X64_FORM_FENCE:
		if (w != X64_64)
			return true;
		next();
		x64_bare(&b, row->op);
		put("%s\n", row->text);
		return true;
	default:
		return false;
	}
}

static bool bmi(const struct row *row, enum x64_width w)
{
	if (row->form != X64_FORM_RRR && row->form != X64_FORM_RRC && row->form != X64_FORM_RRI)
		return false;
	if (w < X64_32)
		return true;
	EACH_PAIR(i, j) {
		next();
		if (row->form == X64_FORM_RRI) {
			x64_rri(&b, row->op, w, i, j, turn(40));
			put("%s %R, %R, %d\n", row->text, w, i, w, j, turn(40));
		} else {
			x64_rrr(&b, row->op, w, i, j, turn(0));
			put("%s %R, %R, %R\n", row->text, w, i, w, j, w, turn(0));
		}
	}
	EACH_MEM(m, row) {
		next();
		if (row->form == X64_FORM_RRR) {
			x64_rrm(&b, row->op, w, turn(0), turn(5), *m);
			put("%s %R, %R, %M\n", row->text, w, turn(0), w, turn(5), row, w, m);
		} else if (row->form == X64_FORM_RRC) {
			x64_rmr(&b, row->op, w, turn(0), *m, turn(5));
			put("%s %R, %M, %R\n", row->text, w, turn(0), row, w, m, w, turn(5));
		} else {
			x64_rmi(&b, row->op, w, turn(0), *m, turn(40));
			put("%s %R, %M, %d\n", row->text, w, turn(0), row, w, m, turn(40));
		}
	}
	return true;
}

/* Three vectors, perhaps with an immediate or a fourth. */
static void vector_vvv(const struct row *row)
{
	static const unsigned int some[] = { 0, 3, 7, 8, 12, 15 };

	for (unsigned int n = 0; n < 216; n++) {
		unsigned int d = some[n % 6], s1 = some[n / 6 % 6], s2 = some[n / 36];

		next();
		if (row->form == X64_FORM_VVV) {
			x64_vvv(&b, row->op, d, s1, s2);
			put("{load} %s %V, %V, %V\n", row->text, d, s1, s2);
		} else if (row->form == X64_FORM_VVVI) {
			x64_vvvi(&b, row->op, d, s1, s2, n % 16);
			put("%s %V, %V, %V, %d\n", row->text, d, s1, s2, n % 16);
		} else {
			x64_vvvv(&b, row->op, d, s1, s2, n % 16);
			put("%s %V, %V, %V, %V\n", row->text, d, s1, s2, n % 16);
		}
	}
}

static void vector_vvm(const struct row *row)
{
	EACH_MEM(m, row) {
		next();
		if (row->form == X64_FORM_VVV || row->form == X64_FORM_VVM) {
			x64_vvm(&b, row->op, turn(0), turn(5), *m);
			put("%s %V, %V, %M\n", row->text, turn(0), turn(5), row, X64_32, m);
		} else if (row->form == X64_FORM_VVVI) {
			x64_vvmi(&b, row->op, turn(0), turn(5), *m, turn(9));
			put("%s %V, %V, %M, %d\n", row->text, turn(0), turn(5), row, X64_32, m,
			    turn(9));
		} else {
			x64_vvmv(&b, row->op, turn(0), turn(5), *m, turn(9));
			put("%s %V, %V, %M, %V\n", row->text, turn(0), turn(5), row, X64_32, m,
			    turn(9));
		}
	}
}

static void vector_vv(const struct row *row)
{
	EACH_PAIR(i, j) {
		next();
		if (row->form == X64_FORM_VV) {
			x64_vv(&b, row->op, i, j);
			put("{load} %s %V, %V\n", row->text, i, j);
		} else {
			x64_vvi(&b, row->op, i, j, i + j);
			put("%s %V, %V, %d\n", row->text, i, j, i + j);
		}
	}
}

static void vector_vm(const struct row *row)
{
	EACH_MEM(m, row) {
		next();
		if (row->form == X64_FORM_VVI) {
			x64_vmi(&b, row->op, turn(0), *m, turn(3));
			put("%s %V, %M, %d\n", row->text, turn(0), row, X64_32, m, turn(3));
		} else if (row->form == X64_FORM_MV) {
			x64_mv(&b, row->op, *m, turn(0));
			put("%s %M, %V\n", row->text, row, X64_32, m, turn(0));
		} else {
			x64_vm(&b, row->op, turn(0), *m);
			put("%s %V, %M\n", row->text, turn(0), row, X64_32, m);
		}
	}
}

static bool vector(const struct row *row)
{
	bool memory = row->mem != X64_MEM_N;

	switch (row->form) {
	case X64_FORM_VVM:
		vector_vvm(row);
		return true;
	case X64_FORM_VVV:
	case X64_FORM_VVVI:
	case X64_FORM_VVVV:
		vector_vvv(row);
		if (memory)
			vector_vvm(row);
		return true;
	case X64_FORM_VV:
	case X64_FORM_VVI:
	case X64_FORM_VSI:
		vector_vv(row);
		if (memory)
			vector_vm(row);
		return true;
	case X64_FORM_VM:
	case X64_FORM_MV:
		vector_vm(row);
		return true;
	default:
		return false;
	}
}

/* Between general and vector registers: i is the destination. */
static void mixed_registers(const struct row *row, enum x64_width w, const char *name)
{
	EACH_PAIR(i, j) {
		next();
		switch (row->form) {
		case X64_FORM_VR:
			x64_vr(&b, row->op, w, i, j);
			put("%s %V, %R\n", name, i, w, j);
			break;
		case X64_FORM_RV:
			x64_rv(&b, row->op, w, i, j);
			put("%s %R, %V\n", name, w, i, j);
			break;
		case X64_FORM_VVR:
			x64_vvr(&b, row->op, w, i, turn(0), j);
			put("%s %V, %V, %R\n", name, i, turn(0), w, j);
			break;
		case X64_FORM_VVRI:
			x64_vvri(&b, row->op, w, i, turn(0), j, 1);
			put("%s %V, %V, %R, 1\n", name, i, turn(0), w, j);
			break;
		case X64_FORM_RVI:
			x64_rvi(&b, row->op, w, i, j, 1);
			put("%s %R, %V, 1\n", name, w, i, j);
			break;
		case X64_FORM_GVI:
			x64_gvi(&b, row->op, i, j, 3);
			put("%s %R, %V, 3\n", name, w, i, j);
			break;
		default:
			x64_gv(&b, row->op, w, i, j);
			put("%s %R, %V\n", name, w, i, j);
		}
	}
}

static void mixed_memory(const struct row *row, enum x64_width w, const char *name)
{
	EACH_MEM(m, row) {
		next();
		switch (row->form) {
		case X64_FORM_VVR:
			x64_vvm_w(&b, row->op, w, turn(0), turn(3), *m);
			put("%s %V, %V, %M\n", name, turn(0), turn(3), row, w, m);
			break;
		case X64_FORM_VVRI:
			x64_vvmi_w(&b, row->op, w, turn(0), turn(3), *m, 1);
			put("%s %V, %V, %M, 1\n", name, turn(0), turn(3), row, w, m);
			break;
		case X64_FORM_RVI:
		case X64_FORM_MVI:
			x64_mvi(&b, row->op, w, *m, turn(0), 1);
			put("%s %M, %V, 1\n", name, row, w, m, turn(0));
			break;
		default:
			x64_gm(&b, row->op, w, turn(0), *m);
			put("%s %R, %M\n", name, w, turn(0), row, w, m);
		}
	}
}

static bool mixed(const struct row *row, enum x64_width w)
{
	char name[32];
	bool by_width =
		row->W == X64_W_G && (row->form == X64_FORM_VR || row->form == X64_FORM_RV ||
				      row->form == X64_FORM_VVRI || row->form == X64_FORM_RVI);

	if (row->form < X64_FORM_VR)
		return false;
	if (w < X64_32 || (w == X64_64 && row->W != X64_W_G))
		return true;
	snprintf(name, sizeof(name), "%s%s", row->text, !by_width ? "" : w == X64_64 ? "q" : "d");
	if (row->form != X64_FORM_MVI)
		mixed_registers(row, w, name);
	if (row->mem != X64_MEM_N)
		mixed_memory(row, w, name);
	return true;
}

START_TEST(every_row)
{
	begin_run();
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (vector(&rows[i]))
			continue;
		for (enum x64_width w = X64_8; w <= X64_64; w++)
			ck_assert_msg(general(&rows[i], w) || general_other(&rows[i], w) ||
					      bmi(&rows[i], w) || mixed(&rows[i], w),
				      "no shapes known for %s", rows[i].name);
	}
	end_run();
}
END_TEST

static void conditions(void)
{
	static const char *const names[] = {
#define X(name, text) text,
		X64_CONDITIONS(X)
#undef X
	};
	static const struct row byte = { .mem = X64_MEM_1 }, sized = { .mem = X64_MEM_G };
	struct x64_mem m = x64_at_index(X64_R12, X64_R13, 2, 77);

	for (unsigned int cc = 0; cc < 16; cc++) {
		for (unsigned int r = 0; r < 16; r++) {
			next();
			x64_setcc(&b, cc, r);
			put("set%s %R\n", names[cc], X64_8, r);
		}
		next();
		x64_setcc_m(&b, cc, m);
		put("set%s %M\n", names[cc], &byte, X64_8, &m);
		for (enum x64_width w = X64_16; w <= X64_64; w++) {
			EACH_PAIR(i, j) {
				next();
				x64_cmov(&b, cc, w, i, j);
				put("cmov%s %R, %R\n", names[cc], w, i, w, j);
			}
			next();
			x64_cmov_m(&b, cc, w, turn(0), m);
			put("cmov%s %R, %M\n", names[cc], w, turn(0), &sized, w, &m);
		}
	}
}

static void moves_of_constants(void)
{
	static const uint64_t values[] = { 0,
					   1,
					   INT32_MAX,
					   (uint64_t)INT32_MAX + 1,
					   UINT32_MAX,
					   (uint64_t)UINT32_MAX + 1,
					   (uint64_t)INT32_MIN,
					   (uint64_t)INT32_MIN - 1,
					   UINT64_MAX,
					   INT64_MAX,
					   (uint64_t)INT64_MIN,
					   0x123456789abcdef0 };

	for (unsigned int r = 0; r < 16; r++)
		for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
			enum x64_width w = values[i] <= UINT32_MAX ? X64_32 : X64_64;

			next();
			x64_mov_imm(&b, r, values[i]);
			put("mov %R, ", w, r);
			fprintf(text, "0x%llx\n", (unsigned long long)values[i]);
		}
}

static void multiplications(void)
{
	static const struct row sized = { .mem = X64_MEM_G };

	for (enum x64_width w = X64_16; w <= X64_64; w++)
		EACH_PAIR(i, j) {
			int32_t imm = imms[(i * 16 + j) % ARRAY_SIZE(imms)];
			struct x64_mem m = x64_at(i, (int32_t)j * 20);

			if (!imm_fits(w, imm))
				continue;
			next();
			x64_imul_rri(&b, w, i, j, imm);
			put("imul %R, %R, %d\n", w, i, w, j, imm);
			next();
			x64_imul_rmi(&b, w, j, m, imm);
			put("imul %R, %M, %d\n", w, j, &sized, w, &m, imm);
		}
}

/* What has no row: families by condition, constants, ret, lock, padding. */
START_TEST(the_rest)
{
	begin_run();
	conditions();
	moves_of_constants();
	multiplications();
	next();
	x64_ret(&b, 0);
	put("ret\n");
	next();
	x64_ret(&b, 4096);
	put("ret 4096\n");
	next();
	x64_lock(&b);
	x64_mr(&b, X64_XADD, X64_32, x64_at(X64_R13, 8), X64_R9);
	put("lock xadd dword ptr [r13+8], r9d\n");
	next();
	x64_zero(&b, X64_R9);
	put("{load} xor r9d, r9d\n");
	end_run();
}
END_TEST

START_TEST(padding)
{
	uint8_t room[X64_ROOM_MAX + 4096];

	for (unsigned int n = 1; n < 64; n++) {
		x64_buf_init(&b, room, sizeof(room));
		x64_nop(&b, n);
		ck_assert_uint_eq(x64_offset(&b), n);
		x64_align(&b, 32);
		ck_assert_uint_eq(x64_offset(&b), num_align(n, 32));
	}
	begin_run();
	for (unsigned int n = 1; n < 30; n++) {
		next();
		x64_nop(&b, n);
		for (unsigned int left = n; left; left -= num_min(left, 9))
			put(".nops %d\n", (int)num_min(left, 9));
	}
	end_run();
}
END_TEST

/*
 * Jumps, calls and RIP-relative operands to labels before and behind, with immediates after the
 * field.
 */
START_TEST(labels)
{
	struct x64_label back = { 0 }, fore = { 0 }, pool[2] = { { 0 } };
	uint8_t *skip, *skip2;

	begin_run();
	b.pool = pool;
	next();
	x64_bind(&b, &back);
	put("back:\n");
	for (int round = 0; round < 2; round++) {
		x64_jmp(&b, &back);
		x64_jcc(&b, X64_CC_NE, &back);
		x64_jmp(&b, &fore);
		x64_jcc(&b, X64_CC_G, &fore);
		x64_call(&b, &back);
		x64_call(&b, &fore);
		put("jmp back\n jne back\n {disp32} jmp fore\n {disp32} jg fore\n call back\n call "
		    "fore\n");
		x64_rm(&b, X64_LEA, X64_64, X64_RAX, x64_at_label(0));
		x64_mi(&b, X64_CMP, X64_32, x64_at_label(0), 1);
		x64_mi(&b, X64_CMP, X64_32, x64_at_label(0), 1000);
		x64_mi(&b, X64_CMP, X64_16, x64_at_label(1), 1000);
		x64_vvm(&b, X64_VPADDD, 1, 2, x64_at_label(1));
		x64_vvmi(&b, X64_VPALIGNR, 1, 2, x64_at_label(1), 4);
		put("lea rax, [rip+zero]\n cmp dword ptr [rip+zero], 1\n cmp dword ptr [rip+zero], "
		    "1000\n"
		    "cmp word ptr [rip+one], 1000\n vpaddd xmm1, xmm2, [rip+one]\n"
		    "vpalignr xmm1, xmm2, [rip+one], 4\n");
	}
	skip = x64_jcc8(&b, X64_CC_P);
	skip2 = x64_jmp8(&b);
	x64_nop(&b, 3);
	x64_here8(&b, skip);
	x64_nop(&b, 4);
	x64_here8(&b, skip2);
	put("jp 1f\n jmp 2f\n .nops 3\n 1:\n .nops 4\n 2:\n");
	x64_bind(&b, &fore);
	x64_bind(&b, &pool[0]);
	x64_jmp(&b, &back);
	put("fore:\n zero:\n jmp back\n");
	x64_bind(&b, &pool[1]);
	x64_rm(&b, X64_MOV, X64_64, X64_RDX, x64_at_label(1));
	put("one:\n mov rdx, [rip+one]\n");
	ck_assert(x64_label_used(&fore));
	end_run();
}
END_TEST

/* A buffer too small: the failure sticks and nothing outside is touched. */
START_TEST(overflow)
{
	size_t size = X64_ROOM_MAX + X64_SLACK + 100;
	struct x64_label l = { 0 };
	uint8_t *room = malloc(size + 64);

	memset(room, 0xaa, size + 64);
	x64_buf_init(&b, room, size);
	b.at += 100;
	for (int i = 0; i < 1000; i++) {
		x64_reserve(&b, X64_ROOM_ONE);
		for (int k = 0; k < X64_ROOM_ONE / X64_LEN_MAX; k++)
			x64_mi(&b, X64_MOV, X64_16,
			       x64_with(x64_at_index(X64_R8, X64_R9, 3, 1 << 20), 3), 7);
		x64_jmp(&b, &l);
	}
	ck_assert(b.overflow);
	x64_bind(&b, &l);
	for (size_t i = 0; i < 64; i++)
		ck_assert_uint_eq(room[size + i], 0xaa);
	/* nor is what lay there before */
	for (size_t i = 0; i < 100; i++)
		ck_assert_uint_eq(room[i], 0xaa);
	free(room);
}
END_TEST

UNIT("x64", every_row, the_rest, padding, labels, overflow)
