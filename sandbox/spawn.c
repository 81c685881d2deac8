/*
 * The parent's half of a start: opens what the child needs, decides who the cell will be, clones.
 *
 * Everything is decided before clone3 as far as it can be known, so that a refusal at SB_FULL costs
 * no process. Namespaces are asked for together: a host that denies one (a container's seccomp
 * filter, a sysctl, AppArmor) denies them all.
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runtime/base/fd.h"
#include "runtime/base/num.h"
#include "sandbox/internal.h"

#define GET_MDWE 66	/* PR_GET_MDWE, Linux 6.3 */
#define CHILD_STACK (64u << 10)

static const struct {
	uint64_t flag;
	enum sb_wall wall;
} namespace_walls[] = {
	{ CLONE_NEWNS, SB_WALL_MOUNT_NS },
	{ CLONE_NEWPID, SB_WALL_PID_NS },
	{ CLONE_NEWIPC, SB_WALL_IPC_NS },
	{ CLONE_NEWUTS, SB_WALL_UTS_NS },
	{ CLONE_NEWCGROUP, SB_WALL_CGROUP_NS },
};

static void note_all(struct sb_start *s, enum sb_state state)
{
	for (int w = 0; w < SB_WALL_COUNT; w++)
		sb_note(s, (enum sb_wall)w, state, 0, "");
}

static void note_namespaces(struct sb_start *s, int code, const char *why)
{
	for (size_t i = 0; i < ARRAY_SIZE(namespace_walls); i++)
		if (!sb_unwanted(s, namespace_walls[i].wall))
			sb_note(s, namespace_walls[i].wall, code ? SB_MISSING : SB_STANDING, code,
				why);
}

static uint64_t namespaces_wanted(const struct sb_start *s)
{
	uint64_t flags = 0;

	for (size_t i = 0; i < ARRAY_SIZE(namespace_walls); i++)
		if (!sb_unwanted(s, namespace_walls[i].wall))
			flags |= namespace_walls[i].flag;
	return flags;
}

/* One line with all needed walls that are missing. */
static int refuse(struct sb_start *s, struct wsbox_err *err)
{
	char list[256] = "";
	size_t n = 0;
	const struct sb_fact *first = NULL;

	for (int w = 0; w < SB_WALL_COUNT; w++) {
		const struct sb_fact *f = &s->report->wall[w];

		if (f->state != SB_MISSING || !sb_wall_needed((enum sb_wall)w, s->spec->isolation))
			continue;
		if (!first)
			first = f;
		n += (size_t)snprintf(list + n, sizeof(list) - n, "%s%s", n ? ", " : "",
				      sb_wall_name((enum sb_wall)w));
		assert(n < sizeof(list));
	}
	if (!first)
		return 0;
	return err_set(err, first->code, WSBOX_FAILED,
		       "this host does not allow these walls: %s (%s: %s); %s", list, first->why,
		       err_name(first->code), sb_way_out(s->spec->isolation));
}

static int open_parts(struct sb_start *s, struct wsbox_err *err)
{
	const int *io = s->spec->stdio;
	int code;

	if (io[0] < 0 || io[1] < 0 || io[2] < 0) {
		s->null = open("/dev/null", O_RDWR | O_CLOEXEC);
		if (s->null < 0)
			return err_set(err, -errno, WSBOX_FAILED, "/dev/null: %s",
				       err_name(-errno));
	}
	s->supervisor = (int)syscall(SYS_pidfd_open, getpid(), 0);
	if (s->supervisor < 0)
		return err_set(err, -errno, WSBOX_FAILED, "pidfd_open: %s", err_name(-errno));
	code = sb_powers_get(&s->powers);
	if (code)
		return err_set(err, code, WSBOX_FAILED, "who wsbox is: %s", err_name(code));
	return sb_preopens_open(s, err);
}

