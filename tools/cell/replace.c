/* The handler runs wherever the guest is, on the stack of the runtime's own signals. */
#include "tools/cell/replace.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <ucontext.h>
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

_Static_assert(sizeof(struct cell_place) == sizeof(struct jit_place), "they are handed on");

static void tell_where(const ucontext_t *context)
{
	const greg_t *regs = context->uc_mcontext.gregs;
	struct cell_where where = { .head = { CELL_MSG_WHERE, sizeof(where) } };
	struct jit_place places[CELL_PLACES_MAX];

	where.n = rt_instance_where(next.inst, (void *)regs[REG_RIP], (void *)regs[REG_RBP],
				    places, CELL_PLACES_MAX);
	assert(where.n <= CELL_PLACES_MAX);
	memcpy(where.places, places, where.n * sizeof(places[0]));
	(void)cell_send(CELL_FD_CONTROL, &where);
}

static int take_better(const struct cell_image *image)
{
	const struct rt_code_file file = { .at = next.at, .room = CELL_IMAGE_MAX,
					   .size = image->size,
					   .origin = cell_origin(next.job) };

	return rt_instance_replace(next.inst, &file, RT_REPLACE_ALL);
}

static void on_image(int sig, siginfo_t *info, void *context)
{
	struct cell_image image;
	int old = errno, ret = 0;

	/* one signal may stand for two */
	while (next.inst && !next.result && ret == 0) {
		ret = receive_image(&image);
		if (ret == 0 && image.size)
			ret = take_better(&image) ?: 1;
		else if (ret == 0)
			tell_where(context);
		if (ret != -EAGAIN)
			next.result = ret;
	}
	errno = old;
}

int replace_prepare(const struct cell_job *job, int fd, struct wsbox_err *err)
{
	struct sigaction act = { .sa_sigaction = on_image,
				 .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART };
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
