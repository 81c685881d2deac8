/*
 * Calls on descriptors: offsets, appends, sizes, times, flags, advice, renumbering, preopens. Run
 * with an empty directory as 3, /dev/null as 0 and a pipe as 1.
 */
#include "wasi.h"

#define BIG (1ull << 62)
#define HUGE_ (1ull << 63)

static _Alignas(8) char buf[4096];
static struct iov five = { buf, 5 }, none = { buf, 0 };
static struct filestat fs;
static struct fdstat st;
static u32 fd, other, n;
static u64 at;

static void offsets(void)
{
	make("f", "0123456789");
	E(open_in(3, &fd, "f", 0, 0, RW, 0));
	E(w_fd_seek(fd, 3, SET, &at));
	E(w_fd_seek(fd, -4, CUR, &at));
	V(at);
	E(w_fd_seek(fd, -3, CUR, &at));
	V(at);
	E(w_fd_seek(fd, -11, FROM_END, &at));
	E(w_fd_seek(fd, 5, FROM_END, &at));
	V(at);
	E(w_fd_tell(fd, &at));
	V(at);
	E(w_fd_read(fd, &five, 1, &n));
	V(n);
	E(w_fd_seek(fd, INT64_MAX, SET, &at));
	E(w_fd_seek(fd, INT64_MIN, SET, &at));
	E(w_fd_seek(fd, INT64_MAX, CUR, &at));
	E(w_fd_pread(fd, &five, 1, 8, &n));
	V(n);
	E(w_fd_pread(fd, &five, 1, BIG, &n));
	E(w_fd_pread(fd, &five, 1, HUGE_, &n));
	E(w_fd_pread(fd, &five, 1, UINT64_MAX, &n));
	E(w_fd_pwrite(fd, &five, 1, HUGE_, &n));
	E(w_fd_pwrite(fd, &five, 1, UINT64_MAX, &n));
	E(w_fd_pwrite(fd, &five, 1, BIG, &n));
	E(w_fd_pwrite(fd, &none, 1, 100, &n));
	E(w_fd_seek(fd, 0, SET, &at));
	E(w_fd_read(fd, NULL, 0, &n));
	E(w_fd_write(fd, NULL, 0, &n));
	E(w_fd_read(fd, &none, 1, &n));
	E(w_fd_write(fd, &none, 1, &n));
	E(w_fd_filestat_get(fd, &fs));
	V(fs.size);
	E(w_fd_close(fd));
}

static void appends(void)
{
	E(open_in(3, &fd, "a", 0, CREAT, RW, APPEND));
	E(w_fd_write(fd, &five, 1, &n));
	E(w_fd_seek(fd, 0, SET, &at));
	E(w_fd_write(fd, &five, 1, &n));
	E(w_fd_tell(fd, &at));
	V(at);
	E(w_fd_seek(fd, 2, SET, &at));
	E(w_fd_read(fd, &five, 1, &n));
	E(w_fd_tell(fd, &at));
	V(at);
	E(w_fd_pwrite(fd, &five, 1, 0, &n));
	E(w_fd_tell(fd, &at));
	V(at);
	E(w_fd_fdstat_set_flags(fd, 0));
	E(w_fd_write(fd, &five, 1, &n));
	E(w_fd_tell(fd, &at));
	V(at);
	E(w_fd_fdstat_set_flags(fd, APPEND));
	E(w_fd_write(fd, &five, 1, &n));
	E(w_fd_tell(fd, &at));
	V(at > 12);
	E(w_fd_close(fd));
}

static void flags(void)
{
	static const u32 each[] = { APPEND, DSYNC, NONBLOCK, RSYNC, SYNC, APPEND | NONBLOCK };

	for (u32 i = 0; i < sizeof(each) / sizeof(each[0]); i++) {
		printf("-- flags %u\n", each[i]);
		if (!E(open_in(3, &fd, "f", 0, 0, RW, each[i]))) {
			E(w_fd_fdstat_get(fd, &st));
			V(st.flags);
			E(w_fd_write(fd, &five, 1, &n));
			E(w_fd_close(fd));
		}
		E(open_in(3, &fd, "f", 0, 0, RW, 0));
		if (!E(w_fd_fdstat_set_flags(fd, each[i]))) {
			E(w_fd_fdstat_get(fd, &st));
			V(st.flags);
		}
		E(w_fd_close(fd));
	}
	E(w_fd_fdstat_set_flags(1, 0));
	E(w_fd_fdstat_set_flags(99, 0));
}

static void sizes(void)
{
	E(open_in(3, &fd, "z", 0, CREAT, RW, 0));
	E(w_fd_filestat_set_size(fd, 1000));
	E(w_fd_filestat_set_size(fd, HUGE_));
	E(w_fd_filestat_set_size(fd, UINT64_MAX));
	E(w_fd_filestat_set_size(fd, BIG));
	E(w_fd_filestat_get(fd, &fs));
	V(fs.size);
	E(w_fd_allocate(fd, 0, 0));
	E(w_fd_allocate(fd, 500, 100));
	E(w_fd_allocate(fd, 990, 20));
	E(w_fd_allocate(fd, HUGE_, 1));
	E(w_fd_allocate(fd, 1, HUGE_));
	E(w_fd_allocate(fd, INT64_MAX, INT64_MAX));
	E(w_fd_filestat_get(fd, &fs));
	V(fs.size);
	E(w_fd_filestat_set_size(fd, 0));
	for (u32 advice = 0; advice < 6; advice++)
		E(w_fd_advise(fd, 0, 10, advice));
	E(w_fd_advise(fd, BIG, BIG, 0));
	E(w_fd_advise(fd, HUGE_, 1, 0));
	E(w_fd_advise(fd, 1, HUGE_, 0));
	E(w_fd_advise(1, 0, 0, 0));
	E(w_fd_advise(3, 0, 0, 0));
	E(w_fd_filestat_set_size(1, 0));
	E(w_fd_filestat_set_size(3, 0));
	E(w_fd_allocate(1, 0, 1));
	E(w_fd_allocate(3, 0, 1));
	E(w_fd_close(fd));
}

