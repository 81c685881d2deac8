/* Reading of /proc/self/cgroup and of the flat-keyed files. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "cgroup/internal.h"
#include "tests/unit/unit.h"

static const char hybrid[] =
	"9:name=systemd:/\n4:memory:/box/a09ef\n2:cpu,cpuacct:/share\n1:cpuset:/set\n0::/unified\n";

START_TEST(path)
{
	char out[64];

	ck_assert_int_eq(cg_path_find(hybrid, "memory", out, sizeof(out)), 0);
	ck_assert_str_eq(out, "/box/a09ef");
	ck_assert_int_eq(cg_path_find(hybrid, "cpuacct", out, sizeof(out)), 0);
	ck_assert_str_eq(out, "/share");
	ck_assert_int_eq(cg_path_find(hybrid, "cpu", out, sizeof(out)), 0);
	ck_assert_str_eq(out, "/share");
	ck_assert_int_eq(cg_path_find(hybrid, NULL, out, sizeof(out)), 0);
	ck_assert_str_eq(out, "/unified");
	ck_assert_int_eq(cg_path_find("0::/\n", NULL, out, sizeof(out)), 0);
	ck_assert_str_eq(out, "/");
	ck_assert_int_eq(cg_path_find("0::/a:b", NULL, out, sizeof(out)), 0);
	ck_assert_str_eq(out, "/a:b");
}
END_TEST

START_TEST(path_refused)
{
	char out[16] = "untouched", many[1200];

	ck_assert_int_eq(cg_path_find(hybrid, "pids", out, sizeof(out)), -ENOENT);
	ck_assert_int_eq(cg_path_find(hybrid, "cpus", out, sizeof(out)), -ENOENT);
	ck_assert_int_eq(cg_path_find(hybrid, "systemd", out, sizeof(out)), -ENOENT);
	ck_assert_int_eq(cg_path_find("", NULL, out, sizeof(out)), -ENOENT);
	ck_assert_int_eq(cg_path_find("nonsense\n:\n::\n", NULL, out, sizeof(out)), -ENOENT);
	ck_assert_int_eq(cg_path_find("0::/../x\n", NULL, out, sizeof(out)), -EXDEV);
	ck_assert_int_eq(cg_path_find("0::/a/..\n", NULL, out, sizeof(out)), -EXDEV);
	ck_assert_int_eq(cg_path_find("0::relative\n", NULL, out, sizeof(out)), -EXDEV);
	ck_assert_int_eq(cg_path_find("0::/0123456789abcdef\n", NULL, out, sizeof(out)),
			 -ENAMETOOLONG);
	ck_assert_str_eq(out, "untouched");
	/* a line beyond any path is passed over, not cut */
	memset(many, 'x', sizeof(many));
	memcpy(many, "0::/", 4);
	strcpy(many + sizeof(many) - 16, "\n0::/short\n");
	ck_assert_int_eq(cg_path_find(many, NULL, out, sizeof(out)), 0);
	ck_assert_str_eq(out, "/short");
}
END_TEST

START_TEST(dots_in_names)
{
	char out[32];

	ck_assert_int_eq(cg_path_find("0::/..a/b..\n", NULL, out, sizeof(out)), 0);
	ck_assert_str_eq(out, "/..a/b..");
}
END_TEST

START_TEST(self)
{
	static const char *const rows[][2] = {
		{ "/a/" CG_SELF, "/a" }, { "/" CG_SELF, "/" }, { "/a", "/a" }, { "/", "/" },
		{ "/a" CG_SELF, "/a" CG_SELF }, { "/" CG_SELF "/b", "/" CG_SELF "/b" },
	};

	for (unsigned int i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char path[64];

		strcpy(path, rows[i][0]);
		cg_strip_self(path);
		ck_assert_str_eq(path, rows[i][1]);
	}
}
END_TEST

START_TEST(keys)
{
	const char *events = "low 0\nmax 17\noom 2\noom_kill 1\noom_group_kill 0";
	uint64_t value = 9;

	ck_assert(cg_key_find(events, "oom_kill", &value));
	ck_assert_uint_eq(value, 1);
	ck_assert(cg_key_find(events, "max", &value));
	ck_assert_uint_eq(value, 17);
	ck_assert(!cg_key_find(events, "oom_", &value));
	ck_assert(!cg_key_find("", "max", &value));
	ck_assert_uint_eq(value, 17);
}
END_TEST

START_TEST(words)
{
	ck_assert(cg_word_in("cpuset cpu io memory pids", "cpu"));
	ck_assert(cg_word_in("cpu,cpuacct", "cpuacct"));
	ck_assert(cg_word_in("memory\n", "memory"));
	ck_assert(!cg_word_in("cpuset", "cpu"));
	ck_assert(!cg_word_in("hugetlb", "memory"));
	ck_assert(!cg_word_in("", "cpu"));
}
END_TEST

