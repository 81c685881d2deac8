/*
 * Listing directories. A cookie is the kernel's own (d_off): it stays good when entries come and
 * go, and costs no memory.
 *
 * What getdents64 gave is kept for the next call, since guests list a directory in pieces and ask
 * again for the entry that did not fit: with natively one call for 32 KiB, here too it is one.
 * Cookie 0 always asks the kernel anew, as rewinddir does. ".." gets the directory's own inode:
 * that of its true parent may lie outside of what the guest may see.
 */
#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <sys/stat.h>

#include "runtime/base/num.h"
#include "wasi-iouring/calls.h"
#include "wasi-iouring/sys.h"

/* As getdents64(2) has it. */
struct kernel_dirent {
	uint64_t ino;
	int64_t next;
	uint16_t len;
	uint8_t type;
	char name[];
};

_Static_assert(offsetof(struct kernel_dirent, name) == 19, "the kernel's layout");

void wasi_dir_forget(struct wasi *w, uint32_t serial)
{
	for (int i = 0; i < WASI_DIRBUFS; i++) {
		if (w->dirs[i].serial == serial)
			w->dirs[i].serial = 0;
	}
}

/* The buffer of f, or the one unused for longest, emptied. */
static struct wasi_dirbuf *dirbuf_of(struct wasi *w, const struct wasi_fd *f)
{
	struct wasi_dirbuf *oldest = &w->dirs[0];

	w->tick++;
	for (int i = 0; i < WASI_DIRBUFS; i++) {
		struct wasi_dirbuf *b = &w->dirs[i];

		if (b->serial == f->serial) {
			b->used = w->tick;
			return b;
		}
		if (!b->serial || (oldest->serial && b->used < oldest->used))
			oldest = b;
	}
	oldest->serial = f->serial;
	oldest->used = w->tick;
	oldest->len = oldest->at = 0;
	oldest->first = oldest->at_cookie = UINT64_MAX;
	oldest->self = 0;
	return oldest;
}

static const struct kernel_dirent *entry_at(const struct wasi_dirbuf *b, uint32_t at)
{
	return (const struct kernel_dirent *)(b->data + at);
}

/* Where the kernel stands in f is known: at this cookie. */
static void position_known(struct wasi_fd *f, uint64_t cookie)
{
	f->offset = cookie;
	f->state &= ~WASI_STATE_KERNEL;
}

/*
 * Reads on from `cookie`. How many bytes, 0 at the end, or -errno. Where the kernel then stands is
 * known when all entries have been served: only the last one tells.
 */
static long dirbuf_fill(struct wasi_dirbuf *b, struct wasi_fd *f, uint64_t cookie)
{
	long n = 0;

	if (b->len && b->at == b->len)
		position_known(f, b->at_cookie);
	if (f->state & WASI_STATE_KERNEL || f->offset != cookie)
		n = SYS3(lseek, f->host, cookie, SEEK_SET);
	if (n >= 0)
		n = SYS3(getdents64, f->host, b->data, WASI_DIRBUF_SIZE);
	if (n == -ENOENT)
		n = 0;	/* it was removed: POSIX wants the end, not an error */
	position_known(f, cookie);
	f->state |= n ? WASI_STATE_KERNEL : 0;
	assert(n <= WASI_DIRBUF_SIZE);
	b->len = n > 0 ? (uint32_t)n : 0;
	b->at = 0;
	b->first = b->at_cookie = n < 0 ? UINT64_MAX : cookie;
	return n;
}

/* Moves b to the entry that cookie leads to, if it is in the buffer. */
static bool dirbuf_find(struct wasi_dirbuf *b, uint64_t cookie)
{
	uint64_t before = b->at_cookie;
	uint32_t at = b->at;

	assert(at <= b->len);
	if (!cookie || !b->len || (at == b->len && before == cookie))
		return false;
	for (int pass = 0; pass < 2; pass++) {
		for (; at < b->len; at += entry_at(b, at)->len) {
			if (before == cookie) {
				b->at = at;
				b->at_cookie = cookie;
				return true;
			}
			before = (uint64_t)entry_at(b, at)->next;
		}
		at = 0;
		before = b->first;
	}
	return false;
}

