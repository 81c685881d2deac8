/*
 * Asks systemd for a scope of the caller's own: a group that is delegated to it, with all
 * controllers that its manager has to give. An ordinary user has no other way to a limit on v2.
 *
 * The manager is spoken to on its private socket, as systemctl does, with one D-Bus call:
 * StartTransientUnit, which moves the calling process. It needs no message bus and no library. What
 * comes back is read with fixed bounds; the proof that all went well is /proc/self/cgroup.
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "cgroup/internal.h"
#include "runtime/base/fd.h"
#include "runtime/base/num.h"

#define PATIENCE_S 5
#define REPLY_MAX (64u << 10)

/* D-Bus: every value is aligned to its size, structures to 8; little-endian as this machine is. */
enum {
	METHOD_CALL = 1,
	METHOD_RETURN = 2,
	ERROR = 3,
	PROTOCOL = 1,
	FIELD_PATH = 1,
	FIELD_INTERFACE = 2,
	FIELD_MEMBER = 3,
	FIELD_DESTINATION = 6,
	FIELD_SIGNATURE = 8,
};

struct head {
	uint8_t endian, type, flags, version;
	uint32_t body_len, serial, fields_len;	/* fields, padded to 8, then the body */
};

_Static_assert(sizeof(struct head) == 16, "as on the wire");

struct message {
	size_t len;
	char at[1024];
};

static void put_bytes(struct message *m, const void *bytes, size_t n)
{
	if (n <= sizeof(m->at) - m->len)
		memcpy(m->at + m->len, bytes, n);
	m->len += num_min(n, sizeof(m->at) - m->len);
}

static void align(struct message *m, size_t to)
{
	put_bytes(m, "\0\0\0\0\0\0\0", -m->len & (to - 1));
}

static void put_u32(struct message *m, uint32_t v)
{
	align(m, 4);
	put_bytes(m, &v, sizeof(v));
}

static void put_text(struct message *m, const char *s)
{
	put_u32(m, (uint32_t)strlen(s));
	put_bytes(m, s, strlen(s) + 1);
}

static void put_signature(struct message *m, const char *s)
{
	uint8_t n = (uint8_t)strlen(s);

	put_bytes(m, &n, 1);
	put_bytes(m, s, n + 1u);
}

/* An array's length stands in front of it, without the padding before its first element. */
static size_t array_begin(struct message *m, size_t alignment, size_t *ret_length_at)
{
	put_u32(m, 0);
	*ret_length_at = m->len - 4;
	align(m, alignment);
	return m->len;
}

static void array_end(struct message *m, size_t begin, size_t length_at)
{
	uint32_t n = (uint32_t)(m->len - begin);

	assert(length_at + sizeof(n) <= begin && begin <= m->len);

	memcpy(m->at + length_at, &n, sizeof(n));
}

static void put_field(struct message *m, uint8_t field, const char *type, const char *value)
{
	align(m, 8);
	put_bytes(m, &field, 1);
	put_signature(m, type);
	if (*type == 'g')
		put_signature(m, value);
	else
		put_text(m, value);
}

static void property(struct message *m, const char *name, const char *type)
{
	align(m, 8);
	put_text(m, name);
	put_signature(m, type);
}

static void put_properties(struct message *m)
{
	size_t length_at, begin = array_begin(m, 8, &length_at);
	size_t pids_at, pids;

	property(m, "Description", "s");
	put_text(m, "wsbox: limits of a run");
	property(m, "Delegate", "b");
	put_u32(m, 1);
	property(m, "CollectMode", "s");
	put_text(m, "inactive-or-failed");
	property(m, "PIDs", "au");
	pids = array_begin(m, 4, &pids_at);
	put_u32(m, (uint32_t)getpid());
	array_end(m, pids, pids_at);
	array_end(m, begin, length_at);
}

/* StartTransientUnit(name, mode, properties, no auxiliary units) */
static void put_call(struct message *m, const char *name)
{
	struct head head = { 'l', METHOD_CALL, 0, PROTOCOL, 0, 1, 0 };
	size_t body, none, none_at;

	put_bytes(m, &head, sizeof(head));
	put_field(m, FIELD_PATH, "o", "/org/freedesktop/systemd1");
	put_field(m, FIELD_INTERFACE, "s", "org.freedesktop.systemd1.Manager");
	put_field(m, FIELD_MEMBER, "s", "StartTransientUnit");
	put_field(m, FIELD_DESTINATION, "s", "org.freedesktop.systemd1");
	put_field(m, FIELD_SIGNATURE, "g", "ssa(sv)a(sa(sv))");
	head.fields_len = (uint32_t)(m->len - sizeof(head));
	align(m, 8);
	body = m->len;
	put_text(m, name);
	put_text(m, "fail");
	put_properties(m);
	none = array_begin(m, 8, &none_at);
	array_end(m, none, none_at);
	head.body_len = (uint32_t)(m->len - body);
	memcpy(m->at, &head, sizeof(head));
}

