/*
 * How a session ended: turns what the cells said, or how they died, into an exit status and a line
 * for the user. The first verdict stands.
 */
#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "runtime/base/fd.h"
#include "tools/cli/session-internal.h"

/* Sets message and verdict unless there is a verdict. */
__attribute__((format(printf, 4, 5)))
static void judge(struct session *s, enum session_end why, int status, const char *fmt, ...)
{
	char text[WSBOX_ERR_TEXT];
	va_list ap;

	if (s->ended != SESSION_RUNNING)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	(void)err_set(&s->err, -ECANCELED, status, "%s", text);
	session_end(s, why, status);
}

/* The text of a cell's error is taken, its status only if it is one of those a cell may give. */
static void judge_by_cell(struct session *s, const struct wsbox_err *err)
{
	bool invalid = err->status == WSBOX_INVALID || err->status == WSBOX_NOTFOUND;

	if (s->ended != SESSION_RUNNING)
		return;
	s->err = *err;
	s->err.status = invalid ? err->status : WSBOX_FAILED;
	if (!s->err.text[0])
		(void)err_set(&s->err, -ENOEXEC, s->err.status, "refused without a reason");
	session_end(s, invalid ? SESSION_INVALID : SESSION_FAILED, s->err.status);
}

void verdict_compiled(struct session *s)
{
	int ret;

	if (s->compiled.ok != 1) {
		judge_by_cell(s, &s->compiled.err);
		return;
	}
	/* from here on nobody can change the code, its maker included */
	ret = s->image < 0 ? 0 : fd_seal(s->image);
	if (ret < 0)
		judge(s, SESSION_FAILED, WSBOX_FAILED, "cannot seal the compiled code: %s",
		      err_name(ret));
	else if (!s->instance.started)
		session_end(s, SESSION_EXIT, WSBOX_OK);
	else if (s->instance.control >= 0 && (ret = code_send(s, s->image)) < 0)
		judge(s, SESSION_FAILED, WSBOX_FAILED, "cannot hand over the compiled code: %s",
		      err_name(ret));
	else
		s->code.sealed = true;
	sb_kill(&s->compiler.cell);
}

void verdict_protocol(struct session *s, const struct session_cell *c, int error)
{
	const char *name = c == &s->compiler ? "compiler" : "instance";

	if (error && error != -EBADMSG)
		judge(s, SESSION_FAILED, WSBOX_FAILED, "cannot read from the %s cell: %s", name,
		      err_name(error));
	else
		judge(s, SESSION_FAILED, WSBOX_FAILED, "the %s cell sent %s", name,
		      error ? "what is no message" : "a message that is not due");
}

void verdict_exit(struct session *s)
{
	switch ((enum cell_reason)s->exit.reason) {
	case CELL_EXITED:
		session_end(s, SESSION_EXIT, s->exit.code & 0xff);
		break;
	case CELL_TRAPPED:
		session_end(s, SESSION_TRAP, WSBOX_TRAPPED);
		break;
	case CELL_FAILED:
		judge_by_cell(s, &s->exit.err);
		break;
	default:
		judge(s, SESSION_FAILED, WSBOX_FAILED,
		      "the instance cell ended for no known reason");
	}
}

static const char *while_compiling(const struct session *s)
{
	return s->compiler.started && !s->at.compiled ? " while compiling" : "";
}

static void judge_cpu(struct session *s)
{
	judge(s, SESSION_CPU_TIME, WSBOX_TIMEOUT, "processor time limit reached%s",
	      while_compiling(s));
}

/* A cell that ended without a message that settles it. */
static void judge_death(struct session *s, struct session_cell *c, const char *name)
{
	int status = c->end.status, signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;

	assert(c->started && !c->running);
	if (s->ended != SESSION_RUNNING)
		return;
	if (sb_failure(&c->end.report, &s->err) < 0)
		session_end(s, SESSION_FAILED, WSBOX_FAILED);
	else if (c->end.oom_killed)
		judge(s, SESSION_MEMORY, WSBOX_KILLED, "killed: over its memory limit%s",
		      c == &s->compiler ? " while compiling" : "");
	else if (signal == SIGXCPU)
		judge_cpu(s);
	else if (signal == SIGSYS)
		judge(s, SESSION_FAILED, WSBOX_FAILED,
		      "the %s cell made a system call it may not make", name);
	else if (signal == SIGKILL)
		judge(s, SESSION_MEMORY, WSBOX_KILLED,
		      "the %s cell was killed from outside, for memory perhaps", name);
	else if (signal)
		judge(s, SESSION_FAILED, WSBOX_FAILED, "the %s cell crashed (signal %d)", name,
		      signal);
	else
		judge(s, SESSION_FAILED, WSBOX_FAILED, "the %s cell ended early (status %d)", name,
		      WEXITSTATUS(status));
}

void verdict_compiler(struct session *s)
{
	if (s->compiled.ok != 1)
		judge_death(s, &s->compiler, "compiler");
}

void verdict_instance(struct session *s)
{
	judge_death(s, &s->instance, "instance");
}

void verdict_signal(struct session *s, int signal)
{
	if (signal == SIGXCPU)
		judge_cpu(s);
	else
		session_end(s, SESSION_SIGNAL, 128 + signal);
}

void verdict_timeout(struct session *s)
{
	judge(s, SESSION_TIMEOUT, WSBOX_TIMEOUT, "time limit reached%s",
	      while_compiling(s));
}

/* Whether the guest had ended when its last output came must not decide. */
static void reopen(struct session *s)
{
	if (s->ended == SESSION_EXIT || s->ended == SESSION_TRAP)
		s->ended = SESSION_RUNNING;
}

void verdict_unread(struct session *s)
{
	reopen(s);
	judge(s, SESSION_TIMEOUT, WSBOX_TIMEOUT,
	      "time limit reached while nobody read what the guest wrote");
}

void verdict_output_lost(struct session *s, int error)
{
	reopen(s);
	judge(s, SESSION_FAILED, WSBOX_FAILED, "cannot write what the guest wrote: %s",
	      err_name(-error));
}

void verdict_output(struct session *s)
{
	reopen(s);
	judge(s, SESSION_OUTPUT, WSBOX_KILLED, "wrote more than --max-output allows");
	/* what was within the limit is still carried; the rest is nobody's */
	fd_closep(&s->pumps[0].in);
	fd_closep(&s->pumps[1].in);
}
