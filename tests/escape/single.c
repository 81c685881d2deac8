/*
 * Each wall taken away alone: what it held, another must hold, too. Attacks that nothing else stops
 * stand in a table here, which is that of SECURITY.md; one that is missing there and one that is
 * there without need both fail.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "sandbox/internal.h"
#include "tests/escape/escape.h"

static enum sb_wall left_out = SB_WALL_COUNT;

/* An empty root is nothing without a mount namespace. */
bool sb_test_without(enum sb_wall wall)
{
	return wall == left_out ||
	       (left_out == SB_WALL_MOUNT_NS && wall == SB_WALL_EMPTY_ROOT);
}

bool wall_stands(enum sb_wall wall)
{
	return !sb_test_without(wall);
}

/*
 * What the others need to be put up (no_new_privs for seccomp and Landlock), is put up by the cell
 * in any case, or has no part in these attacks.
 */
static const enum sb_wall walls[] = {
	SB_WALL_IDENTITY, SB_WALL_CAPABILITIES, SB_WALL_MOUNT_NS, SB_WALL_EMPTY_ROOT,
	SB_WALL_PREOPENS, SB_WALL_PID_NS, SB_WALL_IPC_NS, SB_WALL_UTS_NS,
	SB_WALL_CGROUP_NS, SB_WALL_RLIMITS, SB_WALL_DEATH, SB_WALL_MDWE,
	SB_WALL_LANDLOCK, SB_WALL_SECCOMP,
};

static struct resting {
	enum sb_wall wall;
	const char *attack;
	bool seen;		/* from the start: not every kernel has what it uses */
} resting[] = {
	/* Landlock does not cover metadata */
	{ SB_WALL_MOUNT_NS, "stat a link", false },
	{ SB_WALL_MOUNT_NS, "stat a host file", false },
	{ SB_WALL_EMPTY_ROOT, "stat a link", false },
	{ SB_WALL_EMPTY_ROOT, "stat a host file", false },
	{ SB_WALL_PREOPENS, "stat ../", false },
	{ SB_WALL_PREOPENS, "stat a directory link/", false },
	{ SB_WALL_PREOPENS, "set times of ../", false },
	{ SB_WALL_PREOPENS, "set times through a link", false },
	{ SB_WALL_PREOPENS, "set times of a directory link/", false },
	{ SB_WALL_PREOPENS, "read the link ../", false },
	{ SB_WALL_PREOPENS, "climb", false },
	{ SB_WALL_PREOPENS, "climb from a subdirectory", false },
	{ SB_WALL_PREOPENS, "climb step by step", false },
	{ SB_WALL_PREOPENS, "read-only: set times", false },
	/* neither Landlock nor a namespace is in its way */
	{ SB_WALL_SECCOMP, "send by UDP", false },
	/* more of the kernel within reach, but nothing outside */
	{ SB_WALL_SECCOMP, "mmap executable", false },
	{ SB_WALL_SECCOMP, "mmap executable, compiler", false },
	{ SB_WALL_SECCOMP, "mmap shared", false },
	{ SB_WALL_SECCOMP, "mmap shared, compiler", false },
	{ SB_WALL_SECCOMP, "mmap growing down", false },
	{ SB_WALL_SECCOMP, "mmap growing down, compiler", false },
	{ SB_WALL_SECCOMP, "mremap to a fixed address", false },
	{ SB_WALL_SECCOMP, "mremap to a fixed address, compiler", false },
	{ SB_WALL_SECCOMP, "mremap of the stack", false },
	{ SB_WALL_SECCOMP, "mremap of the stack, compiler", false },
	{ SB_WALL_SECCOMP, "futex requeue, compiler", false },
	{ SB_WALL_SECCOMP, "futex priority inheritance, compiler", false },
	{ SB_WALL_SECCOMP, "i386 getpid", true },
	{ SB_WALL_SECCOMP, "i386, compiler", true },
	{ SB_WALL_SECCOMP, "rename with exchange", false },
};

static struct resting *rests(const char *attack)
{
	for (unsigned int i = 0; i < sizeof(resting) / sizeof(resting[0]); i++)
		if (resting[i].wall == left_out && !strcmp(resting[i].attack, attack))
			return &resting[i];
	return NULL;
}

static void try_attack(struct tally *t, uint32_t which, uint32_t index, const struct attack *a)
{
	struct order o = { .which = which, .index = index, .flags = a->flags };
	bool changed, contained, harmless = a->expect == WORKS || a->expect == STAYS_IN;
	struct resting *known = rests(a->name);
	struct outcome out;

	/* those without a filter have more than one wall missing here */
	if (a->flags & (NO_FILTER | NO_LANDLOCK))
		return;
	out = attempt(t, a->name, &o);
	if (!out.started)
		return;
	changed = tree_changed(&t->tree);
	contained = !changed && (harmless || !out.said || out.result < 0);
	if (known)
		known->seen |= !contained;
	else
		check(t, contained, a->name, "rests on %s alone: status %x, result %ld%s",
		      sb_wall_name(left_out), out.status, out.result,
		      changed ? ", changed something outside" : "");
	if (changed) {
		tree_remove(&t->tree);
		(void)tree_make(&t->tree, 0);
	}
}

static void without_one(struct tally *t)
{
	/* a tree of its own: some attacks make what others look for */
	if (!tree_make(&t->tree, 0)) {
		check(t, false, "tree", "%s", t->tree.top);
		return;
	}
	for (uint32_t i = 0; i < attack_count; i++)
		try_attack(t, 0, i, &attacks[i]);
	for (uint32_t i = 0; i < path_attack_count; i++)
		try_attack(t, 1, i, &path_attacks[i]);
	tree_remove(&t->tree);
}

void single_mode(struct tally *t)
{
	const unsigned int all = MDWE | LANDLOCK_TCP | LANDLOCK_SCOPES | PLAIN_DIRS;

	t->kernel = kernel_has();
	if ((t->kernel & all) != all) {
		printf("skipped: %s: this kernel lacks a part of a wall\n", t->mode_name);
		t->skipped++;
		return;
	}
	for (unsigned int w = 0; w < sizeof(walls) / sizeof(walls[0]); w++) {
		left_out = walls[w];
		without_one(t);
	}
	for (unsigned int i = 0; i < sizeof(resting) / sizeof(resting[0]); i++)
		check(t, resting[i].seen, resting[i].attack, "no longer rests on %s alone",
		      sb_wall_name(resting[i].wall));
}
