#include "tools/cli/trace.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "runtime/base/fd.h"
#include "runtime/base/num.h"

void trace_init(struct trace *t)
{
	*t = (struct trace){ .memfd = -1, .out = -1 };
}

void trace_close(struct trace *t)
{
	if (t->page)
		(void)munmap(t->page, sizeof(*t->page));
	if (t->out > STDERR_FILENO)
		(void)close(t->out);
	fd_closep(&t->memfd);
	trace_init(t);
}

/* Lines are appended, so that those of other writers of the file are not overwritten. */
static int output_open(const char *file, struct wsbox_err *err)
{
	int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC | O_NOCTTY, 0666);

	if (fd < 0)
		return err_set(err, -errno, WSBOX_FAILED, "--trace-output %s: %s", file,
			       err_name(-errno));
	return fd;
}

int trace_open(struct trace *t, const char *file, struct wsbox_err *err)
{
	void *page;

	t->out = file ? output_open(file, err) : STDERR_FILENO;
	if (t->out < 0)
		return t->out;
	t->memfd = fd_memfd("trace");
	/* of a size for good: what lies beyond a file's end cannot be read */
	if (t->memfd < 0 || ftruncate(t->memfd, sizeof(*t->page)) < 0 ||
	    fcntl(t->memfd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0)
		return err_set(err, -errno, WSBOX_FAILED, "trace: %s", err_name(-errno));
	page = mmap(NULL, sizeof(*t->page), PROT_READ | PROT_WRITE, MAP_SHARED, t->memfd, 0);
	if (page == MAP_FAILED)
		return err_set(err, -errno, WSBOX_FAILED, "trace: %s", err_name(-errno));
	t->page = page;
	return 0;
}

static void put_line(const struct trace *t, char *line, int len, size_t room)
{
	size_t n = num_min((size_t)len, room - 1);

	err_printable(line, n);
	line[n++] = '\n';
	(void)fd_write_all(t->out, line, n);
}

void trace_end(const struct trace *t, const char *how)
{
	char line[TRACE_LINE + 100];
	int n = (int)num_min(t->page->len, TRACE_LINE);

	if (n)
		put_line(t, line,
		    snprintf(line, sizeof(line), "%.*s <unfinished ...>", n, t->page->line),
		    sizeof(line));
	put_line(t, line, snprintf(line, sizeof(line), "+++ %s +++", how), sizeof(line));
}

static int longest_first(const void *a, const void *b)
{
	const struct trace_count *x = a, *y = b;

	if (x->ns != y->ns)
		return x->ns < y->ns ? 1 : -1;
	return x->calls < y->calls ? 1 : x->calls > y->calls ? -1 : 0;
}

static void put_row(const struct trace *t, const struct trace_count *c, uint64_t all_ns)
{
	char line[160], errors[24] = "";

	if (c->errors)
		snprintf(errors, sizeof(errors), "%llu", (unsigned long long)c->errors);
	put_line(t, line,
	    snprintf(line, sizeof(line), "%6.2f %11.6f %11.3f %9llu %9s %.*s",
		     all_ns ? 100.0 * (double)c->ns / (double)all_ns : 0.0, (double)c->ns / 1e9,
		     c->calls ? (double)c->ns / 1e3 / (double)c->calls : 0.0,
		     (unsigned long long)c->calls, errors, TRACE_NAME, c->name),
	    sizeof(line));
}

void trace_summary(const struct trace *t)
{
	static const char rule[] =
		"------ ----------- ----------- --------- --------- ----------------\n";
	static const char head[] = "% time     seconds  usecs/call     calls    errors call\n";
	struct trace_count rows[TRACE_CALLS], total = { .name = "total" };

	memcpy(rows, t->page->counts, sizeof(rows));
	for (unsigned int i = 0; i < TRACE_CALLS; i++) {
		total.calls += rows[i].calls;
		total.errors += rows[i].errors;
		total.ns += rows[i].ns;
	}
	qsort(rows, TRACE_CALLS, sizeof(rows[0]), longest_first);
	(void)fd_write_all(t->out, head, strlen(head));
	(void)fd_write_all(t->out, rule, strlen(rule));
	for (unsigned int i = 0; i < TRACE_CALLS && rows[i].calls; i++)
		put_row(t, &rows[i], total.ns);
	(void)fd_write_all(t->out, rule, strlen(rule));
	put_row(t, &total, total.ns);
}
