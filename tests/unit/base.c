/*
 * The base layer: LEB128 at its edges, the sticky reader, UTF-8, sizes and times, arenas, sealed
 * memfds.
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "runtime/base/arena.h"
#include "runtime/base/cell.h"
#include "runtime/base/err.h"
#include "runtime/base/fd.h"
#include "runtime/base/num.h"
#include "runtime/base/reader.h"
#include "runtime/base/utf8.h"
#include "runtime/base/vec.h"

#define READER(...) \
	reader_of((const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }))

START_TEST(leb_values)
{
	struct reader r = READER(0xff, 0xff, 0xff, 0xff, 0x0f, 0x80, 0x00, 0x7f, 0xc0, 0x00, 0x40);

	ck_assert_uint_eq(reader_u32(&r), UINT32_MAX);
	ck_assert_uint_eq(reader_u32(&r), 0);
	ck_assert_int_eq(reader_s32(&r), -1);
	ck_assert_int_eq(reader_s32(&r), 64);
	ck_assert_int_eq(reader_s32(&r), -64);
	ck_assert(reader_ok(&r));
	ck_assert_uint_eq(reader_left(&r), 0);

	r = READER(0x80, 0x80, 0x80, 0x80, 0x78);
	ck_assert_int_eq(reader_s32(&r), INT32_MIN);
	r = READER(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x00);
	ck_assert_int_eq(reader_s64(&r), INT64_MAX);
	r = READER(0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x7f);
	ck_assert_int_eq(reader_s64(&r), INT64_MIN);
	r = READER(0x80, 0x80, 0x80, 0x80, 0x70);
	ck_assert_int_eq(reader_s33(&r), -((int64_t)1 << 32));
}
END_TEST

START_TEST(leb_malformed)
{
	static const struct {
		uint8_t bytes[12];
		uint8_t n;
		bool is_signed;
		const char *why;
	} rows[] = {
		{ { 0x80 }, 1, false, "unexpected end" },
		{ { 0x80, 0x80, 0x80, 0x80, 0x80, 0x00 }, 6, false,
		  "integer representation too long" },
		{ { 0xff, 0xff, 0xff, 0xff, 0x1f }, 5, false, "integer too large" },
		{ { 0xff, 0xff, 0xff, 0xff, 0x4f }, 5, true, "integer too large" },
		{ { 0x80, 0x80, 0x80, 0x80, 0x10 }, 5, true, "integer too large" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct reader r = reader_of(rows[i].bytes, rows[i].n);

		if (rows[i].is_signed)
			reader_s32(&r);
		else
			reader_u32(&r);
		ck_assert(!reader_ok(&r));
		ck_assert_str_eq(r.why, rows[i].why);
		ck_assert_uint_eq(reader_byte(&r), 0);
		ck_assert_str_eq(r.why, rows[i].why);
	}
}
END_TEST

START_TEST(reader_bounds)
{
	struct reader r = READER(3, 'a', 'b', 'c', 2, 0xc0, 0x80), s;
	uint32_t n;

	ck_assert_mem_eq(reader_name(&r, &n), "abc", 3);
	ck_assert_uint_eq(n, 3);
	ck_assert_uint_eq(reader_offset(&r), 4);
	reader_name(&r, &n);
	ck_assert_str_eq(r.why, "malformed UTF-8 encoding");
	ck_assert_uint_eq(r.where, 5);

	r = READER(1, 2, 3);
	s = reader_sub(&r, 2);
	ck_assert_uint_eq(reader_left(&s), 2);
	ck_assert_uint_eq(reader_left(&r), 1);
	s = reader_sub(&r, 2);
	ck_assert(!reader_ok(&s));
	ck_assert(!reader_ok(&r));
	ck_assert_ptr_null(reader_bytes(&s, 1));
}
END_TEST

START_TEST(utf8)
{
	ck_assert(utf8_valid("\xf0\x9f\x98\x80 \xe2\x82\xac \xc3\xa9 z", 13));
	ck_assert(!utf8_valid("\xed\xa0\x80", 3));
	ck_assert(!utf8_valid("\xf4\x90\x80\x80", 4));
	ck_assert(!utf8_valid("\xe0\x80\x80", 3));
	ck_assert(!utf8_valid("\xe2\x82", 2));
	ck_assert(!utf8_valid("\xff", 1));
}
END_TEST

START_TEST(quantities)
{
	uint64_t v = 7;

	ck_assert_int_eq(num_parse_size("64M", &v), 0);
	ck_assert_uint_eq(v, 64 << 20);
	ck_assert_int_eq(num_parse_size("1.5K", &v), 0);
	ck_assert_uint_eq(v, 1536);
	ck_assert_int_eq(num_parse_time("1.5s", &v), 0);
	ck_assert_uint_eq(v, 1500000000);
	ck_assert_int_eq(num_parse_time("250us", &v), 0);
	ck_assert_uint_eq(v, 250000);
	v = 7;
	ck_assert_int_eq(num_parse_size("-1", &v), -EINVAL);
	ck_assert_int_eq(num_parse_size("0x10", &v), -EINVAL);
	ck_assert_int_eq(num_parse_size("1e3", &v), -EINVAL);
	ck_assert_int_eq(num_parse_size("", &v), -EINVAL);
	ck_assert_int_eq(num_parse_size("5Q", &v), -EINVAL);
	ck_assert_int_eq(num_parse_size("99999999999T", &v), -ERANGE);
	ck_assert_int_eq(num_parse_u64("18446744073709551616", 0, UINT64_MAX, &v), -ERANGE);
	ck_assert_uint_eq(v, 7);
}
END_TEST

START_TEST(arena_limits)
{
	struct arena a;
	char *p;

	arena_init(&a);
	p = arena_alloc(&a, 100);
	ck_assert_ptr_nonnull(p);
	ck_assert_uint_eq((uintptr_t)p % 16, 0);
	memset(p, 1, 100);
	ck_assert_ptr_null(arena_alloc(&a, SIZE_MAX / 8));
	ck_assert_ptr_null(arena_alloc(&a, SIZE_MAX));
	ck_assert_ptr_null(arena_array(&a, SIZE_MAX / 2, 4));
	arena_reset(&a);
	p = arena_alloc(&a, 100);
	for (int i = 0; i < 100; i++)
		ck_assert_int_eq(p[i], 0);
	arena_done(&a);
}
END_TEST

/*
 * Whatever was asked for before, pieces are zero after a reset, and a chunk too large is given
 * back.
 */
