/*
 * Every WASI call through its entry function, with no wasm: results, errors, and the memory they
 * may touch. The path rows hold what a guest of the reference engines sees, and of Linux where
 * those differ among themselves.
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "runtime/base/num.h"
#include "tests/wasi/guest.h"
#include "wasi-iouring/sys.h"

#define OUT (GUEST_MEMORY - 2)	/* too near the end for any record */

static int pread_at(struct guest *g, int fd, uint64_t offset, uint32_t n)
{
	int e;

	guest_iov(g, 32, GUEST_DATA, n);
	e = CALL(g, fd_pread, fd, 32, 1, (int64_t)offset, GUEST_RET);
	return e ? -e : (int)guest_u32(g, GUEST_RET);
}

static int pwrite_at(struct guest *g, int fd, uint64_t offset, const char *s)
{
	int e;

	memcpy(g->head.mem0 + GUEST_DATA, s, strlen(s));
	guest_iov(g, 32, GUEST_DATA, (uint32_t)strlen(s));
	e = CALL(g, fd_pwrite, fd, 32, 1, (int64_t)offset, GUEST_RET);
	return e ? -e : (int)guest_u32(g, GUEST_RET);
}

START_TEST(errnos)
{
	ck_assert_int_eq(wasi_errno(0), 0);
	ck_assert_int_eq(wasi_errno(7), 0);
	ck_assert_int_eq(wasi_errno(-ENOENT), 44);
	ck_assert_int_eq(wasi_errno(-E2BIG), 1);
	ck_assert_int_eq(wasi_errno(-EXDEV), 75);
	ck_assert_int_eq(wasi_errno(-EOPNOTSUPP), 58);
	ck_assert_int_eq(wasi_errno(-EWOULDBLOCK), 6);
	ck_assert_int_eq(wasi_errno(-4095), WASI_EIO);
	ck_assert_str_eq(wasi_errno_name(WASI_ENOTCAPABLE), "ENOTCAPABLE");
	ck_assert_str_eq(wasi_errno_name(2000), "?");
}
END_TEST

START_TEST(numbers)
{
	struct guest g;
	int fd[8];

	guest_init(&g, false, 8);
	for (int i = 4; i < 8; i++)
		ck_assert_int_eq(fd[i] = guest_open(&g, "f", "rw", WASI_O_CREAT, 0), i);
	ck_assert_int_eq(guest_open(&g, "f", "r", 0, 0), -WASI_EMFILE);
	ck_assert_int_eq(CALL(&g, fd_close, 5), 0);
	ck_assert_int_eq(CALL(&g, fd_close, 5), WASI_EBADF);
	ck_assert_int_eq(CALL(&g, fd_renumber, 7, 4), 0);
	ck_assert_int_eq(CALL(&g, fd_renumber, 7, 4), WASI_EBADF);
	ck_assert_int_eq(CALL(&g, fd_renumber, 4, 7), WASI_EBADF);
	ck_assert_int_eq(CALL(&g, fd_renumber, 4, 4), 0);
	ck_assert_int_eq(CALL(&g, fd_renumber, 4, -1), WASI_EBADF);
	ck_assert_int_eq(guest_open(&g, "f", "r", 0, 0), 5);
	ck_assert_int_eq(guest_open(&g, "f", "r", 0, 0), 7);
	ck_assert_int_eq(CALL(&g, fd_close, 0x80000000), WASI_EBADF);
	/* standard error is the process's, too */
	ck_assert_int_eq(CALL(&g, fd_close, 2), 0);
	ck_assert_int_eq(CALL(&g, fd_close, 2), WASI_EBADF);
	ck_assert_int_ge(fcntl(STDERR_FILENO, F_GETFL), 0);
	ck_assert_int_eq(guest_open(&g, "f", "r", 0, 0), 2);
	ck_assert_int_gt(g.w->fds[2].host, STDERR_FILENO);
	guest_done(&g);
}
END_TEST

START_TEST(strings)
{
	static const char *const argv[] = { "prog", "", "two" };
	static const char *const env[] = { "A=1" };
	struct wasi_config config = { .argc = 3, .argv = argv, .envc = 1, .env = env };
	struct guest g;

	guest_init_with(&g, &config);
	ck_assert_int_eq(CALL(&g, args_sizes_get, 100, 104), 0);
	ck_assert_uint_eq(guest_u32(&g, 100), 3);
	ck_assert_uint_eq(guest_u32(&g, 104), 5 + 1 + 4);
	ck_assert_int_eq(CALL(&g, args_get, 200, 300), 0);
	ck_assert_uint_eq(guest_u32(&g, 208), 306);
	ck_assert_mem_eq(g.head.mem0 + 300, "prog\0\0two", 10);
	ck_assert_int_eq(CALL(&g, args_get, OUT, 300), WASI_EFAULT);
	ck_assert_int_eq(CALL(&g, args_get, 200, OUT), WASI_EFAULT);
	ck_assert_int_eq(CALL(&g, args_sizes_get, 100, OUT), WASI_EFAULT);
	ck_assert_int_eq(CALL(&g, environ_sizes_get, 100, 104), 0);
	ck_assert_int_eq(CALL(&g, environ_get, 200, 300), 0);
	ck_assert_mem_eq(g.head.mem0 + 300, "A=1", 4);
	guest_done(&g);
}
END_TEST

