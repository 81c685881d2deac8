/*
 * Rights: what path_open gives, what is inherited, what fd_fdstat_set_rights takes, and which error
 * says that one is missing. Run with an empty directory as 3.
 */
#include "wasi.h"

enum {
	DATASYNC = 1 << 0, SET_FLAGS = 1 << 3, SYNC_ = 1 << 4, ADVISE = 1 << 7, ALLOCATE = 1 << 8,
	CREATE_DIRECTORY = 1 << 9, CREATE_FILE = 1 << 10, LINK_SOURCE = 1 << 11,
	LINK_TARGET = 1 << 12, OPEN = 1 << 13, READLINK = 1 << 15, RENAME_SOURCE = 1 << 16,
	RENAME_TARGET = 1 << 17, PATH_GET = 1 << 18, PATH_SET_SIZE = 1 << 19,
	PATH_SET_TIMES = 1 << 20, GET = 1 << 21, SET_SIZE = 1 << 22, SET_TIMES = 1 << 23,
	SYMLINK = 1 << 24, REMOVE_DIRECTORY = 1 << 25, UNLINK = 1 << 26, POLL = 1 << 27,
	ACCEPT = 1 << 29,
};

static _Alignas(8) char buf[4096];
static struct iov iov = { buf, 5 };
static struct fdstat st;
static struct { u64 userdata, tag; u32 fd, pad; u64 pad2[3]; } sub = { 7, 1, 0, 0, { 0 } };
static u32 fd, other, n;
static u64 at;

static void rights_of(u32 of)
{
	memset(&st, 0, sizeof(st));
	E(w_fd_fdstat_get(of, &st));
	printf("  fdstat: type %d flags %d rights %08llx inheriting %08llx\n", st.type, st.flags,
	       (long long)st.rights, (long long)st.inheriting);
}

/* Everything a descriptor of a file can be asked for. */
static void file_calls(const char *how, u32 of)
{
	printf("-- %s\n", how);
	E(w_fd_read(of, &iov, 1, &n));
	E(w_fd_pread(of, &iov, 1, 0, &n));
	E(w_fd_write(of, &iov, 1, &n));
	E(w_fd_pwrite(of, &iov, 1, 0, &n));
	E(w_fd_seek(of, 0, SET, &at));
	E(w_fd_seek(of, 0, CUR, &at));
	E(w_fd_tell(of, &at));
	E(w_fd_advise(of, 0, 0, 0));
	E(w_fd_datasync(of));
	E(w_fd_sync(of));
	E(w_fd_filestat_get(of, buf));
	E(w_fd_filestat_set_size(of, 5));
	E(w_fd_filestat_set_times(of, 1, 2, ATIM | MTIM));
	E(w_fd_fdstat_set_flags(of, 0));
	E(w_fd_readdir(of, buf, sizeof(buf), 0, &n));
	E(w_path_create_directory(of, S("x")));
	E(open_in(of, &other, "x", 0, 0, RW, 0));
	E(w_sock_accept(of, 0, &n));
	E(w_sock_recv(of, &iov, 1, 0, &n, &at));
	E(w_sock_send(of, &iov, 1, 0, &n));
	E(w_sock_shutdown(of, 1));
	sub.fd = of;
	E(w_poll_oneoff(&sub, buf, 1, &n));
	printf("  poll says %s\n", error_name(buf[8]));
}

static void allocates(const char *how, u32 of)
{
	printf("-- %s\n", how);
	E(w_fd_allocate(of, 0, 5));
}

/* Everything a descriptor of a directory can be asked for; each can be done again. */
static void directory_calls(const char *how, u32 of)
{
	printf("-- %s\n", how);
	E(w_fd_readdir(of, buf, sizeof(buf), 0, &n));
	E(w_path_create_directory(of, S("made")));
	E(w_path_filestat_get(of, 0, S("made"), buf));
	E(w_path_filestat_set_times(of, 0, S("made"), 1, 2, ATIM | MTIM));
	E(w_path_remove_directory(of, S("made")));
	E(w_path_symlink(S("t"), of, S("link")));
	E(w_path_readlink(of, S("link"), buf, 10, &n));
	E(w_path_unlink_file(of, S("link")));
	E(open_in(of, &other, "new", 0, CREAT | EXCL, RW, 0));
	E(w_fd_close(other));
	E(open_in(of, &other, "new", 0, TRUNC, RW, 0));
	E(w_fd_close(other));
	E(w_path_link(of, 0, S("new"), of, S("hard")));
	E(w_path_rename(of, S("hard"), of, S("soft")));
	E(w_path_unlink_file(of, S("soft")));
	E(w_path_unlink_file(of, S("new")));
	E(w_fd_sync(of));
	E(w_fd_datasync(of));
	E(w_fd_filestat_get(of, buf));
	E(w_fd_filestat_set_times(of, 1, 2, ATIM | MTIM));
	E(w_fd_fdstat_set_flags(of, 0));
}

