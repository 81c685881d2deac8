/*
 * Calls that make, change, describe and remove names, each on every kind of name: what there is,
 * links to it, and trailing slashes. The tree is made anew for each call that changes it. Run with
 * an empty directory as 3.
 */
#include "wasi.h"

static const char *const kinds[] = {
	"file", "dir", "full", "tofile", "todir", "dangling", "loop", "none", "file/", "dir/",
	"full/", "tofile/", "todir/", "dangling/", "none/", ".", "..", "dir/.", "dir/..", "", "/",
	"/file", "../x", "dir/../../x", "file/x", "none/x", "todir/in", "full/in",
};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

static char buf[512];
static struct filestat fs;
static u32 n;

static void unlink_(const char *path)
{
	w_path_unlink_file(3, path, strlen(path));
}

static void rmdir_(const char *path)
{
	w_path_remove_directory(3, path, strlen(path));
}

static void clear(void)
{
	static const char *const files[] = {
		"file", "full/in", "tofile", "todir", "dangling", "loop", "none", "nowhere",
		"dir/in", "new", "dir/new", "dir", "full", "dir/file", "full/file",
	};
	static const char *const dirs[] = {
		"dir/full", "full/dir", "full/full", "dir/dir", "nowhere", "new", "file", "none",
		"tofile", "todir", "dangling", "loop", "full/in", "dir/in", "dir", "full",
	};

	for (u32 i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		unlink_(files[i]);
	for (u32 i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++) {
		snprintf(buf, sizeof(buf), "%s/in", dirs[i]);
		unlink_(buf);
		rmdir_(dirs[i]);
	}
}

static void tree(void)
{
	clear();
	make("file", "0123");
	if (w_path_create_directory(3, S("dir")) || w_path_create_directory(3, S("full")) ||
	    w_path_symlink(S("file"), 3, S("tofile")) || w_path_symlink(S("dir"), 3, S("todir")) ||
	    w_path_symlink(S("nowhere"), 3, S("dangling")) ||
	    w_path_symlink(S("loop"), 3, S("loop")))
		printf("the tree cannot be made\n");
	make("full/in", "45");
}

static int create_directory(const char *path)
{
	return w_path_create_directory(3, path, strlen(path));
}

static int remove_directory(const char *path)
{
	return w_path_remove_directory(3, path, strlen(path));
}

static int unlink_file(const char *path)
{
	return w_path_unlink_file(3, path, strlen(path));
}

static int symlink_at(const char *path)
{
	return w_path_symlink(S("file"), 3, path, strlen(path));
}

static int symlink_to(const char *path)
{
	return w_path_symlink(path, strlen(path), 3, S("new"));
}

static int readlink_(const char *path)
{
	int e = w_path_readlink(3, path, strlen(path), buf, sizeof(buf), &n);

	if (!e)
		printf("%.*s ", (int)n, buf);
	return e;
}

static int get(const char *path, u32 lookup)
{
	int e = w_path_filestat_get(3, lookup, path, strlen(path), &fs);

	if (!e)
		printf("type %d size %llu links %llu ", (int)(fs.type & 255),
		       fs.type == 4 ? fs.size : 0, fs.type == 4 ? fs.nlink : 0);
	return e;
}

static int get_nofollow(const char *path)
{
	return get(path, 0);
}

static int get_follow(const char *path)
{
	return get(path, FOLLOW);
}

static int set(const char *path, u32 lookup)
{
	int e = w_path_filestat_set_times(3, lookup, path, strlen(path), 1000000001, 2000000002,
					  ATIM | MTIM);

	if (!w_path_filestat_get(3, 0, S("file"), &fs) && fs.mtim == 2000000002)
		printf("of the file ");
	if (!w_path_filestat_get(3, 0, S("dir"), &fs) && fs.mtim == 2000000002)
		printf("of the directory ");
	if (!w_path_filestat_get(3, 0, S("tofile"), &fs) && fs.mtim == 2000000002)
		printf("of the link ");
	return e;
}

static int set_nofollow(const char *path)
{
	return set(path, 0);
}

static int set_follow(const char *path)
{
	return set(path, FOLLOW);
}

static void one_name(void)
{
	static const struct {
		const char *name;
		int (*call)(const char *);
	} calls[] = {
		{ "create_directory", create_directory },
		{ "remove_directory", remove_directory },
		{ "unlink_file", unlink_file },
		{ "symlink at", symlink_at },
		{ "symlink to", symlink_to },
		{ "readlink", readlink_ },
		{ "filestat_get", get_nofollow },
		{ "filestat_get follow", get_follow },
		{ "set_times", set_nofollow },
		{ "set_times follow", set_follow },
	};

	for (u32 c = 0; c < sizeof(calls) / sizeof(calls[0]); c++) {
		for (u32 i = 0; i < KINDS; i++) {
			tree();
			printf("%s %s: ", calls[c].name, kinds[i]);
			printf("%s\n", error_name(calls[c].call(kinds[i])));
		}
	}
}

static void two_names(void)
{
	for (u32 i = 0; i < KINDS; i++) {
		for (u32 k = 0; k < KINDS; k++) {
			tree();
			printf("rename %s %s: %s\n", kinds[i], kinds[k],
			       error_name(w_path_rename(3, kinds[i], strlen(kinds[i]), 3, kinds[k],
							strlen(kinds[k]))));
			tree();
			printf("link %s %s: %s\n", kinds[i], kinds[k],
			       error_name(w_path_link(3, 0, kinds[i], strlen(kinds[i]), 3, kinds[k],
						      strlen(kinds[k]))));
		}
	}
	for (u32 k = 0; k < KINDS; k++) {
		tree();
		printf("link follow %s new: %s\n", kinds[k],
		       error_name(w_path_link(3, FOLLOW, kinds[k], strlen(kinds[k]), 3, S("new"))));
	}
}

static void moves(void)
{
	tree();
	E(w_path_rename(3, S("dir"), 3, S("dir/in")));
	E(w_path_rename(3, S("full"), 3, S("dir")));
	E(w_path_filestat_get(3, 0, S("dir/in"), &fs));
	E(w_path_rename(3, S("dir/in"), 3, S("todir/../new")));
	E(w_path_link(3, 0, S("file"), 3, S("new")));
	E(w_path_link(3, 0, S("file"), 3, S("dir/new")));
	E(w_path_filestat_get(3, 0, S("file"), &fs));
	V(fs.nlink);
	E(w_path_rename(3, S("file"), 3, S("dir/new")));
	E(w_path_filestat_get(3, 0, S("file"), &fs));
}

static void truncated(void)
{
	tree();
	memset(buf, '#', sizeof(buf));
	E(w_path_readlink(3, S("dangling"), buf, 3, &n));
	V(n);
	V(buf[2]);
	V(buf[3]);
	E(w_path_readlink(3, S("dangling"), buf, 7, &n));
	V(n);
	E(w_path_readlink(3, S("dangling"), buf, 0, &n));
	E(w_path_readlink(3, S("dangling"), NULL, 0, &n));
}

int main(void)
{
	setvbuf(stdout, NULL, _IONBF, 0);
	one_name();
	two_names();
	moves();
	truncated();
	clear();
	return 0;
}
