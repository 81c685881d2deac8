/*
 * Making, joining and removing a cell's group.
 *
 * v1: a leaf below the caller's own group of each controller that a limit needs; root only. v2: a
 * leaf below the first of these that gives the controllers: the caller's own group when it is
 * delegated to it (its processes then move to a leaf beside, since a group with controllers for
 * children may have no processes), for root a group of our own at the top, or a scope that systemd
 * makes for the caller (scope.c), which then is the caller's own group.
 */
#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#include "cgroup/internal.h"
#include "runtime/base/fd.h"
#include "runtime/base/num.h"

#define PERIOD_US 100000	/* the kernel's default for cpu.max and cpu.cfs_period_us */
#define QUOTA_MIN_US 1000
#define STALE_S 60
#define NAMES_MAX 1000	/* of others, for one group */
#define V2_TOP "/sys/fs/cgroup"
#define V2_OURS "wsbox"

static const struct {
	const char *v1, *v2;
} controllers[] = {
#define NAME(id, v1, v2) [CG_##id] = { v1, v2 },
	CG_CONTROLLERS(NAME)
};

_Static_assert(ARRAY_SIZE(controllers) == CG_CONTROLLER_COUNT, "a row a controller");

static int refused(struct wsbox_err *err, int code, const char *what)
{
	return err_set(err, code, WSBOX_FAILED, "cgroup %s: %s", what, err_name(code));
}

static bool wanted(const struct cg_limits *l, enum cg_controller c)
{
	switch (c) {
	case CG_MEMORY:
		return l->memory;
	case CG_CPU:
		return l->cpus_milli;
	case CG_PIDS:
		return l->pids;
	case CG_IO:
		return l->io_read || l->io_write;
	case CG_CONTROLLER_COUNT:
		break;
	}
	return false;
}

static uint64_t quota_us(uint64_t milli)
{
	uint64_t us = milli * PERIOD_US / 1000;

	return us < QUOTA_MIN_US ? QUOTA_MIN_US : us;
}

/*
 * Files that exist only with swap accounting or a newer kernel may refuse: the limit itself may
 * not.
 */
static int set_memory(bool v2, int dir, uint64_t bytes)
{
	int code = cg_write_u64(dir, v2 ? "memory.max" : "memory.limit_in_bytes", bytes);

	if (v2) {
		(void)cg_write(dir, "memory.swap.max", "0");
		(void)cg_write(dir, "memory.oom.group", "1");
	} else {
		(void)cg_write_u64(dir, "memory.memsw.limit_in_bytes", bytes);
		(void)cg_write(dir, "memory.swappiness", "0");
	}
	return code;
}

static int set_cpu(bool v2, int dir, uint64_t milli)
{
	char text[48];

	if (!v2)
		return cg_write_u64(dir, "cpu.cfs_quota_us", quota_us(milli));
	(void)snprintf(text, sizeof(text), "%llu %d", (unsigned long long)quota_us(milli),
		       PERIOD_US);
	return cg_write(dir, "cpu.max", text);
}

static int set_limit(bool v2, int dir, enum cg_controller c, const struct cg_limits *l)
{
	switch (c) {
	case CG_MEMORY:
		return set_memory(v2, dir, l->memory);
	case CG_CPU:
		return set_cpu(v2, dir, l->cpus_milli);
	case CG_PIDS:
		return cg_write_u64(dir, "pids.max", l->pids);
	case CG_IO:
		return cg_set_io(v2, dir, l);
	case CG_CONTROLLER_COUNT:
		break;
	}
	return -EINVAL;
}

/*
 * A leaf below parent, which it takes over, in slot c of g. -EEXIST: the name is another's, as of a
 * supervisor in another pid namespace, and stays theirs.
 */
