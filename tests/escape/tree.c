/*
 * The directories that attacks are given, and the canaries around them:
 *
 *	top/secret  top/link  top/outside/{secret,empty/}
 *	top/in/{file, sub/, abslink, rellink, dirlink, chain, loop, dangling, magic}	writable
 *	top/ro/file									read-only
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/escape/escape.h"

static bool shell(const char *command, char *out, size_t size)
{
	FILE *f = popen(command, "r");
	size_t n;

	if (!f)
		return false;
	n = fread(out, 1, size - 1, f);
	out[n] = '\0';
	return pclose(f) == 0;
}

__attribute__((format(printf, 3, 4)))
static bool add(char *out, size_t size, const char *fmt, ...)
{
	size_t at = strlen(out);
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(out + at, size - at, fmt, ap);
	va_end(ap);
	return n >= 0 && (size_t)n < size - at;
}

/* All that is below path, in the order of names. */
static bool list(const char *path, const char *except, char *out, size_t size)
{
	struct dirent **entries;
	int n = scandir(path, &entries, NULL, alphasort);
	bool ok = n >= 0;

	for (int i = 0; i < n; i++) {
		const char *name = entries[i]->d_name;
		char below[320];
		struct stat st;

		(void)snprintf(below, sizeof(below), "%s/%s", path, name);
		if (strcmp(name, ".") && strcmp(name, "..") && strcmp(below, except))
			ok = ok && !lstat(below, &st) &&
			     add(out, size, "%s %x %u %lld %lld.%09ld %u\n", below, st.st_mode,
				 st.st_uid, (long long)st.st_size, (long long)st.st_mtim.tv_sec,
				 st.st_mtim.tv_nsec, (unsigned int)st.st_nlink) &&
			     (!S_ISDIR(st.st_mode) || list(below, except, out, size));
		free(entries[i]);
	}
	if (n >= 0)
		free(entries);
	return ok;
}

/*
 * Names, kinds, owners, sizes, times and contents of all that is outside of in/. No program is
 * started for it: there is a look after each attack, and emulated it would cost seconds.
 */
static bool look(const struct tree *t, char *out, size_t size)
{
	static const char *const files[] = { "secret", "outside/secret", "ro/file" };
	bool ok;

	out[0] = '\0';
	ok = list(t->top, t->in, out, size);
	for (unsigned int i = 0; ok && i < sizeof(files) / sizeof(files[0]); i++) {
		char path[128], text[64] = "";
		int fd;

		(void)snprintf(path, sizeof(path), "%s/%s", t->top, files[i]);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		ok = fd >= 0 && read(fd, text, sizeof(text) - 1) >= 0 && add(out, size, "%s", text);
		if (fd >= 0)
			(void)close(fd);
	}
	return ok;
}

bool tree_make(struct tree *t, uint32_t uid)
{
	char command[1024], out[64];

	strcpy(t->top, "/tmp/wsbox-escape-XXXXXX");
	if (!mkdtemp(t->top) || chmod(t->top, 0777))
		return false;
	(void)snprintf(t->in, sizeof(t->in), "%s/in", t->top);
	(void)snprintf(t->ro, sizeof(t->ro), "%s/ro", t->top);
	(void)snprintf(
		command, sizeof(command),
		"cd %s && umask 0 && mkdir in in/sub ro outside outside/empty && echo secret "
		">secret && "
		"cp secret outside && ln -s secret link && echo file >in/file && cp in/file ro && "
		"ln -s %s/secret in/abslink && ln -s ../secret in/rellink && ln -s ../outside "
		"in/dirlink && "
		"ln -s chain2 in/chain && ln -s rellink in/chain2 && ln -s loop in/loop && "
		"ln -s ../new in/dangling && ln -s /proc/self/root in/magic && chown -hR %u . "
		"2>/dev/null",
		t->top, t->top, uid);
	return shell(command, out, sizeof(out)) && look(t, t->seen, sizeof(t->seen));
}

bool tree_changed(struct tree *t)
{
	char now[sizeof(t->seen)];

	if (!look(t, now, sizeof(now)))
		return true;
	if (!strcmp(now, t->seen))
		return false;
	strcpy(t->seen, now);
	return true;
}

void tree_remove(struct tree *t)
{
	char command[128], out[16];

	(void)snprintf(command, sizeof(command), "rm -rf %s", t->top);
	(void)shell(command, out, sizeof(out));
}