static int connect_to(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct timeval patience = { .tv_sec = PATIENCE_S };
	FD_AUTO fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	strcpy(address.sun_path, path);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)) ||
	    connect(fd, (struct sockaddr *)&address, sizeof(address)))
		return -errno;
	return fd_take(&fd);
}

static int send_whole(int fd, const void *bytes, size_t n)
{
	return send(fd, bytes, n, MSG_NOSIGNAL) == (ssize_t)n ? 0 : -EPIPE;
}

static int receive_all(int fd, void *bytes, size_t n)
{
	return !n || recv(fd, bytes, n, MSG_WAITALL) == (ssize_t)n ? 0 : -EPROTO;
}

/* The uid as text in hexadecimal; the manager compares it with the socket's own credentials. */
static int authenticate(int fd)
{
	char uid[16], hello[64] = "\0AUTH EXTERNAL ", answer[3], c = 0;
	size_t n = sizeof("\0AUTH EXTERNAL ") - 1;

	(void)snprintf(uid, sizeof(uid), "%u", geteuid());
	for (const char *at = uid; *at; at++)
		n += (size_t)sprintf(hello + n, "%02x", *at);
	n += (size_t)sprintf(hello + n, "\r\n");
	assert(n < sizeof(hello));
	if (send_whole(fd, hello, n) || receive_all(fd, answer, sizeof(answer)) ||
	    memcmp(answer, "OK ", sizeof(answer)))
		return -EACCES;
	for (int i = 0; c != '\n'; i++)
		if (i == 64 || receive_all(fd, &c, 1))
			return -EPROTO;
	return send_whole(fd, "BEGIN\r\n", 7);
}

/* Reads messages up to the answer, past signals; what they say but for the kind is of no use. */
static int answer(int fd)
{
	char waste[256];
	struct head head;

	do {
		size_t left;

		if (receive_all(fd, &head, sizeof(head)) || head.endian != 'l' ||
		    head.fields_len > REPLY_MAX || head.body_len > REPLY_MAX)
			return -EPROTO;
		left = ((head.fields_len + 7) & ~7u) + (size_t)head.body_len;
		for (size_t n; left; left -= n) {
			n = num_min(left, sizeof(waste));
			if (receive_all(fd, waste, n))
				return -EPROTO;
		}
	} while (head.type != METHOD_RETURN && head.type != ERROR);
	return head.type == METHOD_RETURN ? 0 : -EACCES;
}

int cg_scope_ask(const char *socket, const char *name)
{
	struct message call = { 0 };
	FD_AUTO fd = connect_to(socket);
	int code = fd < 0 ? fd : authenticate(fd);

	put_call(&call, name);
	if (!code && call.len == sizeof(call.at))
		code = -ENAMETOOLONG;
	if (!code)
		code = send_whole(fd, call.at, call.len);
	return code ? code : answer(fd);
}

static bool is_in(const char *name)
{
	char text[CG_TEXT_MAX], path[CG_PATH_MAX];
	const char *last;

	if (cg_read(AT_FDCWD, "/proc/self/cgroup", text, sizeof(text)) < 0 ||
	    cg_path_find(text, NULL, path, sizeof(path)))
		return false;
	last = strrchr(path, '/');
	return last && !strcmp(last + 1, name);
}

/* The answer came when the job was queued. */
static int await(const char *name)
{
	struct timespec pause = { .tv_nsec = 200000 };

	for (int tries = 0; tries < 14; tries++) {
		if (is_in(name))
			return 0;
		(void)nanosleep(&pause, NULL);
		pause.tv_nsec = pause.tv_nsec < 400000000 ? pause.tv_nsec * 2 : pause.tv_nsec;
	}
	return -ETIMEDOUT;
}

int cg_scope_enter(void)
{
	const char *run = getenv("XDG_RUNTIME_DIR");
	char socket[256], name[48];
	struct timespec now;
	int code;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	(void)snprintf(name, sizeof(name), "wsbox-%d-%lld%09ld.scope", getpid(),
		       (long long)now.tv_sec, now.tv_nsec);
	if (!geteuid())
		(void)snprintf(socket, sizeof(socket), "/run/systemd/private");
	else if (run && *run == '/')
		(void)snprintf(socket, sizeof(socket), "%s/systemd/private", run);
	else
		(void)snprintf(socket, sizeof(socket), "/run/user/%u/systemd/private", geteuid());
	code = cg_scope_ask(socket, name);
	return code ? code : await(name);
}
