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
	X(2BIG) X(ACCES) X(ADDRINUSE) X(ADDRNOTAVAIL) X(AFNOSUPPORT) X(AGAIN) X(ALREADY) X(BADF) X(BADMSG) X(BUSY) \
	X(CANCELED) X(CHILD) X(CONNABORTED) X(CONNREFUSED) X(CONNRESET) X(DEADLK) X(DESTADDRREQ) X(DOM) X(DQUOT) \
	X(EXIST) X(FAULT) X(FBIG) X(HOSTUNREACH) X(IDRM) X(ILSEQ) X(INPROGRESS) X(INTR) X(INVAL) X(IO) X(ISCONN) \
	X(ISDIR) X(LOOP) X(MFILE) X(MLINK) X(MSGSIZE) X(MULTIHOP) X(NAMETOOLONG) X(NETDOWN) X(NETRESET) \
	X(NETUNREACH) X(NFILE) X(NOBUFS) X(NODEV) X(NOENT) X(NOEXEC) X(NOLCK) X(NOLINK) X(NOMEM) X(NOMSG) \
	X(NOPROTOOPT) X(NOSPC) X(NOSYS) X(NOTCONN) X(NOTDIR) X(NOTEMPTY) X(NOTRECOVERABLE) X(NOTSOCK) X(NOTSUP) \
	X(NOTTY) X(NXIO) X(OVERFLOW) X(OWNERDEAD) X(PERM) X(PIPE) X(PROTO) X(PROTONOSUPPORT) X(PROTOTYPE) X(RANGE) \
	X(ROFS) X(SPIPE) X(SRCH) X(STALE) X(TIMEDOUT) X(TXTBSY) X(XDEV)

enum wasi_errno {
	WASI_OK,
#define X(name) WASI_E##name,
	WASI_ERRNOS(X)
#undef X
	WASI_ENOTCAPABLE,
	WASI_ERRNO_MAX,
};

_Static_assert(WASI_EBADF == 8 && WASI_EINVAL == 28 && WASI_ENOENT == 44 && WASI_EPERM == 63 && WASI_ENOTCAPABLE == 76,
	       "witx numbers");

/* witx $rights, from bit 0. */
#define WASI_RIGHTS(X) \
	X(FD_DATASYNC) X(FD_READ) X(FD_SEEK) X(FD_FDSTAT_SET_FLAGS) X(FD_SYNC) X(FD_TELL) X(FD_WRITE) X(FD_ADVISE) \
	X(FD_ALLOCATE) X(PATH_CREATE_DIRECTORY) X(PATH_CREATE_FILE) X(PATH_LINK_SOURCE) X(PATH_LINK_TARGET) \
	X(PATH_OPEN) X(FD_READDIR) X(PATH_READLINK) X(PATH_RENAME_SOURCE) X(PATH_RENAME_TARGET) X(PATH_FILESTAT_GET) \
	X(PATH_FILESTAT_SET_SIZE) X(PATH_FILESTAT_SET_TIMES) X(FD_FILESTAT_GET) X(FD_FILESTAT_SET_SIZE) \
	X(FD_FILESTAT_SET_TIMES) X(PATH_SYMLINK) X(PATH_REMOVE_DIRECTORY) X(PATH_UNLINK_FILE) X(POLL_FD_READWRITE) \
	X(SOCK_SHUTDOWN) X(SOCK_ACCEPT)

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

_Static_assert(WASI_RIGHT_SOCK_ACCEPT == 1 << 29 && WASI_RIGHT_FD_READDIR == 1 << 14, "witx numbers");

enum wasi_filetype {
	WASI_TYPE_UNKNOWN, WASI_TYPE_BLOCK, WASI_TYPE_CHARACTER, WASI_TYPE_DIRECTORY, WASI_TYPE_REGULAR,
	WASI_TYPE_SOCKET_DGRAM, WASI_TYPE_SOCKET_STREAM, WASI_TYPE_SYMLINK,
};

enum wasi_fdflag {
	WASI_FD_APPEND = 1, WASI_FD_DSYNC = 2, WASI_FD_NONBLOCK = 4, WASI_FD_RSYNC = 8, WASI_FD_SYNC = 16,
	WASI_FD_FLAGS = 31,
};

enum wasi_oflag { WASI_O_CREAT = 1, WASI_O_DIRECTORY = 2, WASI_O_EXCL = 4, WASI_O_TRUNC = 8, WASI_O_FLAGS = 15 };
enum wasi_lookup { WASI_LOOKUP_FOLLOW = 1 };
enum wasi_fstflag { WASI_FST_ATIM = 1, WASI_FST_ATIM_NOW = 2, WASI_FST_MTIM = 4, WASI_FST_MTIM_NOW = 8 };
enum wasi_whence { WASI_SEEK_SET, WASI_SEEK_CUR, WASI_SEEK_END };
enum wasi_clock { WASI_CLOCK_REALTIME, WASI_CLOCK_MONOTONIC, WASI_CLOCK_PROCESS, WASI_CLOCK_THREAD, WASI_CLOCKS };
enum wasi_event_type { WASI_EVENT_CLOCK, WASI_EVENT_READ, WASI_EVENT_WRITE, WASI_EVENTS };
enum wasi_riflag { WASI_RECV_PEEK = 1, WASI_RECV_WAITALL = 2, WASI_RECV_FLAGS = 3 };
enum wasi_sdflag { WASI_SHUT_RD = 1, WASI_SHUT_WR = 2 };
#define WASI_ADVICES 6
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

_Static_assert(sizeof(struct wasi_fdstat) == 24 && sizeof(struct wasi_filestat) == 64 && sizeof(struct wasi_dirent) == 24 &&
	       sizeof(struct wasi_subscription) == 48 && sizeof(struct wasi_event) == 32 && sizeof(struct wasi_iovec) == 8,
	       "sizes of the witx records");

/* A negative errno of Linux as a guest sees it; 0 for numbers that are not negative. */
enum wasi_errno wasi_errno(long result);

/* "ENOENT", for traces; "?" beyond the last. */
const char *wasi_errno_name(enum wasi_errno e);

#endif
