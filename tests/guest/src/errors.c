/*
 * errors.c: a guest that ends in each way there is; the first argument says how. Built without a
 * native twin. middle() and inner() are kept apart so that a trap has a backtrace with names.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

typedef int number(int);

static volatile int zero;
static volatile unsigned *volatile wild = (volatile unsigned *)0xfffffff0u;

__attribute__((noinline, export_name("inner"))) int inner(const char *how)
{
	if (!strcmp(how, "unreachable"))
		__builtin_trap();
	if (!strcmp(how, "divide"))
		return 7 / zero;
	if (!strcmp(how, "memory"))
		return (int)wild[1];
	if (!strcmp(how, "indirect"))
		return ((number *)(0x7fffff + zero))(1);
	return 0;
}

__attribute__((noinline, export_name("middle"))) int middle(const char *how)
{
	int r = inner(how);

	return r + zero;
}

__attribute__((noinline, export_name("deep"))) int deep(int n)
{
	int r = n ? deep(n + 1) : 0;

	return r * 3 + zero;
}

__attribute__((export_name("add"))) int add(int a, int b)
{
	return a + b;
}

__attribute__((export_name("half"))) double half(double x)
{
	return x / 2;
}

static void fill_memory(void)
{
	for (size_t total = 0;; total += 1 << 20) {
		/* volatile: a compiler may drop an allocation that nobody reads, and its failure */
		char *volatile p = malloc(1 << 20);

		if (!p) {
			printf("malloc fails after %d MiB\n", (int)(total >> 20));
			exit(9);
		}
		memset(p, 1, 1 << 20);
	}
}

static void copy_input(void)
{
	char buffer[4096];
	size_t count;

	while ((count = fread(buffer, 1, sizeof(buffer), stdin)))
		fwrite(buffer, 1, count, stdout);
}

/* Writes to one file until that fails; says how many KiB fit, and why no more. */
static int fill_file(const char *path)
{
	static char piece[4096];
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600), kib = 0;
	ssize_t n;

	while (fd >= 0 && (n = write(fd, piece, sizeof(piece))) > 0)
		kib += (int)(n >> 10);
	printf("%d KiB, then %s\n", kib, strerror(errno));
	return 0;
}

/* Makes empty files until that fails; says how many, and why no more. */
static int make_files(const char *folder)
{
	char path[256];
	int count = 0, fd;

	for (;; count++) {
		(void)snprintf(path, sizeof(path), "%s/%d", folder, count);
		fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
		if (fd < 0)
			break;
		close(fd);
	}
	printf("%d files, then %s\n", count, strerror(errno));
	return 0;
}

int main(int argc, char **argv)
{
	const char *how = argc > 1 ? argv[1] : "";

	if (!strcmp(how, "exit"))
		exit(atoi(argv[2]));
	if (!strcmp(how, "abort"))
		abort();
	if (!strcmp(how, "spin"))
		for (;;)
			zero = 0;
	if (!strcmp(how, "sleep"))
		return sleep(1000) != 0;
	if (!strcmp(how, "memory-fill"))
		fill_memory();
	if (!strcmp(how, "cat"))
		copy_input();
	if (!strcmp(how, "flood"))
		for (;;)
			puts("012345678901234567890123456789012345678901234567890123456789012345678"
			     "9");
	if (!strcmp(how, "overflow"))
		return deep(1);
	if (!strcmp(how, "args"))
		for (int i = 0; i < argc; i++)
			puts(argv[i]);
	if (!strcmp(how, "env"))
		puts(getenv(argv[2]) ? getenv(argv[2]) : "(none)");
	if (!strcmp(how, "fill"))
		return fill_file(argv[2]);
	if (!strcmp(how, "files"))
		return make_files(argv[2]);
	if (!strcmp(how, "open")) {
		FILE *f = fopen(argv[2], argv[3]);

		puts(f ? "opened" : "refused");
		return !f;
	}
	return middle(how);
}
