/*
 * host.c: runs the frames of write.c (standard input) with this tree's compiler and runtime, all in
 * one process; prints what oracle.js prints. A seed's line appears when it is done, so that the
 * seed of a crash is known.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "jit/compile.h"
#include "runtime/base/cpu.h"
#include "runtime/base/fd.h"
#include "runtime/rt.h"
#include "runtime/wasm/module.h"
#include "tests/diff/gen.h"
#include "tests/spec/tier.h"

struct frame_head {
	uint32_t size, exports;
	uint64_t seed;
	uint32_t calls;
} __attribute__((packed));

struct frame_call {
	uint32_t export;
	int64_t args[GEN_ARGS];
} __attribute__((packed));

static int env_l(void *env, struct rt_instance *caller, union rt_value *v)
{
	v[0].i64 = (int64_t)((uint64_t)v[0].i64 * 3 ^ (uint64_t)v[1].i64);
	return 0;
}

static int env_d(void *env, struct rt_instance *caller, union rt_value *v)
{
	v[0].f64 = v[0].f64 - (double)v[1].f32;
	return 0;
}

static bool resolve(void *store, const struct wasm_module *m, const struct wasm_import *imp,
		    struct rt_extern *ret)
{
	ret->kind = WASM_EXTERN_FUNC;
	ret->func = rt_func_host(store, wasm_func_type(m, imp->index),
				 imp->name.at[0] == 'l' ? env_l : env_d, NULL);
	return ret->func != NULL;
}

/* The words of oracle.js. */
static const char *trap_kind(int trap)
{
	switch (trap) {
	case RT_TRAP_UNREACHABLE: return "unreachable";
	case RT_TRAP_OUT_OF_BOUNDS: return "memory";
	case RT_TRAP_DIVIDE_BY_ZERO: return "zero";
	case RT_TRAP_INTEGER_OVERFLOW:
	case RT_TRAP_INVALID_CONVERSION: return "overflow";
	case RT_TRAP_INDIRECT_NULL:
	case RT_TRAP_INDIRECT_SIG: return "indirect";
	case RT_TRAP_TABLE_BOUNDS:
	case RT_TRAP_INDIRECT_BOUNDS: return "table";
	case RT_TRAP_STACK_EXHAUSTED: return "stack";
	case RT_TRAP_UNCAUGHT: return "uncaught";
	case RT_TRAP_NULL_EXCEPTION: return "null";
	default: return "?";
	}
}

static void call(struct rt_instance *inst, const char *name, const int64_t *args, uint32_t count)
{
	union rt_value values[GEN_ARGS] = { 0 }, result = { 0 };
	struct rt_extern found;
	int trap;

	for (uint32_t i = 0; i < count; i++)
		values[i].i64 = args[i];
	if (!rt_export(inst, name, strlen(name), &found) || found.kind != WASM_EXTERN_FUNC) {
		printf(" no-%s", name);
		return;
	}
	trap = rt_call(found.func, values, &result);
	if (trap)
		printf(" %s", trap_kind(trap));
	else
		printf(" %016" PRIx64, (uint64_t)result.i64);
}

/* Seeds take turns with both forms of addresses. */
static int instance(struct rt_store *store, const struct wasm_module *m, uint64_t seed,
		    struct rt_instance **ret, struct wsbox_err *err)
{
	struct jit_options options = { .tier = &host_tier ? host_tier : NULL,
				       .gs = seed % 2 && cpu_fsgsbase(), .threads = 1 };
	struct jit_stats stats;
	FD_AUTO image = fd_memfd("diff");
	int r = jit_compile(m, &options, NULL, image, &stats, err);

	if (!r)
		r = fd_seal(image);
	if (!r)
		r = rt_instance_prepare(store, m, ret, err);
	if (!r)
		r = rt_instance_code(
			*ret, &(struct rt_code_file){ .fd = image, .size = stats.image_bytes },
			err);
	if (!r)
		r = rt_instance_link(*ret, resolve, store, err);
	return r ? r : rt_instance_start(*ret, err);
}

static bool run(const struct frame_head *head, const struct frame_call *calls, const uint8_t *bytes)
{
	struct wsbox_err err = WSBOX_ERR_INIT;
	struct rt_config config = { 0 };
	struct rt_instance *inst = NULL;
	struct rt_store *store = NULL;
	struct wasm_module m;
	int64_t args[GEN_ARGS];
	char name[16];
	int r;

	printf("%" PRIu64 ":", head->seed);
	fflush(stdout);
	r = wasm_module_decode(&m, bytes, head->size, wasm_features_default(), &err);
	if (!r) {
		r = rt_store_new(&config, &store, &err);
		if (!r)
			r = instance(store, &m, head->seed, &inst, &err);
		for (uint32_t i = 0; !r && i < head->calls; i++) {
			snprintf(name, sizeof(name), "f%u", calls[i].export);
			memcpy(args, calls[i].args, sizeof(args));
			call(inst, name, args, GEN_ARGS);
		}
		if (!r)
			call(inst, "sum", NULL, 0);
		rt_store_free(store);
		wasm_module_done(&m);
	}
	if (r)
		printf(" failed: %s", err.text);
	printf("\n");
	return r == 0;
}

static void *input(size_t count)
{
	void *p = malloc(count ? count : 1);

	if (!p || (count && fread(p, count, 1, stdin) != 1)) {
		fprintf(stderr, "a frame ends early\n");
		exit(1);
	}
	return p;
}

int main(void)
{
	struct frame_head head;
	bool ok = true;

	while (fread(&head, sizeof(head), 1, stdin) == 1) {
		struct frame_call *calls = input(head.calls * sizeof(*calls));
		uint8_t *bytes = input(head.size);

		ok = run(&head, calls, bytes) && ok;
		free(calls);
		free(bytes);
	}
	return !ok;
}
