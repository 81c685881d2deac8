#include "tests/util/file.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/fd.h"

int test_file(const char *dir, const char *name, const void *bytes, size_t n)
{
	char path[4096];
	int fd;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0 || (bytes ? fd_write_all(fd, bytes, n) : ftruncate(fd, (off_t)n)) < 0) {
		perror(path);
		abort();
	}
	return fd;
}

unsigned int test_entries(const char *path, const char *prefix)
{
	unsigned int n = 0;
	struct dirent *e;
	DIR *d = opendir(path);

	while (d && (e = readdir(d)))
		n += !strncmp(e->d_name, prefix, strlen(prefix));
	if (d)
		(void)closedir(d);
	return n;
}
