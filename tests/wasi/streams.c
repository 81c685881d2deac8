/*
 * Pipes, terminals, sockets, clocks and large directories through the entry functions; what waits
 * is run with the ring and without it and must answer alike.
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "runtime/base/num.h"
#include "tests/util/enclose.h"
#include "tests/util/file.h"
#include "tests/wasi/guest.h"
#include "wasi-iouring/poll.h"

#define SUBS 4096u
#define EVENTS 32768u

static void sub_clock(struct guest *g, uint32_t i, uint32_t clock, uint64_t timeout, uint16_t flags)
{
	struct wasi_subscription s = { .userdata = 1000 + i, .tag = WASI_EVENT_CLOCK };

	s.clock.id = clock;
	s.clock.timeout = timeout;
	s.clock.flags = flags;
	memcpy(g->head.mem0 + SUBS + i * sizeof(s), &s, sizeof(s));
}

static void sub_fd(struct guest *g, uint32_t i, uint8_t tag, uint32_t fd)
{
	struct wasi_subscription s = { .userdata = 1000 + i, .tag = tag };

	s.rw.fd = fd;
	memcpy(g->head.mem0 + SUBS + i * sizeof(s), &s, sizeof(s));
}

/* poll_oneoff of n subscriptions: how many events, or -errno. */
static int poll_n(struct guest *g, uint32_t n)
{
	int e = CALL(g, poll_oneoff, SUBS, EVENTS, n, GUEST_RET);

	return e ? -e : (int)guest_u32(g, GUEST_RET);
}

static struct wasi_event event(struct guest *g, uint32_t i)
{
	struct wasi_event ev;

	memcpy(&ev, g->head.mem0 + EVENTS + i * sizeof(ev), sizeof(ev));
	return ev;
}

