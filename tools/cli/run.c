/*
 * The commands that start cells: run, compile, validate, inspect, objdump.
 */
#include <stdio.h>
#include <string.h>

#include "tools/cli/output.h"
#include "tools/cli/report.h"
#include "tools/cli/say.h"
#include "tools/cli/session.h"

/* begin is taken before anything else is done for the command. */
static int command_session(struct options *o, enum cell_role role, uint64_t begin)
{
	struct session s;
	int status;

	session_init(&s, o, begin);
	status = session_run(&s, role);
	if (status == 0 && role == CELL_ROLE_COMPILE && output_write(o, s.image, &s.err) < 0)
		status = WSBOX_FAILED;
	if (o->trace)
		report_trace(&s);
	if (o->verbose)
		report_walls(&s);
	if (s.err.code)
		(void)say_error(&s.err, strcmp(o->args[0], "-") ? o->args[0] : "standard input");
	if (o->stats_fd >= 0)
		report_stats(&s, o->stats_fd);
	session_done(&s);
	return status;
}

int command_run(struct options *o)
{
	return command_session(o, CELL_ROLE_RUN, session_clock());
}

int command_compile(struct options *o)
{
	return command_session(o, CELL_ROLE_COMPILE, session_clock());
}

int command_validate(struct options *o)
{
	return command_session(o, CELL_ROLE_VALIDATE, session_clock());
}

int command_inspect(struct options *o)
{
	return command_session(o, CELL_ROLE_INSPECT, session_clock());
}

int command_objdump(struct options *o)
{
	return command_session(o, CELL_ROLE_OBJDUMP, session_clock());
}
