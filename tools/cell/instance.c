/*
 * The instance role: runs the guest. What does not need the compiled code is done while the
 * compiler works.
 *
 *	map ── WASI ── lock ── decode, prepare ── wait for the image, link ── READY ──
 *	start function, _start (perhaps on better code from some moment on: replace.h) ── EXIT
 *
 * All that needs more system calls than the guest may cause comes before the lock, and there
 * nothing that an adversary wrote is decoded: module and image are mapped, the image before it has
 * any content, and the module is searched for one name (wasi_may_poll).
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "jit/compile.h"
#include "runtime/rt.h"
#include "tools/cell/cell.h"
#include "tools/cell/invoke.h"
#include "tools/cell/lock.h"
#include "tools/cell/profile.h"
#include "tools/cell/replace.h"
#include "tools/cell/strings.h"
#include "tools/cell/trap.h"
#include "wasi-iouring/wasi.h"

struct instance {
	const struct cell_job *job;
	struct strings strings;
	const void *module;		/* these two: mapped */
	void *image;
	uint64_t image_room;
	uint64_t image_size;		/* 0: it is being made */
	struct wasm_module m;
	struct rt_store *store;
	struct rt_instance *inst;
	struct wasi *wasi;
	struct rt_func *reactor_init;	/* _initialize, or NULL */
	struct rt_func *entry;		/* what to call */
	union rt_value args[INVOKE_VALUES_MAX];
	union rt_value results[INVOKE_VALUES_MAX];
	struct cell_ready ready;
	struct cell_exit exit;
};

/* Adds the time since *at to *to and sets *at to now. */
static void lap(uint64_t *to, uint64_t *at)
{
	uint64_t now = cell_clock();

	*to += now - *at;
	*at = now;
}

