/*
 * Lanes: splat, extract, replace, their loads and stores, and shuffles. A shuffle's 16 lane numbers
 * are matched against what the machine does in one instruction without a table; what is left is
 * vpshufb, for each source.
 */
#include "jit/baseline/simd.h"

void simd_load(struct jit_simd *s)
{
	x64_vm(s->x, s->row->op, s->dst, s->mem);
}

void simd_store(struct jit_simd *s)
{
	x64_mv(s->x, s->row->op, s->mem, simd_reg(&s->src[0]));
}

static enum x64_width lane_width(const struct jit_simd *s)
{
	return s->row->imm == 3 ? X64_64 : X64_32;
}

void simd_load_lane(struct jit_simd *s)
{
	x64_vvmi_w(s->x, s->row->op, lane_width(s), s->dst, simd_reg(&s->src[0]), s->mem, s->lane);
}

void simd_store_lane(struct jit_simd *s)
{
	unsigned int a = simd_reg(&s->src[0]);

	if (!s->lane && s->row->op)
		x64_mv(s->x, s->row->op, s->mem, a);
	else if (x64_form(s->row->op2) == X64_FORM_MV)
		x64_mv(s->x, s->row->op2, s->mem, a);
	else
		x64_mvi(s->x, s->row->op2, X64_32, s->mem, a, s->lane);
}

void simd_none(struct jit_simd *s)
{
	assert(s->row->shape == JIT_SIMD_CONST);
}

void simd_splat_general(struct jit_simd *s)
{
	x64_vr(s->x, X64_VMOVD_VR, lane_width(s), s->dst, s->gpr);
	x64_vv(s->x, s->row->op, s->dst, s->dst);
}

void simd_insert(struct jit_simd *s)
{
	x64_vvri(s->x, s->row->op, lane_width(s), s->dst, simd_reg(&s->src[0]), s->gpr, s->lane);
}

/* The lane of a source in memory, as an operand of its own size. */
static struct x64_mem lane_in_memory(struct jit_simd *s)
{
	struct x64_mem m = s->src[0].mem;

	assert(!(m.flags & X64_LABEL));
	simd_use(s, &s->src[0]);
	m.disp += s->lane << s->row->imm;
	return m;
}

void simd_extract(struct jit_simd *s)
{
	if (s->src[0].kind == JIT_OPND_MEM)
		x64_rm(s->x, X64_MOV, lane_width(s), s->dst, lane_in_memory(s));
	else if (s->lane)
		x64_rvi(s->x, X64_VPEXTR, lane_width(s), s->dst, simd_reg(&s->src[0]), s->lane);
	else
		x64_rv(s->x, X64_VMOVD_RV, lane_width(s), s->dst, simd_reg(&s->src[0]));
}

void simd_extract_small(struct jit_simd *s)
{
	enum x64_op zero_extend = s->row->imm ? X64_MOVZX16 : X64_MOVZX8;

	if (s->src[0].kind == JIT_OPND_MEM) {
		x64_rm(s->x, s->row->op2 ? s->row->op2 : zero_extend, X64_32, s->dst,
		       lane_in_memory(s));
		return;
	}
	if (s->row->imm == 0)
		x64_rvi(s->x, X64_VPEXTRB, X64_32, s->dst, simd_reg(&s->src[0]), s->lane);
	else
		x64_gvi(s->x, X64_VPEXTRW, s->dst, simd_reg(&s->src[0]), s->lane);
	if (s->row->op2)
		x64_rr(s->x, s->row->op2, X64_32, s->dst, s->dst);
}

/* What is in the other lanes of a float's register does not matter. */
void simd_extract_float(struct jit_simd *s)
{
	unsigned int a;

	if (s->src[0].kind == JIT_OPND_MEM) {
		x64_vm(s->x, s->row->imm == 3 ? X64_VMOVSD : X64_VMOVSS, s->dst, lane_in_memory(s));
		return;
	}
	a = simd_reg(&s->src[0]);
	if (!s->lane)
		simd_move(s, s->dst, a);
	else if (s->row->imm == 3)
		x64_vvv(s->x, X64_VUNPCKHPD, s->dst, a, a);
	else if (s->lane == 1)
		x64_vv(s->x, X64_VMOVSHDUP, s->dst, a);
	else
		x64_vvi(s->x, X64_VPSHUFD, s->dst, a, s->lane);
}

