/*
 * What a correct program never asks: pointers and lengths at and beyond the end of memory, numbers
 * that name nothing, records that lie over each other, descriptors until there are no more. Each
 * has its error, and nothing is lost or half done. Run with an
 * empty directory as 3, invalid.wasm as its only argument and A=b as its environment.
 */
#include "wasi.h"

#define PAGE 65536u

static _Alignas(8) char buf[65536];
static struct iov five = { buf, 5 }, two[2];
static struct filestat fs;
static struct {
	u64 userdata, tag;
	u32 id, pad;
	u64 timeout, precision, flags;
} sub = { 1, 0, 1, 0, 0, 0, 0 };
static uintptr_t end;
static u32 fd, dir, other, n;
static u64 at;

/* `size` bytes at p, in memory up to the last one, and not. */
#define EDGE(size, call) \
	do { \
		uintptr_t bad[] = { end - (size) + 1, end, 0xfffffff0u, 0u - (size) }; \
		int faults = 0; \
		void *p; \
		for (int i = 0; i < 4; i++) { \
			p = (void *)bad[i]; \
			faults += (call) == 21; \
		} \
		p = (void *)(end - (size)); \
		printf("%s: %d of 4, and in memory %s\n", #call, faults, error_name(call)); \
	} while (0)

/* A string that ends where memory does. */
static void *text(void *p, const char *s)
{
	if ((uintptr_t)p == end - strlen(s))
		memcpy(p, s, strlen(s));
	return p;
}

static void *subscription(void *p)
{
	if ((uintptr_t)p == end - sizeof(sub))
		memcpy(p, &sub, sizeof(sub));
	return p;
}

static void *iov(void *p)
{
	if ((uintptr_t)p == end - sizeof(five))
		memcpy(p, &five, sizeof(five));
	return p;
}

static void pointers_of_lists(void)
{
	EDGE(4, w_args_sizes_get(p, &n));
	EDGE(4, w_args_sizes_get(&n, p));
	EDGE(4, w_args_get(p, buf));
	EDGE(13, w_args_get(buf, p));
	EDGE(4, w_environ_sizes_get(p, &n));
	EDGE(4, w_environ_sizes_get(&n, p));
	EDGE(4, w_environ_get(p, buf));
	EDGE(4, w_environ_get(buf, p));
	EDGE(8, w_clock_time_get(0, 0, p));
	EDGE(8, w_clock_res_get(0, p));
	EDGE(100, w_random_get(p, 100));
	EDGE(1, w_random_get(p, 1));
	E(w_random_get((void *)end, 0));
	E(w_random_get(NULL, 0));
	E(w_random_get(NULL, (u32)end + 1));
	E(w_random_get(buf, UINT32_MAX));
}

static void pointers_of_descriptors(void)
{
	EDGE(24, w_fd_fdstat_get(fd, p));
	EDGE(64, w_fd_filestat_get(fd, p));
	EDGE(8, w_fd_prestat_get(3, p));
	EDGE(1, w_fd_prestat_dir_name(3, p, 1));
	EDGE(8, w_fd_seek(fd, 0, SET, p));
	EDGE(8, w_fd_tell(fd, p));
	EDGE(8, w_fd_read(fd, iov(p), 1, &n));
	EDGE(4, w_fd_read(fd, &five, 1, p));
	EDGE(8, w_fd_pread(fd, iov(p), 1, 0, &n));
	EDGE(4, w_fd_pread(fd, &five, 1, 0, p));
	EDGE(8, w_fd_write(fd, iov(p), 1, &n));
	EDGE(4, w_fd_write(fd, &five, 1, p));
	EDGE(8, w_fd_pwrite(fd, iov(p), 1, 0, &n));
	EDGE(4, w_fd_pwrite(fd, &five, 1, 0, p));
	EDGE(9, (two[0] = (struct iov){ p, 9 }, w_fd_read(fd, two, 1, &n)));
	EDGE(9, (two[1] = (struct iov){ p, 9 }, w_fd_write(fd, two, 2, &n)));
	EDGE(100, w_fd_readdir(dir, p, 100, 0, &n));
	EDGE(4, w_fd_readdir(dir, buf, 100, 0, p));
	EDGE(48, w_poll_oneoff(subscription(p), buf, 1, &n));
	EDGE(32, w_poll_oneoff(&sub, p, 1, &n));
	EDGE(4, w_poll_oneoff(&sub, buf, 1, p));
}

static void pointers_of_paths(void)
{
	EDGE(1, w_path_create_directory(3, text(p, "m"), 1));
	EDGE(64, w_path_filestat_get(3, 0, S("m"), p));
	EDGE(1, w_path_filestat_get(3, 0, text(p, "m"), 1, &fs));
	EDGE(1, w_path_filestat_set_times(3, 0, text(p, "m"), 1, 0, 0, 0));
	EDGE(1, w_path_remove_directory(3, text(p, "m"), 1));
	EDGE(1, w_path_symlink(text(p, "t"), 1, 3, S("l")));
	E(w_path_unlink_file(3, S("l")));
	EDGE(1, w_path_symlink(S("t"), 3, text(p, "l"), 1));
	EDGE(1, w_path_readlink(3, text(p, "l"), 1, buf, 10, &n));
	EDGE(10, w_path_readlink(3, S("l"), p, 10, &n));
	EDGE(4, w_path_readlink(3, S("l"), buf, 10, p));
	EDGE(1, w_path_rename(3, text(p, "l"), 1, 3, S("k")));
	EDGE(1, w_path_rename(3, S("k"), 3, text(p, "l"), 1));
	EDGE(1, w_path_link(3, 0, text(p, "l"), 1, 3, S("k")));
	E(w_path_unlink_file(3, S("k")));
	EDGE(1, w_path_link(3, 0, S("l"), 3, text(p, "k"), 1));
	EDGE(1, w_path_unlink_file(3, text(p, "k"), 1));
	EDGE(1, w_path_open(3, 0, text(p, "o"), 1, CREAT, RW, 0, 0, &other));
	E(w_fd_close(other));
	E(w_path_unlink_file(3, S("o")));
	E(w_path_open(3, 0, S("o"), CREAT, RW, 0, 0, END));
	E(w_path_unlink_file(3, S("o")));
	E(w_path_create_directory(3, buf, UINT32_MAX));
	E(w_path_create_directory(3, NULL, 0));
	E(w_path_create_directory(3, (void *)end, 0));
}

static void lengths(void)
{
	E(w_fd_read(fd, two, 1025, &n));
	E(w_fd_read(fd, two, 0x10000000, &n));
	E(w_fd_read(fd, two, 0x20000000, &n));
	E(w_fd_read(fd, two, UINT32_MAX, &n));
	E(w_fd_write(fd, two, UINT32_MAX, &n));
	two[0] = (struct iov){ buf, UINT32_MAX };
	E(w_fd_read(fd, two, 1, &n));
	E(w_fd_write(fd, two, 1, &n));
	two[0] = (struct iov){ NULL, end };
	two[1] = (struct iov){ NULL, end };
	w_fd_filestat_set_size(fd, 0);
	E(w_fd_pread(fd, two, 2, 0, &n));
	V(n);
	two[0] = (struct iov){ (void *)end, 0 };
	E(w_fd_read(fd, two, 1, &n));
	two[0] = (struct iov){ END, 0 };
	E(w_fd_read(fd, two, 1, &n));
	E(w_fd_readdir(dir, buf, UINT32_MAX, 0, &n));
	E(w_poll_oneoff(&sub, buf, 0x10000000, &n));
	E(w_poll_oneoff(&sub, buf, UINT32_MAX, &n));
}

static void numbers(void)
{
	E(w_fd_seek(fd, 0, 3, &at));
	E(w_fd_seek(fd, 0, UINT32_MAX, &at));
	E(w_fd_advise(fd, 0, 0, 6));
	E(w_fd_advise(fd, 0, 0, UINT32_MAX));
	E(w_clock_time_get(4, 0, &at));
	E(w_clock_res_get(4, &at));
	E(w_clock_time_get(UINT32_MAX, 0, &at));
	E(w_fd_filestat_set_times(fd, 0, 0, 16));
	E(w_path_filestat_set_times(3, 0, S("f"), 0, 0, 16));
	E(w_fd_fdstat_set_flags(fd, 32));
	E(w_fd_fdstat_set_flags(fd, 0x10000));
	E(w_fd_fdstat_set_rights(fd, ALL + 1, 0));
	E(w_fd_fdstat_set_rights(dir, 0, ALL + 1));
	E(w_path_open(3, 0, S("f"), 16, READ, 0, 0, &other));
	E(w_path_open(3, 0, S("f"), 0, READ, 0, 32, &other));
	E(w_path_open(3, 2, S("f"), 0, READ, 0, 0, &other));
	E(w_path_open(3, 0, S("f"), 0, ALL + 1, 0, 0, &other));
	E(w_path_open(3, 0, S("f"), 0, READ, 1ull << 63, 0, &other));
	E(w_path_filestat_get(3, 2, S("f"), &fs));
	E(w_path_link(3, 2, S("f"), 3, S("h")));
	E(w_proc_raise(15));
	E(w_proc_raise(200));
	sub.tag = 3;
	E(w_poll_oneoff(&sub, buf, 1, &n));
	sub.tag = 0;
	sub.flags = 2;
	E(w_poll_oneoff(&sub, buf, 1, &n));
	sub.flags = 0;
	sub.id = 4;
	E(w_poll_oneoff(&sub, buf, 1, &n));
	sub.id = 1;
}

/* Records over each other, and at odd addresses. */
static void overlaps(void)
{
	static char mixed[256];

	make("f", "0123456789");
	E(w_fd_seek(fd, 0, SET, &at));
	memcpy(mixed + 1, &(struct iov){ mixed, 10 }, 8);
	E(w_fd_read(fd, mixed + 1, 1, mixed + 3));
	memcpy(&n, mixed + 3, 4);
	V(n);
	printf("%.3s...%.3s\n", mixed, mixed + 7);
	memcpy(mixed + 5, &sub, sizeof(sub));
	E(w_poll_oneoff(mixed + 5, mixed + 5, 1, mixed + 20));
	memcpy(&n, mixed + 20, 4);
	V(n);
	V(mixed[5]);
	memcpy(mixed, "f", 1);
	E(w_path_open(3, 0, mixed, 1, 0, READ, 0, 0, mixed));
	memcpy(&n, mixed, 4);
	V(n == 6);
	E(w_fd_close(n));
	E(w_fd_filestat_get(fd, mixed + 7));
	V(mixed[7 + 32]);
	E(w_clock_time_get(0, 0, mixed + 3));
	E(w_path_symlink(S("target"), 3, S("sl")));
	E(w_path_readlink(3, S("sl"), mixed, 10, mixed + 2));
	printf("%.2s %d\n", mixed, mixed[2]);
	E(w_path_unlink_file(3, S("sl")));
}

/* A call that fails has done nothing. */
static void nothing_done(void)
{
	struct iov half[2] = { { buf, 4 }, { END, 4 } };

	make("f", "0123456789");
	E(w_fd_seek(fd, 2, SET, &at));
	memset(buf, '#', 16);
	E(w_fd_read(fd, &five, 1, END));
	E(w_fd_read(fd, half, 2, &n));
	V(buf[0] == '#');
	E(w_fd_write(fd, &five, 1, END));
	E(w_fd_write(fd, half, 2, &n));
	E(w_fd_seek(fd, 5, SET, END));
	E(w_fd_tell(fd, &at));
	V(at);
	E(w_fd_pread(fd, &five, 1, 0, &n));
	printf("%.5s\n", buf);
}

/* Until there are no more, and one again. */
static void limit(void)
{
	static u32 fds[2048];
	u32 open = 0;
	int e = 0;

	while (open < 2048 && !(e = open_in(3, &fds[open], "f", 0, 0, READ, 0)))
		open++;
	printf("%u open, then %s\n", open, error_name(e));
	E(w_path_open(3, 0, S("new"), CREAT | EXCL, RW, 0, 0, &other));
	E(w_path_filestat_get(3, 0, S("new"), &fs));
	E(w_path_filestat_get(3, 0, S("./f"), &fs));
	E(w_path_rename(3, S("./f"), 3, S("./g")));
	E(w_path_rename(3, S("g"), 3, S("f")));
	E(w_fd_close(fds[17]));
	E(open_in(3, &other, "f", 0, 0, READ, 0));
	V(other == fds[17]);
	E(w_fd_renumber(fds[20], fds[21]));
	E(open_in(3, &other, "f", 0, 0, READ, 0));
	V(other == fds[20]);
	for (u32 i = 0; i < open; i++)
		e |= i != 20 && w_fd_close(fds[i]);
	V(e == 33);
	E(open_in(3, &other, "f", 0, 0, READ, 0));
	V(other == fds[0]);
}

int main(void)
{
	setvbuf(stdout, NULL, _IONBF, 0);
	end = ((uintptr_t)__builtin_wasm_memory_grow(0, 1) + 1) * PAGE;
	make("f", "0123456789");
	E(open_in(3, &fd, "f", 0, 0, RW, 0));
	E(open_in(3, &dir, ".", 0, DIRECTORY, READ, 0));
	pointers_of_lists();
	pointers_of_descriptors();
	pointers_of_paths();
	lengths();
	numbers();
	overlaps();
	nothing_done();
	limit();
	return 0;
}
