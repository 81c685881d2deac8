/*
 * SHA-256 (FIPS 180-4) and HMAC-SHA-256 (RFC 2104): names of things by their content, and proof
 * that only the holder of a key wrote them. With the CPU's SHA instructions where it has them.
 */
#ifndef RUNTIME_BASE_SHA256_H
#define RUNTIME_BASE_SHA256_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum sha256_size { SHA256_BYTES = 32, SHA256_BLOCK = 64, SHA256_HEX = 65 };

struct sha256 {
	uint32_t h[8];
	uint64_t bytes;			/* taken so far */
	uint8_t block[SHA256_BLOCK];	/* the last bytes % SHA256_BLOCK of them */
};

void sha256_init(struct sha256 *s);
void sha256_add(struct sha256 *s, const void *p, size_t n);
void sha256_end(struct sha256 *s, uint8_t ret[SHA256_BYTES]);

/* The hash of n bytes. */
void sha256(const void *p, size_t n, uint8_t ret[SHA256_BYTES]);

struct hmac {
	struct sha256 inner, outer;
};

void hmac_init(struct hmac *m, const uint8_t key[SHA256_BYTES]);
void hmac_add(struct hmac *m, const void *p, size_t n);
void hmac_end(struct hmac *m, uint8_t ret[SHA256_BYTES]);

/* Compares without telling by its time where they differ. */
bool sha256_same(const uint8_t a[SHA256_BYTES], const uint8_t b[SHA256_BYTES]);

/* 64 digits and a NUL. */
void sha256_hex(const uint8_t hash[SHA256_BYTES], char ret[SHA256_HEX]);

/* n whole blocks into h. Two ways to the same result, one if cpu_sha(); sha256_add chooses. */
void sha256_blocks_portable(uint32_t h[8], const uint8_t *p, size_t n);
void sha256_blocks_ni(uint32_t h[8], const uint8_t *p, size_t n);

#endif
