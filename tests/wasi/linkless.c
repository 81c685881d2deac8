/*
 * The second mount of a preopen, on which no link is followed: used for paths that only lead down,
 * refused where the kernel would follow links after all, and never a way out.
 *
 * To see which mount was asked, the second is of a directory that differs in one file's size.
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/util/file.h"
#include "tests/wasi/guest.h"

#define NOSYMFOLLOW 0x00200000	/* MOUNT_ATTR_NOSYMFOLLOW: newer than Debian 12's header */
#define HERE 3			/* size of d/f in the preopen, */
#define THERE 5			/* and in the second mount */

static char top[64];

static void file(const char *name, size_t size)
{
	close(test_file(top, name, NULL, size));
}

static void place(const char *name, const char *target)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", top, name);
	ck_assert_int_eq(target ? symlink(target, path) : mkdir(path, 0700), 0);
}

/* A directory of this test's; both halves have the same names. */
static void world(void)
{
	strcpy(top, "/tmp/wsbox-linkless-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(top));
	file("secret", 9);
	for (const char *const *half = (const char *const[]){ "a", "b", NULL }; *half; half++) {
		char name[32];

		place(*half, NULL);
#define IN(text) (snprintf(name, sizeof(name), "%s/" text, *half), name)
		place(IN("d"), NULL);
		place(IN("d/e"), NULL);
		file(IN("d/f"), **half == 'a' ? HERE : THERE);
		place(IN("link"), "d");
		place(IN("d/l"), "f");
		place(IN("d/out"), "../../secret");
		place(IN("d/up"), "..");
#undef IN
	}
}

/* Half `name` as a mount of its own; -1 with the reason printed where that cannot be had. */
static int mounted(const char *name, uint64_t attributes)
{
	struct mount_attr attr = { .attr_set = attributes };
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", top, name);
	fd = (int)syscall(SYS_open_tree, AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	if (fd < 0 || syscall(SYS_mount_setattr, fd, "", AT_EMPTY_PATH, &attr, sizeof(attr))) {
		printf("skipped: no detached mounts here: %s\n", strerror(errno));
		return -1;
	}
	return fd;
}

/* Preopens half a as 3, with this mount beside it. false: skipped. */
static bool begin(struct guest *g, uint64_t attributes)
{
	struct wasi_preopen preopen = { .guest = "/" };
	struct wasi_config config = { .npreopens = 1, .preopens = &preopen };

	if (unshare(CLONE_NEWNS) && unshare(CLONE_NEWUSER | CLONE_NEWNS)) {
		printf("skipped: no mount namespace here: %s\n", strerror(errno));
		return false;
	}
	world();
	preopen.fd = mounted("a", MOUNT_ATTR_NOSUID);
	preopen.linkless = mounted("b", attributes);
	if (preopen.fd < 0 || preopen.linkless < 0)
		return false;
	guest_init_with(g, &config);
	return true;
}

static void end(struct guest *g)
{
	char rm[80];

	guest_done(g);
	snprintf(rm, sizeof(rm), "rm -rf %s", top);
	ck_assert_int_eq(system(rm), 0);
}

/* The size that path_filestat_get gives, or -errno of WASI. */
static int size_of(struct guest *g, const char *path, bool follow)
{
	int e = CALL(g, path_filestat_get, 3, follow, STR(g, path), GUEST_DATA);

	return e ? -e : (int)guest_u64(g, GUEST_DATA + offsetof(struct wasi_filestat, size));
}

static int readlink_of(struct guest *g, const char *path)
{
	int e = CALL(g, path_readlink, 3, STR(g, path), GUEST_DATA, 100, GUEST_RET);

	return e ? -e : (int)guest_u32(g, GUEST_RET);
}

START_TEST(which_mount_is_asked)
{
	struct guest g;

	if (!begin(&g, NOSYMFOLLOW))
		return;
	/* down, without links */
	ck_assert_int_eq(size_of(&g, "d/f", true), THERE);
	ck_assert_int_eq(size_of(&g, "d/./f", false), THERE);
	ck_assert_int_eq(size_of(&g, "d/none", true), -WASI_ENOENT);
	ck_assert_int_eq(size_of(&g, "d/f/", true), -WASI_ENOTDIR);
	ck_assert_int_eq(size_of(&g, "d/f/x", true), -WASI_ENOTDIR);
	ck_assert_int_eq(readlink_of(&g, "d/l"), 1);
	ck_assert_int_eq(readlink_of(&g, "d/f"), -WASI_EINVAL);
	/* with links, or not only down: the walk, in the other half */
	ck_assert_int_eq(size_of(&g, "link/f", true), HERE);
	ck_assert_int_eq(size_of(&g, "d/l", true), HERE);
	ck_assert_int_eq(size_of(&g, "d/up/d/f", true), HERE);
	ck_assert_int_eq(size_of(&g, "d/../d/f", true), HERE);
	ck_assert_int_eq(size_of(&g, "d/e/../f", true), HERE);
	ck_assert_int_eq(readlink_of(&g, "link/l"), 1);
	/* a link itself */
	ck_assert_int_eq(size_of(&g, "d/l", false), 1);
	ck_assert_int_eq(size_of(&g, "d/up/", false), size_of(&g, ".", false));
	end(&g);
}
END_TEST

START_TEST(no_way_out)
{
	struct guest g;
	char absolute[128];

	if (!begin(&g, NOSYMFOLLOW))
		return;
	snprintf(absolute, sizeof(absolute), "%s/secret", top);
	for (const char *const *path = (const char *const[]){
		     "d/out", "../secret", "d/../../secret", "link/../../secret", "d/up/../secret",
		     "d/e/../../../secret", "./../secret", absolute, "//etc", "/", NULL };
	     *path; path++) {
		ck_assert_msg(size_of(&g, *path, true) == -WASI_EPERM, "%s: %d", *path,
			      size_of(&g, *path, true));
		ck_assert_int_lt(readlink_of(&g, *path), 13);	/* d/out: only the link's text */
	}
	ck_assert_int_eq(size_of(&g, "", true), -WASI_ENOENT);
	end(&g);
}
END_TEST

/* A mount that follows links is not taken for one that does not. */
START_TEST(refused)
{
	struct guest g;

	if (!begin(&g, MOUNT_ATTR_NOSUID))
		return;
	ck_assert_int_eq(size_of(&g, "d/f", true), HERE);
	ck_assert_int_eq(size_of(&g, "d/out", true), -WASI_EPERM);
	end(&g);
}
END_TEST

/* With the number of the preopen goes the right to its mount. */
START_TEST(closed_and_moved)
{
	struct guest g;

	if (!begin(&g, NOSYMFOLLOW))
		return;
	ck_assert_int_eq(guest_open(&g, "d/f", "r", 0, 0), 4);
	ck_assert_int_eq(CALL(&g, fd_renumber, 3, 4), 0);
	ck_assert_int_eq(size_of(&g, "d/f", true), -WASI_EBADF);
	ck_assert_int_eq(CALL(&g, path_filestat_get, 4, 0, STR(&g, "d/f"), GUEST_DATA), 0);
	ck_assert_int_eq(CALL(&g, fd_close, 4), 0);
	ck_assert_int_eq(CALL(&g, path_filestat_get, 4, 0, STR(&g, "d/f"), GUEST_DATA), WASI_EBADF);
	end(&g);
}
END_TEST

UNIT("wasi linkless", which_mount_is_asked, no_way_out, refused, closed_and_moved)
