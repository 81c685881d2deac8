/*
 * What the border between C and compiled code costs: "NAME NANOSECONDS" a line, the least of many
 * short runs, so that a busy machine disturbs little. The loops' own cost is in "call".
 *
 *	(module
 *	(import "host" "none" (func $none))
 *	(import "host" "four" (func $four (param i32 i32 i32 i32) (result i32)))
 *	(import "host" "float" (func $float (param f64 f64) (result f64)))
 *	(memory 1)
 *	(table 1 funcref) (elem (i32.const 0) $same)
 *	(func $same (param i32) (result i32) local.get 0)
 *	(func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
 *	(func (export "none") (param i32) (loop (call $none)
 *	  (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))))
 *	(func (export "four") (param i32) (loop
 *	  (drop (call $four (local.get 0) (i32.const 1) (i32.const 2) (i32.const 3)))
 *	  (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))))
 *	(func (export "float") (param i32) (loop (drop (call $float (f64.const 1) (f64.const 2)))
 *	  (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))))
 *	(func (export "call") (param i32) (loop (drop (call $same (local.get 0)))
 *	  (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))))
 *	(func (export "indirect") (param i32) (loop
 *	  (drop (call_indirect (param i32) (result i32) (local.get 0) (i32.const 0)))
 *	  (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))))
 *	(func (export "fill") (param i32) (loop
 *	  (memory.fill (i32.const 0) (i32.const 1) (i32.const 8))
 *	  (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))))
 *	(func (export "unreachable") unreachable)
 *	(func (export "outside") (drop (i32.load (i32.const -1)))))
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "jit/compile.h"
#include "runtime/base/cpu.h"
#include "runtime/base/fd.h"
#include "runtime/rt.h"
#include "runtime/wasm/feature.h"

static const uint8_t module_bytes[] = {
	0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, 0x01, 0x21, 0x06, 0x60, 0x00, 0x00, 0x60,
	0x04, 0x7f, 0x7f, 0x7f, 0x7f, 0x01, 0x7f, 0x60, 0x02, 0x7c, 0x7c, 0x01, 0x7c, 0x60, 0x01,
	0x7f, 0x01, 0x7f, 0x60, 0x02, 0x7f, 0x7f, 0x01, 0x7f, 0x60, 0x01, 0x7f, 0x00, 0x02, 0x26,
	0x03, 0x04, 0x68, 0x6f, 0x73, 0x74, 0x04, 0x6e, 0x6f, 0x6e, 0x65, 0x00, 0x00, 0x04, 0x68,
	0x6f, 0x73, 0x74, 0x04, 0x66, 0x6f, 0x75, 0x72, 0x00, 0x01, 0x04, 0x68, 0x6f, 0x73, 0x74,
	0x05, 0x66, 0x6c, 0x6f, 0x61, 0x74, 0x00, 0x02, 0x03, 0x0b, 0x0a, 0x03, 0x04, 0x05, 0x05,
	0x05, 0x05, 0x05, 0x05, 0x00, 0x00, 0x04, 0x04, 0x01, 0x70, 0x00, 0x01, 0x05, 0x03, 0x01,
	0x00, 0x01, 0x07, 0x4e, 0x09, 0x03, 0x61, 0x64, 0x64, 0x00, 0x04, 0x04, 0x6e, 0x6f, 0x6e,
	0x65, 0x00, 0x05, 0x04, 0x66, 0x6f, 0x75, 0x72, 0x00, 0x06, 0x05, 0x66, 0x6c, 0x6f, 0x61,
	0x74, 0x00, 0x07, 0x04, 0x63, 0x61, 0x6c, 0x6c, 0x00, 0x08, 0x08, 0x69, 0x6e, 0x64, 0x69,
	0x72, 0x65, 0x63, 0x74, 0x00, 0x09, 0x04, 0x66, 0x69, 0x6c, 0x6c, 0x00, 0x0a, 0x0b, 0x75,
	0x6e, 0x72, 0x65, 0x61, 0x63, 0x68, 0x61, 0x62, 0x6c, 0x65, 0x00, 0x0b, 0x07, 0x6f, 0x75,
	0x74, 0x73, 0x69, 0x64, 0x65, 0x00, 0x0c, 0x09, 0x07, 0x01, 0x00, 0x41, 0x00, 0x0b, 0x01,
	0x03, 0x0a, 0xad, 0x01, 0x0a, 0x04, 0x00, 0x20, 0x00, 0x0b, 0x07, 0x00, 0x20, 0x00, 0x20,
	0x01, 0x6a, 0x0b, 0x10, 0x00, 0x03, 0x40, 0x10, 0x00, 0x20, 0x00, 0x41, 0x01, 0x6b, 0x22,
	0x00, 0x0d, 0x00, 0x0b, 0x0b, 0x19, 0x00, 0x03, 0x40, 0x20, 0x00, 0x41, 0x01, 0x41, 0x02,
	0x41, 0x03, 0x10, 0x01, 0x1a, 0x20, 0x00, 0x41, 0x01, 0x6b, 0x22, 0x00, 0x0d, 0x00, 0x0b,
	0x0b, 0x23, 0x00, 0x03, 0x40, 0x44, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xf0, 0x3f, 0x44,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x40, 0x10, 0x02, 0x1a, 0x20, 0x00, 0x41, 0x01,
	0x6b, 0x22, 0x00, 0x0d, 0x00, 0x0b, 0x0b, 0x13, 0x00, 0x03, 0x40, 0x20, 0x00, 0x10, 0x03,
	0x1a, 0x20, 0x00, 0x41, 0x01, 0x6b, 0x22, 0x00, 0x0d, 0x00, 0x0b, 0x0b, 0x16, 0x00, 0x03,
	0x40, 0x20, 0x00, 0x41, 0x00, 0x11, 0x03, 0x00, 0x1a, 0x20, 0x00, 0x41, 0x01, 0x6b, 0x22,
	0x00, 0x0d, 0x00, 0x0b, 0x0b, 0x17, 0x00, 0x03, 0x40, 0x41, 0x00, 0x41, 0x01, 0x41, 0x08,
	0xfc, 0x0b, 0x00, 0x20, 0x00, 0x41, 0x01, 0x6b, 0x22, 0x00, 0x0d, 0x00, 0x0b, 0x0b, 0x03,
	0x00, 0x00, 0x0b, 0x08, 0x00, 0x41, 0x7f, 0x28, 0x02, 0x00, 0x1a, 0x0b,
};

#define CALLS 1000
#define ROUNDS 2000

static struct rt_store *store;
static struct wasm_module module;
static int image;
static uint64_t image_size;

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static int host_ints(void *env, struct rt_instance *caller, union rt_value *v)
{
	v[0].i32 += 1;
	return 0;
}

static int host_floats(void *env, struct rt_instance *caller, union rt_value *v)
{
	v[0].f64 += v[1].f64;
	return 0;
}

static bool resolve(void *arg, const struct wasm_module *m, const struct wasm_import *imp,
		    struct rt_extern *ret)
{
	static const struct rt_host_func funcs[] = {
		{ "host", "none", ":", host_ints, NULL },
		{ "host", "four", "iiii:i", host_ints, NULL },
		{ "host", "float", "dd:d", host_floats, NULL },
	};

	*ret = (struct rt_extern){
		.kind = WASM_EXTERN_FUNC, .func = rt_func_named(store, &funcs[imp->index])
	};
	return ret->func;
}

static int instantiate(struct rt_instance **ret, struct wsbox_err *err)
{
	int r = rt_instance_prepare(store, &module, ret, err);

	if (!r)
		r = rt_instance_code(
			*ret, &(struct rt_code_file){ .fd = image, .size = image_size }, err);
	if (!r)
		r = rt_instance_link(*ret, resolve, NULL, err);
	return r ? r : rt_instance_start(*ret, err);
}

static int prepare(struct wsbox_err *err)
{
	struct jit_options options = { .gs = cpu_fsgsbase() };
	struct jit_stats stats;
	int r = cpu_check(err);

	if (!r)
		r = wasm_module_decode(&module, module_bytes, sizeof(module_bytes),
				       wasm_features_default(), err);
	if (r)
		return r;
	image = fd_memfd("image");
	r = jit_compile(&module, &options, NULL, image, &stats, err);
	image_size = stats.image_bytes;
	if (!r)
		r = fd_seal(image);
	return r ? r : rt_store_new(NULL, &store, err);
}

/* One call that loops n times inside, or n calls. Nanoseconds for each. */
static double least(struct rt_instance *inst, const char *name, bool loops, int n)
{
	union rt_value args[2] = { { .i64 = n }, { .i64 = 1 } }, result;
	struct rt_extern f;
	double best = 1e18;

	rt_export(inst, name, strlen(name), &f);
	for (int round = 0; round < ROUNDS; round++) {
		double t = now();

		for (int i = 0; i < (loops ? 1 : n); i++)
			rt_call(f.func, args, &result);
		t = (now() - t) / n;
		best = t < best ? t : best;
	}
	return best;
}

int main(void)
{
	static const char *const loops[] = { "call", "indirect", "none", "four", "float", "fill" };
	struct wsbox_err err = WSBOX_ERR_INIT;
	struct rt_instance *inst;
	double best = 1e18;

	if (prepare(&err) < 0) {
		fprintf(stderr, "%s\n", err.text);
		return 1;
	}
	if (instantiate(&inst, &err)) {
		fprintf(stderr, "%s\n", err.text);
		return 1;
	}
	printf("rt_call %.2f\n", least(inst, "add", false, CALLS));
	for (size_t i = 0; i < sizeof(loops) / sizeof(loops[0]); i++)
		printf("%s %.2f\n", loops[i], least(inst, loops[i], true, CALLS));
	printf("explicit-trap %.0f\n", least(inst, "unreachable", false, 20));
	printf("fault %.0f\n", least(inst, "outside", false, 20));
	for (int i = 0; i < 100; i++) {
		double t = now();

		(void)instantiate(&inst, &err);
		t = now() - t;
		best = t < best ? t : best;
	}
	printf("instantiate %.0f\n", best);
	rt_store_free(store);
	wasm_module_done(&module);
	return close(image);
}
