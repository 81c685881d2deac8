/*
 * In the place of wsbox-cell: cells that break the protocol. What is given to wsbox as a module
 * says how, by a letter.
 */
#include <stdbool.h>
#include <unistd.h>

#include "runtime/base/cell.h"

static const struct cell_compiled compiled = { { CELL_MSG_COMPILED, sizeof(compiled) }, .ok = 1 };
static const struct cell_ready ready = { { CELL_MSG_READY, sizeof(ready) }, .walls = 1 };
static const struct cell_image image = { { CELL_MSG_IMAGE, sizeof(image) }, .size = 1 };

static void say(char how, bool instance)
{
	if (how == 'r' && instance)		/* before there is code */
		(void)cell_send(CELL_FD_CONTROL, &ready);
	else if (how == 'c' && instance)	/* another cell's */
		(void)cell_send(CELL_FD_CONTROL, &compiled);
	else if (how == 'i' && instance)	/* the supervisor's */
		(void)cell_send(CELL_FD_CONTROL, &image);
	else if (how == 'n' && instance)
		(void)!write(CELL_FD_CONTROL, "nonsense", 8);
	else if (how == 'R' && !instance)
		(void)cell_send(CELL_FD_CONTROL, &ready);
	else if (how == 'N' && !instance)
		(void)!write(CELL_FD_CONTROL, "n", 1);
}

int main(void)
{
	struct cell_job job;
	char how = 0;

	if (cell_recv(CELL_FD_CONTROL, &job, sizeof(job)) < 0 ||
	    pread(CELL_FD_MODULE, &how, 1, (off_t)job.module_offset) != 1)
		return 1;
	say(how, job.role == CELL_ROLE_RUN);
	(void)pause();
	return 1;
}
