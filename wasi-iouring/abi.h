/*
 * What a guest of wasi_snapshot_preview1 sees: numbers and the layouts of records in its memory.
 *
 * Source: typenames.witx and wasi_snapshot_preview1.witx of WASI 0.1 ("witx" below). Records lie in
 * linear memory little-endian and perhaps unaligned: they are copied in and out, never pointed at.
 */
#ifndef WASI_IOURING_ABI_H
#define WASI_IOURING_ABI_H

#include <stdint.h>

/* witx $errno, in order from 1. Each but NOTCAPABLE is Linux's E<name>. */
#define WASI_ERRNOS(X) \
	X(2BIG) X(ACCES) X(ADDRINUSE) X(ADDRNOTAVAIL) X(AFNOSUPPORT) X(AGAIN) X(ALREADY) X(BADF) \
	X(BADMSG) X(BUSY) X(CANCELED) X(CHILD) X(CONNABORTED) X(CONNREFUSED) X(CONNRESET) \
	X(DEADLK) X(DESTADDRREQ) X(DOM) X(DQUOT) X(EXIST) X(FAULT) X(FBIG) X(HOSTUNREACH) X(IDRM) \
	X(ILSEQ) X(INPROGRESS) X(INTR) X(INVAL) X(IO) X(ISCONN) X(ISDIR) X(LOOP) X(MFILE) X(MLINK) \
	X(MSGSIZE) X(MULTIHOP) X(NAMETOOLONG) X(NETDOWN) X(NETRESET) X(NETUNREACH) X(NFILE) \
	X(NOBUFS) X(NODEV) X(NOENT) X(NOEXEC) X(NOLCK) X(NOLINK) X(NOMEM) X(NOMSG) X(NOPROTOOPT) \
	X(NOSPC) X(NOSYS) X(NOTCONN) X(NOTDIR) X(NOTEMPTY) X(NOTRECOVERABLE) X(NOTSOCK) X(NOTSUP) \
	X(NOTTY) X(NXIO) X(OVERFLOW) X(OWNERDEAD) X(PERM) X(PIPE) X(PROTO) X(PROTONOSUPPORT) \
	X(PROTOTYPE) X(RANGE) X(ROFS) X(SPIPE) X(SRCH) X(STALE) X(TIMEDOUT) X(TXTBSY) X(XDEV)

enum wasi_errno {
	WASI_OK,
#define X(name) WASI_E##name,
	WASI_ERRNOS(X)
#undef X
	WASI_ENOTCAPABLE,
	WASI_ERRNO_MAX,
};

_Static_assert(WASI_EBADF == 8 && WASI_EINVAL == 28 && WASI_ENOENT == 44 && WASI_EPERM == 63 &&
		       WASI_ENOTCAPABLE == 76,
	       "witx numbers");

/* witx $rights, from bit 0. */
#define WASI_RIGHTS(X) \
	X(FD_DATASYNC) X(FD_READ) X(FD_SEEK) X(FD_FDSTAT_SET_FLAGS) X(FD_SYNC) X(FD_TELL) \
	X(FD_WRITE) X(FD_ADVISE) X(FD_ALLOCATE) X(PATH_CREATE_DIRECTORY) X(PATH_CREATE_FILE) \
	X(PATH_LINK_SOURCE) X(PATH_LINK_TARGET) X(PATH_OPEN) X(FD_READDIR) X(PATH_READLINK) \
	X(PATH_RENAME_SOURCE) X(PATH_RENAME_TARGET) X(PATH_FILESTAT_GET) X(PATH_FILESTAT_SET_SIZE) \
	X(PATH_FILESTAT_SET_TIMES) X(FD_FILESTAT_GET) X(FD_FILESTAT_SET_SIZE) \
	X(FD_FILESTAT_SET_TIMES) X(PATH_SYMLINK) X(PATH_REMOVE_DIRECTORY) X(PATH_UNLINK_FILE) \
	X(POLL_FD_READWRITE) X(SOCK_SHUTDOWN) X(SOCK_ACCEPT)

enum wasi_right_bit {
#define X(name) WASI_BIT_##name,
	WASI_RIGHTS(X)
#undef X
	WASI_RIGHT_BITS,
};

enum wasi_right {
	WASI_RIGHT_NONE,
#define X(name) WASI_RIGHT_##name = 1 << WASI_BIT_##name,
	WASI_RIGHTS(X)
#undef X
	WASI_RIGHT_ALL = (1 << WASI_RIGHT_BITS) - 1,
};

_Static_assert(WASI_RIGHT_SOCK_ACCEPT == 1 << 29 && WASI_RIGHT_FD_READDIR == 1 << 14,
	       "witx numbers");

/* Kinds and flags: X(prefix, name, value), for the enumerators and for their names in traces. */
#define WASI_FILETYPES(X) \
	X(TYPE, UNKNOWN, 0) X(TYPE, BLOCK, 1) X(TYPE, CHARACTER, 2) X(TYPE, DIRECTORY, 3) \
	X(TYPE, REGULAR, 4) X(TYPE, SOCKET_DGRAM, 5) X(TYPE, SOCKET_STREAM, 6) X(TYPE, SYMLINK, 7)
