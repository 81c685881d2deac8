/*
 * The D-Bus call to systemd, against a manager played by this test: it takes the call apart by the
 * protocol's rules and answers well or badly.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "cgroup/internal.h"
#include "runtime/base/num.h"
#include "tests/unit/unit.h"

#define SCOPE "wsbox-1-2.scope"

struct manager {
	const char *answer_auth;
	const void *reply;
	size_t reply_len;
	int listener;
	char path[64];
	char call[2048];
	size_t call_len;
	pthread_t thread;
};

struct head {
	uint8_t endian, type, flags, version;
	uint32_t body_len, serial, fields_len;
};

static const struct head returned = { 'l', 2, 1, 1, 0, 1, 0 };
static const struct head refused = { 'l', 3, 1, 1, 0, 1, 0 };
static const struct head unlikely = { 'l', 2, 1, 1, 0xfffffff0, 1, 0 };
static const struct head backwards = { 'B', 2, 1, 1, 0, 1, 0 };

static void *serve(void *arg)
{
	struct manager *m = arg;
	int fd = accept(m->listener, NULL, NULL);
	char c = 0;

	while (c != '\n' && read(fd, &c, 1) == 1)
		;
	(void)!write(fd, m->answer_auth, strlen(m->answer_auth));
	for (c = 0; c != '\n' && read(fd, &c, 1) == 1;)
		;
	if (c == '\n') {
		ssize_t n = read(fd, m->call, sizeof(m->call));

		m->call_len = n > 0 ? (size_t)n : 0;
		(void)!write(fd, m->reply, m->reply_len);
	}
	(void)close(fd);
	return NULL;
}

/* What cg_scope_ask makes of a manager that answers so. */
static int ask(struct manager *m)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int code;

	(void)snprintf(m->path, sizeof(m->path), "/tmp/wsbox-scope-%d", getpid());
	strcpy(address.sun_path, m->path);
	m->listener = socket(AF_UNIX, SOCK_STREAM, 0);
	ck_assert_int_eq(bind(m->listener, (struct sockaddr *)&address, sizeof(address)), 0);
	ck_assert_int_eq(listen(m->listener, 1), 0);
	ck_assert_int_eq(pthread_create(&m->thread, NULL, serve, m), 0);
	code = cg_scope_ask(m->path, SCOPE);
	ck_assert_int_eq(pthread_join(m->thread, NULL), 0);
	close(m->listener);
	unlink(m->path);
	return code;
}

static uint32_t u32_at(const struct manager *m, size_t at)
{
	uint32_t v;

	ck_assert_uint_le(at + 4, m->call_len);
	memcpy(&v, m->call + at, 4);
	return v;
}

/* Takes a text; where the next value may begin. */
static size_t text_at(const struct manager *m, size_t at, const char *want)
{
	at = (at + 3) & ~3ul;
	ck_assert_uint_eq(u32_at(m, at), strlen(want));
	ck_assert_str_eq(m->call + at + 4, want);
	return at + 4 + strlen(want) + 1;
}

START_TEST(call)
{
	struct manager m = { .answer_auth = "OK 0123456789abcdef\r\n", .reply = &returned,
			     .reply_len = sizeof(returned) };
	struct head head;
	size_t at;

	ck_assert_int_eq(ask(&m), 0);
	memcpy(&head, m.call, sizeof(head));
	ck_assert_int_eq(head.endian, 'l');
	ck_assert_int_eq(head.type, 1);
	at = sizeof(head) + ((head.fields_len + 7) & ~7ul);
	ck_assert_uint_eq(at + head.body_len, m.call_len);
	at = text_at(&m, at, SCOPE);
	at = text_at(&m, at, "fail");
	at = (at + 3) & ~3ul;
	at += 4 + u32_at(&m, at) + (-(at + 4) & 7);	/* the properties */
	ck_assert_uint_eq(u32_at(&m, (at + 3) & ~3ul), 0);	/* no auxiliary units */
	ck_assert_uint_eq(m.call_len, (((at + 3) & ~3ul) + 4 + 7) & ~7ul);
	ck_assert_uint_eq(u32_at(&m, at - 4), (uint32_t)getpid());
}
END_TEST

START_TEST(after_signals)
{
	struct {
		struct head signal;
		char waste[24 + 1000];
		struct head reply;
	} both = { { 'l', 4, 1, 1, 1000, 1, 21 }, "", returned };
	struct manager m = { .answer_auth = "OK 0\r\n", .reply = &both,
			     .reply_len = sizeof(both) };

	ck_assert_int_eq(ask(&m), 0);
}
END_TEST

START_TEST(no_manager)
{
	char path[300] = "/";

	ck_assert_int_eq(cg_scope_ask("/tmp/wsbox-no-such-socket", SCOPE), -ENOENT);
	memset(path + 1, 'x', sizeof(path) - 2);
	ck_assert_int_eq(cg_scope_ask(path, SCOPE), -ENAMETOOLONG);
}
END_TEST

START_TEST(bad_answers)
{
	const struct {
		const char *auth;
		const void *reply;
		size_t len;
		int code;
	} rows[] = {
		{ "REJECTED EXTERNAL\r\n", "", 0, -EACCES },
		{ "NO\r\n", "", 0, -EACCES },
		{ "OK 0\r\n", &refused, sizeof(refused), -EACCES },
		{ "OK 0\r\n", &unlikely, sizeof(unlikely), -EPROTO },
		{ "OK 0\r\n", &backwards, sizeof(backwards), -EPROTO },
		{ "OK 0\r\n", &returned, 7, -EPROTO },
		{ "OK 0\r\n", "", 0, -EPROTO },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++) {
		struct manager m = { .answer_auth = rows[i].auth, .reply = rows[i].reply,
				     .reply_len = rows[i].len };

		ck_assert_int_eq(ask(&m), rows[i].code);
	}
}
END_TEST

UNIT("scope", call, after_signals, no_manager, bad_answers)
