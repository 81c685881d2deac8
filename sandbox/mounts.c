/*
 * What a cell can reach: an empty root, and each preopened directory as a detached mount of its
 * own.
 *
 * A detached mount (open_tree, Linux 5.2) has no way up: ".." stays at its root. A plain directory
 * descriptor has one, even after pivot_root. Submounts come along, as the caller would see them,
 * and get the same attributes. Rootful, the parent makes the mounts, since the map of ids needs its
 * powers; rootless, the child does in its own mount namespace, where the parent's descriptors are
 * foreign: it opens the path again and checks that it found the same directory.
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <sched.h>
#include <stdbool.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runtime/base/fd.h"
#include "sandbox/internal.h"

#define CLONE_TREE (OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE)
#ifndef MOUNT_ATTR_NOSYMFOLLOW
#define MOUNT_ATTR_NOSYMFOLLOW 0x00200000	/* Linux 5.14 */
#endif
#define LANDLOCK_TRUNCATE 3	/* the ABI with that right */
#define HARMLESS (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC)

bool sb_host_preopens(const struct sb_start *s)
{
	for (uint32_t i = 0; i < s->spec->preopen_count; i++)
		if (!s->spec->preopens[i].tmpfs)
			return true;
	return false;
}

static int add_disk(int fd, dev_t *disks, int count)
{
	struct stat st;
	dev_t disk;
	int code = fstat(fd, &st) ? -errno : cg_disk_of(st.st_dev, &disk);

	if (code)
		return code;
	for (int i = 0; i < count; i++)
		if (disks[i] == disk)
			return count;
	disks[count] = disk;
	return count + 1;
}

int sb_disks(const struct sb_start *s, dev_t ret[CELL_PREOPEN_MAX + 3], struct wsbox_err *err)
{
	int count = 0, code;
	struct stat st;

	for (uint32_t i = 0; i < s->spec->preopen_count; i++) {
		if (s->preopen[i] < 0)
			continue;
		code = add_disk(s->preopen[i], ret, count);
		if (code < 0)
			return err_set(err, code, WSBOX_FAILED,
				       "--dir %s: reads and writes a second cannot be limited: %s",
				       s->spec->preopens[i].host,
				       code == -ENOTBLK ? "no block device is behind it" :
							  err_name(code));
		count = code;
	}
	for (int i = 0; i < 3; i++) {
		int fd = s->spec->stdio[i];

		if (fd < 0 || fstat(fd, &st) || !S_ISREG(st.st_mode))
			continue;
		code = add_disk(fd, ret, count);
		count = code < 0 ? count : code;
	}
	if (!count)
		return err_set(err, -ENOTBLK, WSBOX_FAILED,
			       "--io-read-bps and --io-write-bps limit the devices behind "
			       "directories and files: the guest gets none");
	return count;
}

int sb_preopens_open(struct sb_start *s, struct wsbox_err *err)
{
	for (uint32_t i = 0; i < s->spec->preopen_count; i++) {
		const char *path = s->spec->preopens[i].host;

		if (s->spec->preopens[i].tmpfs)
			continue;
		s->preopen[i] = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (s->preopen[i] < 0) {
			int code = -errno;

			return err_set(err, code, WSBOX_FAILED, "--dir %s: %s", path,
				       err_name(code));
		}
	}
	return 0;
}

/* more: attributes beside those that all have. */
static int restrict_tree(int fd, bool readonly, uint64_t more, int userns)
{
	struct mount_attr attr = {
		.attr_set = HARMLESS | more | (readonly ? MOUNT_ATTR_RDONLY : 0),
	};

	if (userns >= 0) {
		attr.attr_set |= MOUNT_ATTR_IDMAP;
		attr.userns_fd = (uint64_t)userns;
	}
	if (syscall(SYS_mount_setattr, fd, "", AT_EMPTY_PATH | AT_RECURSIVE, &attr, sizeof(attr)))
		return -errno;
	return 0;
}