START_TEST(arena_resets)
{
	static const size_t sizes[] = { 100, 20000, 5, 300000, 70000, 3000000, 16, 900000, 40 };
	struct arena a;

	arena_init(&a);
	arena_reset(&a);
	for (int round = 0; round < 40; round++) {
		for (int i = 0; i <= round % 9; i++) {
			size_t n = sizes[(i * 4 + round) % 9];
			char *p = arena_alloc(&a, n);

			ck_assert_ptr_nonnull(p);
			ck_assert(!p[0] && !memcmp(p, p + 1, n - 1));
			memset(p, 0xff, n);
		}
		arena_reset(&a);
		ck_assert_uint_le(a.used, 1 << 20);
	}
	arena_done(&a);
	ck_assert_uint_eq(a.used, 0);
}
END_TEST

START_TEST(vectors)
{
	struct VEC(int) v = { 0 };

	for (int i = 0; i < 1000; i++)
		ck_assert(vec_push(&v, i));
	ck_assert_uint_eq(v.len, 1000);
	ck_assert_int_eq(v.at[999], 999);
	ck_assert(!vec_reserve(&v, SIZE_MAX - 5));
	ck_assert_int_eq(v.at[0], 0);
	vec_done(&v);
}
END_TEST

START_TEST(sealed_memfd)
{
	FD_AUTO fd = fd_memfd("test");

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(fd_write_all(fd, "abc", 3), 0);
	ck_assert_int_eq(fd_sealed(fd), -EPERM);
	ck_assert_int_eq(fd_seal(fd), 0);
	ck_assert_int_eq(fd_sealed(fd), 0);
	ck_assert_int_eq(write(fd, "d", 1), -1);
}
END_TEST

START_TEST(messages)
{
	struct wsbox_err err = WSBOX_ERR_INIT;

	ck_assert_int_eq(err_module(&err, 17, "bad \x1b[31m%s", "name\n"), -ENOEXEC);
	ck_assert_str_eq(err.text, "bad ?[31mname?");
	ck_assert_uint_eq(err.offset, 17);
	ck_assert_int_eq(err_prefix(&err, "function %d", 3), -ENOEXEC);
	ck_assert_str_eq(err.text, "function 3: bad ?[31mname?");
	/* a C1 control in UTF-8, then a letter of that kind, then bytes that are no UTF-8 */
	err_module(&err, 0, "a\xc2\x9b" "31m \xc3\xa4");
	ck_assert_str_eq(err.text, "a??31m \xc3\xa4");
	err_module(&err, 0, "a\xff" "b");
	ck_assert_str_eq(err.text, "a?b");
	/* what is wrong does not spoil what is right beside it, as where a long text is cut */
	err_module(&err, 0, "\xc3\xa4\xe2\x82");
	ck_assert_str_eq(err.text, "\xc3\xa4??");
}
END_TEST

