/* nochmod.c: what WASI libc lacks and SQLite's shell links against; wasm builds only. */
#include <errno.h>
#include <sys/stat.h>

__attribute__((weak)) int chmod(const char *path, mode_t mode)
{
	(void)path;
	(void)mode;
	errno = ENOSYS;
	return -1;
}
