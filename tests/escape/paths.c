/*
 * Attacks on paths, with the calls that a guest with directories has, but none of the care that
 * wasi-iouring takes: no RESOLVE flag, symbolic links followed. The walls must hold alone.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/escape/escape.h"

#define STR(s) ((long)(s))

int fd_in = CELL_FD_PREOPEN, fd_ro = CELL_FD_PREOPEN + 1;

static long open_in(long dir, const char *path, uint64_t flags)
{
	struct open_how how = { .flags = flags, .mode = flags & O_CREAT ? 0666 : 0 };

	return RAW(SYS_openat2, dir, path, &how, sizeof(how));
}

static long read_path(long path)
{
	return open_in(fd_in, (const char *)path, O_RDONLY);
}

static long write_path(long path)
{
	return open_in(fd_in, (const char *)path, O_WRONLY | O_CREAT);
}

static long truncate_path(long path)
{
	return open_in(fd_in, (const char *)path, O_WRONLY | O_TRUNC);
}

static long stat_path(long path)
{
	struct stat st;

	return RAW(SYS_newfstatat, fd_in, path, &st, 0);
}

static long stat_slash(long path)
{
	struct stat st;

	return RAW(SYS_newfstatat, fd_in, path, &st, AT_SYMLINK_NOFOLLOW);
}

static long stat_host(long path)
{
	struct stat st;

	return RAW(SYS_newfstatat, AT_FDCWD, path, &st, 0);
}

static long touch(long path)
{
	return RAW(SYS_utimensat, fd_in, path, 0, 0);
}

static long touch_slash(long path)
{
	return RAW(SYS_utimensat, fd_in, path, 0, AT_SYMLINK_NOFOLLOW);
}

static long link_from(long path)
{
	return RAW(SYS_linkat, fd_in, path, fd_in, "stolen", 0);
}

static long link_follow(long path)
{
	return RAW(SYS_linkat, fd_in, path, fd_in, "stolen", AT_SYMLINK_FOLLOW);
}

static long link_out(long path)
{
	return RAW(SYS_linkat, fd_in, "file", fd_in, path, 0);
}

static long rename_out(long path)
{
	return RAW(SYS_renameat2, fd_in, "file", fd_in, path, 0);
}

static long rename_in(long path)
{
	return RAW(SYS_renameat2, fd_in, path, fd_in, "stolen", 0);
}

static long rename_flag(long flags)
{
	return RAW(SYS_renameat2, fd_in, "file", fd_in, "sub", flags);
}

static long remove_path(long path)
{
	return RAW(SYS_unlinkat, fd_in, path, 0);
}

static long remove_dir(long path)
{
	return RAW(SYS_unlinkat, fd_in, path, AT_REMOVEDIR);
}

static long make_dir(long path)
{
	return RAW(SYS_mkdirat, fd_in, path, 0777);
}

static long make_link(long path)
{
	return RAW(SYS_symlinkat, "target", fd_in, path);
}

static long read_link(long path)
{
	char text[64];

	return RAW(SYS_readlinkat, fd_in, path, text, sizeof(text));
}

/* ".." at the top of a detached mount is the top itself. */
static long climb(long path)
{
	struct stat top, up;
	long fd = open_in(fd_in, (const char *)path, O_PATH);

	if (fd < 0)
		return fd;
	if (RAW(SYS_newfstatat, fd_in, "", &top, AT_EMPTY_PATH) ||
	    RAW(SYS_newfstatat, fd, "", &up, AT_EMPTY_PATH))
		return 1;
	return top.st_ino == up.st_ino && top.st_dev == up.st_dev ? -ENOENT : 2;
}

/* Step by step, through descriptors. */
static long climb_slowly(long path)
{
	struct stat st;
	long fd = fd_in;

	for (int i = 0; i < 20 && fd >= 0; i++)
		fd = open_in(fd, "..", O_PATH);
	return fd < 0 ? fd : RAW(SYS_newfstatat, fd, "etc/passwd", &st, 0);
}