void simd_insert_f32(struct jit_simd *s)
{
	simd_vvi(s, X64_VINSERTPS, s->dst, simd_reg(&s->src[0]), &s->src[1], s->lane << 4);
}

void simd_insert_f64(struct jit_simd *s)
{
	unsigned int a = simd_reg(&s->src[0]);

	if (s->src[1].kind == JIT_OPND_REG) {
		x64_vvv(s->x, s->lane ? X64_VMOVLHPS : X64_VMOVSD_RR, s->dst, a,
			simd_reg(&s->src[1]));
		return;
	}
	simd_use(s, &s->src[1]);
	x64_vvm(s->x, s->lane ? X64_VMOVHPS : X64_VMOVLPS, s->dst, a, s->src[1].mem);
}

/*
 * Lanes from 16 on are to be zero: adding 112 with saturation sets their top bit, which vpshufb
 * looks at.
 */
void simd_swizzle(struct jit_simd *s)
{
	simd_vk(s, X64_VPADDUSB, s->tmp[0], simd_reg(&s->src[1]), simd_repeat(0x70, 0));
	x64_vvv(s->x, X64_VPSHUFB, s->dst, simd_reg(&s->src[0]), s->tmp[0]);
}

/* ---- shuffles; in lane numbers ZERO stands for a zero, as vpshufb has it ---- */

#define ZERO 0x80

static uint64_t half(const uint8_t *lanes)
{
	uint64_t v;

	memcpy(&v, lanes, 8);
	return v;
}

static void by_table(struct jit_simd *s, unsigned int dst, unsigned int src, const uint8_t *lanes)
{
	x64_vvm(s->x, X64_VPSHUFB, dst, src, s->const16(s->owner, half(lanes), half(lanes + 8)));
}

/* Whether the lanes move whole units of 1 << size bytes; ret: from which unit each comes. */
static bool in_units(const uint8_t *lanes, unsigned int size, uint8_t *ret)
{
	unsigned int bytes = 1u << size;

	for (unsigned int i = 0; i < 16; i++) {
		if (lanes[i] == ZERO || lanes[i] % bytes != i % bytes)
			return false;
		if (i % bytes && lanes[i] != lanes[i - 1] + 1)
			return false;
		ret[i >> size] = lanes[i] >> size;
	}
	return true;
}

/* Whether lane i is i + n for all; then n (up to 15), else 0. */
static unsigned int shift_of(const uint8_t *lanes, unsigned int wrap)
{
	for (unsigned int i = 1; i < 16; i++)
		if (lanes[i] != ((lanes[0] + i) & (wrap - 1)))
			return 0;
	return lanes[0] < 16 ? lanes[0] : 0;
}

static unsigned int imm_of(const uint8_t *units)
{
	return (units[0] & 3u) | (units[1] & 3u) << 2 | (units[2] & 3u) << 4 | (units[3] & 3u) << 6;
}

/* Units of words that stay in their half, the other half untouched. */
static bool half_words(struct jit_simd *s, unsigned int src, const uint8_t *words)
{
	bool low = true, high = true;

	for (unsigned int i = 0; i < 4; i++) {
		low &= words[i] < 4 && words[i + 4] == i + 4;
		high &= words[i + 4] >= 4 && words[i] == i;
	}
	if (low)
		x64_vvi(s->x, X64_VPSHUFLW, s->dst, src, imm_of(words));
	else if (high)
		x64_vvi(s->x, X64_VPSHUFHW, s->dst, src, imm_of(words + 4));
	return low || high;
}

