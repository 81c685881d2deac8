/*
 * Sockets that were handed over: accepting, receiving, sending, shutting down. There is no call
 * that makes one.
 *
 * recvfrom and sendto with no address: recvmsg and sendmsg could carry descriptors, and are not
 * allowed to a locked process. Several iovecs go one by one, the first with the guest's flags, the
 * others only if they do not wait.
 */
#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <sys/socket.h>

#include "runtime/base/num.h"
#include "wasi-iouring/calls.h"
#include "wasi-iouring/sys.h"

static int wait_flags(const struct wasi_fd *f)
{
	return f->fdflags & WASI_FD_NONBLOCK ? MSG_DONTWAIT : 0;
}

/*
 * The next connection. Where somebody else may take it between the look and the call (a listener
 * shared by several processes) only O_NONBLOCK on the socket itself keeps the call from waiting:
 * those that wsbox binds have it.
 */
static long accept_next(const struct wasi_fd *f)
{
	bool wait = !(f->fdflags & WASI_FD_NONBLOCK);
	long fd;

	if (!wait && !(f->state & WASI_STATE_NONBLOCK) && wasi_would_block(f->host, POLLIN))
		return -EAGAIN;
	do {
		fd = SYS4(accept4, f->host, NULL, NULL, SOCK_CLOEXEC);
		if (fd == -EAGAIN && wait)
			fd = wasi_wait(f->host, POLLIN) ?: -EINTR;
	} while (fd == -EINTR);
	return fd;
}

/* sock_accept(fd, flags, ret) */
WASI_CALL(sock_accept)
{
	int64_t number = wasi_fd_free(w);
	struct wasi_fd *made;
	long fd;

	if (ARG32(1) & ~(uint32_t)WASI_FD_NONBLOCK)
		return WASI_EINVAL;
	if (f->kind != WASI_KIND_SOCKET)
		return WASI_ENOTSOCK;
	if (!rt_mem(inst, ARG32(2), 4))
		return WASI_EFAULT;
	if (number < 0)
		return wasi_errno(number);
	fd = accept_next(f);
	if (fd < 0)
		return wasi_errno(fd);
	made = wasi_fd_set(w, (uint32_t)number, WASI_KIND_SOCKET, (int)fd);
	made->type = WASI_TYPE_SOCKET_STREAM;
	made->rights = f->inheriting;
	wasi_fd_flags(made, (uint16_t)ARG32(1));
	(void)wasi_store(inst, ARG32(2), &(uint32_t){ (uint32_t)number }, 4);
	return WASI_OK;
}

static long receive(const struct wasi_fd *f, const struct iovec *v, int flags)
{
	long n;

	flags |= wait_flags(f);
	do {
		n = SYS6(recvfrom, f->host, v->iov_base, v->iov_len, flags, NULL, NULL);
		if (n == -EAGAIN && !(flags & MSG_DONTWAIT))
			n = wasi_wait(f->host, POLLIN) ?: -EINTR;
	} while (n == -EINTR);
	return n;
}

/*
 * A datagram's true length comes back with MSG_TRUNC: more than fitted is reported, not returned.
 */
static long receive_datagram(const struct wasi_fd *f, const struct iovec *v, int flags,
			     uint16_t *ret_roflags)
{
	long n = receive(f, v, flags | MSG_TRUNC);

	if (n > (long)v->iov_len) {
		*ret_roflags = WASI_ROFLAG_TRUNCATED;
		n = (long)v->iov_len;
	}
	return n;
}

static long receive_stream(const struct wasi_fd *f, const struct iovec *iov, uint32_t n, int flags)
{
	long total = 0;

	for (uint32_t i = 0; i < n; i++) {
		/* a peek always sees the beginning: only the first buffer with room can have it */
		int more = total && !(flags & MSG_WAITALL) ? MSG_DONTWAIT : 0;
		long r;

		if (!iov[i].iov_len && i + 1 < n)
			continue;
		r = receive(f, &iov[i], flags | more);
		if (r < 0)
			return total ? total : r;
		assert((size_t)r <= iov[i].iov_len);
		total += r;
		if ((size_t)r < iov[i].iov_len || flags & MSG_PEEK)
			break;
	}
	return total;
}

