/*
 * path_open: each flag with each kind of name, and names of every odd form. Run with an empty
 * directory as 3.
 */
#include "wasi.h"

#include <stdlib.h>

static char text[8192];
static u32 fd, n;

static void try(const char *path, u32 lookup, u32 oflags, u64 rights)
{
	char kind[5] = "    ", now[2] = "";
	struct iov v = { now, 1 };
	int e = open_in(3, &fd, path, lookup, oflags, rights, 0);

	for (int i = 0; i < 4; i++)
		kind[i] = oflags >> i & 1 ? "cdet"[i] : ' ';
	printf("%-22s %s %s%s %s: %s\n", path, kind, rights & READ ? "r" : " ",
	       rights & WRITE ? "w" : " ", lookup ? "follow" : "      ", error_name(e));
	if (e)
		return;
	if (rights == READ && !w_fd_read(fd, &v, 1, &n) && n)
		printf("  holds %s\n", now);
	if (w_fd_close(fd))
		printf("  cannot be closed\n");
}

static void prepare(void)
{
	E(w_path_create_directory(3, S("dir")));
	E(w_path_create_directory(3, S("dir/sub")));
	make("file", "x");
	make("dir/inner", "y");
	E(w_path_symlink(S("file"), 3, S("tofile")));
	E(w_path_symlink(S("dir"), 3, S("todir")));
	E(w_path_symlink(S("dir/"), 3, S("todir-slash")));
	E(w_path_symlink(S("nothing"), 3, S("dangling")));
	E(w_path_symlink(S("loop"), 3, S("loop")));
	E(w_path_symlink(S("loop2"), 3, S("loop1")));
	E(w_path_symlink(S("loop1"), 3, S("loop2")));
	E(w_path_symlink(S("../file"), 3, S("dir/up")));
	E(w_path_symlink(S("../outside"), 3, S("out")));
	E(w_path_symlink(S(".."), 3, S("parent")));
	E(w_path_symlink(S("."), 3, S("self")));
	E(w_path_symlink(S("file/"), 3, S("tofile-slash")));
}

static void flags(void)
{
	static const char *const names[] = {
		"file", "dir", "tofile", "todir", "dangling", "loop", "none"
	};
	static const u64 rights[] = { READ, WRITE, RW };

	for (u32 i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		for (u32 oflags = 0; oflags < 16; oflags++) {
			for (u32 k = 0; k < 6; k++) {
				if ((oflags & (CREAT | DIRECTORY)) == (CREAT | DIRECTORY))
					continue;
				try(names[i], k / 3 ? FOLLOW : 0, oflags, rights[k % 3]);
				w_path_unlink_file(3, S("nothing"));
				w_path_unlink_file(3, S("none"));
				make("file", "x");
			}
		}
	}
}

static void creates_directory(void)
{
	try("dir", 0, CREAT | DIRECTORY, READ);
	try("file", 0, CREAT | DIRECTORY, READ);
	try("none", 0, CREAT | DIRECTORY, READ);
	E(w_path_unlink_file(3, S("none")));
}