static uint64_t clock_ns(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* Pipes before Linux 6.4, and the drivers of many devices. */
static void take_nowait_away(void)
{
	static const struct test_deny rows[] = {
		{ SYS_preadv2, -1, 0, false, EOPNOTSUPP },
		{ SYS_pwritev2, -1, 0, false, EOPNOTSUPP },
	};

	ck_assert(test_deny(rows, ARRAY_SIZE(rows)));
}

START_TEST(pipes)
{
	struct guest g;
	int in[2], out[2];

	if (_i)
		take_nowait_away();
	ck_assert_int_eq(pipe(in) | pipe(out), 0);
	dup2(in[0], 0);
	dup2(out[1], 1);
	close(in[0]);
	close(out[1]);
	guest_init(&g, false, 0);
	ck_assert_int_eq(CALL(&g, fd_fdstat_get, 0, GUEST_DATA), 0);
	ck_assert_uint_eq(g.head.mem0[GUEST_DATA], WASI_TYPE_UNKNOWN);
	ck_assert_int_eq(guest_write(&g, 0, "x"), -WASI_EBADF);
	ck_assert_int_eq(guest_read(&g, 1, 1), -WASI_EBADF);
	ck_assert_int_eq(CALL(&g, fd_seek, 0, 0, WASI_SEEK_CUR, GUEST_RET), WASI_ESPIPE);
	ck_assert_int_eq(CALL(&g, fd_tell, 0, GUEST_RET), WASI_ESPIPE);
	guest_iov(&g, 32, GUEST_DATA, 1);
	ck_assert_int_eq(CALL(&g, fd_pread, 0, 32, 1, 0, GUEST_RET), WASI_ESPIPE);
	ck_assert_int_eq(CALL(&g, fd_fdstat_set_flags, 0, WASI_FD_NONBLOCK), 0);
	ck_assert_int_eq(guest_read(&g, 0, 1), -WASI_EAGAIN);
	ck_assert_int_eq(fcntl(0, F_GETFL) & O_NONBLOCK, 0);
	ck_assert_int_eq(write(in[1], "hello", 5), 5);
	ck_assert_int_eq(guest_read(&g, 0, 100), 5);
	ck_assert_int_eq(CALL(&g, fd_fdstat_set_flags, 0, 0), 0);
	close(in[1]);
	ck_assert_int_eq(guest_read(&g, 0, 100), 0);

	/* a full pipe */
	ck_assert_int_eq(CALL(&g, fd_fdstat_set_flags, 1, WASI_FD_NONBLOCK), 0);
	guest_iov(&g, 32, GUEST_DATA, 262144);
	ck_assert_int_eq(CALL(&g, fd_write, 1, 32, 1, GUEST_RET), 0);
	ck_assert_uint_eq(guest_u32(&g, GUEST_RET), 65536);
	ck_assert_int_eq(guest_write(&g, 1, "x"), -WASI_EAGAIN);
	close(out[0]);
	ck_assert_int_eq(guest_write(&g, 1, "x"), -WASI_EPIPE);
	guest_done(&g);
}
END_TEST

/*
 * An inherited descriptor that somebody set O_NONBLOCK on: the guest, told so, may ask for waiting
 * and gets it.
 */
START_TEST(inherited_nonblock)
{
	struct guest g;
	int in[2];

	ck_assert_int_eq(pipe2(in, O_NONBLOCK), 0);
	dup2(in[0], 0);
	guest_init(&g, false, 0);
	ck_assert_int_eq(CALL(&g, fd_fdstat_get, 0, GUEST_DATA), 0);
	ck_assert_uint_eq(guest_u32(&g, GUEST_DATA) >> 16, WASI_FD_NONBLOCK);
	ck_assert_int_eq(guest_read(&g, 0, 1), -WASI_EAGAIN);
	ck_assert_int_eq(CALL(&g, fd_fdstat_set_flags, 0, 0), 0);
	if (!fork()) {
		usleep(20000);
		_exit(write(in[1], "late", 4) != 4);
	}
	ck_assert_int_eq(guest_read(&g, 0, 10), 4);
	guest_done(&g);
}
END_TEST

/* A regular file as standard output: its offset is shared with who started us. */
START_TEST(standard_file)
{
	struct guest g;
	char path[] = "/tmp/wsbox-wasi-std-XXXXXX", buf[32] = "";
	int fd = mkstemp(path);

	unlink(path);
	ck_assert_int_eq(write(fd, "before ", 7), 7);
	dup2(fd, 1);
	guest_init(&g, false, 0);
	ck_assert_int_eq(guest_write(&g, 1, "guest"), 5);
	ck_assert_int_eq(write(fd, " after", 6), 6);
	ck_assert_int_eq(CALL(&g, fd_tell, 1, GUEST_RET), 0);
	ck_assert_uint_eq(guest_u64(&g, GUEST_RET), 18);
	ck_assert_int_eq(CALL(&g, fd_seek, 1, 2, WASI_SEEK_SET, GUEST_RET), 0);
	ck_assert_int_eq(lseek(fd, 0, SEEK_CUR), 2);
	ck_assert_int_eq(pread(fd, buf, 31, 0), 18);
	ck_assert_str_eq(buf, "before guest after");
	guest_done(&g);
}
END_TEST

/*
 * Where a write goes is by the guest's flags;
 * those of the open file, which others use, stay as they are.
 */
START_TEST(append_of_one)
{
	struct guest g;
	char path[] = "/tmp/wsbox-wasi-app-XXXXXX", buf[32] = "";
	int fd = mkostemp(path, _i ? O_APPEND : 0);

	unlink(path);
	ck_assert_int_eq(write(fd, "0123456789", 10), 10);
	dup2(fd, 1);
	guest_init(&g, false, 0);
	ck_assert_int_eq(CALL(&g, fd_fdstat_get, 1, GUEST_DATA), 0);
	ck_assert_uint_eq(guest_u32(&g, GUEST_DATA) >> 16, _i ? WASI_FD_APPEND : 0);
	ck_assert_int_eq(CALL(&g, fd_fdstat_set_flags, 1, 0), 0);
	ck_assert_int_eq(CALL(&g, fd_seek, 1, 2, WASI_SEEK_SET, GUEST_RET), 0);
	if (guest_write(&g, 1, "abc") == -WASI_ENOTSUP) {
		printf("skipped: no RWF_NOAPPEND before Linux 6.9\n");
		exit(0);
	}
	guest_iov(&g, 200, GUEST_DATA, 1);
	ck_assert_int_eq(CALL(&g, fd_pwrite, 1, 200, 1, 7, GUEST_RET), 0);
	ck_assert_int_eq(lseek(fd, 0, SEEK_CUR), 5);
	ck_assert_int_eq(CALL(&g, fd_fdstat_set_flags, 1, WASI_FD_APPEND | WASI_FD_DSYNC), 0);
	ck_assert_int_eq(guest_write(&g, 1, "end"), 3);
	ck_assert_int_eq(pread(fd, buf, 31, 0), 13);
	ck_assert_str_eq(buf, "01abc56a89end");
	ck_assert_int_eq(fcntl(fd, F_GETFL) & O_APPEND, _i ? O_APPEND : 0);
	guest_done(&g);
}
END_TEST

/* libc takes a character device without the rights to seek and tell for a terminal. */
START_TEST(devices)
{
	struct guest g;
	int null = open("/dev/null", O_RDWR), terminal = open("/dev/ptmx", O_RDWR | O_NOCTTY);

	dup2(null, 0);
	if (terminal >= 0)
		dup2(terminal, 1);
	guest_init(&g, false, 0);
	ck_assert_int_eq(CALL(&g, fd_fdstat_get, 0, GUEST_DATA), 0);
	ck_assert_uint_eq(g.head.mem0[GUEST_DATA], WASI_TYPE_CHARACTER);
	ck_assert_uint_ne(guest_u64(&g, GUEST_DATA + 8) & WASI_RIGHT_FD_SEEK, 0);
	ck_assert_int_eq(guest_read(&g, 0, 1), 0);
	ck_assert_int_eq(guest_write(&g, 0, "x"), 1);
	if (terminal >= 0) {
		ck_assert_int_eq(CALL(&g, fd_fdstat_get, 1, GUEST_DATA), 0);
		ck_assert_uint_eq(g.head.mem0[GUEST_DATA], WASI_TYPE_CHARACTER);
		ck_assert_uint_eq(guest_u64(&g, GUEST_DATA + 8) &
					  (WASI_RIGHT_FD_SEEK | WASI_RIGHT_FD_TELL),
				  0);
		ck_assert_int_eq(CALL(&g, fd_fdstat_set_flags, 1, WASI_FD_NONBLOCK), 0);
		ck_assert_int_eq(guest_read(&g, 1, 1), -WASI_EAGAIN);
	}
	guest_done(&g);
}
END_TEST

START_TEST(fifo)
{
	struct guest g;
	char path[160];
	int fd;

	guest_init(&g, false, 0);
	snprintf(path, sizeof(path), "%s/fifo", g.dir);
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	fd = guest_open(&g, "fifo", "rw", 0, 0);
	ck_assert_int_ge(fd, 4);
	ck_assert_int_eq(guest_write(&g, fd, "abc"), 3);
	ck_assert_int_eq(guest_read(&g, fd, 10), 3);
	ck_assert_int_eq(CALL(&g, fd_seek, fd, 0, WASI_SEEK_SET, GUEST_RET), WASI_ESPIPE);
	ck_assert_int_eq(CALL(&g, fd_close, fd), 0);
	fd = guest_open(&g, "fifo", "r", 0, WASI_FD_NONBLOCK);
	sub_fd(&g, 0, WASI_EVENT_READ, (uint32_t)fd);
	sub_clock(&g, 1, WASI_CLOCK_MONOTONIC, 1000000, 0);
	ck_assert_int_eq(poll_n(&g, 2), 1);
	ck_assert_int_eq(event(&g, 0).type, WASI_EVENT_CLOCK);
	guest_done(&g);
}
END_TEST

START_TEST(clocks)
{
	struct guest g;
	uint64_t t;

	guest_init(&g, _i, 0);
	for (int i = 0; i < WASI_CLOCKS; i++) {
		ck_assert_int_eq(CALL(&g, clock_time_get, i, 0, GUEST_RET), 0);
		ck_assert_uint_gt(guest_u64(&g, GUEST_RET), 0);
		ck_assert_int_eq(CALL(&g, clock_res_get, i, GUEST_RET), 0);
		ck_assert_uint_eq(guest_u64(&g, GUEST_RET), 1);
	}
	ck_assert_int_eq(CALL(&g, clock_time_get, 4, 0, GUEST_RET), WASI_EINVAL);
	ck_assert_int_eq(CALL(&g, clock_time_get, 0, 0, GUEST_MEMORY - 4), WASI_EFAULT);
	ck_assert_int_eq(poll_n(&g, 0), -WASI_EINVAL);
	ck_assert_int_eq(poll_n(&g, 1u << 28), -WASI_EINVAL);

	t = clock_ns(CLOCK_MONOTONIC);
	sub_clock(&g, 0, WASI_CLOCK_MONOTONIC, 5000000, 0);
	ck_assert_int_eq(poll_n(&g, 1), 1);
	ck_assert_uint_eq(event(&g, 0).userdata, 1000);
	ck_assert_uint_ge(clock_ns(CLOCK_MONOTONIC) - t, 5000000);
	t = clock_ns(CLOCK_REALTIME);
	sub_clock(&g, 0, WASI_CLOCK_REALTIME, t + 3000000, WASI_CLOCK_ABSTIME);
	sub_clock(&g, 1, WASI_CLOCK_MONOTONIC, 3600ull * 1000000000, 0);
	ck_assert_int_eq(poll_n(&g, 2), 1);
	ck_assert_uint_ge(clock_ns(CLOCK_REALTIME), t + 3000000);
	/* the past, and never */
	sub_clock(&g, 0, WASI_CLOCK_MONOTONIC, 0, WASI_CLOCK_ABSTIME);
	sub_clock(&g, 1, WASI_CLOCK_MONOTONIC, UINT64_MAX, 0);
	ck_assert_int_eq(poll_n(&g, 2), 1);
	sub_clock(&g, 0, WASI_CLOCK_PROCESS, 0, 0);
	ck_assert_int_eq(poll_n(&g, 1), -WASI_ENOTSUP);
	sub_clock(&g, 0, WASI_CLOCKS, 0, 0);
	ck_assert_int_eq(poll_n(&g, 1), -WASI_EINVAL);
	sub_clock(&g, 0, 0, 0, 2);
	ck_assert_int_eq(poll_n(&g, 1), -WASI_EINVAL);
	sub_fd(&g, 0, 3, 0);
	ck_assert_int_eq(poll_n(&g, 1), -WASI_EINVAL);
	guest_done(&g);
}
END_TEST

/* Files and bad numbers among the subscriptions; _i: with the ring. */
START_TEST(poll_mixed)
{
	struct guest g;
	int fd;

	guest_init(&g, _i, 0);
	fd = guest_open(&g, "f", "rw", WASI_O_CREAT, 0);
	ck_assert_int_eq(guest_write(&g, fd, "12345"), 5);
	ck_assert_int_eq(CALL(&g, fd_seek, fd, 2, WASI_SEEK_SET, GUEST_RET), 0);
	sub_fd(&g, 0, WASI_EVENT_READ, (uint32_t)fd);
	sub_fd(&g, 1, WASI_EVENT_WRITE, 77);
	sub_clock(&g, 2, WASI_CLOCK_MONOTONIC, 3600ull * 1000000000, 0);
	ck_assert_int_eq(poll_n(&g, 3), 2);
	ck_assert_int_eq(event(&g, 0).type, WASI_EVENT_READ);
	ck_assert_uint_eq(event(&g, 0).nbytes, 3);
	ck_assert_int_eq(event(&g, 1).error, WASI_EBADF);
	ck_assert_int_eq(CALL(&g, fd_fdstat_set_rights, fd, WASI_RIGHT_FD_READ, 0), 0);
	ck_assert_int_eq(poll_n(&g, 1), 1);
	ck_assert_int_eq(event(&g, 0).error, WASI_ENOTCAPABLE);
	guest_done(&g);
}
END_TEST

#define PAIRS 40

/* A guest with PAIRS stream sockets from 3; peers[] are the other ends. */
static void sockets_init(struct guest *g, bool ring, int peers[PAIRS], int type)
{
	static int own[PAIRS];
	struct wasi_preopen none;
	struct wasi_config config = {
		.ring = ring, .nsockets = PAIRS, .sockets = own, .preopens = &none
	};

	for (int i = 0; i < PAIRS; i++) {
		int pair[2];

		ck_assert_int_eq(socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, pair), 0);
		own[i] = pair[0];
		peers[i] = pair[1];
	}
	guest_init_with(g, &config);
	if (ring && !wasi_ring(g->w))
		printf("skipped: no io_uring here\n");
}

