/*
 * The child between clone3 and exec. Each step is a row; its time and its failure go to the shared
 * page.
 *
 * The order matters: the cgroup first, while the cell is still the caller; /proc is needed until
 * the root goes; PDEATHSIG after the change of uid, which clears it. The supervisor may have died
 * before PDEATHSIG: its pidfd tells. (getppid() does not, in a pid namespace; the end of the
 * control socket neither, since a brother may hold a copy for a moment.)
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runtime/base/num.h"
#include "sandbox/internal.h"

#define STACK_LIMIT (8u << 20)
#define COMPILER_TASKS 64
#define RING_WORKERS 4

/*
 * On v2 the cgroup namespace comes after, without clone3: where systemd mounted it, nobody joins a
 * group outside of their namespace.
 */
static int join(struct sb_start *s)
{
	int code;

	if (s->cgroup.mode == CG_NONE || s->in_cgroup)
		return 0;
	code = cg_join(&s->cgroup);
	if (code || s->cgroup.mode != CG_V2 || !(s->namespaces & CLONE_NEWCGROUP))
		return code;
	return unshare(CLONE_NEWCGROUP) ? -errno : 0;
}

#define PLAN_MAX (CELL_FD_PREOPEN + 2 * CELL_PREOPEN_MAX + CELL_HANDED_MAX + 2)

/*
 * Source of each descriptor of enum cell_fd, -1 = closed; then the preopens, what is handed beyond
 * them, and what only lasts until the exec. Their number.
 */
static int plan(const struct sb_start *s, int *from)
{
	const struct sb_spec *spec = s->spec;
	int linkless = CELL_FD_PREOPEN + (int)spec->preopen_count;
	int handed = linkless + (spec->linkless ? (int)spec->preopen_count : 0);
	int kept = handed + (int)spec->handed_count;

	for (int i = 0; i < CELL_FD_PREOPEN; i++)
		from[i] = -1;
	for (int i = 0; i < 3; i++)
		from[i] = spec->stdio[i] >= 0 ? spec->stdio[i] : s->null;
	from[CELL_FD_CONTROL] = spec->control;
	from[CELL_FD_MODULE] = spec->module;
	from[CELL_FD_IMAGE] = spec->image;
	from[CELL_FD_STRINGS] = spec->strings;
	from[CELL_FD_FILTER] = s->filter;
	from[CELL_FD_LANDLOCK] = s->landlock;
	for (uint32_t i = 0; i < spec->preopen_count; i++)
		from[CELL_FD_PREOPEN + i] = s->preopen[i];
	for (int i = linkless; i < handed; i++)
		from[i] = s->linkless[i - linkless];
	for (uint32_t i = 0; i < spec->handed_count; i++)
		from[handed + (int)i] = spec->handed[i];
	from[kept] = spec->cell;
	from[kept + 1] = s->supervisor;
	return kept + 2;
}

static int descriptors(struct sb_start *s)
{
	int from[PLAN_MAX];
	int count = plan(s, from);

	/* out of the way of all targets, then to the targets */
	for (int i = 0; i < count; i++) {
		if (from[i] < 0)
			continue;
		from[i] = fcntl(from[i], F_DUPFD_CLOEXEC, count);
		if (from[i] < 0)
			return -errno;
	}
	for (int i = 0; i < count; i++) {
		if (from[i] < 0)
			(void)close(i);
		else if (dup3(from[i], i, i < count - 2 ? 0 : O_CLOEXEC) < 0)
			return -errno;
	}
	s->cell = count - 2;
	s->supervisor = count - 1;
	return syscall(SYS_close_range, count, ~0u, 0) ? -errno : 0;
}

/*
 * A write to a closed pipe or beyond a limit is an error for the guest, not its end. The terminal's
 * keys and its end are for the supervisor to answer, which ends or stops the cell.
 */
static bool ignored(int sig)
{
	return sig == SIGPIPE || sig == SIGXFSZ || sig == SIGINT || sig == SIGQUIT ||
	       sig == SIGTSTP || sig == SIGHUP;
}

/*
 * Who reads the terminal in the background stops with its job, the supervisor, unless that ignores
 * it: the cell does as the supervisor, and is therefore left in its session. There it can do
 * nothing to the terminal: no filter has ioctl.
 */
static bool kept(int sig)
{
	return sig == SIGTTIN || sig == SIGTTOU;
}

static int process(struct sb_start *s)
{
	/* rt_sigaction(2)'s struct: libc refuses 32 and 33, which posix_spawn ignores */
	struct {
		void (*handler)(int);
		unsigned long flags, restorer, mask;
	} dfl = { .handler = SIG_DFL }, ign = { .handler = SIG_IGN };

	for (int sig = 1; sig < _NSIG; sig++)
		if (!kept(sig))
			(void)syscall(SYS_rt_sigaction, sig, ignored(sig) ? &ign : &dfl, NULL,
				      sizeof(ign.mask));
	return 0;
}

