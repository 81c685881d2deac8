/*
 * Edges of single calls that no libc reaches: offsets and times at the ends of their types, clocks
 * that jump, cookies nobody was given, rights taken one by one, and which of two errors comes
 * first.
 */
#include "tests/unit/unit.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/wasi/guest.h"

#define SUBS 4096u
#define EVENTS 32768u
#define LIST 200u	/* iovecs */

/*
 * -1 is no offset: to the kernel's calls with several buffers it would mean the open file's own,
 * which the guest cannot see.
 */
START_TEST(offsets)
{
	static const int64_t none[] = { -1, INT64_MIN, -4096 };
	struct guest g;
	int fd;

	guest_init(&g, false, 0);
	fd = guest_open(&g, "f", "rw", WASI_O_CREAT, 0);
	ck_assert_int_eq(guest_write(&g, fd, "untouched"), 9);
	memcpy(g.head.mem0 + GUEST_DATA, "XY", 2);
	guest_iov(&g, LIST, GUEST_DATA, 1);
	guest_iov(&g, LIST + 8, GUEST_DATA + 1, 1);
	for (uint32_t i = 0; i < 18; i++) {
		int64_t at = none[i % 3];
		uint32_t n = i / 3 % 3, flags = i < 9 ? 0 : WASI_FD_SYNC;

		ck_assert_int_eq(CALL(&g, fd_fdstat_set_flags, fd, flags), 0);
		ck_assert_int_eq(CALL(&g, fd_pread, fd, LIST, n, at, GUEST_RET), WASI_EINVAL);
		ck_assert_int_eq(CALL(&g, fd_pwrite, fd, LIST, n, at, GUEST_RET), WASI_EINVAL);
	}
	ck_assert_int_eq(CALL(&g, fd_seek, fd, 0, WASI_SEEK_SET, GUEST_RET), 0);
	ck_assert_int_eq(guest_read(&g, fd, 100), 9);
	ck_assert_str_eq((char *)g.head.mem0 + GUEST_DATA, "untouched");
	guest_done(&g);
}
END_TEST

UNIT("wasi edges", offsets)
