/*
 * tcp.c: an echo server: tcp LISTENER CONNECTIONS. Takes so many connections of the listening
 * socket, then gives back what comes: of one by calls that block, of more by one poll for all. Ends
 * when they are gone. What it costs is told by its client, tests/bench/echo.c.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define CONNECTIONS_MAX 4096

#ifdef __wasi__
/* the C library's own needs a newer one; the result is WASI's error */
__attribute__((import_module("wasi_snapshot_preview1"), import_name("sock_accept")))
int sock_accept(int fd, int flags, int *ret);
#else
static int sock_accept(int fd, int flags, int *ret)
{
	(void)flags;
	*ret = accept(fd, NULL, NULL);
	return *ret < 0;
}
#endif

static struct pollfd polled[CONNECTIONS_MAX];
static char buf[65536];

/* Sends back what came. 0 at the end of the connection. */
static int echo(int fd)
{
	ssize_t n = recv(fd, buf, sizeof(buf), 0);

	for (ssize_t done = 0; done < n;) {
		ssize_t sent = send(fd, buf + done, (size_t)(n - done), 0);

		if (sent <= 0)
			return 0;
		done += sent;
	}
	return n > 0;
}

static int take(int listener)
{
	struct pollfd p = { listener, POLLIN, 0 };
	int fd = -1;

	while (fd < 0) {	/* not every engine's sock_accept waits */
		if (poll(&p, 1, -1) < 0) {
			perror("poll");
			exit(1);
		}
		if (sock_accept(listener, 0, &fd))
			fd = -1;
	}
	return fd;
}

int main(int argc, char **argv)
{
	int listener = argc > 2 ? atoi(argv[1]) : -1, n = argc > 2 ? atoi(argv[2]) : 0;

	if (n < 1 || n > CONNECTIONS_MAX)
		return 2;
	for (int i = 0; i < n; i++)
		polled[i] = (struct pollfd){ take(listener), POLLIN, 0 };
	if (n == 1)
		while (echo(polled[0].fd))
			;
	while (n > 1) {
		if (poll(polled, (nfds_t)n, -1) < 0) {
			perror("poll");
			return 1;
		}
		for (int i = n - 1; i >= 0; i--) {
			if (!polled[i].revents || echo(polled[i].fd))
				continue;
			close(polled[i].fd);
			polled[i] = polled[--n];
		}
	}
	return 0;
}