/* On any file system: what it may touch is decided by names, ages and emptiness. */
START_TEST(sweep)
{
	char top[] = "/tmp/wsbox-sweep-XXXXXX";
	const char *const names[] = { "wsbox-1-2", "wsbox-77-0", "wsbox-1-2x",
				      "wsbox-1", "other", "wsbox-5-5" };
	const bool goes[] = { true, true, false, false, false, false };
	int dir;

	ck_assert_ptr_nonnull(mkdtemp(top));
	dir = open(top, O_PATH | O_DIRECTORY | O_CLOEXEC);
	for (unsigned int i = 0; i < 6; i++)
		ck_assert_int_eq(mkdirat(dir, names[i], 0755), 0);
	ck_assert_int_eq(mkdirat(dir, "wsbox-5-5/full", 0755), 0);
	ck_assert_uint_eq(cg_sweep(dir, 60), 0);
	ck_assert_uint_eq(cg_sweep(dir, 0), 2);
	for (unsigned int i = 0; i < 6; i++)
		ck_assert_int_eq(faccessat(dir, names[i], F_OK, 0), goes[i] ? -1 : 0);
	unlinkat(dir, "wsbox-5-5/full", AT_REMOVEDIR);
	for (unsigned int i = 0; i < 6; i++)
		unlinkat(dir, names[i], AT_REMOVEDIR);
	close(dir);
	ck_assert_int_eq(rmdir(top), 0);
}
END_TEST

/* A name that another supervisor's group has is passed over, and that group stays. */
START_TEST(taken)
{
	const struct cg_limits limits = { .memory = 64 << 20, .pids = 9 };
	struct cg_group first, second;
	char name[sizeof(first.name)];
	unsigned int pid, number;

	if (cg_make(&limits, &first, NULL))
		return;		/* no groups for this caller */
	ck_assert_int_eq(sscanf(first.name, "wsbox-%u-%u", &pid, &number), 2);
	for (unsigned int k = 1; k < 3; k++) {
		(void)snprintf(name, sizeof(name), "wsbox-%u-%u", pid, number + k);
		for (int c = CG_CONTROLLER_COUNT - 1; c >= 0; c--)
			if (first.parent[c] >= 0) {
				ck_assert_int_eq(mkdirat(first.parent[c], name, 0755), 0);
				break;	/* on v1 of the last controller only: the others' go */
			}
	}
	ck_assert_int_eq(cg_make(&limits, &second, NULL), 0);
	(void)snprintf(name, sizeof(name), "wsbox-%u-%u", pid, number + 3);
	ck_assert_str_eq(second.name, name);
	ck_assert_int_eq(cg_remove(&second), 0);
	for (unsigned int k = 1; k < 3; k++) {
		unsigned int found = 0;

		(void)snprintf(name, sizeof(name), "wsbox-%u-%u", pid, number + k);
		for (int c = 0; c < CG_CONTROLLER_COUNT; c++)
			found += first.parent[c] >= 0 &&
				 !unlinkat(first.parent[c], name, AT_REMOVEDIR);
		ck_assert_uint_eq(found, 1);
	}
	ck_assert_int_eq(cg_remove(&first), 0);
}
END_TEST

/* What is written for a disk, into files that are not the kernel's. */
START_TEST(disks)
{
	char top[] = "/tmp/wsbox-disks-XXXXXX", text[64];
	static const char *const names[] = { "io.max", "blkio.throttle.read_bps_device",
					     "blkio.throttle.write_bps_device" };
	const dev_t disk = makedev(259, 3);
	struct cg_limits l = { .io_read = 4096, .disks = &disk, .disk_count = 1 };
	int dir;

	ck_assert_ptr_nonnull(mkdtemp(top));
	dir = open(top, O_PATH | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_eq(cg_set_io(true, dir, &l), -ENOENT);
	for (unsigned int i = 0; i < 3; i++)
		close(openat(dir, names[i], O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	ck_assert_int_eq(cg_set_io(true, dir, &l), 0);
	ck_assert_int_gt(cg_read(dir, "io.max", text, sizeof(text)), 0);
	ck_assert_str_eq(text, "259:3 rbps=4096");
	l.io_write = 1ull << 40;
	ck_assert_int_eq(cg_set_io(true, dir, &l), 0);
	ck_assert_int_gt(cg_read(dir, "io.max", text, sizeof(text)), 0);
	ck_assert_str_eq(text, "259:3 rbps=4096 wbps=1099511627776");
	l.io_read = 0;
	ck_assert_int_eq(cg_set_io(false, dir, &l), 0);
	ck_assert_int_eq(cg_read(dir, names[1], text, sizeof(text)), 0);
	ck_assert_int_gt(cg_read(dir, names[2], text, sizeof(text)), 0);
	ck_assert_str_eq(text, "259:3 1099511627776");
	for (unsigned int i = 0; i < 3; i++)
		unlinkat(dir, names[i], 0);
	close(dir);
	ck_assert_int_eq(rmdir(top), 0);
}
END_TEST

START_TEST(disk_of)
{
	struct stat st;
	dev_t disk = 7;

	ck_assert_int_eq(stat("/proc", &st), 0);
	ck_assert_int_eq(cg_disk_of(st.st_dev, &disk), -ENOTBLK);
	ck_assert_int_eq(disk, 7);
}
END_TEST

UNIT("cgroup", path, path_refused, dots_in_names, self, keys, words, sweep, taken, disks,
     disk_of)
