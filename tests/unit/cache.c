/*
 * The code cache: what is stored is found, byte for byte; whatever else lies in the directory is
 * never used and never fatal; the least recently used goes first.
 */
#include "tests/unit/unit.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/fd.h"
#include "tests/util/file.h"
#include "tools/cache/cache.h"

#define IMAGE 5000
#define MODULE 300

static char dir[] = "/tmp/wsbox-test-XXXXXX", path[64];

/* A cache in a directory that is not there yet. */
static struct cache fresh(void)
{
	struct wsbox_err err = WSBOX_ERR_INIT;
	struct cache c;

	strcpy(dir + strlen(dir) - 6, "XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/a/b", dir);
	ck_assert_msg(cache_open(path, &c, &err) == 0, "%s", err.text);
	return c;
}

static void drop(struct cache *c)
{
	char command[100];

	cache_close(c);
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	ck_assert_int_eq(system(command), 0);
}

static int memory(uint8_t first, size_t n)
{
	uint8_t bytes[IMAGE];
	int fd = fd_memfd("test");

	for (size_t i = 0; i < n; i++)
		bytes[i] = (uint8_t)(first + i * 7);
	ck_assert_int_eq(fd_write_all(fd, bytes, n), 0);
	ck_assert_int_eq(fd_seal(fd), 0);
	return fd;
}

static struct cache_recipe recipe(uint8_t n)
{
	return (struct cache_recipe){ .module = { n }, .cpu = CACHE_CPU_V3, .uid = geteuid() };
}

static int store(struct cache *c, uint8_t n, struct wsbox_err *err)
{
	FD_AUTO image = memory(n, IMAGE);
	FD_AUTO module = memory(n + 1, MODULE);
	const struct cache_item item = {
		.recipe = recipe(n), .image = image, .module = module, .image_size = IMAGE,
		.module_size = MODULE, .text_bytes = 11, .body_bytes = 7, .label = "test.wasm",
	};

	return cache_store(c, &item, err);
}

static void must_store(struct cache *c, uint8_t n)
{
	struct wsbox_err err = WSBOX_ERR_INIT;

	ck_assert_msg(store(c, n, &err) == 0, "%s", err.text);
}

static void expect_bytes(int fd, uint64_t at, uint8_t first, size_t n)
{
	uint8_t bytes[IMAGE];

	ck_assert_int_eq(pread(fd, bytes, n, (off_t)at), (ssize_t)n);
	for (size_t i = 0; i < n; i++)
		ck_assert_uint_eq(bytes[i], (uint8_t)(first + i * 7));
}

/* The code of cache_find; what is found is what was stored. */
static int find(struct cache *c, uint8_t n, bool *ret_mapped, struct wsbox_err *err)
{
	const struct cache_recipe r = recipe(n);
	struct cache_found found;
	int ret = cache_find(c, &r, &found, err);

	if (ret < 0)
		return ret;
	expect_bytes(found.fd, found.entry.image_off, n, IMAGE);
	expect_bytes(found.fd, found.entry.module_off, n + 1, MODULE);
	ck_assert(found.mapped || fd_sealed(found.fd) == 0);
	ck_assert_int_eq(fcntl(found.fd, F_GETFL) & O_ACCMODE, found.mapped ? O_RDONLY : O_RDWR);
	ck_assert_uint_eq(found.entry.text_bytes, 11);
	if (ret_mapped)
		*ret_mapped = found.mapped;
	close(found.fd);
	return 0;
}

/* The only file with this ending. */
static const char *file_of(struct cache *c, const char *suffix, char ret[CACHE_FILE_NAME])
{
	DIR *d = opendir(path);

	ret[0] = '\0';
	for (struct dirent *e; (e = readdir(d));)
		if (strlen(e->d_name) > 5 && !strcmp(e->d_name + strlen(e->d_name) - 5, suffix))
			snprintf(ret, CACHE_FILE_NAME, "%.79s", e->d_name);
	closedir(d);
	return ret[0] ? ret : NULL;
}

static void forget(struct cache *c)
{
	char name[CACHE_FILE_NAME];

	while (file_of(c, ".seen", name))
		ck_assert_int_eq(unlinkat(c->dir, name, 0), 0);
}

