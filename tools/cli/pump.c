#include "tools/cli/pump.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "runtime/base/fd.h"

void pump_init(struct pump *p, int in, int out)
{
	assert(in >= 0 && out >= 0);
	p->in = in;
	p->out = out;
	p->len = p->off = 0;
}

int pump_open(struct pump *p, int out, int *ret_guest)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	pump_init(p, ends[0], out);
	*ret_guest = ends[1];
	return 0;
}

void pump_close(struct pump *p)
{
	fd_closep(&p->in);
	p->off = p->len = 0;
}

struct pollfd pump_wants(const struct pump *p)
{
	if (p->off < p->len)
		return (struct pollfd){ .fd = p->out, .events = POLLOUT };
	return (struct pollfd){ .fd = p->in, .events = POLLIN };
}

/* A reader that went away: the guest sees a broken pipe as it would without us. */
static void flush(struct pump *p)
{
	ssize_t n = write(p->out, p->buf + p->off, p->len - p->off);

	if (n < 0 && errno != EINTR && errno != EAGAIN) {
		p->error = errno == EPIPE ? 0 : errno;
		pump_close(p);
	} else if (n > 0) {
		p->off += (uint32_t)n;
	}
}

bool pump_move(struct pump *p, short revents, uint64_t *budget)
{
	ssize_t n;

	assert(p->off <= p->len && p->len <= sizeof(p->buf));
	if (!revents)
		return true;
	if (p->off < p->len) {
		flush(p);
		return true;
	}
	n = read(p->in, p->buf, sizeof(p->buf));
	if (n < 0 && errno == EINTR)
		return true;
	if (n <= 0) {
		pump_close(p);
		return true;
	}
	assert((size_t)n <= sizeof(p->buf));
	p->off = 0;
	p->len = (uint64_t)n > *budget ? (uint32_t)*budget : (uint32_t)n;
	*budget -= p->len;
	return (uint64_t)n <= p->len;
}
