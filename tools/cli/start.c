/*
 * Starts a session's cells: opens what they are given, spawns both at once, sends each its job.
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "runtime/base/cpu.h"
#include "runtime/base/fd.h"
#include "runtime/base/num.h"
#include "tools/cli/module.h"
#include "tools/cli/session-internal.h"

_Static_assert(OPTIONS_DIRS_MAX <= CELL_PREOPEN_MAX, "each --dir is a preopen of the cell");

/* Limits of a compiler, whatever was asked for: it works on bytes of an adversary's. */
#ifdef WSBOX_SAN
#define START_COMPILER_MEMORY 0			/* of the address space sanitizers take much more */
#else
#define START_COMPILER_MEMORY (4ull << 30)	/* private */
#endif
#define START_COMPILER_CPU (300ull * 1000000000)
#define START_OPTIMIZER_CPU (3600ull * 1000000000)

enum start_limit {
	START_NOFILE = 1024,	/* descriptors of the guest */
	START_NOFILE_OWN = 64,	/* of the cell itself, preopens apart */
	START_THREADS_MAX = 16, /* of a compiler */
	START_THREAD_BYTES = 256 << 10, /* of module; for less a thread does not pay */
	START_OPTIMIZER_BYTES = 48 << 10, /* the same of the optimizing tier: a batch */
	START_LINKLESS_BYTES = 256 << 10, /* of a module nobody knows: it may look at paths */
};

struct text VEC(char);

static int failed(struct session *s, int code, const char *what)
{
	return err_set(&s->err, code, WSBOX_FAILED, "%s: %s", what, err_name(code));
}

/* Appends s and its NUL to the growing text. */
static bool append(struct text *to, const char *s)
{
	size_t n = strlen(s) + 1;

	if (!vec_reserve(to, n))
		return false;
	memcpy(to->at + to->len, s, n);
	to->len += n;
	return true;
}

/* The strings of struct cell_job, in its order. A guest's argument 0 is FILE's last part unless
 * --argv0 says another. */
static bool gather(const struct options *o, struct text *to)
{
	bool ok = append(to, o->argv0 ? o->argv0 : module_name(o->args[0]));

	for (int i = 1; i < o->nargs; i++)
		ok = ok && append(to, o->args[i]);
	for (size_t i = 0; i < o->env.len; i++)
		ok = ok && append(to, o->env.at[i]);
	for (size_t i = 0; i < o->preopens.len; i++)
		ok = ok && append(to, o->preopens.at[i].guest);
	ok = ok && (!o->func || append(to, o->func));
	return ok && (!o->invoke || append(to, o->invoke));
}

/* A sealed memfd of the strings, owned by the caller, or -errno. */
static int strings_open(const struct options *o, uint32_t *ret_size)
{
	struct text text = { 0 };
	FD_AUTO fd = fd_memfd("strings");
	int ret = fd < 0 ? fd : -ENOMEM;

	if (fd >= 0 && gather(o, &text))
		ret = text.len > UINT32_MAX ? -E2BIG : fd_write_all(fd, text.at, text.len);
	if (ret == 0)
		ret = fd_seal(fd);
	*ret_size = (uint32_t)text.len;
	vec_done(&text);
	return ret < 0 ? ret : fd_take(&fd);
}

/* No more than processors that may be used at once. */
static uint32_t threads(const struct session *s)
{
	uint32_t each = s->optimize ? START_OPTIMIZER_BYTES : START_THREAD_BYTES;
	uint64_t useful = 1 + s->module_size / each;
	cpu_set_t set;

	if (s->o->cpus_milli)
		useful = num_min(useful, (s->o->cpus_milli + 999) / 1000);
	if (useful == 1 || sched_getaffinity(0, sizeof(set), &set) < 0)
		return 1;
	return (uint32_t)num_min(num_min(useful, (size_t)CPU_COUNT(&set)), START_THREADS_MAX);
}

/*
 * Second mounts cost 40 us a directory and save 1 us a stat: they are for who can ask, and beside a
 * compiler they cost nothing.
 */
static bool wants_linkless(const struct session *s)
{
	if (s->code.result == CODE_HIT)
		return s->code.found.entry.looks;
	return s->code.result < CODE_HIT || s->module_size >= START_LINKLESS_BYTES;
}

static struct cell_job job_of(const struct session *s, enum cell_role role)
{
	const struct options *o = s->o;
	struct cell_job job = {
		.head = { CELL_MSG_JOB, sizeof(job) },
		.role = role,
		.features = s->code.item.recipe.features,
		.module_offset = s->module_offset,
		.module_size = s->module_size,
		.memory_max = o->memory ? o->memory : UINT64_MAX,
		.nofile = START_NOFILE,
	};