static long between(long how)
{
	switch (how) {
	case 0:
		return RAW(SYS_linkat, fd_ro, "file", fd_in, "stolen", 0);
	case 1:
		return RAW(SYS_renameat2, fd_ro, "file", fd_in, "stolen", 0);
	case 2:
		return RAW(SYS_renameat2, fd_in, "file", fd_ro, "put", 0);
	default:
		return RAW(SYS_linkat, fd_in, "file", fd_ro, "put", 0);
	}
}

static long change_ro(long how)
{
	switch (how) {
	case 0:
		return open_in(fd_ro, "file", O_WRONLY);
	case 1:
		return open_in(fd_ro, "file", O_RDONLY | O_TRUNC);
	case 2:
		return open_in(fd_ro, "new", O_WRONLY | O_CREAT);
	case 3:
		return RAW(SYS_unlinkat, fd_ro, "file", 0);
	case 4:
		return RAW(SYS_mkdirat, fd_ro, "new", 0777);
	case 5:
		return RAW(SYS_utimensat, fd_ro, "file", 0, 0);
	case 6:
		return RAW(SYS_symlinkat, "x", fd_ro, "new");
	case 7:
		return RAW(SYS_renameat2, fd_ro, "file", fd_ro, "new", 0);
	case 8:
		return RAW(SYS_linkat, fd_ro, "file", fd_ro, "new", 0);
	default:
		return RAW(SYS_ftruncate, open_in(fd_ro, "file", O_RDONLY), 0);
	}
}

static long make_own(long arg)
{
	long fd = open_in(fd_in, "made", O_RDWR | O_CREAT);

	return fd < 0 ? fd : RAW(SYS_write, fd, "made", 4);
}

static long read_ro(long arg)
{
	return open_in(fd_ro, "file", O_RDONLY);
}

