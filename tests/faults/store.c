/*
 * The code cache while its users die. A writer is killed at each step of its work in turn, then at
 * random ones; then fifty processes write, read and evict in one directory at once while some of
 * them are killed. Whatever happens, what is found is what was stored, the directory can be used by
 * the next process, and when all is over no temporary file is left.
 *
 * STORE_KILLS=10000 in the environment: the long way.
 */
#include <errno.h>
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tools/cache/cache.h"
#include "runtime/base/fd.h"
#include "tests/util/enclose.h"

enum { ITEMS = 12, IMAGE = 9000, MODULE = 2000, PROCESSES = 50, TURNS = 30 };
#define LIMIT (5 * (4096 + 12288 + MODULE))	/* of twelve items five fit */

static unsigned int passed, failed;
static char dir[] = "/tmp/wsbox-store-XXXXXX";
static unsigned int steps_left;		/* 0: nobody is killed */

__attribute__((format(printf, 2, 3)))
static void check(bool ok, const char *fmt, ...)
{
	va_list ap;

	passed += ok;
	failed += !ok;
	if (ok)
		return;
	va_start(ap, fmt);
	printf("FAIL ");
	vprintf(fmt, ap);
	printf("\n");
	va_end(ap);
}

void cache_test_step(const char *step)
{
	if (steps_left && !--steps_left)
		(void)raise(SIGKILL);
}

static uint8_t byte_of(unsigned int item, size_t i)
{
	return (uint8_t)(item * 31 + i * 7 + i / 256);
}

static int memory(unsigned int item, size_t n)
{
	uint8_t bytes[IMAGE];
	int fd = fd_memfd("test");

	for (size_t i = 0; i < n; i++)
		bytes[i] = byte_of(item, i);
	if (fd < 0 || fd_write_all(fd, bytes, n) < 0 || fd_seal(fd) < 0)
		abort();
	return fd;
}

static struct cache_recipe recipe(unsigned int item)
{
	return (struct cache_recipe){ .module = { (uint8_t)item }, .uid = geteuid() };
}

static int store(struct cache *c, unsigned int item, struct wsbox_err *err)
{
	FD_AUTO image = memory(item, IMAGE);
	FD_AUTO module = memory(item, MODULE);
	const struct cache_item it = {
		.recipe = recipe(item), .image = image, .module = module, .image_size = IMAGE,
		.module_size = MODULE, .label = "test",
	};

	return cache_store(c, &it, err);
}

static bool holds(int fd, uint64_t at, unsigned int item, size_t n)
{
	uint8_t bytes[IMAGE];

	if (pread(fd, bytes, n, (off_t)at) != (ssize_t)n)
		return false;
	for (size_t i = 0; i < n; i++)
		if (bytes[i] != byte_of(item, i))
			return false;
	return true;
}

/* 1: found and right; 0: not there; -1: wrong, or damaged, which nobody does here. */
static int find(struct cache *c, unsigned int item)
{
	const struct cache_recipe r = recipe(item);
	struct wsbox_err err = WSBOX_ERR_INIT;
	struct cache_found found;
	int ret = cache_find(c, &r, &found, &err);

	if (ret == -ENOENT)
		return 0;
	if (ret < 0) {
		printf("find: %s\n", err.text);
		return -1;
	}
	bool right = holds(found.fd, found.entry.image_off, item, IMAGE) &&
		     holds(found.fd, found.entry.module_off, item, MODULE);

	close(found.fd);
	return right ? 1 : -1;
}

/* As a background filler does, unless another one works at it: then as a run does. */
static bool stored(struct cache *c, unsigned int item)
{
	const struct cache_recipe r = recipe(item);
	struct wsbox_err err = WSBOX_ERR_INIT;
	struct cache_fill fill;
	int begun = cache_fill_begin(c, &r, "test", &fill, &err), ret = 0;

	if (begun == 0 || begun == -EBUSY)
		ret = store(c, item, &err);
	if (begun == 0)
		cache_fill_end(c, &fill, NULL);
	if (ret == 0 && (begun == 0 || begun == -EBUSY || begun == -EEXIST))
		return true;
	printf("store: %d, %s\n", begun, err.text);
	return false;
}

