/*
 * WASI 0.1 (wasi_snapshot_preview1) for the instances of one store. The one door of this folder.
 *
 * One thread. wasi_new() makes everything that needs memory or a new descriptor of its own; after
 * it only the calls of calls.h's kernel column are made, and nothing is allocated: the process may
 * then lock itself.
 */
#ifndef WASI_IOURING_WASI_H
#define WASI_IOURING_WASI_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/base/err.h"
#include "runtime/base/trace.h"
#include "runtime/rt.h"

struct wasi;

struct wasi_preopen {
	int fd;			/* a directory, or O_PATH; owned by the guest from wasi_new() on */
	int linkless;		/* a mount of it without links, 0: none; saves calls */
	const char *guest;	/* its name for the guest */
	bool readonly;		/* refuse changes below it (EROFS), whatever the mount says */
};

/* Tells of each call (trace.h). page NULL: does not. */
struct wasi_trace {
	struct trace_page *page;	/* counts go here, and the line of the call under way */
	/* where lines go, -1: nowhere. Stays the caller's; the guest has no number for it */
	int out;
};

struct wasi_config {
	uint32_t argc, envc;
	const char *const *argv;
	const char *const *env;		/* "K=V" */
	uint32_t npreopens;
	const struct wasi_preopen *preopens;
	uint32_t nsockets;
	/* listening or connected; behind preopens; owned likewise */
	const int *sockets;
	/* descriptors a guest may have open, with 0 to 2; 0: 1024 */
	uint32_t nofile;
	/* an io_uring may be made; without one, or if it is refused, system calls do */
	bool ring;
	struct wasi_trace trace;
};

/*
 * The guest's 0, 1 and 2 are the process's. argv, env and all strings must outlive the result. Sets
 * SIGPIPE and SIGXFSZ to be ignored, since a guest gets errors for both. 0, -ENOMEM, -EMFILE with
 * err.
 */
int wasi_new(const struct wasi_config *config, struct rt_store *store, struct wasi **ret,
	     struct wsbox_err *err);

/* Closes every descriptor the guest still has. NULL is fine. */
void wasi_free(struct wasi *w);

/* Whether an io_uring is in use. */
bool wasi_ring(const struct wasi *w);

/* An rt_resolve_fn for module "wasi_snapshot_preview1"; arg is the struct wasi. */
bool wasi_resolve(void *arg, const struct wasm_module *m, const struct wasm_import *imp,
		  struct rt_extern *ret);

/* 0, or -ENOEXEC with err when m imports from a version of WASI that is not this one. */
int wasi_check(const struct wasm_module *m, struct wsbox_err *err);

/*
 * Whether the module whose bytes these are may import a call that can use a ring: its name is
 * looked for in the first WASI_RING_WINDOW of them, without decoding any. Where that is wrong the
 * guest is slower: system calls do the same.
 */
bool wasi_may_poll(const void *module, uint64_t size);
#define WASI_RING_WINDOW (16u << 10)

#endif
