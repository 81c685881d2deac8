/*
 * The 46 functions as they are imported, past libc, for guests that say what each call answers.
 * E(call) prints the call as it is written and the name of its error, V(value) a number.
 */
#ifndef GUEST_WASI_H
#define GUEST_WASI_H

#ifndef __wasm__
#include "native.h"
#else
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define IMPORT(name, ...) \
	extern int w_##name(__VA_ARGS__) \
		__attribute__((import_module("wasi_snapshot_preview1"), import_name(#name)))

typedef uint32_t u32;
typedef uint64_t u64;

IMPORT(args_get, void *, void *);
IMPORT(args_sizes_get, void *, void *);
IMPORT(environ_get, void *, void *);
IMPORT(environ_sizes_get, void *, void *);
IMPORT(clock_res_get, u32, void *);
IMPORT(clock_time_get, u32, u64, void *);
IMPORT(fd_advise, u32, u64, u64, u32);
IMPORT(fd_allocate, u32, u64, u64);
IMPORT(fd_close, u32);
IMPORT(fd_datasync, u32);
IMPORT(fd_fdstat_get, u32, void *);
IMPORT(fd_fdstat_set_flags, u32, u32);
IMPORT(fd_fdstat_set_rights, u32, u64, u64);
IMPORT(fd_filestat_get, u32, void *);
IMPORT(fd_filestat_set_size, u32, u64);
IMPORT(fd_filestat_set_times, u32, u64, u64, u32);
IMPORT(fd_pread, u32, void *, u32, u64, void *);
IMPORT(fd_prestat_get, u32, void *);
IMPORT(fd_prestat_dir_name, u32, void *, u32);
IMPORT(fd_pwrite, u32, void *, u32, u64, void *);
IMPORT(fd_read, u32, void *, u32, void *);
IMPORT(fd_readdir, u32, void *, u32, u64, void *);
IMPORT(fd_renumber, u32, u32);
IMPORT(fd_seek, u32, int64_t, u32, void *);
IMPORT(fd_sync, u32);
IMPORT(fd_tell, u32, void *);
IMPORT(fd_write, u32, void *, u32, void *);
IMPORT(path_create_directory, u32, const char *, u32);
IMPORT(path_filestat_get, u32, u32, const char *, u32, void *);
IMPORT(path_filestat_set_times, u32, u32, const char *, u32, u64, u64, u32);
IMPORT(path_link, u32, u32, const char *, u32, u32, const char *, u32);
IMPORT(path_open, u32, u32, const char *, u32, u32, u64, u64, u32, void *);
IMPORT(path_readlink, u32, const char *, u32, void *, u32, void *);
IMPORT(path_remove_directory, u32, const char *, u32);
IMPORT(path_rename, u32, const char *, u32, u32, const char *, u32);
IMPORT(path_symlink, const char *, u32, u32, const char *, u32);
IMPORT(path_unlink_file, u32, const char *, u32);
IMPORT(poll_oneoff, void *, void *, u32, void *);
IMPORT(proc_raise, u32);
IMPORT(random_get, void *, u32);
IMPORT(sched_yield, void);
IMPORT(sock_accept, u32, u32, void *);
IMPORT(sock_recv, u32, void *, u32, u32, void *, void *);
IMPORT(sock_send, u32, void *, u32, u32, void *);
IMPORT(sock_shutdown, u32, u32);
extern _Noreturn void w_proc_exit(u32)
	__attribute__((import_module("wasi_snapshot_preview1"), import_name("proc_exit")));

static const char *error_name(int e)
{
	static const char *const names[] = {
		"OK", "2BIG", "ACCES", "ADDRINUSE", "ADDRNOTAVAIL", "AFNOSUPPORT", "AGAIN",
		"ALREADY", "BADF", "BADMSG", "BUSY", "CANCELED", "CHILD", "CONNABORTED",
		"CONNREFUSED", "CONNRESET", "DEADLK", "DESTADDRREQ", "DOM", "DQUOT", "EXIST",
		"FAULT", "FBIG", "HOSTUNREACH", "IDRM", "ILSEQ", "INPROGRESS", "INTR", "INVAL",
		"IO", "ISCONN", "ISDIR", "LOOP", "MFILE", "MLINK", "MSGSIZE", "MULTIHOP",
		"NAMETOOLONG", "NETDOWN", "NETRESET", "NETUNREACH", "NFILE", "NOBUFS", "NODEV",
		"NOENT", "NOEXEC", "NOLCK", "NOLINK", "NOMEM", "NOMSG", "NOPROTOOPT", "NOSPC",
		"NOSYS", "NOTCONN", "NOTDIR", "NOTEMPTY", "NOTRECOVERABLE", "NOTSOCK", "NOTSUP",
		"NOTTY", "NXIO", "OVERFLOW", "OWNERDEAD", "PERM", "PIPE", "PROTO", "PROTONOSUPPORT",
		"PROTOTYPE", "RANGE", "ROFS", "SPIPE", "SRCH", "STALE", "TIMEDOUT", "TXTBSY",
		"XDEV", "NOTCAPABLE",
	};

	return (unsigned int)e < sizeof(names) / sizeof(names[0]) ? names[e] : "?";
}
#endif

#define S(s) s, sizeof(s) - 1
#define END ((void *)0xfffffff0u)	/* beyond any memory here */
#define ALL 0x3fffffffull

enum { CREAT = 1, DIRECTORY = 2, EXCL = 4, TRUNC = 8 };				/* oflags */
enum { APPEND = 1, DSYNC = 2, NONBLOCK = 4, RSYNC = 8, SYNC = 16 };		/* fdflags */
enum { ATIM = 1, ATIM_NOW = 2, MTIM = 4, MTIM_NOW = 8 };			/* fstflags */
enum { SET, CUR, FROM_END };							/* whence */
enum { FOLLOW = 1 };								/* lookupflags */
enum {
	READ = 1 << 1, SEEK = 1 << 2, TELL = 1 << 5, WRITE = 1 << 6, READDIR = 1 << 14,
	RW = READ | WRITE,
};

#define E(call) said(#call, call)
#define V(value) printf("%s = %lld\n", #value, (long long)(value))

struct iov {
	const void *at;
	size_t len;
};

struct fdstat {
	uint8_t type, pad;
	uint16_t flags;
	u32 pad2;
	u64 rights, inheriting;
};

struct filestat {
	u64 dev, ino, type, nlink, size, atim, mtim, ctim;	/* type: its low byte */
};

static inline int said(const char *call, int e)
{
	printf("%s: %s\n", call, error_name(e));
	return e;
}

/* path_open of a string below dir; *made is the descriptor, or stays -1. */
static inline int open_in(u32 dir, u32 *made, const char *path, u32 lookup, u32 oflags, u64 rights,
			  u32 fdflags)
{
	*made = -1u;
	return w_path_open(dir, lookup, path, strlen(path), oflags, rights, ALL, fdflags, made);
}

/* Makes a file of this content below 3. */
static inline void make(const char *path, const char *content)
{
	struct iov v = { content, strlen(content) };
	u32 fd, n;

	if (open_in(3, &fd, path, 0, CREAT | TRUNC, RW, 0) || w_fd_write(fd, &v, 1, &n) ||
	    w_fd_close(fd))
		printf("%s cannot be made\n", path);
}

#endif