START_TEST(stored_is_found)
{
	struct wsbox_err err = WSBOX_ERR_INIT;
	struct cache c = fresh(), again;
	bool mapped;

	ck_assert_int_eq(find(&c, 1, NULL, &err), -ENOENT);
	ck_assert_int_eq(err.code, 0);
	must_store(&c, 1);
	ck_assert_int_eq(find(&c, 1, &mapped, &err), 0);
	ck_assert(mapped);
	ck_assert_int_eq(find(&c, 2, NULL, &err), -ENOENT);
	/* without its record it is copied and checked, and then it has one again */
	forget(&c);
	ck_assert_int_eq(find(&c, 1, &mapped, &err), 0);
	ck_assert(!mapped);
	ck_assert_int_eq(cache_open(path, &again, &err), 0);
	ck_assert_int_eq(find(&again, 1, &mapped, &err), 0);
	ck_assert(mapped && !again.new_key);
	cache_close(&again);
	drop(&c);
}
END_TEST

/* Each part of a recipe makes another entry. */
START_TEST(recipes)
{
	struct wsbox_err err = WSBOX_ERR_INIT;
	struct cache c = fresh();
	struct cache_recipe r = recipe(1);
	struct cache_found found;

	must_store(&c, 1);
	for (size_t i = 0; i < sizeof(r); i++) {
		((uint8_t *)&r)[i] ^= 1;
		ck_assert_int_eq(cache_find(&c, &r, &found, &err), -ENOENT);
		((uint8_t *)&r)[i] ^= 1;
	}
	ck_assert_int_eq(find(&c, 1, NULL, &err), 0);
	drop(&c);
}
END_TEST

/* A bit of each byte in turn, and each length. */
START_TEST(damage)
{
	struct wsbox_err err = WSBOX_ERR_INIT;
	char name[CACHE_FILE_NAME];
	struct cache c = fresh();
	uint8_t byte, bad;
	struct stat st;
	int fd;

	must_store(&c, 1);
	fd = openat(c.dir, file_of(&c, ".code", name), O_RDWR | O_CLOEXEC);
	ck_assert_int_eq(fstat(fd, &st), 0);
	for (off_t i = 0; i < st.st_size; i++) {
		forget(&c);
		ck_assert_int_eq(pread(fd, &byte, 1, i), 1);
		bad = (uint8_t)(byte ^ 1 << i % 8);
		ck_assert_int_eq(pwrite(fd, &bad, 1, i), 1);
		ck_assert_int_eq(find(&c, 1, NULL, &err), -EBADMSG);
		ck_assert_int_eq(pwrite(fd, &byte, 1, i), 1);
	}
	ck_assert_int_eq(find(&c, 1, NULL, &err), 0);
	for (off_t i = 0; i < st.st_size; i += 41) {
		ck_assert_int_eq(ftruncate(fd, i), 0);
		ck_assert_int_eq(find(&c, 1, NULL, &err), -EBADMSG);
	}
	ck_assert_int_eq(ftruncate(fd, st.st_size), 0);
	ck_assert_int_eq(find(&c, 1, NULL, &err), -EBADMSG);
	/* and it can be made again in its place */
	must_store(&c, 1);
	ck_assert_int_eq(find(&c, 1, NULL, &err), 0);
	close(fd);
	drop(&c);
}
END_TEST

/* A change after the record was made is seen without the MAC: by ctime. */
START_TEST(changed_entry_has_no_record)
{
	struct wsbox_err err = WSBOX_ERR_INIT;
	char name[CACHE_FILE_NAME];
	struct cache c = fresh();
	bool mapped;
	int fd;

	must_store(&c, 1);
	usleep(20000);
	fd = openat(c.dir, file_of(&c, ".code", name), O_RDWR | O_CLOEXEC);
	ck_assert_int_eq(pwrite(fd, "x", 1, 6000), 1);
	ck_assert_int_eq(find(&c, 1, NULL, &err), -EBADMSG);
	close(fd);
	must_store(&c, 1);
	usleep(20000);
	ck_assert_int_eq(fchmodat(c.dir, name, 0400, 0), 0);
	ck_assert_int_eq(find(&c, 1, &mapped, &err), 0);
	ck_assert(!mapped);
	drop(&c);
}
END_TEST

