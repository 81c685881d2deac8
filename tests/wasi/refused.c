/*
 * Errors that take a world made for them: paths that may not be walked, programs that run, sockets
 * that were reset. Each call of a path is also made natively, and must say the same.
 */
#include "tests/unit/unit.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/base/num.h"
#include "tests/wasi/guest.h"

#define NOBODY 65534
#define OTHER 4		/* a second directory */

static char long_name[300];

/* --- paths --- */

/* What each function says of a path below 3, and what Linux does below dir. */
struct path_call {
	const char *name;
	int (*guest)(struct guest *g, const char *path);
	int (*native)(int dir, const char *path);
};

#define PATH_CALL(function, guest_call, native_call) \
	static int ask_##function(struct guest *g, const char *path) \
	{ \
		return guest_call; \
	} \
	static int host_##function(int dir, const char *path) \
	{ \
		return native_call; \
	}

static struct stat st;
static char room[8];
static const struct timespec times[2] = { { 1, 0 }, { 2, 0 } };

static int opened(int dir, const char *path)
{
	int fd = openat(dir, path, O_RDWR | O_CREAT, 0600);

	return fd < 0 ? fd : close(fd);
}

PATH_CALL(create_directory, CALL(g, path_create_directory, 3, STR(g, path)),
	  mkdirat(dir, path, 0700))
PATH_CALL(filestat_get, CALL(g, path_filestat_get, 3, 0, STR(g, path), GUEST_DATA),
	  fstatat(dir, path, &st, AT_SYMLINK_NOFOLLOW))
PATH_CALL(filestat_set_times,
	  CALL(g, path_filestat_set_times, 3, 0, STR(g, path), 1, 2, WASI_FST_ATIM | WASI_FST_MTIM),
	  utimensat(dir, path, times, AT_SYMLINK_NOFOLLOW))
PATH_CALL(link, CALL(g, path_link, 3, 0, STR(g, path), 3, STR(g, "new")),
	  linkat(dir, path, dir, "new", 0))
PATH_CALL(link_to, CALL(g, path_link, 3, 0, STR(g, "f"), 3, STR(g, path)),
	  linkat(dir, "f", dir, path, 0))
PATH_CALL(open, -guest_open(g, path, "rw", WASI_O_CREAT, 0), opened(dir, path))
PATH_CALL(readlink, CALL(g, path_readlink, 3, STR(g, path), GUEST_DATA, 8, GUEST_RET),
	  (int)readlinkat(dir, path, room, sizeof(room)))
PATH_CALL(remove_directory, CALL(g, path_remove_directory, 3, STR(g, path)),
	  unlinkat(dir, path, AT_REMOVEDIR))
PATH_CALL(rename, CALL(g, path_rename, 3, STR(g, path), 3, STR(g, "new")),
	  renameat(dir, path, dir, "new"))
PATH_CALL(rename_to, CALL(g, path_rename, 3, STR(g, "f"), 3, STR(g, path)),
	  renameat(dir, "f", dir, path))
PATH_CALL(symlink, CALL(g, path_symlink, STR(g, "t"), 3, STR(g, path)), symlinkat("t", dir, path))
PATH_CALL(unlink_file, CALL(g, path_unlink_file, 3, STR(g, path)), unlinkat(dir, path, 0))

#define ROW(function) { #function, ask_##function, host_##function }

static const struct path_call path_calls[] = {
	ROW(create_directory), ROW(filestat_get), ROW(filestat_set_times), ROW(link), ROW(link_to),
	ROW(open), ROW(readlink), ROW(remove_directory), ROW(rename), ROW(rename_to), ROW(symlink),
	ROW(unlink_file),
};

