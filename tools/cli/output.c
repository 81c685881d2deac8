#include "tools/cli/output.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/fd.h"
#include "tools/cli/module.h"

/* dir/name.wasm is compiled to name.cwasm */
static int output_name(const struct options *o, char ret[PATH_MAX], struct wsbox_err *err)
{
	const char *from = module_name(o->args[0]);
	size_t n = strlen(from);

	if (o->output)
		return snprintf(ret, PATH_MAX, "%s", o->output) < PATH_MAX ? 0 : -ENAMETOOLONG;
	if (!strcmp(o->args[0], "-"))
		return err_set(err, -EINVAL, WSBOX_FAILED,
			       "standard input has no name: want --output FILE");
	if (n > 5 && !strcmp(from + n - 5, ".wasm"))
		n -= 5;
	return snprintf(ret, PATH_MAX, "%.*s.cwasm", (int)n, from) < PATH_MAX ? 0 : -ENAMETOOLONG;
}

static int copy_to(int fd, int memfd)
{
	struct stat st;
	void *p;
	int ret;

	if (fstat(memfd, &st) < 0)
		return -errno;
	p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, memfd, 0);
	if (p == MAP_FAILED)
		return -errno;
	ret = fd_write_all(fd, p, (size_t)st.st_size);
	(void)munmap(p, (size_t)st.st_size);
	return ret;
}

static mode_t mode_of_new(void)
{
	mode_t mask = umask(0);

	(void)umask(mask);
	return 0666 & ~mask;
}

/* Beside it, then in its place. */
static int replace(const char *path, mode_t mode, int memfd)
{
	char temp[PATH_MAX + 8];
	int ret;

	(void)snprintf(temp, sizeof(temp), "%s.XXXXXX", path);
	FD_AUTO fd = mkostemp(temp, O_CLOEXEC);
	if (fd < 0)
		return -errno;
	ret = copy_to(fd, memfd);
	if (ret == 0 && (fchmod(fd, mode) < 0 || rename(temp, path) < 0))
		ret = -errno;
	if (ret < 0)
		(void)unlink(temp);
	return ret;
}

/* A pipe or a device is written to; only a file is replaced. */
static int write_to(const char *path, int memfd)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return replace(path, mode_of_new(), memfd);
	if (S_ISREG(st.st_mode))
		return replace(path, st.st_mode & 0777, memfd);
	FD_AUTO fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
	return fd < 0 ? -errno : copy_to(fd, memfd);
}

int output_write(const struct options *o, int memfd, struct wsbox_err *err)
{
	char path[PATH_MAX] = "";
	int ret = output_name(o, path, err);

	if (ret == 0)
		ret = write_to(path, memfd);
	if (ret < 0 && !err->code)
		return err_set(err, ret, WSBOX_FAILED, "cannot write %s: %s", path, err_name(ret));
	return ret;
}
