/* Where the cache is, and how large it may be: by the environment. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/cache/internal.h"

static int path_join(char ret[PATH_MAX], const char *a, const char *b, struct wsbox_err *err)
{
	int n = snprintf(ret, PATH_MAX, "%s%s", a, b);

	if (n < 0 || n >= PATH_MAX)
		return err_set(err, -ENAMETOOLONG, WSBOX_FAILED, "its path is too long");
	return 0;
}

int cache_path(char ret[PATH_MAX], struct wsbox_err *err)
{
	const char *own = getenv("WSBOX_CACHE_DIR"), *xdg = getenv("XDG_CACHE_HOME");
	const char *home = getenv("HOME");

	if (own && *own)
		return path_join(ret, own, "", err);
	if (geteuid() == 0)
		return path_join(ret, "/var/cache/wsbox", "", err);
	/* the XDG base directory specification: what is not absolute is ignored */
	if (xdg && *xdg == '/')
		return path_join(ret, xdg, "/wsbox", err);
	if (home && *home == '/')
		return path_join(ret, home, "/.cache/wsbox", err);
	return err_set(err, -ENOENT, WSBOX_FAILED,
		       "no place for it: HOME, XDG_CACHE_HOME and WSBOX_CACHE_DIR are not set");
}
