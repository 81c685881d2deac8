/*
 * guest.h: what every measured guest shares. A program defines work(), which computes for 0.05 to
 * 0.3 s natively and returns a checksum of its results; guest.c prints the checksum on standard
 * output and the time of work() alone on standard error. The checksum must not depend on pointer
 * size, so that the wasm and the native build print the same.
 */
#ifndef GUEST_H
#define GUEST_H

#include <stdint.h>
#include <stddef.h>
#include <string.h>

uint64_t work(void);

/* The next number of a fixed pseudo-random sequence (xorshift64*). */
uint64_t guest_rand(void);

/* Folds the bytes of one value into a running checksum (FNV-1a). */
uint64_t guest_mix(uint64_t sum, const void *bytes, size_t count);

#define GUEST_SUM 0xcbf29ce484222325u
#define MIX(sum, array) ((sum) = guest_mix((sum), &(array), sizeof(array)))

#endif