START_TEST(poll_many)
{
	struct guest g;
	int peers[PAIRS];

	sockets_init(&g, _i, peers, SOCK_STREAM);
	_Static_assert(PAIRS >= WASI_POLL_RING_MIN, "enough for the ring");
	for (uint32_t i = 0; i < PAIRS; i++)
		sub_fd(&g, i, WASI_EVENT_READ, 3 + i);
	sub_clock(&g, PAIRS, WASI_CLOCK_MONOTONIC, 2000000, 0);
	ck_assert_int_eq(poll_n(&g, PAIRS + 1), 1);
	ck_assert_int_eq(event(&g, 0).type, WASI_EVENT_CLOCK);

	ck_assert_int_eq(write(peers[7], "abc", 3), 3);
	ck_assert_int_eq(poll_n(&g, PAIRS + 1), 1);
	ck_assert_uint_eq(event(&g, 0).userdata, 1007);
	/* still unread: ready again; read: not ready */
	ck_assert_int_eq(poll_n(&g, PAIRS + 1), 1);
	ck_assert_int_eq(guest_read(&g, 3 + 7, 100), 3);
	ck_assert_int_eq(poll_n(&g, PAIRS + 1), 1);
	ck_assert_int_eq(event(&g, 0).type, WASI_EVENT_CLOCK);

	/* became ready and was read between two polls: must not show */
	ck_assert_int_eq(write(peers[9], "x", 1), 1);
	ck_assert_int_eq(guest_read(&g, 3 + 9, 100), 1);
	ck_assert_int_eq(poll_n(&g, PAIRS + 1), 1);
	ck_assert_int_eq(event(&g, 0).type, WASI_EVENT_CLOCK);

	/* closed by the peer, and by us: the file is let go */
	close(peers[3]);
	ck_assert_int_eq(poll_n(&g, PAIRS + 1), 1);
	ck_assert_uint_eq(event(&g, 0).userdata, 1003);
	ck_assert_uint_eq(event(&g, 0).flags, WASI_HANGUP);
	ck_assert_int_eq(guest_read(&g, 3 + 3, 100), 0);
	ck_assert_int_eq(CALL(&g, fd_close, 3 + 5), 0);
	ck_assert_int_eq(read(peers[5], &(char){ 0 }, 1), 0);
	ck_assert_int_eq(CALL(&g, fd_renumber, 3 + 6, 3 + 8), 0);
	ck_assert_int_eq(read(peers[8], &(char){ 0 }, 1), 0);
	ck_assert_int_eq(poll_n(&g, PAIRS + 1), 3);
	for (uint32_t i = 0; i < 3; i++)
		ck_assert_int_eq(event(&g, i).error,
				 event(&g, i).userdata == 1003 ? 0 : WASI_EBADF);
	ck_assert_int_eq(write(peers[6], "y", 1), 1);
	ck_assert_int_eq(poll_n(&g, PAIRS + 1), 4);

	/* writing is always possible; a full one is not */
	for (uint32_t i = 0; i < PAIRS; i++)
		sub_fd(&g, i, WASI_EVENT_WRITE, 3 + 20 + i % 20);
	ck_assert_int_eq(poll_n(&g, PAIRS + 1), PAIRS);
	guest_done(&g);
}
END_TEST

