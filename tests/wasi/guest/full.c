/*
 * A file system that fills up: bytes first, then names. What was written before stays, and there is
 * room again after something is removed. Run in an empty one of 256 KiB.
 */
#include "say.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char buf[4096];

static void bytes(void)
{
	struct stat st = { 0 };
	int fd, n = 0;
	FILE *f;

	OPEN(fd, open("f", O_RDWR | O_CREAT, 0666));
	memset(buf, 'x', sizeof(buf));
	while (n < 1000 && write(fd, buf, sizeof(buf)) == sizeof(buf))
		n++;
	printf("%d pages, then %s\n", n, error_name(errno));
	T(write(fd, buf, sizeof(buf)));
	T(pwrite(fd, "yy", 2, 0));
	T(pwrite(fd, buf, sizeof(buf), 1 << 20));
	T(posix_fallocate(fd, 0, 1 << 20) ? -1 : 0);
	T(fstat(fd, &st));
	T(st.st_size == (off_t)n * 4096);
	T(lseek(fd, 0, SEEK_CUR) == (off_t)n * 4096);
	T(pread(fd, buf, 3, 0));
	printf("%.3s\n", buf);
	f = fopen("g", "w");
	for (int i = 0; f && i < 5000; i++)
		putc('z', f);
	T(f ? fclose(f) : 0);
	T(ftruncate(fd, 4096));
	T(lseek(fd, 0, SEEK_END));
	T(write(fd, buf, sizeof(buf)));
	T(close(fd));
	T(unlink("f"));
	T(unlink("g"));
}

static void names(void)
{
	char name[16];
	int n = 0;

	for (; n < 1000; n++) {
		snprintf(name, sizeof(name), "d%d", n);
		if (mkdir(name, 0777))
			break;
	}
	printf("%d directories, then %s\n", n, error_name(errno));
	T(open("no", O_CREAT | O_WRONLY, 0666));
	T(symlink("d0", "s"));
	T(link("d0/none", "l"));
	T(rename("d0", "e0"));
	T(rmdir("e0"));
	T(mkdir("again", 0777));
}

int main(void)
{
	bytes();
	names();
	return 0;
}
