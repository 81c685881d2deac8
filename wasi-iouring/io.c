/*
 * Reading and writing: the kernel copies straight into and out of linear memory.
 *
 * Each call is one system call where the native program makes one: a file's offset is ours and
 * given with the call, flags that would have to be set on the open file go with each write (RWF_),
 * and a stream is read by the call that blocks, since one that first asks whether it would block
 * costs twice. A stream whose guest wants no blocking is asked with RWF_NOWAIT, or by ppoll where
 * its driver does not know that (pipes before Linux 6.4).
 */
#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>

#include "runtime/base/num.h"
#include "wasi-iouring/calls.h"
#include "wasi-iouring/sys.h"

/* See WASI_CALL: no return between the system call and the entry's own. */
#define HOT static inline __attribute__((always_inline))
#define COLD static __attribute__((noinline, cold))

enum wasi_errno wasi_iovecs(struct wasi *w, struct rt_instance *inst, uint32_t p, uint32_t n)
{
	const uint8_t *list = rt_mem(inst, p, (uint64_t)n * sizeof(struct wasi_iovec));

	if (!list)
		return WASI_EFAULT;
	for (uint32_t i = 0; i < wasi_iov_count(n); i++) {
		struct wasi_iovec v;

		memcpy(&v, list + i * sizeof(v), sizeof(v));
		w->iov[i].iov_base = rt_mem(inst, v.buf, v.len);
		w->iov[i].iov_len = v.len;
		if (!w->iov[i].iov_base)
			return WASI_EFAULT;
	}
	return WASI_OK;
}

long wasi_wait(int host, short events)
{
	struct pollfd p = { host, events, 0 };
	long r;

	do
		r = SYS5(ppoll, &p, 1, NULL, NULL, 8);
	while (r == -EINTR);
	return r < 0 ? r : 0;
}

bool wasi_would_block(int host, short events)
{
	struct pollfd p = { host, events, 0 };

	return SYS5(ppoll, &p, 1, &(struct timespec){ 0 }, NULL, 8) == 0;
}

/*
 * Writes as much as fits. What poll calls writable takes PIPE_BUF bytes without waiting, and no
 * more is sure.
 */
COLD long write_pieces(int host, const struct iovec *iov, uint32_t n)
{
	long done = 0;

	for (uint32_t i = 0; i < n; i++) {
		for (size_t at = 0; at < iov[i].iov_len;) {
			size_t piece = num_min(iov[i].iov_len - at, PIPE_BUF);
			long r = wasi_would_block(host, POLLOUT)
				? -EAGAIN
				: SYS3(write, host, (const uint8_t *)iov[i].iov_base + at, piece);

			if (r < 0)
				return done ?: r;
			at += (size_t)r;
			done += r;
		}
	}
	return done;
}

static bool fits_at_once(const struct iovec *iov, uint32_t n)
{
	size_t total = 0;

	for (uint32_t i = 0; i < n && total <= PIPE_BUF; i++)
		total += num_min(iov[i].iov_len, PIPE_BUF + 1);
	return total <= PIPE_BUF;
}

/*
 * What the guest wants not to wait for, on a descriptor that itself would.
 * -EOPNOTSUPP: it will not wait now.
 */
COLD long stream_nowait(struct wasi_fd *f, const struct iovec *iov, uint32_t n, bool out)
{
	long r = -EOPNOTSUPP;

	if (!(f->state & WASI_STATE_NO_NOWAIT))
		r = out ? SYS6(pwritev2, f->host, iov, n, -1, -1, RWF_NOWAIT)
			: SYS6(preadv2, f->host, iov, n, -1, -1, RWF_NOWAIT);
	if (r != -EOPNOTSUPP)
		return r;
	f->state |= WASI_STATE_NO_NOWAIT;
	if (out && !fits_at_once(iov, n))
		return write_pieces(f->host, iov, n);
	return wasi_would_block(f->host, out ? POLLOUT : POLLIN) ? -EAGAIN : r;
}

static long stream_once(struct wasi_fd *f, const struct iovec *iov, uint32_t n, bool out)
{
	if (f->fdflags & WASI_FD_NONBLOCK && !(f->state & WASI_STATE_NONBLOCK)) {
		long r = stream_nowait(f, iov, n, out);

		if (r != -EOPNOTSUPP)
			return r;
	}
	if (out && f->kind == WASI_KIND_STANDARD && f->rwf)
		return SYS6(pwritev2, f->host, iov, n, -1, -1, f->rwf);
	if (n == 1)
		return out ? SYS3(write, f->host, iov->iov_base, iov->iov_len)
			   : SYS3(read, f->host, iov->iov_base, iov->iov_len);
	return out ? SYS3(writev, f->host, iov, n) : SYS3(readv, f->host, iov, n);
}