static uint64_t inode_of(struct wasi_dirbuf *b, const struct wasi_fd *f,
			 const struct kernel_dirent *d)
{
	struct stat st;

	if (d->name[0] != '.')
		return d->ino;
	if (!d->name[1])
		b->self = d->ino;
	if (d->name[1] != '.' || d->name[2])
		return d->ino;
	if (!b->self && SYS2(fstat, f->host, &st) >= 0)
		b->self = st.st_ino;
	return b->self;
}

static uint8_t dirent_type(const struct kernel_dirent *d)
{
	return wasi_type_of_mode((uint32_t)d->type << 12);	/* DT_x is S_IFx >> 12 */
}

/*
 * Copies as much of one entry as fits into room bytes; how much that is. Nearly always it fits:
 * then the size of its head is a constant.
 */
static uint32_t dirent_copy(struct wasi_dirbuf *b, const struct wasi_fd *f,
			    const struct kernel_dirent *d, uint8_t *to, uint32_t room)
{
	struct wasi_dirent head = {
		.next = (uint64_t)d->next, .ino = inode_of(b, f, d),
		.namlen = (uint32_t)strlen(d->name), .type = dirent_type(d),
	};
	uint32_t n, name;

	assert(d->len >= offsetof(struct kernel_dirent, name) + head.namlen + 1);
	if (room >= sizeof(head) + head.namlen) {
		memcpy(to, &head, sizeof(head));
		memcpy(to + sizeof(head), d->name, head.namlen);
		return (uint32_t)sizeof(head) + head.namlen;
	}
	n = (uint32_t)num_min(sizeof(head), room);
	name = (uint32_t)num_min(head.namlen, room - n);
	memcpy(to, &head, n);
	memcpy(to + n, d->name, name);
	return n + name;
}

/* Fills room bytes at to. *ret_used stays below room only at the directory's end. */
static long dir_list(struct wasi_dirbuf *b, struct wasi_fd *f, uint64_t cookie, uint8_t *to,
		     uint32_t room, uint32_t *ret_used)
{
	uint32_t used = 0;

	if (!dirbuf_find(b, cookie)) {
		long n = dirbuf_fill(b, f, cookie);

		if (n < 0)
			return n;
	}
	while (used < room) {
		const struct kernel_dirent *d;

		if (b->at == b->len) {
			long n = b->len ? dirbuf_fill(b, f, b->at_cookie) : 0;

			if (n < 0 && !used)
				return n;
			if (n <= 0)
				break;
		}
		d = entry_at(b, b->at);
		used += dirent_copy(b, f, d, to + used, room - used);
		if (used == room)
			break;
		b->at += d->len;
		b->at_cookie = (uint64_t)d->next;
	}
	assert(used <= room && b->at <= b->len);
	*ret_used = used;
	return 0;
}

/* fd_readdir(fd, buf, len, cookie, ret) */
WASI_CALL(fd_readdir)
{
	uint32_t used = 0;
	uint8_t *to = rt_mem(inst, ARG32(1), ARG32(2));
	enum wasi_errno e = wasi_fd_settle(f);
	long r;

	if (e)
		return e;
	if (!to || !rt_mem(inst, ARG32(4), sizeof(used)))
		return WASI_EFAULT;
	if (f->kind != WASI_KIND_DIRECTORY)
		return WASI_ENOTDIR;
	/* the kernel's cookies are offsets: what is no offset lies behind the end */
	r = ARG64(3) > INT64_MAX ? 0 : dir_list(dirbuf_of(w, f), f, ARG64(3), to, ARG32(2), &used);
	if (r < 0)
		return wasi_errno(r);
	(void)WASI_STORE(inst, ARG32(4), used);
	return WASI_OK;
}