static void times(void)
{
	E(open_in(3, &fd, "z", 0, CREAT, RW, 0));
	E(w_fd_filestat_set_times(fd, 1500000000000000001, 1600000000000000002, ATIM | MTIM));
	E(w_fd_filestat_get(fd, &fs));
	V(fs.atim);
	V(fs.mtim);
	E(w_fd_filestat_set_times(fd, 7, 9, MTIM));
	E(w_fd_filestat_get(fd, &fs));
	V(fs.atim);
	V(fs.mtim);
	E(w_fd_filestat_set_times(fd, 7, 9, 0));
	E(w_fd_filestat_set_times(fd, 7, 9, ATIM | ATIM_NOW));
	E(w_fd_filestat_set_times(fd, 7, 9, MTIM | MTIM_NOW));
	E(w_fd_filestat_set_times(fd, 7, 9, ATIM | MTIM | ATIM_NOW | MTIM_NOW));
	E(w_fd_filestat_get(fd, &fs));
	V(fs.mtim);
	E(w_fd_filestat_set_times(fd, 7, 9, ATIM_NOW | MTIM_NOW));
	E(w_fd_filestat_get(fd, &fs));
	V(fs.atim > 1600000000000000002 && fs.mtim > 1600000000000000002);
	E(w_fd_filestat_set_times(fd, UINT64_MAX, UINT64_MAX, ATIM | MTIM));
	E(w_fd_close(fd));
	E(open_in(3, &fd, "z", 0, 0, READ, 0));
	E(w_fd_filestat_set_times(fd, 7, 9, ATIM | MTIM));
	E(w_path_filestat_set_times(3, 0, S("z"), 7, 9, ATIM | ATIM_NOW));
	E(w_path_filestat_set_times(3, 0, S("z"), 7, 9, MTIM | MTIM_NOW));
	E(w_path_filestat_set_times(3, 0, S("z"), 7, 9, MTIM_NOW));
	E(w_path_filestat_set_times(3, 0, S("z"), 7, 1600000000000000002, MTIM));
	E(w_path_filestat_get(3, 0, S("z"), &fs));
	V(fs.mtim);
	E(w_fd_close(fd));
}

static void renumbering(void)
{
	make("r", "first");
	make("s", "second");
	E(open_in(3, &fd, "r", 0, 0, RW, 0));
	E(open_in(3, &other, "s", 0, 0, RW, 0));
	V(other - fd);
	E(w_fd_renumber(fd, fd));
	E(w_fd_read(fd, &five, 1, &n));
	E(w_fd_renumber(fd, other));
	E(w_fd_fdstat_get(fd, &st));
	E(w_fd_tell(other, &at));
	V(at);
	E(w_fd_renumber(fd, other));
	E(w_fd_renumber(other, fd));
	E(w_fd_renumber(other, 1000));
	E(w_fd_renumber(99, 99));
	E(w_fd_renumber(-1u, other));
	E(w_fd_renumber(other, -1u));
	E(open_in(3, &fd, "s", 0, 0, RW, 0));
	V(other - fd);
	E(w_fd_close(other));
	E(w_fd_close(other));
	E(w_fd_close(fd));
	E(w_fd_close(-1u));
	E(w_fd_close(99));
}

/* Over and away from a preopen. */
static void preopens(void)
{
	memset(buf, 0, sizeof(buf));
	E(w_fd_prestat_get(3, buf));
	V(buf[0]);
	V(buf[4]);
	E(w_fd_prestat_get(0, buf));
	E(w_fd_prestat_get(4, buf));
	E(w_fd_prestat_dir_name(3, buf, 0));
	E(w_fd_prestat_dir_name(3, buf, 1));
	E(w_fd_prestat_dir_name(3, buf, 100));
	E(w_fd_prestat_dir_name(1, buf, 100));
	E(w_fd_prestat_dir_name(99, buf, 100));
	E(w_path_create_directory(3, S("p")));
	E(open_in(3, &fd, "p", 0, DIRECTORY, READ, 0));
	E(w_fd_prestat_get(fd, buf));
	E(w_fd_prestat_dir_name(fd, buf, 100));
	E(w_fd_renumber(fd, 3));
	E(w_fd_fdstat_get(fd, &st));
	E(w_fd_prestat_get(3, buf));
	E(open_in(3, &fd, "inside", 0, CREAT, RW, 0));
	E(w_fd_close(fd));
	E(open_in(3, &fd, "f", 0, 0, READ, 0));
	E(w_fd_close(3));
	E(w_fd_prestat_get(3, buf));
	E(open_in(3, &fd, "inside", 0, 0, READ, 0));
}

int main(void)
{
	setvbuf(stdout, NULL, _IONBF, 0);
	offsets();
	appends();
	flags();
	sizes();
	times();
	renumbering();
	preopens();
	return 0;
}