const struct attack path_attacks[] = {
	{ "make a file", WORKS, DIRS, make_own, 0 },
	{ "read a file", WORKS, DIRS, read_path, STR("file") },
	{ "read a read-only file", WORKS, DIRS, read_ro, 0 },
	{ "read ../", FAILS, DIRS, read_path, STR("../secret") },
	{ "read sub/../../", FAILS, DIRS, read_path, STR("sub/../../secret") },
	{ "read an absolute path", FAILS, DIRS, read_path, STR("/etc/passwd") },
	{ "read an absolute link", FAILS, DIRS, read_path, STR("abslink") },
	{ "read a relative link", FAILS, DIRS, read_path, STR("rellink") },
	{ "read a relative link/", FAILS, DIRS, read_path, STR("rellink/") },
	{ "read below a directory link", FAILS, DIRS, read_path, STR("dirlink/secret") },
	{ "read a chain of links", FAILS, DIRS, read_path, STR("chain") },
	{ "read a loop", FAILS, DIRS, read_path, STR("loop") },
	{ "read /proc/self/root", FAILS, DIRS, read_path, STR("/proc/self/root/etc/passwd") },
	{ "read a magic link", FAILS, DIRS, read_path, STR("magic/etc/passwd") },
	{ "create below a directory link", FAILS, DIRS, write_path, STR("dirlink/new") },
	{ "truncate through a link", FAILS, DIRS, truncate_path, STR("rellink") },
	{ "stat ../", FAILS_DETACHED, DIRS, stat_path, STR("../secret") },
	{ "stat a link", FAILS_DETACHED, DIRS, stat_path, STR("abslink") },
	{ "stat a directory link/", FAILS_DETACHED, DIRS, stat_slash, STR("dirlink/") },
	{ "stat a host file", FAILS_DETACHED, DIRS, stat_host, STR("/etc/passwd") },
	{ "stat a host file, no directories", DIES, 0, stat_host, STR("/etc/passwd") },
	{ "set times of ../", FAILS_DETACHED, DIRS, touch, STR("../secret") },
	{ "set times through a link", FAILS_DETACHED, DIRS, touch, STR("rellink") },
	{ "set times of a directory link/", FAILS_DETACHED, DIRS, touch_slash, STR("dirlink/") },
	{ "read the link ../", FAILS_DETACHED, DIRS, read_link, STR("../link") },
	{ "hard link from ../", FAILS, DIRS, link_from, STR("../secret") },
	{ "hard link through a link", DIES, DIRS, link_follow, STR("abslink") },
	{ "rename to a directory link/", FAILS, DIRS, rename_out, STR("dirlink/new") },
	{ "rename from ../", FAILS, DIRS, rename_in, STR("../secret") },
	{ "rename with exchange", DIES, DIRS, rename_flag, 2 },
	{ "remove ../", FAILS, DIRS, remove_path, STR("../secret") },
	{ "remove below a directory link", FAILS, DIRS, remove_path, STR("dirlink/secret") },
	{ "remove the directory ../", FAILS, DIRS, remove_dir, STR("../outside/empty") },
	{ "remove the directory ..", FAILS, DIRS, remove_dir, STR("..") },
	{ "make a directory below a link", FAILS, DIRS, make_dir, STR("dirlink/new") },
	{ "make a link below a link", FAILS, DIRS, make_link, STR("dirlink/new") },
	{ "climb", FAILS_DETACHED, DIRS, climb, STR("../../../../../../..") },
	{ "climb from a subdirectory", FAILS_DETACHED, DIRS, climb, STR("sub/../../..") },
	{ "climb step by step", FAILS_DETACHED, DIRS, climb_slowly, 0 },
	{ "climb, no Landlock", FAILS, DIRS | BARE, climb, STR("../../../../../..") },
	{ "read ../, no Landlock", FAILS, DIRS | BARE, read_path, STR("../secret") },
	{ "read a link, no Landlock", FAILS, DIRS | BARE, read_path, STR("abslink") },
	{ "read a link down, no Landlock", FAILS, DIRS | BARE, read_path, STR("dirlink/secret") },
	{ "read-only: hard link away", FAILS, DIRS, between, 0 },
	{ "read-only: rename away", FAILS, DIRS, between, 1 },
	{ "read-only: rename into", FAILS, DIRS, between, 2 },
	{ "read-only: hard link into", FAILS, DIRS, between, 3 },
	{ "read-only: open for writing", FAILS, DIRS, change_ro, 0 },
	{ "read-only: truncate", FAILS, DIRS, change_ro, 1 },
	{ "read-only: create", FAILS, DIRS, change_ro, 2 },
	{ "read-only: unlink", FAILS, DIRS, change_ro, 3 },
	{ "read-only: mkdir", FAILS, DIRS, change_ro, 4 },
	{ "read-only: set times", FAILS_DETACHED, DIRS, change_ro, 5 },
	{ "read-only: symlink", FAILS, DIRS, change_ro, 6 },
	{ "read-only: rename", FAILS, DIRS, change_ro, 7 },
	{ "read-only: link", FAILS, DIRS, change_ro, 8 },
	{ "read-only: ftruncate", FAILS, DIRS, change_ro, 9 },
	{ "read-only without Landlock: open", FAILS, DIRS | BARE, change_ro, 0 },
	{ "read-only without Landlock: truncate", FAILS, DIRS | BARE, change_ro, 1 },
	{ "read-only without Landlock: unlink", FAILS, DIRS | BARE, change_ro, 3 },
	/* these make things inside, where ".." of the top is the top */
	{ "write ../", STAYS_IN, DIRS, write_path, STR("../secret") },
	{ "create ../", STAYS_IN, DIRS, write_path, STR("../new") },
	{ "create through a dangling link", STAYS_IN, DIRS, write_path, STR("dangling") },
	{ "hard link to ../", STAYS_IN, DIRS, link_out, STR("../new") },
	{ "make the directory ../", STAYS_IN, DIRS, make_dir, STR("../new") },
	{ "make the link ../", STAYS_IN, DIRS, make_link, STR("../new") },
	{ "rename to ../", STAYS_IN, DIRS, rename_out, STR("../new") },
};

const unsigned int path_attack_count = sizeof(path_attacks) / sizeof(path_attacks[0]);
