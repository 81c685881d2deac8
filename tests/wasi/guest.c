/* See guest.h. */
#include "tests/wasi/guest.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#define STRINGS 1024u		/* two slots of STRING_ROOM in turn */
#define STRING_ROOM 8192u

static int32_t exit_status = -1;

int rt_exit(struct rt_instance *caller, int32_t status)
{
	exit_status = status;
	return -1;
}

struct rt_func *rt_func_host(struct rt_store *s, const struct wasm_functype *type, rt_host_fn fn,
			     void *env)
{
	return NULL;
}

void guest_init_with(struct guest *g, struct wasi_config *config)
{
	struct wsbox_err err = WSBOX_ERR_INIT;

	*g = (struct guest){ .size = GUEST_MEMORY };
	g->head.mem0 = mmap(NULL, GUEST_MEMORY, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			    -1, 0);
	g->head.mem0_size = &g->size;
	snprintf(g->dir, sizeof(g->dir), "%s/wsbox-wasi-XXXXXX", getenv("TMPDIR") ?: "/tmp");
	if (g->head.mem0 == MAP_FAILED || !mkdtemp(g->dir))
		abort();
	if (!config->preopens) {
		g->own = (struct wasi_preopen){
			.fd = open(g->dir, O_PATH | O_CLOEXEC), .guest = "/"
		};
		config->preopens = &g->own;
		config->npreopens = 1;
	}
	if (wasi_new(config, NULL, &g->w, &err)) {
		fprintf(stderr, "%s\n", err.text);
		abort();
	}
}

void guest_init(struct guest *g, bool ring, uint32_t nofile)
{
	struct wasi_config config = { .ring = ring, .nofile = nofile };

	guest_init_with(g, &config);
}

void guest_done(struct guest *g)
{
	char rm[160];

	wasi_free(g->w);
	munmap(g->head.mem0, GUEST_MEMORY);
	snprintf(rm, sizeof(rm), "rm -rf %s", g->dir);
	if (system(rm))
		abort();
}

int guest_call(struct guest *g, enum wasi_call call, const int64_t *args, int n)
{
	union rt_value a[16];

	memset(a, 0xa5, sizeof(a));
	for (int i = 0; i < n; i++)
		a[i].i64 = args[i];
	if (wasi_call_rows[call].enter(g->w, (struct rt_instance *)&g->head, a))
		return -exit_status;
	return a[0].i32;
}

uint32_t guest_str(struct guest *g, const char *s)
{
	static uint32_t slot;
	uint32_t at = STRINGS + (slot++ & 1) * STRING_ROOM;

	assert(strlen(s) < STRING_ROOM);
	memcpy(g->head.mem0 + at, s, strlen(s));
	return at;
}

uint32_t guest_u32(struct guest *g, uint32_t p)
{
	uint32_t v;

	memcpy(&v, g->head.mem0 + p, sizeof(v));
	return v;
}

uint64_t guest_u64(struct guest *g, uint32_t p)
{
	uint64_t v;

	memcpy(&v, g->head.mem0 + p, sizeof(v));
	return v;
}

void guest_iov(struct guest *g, uint32_t p, uint32_t buf, uint32_t len)
{
	memcpy(g->head.mem0 + p, (uint32_t[]){ buf, len }, 8);
}

int guest_open(struct guest *g, const char *path, const char *mode, int oflags, int fdflags)
{
	int64_t rights = WASI_RIGHT_ALL &
			 ~(WASI_RIGHT_FD_READ | WASI_RIGHT_FD_WRITE | WASI_RIGHT_FD_READDIR);
	int e;

	rights |= strchr(mode, 'r') ? WASI_RIGHT_FD_READ | WASI_RIGHT_FD_READDIR : 0;
	if (strchr(mode, 'w'))
		rights |= WASI_RIGHT_FD_WRITE;
	else
		rights &= ~(WASI_RIGHT_FD_ALLOCATE | WASI_RIGHT_FD_FILESTAT_SET_SIZE);
	e = CALL(g, path_open, 3, strchr(mode, 'f') ? 1 : 0, STR(g, path), oflags, rights,
		 WASI_RIGHT_ALL, fdflags, GUEST_RET);
	return e ? -e : (int)guest_u32(g, GUEST_RET);
}

int guest_write(struct guest *g, int fd, const char *s)
{
	int e;

	memcpy(g->head.mem0 + GUEST_DATA, s, strlen(s));
	guest_iov(g, 32, GUEST_DATA, (uint32_t)strlen(s));
	e = CALL(g, fd_write, fd, 32, 1, GUEST_RET);
	return e ? -e : (int)guest_u32(g, GUEST_RET);
}

int guest_read(struct guest *g, int fd, uint32_t n)
{
	int e;

	memset(g->head.mem0 + GUEST_DATA, 0, n + 1);
	guest_iov(g, 32, GUEST_DATA, n);
	e = CALL(g, fd_read, fd, 32, 1, GUEST_RET);
	return e ? -e : (int)guest_u32(g, GUEST_RET);
}
