/*
 * A server for tests/wasi/serve, on the listening socket whose number is its first argument:
 *
 *	echo N		many connections on one poll; ends when N of them have come and gone
 *	wait		waits for one connection, asks and answers on it, closes each direction by
 *			itself
 *	reset		takes a connection that its peer resets, and says what each call then gives
 *	errors		what calls give that cannot work
 */
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "say.h"

#define CONNECTIONS 300

/* wasi-libc before 2022 has no accept(); the error is WASI's */
__attribute__((import_module("wasi_snapshot_preview1"), import_name("sock_accept")))
int sock_accept(int fd, int flags, int *ret);

#define NONBLOCK 4

static int next(int listener, int flags)
{
	int fd, e = sock_accept(listener, flags, &fd);

	errno = e;
	return e ? -1 : fd;
}

/* Sends back what came. false at the end of the connection. */
static int echo(int fd)
{
	char buf[4096];
	ssize_t n = recv(fd, buf, sizeof(buf), 0), done = 0;

	if (n < 0 && errno == EAGAIN)
		return 1;
	while (n > 0 && done < n) {
		struct pollfd p = { fd, POLLOUT, 0 };
		ssize_t sent = send(fd, buf + done, n - done, 0);

		if (sent < 0 && errno != EAGAIN)
			return 0;
		if (sent < 0)
			poll(&p, 1, -1);
		else
			done += sent;
	}
	return n > 0;
}

static void serve(int listener, int all)
{
	static struct pollfd p[1 + CONNECTIONS];
	int n = 1, gone = 0;

	p[0] = (struct pollfd){ listener, POLLIN, 0 };
	fcntl(listener, F_SETFL, O_NONBLOCK);	/* those of systemd may not have it */
	while (gone < all) {
		if (poll(p, n, -1) < 0) {
			printf("poll: %s\n", strerror(errno));
			exit(1);
		}
		for (int i = n - 1; i > 0; i--) {
			if (!p[i].revents || echo(p[i].fd))
				continue;
			shutdown(p[i].fd, SHUT_RDWR);
			close(p[i].fd);
			p[i] = p[--n];
			gone++;
		}
		for (int fd;
		     p[0].revents && n <= CONNECTIONS && (fd = next(listener, NONBLOCK)) >= 0;)
			p[n++] = (struct pollfd){ fd, POLLIN, 0 };
		for (int i = 0; i < n; i++)
			p[i].revents = 0;
	}
	printf("%d served\n", gone);
}

/* Says a line at once: the test waits for it. */
static void line(const char *s)
{
	puts(s);
	fflush(stdout);
}

static void wait_for_one(int listener)
{
	char buf[100];
	struct stat st;
	int fd, more;

	line("waiting");
	T(fcntl(listener, F_SETFL, 0));
	fd = next(listener, 0);
	T(fstat(fd, &st));
	printf("socket %d\n", S_ISSOCK(st.st_mode));
	T(write(fd, "name?\n", 6));
	T(recv(fd, buf, 5, MSG_WAITALL));
	T(memcmp(buf, "alice", 5));
	T(recv(fd, buf, 3, MSG_PEEK));
	T(read(fd, buf, 100));
	T(recv(fd, buf, 100, 0));		/* the peer will send no more, */
	T(send(fd, "goodbye\n", 8, 0));		/* but still listens */
	T(shutdown(fd, SHUT_WR));
	T(send(fd, "x", 1, 0));
	more = next(listener, NONBLOCK);	/* O_NONBLOCK is the new socket's; one waits */
	T(recv(more, buf, 1, 0));
	T(fcntl(more, F_SETFL, 0));
	line("more");
	T(recv(more, buf, 1, 0));
	T(shutdown(more, SHUT_RD));
	T(recv(more, buf, 1, 0));
	T(close(fd));
	T(close(more));
}

static void reset_by_peer(int listener)
{
	struct pollfd p = { 0, POLLIN, 0 };
	char buf[100];

	line("waiting");
	fcntl(listener, F_SETFL, 0);
	p.fd = next(listener, 0);
	T(recv(p.fd, buf, 100, 0));
	line("reset me");
	T(poll(&p, 1, -1));
	printf("hangup or error %d\n", (p.revents & (POLLHUP | POLLERR)) != 0);
	printf("reset %d\n", recv(p.fd, buf, 100, 0) < 0 && errno == ECONNRESET);
	T(recv(p.fd, buf, 100, 0));
	T(send(p.fd, "x", 1, 0));
}

static void errors(int listener)
{
	struct pollfd p = { listener, POLLIN, 0 };
	char buf[10];

	T(fcntl(listener, F_GETFL) == (O_NONBLOCK | O_RDWR));
	T(next(listener, 0));
	T(next(listener, 0x1f));
	T(next(1, 0));
	T(next(99, 0));
	T(poll(&p, 1, 0));
	printf("not connected %d\n", recv(listener, buf, 10, 0) < 0 && errno == ENOTCONN);
	printf("not connected %d\n", read(listener, buf, 10) < 0 && errno == ENOTCONN);
	T(lseek(listener, 0, SEEK_CUR));
	T(send(1, "x", 1, 0));
	T(recv(0, buf, 1, 0));
	T(shutdown(1, SHUT_WR));
}

int main(int argc, char **argv)
{
	int listener = atoi(argv[1]);
	FILE *f = fopen("/f", "r");	/* directories are found, with sockets behind them */

	if (f)
		line("file");
	if (!strcmp(argv[2], "echo"))
		serve(listener, atoi(argv[3]));
	else if (!strcmp(argv[2], "wait"))
		wait_for_one(listener);
	else if (!strcmp(argv[2], "reset"))
		reset_by_peer(listener);
	else
		errors(listener);
	return 0;
}
