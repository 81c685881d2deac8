#include "runtime/base/sha256.h"

#include <immintrin.h>
#include <stdatomic.h>
#include <string.h>

#include "runtime/base/cpu.h"
#include "runtime/base/num.h"

static const uint32_t k[64] __attribute__((aligned(16))) = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5,
	0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
	0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3,
	0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
	0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc,
	0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
	0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7,
	0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
	0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
	0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
	0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3,
	0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
	0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5,
	0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
	0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
	0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static uint32_t ror(uint32_t x, unsigned int n)
{
	return x >> n | x << (32 - n);
}

static void schedule(uint32_t w[64], const uint8_t *p)
{
	for (unsigned int i = 0; i < 16; i++) {
		memcpy(&w[i], p + 4 * i, 4);
		w[i] = __builtin_bswap32(w[i]);
	}
	for (unsigned int i = 16; i < 64; i++) {
		uint32_t a = w[i - 15], b = w[i - 2];

		w[i] = w[i - 16] + w[i - 7] + (ror(a, 7) ^ ror(a, 18) ^ a >> 3) +
		       (ror(b, 17) ^ ror(b, 19) ^ b >> 10);
	}
}

/*
 * FIPS 180-4, 6.2.2. Its eight variables are renamed each round; here they stay in place and the
 * round turns the numbers by which it finds them.
 */
void sha256_blocks_portable(uint32_t h[8], const uint8_t *p, size_t n)
{
	for (; n; n--, p += SHA256_BLOCK) {
		uint32_t w[64], v[8];

		schedule(w, p);
		memcpy(v, h, sizeof(v));
#pragma GCC unroll 8
		for (unsigned int i = 0; i < 64; i++) {
#define V(name) v[(name - 'a' - i) % 8]
			uint32_t a = V('a'), e = V('e');
			uint32_t t1 = V('h') + (ror(e, 6) ^ ror(e, 11) ^ ror(e, 25)) +
				      ((e & V('f')) ^ (~e & V('g'))) + k[i] + w[i];

			V('d') += t1;
			V('h') = t1 + (ror(a, 2) ^ ror(a, 13) ^ ror(a, 22)) +
				 ((a & V('b')) ^ (a & V('c')) ^ (V('b') & V('c')));
#undef V
		}
		for (unsigned int i = 0; i < 8; i++)
			h[i] += v[i];
	}
}

/*
 * Four rounds an iteration. The instructions want the state as two vectors, (a b e f) and
 * (c d g h) from the high lane down, and make the next four words of the schedule from the last
 * sixteen.
 */
__attribute__((target("sha,sse4.1")))
void sha256_blocks_ni(uint32_t h[8], const uint8_t *p, size_t n)
{
	const __m128i swap = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
	__m128i abcd = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)h), 0xb1);
	__m128i efgh = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)h + 1), 0x1b);
	__m128i abef = _mm_alignr_epi8(abcd, efgh, 8), cdgh = _mm_blend_epi16(efgh, abcd, 0xf0);

	for (; n; n--, p += SHA256_BLOCK) {
		__m128i w[4], abef0 = abef, cdgh0 = cdgh;

#pragma GCC unroll 16
		for (unsigned int i = 0; i < 16; i++) {
			__m128i *m = &w[i % 4], next = w[(i + 3) % 4];

			if (i < 4) {
				*m = _mm_loadu_si128((const __m128i *)p + i);
				*m = _mm_shuffle_epi8(*m, swap);
			} else {
				*m = _mm_sha256msg1_epu32(*m, w[(i + 1) % 4]);
				*m = _mm_add_epi32(*m, _mm_alignr_epi8(next, w[(i + 2) % 4], 4));
				*m = _mm_sha256msg2_epu32(*m, next);
			}
			__m128i wk = _mm_add_epi32(*m, _mm_load_si128((const __m128i *)k + i));

			cdgh = _mm_sha256rnds2_epu32(cdgh, abef, wk);
			abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(wk, 0x0e));
		}
		abef = _mm_add_epi32(abef, abef0);
		cdgh = _mm_add_epi32(cdgh, cdgh0);
	}
	__m128i feba = _mm_shuffle_epi32(abef, 0x1b), dchg = _mm_shuffle_epi32(cdgh, 0xb1);

	_mm_storeu_si128((__m128i *)h, _mm_blend_epi16(feba, dchg, 0xf0));
	_mm_storeu_si128((__m128i *)h + 1, _mm_alignr_epi8(dchg, feba, 8));
}

