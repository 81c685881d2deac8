/* Files of the directory: opened only if they are ours, written aside and renamed. */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <unistd.h>

#include "tools/cache/internal.h"
#include "runtime/base/fd.h"

int cache_cannot(struct wsbox_err *err, int code, const char *what)
{
	/* O_NOFOLLOW */
	if (code == -ELOOP)
		return err_set(err, code, WSBOX_FAILED, "%s: is a symbolic link", what);
	return err_set(err, code, WSBOX_FAILED, "%s: %s", what, err_name(code));
}

int cache_check_owner(const struct stat *st, mode_t kind, const char *name, struct wsbox_err *err)
{
	if ((st->st_mode & S_IFMT) != kind)
		return err_set(err, -EPERM, WSBOX_FAILED, "%s: is not a %s", name,
			       kind == S_IFDIR ? "directory" : "regular file");
	if (st->st_uid != geteuid())
		return err_set(err, -EPERM, WSBOX_FAILED, "%s: belongs to user %u, not to %u", name,
			       st->st_uid, geteuid());
	if (st->st_mode & 077)
		return err_set(err, -EPERM, WSBOX_FAILED,
			       "%s: is open to others (mode %04o; want none for group and others)",
			       name, st->st_mode & 07777);
	return 0;
}

int cache_file_open(const struct cache *c, const char *name, struct stat *ret,
		    struct wsbox_err *err)
{
	/* not blocking: a pipe in its place must not hold us */
	FD_AUTO fd = openat(c->dir, name,
			    O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	int code = fd < 0 ? -errno : 0;

	if (code == -ENOENT)
		return code;
	if (code == 0 && fstat(fd, ret) < 0)
		code = -errno;
	if (code < 0)
		return cache_cannot(err, code, name);
	code = cache_check_owner(ret, S_IFREG, name, err);
	return code < 0 ? code : fd_take(&fd);
}

/* Locked, which tells others that its writer lives. -EAGAIN: they removed it before the lock. */
static int temp_try(const struct cache *c, struct cache_temp *ret)
{
	unsigned long long r;
	struct cache_temp t;
	struct stat st;

	if (getrandom(&r, sizeof(r), 0) != sizeof(r))
		return -EIO;
	(void)snprintf(t.name, sizeof(t.name), CACHE_TEMP_PREFIX "%016llx", r);
	FD_AUTO fd =
		openat(c->dir, t.name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	cache_step("temporary made");
	if ((flock(fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK) || fstat(fd, &st) < 0 ||
	    !st.st_nlink)
		return -EAGAIN;
	t.fd = fd_take(&fd);
	*ret = t;
	return 0;
}

int cache_temp_open(const struct cache *c, struct cache_temp *ret)
{
	int code;

	do {
		code = temp_try(c, ret);
	} while (code == -EAGAIN);
	return code;
}

int cache_temp_publish(const struct cache *c, struct cache_temp *t, const char *name)
{
	assert(t->name[0] && t->fd >= 0 && !strchr(name, '/'));
	if (renameat(c->dir, t->name, c->dir, name) < 0)
		return -errno;
	t->name[0] = '\0';
	cache_step("renamed");
	return 0;
}

void cache_temp_done(const struct cache *c, struct cache_temp *t)
{
	if (t->name[0])
		(void)unlinkat(c->dir, t->name, 0);
	fd_closep(&t->fd);
}

void cache_code_name(const uint8_t name[SHA256_BYTES], char ret[CACHE_FILE_NAME])
{
	_Static_assert(2 * SHA256_BYTES + sizeof(CACHE_CODE_SUFFIX) <= CACHE_FILE_NAME, "fits");
	sha256_hex(name, ret);
	strcat(ret, CACHE_CODE_SUFFIX);
}

void cache_fill_name(const uint8_t name[SHA256_BYTES], char ret[CACHE_FILE_NAME])
{
	sha256_hex(name, ret);
	strcat(ret, CACHE_FILL_SUFFIX);
}

/*
 * Our lock is held until the name is gone, so that nobody who just made the file takes it for
 * theirs.
 */
void cache_remove_unlocked(const struct cache *c, const char *name)
{
	FD_AUTO fd = openat(c->dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);

	if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
		(void)unlinkat(c->dir, name, 0);
}

void cache_seen_name(uint64_t dev, uint64_t ino, uint64_t mount, char ret[CACHE_FILE_NAME])
{
	int n = snprintf(ret, CACHE_FILE_NAME, "%llx-%llx-%llx" CACHE_SEEN_SUFFIX,
			 (unsigned long long)dev, (unsigned long long)ino,
			 (unsigned long long)mount);

	assert(n > 0 && n < CACHE_FILE_NAME);
}
