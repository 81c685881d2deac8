/*
 * The kernel column of calls.h is true: each row is run in a process that may make only the calls
 * of that column, and dies of any other. With the ring, then without. Prints the rows that were
 * killed. And it says no more than is true: without one of its calls some step of the row dies.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/base/num.h"
#include "tests/util/file.h"
#include "tests/wasi/guest.h"
#include "wasi-iouring/poll.h"

/* Where strings and records lie in the guest's memory. */
enum {
	F = 4096, DX = 4100, NEW = 4104, SX = 4108, L = 4112, IOV = 4128, IOV2 = 4136, SUBS = 8192,
	POLLS = 5 + WASI_POLL_RING_MIN,
};

#define BUF GUEST_DATA
#define RET GUEST_RET
/*
 * Descriptors: the directory; a socket, a listener that does not wait, sockets; then what path_open
 * made: a file, a directory, a FIFO, an append-only file, one whose append ended, a FIFO and a
 * directory of which nothing has been asked yet, and a directory where nothing may change.
 *
 * Among the sockets: one whose driver knows no RWF_NOWAIT, and one that is full and empty for a
 * while.
 */
enum {
	DIR = 3, SOCK = 4, LISTENER = 5, UNKNOWING = LISTENER + 3, LATE,
	FILE_FD = LISTENER + WASI_POLL_RING_MIN, SUBDIR, FIFO, LOG, APPENDED, FRESH_FIFO, FRESH_DIR,
	RODIR,
};

struct step {
	enum wasi_call call;
	int64_t a[9];
};

#define STEP(name, ...) { WASI_CALL_##name, { __VA_ARGS__ } }
#define ALL_RIGHTS \
	(WASI_RIGHT_ALL & \
	 ~(WASI_RIGHT_FD_WRITE | WASI_RIGHT_FD_ALLOCATE | WASI_RIGHT_FD_FILESTAT_SET_SIZE))