/* Woken in the middle of a wait. */
START_TEST(poll_wakes)
{
	struct guest g;
	int peers[PAIRS];

	sockets_init(&g, _i, peers, SOCK_STREAM);
	for (uint32_t i = 0; i < PAIRS; i++)
		sub_fd(&g, i, WASI_EVENT_READ, 3 + i);
	for (int round = 0; round < 3; round++) {
		if (!fork()) {
			usleep(10000);
			_exit(write(peers[11], "x", 1) != 1);
		}
		ck_assert_int_eq(poll_n(&g, PAIRS), 1);
		ck_assert_uint_eq(event(&g, 0).userdata, 1011);
		ck_assert_int_eq(guest_read(&g, 3 + 11, 1), 1);
	}
	guest_done(&g);
}
END_TEST

static int sock_io(struct guest *g, bool out, int fd, uint32_t iovs, uint32_t n, uint32_t flags)
{
	int e = out ? CALL(g, sock_send, fd, iovs, n, flags, GUEST_RET)
		    : CALL(g, sock_recv, fd, iovs, n, flags, GUEST_RET, GUEST_RET + 8);

	return e ? -e : (int)guest_u32(g, GUEST_RET);
}

START_TEST(sockets)
{
	struct guest g;
	int peers[PAIRS];
	char buf[64] = "";

	sockets_init(&g, false, peers, SOCK_STREAM);
	ck_assert_int_eq(CALL(&g, fd_fdstat_get, 3, GUEST_DATA), 0);
	ck_assert_uint_eq(g.head.mem0[GUEST_DATA], WASI_TYPE_SOCKET_STREAM);
	memcpy(g.head.mem0 + GUEST_DATA, "hello world", 11);
	guest_iov(&g, 200, GUEST_DATA, 6);
	guest_iov(&g, 208, GUEST_DATA + 6, 5);
	ck_assert_int_eq(sock_io(&g, true, 3, 200, 2, 0), 11);
	ck_assert_int_eq(read(peers[0], buf, 63), 11);
	ck_assert_str_eq(buf, "hello world");
	ck_assert_int_eq(sock_io(&g, true, 3, 200, 2, 1), -WASI_EINVAL);
	ck_assert_int_eq(write(peers[0], "0123456789", 10), 10);
	ck_assert_int_eq(sock_io(&g, false, 3, 200, 2, WASI_RECV_PEEK), 6);
	guest_iov(&g, 216, GUEST_DATA, 0);
	guest_iov(&g, 224, GUEST_DATA, 100);
	ck_assert_int_eq(sock_io(&g, false, 3, 216, 2, WASI_RECV_PEEK), 10);
	ck_assert_int_eq(sock_io(&g, false, 3, 200, 2, 0), 10);
	ck_assert_int_eq(sock_io(&g, false, 3, 200, 2, 4), -WASI_EINVAL);
	ck_assert_int_eq(CALL(&g, fd_fdstat_set_flags, 3, WASI_FD_NONBLOCK), 0);
	ck_assert_int_eq(sock_io(&g, false, 3, 200, 2, 0), -WASI_EAGAIN);
	ck_assert_int_eq(CALL(&g, sock_shutdown, 3, 0), WASI_EINVAL);
	ck_assert_int_eq(CALL(&g, sock_shutdown, 3, 4), WASI_EINVAL);
	ck_assert_int_eq(CALL(&g, sock_shutdown, 3, WASI_SHUT_WR), 0);
	ck_assert_int_eq(read(peers[0], buf, 1), 0);
	ck_assert_int_eq(sock_io(&g, true, 3, 200, 2, 0), -WASI_EPIPE);
	ck_assert_int_eq(CALL(&g, sock_accept, 4, 0, GUEST_RET), WASI_EINVAL);
	ck_assert_int_eq(CALL(&g, sock_accept, 1, 0, GUEST_RET), WASI_ENOTSOCK);
	ck_assert_int_eq(sock_io(&g, false, 0, 200, 2, 0), -WASI_ENOTSOCK);
	ck_assert_int_eq(CALL(&g, sock_shutdown, 1, 1), WASI_ENOTSOCK);
	guest_done(&g);
}
END_TEST

