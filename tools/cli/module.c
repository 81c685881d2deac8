#include "tools/cli/module.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/param.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/cell.h"
#include "runtime/base/fd.h"
#include "runtime/base/num.h"

static int cannot_read(int code, struct wsbox_err *err)
{
	bool missing =
		code == -ENOENT || code == -ENOTDIR || code == -ELOOP || code == -ENAMETOOLONG;

	if (code == -EFBIG)
		return err_set(err, code, WSBOX_INVALID,
			       "larger than %d MiB, the largest module taken",
			       CELL_MODULE_MAX >> 20);
	if (code == -EISDIR)
		return err_set(err, code, WSBOX_INVALID,
			       "is a directory, not a WebAssembly module");
	return err_set(err, code, missing ? WSBOX_NOTFOUND : WSBOX_INVALID, "cannot read it: %s",
		       err_name(code));
}

int module_open(const char *path, uint64_t *ret_size, struct wsbox_err *err)
{
	FD_AUTO opened = -1;
	int src = 0, ret;
	uint64_t size;

	if (strcmp(path, "-")) {
		opened = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
		if (opened < 0)
			return cannot_read(-errno, err);
		src = opened;
	}
	FD_AUTO module = fd_copy_sealed(src, "module", CELL_MODULE_MAX, &size);
	ret = module;
	if (ret < 0)
		return cannot_read(ret, err);
	if (!size)
		return err_set(err, -ENOEXEC, WSBOX_INVALID, "is empty, not a WebAssembly module");
	*ret_size = size;
	return fd_take(&module);
}

/* Where wsbox-cell may lie, seen from the folder of this program. */
static const char *const places[] = { "../libexec/wsbox/wsbox-cell", "wsbox-cell" };

int cell_program_open(struct wsbox_err *err)
{
	char path[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", path,
			     sizeof(path) - sizeof("../libexec/wsbox/wsbox-cell"));
	char *name = n > 0 ? memrchr(path, '/', (size_t)n) : NULL;
	int fd = -1;

	if (!name)
		return err_set(err, -ENOENT, WSBOX_FAILED,
			       "/proc/self/exe cannot be read: is /proc mounted?");
	for (unsigned int i = 0; fd < 0 && i < ARRAY_SIZE(places); i++) {
		strcpy(name + 1, places[i]);
		fd = open(path, O_PATH | O_CLOEXEC);
	}
	if (fd < 0)
		return err_set(err, -errno, WSBOX_FAILED,
			       "%s: %s; wsbox-cell is installed with wsbox", path,
			       err_name(-errno));
	return fd;
}
