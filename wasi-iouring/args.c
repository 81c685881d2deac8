/*
 * Arguments and environment: two lists of strings, copied into the guest's memory as an array of
 * pointers and the bytes they point to. The host's own environment never shows.
 */
#include "runtime/base/num.h"
#include "wasi-iouring/calls.h"

/* Bytes of all strings; false if they are more than a guest can address. */
static bool list_bytes(const char *const *list, uint32_t n, uint32_t *ret)
{
	*ret = 0;
	for (uint32_t i = 0; i < n; i++) {
		if (!num_add(*ret, strlen(list[i]) + 1, ret))
			return false;
	}
	return true;
}

static enum wasi_errno list_sizes(struct rt_instance *inst, const char *const *list, uint32_t n,
				  uint32_t count_at, uint32_t bytes_at)
{
	uint32_t bytes;

	if (!list_bytes(list, n, &bytes))
		return WASI_EOVERFLOW;
	if (!rt_mem(inst, count_at, 4) || !rt_mem(inst, bytes_at, 4))
		return WASI_EFAULT;
	(void)WASI_STORE(inst, count_at, n);
	(void)WASI_STORE(inst, bytes_at, bytes);
	return WASI_OK;
}

static enum wasi_errno list_copy(struct rt_instance *inst, const char *const *list, uint32_t n,
				 uint32_t pointers, uint32_t bytes)
{
	uint32_t total;

	if (!list_bytes(list, n, &total) || !rt_mem(inst, bytes, total) ||
	    !rt_mem(inst, pointers, 4ull * n))
		return WASI_EFAULT;
	for (uint32_t i = 0; i < n; i++) {
		size_t len = strlen(list[i]) + 1;

		(void)wasi_store(inst, bytes, list[i], len);
		(void)WASI_STORE(inst, pointers + 4 * i, bytes);
		bytes += (uint32_t)len;
	}
	return WASI_OK;
}

WASI_CALL(args_sizes_get)
{
	return list_sizes(inst, w->config.argv, w->config.argc, ARG32(0), ARG32(1));
}

WASI_CALL(args_get)
{
	return list_copy(inst, w->config.argv, w->config.argc, ARG32(0), ARG32(1));
}

WASI_CALL(environ_sizes_get)
{
	return list_sizes(inst, w->config.env, w->config.envc, ARG32(0), ARG32(1));
}

WASI_CALL(environ_get)
{
	return list_copy(inst, w->config.env, w->config.envc, ARG32(0), ARG32(1));
}
