/*
 * The attacks through wsbox run: the compiler cell, the supervisor, the lock of wsbox-cell are the
 * real ones; only what runs after the lock is an attack, in the place of the guest or before its
 * module is decoded (inject.c). As root and as an ordinary user.
 */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "sandbox/policy.h"
#include "tests/escape/escape.h"
#include "tests/util/enclose.h"

#define DENIED "system call it may not make"
#define OTHER_CELL (NO_FILTER | NO_LANDLOCK | COMPILER)

/* (module (func (export "_start"))) */
static const unsigned char module[] = {
	0x00, 0x61, 0x73, 0x6d, 1,   0,	  0,   0,   1,	 4,   1, 0x60, 0,  0, 3, 2, 1, 0,
	7,    10,   1,	  6,	'_', 's', 't', 'a', 'r', 't', 0, 0,    10, 4, 1, 2, 0, 11,
};

static char wsbox[PATH_MAX];	/* a copy beside the cell that has the attacks */
static char guest[96];
static char *when;	/* argv[3] of inject.c */

struct said {
	char out[128], err[1024];
	int status;
};

static void drain(int fd, char *to, size_t size)
{
	size_t n = 0;
	ssize_t got;

	while (n + 1 < size && (got = read(fd, to + n, size - 1 - n)) > 0)
		n += (size_t)got;
	to[n] = '\0';
	(void)close(fd);
}

static void exec_wsbox(struct tally *t, bool dirs, char *which, char *index)
{
	char in[96], ro[96];
	char *argv[16] = { "wsbox", "run", "--timeout", "20s" };
	int n = 4;

	/* who waits is looked at: a module from the cache has only the mounts that it uses */
	if (!strcmp(which, "w"))
		argv[n++] = "--no-cache";

	(void)snprintf(in, sizeof(in), "%s::/in", t->tree.in);
	(void)snprintf(ro, sizeof(ro), "%s::/ro:ro", t->tree.ro);
	if (dirs) {
		argv[n++] = "--dir";
		argv[n++] = in;
		argv[n++] = "--dir";
		argv[n++] = ro;
	}
	argv[n++] = guest;
	argv[n++] = which;
	argv[n++] = index;
	argv[n++] = when;
	argv[n] = NULL;
	(void)execv(wsbox, argv);
	_exit(99);
}

static bool run(struct tally *t, bool dirs, char *which, uint32_t index, struct said *ret)
{
	char number[16];
	int out[2], err[2], pid;

	(void)snprintf(number, sizeof(number), "%u", index);
	if (pipe2(out, O_CLOEXEC) || pipe2(err, O_CLOEXEC))
		return false;
	pid = fork();
	if (!pid) {
		int null = open("/dev/null", O_RDWR | O_CLOEXEC);

		(void)dup2(null, 0);
		(void)dup2(out[1], 1);
		(void)dup2(err[1], 2);
		exec_wsbox(t, dirs, which, number);
	}
	(void)close(out[1]);
	(void)close(err[1]);
	drain(out[0], ret->out, sizeof(ret->out));
	drain(err[0], ret->err, sizeof(ret->err));
	while (waitpid(pid, &ret->status, 0) < 0 && errno == EINTR)
		;
	return pid > 0;
}

static bool fits(const struct said *s, enum expect expect)
{
	bool said = !strncmp(s->out, "result ", 7);
	long result = said ? strtol(s->out + 7, NULL, 10) : 0;

	switch (expect) {
	case DIES:
		return !said && WEXITSTATUS(s->status) == WSBOX_FAILED && strstr(s->err, DENIED);
	case FAILS:
	case FAILS_DETACHED:
		return said && result < 0;
	case STAYS_IN:
		return said;
	case WORKS:
		return said && result >= 0;
	}
	return false;
}

static void run_table(struct tally *t, char *which, const struct attack *table, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		const struct attack *a = &table[i];
		struct said s;

		/* a real instance always has the ring's filter */
		if ((a->flags & OTHER_CELL) || !strcmp(a->name, "ring without a ring's filter"))
			continue;
		if (!run(t, a->flags & DIRS, which, i, &s))
			continue;
		check(t, fits(&s, a->expect), a->name, "status %x, out \"%s\", err \"%s\"",
		      s.status, s.out, s.err);
		check(t, !tree_changed(&t->tree), a->name, "changed something outside");
	}
}

