/*
 * --invoke: a function of any type called with arguments from the command line, its results printed
 * one a line.
 */
#ifndef TOOLS_CELL_INVOKE_H
#define TOOLS_CELL_INVOKE_H

#include <stddef.h>

#include "runtime/rt.h"

enum invoke_limit {
	INVOKE_VALUES_MAX = 1000,	/* WASM_MAX_PARAMS and _RESULTS */
	INVOKE_TEXT_MAX = 400,		/* of one value; a small f64 has up to 340 characters */
};

/*
 * argv: argc words, one for each parameter. Integers decimal or 0x..., signed or not, that fit
 * their type; floats as strtod(3) takes them. 0, or -EINVAL with err (status WSBOX_FAILED) naming
 * the word and the type wanted.
 */
int invoke_parse(const struct wasm_functype *type, int argc, const char *const *argv,
		 union rt_value *ret_args, struct wsbox_err *err);

/* The value as a line would show it, without newline, into buf. Floats: the shortest digits that
 * mean the same number. */
const char *invoke_text(wasm_valtype type, const union rt_value *v, char *buf, size_t size);

/* All results to standard output. 0 or -errno. */
int invoke_print(const struct wasm_functype *type, const union rt_value *results);

#endif
