/* Who makes an entry in the background, and what became of it. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "tools/cache/internal.h"
#include "runtime/base/fd.h"

#define AGAIN_AFTER 86400		/* seconds after a failure */

static struct cache_note note_of(const struct cache_recipe *recipe, const char *label)
{
	struct cache_note n = {
		.magic = CACHE_NOTE_MAGIC, .version = CACHE_VERSION, .recipe = *recipe,
		.at = (uint64_t)time(NULL),
	};

	(void)snprintf(n.label, sizeof(n.label), "%s", label);
	return n;
}

/* Whether fd holds a note of this format. Its texts are ended and printable. */
static bool note_read(int fd, struct cache_note *ret)
{
	struct cache_note n;

	if (pread(fd, &n, sizeof(n), 0) != sizeof(n) || memcmp(n.magic, CACHE_NOTE_MAGIC, 8) ||
	    n.version != CACHE_VERSION)
		return false;
	n.label[sizeof(n.label) - 1] = n.text[sizeof(n.text) - 1] = '\0';
	err_printable(n.label, strlen(n.label));
	err_printable(n.text, strlen(n.text));
	*ret = n;
	return true;
}

static int note_write(int fd, const struct cache_note *n)
{
	ssize_t done = pwrite(fd, n, sizeof(*n), 0);

	if (done < 0)
		return -errno;
	return done == sizeof(*n) ? 0 : -ENOSPC;
}

/* The file, locked. -EBUSY: by another. */
static int lock_note(const struct cache *c, const char *name, struct wsbox_err *err)
{
	FD_AUTO fd = openat(c->dir, name,
			    O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0600);
	struct stat st;
	int code;

	if (fd < 0)
		return cache_cannot(err, -errno, name);
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		return errno == EWOULDBLOCK ? -EBUSY : cache_cannot(err, -errno, name);
	if (fstat(fd, &st) < 0)
		return cache_cannot(err, -errno, name);
	/* its holder was done, and removed it, after we had opened it */
	if (!st.st_nlink)
		return -EBUSY;
	code = cache_check_owner(&st, S_IFREG, name, err);
	return code < 0 ? code : fd_take(&fd);
}

/* A clock that was set back makes no failure last longer. */
static bool lately(const struct cache_note *n)
{
	uint64_t now = (uint64_t)time(NULL);

	return n->at <= now && now - n->at < AGAIN_AFTER;
}

int cache_fill_begin(struct cache *c, const struct cache_recipe *recipe, const char *label,
		     struct cache_fill *ret, struct wsbox_err *err)
{
	struct cache_note now = note_of(recipe, label), before;
	struct cache_found found;
	struct cache_fill fill;
	uint8_t name[SHA256_BYTES];
	int code;

	cache_name(recipe, name);
	cache_fill_name(name, fill.file);
	FD_AUTO fd = lock_note(c, fill.file, err);
	if (fd < 0)
		return fd;
	cache_step("fill locked");
	if (cache_find(c, recipe, &found, NULL) == 0) {
		(void)close(found.fd);
		(void)unlinkat(c->dir, fill.file, 0);
		return -EEXIST;
	}
	if (note_read(fd, &before) && before.failed == 1 && lately(&before))
		return err_set(err, -EALREADY, WSBOX_FAILED, "%s", before.text);
	code = note_write(fd, &now);
	if (code < 0) {
		(void)unlinkat(c->dir, fill.file, 0);
		return cache_cannot(err, code, "cannot write it");
	}
	cache_step("fill begun");
	fill.fd = fd_take(&fd);
	*ret = fill;
	return 0;
}

void cache_fill_end(struct cache *c, struct cache_fill *fill, const struct wsbox_err *why)
{
	struct cache_note n;

	if (why && note_read(fill->fd, &n)) {
		n.failed = 1;
		n.at = (uint64_t)time(NULL);
		(void)snprintf(n.text, sizeof(n.text), "%.*s", (int)sizeof(n.text) - 1,
			       why->text);
		(void)note_write(fill->fd, &n);
	} else {
		(void)unlinkat(c->dir, fill->file, 0);
	}
	cache_step("fill ended");
	fd_closep(&fill->fd);
}

int cache_fill_read(struct cache *c, const char *file, struct cache_note *ret,
		    enum cache_fill_state *ret_state, struct wsbox_err *err)
{
	struct cache_note n;
	struct stat st;
	FD_AUTO fd = cache_file_open(c, file, &st, err);

	if (fd < 0)
		return fd;
	if (!note_read(fd, &n))
		return err_set(err, -EBADMSG, WSBOX_FAILED, "the note is damaged");
	/* shared, and for a moment: another who looks is not taken for the one who works */
	if (n.failed == 1)
		*ret_state = CACHE_FILL_FAILED;
	else
		*ret_state = flock(fd, LOCK_SH | LOCK_NB) == 0 ? CACHE_FILL_ENDED :
								 CACHE_FILL_WORKING;
	*ret = n;
	return 0;
}
