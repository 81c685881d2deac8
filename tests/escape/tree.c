/*
 * The directories that attacks are given, and the canaries around them:
 *
 *	top/secret  top/link  top/outside/{secret,empty/}
 *	top/in/{file, sub/, abslink, rellink, dirlink, chain, loop, dangling, magic}	writable
 *	top/ro/file									read-only
 */
#include <fcntl.h>
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

/* Names, kinds, owners, sizes, times and contents of all that is outside of in/. */
static bool look(const struct tree *t, char *out, size_t size)
{
	char command[512];

	(void)snprintf(command, sizeof(command),
		       "cd %s && find . -path ./in -prune -o -path './*' -print | sort | xargs "
		       "stat -c '%%n %%f %%u %%s %%y %%h' && "
		       "cat secret outside/secret ro/file",
		       t->top);
	return shell(command, out, size);
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