static const struct step steps[] = {
	STEP(args_get, BUF, BUF), STEP(args_sizes_get, BUF, BUF), STEP(environ_get, BUF, BUF),
	STEP(environ_sizes_get, BUF, BUF),
	STEP(clock_res_get, 0, BUF), STEP(clock_time_get, 0, 0, BUF),
	STEP(clock_time_get, 1, 0, BUF),
	STEP(clock_time_get, 2, 0, BUF), STEP(clock_time_get, 3, 0, BUF),
	STEP(fd_advise, FILE_FD, 0, 10, 3), STEP(fd_allocate, FILE_FD, 0, 10),
	STEP(fd_close, FILE_FD), STEP(fd_close, SUBDIR),
	STEP(fd_close, SOCK), STEP(fd_close, LISTENER + 1),
	STEP(fd_datasync, FILE_FD), STEP(fd_fdstat_get, FILE_FD, BUF),
	STEP(fd_fdstat_get, FIFO, BUF),
	STEP(fd_fdstat_set_flags, FILE_FD, 7), STEP(fd_fdstat_set_flags, 0, 4),
	STEP(fd_fdstat_set_rights, FILE_FD, 2, 2),
	STEP(fd_filestat_get, FILE_FD, BUF), STEP(fd_filestat_get, 0, BUF),
	STEP(fd_filestat_set_size, FILE_FD, 5),
	STEP(fd_filestat_set_times, FILE_FD, 1, 2, 5), STEP(fd_filestat_set_times, 0, 1, 2, 5),
	STEP(fd_pread, FILE_FD, IOV, 1, 0, RET),
	STEP(fd_pread, FILE_FD, IOV, 2, 0, RET), STEP(fd_pread, 0, IOV, 1, 0, RET),
	STEP(fd_prestat_get, DIR, BUF),
	STEP(fd_prestat_dir_name, DIR, BUF, 10), STEP(fd_pwrite, FILE_FD, IOV, 1, 0, RET),
	STEP(fd_pwrite, FILE_FD, IOV, 2, 0, RET),
	STEP(fd_pwrite, LOG, IOV, 2, 0, RET), STEP(fd_read, FILE_FD, IOV, 1, RET),
	STEP(fd_read, FILE_FD, IOV, 2, RET),
	STEP(fd_read, 0, IOV, 1, RET), STEP(fd_read, 0, IOV, 2, RET),
	STEP(fd_read, FIFO, IOV, 1, RET), STEP(fd_read, SOCK, IOV, 1, RET),
	STEP(fd_read, SUBDIR, IOV, 1, RET), STEP(fd_read, LOG, IOV, 1, RET),
	STEP(fd_read, FRESH_FIFO, IOV, 1, RET), STEP(fd_read, UNKNOWING, IOV, 1, RET),
	STEP(fd_readdir, SUBDIR, BUF, 100, 0, RET), STEP(fd_readdir, SUBDIR, BUF, 100, 5, RET),
	STEP(fd_readdir, FRESH_DIR, BUF, 100, 0, RET),
	STEP(fd_readdir, SUBDIR, BUF, 9000, 0, RET),
	STEP(fd_renumber, FILE_FD, SUBDIR), STEP(fd_renumber, SOCK, LISTENER),
	STEP(fd_renumber, LISTENER + 1, LISTENER + 2),
	STEP(fd_seek, FILE_FD, 1, 0, RET),
	STEP(fd_seek, FILE_FD, 0, 2, RET), STEP(fd_seek, FILE_FD, 1ll << 50, 0, RET),
	STEP(fd_seek, 0, 0, 0, RET),
	STEP(fd_seek, FIFO, 0, 0, RET), STEP(fd_sync, FILE_FD), STEP(fd_sync, SUBDIR),
	STEP(fd_tell, FILE_FD, RET), STEP(fd_tell, LOG, RET),
	STEP(fd_write, FILE_FD, IOV, 1, RET), STEP(fd_write, FILE_FD, IOV, 2, RET),
	STEP(fd_write, LOG, IOV, 1, RET), STEP(fd_write, APPENDED, IOV, 1, RET),
	STEP(fd_write, FRESH_FIFO, IOV, 1, RET), STEP(fd_write, UNKNOWING, IOV, 1, RET),
	STEP(fd_write, SOCK, IOV, 1, RET), STEP(fd_write, SOCK, IOV, 2, RET),
	STEP(fd_write, FIFO, IOV, 1, RET),
	STEP(path_create_directory, DIR, NEW, 1), STEP(path_create_directory, DIR, DX, 3),
	STEP(path_create_directory, RODIR, NEW, 1), STEP(path_filestat_get, DIR, 1, F, 1, BUF),
	STEP(path_filestat_get, DIR, 1, SX, 3, BUF), STEP(path_filestat_get, DIR, 1, L, 1, BUF),
	STEP(path_filestat_set_times, DIR, 1, F, 1, 1, 2, 5),
	STEP(path_filestat_set_times, DIR, 0, SX, 3, 1, 2, 5),
	STEP(path_link, DIR, 0, F, 1, DIR, NEW, 1), STEP(path_link, DIR, 0, SX, 3, DIR, DX, 3),
	STEP(path_link, DIR, 0, F, 1, DIR, NEW, 2),
	STEP(path_open, DIR, 0, F, 1, 0, ALL_RIGHTS, 0, 0, RET),
	STEP(path_open, DIR, 1, L, 1, 0, ALL_RIGHTS, 0, 0, RET),
	STEP(path_open, DIR, 0, SX, 3, 1, ALL_RIGHTS, 0, 0, RET),
	STEP(path_open, RODIR, 0, SX + 2, 1, 0, WASI_RIGHT_FD_WRITE, 0, 0, RET),
	STEP(path_readlink, DIR, L, 1, BUF, 100, RET),
	STEP(path_readlink, DIR, SX, 3, BUF, 100, RET), STEP(path_remove_directory, DIR, SX, 1),
	STEP(path_remove_directory, DIR, DX, 3),
	STEP(path_rename, DIR, F, 1, DIR, NEW, 1), STEP(path_rename, DIR, SX, 3, DIR, DX, 3),
	STEP(path_rename, DIR, F, 2, DIR, NEW, 2),
	STEP(path_symlink, F, 1, DIR, NEW, 1), STEP(path_symlink, F, 1, DIR, NEW, 2),
	STEP(path_symlink, F, 1, DIR, DX, 3),
	STEP(path_unlink_file, DIR, F, 1), STEP(path_unlink_file, DIR, F, 2),
	STEP(path_unlink_file, DIR, SX, 3),
	STEP(poll_oneoff, SUBS, BUF, 1, RET), STEP(poll_oneoff, SUBS, BUF, 3, RET),
	STEP(poll_oneoff, SUBS, BUF, POLLS, RET),
	STEP(proc_raise, 1), STEP(random_get, BUF, 1000), STEP(sched_yield),
	STEP(sock_accept, LISTENER, 4, RET),
	STEP(sock_accept, LISTENER, 0, RET), STEP(sock_recv, SOCK, IOV, 1, 0, RET, BUF),
	STEP(sock_recv, FILE_FD, IOV, 1, 0, RET, BUF), STEP(sock_recv, LATE, IOV, 1, 0, RET, BUF),
	STEP(sock_send, LATE, IOV, 1, 0, RET),
	STEP(sock_send, SOCK, IOV, 2, 0, RET), STEP(sock_shutdown, SOCK, 2), STEP(proc_exit, 3),
};