static void run_calls(struct tally *t)
{
	uint32_t step = t->mode == MODE_ROOT || tally_step() > 10 ? tally_step() : 10;

	for (uint32_t nr = 0; nr < 501; nr += step) {
		enum call_row row = call_row(nr, sets_of(DIRS | RING));
		char name[32];
		struct said s;

		if (call_is_uprobe(nr) || !run(t, true, "n", nr, &s))
			continue;
		(void)snprintf(name, sizeof(name), "system call %u", nr);
		check(t, fits(&s, DIES) == (row < CALL_ALLOWED), name,
		      "row %d, status %x, out \"%s\", err \"%s\"", (int)row, s.status, s.out,
		      s.err);
	}
}

/* The one child of wsbox that lives, once the compiler has gone; -1 if there is none. */
static int only_child(int parent)
{
	char path[64], text[256];
	struct timespec pause = { .tv_nsec = 2000000 };

	(void)snprintf(path, sizeof(path), "/proc/%d/task/%d/children", parent, parent);
	for (unsigned int i = 0; i < 1000; i++) {
		int fd = open(path, O_RDONLY | O_CLOEXEC);
		char *end;
		long pid;

		drain(fd, text, sizeof(text));
		pid = strtol(text, &end, 10);
		if (pid > 0 && end[strspn(end, " ")] == '\0')
			return (int)pid;
		(void)nanosleep(&pause, NULL);
	}
	return -1;
}

/* An instance that waits, as the host sees it: root may look at it. */
static void check_posture(struct tally *t)
{
	char line[16] = "";
	int out[2], pid, cell;

	if (t->mode != MODE_ROOT || pipe2(out, O_CLOEXEC))
		return;
	pid = fork();
	if (!pid) {
		(void)dup2(out[1], 1);
		exec_wsbox(t, true, "w", "0");
	}
	(void)close(out[1]);
	check(t, read(out[0], line, sizeof(line)) == 9, "posture", "no waiting instance");
	cell = only_child(pid);
	check(t, cell > 0, "posture", "no instance");
	/*
	 * WASI has opened the directories anew, where module and image were mapped from; 10 and 11
	 * keep their mounts, 12 and 13 are second ones that follow no link
	 */
	if (cell > 0)
		posture_of(t, cell, true, "0 1 2 3 4 5 10 11 12 13 ");
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
	(void)close(out[0]);
}

/* All attacks at this point of an instance's life, in a tree of their own: they change it. */
static void run_point(struct tally *t, char *point)
{
	FILE *f;

	when = point;

	if (!tree_make(&t->tree, geteuid())) {
		check(t, false, "tree", "%s: %s", t->tree.top, strerror(errno));
		return;
	}
	(void)snprintf(guest, sizeof(guest), "%s/guest.wasm", t->tree.top);
	f = fopen(guest, "w");
	if (!f || fwrite(module, sizeof(module), 1, f) != 1 || fclose(f))
		check(t, false, "guest", "%s", strerror(errno));
	(void)tree_changed(&t->tree);	/* the guest is new */
	check_posture(t);
	run_table(t, "a", attacks, attack_count);
	run_table(t, "p", path_attacks, path_attack_count);
	check_owner(t);
	run_calls(t);
	tree_remove(&t->tree);
}

static void run_mode(struct tally *t)
{
	run_point(t, "locked");
	run_point(t, "ready");
}

/* tests/escape/injected/wsbox below the output folder, a copy of tools/wsbox. */
static bool find_wsbox(void)
{
	char self[PATH_MAX - 64] = "", command[2 * PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	const char *dir = n > 0 ? dirname(self) : NULL;

	if (!dir)
		return false;
	(void)snprintf(wsbox, sizeof(wsbox), "%s/injected/wsbox", dir);
	(void)snprintf(command, sizeof(command), "cp -f %s/../../tools/wsbox %s 2>/dev/null", dir,
		       wsbox);
	/* who may not write there uses the copy that is there */
	(void)!system(command);
	return !access(wsbox, X_OK);
}

int main(void)
{
	struct tally sum = { 0 };

#ifdef WSBOX_SAN
	printf("skipped: a program with sanitizers is dynamic and does not start in an empty "
	       "root\n");
	return 77;
#endif
	if (!find_wsbox()) {
		printf("FAIL: no %s\n0 passed, 1 failed, 0 skipped\n", wsbox);
		return 1;
	}
	if (!geteuid()) {
		test_enclose();
		tally_mode(&sum, MODE_ROOT, "root", run_mode);
	} else {
		printf("skipped: root: the tests were not started as root\n");
		sum.skipped++;
	}
	tally_mode(&sum, MODE_USER, "user", run_mode);
	printf("%u passed, %u failed, %u skipped\n", sum.passed, sum.failed, sum.skipped);
	return sum.failed != 0;
}