START_TEST(datagrams)
{
	struct guest g;
	int peers[PAIRS];

	sockets_init(&g, false, peers, SOCK_DGRAM);
	guest_iov(&g, 200, GUEST_DATA, 4);
	ck_assert_int_eq(CALL(&g, fd_fdstat_get, 3, GUEST_DATA), 0);
	ck_assert_uint_eq(g.head.mem0[GUEST_DATA], WASI_TYPE_SOCKET_DGRAM);
	ck_assert_int_eq(write(peers[0], "0123456789", 10), 10);
	ck_assert_int_eq(sock_io(&g, false, 3, 200, 1, 0), 4);
	ck_assert_uint_eq(guest_u32(&g, GUEST_RET + 8) & 0xffff, WASI_ROFLAG_TRUNCATED);
	guest_done(&g);
}
END_TEST

START_TEST(accepting)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(a);
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | (_i ? SOCK_NONBLOCK : 0), 0);
	int client = socket(AF_INET, SOCK_STREAM, 0), fd;
	struct wasi_preopen none;
	struct wasi_config config = { .nsockets = 1, .sockets = &listener, .preopens = &none };
	struct guest g;

	ck_assert_int_eq(bind(listener, (struct sockaddr *)&a, len), 0);
	ck_assert_int_eq(listen(listener, 8), 0);
	ck_assert_int_eq(getsockname(listener, (struct sockaddr *)&a, &len), 0);
	guest_init_with(&g, &config);
	ck_assert_int_eq(CALL(&g, fd_fdstat_set_flags, 3, WASI_FD_NONBLOCK), 0);
	ck_assert_int_eq(CALL(&g, sock_accept, 3, 0, GUEST_RET), WASI_EAGAIN);
	ck_assert_int_eq(connect(client, (struct sockaddr *)&a, len), 0);
	ck_assert_int_eq(CALL(&g, sock_accept, 3, WASI_FD_APPEND, GUEST_RET), WASI_EINVAL);
	/* the client's side stands first */
	ck_assert_int_eq(poll(&(struct pollfd){ listener, POLLIN, 0 }, 1, -1), 1);
	ck_assert_int_eq(CALL(&g, sock_accept, 3, WASI_FD_NONBLOCK, GUEST_RET), 0);
	fd = (int)guest_u32(&g, GUEST_RET);
	ck_assert_int_eq(fd, 4);
	ck_assert_int_eq(guest_read(&g, fd, 1), -WASI_EAGAIN);
	ck_assert_int_eq(guest_write(&g, fd, "hi"), 2);
	ck_assert_int_eq(read(client, &(char[2]){ 0 }, 2), 2);
	/* a guest that waits does so whatever the open socket does */
	ck_assert_int_eq(CALL(&g, fd_fdstat_set_flags, 3, 0), 0);
	client = socket(AF_INET, SOCK_STREAM, 0);
	if (!fork()) {
		usleep(20000);
		_exit(connect(client, (struct sockaddr *)&a, len) != 0);
	}
	ck_assert_int_eq(CALL(&g, sock_accept, 3, 0, GUEST_RET), 0);
	guest_done(&g);
}
END_TEST

