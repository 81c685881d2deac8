/*
 * The door of the sandbox: starts a cell (wsbox-cell) with its walls, ends it, tells what became of
 * it.
 *
 *	supervisor            child of clone3, before exec              the cell, after exec
 *	sb_spawn ── clone3 ──► limits, preopens, empty root, identity,
 *	   │                   capabilities, descriptors, execveat ────► Landlock, seccomp, ...
 *	   ▼ returns at once
 *
 * sb_spawn does not wait for the exec: a child whose set-up fails ends at once, which the
 * supervisor sees as the end of the control socket's stream; sb_reap() then tells the step and the
 * error. Steps and times come through a shared page.
 *
 * Invariants. A wall that cannot be put up is reported; at SB_FULL, one that is needed and missing
 * ends the start. The child never allocates, prints or returns into the caller's code. The cell
 * gets the descriptors of enum cell_fd and no other. The thread that calls sb_spawn must outlive
 * the cell: the kernel kills a cell when that thread ends. A cell is process 1 of its pid
 * namespace: of the signals without a handler only SIGKILL ends it (forwarding SIGTERM is for the
 * supervisor to do as sb_kill).
 */
#ifndef SANDBOX_SANDBOX_H
#define SANDBOX_SANDBOX_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>
#include <time.h>

#include "cgroup/cgroup.h"
#include "runtime/base/cell.h"
#include "runtime/base/err.h"

enum sb_isolation {
	SB_FULL,	/* all walls marked F or f, or no cell */
	SB_DEGRADED,	/* what this host allows, at least rows f; preopens need Landlock */
	SB_NONE,	/* no wall: for debugging trusted code. Limits still hold. */
};

/*
 * X(id, name, needed, what it is)
 *	needed: F in SB_FULL, f also in SB_DEGRADED, o optional (put up where possible)
 * The last of them are put up by the cell itself; struct cell_ready tells which stand.
 */
#define SB_WALLS(X) \
	X(IDENTITY, "identity", F, "a uid of its own, or a user namespace") \
	X(CAPABILITIES, "capabilities", f, "none in any set, bounding set empty") \
	X(MOUNT_NS, "mount-ns", F, "a mount namespace") \
	X(EMPTY_ROOT, "empty-root", F, "the root is an empty read-only directory") \
	X(PREOPENS, "preopens", F, "preopened directories are detached mounts without a way up") \
	X(PID_NS, "pid-ns", F, "sees and signals no other process") \
	X(IPC_NS, "ipc-ns", F, "no System V or POSIX message objects of others") \
	X(UTS_NS, "uts-ns", F, "does not learn or set the host's name") \
	X(CGROUP_NS, "cgroup-ns", F, "does not learn its place in the host's cgroups") \
	X(NETWORK, "network", F, "no system call that makes a socket; Landlock denies TCP") \
	X(RLIMITS, "rlimits", f, "no core dumps, few descriptors, no new processes") \
	X(CGROUP, "cgroup", o, "memory, CPU and task limits that the kernel accounts") \
	X(DEATH, "death", f, "dies with its supervisor") \
	X(NO_NEW_PRIVS, "no-new-privs", f, "no program can give it privileges") \
	X(NOT_DUMPABLE, "not-dumpable", f, "nobody may read its memory or descriptors") \
	X(MDWE, "mdwe", o, "memory that was writable never becomes executable (Linux 6.3)") \
	X(LANDLOCK, "landlock", F, "files below the preopens only; no signal or socket outside") \
	X(SECCOMP, "seccomp", f, "a short list of system calls; any other ends the process")

enum sb_wall {
#define SB_WALL_ID(id, name, needed, text) SB_WALL_##id,
	SB_WALLS(SB_WALL_ID)
#undef SB_WALL_ID
	SB_WALL_COUNT
};

enum sb_state {
	SB_MISSING,	/* asked for and not there: code and why say the reason */
	SB_STANDING,	/* put up by sb_spawn */
	SB_BY_CELL,	/* the cell puts it up or ends; struct cell_ready.walls confirms */
	SB_UNUSED,	/* not asked for (SB_NONE, no preopens, no limits) */
};

/* The steps of a start, in order. X(id, name) */
#define SB_STEPS(X) \
	X(OPEN, "open") \
	X(LANDLOCK, "landlock") \
	X(FILTER, "filter") \
	X(CGROUP, "cgroup") \
	X(IDMAP, "idmap") \
	X(CLONE, "clone") \
	X(JOIN, "join-cgroup") \
	X(MAPS, "id-maps") \
	X(PREOPENS, "preopens") \
	X(TMPFS, "tmpfs") \
	X(ROOT, "root") \
	X(DESCRIPTORS, "descriptors") \
	X(PROCESS, "process") \
	X(RLIMITS, "rlimits") \
	X(IDENTITY, "identity") \
	X(CAPABILITIES, "capabilities") \
	X(DEATH, "death") \
	X(EXEC, "exec")

enum sb_step {
#define SB_STEP_ID(id, name) SB_STEP_##id,
	SB_STEPS(SB_STEP_ID)
#undef SB_STEP_ID
	SB_STEP_COUNT
};

