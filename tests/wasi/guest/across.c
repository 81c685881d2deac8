/* Links and renames between two directories, a and b, each given to the guest on its own. */
#include "say.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

int main(void)
{
	int f;

	OPEN(f, open("a/f", O_CREAT | O_WRONLY, 0666));
	T(close(f));
	T(mkdir("a/d", 0777));
	T(link("a/f", "b/f"));
	T(rename("a/f", "b/g"));
	T(rename("a/d", "b/d"));
	T(symlink("f", "b/s"));
	T(rename("a/none", "b/none"));
	T(rename("b/s", "b/t"));
	return 0;
}