/* Two-source instructions with fixed lanes. */
static const struct {
	enum x64_op op;
	uint8_t lanes[16];
} interleaves[] = {
	{ X64_VPUNPCKLBW, { 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23 } },
	{ X64_VPUNPCKHBW, { 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31 } },
	{ X64_VPUNPCKLWD, { 0, 1, 16, 17, 2, 3, 18, 19, 4, 5, 20, 21, 6, 7, 22, 23 } },
	{ X64_VPUNPCKHWD, { 8, 9, 24, 25, 10, 11, 26, 27, 12, 13, 28, 29, 14, 15, 30, 31 } },
	{ X64_VPUNPCKLDQ, { 0, 1, 2, 3, 16, 17, 18, 19, 4, 5, 6, 7, 20, 21, 22, 23 } },
	{ X64_VPUNPCKHDQ, { 8, 9, 10, 11, 24, 25, 26, 27, 12, 13, 14, 15, 28, 29, 30, 31 } },
	{ X64_VPUNPCKLQDQ, { 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23 } },
	{ X64_VPUNPCKHQDQ, { 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31 } },
};

/* The interleave with these lanes; mask 15 where both sources are one. 0: none */
static enum x64_op interleave_of(const uint8_t *lanes, uint8_t mask)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(interleaves); i++) {
		unsigned int k = 0;

		while (k < 16 && lanes[k] == (interleaves[i].lanes[k] & mask))
			k++;
		if (k == 16)
			return interleaves[i].op;
	}
	return 0;
}

static void one_source(struct jit_simd *s, unsigned int src, const uint8_t *lanes)
{
	unsigned int n = shift_of(lanes, 16);
	enum x64_op interleave;
	uint8_t units[16];

	if (in_units(lanes, 2, units)) {
		if (imm_of(units) == 0xe4)
			simd_move(s, s->dst, src);
		else
			x64_vvi(s->x, X64_VPSHUFD, s->dst, src, imm_of(units));
		return;
	}
	if (n) {
		x64_vvvi(s->x, X64_VPALIGNR, s->dst, src, src, n);
		return;
	}
	if (!memcmp(lanes, (const uint8_t[16]){ 0 }, 16)) {
		x64_vv(s->x, X64_VPBROADCASTB, s->dst, src);
		return;
	}
	if (in_units(lanes, 1, units)) {
		if (!memcmp(units, (const uint8_t[8]){ 0 }, 8)) {
			x64_vv(s->x, X64_VPBROADCASTW, s->dst, src);
			return;
		}
		if (half_words(s, src, units))
			return;
	}
	interleave = interleave_of(lanes, 15);
	if (interleave)
		x64_vvv(s->x, interleave, s->dst, src, src);
	else
		by_table(s, s->dst, src, lanes);
}

/* One source and zeros: extensions, shifts by bytes, else a table. */
static void with_zeros(struct jit_simd *s, unsigned int src, const uint8_t *lanes)
{
	static const enum x64_op extend[] = { X64_VPMOVZXBW, X64_VPMOVZXWD, X64_VPMOVZXDQ };
	unsigned int k, n = 0;

	for (unsigned int size = 0; size < ARRAY_SIZE(extend); size++) {
		unsigned int bytes = 1u << size;

		for (k = 0; k < 16; k++) {
			unsigned int from = k / (2 * bytes) * bytes + k % (2 * bytes);

			if (lanes[k] != (k % (2 * bytes) < bytes ? from : ZERO))
				break;
		}
		if (k == 16) {
			x64_vv(s->x, extend[size], s->dst, src);
			return;
		}
	}
	while (n < 16 && lanes[n] == ZERO)
		n++;
	for (k = n; k < 16 && lanes[k] == k - n; k++)
		;
	if (k == 16) {
		x64_vvi(s->x, X64_VPSLLDQ_I, s->dst, src, n);
		return;
	}
	for (n = lanes[0], k = 0; k < 16 && lanes[k] == (k + n < 16 ? k + n : ZERO); k++)
		;
	if (k == 16)
		x64_vvi(s->x, X64_VPSRLDQ_I, s->dst, src, n);
	else
		by_table(s, s->dst, src, lanes);
}

