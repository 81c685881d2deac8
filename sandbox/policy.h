/*
 * Which system calls a cell may make once it has locked itself. One row a rule; several rows of one
 * call are alternatives. genfilter compiles this table to BPF when wsbox is built. What is not here
 * ends the process (SIGSYS), but for the refusals at the end.
 *
 *	X(call, sets, condition, reason)
 *
 * A call that runs often has no condition, so that the kernel's bitmap answers for it (Linux 5.11)
 * without running the program. A rule may look at numbers only: what a pointer leads to can change
 * after the look.
 *
 * The ring adds no authority: the operations it may be restricted to are a subset of these calls
 * (wasi-iouring).
 */
#ifndef SANDBOX_POLICY_H
#define SANDBOX_POLICY_H

/* Sets of calls. A filter is a union of some. */
enum sb_set {
	SB_SET_COMPILE = 1 << 0,	/* the compiler: memory, its threads' futexes, its output */
	SB_SET_COMPUTE = 1 << 1,	/* running code: memory, clocks, random numbers */
	SB_SET_IO = 1 << 2,		/* descriptors the cell already has */
	SB_SET_READ = 1 << 3,		/* paths below a preopened directory */
	SB_SET_WRITE = 1 << 4,		/* changes there; not when all are read-only */
	SB_SET_RING = 1 << 5,		/* io_uring, made and restricted before the lock */
	SB_SET_NET = 1 << 6,		/* sockets handed over; none can be made */
};

#define SB_RUN (SB_SET_COMPUTE | SB_SET_IO)
#define SB_READ (SB_RUN | SB_SET_READ)
#define SB_WRITE (SB_READ | SB_SET_WRITE)

/* X(id, sets) */
#define SB_FILTERS(X) \
	X(COMPILE, SB_SET_COMPILE) \
	X(RUN, SB_RUN) \
	X(READ, SB_READ) \
	X(WRITE, SB_WRITE) \
	X(RUN_RING, SB_RUN | SB_SET_RING) \
	X(READ_RING, SB_READ | SB_SET_RING) \
	X(WRITE_RING, SB_WRITE | SB_SET_RING) \
	X(RUN_NET, SB_RUN | SB_SET_NET) \
	X(READ_NET, SB_READ | SB_SET_NET) \
	X(WRITE_NET, SB_WRITE | SB_SET_NET) \
	X(RUN_RING_NET, SB_RUN | SB_SET_RING | SB_SET_NET) \
	X(READ_RING_NET, SB_READ | SB_SET_RING | SB_SET_NET) \
	X(WRITE_RING_NET, SB_WRITE | SB_SET_RING | SB_SET_NET)

enum sb_filter_id {
#define SB_FILTER_ID(id, sets) SB_FILTER_##id,
	SB_FILTERS(SB_FILTER_ID)
#undef SB_FILTER_ID
	SB_FILTER_COUNT
};

/* No filter may allow more distinct calls than this. */
#define SB_CALLS_MAX 44

/* Argument n, masked, equals value. */
struct sb_arg {
	unsigned int n;
	unsigned long mask, value;
};

#define SB_ARGS_MAX 2
#define SB_ALWAYS { { 0, 0, 0 } }
#define SB_IF(n, mask, value) { { n, mask, value } }
#define SB_IF2(n, mask, value, n2, mask2, value2) { { n, mask, value }, { n2, mask2, value2 } }

/*
 * mmap and mprotect have the protection third, mmap its flags fourth. What is shared, grows down or
 * is of huge pages is not counted against RLIMIT_DATA or, the last, a cgroup's memory.
 */
#define SB_NOT_EXEC SB_IF(2, PROT_EXEC, 0)
#define SB_UNCOUNTED (MAP_TYPE | MAP_GROWSDOWN | MAP_HUGETLB)
#define SB_PRIVATE_NOT_EXEC SB_IF2(2, PROT_EXEC, 0, 3, SB_UNCOUNTED, MAP_PRIVATE)
#define SB_ANONYMOUS_NOT_EXEC \
	SB_IF2(2, PROT_EXEC, 0, 3, SB_UNCOUNTED | MAP_ANONYMOUS, MAP_PRIVATE | MAP_ANONYMOUS)
#define SB_FUTEX(op) SB_IF(1, 0xffffffff & ~(FUTEX_PRIVATE_FLAG | FUTEX_CLOCK_REALTIME), op)
#define SB_FLAGS(n, allowed) SB_IF(n, 0xffffffff & ~(unsigned long)(allowed), 0)

#define SB_BOTH (SB_SET_COMPILE | SB_SET_COMPUTE)