/* What a traced guest's calls are told to, from the descriptors at `fd`. 0 or -errno. */
static int trace_open(const struct cell_job *job, int fd, struct wasi_trace *ret)
{
	void *page;

	if (!(job->flags & CELL_JOB_TRACE))
		return 0;
	page = mmap(NULL, sizeof(*ret->page), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (page == MAP_FAILED)
		return -errno;
	close(fd);
	*ret = (struct wasi_trace){ page, job->flags & CELL_JOB_TRACE_LINES ? fd + 1 : -1 };
	return 0;
}

static int make_wasi(struct instance *in, struct wsbox_err *err)
{
	const struct cell_job *job = in->job;
	struct wasi_preopen preopens[CELL_PREOPEN_MAX];
	int sockets[CELL_SOCKETS_MAX], linkless = CELL_FD_PREOPEN + (int)job->preopens;
	int handed = linkless + (job->flags & CELL_JOB_LINKLESS ? (int)job->preopens : 0);
	struct wasi_trace trace = { 0 };
	int ret;

	assert(job->preopens <= CELL_PREOPEN_MAX && job->sockets <= CELL_SOCKETS_MAX);
	for (uint32_t i = 0; i < job->preopens; i++) {
		preopens[i] = (struct wasi_preopen){
			.fd = CELL_FD_PREOPEN + (int)i,
			.linkless = linkless < handed ? linkless + (int)i : 0,
			.guest = in->strings.preopens[i],
			.readonly = job->readonly[i / 32] >> i % 32 & 1,
		};
	}
	for (uint32_t i = 0; i < job->sockets; i++)
		sockets[i] = handed + (int)i;
	ret = trace_open(job, handed + (int)job->sockets, &trace);
	if (ret < 0)
		return err_set(err, ret, WSBOX_FAILED, "trace: %s", err_name(ret));
	struct wasi_config config = {
		.argc = job->argc, .argv = in->strings.argv,
		.envc = job->envc, .env = in->strings.env,
		.npreopens = job->preopens, .preopens = preopens,
		.nsockets = job->sockets, .sockets = sockets,
		.trace = trace,
		.nofile = job->nofile,
		.ring = (job->flags & CELL_JOB_RING) && wasi_may_poll(in->module, job->module_size),
	};
	return wasi_new(&config, in->store, &in->wasi, err);
}

/* The descriptor behind those of the guest and of the trace. */
static int handed_end(const struct cell_job *job)
{
	uint32_t preopens = job->preopens * (job->flags & CELL_JOB_LINKLESS ? 2 : 1);

	return CELL_FD_PREOPEN + (int)(preopens + job->sockets) + !!(job->flags & CELL_JOB_TRACE) +
	       !!(job->flags & CELL_JOB_TRACE_LINES);
}

/* Waits for the code, if it is being made, to be complete and never to change again. */
static void wait_for_image(struct instance *in, uint64_t *at)
{
	struct cell_image image;

	if (in->image_size)
		return;
	/* the supervisor ends us when there will be no image */
	if (cell_recv(CELL_FD_CONTROL, &image, sizeof(image)) < 0 ||
	    image.head.type != CELL_MSG_IMAGE || !image.size)
		_exit(CELL_STATUS_PROTOCOL);
	*at = cell_clock();
	in->image_size = image.size;
}

/*
 * perf looks into its map for code that no file backs: a copy, which after the lock cannot be made.
 */
static int map_image(struct instance *in, uint64_t *at, struct wsbox_err *err)
{
	const struct cell_job *job = in->job;

	in->image_size = job->image_size;
	if (job->flags & CELL_JOB_PERFMAP) {
		wait_for_image(in, at);
		in->image_room = in->image_size;
		return rt_code_copy(CELL_FD_IMAGE, job->image_offset, in->image_size, &in->image,
				    err);
	}
	in->image_room = in->image_size ? in->image_size : CELL_IMAGE_MAX;
	return rt_code_map(CELL_FD_IMAGE, job->image_offset, in->image_room, &in->image, err);
}

/* Maps what the job gives. The descriptors are not needed any more then. */
static int instance_map(struct instance *in, uint64_t *at, struct wsbox_err *err)
{
	const struct cell_job *job = in->job;
	int ret = cell_map_module(job, &in->module);

	if (ret == 0)
		ret = strings_read(job, &in->strings);
	if (ret < 0)
		return err_set(err, ret, WSBOX_FAILED, "cannot read the job: %s", err_name(ret));
	ret = map_image(in, at, err);
	if (ret == 0)
		ret = replace_prepare(job, handed_end(job), err);
	(void)close(CELL_FD_MODULE);
	(void)close(CELL_FD_STRINGS);
	(void)close(CELL_FD_IMAGE);
	return ret;
}

/* All that needs calls which the lock forbids, and the lock. */
static int instance_lock(struct instance *in, uint64_t *at, struct wsbox_err *err)
{
	const struct cell_job *job = in->job;
	struct rt_config config = { 0 };
	int ret;

	if (job->memory_max != UINT64_MAX)
		config.memory_max = job->memory_max;
	ret = instance_map(in, at, err);
	lap(&in->ready.ns_map, at);
	if (ret == 0)
		ret = rt_store_new(&config, &in->store, err);
	lap(&in->ready.ns_instantiate, at);
	if (ret == 0)
		ret = make_wasi(in, err);
	lap(&in->ready.ns_ring, at);
	if (ret == 0)
		ret = lock_early(job->flags, &in->ready.walls, err);
	if (ret == 0)
		ret = lock_late(job->flags, &in->ready.walls, err);
	lap(&in->ready.ns_lock, at);
	return ret;
}

/* All that can be done without the compiled code. */
static int instance_prepare(struct instance *in, uint64_t *at, struct wsbox_err *err)
{
	const struct cell_job *job = in->job;
	int ret;

	/* from here on bytes of an adversary's are decoded */
	assert(!(job->flags & CELL_JOB_FILTER) || in->ready.walls & CELL_WALL_SECCOMP);
	assert(!(job->flags & CELL_JOB_LANDLOCK) || in->ready.walls & CELL_WALL_LANDLOCK);
	if (cell_test_inject)
		cell_test_inject(CELL_LOCKED, (int)job->argc, in->strings.argv);
	/* the bodies are the compiler's business */
	ret = wasm_module_outline(&in->m, in->module, job->module_size, job->features, err);
	lap(&in->ready.ns_decode, at);
	if (ret == 0)
		ret = wasi_check(&in->m, err);
	if (ret == 0)
		ret = rt_instance_prepare(in->store, &in->m, &in->inst, err);
	lap(&in->ready.ns_instantiate, at);
	return ret;
}

/* Waits for the code, if it is being made, and links with it. */
static int take_image(struct instance *in, uint64_t *at, struct wsbox_err *err)
{
	struct rt_code_file file = { .at = in->image, .room = in->image_room,
				     .origin = cell_origin(in->job) };
	int ret;

	wait_for_image(in, at);
	file.size = in->image_size;
	ret = rt_instance_code(in->inst, &file, err);
	if (ret == 0)
		ret = profile_write(in->job, in->inst, handed_end(in->job), err);
	if (ret == 0 && cell_tell_gdb)
		ret = cell_tell_gdb(in->inst);
	lap(&in->ready.ns_map, at);
	if (ret == 0)
		ret = rt_instance_link(in->inst, wasi_resolve, in->wasi, err);
	lap(&in->ready.ns_instantiate, at);
	return ret;
}

static struct rt_func *exported_function(struct instance *in, const char *name)
{
	struct rt_extern e;

	if (!rt_export(in->inst, name, strlen(name), &e) || e.kind != WASM_EXTERN_FUNC)
		return NULL;
	return e.func;
}

static bool takes_and_gives_nothing(const struct rt_func *f)
{
	const struct wasm_functype *type = rt_func_type(f);

	return !type->nparams && !type->nresults;
}

/* What is to be called, and with what; checked before anything of the guest's runs. */
static int entry_find(struct instance *in, struct wsbox_err *err)
{
	const struct strings *s = &in->strings;

	in->reactor_init = exported_function(in, "_initialize");
	in->entry = exported_function(in, s->invoke ? s->invoke : "_start");
	if (in->reactor_init && !takes_and_gives_nothing(in->reactor_init))
		return err_set(err, -ENOEXEC, WSBOX_INVALID,
			       "its _initialize has parameters or results");
	if (!in->entry && s->invoke)
		return err_set(err, -ENOENT, WSBOX_NOTFOUND,
			       "exports no function %s (wsbox inspect lists its exports)",
			       s->invoke);
	if (!in->entry)
		return err_set(err, -ENOEXEC, WSBOX_INVALID,
			       "exports no _start, so it is no program (--invoke FUNC?)");
	if (s->invoke)
		return invoke_parse(rt_func_type(in->entry), (int)in->job->argc - 1, s->argv + 1,
				    in->args, err);
	if (!takes_and_gives_nothing(in->entry))
		return err_set(err, -ENOEXEC, WSBOX_INVALID,
			       "its _start has parameters or results");
	return 0;
}

/* 0, or what rt_call() gives. Here the guest runs. */
static int instance_run(struct instance *in, struct wsbox_err *err)
{
	int ret = rt_instance_start(in->inst, err);

	if (ret == 0 && in->reactor_init && in->strings.invoke)
		ret = rt_call(in->reactor_init, NULL, NULL);
	if (ret == 0)
		ret = rt_call(in->entry, in->args, in->results);
	if (ret == 0 && in->strings.invoke)
		(void)invoke_print(rt_func_type(in->entry), in->results);
	return ret;
}

_Noreturn static void instance_end(struct instance *in, enum cell_reason reason, int code)
{
	assert(reason != CELL_TRAPPED || code > 0);
	in->exit.head = (struct cell_head){ CELL_MSG_EXIT, sizeof(in->exit) };
	in->exit.reason = reason;
	in->exit.code = code;
	in->exit.replaced = replace_result();
	in->exit.osrs = in->inst ? (uint32_t)rt_instance_osrs(in->inst) : 0;
	if (reason == CELL_FAILED && !in->exit.err.code)
		(void)err_set(&in->exit.err, code, WSBOX_FAILED, "%s", err_name(code));
	cell_tell(&in->exit);
	_exit(CELL_STATUS_OK);
}

/* Bytes of linear memory 0; it never shrinks. */
static uint64_t instance_memory(const struct instance *in)
{
	const struct rt_instance_head *head = (const struct rt_instance_head *)in->inst;

	return head->mem0 ? *head->mem0_size : 0;
}

static void instance_judge(struct instance *in, int ret)
{
	in->exit.memory_peak = instance_memory(in);
	if (ret == 0)
		instance_end(in, CELL_EXITED, 0);
	if (ret == RT_TRAP_EXIT)
		instance_end(in, CELL_EXITED, rt_exit_status(in->store));
	if (ret < 0)
		instance_end(in, CELL_FAILED, ret);
	(void)wasm_module_bodies(&in->m, NULL);
	trap_print(in->store, ret);
	(void)err_set(&in->exit.err, -ECANCELED, WSBOX_TRAPPED, "%s", rt_trap_text(ret));
	instance_end(in, CELL_TRAPPED, ret);
}

void instance_main(const struct cell_job *job, uint64_t start)
{
	static struct instance in;
	uint64_t at = start;
	int ret;

	in.job = job;
	in.exit.err = (struct wsbox_err)WSBOX_ERR_INIT;
	in.ready.head = (struct cell_head){ CELL_MSG_READY, sizeof(in.ready) };
	in.ready.ns_start = start;
	ret = instance_lock(&in, &at, &in.exit.err);
	if (ret == 0)
		ret = instance_prepare(&in, &at, &in.exit.err);
	if (ret == 0)
		ret = take_image(&in, &at, &in.exit.err);
	if (ret == 0)
		ret = entry_find(&in, &in.exit.err);
	if (ret < 0)
		instance_end(&in, CELL_FAILED, ret);
	in.ready.ring = wasi_ring(in.wasi);
	in.ready.memory = instance_memory(&in);
	replace_in(in.inst);
	cell_tell(&in.ready);
	if (cell_test_inject)
		cell_test_inject(CELL_READY, (int)job->argc, in.strings.argv);
	instance_judge(&in, instance_run(&in, &in.exit.err));
	_exit(CELL_STATUS_PROTOCOL);
}
