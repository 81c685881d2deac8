/*
 * In the place of wsbox-cell: a compiler that is done at once, and an instance that says why it
 * fails, waits for the code and ends without taking it. What it said must not be lost: a socket
 * whose other end was closed over an unread message tells that first.
 */
#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "runtime/base/cell.h"

int main(void)
{
	struct cell_compiled compiled = { { CELL_MSG_COMPILED, sizeof(compiled) }, .ok = 1 };
	struct cell_exit end = { { CELL_MSG_EXIT, sizeof(end) }, .reason = CELL_FAILED };
	struct pollfd image = { CELL_FD_CONTROL, POLLIN, 0 };
	struct cell_job job;

	if (cell_recv(CELL_FD_CONTROL, &job, sizeof(job)) < 0)
		return 1;
	if (job.role == CELL_ROLE_COMPILE) {
		compiled.image_size = 4096;
		if (ftruncate(CELL_FD_IMAGE, 4096) < 0 || cell_send(CELL_FD_CONTROL, &compiled))
			return 1;
		(void)pause();
	}
	(void)poll(&image, 1, -1);
	(void)err_set(&end.err, -EINVAL, WSBOX_FAILED, "said before the end");
	return cell_send(CELL_FD_CONTROL, &end) < 0;
}