struct sb_fact {
	uint8_t state;		/* enum sb_state */
	int32_t code;		/* -errno of what failed, or 0 */
	char why[96];		/* reason when missing, detail when standing, or empty */
};

struct sb_report {
	struct sb_fact wall[SB_WALL_COUNT];
	uint64_t ns[SB_STEP_COUNT];	/* how long each step took; 0 = not done */
	uint64_t begin;			/* CLOCK_MONOTONIC when sb_spawn was entered */
	uint64_t exec;			/* CLOCK_MONOTONIC just before execveat; 0 = not reached */
	int32_t failed_step;		/* enum sb_step, -1 = none failed */
	int32_t failed_code;		/* -errno */
	int32_t failed_wall;		/* enum sb_wall whose lack ended the start, -1 = none */
	uint8_t isolation;		/* enum sb_isolation that was asked for */
};

struct sb_preopen {
	const char *host;	/* path as the caller sees it; unused with tmpfs */
	bool readonly;
	uint64_t tmpfs;		/* bytes of a directory in memory that ends with the cell; or 0 */
};

/* 0 = no limit, everywhere. */
struct sb_limits {
	uint64_t memory;	/* bytes, all of the process; of a compiler its private memory */
	uint64_t cpus_milli;	/* 1500 = one and a half processors */
	uint64_t cpu_ns;	/* CPU time; the caller gets SIGXCPU when it is used up */
	uint64_t file_size;	/* bytes of a file it writes */
	uint64_t io_read;	/* bytes a second from each disk behind preopens and stdio */
	uint64_t io_write;
	uint32_t pids;		/* threads */
	uint32_t nofile;	/* descriptors; includes the cell's own */
};

struct sb_spec {
	enum cell_role role;
	enum sb_isolation isolation;
	int cell;		/* wsbox-cell, opened O_PATH or O_RDONLY */
	const char *argv0;
	int stdio[3];		/* -1: /dev/null */
	int control;		/* the cell's end of the socket pair */
	int module;		/* these three: -1 = absent */
	int image;
	int strings;
	bool ring;		/* the run filter with io_uring_enter */
	const struct sb_preopen *preopens;
	uint32_t preopen_count;	/* up to CELL_PREOPEN_MAX */
	bool linkless;		/* a second mount of each that follows no link, behind them */
	const int *handed;	/* further descriptors, numbered after those */
	uint32_t handed_count;	/* up to CELL_HANDED_MAX */
	bool sockets;		/* some are sockets to be used: a filter with accept4 etc. */
	struct sb_limits limits;
};

struct sb_cell {
	int pid;			/* in the caller's pid namespace */
	int pidfd;			/* readable when it has ended */
	uint32_t uid;			/* taken for it, or 0 */
	uint32_t job_flags;		/* enum cell_job_flag: what struct cell_job must say */
	bool has_timer;			/* cpu_timer is armed */
	timer_t cpu_timer;
	struct cg_group cgroup;		/* cgroup.mode CG_NONE when there is none */
	struct sb_report *report;	/* shared with the child until the exec; until sb_reap */
};

struct sb_end {
	int status;			/* as of waitpid(2) */
	bool oom_killed;		/* by the cgroup's memory limit */
	uint64_t peak_memory;		/* bytes: of the cgroup, else the largest resident set */
	uint64_t cpu_ns;		/* user and system */
	struct rusage usage;
	struct sb_report report;	/* a copy, final */
};

/*
 * Starts a cell. All descriptors of spec stay the caller's. The caller closes its copy of
 * spec->control afterwards, or it never sees the end of the stream. 0, or -errno with *ret_cell
 * untouched and err saying which wall is missing and which option accepts that. SIGCHLD must not be
 * ignored. Must be called from a single-threaded process or from a thread that outlives the cell.
 */
int sb_spawn(const struct sb_spec *spec, struct sb_cell *ret_cell, struct wsbox_err *err);

/* SIGKILL to all of the cell. Harmless when it has ended. */
void sb_kill(struct sb_cell *cell);

/*
 * Waits for the end (blocks; poll pidfd first), frees everything of the cell, removes its cgroup.
 * ret_end may be NULL.
 */
int sb_reap(struct sb_cell *cell, struct sb_end *ret_end);

/* When the set-up failed: sets err to the step and the reason and returns the code; else 0. */
int sb_failure(const struct sb_report *report, struct wsbox_err *err);

/* Names and texts of the tables. */
const char *sb_wall_name(enum sb_wall wall);
const char *sb_wall_text(enum sb_wall wall);
const char *sb_step_name(enum sb_step step);
bool sb_wall_needed(enum sb_wall wall, enum sb_isolation isolation);

struct sb_features {
	struct sb_fact wall[SB_WALL_COUNT];	/* SB_STANDING = offered to the caller */
	int landlock_abi;			/* 0 = none */
	enum cg_mode cgroup;
	bool rootful;				/* has the capabilities for it, not merely uid 0 */
	bool io_uring;
	bool idmap;				/* tried on the temporary directory's filesystem */
	bool full;				/* SB_FULL would start */
};

/*
 * What this host offers, each found by trying it in a child that ends at once. A few milliseconds.
 * 0 or -errno.
 */
int sb_probe(struct sb_features *ret);

#endif
