/* The directory and its key. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "tools/cache/internal.h"
#include "runtime/base/fd.h"
#include "runtime/base/num.h"

#define KEY_FILE "key"

/* The directory and those above it, if missing. What fails shows when it is opened. */
static void make_directories(const char *path)
{
	char part[PATH_MAX];

	for (const char *at = path + 1; *at; at++) {
		if (*at != '/')
			continue;
		memcpy(part, path, (size_t)(at - path));
		part[at - path] = '\0';
		(void)mkdir(part, 0700);
	}
	(void)mkdir(path, 0700);
}

static int directory_open(const char *path, struct wsbox_err *err)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	struct stat st;
	FD_AUTO dir = open(path, flags);
	int ret;

	if (dir < 0 && errno == ENOENT) {
		make_directories(path);
		dir = open(path, flags);
	}
	if (dir < 0)
		return cache_cannot(err, -errno, path);
	if (fstat(dir, &st) < 0)
		return cache_cannot(err, -errno, path);
	ret = cache_check_owner(&st, S_IFDIR, path, err);
	return ret < 0 ? ret : fd_take(&dir);
}

/* 0, -ENOENT, or -errno: there is no key that may be used. */
static int key_read(struct cache *c)
{
	struct stat st;
	FD_AUTO fd = cache_file_open(c, KEY_FILE, &st, NULL);

	if (fd < 0)
		return fd;
	if (st.st_size != sizeof(c->key))
		return -EBADMSG;
	return fd_read_all(fd, c->key, sizeof(c->key));
}

/* A new key, unless another process was faster; then *c gets that one's. */
static int key_make(struct cache *c)
{
	uint8_t key[SHA256_BYTES];
	struct cache_temp t;
	int ret;

	if (getrandom(key, sizeof(key), 0) != sizeof(key))
		return -EIO;
	ret = cache_temp_open(c, &t);
	if (ret < 0)
		return ret;
	ret = fd_write_all(t.fd, key, sizeof(key));
	cache_step("key written");
	if (ret == 0 && linkat(c->dir, t.name, c->dir, KEY_FILE, 0) < 0 && errno != EEXIST)
		ret = -errno;
	cache_step("key linked");
	cache_temp_done(c, &t);
	return ret < 0 ? ret : key_read(c);
}

/*
 * A key that others may know, or that is none, is replaced. One that cannot be read just now (no
 * more descriptors, no memory, the disk) is not: all that was stored would be lost with it.
 */
static int key_open(struct cache *c)
{
	int ret = key_read(c);

	if (ret == -EPERM || ret == -EBADMSG || ret == -ELOOP) {
		c->new_key = true;
		(void)unlinkat(c->dir, KEY_FILE, 0);
	} else if (ret != -ENOENT) {
		return ret;
	}
	return key_make(c);
}

static int boot_read(struct cache *c)
{
	FD_AUTO fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, c->boot, sizeof(c->boot) - 1);

	return n < 0 ? -errno : 0;
}

static int limit_read(struct cache *c, struct wsbox_err *err)
{
	const char *text = getenv("WSBOX_CACHE_SIZE");

	c->limit = CACHE_LIMIT_DEFAULT;
	if (text && *text && num_parse_size(text, &c->limit) < 0)
		return err_set(err, -EINVAL, WSBOX_FAILED,
			       "WSBOX_CACHE_SIZE=%s: want a size such as 512M or 4G", text);
	return 0;
}

int cache_open(const char *path, struct cache *ret, struct wsbox_err *err)
{
	struct cache c = { .dir = -1 };
	int code = limit_read(&c, err);

	if (code < 0)
		return code;
	FD_AUTO dir = directory_open(path, err);
	if (dir < 0)
		return dir;
	c.dir = dir;
	code = key_open(&c);
	if (code < 0)
		return cache_cannot(err, code, "its key");
	code = boot_read(&c);
	if (code < 0)
		return cache_cannot(err, code, "/proc/sys/kernel/random/boot_id");
	c.dir = fd_take(&dir);
	*ret = c;
	return 0;
}

void cache_close(struct cache *c)
{
	fd_closep(&c->dir);
	explicit_bzero(c->key, sizeof(c->key));
}
