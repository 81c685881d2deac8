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

/* What the caller's limits leave is too little for the copy: the module may be a good one. */
static bool our_lack(int code)
{
	return code == -EMFILE || code == -ENFILE || code == -ENOMEM || code == -EFBIG ||
	       code == -ENOSPC;
}

static int cannot_read(int code, struct wsbox_err *err)
{
	bool missing =
		code == -ENOENT || code == -ENOTDIR || code == -ELOOP || code == -ENAMETOOLONG;

	if (code == -E2BIG)
		return err_set(err, code, WSBOX_INVALID,
			       "larger than %d MiB, the largest module taken",
			       CELL_MODULE_MAX >> 20);
	if (code == -EISDIR)
		return err_set(err, code, WSBOX_INVALID,
			       "is a directory, not a WebAssembly module");
	return err_set(err, code, missing ? WSBOX_NOTFOUND : our_lack(code) ? WSBOX_FAILED :
		       WSBOX_INVALID, "cannot read it: %s", err_name(code));
}

int module_source(const char *path, struct wsbox_err *err)
{
	int fd = strcmp(path, "-") ? open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY) :
				     fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);

	return fd < 0 ? cannot_read(-errno, err) : fd;
}

int module_copy(int src, uint64_t *ret_size, struct wsbox_err *err)
{
	uint64_t size;
	FD_AUTO module = fd_copy_sealed(src, "module", CELL_MODULE_MAX, &size);

	if (module < 0)
		return cannot_read(module, err);
	if (!size)
		return err_set(err, -ENOEXEC, WSBOX_INVALID, "is empty, not a WebAssembly module");
	*ret_size = size;
	return fd_take(&module);
}

const char *module_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash && slash[1] ? slash + 1 : path;
}

/* Where the programs may lie, seen from the folder of this one. */
static const char *const places[] = { "../libexec/wsbox/", "" };

/* As open(2), for execution. path: where it was looked for last. */
static int open_beside(char path[PATH_MAX], const char *program)
{
	ssize_t n = readlink("/proc/self/exe", path, PATH_MAX - 64);
	char *name = n > 0 ? memrchr(path, '/', (size_t)n) : NULL;
	int fd = -1;

	if (!name)
		return -ESRCH;
	for (unsigned int i = 0; fd < 0 && i < ARRAY_SIZE(places); i++) {
		stpcpy(stpcpy(name + 1, places[i]), program);
		fd = open(path, O_PATH | O_CLOEXEC);
	}
	return fd < 0 ? -errno : fd;
}

int cell_program_open(struct wsbox_err *err)
{
	char path[PATH_MAX];
	int fd = open_beside(path, "wsbox-cell");

	if (fd == -ESRCH)
		return err_set(err, -ENOENT, WSBOX_FAILED,
			       "/proc/self/exe cannot be read: is /proc mounted?");
	if (fd < 0)
		return err_set(err, fd, WSBOX_FAILED,
			       "%s: %s; wsbox-cell is installed with wsbox", path, err_name(fd));
	return fd;
}

int llvm_program_open(const char *who, struct wsbox_err *err)
{
	char path[PATH_MAX];
	int fd = open_beside(path, "wsbox-llvm");

	if (fd < 0)
		return err_set(err, fd, WSBOX_FAILED,
			       "%s wsbox-llvm, which is built where llvm-19-dev and libzstd-dev "
			       "are installed (apt install llvm-19-dev libzstd-dev)", who);
	return fd;
}
