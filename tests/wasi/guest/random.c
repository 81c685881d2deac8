/*
 * Random file operations: random SEED COUNT [-v]. The same seed makes the same calls natively and
 * in a guest, and every result goes into a hash that is said at the end (with -v, each line).
 * Names stay inside of the directory: ".." only ever follows a component, and no link's target has
 * one.
 */
#include "say.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define FILES 12
#define MODEL_MAX 20000

static uint64_t state;
static uint64_t hash = 14695981039346656037ull;
static int verbose;
static int fds[FILES];
static char buf[8192], text[512];

static uint32_t rnd(uint32_t below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)(state >> 33) % below;
}

static void mix(const void *p, size_t n)
{
	const unsigned char *b = p;

	for (size_t i = 0; i < n; i++)
		hash = (hash ^ b[i]) * 1099511628211ull;
}

static void result(const char *what, long long r)
{
	int n = r < 0 ? snprintf(text, sizeof(text), "%s = %s", what, error_name(errno))
		      : snprintf(text, sizeof(text), "%s = %lld", what, r);

	mix(text, (size_t)n);
	if (verbose)
		printf("%s\n", text);
}

static const char *name(void)
{
	static const char *const names[] = { "a", "b", "c", "dir", "e", "sub", "x" };

	return names[rnd(sizeof(names) / sizeof(names[0]))];
}

/* plain: no trailing slash or dots at the end. */
static const char *path(int plain)
{
	static char paths[4][64];
	static int next;
	char *p = paths[next++ & 3];
	const char *a = name(), *b;

	b = name();
	switch (rnd(plain ? 6 : 9)) {
	case 0:
	case 1:
	case 2:
		snprintf(p, 64, "%s", a);
		break;
	case 3:
		snprintf(p, 64, "%s/%s", a, b);
		break;
	case 4:
		snprintf(p, 64, "%s/../%s", a, b);
		break;
	case 5:
		snprintf(p, 64, "./%s//%s", a, b);
		break;
	case 6:
		snprintf(p, 64, "%s/", a);
		break;
	case 7:
		snprintf(p, 64, "%s/.", a);
		break;
	default:
		snprintf(p, 64, "%s/%s/%s", a, b, a);
	}
	return p;
}

static int slot(void)
{
	return (int)rnd(FILES);
}

/* A slot that is no directory, or -1: reading those has an error of its own in WASI. */
static int file_slot(void)
{
	int i = slot();
	struct stat st;

	return fds[i] >= 0 && !fstat(fds[i], &st) && S_ISREG(st.st_mode) ? fds[i] : -1;
}

static void do_open(void)
{
	static const int modes[] = { O_RDONLY, O_WRONLY, O_RDWR };
	static const int extra[] = {
		O_CREAT, O_TRUNC, O_APPEND, O_EXCL | O_CREAT, O_NOFOLLOW, O_DIRECTORY
	};
	int i = slot(), flags = modes[rnd(3)];
	const char *p = path(0);

	for (int k = 0; k < 2; k++) {
		if (rnd(2))
			flags |= extra[rnd(sizeof(extra) / sizeof(extra[0]))];
	}
	if (rnd(2))
		flags |= O_CREAT;
	if (flags & O_DIRECTORY)
		flags &= ~(O_CREAT | O_EXCL);
	if (fds[i] >= 0)
		close(fds[i]);
	fds[i] = open(p, flags, 0666);
	result("open", fds[i] < 0 ? -1 : 0);
}

static void do_transfer(void)
{
	int fd = file_slot();
	size_t n = rnd(4) ? rnd(100) : rnd(sizeof(buf));
	off_t at = (off_t)rnd(MODEL_MAX);
	long r = -1;

	if (fd < 0)
		return;
	for (size_t i = 0; i < n; i++)
		buf[i] = (char)(n + i);
	switch (rnd(6)) {
	case 0:
		result("write", write(fd, buf, n));
		return;
	case 1:
		result("pwrite", pwrite(fd, buf, n, at));
		return;
	case 2:
		r = pread(fd, buf, n, at);
		result("pread", r);
		break;
	case 3: {
		struct iovec v[3] = { { buf, n / 3 }, { buf, 0 }, { buf + n / 2, n / 4 } };

		result("writev", writev(fd, v, 3));
		return;
	}
	case 4: {
		struct iovec v[2] = { { buf, n / 3 }, { buf + n / 3, n - n / 3 } };

		r = readv(fd, v, 2);
		result("readv", r);
		break;
	}
	default:
		r = read(fd, buf, n);
		result("read", r);
	}
	if (r > 0)
		mix(buf, (size_t)r);
}

static void do_seek(void)
{
	static const int whence[] = { SEEK_SET, SEEK_CUR, SEEK_END };
	int fd = file_slot();

	off_t by = (off_t)rnd(MODEL_MAX) - 2000;

	if (fd >= 0)
		result("lseek", lseek(fd, by, whence[rnd(3)]));
}