/*
 * A stream, or a file with the kernel's offset. EAGAIN only if it is the guest that asked for it.
 */
static long stream_io(struct wasi_fd *f, const struct iovec *iov, uint32_t n, bool out)
{
	for (;;) {
		long r = stream_once(f, iov, n, out);

		if (r == -EAGAIN && !(f->fdflags & WASI_FD_NONBLOCK))
			r = wasi_wait(f->host, out ? POLLOUT : POLLIN) ?: -EINTR;
		if (r != -EINTR)
			return r;
	}
}

HOT long file_read(const struct wasi_fd *f, const struct iovec *iov, uint32_t n, uint64_t at)
{
	if (n == 1)
		return SYS4(pread64, f->host, iov->iov_base, iov->iov_len, at);
	return SYS6(preadv2, f->host, iov, n, at, 0, 0);
}

HOT long file_write(const struct wasi_fd *f, const struct iovec *iov, uint32_t n, uint64_t at)
{
	if (n == 1 && !f->rwf)
		return SYS4(pwrite64, f->host, iov->iov_base, iov->iov_len, at);
	return SYS6(pwritev2, f->host, iov, n, at, 0, f->rwf);
}

/*
 * The offset of a FILE. After an append only the kernel knows it: pwritev2 at -1 with RWF_APPEND
 * left its position behind what was written.
 */
COLD long file_offset(struct wasi_fd *f)
{
	if (f->state & WASI_STATE_KERNEL) {
		long at = SYS3(lseek, f->host, 0, SEEK_CUR);

		if (at < 0)
			return at;
		f->offset = (uint64_t)at;
		f->state &= ~WASI_STATE_KERNEL;
	}
	return 0;
}

HOT long file_io(struct wasi_fd *f, const struct iovec *iov, uint32_t n, bool out)
{
	long r;

	if (out && f->fdflags & WASI_FD_APPEND) {
		r = SYS6(pwritev2, f->host, iov, n, -1, -1, f->rwf);
		if (r > 0)	/* nothing written leaves the offset where it was */
			f->state |= WASI_STATE_KERNEL;
		return r;
	}
	if (__builtin_expect(f->state & WASI_STATE_KERNEL, 0)) {
		r = file_offset(f);
		if (r < 0)
			return r;
	}
	assert(f->offset <= INT64_MAX);
	r = out ? file_write(f, iov, n, f->offset) : file_read(f, iov, n, f->offset);
	if (r > 0)
		f->offset += (uint64_t)r;
	return r;
}

/*
 * What path_open opened without asking may be no file: then the kernel's error shows it. A FIFO
 * answers ESPIPE and is read again as a stream; a directory answers EISDIR, which guests of other
 * engines see as EBADF.
 */
COLD long untyped_io(struct wasi_fd *f, const struct iovec *iov, uint32_t n, bool out, long r)
{
	if (f->state & WASI_STATE_UNTYPED && !wasi_fd_settle(f)) {
		if (f->kind == WASI_KIND_STREAM)
			return stream_io(f, iov, n, out);
		if (f->kind == WASI_KIND_DIRECTORY)
			return -EBADF;
	}
	return r;
}

HOT long any_io(struct wasi_fd *f, const struct iovec *iov, uint32_t n, bool out)
{
	long r;

	if (f->kind == WASI_KIND_FILE) {
		r = file_io(f, iov, n, out);
		return r == -ESPIPE || r == -EISDIR ? untyped_io(f, iov, n, out, r) : r;
	}
	return f->kind == WASI_KIND_DIRECTORY ? -EBADF : stream_io(f, iov, n, out);
}

/* The common shape of fd_read and fd_write: iovecs in a[1], a[2]; the count to a[3]. */
HOT enum wasi_errno transfer(struct wasi *w, struct rt_instance *inst, struct wasi_fd *f,
			     const union rt_value *a, bool out)
{
	enum wasi_errno e = wasi_iovecs(w, inst, ARG32(1), ARG32(2));
	uint32_t count;
	long n;

	if (e)
		return e;
	if (!rt_mem(inst, ARG32(3), sizeof(count)))
		return WASI_EFAULT;
	n = any_io(f, w->iov, wasi_iov_count(ARG32(2)), out);
	if (n < 0)
		return wasi_errno(n);
	assert(n <= INT32_MAX);	/* the kernel's own limit of one transfer */
	count = (uint32_t)n;
	(void)WASI_STORE(inst, ARG32(3), count);
	return WASI_OK;
}

WASI_CALL(fd_read)
{
	return transfer(w, inst, f, a, false);
}