static void opened(void)
{
	make("f", "hello");
	rights_of(3);
	E(open_in(3, &fd, "f", 0, 0, RW, 0));
	rights_of(fd);
	file_calls("opened to read and write", fd);
	allocates("opened to read and write", fd);
	E(w_fd_close(fd));
	E(open_in(3, &fd, "f", 0, 0, READ, 0));
	rights_of(fd);
	file_calls("opened to read", fd);
	allocates("opened to read", fd);
	E(w_fd_close(fd));
	E(open_in(3, &fd, "f", 0, 0, WRITE, 0));
	rights_of(fd);
	file_calls("opened to write", fd);
	E(w_fd_close(fd));
	E(open_in(3, &fd, "f", 0, 0, 0, 0));
	rights_of(fd);
	file_calls("opened for nothing", fd);
	E(w_fd_close(fd));
	E(w_path_create_directory(3, S("d")));
	E(w_path_open(3, 0, S("d"), DIRECTORY, 0, 0, 0, &fd));
	rights_of(fd);
	directory_calls("a directory opened for nothing", fd);
	file_calls("a directory as a file", fd);
	allocates("a directory as a file", fd);
	E(w_fd_close(fd));
	E(w_path_open(3, 0, S("d"), 0, READ, 0, 0, &fd));
	rights_of(fd);
	directory_calls("a directory opened as if it were a file", fd);
	E(w_fd_close(fd));
	E(open_in(3, &fd, "d", 0, DIRECTORY, WRITE, 0));
	E(open_in(3, &fd, "d", 0, 0, RW, 0));
	E(open_in(3, &fd, "d", 0, DIRECTORY | TRUNC, READ, 0));
	E(open_in(3, &fd, "d", 0, TRUNC, READ, 0));
}

/* Takes rights away from `of`; none can come back. */
static void drop(u32 of, u64 base, u64 inheriting)
{
	E(w_fd_fdstat_get(of, &st));
	E(w_fd_fdstat_set_rights(of, st.rights & ~base, st.inheriting & ~inheriting));
}

static void dropped(void)
{
	E(open_in(3, &fd, "f", 0, 0, RW, 0));
	drop(fd, READ | WRITE, 0);
	E(w_fd_fdstat_set_rights(fd, st.rights, st.inheriting));
	E(w_fd_fdstat_set_rights(fd, st.rights & ~(u64)RW, 0));
	E(w_fd_fdstat_set_rights(fd, 0, 1));
	file_calls("neither read nor write", fd);
	E(w_fd_close(fd));
	E(open_in(3, &fd, "f", 0, 0, RW, 0));
	E(w_fd_fdstat_set_rights(fd, 0, 0));
	rights_of(fd);
	file_calls("all dropped", fd);
	allocates("all dropped", fd);
	E(w_fd_renumber(fd, fd));
	E(w_fd_close(fd));
	file_calls("closed", fd);
	E(w_fd_fdstat_set_rights(fd, 0, 0));
	E(w_fd_fdstat_get(fd, &st));
	E(w_path_open(3, 0, S("d"), DIRECTORY, ALL & ~(u64)WRITE, ALL, 0, &fd));
	E(w_fd_fdstat_set_rights(fd, 0, 0));
	rights_of(fd);
	directory_calls("a directory, all dropped", fd);
	E(w_fd_close(fd));
	directory_calls("closed", fd);
}

static void inherited(void)
{
	E(w_path_open(3, 0, S("d"), DIRECTORY, ALL & ~(u64)WRITE, ALL, 0, &fd));
	drop(fd, 0, WRITE | SET_SIZE);
	E(open_in(fd, &other, "g", 0, CREAT, READ, 0));
	E(w_path_open(fd, 0, S("g"), CREAT, READ, 0, 0, &other));
	rights_of(other);
	E(w_fd_write(other, &iov, 1, &n));
	E(w_fd_filestat_set_size(other, 0));
	E(w_fd_close(other));
	E(w_path_open(fd, 0, S("g"), 0, RW, 0, 0, &other));
	E(w_path_open(fd, 0, S("g"), TRUNC, READ, 0, 0, &other));
	E(w_fd_close(other));
	E(w_path_open(fd, 0, S("g"), 0, READ, WRITE, 0, &other));
	drop(fd, PATH_SET_SIZE, 0);
	E(w_path_open(fd, 0, S("g"), TRUNC, READ, 0, 0, &other));
	drop(fd, CREATE_FILE, 0);
	E(w_path_open(fd, 0, S("h"), CREAT, READ, 0, 0, &other));
	drop(fd, OPEN, 0);
	E(w_path_open(fd, 0, S("g"), 0, READ, 0, 0, &other));
	E(w_path_unlink_file(fd, S("g")));
	E(w_path_link(3, 0, S("f"), fd, S("g")));
	drop(fd, LINK_TARGET, 0);
	E(w_path_link(3, 0, S("f"), fd, S("h")));
	E(w_path_rename(fd, S("g"), 3, S("h")));
	drop(fd, RENAME_TARGET, 0);
	E(w_path_rename(3, S("h"), fd, S("h")));
	E(w_path_unlink_file(3, S("h")));
	E(w_fd_close(fd));
}

int main(void)
{
	setvbuf(stdout, NULL, _IONBF, 0);
	opened();
	dropped();
	inherited();
	return 0;
}
