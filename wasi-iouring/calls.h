/*
 * The 46 calls of wasi_snapshot_preview1, one row each: import table, rights checks, the ring's
 * allow-list and, by their kernel column, what a locked process must be allowed. Source of names,
 * signatures and meaning: wasi_snapshot_preview1.witx (WASI 0.1, "legacy/preview1"); the rights are
 * those that witx's $rights says each call needs.
 *
 *  X(name, params, fd, need, fd2, need2, lacking, kernel, ring)
 *
 *	name		the import, and what WASI_CALL() defines
 *	params		a letter of WASI_PARAMS each: the type, and how a trace shows it
 *	fd, need	argument that is a descriptor (NO: none) and the rights it needs; the
 *			handler gets its entry
 *	fd2, need2	a second one; its entry is checked, and looked up again by the handler
 *	lacking		error when a file was opened without these rights: what Linux says of the
 *			access mode where that is the cause (wasi_fd_lacking() tells the other
 *			cases)
 *	kernel		calls of the kernel it makes, one time or another; and fstat, to say why,
 *			where a right is lacking
 *	ring		operations it may submit to a ring, as a mask: RING(op) | ...
 */
#ifndef WASI_IOURING_CALLS_H
#define WASI_IOURING_CALLS_H

#include <linux/io_uring.h>

#include "wasi-iouring/state.h"

#define NO 255
#define RIGHT(name) WASI_RIGHT_##name
#define RING(op) (1ull << IORING_OP_##op)
#define RING_POLL (RING(POLL_ADD) | RING(POLL_REMOVE))
#define WALK "openat2 close"

/*
 * Kinds of parameters: X(letter, type, shown, by). A pointer and what counts its elements are one
 * thing, shown for the pointer. BEFORE the call; AFTER it, in its place, since the call fills it;
 * as a RESULT, since witx has it so; NEVER. wasi_show_<by>() is in show.c.
 */
#define WASI_PARAMS(X) \
	X('f', I32, BEFORE, number)	/* a descriptor */ \
	X('n', I32, BEFORE, number) \
	X('x', I32, BEFORE, signed)	/* the status of the one call that gives no result */ \
	X('v', I32, BEFORE, pointer)	/* more than a line can show lies there */ \
	X('N', I64, BEFORE, number64)	/* a size, an offset, a time in nanoseconds, a cookie */ \
	X('o', I64, BEFORE, signed64) \
	X('c', I32, BEFORE, clock) \
	X('w', I32, BEFORE, whence) \
	X('a', I32, BEFORE, advice) \
	X('l', I32, BEFORE, lookupflags) \
	X('O', I32, BEFORE, oflags) \
	X('D', I32, BEFORE, fdflags) \
	X('t', I32, BEFORE, fstflags) \
	X('r', I32, BEFORE, riflags) \
	X('h', I32, BEFORE, sdflags) \
	X('g', I64, BEFORE, rights) \
	X('s', I32, BEFORE, path) \
	X('W', I32, BEFORE, iovecs)	/* of data to be written */ \
	X('S', I32, BEFORE, subscriptions) \
	X('R', I32, AFTER, iovecs)	/* filled with as much as the first result says */ \
	X('b', I32, AFTER, buffer)	/* likewise; all of it if there is no result */ \
	X('d', I32, AFTER, dirents)	/* likewise */ \
	X('E', I32, AFTER, events)	/* as many as the first result says */ \
	X('1', I32, RESULT, u32) \
	X('2', I32, RESULT, roflags) \
	X('8', I32, RESULT, u64) \
	X('A', I32, RESULT, fdstat) \
	X('F', I32, RESULT, filestat) \
	X('P', I32, RESULT, prestat) \
	X('.', I32, NEVER, number)	/* how many elements, of what stands before */

#define WASI_PARAMS_MAX 9

