/*
 * The emitters of vector instructions, run: each row of jit/baseline/simd-ops.h with its result in
 * a register of its own and in each operand's, operands equal, operands in memory, all lanes and
 * shift counts, on values that are corners of integers and floats, compared with simd-ref.h.
 *
 * The code of one case is a function of a pointer to struct frame: it loads the operands from
 * there, does the instruction, and puts the result and the operands' registers back.
 */
#include "tests/unit/unit.h"

#include <fenv.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "jit/baseline/simd.h"

typedef uint8_t u8;
typedef int8_t i8;
typedef uint16_t u16;
typedef int16_t i16;
typedef uint32_t u32;
typedef int32_t i32;
typedef uint64_t u64;
typedef int64_t i64;
typedef float f32;
typedef double f64;

union vec {
	u8 u8[16];
	i8 i8[16];
	u16 u16[8];
	i16 i16[8];
	u32 u32[4];
	i32 i32[4];
	u64 u64[2];
	i64 i64[2];
	f32 f32[4];
	f64 f64[2];
};

/* ---- the reference ---- */

#define CLAMP(x, low, high) ((x) < (low) ? (low) : (x) > (high) ? (high) : (x))

static const u8 *n_lanes;

static i32 to_i32(f64 x)
{
	return x != x ? 0 : x <= -2147483648.0 ? INT32_MIN : x >= 2147483647.0 ? INT32_MAX : (i32)x;
}

static u32 to_u32(f64 x)
{
	return !(x > 0) ? 0 : x >= 4294967295.0 ? UINT32_MAX : (u32)x;
}

static void dot_bytes(union vec *z, const union vec *a, const union vec *b)
{
	for (int i = 0; i < 8; i++)
		z->i16[i] = (i16)CLAMP(a->i8[2 * i] * b->u8[2 * i] +
					       a->i8[2 * i + 1] * b->u8[2 * i + 1],
				       -32768, 32767);
}

typedef void reference(union vec *Z, const union vec *A, const union vec *B, const union vec *C,
		       unsigned int n);

#define WHOLE(OP, ...) \
	static void ref_##OP(union vec *Z, const union vec *A, const union vec *B, \
			     const union vec *C, unsigned int n) \
	{ \
		union vec t; \
		(void)t; \
		__VA_ARGS__; \
	}
#define LANES(OP, T, R, N, ...) \
	WHOLE(OP, for (int i = 0; i < (N); i++) { \
		T a = A->T[i], b = B->T[i], c = C->T[i]; \
		(void)b, (void)c; \
		Z->R[i] = (R)(__VA_ARGS__); \
	})
#include "tests/unit/simd-ref.h"
#undef WHOLE
#undef LANES

