/*
 * What I/O costs: rates [SCALE] prints nanoseconds of each kind of call, the least of several
 * rounds. Built natively and for WASI; tests/wasi/rates puts the two beside each other.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define ROUNDS 7

static char buf[65536];
static int fd;

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void must(int ok)
{
	if (!ok) {
		perror("rates");
		exit(1);
	}
}

static void writes(long n, size_t size)
{
	must(lseek(fd, 0, SEEK_SET) == 0);
	for (long i = 0; i < n; i++)
		must(write(fd, buf, size) == (ssize_t)size);
}

static void reads(long n, size_t size)
{
	must(lseek(fd, 0, SEEK_SET) == 0);
	for (long i = 0; i < n; i++)
		must(read(fd, buf, size) == (ssize_t)size);
}

static void write64(long n) { writes(n, 64); }
static void read64(long n) { reads(n, 64); }
static void write4k(long n) { writes(n, 4096); }
static void read4k(long n) { reads(n, 4096); }

static void pread64_(long n)
{
	for (long i = 0; i < n; i++)
		must(pread(fd, buf, 64, i * 64 % 4096) == 64);
}

static void readv4(long n)
{
	struct iovec v[4] = { { buf, 16 }, { buf + 16, 16 }, { buf + 32, 16 }, { buf + 48, 16 } };

	must(lseek(fd, 0, SEEK_SET) == 0);
	for (long i = 0; i < n; i++)
		must(readv(fd, v, 4) == 64);
}

static void append64(long n)
{
	int log = open("log", O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0666);

	for (long i = 0; i < n; i++)
		must(write(log, buf, 64) == 64);
	close(log);
}

static void seek(long n)
{
	for (long i = 0; i < n; i++)
		must(lseek(fd, i, SEEK_SET) == i);
}

static void open_close(long n)
{
	for (long i = 0; i < n; i++) {
		int f = open("file", O_RDONLY);

		must(f >= 0);
		close(f);
	}
}

static void open_read_close(long n)
{
	for (long i = 0; i < n; i++) {
		int f = open("d/e/small", O_RDONLY);

		must(f >= 0 && read(f, buf, 4096) == 100);
		close(f);
	}
}

static void stat_path(long n)
{
	struct stat st;

	for (long i = 0; i < n; i++)
		must(!stat("file", &st));
}

static void stat_deep(long n)
{
	struct stat st;

	for (long i = 0; i < n; i++)
		must(!stat("d/e/small", &st));
}

static void stat_none(long n)
{
	struct stat st;

	for (long i = 0; i < n; i++)
		must(stat("none", &st) < 0);
}

static void fstat_(long n)
{
	struct stat st;

	for (long i = 0; i < n; i++)
		must(!fstat(fd, &st));
}

static void list(long n)
{
	for (long i = 0; i < n; i++) {
		DIR *d = opendir("many");
		int entries = 0;

		while (readdir(d))
			entries++;
		closedir(d);
		must(entries == 1002);
	}
}

static void make_remove(long n)
{
	for (long i = 0; i < n; i++) {
		int f = open("temporary", O_CREAT | O_WRONLY, 0666);

		must(f >= 0);
		close(f);
		must(!unlink("temporary"));
	}
}

static void rename_(long n)
{
	for (long i = 0; i < n; i++)
		must(!rename(i % 2 ? "b" : "a", i % 2 ? "a" : "b"));
}

static void clock_(long n)
{
	struct timespec t;

	for (long i = 0; i < n; i++)
		clock_gettime(CLOCK_MONOTONIC, &t);
}

static void getc_(long n)
{
	FILE *f = fopen("file", "r");
	long sum = 0;

	for (long i = 0; i < n; i++)
		sum += getc(f);
	must(sum >= 0);
	fclose(f);
}

static void prepare(void)
{
	char name[32];

	fd = open("file", O_RDWR | O_CREAT, 0666);
	must(fd >= 0);
	for (int i = 0; i < 4096; i++)
		must(write(fd, buf, 4096) == 4096);
	must(!mkdir("many", 0777) && !mkdir("d", 0777) && !mkdir("d/e", 0777));
	for (int i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "many/n%d", i);
		close(open(name, O_CREAT | O_WRONLY, 0666));
	}
	close(open("a", O_CREAT | O_WRONLY, 0666));
	int f = open("d/e/small", O_CREAT | O_WRONLY, 0666);

	must(write(f, buf, 100) == 100);
	close(f);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*run)(long n);
		long n;
	} rows[] = {
		{ "write 64 B", write64, 20000 }, { "read 64 B", read64, 20000 }, { "write 4 KiB", write4k, 4000 },
		{ "read 4 KiB", read4k, 4000 }, { "pread 64 B", pread64_, 20000 }, { "readv 4 x 16 B", readv4, 20000 },
		{ "append 64 B", append64, 10000 }, { "seek", seek, 20000 }, { "open, close", open_close, 5000 },
		{ "open, read, close d/e/f", open_read_close, 5000 }, { "stat f", stat_path, 10000 },
		{ "stat d/e/f", stat_deep, 10000 }, { "stat of nothing", stat_none, 10000 }, { "fstat", fstat_, 20000 },
		{ "list 1000 entries", list, 20 }, { "create, unlink", make_remove, 1000 }, { "rename", rename_, 1000 },
		{ "clock", clock_, 100000 }, { "getc", getc_, 1000000 },
	};
	double scale = argc > 1 ? atof(argv[1]) : 1;

	prepare();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		double best = 1e18;
		long n = (long)((double)rows[i].n * scale) / 2 * 2 + 2;

		for (int round = 0; round < ROUNDS; round++) {
			double t = now();

			rows[i].run(n);
			t = (now() - t) / (double)n;
			best = t < best ? t : best;
		}
		printf("%s\t%.1f\n", rows[i].name, best);
	}
	return 0;
}