/* Every lane in its place, from either source. */
static bool in_place(struct jit_simd *s, unsigned int a, unsigned int b, const uint8_t *lanes)
{
	uint8_t units[16], mask[16];
	unsigned int imm = 0;

	for (unsigned int i = 0; i < 16; i++) {
		if ((lanes[i] & 15) != i)
			return false;
		mask[i] = lanes[i] & 16 ? 0xff : 0;
	}
	if (in_units(lanes, 2, units)) {
		for (unsigned int i = 0; i < 4; i++)
			imm |= (units[i] >> 2 & 1u) << i;
		x64_vvvi(s->x, X64_VPBLENDD, s->dst, a, b, imm);
	} else if (in_units(lanes, 1, units)) {
		for (unsigned int i = 0; i < 8; i++)
			imm |= (units[i] >> 3 & 1u) << i;
		x64_vvvi(s->x, X64_VPBLENDW, s->dst, a, b, imm);
	} else {
		x64_vm(s->x, X64_VMOVDQU, s->tmp[0],
		       s->const16(s->owner, half(mask), half(mask + 8)));
		x64_vvvv(s->x, X64_VPBLENDVB, s->dst, a, b, s->tmp[0]);
	}
	return true;
}

/* What needs the sources in this order: interleaves, a window over both, two lanes from each. */
static bool in_order(struct jit_simd *s, unsigned int a, unsigned int b, const uint8_t *lanes)
{
	enum x64_op interleave = interleave_of(lanes, 31);
	unsigned int n = shift_of(lanes, 32);
	uint8_t units[16];

	if (interleave) {
		x64_vvv(s->x, interleave, s->dst, a, b);
		return true;
	}
	if (n) {
		x64_vvvi(s->x, X64_VPALIGNR, s->dst, b, a, n);
		return true;
	}
	if (in_units(lanes, 2, units) && units[0] < 4 && units[1] < 4 && units[2] >= 4 &&
	    units[3] >= 4) {
		x64_vvvi(s->x, X64_VSHUFPS, s->dst, a, b, imm_of(units));
		return true;
	}
	return false;
}

static void two_sources(struct jit_simd *s, unsigned int a, unsigned int b, const uint8_t *lanes)
{
	uint8_t swapped[16], from_a[16], from_b[16];

	for (unsigned int i = 0; i < 16; i++) {
		swapped[i] = lanes[i] ^ 16;
		from_a[i] = lanes[i] < 16 ? lanes[i] : ZERO;
		from_b[i] = lanes[i] < 16 ? ZERO : lanes[i] - 16;
	}
	if (in_place(s, a, b, lanes) || in_order(s, a, b, lanes) || in_order(s, b, a, swapped))
		return;
	by_table(s, s->tmp[0], a, from_a);
	by_table(s, s->dst, b, from_b);
	x64_vvv(s->x, X64_VPOR, s->dst, s->dst, s->tmp[0]);
}

void simd_shuffle(struct jit_simd *s)
{
	uint8_t lanes[16];
	unsigned int used = 0, which;
	bool same = !s->zero && simd_reg(&s->src[0]) == simd_reg(&s->src[1]);

	for (unsigned int i = 0; i < 16; i++) {
		lanes[i] = s->lanes[i] & (same ? 15 : 31);
		used |= s->zero >> (lanes[i] >> 4) & 1 ? 4 : 1u << (lanes[i] >> 4);
	}
	if (used == 4) {
		simd_zero(s, s->dst);
		return;
	}
	if (used == 3) {
		two_sources(s, simd_reg(&s->src[0]), simd_reg(&s->src[1]), lanes);
		return;
	}
	which = used & 1 ? 0 : 1;
	for (unsigned int i = 0; i < 16; i++)
		lanes[i] = lanes[i] >> 4 == which ? lanes[i] & 15 : ZERO;
	if (used & 4)
		with_zeros(s, simd_reg(&s->src[which]), lanes);
	else
		one_source(s, simd_reg(&s->src[which]), lanes);
}
