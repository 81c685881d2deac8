/*
 * What the files of the sandbox share: one start of a cell, from sb_spawn to the exec.
 *
 * Functions marked CHILD run between clone3 and exec, in the caller's memory: no allocation, no
 * stdio, no locks, static strings only; they write to nothing but what they are given and errno.
 */
#ifndef SANDBOX_INTERNAL_H
#define SANDBOX_INTERNAL_H

#include <sys/types.h>

#include "sandbox/sandbox.h"

enum sb_identity {
	SB_ID_CALLER,	/* nothing changes: degraded */
	SB_ID_USERNS,	/* the caller's ids in a user namespace of the cell's own */
	SB_ID_OWN,	/* a uid and gid that nobody else has; preopens are mapped to it */
};

/* Capabilities of the caller that matter here. */
struct sb_powers {
	bool admin;	/* CAP_SYS_ADMIN: namespaces and mounts without a user namespace */
	bool setid;	/* CAP_SETUID and CAP_SETGID, and the range of SB_UID_BASE is mapped */
	bool pcap;	/* CAP_SETPCAP: bounding set and securebits */
};

struct sb_start {
	const struct sb_spec *spec;
	struct sb_report *report;	/* shared page */
	struct sb_powers powers;
	enum sb_identity identity;
	uint64_t namespaces;		/* CLONE_NEW* */
	uint32_t euid, egid;		/* the caller's */
	uint32_t uid, gid;		/* the cell's */
	struct cg_group cgroup;
	bool in_cgroup;			/* clone3 put the child there */
	int null;			/* /dev/null, -1 = not needed */
	int filter, landlock;		/* -1 = absent */
	int landlock_abi;
	int cell;			/* in the child: where the program was moved to */
	int supervisor;			/* pidfd of the caller */
	int preopen[CELL_PREOPEN_MAX];	/* O_PATH directory of the host, then the detached mount */
	int linkless[CELL_PREOPEN_MAX];	/* another such mount, -1 = none: it only saves calls */
	bool detached;			/* preopen[] are detached mounts */
	bool bounded;			/* the bounding set is empty */
	bool probe;			/* end instead of the exec */
};

/* uids from here on belong to no one by systemd's allocation (0x70000000 .. 0x7ffdffff). */
#define SB_UID_BASE 0x70000000u
#define SB_UID_END 0x7ffe0000u

uint64_t sb_now(void);

/*
 * For tests and measurements, which define it: leaves a wall out of a start, as if it had not been
 * asked for. NULL in wsbox: there is no way to say it. CHILD.
 */
__attribute__((weak)) bool sb_test_without(enum sb_wall wall);

/* Not asked for: no isolation, or a test's wish. CHILD. */
bool sb_unwanted(const struct sb_start *s, enum sb_wall wall);

/* Records a fact; why is cut to fit. CHILD. */
void sb_note(struct sb_start *s, enum sb_wall wall, enum sb_state state, int code, const char *why);

/*
 * Whether code (negative) says that descriptors, processes, memory or another number ran out, which
 * tells nothing of what the host allows. CHILD.
 */
bool sb_exhausted(int code);

/*
 * Records that a wall is missing: 0 where the isolation level can do without it, else code
 * (negative). Where something is exhausted the start fails at each level: whoever can use it up
 * could take walls away, and another level is no advice. CHILD.
 */
int sb_missing(struct sb_start *s, enum sb_wall wall, int code, const char *why);

/* The same, but the start must not go on. CHILD. */
int sb_refused(struct sb_start *s, enum sb_wall wall, int code, const char *why);

/* What to say after a refusal: the option that accepts it. */
const char *sb_way_out(enum sb_isolation refused);

/* spawn.c: whether a cgroup limits the cell's memory. CHILD. */
bool sb_memory_grouped(const struct sb_start *s);

/* filter.c: memfd with the filter this cell needs; a descriptor or -errno. */
int sb_filter_memfd(const struct sb_spec *spec);

/* landlock.c */
int sb_landlock_abi(void);		/* 0 = none; -errno: cannot tell */
int sb_landlock_ruleset(const struct sb_start *s);	/* descriptor or -errno */

/* Allows what preopen i is for, below it. 0 or -errno. CHILD. */
int sb_landlock_allow(const struct sb_start *s, int ruleset, uint32_t i);

/* mounts.c */
bool sb_host_preopens(const struct sb_start *s);	/* there are others than in memory */
/* Parent: O_PATH descriptors. */
int sb_preopens_open(struct sb_start *s, struct wsbox_err *err);
/*
 * Parent: the disks behind the preopens, and behind stdio that is files, each once. How many, or
 * -errno with err set: -ENOTBLK where none is behind a preopen, or behind anything at all.
 */
int sb_disks(const struct sb_start *s, dev_t ret[CELL_PREOPEN_MAX + 3], struct wsbox_err *err);
/* Parent, rootful: detached mounts mapped to s->uid. -errno changes nothing. */
int sb_preopens_idmap(struct sb_start *s);
int sb_child_preopens(struct sb_start *s);	/* CHILD */
int sb_child_root(struct sb_start *s);		/* CHILD */

/* tmpfs.c */
int sb_tmpfs_empty(void);			/* a descriptor, or -errno. CHILD. */
int sb_child_tmpfs(struct sb_start *s);		/* CHILD */

/* identity.c */
/* Decimal digits and a NUL; their number. CHILD. */
size_t sb_put_number(char *to, uint64_t value);
int sb_powers_get(struct sb_powers *ret);	/* 0, or -errno: cannot tell */
/*
 * A uid for a cell. Up to 32 live cells of a supervisor have one that no other cell of the pid
 * namespace has; for more it is drawn from 2^26 and more. To be given back when the cell is gone.
 */
uint32_t sb_uid_take(void);
void sb_uid_put(uint32_t uid);	/* 0: none */
/*
 * What clone's answer to these namespaces means: -ENOSPC is their number, used up for now, or 0,
 * which is how hosts forbid them; then it is -EPERM.
 */
int sb_namespaces_code(int code, uint64_t flags);
/* Parent: a user namespace that maps the caller to s->uid. A descriptor or -errno. */
int sb_idmap_userns(const struct sb_start *s);
int sb_child_maps(struct sb_start *s);		/* CHILD */
int sb_child_identity(struct sb_start *s);	/* CHILD */
int sb_child_capabilities(struct sb_start *s);	/* CHILD */

/* child.c: all steps and the exec; does not return. CHILD. */
_Noreturn void sb_child(struct sb_start *s);

/* spawn.c: as sb_spawn; a probe ends where others execute. */
int sb_start_cell(const struct sb_spec *spec, bool probe, struct sb_cell *ret,
		  struct wsbox_err *err);

#endif
