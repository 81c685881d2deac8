/* SHA-256 and its HMAC: published vectors, all ways of cutting the input, both implementations. */
#include "tests/unit/unit.h"

#include <string.h>

#include "runtime/base/cpu.h"
#include "runtime/base/sha256.h"

static void expect_hex(const uint8_t hash[SHA256_BYTES], const char *want)
{
	char hex[SHA256_HEX];

	sha256_hex(hash, hex);
	ck_assert_str_eq(hex, want);
}

/* FIPS 180-4's examples, and those of NIST's CAVP for lengths around a block. */
START_TEST(vectors)
{
	static const struct {
		const char *text, *hash;
	} rows[] = {
		{ "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
		{ "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
		{ "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
		  "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
		{ "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmn"
		  "hijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
		  "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1" },
	};
	uint8_t hash[SHA256_BYTES];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		sha256(rows[i].text, strlen(rows[i].text), hash);
		expect_hex(hash, rows[i].hash);
	}
}
END_TEST

START_TEST(million)
{
	static char text[1000];
	uint8_t hash[SHA256_BYTES];
	struct sha256 s;

	memset(text, 'a', sizeof(text));
	sha256_init(&s);
	for (int i = 0; i < 1000; i++)
		sha256_add(&s, text, sizeof(text));
	sha256_end(&s, hash);
	expect_hex(hash, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}
END_TEST

/* RFC 4231 has keys of other sizes; case 2's key is filled up with zeros, as HMAC does itself. */
START_TEST(hmac_vector)
{
	static const char text[] = "what do ya want for nothing?";
	uint8_t key[SHA256_BYTES] = "Jefe", mac[SHA256_BYTES];
	struct hmac m;

	hmac_init(&m, key);
	hmac_add(&m, text, 4);
	hmac_add(&m, text + 4, strlen(text) - 4);
	hmac_end(&m, mac);
	expect_hex(mac, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}
END_TEST

static void fill(uint8_t *p, size_t n)
{
	uint32_t x = 1;

	for (size_t i = 0; i < n; i++) {
		x = x * 1664525 + 1013904223;
		p[i] = (uint8_t)(x >> 24);
	}
}

START_TEST(any_cut)
{
	uint8_t text[200], whole[SHA256_BYTES], cut[SHA256_BYTES];
	struct sha256 s;

	fill(text, sizeof(text));
	for (size_t n = 0; n <= sizeof(text); n++) {
		sha256(text, n, whole);
		for (size_t at = 0; at <= n; at += 7) {
			sha256_init(&s);
			sha256_add(&s, text, at);
			sha256_add(&s, text + at, n - at);
			sha256_end(&s, cut);
			ck_assert(sha256_same(whole, cut));
		}
	}
}
END_TEST

START_TEST(both_ways)
{
	static uint8_t text[64 * SHA256_BLOCK + 3];
	uint32_t a[8], b[8];

	if (!cpu_sha())
		return;
	fill(text, sizeof(text));
	for (size_t n = 0; n <= 64; n++) {
		fill((uint8_t *)a, sizeof(a));
		memcpy(b, a, sizeof(a));
		sha256_blocks_portable(a, text + n % 4, n);
		sha256_blocks_ni(b, text + n % 4, n);
		ck_assert_mem_eq(a, b, sizeof(a));
	}
}
END_TEST

START_TEST(same)
{
	uint8_t a[SHA256_BYTES], b[SHA256_BYTES];

	fill(a, sizeof(a));
	for (int bit = 0; bit < 256; bit++) {
		memcpy(b, a, sizeof(a));
		b[bit / 8] ^= (uint8_t)(1 << bit % 8);
		ck_assert(!sha256_same(a, b));
	}
	ck_assert(sha256_same(a, a));
}
END_TEST

UNIT("sha256", vectors, million, hmac_vector, any_cut, both_ways, same)
