#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "tools/build.h"
#include "tools/cell/cell.h"

#define MODULE_SMALL (256 << 10)	/* bytes mapped at once; else page by page */

uint64_t cell_clock(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

int cell_map_module(const struct cell_job *job, const void **ret_bytes)
{
	/* an instance reads little of a large module */
	bool all = job->role != CELL_ROLE_RUN || job->module_size <= MODULE_SMALL;
	void *p;

	if (!job->module_size || job->module_size > CELL_MODULE_MAX)
		return -EFBIG;
	p = mmap(NULL, job->module_size, PROT_READ, MAP_PRIVATE | (all ? MAP_POPULATE : 0),
		 CELL_FD_MODULE, (off_t)job->module_offset);
	if (p == MAP_FAILED)
		return -errno;
	*ret_bytes = p;
	return 0;
}

struct jit_origin cell_origin(const struct cell_job *job)
{
	struct jit_origin origin;

	_Static_assert(sizeof(origin.module) == sizeof(job->module_hash), "the same hash");
	_Static_assert(sizeof(origin.build) == BUILD_ID, "the same name");
	memcpy(origin.module, job->module_hash, sizeof(origin.module));
	memcpy(origin.build, build_id, sizeof(origin.build));
	return origin;
}

void cell_tell(const void *msg)
{
	if (cell_send(CELL_FD_CONTROL, msg) < 0)
		_exit(CELL_STATUS_PROTOCOL);
}

static const char not_alone[] =
	"wsbox-cell: is started by wsbox, not by hand (see wsbox-cell(8))\n";

int main(void)
{
	uint64_t start = cell_clock();
	struct cell_job job;
	int ret = cell_recv(CELL_FD_CONTROL, &job, sizeof(job));

	if (ret == -EBADF || ret == -ENOTSOCK)
		(void)!write(STDERR_FILENO, not_alone, sizeof(not_alone) - 1);
	if (ret < 0 || job.head.type != CELL_MSG_JOB)
		_exit(CELL_STATUS_PROTOCOL);
	if (job.role == CELL_ROLE_RUN)
		instance_main(&job, start);
	compile_main(&job, start);
}
