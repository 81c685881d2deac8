/* Records of what unchanged files hold: cache.h says when they may be believed. */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "tools/cache/internal.h"
#include "runtime/base/fd.h"
#include "runtime/base/num.h"

/* Linux 6.8; a file system's older number of a mount is given again to later ones */
#define MASK_MOUNT_UNIQUE 0x4000u
#define MASK_BASIC 0x7ffu

#define SECOND 1000000000ll
#define SETTLED (2 * SECOND)		/* no file system here has a coarser clock */
#define TOUCH_AFTER 60			/* seconds: a use is noted so exactly */

/* statx(2)'s result as the kernel has it: C libraries know an older one. */
struct kernel_statx_time {
	int64_t sec;
	uint32_t nsec;
	int32_t unused;
};

struct kernel_statx {
	uint32_t mask, blksize;
	uint64_t attributes;
	uint32_t nlink, uid, gid;
	uint16_t mode, unused;
	uint64_t ino, size, blocks, attributes_mask;
	struct kernel_statx_time atime, btime, ctime, mtime;
	uint32_t rdev_major, rdev_minor, dev_major, dev_minor;
	uint64_t mount;
	uint64_t more[13];
};
_Static_assert(sizeof(struct kernel_statx) == 256, "linux/stat.h");

/* File systems of the kernel whose change times nobody can set. */
static bool keeps_times(const struct statfs *fs)
{
	static const uint32_t kinds[] = {
		EXT4_SUPER_MAGIC, XFS_SUPER_MAGIC, BTRFS_SUPER_MAGIC, F2FS_SUPER_MAGIC,
		TMPFS_MAGIC, OVERLAYFS_SUPER_MAGIC, SQUASHFS_MAGIC, EROFS_SUPER_MAGIC_V1,
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(kinds); i++)
		if ((uint32_t)fs->f_type == kinds[i])
			return true;
	return false;
}

static int64_t nanoseconds(struct kernel_statx_time t)
{
	return t.sec * SECOND + t.nsec;
}

int cache_identify(int fd, enum cache_seen_kind kind, struct cache_identity *ret)
{
	struct kernel_statx st = { 0 };
	struct statfs fs;

	if (syscall(SYS_statx, fd, "", AT_EMPTY_PATH, MASK_BASIC | MASK_MOUNT_UNIQUE, &st) < 0 ||
	    fstatfs(fd, &fs) < 0)
		return -errno;
	if ((st.mode & S_IFMT) != S_IFREG || !keeps_times(&fs))
		return -ENOTSUP;
	if (kind == CACHE_SEEN_MODULE && !(st.mask & MASK_MOUNT_UNIQUE))
		return -ENOTSUP;
	if (kind == CACHE_SEEN_CODE && fs.f_flags & ST_NOEXEC)
		return -EACCES;
	*ret = (struct cache_identity){
		.dev = makedev(st.dev_major, st.dev_minor), .ino = st.ino, .size = st.size,
		.mtime = nanoseconds(st.mtime), .ctime = nanoseconds(st.ctime),
		.mount = kind == CACHE_SEEN_MODULE ? st.mount : 0,
	};
	return 0;
}

static void seen_mac(const struct cache *c, const struct cache_seen *r, uint8_t ret[SHA256_BYTES])
{
	struct hmac m;

	hmac_init(&m, c->key);
	hmac_add(&m, r, offsetof(struct cache_seen, mac));
	hmac_end(&m, ret);
}

static struct cache_seen seen_of(const struct cache *c, enum cache_seen_kind kind,
				 const struct cache_identity *id)
{
	struct cache_seen r = {
		.magic = CACHE_SEEN_MAGIC, .version = CACHE_VERSION, .kind = kind, .id = *id,
	};

	memcpy(r.boot, c->boot, sizeof(r.boot));
	return r;
}

bool cache_seen(struct cache *c, enum cache_seen_kind kind, const struct cache_identity *id,
		uint8_t ret[SHA256_BYTES])
{
	struct cache_seen want = seen_of(c, kind, id), r;
	uint8_t mac[SHA256_BYTES];
	char name[CACHE_FILE_NAME];
	struct stat st;

	cache_seen_name(id->dev, id->ino, id->mount, name);
	FD_AUTO fd = cache_file_open(c, name, &st, NULL);
	if (fd < 0 || st.st_size != sizeof(r) || fd_read_all(fd, &r, sizeof(r)) < 0)
		return false;
	seen_mac(c, &r, mac);
	if (!sha256_same(mac, r.mac) || memcmp(&r, &want, offsetof(struct cache_seen, content)))
		return false;
	if (st.st_mtime + TOUCH_AFTER < time(NULL))
		(void)futimens(fd, NULL);
	memcpy(ret, r.content, SHA256_BYTES);
	return true;
}

int cache_seen_set(struct cache *c, enum cache_seen_kind kind, const struct cache_identity *id,
		   const uint8_t content[SHA256_BYTES], struct timespec now)
{
	struct cache_seen r = seen_of(c, kind, id);
	int64_t at = now.tv_sec * SECOND + now.tv_nsec;
	char name[CACHE_FILE_NAME];
	struct cache_temp t;
	int ret;

	if (kind == CACHE_SEEN_MODULE && (id->mtime + SETTLED > at || id->ctime + SETTLED > at))
		return -EAGAIN;
	memcpy(r.content, content, sizeof(r.content));
	seen_mac(c, &r, r.mac);
	cache_seen_name(id->dev, id->ino, id->mount, name);
	ret = cache_temp_open(c, &t);
	if (ret < 0)
		return ret;
	ret = fd_write_all(t.fd, &r, sizeof(r));
	cache_step("record written");
	if (ret == 0)
		ret = cache_temp_publish(c, &t, name);
	cache_temp_done(c, &t);
	return ret;
}