/* One process's turn: all that a run of wsbox does with the cache. Its exit status: 0 all right. */
static int turn(unsigned int item, uint64_t limit)
{
	struct wsbox_err err = WSBOX_ERR_INIT;
	struct cache c;
	int got;

	if (cache_open(dir, &c, &err) < 0) {
		printf("open: %s\n", err.text);
		return 1;
	}
	c.limit = limit;
	got = find(&c, item);
	if (got == 0 && !stored(&c, item))
		return 1;
	cache_close(&c);
	return got < 0;
}

static void remove_all(void)
{
	DIR *d = opendir(dir);
	char path[300];

	for (struct dirent *e; d && (e = readdir(d));) {
		if (e->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
		(void)unlink(path);
	}
	closedir(d);
}

static unsigned int temporaries(void)
{
	DIR *d = opendir(dir);
	unsigned int n = 0;

	for (struct dirent *e; d && (e = readdir(d));)
		n += !strncmp(e->d_name, "tmp-", 4);
	closedir(d);
	return n;
}

/* Runs a turn that is killed at this step. false when it came to its end before. */
static bool killed_at(unsigned int step, unsigned int item, uint64_t limit)
{
	int status, pid;

	(void)fflush(stdout);
	pid = fork();
	if (!pid) {
		steps_left = step;
		_exit(turn(item, limit));
	}
	check(waitpid(pid, &status, 0) == pid, "wait");
	if (WIFSIGNALED(status)) {
		check(WTERMSIG(status) == SIGKILL, "step %u: signal %d", step, WTERMSIG(status));
		return true;
	}
	check(WEXITSTATUS(status) == 0, "step %u: status %d", step, WEXITSTATUS(status));
	return false;
}

/* What a run after a kill sees. */
static void all_is_well(unsigned int step)
{
	struct cache c;

	check(cache_open(dir, &c, NULL) == 0 && cache_trim(&c, CACHE_LIMIT_DEFAULT) == 0, "trim");
	cache_close(&c);
	for (unsigned int item = 0; item < ITEMS; item++)
		check(turn(item, CACHE_LIMIT_DEFAULT) == 0, "after a kill at step %u", step);
	check(temporaries() == 0, "after a kill at step %u: %u temporary files", step,
	      temporaries());
}

static void each_step(void)
{
	unsigned int steps = 1;

	/* from an empty directory, its key included */
	for (;; steps++) {
		remove_all();
		if (!killed_at(steps, 0, CACHE_LIMIT_DEFAULT))
			break;
		all_is_well(steps);
	}
	check(steps > 12, "only %u steps", steps - 1);
}

static void random_steps(unsigned int kills)
{
	srand(7);
	for (unsigned int i = 0; i < kills; i++)
		(void)killed_at(1 + (unsigned int)rand() % 24, (unsigned int)rand() % ITEMS, LIMIT);
	all_is_well(0);
}

static _Noreturn void one_of_many(unsigned int seed)
{
	int ret = 0;

	srand(seed);
	for (int i = 0; i < TURNS && !ret; i++) {
		if (rand() % 40 == 0)
			steps_left = 1 + (unsigned int)rand() % 12;
		ret = turn((unsigned int)rand() % ITEMS, LIMIT);
	}
	(void)fflush(stdout);
	_exit(ret);
}

static void many_at_once(void)
{
	unsigned int killed = 0;
	int status;

	remove_all();
	for (unsigned int i = 0; i < PROCESSES; i++)
		if (!fork())
			one_of_many(i);
	for (unsigned int i = 0; i < PROCESSES; i++) {
		check(wait(&status) > 0, "wait");
		killed += WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
		check(status == 0 || status == SIGKILL, "status %x", status);
	}
	check(killed > 0 && killed < PROCESSES, "%u of %d were killed", killed, PROCESSES);
	all_is_well(0);
}

int main(void)
{
	const char *kills = getenv("STORE_KILLS");

	test_enclose();
	if (!mkdtemp(dir))
		return 1;
	each_step();
	random_steps(kills ? (unsigned int)atoi(kills) : 300);
	many_at_once();
	remove_all();
	check(rmdir(dir) == 0, "files are left");
	printf("%u passed, %u failed\n", passed, failed);
	return failed != 0;
}
