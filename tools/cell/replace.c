/* The handler runs wherever the guest is, on the stack of the runtime's own signals. */
#include "tools/cell/replace.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "runtime/rt.h"
#include "tools/cell/cell.h"

static struct {
	const struct cell_job *job;
	void *at;
	struct rt_instance *volatile inst;
	volatile int32_t result;
} next;

/* 0, -EAGAIN when nothing was sent: the signal came from elsewhere. */
static int receive_image(struct cell_image *ret)
{
	const struct timespec none = { 0 };
	struct pollfd p = { .fd = CELL_FD_CONTROL, .events = POLLIN };
	int r = ppoll(&p, 1, &none, NULL) == 1 ? cell_recv(CELL_FD_CONTROL, ret, sizeof(*ret)) :
						 -EAGAIN;

	return r == 0 && ret->head.type != CELL_MSG_IMAGE ? -EBADMSG : r;
}

static void on_image(int sig)
{
	struct rt_code_file file = { .at = next.at, .room = CELL_IMAGE_MAX };
	struct cell_image image;
	int old = errno, ret;

	ret = next.inst && !next.result ? receive_image(&image) : -EAGAIN;
	if (ret == 0) {
		file.size = image.size;
		file.origin = cell_origin(next.job);
		ret = rt_instance_replace(next.inst, &file, RT_REPLACE_ALL);
	}
	if (ret != -EAGAIN)
		next.result = ret < 0 ? ret : 1;
	errno = old;
}

int replace_prepare(const struct cell_job *job, int fd, struct wsbox_err *err)
{
	struct sigaction act = { .sa_handler = on_image, .sa_flags = SA_ONSTACK | SA_RESTART };
	int ret;

	if (!(job->flags & CELL_JOB_REPLACE))
		return 0;
	next.job = job;
	ret = rt_code_map(fd, 0, CELL_IMAGE_MAX, &next.at, err);
	(void)close(fd);
	if (ret == 0 && sigaction(CELL_SIGNAL_IMAGE, &act, NULL) < 0)
		ret = err_set(err, -errno, WSBOX_FAILED, "sigaction: %s", err_name(errno));
	return ret;
}

void replace_in(struct rt_instance *inst)
{
	if (next.at)
		next.inst = inst;
}

int32_t replace_result(void)
{
	return next.result;
}
