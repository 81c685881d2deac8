/*
 * The tables of options.h as data, for the parser and for help.
 */
#ifndef TOOLS_CLI_ROWS_H
#define TOOLS_CLI_ROWS_H

#include "tools/cli/options.h"

struct option_row {
	char letter;			/* 0: none */
	const char *name;
	const char *arg;		/* NULL: takes none; "[=...]": may take one */
	uint32_t commands;		/* set of 1 << enum command */
	const char *help;
	int (*set)(struct options *o, const char *arg, struct wsbox_err *err);
};

struct command_row {
	const char *name, *args, *help;
};

#define X(id, letter, name, arg, commands, help) \
	int option_##id(struct options *o, const char *arg_, struct wsbox_err *err);
WSBOX_OPTIONS(X)
#undef X

enum {
#define X(id, letter, name, arg, commands, help) OPTION_##id,
	WSBOX_OPTIONS(X)
#undef X
	OPTIONS,
};

static inline bool option_optional(const struct option_row *row)
{
	return row->arg && row->arg[0] == '[';
}

extern const struct option_row option_rows[OPTIONS];
extern const struct command_row command_rows[COMMANDS];

#endif
