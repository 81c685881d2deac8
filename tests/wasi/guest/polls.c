/*
 * poll_oneoff with every mix of clocks, files, streams and wrong descriptors. polls, with an empty
 * directory as 3; polls in, to tell what there is to say of 0.
 */
#include "wasi.h"

enum { CLOCK, FD_READ, FD_WRITE };
enum { REAL, MONOTONIC, PROCESS, THREAD };
#define MS 1000000ull
#define HOUR (3600 * 1000 * MS)
#define MAX 8

struct sub {
	u64 userdata, tag;
	u32 id, pad;
	u64 timeout, precision, flags;
};

struct event {
	u64 userdata;
	uint16_t error;
	uint8_t type, pad[5];
	u64 nbytes;
	uint16_t flags, pad2[3];
};

static struct sub subs[MAX];
static struct event events[MAX];
static u32 count;

static void clock_(u32 id, u64 timeout, u64 flags)
{
	subs[count] = (struct sub){ 100 + count, CLOCK, id, 0, timeout, 0, flags };
	count++;
}

static void on(u64 tag, u32 fd)
{
	subs[count] = (struct sub){ 100 + count, tag, fd };
	count++;
}

static u64 now(u32 id)
{
	u64 t = 0;

	w_clock_time_get(id, 0, &t);
	return t;
}

/* Polls what was collected. Natural numbers only: times are said as yes or no. */
static void poll(const char *what, u64 at_least, u64 below)
{
	u64 before = now(MONOTONIC), took;
	u32 n = 99;
	int e;

	memset(events, 0xee, sizeof(events));
	e = w_poll_oneoff(subs, events, count, &n);
	took = now(MONOTONIC) - before;
	printf("%s: %s\n", what, error_name(e));
	for (u32 i = 0; !e && i < n; i++)
		printf("  event %llu: %s type %d nbytes %llu flags %d\n",
		       (long long)events[i].userdata, error_name(events[i].error), events[i].type,
		       (long long)events[i].nbytes, events[i].flags);
	if (!e && (took < at_least || took >= below))
		printf("  took %llu\n", (long long)took);
	count = 0;
}

static void clocks(void)
{
	poll("nothing", 0, HOUR);
	for (u32 id = REAL; id <= MONOTONIC; id++) {
		clock_(id, 2 * MS, 0);
		poll("2 ms", 2 * MS, HOUR);
		clock_(id, 0, 0);
		poll("no time", 0, HOUR);
		clock_(id, now(id) + 2 * MS, 1);
		poll("until in 2 ms", 1 * MS, HOUR);
		clock_(id, 1, 1);
		poll("until long ago", 0, HOUR);
		clock_(id, 0, 1);
		poll("until the beginning", 0, HOUR);
	}
	clock_(MONOTONIC, HOUR, 0);
	clock_(REAL, 1, 1);
	clock_(REAL, HOUR, 0);
	poll("the second", 0, HOUR);
	clock_(MONOTONIC, 0, 0);
	clock_(REAL, 0, 0);
	poll("both", 0, HOUR);
	clock_(MONOTONIC, 3 * MS, 0);
	clock_(MONOTONIC, UINT64_MAX, 0);
	clock_(REAL, UINT64_MAX, 1);
	poll("with two that never come", 3 * MS, HOUR);
}

static void cpu_clocks(void)
{
	clock_(PROCESS, MS, 0);
	poll("process time", 0, HOUR);
	clock_(THREAD, MS, 0);
	poll("thread time", 0, HOUR);
	clock_(4, MS, 0);
	poll("no clock", 0, HOUR);
}

static void files(void)
{
	u32 fd, dir;
	u64 at;

	make("f", "0123456789");
	E(open_in(3, &fd, "f", 0, 0, RW, 0));
	on(FD_READ, fd);
	poll("a file", 0, HOUR);
	on(FD_WRITE, fd);
	poll("a file to write", 0, HOUR);
	w_fd_seek(fd, 7, SET, &at);
	on(FD_READ, fd);
	on(FD_WRITE, fd);
	on(FD_READ, fd);
	poll("the same three times", 0, HOUR);
	w_fd_seek(fd, 20, SET, &at);
	on(FD_READ, fd);
	clock_(MONOTONIC, HOUR, 0);
	poll("beyond its end", 0, HOUR);
	clock_(MONOTONIC, HOUR, 0);
	on(FD_WRITE, fd);
	clock_(MONOTONIC, 0, 0);
	poll("a clock behind", 0, HOUR);
	E(open_in(3, &dir, ".", 0, DIRECTORY, READ, 0));
	on(FD_READ, dir);
	poll("a directory", 0, HOUR);
	E(w_fd_close(fd));
}

static void wrong(void)
{
	on(FD_READ, 99);
	poll("not open", 0, HOUR);
	on(FD_WRITE, -1u);
	clock_(MONOTONIC, HOUR, 0);
	poll("no number", 0, HOUR);
	on(FD_WRITE, 2);
	on(FD_READ, 99);
	poll("one of two", 0, HOUR);
	on(FD_WRITE, -1u);
	on(FD_READ, 99);
	poll("two of two", 0, HOUR);
}

static void input(void)
{
	char buf[100];
	struct iov v = { buf, 5 };
	u32 n;

	on(FD_READ, 0);
	poll("0", 0, HOUR);
	E(w_fd_read(0, &v, 1, &n));
	V(n);
	on(FD_READ, 0);
	poll("0 again", 0, HOUR);
	v.len = sizeof(buf);
	E(w_fd_read(0, &v, 1, &n));
	on(FD_READ, 0);
	clock_(MONOTONIC, 300 * MS, 0);
	poll("0 at its end", 0, HOUR);
}

int main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IONBF, 0);
	if (argc > 1) {
		input();
		return 0;
	}
	clocks();
	files();
	wrong();
	cpu_clocks();
	return 0;
}
