/*
 * errors.c: a guest that ends in each way there is; the first argument says how. Built without a
 * native twin. middle() and inner() are kept apart so that a trap has a backtrace with names.
 */
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
	if (!strcmp(how, "open")) {
		FILE *f = fopen(argv[2], argv[3]);

		puts(f ? "opened" : "refused");
		return !f;
	}
	return middle(how);
}
