/* A locked cell as the host sees it: /proc/PID must show every wall. */
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/escape/escape.h"

static bool proc_text(int pid, const char *name, char *out, size_t size)
{
	char path[64];
	FILE *f;
	size_t n;

	(void)snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	f = fopen(path, "r");
	if (!f)
		return false;
	n = fread(out, 1, size - 1, f);
	out[n] = '\0';
	(void)fclose(f);
	return true;
}

/* Value of "key:" in the status text, up to the end of the line. */
static const char *status_of(const char *text, const char *key)
{
	static char value[128];
	const char *at = strstr(text, key);

	value[0] = '\0';
	if (at)
		(void)sscanf(at + strlen(key), ":%*[ \t]%127[^\n]", value);
	return value;
}

/*
 * Those of a broken pipe, a file's limit and the terminal's keys; SIGTTIN and SIGTTOU as this
 * process was given them.
 */
static bool ignores_right(unsigned long ignored)
{
	static const int want[] = { SIGPIPE, SIGXFSZ, SIGINT, SIGQUIT, SIGHUP, SIGTSTP };
	unsigned long all = 0, terminal = 1ul << (SIGTTIN - 1) | 1ul << (SIGTTOU - 1);

	for (unsigned int i = 0; i < sizeof(want) / sizeof(want[0]); i++)
		all |= 1ul << (want[i] - 1);
	return (ignored & ~terminal) == all;
}

static void check_status(struct tally *t, int pid, bool own_uid)
{
	static const char *const none[] = { "CapInh", "CapPrm", "CapEff", "CapAmb", "CapBnd" };
	char text[8192] = "";
	unsigned int bounding =
		t->mode == MODE_DEGRADED ? 1 : 0; /* CAP_SETPCAP is needed for that one */

	(void)proc_text(pid, "status", text, sizeof(text));
	for (unsigned int i = 0; i < sizeof(none) / sizeof(none[0]) - bounding; i++)
		check(t, !strcmp(status_of(text, none[i]), "0000000000000000"), none[i], "%s",
		      status_of(text, none[i]));
	check(t, !strcmp(status_of(text, "NoNewPrivs"), "1"), "no_new_privs", "%s",
	      status_of(text, "NoNewPrivs"));
	check(t, !strcmp(status_of(text, "Seccomp"), "2"), "seccomp", "%s",
	      status_of(text, "Seccomp"));
	check(t, ignores_right(strtoul(status_of(text, "SigIgn"), NULL, 16)), "ignored signals",
	      "%s", status_of(text, "SigIgn"));
	check(t, !strcmp(status_of(text, "SigBlk"), "0000000000000000"), "blocked signals", "%s",
	      status_of(text, "SigBlk"));
	if (own_uid)
		check(t, strtoul(status_of(text, "Uid"), NULL, 10) >= 0x70000000, "own uid", "%s",
		      status_of(text, "Uid"));
	if (own_uid)
		check(t, !status_of(text, "Groups")[0], "no groups", "%s",
		      status_of(text, "Groups"));
	if (t->mode != MODE_DEGRADED)
		check(t, strchr(status_of(text, "NSpid"), '\t') != NULL, "pid namespace", "%s",
		      status_of(text, "NSpid"));
}

static void check_namespaces(struct tally *t, int pid)
{
	static const char *const names[] = { "mnt", "pid", "ipc", "uts", "cgroup", "user" };
	unsigned int count = t->mode == MODE_ROOT ? 5 : 6;

	for (unsigned int i = 0; i < count; i++) {
		char theirs[64], ours[64];
		struct stat a, b;

		(void)snprintf(theirs, sizeof(theirs), "/proc/%d/ns/%s", pid, names[i]);
		(void)snprintf(ours, sizeof(ours), "/proc/self/ns/%s", names[i]);
		if (stat(theirs, &a)) {
			t->skipped++;	/* not dumpable: only root may look */
			printf("skipped: %s: namespace %s of a cell is not for this user to see\n",
			       t->mode_name, names[i]);
			continue;
		}
		check(t, !stat(ours, &b) && a.st_ino != b.st_ino, names[i],
		      "same namespace as the host");
	}
}

static void check_root(struct tally *t, int pid)
{
	char text[4096] = "", path[64];
	unsigned int lines = 0, entries = 0;
	DIR *d;

	if (!proc_text(pid, "mountinfo", text, sizeof(text)) && t->mode != MODE_ROOT)
		return;
	for (const char *at = text; (at = strchr(at, '\n')); at++)
		lines++;
	check(t, lines == 1 && strstr(text, " / / ro,"), "one read-only mount", "%s", text);
	(void)snprintf(path, sizeof(path), "/proc/%d/root", pid);
	d = opendir(path);
	while (d && readdir(d))
		entries++;
	check(t, d && entries == 2, "empty root", "%u entries", entries);
	if (d)
		(void)closedir(d);
}

static void check_descriptors(struct tally *t, int pid, const char *expected)
{
	char path[64], seen[128] = "";
	struct dirent *e;
	bool open[1024] = { false };
	size_t n = 0;
	DIR *d;

	(void)snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	d = opendir(path);
	if (!d)
		return;
	while ((e = readdir(d)))
		if (e->d_name[0] != '.')
			open[atoi(e->d_name) & 1023] = true;
	(void)closedir(d);
	for (int fd = 0; fd < 1024; fd++)
		if (open[fd])
			n += (size_t)snprintf(seen + n, sizeof(seen) - n, "%d ", fd);
	check(t, !strcmp(seen, expected), "descriptors", "%s", seen);
}

void posture_of(struct tally *t, int pid, bool own_uid, const char *descriptors)
{
	check_status(t, pid, own_uid);
	if (t->mode != MODE_DEGRADED) {
		check_namespaces(t, pid);
		check_root(t, pid);
	}
	check_descriptors(t, pid, descriptors);
}