#define ENTRIES 3000

/*
 * Lists fd with a buffer of `room` bytes, as libc does: names are counted in seen[]. How many
 * entries.
 */
static int list_all(struct guest *g, int fd, uint32_t room, uint8_t seen[ENTRIES], bool remove)
{
	uint64_t cookie = 0;
	uint32_t used;
	int n = 0;

	memset(seen, 0, ENTRIES);
	do {
		uint32_t at = 0;

		ck_assert_int_eq(
			CALL(g, fd_readdir, fd, GUEST_DATA, room, (int64_t)cookie, GUEST_RET), 0);
		used = guest_u32(g, GUEST_RET);
		while (used - at >= sizeof(struct wasi_dirent)) {
			struct wasi_dirent d;
			char name[64] = "";

			memcpy(&d, g->head.mem0 + GUEST_DATA + at, sizeof(d));
			if (used - at < sizeof(d) + d.namlen)
				break;
			memcpy(name, g->head.mem0 + GUEST_DATA + at + sizeof(d), d.namlen);
			if (name[0] == 'n') {
				seen[atoi(name + 1)]++;
				ck_assert_int_eq(d.type, WASI_TYPE_REGULAR);
				if (remove && atoi(name + 1) % 2)
					ck_assert_int_eq(
						CALL(g, path_unlink_file, fd, STR(g, name)), 0);
			} else {
				ck_assert_int_eq(d.type, WASI_TYPE_DIRECTORY);
			}
			cookie = d.next;
			at += (uint32_t)sizeof(d) + d.namlen;
			n++;
		}
	} while (used == room);
	return n;
}

