#include "runtime/base/cell.h"

#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "runtime/base/num.h"

static const uint32_t sizes[CELL_MSG_TYPES] = {
	[CELL_MSG_JOB] = sizeof(struct cell_job),
	[CELL_MSG_IMAGE] = sizeof(struct cell_image),
	[CELL_MSG_COMPILED] = sizeof(struct cell_compiled),
	[CELL_MSG_READY] = sizeof(struct cell_ready),
	[CELL_MSG_EXIT] = sizeof(struct cell_exit),
	[CELL_MSG_WHERE] = sizeof(struct cell_where),
};

/* Where a message holds a struct wsbox_err, whose text the receiver ends itself; 0: it has none. */
static const uint32_t errs[CELL_MSG_TYPES] = {
	[CELL_MSG_COMPILED] = offsetof(struct cell_compiled, err),
	[CELL_MSG_EXIT] = offsetof(struct cell_exit, err),
};

int cell_send(int sock, const void *msg)
{
	const struct cell_head *head = msg;
	ssize_t n;

	assert(head->type < CELL_MSG_TYPES && head->size == sizes[head->type]);
	do {
		n = write(sock, msg, head->size);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	return (size_t)n == head->size ? 0 : -EMSGSIZE;
}

static void end_text(void *msg, uint32_t at)
{
	struct wsbox_err *err = (struct wsbox_err *)((char *)msg + at);

	err->text[sizeof(err->text) - 1] = '\0';
}

int cell_recv(int sock, void *msg, uint32_t room)
{
	const struct cell_head *head = msg;
	char more;	/* a packet that is longer than room is cut without a word */
	struct iovec iov[] = { { msg, room }, { &more, 1 } };
	ssize_t n;

	do {
		n = readv(sock, iov, ARRAY_SIZE(iov));
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	if (n == 0)
		return -EPIPE;
	if ((size_t)n < sizeof(*head) || (size_t)n > room || head->type >= CELL_MSG_TYPES ||
	    head->size != sizes[head->type] || (size_t)n != head->size)
		return -EBADMSG;
	if (errs[head->type])
		end_text(msg, errs[head->type]);
	return 0;
}