/* Every path function says this of path, as Linux; native 0: Linux knows no such error. */
static void all_say(struct guest *g, const char *path, enum wasi_errno error, int native)
{
	int dir = open(g->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	ck_assert_int_ge(dir, 0);
	for (size_t i = 0; i < ARRAY_SIZE(path_calls); i++) {
		const struct path_call *c = &path_calls[i];
		int said = c->guest(g, path), r = native ? c->native(dir, path) : -1;

		ck_assert_msg(said == (int)error, "%s: %s", c->name,
			      wasi_errno_name((enum wasi_errno)said));
		ck_assert_msg(!native || (r < 0 && errno == native), "%s natively: %d %d", c->name,
			      r, errno);
	}
	(void)close(dir);
}

static void place(const struct guest *g, const char *name, char *to, size_t size)
{
	(void)snprintf(to, size, "%s/%s", g->dir, name);
}

START_TEST(paths)
{
	struct guest g;
	char at[160];
	int fd;

	guest_init(&g, false, 0);
	fd = guest_open(&g, "f", "rw", WASI_O_CREAT, 0);
	ck_assert_int_ge(fd, 0);
	place(&g, "loop", at, sizeof(at));
	ck_assert_int_eq(symlink("loop", at), 0);
	memset(long_name, 'n', sizeof(long_name) - 1);
	all_say(&g, "loop/x", WASI_ELOOP, ELOOP);
	all_say(&g, long_name, WASI_ENAMETOOLONG, ENAMETOOLONG);
	all_say(&g, "none/x", WASI_ENOENT, ENOENT);
	all_say(&g, "f/x", WASI_ENOTDIR, ENOTDIR);
	all_say(&g, "\xff", WASI_EILSEQ, 0);
	memcpy(g.head.mem0 + GUEST_DATA, "f\0x", 3);
	ck_assert_int_eq(CALL(&g, path_unlink_file, 3, GUEST_DATA, 3), WASI_EINVAL);
	guest_done(&g);
}
END_TEST

/* A directory whose owner may not search it; root could. */
START_TEST(locked)
{
	struct guest g;
	char at[160];

	guest_init(&g, false, 0);
	ck_assert_int_ge(guest_open(&g, "f", "rw", WASI_O_CREAT, 0), 0);
	place(&g, "locked", at, sizeof(at));
	ck_assert_int_eq(mkdir(at, 0), 0);
	if (!geteuid()) {
		ck_assert_int_eq(chown(at, NOBODY, NOBODY), 0);
		ck_assert_int_eq(chown(g.dir, NOBODY, NOBODY), 0);
		ck_assert_int_eq(seteuid(NOBODY), 0);
	}
	all_say(&g, "locked/x", WASI_EACCES, EACCES);
	ck_assert_int_eq(chmod(at, 0700), 0);
	ck_assert_int_eq(seteuid(getuid()), 0);
	guest_done(&g);
}
END_TEST

START_TEST(opening)
{
	struct guest g;
	char at[160], command[400];
	int until[2];
	pid_t child;

	guest_init(&g, false, 0);
	place(&g, "fifo", at, sizeof(at));
	ck_assert_int_eq(mkfifo(at, 0600), 0);
	ck_assert_int_eq(open(at, O_WRONLY | O_NONBLOCK), -1);
	ck_assert_int_eq(errno, ENXIO);
	ck_assert_int_eq(guest_open(&g, "fifo", "w", 0, WASI_FD_NONBLOCK), -WASI_ENXIO);
	place(&g, "busy", at, sizeof(at));
	(void)snprintf(command, sizeof(command), "cp /bin/sleep %s", at);
	ck_assert_int_eq(system(command), 0);
	ck_assert_int_eq(pipe2(until, O_CLOEXEC), 0);
	child = fork();
	if (!child) {
		(void)execl(at, "sleep", "30", NULL);
		_exit(127);
	}
	(void)close(until[1]);
	ck_assert_int_eq(read(until[0], room, 1), 0);	/* it is another program now */
	ck_assert_int_eq(open(at, O_WRONLY), -1);
	ck_assert_int_eq(errno, ETXTBSY);
	ck_assert_int_eq(guest_open(&g, "busy", "w", 0, 0), -WASI_ETXTBSY);
	(void)kill(child, SIGKILL);
	(void)waitpid(child, NULL, 0);
	guest_done(&g);
}
END_TEST

/* From one file system to another. */
START_TEST(across)
{
	struct wasi_preopen two[2] = { { .guest = "/" }, { .guest = "/other" } };
	struct wasi_config config = { .npreopens = 2, .preopens = two };
	char here[] = "/tmp/wsbox-wasi-here-XXXXXX", there[] = "/dev/shm/wsbox-wasi-XXXXXX";
	struct stat a, b;
	struct guest g;

	ck_assert_ptr_nonnull(mkdtemp(here));
	if (!mkdtemp(there) || stat(there, &a) || stat(here, &b) || a.st_dev == b.st_dev) {
		printf("skipped: /tmp and /dev/shm are not two file systems\n");
		(void)rmdir(here);
		(void)rmdir(there);
		return;
	}
	two[0].fd = open(here, O_PATH | O_CLOEXEC);
	two[1].fd = open(there, O_PATH | O_CLOEXEC);
	guest_init_with(&g, &config);
	ck_assert_int_ge(guest_open(&g, "f", "rw", WASI_O_CREAT, 0), 0);
	ck_assert_int_eq(CALL(&g, path_link, 3, 0, STR(&g, "f"), OTHER, STR(&g, "f")), WASI_EXDEV);
	ck_assert_int_eq(CALL(&g, path_rename, 3, STR(&g, "f"), OTHER, STR(&g, "f")), WASI_EXDEV);
	ck_assert_int_eq(CALL(&g, path_unlink_file, 3, STR(&g, "f")), 0);
	guest_done(&g);
	(void)rmdir(here);
	(void)rmdir(there);
}
END_TEST

/* --- files and streams --- */

START_TEST(streams)
{
	struct guest g;
	char at[160];
	int keep, fd;

	guest_init(&g, false, 0);
	place(&g, "fifo", at, sizeof(at));
	ck_assert_int_eq(mkfifo(at, 0600), 0);
	keep = open(at, O_RDWR | O_CLOEXEC);
	fd = guest_open(&g, "fifo", "rw", 0, 0);
	ck_assert_int_ge(fd, 0);
	guest_iov(&g, 200, GUEST_DATA, 4);
	ck_assert_int_eq(fsync(keep), -1);
	ck_assert_int_eq(errno, EINVAL);
	ck_assert_int_eq(CALL(&g, fd_sync, fd), WASI_EINVAL);
	ck_assert_int_eq(CALL(&g, fd_datasync, fd), WASI_EINVAL);
	ck_assert_int_eq(CALL(&g, fd_seek, fd, 0, WASI_SEEK_SET, GUEST_RET), WASI_ESPIPE);
	ck_assert_int_eq(CALL(&g, fd_pread, fd, 200, 1, 0, GUEST_RET), WASI_ESPIPE);
	ck_assert_int_eq(CALL(&g, fd_pwrite, fd, 200, 1, 0, GUEST_RET), WASI_ESPIPE);
	(void)close(keep);
	guest_done(&g);
}
END_TEST

START_TEST(too_large)
{
	const struct rlimit limit = { 4096, 4096 };
	struct guest g;
	int fd;

	guest_init(&g, false, 0);
	fd = guest_open(&g, "f", "rw", WASI_O_CREAT, 0);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	ck_assert_int_eq(CALL(&g, fd_seek, fd, 4096, WASI_SEEK_SET, GUEST_RET), 0);
	ck_assert_int_eq(guest_write(&g, fd, "x"), -WASI_EFBIG);
	ck_assert_int_eq(CALL(&g, fd_allocate, fd, 0, 8192), WASI_EFBIG);
	ck_assert_int_eq(CALL(&g, fd_filestat_set_size, fd, 8192), WASI_EFBIG);
	guest_done(&g);
}
END_TEST

/* --- sockets --- */

static struct sockaddr_in address;

static int listening(void)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	socklen_t len = sizeof(address);

	address = (struct sockaddr_in){ .sin_family = AF_INET };
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	ck_assert_int_eq(listen(fd, 8), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&address, &len), 0);
	return fd;
}

