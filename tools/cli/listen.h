/*
 * --listen: sockets that a guest may accept connections on. They are made here, or were by systemd,
 * and handed over; a cell has no system call that makes one.
 */
#ifndef TOOLS_CLI_LISTEN_H
#define TOOLS_CLI_LISTEN_H

#include <stdbool.h>
#include <sys/socket.h>

#include "runtime/base/cell.h"
#include "runtime/base/err.h"

/* One --listen. */
struct listen_at {
	const char *text;		/* as it was given */
	bool systemd;			/* those that systemd passed; else at this address */
	struct sockaddr_storage address;
	socklen_t size;
};

struct listeners {
	int fds[CELL_SOCKETS_MAX];
	unsigned int n;
};

/* ADDR:PORT, [ADDR]:PORT or "systemd". 0, or -EINVAL: it is neither. */
int listen_parse(const char *text, struct listen_at *ret);

/*
 * Adds the socket, or those of systemd, to l, all CLOEXEC. Says on standard error which port the
 * kernel chose where 0 was asked for. 0, or -errno with err naming the address.
 */
int listen_open(struct listeners *l, const struct listen_at *at, struct wsbox_err *err);

void listen_close(struct listeners *l);

#endif
