/*
 * The compiler role: module in, image out, as well as its smaller kin that only validate or list a
 * module. Everything is checked in this process; what it says about a module is shown to the user
 * and trusted by nobody.
 */
#include <assert.h>
#include <errno.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "jit/compile.h"
#include "jit/disasm.h"
#include "jit/osr.h"
#include "jit/tier.h"
#include "runtime/base/cpu.h"
#include "runtime/base/num.h"
#include "runtime/wasm/module.h"
#include "tools/cell/cell.h"
#include "tools/cell/elf.h"
#include "tools/cell/inspect.h"
#include "tools/cell/lock.h"
#include "tools/cell/objdump.h"
#include "tools/cell/strings.h"

_Static_assert(CELL_MODULE_MAX == WASM_MAX_MODULE,
	       "the supervisor stops copying where the decoder would");

static const struct jit_tier *tier(const struct cell_job *job)
{
	return &cell_tier && !(job->flags & CELL_JOB_BASELINE) ? cell_tier : NULL;
}

/* What needs to be done while the process may still do anything. */
static void start_tools(const struct cell_job *job)
{
	if (tier(job))
		tier(job)->start();
	if (job->role == CELL_ROLE_OBJDUMP && objdump_print)
		cell_disasm->start();
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
	ret = lock_early(job->flags, &walls, err);
	if (ret < 0)
		return ret;
	start_tools(job);
	*ret_pool = job->jobs > 1 ? jit_pool_new(job->jobs, tier(job) ? tier(job)->stack_size : 0) :
				    NULL;
	return lock_late(job->flags, &walls, err);
}

/* Whether a second mount of its directories, which follows no link, would serve it. */
static bool looks_at_paths(const struct wasm_module *m)
{
	static const char *const calls[] = { "path_filestat_get", "path_readlink" };

	for (uint32_t i = 0; i < m->nimports; i++)
		for (unsigned int k = 0; k < ARRAY_SIZE(calls); k++)
			if (wasm_name_is(&m->imports[i].name, calls[k]))
				return true;
	return false;
}

static int compile_module(const struct cell_job *job, const void *bytes, struct jit_pool *pool,
		   struct cell_compiled *reply)
{
	struct jit_options options = { .tier = tier(job), .gs = cpu_fsgsbase(),
				       .threads = pool ? job->jobs : 1,
				       .replaceable = job->flags & CELL_JOB_REPLACE && !tier(job),
				       .where = (const struct jit_place *)job->places,
				       .nwhere = (uint32_t)num_min(job->nplaces,
								   CELL_PLACES_MAX),
				       .osr = job->flags & CELL_JOB_REPLACE ? JIT_OSR_SOME :
									      JIT_OSR_NONE,
				       .origin = cell_origin(job) };
	bool elf = job->flags & CELL_JOB_ELF;
	struct jit_stats stats = { 0 };
	struct jit_lines lines = { 0 };
	struct wasm_module m;
	uint64_t at = cell_clock();
	bool image_wanted = job->role == CELL_ROLE_COMPILE || job->role == CELL_ROLE_OBJDUMP;
	int image = image_wanted ? CELL_FD_IMAGE : -1, ret;

	ret = wasm_module_decode(&m, bytes, job->module_size, job->features, &reply->err);
	reply->ns_decode = cell_clock() - at;
	if (ret < 0)
		return ret;
	options.image_offset = elf ? CWASM_PAGE : 0;
	options.lines = elf ? &lines : NULL;
	ret = jit_compile(&m, &options, pool, image, &stats, &reply->err);
	assert(ret < 0 || stats.functions == m.nfuncs - m.imported_funcs);
	if (ret == 0 && elf)
		ret = elf_wrap(image, stats.image_bytes, &m, &lines, &stats.image_bytes,
			       &reply->err);
	if (ret == 0 && job->role == CELL_ROLE_INSPECT)
		ret = inspect_print(&m, STDOUT_FILENO);
	vec_done(&lines);
	reply->looks = looks_at_paths(&m);
	reply->functions = stats.functions;
	reply->left = stats.left;
	reply->remade = stats.remade;
	reply->tier = tier(job) ? tier(job)->id : JIT_TIER_BASELINE;
	reply->image_size = stats.image_bytes;
	reply->body_bytes = stats.body_bytes;
	reply->text_bytes = stats.text_bytes;
	reply->ns_compile = stats.ns_compile;
	reply->ns_publish = stats.ns_publish;
	reply->ns_verify = stats.ns_verify;
	return ret;
}

/* The file that compile_module() made, or that came as the module. */
static int dump(const struct cell_job *job, const void *file, uint64_t size, struct wsbox_err *err)
{
	struct strings strings = { 0 };
	int ret;

	if (!objdump_print)
		return err_set(err, -ENOTSUP, WSBOX_FAILED, "has no disassembler");
	ret = job->flags & CELL_JOB_INVOKE ? strings_read(job, &strings) : 0;
	if (ret < 0)
		return ret;
	return objdump_print(file, size, strings.invoke, cell_disasm, STDOUT_FILENO, err);
}

static int compile_and_dump(const struct cell_job *job, const void *bytes, struct jit_pool *pool,
			    struct cell_compiled *reply)
{
	void *p;
	int ret;

	if (cwasm_is_elf(bytes, job->module_size))
		return dump(job, bytes, job->module_size, &reply->err);
	ret = compile_module(job, bytes, pool, reply);
	if (ret < 0)
		return ret;
	p = mmap(NULL, reply->image_size, PROT_READ, MAP_PRIVATE, CELL_FD_IMAGE, 0);
	return p == MAP_FAILED ? -errno : dump(job, p, reply->image_size, &reply->err);
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
	if (ret == 0 && job->role == CELL_ROLE_OBJDUMP)
		ret = compile_and_dump(job, bytes, pool, &reply);
	else if (ret == 0)
		ret = compile_module(job, bytes, pool, &reply);
	if (ret < 0 && !reply.err.code)
		(void)err_set(&reply.err, ret, WSBOX_FAILED, "%s", err_name(ret));
	reply.ok = ret == 0;
	cell_tell(&reply);
	_exit(CELL_STATUS_OK);
}
