/* Attacks that are not on paths: memory, other processes, privileges, other ways into the kernel.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <linux/io_uring.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/escape/escape.h"

#define RWX (PROT_READ | PROT_WRITE | PROT_EXEC)
#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)

static long worst(long a, long b)
{
	return a > b ? a : b;
}

static long map(long prot, long flags)
{
	return RAW(SYS_mmap, 0, 4096, prot, flags, -1, 0);
}

static long map_exec(long prot)
{
	return map(prot, ANON);
}

static long map_as(long flags)
{
	return map(PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS);
}

static long map_plain(long arg)
{
	return map(PROT_READ | PROT_WRITE, ANON);
}

static long protect(long prot)
{
	return RAW(SYS_mprotect, map_plain(0), 4096, prot);
}

/* Without seccomp: memory-deny-write-execute. */
static long gain_exec(long arg)
{
	return worst(map_exec(RWX), protect(PROT_READ | PROT_EXEC));
}

static long move_fixed(long arg)
{
	return RAW(SYS_mremap, map_plain(0), 4096, 4096, MREMAP_MAYMOVE | MREMAP_FIXED, 0x10000000);
}

/* A page of the stack: the kernel does not count what grows down. */
static long grow_stack(long arg)
{
	char page[2 * 4096];

	return RAW(SYS_mremap, ((uintptr_t)page + 4095) & ~4095ul, 4096, 16 << 20, MREMAP_MAYMOVE);
}

static long futex_op(long op)
{
	static uint32_t word[2];

	return RAW(SYS_futex, word, op, 0, 0, word + 1, 0);
}

static long ring_enter(long flags)
{
	return RAW(SYS_io_uring_enter, 99, 0, 0, flags, 0, 0);
}

static long x32(long nr)
{
	return RAW(nr | 0x40000000);
}

static long int80(long nr)
{
	long ret;

	__asm__ volatile("int $0x80"
			 : "=a"(ret)
			 : "a"(nr), "b"(0), "c"(0), "d"(0)
			 : "memory", "r8", "r9", "r10", "r11");
	return ret;
}

static long kill_all(long arg)
{
	return RAW(SYS_kill, -1, SIGTERM);
}

/* Whatever numbers the supervisor and its relatives have outside, here they mean nothing. */
static long kill_others(long arg)
{
	long ret = -ESRCH;

	for (int pid = 2; pid < 5000; pid++)
		if (pid != RAW(SYS_getpid))
			ret = worst(ret, RAW(SYS_kill, pid, 0));
	return ret;
}

static long trace_others(long arg)
{
	long ret = RAW(SYS_ptrace,
		       PTRACE_TRACEME); /* there is nobody to be traced by, so this may succeed */

	ret = -ESRCH;
	for (int pid = 2; pid < 5000; pid++)
		ret = worst(ret, RAW(SYS_ptrace, PTRACE_SEIZE, pid, 0, 0));
	return ret;
}

static long see_parent(long arg)
{
	return RAW(SYS_getppid) ? 1 : -ESRCH;
}

static long become_root(long arg)
{
	/*
	 * uid 0 of the namespace is nobody, or root without a capability who may not become what it
	 * is not
	 */
	long ret = worst(RAW(SYS_setgroups, 0, 0), RAW(SYS_setresuid, 1, 1, 1));

	return worst(ret, RAW(SYS_setresgid, 1, 1, 1));
}

static long use_privileges(long arg)
{
	long ret = RAW(SYS_sethostname, "x", 1);

	ret = worst(ret, RAW(SYS_chroot, "/"));
	ret = worst(ret, RAW(SYS_mount, "none", "/", "tmpfs", 0, 0));
	ret = worst(ret, RAW(SYS_setns, 3, 0));
	ret = worst(ret, RAW(SYS_prctl, 24 /* PR_CAPBSET_DROP */, 0));
	return worst(ret, RAW(SYS_iopl, 3));
}

/*
 * A user namespace of its own gives all capabilities in it; Landlock still forbids to change
 * mounts.
 */
static long nest_and_mount(long arg)
{
	RAW(SYS_unshare, CLONE_NEWUSER | CLONE_NEWNS);
	return RAW(SYS_mount, "none", "/", "tmpfs", 0, 0);
}

static long make_process(long arg)
{
	long pid = RAW(SYS_fork);

	if (pid == 0)
		RAW(SYS_exit_group, 0);
	return pid;
}

