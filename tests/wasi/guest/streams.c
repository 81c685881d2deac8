/*
 * Standard streams and waiting. What 0 and 1 are is the caller's choice: says their kinds, polls
 * them, reads 0 to its end.
 */
#include "say.h"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static int kind(int fd)
{
	struct stat st;

	if (fstat(fd, &st))
		return -1;
	return S_ISREG(st.st_mode) ? 1 : S_ISCHR(st.st_mode) ? 2 : S_ISDIR(st.st_mode) ? 3 : 4;
}

static long long elapsed(const struct timespec *a)
{
	struct timespec b;

	clock_gettime(CLOCK_MONOTONIC, &b);
	return (b.tv_sec - a->tv_sec) * 1000000000ll + b.tv_nsec - a->tv_nsec;
}

static void sleeping(void)
{
	struct timespec start, t = { 0, 3000000 };

	clock_gettime(CLOCK_MONOTONIC, &start);
	T(nanosleep(&t, NULL));
	T(elapsed(&start) >= 3000000);
	clock_gettime(CLOCK_REALTIME, &t);
	T(t.tv_sec > 1500000000);
	clock_getres(CLOCK_MONOTONIC, &t);
	T(t.tv_sec == 0 && t.tv_nsec <= 4000000);
	clock_gettime(CLOCK_MONOTONIC, &start);
	T(poll(NULL, 0, 2));
	T(elapsed(&start) >= 2000000);
	T(usleep(1000));
	T(sleep(0));
}

static void polling(void)
{
	struct pollfd p[2] = { { 0, POLLRDNORM, 0 }, { 1, POLLWRNORM, 0 } };
	int fd;

	T(poll(p, 2, 1000));
	T(p[0].revents != 0);
	T(p[1].revents & POLLWRNORM ? 1 : 0);
	OPEN(fd, open("file", O_RDWR | O_CREAT, 0666));
	p[0] = (struct pollfd){ fd, POLLRDNORM | POLLWRNORM, 0 };
	T(poll(p, 1, -1));
	T((p[0].revents & (POLLRDNORM | POLLWRNORM)) == (POLLRDNORM | POLLWRNORM));
	close(fd);
}

int main(int argc, char **argv)
{
	unsigned long sum = 0, lines = 0;
	int c;

	printf("kinds %d %d\n", kind(0), kind(1));
	printf("tty %d %d\n", isatty(0), isatty(1));
	printf("args %d %s %s\n", argc, argc > 1 ? argv[1] : "",
	       getenv("WASI_TEST") ? getenv("WASI_TEST") : "(none)");
	fflush(stdout);
	sleeping();
	polling();
	T(lseek(0, 0, SEEK_CUR) >= 0);
	while ((c = getchar()) != EOF) {
		sum = (sum * 31 + (unsigned char)c) & 0xffffffff;
		lines += c == '\n';
	}
	printf("sum %lu lines %lu\n", sum, lines);
	fprintf(stderr, "on stderr\n");
	return argc > 1 ? atoi(argv[1]) : 0;
}