#define SB_POLICY(X) \
	X(exit, SB_SET_COMPILE, SB_ALWAYS, "a compiler thread ends") \
	X(exit_group, SB_BOTH, SB_ALWAYS, "the process ends") \
	X(rt_sigreturn, SB_BOTH, SB_ALWAYS, "return from the trap handler") \
	X(restart_syscall, SB_SET_COMPILE, SB_ALWAYS, "goes on with a timed wait after a stop") \
	X(futex, SB_SET_COMPILE, SB_FUTEX(FUTEX_WAIT), "locks") \
	X(futex, SB_SET_COMPILE, SB_FUTEX(FUTEX_WAKE), "locks") \
	X(futex, SB_SET_COMPILE, SB_FUTEX(FUTEX_WAIT_BITSET), "timed waits") \
	X(futex, SB_SET_COMPILE, SB_FUTEX(FUTEX_WAKE_BITSET), "once-only initialisation") \
	X(sched_yield, SB_BOTH, SB_ALWAYS, "sched_yield of WASI; spinning locks") \
	X(brk, SB_BOTH, SB_ALWAYS, "malloc") \
	X(munmap, SB_BOTH, SB_ALWAYS, "free") \
	X(madvise, SB_BOTH, SB_ALWAYS, "giving memory back") \
	X(mprotect, SB_BOTH, SB_NOT_EXEC, "memory.grow; never executable") \
	X(mmap, SB_SET_COMPILE, SB_PRIVATE_NOT_EXEC, "malloc, the image's pages to verify") \
	X(mmap, SB_SET_COMPUTE, SB_ANONYMOUS_NOT_EXEC, "malloc; only what limits count") \
	X(clock_gettime, SB_BOTH, SB_ALWAYS, "clocks that the vDSO does not answer") \
	X(getrandom, SB_BOTH, SB_ALWAYS, "random_get; malloc's cookie") \
	X(write, SB_SET_COMPILE | SB_SET_IO, SB_ALWAYS, "fd_write, messages to the supervisor") \
	X(writev, SB_SET_COMPILE | SB_SET_IO, SB_ALWAYS, "fd_write; assertions") \
	X(pwrite64, SB_SET_COMPILE | SB_SET_IO, SB_ALWAYS, "the image; fd_write at a position") \
	X(ftruncate, SB_SET_COMPILE | SB_SET_IO, SB_ALWAYS, "the image; fd_filestat_set_size") \
	X(clock_nanosleep, SB_SET_COMPUTE, SB_ALWAYS, "poll_oneoff on a clock") \
	X(ppoll, SB_SET_IO, SB_ALWAYS, "poll_oneoff") \
	X(read, SB_SET_IO, SB_ALWAYS, "fd_read") \
	X(readv, SB_SET_IO, SB_ALWAYS, "fd_read") \
	X(pread64, SB_SET_COMPILE | SB_SET_IO, SB_ALWAYS, "the image, to mend calls; fd_pread") \
	X(preadv2, SB_SET_IO, SB_ALWAYS, "fd_pread; fd_read without waiting") \
	X(pwritev2, SB_SET_IO, SB_ALWAYS, "fd_pwrite; fd_write with append or sync") \
	X(lseek, SB_SET_IO, SB_ALWAYS, "fd_seek, fd_readdir") \
	X(fstat, SB_SET_IO, SB_ALWAYS, "fd_filestat_get") \
	X(fadvise64, SB_SET_IO, SB_ALWAYS, "fd_advise") \
	X(fallocate, SB_SET_IO, SB_ALWAYS, "fd_allocate") \
	X(fsync, SB_SET_IO, SB_ALWAYS, "fd_sync") \
	X(fdatasync, SB_SET_IO, SB_ALWAYS, "fd_datasync") \
	X(close, SB_SET_IO, SB_ALWAYS, "fd_close") \
	X(openat2, SB_SET_READ, SB_ALWAYS, "path_open, and resolution for every other path call") \
	X(newfstatat, SB_SET_READ, SB_ALWAYS, "path_filestat_get") \
	X(getdents64, SB_SET_READ, SB_ALWAYS, "fd_readdir") \
	X(readlinkat, SB_SET_READ, SB_ALWAYS, "path_readlink") \
	X(mkdirat, SB_SET_WRITE, SB_ALWAYS, "path_create_directory") \
	X(unlinkat, SB_SET_WRITE, SB_ALWAYS, "path_unlink_file, path_remove_directory") \
	X(renameat2, SB_SET_WRITE, SB_FLAGS(4, 0), "path_rename") \
	X(linkat, SB_SET_WRITE, SB_FLAGS(4, 0), "path_link, never through a symbolic link") \
	X(symlinkat, SB_SET_WRITE, SB_ALWAYS, "path_symlink") \
	X(utimensat, SB_SET_IO, SB_IF(1, ~0ul, 0), "fd_filestat_set_times: no path") \
	X(utimensat, SB_SET_WRITE, SB_ALWAYS, "path_filestat_set_times") \
	X(accept4, SB_SET_NET, SB_ALWAYS, "sock_accept") \
	X(recvfrom, SB_SET_NET, SB_ALWAYS, "sock_recv") \
	X(sendto, SB_SET_NET, SB_IF(4, ~0ul, 0), "sock_send, to the peer it is connected to") \
	X(shutdown, SB_SET_NET, SB_ALWAYS, "sock_shutdown") \
	X(io_uring_enter, SB_SET_RING, \
	  SB_FLAGS(3, IORING_ENTER_GETEVENTS | IORING_ENTER_EXT_ARG | \
		   IORING_ENTER_REGISTERED_RING), \
	  "submit and wait; no SQPOLL wake-up, no registration")

/*
 * Refused with an error, because the C library then knows another way. In no set of SB_POLICY.
 *
 *	X(call, sets, error, reason)
 */
#define SB_REFUSALS(X) \
	X(mremap, SB_BOTH, ENOMEM, "realloc copies; a stack would grow beyond RLIMIT_DATA")

#endif