static void expect_refused(struct cache *c, const char *why)
{
	struct wsbox_err err = WSBOX_ERR_INIT;

	ck_assert_int_lt(find(c, 1, NULL, &err), 0);
	ck_assert_msg(strstr(err.text, why) != NULL, "%s", err.text);
	must_store(c, 1);
	ck_assert_int_eq(find(c, 1, NULL, &err), 0);
}

START_TEST(not_ours)
{
	char name[CACHE_FILE_NAME];
	struct cache c = fresh();

	must_store(&c, 1);
	file_of(&c, ".code", name);
	ck_assert_int_eq(fchmodat(c.dir, name, 0644, 0), 0);
	expect_refused(&c, "open to others (mode 0644");
	ck_assert_int_eq(renameat(c.dir, name, c.dir, "aside"), 0);
	ck_assert_int_eq(symlinkat("aside", c.dir, name), 0);
	expect_refused(&c, "symbolic link");
	ck_assert_int_eq(unlinkat(c.dir, name, 0), 0);
	ck_assert_int_eq(mkfifoat(c.dir, name, 0600), 0);
	expect_refused(&c, "not a regular file");
	if (geteuid() == 0) {
		ck_assert_int_eq(fchownat(c.dir, name, 65534, 65534, 0), 0);
		expect_refused(&c, "belongs to user 65534");
	}
	drop(&c);
}
END_TEST

/* An entry under the name of another: its MAC is right, its recipe is not. */
START_TEST(swapped)
{
	struct wsbox_err err = WSBOX_ERR_INIT;
	char one[CACHE_FILE_NAME], two[CACHE_FILE_NAME];
	struct cache c = fresh();

	must_store(&c, 1);
	file_of(&c, ".code", one);
	ck_assert_int_eq(renameat(c.dir, one, c.dir, "aside"), 0);
	must_store(&c, 2);
	file_of(&c, ".code", two);
	ck_assert_int_eq(renameat(c.dir, "aside", c.dir, two), 0);
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(find(&c, 2, NULL, &err), -EBADMSG);
		ck_assert_int_eq(find(&c, 1, NULL, &err), -ENOENT);
	}
	drop(&c);
}
END_TEST

START_TEST(bad_directories)
{
	struct wsbox_err err = WSBOX_ERR_INIT;
	struct cache c = fresh(), no;
	char other[80];

	snprintf(other, sizeof(other), "%s/link", dir);
	ck_assert_int_eq(symlink(path, other), 0);
	ck_assert_int_lt(cache_open(other, &no, &err), 0);
	ck_assert_int_eq(chmod(path, 0750), 0);
	ck_assert_int_eq(cache_open(path, &no, &err), -EPERM);
	ck_assert_ptr_nonnull(strstr(err.text, "mode 0750"));
	ck_assert_int_eq(chmod(path, 0700), 0);
	if (geteuid() == 0) {
		ck_assert_int_eq(chown(path, 65534, 65534), 0);
		ck_assert_int_eq(cache_open(path, &no, &err), -EPERM);
		ck_assert_ptr_nonnull(strstr(err.text, "belongs to user 65534"));
	}
	ck_assert_int_lt(cache_open("/dev/null/x", &no, &err), 0);
	drop(&c);
}
END_TEST

/* A key that others may have read, or half of one, is replaced; nothing made with it is used. */
START_TEST(bad_keys)
{
	struct wsbox_err err = WSBOX_ERR_INIT;
	struct cache c = fresh(), again;

	for (int i = 0; i < 5; i++) {
		must_store(&c, 1);
		if (i == 0)
			ck_assert_int_eq(fchmodat(c.dir, "key", 0640, 0), 0);
		if (i == 1)
			ck_assert_int_eq(
				truncate(strcat(strcpy((char[80]){ 0 }, path), "/key"), 31), 0);
		if (i == 2)
			ck_assert_int_eq(unlinkat(c.dir, "key", 0), 0);
		if (i == 3)
			ck_assert_int_eq(renameat(c.dir, "key", c.dir, "other") |
					 symlinkat("other", c.dir, "key"), 0);
		if (i == 4)
			ck_assert_int_eq(unlinkat(c.dir, "key", 0) | mkfifoat(c.dir, "key", 0600),
					 0);
		ck_assert_int_eq(cache_open(path, &again, &err), 0);
		ck_assert(again.new_key == (i != 2));
		ck_assert_int_eq(find(&again, 1, NULL, &err), -EBADMSG);
		cache_close(&c);
		c = again;
	}
	drop(&c);
}
END_TEST

