#include <errno.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "tools/cell/cell.h"

uint64_t cell_clock(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

int cell_map_module(const struct cell_job *job, const void **ret_bytes)
{
	void *p;

	if (!job->module_size || job->module_size > CELL_MODULE_MAX)
		return -EFBIG;
	p = mmap(NULL, job->module_size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, CELL_FD_MODULE, 0);
	if (p == MAP_FAILED)
		return -errno;
	*ret_bytes = p;
	return 0;
}

void cell_tell(const void *msg)
{
	if (cell_send(CELL_FD_CONTROL, msg, -1) < 0)
		_exit(CELL_STATUS_PROTOCOL);
}

static const char not_alone[] =
	"wsbox-cell: is started by wsbox, not by hand (see wsbox-cell(8))\n";

int main(void)
{
	uint64_t start = cell_clock();
	struct cell_job job;
	int ret = cell_recv(CELL_FD_CONTROL, &job, sizeof(job), NULL);

	if (ret == -EBADF || ret == -ENOTSOCK)
		(void)!write(STDERR_FILENO, not_alone, sizeof(not_alone) - 1);
	if (ret < 0 || job.head.type != CELL_MSG_JOB)
		_exit(CELL_STATUS_PROTOCOL);
	if (job.role == CELL_ROLE_RUN)
		instance_main(&job, start);
	compile_main(&job, start);
}
