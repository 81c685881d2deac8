/*
 * Each of the 46 functions once or more, imported by name, past libc: says their errors and some
 * results. raw.expect holds what it must say, run with an empty directory as "/", /dev/null as
 * input and a pipe as output.
 */
#include "wasi.h"

#define T(e) printf("%s = %d\n", #e, (int)(e))

static _Alignas(8) char buf[65536];
static struct { const void *at; u32 len; } iov[2] = { { "hello", 5 }, { " world", 6 } };
static u32 n, fd;
static u64 at;

static void lists(void)
{
	u32 count, bytes;

	T(w_args_sizes_get(&count, &bytes));
	T(count);
	T(w_args_get(buf, buf + 1024));
	printf("%s\n", buf + 1024);
	T(w_args_get(END, buf));
	T(w_environ_sizes_get(&count, &bytes));
	T(count);
	T(w_environ_get(buf, buf + 1024));
	T(w_environ_sizes_get(&count, END));
}

static void files(void)
{
	T(w_path_open(3, 0, S("f"), 1, ALL, ALL, 0, &fd));
	T(w_fd_write(fd, iov, 2, &n));
	T(n);
	T(w_fd_pwrite(fd, iov, 1, 3, &n));
	T(w_fd_tell(fd, &at));
	T(at);
	T(w_fd_seek(fd, 0, 0, &at));
	iov[0].at = iov[1].at = buf;
	T(w_fd_read(fd, iov, 2, &n));
	T(n);
	T(w_fd_pread(fd, iov, 1, 1, &n));
	T(w_fd_pread(fd, iov, 1, 1, END));
	T(w_fd_read(fd, END, 1, &n));
	T(w_fd_read(fd, iov, 0x20000000, &n));
	T(w_fd_advise(fd, 0, 0, 2));
	T(w_fd_advise(fd, 0, 0, 9));
	T(w_fd_allocate(fd, 0, 100));
	T(w_fd_datasync(fd));
	T(w_fd_sync(fd));
	T(w_fd_filestat_set_size(fd, 7));
	T(w_fd_filestat_set_times(fd, 1, 2, 5));
	T(w_fd_filestat_get(fd, buf));
	T(buf[16]);
	T(buf[32]);
	T(w_fd_fdstat_set_flags(fd, 1));
	T(w_fd_fdstat_get(fd, buf));
	T(buf[0]);
	T(buf[2]);
	T(w_fd_fdstat_set_rights(fd, 2, 0));
	T(w_fd_fdstat_set_rights(fd, 64, 0));
	T(w_fd_write(fd, iov, 1, &n));
	T(w_path_open(3, 0, S("g"), 1, ALL, ALL, 0, &n));
	T(w_fd_renumber(fd, n));
	T(w_fd_renumber(fd, n));
	T(w_fd_close(n));
	T(w_fd_close(n));
}

static void names(void)
{
	T(w_fd_prestat_get(3, buf));
	T(buf[4]);
	T(w_fd_prestat_dir_name(3, buf, 1));
	T(w_fd_prestat_dir_name(3, buf, 0));
	T(w_fd_prestat_get(4, buf));
	T(w_path_create_directory(3, S("d")));
	T(w_path_create_directory(3, S("d\xff")));
	T(w_path_create_directory(3, END, 1));
	T(w_path_create_directory(3, S("d\0e")));
	T(w_path_symlink(S("f"), 3, S("s")));
	T(w_path_symlink(S("/etc"), 3, S("t")));
	T(w_path_readlink(3, S("s"), buf, 100, &n));
	T(n);
	T(w_path_link(3, 0, S("f"), 3, S("h")));
	T(w_path_link(3, 1, S("f"), 3, S("h2")));
	T(w_path_rename(3, S("h"), 3, S("d/h")));
	T(w_path_filestat_get(3, 1, S("s"), buf));
	T(buf[16]);
	T(w_path_filestat_get(3, 0, S("s"), buf));
	T(buf[16]);
	T(w_path_filestat_set_times(3, 0, S("d/h"), 5, 6, 5));
	T(w_fd_readdir(3, buf, sizeof(buf), 0, &n));
	T(n == 24 * 6 + sizeof("...fgsd") - 1);
	T(w_path_unlink_file(3, S("d")));
	T(w_path_remove_directory(3, S("d")));
	T(w_path_unlink_file(3, S("d/h")));
	T(w_path_remove_directory(3, S("d/")));
	T(w_path_open(3, 1, S("../x"), 0, ALL, ALL, 0, &fd));
	T(w_path_open(3, 1, S("/etc/passwd"), 0, 2, 0, 0, &fd));
	T(w_path_open(3, 1, S("f"), 0, ALL + 1, 0, 0, &fd));
}

static void others(void)
{
	static struct {
		u64 userdata;
		u64 tag;
		u32 id, pad;
		u64 timeout, precision, flags;
	} subs[3] = { { 1, 0, 1, 0, 1000000, 0, 0 }, { 2, 1, 0 }, { 3, 2, 77 } };

	for (u32 i = 0; i < 5; i++) {
		T(w_clock_time_get(i, 0, buf));
		T(w_clock_res_get(i, buf));
	}
	T(w_poll_oneoff(subs, buf, 1, &n));
	T(n);
	T(w_poll_oneoff(subs, buf, 3, &n));
	T(n);
	T(buf[0]);
	T(buf[8]);
	T(buf[32]);
	T(buf[32 + 8]);
	T(w_poll_oneoff(subs, buf, 0, &n));
	T(w_poll_oneoff(subs, END, 1, &n));
	T(w_random_get(buf, sizeof(buf)));
	T(w_random_get(END, 100));
	T(w_sched_yield());
	T(w_proc_raise(15));
	T(w_sock_accept(3, 0, &n));
	T(w_sock_recv(0, iov, 1, 0, &n, &at));
	T(w_sock_send(1, iov, 1, 0, &n));
	T(w_sock_shutdown(77, 1));
	T(w_fd_filestat_set_times(0, 1, 2, 0));
}

int main(void)
{
	static char out[1 << 16];

	setvbuf(stdout, out, _IOFBF, sizeof(out));
	lists();
	files();
	names();
	others();
	fflush(stdout);
	w_proc_exit(77);
}