/* Not to be read for want of descriptors: it stays, and so does what it vouches for. */
START_TEST(key_out_of_reach)
{
	struct wsbox_err err = WSBOX_ERR_INIT;
	struct cache c = fresh(), again;
	struct rlimit before, few;
	int next = dup(0);

	must_store(&c, 1);
	close(next);
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
	few = (struct rlimit){ (rlim_t)next + 1, before.rlim_max };	/* the directory's */
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
	ck_assert_int_eq(cache_open(path, &again, &err), -EMFILE);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
	ck_assert_str_eq(err.text, "its key: Too many open files");
	err = (struct wsbox_err)WSBOX_ERR_INIT;
	ck_assert_int_eq(cache_open(path, &again, &err), 0);
	ck_assert(!again.new_key);
	ck_assert_int_eq(find(&again, 1, NULL, &err), 0);
	cache_close(&again);
	drop(&c);
}
END_TEST

static struct timespec after(const struct cache_identity *id, int64_t ns)
{
	int64_t at = id->ctime + ns;

	return (struct timespec){ at / 1000000000, at % 1000000000 };
}

START_TEST(modules_seen)
{
	const uint8_t hash[SHA256_BYTES] = { 9 };
	uint8_t got[SHA256_BYTES];
	struct cache_identity id, other;
	struct cache c = fresh();
	int fd = test_file(dir, "m.wasm", "abc", 3);

	if (cache_identify(fd, CACHE_SEEN_MODULE, &id) < 0) {
		/* before Linux 6.8, or no disk of the kernel's: every run hashes */
		close(fd);
		drop(&c);
		return;
	}
	ck_assert(!cache_seen(&c, CACHE_SEEN_MODULE, &id, got));
	ck_assert_int_eq(cache_seen_set(&c, CACHE_SEEN_MODULE, &id, hash, after(&id, 1999999999)),
			 -EAGAIN);
	ck_assert_int_eq(cache_seen_set(&c, CACHE_SEEN_MODULE, &id, hash, after(&id, 2000000000)),
			 0);
	ck_assert(cache_seen(&c, CACHE_SEEN_MODULE, &id, got) && sha256_same(got, hash));
	for (size_t i = 0; i < sizeof(id); i++) {
		other = id;
		((uint8_t *)&other)[i] ^= 1;
		ck_assert(!cache_seen(&c, CACHE_SEEN_MODULE, &other, got));
	}
	ck_assert(!cache_seen(&c, CACHE_SEEN_CODE, &id, got));
	c.boot[0] ^= 1;
	ck_assert(!cache_seen(&c, CACHE_SEEN_MODULE, &id, got));
	c.boot[0] ^= 1;
	usleep(20000);
	ck_assert_int_eq(pwrite(fd, "x", 1, 0), 1);
	ck_assert_int_eq(cache_identify(fd, CACHE_SEEN_MODULE, &other), 0);
	ck_assert(!cache_seen(&c, CACHE_SEEN_MODULE, &other, got));
	close(fd);
	drop(&c);
}
END_TEST

static int begin(struct cache *c, struct cache_fill *fill, struct wsbox_err *err)
{
	const struct cache_recipe r = recipe(1);

	return cache_fill_begin(c, &r, "test.wasm", fill, err);
}

static void expect_note(struct cache *c, enum cache_fill_state state, const char *text)
{
	struct wsbox_err err = WSBOX_ERR_INIT;
	enum cache_fill_state got = CACHE_FILL_WORKING;
	struct cache_files files;
	struct cache_note note;

	ck_assert_int_eq(cache_scan_fills(c, &files), 0);
	ck_assert_uint_eq(files.len, 1);
	ck_assert_int_eq(cache_fill_read(c, files.at[0].name, &note, &got, &err), 0);
	ck_assert_int_eq(got, state);
	ck_assert_str_eq(note.label, "test.wasm");
	ck_assert_str_eq(note.text, text);
	vec_done(&files);
}