/* calls, less one of them; NULL: all. */
static void allow_only(const char *calls, const char *but)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_KILL_PROCESS);
	char list[256], *save;

	snprintf(list, sizeof(list), "%s exit_group", calls);
	for (char *name = strtok_r(list, " ", &save); name; name = strtok_r(NULL, " ", &save)) {
		if (but && !strcmp(name, but))
			continue;
		if (seccomp_rule_add(ctx, SCMP_ACT_ALLOW, seccomp_syscall_resolve_name(name), 0))
			_exit(99);
	}
	if (seccomp_load(ctx))
		_exit(98);
}

static int listener(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM, 0), client = socket(AF_UNIX, SOCK_STREAM, 0);
	struct sockaddr_storage a = { .ss_family = AF_UNIX };
	socklen_t len = sizeof(a.ss_family);

	if (bind(fd, (struct sockaddr *)&a, len) || listen(fd, 2))
		_exit(97);
	len = sizeof(a);
	if (getsockname(fd, (struct sockaddr *)&a, &len) ||
	    connect(client, (struct sockaddr *)&a, len))
		_exit(97);
	return fd;
}

static void subscriptions(struct guest *g)
{
	for (uint32_t i = 0; i < POLLS; i++) {
		struct wasi_subscription s = { .tag = WASI_EVENT_READ };

		s.rw.fd = i == 1 ? FILE_FD : i == 2 ? FIFO : LISTENER - 2 + i;
		if (!i) {
			s.tag = WASI_EVENT_CLOCK;
			s.clock.id = 1;
			s.clock.timeout = 1000000;
		}
		memcpy(g->head.mem0 + SUBS + i * sizeof(s), &s, sizeof(s));
	}
}

static int late_peer;