/* In place: each byte of what a terminal would obey or not show. */
START_TEST(hidden_characters)
{
	static const struct {
		const char *text, *shown;
	} rows[] = {
		{ "a\xe2\x80\xae" "b", "a???b" },		/* right-to-left override */
		{ "\xe2\x80\xa8\xe2\x80\xa9", "??????" },	/* line, paragraph separator */
		{ "\xe2\x80\x8bx\xef\xbb\xbf", "???x???" },	/* of no width */
		{ "\xe2\x81\xa6\xd8\x9c", "?????" },		/* isolate, Arabic mark */
		{ "\xf3\xa0\x81\x81", "????" },		/* tag */
		{ "\xe2\x80\x90\xe2\x80\xaf", "\xe2\x80\x90\xe2\x80\xaf" },
		{ "\xd7\x90\xf0\x9f\x98\x80", "\xd7\x90\xf0\x9f\x98\x80" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char text[16];

		strcpy(text, rows[i].text);
		err_printable(text, strlen(text));
		ck_assert_str_eq(text, rows[i].shown);
	}
}
END_TEST

START_TEST(cell_messages)
{
	const struct cell_image image = { .head = { CELL_MSG_IMAGE, sizeof(image) }, .size = 4096 };
	const struct cell_head bad[] = { { CELL_MSG_TYPES, sizeof(image) },
					 { CELL_MSG_IMAGE, sizeof(image) + 1 },
					 { CELL_MSG_EXIT, sizeof(image) } };
	struct cell_image got;
	char longer[sizeof(image) + 1] = { 0 };
	int pair[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	ck_assert_int_eq(cell_send(pair[0], &image), 0);
	ck_assert_int_eq(cell_recv(pair[1], &got, sizeof(got)), 0);
	ck_assert_mem_eq(&got, &image, sizeof(got));
	memcpy(longer, &image, sizeof(image));
	ck_assert_int_eq(write(pair[0], longer, sizeof(longer)), sizeof(longer));
	ck_assert_int_eq(cell_recv(pair[1], &got, sizeof(got)), -EBADMSG);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		ck_assert_int_eq(write(pair[0], &bad[i], sizeof(bad[i])), sizeof(bad[i]));
		ck_assert_int_eq(cell_recv(pair[1], &got, sizeof(got)), -EBADMSG);
	}
	close(pair[0]);
	ck_assert_int_eq(cell_recv(pair[1], &got, sizeof(got)), -EPIPE);
	close(pair[1]);
}
END_TEST

START_TEST(copy_sealed)
{
	uint64_t size;
	char buf[8];
	int ends[2], fd;

	ck_assert_int_eq(pipe(ends), 0);
	ck_assert_int_eq(fd_write_all(ends[1], "module", 6), 0);
	close(ends[1]);
	fd = fd_copy_sealed(ends[0], "test", 6, &size);
	ck_assert_int_ge(fd, 0);
	ck_assert_uint_eq(size, 6);
	ck_assert_int_eq(pread(fd, buf, sizeof(buf), 0), 6);
	ck_assert_mem_eq(buf, "module", 6);
	ck_assert_int_eq(fd_sealed(fd), 0);
	/* a memfd as source: by sendfile, from its position */
	ck_assert_int_eq(lseek(fd, 3, SEEK_SET), 3);
	int copy = fd_copy_sealed(fd, "test", 6, &size);
	ck_assert_int_ge(copy, 0);
	ck_assert_uint_eq(size, 3);
	ck_assert_int_eq(pread(copy, buf, sizeof(buf), 0), 3);
	ck_assert_mem_eq(buf, "ule", 3);
	ck_assert_int_eq(lseek(fd, 0, SEEK_SET), 0);
	ck_assert_int_eq(fd_copy_sealed(fd, "test", 5, &size), -E2BIG);
	ck_assert_uint_eq(size, 3);
	close(fd);
	close(copy);
	close(ends[0]);
	fd = open("/", O_RDONLY | O_CLOEXEC);
	ck_assert_int_eq(fd_copy_sealed(fd, "test", 5, &size), -EISDIR);
	close(fd);
}
END_TEST

/* What a cell that is not itself any more may send. */
START_TEST(cell_hostile_messages)
{
	struct cell_exit said = { .head = { CELL_MSG_EXIT, sizeof(said) } }, got;
	struct cell_image image = { .head = { CELL_MSG_IMAGE, sizeof(image) } };
	char control[CMSG_SPACE(2 * sizeof(int))] = { 0 };
	struct iovec iov = { &image, sizeof(image) };
	struct msghdr mh = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control,
			     .msg_controllen = CMSG_LEN(2 * sizeof(int)) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&mh);
	int pair[2], next;

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	memset(said.err.text, 'x', sizeof(said.err.text));
	ck_assert_int_eq(cell_send(pair[0], &said), 0);
	ck_assert_int_eq(cell_recv(pair[1], &got, sizeof(got)), 0);
	ck_assert_uint_eq(strnlen(got.err.text, sizeof(got.err.text)), sizeof(got.err.text) - 1);

	/* descriptors: none of them stays */
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = mh.msg_controllen;
	memcpy(CMSG_DATA(c), pair, sizeof(pair));
	next = dup(0);
	close(next);
	ck_assert_int_eq(sendmsg(pair[0], &mh, 0), sizeof(image));
	ck_assert_int_eq(cell_recv(pair[1], &image, sizeof(image)), 0);
	ck_assert_int_eq(dup(0), next);
	close(next);
	close(pair[0]);
	close(pair[1]);
}
END_TEST

UNIT("base", leb_values, leb_malformed, reader_bounds, utf8, quantities, arena_limits, arena_resets,
     vectors, sealed_memfd, copy_sealed,
     messages, hidden_characters, cell_messages, cell_hostile_messages)