/* Never above what the caller may have, even where the caller could raise that. */
static int limit(int resource, uint64_t value)
{
	struct rlimit was, now = { .rlim_cur = value, .rlim_max = value };
	bool done = !prlimit(0, resource, &now, &was);

	if (done && value <= was.rlim_max)
		return 0;
	if (!done && getrlimit(resource, &was))
		return -errno;
	now.rlim_cur = now.rlim_max = was.rlim_max;
	return setrlimit(resource, &now) ? -errno : 0;
}

static uint64_t tasks(const struct sb_start *s)
{
	const struct sb_spec *spec = s->spec;

	if (spec->limits.pids)
		return spec->limits.pids;
	if (spec->role != CELL_ROLE_RUN)
		return COMPILER_TASKS;
	return 1 + (spec->ring ? RING_WORKERS : 0);
}

static int rlimits(struct sb_start *s)
{
	const struct sb_limits *l = &s->spec->limits;
	bool walls = !sb_unwanted(s, SB_WALL_RLIMITS);
	/* the caller's own processes count against a limit on the caller's uid */
	bool alone = s->identity != SB_ID_CALLER;
	const struct {
		int resource;
		bool wanted;
		uint64_t value;
	} rows[] = {
		{ RLIMIT_CORE, walls, 0 },
		{ RLIMIT_STACK, walls, STACK_LIMIT },
		{ RLIMIT_MSGQUEUE, walls, 0 },
		{ RLIMIT_RTPRIO, walls, 0 },
		{ RLIMIT_NPROC, walls && alone, tasks(s) },
		{ RLIMIT_NOFILE, l->nofile, l->nofile },
		{ RLIMIT_FSIZE, l->file_size, l->file_size },
		{ RLIMIT_CPU, l->cpu_ns, l->cpu_ns / 1000000000 + 2 },
		{ RLIMIT_DATA, l->memory && !sb_memory_grouped(s), l->memory },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		int code = rows[i].wanted ? limit(rows[i].resource, rows[i].value) : 0;

		if (code)
			return code;
	}
	if (!walls)
		sb_note(s, SB_WALL_RLIMITS, SB_UNUSED, 0, "");
	else if (!alone)
		sb_note(s, SB_WALL_RLIMITS, SB_STANDING, 0,
			"processes are not limited: the caller's own would count");
	else if (s->identity == SB_ID_USERNS && !s->euid)
		sb_note(s, SB_WALL_RLIMITS, SB_STANDING, 0,
			"processes are not limited: the kernel does not count root's");
	else
		sb_note(s, SB_WALL_RLIMITS, SB_STANDING, 0, "");
	return 0;
}

static int death(struct sb_start *s)
{
	struct pollfd supervisor = { .fd = s->supervisor, .events = POLLIN };

	if (s->spec->isolation != SB_NONE && sb_unwanted(s, SB_WALL_DEATH)) {
		sb_note(s, SB_WALL_DEATH, SB_UNUSED, 0, "");
		return 0;
	}
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0))
		return -errno;
	if (poll(&supervisor, 1, 0) > 0)
		return -ESRCH;
	sb_note(s, SB_WALL_DEATH, SB_STANDING, 0, "");
	return 0;
}

static int execute(struct sb_start *s)
{
	char *argv[] = { (char *)s->spec->argv0, NULL }, *envp[] = { NULL };
	sigset_t none;

	if (s->probe)
		_exit(0);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	s->report->exec = sb_now();
	(void)syscall(SYS_execveat, s->cell, "", argv, envp, AT_EMPTY_PATH);
	return -errno;
}

static const struct {
	enum sb_step step;
	int (*run)(struct sb_start *s);
} child_steps[] = {
	{ SB_STEP_JOIN, join },
	{ SB_STEP_MAPS, sb_child_maps },
	{ SB_STEP_PREOPENS, sb_child_preopens },
	{ SB_STEP_TMPFS, sb_child_tmpfs },
	{ SB_STEP_ROOT, sb_child_root },
	{ SB_STEP_DESCRIPTORS, descriptors },
	{ SB_STEP_PROCESS, process },
	{ SB_STEP_RLIMITS, rlimits },
	{ SB_STEP_IDENTITY, sb_child_identity },
	{ SB_STEP_CAPABILITIES, sb_child_capabilities },
	{ SB_STEP_DEATH, death },
	{ SB_STEP_EXEC, execute },
};

_Static_assert(ARRAY_SIZE(child_steps) == SB_STEP_COUNT - SB_STEP_JOIN,
	       "the child does the steps from JOIN on");

_Noreturn void sb_child(struct sb_start *s)
{
	uint64_t before = sb_now();

	for (size_t i = 0; i < ARRAY_SIZE(child_steps); i++) {
		enum sb_step step = child_steps[i].step;
		int code = child_steps[i].run(s);
		uint64_t after = sb_now();

		s->report->ns[step] = after - before;
		before = after;
		if (code) {
			s->report->failed_code = code;
			s->report->failed_step = step;
			break;
		}
	}
	_exit(WSBOX_FAILED);
}