static int make_landlock(struct sb_start *s, struct wsbox_err *err)
{
	if (sb_unwanted(s, SB_WALL_LANDLOCK))
		return 0;
	s->landlock_abi = sb_landlock_abi();
	s->landlock = sb_landlock_ruleset(s);
	if (sb_exhausted(s->landlock))
		return err_set(err, s->landlock, WSBOX_FAILED, "the Landlock rules: %s",
			       err_name(s->landlock));
	if (s->landlock < 0)
		(void)sb_missing(s, SB_WALL_LANDLOCK, s->landlock, "no Landlock in this kernel");
	else
		sb_note(s, SB_WALL_LANDLOCK, SB_BY_CELL, 0, "");
	return 0;
}

static int make_filter(struct sb_start *s, struct wsbox_err *err)
{
	if (sb_unwanted(s, SB_WALL_SECCOMP))
		return 0;
	s->filter = sb_filter_memfd(s->spec);
	if (s->filter < 0)
		return err_set(err, s->filter, WSBOX_FAILED, "the system call filter: %s",
			       err_name(s->filter));
	sb_note(s, SB_WALL_SECCOMP, SB_BY_CELL, 0, "");
	sb_note(s, SB_WALL_NETWORK, SB_BY_CELL, 0, "");
	return 0;
}

static int ask_cell(struct sb_start *s, struct wsbox_err *err)
{
	int code;

	sb_note(s, SB_WALL_NOT_DUMPABLE, SB_BY_CELL, 0, "");
	if (sb_unwanted(s, SB_WALL_MDWE))
		return 0;
	code = prctl(GET_MDWE, 0, 0, 0, 0) < 0 ? -errno : 0;
	if (!code)
		sb_note(s, SB_WALL_MDWE, SB_BY_CELL, 0, "");
	else if (sb_exhausted(code))
		return err_set(err, code, WSBOX_FAILED, "MDWE: %s", err_name(code));
	else
		(void)sb_missing(s, SB_WALL_MDWE, code, "Linux before 6.3");
	return 0;
}

bool sb_memory_grouped(const struct sb_start *s)
{
	return s->spec->role == CELL_ROLE_RUN && s->cgroup.mode != CG_NONE;
}

/* Memory and tasks have other limits to fall back on; shares of processors and disks have none. */
static int make_cgroup(struct sb_start *s, struct wsbox_err *err)
{
	const struct sb_limits *l = &s->spec->limits;
	dev_t disks[CELL_PREOPEN_MAX + 3];
	struct cg_limits limits = { .memory = l->memory,
					  .cpus_milli = l->cpus_milli,
					  .pids = l->pids,
					  .io_read = l->io_read,
					  .io_write = l->io_write,
					  .disks = disks };
	bool io = limits.io_read || limits.io_write;
	struct wsbox_err why = WSBOX_ERR_INIT;
	int code;

	/*
	 * of a compiler all memory but its image is private, and RLIMIT_FSIZE bounds that: but for
	 * a share of the processors it is spared the cgroup's cost
	 */
	if (s->spec->role != CELL_ROLE_RUN)
		limits.memory = limits.pids = 0;
	if (!limits.memory && !limits.cpus_milli && !limits.pids && !io) {
		sb_note(s, SB_WALL_CGROUP, SB_UNUSED, 0, "no limit asked for that needs it");
		return 0;
	}
	code = io ? sb_disks(s, disks, err) : 0;
	if (code < 0)
		return code;
	limits.disk_count = (unsigned int)code;
	code = cg_make(&limits, &s->cgroup, &why);
	if (!code) {
		sb_note(s, SB_WALL_CGROUP, SB_STANDING, 0, "");
		return 0;
	}
	if (sb_exhausted(code))
		return err_set(err, code, WSBOX_FAILED, "%s", why.text);
	if ((limits.cpus_milli || io) && s->spec->isolation == SB_FULL)
		return err_set(err, code, WSBOX_FAILED, "%s needs a cgroup: %s; %s",
			       io ? "--io-read-bps or --io-write-bps" : "--cpus", why.text,
			       sb_way_out(SB_FULL));
	(void)sb_missing(s, SB_WALL_CGROUP, code,
			 limits.cpus_milli || io ?
				 "no CPU and no I/O limit; memory and tasks by rlimits" :
				 "memory and tasks by rlimits");
	return 0;
}

