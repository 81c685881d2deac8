/*
 * The command line: finds the command, then takes its options. Of wsbox run what stands behind FILE
 * belongs to the guest; other commands' options may stand there too.
 */
#include "tools/cli/options.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/num.h"
#include "runtime/wasm/feature.h"
#include "tools/cli/rows.h"

const struct option_row option_rows[OPTIONS] = {
#define X(id, letter, name, arg, commands, help) { letter, name, arg, commands, help, option_##id },
	WSBOX_OPTIONS(X)
#undef X
};

const struct command_row command_rows[COMMANDS] = {
#define X(id, name, args, help) { #name, args, help },
	WSBOX_COMMANDS(X)
#undef X
};

void options_init(struct options *o)
{
	*o = (struct options){
		.features = wasm_features_default(),
		.isolation = ISOLATION_DEFAULT,
		.stats_fd = -1,
	};
}

void options_done(struct options *o)
{
	for (size_t i = 0; i < o->owned.len; i++)
		free(o->owned.at[i]);
	vec_done(&o->owned);
	vec_done(&o->env);
	vec_done(&o->preopens);
	vec_done(&o->listens);
}

enum command command_find(const char *name)
{
	for (unsigned int i = 0; i < COMMANDS; i++)
		if (!strcmp(command_rows[i].name, name))
			return (enum command)i;
	return COMMANDS;
}

/* The row of "--name" (n characters), or the one most like it in *ret_near. */
static const struct option_row *row_long(const char *name, size_t n,
					 const struct option_row **ret_near)
{
	size_t best = 2;	/* fewer leading letters in common are no likeness */

	*ret_near = NULL;
	for (unsigned int i = 0; i < OPTIONS; i++) {
		const struct option_row *row = &option_rows[i];
		size_t same = 0;

		while (same < n && row->name[same] == name[same])
			same++;
		if (same == n && !row->name[n])
			return row;
		if (same >= best) {
			best = same + 1;
			*ret_near = row;
		}
	}
	return NULL;
}

static const struct option_row *row_short(char letter)
{
	for (unsigned int i = 0; i < OPTIONS; i++)
		if (option_rows[i].letter == letter)
			return &option_rows[i];
	return NULL;
}

static int unknown(const struct options *o, const char *word, const struct option_row *near,
		   struct wsbox_err *err)
{
	const char *command = command_rows[o->command].name;

	if (near)
		return err_set(err, -EINVAL, WSBOX_FAILED,
			       "%s: no such option; is --%s meant? (wsbox %s --help)", word,
			       near->name, command);
	return err_set(err, -EINVAL, WSBOX_FAILED,
		       "%s: no such option (wsbox %s --help lists them)", word, command);
}

/* A row that was found, with what stands behind it, is right for the command and complete. */
static int set_option(struct options *o, const struct option_row *row, const char *word,
		      const char *value, struct wsbox_err *err)
{
	const char *command = command_rows[o->command].name;

	if (!(row->commands & 1u << o->command))
		return err_set(err, -EINVAL, WSBOX_FAILED,
			       "%s: not an option of wsbox %s (wsbox %s --help lists them)", word,
			       command, command);
	if (!row->arg && value)
		return err_set(err, -EINVAL, WSBOX_FAILED, "%s: --%s takes no value", word,
			       row->name);
	if (row->arg && !value && !option_optional(row))
		return err_set(err, -EINVAL, WSBOX_FAILED, "%s: wants %s (wsbox %s --help)", word,
			       row->arg, command);
	return row->set(o, value, err);
}

/* "--name", "--name=value" or "--name value". The number of words used, or -EINVAL. */
static int take_long(struct options *o, char **argv, struct wsbox_err *err)
{
	const char *word = argv[0];
	size_t n = strcspn(word + 2, "=");
	const struct option_row *near, *row = row_long(word + 2, n, &near);
	bool next;
	int ret;

	if (!row)
		return unknown(o, word, near, err);
	next = !word[2 + n] && row->arg && !option_optional(row);
	ret = set_option(o, row, word, next ? argv[1] : word[2 + n] ? word + 3 + n : NULL, err);
	return ret < 0 ? ret : 1 + next;
}

/*
 * "-x", "-xvalue", "-x=value" or "-x value"; letters that take none may stand together, before one
 * that does. The number of words used, or -EINVAL.
 */
static int take_letters(struct options *o, char **argv, struct wsbox_err *err)
{
	const char *word = argv[0];

	for (const char *at = word + 1; *at; at++) {
		const struct option_row *row = row_short(*at);
		const char *value = at[1] ? at + 1 + (at[1] == '=') : NULL;
		int ret;

		if (!row)
			return unknown(o, word, NULL, err);
		if (row->arg || at[1] == '=') {
			ret = set_option(o, row, word, value ? value : argv[1], err);
			return ret < 0 ? ret : 1 + !value;
		}
		ret = set_option(o, row, word, NULL, err);
		if (ret < 0)
			return ret;
	}
	return 1;
}

static int check_args(const struct options *o, struct wsbox_err *err)
{
	const char *name = command_rows[o->command].name;
	bool wants_file = (1u << o->command) & ON_CODE;

	if (o->help || o->version || o->list_features)
		return 0;
	if (wants_file && !o->nargs)
		return err_set(err, -EINVAL, WSBOX_FAILED,
			       "FILE is missing: wsbox %s %s (wsbox %s --help)", name,
			       command_rows[o->command].args, name);
	if (o->command == COMMAND_CACHE && !o->action)
		return err_set(err, -EINVAL, WSBOX_FAILED, "wsbox %s: want %s (wsbox %s --help)",
			       name, command_rows[o->command].args, name);
	if (o->command != COMMAND_RUN && o->nargs > (wants_file || o->command == COMMAND_HELP))
		return err_set(err, -EINVAL, WSBOX_FAILED,
			       "%s: one argument too many (wsbox %s --help)", o->args[o->nargs - 1],
			       name);
	return 0;
}

/*
 * Takes the options among these words and leaves the others, NULL-terminated, in front: their
 * number, or -EINVAL.
 */
static int take_words(struct options *o, int argc, char **argv, struct wsbox_err *err)
{
	bool options = true;
	int n = 0, used = 1;

	for (int i = 0; i < argc; i += used) {
		used = 1;
		if (options && !strcmp(argv[i], "--")) {
			options = false;
		} else if (options && argv[i][0] == '-' && argv[i][1]) {
			used = argv[i][1] == '-' ? take_long(o, argv + i, err) :
						   take_letters(o, argv + i, err);
			if (used < 0)
				return used;
		} else {
			options &= o->command != COMMAND_RUN;
			argv[n++] = argv[i];
		}
	}
	assert(n <= argc);
	argv[n] = NULL;
	return n;
}

int options_parse(struct options *o, int argc, char **argv, struct wsbox_err *err)
{
	int i = 1;

	o->command = COMMAND_RUN;
	if (argc < 2)
		return err_set(err, -EINVAL, WSBOX_FAILED,
			       "FILE is missing: wsbox [options] FILE [args...] (wsbox --help)");
	if (command_find(argv[1]) != COMMANDS)
		o->command = command_find(argv[i++]);
	else if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))
		o->command = COMMAND_HELP;
	if (o->command == COMMAND_CACHE && i < argc && argv[i][0] != '-')
		o->action = argv[i++];
	o->args = argv + i;
	o->nargs = take_words(o, argc - i, argv + i, err);
	return o->nargs < 0 ? o->nargs : check_args(o, err);
}
