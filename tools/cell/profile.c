#include "tools/cell/profile.h"

#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "jit/image.h"
#include "runtime/base/fd.h"
#include "runtime/base/num.h"
#include "runtime/wasm/module.h"
#include "tools/cell/cell.h"

#define JITDUMP_MAGIC 0x4a695444u	/* "JiTD" in our byte order */

enum { JITDUMP_VERSION = 1, JITDUMP_CODE_LOAD = 0 };

struct jitdump_head {
	uint32_t magic, version, size, machine, pad, pid;
	uint64_t ns, flags;
};

/* Behind it the name with its NUL, then the code. */
struct jitdump_load {
	uint32_t id, size;
	uint64_t ns;
	uint32_t pid, tid;
	uint64_t vma, address, code_size, index;
};

_Static_assert(sizeof(struct jitdump_head) == 40 && sizeof(struct jitdump_load) == 56,
	       "as perf reads them");

/* On its way to fd; the first failure of a write sticks. */
struct sink {
	int fd, error;
	size_t len;
	char at[32 << 10];
};

static void sink_flush(struct sink *s)
{
	if (!s->error)
		s->error = fd_write_all(s->fd, s->at, s->len);
	s->len = 0;
}

static void sink_put(struct sink *s, const void *p, size_t n)
{
	if (n > sizeof(s->at) - s->len)
		sink_flush(s);
	if (n > sizeof(s->at)) {
		if (!s->error)
			s->error = fd_write_all(s->fd, p, n);
		return;
	}
	memcpy(s->at + s->len, p, n);
	s->len += n;
}

static void put_entry(struct sink *s, const char *name, const char *code, size_t size)
{
	char line[300];
	int n = snprintf(line, sizeof(line), "%llx %zx %s\n", (unsigned long long)(uintptr_t)code,
			 size, name);

	sink_put(s, line, num_min((size_t)n, sizeof(line) - 1));
}

static void put_head(struct sink *s, const struct cell_job *job)
{
	const struct jitdump_head head = {
		.magic = JITDUMP_MAGIC, .version = JITDUMP_VERSION, .size = sizeof(head),
		.machine = EM_X86_64, .pid = job->pid, .ns = cell_clock(),
	};

	sink_put(s, &head, sizeof(head));
}

static void put_load(struct sink *s, const struct cell_job *job, uint32_t index, const char *name,
		     const char *code, size_t size)
{
	size_t len = strlen(name) + 1;
	const struct jitdump_load load = {
		.id = JITDUMP_CODE_LOAD, .size = (uint32_t)(sizeof(load) + len + size),
		.ns = cell_clock(), .pid = job->pid, .tid = job->pid,
		.vma = (uintptr_t)code, .address = (uintptr_t)code, .code_size = size,
		.index = index,
	};

	sink_put(s, &load, sizeof(load));
	sink_put(s, name, len);
	sink_put(s, code, size);
}

/* names: of all functions. A function is as long as up to the next. */
static void put_functions(struct sink *s, const struct cell_job *job,
			  const struct rt_instance *inst, const struct wasm_name *names)
{
	const char *text;
	const struct jit_image *image = rt_image(inst, &text);
	const uint32_t *entries = (const void *)((const char *)image + image->funcs_off);
	uint32_t imported = rt_module(inst)->imported_funcs;
	char name[256];

	for (uint32_t i = 0; i < image->nfuncs; i++) {
		uint64_t end = i + 1 < image->nfuncs ? entries[i + 1] : image->text_size;
		const char *code = text + entries[i];

		wasm_name_text(&names[imported + i], imported + i, name, sizeof(name));
		if (job->flags & CELL_JOB_JITDUMP)
			put_load(s, job, i, name, code, end - entries[i]);
		else
			put_entry(s, name, code, end - entries[i]);
	}
}

int profile_write(const struct cell_job *job, const struct rt_instance *inst, int fd,
		  struct wsbox_err *err)
{
	static struct sink s;
	const struct wasm_module *m = rt_module(inst);
	struct wasm_name *names;

	if (!(job->flags & (CELL_JOB_PERFMAP | CELL_JOB_JITDUMP)))
		return 0;
	names = malloc((m->nfuncs + 1ull) * sizeof(*names));
	if (!names)
		return err_set(err, -ENOMEM, WSBOX_FAILED, "out of memory");
	wasm_func_names(m, names);
	s.fd = fd;
	if (job->flags & CELL_JOB_JITDUMP)
		put_head(&s, job);
	put_functions(&s, job, inst, names);
	sink_flush(&s);
	free(names);
	close(fd);
	if (s.error < 0)
		return err_set(err, s.error, WSBOX_FAILED, "cannot write the profile: %s",
			       err_name(s.error));
	return 0;
}
