/* UTF-8 of untrusted bytes: what is well-formed, and what of it may be shown. */
#ifndef RUNTIME_BASE_UTF8_H
#define RUNTIME_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whether n bytes are well-formed (no surrogates, no overlong forms). */
bool utf8_valid(const char *s, size_t n);

/*
 * The character at s, of which n bytes, at least 1, are there: its length, 0 if none is well-formed
 * (*ret_c is untouched then).
 */
size_t utf8_next(const char *s, size_t n, uint32_t *ret_c);

/*
 * Whether a terminal may obey the character or not show it: controls, line and paragraph
 * separators, what changes the direction of text or has no width (Unicode 15: Cc, Cf, Zl, Zp, and
 * what is Default_Ignorable_Code_Point).
 */
bool utf8_hidden(uint32_t c);

#endif