START_TEST(listing)
{
	static uint8_t seen[ENTRIES];
	struct guest g;
	struct stat st;
	char name[16];
	int fd, two;

	guest_init(&g, false, 0);
	stat(g.dir, &st);
	for (int i = 0; i < ENTRIES; i++) {
		snprintf(name, sizeof(name), "n%d", i);
		close(test_file(g.dir, name, NULL, 0));
	}
	fd = guest_open(&g, ".", "r", WASI_O_DIRECTORY, 0);
	two = guest_open(&g, ".", "r", WASI_O_DIRECTORY, 0);
	for (uint32_t room = 60; room < 70000; room = room * 3 + 1) {
		ck_assert_int_eq(list_all(&g, room % 2 ? fd : two, room, seen, false), ENTRIES + 2);
		for (int i = 0; i < ENTRIES; i++)
			ck_assert_int_eq(seen[i], 1);
	}
	/* removing what was listed disturbs nothing */
	ck_assert_int_eq(list_all(&g, fd, 4096, seen, true), ENTRIES + 2);
	for (int i = 0; i < ENTRIES; i++)
		ck_assert_int_eq(seen[i], 1);
	ck_assert_int_eq(list_all(&g, fd, 4096, seen, false), ENTRIES / 2 + 2);
	/* ".." shows the directory's own inode */
	ck_assert_int_eq(CALL(&g, fd_readdir, fd, GUEST_DATA, 100000, 0, GUEST_RET), 0);
	for (uint32_t at = GUEST_DATA, end = at + guest_u32(&g, GUEST_RET); at < end;
	     at += 24 + guest_u32(&g, at + 16)) {
		if (g.head.mem0[at + 24] == '.')
			ck_assert_uint_eq(guest_u64(&g, at + 8), st.st_ino);
	}
	ck_assert_int_eq(CALL(&g, fd_readdir, fd, GUEST_DATA, 10, 0, GUEST_RET), 0);
	ck_assert_uint_eq(guest_u32(&g, GUEST_RET), 10);
	ck_assert_int_eq(CALL(&g, fd_readdir, fd, GUEST_DATA, 0, 0, GUEST_RET), 0);
	ck_assert_int_eq(CALL(&g, fd_readdir, 3, GUEST_DATA, 100, 0, GUEST_RET), 0);
	ck_assert_int_eq(CALL(&g, fd_sync, 3), WASI_EBADF);
	ck_assert_int_eq(CALL(&g, fd_readdir, fd, GUEST_MEMORY - 10, 11, 0, GUEST_RET),
			 WASI_EFAULT);
	ck_assert_int_eq(CALL(&g, fd_readdir, fd, GUEST_DATA, 10, 0, GUEST_MEMORY), WASI_EFAULT);
	guest_done(&g);
}
END_TEST

