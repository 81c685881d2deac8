#include "tools/cli/profile.h"

#include <assert.h>
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

/* perf inject knows the file by its name and by this mapping. An older one of the pid stays. */
static int open_dump(struct profile *p, struct wsbox_err *err)
{
	char name[sizeof(p->name)];
	void *at;

	(void)snprintf(name, sizeof(name), "jit-%d.dump", getpid());
	p->fd = open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (p->fd < 0)
		return cannot_profile(name, -errno, err);
	strcpy(p->name, name);
	at = mmap(NULL, MARKER, PROT_READ | PROT_EXEC, MAP_PRIVATE, p->fd, 0);
	if (at == MAP_FAILED)
		return cannot_profile(name, -errno, err);
	p->marker = at;
	return 0;
}

static int open_map(struct profile *p, struct wsbox_err *err)
{
	char name[] = "/tmp/perf-wsbox.XXXXXX";

	p->fd = mkostemp(name, O_CLOEXEC);
	if (p->fd < 0)
		return cannot_profile(name, -errno, err);
	strcpy(p->name, name);
	return 0;
}

int profile_open(struct profile *p, enum profile_mode mode, struct wsbox_err *err)
{
	_Static_assert(sizeof(p->name) > sizeof("/tmp/perf-wsbox.XXXXXX"), "room for each name");
	return mode == PROFILE_JITDUMP ? open_dump(p, err) : open_map(p, err);
}

/* Others may write to /tmp: a new file in place of what has the name, never into that. */
int profile_name(struct profile *p, pid_t pid, struct wsbox_err *err)
{
	char name[sizeof(p->name)];

	assert(p->fd >= 0 && p->name[0]);
	if (p->marker)
		return 0;
	(void)snprintf(name, sizeof(name), "/tmp/perf-%d.map", pid);
	if (rename(p->name, name) < 0)
		return cannot_profile(name, -errno, err);
	strcpy(p->name, name);
	return 0;
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
