/*
 * The escape tests: a cell is started by sandbox/ as wsbox would, but its program is this one,
 * which locks itself as wsbox-cell does and then runs one attack, as a guest would that had broken
 * out of its code. An attack must end the cell with SIGSYS or fail, and must leave everything
 * outside the preopened directories as it was.
 */
#ifndef TESTS_ESCAPE_ESCAPE_H
#define TESTS_ESCAPE_ESCAPE_H

#include <stdbool.h>
#include <stdint.h>

#include "sandbox/sandbox.h"

#define ESCAPE_CELL "escape-cell"	/* argv[0] of the program as a cell */

/* Preopened directories of an attack on paths: tree/in, writable, and tree/ro, read-only. */
extern int fd_in, fd_ro;

enum expect {
	DIES,		/* SIGSYS */
	FAILS,		/* every call of it gives an error */
	FAILS_DETACHED,	/* likewise with detached mounts: Landlock does not see metadata */
	STAYS_IN,	/* may do as it likes inside */
	WORKS,		/* what must be possible */
};

enum attack_flag {
	NO_FILTER = 1 << 0,	/* without seccomp: the other walls must hold alone */
	NO_LANDLOCK = 1 << 1,	/* without Landlock either */
	DIRS = 1 << 2,		/* with the two preopened directories */
	RING = 1 << 3,		/* the filter with io_uring_enter */
	COMPILER = 1 << 4,	/* in a compiler cell */
	CONFINED = 1 << 5,	/* only where namespaces stand */
	MDWE = 1 << 6,		/* these three: only where the kernel has it */
	LANDLOCK_TCP = 1 << 7,
	LANDLOCK_SCOPES = 1 << 8,
	PLAIN_DIRS = 1 << 9,	/* directories without detached mounts (ABI 3) */
};

/* Without seccomp and Landlock, where namespaces and mounts must hold alone. */
#define BARE (NO_FILTER | NO_LANDLOCK | CONFINED)

/* Runs in the locked cell. Gives the best result of its calls: -errno if all failed. */
typedef long attack_fn(long arg);

struct attack {
	const char *name;
	enum expect expect;
	unsigned int flags;
	attack_fn *run;
	long arg;
};

extern const struct attack attacks[];
extern const unsigned int attack_count;
extern const struct attack path_attacks[];
extern const unsigned int path_attack_count;

/* What a cell is told before it locks itself. */
struct order {
	uint32_t which;			/* 0 attacks, 1 path_attacks, 2 system call index, 3 wait */
	uint32_t index;
	uint32_t flags;			/* enum attack_flag */
	uint32_t job;			/* CELL_JOB_* */
};

/* raw system call: result or -errno */
long raw(long nr, long a, long b, long c, long d, long e, long f);
#define RAW(nr, ...) RAW_((nr), ##__VA_ARGS__, 0, 0, 0, 0, 0, 0)
#define RAW_(nr, a, b, c, d, e, f, ...) \
	raw((nr), (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))

_Noreturn void cell_main(void);

/* tree.c: the directories and the canaries around them */
struct tree {
	char top[64];		/* /tmp/wsbox-escape-XXXXXX */
	char in[80], ro[80];
	char seen[4096];	/* what a look at everything outside gave */
};

bool tree_make(struct tree *t, uint32_t uid);
bool tree_changed(struct tree *t);
void tree_remove(struct tree *t);

enum mode { MODE_ROOT, MODE_USER, MODE_DEGRADED };

struct tally {
	enum mode mode;
	const char *mode_name;
	int cell;	/* descriptor of this program */
	unsigned int kernel;	/* MDWE, LANDLOCK_TCP, LANDLOCK_SCOPES: what it has */
	struct tree tree;
	unsigned int passed, failed, skipped;
};

/* tally.c */
__attribute__((format(printf, 4, 5)))
void check(struct tally *t, bool ok, const char *name, const char *fmt, ...);

/* What a cell made (in/made) belongs to the caller, whatever uid it ran as. */
void check_owner(struct tally *t);

/* ESCAPE_STEP in the environment, for slow machines: one of so many system calls is tried. */
uint32_t tally_step(void);

/* Runs a mode in a process of its own, as the user of that mode, and adds what it counted. */
void tally_mode(struct tally *sum, enum mode mode, const char *name, void (*run)(struct tally *t));

/* Sets of the policy that a cell with these attack flags has. */
unsigned int sets_of(unsigned int flags);

/* What the policy says of a system call. */
enum call_row {
	CALL_DIES,
	CALL_CONDITIONS,
	CALL_ALLOWED,
	CALL_REFUSED,	/* with an error */
};
enum call_row call_row(long nr, unsigned int sets);

/*
 * Linux lets its own trampolines' two calls past every filter (seccomp_uprobe_exception); from
 * elsewhere they do nothing.
 */
bool call_is_uprobe(uint32_t nr);

/* main.c */

/*
 * Starts a cell for an order; the caller closes *ret_control and reaps. false: reported as a
 * failure of name.
 */
bool cell_start(struct tally *t, const char *name, struct order *order, struct sb_cell *ret,
		int *ret_control);

/* MDWE, LANDLOCK_TCP, ...: what this kernel has. */
unsigned int kernel_has(void);

/* What became of an order. */
struct outcome {
	bool started, said;
	int status;
	long result;
};

/* Starts a cell for an order and waits for its end. !started: reported as a failure of name. */
struct outcome attempt(struct tally *t, const char *name, struct order *order);

/* single.c: as root, with one wall missing at a time. */
void single_mode(struct tally *t);
bool wall_stands(enum sb_wall wall);	/* is not the one that is left out now */

/*
 * posture.c: a locked cell seen from outside, by /proc. descriptors are the numbers it must have, a
 * space behind each. own_uid: it has a uid of its own.
 */
void posture_of(struct tally *t, int pid, bool own_uid, const char *descriptors);

#endif
