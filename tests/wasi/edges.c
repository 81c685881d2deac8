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
#include "wasi-iouring/attr.h"

#define SUBS 4096u
#define EVENTS 32768u
#define LIST 200u	/* iovecs */

/* The host's name of something below 3. */
static const char *host(const struct guest *g, const char *name)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/%s", g->dir, name);
	return path;
}

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

/* What WASI's unsigned nanoseconds cannot say: before 1970 is 1970, after 2554 the last of them. */
START_TEST(times)
{
	struct timespec t[2] = { { -5, 999999999 }, { -1, 0 } };
	struct guest g;

	guest_init(&g, false, 0);
	ck_assert_int_ge(guest_open(&g, "f", "rw", WASI_O_CREAT, 0), 0);
	ck_assert_int_eq(utimensat(AT_FDCWD, host(&g, "f"), t, 0), 0);
	ck_assert_int_eq(CALL(&g, path_filestat_get, 3, 0, STR(&g, "f"), GUEST_DATA), 0);
	ck_assert_uint_eq(guest_u64(&g, GUEST_DATA + 40), 0);
	ck_assert_uint_eq(guest_u64(&g, GUEST_DATA + 48), 0);
	for (int64_t s = 18446744072; s <= 18446744074; s++) {
		const struct timespec late = { s, 709551616 };

		ck_assert_uint_eq(wasi_attr_ns(&late), s < 18446744073 ?
				  (uint64_t)s * 1000000000 + 709551616 : UINT64_MAX);
	}
	guest_done(&g);
}
END_TEST

/* The block that the shared tests of clocks look at: calls of the wall clock, and its error. */
static struct {
	uint64_t calls;
	int64_t ahead;		/* seconds, at the first call only */
} *wall;

int clock_gettime(clockid_t id, struct timespec *t)
{
	long r = syscall(SYS_clock_gettime, id, t);

	if (wall)
		wall->calls++;
	if (wall && id == CLOCK_REALTIME) {
		t->tv_sec += wall->ahead;
		wall->ahead = 0;
	}
	return (int)r;
}

static void wall_begin(int64_t ahead)
{
	wall = mmap(NULL, sizeof(*wall), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ck_assert(wall != MAP_FAILED);
	wall->ahead = ahead;
}

static void sub_clock(struct guest *g, uint32_t i, uint32_t clock, uint64_t timeout)
{
	struct wasi_subscription s = { .userdata = i, .tag = WASI_EVENT_CLOCK };

	s.clock.id = clock;
	s.clock.timeout = timeout;
	memcpy(g->head.mem0 + SUBS + i * sizeof(s), &s, sizeof(s));
}

/* How long is no matter of what time it is: somebody sets the clock back by an hour. */
START_TEST(clock_set_back)
{
	struct guest g;

	guest_init(&g, false, 0);
	for (uint32_t n = 1; n <= 2; n++) {
		wall_begin(3600);
		sub_clock(&g, 0, WASI_CLOCK_REALTIME, 1000000);
		sub_clock(&g, 1, WASI_CLOCK_REALTIME, 2000000);
		ck_assert_int_eq(CALL(&g, poll_oneoff, SUBS, EVENTS, n, GUEST_RET), 0);
	}
	guest_done(&g);
}
END_TEST

/* Two clocks that never come are slept for, not looked at again and again. */
START_TEST(never)
{
	struct guest g;
	pid_t child;

	guest_init(&g, false, 0);
	wall_begin(0);
	sub_clock(&g, 0, WASI_CLOCK_MONOTONIC, UINT64_MAX);
	sub_clock(&g, 1, WASI_CLOCK_MONOTONIC, UINT64_MAX);
	child = fork();
	if (!child)
		_exit(CALL(&g, poll_oneoff, SUBS, EVENTS, 2, GUEST_RET));
	ck_assert_int_gt(child, 0);
	while (!wall->calls)
		usleep(1000);
	usleep(50000);
	ck_assert_int_eq(waitpid(child, NULL, WNOHANG), 0);
	ck_assert_uint_lt(wall->calls, 20);
	ck_assert_int_eq(kill(child, SIGKILL), 0);
	ck_assert_int_eq(waitpid(child, NULL, 0), child);
	guest_done(&g);
}
END_TEST

/* A cookie that was never given is a place without entries or with some, and no error. */
START_TEST(cookies)
{
	static const int64_t odd[] = { 1, 3, 99, INT32_MAX, UINT32_MAX, INT64_MAX - 1, INT64_MAX,
				       INT64_MIN, -1 };
	struct guest g;
	int d;

	guest_init(&g, false, 0);
	for (int i = 0; i < 20; i++) {
		char name[16];

		snprintf(name, sizeof(name), "f%d", i);
		ck_assert_int_ge(guest_open(&g, name, "rw", WASI_O_CREAT, 0), 0);
	}
	d = guest_open(&g, ".", "r", WASI_O_DIRECTORY, 0);
	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		ck_assert_int_eq(CALL(&g, fd_readdir, d, GUEST_DATA, 4096, odd[i], GUEST_RET), 0);
		ck_assert_uint_le(guest_u32(&g, GUEST_RET), 4096);
	}
	ck_assert_int_eq(CALL(&g, fd_readdir, d, GUEST_DATA, 0, 0, GUEST_RET), 0);
	ck_assert_uint_eq(guest_u32(&g, GUEST_RET), 0);
	ck_assert_int_eq(CALL(&g, fd_readdir, d, GUEST_DATA, 4096, 0, GUEST_RET), 0);
	ck_assert_uint_gt(guest_u32(&g, GUEST_RET), 20 * 24);
	guest_done(&g);
}
END_TEST