/* sock_recv(fd, iovs, n, flags, ret, ret_flags) */
WASI_CALL(sock_recv)
{
	enum wasi_errno e = wasi_iovecs(w, inst, ARG32(1), ARG32(2));
	int flags = (ARG32(3) & WASI_RECV_PEEK ? MSG_PEEK : 0) |
		    (ARG32(3) & WASI_RECV_WAITALL ? MSG_WAITALL : 0);
	uint16_t roflags = 0;
	uint32_t count;
	long n;

	if (f->kind != WASI_KIND_SOCKET)
		return WASI_ENOTSOCK;
	if (!e && (ARG32(3) & ~(uint32_t)WASI_RECV_FLAGS || !ARG32(2)))
		e = WASI_EINVAL;
	if (!e && (!rt_mem(inst, ARG32(4), 4) || !rt_mem(inst, ARG32(5), 2)))
		e = WASI_EFAULT;
	if (e)
		return e;
	if (f->type == WASI_TYPE_SOCKET_DGRAM)
		n = receive_datagram(f, w->iov, flags, &roflags);
	else
		n = receive_stream(f, w->iov, wasi_iov_count(ARG32(2)), flags);
	if (n < 0)
		return wasi_errno(n);
	count = (uint32_t)n;
	(void)WASI_STORE(inst, ARG32(4), count);
	(void)WASI_STORE(inst, ARG32(5), roflags);
	return WASI_OK;
}

static long send_all(const struct wasi_fd *f, const struct iovec *iov, uint32_t n)
{
	long total = 0;

	for (uint32_t i = 0; i < n; i++) {
		int flags = MSG_NOSIGNAL | wait_flags(f) | (total ? MSG_DONTWAIT : 0);
		long r;

		do {
			r = SYS6(sendto, f->host, iov[i].iov_base, iov[i].iov_len, flags, NULL, 0);
			if (r == -EAGAIN && !(flags & MSG_DONTWAIT))
				r = wasi_wait(f->host, POLLOUT) ?: -EINTR;
		} while (r == -EINTR);
		if (r < 0)
			return total ? total : r;
		total += r;
		if ((size_t)r < iov[i].iov_len)
			break;
	}
	return total;
}

/* sock_send(fd, iovs, n, flags, ret) */
WASI_CALL(sock_send)
{
	enum wasi_errno e = wasi_iovecs(w, inst, ARG32(1), ARG32(2));
	uint32_t count;
	long n;

	if (f->kind != WASI_KIND_SOCKET)
		return WASI_ENOTSOCK;
	if (!e && (ARG32(3) || !ARG32(2)))
		e = WASI_EINVAL;
	if (!e && !rt_mem(inst, ARG32(4), 4))
		e = WASI_EFAULT;
	if (e)
		return e;
	n = send_all(f, w->iov, f->type == WASI_TYPE_SOCKET_DGRAM ? 1 : wasi_iov_count(ARG32(2)));
	if (n < 0)
		return wasi_errno(n);
	count = (uint32_t)n;
	(void)WASI_STORE(inst, ARG32(4), count);
	return WASI_OK;
}

/* sock_shutdown(fd, how) */
WASI_CALL(sock_shutdown)
{
	static const int how[] = { -1, SHUT_RD, SHUT_WR, SHUT_RDWR };

	_Static_assert(WASI_SHUT_RD == 1 && WASI_SHUT_WR == 2, "the mask indexes how");
	if (f->kind != WASI_KIND_SOCKET)
		return WASI_ENOTSOCK;
	if (!ARG32(1) || ARG32(1) >= ARRAY_SIZE(how))
		return WASI_EINVAL;
	return wasi_errno(SYS2(shutdown, f->host, how[ARG32(1)]));
}
