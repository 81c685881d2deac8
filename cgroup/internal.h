/* What the files of this folder share: where groups are, and their small text files. */
#ifndef CGROUP_INTERNAL_H
#define CGROUP_INTERNAL_H

#include <stddef.h>

#include "cgroup/cgroup.h"

#define CG_PATH_MAX 512
#define CG_TEXT_MAX 4096

/*
 * Leaf that a delegated group's own processes move to, so that the group may have leaves with
 * limits.
 */
#define CG_SELF "wsbox-supervisor"

/*
 * Finds the caller's path for a v1 controller, or on v2 with controller NULL, in the text of
 * /proc/self/cgroup. 0, -ENOENT, -EXDEV for a path that leaves the cgroup namespace (".."),
 * -ENAMETOOLONG. ret_path begins with a slash.
 */
int cg_path_find(const char *text, const char *controller, char *ret_path, size_t size);

/* Takes CG_SELF off the end of a path; what is left is at least "/". */
void cg_strip_self(char *path);

/* Finds "key value" in a flat-keyed file's text; false when it is not there. */
bool cg_key_find(const char *text, const char *key, uint64_t *ret);

/* Whether a space-separated list has the word. */
bool cg_word_in(const char *list, const char *word);

/*
 * A descriptor (O_PATH) of the group the caller is in, or was before it moved to CG_SELF; or
 * -errno.
 */
int cg_own_open(enum cg_mode mode, const char *controller);

/* Whole text of a file below dir, NUL-terminated, final newline gone: its length or -errno. */
int cg_read(int dir, const char *file, char *text, size_t size);
int cg_write(int dir, const char *file, const char *text);
int cg_write_u64(int dir, const char *file, uint64_t value);

/* io.c: the limits of a leaf's disks. 0 or -errno. */
int cg_set_io(bool v2, int dir, const struct cg_limits *l);

/*
 * Moves the calling process to a new group that systemd delegates to it: root's the system's
 * manager, others' their own. 0, or -errno: -ENOENT without such a manager, -EACCES if it refuses.
 * Waits a few seconds at most.
 */
int cg_scope_enter(void);

/* Asks the manager on that socket for the scope. Returns before the process has moved. */
int cg_scope_ask(const char *socket, const char *name);

/*
 * Removes empty groups below parent that have a leaf's name and are older than age_s seconds: those
 * of supervisors that were killed. How many went.
 */
unsigned int cg_sweep(int parent, int age_s);

#endif