	memcpy(job.module_hash, s->code.item.recipe.module, sizeof(job.module_hash));
	if (role != CELL_ROLE_RUN) {
		job.jobs = threads(s);
		if (s->o->command == COMMAND_COMPILE || role == CELL_ROLE_OBJDUMP)
			job.flags |= CELL_JOB_ELF;
		if (!s->optimize)
			job.flags |= CELL_JOB_BASELINE;
		if (s->optimize ? s->fill.filler && s->image >= 0 : code_replaceable(s))
			job.flags |= CELL_JOB_REPLACE;
		job.nplaces = (uint32_t)num_min(s->fill.where.n, CELL_PLACES_MAX);
		memcpy(job.places, s->fill.where.places, sizeof(job.places));
		if (o->func) {
			job.flags |= CELL_JOB_INVOKE;
			job.argc = (uint32_t)o->nargs;
		}
		return job;
	}
	assert(o->nargs > 0 && o->preopens.len <= CELL_PREOPEN_MAX);
	if (s->code.result >= CODE_HIT) {
		job.image_offset = s->code.image_off;
		job.image_size = s->code.image_size;
	}
	job.argc = (uint32_t)o->nargs;
	job.envc = (uint32_t)o->env.len;
	job.preopens = (uint32_t)o->preopens.len;
	job.sockets = s->listeners.n;
	for (uint32_t i = 0; i < job.preopens; i++)
		if (o->preopens.at[i].readonly)
			job.readonly[i / 32] |= 1u << i % 32;
	if (o->invoke)
		job.flags |= CELL_JOB_INVOKE;
	if (wants_linkless(s))
		job.flags |= CELL_JOB_LINKLESS;
	if (o->trace)
		job.flags |= CELL_JOB_TRACE;
	if (o->trace == TRACE_LINES)
		job.flags |= CELL_JOB_TRACE_LINES;
	if (s->next >= 0)
		job.flags |= CELL_JOB_REPLACE;
	if (o->profile)
		job.flags |= o->profile == PROFILE_PERFMAP ? CELL_JOB_PERFMAP : CELL_JOB_JITDUMP;
	return job;
}

/* Spawns one cell by spec, of which it fills in the control socket, and sends it the job. */
static int spawn(struct session *s, struct session_cell *c, struct sb_spec *spec,
		 struct cell_job *job)
{
	int ends[2], ret;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return failed(s, -errno, "socketpair");
	FD_AUTO theirs = ends[1];
	c->control = ends[0];
	spec->control = theirs;
	spec->role = (enum cell_role)job->role;
	ret = sb_spawn(spec, &c->cell, &s->err);
	if (ret < 0)
		return ret;
	c->started = c->running = true;
	assert(c->cell.pid > 0 && c->cell.pidfd >= 0);
	job->flags |= c->cell.job_flags;
	job->pid = (uint32_t)c->cell.pid;
	if (s->profile.fd >= 0 && c == &s->instance) {
		ret = profile_name(&s->profile, c->cell.pid, &s->err);
		if (ret < 0)
			return ret;
	}
	/* before a cell is at work with compiled code or AVX2 of its own, and while it starts */
	if (!s->cpu_checked && spec->role != CELL_ROLE_INSPECT) {
		ret = cpu_check(&s->err);
		if (ret < 0)
			return ret;
		s->cpu_checked = true;
	}
	ret = session_send(c, job);
	return ret < 0 ? failed(s, ret, "cannot send a job") : 0;
}

static int spawn_compiler(struct session *s, struct sb_spec spec, enum cell_role role)
{
	struct cell_job job = job_of(s, role);
	bool objdump = role == CELL_ROLE_OBJDUMP;
	FD_AUTO strings = -1;
	FD_AUTO llvm = -1;

	if (s->optimize || objdump) {
		llvm = llvm_program_open(objdump ? "wsbox objdump needs" : "-O2 and -O3 need",
					 &s->err);
		if (llvm < 0)
			return llvm;
		spec.cell = llvm;
		spec.argv0 = "wsbox-llvm";
	}
	spec.stdio[0] = spec.stdio[1] = spec.stdio[2] = -1;
	if (role == CELL_ROLE_INSPECT || objdump)
		spec.stdio[1] = STDOUT_FILENO;
	if (s->o->func) {
		strings = strings_open(s->o, &job.strings_size);
		if (strings < 0)
			return failed(s, strings, "arguments");
		spec.strings = strings;
	}
	spec.image = s->image;
	spec.limits = (struct sb_limits){
		.memory = START_COMPILER_MEMORY,
		.cpus_milli = s->o->cpus_milli,
		.file_size = CELL_IMAGE_MAX,
		.cpu_ns = s->o->cpu_ns ? s->o->cpu_ns :
			  s->optimize ? START_OPTIMIZER_CPU : START_COMPILER_CPU,
		.nofile = START_NOFILE_OWN,
	};
	return spawn(s, &s->compiler, &spec, &job);
}

/* The descriptors after the preopens, in the order of struct cell_job. How many. */
static uint32_t hand_over(const struct session *s, int *handed)
{
	uint32_t n = s->listeners.n;

	memcpy(handed, s->listeners.fds, n * sizeof(*handed));
	if (s->o->trace)
		handed[n++] = s->trace.memfd;
	if (s->o->trace == TRACE_LINES)
		handed[n++] = s->trace.out;
	if (s->o->profile)
		handed[n++] = s->profile.fd;
	if (s->next >= 0)
		handed[n++] = s->next;
	return n;
}