/* A guest with this socket as 3, and no directory. */
static void with_socket(struct guest *g, int fd, uint32_t nofile)
{
	static struct wasi_preopen none;
	struct wasi_config config = { .nsockets = 1, .sockets = &fd, .preopens = &none,
				      .nofile = nofile };

	guest_init_with(g, &config);
	guest_iov(g, 200, GUEST_DATA, 4);
}

static int receive(struct guest *g)
{
	return CALL(g, sock_recv, 3, 200, 1, 0, GUEST_RET, GUEST_RET + 8);
}

static int transmit(struct guest *g)
{
	return CALL(g, sock_send, 3, 200, 1, 0, GUEST_RET);
}

static int read_it(struct guest *g)
{
	return -guest_read(g, 3, 1);
}

static int write_it(struct guest *g)
{
	return -guest_write(g, 3, "x");
}

START_TEST(reset)
{
	static int (*const calls[])(struct guest *) = { receive, transmit, read_it, write_it };
	const struct linger at_once = { 1, 0 };
	int listener = listening();

	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		int peer = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), ours;
		struct guest g;

		ck_assert_int_eq(connect(peer, (struct sockaddr *)&address, sizeof(address)), 0);
		ours = accept(listener, NULL, NULL);
		with_socket(&g, ours, 0);
		ck_assert_int_eq(
			setsockopt(peer, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once)), 0);
		(void)close(peer);
		ck_assert_int_eq(calls[i](&g), WASI_ECONNRESET);
		guest_done(&g);
	}
}
END_TEST