START_TEST(one_fills)
{
	struct wsbox_err err = WSBOX_ERR_INIT;
	struct cache_fill fill, other;
	struct cache c = fresh();
	char name[CACHE_FILE_NAME];

	ck_assert_int_eq(begin(&c, &fill, &err), 0);
	expect_note(&c, CACHE_FILL_WORKING, "");
	ck_assert_int_eq(begin(&c, &other, &err), -EBUSY);
	/* who works is not disturbed, nor who was ended remembered */
	uint32_t entries;
	uint64_t bytes;
	ck_assert_int_eq(cache_clean(&c, &entries, &bytes), 0);
	expect_note(&c, CACHE_FILL_WORKING, "");
	close(fill.fd);
	expect_note(&c, CACHE_FILL_ENDED, "");
	ck_assert_int_eq(begin(&c, &fill, &err), 0);
	must_store(&c, 1);
	cache_fill_end(&c, &fill, NULL);
	ck_assert_ptr_null(file_of(&c, ".fill", name));
	ck_assert_int_eq(begin(&c, &fill, &err), -EEXIST);
	ck_assert_ptr_null(file_of(&c, ".fill", name));
	ck_assert_int_eq(err.code, 0);
	drop(&c);
}
END_TEST

START_TEST(failures_are_noted_for_a_day)
{
	struct wsbox_err err = WSBOX_ERR_INIT, why = WSBOX_ERR_INIT;
	struct cache_fill fill;
	struct cache c = fresh();
	char name[CACHE_FILE_NAME];
	struct cache_note note;
	int fd;

	ck_assert_int_eq(begin(&c, &fill, &err), 0);
	(void)err_set(&why, -EIO, WSBOX_FAILED, "a reason \x1b");
	cache_fill_end(&c, &fill, &why);
	expect_note(&c, CACHE_FILL_FAILED, "a reason ?");
	ck_assert_int_eq(begin(&c, &fill, &err), -EALREADY);
	ck_assert_str_eq(err.text, "a reason ?");
	fd = openat(c.dir, file_of(&c, ".fill", name), O_RDWR | O_CLOEXEC);
	ck_assert_int_eq(pread(fd, &note, sizeof(note), 0), sizeof(note));
	/* a day later, or with a clock set back, or in another format, it is tried again */
	for (int i = 0; i < 3; i++) {
		struct cache_note n = note;

		n.at = i == 0 ? n.at - 86400 : i == 1 ? n.at + 3600 : n.at;
		n.version += i == 2;
		ck_assert_int_eq(pwrite(fd, &n, sizeof(n), 0), sizeof(n));
		ck_assert_int_eq(begin(&c, &fill, &err), 0);
		close(fill.fd);
	}
	ck_assert_int_eq(ftruncate(fd, 9), 0);
	ck_assert_int_eq(begin(&c, &fill, &err), 0);
	cache_fill_end(&c, &fill, NULL);
	close(fd);
	drop(&c);
}
END_TEST

/* What is stored may be a part of another entry. */
START_TEST(module_of_an_entry)
{
	struct wsbox_err err = WSBOX_ERR_INIT;
	struct cache c = fresh();
	struct cache_recipe r = recipe(1);
	struct cache_found found;
	FD_AUTO image = memory(2, IMAGE);

	must_store(&c, 1);
	ck_assert_int_eq(cache_find(&c, &r, &found, &err), 0);
	struct cache_item item = {
		.recipe = recipe(2), .image = image, .image_size = IMAGE, .module = found.fd,
		.module_off = found.entry.module_off, .module_size = found.entry.module_size,
		.label = "test.wasm", .text_bytes = 11,
	};

	ck_assert_msg(cache_store(&c, &item, &err) == 0, "%s", err.text);
	close(found.fd);
	ck_assert_int_eq(cache_find(&c, &item.recipe, &found, &err), 0);
	expect_bytes(found.fd, found.entry.image_off, 2, IMAGE);
	expect_bytes(found.fd, found.entry.module_off, 2, MODULE);
	close(found.fd);
	drop(&c);
}
END_TEST