START_TEST(others)
{
	struct guest g;

	guest_init(&g, false, 0);
	memset(g.head.mem0 + GUEST_DATA, 0, 64);
	ck_assert_int_eq(CALL(&g, random_get, GUEST_DATA, 64), 0);
	ck_assert(guest_u64(&g, GUEST_DATA) | guest_u64(&g, GUEST_DATA + 8));
	ck_assert_int_eq(CALL(&g, random_get, GUEST_MEMORY, 0), 0);
	ck_assert_int_eq(CALL(&g, random_get, GUEST_MEMORY - 1, 2), WASI_EFAULT);
	ck_assert_int_eq(CALL(&g, random_get, 0, GUEST_MEMORY), 0);
	guest_done(&g);
	guest_init(&g, false, 0);
	ck_assert_int_eq(guest_call(&g, WASI_CALL_sched_yield, NULL, 0), 0);
	ck_assert_int_eq(CALL(&g, proc_raise, 9), WASI_ENOTSUP);
	ck_assert_int_eq(CALL(&g, proc_exit, 200), -200);
	guest_done(&g);
}
END_TEST

UNIT_ROWS("wasi streams", { .test = pipes, .times = 2 }, { .test = inherited_nonblock },
	  { .test = standard_file }, { .test = append_of_one, .times = 2 }, { .test = devices },
	  { .test = fifo }, { .test = sockets }, { .test = datagrams },
	  { .test = accepting, .times = 2 }, { .test = listing }, { .test = others },
	  { .test = clocks, .times = 2 }, { .test = poll_mixed, .times = 2 },
	  { .test = poll_many, .times = 2 }, { .test = poll_wakes, .times = 2 })
