/*
 * fd_readdir: what an entry holds, buffers of every length, cookies while entries come and go, many
 * entries, more directories at once than are kept. The order is the file system's and is never
 * said. listing [ENTRIES], run with an empty directory as 3.
 */
#include "wasi.h"

#include <stdlib.h>

#define ROOM 65536
#define ENTRIES 20000
#define DIRS 12

struct dirent {
	u64 next, ino;
	u32 len, type;	/* type: its low byte */
};

static _Alignas(8) char full[ROOM], part[ROOM];
static struct filestat fs;
static char name[300];
static unsigned char seen[ENTRIES];
static u32 fd, n, used;
static int entries_made;

static struct dirent entry(const char *at)
{
	struct dirent d;

	memcpy(&d, at, sizeof(d));
	d.type &= 255;
	return d;
}

static void make_in(u32 dir, const char *path)
{
	u32 f;

	if (open_in(dir, &f, path, 0, CREAT, RW, 0) || w_fd_close(f))
		printf("%s cannot be made\n", path);
}

/* Whether entry d called name is what path_filestat_get says of it. */
static int is_true(u32 dir, const struct dirent *d, const char *called)
{
	return !w_path_filestat_get(dir, 0, called, d->len, &fs) && fs.ino == d->ino &&
	       (fs.type & 255) == d->type;
}

static void entries(void)
{
	int right = 0, dot = 0, dots = 0, count = 0;
	struct filestat self;

	E(w_path_create_directory(3, S("l")));
	E(open_in(3, &fd, "l", 0, DIRECTORY, READ, 0));
	make_in(fd, "a");
	make_in(fd, "longer-name");
	make_in(fd, "caf\xc3\xa9");
	E(w_path_create_directory(fd, S("sub")));
	E(w_path_symlink(S("a"), fd, S("link")));
	E(w_fd_filestat_get(fd, &self));
	E(w_fd_readdir(fd, full, ROOM, 0, &used));
	for (u32 at = 0; at < used;) {
		struct dirent d = entry(full + at);
		const char *called = full + at + 24;

		count++;
		if (d.len == 1 && *called == '.')
			dot = d.ino == self.ino && d.type == 3;
		else if (d.len == 2 && called[0] == '.' && called[1] == '.')
			dots = d.type == 3;
		else
			right += is_true(fd, &d, called);
		at += 24 + d.len;
	}
	V(count);
	V(right);
	V(dot);
	V(dots);
}

/* Each length of buffer gives the beginning of what a large one gives, filled to its end. */
static void lengths(void)
{
	int wrong = 0;

	for (u32 room = 0; room <= used + 10; room++) {
		u32 want = room < used ? room : used;

		memset(part, '#', room + 1);
		if (w_fd_readdir(fd, part, room, 0, &n) || n != want || memcmp(part, full, n) ||
		    part[room] != '#')
			wrong++;
	}
	V(wrong);
}

/* The cookie of each entry leads to the one after it, in any order. */
static void cookies(void)
{
	int wrong = 0, last = 0;
	u64 end = 0;

	for (int pass = 0; pass < 3; pass++) {
		for (u32 at = 0; at < used;) {
			struct dirent d = entry(full + at);

			at += 24 + d.len;
			end = d.next;
			if (w_fd_readdir(fd, part, ROOM, d.next, &n) || n != used - at ||
			    memcmp(part, full + at, n))
				wrong++;
			last += n == 0;
			if (pass == 1 &&
			    (w_fd_readdir(fd, part, 30, 0, &n) || memcmp(part, full, n)))
				wrong++;
		}
	}
	V(wrong);
	V(last);
	E(w_fd_readdir(fd, part, ROOM, end + 1, &n));
	V(n);
	E(w_fd_readdir(fd, part, ROOM, UINT64_MAX, &n));
	V(n);
	make_in(fd, "later");
	E(w_fd_readdir(fd, part, ROOM, 0, &n));
	V(n == used + 24 + 5);
	E(w_path_unlink_file(fd, S("later")));
	E(w_fd_readdir(fd, part, ROOM, 0, &n));
	V(n == used);
	E(w_fd_close(fd));
}

/*
 * Lists dir in pieces of `room` bytes; counts entries called N<i>.
 * `each` is called after each piece.
 */
