/*
 * A guest without wasm: a block of memory that the handlers take for linear memory, and calls
 * through the same entry functions that compiled code is given. Cases of tests/wasi run in it
 * before and beside real modules.
 */
#ifndef TESTS_WASI_GUEST_H
#define TESTS_WASI_GUEST_H

#include "wasi-iouring/calls.h"

#define GUEST_MEMORY (1u << 20)

struct guest {
	struct rt_instance_head head;
	uint64_t size;
	struct wasi *w;
	struct wasi_preopen own;
	char dir[128];		/* on the host: what is preopened as 3 */
};

/*
 * Makes an empty directory, preopened as "/" unless a configuration has preopens (which may be none
 * of them); ring as in wasi_config. nofile 0: the default.
 */
void guest_init(struct guest *g, bool ring, uint32_t nofile);
void guest_init_with(struct guest *g, struct wasi_config *config);
void guest_done(struct guest *g);

/* Calls a row with n arguments. The guest's errno. */
int guest_call(struct guest *g, enum wasi_call call, const int64_t *args, int n);
#define CALL(g, name, ...) \
	guest_call(g, WASI_CALL_##name, (const int64_t[]){ __VA_ARGS__ }, \
		   sizeof((const int64_t[]){ __VA_ARGS__ }) / sizeof(int64_t))

/*
 * Puts a string into the guest's memory: the "pointer, length" of a call. Two such may be live at
 * once.
 */
uint32_t guest_str(struct guest *g, const char *s);
#define STR(g, s) guest_str(g, s), strlen(s)

#define GUEST_RET 16u		/* where calls below put a result */
uint32_t guest_u32(struct guest *g, uint32_t p);
uint64_t guest_u64(struct guest *g, uint32_t p);

/* Writes one iovec at p. */
void guest_iov(struct guest *g, uint32_t p, uint32_t buf, uint32_t len);

/*
 * path_open below 3 with all rights that a file can have for reading and/or writing: 'r', 'w',
 * "rw". The number, or -errno.
 */
int guest_open(struct guest *g, const char *path, const char *mode, int oflags, int fdflags);

/* fd_read, fd_write of a string at GUEST_DATA; bytes or -errno. */
#define GUEST_DATA 65536u
int guest_write(struct guest *g, int fd, const char *s);
int guest_read(struct guest *g, int fd, uint32_t n);

#endif
