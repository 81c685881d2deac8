/*
 * Vector instructions: simd-ops.h says how each is made, simd.c takes its operands from the
 * abstract stack and puts the result there, and the functions declared here emit the machine code
 * between. These know nothing of the stack, so that tests/unit/simd.c can run each alone.
 *
 * Contract of an emitter: dst may be any of the source registers, sources may be equal to each
 * other; the temporaries and the general register differ from all and from each other. A source in
 * memory is read by exactly one instruction, which simd_use() comes directly before. Flags and
 * sources are otherwise left alone (sources that are not dst keep their values).
 */
#ifndef JIT_BASELINE_SIMD_H
#define JIT_BASELINE_SIMD_H

#include "jit/baseline/baseline.h"
#include "runtime/base/num.h"

struct jit_simd;

enum jit_simd_shape {
	JIT_SIMD_V,
	JIT_SIMD_VV,
	JIT_SIMD_VVV,
	JIT_SIMD_SHIFT,
	JIT_SIMD_TEST,
	JIT_SIMD_BITS,
	JIT_SIMD_SPLAT_G,
	JIT_SIMD_SPLAT_F,
	JIT_SIMD_GET_G,
	JIT_SIMD_GET_F,
	JIT_SIMD_SET_G,
	JIT_SIMD_SET_F,
	JIT_SIMD_LOAD,
	JIT_SIMD_STORE,
	JIT_SIMD_LOAD_LANE,
	JIT_SIMD_STORE_LANE,
	JIT_SIMD_CONST,
	JIT_SIMD_SHUFFLE,
	JIT_SIMD_SHAPES,
};

/* Which operand may be memory. */
enum { JIT_SIMD_MEM_N, JIT_SIMD_MEM_A, JIT_SIMD_MEM_B };

struct jit_simd_row {
	void (*emit)(struct jit_simd *s);
	enum x64_op op, op2;		/* 0: none */
	uint8_t shape, imm, temps, mem;
};

/* One for each vector instruction: jit_simd_rows[op - WASM_V128_LOAD]. */
#define JIT_SIMD_ROWS (WASM_I32X4_RELAXED_DOT_I8X16_I7X16_ADD_S - WASM_V128_LOAD + 1)
extern const struct jit_simd_row jit_simd_rows[JIT_SIMD_ROWS];

/* What one instruction works on. Vector registers are 0 to 15. */
struct jit_simd {
	struct x64_buf *x;
	const struct jit_simd_row *row;
	uint8_t dst;			/* vector or general */
	uint8_t tmp[2];			/* vector */
	uint8_t gpr; /* SHIFT: holds the count and may be changed; else an operand of *_G shapes */
	uint8_t lane;			/* SHIFT by a constant: the count */
	bool constant;			/* SHIFT by a constant */
	uint8_t zero;			/* SHUFFLE: bit i: source i is all zeros */
	uint8_t cc;			/* TEST: out: the condition under which the result is 1 */
	const uint8_t *lanes;		/* SHUFFLE: 16 of them */
	struct jit_opnd src[3];
	struct x64_mem mem;		/* LOAD, STORE and their LANE forms */
	void *owner;
	struct x64_mem (*const16)(void *owner, uint64_t lo, uint64_t hi);
	void (*use)(void *owner, const struct jit_opnd *o);
};

/* The driver: all rows of vector instructions in jit_rows name it. */
void jit_simd(struct jit_func *f, const struct wasm_insn *in, const struct jit_row *row);

#define ROW(op, shape, emit, ...) void simd_##emit(struct jit_simd *s);
#include "jit/baseline/simd-ops.h"
#undef ROW

/* ---- for the emitters ---- */

static inline unsigned int simd_reg(const struct jit_opnd *o)
{
	assert(o->kind == JIT_OPND_REG);
	return o->reg & 15;
}

static inline void simd_use(struct jit_simd *s, const struct jit_opnd *o)
{
	if (o->site)
		s->use(s->owner, o);
}

/* op dst, o */
static inline void simd_v(struct jit_simd *s, enum x64_op op, unsigned int dst,
			  const struct jit_opnd *o)
{
	if (o->kind == JIT_OPND_REG) {
		x64_vv(s->x, op, dst, simd_reg(o));
		return;
	}
	simd_use(s, o);
	x64_vm(s->x, op, dst, o->mem);
}

/* op dst, o, imm */
static inline void simd_vi(struct jit_simd *s, enum x64_op op, unsigned int dst,
			   const struct jit_opnd *o, unsigned int imm)
{
	if (o->kind == JIT_OPND_REG) {
		x64_vvi(s->x, op, dst, simd_reg(o), imm);
		return;
	}
	simd_use(s, o);
	x64_vmi(s->x, op, dst, o->mem, imm);
}

/* op dst, a, o */
static inline void simd_vv(struct jit_simd *s, enum x64_op op, unsigned int dst, unsigned int a,
			   const struct jit_opnd *o)
{
	if (o->kind == JIT_OPND_REG) {
		x64_vvv(s->x, op, dst, a, simd_reg(o));
		return;
	}
	simd_use(s, o);
	x64_vvm(s->x, op, dst, a, o->mem);
}

/* op dst, a, o, imm */
static inline void simd_vvi(struct jit_simd *s, enum x64_op op, unsigned int dst, unsigned int a,
			    const struct jit_opnd *o, unsigned int imm)
{
	if (o->kind == JIT_OPND_REG) {
		x64_vvvi(s->x, op, dst, a, simd_reg(o), imm);
		return;
	}
	simd_use(s, o);
	x64_vvmi(s->x, op, dst, a, o->mem, imm);
}

/* op dst, a, a constant of one value in each 64 bits */
static inline void simd_vk(struct jit_simd *s, enum x64_op op, unsigned int dst, unsigned int a,
			   uint64_t both)
{
	x64_vvm(s->x, op, dst, a, s->const16(s->owner, both, both));
}

static inline void simd_zero(struct jit_simd *s, unsigned int dst)
{
	x64_vvv(s->x, X64_VPXOR, dst, dst, dst);
}

static inline void simd_ones(struct jit_simd *s, unsigned int dst)
{
	x64_vvv(s->x, X64_VPCMPEQD, dst, dst, dst);
}

/* dst = src, unless they are one */
static inline void simd_move(struct jit_simd *s, unsigned int dst, unsigned int src)
{
	if (dst != src)
		x64_vv(s->x, X64_VMOVAPS, dst, src);
}

/* A lane's value in all lanes of 64 bits; size is log2 of its bytes. */
static inline uint64_t simd_repeat(uint64_t v, unsigned int size)
{
	v = size == 0 ? (v & 0xff) * 0x0101 : v;
	v = size <= 1 ? (v & 0xffff) * 0x00010001 : v;
	return size <= 2 ? (v & 0xffffffff) * 0x0000000100000001 : v;
}

#endif
