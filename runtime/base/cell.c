#include "runtime/base/cell.h"

#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "runtime/base/fd.h"

static const uint32_t sizes[CELL_MSG_TYPES] = {
	[CELL_MSG_JOB] = sizeof(struct cell_job),
	[CELL_MSG_IMAGE] = sizeof(struct cell_image),
	[CELL_MSG_COMPILED] = sizeof(struct cell_compiled),
	[CELL_MSG_READY] = sizeof(struct cell_ready),
	[CELL_MSG_EXIT] = sizeof(struct cell_exit),
};

/* Where a message holds a struct wsbox_err, whose text the receiver ends itself; 0: it has none. */
static const uint32_t errs[CELL_MSG_TYPES] = {
	[CELL_MSG_COMPILED] = offsetof(struct cell_compiled, err),
	[CELL_MSG_EXIT] = offsetof(struct cell_exit, err),
};

union control {
	struct cmsghdr align;
	char bytes[CMSG_SPACE(sizeof(int))];
};

static ssize_t send_with(int sock, struct iovec *iov, int fd)
{
	union control control = { 0 };
	struct msghdr mh = { .msg_iov = iov, .msg_iovlen = 1, .msg_control = control.bytes,
			     .msg_controllen = sizeof(control.bytes) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&mh);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	return sendmsg(sock, &mh, MSG_NOSIGNAL);
}

/* A locked cell may write(2) to its socket, and no more. */
int cell_send(int sock, const void *msg, int fd)
{
	const struct cell_head *head = msg;
	struct iovec iov = { .iov_base = (void *)msg, .iov_len = head->size };
	ssize_t n;

	assert(head->type < CELL_MSG_TYPES && head->size == sizes[head->type]);
	do {
		n = fd < 0 ? write(sock, msg, head->size) : send_with(sock, &iov, fd);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	return (size_t)n == head->size ? 0 : -EMSGSIZE;
}

static int attached(struct msghdr *mh)
{
	struct cmsghdr *c = CMSG_FIRSTHDR(mh);
	int fd = -1;

	if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS &&
	    c->cmsg_len == CMSG_LEN(sizeof(fd)))
		memcpy(&fd, CMSG_DATA(c), sizeof(fd));
	return fd;
}

static void end_text(void *msg, uint32_t at)
{
	struct wsbox_err *err = (struct wsbox_err *)((char *)msg + at);

	err->text[sizeof(err->text) - 1] = '\0';
}

int cell_recv(int sock, void *msg, uint32_t room, int *ret_fd)
{
	const struct cell_head *head = msg;
	struct iovec iov = { .iov_base = msg, .iov_len = room };
	union control control = { 0 };
	/* not CMSG_SPACE, whose padding has room for a second descriptor */
	struct msghdr mh = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.bytes,
			     .msg_controllen = CMSG_LEN(sizeof(int)) };
	ssize_t n;

	do {
		n = recvmsg(sock, &mh, MSG_CMSG_CLOEXEC);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	FD_AUTO fd = attached(&mh);
	if (n == 0)
		return -EPIPE;
	if ((mh.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) || (size_t)n < sizeof(*head) ||
	    head->type >= CELL_MSG_TYPES || head->size != sizes[head->type] || (size_t)n != head->size)
		return -EBADMSG;
	if (errs[head->type])
		end_text(msg, errs[head->type]);
	if (ret_fd)
		*ret_fd = fd_take(&fd);
	return 0;
}