static int make_leaf(struct cg_group *g, enum cg_controller c, int parent)
{
	assert(parent >= 0 && g->parent[c] < 0 && g->dir[c] < 0);
	if (mkdirat(parent, g->name, 0755)) {
		int code = -errno;

		close(parent);
		return code;
	}
	g->parent[c] = parent;
	g->dir[c] = openat(parent, g->name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return g->dir[c] < 0 ? -errno : 0;
}

static int make_v1(struct cg_group *g, const struct cg_limits *l, struct wsbox_err *err)
{
	if (geteuid())
		return refused(err, -EOPNOTSUPP, "v1: not for a user who is not root");
	for (int c = 0; c < CG_CONTROLLER_COUNT; c++) {
		int code;

		if (!wanted(l, c))
			continue;
		code = cg_own_open(g->mode, controllers[c].v1);
		if (code >= 0)
			code = make_leaf(g, c, code);
		if (!code)
			code = set_limit(false, g->dir[c], c, l);
		if (code < 0)
			return refused(err, code, controllers[c].v1);
	}
	return 0;
}

static bool gives(int dir, const struct cg_limits *l)
{
	char list[256];

	if (cg_read(dir, "cgroup.subtree_control", list, sizeof(list)) < 0)
		return false;
	for (int c = 0; c < CG_CONTROLLER_COUNT; c++)
		if (wanted(l, c) && !cg_word_in(list, controllers[c].v2))
			return false;
	return true;
}

/* Each controller on its own, so that one that the host lacks does not keep the others away. */
static bool enable(int dir, const struct cg_limits *l)
{
	char text[32];

	for (int c = 0; c < CG_CONTROLLER_COUNT; c++) {
		(void)snprintf(text, sizeof(text), "+%s", controllers[c].v2);
		(void)cg_write(dir, "cgroup.subtree_control", text);
	}
	return gives(dir, l);
}

/* systemd marks what it delegated; a user's own group is theirs when they may write there. */
static bool delegated(int dir)
{
	char path[48], mark = 0;

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", dir);
	if (getxattr(path, "user.delegate", &mark, 1) == 1 ||
	    getxattr(path, "trusted.delegate", &mark, 1) == 1)
		return mark == '1';
	return geteuid() && !faccessat(dir, ".", W_OK, 0) &&
	       !faccessat(dir, "cgroup.subtree_control", W_OK, 0);
}

/* Whether it is the caller or a child of the caller's: a cell that was started without a group. */
static bool is_ours(long pid)
{
	char path[48], text[512];
	const char *after;
	int parent = 0;

	if (pid == getpid())
		return true;
	(void)snprintf(path, sizeof(path), "/proc/%ld/stat", pid);
	if (cg_read(AT_FDCWD, path, text, sizeof(text)) < 0)
		return false;
	after = strrchr(text, ')');	/* "pid (name) state parent ..." */
	return after && sscanf(after + 1, " %*c %d", &parent) == 1 && parent == getpid();
}

/* Moves all processes of a group to a leaf below, if they are ours: a manager has none itself. */
static bool move_aside(int dir)
{
	char list[CG_TEXT_MAX], *next;
	FD_AUTO aside = -1;

	if (cg_read(dir, "cgroup.procs", list, sizeof(list)) < 0)
		return false;
	for (next = list; *next; next += strspn(next, "\n"))
		if (!is_ours(strtol(next, &next, 10)))
			return false;
	if (mkdirat(dir, CG_SELF, 0755) && errno != EEXIST)
		return false;
	aside = openat(dir, CG_SELF, O_PATH | O_DIRECTORY | O_CLOEXEC);
	for (next = list; aside >= 0 && *next; next += strspn(next, "\n")) {
		long pid = strtol(next, &next, 10);

		/* one that has ended meanwhile is not in the way */
		if (cg_write_u64(aside, "cgroup.procs", (uint64_t)pid) && pid == getpid())
			return false;
	}
	return aside >= 0;
}

static int parent_delegated(const struct cg_limits *l)
{
	FD_AUTO own = cg_own_open(CG_V2, NULL);

	if (own < 0)
		return own;
	if (!delegated(own))
		return -EACCES;
	if (!gives(own, l) && !(move_aside(own) && enable(own, l)))
		return -EBUSY;
	return fd_take(&own);
}

/*
 * Only where the top already gives its children the controllers: its own files are the host
 * manager's.
 */
static int parent_top(const struct cg_limits *l)
{
	FD_AUTO ours = -1;
	FD_AUTO top = open(V2_TOP, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (top < 0)
		return -errno;
	if (!gives(top, l))
		return -EOPNOTSUPP;
	if (mkdirat(top, V2_OURS, 0755) && errno != EEXIST)
		return -errno;
	ours = openat(top, V2_OURS, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (ours < 0)
		return -errno;
	return gives(ours, l) || enable(ours, l) ? fd_take(&ours) : -EOPNOTSUPP;
}

static int make_v2(struct cg_group *g, const struct cg_limits *l, struct wsbox_err *err)
{
	int code, parent = parent_delegated(l);

	if (parent < 0 && !geteuid())
		parent = parent_top(l);
	if (parent < 0 && !cg_scope_enter())
		parent = parent_delegated(l);
	if (parent < 0)
		return refused(err, parent,
			       "v2: no group with these controllers is delegated to the caller");
	code = make_leaf(g, 0, parent);
	for (int c = 0; !code && c < CG_CONTROLLER_COUNT; c++)
		if (wanted(l, c))
			code = set_limit(true, g->dir[0], c, l);
	return code ? refused(err, code, "v2") : 0;
}

static void close_all(struct cg_group *g)
{
	for (int c = 0; c < CG_CONTROLLER_COUNT; c++) {
		fd_closep(&g->dir[c]);
		fd_closep(&g->parent[c]);
	}
	g->mode = CG_NONE;
}

static int make_named(const struct cg_limits *limits, struct cg_group *ret, struct wsbox_err *err)
{
	static unsigned int made;
	struct cg_group g = { .mode = cg_mode() };
	int code;

	for (int c = 0; c < CG_CONTROLLER_COUNT; c++)
		g.dir[c] = g.parent[c] = -1;
	(void)snprintf(g.name, sizeof(g.name), "wsbox-%d-%u", getpid(),
		       __atomic_fetch_add(&made, 1, __ATOMIC_RELAXED));
	if (g.mode == CG_NONE)
		return refused(err, -EOPNOTSUPP, "file system: not mounted");
	code = g.mode == CG_V2 ? make_v2(&g, limits, err) : make_v1(&g, limits, err);
	if (code) {
		(void)cg_remove(&g);
		return code;
	}
	*ret = g;
	return 0;
}

int cg_make(const struct cg_limits *limits, struct cg_group *ret, struct wsbox_err *err)
{
	struct wsbox_err why;
	int code;

	for (unsigned int i = 0; i < NAMES_MAX; i++) {
		why = (struct wsbox_err)WSBOX_ERR_INIT;
		code = make_named(limits, ret, &why);
		if (code != -EEXIST)
			break;
	}
	if (code && err)
		*err = why;
	return code;
}

int cg_clone_fd(const struct cg_group *g)
{
	return g->mode == CG_V2 ? g->dir[0] : -1;
}

/*
 * v1: "tasks" moves the writing thread alone, which spares the kernel the lock that waits for a
 * grace period.
 */
int cg_join(const struct cg_group *g)
{
	assert(g->mode != CG_NONE);
	for (int c = 0; c < CG_CONTROLLER_COUNT; c++) {
		const char *file = g->mode == CG_V2 ? "cgroup.procs" : "tasks";
		int code = g->dir[c] < 0 ? 0 : cg_write(g->dir[c], file, "0");

		if (code)
			return code;
	}
	return 0;
}

int cg_kill(const struct cg_group *g)
{
	return g->mode == CG_V2 ? cg_write(g->dir[0], "cgroup.kill", "1") : -EOPNOTSUPP;
}

/* EBUSY until the kernel has dropped the last reference of a process that is gone. */
static int remove_one(int parent, const char *name)
{
	struct timespec pause = { .tv_nsec = 100000 };

	for (int tries = 0; tries < 12; tries++) {
		if (!unlinkat(parent, name, AT_REMOVEDIR))
			return 0;
		if (errno != EBUSY)
			break;
		(void)nanosleep(&pause, NULL);
		pause.tv_nsec *= 2;
	}
	return -errno;
}

/* Whether it is "wsbox-<pid>-<number>". */
static bool is_leaf_name(const char *name)
{
	unsigned int pid, number;
	int end = 0;

	return sscanf(name, "wsbox-%u-%u%n", &pid, &number, &end) == 2 && !name[end];
}

unsigned int cg_sweep(int parent, int age_s)
{
	int fd = openat(parent, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	unsigned int gone = 0;
	struct dirent *e;

	if (!d && fd >= 0)
		close(fd);
	while (d && (e = readdir(d))) {
		struct stat st;

		/* the age spares groups that are made and not joined yet */
		if (is_leaf_name(e->d_name) &&
		    !fstatat(parent, e->d_name, &st, AT_SYMLINK_NOFOLLOW) &&
		    time(NULL) - st.st_ctime >= age_s)
			gone += !unlinkat(parent, e->d_name, AT_REMOVEDIR);
	}
	if (d)
		closedir(d);
	return gone;
}

int cg_remove(struct cg_group *g)
{
	int code = 0;

	assert(strlen(g->name) > 0);
	for (int c = 0; c < CG_CONTROLLER_COUNT; c++) {
		int one = g->parent[c] < 0 ? 0 : remove_one(g->parent[c], g->name);

		code = code ? code : one;
		if (g->parent[c] >= 0)
			(void)cg_sweep(g->parent[c], STALE_S);
	}
	close_all(g);
	return code;
}