/* What the guest has as 0 to 2; descriptors made for that are left in *out and *error. */
static int give_streams(struct session *s, struct sb_spec *spec, int *out, int *error)
{
	int ret = 0, in;

	for (int i = 0; i < 3; i++)
		spec->stdio[i] = i;
	if (s->o->tty) {
		*out = tty_slave(&s->tty);
		in = *out < 0 ? *out : fcntl(s->tty.master, F_DUPFD_CLOEXEC, 3);
		if (in < 0)
			return *out < 0 ? *out : -errno;
		pump_init(&s->pumps[0], in, s->tty.out);
		for (int i = 0; i < 3; i++)
			spec->stdio[i] = *out;
	} else if (s->o->max_output) {
		ret = pump_open(&s->pumps[0], STDOUT_FILENO, out);
		if (ret == 0)
			ret = pump_open(&s->pumps[1], STDERR_FILENO, error);
		spec->stdio[1] = *out;
		spec->stdio[2] = *error;
	}
	return ret;
}

static int spawn_instance(struct session *s, struct sb_spec spec)
{
	const struct options *o = s->o;
	struct cell_job job = job_of(s, CELL_ROLE_RUN);
	struct sb_preopen preopens[OPTIONS_DIRS_MAX];
	int handed[CELL_HANDED_MAX];
	FD_AUTO strings = strings_open(o, &job.strings_size);
	FD_AUTO out = -1;
	FD_AUTO error = -1;
	int ret = strings;

	if (ret < 0)
		return failed(s, ret, "arguments");
	assert(!(job.flags & CELL_JOB_REPLACE) || !o->profile);
	for (size_t i = 0; i < o->preopens.len; i++) {
		const struct preopen *p = &o->preopens.at[i];

		preopens[i] = (struct sb_preopen){ p->host, p->readonly, p->tmpfs };
	}
	ret = give_streams(s, &spec, &out, &error);
	if (ret < 0)
		return failed(s, ret, o->tty ? "terminal" : "pipe");
	spec.strings = strings;
	spec.image = s->code.result >= CODE_HIT ? s->module : s->image;
	spec.preopens = preopens;
	spec.preopen_count = job.preopens;
	spec.linkless = job.flags & CELL_JOB_LINKLESS;
	spec.handed = handed;
	spec.handed_count = hand_over(s, handed);
	spec.sockets = job.sockets;
	spec.ring = true;
	spec.limits = (struct sb_limits){
		.memory = o->memory,
		.cpus_milli = o->cpus_milli,
		.cpu_ns = o->cpu_ns,
		.pids = (uint32_t)o->pids,
		.io_read = o->io_read,
		.io_write = o->io_write,
		.nofile = START_NOFILE + START_NOFILE_OWN + 2 * job.preopens + spec.handed_count,
	};
	return spawn(s, &s->instance, &spec, &job);
}

static const enum sb_isolation levels[] = {
	[ISOLATION_FULL] = SB_FULL, [ISOLATION_DEGRADED] = SB_DEGRADED, [ISOLATION_NONE] = SB_NONE,
};

/* Where a fill puts the code that the guest goes on with. */
static int make_next(struct session *s)
{
	if (!code_replaceable(s))
		return 0;
	s->next = fd_memfd("next");
	return s->next < 0 ? failed(s, s->next, "image") : 0;
}

/* Instance only: its code is there already. */
static int start_cached(struct session *s, const struct sb_spec *spec)
{
	int ret = make_next(s);

	if (ret == 0)
		ret = spawn_instance(s, *spec);
	s->at.instance = session_clock();
	return ret;
}

/* The compiler, and the instance if there is one, which prepares itself meanwhile. */
static int start_compiled(struct session *s, const struct sb_spec *spec, enum cell_role role)
{
	bool run = role == CELL_ROLE_RUN;
	int ret;

	if (s->image < 0 && (run || role == CELL_ROLE_COMPILE || role == CELL_ROLE_OBJDUMP)) {
		s->image = fd_memfd("image");
		if (s->image < 0)
			return failed(s, s->image, "image");
	}
	ret = spawn_compiler(s, *spec, run ? CELL_ROLE_COMPILE : role);
	s->at.compiler = session_clock();
	if (ret == 0 && run)
		ret = make_next(s);
	if (ret == 0 && run)
		ret = spawn_instance(s, *spec);
	s->at.instance = session_clock();
	return ret;
}

int session_start(struct session *s, enum cell_role role)
{
	FD_AUTO program = cell_program_open(&s->err);

	if (program < 0)
		return program;
	struct sb_spec spec = {
		.isolation = levels[s->o->isolation], .cell = program, .argv0 = "wsbox-cell",
		.module = s->module, .image = -1, .strings = -1,
	};
	return s->code.result >= CODE_HIT ? start_cached(s, &spec) : start_compiled(s, &spec, role);
}