static int choose_identity(struct sb_start *s, struct wsbox_err *err)
{
	char why[64] = "user namespace";

	s->namespaces = namespaces_wanted(s);
	note_namespaces(s, 0, "");
	if (sb_unwanted(s, SB_WALL_IDENTITY))
		return 0;
	if (s->powers.setid) {
		s->identity = SB_ID_OWN;
		s->uid = s->gid = sb_uid_take();
		if (sb_host_preopens(s) && !sb_unwanted(s, SB_WALL_PREOPENS)) {
			int code = s->powers.admin ? sb_preopens_idmap(s) : -EPERM;

			if (sb_exhausted(code))
				return err_set(err, code, WSBOX_FAILED,
					       "mapping the directories' owners: %s",
					       err_name(code));
			if (code)
				s->identity = SB_ID_USERNS;
			if (code)
				(void)snprintf(why, sizeof(why),
					       "user namespace; no idmapped mount: %s",
					       err_name(code));
		}
	}
	if (s->identity == SB_ID_OWN)
		(void)snprintf(why, sizeof(why), "uid %u", s->uid);
	else
		s->identity = SB_ID_USERNS;
	if (!s->powers.admin || s->identity == SB_ID_USERNS)
		s->namespaces |= CLONE_NEWUSER;
	/* a namespace of its own could not map the uid that was chosen */
	if (s->namespaces & CLONE_NEWUSER)
		s->identity = SB_ID_USERNS;
	sb_note(s, SB_WALL_IDENTITY, SB_STANDING, 0, why);
	return 0;
}

/* On a stack of its own in the parent's memory: changes this copy and the report only. */
static int run_child(void *arg)
{
	struct sb_start s = *(const struct sb_start *)arg;

	sb_child(&s);
}

/*
 * clone3 with a stack, for which libc has no call. The child calls run_child(s) there; the caller
 * goes on with a pid or -errno.
 */
static long clone3_run(const struct clone_args *args, struct sb_start *s)
{
	register int (*run)(void *) __asm__("r12") = run_child;
	register struct sb_start *arg __asm__("r13") = s;
	long ret = SYS_clone3;

	__asm__ volatile("syscall\n\t"
			 "testq %%rax, %%rax\n\t"
			 "jnz 1f\n\t"
			 "xorl %%ebp, %%ebp\n\t"
			 "movq %%r13, %%rdi\n\t"
			 "callq *%%r12\n\t"
			 "ud2\n"
			 "1:"
			 : "+a"(ret)
			 : "D"(args), "S"(sizeof(*args)), "r"(run), "r"(arg)
			 : "rcx", "r11", "memory");
	return ret;
}

/*
 * The child works in the caller's memory, and the caller waits until it executes or ends: nothing
 * is copied, and the child starts at once where it was cloned (5 to 7 % of a start). It may do what
 * it may after the fork of a program with threads; besides, it writes to nothing but its own stack
 * and the report (CHILD in internal.h). Sanitizers keep books of stacks: they get a copy.
 */
#ifdef WSBOX_SAN
#define SHARED 0
#else
#define SHARED (CLONE_VM | CLONE_VFORK)
#endif

static int clone_once(struct sb_start *s, int *ret_pidfd)
{
	char stack[CHILD_STACK] __attribute__((aligned(16)));
	int cgroup = s->cgroup.mode == CG_NONE ? -1 : cg_clone_fd(&s->cgroup);
	struct clone_args args = {
		.flags = s->namespaces | SHARED | CLONE_PIDFD |
			 (cgroup >= 0 ? CLONE_INTO_CGROUP : 0),
		.pidfd = (uint64_t)(uintptr_t)ret_pidfd,
		.exit_signal = SIGCHLD,
		.stack = (uint64_t)(uintptr_t)stack,
		.stack_size = sizeof(stack),
		.cgroup = cgroup >= 0 ? (uint64_t)cgroup : 0,
	};
	long pid;

	s->in_cgroup = cgroup >= 0;
	pid = clone3_run(&args, s);
	if (pid == -ENOSYS) {	/* as container runtimes answer */
		uint64_t later = s->in_cgroup ? CLONE_NEWCGROUP : 0;	/* the child's join */

		s->in_cgroup = false;
		pid = clone(run_child, stack + sizeof(stack),
			    (int)((s->namespaces & ~later) | SHARED | CLONE_PIDFD | SIGCHLD), s,
			    ret_pidfd);
		pid = pid < 0 ? -errno : pid;
	}
	return (int)pid;
}

