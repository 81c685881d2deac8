/*
 * wsbox: the command line. Reads options, calls the command; nothing a guest made is parsed in this
 * program.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "tools/cli/options.h"
#include "tools/cli/say.h"

static int (*const commands[COMMANDS])(struct options *o) = {
#define X(id, name, args, help) command_##name,
	WSBOX_COMMANDS(X)
#undef X
};

/*
 * A standard descriptor that is closed would be the number of the next file opened, and a guest
 * would read or write that. Such a number is held by /dev/null opened the wrong way round: using it
 * fails as the closed one would.
 */
static bool hold_standard_descriptors(void)
{
	for (int fd = 0; fd <= 2; fd++) {
		if (fcntl(fd, F_GETFD) >= 0)
			continue;
		if (open("/dev/null", fd ? O_RDONLY : O_WRONLY) != fd)
			return false;
	}
	return true;
}

int command_version(struct options *o)
{
	puts("wsbox " WSBOX_VERSION);
	return 0;
}

int command_help(struct options *o)
{
	enum command about = o->nargs ? command_find(o->args[0]) : COMMANDS;

	if (o->nargs && about == COMMANDS) {
		say("%s: no such command (wsbox --help lists them)", o->args[0]);
		return WSBOX_FAILED;
	}
	if (o->words)
		help_words(about);
	else
		help_print(about);
	return 0;
}

static int command_dispatch(struct options *o)
{
	if (o->version)
		return command_version(o);
	if (o->list_features) {
		help_features();
		return 0;
	}
	if (o->help && o->command != COMMAND_HELP) {
		help_print(o->command);
		return 0;
	}
	return commands[o->command](o);
}

int main(int argc, char **argv)
{
	struct wsbox_err err = WSBOX_ERR_INIT;
	struct options o;
	int status;

	if (!hold_standard_descriptors())
		return WSBOX_FAILED;
	/* ignored, as some parents leave it, how a cell ended could not be asked */
	(void)signal(SIGCHLD, SIG_DFL);
	/* beyond the caller's limit of a file's size a write is an error, which can be told */
	(void)signal(SIGXFSZ, SIG_IGN);
	options_init(&o);
	if (options_parse(&o, argc, argv, &err) < 0)
		status = say_error(&err, NULL);
	else
		status = command_dispatch(&o);
	options_done(&o);
	if (fflush(stdout) != 0 && status == 0) {
		say("cannot write to standard output");
		status = WSBOX_FAILED;
	}
	return status;
}