/* What the steps expect to find. */
static void world(struct guest *g, bool ring)
{
	static int sockets[1 + WASI_POLL_RING_MIN];
	struct wasi_config config = {
		.ring = ring, .nsockets = ARRAY_SIZE(sockets), .sockets = sockets
	};
	char path[160];
	int in[2], pair[2];

	if (pipe(in) || dup2(in[0], 0) || write(in[1], "0123456789", 10) != 10 ||
	    socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
		_exit(96);
	sockets[0] = pair[0];
	sockets[1] = listener();
	if (write(pair[1], "0123456789", 10) != 10)
		_exit(96);
	for (size_t i = 2; i < ARRAY_SIZE(sockets); i++) {
		if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
			_exit(96);
		sockets[i] = pair[0];
		if (SOCK + i == LATE)
			late_peer = pair[1];
	}
	guest_init_with(g, &config);
	memcpy(g->head.mem0 + F, "f/\0\0d/x\0n/\0\0d/y\0l", 17);
	guest_iov(g, IOV, BUF, 3);
	guest_iov(g, IOV2, BUF + 8, 3);
	subscriptions(g);
	snprintf(path, sizeof(path), "%s/p", g->dir);
	mkfifo(path, 0600);
	snprintf(path, sizeof(path), "%s/d", g->dir);
	mkdir(path, 0700);
	strcat(path, "/y");
	mkdir(path, 0700);
	close(test_file(g->dir, "f", NULL, 0));
	snprintf(path, sizeof(path), "%s/l", g->dir);
	if (symlink("f", path))
		_exit(96);
}

static void open_as(struct guest *g, int want, const char *path, uint32_t more_rights, int oflags,
		    int fdflags)
{
	if (CALL(g, path_open, DIR, 0, STR(g, path), oflags, ALL_RIGHTS | more_rights,
		 WASI_RIGHT_ALL, fdflags, RET) ||
	    (int)guest_u32(g, RET) != want)
		_exit(95);
}

/* What the steps find opened. */
static void openings(struct guest *g)
{
	struct wasi_fd *fds = g->w->fds;

	open_as(g, FILE_FD, "f", WASI_RIGHT_ALL, 0, 0);
	open_as(g, SUBDIR, "d", 0, WASI_O_DIRECTORY, 0);
	open_as(g, FIFO, "p", WASI_RIGHT_ALL, 0, 0);
	(void)guest_write(g, FIFO, "abcdefgh");
	open_as(g, LOG, "log", WASI_RIGHT_ALL, WASI_O_CREAT, WASI_FD_APPEND);
	(void)guest_write(g, LOG, "x");
	open_as(g, APPENDED, "log", WASI_RIGHT_ALL, 0, WASI_FD_APPEND);
	(void)guest_write(g, APPENDED, "x");
	CALL(g, fd_fdstat_set_flags, APPENDED, 0);
	open_as(g, FRESH_FIFO, "p", WASI_RIGHT_ALL, 0, 0);
	open_as(g, FRESH_DIR, "d", 0, 0, 0);
	open_as(g, RODIR, "d", 0, WASI_O_DIRECTORY, 0);
	fds[RODIR].state |= WASI_STATE_READONLY;
	fds[UNKNOWING].state |= WASI_STATE_NO_NOWAIT;
	fds[UNKNOWING].fdflags = fds[LISTENER].fdflags = WASI_FD_NONBLOCK;
}

/* The socket LATE cannot send, nor has it anything to receive, until a process has slept. */
static void be_late(int host, int peer)
{
	char buf[4096] = "";

	fcntl(host, F_SETFL, O_NONBLOCK);
	while (write(host, buf, sizeof(buf)) > 0)
		;
	if (fork())
		return;
	fcntl(peer, F_SETFL, O_NONBLOCK);
	usleep(10000);
	while (read(peer, buf, sizeof(buf)) > 0)
		;
	_exit(write(peer, buf, 1) != 1);
}

/* In a child that may not make the call `but`: 0 if the step was not killed. */
static int run_step(const struct step *s, bool ring, const char *but)
{
	struct guest g;
	int status;
	pid_t pid = fork();

	if (!pid) {
		world(&g, ring);
		openings(&g);
		if (s->a[0] == LATE)
			be_late(g.w->fds[LATE].host, late_peer);
		if (ring && !wasi_ring(g.w))
			_exit(77);
		if (ring)	/* leaves polls armed */
			CALL(&g, poll_oneoff, SUBS, BUF, POLLS, RET);
		allow_only(wasi_call_rows[s->call].kernel, but);
		(void)guest_call(&g, s->call, s->a, 9);
		syscall(SYS_exit_group, 0);
	}
	if (waitpid(pid, &status, 0) != pid)
		return -ECHILD;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* Whether some step of a row makes a kernel call. 77: with a ring it might, and none is here. */
static int makes(enum wasi_call call, const char *name)
{
	int none = 0;

	for (size_t i = 0; i < 2 * ARRAY_SIZE(steps); i++) {
		const struct step *s = &steps[i / 2];
		int r = s->call == call ? run_step(s, i & 1, name) : 0;

		if (r == 128 + SIGSYS)
			return 1;
		none = r == 77 ? 77 : none;
	}
	return none;
}

/* Kernel calls that a row names and none of its steps makes. */
static int unused(enum wasi_call call, int *skipped)
{
	char list[256], *save;
	int failed = 0;

	snprintf(list, sizeof(list), "%s", wasi_call_rows[call].kernel);
	for (char *name = strtok_r(list, " ", &save); name; name = strtok_r(NULL, " ", &save)) {
		int r = makes(call, name);

		/* where the kernel has no clocks in the vDSO */
		if (call == WASI_CALL_poll_oneoff && !strcmp(name, "clock_gettime"))
			continue;
		*skipped += r == 77;
		if (!r) {
			failed++;
			printf("%s never calls %s\n", wasi_call_rows[call].name, name);
		}
	}
	return failed;
}

int main(void)
{
	bool seen[WASI_CALLS_MAX] = { false };
	char tmp[40], rm[64];
	int passed = 0, failed = 0, skipped = 0;

	/* many directories: no disk, if there is memory */
	snprintf(tmp, sizeof(tmp), "%s/wsbox-locked-XXXXXX",
		 access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm");
	if (!mkdtemp(tmp) || setenv("TMPDIR", tmp, 1))
		return 1;
	for (int ring = 0; ring < 2; ring++) {
		for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
			int r = run_step(&steps[i], ring, NULL);

			seen[steps[i].call] = true;
			passed += !r;
			skipped += r == 77;
			if (r && r != 77) {
				failed++;
				printf("step %zu %s, ring %d: %d\n", i,
				       wasi_call_rows[steps[i].call].name, ring, r);
			}
		}
	}
	for (int i = 0; i < WASI_CALLS_MAX; i++) {
		if (!seen[i]) {
			failed++;
			printf("no step for %s\n", wasi_call_rows[i].name);
		}
		failed += unused(i, &skipped);
	}
	if (skipped)
		printf("skipped: no io_uring here\n");
	snprintf(rm, sizeof(rm), "rm -rf %s", tmp);
	if (system(rm))
		failed++;
	printf("%d passed, %d failed, %d skipped\n", passed, failed, skipped);
	return failed != 0;
}
