/*
 * Paths: from a guest's (descriptor, string) to something in the kernel that cannot be outside of
 * the descriptor's directory.
 *
 * Three forms, and no fourth way from a guest's path to a system call:
 *	object	what the whole path names, opened: openat2 with RESOLVE_BENEATH and
 *		RESOLVE_NO_MAGICLINKS. The kernel walks; "..", links and trailing slashes mean what
 *		they mean to Linux, but leaving is EXDEV, told to guests as EPERM.
 *	place	a directory opened like that, and one last component that is not empty, "." or ".."
 *		and has no slash: for calls that make, remove or rename a name. The *at calls must
 *		never see a trailing slash: with one they follow a last link, wherever it leads.
 *	down	a whole path without "..", on a mount where the kernel follows no link: to look.
 */
#ifndef WASI_IOURING_PATH_H
#define WASI_IOURING_PATH_H

#include "wasi-iouring/state.h"

/*
 * Copies the guest's string to w->path[which]. EFAULT, ENAMETOOLONG, EINVAL for a NUL in it, EILSEQ
 * if not UTF-8.
 */
enum wasi_errno wasi_path_copy(struct wasi *w, struct rt_instance *inst, uint32_t p, uint32_t len,
			       int which);

/* openat2 beneath dir. A descriptor or -errno; -EPERM for a path that leaves. */
long wasi_path_openat(int dir, const char *path, uint64_t flags, uint64_t mode);

/*
 * Whether path is one component that *at calls may be given: then dir itself is the place, and no
 * walk is needed.
 */
bool wasi_path_plain(const char *path);

/*
 * Whether path only leads down, name by name: then a call may be given it whole on a mount where no
 * link is followed (struct wasi_preopen), and says ELOOP if there is one.
 */
bool wasi_path_down(const char *path);

enum wasi_last { WASI_LAST_NAME, WASI_LAST_DOT, WASI_LAST_DOTDOT };

struct wasi_place {
	int dir;
	bool opened;		/* dir is ours to close */
	bool slash;		/* the path ended in one: it must name a directory */
	uint8_t last;		/* enum wasi_last: DOT and DOTDOT must go no further */
	const char *name;
};

/*
 * Splits path (changing it) and opens its directory. WASI_OK: the caller ends with
 * wasi_place_close().
 */
enum wasi_errno wasi_place_open(int dir, char *path, struct wasi_place *ret);
void wasi_place_close(struct wasi_place *p);

/*
 * For a path with a trailing slash: what Linux's answer depends on. WASI_ENOENT if there is nothing
 * of that name (links not followed), WASI_EISDIR if a directory, else WASI_ENOTDIR.
 */
enum wasi_errno wasi_place_look(const struct wasi_place *p);

#endif
