/* Finding out how this host does cgroups, and the caller's place in them. */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "cgroup/internal.h"
#include "runtime/base/fd.h"

#define CG_ROOT "/sys/fs/cgroup"

static bool is_fs(const char *path, long magic)
{
	struct statfs fs;

	return !statfs(path, &fs) && (long)fs.f_type == magic;
}

enum cg_mode cg_mode(void)
{
	if (is_fs(CG_ROOT, CGROUP2_SUPER_MAGIC))
		return CG_V2;
	if (!is_fs(CG_ROOT "/memory", CGROUP_SUPER_MAGIC) &&
	    !is_fs(CG_ROOT "/pids", CGROUP_SUPER_MAGIC))
		return CG_NONE;
	return is_fs(CG_ROOT "/unified", CGROUP2_SUPER_MAGIC) ? CG_HYBRID : CG_V1;
}

bool cg_word_in(const char *list, const char *word)
{
	size_t n = strlen(word);

	for (const char *at = list; (at = strstr(at, word)); at += n) {
		bool begins = at == list || strchr(" ,\n", at[-1]);

		if (begins && (!at[n] || strchr(" ,\n", at[n])))
			return true;
	}
	return false;
}

static bool leaves(const char *path)
{
	for (const char *at = path; (at = strstr(at, "/..")); at += 3)
		if (!at[3] || at[3] == '/')
			return true;
	return false;
}

/* One line "id:controllers:path", NUL-terminated. */
static bool line_is(char *line, const char *controller, const char **ret_path)
{
	char *names = strchr(line, ':');
	char *path = names ? strchr(names + 1, ':') : NULL;

	if (!path)
		return false;
	*names++ = '\0';
	*path++ = '\0';
	*ret_path = path;
	if (!controller)
		return !strcmp(line, "0") && !*names;
	return *names && cg_word_in(names, controller);
}

int cg_path_find(const char *text, const char *controller, char *ret_path, size_t size)
{
	char line[CG_PATH_MAX];

	for (const char *at = text; *at;) {
		size_t n = strcspn(at, "\n");
		const char *path;

		if (n < sizeof(line)) {
			memcpy(line, at, n);
			line[n] = '\0';
			if (line_is(line, controller, &path)) {
				if (*path != '/' || leaves(path))
					return -EXDEV;
				if (strlen(path) >= size)
					return -ENAMETOOLONG;
				strcpy(ret_path, path);
				return 0;
			}
		}
		at += n + (at[n] == '\n');
	}
	return -ENOENT;
}

bool cg_key_find(const char *text, const char *key, uint64_t *ret)
{
	size_t n = strlen(key);

	for (const char *at = text; *at; at += strcspn(at, "\n"), at += *at == '\n') {
		if (strncmp(at, key, n) || at[n] != ' ')
			continue;
		*ret = strtoull(at + n + 1, NULL, 10);
		return true;
	}
	return false;
}

void cg_strip_self(char *path)
{
	char *last = strrchr(path, '/');

	if (last && !strcmp(last + 1, CG_SELF))
		last[last == path] = '\0';
}

int cg_own_open(enum cg_mode mode, const char *controller)
{
	char text[CG_TEXT_MAX], path[CG_PATH_MAX], full[CG_PATH_MAX + 64];
	const char *mount = mode == CG_V2 ? "" : controller;
	int fd, code = cg_read(AT_FDCWD, "/proc/self/cgroup", text, sizeof(text));

	if (code >= 0)
		code = cg_path_find(text, mode == CG_V2 ? NULL : controller, path, sizeof(path));
	if (code < 0)
		return code;
	if (mode == CG_V2)
		cg_strip_self(path);
	(void)snprintf(full, sizeof(full), CG_ROOT "/%s%s", mount, path);
	fd = open(full, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT) {
		/* a container without a cgroup namespace: its group is mounted as the root */
		(void)snprintf(full, sizeof(full), CG_ROOT "/%s", mount);
		fd = open(full, O_PATH | O_DIRECTORY | O_CLOEXEC);
	}
	return fd < 0 ? -errno : fd;
}

int cg_read(int dir, const char *file, char *text, size_t size)
{
	FD_AUTO fd = openat(dir, file, O_RDONLY | O_CLOEXEC);
	size_t n = 0;

	if (fd < 0)
		return -errno;
	while (n + 1 < size) {
		ssize_t got = read(fd, text + n, size - 1 - n);

		if (got < 0)
			return -errno;
		if (!got)
			break;
		n += (size_t)got;
	}
	while (n && text[n - 1] == '\n')
		n--;
	assert(n < size);
	text[n] = '\0';
	return (int)n;
}

int cg_write(int dir, const char *file, const char *text)
{
	FD_AUTO fd = openat(dir, file, O_WRONLY | O_CLOEXEC);

	/* all: v1's memory.limit_in_bytes gives up for a signal on its way, also a tracer's */
	return fd < 0 ? -errno : fd_write_all(fd, text, strlen(text));
}

int cg_write_u64(int dir, const char *file, uint64_t value)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
	return cg_write(dir, file, text);
}