START_TEST(damaged_records)
{
	struct cache_identity id = { 0 };
	uint8_t got[SHA256_BYTES] = { 3 }, byte, bad;
	char name[CACHE_FILE_NAME];
	struct cache c = fresh();
	int fd;

	ck_assert_int_eq(cache_seen_set(&c, CACHE_SEEN_CODE, &id, got, (struct timespec){ 0 }), 0);
	fd = openat(c.dir, file_of(&c, ".seen", name), O_RDWR | O_CLOEXEC);
	for (size_t i = 0; i < sizeof(struct cache_seen); i++) {
		ck_assert_int_eq(pread(fd, &byte, 1, (off_t)i), 1);
		bad = byte ^ 0x10;
		ck_assert_int_eq(pwrite(fd, &bad, 1, (off_t)i), 1);
		ck_assert(!cache_seen(&c, CACHE_SEEN_CODE, &id, got));
		ck_assert_int_eq(pwrite(fd, &byte, 1, (off_t)i), 1);
	}
	ck_assert(cache_seen(&c, CACHE_SEEN_CODE, &id, got));
	ck_assert_int_eq(ftruncate(fd, sizeof(struct cache_seen) - 1), 0);
	ck_assert(!cache_seen(&c, CACHE_SEEN_CODE, &id, got));
	close(fd);
	drop(&c);
}
END_TEST

/* Says when an entry was last used. */
static void used_at(struct cache *c, uint8_t n, time_t when)
{
	const struct timespec times[2] = { { when, 0 }, { when, 0 } };
	struct cache_recipe r = recipe(n);
	uint8_t name[SHA256_BYTES];
	char file[CACHE_FILE_NAME];
	struct cache_identity id;

	cache_name(&r, name);
	sha256_hex(name, file);
	strcat(file, ".code");
	ck_assert_int_eq(utimensat(c->dir, file, times, 0), 0);
	int fd = openat(c->dir, file, O_RDONLY | O_CLOEXEC);

	ck_assert_int_eq(cache_identify(fd, CACHE_SEEN_CODE, &id), 0);
	close(fd);
	(void)snprintf(file, sizeof(file), "%llx-%llx-0.seen", (unsigned long long)id.dev,
		       (unsigned long long)id.ino);
	ck_assert_int_eq(utimensat(c->dir, file, times, 0), 0);
}

START_TEST(least_recently_used)
{
	struct wsbox_err err = WSBOX_ERR_INIT;
	char name[CACHE_FILE_NAME];
	struct cache c = fresh();
	struct cache_files files;
	uint64_t one;

	for (uint8_t n = 1; n <= 4; n++) {
		must_store(&c, n);
		used_at(&c, n, time(NULL) - 1000 + n);
	}
	used_at(&c, 1, time(NULL) - 10);
	ck_assert_int_eq(cache_scan(&c, &files), 0);
	ck_assert_uint_eq(files.len, 4);
	one = files.at[0].size;
	vec_done(&files);
	ck_assert_int_eq(cache_trim(&c, 4 * one), 0);
	ck_assert_int_eq(find(&c, 2, NULL, &err), 0);
	c.limit = 3 * one;
	used_at(&c, 2, time(NULL) - 998);
	must_store(&c, 5);
	/* 2 and 3 were not used for longest */
	ck_assert_int_eq(find(&c, 1, NULL, &err), 0);
	ck_assert_int_eq(find(&c, 2, NULL, &err), -ENOENT);
	ck_assert_int_eq(find(&c, 3, NULL, &err), -ENOENT);
	ck_assert_int_eq(find(&c, 4, NULL, &err), 0);
	ck_assert_int_eq(find(&c, 5, NULL, &err), 0);
	c.limit = one - 1;
	ck_assert_int_eq(store(&c, 6, &err), -EFBIG);
	ck_assert_int_eq(cache_trim(&c, 0), 0);
	ck_assert_ptr_null(file_of(&c, ".code", name));
	ck_assert_ptr_null(file_of(&c, ".seen", name));
	drop(&c);
}
END_TEST