/* Without namespaces: the caller's identity, or at least a uid of its own. */
static void give_up_namespaces(struct sb_start *s, int code)
{
	const char *why = "clone3 with new namespaces was refused";

	note_namespaces(s, code, why);
	s->namespaces = 0;
	if (s->powers.setid && (s->detached || !s->spec->preopen_count)) {
		s->identity = SB_ID_OWN;
		return;
	}
	s->identity = SB_ID_CALLER;
	(void)sb_missing(s, SB_WALL_IDENTITY, code, why);
}

/* What a host says that does not allow namespaces. */
static bool denied(int code)
{
	return code == -EPERM || code == -EACCES || code == -EINVAL || code == -ENOSYS ||
	       code == -EUSERS || code == -EOPNOTSUPP;
}

static int clone_child(struct sb_start *s, int *ret_pidfd, struct wsbox_err *err)
{
	int pid, code, dumpable = prctl(PR_GET_DUMPABLE, 0, 0, 0, 0);
	sigset_t all, before;

	/* a uid of its own means nothing in a namespace that does not map it */
	assert(s->identity != SB_ID_OWN || !(s->namespaces & CLONE_NEWUSER));
	assert(s->identity != SB_ID_OWN || s->uid >= SB_UID_BASE);
	assert(!s->detached || s->identity == SB_ID_OWN);
	(void)sigfillset(&all);
	/* the caller's handlers must not run in the child */
	(void)sigprocmask(SIG_SETMASK, &all, &before);
	pid = sb_namespaces_code(clone_once(s, ret_pidfd), s->namespaces);
	if (denied(pid) && s->namespaces) {
		give_up_namespaces(s, pid);
		if (s->spec->isolation == SB_DEGRADED)
			pid = clone_once(s, ret_pidfd);
	}
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	/* a change of uid unsets it; a caller with powers but not uid 0 needs its /proc */
	if (dumpable == 1)
		(void)prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
	if (pid > 0)
		return pid;
	code = refuse(s, err);
	/* its directory is open: only the group itself can be gone */
	if (!code && pid == -ENODEV && s->in_cgroup)
		return err_set(err, pid, WSBOX_FAILED, "somebody removed the cell's cgroup");
	return code ? code
		    : err_set(err, pid, WSBOX_FAILED, "cannot start a process: %s", err_name(pid));
}

static int arm_cpu_timer(uint64_t ns, struct sb_cell *cell)
{
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGXCPU };
	struct itimerspec at = { .it_value = { (time_t)(ns / 1000000000),
					       (long)(ns % 1000000000) } };
	clockid_t clock;
	int code = clock_getcpuclockid(cell->pid, &clock);

	if (code)
		return -code;
	if (timer_create(clock, &event, &cell->cpu_timer))
		return -errno;
	cell->has_timer = true;
	return timer_settime(cell->cpu_timer, 0, &at, NULL) ? -errno : 0;
}

static int prepare(struct sb_start *s, struct wsbox_err *err)
{
	static const struct {
		enum sb_step step;
		bool always;	/* also without isolation */
		int (*run)(struct sb_start *s, struct wsbox_err *err);
	} parent_steps[] = {
		{ SB_STEP_OPEN, true, open_parts },
		{ SB_STEP_LANDLOCK, false, make_landlock },
		{ SB_STEP_FILTER, false, make_filter },
		{ SB_STEP_FILTER, false, ask_cell },
		{ SB_STEP_CGROUP, true, make_cgroup },
		{ SB_STEP_IDMAP, false, choose_identity },
	};
	uint64_t before = s->report->begin;

	note_all(s, SB_UNUSED);
	for (size_t i = 0; i < ARRAY_SIZE(parent_steps); i++) {
		bool skip = s->spec->isolation == SB_NONE && !parent_steps[i].always;
		int code = skip ? 0 : parent_steps[i].run(s, err);
		uint64_t after = sb_now();

		s->report->ns[parent_steps[i].step] += after - before;
		before = after;
		if (code)
			return code;
	}
	return refuse(s, err);
}