static long read_proc(long arg)
{
	static const char *const names[] = { "/proc/self/mem", "/proc/1/root", "/proc/self/exe",
					     "/sys",	       "/dev/null",    "/etc/passwd" };
	long ret = -ENOENT;

	for (unsigned int i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		ret = worst(ret, RAW(SYS_openat, AT_FDCWD, names[i], O_RDONLY));
	return ret;
}

static long list_root(long arg)
{
	char entries[512];
	long fd = RAW(SYS_openat, AT_FDCWD, "/", O_RDONLY | O_DIRECTORY);
	long n = fd < 0 ? fd : RAW(SYS_getdents64, fd, entries, sizeof(entries));

	/* "." and ".." take 24 bytes each */
	return n == 48 ? -ENOENT : n;
}

static long make_in_root(long arg)
{
	return worst(RAW(SYS_mkdirat, AT_FDCWD, "/x", 0777),
		     RAW(SYS_openat, AT_FDCWD, "/x", O_CREAT | O_RDWR, 0666));
}

/* Out of a root that was only changed: by "..", by changing it again, with powers to do that. */
static long leave_root(long arg)
{
	long ret = worst(RAW(SYS_openat, AT_FDCWD, "../../../../etc/passwd", O_RDONLY),
			 RAW(SYS_openat, AT_FDCWD, "/../proc/self/exe", O_RDONLY | O_PATH));

	ret = worst(ret, RAW(SYS_chroot, "."));
	return worst(ret, RAW(SYS_unshare, CLONE_NEWUSER));
}

/* The directory in memory, after the two of the host: nothing above it, no device in it. */
static long leave_memory(long arg)
{
	const int dir = CELL_FD_PREOPEN + 2;
	long ret = worst(RAW(SYS_openat, dir, "../../../etc/passwd", O_RDONLY),
			 RAW(SYS_openat, dir, "/etc/passwd", O_RDONLY));

	ret = worst(ret, RAW(SYS_mknodat, dir, "null", S_IFCHR | 0666, 0x103));
	return worst(ret, RAW(SYS_fstat, dir, 0) == -EFAULT ? -ENOENT : 0);
}

static long connect_tcp(long arg)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_port = htons(9),
				  .sin_addr = { htonl(INADDR_LOOPBACK) } };
	long fd = RAW(SYS_socket, AF_INET, SOCK_STREAM, 0);

	/* ECONNREFUSED would mean that the packet left */
	return fd < 0 ? fd : RAW(SYS_connect, fd, &to, sizeof(to)) == -EACCES ? -EACCES : 1;
}

static long send_udp(long arg)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_port = htons(9),
				  .sin_addr = { htonl(INADDR_LOOPBACK) } };
	long fd = RAW(SYS_socket, AF_INET, SOCK_DGRAM, 0);

	return fd < 0 ? fd : RAW(SYS_sendto, fd, "x", 1, 0, &to, sizeof(to));
}

/* An abstract socket of the host: main.c listens there. */
static long connect_abstract(long arg)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX, .sun_path = "\0wsbox-escape" };
	long fd = RAW(SYS_socket, AF_UNIX, SOCK_STREAM, 0);

	return fd < 0 ? fd
		      : RAW(SYS_connect, fd, &to,
			    offsetof(struct sockaddr_un, sun_path) + sizeof("wsbox-escape"));
}

static long dump_core(long arg)
{
	struct rlimit core = { 1, 1 };

	return RAW(SYS_setrlimit, RLIMIT_CORE, &core);
}

static long descriptors(long arg)
{
	/* 0..3 and the directories; the lock has closed what it used */
	long open = 0;

	for (int fd = 0; fd < 1024; fd++)
		open += RAW(SYS_fcntl, fd, F_GETFD) >= 0;
	return open == 6 || open == 7 ? -EBADF : open;
}

static long grow_stdin(long arg)
{
	return RAW(SYS_ioctl, 0, 0x5412 /* TIOCSTI */, "x");
}

