/*
 * What the cells say to the supervisor, when they say anything at all: packets with and without
 * descriptors, from either cell, and then the statistics made of them. Nothing stays open, and the
 * line of JSON is one line of UTF-8.
 */
#include "tests/fuzz/fuzz.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "runtime/base/utf8.h"
#include "tools/cache/cache.h"
#include "tools/cli/code.h"
#include "tools/cli/fill.h"
#include "tools/cli/report.h"
#include "tools/cli/session-internal.h"

/* The sandbox's part: there are no cells to kill. */
void sb_kill(struct sb_cell *cell)
{
	MUST(cell->pidfd == 0);
}

int sb_reap(struct sb_cell *cell, struct sb_end *ret_end)
{
	return 0;
}

int sb_failure(const struct sb_report *report, struct wsbox_err *err)
{
	return 0;
}

const char *sb_wall_name(enum sb_wall wall)
{
	return "wall";
}

const char *sb_wall_text(enum sb_wall wall)
{
	return "a wall";
}

const char *sb_step_name(enum sb_step step)
{
	return "step";
}

/* Not part of what is tried here. */
int session_start(struct session *s, enum cell_role role)
{
	return -1;
}

int code_open(struct session *s, enum cell_role role)
{
	return -1;
}

bool code_optimized(const struct session *s)
{
	return false;
}

const char *cache_tier_name(uint32_t tier)
{
	return "tier";
}

const char *fill_result_name(enum fill_result result)
{
	return "result";
}

void fill_arm(struct session *s)
{
}

int fill_signal(void)
{
	return -1;
}

void fill_start(struct session *s)
{
}

/* Every other answer is one that was asked for. */
bool fill_where(struct session *s, const struct cell_where *where)
{
	s->fill.asked = !s->fill.asked;
	return s->fill.asked;
}

void fill_take(struct session *s)
{
}

void fill_leave(struct session *s)
{
}

static bool sent;

int code_send(struct session *s, int fd)
{
	sent = true;
	return 0;
}

/* Not before the image is complete, whatever an instance says. */
void code_keep(struct session *s)
{
	MUST(sent && s->compiled.ok == 1);
}

void code_done(struct session *s)
{
}

const char *code_result_name(enum code_result result)
{
	return "off";
}

void cache_close(struct cache *c)
{
	MUST(c->dir == -1);
}

/* A packet begins with: bit 0 which cell, bits 1 and 2 descriptors, then its size in units of 8. */
struct packet {
	uint8_t what, units;
};

static void put(int sock, const void *data, size_t size, unsigned int nfds)
{
	char control[CMSG_SPACE(3 * sizeof(int))] = { 0 };
	struct iovec iov = { (void *)data, size };
	struct msghdr mh = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (nfds) {
		mh.msg_control = control;
		mh.msg_controllen = CMSG_LEN(nfds * sizeof(int));
		struct cmsghdr *c = CMSG_FIRSTHDR(&mh);

		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = mh.msg_controllen;
		for (unsigned int i = 0; i < nfds; i++)
			memcpy(CMSG_DATA(c) + i * sizeof(int), &sock, sizeof(int));
	}
	(void)sendmsg(sock, &mh, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* The head that is given, with the size that its type wants as often as not. */
static void send_packet(int sock, struct packet p, const uint8_t *data, size_t size)
{
	static const uint32_t sizes[] = { sizeof(struct cell_compiled), sizeof(struct cell_ready),
					  sizeof(struct cell_exit) };
	static const uint32_t types[] = { CELL_MSG_COMPILED, CELL_MSG_READY, CELL_MSG_EXIT };
	const struct cell_head where = { CELL_MSG_WHERE, sizeof(struct cell_where) };
	uint8_t text[sizeof(struct cell_compiled) + sizeof(struct cell_exit)];
	unsigned int kind = p.what >> 3 & 3;

	memset(text, p.what, sizeof(text));
	if (kind < 3) {
		bool other = kind == 2 && p.what & 0x80;
		struct cell_head head =
			other ? where : (struct cell_head){ types[kind], sizes[kind] };
		size_t room = head.size - sizeof(head);

		memcpy(text, &head, sizeof(head));
		memcpy(text + sizeof(head), data, size < room ? size : room);
		data = text;
		size = head.size;
	}
	put(sock, data, size, p.what >> 1 & 3);
}

static void check_report(const struct session *s)
{
	int fd = memfd_create("report", MFD_CLOEXEC);
	char text[16384];
	ssize_t n;

	MUST(fd >= 0);
	report_stats(s, fd);
	n = pread(fd, text, sizeof(text), 0);
	close(fd);
	MUST(n > 0 && memchr(text, '\n', (size_t)n) == text + n - 1);
	MUST(utf8_valid(text, (size_t)n));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct options o = { .stats_fd = -1 };
	struct session_cell *cells[2];
	struct session s;
	int pair[2][2], next = dup(0);

	close(next);
	sent = false;
	session_init(&s, &o, session_clock());
	cells[0] = &s.compiler;
	cells[1] = &s.instance;
	for (int i = 0; i < 2; i++) {
		MUST(!socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair[i]));
		cells[i]->control = pair[i][1];
		cells[i]->started = cells[i]->running = true;
	}
	while (size >= sizeof(struct packet)) {
		struct packet p = { data[0], data[1] };
		size_t n = 8 * (size_t)p.units;

		data += sizeof(p);
		size -= sizeof(p);
		n = n < size ? n : size;
		if (n && cells[p.what & 1]->control >= 0) {
			send_packet(pair[p.what & 1][0], p, data, n);
			session_take(&s, cells[p.what & 1]);
		}
		data += n;
		size -= n;
	}
	s.at.end = session_clock();
	if (s.ended != SESSION_RUNNING)
		check_report(&s);
	cells[0]->running = cells[1]->running = false;
	close(pair[0][0]);
	close(pair[1][0]);
	session_done(&s);
	MUST(dup(0) == next);
	close(next);
	return 0;
}