static void do_size(void)
{
	int fd = file_slot();

	if (fd < 0)
		return;
	switch (rnd(5)) {
	case 0:
		result("ftruncate", ftruncate(fd, (off_t)rnd(MODEL_MAX) - 100));
		break;
	case 1: {
		off_t from = (off_t)rnd(1000);
		int e = posix_fallocate(fd, from, (off_t)rnd(1000));

		errno = e;
		result("fallocate", e ? -1 : 0);
		break;
	}
	case 2:
		result("fsync", fsync(fd));
		break;
	case 3:
		result("fdatasync", fdatasync(fd));
		break;
	default:
		result("fadvise", posix_fadvise(fd, 0, rnd(100), 0));
	}
}

static void attributes(const char *what, int r, const struct stat *st)
{
	result(what, r);
	if (r)
		return;
	result("size", S_ISDIR(st->st_mode) ? 0 : (long long)st->st_size);
	result("nlink", (long long)st->st_nlink);
	result("type", S_ISREG(st->st_mode) ? 1 :
		       S_ISDIR(st->st_mode) ? 2 :
		       S_ISLNK(st->st_mode) ? 3 :
					      4);
}

static void do_stat(void)
{
	struct stat st;
	int i = slot();

	switch (rnd(4)) {
	case 0:
		attributes("lstat", lstat(path(0), &st), &st);
		break;
	case 1:
		if (fds[i] >= 0)
			attributes("fstat", fstat(fds[i], &st), &st);
		break;
	case 2:
		result("access", access(path(0), F_OK));
		break;
	default:
		attributes("stat", stat(path(0), &st), &st);
	}
}

static void do_name(void)
{
	const char *p = path(0), *plain = path(1), *other = name();
	long n;

	switch (rnd(7)) {
	case 0:
	case 1:
		result("mkdir", mkdir(p, 0777));
		break;
	case 2:
		result("rmdir", rmdir(p));
		break;
	case 3:
		result("unlink", unlink(p));
		break;
	case 4:
		result("symlink", symlink(other, plain));
		break;
	case 5:
		result("link", link(plain, path(1)));
		break;
	default:
		n = readlink(p, buf, 64);
		result("readlink", n);
		if (n > 0)
			mix(buf, (size_t)n);
	}
}

static void do_rename(void)
{
	const char *from = path(0);

	result("rename", rename(from, path(0)));
}

static void do_times(void)
{
	struct timespec t[2];
	struct stat st;
	const char *p = path(0);
	int flag = rnd(2) ? AT_SYMLINK_NOFOLLOW : 0;

	for (int i = 0; i < 2; i++) {
		t[i].tv_sec = rnd(1000000);
		t[i].tv_nsec = rnd(1000000000);
	}
	result("utimensat", utimensat(AT_FDCWD, p, t, flag));
	if (!fstatat(AT_FDCWD, p, &st, flag)) {
		result("mtime", (long long)st.st_mtim.tv_sec);
		result("mtime ns", st.st_mtim.tv_nsec);
	}
}

static void do_flags(void)
{
	int fd = file_slot();

	if (fd < 0)
		return;
	result("setfl", fcntl(fd, F_SETFL, rnd(2) ? O_APPEND : 0));
	result("getfl", (fcntl(fd, F_GETFL) & O_APPEND) != 0);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void do_list(void)
{
	static char names[256][256];
	DIR *d = opendir(rnd(3) ? path(0) : ".");
	struct dirent *e;
	int n = 0;

	result("opendir", d ? 0 : -1);
	while (d && n < 256 && (e = readdir(d)))
		strcpy(names[n++], e->d_name);
	if (d)
		closedir(d);
	qsort(names, (size_t)n, sizeof(names[0]), by_name);
	for (int i = 0; i < n; i++)
		result(names[i], 0);
}

static void do_close(void)
{
	int i = slot();

	if (fds[i] < 0)
		return;
	result("close", close(fds[i]));
	fds[i] = -1;
}

int main(int argc, char **argv)
{
	static void (*const operations[])(void) = {
		do_open, do_open, do_open, do_transfer, do_transfer, do_transfer, do_transfer,
		do_seek, do_size, do_stat, do_stat, do_name, do_name, do_name, do_rename, do_times,
		do_flags, do_list, do_close,
	};
	long count = argc > 2 ? atol(argv[2]) : 1000;

	setvbuf(stdout, NULL, _IOFBF, 1 << 16);
	state = 0x9e3779b97f4a7c15ull * (uint64_t)(argc > 1 ? atol(argv[1]) + 1 : 1);
	verbose = argc > 3;
	for (int i = 0; i < FILES; i++)
		fds[i] = -1;
	for (long i = 0; i < count; i++) {
		errno = 0;
		operations[rnd(sizeof(operations) / sizeof(operations[0]))]();
	}
	printf("hash %016llx\n", (unsigned long long)hash);
	return 0;
}