static int walk(u32 dir, u32 room, void (*each)(u32 dir))
{
	int found = 0, twice = 0;
	u64 cookie = 0;

	memset(seen, 0, sizeof(seen));
	do {
		u32 at = 0;

		if (w_fd_readdir(dir, part, room, cookie, &n))
			return -1;
		while (at + 24 <= n) {
			struct dirent d = entry(part + at);

			if (at + 24 + d.len > n)
				break;
			cookie = d.next;
			if (part[at + 24] == 'N') {
				int i = (memcpy(name, part + at + 24, d.len), name[d.len] = 0,
					 atoi(name + 1));

				twice += seen[i];
				seen[i] = 1;
				found++;
			}
			at += 24 + d.len;
		}
		if (each)
			each(dir);
	} while (n == room);
	if (twice)
		printf("%d entries came twice\n", twice);
	return found;
}

/* Removes what was seen. */
static void remove_seen(u32 dir)
{
	for (int i = 0; i < ENTRIES; i++) {
		if (seen[i] != 1)
			continue;
		snprintf(name, sizeof(name), "N%d", i);
		if (!w_path_unlink_file(dir, name, strlen(name)))
			seen[i] = 2;
	}
}

static void add_some(u32 dir)
{
	static int more;

	snprintf(name, sizeof(name), "M%d", more++);
	make_in(dir, name);
}

static int all_seen(void)
{
	int all = 0;

	for (int i = 0; i < ENTRIES; i++)
		all += seen[i] != 0;
	return all;
}

static void many(void)
{
	static const u32 rooms[] = { 100, 333, 4096, 32768, 65536 };

	E(w_path_create_directory(3, S("m")));
	E(open_in(3, &fd, "m", 0, DIRECTORY, READ, 0));
	for (int i = 0; i < entries_made; i++) {
		snprintf(name, sizeof(name), "N%d", i);
		make_in(fd, name);
	}
	for (u32 i = 0; i < sizeof(rooms) / sizeof(rooms[0]); i++)
		printf("%u: %d\n", rooms[i], walk(fd, rooms[i], NULL) == entries_made);
	walk(fd, 4096, add_some);
	V(all_seen() == entries_made);
	walk(fd, 4096, remove_seen);
	V(all_seen() == entries_made);
	V(walk(fd, 4096, NULL));
	E(w_fd_close(fd));
}

/* Directories listed in turns, an entry at a time. */
static void turns(void)
{
	static u32 dirs[DIRS];
	static u64 at[DIRS];
	int count = 0;

	for (u32 i = 0; i < DIRS; i++) {
		snprintf(name, sizeof(name), "t%u", i);
		if (w_path_create_directory(3, name, strlen(name)) ||
		    open_in(3, &dirs[i], name, 0, DIRECTORY, READ, 0))
			printf("%s cannot be made\n", name);
		for (int k = 0; k < 20; k++) {
			snprintf(name, sizeof(name), "entry-of-%u-%d", i, k);
			make_in(dirs[i], name);
		}
	}
	for (int k = 0; k < 22; k++) {
		for (u32 i = 0; i < DIRS; i++) {
			struct dirent d;

			if (w_fd_readdir(dirs[i], part, 100, at[i], &n) || n < 24)
				continue;
			d = entry(part);
			at[i] = d.next;
			snprintf(name, sizeof(name), "entry-of-%u-", i);
			count += !memcmp(part + 24, name, strlen(name));
		}
	}
	V(count);
	E(w_path_unlink_file(dirs[0], S("entry-of-0-3")));
	E(w_fd_close(dirs[0]));
	E(w_fd_readdir(dirs[0], part, ROOM, 0, &n));
}

/* A directory that is gone, and what is none. */
static void odd(void)
{
	E(w_path_create_directory(3, S("gone")));
	E(open_in(3, &fd, "gone", 0, DIRECTORY, READ, 0));
	E(w_path_remove_directory(3, S("gone")));
	E(w_fd_readdir(fd, part, ROOM, 0, &n));
	V(n);
	E(open_in(fd, &n, "x", 0, CREAT, RW, 0));
	E(w_path_create_directory(fd, S("x")));
	E(w_path_filestat_get(fd, 0, S("."), &fs));
	E(w_fd_close(fd));
	E(w_fd_readdir(1, part, ROOM, 0, &n));
	E(w_fd_readdir(fd, part, ROOM, 0, &n));
}

int main(int argc, char **argv)
{
	entries_made = argc > 1 ? atoi(argv[1]) : 300;
	setvbuf(stdout, NULL, _IONBF, 0);
	entries();
	lengths();
	cookies();
	many();
	turns();
	odd();
	return 0;
}
