/*
 * Attributes of files, for calls by descriptor and by path alike: between struct stat, struct
 * timespec and the guest's records.
 */
#ifndef WASI_IOURING_ATTR_H
#define WASI_IOURING_ATTR_H

#include "wasi-iouring/state.h"

struct stat;
struct timespec;

/* Nanoseconds since 1970; the nearest there is for a time before, or after 2554. */
uint64_t wasi_attr_ns(const struct timespec *t);

/* Writes witx's $filestat at p; false if p is not memory. */
bool wasi_attr_store(struct rt_instance *inst, uint32_t p, const struct stat *st,
		     enum wasi_filetype type);

/* The times for utimensat(2). EINVAL for unknown flags and for a time both given and now. */
enum wasi_errno wasi_attr_times(uint64_t atim, uint64_t mtim, uint32_t flags,
				struct timespec ret[2]);

#endif