/* Lists that do not fit change nothing, and end where memory ends. */
START_TEST(lists)
{
	static const char *const argv[] = { "one", "two" };
	struct wasi_config config = { .argc = 2, .argv = argv };
	struct guest g;

	guest_init_with(&g, &config);
	memset(g.head.mem0 + GUEST_MEMORY - 6, 0x55, 6);
	memset(g.head.mem0 + 100, 0x55, 8);
	ck_assert_int_eq(CALL(&g, args_get, 100, GUEST_MEMORY - 6), WASI_EFAULT);
	ck_assert_uint_eq(guest_u32(&g, 100), 0x55555555);
	ck_assert_uint_eq(guest_u32(&g, GUEST_MEMORY - 6), 0x55555555);
	ck_assert_int_eq(CALL(&g, args_get, 100, GUEST_MEMORY - 8), 0);
	guest_done(&g);
}
END_TEST

/* Below a read-only directory: first what Linux says first, then that it is read-only. */
START_TEST(readonly)
{
	struct wasi_preopen two[2] = { { .guest = "/" }, { .guest = "/ro", .readonly = true } };
	struct wasi_config config = { .npreopens = 2, .preopens = two };
	struct guest g;

	guest_init(&g, false, 0);
	ck_assert_int_eq(CALL(&g, path_create_directory, 3, STR(&g, "d")), 0);
	ck_assert_int_ge(guest_open(&g, "f", "rw", WASI_O_CREAT, 0), 4);
	two[0].fd = open(g.dir, O_RDONLY);
	two[1].fd = open(g.dir, O_RDONLY);
	wasi_free(g.w);
	ck_assert_int_eq(wasi_new(&config, NULL, &g.w, NULL), 0);
	ck_assert_int_eq(CALL(&g, path_create_directory, 4, STR(&g, "d")), WASI_EEXIST);
	ck_assert_int_eq(CALL(&g, path_create_directory, 4, STR(&g, "f")), WASI_EEXIST);
	ck_assert_int_eq(CALL(&g, path_create_directory, 4, STR(&g, "f/")), WASI_EEXIST);
	ck_assert_int_eq(CALL(&g, path_create_directory, 4, STR(&g, "n")), WASI_EROFS);
	ck_assert_int_eq(CALL(&g, path_symlink, STR(&g, "t"), 4, STR(&g, "d")), WASI_EEXIST);
	ck_assert_int_eq(CALL(&g, path_symlink, STR(&g, "t"), 4, STR(&g, "n")), WASI_EROFS);
	ck_assert_int_eq(CALL(&g, path_link, 4, 0, STR(&g, "f"), 4, STR(&g, "d")), WASI_EEXIST);
	ck_assert_int_eq(CALL(&g, path_link, 4, 0, STR(&g, "f"), 4, STR(&g, "n")), WASI_EROFS);
	ck_assert_int_eq(CALL(&g, path_link, 4, 0, STR(&g, "n"), 4, STR(&g, "m")), WASI_ENOENT);
#define TIMES(path, follow) CALL(&g, path_filestat_set_times, 4, follow, STR(&g, path), 1, 1, 5)
	ck_assert_int_eq(TIMES("n", 0), WASI_ENOENT);
	ck_assert_int_eq(TIMES("n", 1), WASI_ENOENT);
	ck_assert_int_eq(TIMES("f/", 1), WASI_ENOTDIR);
	ck_assert_int_eq(TIMES("d/..", 1), WASI_EROFS);
	ck_assert_int_eq(TIMES("..", 1), WASI_EPERM);
	ck_assert_int_eq(TIMES("f", 0), WASI_EROFS);
	guest_done(&g);
}
END_TEST