#define WASI_FDFLAGS(X) \
	X(FD, APPEND, 1) X(FD, DSYNC, 2) X(FD, NONBLOCK, 4) X(FD, RSYNC, 8) X(FD, SYNC, 16)
#define WASI_OFLAGS(X) X(O, CREAT, 1) X(O, DIRECTORY, 2) X(O, EXCL, 4) X(O, TRUNC, 8)
#define WASI_LOOKUPFLAGS(X) X(LOOKUP, FOLLOW, 1)
#define WASI_FSTFLAGS(X) X(FST, ATIM, 1) X(FST, ATIM_NOW, 2) X(FST, MTIM, 4) X(FST, MTIM_NOW, 8)
#define WASI_WHENCES(X) X(SEEK, SET, 0) X(SEEK, CUR, 1) X(SEEK, END, 2)
#define WASI_CLOCKIDS(X) \
	X(CLOCK, REALTIME, 0) X(CLOCK, MONOTONIC, 1) X(CLOCK, PROCESS, 2) X(CLOCK, THREAD, 3)
#define WASI_EVENTTYPES(X) X(EVENT, CLOCK, 0) X(EVENT, READ, 1) X(EVENT, WRITE, 2)
#define WASI_ADVICEKINDS(X) \
	X(ADVICE, NORMAL, 0) X(ADVICE, SEQUENTIAL, 1) X(ADVICE, RANDOM, 2) X(ADVICE, WILLNEED, 3) \
	X(ADVICE, DONTNEED, 4) X(ADVICE, NOREUSE, 5)
#define WASI_RIFLAGS(X) X(RECV, PEEK, 1) X(RECV, WAITALL, 2)
#define WASI_SDFLAGS(X) X(SHUT, RD, 1) X(SHUT, WR, 2)

#define WASI_VALUE(prefix, name, value) WASI_##prefix##_##name = value,
enum wasi_filetype { WASI_FILETYPES(WASI_VALUE) };
enum wasi_fdflag { WASI_FDFLAGS(WASI_VALUE) WASI_FD_FLAGS = 31 };
enum wasi_oflag { WASI_OFLAGS(WASI_VALUE) WASI_O_FLAGS = 15 };
enum wasi_lookup { WASI_LOOKUPFLAGS(WASI_VALUE) };
enum wasi_fstflag { WASI_FSTFLAGS(WASI_VALUE) };
enum wasi_whence { WASI_WHENCES(WASI_VALUE) };
enum wasi_clock { WASI_CLOCKIDS(WASI_VALUE) WASI_CLOCKS };
enum wasi_event_type { WASI_EVENTTYPES(WASI_VALUE) WASI_EVENTS };
enum wasi_advice { WASI_ADVICEKINDS(WASI_VALUE) WASI_ADVICES };
enum wasi_riflag { WASI_RIFLAGS(WASI_VALUE) WASI_RECV_FLAGS = 3 };
enum wasi_sdflag { WASI_SDFLAGS(WASI_VALUE) };
#undef WASI_VALUE
#define WASI_ROFLAG_TRUNCATED 1
#define WASI_CLOCK_ABSTIME 1
#define WASI_HANGUP 1

struct wasi_iovec {
	uint32_t buf, len;
};

struct wasi_fdstat {
	uint8_t filetype, pad;
	uint16_t flags;
	uint32_t pad2;
	uint64_t rights, inheriting;
};

struct wasi_filestat {
	uint64_t dev, ino;
	uint8_t filetype, pad[7];
	uint64_t nlink, size, atim, mtim, ctim;
};

struct wasi_dirent {
	uint64_t next, ino;
	uint32_t namlen;
	uint8_t type, pad[3];
};

struct wasi_prestat {
	uint32_t tag, name_len;
};

struct wasi_subscription {
	uint64_t userdata;
	uint8_t tag, pad[7];
	union {
		struct {
			uint32_t id, pad;
			uint64_t timeout, precision;
			uint16_t flags, pad2[3];
		} clock;
		struct {
			uint32_t fd;
		} rw;
	};
};

struct wasi_event {
	uint64_t userdata;
	uint16_t error;
	uint8_t type, pad[5];
	uint64_t nbytes;
	uint16_t flags, pad2[3];
};

_Static_assert(sizeof(struct wasi_fdstat) == 24 && sizeof(struct wasi_filestat) == 64 &&
		       sizeof(struct wasi_dirent) == 24 && sizeof(struct wasi_subscription) == 48 &&
		       sizeof(struct wasi_event) == 32 && sizeof(struct wasi_iovec) == 8,
	       "sizes of the witx records");

/* A negative errno of Linux as a guest sees it; 0 for numbers that are not negative. */
enum wasi_errno wasi_errno(long result);

/* For traces: "ENOENT", and "No such file or directory"; "?" beyond the last. */
const char *wasi_errno_name(enum wasi_errno e);
const char *wasi_errno_text(enum wasi_errno e);

#endif
