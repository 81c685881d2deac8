/*
 * What a program's allocations go through that is linked with --wrap of their names: whoever traces
 * it decides which fails (traced.h). Without a tracer none does, or a filter ends the program.
 */
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/mman.h>

#include "tests/faults/traced.h"

/* Before it the C library's start has its own way to end. */
static bool in_main;

int __real_main(int argc, char **argv);
int __wrap_main(int argc, char **argv);
int __wrap_main(int argc, char **argv)
{
	in_main = true;
	return __real_main(argc, argv);
}

/* In assembly, as not to set errno. */
static bool may_have(size_t bytes)
{
	long ret;

	if (!in_main)
		return true;
	__asm__ volatile("syscall"
			 : "=a"(ret)
			 : "a"((long)TRACED_ALLOCATION), "D"(bytes)
			 : "rcx", "r11", "memory");
	if (ret != -ENOMEM)
		return true;
	errno = ENOMEM;
	return false;
}

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_malloc(size_t size)
{
	return may_have(size) ? __real_malloc(size) : NULL;
}

void *__real_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size)
{
	return may_have(n * size) ? __real_calloc(n, size) : NULL;
}

void *__real_realloc(void *p, size_t size);
void *__wrap_realloc(void *p, size_t size);
void *__wrap_realloc(void *p, size_t size)
{
	return may_have(size) ? __real_realloc(p, size) : NULL;
}

void *__real_mmap(void *at, size_t size, int prot, int flags, int fd, off_t offset);
void *__wrap_mmap(void *at, size_t size, int prot, int flags, int fd, off_t offset);
void *__wrap_mmap(void *at, size_t size, int prot, int flags, int fd, off_t offset)
{
	return may_have(size) ? __real_mmap(at, size, prot, flags, fd, offset) : MAP_FAILED;
}