WASI_CALL(fd_write)
{
	return transfer(w, inst, f, a, true);
}

/*
 * At an offset: iovecs in a[1], a[2], offset in a[3]; the count to a[4]. Streams say ESPIPE
 * themselves. -1 must not reach preadv2 and pwritev2, to which it means the open file's own offset.
 */
HOT enum wasi_errno transfer_at(struct wasi *w, struct rt_instance *inst, struct wasi_fd *f,
				const union rt_value *a, bool out)
{
	enum wasi_errno e = wasi_iovecs(w, inst, ARG32(1), ARG32(2));
	uint32_t count, niov = wasi_iov_count(ARG32(2));
	long n;

	if (e)
		return e;
	if (!rt_mem(inst, ARG32(4), sizeof(count)))
		return WASI_EFAULT;
	if (f->kind == WASI_KIND_DIRECTORY)
		return WASI_EBADF;
	if (ARG64(3) > INT64_MAX)
		return WASI_EINVAL;
	n = out ? file_write(f, w->iov, niov, ARG64(3)) : file_read(f, w->iov, niov, ARG64(3));
	if (n < 0)
		return n == -EISDIR ? WASI_EBADF : wasi_errno(n);
	count = (uint32_t)n;
	(void)WASI_STORE(inst, ARG32(4), count);
	return WASI_OK;
}

WASI_CALL(fd_pread)
{
	return transfer_at(w, inst, f, a, false);
}

WASI_CALL(fd_pwrite)
{
	return transfer_at(w, inst, f, a, true);
}

/* Beyond this the file system may know better how far a file can reach. */
#define SEEK_ASK (1ll << 40)

static long seek_file(struct wasi_fd *f, int64_t by, uint32_t whence)
{
	int64_t from = 0, to;
	struct stat st;
	long r = 0;

	if (whence == WASI_SEEK_CUR) {
		r = file_offset(f);
		from = (int64_t)f->offset;
	} else if (whence == WASI_SEEK_END) {
		r = SYS2(fstat, f->host, &st);
		from = r < 0 ? 0 : st.st_size;
	}
	if (r < 0)
		return r;
	if (__builtin_add_overflow(from, by, &to) || to < 0)
		return -EINVAL;
	if (to >= SEEK_ASK)
		r = SYS3(lseek, f->host, to, SEEK_SET);
	if (r < 0)
		return r;
	f->offset = (uint64_t)to;
	f->state &= ~WASI_STATE_KERNEL;
	return to;
}

static enum wasi_errno seek(struct rt_instance *inst, struct wasi_fd *f, int64_t by,
			    uint32_t whence, uint32_t ret)
{
	enum wasi_errno e = wasi_fd_settle(f);
	uint64_t offset;
	long to;

	if (e)
		return e;
	if (!rt_mem(inst, ret, sizeof(offset)))
		return WASI_EFAULT;
	if (f->kind == WASI_KIND_FILE && f->type == WASI_TYPE_REGULAR)
		to = seek_file(f, by, whence);
	else if (f->kind == WASI_KIND_FILE || f->kind == WASI_KIND_STANDARD)
		to = SYS3(lseek, f->host, by, whence);
	else
		return f->kind == WASI_KIND_DIRECTORY ? WASI_EBADF : WASI_ESPIPE;
	if (to < 0)
		return wasi_errno(to);
	offset = (uint64_t)to;
	(void)WASI_STORE(inst, ret, offset);
	return WASI_OK;
}

_Static_assert(WASI_SEEK_SET == SEEK_SET && WASI_SEEK_CUR == SEEK_CUR && WASI_SEEK_END == SEEK_END,
	       "whence goes to lseek");

/* Either of them is the right to ask where one is: their rows cannot say that. */
#define TELLS (WASI_RIGHT_FD_SEEK | WASI_RIGHT_FD_TELL)

WASI_CALL(fd_seek)
{
	bool tells = ARG64(1) == 0 && ARG32(2) == WASI_SEEK_CUR;
	uint32_t need = tells ? TELLS : WASI_RIGHT_FD_SEEK;

	if (ARG32(2) > WASI_SEEK_END)
		return WASI_EINVAL;
	if (!(f->rights & need))
		return wasi_fd_lacking(f, need, WASI_ESPIPE);
	return seek(inst, f, (int64_t)ARG64(1), ARG32(2), ARG32(3));
}

WASI_CALL(fd_tell)
{
	if (!(f->rights & TELLS))
		return wasi_fd_lacking(f, TELLS, WASI_ESPIPE);
	return seek(inst, f, 0, WASI_SEEK_CUR, ARG32(1));
}
