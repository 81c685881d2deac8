/*
 * One file at a time: opening in every mode, offsets, sizes, appends, vectors, times, errors.
 *
 * Left out: the empty path, which wasi-libc takes for ".", UTIME_NOW, which its headers define
 * twice, and NULL for the times, which it turns into 1970.
 */
#include "say.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

static char buf[256];

static void content(const char *path)
{
	int fd = open(path, O_RDONLY);
	long n = fd < 0 ? -1 : read(fd, buf, sizeof(buf));

	printf("%s holds %ld: ", path, n);
	for (long i = 0; i < n; i++)
		printf(buf[i] ? "%c" : "\\0", buf[i]);
	printf("\n");
	if (fd >= 0)
		close(fd);
}

static int allocate(int fd, off_t from, off_t size)
{
	int e = posix_fallocate(fd, from, size);

	errno = e;
	return e ? -1 : 0;
}

static void modes(void)
{
	static const int flags[] = {
		O_RDONLY, O_WRONLY, O_RDWR, O_WRONLY | O_TRUNC, O_WRONLY | O_APPEND,
		O_RDWR | O_APPEND, O_RDONLY | O_TRUNC, O_WRONLY | O_CREAT | O_EXCL,
		O_RDWR | O_CREAT, O_RDONLY | O_DIRECTORY, O_RDONLY | O_NOFOLLOW,
	};

	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		int fd;

		printf("mode %zu\n", i);
		OPEN(fd, open("f", O_WRONLY | O_CREAT | O_TRUNC, 0666));
		T(write(fd, "0123456789", 10));
		T(close(fd));
		OPEN(fd, open("f", flags[i], 0666));
		if (fd < 0)
			continue;
		T(read(fd, buf, 4));
		T(write(fd, "abc", 3));
		T(lseek(fd, 0, SEEK_CUR));
		T(pread(fd, buf, 4, 2));
		T(pwrite(fd, "xy", 2, 1));
		T(lseek(fd, 0, SEEK_CUR));
		T(lseek(fd, -2, SEEK_END));
		T(write(fd, "Z", 1));
		T(ftruncate(fd, 12));
		T(allocate(fd, 0, 5));
		T(allocate(fd, 0, 0));
		T(allocate(fd, -1, 5));
		T(fsync(fd));
		T(fdatasync(fd));
		T(close(fd));
		T(close(fd));
		content("f");
	}
}

static void offsets(void)
{
	int fd;
	struct stat st = { 0 };

	OPEN(fd, open("o", O_RDWR | O_CREAT, 0666));
	T(lseek(fd, 5, SEEK_SET));
	T(write(fd, "A", 1));
	T(lseek(fd, -3, SEEK_CUR));
	T(lseek(fd, -4, SEEK_CUR));
	T(lseek(fd, -1, SEEK_SET));
	T(lseek(fd, 0, 77));
	T(lseek(fd, 100, SEEK_END));
	T(read(fd, buf, 10));
	T(write(fd, "B", 1));
	T(fstat(fd, &st));
	T(st.st_size);
	T(ftruncate(fd, 3));
	T(lseek(fd, 0, SEEK_CUR));
	T(lseek(fd, 0, SEEK_END));
	T(ftruncate(fd, -1));
	T(pread(fd, buf, 10, 1));
	T(pread(fd, buf, 10, -1));
	T(pwrite(fd, buf, 1, -1));
	T(read(fd, buf, 0));
	T(write(fd, buf, 0));
	T(lseek(fd, 1ll << 33, SEEK_SET));
	T(write(fd, "C", 1));
	T(fstat(fd, &st));
	T(st.st_size);
	T(ftruncate(fd, 0));
	T(close(fd));
}

