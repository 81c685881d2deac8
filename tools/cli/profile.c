#include "tools/cli/profile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/fd.h"

#define MARKER 4096	/* bytes: any will do */

static int cannot_profile(const char *file, int code, struct wsbox_err *err)
{
	return err_set(err, code, WSBOX_FAILED, "--profile: %s: %s", file, err_name(code));
}

/* Others may write to /tmp: a new file in place of what has the name, never into that. */
static int rename_to(struct profile *p, const char *name, struct wsbox_err *err)
{
	if (rename(p->name, name) < 0)
		return cannot_profile(name, -errno, err);
	strcpy(p->name, name);
	return 0;
}

/* perf inject knows the file by this mapping. */
static int map_marker(struct profile *p, const char *name, struct wsbox_err *err)
{
	void *at = mmap(NULL, MARKER, PROT_READ | PROT_EXEC, MAP_PRIVATE, p->fd, 0);

	if (at == MAP_FAILED)
		return cannot_profile(name, -errno, err);
	p->marker = at;
	return 0;
}

int profile_open(struct profile *p, enum profile_mode mode, struct wsbox_err *err)
{
	bool jitdump = mode == PROFILE_JITDUMP;
	char name[sizeof(p->name)];
	int ret;

	strcpy(p->name, jitdump ? "jit-wsbox.XXXXXX" : "/tmp/perf-wsbox.XXXXXX");
	p->fd = mkostemp(p->name, O_CLOEXEC);
	if (p->fd < 0) {
		ret = cannot_profile(p->name, -errno, err);
		p->name[0] = '\0';
		return ret;
	}
	if (!jitdump)
		return 0;
	(void)snprintf(name, sizeof(name), "jit-%d.dump", getpid());
	ret = rename_to(p, name, err);
	return ret < 0 ? ret : map_marker(p, name, err);
}

int profile_name(struct profile *p, pid_t pid, struct wsbox_err *err)
{
	char name[sizeof(p->name)];

	if (p->marker)
		return 0;
	(void)snprintf(name, sizeof(name), "/tmp/perf-%d.map", pid);
	return rename_to(p, name, err);
}

void profile_close(struct profile *p)
{
	struct stat st;

	if (p->name[0] && (fstat(p->fd, &st) < 0 || !st.st_size))
		(void)unlink(p->name);
	if (p->marker)
		(void)munmap(p->marker, MARKER);
	fd_closep(&p->fd);
	*p = (struct profile){ .fd = -1 };
}
