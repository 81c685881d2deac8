/*
 * File systems in memory, mounted nowhere: the empty root, and the directories that a caller asked
 * for by a size. A detached mount goes with its last descriptor, and so with the cell.
 */
#include <errno.h>
#include <linux/mount.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runtime/base/num.h"
#include "sandbox/internal.h"

#define HARMLESS (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC)
#define FILES_MIN 64u		/* in the smallest */
#define BYTES_A_FILE 4096u

struct option {
	const char *name, *value;
};

/* The mount's descriptor, or -errno. */
static int mount_tmpfs(const struct option *options, size_t count, unsigned int attributes)
{
	int fd = -1, code = 0, fs = (int)syscall(SYS_fsopen, "tmpfs", FSOPEN_CLOEXEC);

	if (fs < 0)
		return -errno;
	for (size_t i = 0; !code && i < count; i++)
		code = (int)syscall(SYS_fsconfig, fs, FSCONFIG_SET_STRING, options[i].name,
				    options[i].value, 0);
	if (!code && !syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0))
		fd = (int)syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC, attributes | HARMLESS);
	fd = fd < 0 ? -errno : fd;
	close(fs);
	return fd;
}

int sb_tmpfs_empty(void)
{
	static const struct option options[] = { { "mode", "0555" }, { "nr_inodes", "1" } };

	return mount_tmpfs(options, ARRAY_SIZE(options), MOUNT_ATTR_RDONLY);
}

/* Nobody but the cell may enter; without a limit of files, empty ones would fill the memory. */
static int scratch(const struct sb_start *s, uint64_t bytes)
{
	bool own = s->identity == SB_ID_OWN;
	char size[24], files[24], uid[24], gid[24];
	const struct option options[] = {
		{ "mode", "0700" }, { "size", size },
		{ "nr_inodes", files }, { "uid", uid }, { "gid", gid },
	};

	sb_put_number(size, bytes);
	sb_put_number(files, num_max(bytes / BYTES_A_FILE, FILES_MIN) + 1);
	sb_put_number(uid, own ? s->uid : s->euid);
	sb_put_number(gid, own ? s->gid : s->egid);
	return mount_tmpfs(options, ARRAY_SIZE(options), 0);
}

int sb_child_tmpfs(struct sb_start *s)
{
	for (uint32_t i = 0; i < s->spec->preopen_count; i++) {
		uint64_t bytes = s->spec->preopens[i].tmpfs;
		int code;

		if (!bytes)
			continue;
		if (!(s->namespaces & CLONE_NEWNS))
			return -EPERM;
		s->preopen[i] = scratch(s, bytes);
		if (s->preopen[i] < 0)
			return s->preopen[i];
		code = s->landlock < 0 ? 0 : sb_landlock_allow(s, s->landlock, i);
		if (code)
			return code;
		if (!sb_host_preopens(s))
			sb_note(s, SB_WALL_PREOPENS, SB_STANDING, 0, "detached, in memory");
	}
	return 0;
}
