/*
 * Directories and links: making, listing, walking, renaming, removing, links of both kinds, and
 * what is refused.
 *
 * Left out: seekdir, since wasi-libc's long does not hold a cookie of ext4.
 */
#include "say.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char buf[256];

static void touch(const char *path)
{
	int fd = open(path, O_CREAT | O_WRONLY, 0666);

	if (fd >= 0)
		close(fd);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Names in order, with types; dots too. */
static void list(const char *path, int show)
{
	static char *names[4096];
	int n = 0;
	DIR *d = opendir(path);
	struct dirent *e;

	if (!d) {
		printf("%s: %s\n", path, error_name(errno));
		return;
	}
	while ((e = readdir(d))) {
		char line[300];

		snprintf(line, sizeof(line), "%s %d", e->d_name,
			 e->d_type == DT_DIR ? 1 :
			 e->d_type == DT_REG ? 2 :
			 e->d_type == DT_LNK ? 3 :
					       4);
		names[n++] = strdup(line);
	}
	closedir(d);
	qsort(names, (size_t)n, sizeof(names[0]), by_name);
	printf("%s: %d entries\n", path, n);
	for (int i = 0; i < n; i++) {
		if (show)
			printf("  %s\n", names[i]);
		free(names[i]);
	}
}

static void making(void)
{
	T(mkdir("d", 0777));
	T(mkdir("d", 0777));
	T(mkdir("d/e", 0777));
	T(mkdir("d/e/", 0777));
	T(mkdir("d/g/", 0777));
	T(mkdir("no/e", 0777));
	T(mkdir(".", 0777));
	touch("d/f");
	touch("d/e/f");
	T(mkdir("d/f", 0777));
	T(mkdir("d/f/x", 0777));
	list("d", 1);
	list("d/", 1);
	list("d/f", 1);
	list("none", 1);
	T(rmdir("d"));
	T(rmdir("d/f"));
	T(rmdir("d/g/"));
	T(rmdir("none"));
	T(rmdir("."));
	T(unlink("d/e"));
	T(unlink("d/f/"));
	T(unlink("d/f"));
	T(unlink("d/f"));
	T(remove("d/e/f"));
	T(remove("d/e"));
	list("d", 1);
}

static void renaming(void)
{
	touch("r1");
	T(mkdir("rd", 0777));
	T(mkdir("rd2", 0777));
	T(rename("r1", "r2"));
	T(rename("r1", "r2"));
	touch("r1");
	T(rename("r1", "r2"));
	T(rename("r2", "rd"));
	T(rename("rd", "r2"));
	T(rename("r2", "rd/r3"));
	T(rename("rd2", "rd"));
	T(rename("rd", "rd/in"));
	T(rename("rd2/", "rd3/"));
	T(rename("rd/r3/", "r4"));
	T(rename("rd/r3", "r4/"));
	T(rename("rd/r3", "rd/r3"));
	T(rename("rd", "rd3"));
	list("rd3", 1);
}

static void links(void)
{
	struct stat a = { 0 }, b = { 0 };

	touch("f");
	T(mkdir("ld", 0777));
	T(symlink("f", "s"));
	T(symlink("f", "s"));
	T(symlink("", "s2"));
	T(symlink("nowhere", "dangling"));
	T(symlink("loop", "loop"));
	T(symlink("ld", "sd"));
	T(symlink("../f", "ld/up"));
	T(readlink("s", buf, sizeof(buf)));
	T(readlink("dangling", buf, 3));
	T(readlink("f", buf, 3));
	T(readlink("none", buf, 3));
	T(lstat("s", &a));
	T(S_ISLNK(a.st_mode));
	T(a.st_size);
	T(stat("s", &a));
	T(S_ISREG(a.st_mode));
	T(stat("dangling", &a));
	T(stat("loop", &a));
	T(stat("ld/up", &a));
	T(stat("f", &b));
	T(a.st_ino == b.st_ino && a.st_dev == b.st_dev);
	T(open("loop", O_RDONLY));
	T(open("s", O_RDONLY | O_NOFOLLOW));
	T(open("dangling", O_RDONLY));
	T(open("dangling", O_WRONLY | O_CREAT | O_EXCL, 0666));
	T(open("dangling", O_WRONLY | O_CREAT, 0666) >= 0);
	T(access("nowhere", F_OK));
	touch("sd/through");
	list("sd", 1);
	list("ld", 1);
	T(rmdir("sd"));
	T(unlink("sd"));
	T(link("f", "h"));
	T(link("f", "h"));
	T(link("ld", "hd"));
	T(link("none", "h2"));
	T(link("s", "hs"));
	T(lstat("hs", &a));
	T(S_ISLNK(a.st_mode));
	T(stat("f", &a));
	T(a.st_nlink);
	T(unlink("f"));
	T(stat("h", &a));
	T(a.st_nlink);
	T(stat("s", &a));
	list(".", 1);
}

/* More than any buffer holds at once; removed while being listed. */
static void many(void)
{
	char name[300];
	int removed = 0;
	DIR *d;
	struct dirent *e;

	T(mkdir("m", 0777));
	for (int i = 0; i < 1500; i++) {
		snprintf(name, sizeof(name), "m/entry-%d-%.*s", i, i % 40,
			 "........................................");
		touch(name);
	}
	list("m", 0);
	d = opendir("m");
	for (int i = 0; i < 700; i++)
		e = readdir(d);
	rewinddir(d);
	while ((e = readdir(d))) {
		if (e->d_name[0] != 'e')
			continue;
		snprintf(name, sizeof(name), "m/%s", e->d_name);
		removed += !unlink(name);
	}
	closedir(d);
	T(removed);
	list("m", 1);
	T(rmdir("m"));
}

static int depth(const char *path)
{
	char below[400];
	DIR *d = opendir(path);
	struct dirent *e;
	int n = 0;

	while (d && (e = readdir(d))) {
		if (e->d_type != DT_DIR || e->d_name[0] == '.')
			continue;
		snprintf(below, sizeof(below), "%s/%s", path, e->d_name);
		n += 1 + depth(below);
	}
	if (d)
		closedir(d);
	return n;
}

static void walking(void)
{
	char path[400] = "w";

	T(mkdir("w", 0777));
	for (int i = 0; i < 20; i++) {
		char side[420];

		strcat(path, "/deeper");
		if (mkdir(path, 0777))
			T(-1);
		snprintf(side, sizeof(side), "%s/side", path);
		if (mkdir(side, 0777))
			T(-1);
	}
	T(depth("w"));
	T(open("w/deeper/deeper/../../deeper/deeper/side/../side", O_RDONLY | O_DIRECTORY) >= 0);
}

int main(void)
{
	setvbuf(stdout, NULL, _IOFBF, 1 << 16);
	making();
	renaming();
	links();
	many();
	walking();
	return 0;
}