/* What a killed writer left is not locked any more; what is being written is. */
START_TEST(temporary_files)
{
	struct cache c = fresh();
	int fd = openat(c.dir, "tmp-0123456789abcdef", O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	ck_assert_int_eq(flock(fd, LOCK_EX), 0);
	must_store(&c, 1);
	ck_assert_int_eq(faccessat(c.dir, "tmp-0123456789abcdef", F_OK, 0), 0);
	close(fd);
	must_store(&c, 1);
	ck_assert_int_lt(faccessat(c.dir, "tmp-0123456789abcdef", F_OK, 0), 0);
	drop(&c);
}
END_TEST

START_TEST(clean)
{
	static const char *const others[] = {
		"main.code", ".code", "0123456789abcdef.code", "main.seen", "1-2.seen",
		"1-2-3-4.seen",
		"0123456789abcdef0123456789abcdef0123456789abcdef0123456789ABCDEF.code",
		"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0.code",
		"tmp-notes",
	};
	struct wsbox_err err = WSBOX_ERR_INIT;
	char name[CACHE_FILE_NAME];
	struct cache c = fresh();
	uint32_t entries;
	uint64_t bytes;

	must_store(&c, 1);
	must_store(&c, 2);
	/* what is not named as ours is not ours, in a directory that somebody chose for it */
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		close(openat(c.dir, others[i], O_CREAT | O_WRONLY, 0600));
	ck_assert_int_eq(cache_clean(&c, &entries, &bytes), 0);
	ck_assert_uint_eq(entries, 2);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		ck_assert_int_eq(unlinkat(c.dir, others[i], 0), 0);
	ck_assert_uint_ge(bytes, 2 * (CACHE_PAGE + IMAGE + MODULE));
	ck_assert_ptr_null(file_of(&c, ".seen", name));
	ck_assert_int_eq(find(&c, 1, NULL, &err), -ENOENT);
	drop(&c);
}
END_TEST

START_TEST(places)
{
	struct wsbox_err err = WSBOX_ERR_INIT;
	char got[PATH_MAX];

	setenv("WSBOX_CACHE_DIR", "/x/y", 1);
	ck_assert_int_eq(cache_path(got, &err), 0);
	ck_assert_str_eq(got, "/x/y");
	unsetenv("WSBOX_CACHE_DIR");
	if (geteuid() == 0) {
		ck_assert_int_eq(cache_path(got, &err), 0);
		ck_assert_str_eq(got, "/var/cache/wsbox");
		ck_assert_int_eq(seteuid(65534), 0);
	}
	setenv("HOME", "/home/a", 1);
	setenv("XDG_CACHE_HOME", "not/absolute", 1);
	ck_assert_int_eq(cache_path(got, &err), 0);
	ck_assert_str_eq(got, "/home/a/.cache/wsbox");
	setenv("XDG_CACHE_HOME", "/c", 1);
	ck_assert_int_eq(cache_path(got, &err), 0);
	ck_assert_str_eq(got, "/c/wsbox");
	unsetenv("XDG_CACHE_HOME");
	unsetenv("HOME");
	ck_assert_int_eq(cache_path(got, &err), -ENOENT);
	ck_assert_int_eq(seteuid(getuid()), 0);
}
END_TEST

START_TEST(sizes)
{
	struct wsbox_err err = WSBOX_ERR_INIT;
	struct cache c = fresh(), other;

	ck_assert_uint_eq(c.limit, 1 << 30);
	setenv("WSBOX_CACHE_SIZE", "3M", 1);
	ck_assert_int_eq(cache_open(path, &other, &err), 0);
	ck_assert_uint_eq(other.limit, 3 << 20);
	cache_close(&other);
	setenv("WSBOX_CACHE_SIZE", "lots", 1);
	ck_assert_int_eq(cache_open(path, &other, &err), -EINVAL);
	drop(&c);
}
END_TEST

UNIT("cache", stored_is_found, recipes, damage, changed_entry_has_no_record, not_ours, swapped,
     bad_directories, bad_keys, key_out_of_reach, modules_seen, one_fills,
     failures_are_noted_for_a_day, module_of_an_entry, damaged_records, least_recently_used,
     temporary_files, clean, places, sizes)
