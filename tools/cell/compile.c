/*
 * The compiler role: module in, image out, as well as its smaller kin that only validate or list a
 * module. Everything is checked in this process; what it says about a module is shown to the user
 * and trusted by nobody.
 */
#include <assert.h>
#include <errno.h>
#include <sys/resource.h>
#include <unistd.h>

#include "jit/compile.h"
#include "jit/tier.h"
#include "runtime/wasm/module.h"
#include "tools/cell/cell.h"
#include "tools/cell/elf.h"
#include "tools/cell/inspect.h"
#include "tools/cell/lock.h"

_Static_assert(CELL_MODULE_MAX == WASM_MAX_MODULE,
	       "the supervisor stops copying where the decoder would");

static const struct jit_tier *tier(void)
{
	return &cell_tier ? cell_tier : NULL;
}

/* No pool where one thread is enough, or where no threads can be made: the compiler then works
 * alone. */
static int compile_prepare(const struct cell_job *job, const void **ret_bytes,
			   struct jit_pool **ret_pool, struct wsbox_err *err)
{
	uint32_t walls = 0;
	int ret;

	ret = cell_map_module(job, ret_bytes);
	if (ret < 0)
		return err_set(err, ret, WSBOX_FAILED, "cannot map the module: %s", err_name(ret));
	/* for a run the instance checks, which has the time; a module can be validated on any
	 * processor */
	ret = lock_early(job->flags, &walls, err);
	if (ret < 0)
		return ret;
	if (tier())
		tier()->start();
	*ret_pool = job->jobs > 1 ? jit_pool_new(job->jobs, tier() ? tier()->stack_size : 0) : NULL;
	return lock_late(job->flags, &walls, err);
}

static int compile_module(const struct cell_job *job, const void *bytes, struct jit_pool *pool,
		   struct cell_compiled *reply)
{
	struct jit_options options = { .tier = tier(), .gs = jit_cpu_fsgsbase(),
				       .threads = pool ? job->jobs : 1, .origin = cell_origin(job) };
	bool elf = job->flags & CELL_JOB_ELF;
	struct jit_stats stats = { 0 };
	struct wasm_module m;
	uint64_t start = cell_clock();
	int image = job->role == CELL_ROLE_COMPILE ? CELL_FD_IMAGE : -1, ret;

	ret = wasm_module_decode(&m, bytes, job->module_size, job->features, &reply->err);
	reply->ns_decode = cell_clock() - start;
	if (ret < 0)
		return ret;
	options.image_offset = elf ? CWASM_PAGE : 0;
	ret = jit_compile(&m, &options, pool, image, &stats, &reply->err);
	assert(ret < 0 || stats.functions == m.nfuncs - m.imported_funcs);
	if (ret == 0 && elf)
		ret = elf_wrap(image, stats.image_bytes, &m, &stats.image_bytes, &reply->err);
	if (ret == 0 && job->role == CELL_ROLE_INSPECT)
		ret = inspect_print(&m, STDOUT_FILENO);
	reply->functions = stats.functions;
	reply->left = stats.left;
	reply->tier = tier() ? tier()->id : JIT_TIER_BASELINE;
	reply->image_size = stats.image_bytes;
	reply->body_bytes = stats.body_bytes;
	reply->text_bytes = stats.text_bytes;
	reply->ns_compile = stats.ns_compile;
	reply->ns_publish = stats.ns_publish;
	reply->ns_verify = stats.ns_verify;
	return ret;
}

void compile_main(const struct cell_job *job, uint64_t start)
{
	struct cell_compiled reply = {
		.head = { CELL_MSG_COMPILED, sizeof(reply) },
		.err = WSBOX_ERR_INIT,
	};
	struct jit_pool *pool = NULL;
	uint64_t at = cell_clock();
	const void *bytes;
	int ret;

	ret = compile_prepare(job, &bytes, &pool, &reply.err);
	reply.ns_start = start;
	reply.ns_lock = cell_clock() - at;
	if (ret == 0)
		ret = compile_module(job, bytes, pool, &reply);
	if (ret < 0 && !reply.err.code)
		(void)err_set(&reply.err, ret, WSBOX_FAILED, "%s", err_name(ret));
	reply.ok = ret == 0;
	cell_tell(&reply);
	_exit(CELL_STATUS_OK);
}