static void start_done(struct sb_start *s)
{
	for (uint32_t i = 0; i < s->spec->preopen_count; i++)
		fd_closep(&s->preopen[i]);
	for (uint32_t i = 0; i < s->spec->preopen_count; i++)
		fd_closep(&s->linkless[i]);
	fd_closep(&s->null);
	fd_closep(&s->filter);
	fd_closep(&s->landlock);
	fd_closep(&s->supervisor);
}

static void give_up(struct sb_start *s)
{
	if (s->cgroup.mode != CG_NONE)
		(void)cg_remove(&s->cgroup);
	sb_uid_put(s->uid);
	if (s->report)
		(void)munmap(s->report, sizeof(*s->report));
	s->report = NULL;
}

static uint32_t job_flags(const struct sb_start *s)
{
	const struct sb_fact *wall = s->report->wall;

	return (s->filter >= 0 ? CELL_JOB_FILTER : 0) | (s->landlock >= 0 ? CELL_JOB_LANDLOCK : 0) |
	       (wall[SB_WALL_MDWE].state == SB_BY_CELL ? CELL_JOB_MDWE : 0) |
	       (s->spec->ring ? CELL_JOB_RING : 0);
}

static int start(struct sb_start *s, struct sb_cell *ret, struct wsbox_err *err)
{
	struct sb_cell cell = { .pidfd = -1 };
	uint64_t before;
	int code = prepare(s, err);

	if (code)
		return code;
	before = sb_now();
	cell.pid = clone_child(s, &cell.pidfd, err);
	if (cell.pid < 0)
		return cell.pid;
	s->report->ns[SB_STEP_CLONE] = sb_now() - before;
	assert(cell.pid > 0 && cell.pidfd >= 0);
	cell.job_flags = job_flags(s);
	cell.cgroup = s->cgroup;
	cell.report = s->report;
	cell.uid = s->uid;
	code = s->spec->limits.cpu_ns ? arm_cpu_timer(s->spec->limits.cpu_ns, &cell) : 0;
	/* from here on s owns nothing: a late failure ends a cell that is complete */
	s->cgroup.mode = CG_NONE;
	s->report = NULL;
	s->uid = 0;
	if (code) {
		sb_kill(&cell);
		(void)sb_reap(&cell, NULL);
		return err_set(err, code, WSBOX_FAILED, "the CPU time limit: %s", err_name(code));
	}
	*ret = cell;
	return 0;
}

int sb_start_cell(const struct sb_spec *spec, bool probe, struct sb_cell *ret,
		  struct wsbox_err *err)
{
	struct sb_start s = { .spec = spec,
			      .null = -1,
			      .filter = -1,
			      .landlock = -1,
			      .cell = -1,
			      .supervisor = -1,
			      .probe = probe,
			      .euid = geteuid(),
			      .egid = getegid() };
	int code;

	assert(spec->preopen_count <= CELL_PREOPEN_MAX);
	memset(s.preopen, 0xff, sizeof(s.preopen));
	memset(s.linkless, 0xff, sizeof(s.linkless));
	s.report = mmap(NULL, sizeof(*s.report), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			-1, 0);
	if (s.report == MAP_FAILED)
		return err_set(err, -ENOMEM, WSBOX_FAILED, "cannot start a cell: out of memory");
	s.report->begin = sb_now();
	s.report->failed_step = s.report->failed_wall = -1;
	s.report->isolation = (uint8_t)spec->isolation;
	code = start(&s, ret, err);
	start_done(&s);
	if (code)
		give_up(&s);
	return code;
}

int sb_spawn(const struct sb_spec *spec, struct sb_cell *ret_cell, struct wsbox_err *err)
{
	return sb_start_cell(spec, false, ret_cell, err);
}