static const struct {
	uint16_t op;
	const char *name;
	reference *run;
	char result;	/* f, F: of lanes of f32, f64, whose NaNs need not be equal */
} refs[] = {
#define WHOLE(OP, ...) { WASM_##OP, #OP, ref_##OP, 0 },
#define LANES(OP, T, R, N, ...) \
	{ WASM_##OP, #OP, ref_##OP, #R[0] == 'f' ? (N) == 4 ? 'f' : 'F' : 0 },
#include "tests/unit/simd-ref.h"
};

/* ---- values ---- */

static u64 seed = 0x9e3779b97f4a7c15;

static u64 any(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

static const u32 corners32[] = {
	0, 1, 2, 0x7f, 0x80, 0xff, 0x7fff,
	0x8000, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff, 0xfffffffe, 0x80008000,
	0x7fff8000, 0x80ff7f01, 0x3f800000, 0xbf800000, 0x3f000000, 0xbf000000, 0x3fc00000,
	0x40200000, 0xc0200000, 0x4effffff, 0x4f000000, 0x4f7fffff, 0x4f800000, 0xcf000000,
	0xcf000001, 0x7f800000, 0xff800000, 0x7fc00000, 0xffc00000, 0x7fa00000, 0xffa12345,
	0x7fc12345, 0x00000001, 0x80000001, 0x007fffff, 0x7f7fffff, 0x4b000001, 0x5f000000,
	0xdf000000, 0x34000000, 0x01010101, 0x10203040,
};
static const u64 corners64[] = {
	0, 1, 0x7fffffffffffffff, 0x8000000000000000,
	0xffffffffffffffff, 0x00000000ffffffff, 0xffffffff00000000, 0x3ff0000000000000,
	0xbff0000000000000, 0x3fe0000000000000, 0x3ff8000000000000, 0x4004000000000000,
	0x41dfffffffc00000, 0x41e0000000000000, 0x41efffffffe00000, 0x41f0000000000000,
	0x41dfffffffe00000, 0x41efffffffefffff, 0xc1e0000000000000, 0xc1e0000000200000,
	0xc1e0000000100000, 0x7ff0000000000000, 0xfff0000000000000, 0x7ff8000000000000,
	0xfff8000000000000, 0x7ff4000000000000, 0xfff4000012345678, 0x7ff8000012345678,
	0x000fffffffffffff, 0x7fefffffffffffff, 0x4330000000000001, 0x43f0000000000000,
	0x36a0000000000000, 0x380fffffffffffff, 0x0706050403020100, 0x0f0e0d0c0b0a0908,
	0x1011121380818283,
};

static union vec value(void)
{
	union vec v;
	unsigned int kind = any() % 4;

	for (int i = 0; i < 4; i++)
		v.u32[i] = kind ? corners32[any() % ARRAY_SIZE(corners32)] : (u32)any();
	if (kind == 1) {
		for (int i = 0; i < 2; i++)
			v.u64[i] = corners64[any() % ARRAY_SIZE(corners64)];
	} else if (kind == 2) {
		for (int i = 0; i < 16; i++)
			v.u8[i] = corners32[any() % 12] & 0xff;
	}
	return v;
}

/* ---- running ---- */

struct frame {
	union vec in[3], out, kept[3], memory[3];
	u64 constants[64][2];
	u64 general, general_out;
};

static struct x64_buf code;
static uint8_t *room;
static struct frame frame;
static unsigned int nconstants;

#define ROOM (1 << 16)
#define FRAME X64_RDI

static struct x64_mem at(const void *member)
{
	return x64_at(FRAME, (int32_t)((const char *)member - (const char *)&frame));
}

static struct x64_mem constant(void *owner, uint64_t lo, uint64_t hi)
{
	u64 *c = frame.constants[nconstants++];

	ck_assert_uint_lt(nconstants, 64);
	c[0] = lo;
	c[1] = hi;
	return at(c);
}

static unsigned int uses;

static void used(void *owner, const struct jit_opnd *o)
{
	uses++;
}

static struct jit_opnd in_reg(unsigned int reg)
{
	return (struct jit_opnd){ .kind = JIT_OPND_REG, .reg = (uint8_t)(reg + 16) };
}

static void begin_code(const struct jit_simd *s, unsigned int n)
{
	x64_buf_init(&code, room, ROOM);
	nconstants = 0;
	/* rubbish everywhere, so that nothing is right by chance */
	for (unsigned int i = 0; i < 16; i++)
		x64_vm(&code, X64_VMOVUPS, i, at(&frame.memory[i % 3]));
	for (unsigned int i = 0; i < n; i++)
		if (s->src[i].kind == JIT_OPND_REG)
			x64_vm(&code, X64_VMOVUPS, simd_reg(&s->src[i]), at(&frame.in[i]));
	x64_mov_imm(&code, X64_RAX, 0xaaaaaaaaaaaaaaaa);
	x64_rm(&code, X64_MOV, X64_64, X64_RCX, at(&frame.general));
}

/* Which shapes have their result in a general register, or take an operand from one. */
static bool to_general(enum jit_simd_shape shape)
{
	return shape == JIT_SIMD_TEST || shape == JIT_SIMD_BITS || shape == JIT_SIMD_GET_G;
}

static unsigned int operands(enum jit_simd_shape shape)
{
	switch (shape) {
	case JIT_SIMD_VVV:
		return 3;
	case JIT_SIMD_VV:
	case JIT_SIMD_SHUFFLE:
	case JIT_SIMD_SET_F:
		return 2;
	case JIT_SIMD_SPLAT_G:
	case JIT_SIMD_LOAD:
		return 0;
	default:
		return 1;
	}
}

/*
 * One place of the operands: registers of the sources and the result, and which source is memory
 * (-1: none).
 */
struct places {
	uint8_t src[3], dst;
	int memory;
};

static unsigned int count;
static char context[128];

static void emit(struct jit_simd *s, const struct places *p, unsigned int n, unsigned int lane)
{
	const struct jit_simd_row *row = s->row;
	uint8_t taken = 0;

	s->x = &code;
	s->const16 = constant;
	s->use = used;
	s->gpr = X64_RCX;
	s->lane = (uint8_t)lane;
	s->dst = to_general(row->shape) ? X64_RAX : p->dst;
	for (unsigned int i = 0; i < n; i++)
		s->src[i] = in_reg(p->src[i]);
	if (p->memory >= 0)
		s->src[p->memory] = (struct jit_opnd){ .kind = JIT_OPND_MEM, .site = true,
						       .mem = at(&frame.in[p->memory]) };
	/* temporaries: what nobody has */
	for (unsigned int r = 15; r > 0 && taken < 2; r--)
		if (r != p->src[0] && r != p->src[1] && r != p->src[2] && r != p->dst)
			s->tmp[taken++] = (uint8_t)r;
	s->mem = at(row->shape == JIT_SIMD_STORE || row->shape == JIT_SIMD_STORE_LANE
			    ? &frame.in[1]
			    : &frame.in[row->shape == JIT_SIMD_LOAD ? 0 : 1]);
	uses = 0;
	begin_code(s, n);
	row->emit(s);
	ck_assert_msg(uses == (p->memory >= 0), "%s: the site of its memory operand", context);
	if (row->shape == JIT_SIMD_TEST) {
		x64_setcc(&code, s->cc, X64_RAX);
		x64_rr(&code, X64_MOVZX8, X64_32, X64_RAX, X64_RAX);
	}
	x64_mr(&code, X64_MOV, X64_64, at(&frame.general_out), X64_RAX);
	if (!to_general(row->shape))
		x64_mv(&code, X64_VMOVUPS_ST, at(&frame.out), s->dst);
	for (unsigned int i = 0; i < n; i++)
		x64_mv(&code, X64_VMOVUPS_ST, at(&frame.kept[i]), p->src[i]);
	x64_ret(&code, 0);
}

static bool quiet_nan_alike(char kind, const union vec *x, const union vec *y)
{
	for (int i = 0; i < 4 && kind == 'f'; i++)
		if (x->u32[i] != y->u32[i] &&
		    (y->f32[i] == y->f32[i] || x->f32[i] == x->f32[i] || !(x->u32[i] & 0x00400000)))
			return false;
	for (int i = 0; i < 2 && kind == 'F'; i++)
		if (x->u64[i] != y->u64[i] && (y->f64[i] == y->f64[i] || x->f64[i] == x->f64[i] ||
					       !(x->u64[i] & 0x0008000000000000)))
			return false;
	return kind == 'f' || kind == 'F';
}

static void differ(const union vec *want)
{
	ck_abort_msg("%s: operands %016lx%016lx %016lx%016lx %016lx%016lx give %016lx%016lx, not "
		     "%016lx%016lx",
		     context, frame.in[0].u64[1], frame.in[0].u64[0], frame.in[1].u64[1],
		     frame.in[1].u64[0], frame.in[2].u64[1], frame.in[2].u64[0], frame.out.u64[1],
		     frame.out.u64[0], want->u64[1], want->u64[0]);
}

/* Bytes of the result that mean something. */
static size_t significant(const struct jit_simd_row *row)
{
	if (row->shape == JIT_SIMD_GET_F)
		return 1u << row->imm;
	return to_general(row->shape) ? 8 : 16;
}

/* Runs what emit() made on a few values. */
static void check(const struct jit_simd *s, const struct places *p, unsigned int n, size_t ref,
		  unsigned int lane, unsigned int rounds)
{
	const struct jit_simd_row *row = s->row;
	void (*f)(struct frame *);

	memcpy(&f, &room, sizeof(f));
	for (unsigned int round = 0; round < rounds; round++) {
		union vec in[3], want = { { 0 } }, general = { { 0 } };

		for (int i = 0; i < 3; i++) {
			in[i] = value();
			frame.memory[i] = value();
		}
		/* registers that are one have one value: the last that is loaded */
		for (unsigned int i = 0; i < n; i++)
			for (unsigned int k = i + 1; k < n; k++)
				if (p->src[i] == p->src[k] && p->memory != (int)i &&
				    p->memory != (int)k)
					in[i] = in[k];
		for (unsigned int i = n; i-- > 0;)
			for (unsigned int k = i + 1; k < n; k++)
				if (p->src[i] == p->src[k] && p->memory != (int)i &&
				    p->memory != (int)k)
					in[i] = in[k];
		memcpy(frame.in, in, sizeof(in));
		frame.general =
			row->shape == JIT_SIMD_SHIFT ? (any() & ~(u64)255) | lane : value().u64[0];
		general.u64[0] = frame.general;
		memset(&frame.out, 0, sizeof(frame.out));
		f(&frame);
		if (row->shape == JIT_SIMD_SPLAT_G)
			refs[ref].run(&want, &general, &general, &general, lane);
		else if (row->shape == JIT_SIMD_SET_G)
			refs[ref].run(&want, &in[0], &general, &general, lane);
		else if (row->shape == JIT_SIMD_LOAD_LANE)
			refs[ref].run(&want, &in[1], &in[0], &in[2], lane);
		else
			refs[ref].run(&want, &in[0], &in[1], &in[2], lane);
		if (to_general(row->shape))
			frame.out.u64[0] = frame.general_out;
		if (row->shape == JIT_SIMD_STORE || row->shape == JIT_SIMD_STORE_LANE)
			frame.out = frame.in[1];
		if (memcmp(&frame.out, &want, significant(row)) &&
		    !quiet_nan_alike(refs[ref].result, &frame.out, &want))
			differ(&want);
		for (unsigned int i = 0; i < n; i++)
			if (s->src[i].kind == JIT_OPND_REG &&
			    (to_general(row->shape) || p->src[i] != p->dst))
				ck_assert_msg(!memcmp(&frame.kept[i], &in[i], 16),
					      "%s: operand %u changed", context, i);
		count++;
	}
}

static const struct places places[] = {
	{ { 1, 2, 3 }, 4, -1 },	    { { 9, 10, 11 }, 12, -1 }, { { 1, 2, 3 }, 1, -1 },
	{ { 1, 10, 3 }, 10, -1 },   { { 1, 2, 11 }, 11, -1 },  { { 5, 5, 5 }, 6, -1 },
	{ { 13, 13, 13 }, 13, -1 }, { { 1, 1, 8 }, 8, -1 },    { { 8, 1, 1 }, 8, -1 },
	{ { 1, 8, 1 }, 8, -1 },	    { { 8, 8, 1 }, 8, -1 },    { { 8, 1, 8 }, 8, -1 },
	{ { 1, 8, 8 }, 8, -1 },
};

static void run_row(size_t ref, const struct jit_simd_row *row, unsigned int lane, bool by_constant)
{
	unsigned int n = operands(row->shape);

	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		struct jit_simd s = { .row = row, .constant = by_constant, .lanes = n_lanes };

		snprintf(context, sizeof(context), "%s, lane %u%s, place %zu", refs[ref].name, lane,
			 by_constant ? " constant" : "", i);
		emit(&s, &places[i], n, lane);
		check(&s, &places[i], n, ref, lane, row->shape <= JIT_SIMD_VVV ? 60 : 8);
	}
	for (size_t i = 0; row->mem && i < 5; i++) {
		struct places p = places[i];
		struct jit_simd s = { .row = row };

		p.memory = row->mem - JIT_SIMD_MEM_A;
		snprintf(context, sizeof(context), "%s, lane %u, memory, place %zu", refs[ref].name,
			 lane, i);
		emit(&s, &p, n, lane);
		check(&s, &p, n, ref, lane, 20);
	}
}

static void setup(void)
{
	room = mmap(NULL, ROOM, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		    0);
	ck_assert_ptr_ne(room, MAP_FAILED);
}

START_TEST(every_row)
{
	uint8_t seen[JIT_SIMD_ROWS] = { 0 };

	setup();
	for (size_t r = 0; r < ARRAY_SIZE(refs); r++) {
		const struct jit_simd_row *row = &jit_simd_rows[refs[r].op - WASM_V128_LOAD];
		unsigned int lanes = 1;

		ck_assert_ptr_nonnull(row->emit);
		seen[refs[r].op - WASM_V128_LOAD] = 1;
		if (row->shape == JIT_SIMD_SHUFFLE)
			continue;
		if (row->shape == JIT_SIMD_GET_G || row->shape == JIT_SIMD_GET_F ||
		    row->shape == JIT_SIMD_SET_G || row->shape == JIT_SIMD_SET_F ||
		    row->shape == JIT_SIMD_LOAD_LANE || row->shape == JIT_SIMD_STORE_LANE)
			lanes = 16u >> row->imm;
		if (row->shape == JIT_SIMD_SHIFT)
			lanes = 130;
		for (unsigned int lane = 0; lane < lanes; lane++) {
			run_row(r, row, lane, false);
			if (row->shape == JIT_SIMD_SHIFT)
				run_row(r, row, lane, true);
		}
	}
	for (size_t i = 0; i < JIT_SIMD_ROWS; i++)
		ck_assert_msg(seen[i] || i == WASM_V128_CONST - WASM_V128_LOAD,
			      "%s has no reference", wasm_op_name(&wasm_ops[i + WASM_V128_LOAD]));
	ck_assert_uint_gt(count, 100000);
}
END_TEST

/* Every special case of shuffles, and random ones; with one operand all zeros too. */
static const u8 shuffles[][16] = {
	{ 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 },
	{ 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31 },
	{ 0 },
	{ 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3 },
	{ 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1 },
	{ 20, 21, 22, 23, 16, 17, 18, 19, 28, 29, 30, 31, 24, 25, 26, 27 },
	{ 2, 3, 0, 1, 6, 7, 4, 5, 8, 9, 10, 11, 12, 13, 14, 15 },
	{ 0, 1, 2, 3, 4, 5, 6, 7, 14, 15, 12, 13, 8, 9, 8, 9 },
	{ 0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 12, 13, 8, 9, 8, 9 },
	{ 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4 },
	{ 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20 },
	{ 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 0, 1, 2, 3, 4 },
	{ 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23 },
	{ 24, 8, 25, 9, 26, 10, 27, 11, 28, 12, 29, 13, 30, 14, 31, 15 },
	{ 0, 1, 16, 17, 2, 3, 18, 19, 4, 5, 20, 21, 6, 7, 22, 23 },
	{ 8, 9, 24, 25, 10, 11, 26, 27, 12, 13, 28, 29, 14, 15, 30, 31 },
	{ 0, 1, 2, 3, 16, 17, 18, 19, 4, 5, 6, 7, 20, 21, 22, 23 },
	{ 24, 25, 26, 27, 8, 9, 10, 11, 28, 29, 30, 31, 12, 13, 14, 15 },
	{ 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23 },
	{ 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31 },
	{ 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7 },
	{ 0, 1, 2, 3, 20, 21, 22, 23, 8, 9, 10, 11, 28, 29, 30, 31 },
	{ 16, 17, 2, 3, 20, 21, 6, 7, 8, 9, 26, 27, 12, 13, 30, 31 },
	{ 0, 17, 2, 19, 4, 21, 6, 23, 8, 25, 10, 27, 12, 29, 14, 31 },
	{ 0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27 },
	{ 20, 21, 22, 23, 28, 29, 30, 31, 4, 5, 6, 7, 12, 13, 14, 15 },
	{ 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30 },
	{ 16, 0, 17, 1, 18, 2, 19, 3, 20, 4, 21, 5, 22, 6, 23, 7 },
	{ 16, 16, 16, 16, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 },
	{ 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 16, 16, 16, 16 },
	{ 0, 1, 30, 30, 2, 3, 30, 30, 4, 5, 30, 30, 6, 7, 30, 30 },
	{ 0, 1, 2, 3, 30, 30, 30, 30, 4, 5, 6, 7, 16, 16, 16, 16 },
	{ 0, 1, 2, 3, 4, 5, 6, 7, 16, 16, 16, 16, 16, 16, 16, 16 },
};

static size_t shuffle_ref(void)
{
	for (size_t r = 0; r < ARRAY_SIZE(refs); r++)
		if (refs[r].op == WASM_I8X16_SHUFFLE)
			return r;
	return 0;
}

/* zero: which operands are known to be zeros, and have no register */
static void shuffle_with_zeros(size_t ref, const struct jit_simd_row *row, unsigned int zero)
{
	for (size_t i = 0; i < 5; i++) {
		struct jit_simd s = { .row = row, .lanes = n_lanes, .zero = (uint8_t)zero };
		union vec want, in[2] = { value(), value() };
		void (*f)(struct frame *);

		emit(&s, &places[i], 2, 0);
		memcpy(&f, &room, sizeof(f));
		memcpy(frame.in, in, sizeof(in));
		f(&frame);
		for (int k = 0; k < 2; k++)
			if (zero >> k & 1)
				memset(&in[k], 0, 16);
		refs[ref].run(&want, &in[0], &in[1], &in[1], 0);
		snprintf(context, sizeof(context), "shuffle with zeros %u", zero);
		if (memcmp(&want, &frame.out, 16))
			differ(&want);
	}
}

START_TEST(shuffling)
{
	size_t ref = shuffle_ref();
	const struct jit_simd_row *row = &jit_simd_rows[WASM_I8X16_SHUFFLE - WASM_V128_LOAD];
	static u8 lanes[16];

	setup();
	n_lanes = lanes;
	for (unsigned int i = 0; i < ARRAY_SIZE(shuffles) + 3000; i++) {
		unsigned int unit = 1u << any() % 4;

		/* beyond the list: random units; every third stays in place */
		for (unsigned int k = 0; k < 16; k++) {
			if (k % unit)
				lanes[k] = lanes[k - 1] + 1;
			else
				lanes[k] = (u8)(i % 3 ? any() % (32 / unit) * unit
						      : k + any() % 2 * 16);
		}
		if (i < ARRAY_SIZE(shuffles))
			memcpy(lanes, shuffles[i], 16);
		run_row(ref, row, i, false);
		for (unsigned int zero = 1; zero < 4; zero++)
			shuffle_with_zeros(ref, row, zero);
	}
}
END_TEST

/* The special cases are found: one instruction, but for those that need a table. */
START_TEST(shuffle_lengths)
{
	const struct jit_simd_row *row = &jit_simd_rows[WASM_I8X16_SHUFFLE - WASM_V128_LOAD];

	setup();
	for (size_t i = 0; i < ARRAY_SIZE(shuffles); i++) {
		struct jit_simd s = { .row = row,
				      .lanes = shuffles[i],
				      .x = &code,
				      .const16 = constant,
				      .dst = 4,
				      .src = { in_reg(1), in_reg(2) },
				      .tmp = { 5, 6 } };
		bool table = i == 3 || i == 8 || i == 23 || i == 26 || i >= 28;

		x64_buf_init(&code, room, ROOM);
		nconstants = 0;
		row->emit(&s);
		ck_assert_msg((x64_offset(&code) <= 6) == !table, "shuffle %zu: %u bytes", i,
			      x64_offset(&code));
	}
}
END_TEST

UNIT("simd", every_row, shuffling, shuffle_lengths)