static void forms(void)
{
	static const char *const names[] = {
		"", ".", "./", "..", "../", "/", "//", "/file", "//file", "./file", "././file",
		".//file", "dir/../file", "dir/sub/../../file", "dir/..", "dir/../..",
		"dir/../../file", "dir/.", "dir/./", "dir/./inner", "dir//inner", "dir/", "dir//",
		"file/", "file//", "file/.", "file/..", "file/x", "tofile/", "todir/", "todir/.",
		"todir/..", "todir/inner", "todir-slash", "todir-slash/", "tofile-slash",
		"dangling/", "dangling/.", "dangling/x", "loop/", "loop/x", "loop1", "none/",
		"none/x", "none/..", "none/../file", "dir/up", "out", "out/", "parent", "parent/",
		"parent/x", "self", "self/", "self/file", "self/self/self/file", "...", "..file",
		" ", "a\nb", "fil\xc3\xa9", "file\x01", "\\file", "dir\\inner", "C:file",
	};

	for (u32 i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		try(names[i], 0, 0, READ);
		try(names[i], FOLLOW, 0, READ);
		try(names[i], 0, DIRECTORY, READ);
		try(names[i], FOLLOW, CREAT | EXCL, RW);
	}
	for (u32 i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		w_path_unlink_file(3, names[i], strlen(names[i]));
}

/* Bytes that are no text. */
static void bytes(void)
{
	make("file", "x");
	E(w_path_open(3, 0, S("file\0"), 0, READ, 0, 0, &fd));
	E(w_path_open(3, 0, S("\0file"), 0, READ, 0, 0, &fd));
	E(w_path_open(3, 0, S("fi\0le"), CREAT, RW, 0, 0, &fd));
	E(w_path_open(3, 0, S("\0"), 0, READ, 0, 0, &fd));
	E(w_path_open(3, 0, S("\xff"), CREAT, RW, 0, 0, &fd));
	E(w_path_open(3, 0, S("a\x80"), CREAT, RW, 0, 0, &fd));
	E(w_path_open(3, 0, S("\xc0\xaf"), CREAT, RW, 0, 0, &fd));
	E(w_path_open(3, 0, S("\xed\xa0\x80"), CREAT, RW, 0, 0, &fd));
	E(w_path_open(3, 0, S("\xf4\x90\x80\x80"), CREAT, RW, 0, 0, &fd));
	E(w_path_open(3, 0, S("\xf0\x9f\x98\x80"), CREAT, RW, 0, 0, &fd));
	E(w_fd_close(fd));
	E(w_path_unlink_file(3, S("\xf0\x9f\x98\x80")));
	E(w_path_create_directory(3, S("a\0b")));
	E(w_path_create_directory(3, S("\xff")));
	E(w_path_filestat_get(3, 0, S("\xff"), text));
	E(w_path_rename(3, S("file"), 3, S("\xff")));
	E(w_path_link(3, 0, S("file"), 3, S("\xff")));
	E(w_path_symlink(S("\xff"), 3, S("link")));
	E(w_path_symlink(S("a\0b"), 3, S("link")));
	E(w_path_unlink_file(3, S("\xff")));
}

static void lengths(void)
{
	static const u32 each[] = { 254, 255, 256, 4094, 4095, 4096, 8000 };

	memset(text, 'n', sizeof(text));
	for (u32 i = 0; i < sizeof(each) / sizeof(each[0]); i++) {
		printf("-- %u bytes\n", each[i]);
		E(w_path_open(3, 0, text, each[i], CREAT, RW, 0, 0, &fd));
		E(w_path_unlink_file(3, text, each[i]));
		E(w_path_create_directory(3, text, each[i]));
		E(w_path_remove_directory(3, text, each[i]));
		E(w_path_filestat_get(3, 0, text, each[i], &n));
	}
	for (u32 i = 0; i < sizeof(text); i += 2)
		memcpy(text + i, "./", 2);
	for (u32 i = 3; i < sizeof(each) / sizeof(each[0]); i++) {
		memcpy(text + each[i] - 4, "file", 4);
		printf("-- a path of %u bytes\n", each[i]);
		E(w_path_open(3, 0, text, each[i], 0, READ, 0, 0, &fd));
		memcpy(text + each[i] - 4, each[i] & 1 ? "/./." : "././", 4);
	}
}

/* Deeper than a walk follows links, and just not. */
static void chains(void)
{
	char from[16], to[16];

	make("c0", "x");
	for (int i = 1; i <= 45; i++) {
		snprintf(from, sizeof(from), "c%d", i - 1);
		snprintf(to, sizeof(to), "c%d", i);
		if (w_path_symlink(from, strlen(from), 3, to, strlen(to)))
			printf("%s cannot be made\n", to);
	}
	for (int i = 38; i <= 45; i++) {
		snprintf(to, sizeof(to), "c%d", i);
		try(to, FOLLOW, 0, READ);
	}
}

int main(void)
{
	setvbuf(stdout, NULL, _IONBF, 0);
	prepare();
	flags();
	creates_directory();
	forms();
	bytes();
	lengths();
	chains();
	return 0;
}