START_TEST(offsets)
{
	struct guest g;
	int fd, other;

	guest_init(&g, false, 0);
	fd = guest_open(&g, "f", "rw", WASI_O_CREAT, 0);
	ck_assert_int_eq(guest_write(&g, fd, "hello world"), 11);
	ck_assert_int_eq(CALL(&g, fd_tell, fd, GUEST_RET), 0);
	ck_assert_uint_eq(guest_u64(&g, GUEST_RET), 11);
	ck_assert_int_eq(CALL(&g, fd_seek, fd, -5, WASI_SEEK_END, GUEST_RET), 0);
	ck_assert_int_eq(guest_read(&g, fd, 100), 5);
	ck_assert_str_eq((char *)g.head.mem0 + GUEST_DATA, "world");
	ck_assert_int_eq(guest_read(&g, fd, 100), 0);
	ck_assert_int_eq(CALL(&g, fd_seek, fd, -1, WASI_SEEK_SET, GUEST_RET), WASI_EINVAL);
	ck_assert_int_eq(CALL(&g, fd_seek, fd, 0, 3, GUEST_RET), WASI_EINVAL);
	ck_assert_int_eq(CALL(&g, fd_seek, fd, INT64_MAX, WASI_SEEK_END, GUEST_RET), WASI_EINVAL);
	ck_assert_int_eq(CALL(&g, fd_seek, fd, 0, WASI_SEEK_SET, OUT), WASI_EFAULT);
	ck_assert_int_eq(pread_at(&g, fd, 6, 3), 3);
	ck_assert_int_eq(pread_at(&g, fd, -1ull, 3), -WASI_EINVAL);
	ck_assert_int_eq(pwrite_at(&g, fd, 20, "x"), 1);
	ck_assert_int_eq(CALL(&g, fd_tell, fd, GUEST_RET), 0);
	ck_assert_uint_eq(guest_u64(&g, GUEST_RET), 11);

	/* an append moves the offset to the new end; writes of others count */
	other = guest_open(&g, "f", "w", 0, WASI_FD_APPEND);
	ck_assert_int_eq(CALL(&g, fd_seek, other, 3, WASI_SEEK_SET, GUEST_RET), 0);
	ck_assert_int_eq(guest_write(&g, other, ""), 0);
	ck_assert_int_eq(CALL(&g, fd_tell, other, GUEST_RET), 0);
	ck_assert_uint_eq(guest_u64(&g, GUEST_RET), 3);
	ck_assert_int_eq(guest_write(&g, other, "ab"), 2);
	ck_assert_int_eq(CALL(&g, fd_tell, other, GUEST_RET), 0);
	ck_assert_uint_eq(guest_u64(&g, GUEST_RET), 23);
	ck_assert_int_eq(CALL(&g, fd_seek, other, 0, WASI_SEEK_SET, GUEST_RET), 0);
	ck_assert_int_eq(guest_write(&g, other, "cd"), 2);
	ck_assert_int_eq(CALL(&g, fd_fdstat_set_flags, other, WASI_FD_DSYNC), 0);
	ck_assert_int_eq(guest_write(&g, other, "ef"), 2);
	ck_assert_int_eq(pread_at(&g, fd, 20, 100), 7);
	ck_assert_mem_eq(g.head.mem0 + GUEST_DATA, "xabcdef", 7);
	ck_assert_int_eq(CALL(&g, fd_fdstat_set_flags, other, 32), WASI_EINVAL);
	ck_assert_int_eq(guest_read(&g, other, 1), -WASI_EBADF);
	guest_done(&g);
}
END_TEST

/* Both forms of what follows a system call, whatever was measured. */
START_TEST(refill)
{
	struct guest g;
	int fd;

	guest_init(&g, false, 0);
	for (int i = 0; i < 4; i++) {
		wasi_sys_refill = i & 1;
		fd = guest_open(&g, "d/../f", "rw", WASI_O_CREAT, 0);
		ck_assert_int_eq(fd, i ? 4 : -WASI_ENOENT);
		if (!i)
			ck_assert_int_eq(CALL(&g, path_create_directory, 3, STR(&g, "d")), 0);
		else
			ck_assert_int_eq(guest_write(&g, fd, "abc") + guest_read(&g, fd, 9), 3);
		if (i)
			ck_assert_int_eq(CALL(&g, fd_close, fd), 0);
	}
	guest_done(&g);
}
END_TEST

