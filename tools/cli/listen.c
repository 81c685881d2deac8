#include "tools/cli/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/fd.h"
#include "runtime/base/num.h"
#include "tools/cli/say.h"

#define BACKLOG 4096
#define SYSTEMD_FIRST 3		/* sd_listen_fds(3): SD_LISTEN_FDS_START */

/* The address before the last ':', without brackets, in buf; the port. */
static int split(const char *text, char *buf, size_t size, bool *ret_six, uint16_t *ret_port)
{
	const char *colon = strrchr(text, ':');
	size_t n = colon ? (size_t)(colon - text) : 0;
	uint64_t port;

	if (!n || num_parse_u64(colon + 1, 0, UINT16_MAX, &port) < 0)
		return -EINVAL;
	*ret_six = text[0] == '[' && text[n - 1] == ']';
	if (*ret_six) {
		text++;
		n -= 2;
	}
	if (n >= size)
		return -EINVAL;
	memcpy(buf, text, n);
	buf[n] = '\0';
	*ret_port = htons((uint16_t)port);
	return 0;
}

int listen_parse(const char *text, struct listen_at *ret)
{
	struct sockaddr_in *four = (struct sockaddr_in *)&ret->address;
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)&ret->address;
	char host[INET6_ADDRSTRLEN];
	bool is_six;
	uint16_t port;

	*ret = (struct listen_at){ .text = text, .systemd = !strcmp(text, "systemd") };
	if (ret->systemd)
		return 0;
	if (split(text, host, sizeof(host), &is_six, &port) < 0)
		return -EINVAL;
	if (is_six) {
		*six = (struct sockaddr_in6){ .sin6_family = AF_INET6, .sin6_port = port };
		ret->size = sizeof(*six);
		return inet_pton(AF_INET6, host, &six->sin6_addr) == 1 ? 0 : -EINVAL;
	}
	*four = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = port };
	ret->size = sizeof(*four);
	return inet_pton(AF_INET, host, &four->sin_addr) == 1 ? 0 : -EINVAL;
}

static int take_socket(struct listeners *l, int fd, const struct listen_at *at,
		       struct wsbox_err *err)
{
	if (l->n == CELL_SOCKETS_MAX)
		return err_set(err, -EMFILE, WSBOX_FAILED, "--listen %s: more than %d sockets",
			       at->text, CELL_SOCKETS_MAX);
	l->fds[l->n++] = fd;
	return 0;
}

static int option_of(int fd, int option)
{
	int value = 0;
	socklen_t size = sizeof(value);

	return getsockopt(fd, SOL_SOCKET, option, &value, &size) < 0 ? -errno : value;
}

static int add_passed(struct listeners *l, int fd, const struct listen_at *at,
		      struct wsbox_err *err)
{
	if (option_of(fd, SO_ACCEPTCONN) != 1 || option_of(fd, SO_TYPE) != SOCK_STREAM)
		return err_set(err, -ENOTSOCK, WSBOX_FAILED,
			       "--listen systemd: descriptor %d is no listening stream socket", fd);
	if (fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
		return err_set(err, -errno, WSBOX_FAILED, "--listen systemd: %s",
			       err_name(-errno));
	return take_socket(l, fd, at, err);
}

/* What sd_listen_fds(3) does: LISTEN_FDS sockets from 3 on, if LISTEN_PID is this process. */
static int open_passed(struct listeners *l, const struct listen_at *at, struct wsbox_err *err)
{
	const char *pid = getenv("LISTEN_PID"), *count = getenv("LISTEN_FDS");
	uint64_t for_pid, n;
	int ret = 0;

	if (!pid || num_parse_u64(pid, 1, INT32_MAX, &for_pid) < 0 ||
	    for_pid != (uint64_t)getpid() || !count ||
	    num_parse_u64(count, 1, CELL_SOCKETS_MAX, &n) < 0)
		return err_set(err, -ENOENT, WSBOX_FAILED,
			       "--listen systemd: no sockets were passed (LISTEN_PID, LISTEN_FDS)");
	for (int fd = SYSTEMD_FIRST; ret == 0 && fd < SYSTEMD_FIRST + (int)n; fd++)
		ret = add_passed(l, fd, at, err);
	return ret;
}

_Static_assert(offsetof(struct sockaddr_in, sin_port) == offsetof(struct sockaddr_in6, sin6_port),
	       "the port is read alike");

static unsigned int port_of(const struct sockaddr_storage *a)
{
	return ntohs(((const struct sockaddr_in *)a)->sin_port);
}

static void say_port(int fd, const struct listen_at *at)
{
	struct sockaddr_storage a;
	socklen_t size = sizeof(a);

	if (!getsockname(fd, (struct sockaddr *)&a, &size))
		say("listening at %.*s:%u", (int)(strrchr(at->text, ':') - at->text), at->text,
		    port_of(&a));
}

/*
 * O_NONBLOCK is the socket's own: where several processes share it, one that looks and then takes
 * does not wait for what another took. The guest sees it, as on Wasmtime: runtimes with a scheduler
 * of their own, such as Go's, would else wait for a connection with all they have.
 */
static int open_bound(struct listeners *l, const struct listen_at *at, struct wsbox_err *err)
{
	FD_AUTO fd = socket(at->address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int on = 1, ret;

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
	    bind(fd, (const struct sockaddr *)&at->address, at->size) < 0 ||
	    listen(fd, BACKLOG) < 0)
		return err_set(err, -errno, WSBOX_FAILED, "--listen %s: %s", at->text,
			       err_name(-errno));
	if (!port_of(&at->address))
		say_port(fd, at);
	ret = take_socket(l, fd, at, err);
	return ret < 0 ? ret : (fd_take(&fd), 0);
}

int listen_open(struct listeners *l, const struct listen_at *at, struct wsbox_err *err)
{
	return at->systemd ? open_passed(l, at, err) : open_bound(l, at, err);
}

void listen_close(struct listeners *l)
{
	while (l->n)
		(void)close(l->fds[--l->n]);
}
