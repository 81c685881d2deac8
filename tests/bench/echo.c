/*
 * echo.c: the client of the echo servers of "make bench BENCH=io": echo PORT CONNECTIONS ROUNDS
 * BYTES.
 *
 * Connects so many times at 127.0.0.1. A round sends so many bytes on each connection and then
 * waits for each answer: with one connection a server is asked and answers in turn, with more its
 * wait finds all of them ready. Then come rounds that ask one connection of all, each time another.
 * Prints the nanoseconds an echo of both; the second is 0 for one connection.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static int sockets[4096];
static char out[1 << 20], in[1 << 20];

static void must(int ok, const char *what)
{
	if (!ok) {
		perror(what);
		exit(1);
	}
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static int connected(int port)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	int fd = socket(AF_INET, SOCK_STREAM, 0), yes = 1;

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	must(fd >= 0 && !connect(fd, (struct sockaddr *)&to, sizeof(to)), "connect");
	must(!setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes)), "setsockopt");
	return fd;
}

static void ask(int fd, size_t bytes)
{
	must(send(fd, out, bytes, MSG_NOSIGNAL) == (ssize_t)bytes, "send");
}

static void answered(int fd, size_t bytes)
{
	must(recv(fd, in, bytes, MSG_WAITALL) == (ssize_t)bytes && !memcmp(in, out, bytes), "echo");
}

static void round_of(int first, int n, size_t bytes)
{
	for (int i = first; i < first + n; i++)
		ask(sockets[i], bytes);
	for (int i = first; i < first + n; i++)
		answered(sockets[i], bytes);
}

int main(int argc, char **argv)
{
	int n = argc > 4 ? atoi(argv[2]) : 0, rounds = argc > 4 ? atoi(argv[3]) : 0;
	size_t bytes = argc > 4 ? (size_t)atol(argv[4]) : 0;
	double all, one = 0, began;

	if (n < 1 || n > 4096 || rounds < 1 || bytes < 1 || bytes > sizeof(out))
		return 2;
	for (size_t i = 0; i < bytes; i++)
		out[i] = (char)(i * 7);
	for (int i = 0; i < n; i++)
		sockets[i] = connected(atoi(argv[1]));
	round_of(0, n, bytes);	/* all are taken now */
	began = now();
	for (int i = 0; i < rounds; i++)
		round_of(0, n, bytes);
	all = (now() - began) / rounds / n;
	began = now();
	for (int i = 0; n > 1 && i < rounds; i++)
		round_of((int)((unsigned int)i * 7919 % (unsigned int)n), 1, bytes);
	if (n > 1)
		one = (now() - began) / rounds;
	printf("%.1f %.1f\n", all, one);
	return 0;
}