/* Leaving is PERM for those that would not wait, too. */
START_TEST(leaving)
{
	struct guest g;

	guest_init(&g, false, 0);
	ck_assert_int_eq(symlink("..", host(&g, "up")), 0);
	ck_assert_int_eq(guest_open(&g, "up/x", "r", 0, WASI_FD_NONBLOCK), -WASI_EPERM);
	ck_assert_int_eq(guest_open(&g, "up", "rf", 0, WASI_FD_NONBLOCK), -WASI_EPERM);
	ck_assert_int_eq(guest_open(&g, "up/../x", "r", 0, WASI_FD_NONBLOCK), -WASI_EPERM);
	guest_done(&g);
}
END_TEST

/* Opens "f" and leaves it these rights. */
static int open_with(struct guest *g, int64_t rights)
{
	int fd = guest_open(g, "f", "rw", WASI_O_CREAT, 0);

	ck_assert_int_ge(fd, 4);
	ck_assert_int_eq(CALL(g, fd_fdstat_set_rights, fd, rights, 0), 0);
	return fd;
}

static int poll_one(struct guest *g, int fd, uint8_t tag)
{
	struct wasi_subscription s = { .tag = tag };
	struct wasi_event ev;

	s.rw.fd = (uint32_t)fd;
	memcpy(g->head.mem0 + SUBS, &s, sizeof(s));
	ck_assert_int_eq(CALL(g, poll_oneoff, SUBS, EVENTS, 1, GUEST_RET), 0);
	memcpy(&ev, g->head.mem0 + EVENTS, sizeof(ev));
	return ev.error;
}

#define R(name) WASI_RIGHT_##name