#define WASI_CALLS(X) \
	X(args_get, "vv", NO, 0, NO, 0, WASI_OK, "", 0) \
	X(args_sizes_get, "11", NO, 0, NO, 0, WASI_OK, "", 0) \
	X(environ_get, "vv", NO, 0, NO, 0, WASI_OK, "", 0) \
	X(environ_sizes_get, "11", NO, 0, NO, 0, WASI_OK, "", 0) \
	X(clock_res_get, "c8", NO, 0, NO, 0, WASI_OK, "", 0) \
	X(clock_time_get, "cN8", NO, 0, NO, 0, WASI_OK, "clock_gettime", 0) \
	X(fd_advise, "fNNa", 0, RIGHT(FD_ADVISE), NO, 0, WASI_ENOTCAPABLE, "fadvise64 fstat", 0) \
	X(fd_allocate, "fNN", 0, 0, NO, 0, WASI_OK, "fallocate", 0) \
	X(fd_close, "f", 0, 0, NO, 0, WASI_OK, "close io_uring_enter", RING(POLL_REMOVE)) \
	X(fd_datasync, "f", 0, RIGHT(FD_DATASYNC), NO, 0, WASI_ENOTCAPABLE, "fdatasync fstat", 0) \
	X(fd_fdstat_get, "fA", 0, 0, NO, 0, WASI_OK, "fstat", 0) \
	X(fd_fdstat_set_flags, "fD", 0, RIGHT(FD_FDSTAT_SET_FLAGS), NO, 0, WASI_ENOTCAPABLE, \
	  "fstat", 0) \
	X(fd_fdstat_set_rights, "fgg", 0, 0, NO, 0, WASI_OK, "fstat", 0) \
	X(fd_filestat_get, "fF", 0, RIGHT(FD_FILESTAT_GET), NO, 0, WASI_ENOTCAPABLE, "fstat", 0) \
	X(fd_filestat_set_size, "fN", 0, RIGHT(FD_FILESTAT_SET_SIZE), NO, 0, WASI_EINVAL, \
	  "ftruncate", 0) \
	X(fd_filestat_set_times, "fNNt", 0, RIGHT(FD_FILESTAT_SET_TIMES), NO, 0, WASI_ENOTCAPABLE, \
	  "utimensat", 0) \
	X(fd_pread, "fR.N1", 0, RIGHT(FD_READ) | RIGHT(FD_SEEK), NO, 0, WASI_EBADF, \
	  "pread64 preadv2", 0) \
	X(fd_prestat_get, "fP", 0, 0, NO, 0, WASI_OK, "", 0) \
	X(fd_prestat_dir_name, "fb.", 0, 0, NO, 0, WASI_OK, "", 0) \
	X(fd_pwrite, "fW.N1", 0, RIGHT(FD_WRITE) | RIGHT(FD_SEEK), NO, 0, WASI_EBADF, \
	  "pwrite64 pwritev2", 0) \
	X(fd_read, "fR.1", 0, RIGHT(FD_READ), NO, 0, WASI_EBADF, \
	  "read readv preadv2 pread64 fstat lseek ppoll", 0) \
	X(fd_readdir, "fd.N1", 0, RIGHT(FD_READDIR), NO, 0, WASI_ENOTDIR, \
	  "getdents64 lseek fstat", 0) \
	X(fd_renumber, "ff", 0, 0, 1, 0, WASI_OK, "close io_uring_enter", RING(POLL_REMOVE)) \
	X(fd_seek, "fow8", 0, 0, NO, 0, WASI_OK, "fstat lseek", 0) \
	X(fd_sync, "f", 0, RIGHT(FD_SYNC), NO, 0, WASI_ENOTCAPABLE, "fsync fstat", 0) \
	X(fd_tell, "f8", 0, 0, NO, 0, WASI_OK, "fstat lseek", 0) \
	X(fd_write, "fW.1", 0, RIGHT(FD_WRITE), NO, 0, WASI_EBADF, \
	  "write writev pwritev2 pwrite64 fstat lseek ppoll", 0) \
	X(path_create_directory, "fs.", 0, RIGHT(PATH_CREATE_DIRECTORY), NO, 0, WASI_ENOTCAPABLE, \
	  WALK " newfstatat mkdirat", 0) \
	X(path_filestat_get, "fls.F", 0, RIGHT(PATH_FILESTAT_GET), NO, 0, WASI_ENOTCAPABLE, \
	  WALK " newfstatat fstat", 0) \
	X(path_filestat_set_times, "fls.NNt", 0, RIGHT(PATH_FILESTAT_SET_TIMES), NO, 0, \
	  WASI_ENOTCAPABLE, WALK " utimensat", 0) \
	X(path_link, "fls.fs.", 0, RIGHT(PATH_LINK_SOURCE), 4, RIGHT(PATH_LINK_TARGET), \
	  WASI_ENOTCAPABLE, WALK " newfstatat linkat", 0) \
	X(path_open, "fls.OggD1", 0, RIGHT(PATH_OPEN), NO, 0, WASI_ENOTCAPABLE, WALK, 0) \
	X(path_readlink, "fs.b.1", 0, RIGHT(PATH_READLINK), NO, 0, WASI_ENOTCAPABLE, \
	  WALK " readlinkat", 0) \
	X(path_remove_directory, "fs.", 0, RIGHT(PATH_REMOVE_DIRECTORY), NO, 0, WASI_ENOTCAPABLE, \
	  WALK " unlinkat", 0) \
	X(path_rename, "fs.fs.", 0, RIGHT(PATH_RENAME_SOURCE), 3, RIGHT(PATH_RENAME_TARGET), \
	  WASI_ENOTCAPABLE, WALK " newfstatat renameat2", 0) \
	X(path_symlink, "s.fs.", 2, RIGHT(PATH_SYMLINK), NO, 0, WASI_ENOTCAPABLE, \
	  WALK " newfstatat symlinkat", 0) \
	X(path_unlink_file, "fs.", 0, RIGHT(PATH_UNLINK_FILE), NO, 0, WASI_ENOTCAPABLE, \
	  WALK " newfstatat unlinkat", 0) \
	X(poll_oneoff, "SE.1", NO, 0, NO, 0, WASI_OK, \
	  "ppoll clock_nanosleep clock_gettime fstat io_uring_enter", RING_POLL) \
	X(proc_exit, "x", NO, 0, NO, 0, WASI_OK, "", 0) \
	X(proc_raise, "n", NO, 0, NO, 0, WASI_OK, "", 0) \
	X(random_get, "b.", NO, 0, NO, 0, WASI_OK, "getrandom", 0) \
	X(sched_yield, "", NO, 0, NO, 0, WASI_OK, "sched_yield", 0) \
	X(sock_accept, "fD1", 0, RIGHT(SOCK_ACCEPT), NO, 0, WASI_ENOTSOCK, "accept4 ppoll", 0) \
	X(sock_recv, "fR.r12", 0, RIGHT(FD_READ), NO, 0, WASI_ENOTSOCK, "recvfrom ppoll", 0) \
	X(sock_send, "fW.n1", 0, RIGHT(FD_WRITE), NO, 0, WASI_ENOTSOCK, "sendto ppoll", 0) \
	X(sock_shutdown, "fh", 0, RIGHT(SOCK_SHUTDOWN), NO, 0, WASI_ENOTSOCK, "shutdown", 0)

