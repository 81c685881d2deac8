/*
 * io.c: what I/O costs: io GROUP SCALE, below the working directory ("/" of a guest). Prints a row
 * a kind of work, its nanoseconds each, the least of several rounds. The groups: calls (reads and
 * writes of four sizes, in order and not), names (opening, listing, walking, packing), text (by
 * characters and lines, sorting), pipe (0 to 1) and output (to 1).
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

#define ROUNDS 60	/* short ones: on a machine that others use, few are not interrupted */
#define SLOW 5e8	/* after so many ns five will do */
#define FILE_SIZE (16 << 20)
#define MEGA (1 << 20)
#define FILES 400	/* small ones */
#define DEPTH 24
#define LINES 60000

static char buf[MEGA];
static int fd;
static unsigned int seed;

struct row {
	const char *name;
	void (*run)(long n);
	long n;
};

static void must(int ok)
{
	if (!ok) {
		perror("io");
		exit(1);
	}
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* --- calls --- */

/* All of it: an engine may move less than it is asked to. */
static void move(size_t size, int out)
{
	for (size_t done = 0; done < size;) {
		ssize_t n = out ? write(fd, buf + done, size - done) :
				  read(fd, buf + done, size - done);

		must(n > 0);
		done += (size_t)n;
	}
}

static void move_at(size_t size, off_t at, int out)
{
	for (size_t done = 0; done < size;) {
		ssize_t n = out ? pwrite(fd, buf + done, size - done, at + (off_t)done)
				: pread(fd, buf + done, size - done, at + (off_t)done);

		must(n > 0);
		done += (size_t)n;
	}
}

static void in_order(long n, size_t size, int out)
{
	size_t at = FILE_SIZE;

	for (long i = 0; i < n; i++, at += size) {
		if (at + size > FILE_SIZE) {
			must(lseek(fd, 0, SEEK_SET) == 0);
			at = 0;
		}
		move(size, out);
	}
}

static void at_random(long n, size_t size, int out)
{
	for (long i = 0; i < n; i++)
		move_at(size,
			(off_t)((seed = seed * 1664525 + 1013904223) % (FILE_SIZE / size) * size),
			out);
}

#define SIZED(name, size) \
	static void write_##name(long n) { in_order(n, size, 1); } \
	static void read_##name(long n) { in_order(n, size, 0); } \
	static void pwrite_##name(long n) { at_random(n, size, 1); } \
	static void pread_##name(long n) { at_random(n, size, 0); }

SIZED(64, 64)
SIZED(4k, 4096)
SIZED(64k, 65536)
SIZED(1m, MEGA)

static void readv4(long n)
{
	struct iovec v[4] = { { buf, 16 }, { buf + 16, 16 }, { buf + 32, 16 }, { buf + 48, 16 } };

	must(lseek(fd, 0, SEEK_SET) == 0);
	for (long i = 0; i < n; i++)
		must(readv(fd, v, 4) > 0);	/* some engines fill only the first */
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

static void fstat_(long n)
{
	struct stat st;

	for (long i = 0; i < n; i++)
		must(!fstat(fd, &st));
}

static void clock_(long n)
{
	struct timespec t;

	for (long i = 0; i < n; i++)
		clock_gettime(CLOCK_MONOTONIC, &t);
}

static const struct row calls[] = {
	{ "write 64 B", write_64, 2000 },
	{ "write 4 KiB", write_4k, 800 },
	{ "write 64 KiB", write_64k, 100 },
	{ "write 1 MiB", write_1m, 8 },
	{ "read 64 B", read_64, 2000 },
	{ "read 4 KiB", read_4k, 800 },
	{ "read 64 KiB", read_64k, 100 },
	{ "read 1 MiB", read_1m, 8 },
	{ "pwrite 64 B", pwrite_64, 2000 },
	{ "pwrite 4 KiB", pwrite_4k, 800 },
	{ "pwrite 64 KiB", pwrite_64k, 100 },
	{ "pwrite 1 MiB", pwrite_1m, 8 },
	{ "pread 64 B", pread_64, 2000 },
	{ "pread 4 KiB", pread_4k, 800 },
	{ "pread 64 KiB", pread_64k, 100 },
	{ "pread 1 MiB", pread_1m, 8 },
	{ "readv 4 x 16 B", readv4, 2000 },
	{ "append 64 B", append64, 1500 },
	{ "seek", seek, 4000 },
	{ "fstat", fstat_, 2000 },
	{ "clock", clock_, 20000 },
	{ 0 },
};

/* --- names --- */

static const char *small(long i)
{
	static char name[32];

	snprintf(name, sizeof(name), "many/n%ld", i % FILES);
	return name;
}

static void open_stat_read_close(long n)
{
	struct stat st;

	for (long i = 0; i < n; i++) {
		int f = open(small(i), O_RDONLY);

		must(f >= 0 && !fstat(f, &st) && read(f, buf, 4096) == 100);
		close(f);
	}
}

static void stat_(long n)
{
	struct stat st;

	for (long i = 0; i < n; i++)
		must(!stat("file", &st));
}

static void stat_deep(long n)
{
	struct stat st;

	for (long i = 0; i < n; i++)
		must(!stat("w/d/d/d/side", &st));
}

static void stat_none(long n)
{
	struct stat st;

	for (long i = 0; i < n; i++)
		must(stat("none", &st) < 0);
}

/* "." and ".." do not count: Node's listings have none. */
static void list(long n)
{
	for (long i = 0; i < n; i++) {
		DIR *d = opendir("many");
		struct dirent *e;
		int entries = 0;

		while ((e = readdir(d)))
			entries += e->d_name[0] != '.';
		closedir(d);
		must(entries == FILES);
	}
}

/* Directories below path, each looked at. */
static int walk_below(const char *path)
{
	char below[200];
	struct dirent *e;
	struct stat st;
	DIR *d = opendir(path);
	int n = 0;

	must(d != NULL);
	while ((e = readdir(d))) {
		if (e->d_name[0] == '.')
			continue;
		snprintf(below, sizeof(below), "%s/%s", path, e->d_name);
		must(!lstat(below, &st));
		if (S_ISDIR(st.st_mode))
			n += 1 + walk_below(below);
	}
	closedir(d);
	return n;
}

static void walk(long n)
{
	for (long i = 0; i < n; i++)
		must(walk_below("w") == 2 * DEPTH);
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

/* All small files into one: a header of 512 bytes and the content, as tar does. */
static void pack(long n)
{
	for (long i = 0; i < n; i++) {
		FILE *out = fopen("packed", "w");

		for (long k = 0; k < FILES; k++) {
			struct stat st;
			int f = open(small(k), O_RDONLY);
			char head[512] = "";

			must(f >= 0 && !fstat(f, &st) && read(f, buf, 4096) == st.st_size);
			snprintf(head, sizeof(head), "%s %ld", small(k), (long)st.st_size);
			must(fwrite(head, 512, 1, out) == 1 && fwrite(buf, 512, 1, out) == 1);
			close(f);
		}
		must(!fclose(out));
	}
}

static const struct row names[] = {
	{ "open, stat, read, close", open_stat_read_close, 400 },
	{ "stat", stat_, 1000 },
	{ "stat d/d/d/d", stat_deep, 600 },
	{ "stat of nothing", stat_none, 1000 },
	{ "list 400 names", list, 8 },
	{ "walk 48 directories", walk, 2 },
	{ "create, unlink", make_remove, 100 },
	{ "rename", rename_, 200 },
	{ "pack 400 files", pack, 0 },
	{ 0 },
};

/* --- text --- */

static void getc_(long n)
{
	FILE *f = fopen("text", "r");
	long sum = 0;

	for (long i = 0; i < n; i++)
		sum += getc(f);
	must(sum >= 0);
	fclose(f);
}

static void putc_(long n)
{
	FILE *f = fopen("out", "w");

	for (long i = 0; i < n; i++)
		putc((int)('a' + i % 26), f);
	must(!fclose(f));
}

static void lines(long n)
{
	FILE *f = fopen("text", "r");
	char line[100];

	for (long i = 0; i < n; i++)
		must(fgets(line, sizeof(line), f) != NULL);
	fclose(f);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void sort(long n)
{
	static char *all, *at[LINES];
	struct stat st;

	for (long i = 0; i < n; i++) {
		int f = open("text", O_RDONLY), count = 0;
		FILE *out = fopen("sorted", "w");

		must(f >= 0 && !fstat(f, &st) && (all || (all = malloc((size_t)st.st_size + 1))));
		must(read(f, all, (size_t)st.st_size) == st.st_size);
		all[st.st_size] = 0;
		for (char *p = strtok(all, "\n"); p; p = strtok(NULL, "\n"))
			at[count++] = p;
		qsort(at, (size_t)count, sizeof(*at), by_text);
		for (int k = 0; k < count; k++)
			fprintf(out, "%s\n", at[k]);
		must(count == LINES && !fclose(out) && !close(f));
	}
}

static const struct row texts[] = {
	{ "getc", getc_, 200000 }, { "putc", putc_, 200000 }, { "fgets", lines, 20000 },
	{ "sort 60,000 lines", sort, 0 }, { 0 },
};

/* --- the ends of pipes --- */

/* One piece from 0, if in, and to 1. */
static void pass_one(size_t size, int in)
{
	for (size_t have = 0; in && have < size;) {
		ssize_t r = read(0, buf + have, size - have);

		must(r > 0);
		have += (size_t)r;
	}
	for (size_t gone = 0; gone < size;) {
		ssize_t w = write(1, buf + gone, size - gone);

		must(w > 0);
		gone += (size_t)w;
	}
}

static void pass(const char *name, size_t size, long n, int in)
{
	double best = 1e18;

	for (int round = 0; round < ROUNDS; round++) {
		double t = now();

		for (long i = 0; i < n; i++)
			pass_one(size, in);
		t = (now() - t) / (double)n;
		best = t < best ? t : best;
	}
	fprintf(stderr, "%s\t%.1f\n", name, best);
}

static void prepare(void)
{
	char path[200] = "w", name[220];
	FILE *f = fopen("text", "w");

	for (int i = 0; i < LINES; i++)
		fprintf(f, "%08x line %d of the text that is sorted\n",
			(seed = seed * 1664525 + 1013904223), i);
	fclose(f);
	fd = open("file", O_RDWR | O_CREAT, 0666);
	must(fd >= 0);
	for (int i = 0; i < FILE_SIZE / MEGA; i++)
		move(MEGA, 1);
	must(!mkdir("many", 0777) && !mkdir("w", 0777));
	for (int i = 0; i < FILES; i++) {
		int s = open(small(i), O_CREAT | O_WRONLY, 0666);

		must(write(s, buf, 100) == 100);
		close(s);
	}
	for (int i = 0; i < DEPTH; i++) {
		snprintf(name, sizeof(name), "%s/side", path);
		strcat(path, "/d");
		must(!mkdir(path, 0777) && !mkdir(name, 0777));
	}
	close(open("a", O_CREAT | O_WRONLY, 0666));
}

static void measure(const struct row *rows, double scale)
{
	for (; rows->name; rows++) {
		double best = 1e18;
		double total = 0;
		long n = (long)((double)rows->n * scale) / 2 * 2 + 2;

		for (int round = 0; round < ROUNDS && (round < 5 || total < SLOW); round++) {
			double t = now();

			rows->run(n);
			t = now() - t;
			total += t;
			best = t / (double)n < best ? t / (double)n : best;
		}
		fprintf(stderr, "%s\t%.1f\n", rows->name, best);
	}
}

int main(int argc, char **argv)
{
	const char *group = argc > 1 ? argv[1] : "calls";
	double scale = argc > 2 ? atof(argv[2]) : 1;

	if (!strcmp(group, "pipe")) {
		pass("pipe to pipe, 64 KiB", 65536, (long)(60 * scale) + 1, 1);
		pass("pipe to pipe, 64 B", 64, (long)(4000 * scale) + 1, 1);
	} else if (!strcmp(group, "output")) {
		pass("to standard output, 64 B", 64, (long)(8000 * scale) + 1, 0);
	} else {
		prepare();
		measure(!strcmp(group, "names") ? names : !strcmp(group, "text") ? texts : calls,
			scale);
	}
	return 0;
}