#define MANY (2 * GUEST_DATA)	/* more iovecs than one transfer takes */

START_TEST(iovecs)
{
	struct guest g;
	int fd;

	guest_init(&g, false, 0);
	fd = guest_open(&g, "f", "rw", WASI_O_CREAT, 0);
	memcpy(g.head.mem0 + 100, "abcdef", 6);
	guest_iov(&g, 200, 100, 2);
	guest_iov(&g, 208, 0, 0);
	guest_iov(&g, 216, 103, 3);
	ck_assert_int_eq(CALL(&g, fd_write, fd, 200, 3, GUEST_RET), 0);
	ck_assert_uint_eq(guest_u32(&g, GUEST_RET), 5);
	ck_assert_int_eq(CALL(&g, fd_write, fd, 200, 0, GUEST_RET), 0);
	ck_assert_uint_eq(guest_u32(&g, GUEST_RET), 0);
	for (uint32_t i = 0; i < WASI_IOV_MAX + 2; i++)
		guest_iov(&g, MANY + 8 * i, 100, 1);
	ck_assert_int_eq(CALL(&g, fd_write, fd, MANY, WASI_IOV_MAX + 2, GUEST_RET), 0);
	ck_assert_uint_eq(guest_u32(&g, GUEST_RET), WASI_IOV_MAX);
	ck_assert_int_eq(CALL(&g, fd_pread, fd, MANY, WASI_IOV_MAX + 2, 0, GUEST_RET), 0);
	ck_assert_uint_eq(guest_u32(&g, GUEST_RET), WASI_IOV_MAX);
	ck_assert_int_eq(CALL(&g, fd_write, fd, MANY, 0xffffffff, GUEST_RET), WASI_EFAULT);
	ck_assert_int_eq(CALL(&g, fd_write, fd, OUT, 1, GUEST_RET), WASI_EFAULT);
	ck_assert_int_eq(CALL(&g, fd_write, fd, 200, 1, OUT), WASI_EFAULT);
	guest_iov(&g, 200, GUEST_MEMORY, 0);
	ck_assert_int_eq(CALL(&g, fd_write, fd, 200, 1, GUEST_RET), 0);
	guest_iov(&g, 200, GUEST_MEMORY, 1);
	ck_assert_int_eq(CALL(&g, fd_write, fd, 200, 1, GUEST_RET), WASI_EFAULT);
	guest_iov(&g, 200, 0xffffffff, 0xffffffff);
	ck_assert_int_eq(CALL(&g, fd_read, fd, 200, 1, GUEST_RET), WASI_EFAULT);
	/* the end of memory is memory */
	ck_assert_int_eq(CALL(&g, fd_seek, fd, 0, WASI_SEEK_SET, GUEST_RET), 0);
	guest_iov(&g, 200, GUEST_MEMORY - 5, 5);
	ck_assert_int_eq(CALL(&g, fd_read, fd, 200, 1, GUEST_RET), 0);
	ck_assert_mem_eq(g.head.mem0 + GUEST_MEMORY - 5, "abdef", 5);
	guest_done(&g);
}
END_TEST

struct path_row {
	int expect;
	enum wasi_call call;
	const char *path, *to;
	int flags, oflags;
};

static int path_call(struct guest *g, const struct path_row *r)
{
	int e;

	switch (r->call) {
	case WASI_CALL_path_open:
		e = guest_open(g, r->path, r->to, r->oflags, 0);
		if (e < 0)
			return -e;
		return CALL(g, fd_close, e);
	case WASI_CALL_path_symlink:
		return CALL(g, path_symlink, STR(g, r->path), 3, STR(g, r->to));
	case WASI_CALL_path_link:
		return CALL(g, path_link, 3, r->flags, STR(g, r->path), 3, STR(g, r->to));
	case WASI_CALL_path_rename:
		return CALL(g, path_rename, 3, STR(g, r->path), 3, STR(g, r->to));
	case WASI_CALL_path_readlink:
		return CALL(g, path_readlink, 3, STR(g, r->path), GUEST_DATA, 100, GUEST_RET);
	case WASI_CALL_path_filestat_get:
		return CALL(g, path_filestat_get, 3, r->flags, STR(g, r->path), GUEST_DATA);
	case WASI_CALL_path_filestat_set_times:
		return CALL(g, path_filestat_set_times, 3, r->flags, STR(g, r->path), 1, 2,
			    r->oflags);
	default:
		return guest_call(g, r->call, (int64_t[]){ 3, STR(g, r->path) }, 3);
	}
}