/* The CPU is asked once, and not for a few bytes. */
static void blocks(uint32_t h[8], const uint8_t *p, size_t n)
{
	enum { UNKNOWN, PORTABLE, NI, WORTH = 32 };
	static atomic_int which = UNKNOWN;

	if (which == UNKNOWN && n >= WORTH)
		which = cpu_sha() ? NI : PORTABLE;
	if (which == NI)
		sha256_blocks_ni(h, p, n);
	else
		sha256_blocks_portable(h, p, n);
}

void sha256_init(struct sha256 *s)
{
	static const uint32_t h[8] = {
		0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
		0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
	};

	memcpy(s->h, h, sizeof(h));
	s->bytes = 0;
}

void sha256_add(struct sha256 *s, const void *p, size_t n)
{
	const uint8_t *at = p;
	size_t held = s->bytes % SHA256_BLOCK, some;

	s->bytes += n;
	if (held) {
		some = num_min(n, SHA256_BLOCK - held);
		memcpy(s->block + held, at, some);
		if (held + some < SHA256_BLOCK)
			return;
		blocks(s->h, s->block, 1);
		at += some;
		n -= some;
	}
	blocks(s->h, at, n / SHA256_BLOCK);
	memcpy(s->block, at + n / SHA256_BLOCK * SHA256_BLOCK, n % SHA256_BLOCK);
}

void sha256_end(struct sha256 *s, uint8_t ret[SHA256_BYTES])
{
	static const uint8_t pad[SHA256_BLOCK] = { 0x80 };
	uint64_t bits = __builtin_bswap64(s->bytes * 8);

	/* up to 8 bytes before the end of a block */
	sha256_add(s, pad, SHA256_BLOCK - (s->bytes + 8) % SHA256_BLOCK);
	sha256_add(s, &bits, sizeof(bits));
	for (unsigned int i = 0; i < 8; i++) {
		uint32_t word = __builtin_bswap32(s->h[i]);

		memcpy(ret + 4 * i, &word, 4);
	}
}

void sha256(const void *p, size_t n, uint8_t ret[SHA256_BYTES])
{
	struct sha256 s;

	sha256_init(&s);
	sha256_add(&s, p, n);
	sha256_end(&s, ret);
}

void hmac_init(struct hmac *m, const uint8_t key[SHA256_BYTES])
{
	uint8_t inner[SHA256_BLOCK], outer[SHA256_BLOCK];

	memset(inner, 0x36, sizeof(inner));
	memset(outer, 0x5c, sizeof(outer));
	for (unsigned int i = 0; i < SHA256_BYTES; i++) {
		inner[i] ^= key[i];
		outer[i] ^= key[i];
	}
	sha256_init(&m->inner);
	sha256_add(&m->inner, inner, sizeof(inner));
	sha256_init(&m->outer);
	sha256_add(&m->outer, outer, sizeof(outer));
}

void hmac_add(struct hmac *m, const void *p, size_t n)
{
	sha256_add(&m->inner, p, n);
}

void hmac_end(struct hmac *m, uint8_t ret[SHA256_BYTES])
{
	uint8_t inner[SHA256_BYTES];

	sha256_end(&m->inner, inner);
	sha256_add(&m->outer, inner, sizeof(inner));
	sha256_end(&m->outer, ret);
}

bool sha256_same(const uint8_t a[SHA256_BYTES], const uint8_t b[SHA256_BYTES])
{
	uint8_t differ = 0;

	for (unsigned int i = 0; i < SHA256_BYTES; i++)
		differ |= a[i] ^ b[i];
	return !differ;
}

void sha256_hex(const uint8_t hash[SHA256_BYTES], char ret[SHA256_HEX])
{
	static const char digits[] = "0123456789abcdef";

	for (unsigned int i = 0; i < SHA256_BYTES; i++) {
		ret[2 * i] = digits[hash[i] >> 4];
		ret[2 * i + 1] = digits[hash[i] & 15];
	}
	ret[2 * SHA256_BYTES] = '\0';
}