static void vectors(void)
{
	struct iovec v[3] = { { "abc", 3 }, { NULL, 0 }, { "defg", 4 } };
	char a[4] = "", b[8] = "";
	struct iovec r[2] = { { a, 3 }, { b, 7 } };
	int fd;

	OPEN(fd, open("v", O_RDWR | O_CREAT, 0666));
	T(writev(fd, v, 3));
	T(pwritev(fd, v, 3, 20));
	T(lseek(fd, 0, SEEK_SET));
	T(readv(fd, r, 2));
	printf("%s %s\n", a, b);
	T(preadv(fd, r, 2, 20));
	printf("%s %s\n", a, b);
	T(readv(fd, r, 0));
	T(close(fd));
	T(readv(fd, r, 2));
	content("v");
}

/* Each descriptor has its own offset; appends see each other. */
static void shared(void)
{
	int a, b;

	OPEN(a, open("s", O_WRONLY | O_CREAT | O_APPEND, 0666));
	OPEN(b, open("s", O_WRONLY | O_APPEND));
	for (int i = 0; i < 3; i++) {
		T(write(a, "a", 1));
		T(write(b, "bb", 2));
	}
	T(lseek(a, 0, SEEK_CUR));
	T(lseek(b, 0, SEEK_CUR));
	T(fcntl(a, F_SETFL, 0));
	T(lseek(a, 0, SEEK_SET));
	T(write(a, "X", 1));
	T(fcntl(a, F_SETFL, O_APPEND));
	T(write(a, "Y", 1));
	T((fcntl(a, F_GETFL) & O_APPEND) != 0);
	T(close(a));
	T(unlink("s"));
	T(write(b, "gone", 4));
	T(close(b));
	T(open("s", O_RDONLY));
}

static void times(void)
{
	struct timespec t[2] = { { 1000000000, 123456789 }, { 2000000000, 987654321 } };
	struct stat st = { 0 };
	int fd;

	OPEN(fd, open("t", O_RDWR | O_CREAT, 0666));
	T(futimens(fd, t));
	T(fstat(fd, &st));
	printf("%lld.%09ld %lld.%09ld\n", (long long)st.st_atim.tv_sec, st.st_atim.tv_nsec,
	       (long long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
	t[0].tv_nsec = UTIME_OMIT;
	t[1] = (struct timespec){ 5, 6 };
	T(utimensat(AT_FDCWD, "t", t, 0));
	T(stat("t", &st));
	printf("%lld.%09ld %lld.%09ld\n", (long long)st.st_atim.tv_sec, st.st_atim.tv_nsec,
	       (long long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
	t[0] = t[1];
	T(utimensat(AT_FDCWD, "t", t, AT_SYMLINK_NOFOLLOW));
	T(stat("t", &st));
	T(st.st_atim.tv_sec);
	T(utimensat(AT_FDCWD, "none", t, 0));
	T(S_ISREG(st.st_mode));
	T(st.st_nlink);
	T(close(fd));
	T(fstat(fd, &st));
}

static void names(void)
{
	static char name[5000];
	struct stat st = { 0 };

	memset(name, 'n', sizeof(name) - 1);
	T(open(name, O_RDONLY));
	name[256] = 0;
	T(open(name, O_CREAT | O_RDWR, 0666));
	name[255] = 0;
	T(open(name, O_CREAT | O_RDWR, 0666) >= 0);
	T(unlink(name));
	T(open("f/", O_RDONLY));
	T(open("f/x", O_RDONLY));
	T(open("none/x", O_CREAT | O_RDWR, 0666));
	T(stat("none", &st));
	T(stat("f/", &st));
	T(stat("./f", &st));
	T(stat(".", &st));
	T(S_ISDIR(st.st_mode));
	T(access("f", R_OK));
	T(access("none", F_OK));
	T(close(-1));
	T(close(1000));
	T(write(1000, "x", 1));
}

int main(void)
{
	setvbuf(stdout, NULL, _IOFBF, 1 << 16);
	modes();
	offsets();
	vectors();
	shared();
	times();
	names();
	return 0;
}
