/*
 * Control groups for cells: v2, v1 and the hybrid of both, found at run time.
 *
 * A cell's group is a leaf below the caller's own group (or a group delegated to it), never the
 * caller's own, and is removed with the cell. Nothing is written in a group that is not ours: on v2
 * a leaf can have controllers only where the parent already gives them (systemd: Delegate=). On v1
 * a caller that is not root gets none, since delegation is unsafe there.
 */
#ifndef CGROUP_CGROUP_H
#define CGROUP_CGROUP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "runtime/base/err.h"

enum cg_mode {
	CG_NONE,	/* no cgroup file system, or none we may use */
	CG_V2,		/* unified */
	CG_V1,
	CG_HYBRID,	/* controllers on v1, an empty v2 tree beside them */
};

/* X(id, name on v1, name on v2) */
#define CG_CONTROLLERS(X) \
	X(MEMORY, "memory", "memory") \
	X(CPU, "cpu", "cpu") \
	X(PIDS, "pids", "pids") \
	X(IO, "blkio", "io")

enum cg_controller {
#define CG_CONTROLLER_ID(id, v1, v2) CG_##id,
	CG_CONTROLLERS(CG_CONTROLLER_ID)
#undef CG_CONTROLLER_ID
	CG_CONTROLLER_COUNT
};

/* 0 = no limit */
struct cg_limits {
	uint64_t memory;	/* bytes; no swap then, and out of memory kills all of the group */
	uint64_t cpus_milli;	/* processors times 1,000 */
	uint64_t pids;
	uint64_t io_read, io_write;	/* bytes a second from and to each of the disks */
	const dev_t *disks;		/* as of cg_disk_of() */
	unsigned int disk_count;
};

struct cg_group {
	enum cg_mode mode;			/* CG_NONE: no group, nothing to close */
	char name[32];				/* of the leaf */
	int parent[CG_CONTROLLER_COUNT];	/* v2: only [0] */
	int dir[CG_CONTROLLER_COUNT];		/* -1 = this controller is not used */
};

struct cg_usage {
	uint64_t memory_peak;	/* bytes, 0 = unknown */
	uint64_t cpu_ns;	/* 0 = unknown */
	bool oom_killed;
};

/* How this host does cgroups. Never fails. */
enum cg_mode cg_mode(void);

/* The whole disk of a file's st_dev. 0 or -errno: -ENOTBLK when no block device is behind it. */
int cg_disk_of(dev_t dev, dev_t *ret);

/*
 * Makes a leaf with the limits that are not 0. 0, or -errno with err (may be NULL) saying which
 * file refused; nothing is left behind then. -EOPNOTSUPP: no cgroups for this caller.
 */
int cg_make(const struct cg_limits *limits, struct cg_group *ret, struct wsbox_err *err);

/* Descriptor for clone3's CLONE_INTO_CGROUP (v2), or -1: the child must call cg_join. */
int cg_clone_fd(const struct cg_group *g);

/* Moves the calling process in. Async-signal-safe; 0 or -errno. */
int cg_join(const struct cg_group *g);

int cg_usage(const struct cg_group *g, struct cg_usage *ret);

/*
 * SIGKILL to every process in the group where the kernel can (cgroup.kill, Linux 5.14); else
 * -EOPNOTSUPP.
 */
int cg_kill(const struct cg_group *g);

/*
 * Removes the group, which must be empty, and closes it; tries again for a while when the kernel is
 * late. 0 or -errno: -ENOENT when somebody else has removed it, or a part of it on v1.
 */
int cg_remove(struct cg_group *g);

#endif
