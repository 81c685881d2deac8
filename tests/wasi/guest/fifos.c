/*
 * Many things to wait for: FIFOs p0 to p39, made by the caller, polled together while some are
 * written, read and closed. Enough of them for the ring.
 */
#include "say.h"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#define FIFOS 40

static int fds[FIFOS];
static struct pollfd polls[FIFOS];

static void wait_all(const char *what, int timeout)
{
	int n;

	for (int i = 0; i < FIFOS; i++)
		polls[i] = (struct pollfd){ fds[i], POLLRDNORM, 0 };
	n = poll(polls, FIFOS, timeout);
	printf("%s: %d", what, n);
	for (int i = 0; i < FIFOS; i++) {
		if (polls[i].revents & POLLRDNORM)
			printf(" %d", i);
		else if (polls[i].revents)
			printf(" (%d)", i);
	}
	printf("\n");
}

int main(void)
{
	char name[16], buf[16];

	for (int i = 0; i < FIFOS; i++) {
		snprintf(name, sizeof(name), "p%d", i);
		fds[i] = open(name, O_RDWR | O_NONBLOCK);
		if (fds[i] < 0)
			printf("%s: %s\n", name, error_name(errno));
	}
	wait_all("nothing yet", 0);
	wait_all("nothing in a while", 3);
	T(write(fds[3], "three", 5));
	T(write(fds[39], "last", 4));
	wait_all("two", -1);
	wait_all("still two", 1000);
	T(read(fds[3], buf, 5));
	T(read(fds[3], buf, 5));
	wait_all("one", 1000);
	T(write(fds[7], "x", 1));
	T(read(fds[7], buf, 5));
	wait_all("one again", 0);
	T(read(fds[39], buf, 16));
	wait_all("none", 1);
	T(close(fds[5]));
	wait_all("one is closed", 1);
	for (int round = 0; round < 200; round++) {
		int i = round * 7 % FIFOS;

		if (i == 5 || write(fds[i], "y", 1) != 1)
			continue;
		if (poll(polls, FIFOS, -1) < 1 || !(polls[i].revents & POLLRDNORM) ||
		    read(fds[i], buf, 1) != 1)
			printf("round %d\n", round);
	}
	return 0;
}