/* witx's $rights: one to seek includes one to tell; at an offset takes both; a poll takes two. */
START_TEST(rights)
{
	struct guest g;
	int fd;

	guest_init(&g, false, 0);
	guest_iov(&g, LIST, GUEST_DATA, 1);
	fd = open_with(&g, R(FD_READ) | R(FD_WRITE) | R(POLL_FD_READWRITE));
	ck_assert_int_eq(CALL(&g, fd_read, fd, LIST, 1, GUEST_RET), 0);
	ck_assert_int_eq(CALL(&g, fd_write, fd, LIST, 1, GUEST_RET), 0);
	ck_assert_int_eq(CALL(&g, fd_pread, fd, LIST, 1, 0, GUEST_RET), WASI_ENOTCAPABLE);
	ck_assert_int_eq(CALL(&g, fd_pwrite, fd, LIST, 1, 0, GUEST_RET), WASI_ENOTCAPABLE);
	ck_assert_int_eq(CALL(&g, fd_tell, fd, GUEST_RET), WASI_ENOTCAPABLE);
	ck_assert_int_eq(poll_one(&g, fd, WASI_EVENT_READ), 0);
	ck_assert_int_eq(poll_one(&g, fd, WASI_EVENT_WRITE), 0);
	fd = open_with(&g, R(FD_SEEK) | R(FD_READ) | R(FD_WRITE));
	ck_assert_int_eq(CALL(&g, fd_tell, fd, GUEST_RET), 0);
	ck_assert_int_eq(CALL(&g, fd_seek, fd, 0, WASI_SEEK_CUR, GUEST_RET), 0);
	ck_assert_int_eq(CALL(&g, fd_pread, fd, LIST, 1, 0, GUEST_RET), 0);
	ck_assert_int_eq(CALL(&g, fd_pwrite, fd, LIST, 1, 0, GUEST_RET), 0);
	ck_assert_int_eq(poll_one(&g, fd, WASI_EVENT_READ), WASI_ENOTCAPABLE);
	fd = open_with(&g, R(FD_TELL) | R(FD_READ) | R(POLL_FD_READWRITE));
	ck_assert_int_eq(CALL(&g, fd_tell, fd, GUEST_RET), 0);
	ck_assert_int_eq(CALL(&g, fd_seek, fd, 0, WASI_SEEK_SET, GUEST_RET), WASI_ENOTCAPABLE);
	ck_assert_int_eq(poll_one(&g, fd, WASI_EVENT_READ), 0);
	ck_assert_int_eq(poll_one(&g, fd, WASI_EVENT_WRITE), WASI_ENOTCAPABLE);
	guest_done(&g);
}
END_TEST

/* What fd_fdstat_get does not show cannot be kept. */
START_TEST(rights_shown)
{
	struct guest g;
	int fd;

	guest_init(&g, false, 0);
	fd = guest_open(&g, "f", "rw", WASI_O_CREAT, 0);
	ck_assert_int_eq(CALL(&g, fd_fdstat_set_rights, fd, R(FD_READ) | R(PATH_OPEN), 0),
			 WASI_ENOTCAPABLE);
	ck_assert_int_eq(CALL(&g, fd_fdstat_set_rights, fd, R(FD_READ), R(FD_READ)),
			 WASI_ENOTCAPABLE);
	ck_assert_int_eq(CALL(&g, fd_fdstat_set_rights, fd, R(FD_READ), 0), 0);
	guest_done(&g);
}
END_TEST

/* To open a file so that each write is synced takes the right to sync it. */
START_TEST(rights_to_sync)
{
	static const struct {
		uint32_t left, flags;
		int e;
	} rows[] = {
		{ R(FD_SYNC) | R(FD_DATASYNC), WASI_FD_DSYNC | WASI_FD_RSYNC | WASI_FD_SYNC, 0 },
		{ R(FD_SYNC), WASI_FD_DSYNC, 0 },
		{ R(FD_DATASYNC), WASI_FD_DSYNC, 0 },
		{ R(FD_DATASYNC), WASI_FD_RSYNC, WASI_ENOTCAPABLE },
		{ R(FD_DATASYNC), WASI_FD_SYNC, WASI_ENOTCAPABLE },
		{ 0, WASI_FD_DSYNC, WASI_ENOTCAPABLE },
		{ 0, WASI_FD_APPEND | WASI_FD_NONBLOCK, 0 },
	};
	struct guest g;
	int d;

	guest_init(&g, false, 0);
	ck_assert_int_ge(guest_open(&g, "f", "rw", WASI_O_CREAT, 0), 4);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		d = guest_open(&g, ".", "r", WASI_O_DIRECTORY, 0);
		ck_assert_int_eq(CALL(&g, fd_fdstat_set_rights, d, R(PATH_OPEN),
				      R(FD_READ) | R(FD_WRITE) | rows[i].left), 0);
		ck_assert_int_eq(CALL(&g, path_open, d, 0, STR(&g, "f"), 0, R(FD_WRITE), 0,
				      rows[i].flags, GUEST_RET), rows[i].e);
	}
	guest_done(&g);
}
END_TEST

UNIT("wasi edges", offsets, times, clock_set_back, never, cookies, lists, readonly, leaving, rights,
     rights_shown, rights_to_sync)