const struct attack attacks[] = {
	{ "plain memory", WORKS, 0, map_plain, 0 },
	{ "mmap writable and executable", DIES, 0, map_exec, RWX },
	{ "mmap executable", DIES, 0, map_exec, PROT_READ | PROT_EXEC },
	{ "mmap executable, compiler", DIES, COMPILER, map_exec, PROT_READ | PROT_EXEC },
	{ "mmap shared", DIES, 0, map_as, MAP_SHARED },
	{ "mmap shared, compiler", DIES, COMPILER, map_as, MAP_SHARED },
	{ "mmap growing down", DIES, 0, map_as, MAP_PRIVATE | MAP_GROWSDOWN },
	{ "mmap growing down, compiler", DIES, COMPILER, map_as, MAP_PRIVATE | MAP_GROWSDOWN },
	{ "mmap huge pages", DIES, 0, map_as, MAP_PRIVATE | MAP_HUGETLB },
	{ "mprotect executable", DIES, 0, protect, PROT_READ | PROT_EXEC },
	{ "mprotect executable, compiler", DIES, COMPILER, protect, RWX },
	{ "mprotect plain", WORKS, 0, protect, PROT_READ },
	{ "executable memory against MDWE alone", FAILS, NO_FILTER | MDWE, gain_exec, 0 },
	{ "mremap to a fixed address", FAILS, 0, move_fixed, 0 },
	{ "mremap to a fixed address, compiler", FAILS, COMPILER, move_fixed, 0 },
	{ "mremap of the stack", FAILS, 0, grow_stack, 0 },
	{ "mremap of the stack, compiler", FAILS, COMPILER, grow_stack, 0 },
	{ "futex wake, compiler", WORKS, COMPILER, futex_op, FUTEX_WAKE_PRIVATE },
	{ "futex requeue, compiler", DIES, COMPILER, futex_op, FUTEX_REQUEUE },
	{ "futex priority inheritance, compiler", DIES, COMPILER, futex_op, FUTEX_LOCK_PI },
	{ "ring without a ring's filter", DIES, 0, ring_enter, 0 },
	{ "ring wake-up of a kernel thread", DIES, RING, ring_enter, IORING_ENTER_SQ_WAKEUP },
	{ "x32 getpid", DIES, 0, x32, SYS_getpid },
	{ "x32 write", DIES, 0, x32, SYS_write },
	{ "i386 getpid", DIES, 0, int80, 20 },
	{ "i386 exit number of x86-64 read", DIES, 0, int80, SYS_read },
	{ "i386, compiler", DIES, COMPILER, int80, 4 },
	{ "kill everything", DIES, 0, kill_all, 0 },
	{ "signal others", DIES, 0, kill_others, 0 },
	{ "trace others", DIES, 0, trace_others, 0 },
	{ "change ids", DIES, 0, become_root, 0 },
	{ "use capabilities", DIES, 0, use_privileges, 0 },
	{ "make a process", DIES, 0, make_process, 0 },
	{ "open host files", DIES, 0, read_proc, 0 },
	{ "leave the root, compiler", DIES, COMPILER, leave_root, 0 },
	{ "connect by TCP", DIES, 0, connect_tcp, 0 },
	{ "send by UDP", DIES, 0, send_udp, 0 },
	{ "connect to an abstract socket", DIES, 0, connect_abstract, 0 },
	{ "kill everything, no filter", FAILS, BARE, kill_all, 0 },
	{ "signal others, no filter", FAILS, BARE, kill_others, 0 },
	{ "signal others against Landlock", FAILS, NO_FILTER | LANDLOCK_SCOPES, kill_others, 0 },
	{ "trace others, no filter", FAILS, NO_FILTER | CONFINED, trace_others, 0 },
	{ "know the parent, no filter", FAILS, NO_FILTER | CONFINED, see_parent, 0 },
	{ "change ids, no filter", FAILS, NO_FILTER | NO_LANDLOCK, become_root, 0 },
	{ "use capabilities, no filter", FAILS, NO_FILTER | NO_LANDLOCK, use_privileges, 0 },
	{ "mount in a nested user namespace, no filter", FAILS, NO_FILTER, nest_and_mount, 0 },
	{ "fork, no filter", FAILS, BARE, make_process, 0 },
	{ "open host files, no filter", FAILS, BARE, read_proc, 0 },
	{ "open host files against Landlock alone", FAILS, NO_FILTER, read_proc, 0 },
	{ "anything in the root, no filter", FAILS, BARE, list_root, 0 },
	{ "make something in the root, no filter", FAILS, BARE, make_in_root, 0 },
	{ "open host files, no filter, compiler", FAILS, BARE | COMPILER, read_proc, 0 },
	{ "anything in the root, no filter, compiler", FAILS, BARE | COMPILER, list_root, 0 },
	{ "make something in the root, compiler", FAILS, BARE | COMPILER, make_in_root, 0 },
	{ "leave the directory in memory, no filter", FAILS, BARE | DIRS, leave_memory, 0 },
	{ "leave the root", DIES, 0, leave_root, 0 },
	{ "leave the root, no filter", FAILS, BARE, leave_root, 0 },
	{ "leave the root, no filter, compiler", FAILS, BARE | COMPILER, leave_root, 0 },
	{ "TCP against Landlock alone", FAILS, NO_FILTER | LANDLOCK_TCP, connect_tcp, 0 },
	{ "abstract socket, Landlock", FAILS, NO_FILTER | LANDLOCK_SCOPES, connect_abstract, 0 },
	{ "core dump limit, no filter", FAILS, NO_FILTER, dump_core, 0 },
	{ "descriptors, no filter", FAILS, NO_FILTER | DIRS, descriptors, 0 },
	{ "push input into a terminal", DIES, 0, grow_stdin, 0 },
};

const unsigned int attack_count = sizeof(attacks) / sizeof(attacks[0]);
