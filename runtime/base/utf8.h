/* UTF-8 of untrusted bytes: what is well-formed, and what of it may be shown. */
#ifndef RUNTIME_BASE_UTF8_H
#define RUNTIME_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* Whether n bytes are well-formed (no surrogates, no overlong forms). */
bool utf8_valid(const char *s, size_t n);

#endif
