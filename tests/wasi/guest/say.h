/*
 * For programs that are built twice, natively and for WASI, and must say the same: results with
 * the names of errors, since the numbers differ, and never a descriptor.
 */
#ifndef SAY_H
#define SAY_H

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static const char *error_name(int e)
{
	static const struct {
		int e;
		const char *name;
	} names[] = {
#define N(x) { x, #x }
		N(EACCES), N(EAGAIN), N(EBADF), N(EBUSY), N(EEXIST), N(EFAULT), N(EFBIG), N(EILSEQ),
		N(EINVAL), N(EIO), N(EISDIR), N(ELOOP), N(EMFILE), N(EMLINK), N(ENAMETOOLONG),
		N(ENOENT), N(ENOSPC), N(ENOSYS), N(ENOTDIR), N(ENOTEMPTY), N(ENOTSUP), N(ENOTTY),
		N(EOVERFLOW), N(EPERM), N(EPIPE), N(EROFS), N(ESPIPE), N(EXDEV), N(ENXIO),
		N(ENOTSOCK),
#undef N
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (names[i].e == e)
			return names[i].name;
	}
	return "another error";
}

/* Says what an expression gives. */
#define T(e) say(#e, (long long)(e))
/* The same for one that gives a descriptor, kept in var. */
#define OPEN(var, e) say(#e, ((var) = (e)) >= 0 ? 0 : -1)

static inline void say(const char *what, long long result)
{
	if (result < 0)
		printf("%s = %lld %s\n", what, result, error_name(errno));
	else
		printf("%s = %lld\n", what, result);
}

#endif