enum wasi_call {
#define X(name, ...) WASI_CALL_##name,
	WASI_CALLS(X)
#undef X
	WASI_CALLS_MAX,
};

/* The columns that entries need, as constants. */
enum {
#define X(name, params, fd, need, fd2, need2, lacking, kernel, ring) \
	WASI_FD1_##name = fd, WASI_NEED1_##name = need, WASI_FD2_##name = fd2, \
	WASI_NEED2_##name = need2, WASI_LACKING_##name = lacking,
	WASI_CALLS(X)
#undef X
};

#define X(name, ...) int wasi_enter_##name(void *env, struct rt_instance *inst, union rt_value *a);
WASI_CALLS(X)
#undef X

/* Whether argument fd is a descriptor with the rights `need`; *ret is why not. */
static inline bool wasi_checked(struct wasi *w, const union rt_value *a, uint8_t fd, uint32_t need,
				enum wasi_errno lacking, enum wasi_errno *ret)
{
	struct wasi_fd *f;

	if (fd == NO)
		return true;
	f = wasi_fd_get(w, (uint32_t)a[fd].i32);
	if (!f)
		*ret = WASI_EBADF;
	else if (__builtin_expect(need & ~f->rights, 0))
		*ret = wasi_fd_lacking(f, need & ~f->rights, lacking);
	else
		return true;
	return false;
}

/*
 * Defines a call: WASI_CALL(fd_sync) { body }. The body gets w, inst, a (the arguments) and f: the
 * entry of the row's descriptor, its rights checked (NULL if the row has none). It gives the
 * guest's error, and changes nothing in the guest's memory when that is not WASI_OK.
 *
 * Entry and body are one function to the compiler, for the sake of what comes after a system call:
 * a processor that protects the kernel from its branch predictors forgets where to return to, and
 * each return then costs 6 ns.
 */
#define WASI_CALL(name) \
	static inline enum wasi_errno call_##name(struct wasi *w, struct rt_instance *inst, \
						  struct wasi_fd *f, const union rt_value *a); \
	int wasi_enter_##name(void *env, struct rt_instance *inst, union rt_value *a) \
	{ \
		struct wasi *w = env; \
		struct wasi_fd *f = NULL; \
		enum wasi_errno e; \
		if (wasi_checked(w, a, WASI_FD1_##name, WASI_NEED1_##name, \
				 (enum wasi_errno)WASI_LACKING_##name, &e) && \
		    wasi_checked(w, a, WASI_FD2_##name, WASI_NEED2_##name, \
				 (enum wasi_errno)WASI_LACKING_##name, &e)) { \
			if (WASI_FD1_##name != NO) \
				f = &w->fds[(uint32_t)a[WASI_FD1_##name & 15].i32]; \
			e = call_##name(w, inst, f, a); \
		} \
		a[0].i64 = e; \
		return 0; \
	} \
	static inline enum wasi_errno call_##name(struct wasi *w, struct rt_instance *inst, \
						  struct wasi_fd *f, const union rt_value *a)
#define ARG32(i) ((uint32_t)a[i].i32)
#define ARG64(i) ((uint64_t)a[i].i64)

/* A row for readers at run time. */
struct wasi_call_row {
	const char *name, *params, *kernel;
	uint64_t ring;
	rt_host_fn enter;
};

extern const struct wasi_call_row wasi_call_rows[WASI_CALLS_MAX];

#endif