START_TEST(unconnected)
{
	struct guest g;

	with_socket(&g, socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), 0);
	ck_assert_int_eq(receive(&g), WASI_ENOTCONN);
	ck_assert_int_eq(CALL(&g, sock_shutdown, 3, WASI_SHUT_WR), WASI_ENOTCONN);
	guest_done(&g);
	with_socket(&g, socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), 0);
	ck_assert_int_eq(transmit(&g), WASI_ENOTCONN);
	guest_done(&g);
}
END_TEST

/* A peer that takes nothing more, and a guest that does not wait. */
START_TEST(full)
{
	struct guest g;
	int pair[2], said;

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	with_socket(&g, pair[0], 0);
	ck_assert_int_eq(CALL(&g, fd_fdstat_set_flags, 3, WASI_FD_NONBLOCK), 0);
	guest_iov(&g, 200, GUEST_DATA, 65536);
	for (int i = 0; i < 100000 && !(said = transmit(&g)); i++)
		;
	ck_assert_int_eq(said, WASI_EAGAIN);
	ck_assert_int_eq(transmit(&g), WASI_EAGAIN);
	guest_done(&g);
	(void)close(pair[1]);
}
END_TEST

START_TEST(arguments)
{
	struct guest g;
	int pair[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, pair), 0);
	with_socket(&g, pair[0], 0);
	ck_assert_int_eq(CALL(&g, sock_recv, 3, 200, 1, 0, GUEST_MEMORY, GUEST_RET), WASI_EFAULT);
	ck_assert_int_eq(CALL(&g, sock_recv, 3, 200, 1, 0, GUEST_RET, GUEST_MEMORY), WASI_EFAULT);
	ck_assert_int_eq(CALL(&g, sock_send, 3, 200, 1, 0, GUEST_MEMORY), WASI_EFAULT);
	ck_assert_int_eq(CALL(&g, sock_accept, 3, 0, GUEST_MEMORY), WASI_EFAULT);
	guest_iov(&g, 200, GUEST_DATA, 512 << 10);
	ck_assert_int_eq(transmit(&g), WASI_EMSGSIZE);
	ck_assert_int_eq(CALL(&g, fd_fdstat_set_rights, 3, WASI_RIGHT_FD_FILESTAT_GET, 0), 0);
	ck_assert_int_eq(receive(&g), WASI_ENOTCAPABLE);
	ck_assert_int_eq(transmit(&g), WASI_ENOTCAPABLE);
	ck_assert_int_eq(CALL(&g, sock_shutdown, 3, WASI_SHUT_WR), WASI_ENOTCAPABLE);
	ck_assert_int_eq(CALL(&g, sock_accept, 3, 0, GUEST_RET), WASI_ENOTCAPABLE);
	guest_done(&g);
	with_socket(&g, listening(), 4);
	ck_assert_int_eq(CALL(&g, sock_accept, 3, WASI_FD_NONBLOCK, GUEST_RET), WASI_EMFILE);
	guest_done(&g);
}
END_TEST

UNIT("wasi refused", paths, locked, opening, across, streams, too_large, reset, unconnected, full,
     arguments)