static bool same_directory(int a, int b)
{
	struct stat x, y;

	return !fstat(a, &x) && !fstat(b, &y) && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

/*
 * A second mount of preopen i, found by `path` from `dir` ("": that descriptor itself), on which no
 * link is followed: there a whole path can be given to a call that would follow links out of it. It
 * only saves calls: where it cannot be had, there is none.
 */
static void add_linkless(struct sb_start *s, uint32_t i, int dir, const char *path, int userns)
{
	int fd;

	if (!s->spec->linkless)
		return;
	fd = (int)syscall(SYS_open_tree, dir, path, CLONE_TREE | (*path ? 0 : AT_EMPTY_PATH));
	if (fd >= 0 && same_directory(fd, s->preopen[i]) &&
	    !restrict_tree(fd, s->spec->preopens[i].readonly, MOUNT_ATTR_NOSYMFOLLOW, userns))
		s->linkless[i] = fd;
	else if (fd >= 0)
		close(fd);
}

int sb_preopens_idmap(struct sb_start *s)
{
	int tree[CELL_PREOPEN_MAX], code = 0;
	uint32_t n = 0;
	FD_AUTO userns = sb_idmap_userns(s);

	assert(!s->detached && s->uid >= SB_UID_BASE);
	if (userns < 0)
		return userns;
	for (; !code && n < s->spec->preopen_count; n++) {
		bool readonly = s->spec->preopens[n].readonly;
		long fd;

		tree[n] = -1;
		if (s->preopen[n] < 0)
			continue;
		fd = syscall(SYS_open_tree, s->preopen[n], "", CLONE_TREE | AT_EMPTY_PATH);

		tree[n] = (int)fd;
		code = fd < 0 ? -errno : restrict_tree(tree[n], readonly, 0, userns);
		if (!code)
			add_linkless(s, n, s->preopen[n], "", userns);
	}
	for (uint32_t i = 0; i < n; i++) {
		fd_closep(code ? &tree[i] : &s->preopen[i]);
		if (code)
			fd_closep(&s->linkless[i]);
		if (!code)
			s->preopen[i] = tree[i];
	}
	s->detached = !code;
	return code;
}

static int detach_one(struct sb_start *s, uint32_t i)
{
	int code, fd = (int)syscall(SYS_open_tree, AT_FDCWD, s->spec->preopens[i].host, CLONE_TREE);

	if (fd < 0)
		return -errno;
	code = -ESTALE;
	if (same_directory(fd, s->preopen[i]))
		code = restrict_tree(fd, s->spec->preopens[i].readonly, 0, -1);
	if (code) {
		close(fd);
		return code;
	}
	add_linkless(s, i, AT_FDCWD, s->spec->preopens[i].host, -1);
	close(s->preopen[i]);
	s->preopen[i] = fd;
	return 0;
}

/*
 * Plain directories are for SB_DEGRADED, and only with Landlock behind them: else a broken cell
 * could read any file. Before ABI 3 (Linux 6.2) Landlock does not see O_TRUNC, so that nothing
 * would be read-only.
 */
static int plain(struct sb_start *s, int code, const char *why)
{
	bool readonly = false;

	if (sb_exhausted(code))
		return code;
	for (uint32_t i = 0; i < s->spec->preopen_count; i++)
		readonly |= s->spec->preopens[i].readonly;
	if (s->landlock < 0)
		return sb_refused(s, SB_WALL_PREOPENS, code,
				  "neither detached mounts nor Landlock");
	if (readonly && s->landlock_abi < LANDLOCK_TRUNCATE)
		return sb_refused(s, SB_WALL_PREOPENS, code,
				  "read-only needs detached mounts or Linux 6.2's Landlock");
	return sb_missing(s, SB_WALL_PREOPENS, code, why);
}

int sb_child_preopens(struct sb_start *s)
{
	int code = 0;

	if (!sb_host_preopens(s) || sb_unwanted(s, SB_WALL_PREOPENS)) {
		sb_note(s, SB_WALL_PREOPENS, SB_UNUSED, 0, "");
		return 0;
	}
	if (!(s->namespaces & CLONE_NEWNS) && !s->detached)
		return plain(s, -EPERM, "plain directories: no mount namespace to detach them in");
	for (uint32_t i = 0; !code && !s->detached && i < s->spec->preopen_count; i++)
		code = s->preopen[i] < 0 ? 0 : detach_one(s, i);
	if (code)
		return plain(s, code, "plain directories: detaching a mount was refused");
	s->detached = true;
	sb_note(s, SB_WALL_PREOPENS, SB_STANDING, 0,
		s->identity == SB_ID_OWN ? "detached, idmapped" : "detached");
	return 0;
}

/*
 * For a cell that has no call that takes a path, a compiler or one without directories, the host's
 * tree stays in its mount namespace, out of reach of every path: to take it down waits for the
 * kernel's readers (RCU), twice as long if two cells do it at once. To leave a changed root needs
 * CAP_SYS_CHROOT; that none may get back by a user namespace the kernel sees to, if the root is not
 * that of the mount namespace. Hence a place other than "/", which is always there.
 */
static int change_to(int root, const char *place)
{
	if (syscall(SYS_move_mount, root, "", AT_FDCWD, place, MOVE_MOUNT_F_EMPTY_PATH) ||
	    fchdir(root) || chroot(".") || chdir("/"))
		return -errno;
	return 0;
}

/*
 * pivot_root refuses where the root is the initial ram file system; chroot then is as good, since
 * nothing can undo it.
 */
static int replace_root(int root, const char **ret_how)
{
	if (syscall(SYS_move_mount, root, "", AT_FDCWD, "/", MOVE_MOUNT_F_EMPTY_PATH) ||
	    fchdir(root))
		return -errno;
	if (!syscall(SYS_pivot_root, ".", ".")) {
		*ret_how = "pivot_root";
		return umount2(".", MNT_DETACH) || chdir("/") ? -errno : 0;
	}
	*ret_how = "chroot (the host's root is an initial ram file system)";
	return errno != EINVAL || chroot(".") || chdir("/") ? -errno : 0;
}

static bool takes_paths(const struct sb_spec *spec)
{
	return spec->role == CELL_ROLE_RUN && spec->preopen_count;
}

static int empty_root(const struct sb_start *s, int root, const char **ret_how)
{
	bool replace = takes_paths(s->spec);

	/* what the host unmounts goes from a tree that stays, too, and does not keep a disk busy */
	if (mount(NULL, "/", NULL, MS_REC | (replace ? MS_PRIVATE : MS_SLAVE), NULL))
		return -errno;
	if (replace)
		return replace_root(root, ret_how);
	*ret_how = "chroot";
	return change_to(root, "/proc");
}

int sb_child_root(struct sb_start *s)
{
	const char *how = "";
	int root, code;

	if (sb_unwanted(s, SB_WALL_EMPTY_ROOT)) {
		sb_note(s, SB_WALL_EMPTY_ROOT, SB_UNUSED, 0, "");
		return 0;
	}
	if (!(s->namespaces & CLONE_NEWNS))
		return sb_missing(s, SB_WALL_EMPTY_ROOT, -EPERM, "no mount namespace");
	root = sb_tmpfs_empty();
	if (root < 0)
		return sb_missing(s, SB_WALL_EMPTY_ROOT, root, "an empty tmpfs");
	code = empty_root(s, root, &how);
	close(root);
	if (code)
		return sb_missing(s, SB_WALL_EMPTY_ROOT, code, "changing the root");
	sb_note(s, SB_WALL_EMPTY_ROOT, SB_STANDING, 0, how);
	return 0;
}
