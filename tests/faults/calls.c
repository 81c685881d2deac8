/*
 * Each system call of wsbox run in turn fails (traced.h), with each errno that it may plausibly
 * give: the kernel is asked for something else, and the process sees the errno.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/syscall.h>

#include "runtime/base/num.h"
#include "tests/faults/traced.h"

/* fd_write of "hello\n" to 1 */
static const unsigned char module[] = {
	0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0,
	1, 12, 2, 0x60, 0, 0, 0x60, 4, 0x7f, 0x7f, 0x7f, 0x7f, 1, 0x7f,
	2, 35, 1, 22, 'w', 'a', 's', 'i', '_', 's', 'n', 'a', 'p', 's', 'h', 'o', 't', '_', 'p',
	'r', 'e', 'v', 'i', 'e', 'w', '1', 8, 'f', 'd', '_', 'w', 'r', 'i', 't', 'e', 0, 1,
	3, 2, 1, 0, 5, 3, 1, 0, 1,
	7, 19, 2, 6, '_', 's', 't', 'a', 'r', 't', 0, 1, 6, 'm', 'e', 'm', 'o', 'r', 'y', 2, 0,
	10, 15, 1, 13, 0, 0x41, 1, 0x41, 8, 0x41, 1, 0x41, 0, 0x10, 0, 0x1a, 0x0b,
	11, 20, 1, 0, 0x41, 8, 0x0b, 14, 16, 0, 0, 0, 6, 0, 0, 0, 'h', 'e', 'l', 'l', 'o', '\n',
};

#define ANY -1

/*
 * What a call may say, by its number and, unless that is ANY, its second argument. Others say what
 * is in the last row.
 */
static const struct errors {
	long nr, arg;
	int codes[4];
} errors[] = {
	{ SYS_open, ANY, { EMFILE, ENFILE, EACCES } },
	{ SYS_openat, ANY, { EMFILE, ENFILE, EACCES } },
	{ SYS_memfd_create, ANY, { EMFILE, ENOMEM, ENOSYS } },
	{ SYS_socketpair, ANY, { EMFILE, ENOMEM } },
	{ SYS_pidfd_open, ANY, { EMFILE, ENOSYS } }, { SYS_signalfd4, ANY, { EMFILE, ENOMEM } },
	{ SYS_pipe2, ANY, { EMFILE, ENFILE } },
	{ SYS_fcntl, F_DUPFD_CLOEXEC, { EMFILE } }, { SYS_fcntl, F_ADD_SEALS, { EBUSY, EPERM } },
	{ SYS_fcntl, ANY, { 0 } }, { SYS_dup3, ANY, { EMFILE } },
	{ SYS_close, ANY, { EIO, EINTR } },
	{ SYS_mmap, ANY, { ENOMEM } }, { SYS_brk, ANY, { ENOMEM } },
	{ SYS_mprotect, ANY, { ENOMEM } },
	{ SYS_clone3, ANY, { EAGAIN, ENOMEM, EPERM, ENOSPC } },
	{ SYS_clone, ANY, { EAGAIN, ENOMEM, EPERM } },
	{ SYS_read, ANY, { EINTR } }, { SYS_pread64, ANY, { EIO } }, { SYS_readv, ANY, { EINTR } },
	{ SYS_write, ANY, { ENOSPC, EIO, EINTR } }, { SYS_pwrite64, ANY, { ENOSPC, EIO } },
	{ SYS_ftruncate, ANY, { ENOSPC, EFBIG } }, { SYS_fallocate, ANY, { ENOSPC, EOPNOTSUPP } },
	{ SYS_mkdirat, ANY, { ENOSPC, EACCES, EROFS } }, { SYS_ppoll, ANY, { EINTR, ENOMEM } },
	{ SYS_fstat, ANY, { EIO, ENOMEM } },
	{ SYS_execve, ANY, { EACCES, ENOMEM, E2BIG } },
	{ SYS_execveat, ANY, { EACCES, ENOMEM, EAGAIN } }, { SYS_seccomp, ANY, { EINVAL, ENOMEM } },
	{ SYS_waitid, ANY, { EINTR } },
	/* asks for its version, and makes nothing */
	{ SYS_landlock_create_ruleset, 0, { EOPNOTSUPP, ENOSYS } },
	{ SYS_io_uring_setup, ANY, { EPERM, ENOSYS, ENOMEM } },
	{ ANY, ANY, { EPERM, ENOMEM } },
};

static const int *codes_of(const struct traced_place *p)
{
	unsigned int i = 0;

	while ((errors[i].nr != ANY && errors[i].nr != p->nr) ||
	       (errors[i].arg != ANY && errors[i].arg != p->arg))
		i++;
	return errors[i].codes;
}

/*
 * What says nothing of what the host allows. Of what reads, writes or waits these are answers of
 * another kind.
 */
static const int *exhausted(const struct traced_place *p)
{
	static const int all[] = { ENOMEM, ENOSPC, 0 }, memory[] = { ENOMEM, 0 }, none[] = { 0 };

	switch (p->nr) {
	case SYS_fcntl:
		return p->arg == F_DUPFD_CLOEXEC ? all : none;
	case SYS_read: case SYS_pread64: case SYS_readv: case SYS_recvmsg: case SYS_sendmsg:
	case SYS_ppoll: case SYS_poll: case SYS_write:
	case SYS_mmap: case SYS_munmap: case SYS_mprotect: case SYS_brk:
		return memory;
	case SYS_close: case SYS_nanosleep: case SYS_wait4: case SYS_waitid:
		return none;
	default:
		return all;
	}
}

int main(void)
{
	char *guest = traced_begin("../../tools/wsbox", module, sizeof(module));
	char *plain[] = { "wsbox", "run", "--no-cache", guest, NULL };
	char *much[] = { "wsbox", "run", "--no-cache", "--dir", "/tmp::/a", "--dir", "/usr::/b:ro",
			 "--tmpfs", "/t:1M", "--memory", "64M", "--pids-limit", "9",
			 "--cpu-time", "20s", "--max-output", "1M", guest, NULL };
	char *degraded[] = { "wsbox", "run", "--no-cache", "--isolation", "degraded", "--stats-fd",
			     "1", "--memory", "64M", "--dir", "/usr::/b:ro", "--tmpfs", "/t:1M",
			     guest, NULL };
	char *kept[] = { "wsbox", "run", guest, NULL };
	const struct traced_try tries[] = {
		{ "plain", plain, .says = "hello\n", .codes = codes_of },
		{ "all options", much, .says = "hello\n", .codes = codes_of },
		{ "degraded", degraded, .walls = true, .says = "hello\n", .codes = codes_of },
		{ "short", degraded, .walls = true, .says = "hello\n", .codes = exhausted },
		{ "cached", kept, .fresh = true, .says = "hello\n", .codes = codes_of },
		{ "from the cache", kept, .says = "hello\n", .codes = codes_of },
	};

	if (!guest)
		return 1;
	if (!traced_possible(plain)) {
		printf("skipped: no process can be traced here\n");
		return 77;
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(tries); i++)
		traced_try_all(&tries[i]);
	return traced_end();
}
