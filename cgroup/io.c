/*
 * Limits of bytes a second, read from and written to block devices. The kernel takes whole disks
 * only: partitions share their disk's queue.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/sysmacros.h>

#include "cgroup/internal.h"

int cg_disk_of(dev_t dev, dev_t *ret)
{
	char path[80], text[32];
	unsigned int ma, mi;
	int code;

	(void)snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/partition", major(dev),
		       minor(dev));
	code = cg_read(AT_FDCWD, path, text, sizeof(text));
	/* a partition's directory is in its disk's */
	(void)snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/%sdev", major(dev), minor(dev),
		       code < 0 ? "" : "../");
	code = cg_read(AT_FDCWD, path, text, sizeof(text));
	if (code == -ENOENT || code == -ENOTDIR)
		return -ENOTBLK;
	if (code < 0)
		return code;
	if (sscanf(text, "%u:%u", &ma, &mi) != 2)
		return -ENOTBLK;
	*ret = makedev(ma, mi);
	return 0;
}

static int set_v1(int dir, const char *file, dev_t disk, uint64_t rate)
{
	char text[64];

	if (!rate)
		return 0;
	(void)snprintf(text, sizeof(text), "%u:%u %llu", major(disk), minor(disk),
		       (unsigned long long)rate);
	return cg_write(dir, file, text);
}

static int set_v2(int dir, dev_t disk, const struct cg_limits *l)
{
	char text[96];
	int n = snprintf(text, sizeof(text), "%u:%u", major(disk), minor(disk));

	if (l->io_read)
		n += snprintf(text + n, sizeof(text) - (size_t)n, " rbps=%llu",
			      (unsigned long long)l->io_read);
	if (l->io_write)
		(void)snprintf(text + n, sizeof(text) - (size_t)n, " wbps=%llu",
			       (unsigned long long)l->io_write);
	return cg_write(dir, "io.max", text);
}

int cg_set_io(bool v2, int dir, const struct cg_limits *l)
{
	int code = 0;

	for (unsigned int i = 0; !code && i < l->disk_count; i++) {
		if (v2) {
			code = set_v2(dir, l->disks[i], l);
			continue;
		}
		code = set_v1(dir, "blkio.throttle.read_bps_device", l->disks[i], l->io_read);
		if (!code)
			code = set_v1(dir, "blkio.throttle.write_bps_device", l->disks[i],
				      l->io_write);
	}
	return code;
}