#define ROW(e, c, ...) { .expect = e, .call = WASI_CALL_path_##c, __VA_ARGS__ }
#define MKDIR(e, p) ROW(WASI_##e, create_directory, .path = p)
#define RMDIR(e, p) ROW(WASI_##e, remove_directory, .path = p)
#define UNLINK(e, p) ROW(WASI_##e, unlink_file, .path = p)
#define OPEN(e, p, mode, how) ROW(WASI_##e, open, .path = p, .to = mode, .oflags = how)
#define SYMLINK(e, p, t) ROW(WASI_##e, symlink, .path = p, .to = t)
#define LINK(e, p, t) ROW(WASI_##e, link, .path = p, .to = t)
#define LINK_FOLLOW(e, p, t) ROW(WASI_##e, link, .path = p, .to = t, .flags = 1)
#define RENAME(e, p, t) ROW(WASI_##e, rename, .path = p, .to = t)
#define READLINK(e, p) ROW(WASI_##e, readlink, .path = p)
#define STAT(e, p, follow) ROW(WASI_##e, filestat_get, .path = p, .flags = follow)
#define TIMES(e, p, follow, how) \
	ROW(WASI_##e, filestat_set_times, .path = p, .flags = follow, .oflags = how)

static const struct path_row path_rows[] = {
	OPEN(OK, "f", "rw", WASI_O_CREAT),
	OPEN(EEXIST, "f", "rw", WASI_O_CREAT | WASI_O_EXCL),
	OPEN(OK, "f", "r", WASI_O_TRUNC),
	OPEN(ENOTDIR, "f", "r", WASI_O_DIRECTORY),
	OPEN(ENOTDIR, "f/", "r", 0),
	OPEN(ENOENT, "nope", "r", 0),
	OPEN(ENOENT, "", "r", 0),
	OPEN(EPERM, "/etc", "r", 0),
	OPEN(EPERM, "..", "r", 0),
	OPEN(ENOENT, "x/../..", "r", 0),
	OPEN(EINVAL, "new", "r", WASI_O_CREAT | WASI_O_DIRECTORY),
	OPEN(EINVAL, "f", "r", 16),
	OPEN(EISDIR, "nf/", "rw", WASI_O_CREAT),
	OPEN(OK, ".", "r", WASI_O_DIRECTORY),
	MKDIR(OK, "d"), MKDIR(EEXIST, "d"), MKDIR(OK, "d2/"), MKDIR(EEXIST, "."),
	MKDIR(EPERM, ".."), MKDIR(EEXIST, "d/.."),
	MKDIR(ENOENT, ""), MKDIR(ENOENT, "no/x"), MKDIR(EPERM, "/x"), MKDIR(OK, "d/sub"),
	MKDIR(OK, "d//sub2//"),
	MKDIR(EPERM, "d/../../x"), MKDIR(OK, "d/../e"), MKDIR(ENOTDIR, "f/x"),
	MKDIR(EILSEQ, "a\xff"), MKDIR(EILSEQ, "\xc0\x80"),
	OPEN(EISDIR, "d", "rw", 0), OPEN(OK, "d", "r", 0), OPEN(OK, "d/", "r", WASI_O_DIRECTORY),
	UNLINK(EISDIR, "d"), UNLINK(ENOTDIR, "f/"), UNLINK(EISDIR, "d/"), UNLINK(ENOENT, "no/"),
	UNLINK(EISDIR, "."),
	UNLINK(EPERM, ".."), UNLINK(ENOENT, "no"), UNLINK(EISDIR, "d/.."),
	RMDIR(ENOTDIR, "f"), RMDIR(EINVAL, "."), RMDIR(EPERM, ".."), RMDIR(EINVAL, "d/.."),
	RMDIR(EINVAL, "d/."),
	RMDIR(ENOTDIR, "f/"), RMDIR(ENOENT, "no"), RMDIR(OK, "d2/"), RMDIR(ENOTEMPTY, "d"),
	RMDIR(OK, "e"),
	SYMLINK(EPERM, "/etc/passwd", "abs"), SYMLINK(ENOENT, "", "emp"), SYMLINK(OK, "f", "s"),
	SYMLINK(EEXIST, "f", "s"),
	SYMLINK(ENOENT, "f", "s2/"), SYMLINK(EEXIST, "f", "d/"), SYMLINK(ENOTDIR, "f", "f/"),
	SYMLINK(OK, "../../x", "esc"),
	SYMLINK(OK, "dangle", "dang"), SYMLINK(OK, "d", "sd"), SYMLINK(OK, "loop", "loop"),
	SYMLINK(OK, "..", "up"),
	SYMLINK(EEXIST, "f", "."), SYMLINK(EPERM, "f", ".."),
	OPEN(ELOOP, "s", "r", 0), OPEN(OK, "s", "rf", 0), OPEN(EPERM, "esc", "rf", 0),
	OPEN(EPERM, "up", "rf", 0),
	OPEN(OK, "sd/", "r", 0), OPEN(ENOTDIR, "s/", "r", 0), OPEN(ELOOP, "loop", "rf", 0),
	OPEN(OK, "dang", "rwf", WASI_O_CREAT),
	OPEN(EPERM, "esc", "rwf", WASI_O_CREAT), OPEN(ELOOP, "dang", "rw", WASI_O_CREAT),
	OPEN(EPERM, "up/x", "r", 0),
	OPEN(OK, "sd/sub", "r", 0), OPEN(OK, "sd/../f", "r", 0), OPEN(EPERM, "hostabs", "rf", 0),
	OPEN(EPERM, "hostdir/x", "r", 0),
	OPEN(EPERM, "hostdir/", "r", 0),
	STAT(OK, "s", 0), STAT(OK, "s", 1), STAT(OK, "sd/", 0), STAT(ENOTDIR, "f/", 0),
	STAT(EPERM, "esc", 1), STAT(OK, "esc", 0),
	STAT(EPERM, "..", 0), STAT(ENOENT, "", 0), STAT(EINVAL, "f", 4), STAT(OK, ".", 0),
	STAT(EPERM, "hostdir/", 0),
	STAT(EPERM, "up/", 0), STAT(OK, "d/sub/..", 0),
	READLINK(OK, "s"), READLINK(EINVAL, "f"), READLINK(EPERM, "hostabs"),
	READLINK(EINVAL, "sd/"), READLINK(EINVAL, "d/sub"),
	READLINK(ENOENT, "no"), READLINK(OK, "./s"),
	LINK(OK, "f", "h"), LINK(EEXIST, "f", "h"), LINK_FOLLOW(EINVAL, "f", "h3"),
	LINK(EPERM, "d", "hd"), LINK(ENOENT, "f", "h2/"),
	LINK(OK, "s", "hs"), LINK(ENOTDIR, "f/", "h4"), LINK(ENOENT, "no", "h4"),
	LINK(EPERM, "f", "../h4"), LINK(EPERM, "d/", "h5"),
	LINK(EPERM, "hostabs/", "h6"), LINK(EEXIST, "f", "d/"), LINK(ENOTDIR, "f", "h/"),
	RENAME(EISDIR, "f", "d"), RENAME(ENOTDIR, "d", "f"), RENAME(ENOTDIR, "f", "f/"),
	RENAME(OK, "d/", "d3/"),
	RENAME(ENOTDIR, "f/", "x"), RENAME(ENOTDIR, "f", "x/"), RENAME(EBUSY, ".", "x"),
	RENAME(EINVAL, "d3", "d3/y"),
	RENAME(ENOENT, "no", "x"), RENAME(ENOENT, "no/", "x"), RENAME(EPERM, "f", ".."),
	RENAME(EBUSY, "f", "."),
	RENAME(OK, "f", "d3/f"), RENAME(OK, "d3/f", "f"), RENAME(EPERM, "f", "../f"),
	RENAME(ENOTDIR, "sd/", "x"),
	TIMES(OK, "h", 0, 5), TIMES(EINVAL, "h", 0, 15), TIMES(EINVAL, "h", 0, 64),
	TIMES(ENOENT, "no", 1, 5), TIMES(OK, "hs", 1, 10),
	TIMES(EPERM, "hostdir/", 0, 5), TIMES(EPERM, "hostabs", 1, 5), TIMES(OK, "hostabs", 0, 5),
	TIMES(ENOTDIR, "f/", 0, 5),
	UNLINK(OK, "hs"), UNLINK(OK, "h"), UNLINK(OK, "hostabs"), UNLINK(ENOTDIR, "hostdir/"),
	UNLINK(OK, "hostdir"),
};

START_TEST(paths)
{
	struct stat before, after;
	struct guest g;
	char link[160];

	guest_init(&g, false, 0);
	snprintf(link, sizeof(link), "%s/hostabs", g.dir);
	ck_assert_int_eq(symlink("/etc/passwd", link), 0);
	snprintf(link, sizeof(link), "%s/hostdir", g.dir);
	ck_assert_int_eq(symlink("/tmp", link), 0);
	ck_assert_int_eq(stat("/etc/passwd", &before), 0);
	for (size_t i = 0; i < ARRAY_SIZE(path_rows); i++) {
		const struct path_row *r = &path_rows[i];
		int e = path_call(&g, r);

		ck_assert_msg(e == r->expect, "row %zu %s(\"%s\", \"%s\", %d): %s, expected %s", i,
			      wasi_call_rows[r->call].name,
			      r->path, r->to ? r->to : "", r->flags | r->oflags, wasi_errno_name(e),
			      wasi_errno_name(r->expect));
	}
	ck_assert_int_eq(stat("/etc/passwd", &after), 0);
	ck_assert_int_eq(before.st_mtim.tv_sec, after.st_mtim.tv_sec);
	ck_assert_int_eq(before.st_nlink, after.st_nlink);
	ck_assert_int_eq(g.w->lowest, 4);
	guest_done(&g);
}
END_TEST

START_TEST(path_bytes)
{
	struct guest g;

	guest_init(&g, false, 0);
	memset(g.head.mem0 + 4096, 'a', 5000);
	ck_assert_int_eq(CALL(&g, path_create_directory, 3, 4096, 255), 0);
	ck_assert_int_eq(CALL(&g, path_create_directory, 3, 4096, 256), WASI_ENAMETOOLONG);
	ck_assert_int_eq(CALL(&g, path_create_directory, 3, 4096, 4095), WASI_ENAMETOOLONG);
	ck_assert_int_eq(CALL(&g, path_create_directory, 3, 4096, 4096), WASI_ENAMETOOLONG);
	ck_assert_int_eq(CALL(&g, path_create_directory, 3, GUEST_MEMORY - 3, 4), WASI_EFAULT);
	ck_assert_int_eq(CALL(&g, path_create_directory, 3, 0xffffffff, 0xffffffff), WASI_EFAULT);
	memcpy(g.head.mem0 + 4096, "a\0b", 3);
	ck_assert_int_eq(CALL(&g, path_create_directory, 3, 4096, 3), WASI_EINVAL);
	guest_done(&g);
}
END_TEST

START_TEST(readonly)
{
	struct wasi_preopen two[2] = { { .guest = "rw" }, { .guest = "ro", .readonly = true } };
	struct wasi_config config = { .npreopens = 2, .preopens = two };
	struct guest g;
	int d, f;

	two[0].fd = open("/tmp", O_PATH);
	guest_init_with(&g, &(struct wasi_config){ 0 });
	ck_assert_int_eq(CALL(&g, path_create_directory, 3, STR(&g, "d")), 0);
	ck_assert_int_ge(guest_open(&g, "f", "rw", WASI_O_CREAT, 0), 4);
	close(two[0].fd);
	two[0].fd = open(g.dir, O_RDONLY);
	two[1].fd = open(g.dir, O_RDONLY);
	ck_assert_int_eq(wasi_new(&config, NULL, &g.w, NULL), 0);
	ck_assert_int_eq(CALL(&g, path_create_directory, 4, STR(&g, "x")), WASI_EROFS);
	ck_assert_int_eq(CALL(&g, path_remove_directory, 4, STR(&g, "d")), WASI_EROFS);
	ck_assert_int_eq(CALL(&g, path_unlink_file, 4, STR(&g, "f")), WASI_EROFS);
	ck_assert_int_eq(CALL(&g, path_symlink, STR(&g, "f"), 4, STR(&g, "s")), WASI_EROFS);
	ck_assert_int_eq(CALL(&g, path_link, 3, 0, STR(&g, "f"), 4, STR(&g, "l")), WASI_EROFS);
	ck_assert_int_eq(CALL(&g, path_rename, 4, STR(&g, "f"), 3, STR(&g, "l")), WASI_EROFS);
	ck_assert_int_eq(CALL(&g, path_rename, 3, STR(&g, "f"), 4, STR(&g, "l")), WASI_EROFS);
	ck_assert_int_eq(CALL(&g, path_filestat_set_times, 4, 0, STR(&g, "f"), 1, 1, 5),
			 WASI_EROFS);
#define RO_OPEN(path, oflags, rights) \
	CALL(&g, path_open, 4, 0, STR(&g, path), oflags, rights, rights, 0, GUEST_RET)
	ck_assert_int_eq(RO_OPEN("f", 0, WASI_RIGHT_FD_WRITE), WASI_EROFS);
	ck_assert_int_eq(RO_OPEN("no", 0, WASI_RIGHT_FD_WRITE), WASI_ENOENT);
	ck_assert_int_eq(RO_OPEN("no", WASI_O_CREAT, WASI_RIGHT_FD_WRITE), WASI_EROFS);
	ck_assert_int_eq(RO_OPEN("no", WASI_O_CREAT, WASI_RIGHT_FD_READ), WASI_EROFS);
	ck_assert_int_eq(RO_OPEN("f", WASI_O_TRUNC, WASI_RIGHT_FD_READ), WASI_EROFS);
	ck_assert_int_eq(RO_OPEN("f", WASI_O_CREAT | WASI_O_EXCL, WASI_RIGHT_FD_READ), WASI_EEXIST);
	ck_assert_int_eq(RO_OPEN("f", WASI_O_CREAT, WASI_RIGHT_ALL & ~WASI_RIGHT_FD_WRITE), 0);
	f = (int)guest_u32(&g, GUEST_RET);
	ck_assert_int_eq(CALL(&g, fd_filestat_set_times, f, 1, 1, 5), WASI_EROFS);
	/* what is opened below it is read-only, too */
	ck_assert_int_eq(RO_OPEN("d", WASI_O_DIRECTORY, WASI_RIGHT_ALL & ~WASI_RIGHT_FD_WRITE), 0);
	d = (int)guest_u32(&g, GUEST_RET);
	ck_assert_int_eq(CALL(&g, path_create_directory, d, STR(&g, "x")), WASI_EROFS);
	guest_done(&g);
}
END_TEST

START_TEST(rights)
{
	struct guest g;
	int f, ro, d;

	guest_init(&g, false, 0);
	f = guest_open(&g, "f", "rw", WASI_O_CREAT, 0);
	ro = guest_open(&g, "f", "r", 0, 0);
	ck_assert_int_eq(guest_write(&g, ro, "x"), -WASI_EBADF);
	ck_assert_int_eq(CALL(&g, fd_filestat_set_size, ro, 1), WASI_EINVAL);
	ck_assert_int_eq(CALL(&g, fd_allocate, ro, 0, 1), WASI_EBADF);
	ck_assert_int_eq(CALL(&g, fd_allocate, ro, 0, 0), WASI_EINVAL);
	ck_assert_int_eq(CALL(&g, fd_allocate, ro, -1, 1), WASI_EINVAL);
	ck_assert_int_eq(CALL(&g, fd_datasync, ro), 0);
	ck_assert_int_eq(CALL(&g, path_open, ro, 0, STR(&g, "x"), 0, 2, 0, 0, GUEST_RET),
			 WASI_ENOTDIR);
	ck_assert_int_eq(CALL(&g, fd_readdir, ro, GUEST_DATA, 100, 0, GUEST_RET), WASI_ENOTDIR);
	ck_assert_int_eq(CALL(&g, fd_fdstat_get, ro, GUEST_DATA), 0);
	ck_assert_uint_eq(guest_u64(&g, GUEST_DATA + 8) & WASI_RIGHT_FD_WRITE, 0);
	ck_assert_uint_eq(g.head.mem0[GUEST_DATA], WASI_TYPE_REGULAR);

	/* rights only go */
	ck_assert_int_eq(CALL(&g, fd_fdstat_set_rights, f, -1, 0), WASI_ENOTCAPABLE);
	ck_assert_int_eq(
		CALL(&g, fd_fdstat_set_rights, f, WASI_RIGHT_FD_READ | WASI_RIGHT_FD_TELL, 0), 0);
	ck_assert_int_eq(guest_write(&g, f, "x"), -WASI_ENOTCAPABLE);
	ck_assert_int_eq(guest_read(&g, f, 1), 0);
	ck_assert_int_eq(CALL(&g, fd_seek, f, 1, 0, GUEST_RET), WASI_ENOTCAPABLE);
	ck_assert_int_eq(CALL(&g, fd_seek, f, 0, WASI_SEEK_CUR, GUEST_RET), 0);
	ck_assert_int_eq(CALL(&g, fd_fdstat_set_rights, f, WASI_RIGHT_FD_WRITE, 0),
			 WASI_ENOTCAPABLE);

	/* a directory: files' calls are EBADF; what it may not hand on cannot be opened */
	d = guest_open(&g, ".", "r", WASI_O_DIRECTORY, 0);
	ck_assert_int_eq(guest_read(&g, d, 1), -WASI_EBADF);
	ck_assert_int_eq(guest_write(&g, d, "x"), -WASI_EBADF);
	ck_assert_int_eq(CALL(&g, fd_seek, d, 0, WASI_SEEK_CUR, GUEST_RET), WASI_EBADF);
	ck_assert_int_eq(CALL(&g, fd_allocate, d, 0, 1), WASI_EBADF);
	ck_assert_int_eq(CALL(&g, fd_filestat_set_size, d, 0), WASI_EBADF);
	ck_assert_int_eq(CALL(&g, fd_advise, d, 0, 0, 0), WASI_EBADF);
	ck_assert_int_eq(CALL(&g, fd_sync, d), WASI_EBADF);
	ck_assert_int_eq(
		CALL(&g, fd_fdstat_set_rights, d, WASI_RIGHT_PATH_OPEN, WASI_RIGHT_FD_READ), 0);
	ck_assert_int_eq(
		CALL(&g, path_open, d, 0, STR(&g, "f"), 0, WASI_RIGHT_FD_WRITE, 0, 0, GUEST_RET),
		WASI_ENOTCAPABLE);
	ck_assert_int_eq(CALL(&g, path_open, d, 0, STR(&g, "f"), WASI_O_TRUNC, WASI_RIGHT_FD_READ,
			      0, 0, GUEST_RET),
			 WASI_ENOTCAPABLE);
	ck_assert_int_eq(
		CALL(&g, path_open, d, 0, STR(&g, "f"), 0, WASI_RIGHT_FD_READ, 0, 0, GUEST_RET), 0);
	ck_assert_int_eq(CALL(&g, path_unlink_file, d, STR(&g, "f")), WASI_ENOTCAPABLE);

	/* opened without asking for a directory */
	d = guest_open(&g, ".", "r", 0, 0);
	ck_assert_int_eq(guest_read(&g, d, 1), -WASI_EBADF);
	ck_assert_int_eq(pread_at(&g, d, 0, 1), -WASI_EBADF);
	ck_assert_int_eq(CALL(&g, fd_readdir, d, GUEST_DATA, 100, 0, GUEST_RET), 0);
	guest_done(&g);
}
END_TEST

START_TEST(attributes)
{
	struct guest g;
	int f;

	guest_init(&g, false, 0);
	f = guest_open(&g, "f", "rw", WASI_O_CREAT, 0);
	ck_assert_int_eq(CALL(&g, fd_filestat_set_size, f, 1000), 0);
	ck_assert_int_eq(CALL(&g, fd_filestat_set_size, f, INT64_MIN), WASI_EINVAL);
	ck_assert_int_eq(CALL(&g, fd_allocate, f, 0, 5000), 0);
	ck_assert_int_eq(CALL(&g, fd_allocate, f, 0, 0), WASI_EINVAL);
	ck_assert_int_eq(CALL(&g, fd_advise, f, 0, 0, 3), 0);
	ck_assert_int_eq(CALL(&g, fd_advise, f, 0, 0, 6), WASI_EINVAL);
	ck_assert_int_eq(CALL(&g, fd_filestat_set_times, f, 1000000007, 2000000009, 5), 0);
	ck_assert_int_eq(CALL(&g, fd_filestat_set_times, f, 1, 1, 3), WASI_EINVAL);
	ck_assert_int_eq(CALL(&g, fd_filestat_get, f, GUEST_DATA), 0);
	ck_assert_uint_eq(g.head.mem0[GUEST_DATA + 16], WASI_TYPE_REGULAR);
	ck_assert_uint_eq(guest_u64(&g, GUEST_DATA + 32), 5000);
	ck_assert_uint_eq(guest_u64(&g, GUEST_DATA + 40), 1000000007);
	ck_assert_uint_eq(guest_u64(&g, GUEST_DATA + 48), 2000000009);
	ck_assert_int_eq(CALL(&g, path_filestat_set_times, 3, 1, STR(&g, "f"), 5, 0, 1), 0);
	ck_assert_int_eq(CALL(&g, path_filestat_get, 3, 0, STR(&g, "f"), GUEST_DATA), 0);
	ck_assert_uint_eq(guest_u64(&g, GUEST_DATA + 40), 5);
	ck_assert_uint_eq(guest_u64(&g, GUEST_DATA + 48), 2000000009);
	ck_assert_int_eq(CALL(&g, fd_filestat_get, f, OUT), WASI_EFAULT);
	ck_assert_int_eq(CALL(&g, fd_fdstat_get, f, OUT), WASI_EFAULT);
	ck_assert_int_eq(CALL(&g, fd_sync, f), 0);
	ck_assert_int_eq(CALL(&g, fd_datasync, f), 0);

	ck_assert_int_eq(CALL(&g, fd_prestat_get, 3, GUEST_DATA), 0);
	ck_assert_uint_eq(guest_u32(&g, GUEST_DATA + 4), 1);
	ck_assert_int_eq(CALL(&g, fd_prestat_dir_name, 3, GUEST_DATA, 0), WASI_ENAMETOOLONG);
	ck_assert_int_eq(CALL(&g, fd_prestat_dir_name, 3, GUEST_DATA, 1), 0);
	ck_assert_uint_eq(g.head.mem0[GUEST_DATA], '/');
	ck_assert_int_eq(CALL(&g, fd_prestat_get, 5, GUEST_DATA), WASI_EBADF);
	ck_assert_int_eq(CALL(&g, fd_prestat_get, f, GUEST_DATA), WASI_EBADF);
	ck_assert_int_eq(CALL(&g, fd_prestat_dir_name, f, GUEST_DATA, 9), WASI_ENOTDIR);
	guest_done(&g);
}
END_TEST

UNIT("wasi calls", errnos, numbers, strings, offsets, refill, iovecs, paths, path_bytes, readonly,
     rights, attributes)
