/*
 * The border between C and compiled code, without a compiler: functions written by hand (below)
 * are put into an image, and called, trapped in, walked and linked.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "runtime/base/fd.h"
#include "runtime/base/num.h"
#include "runtime/state.h"
#include "tests/unit/unit.h"

/*
 * Each begins at code_NAME; site_NAME marks the pc of a site. rdi of the callers: displacement of
 * an import slot from r13.
 */
__asm__(".pushsection .rodata\n.intel_syntax noprefix\n.balign 16\ncode_begin:\n"
	"code_add: lea eax, [rdi + rsi]\n ret\n"
	"code_first: mov eax, edi\n ret\n"
	"code_args10: lea rax, [rdi + rsi * 2]\n lea rax, [rax + rdx * 4]\n add rax, rcx\n"
	"	add rax, r8\n"
	"	add rax, r9\n add rax, [rsp + 8]\n add rax, [rsp + 16]\n add rax, [rsp + 24]\n"
	"	add rax, [rsp + 32]\n"
	"	ret 32\n"
	"code_vectors: vpaddd xmm0, xmm0, xmm7\n vpaddd xmm0, xmm0, [rsp + 8]\n ret 16\n"
	"code_sret: mov qword ptr [rdi], 11\n mov qword ptr [rdi + 16], 22\n"
	"	mov qword ptr [rdi + 32], 33\n ret\n"
	"code_load: push rbp\n mov rbp, rsp\nsite_load: mov eax, [r13 + rdi]\n pop rbp\n ret\n"
	"code_stray: mov eax, [rdi]\n ret\n"
	"code_trap: push rbp\n mov rbp, rsp\n mov eax, 1\n call trap_stub\nsite_trap: nop\n"
	"trap_stub: jmp [r13 - 96]\n"
	"code_caller: push rbp\n mov rbp, rsp\n call code_trap\nsite_caller: pop rbp\n ret\n"
	"code_deep: push rbp\n mov rbp, rsp\n call code_deep\nsite_deep: pop rbp\n ret\n"
	/*
	 * (disp, a) -> calls the import with rdi = a, rsi = 2, ... r9 = 6 and stack arguments 7,
	 * 8, 9
	 */
	"code_import: push rbp\n mov rbp, rsp\n push 0\n push 9\n push 8\n push 7\n"
	"	lea r10, [r13 + rdi]\n"
	"	mov rdi, rsi\n mov esi, 2\n mov edx, 3\n mov ecx, 4\n mov r8d, 5\n mov r9d, 6\n"
	"	call [r10 + 8]\n"
	"site_import: lea rcx, [rbp]\n cmp rcx, rsp\n je 1f\n mov rax, -1\n mov rsp, rbp\n"
	"1: pop rbp\n ret\n"
	/* (disp, x) -> calls the import with x alone */
	"code_import1: push rbp\n mov rbp, rsp\n push rbx\n push r13\n lea r10, [r13 + rdi]\n"
	"	mov rdi, rsi\n mov rbx, 77\n"
	"	call [r10 + 8]\nsite_import1: cmp rbx, 77\n jne 2f\n cmp r13, [rsp]\n je 1f\n"
	"2: mov rax, -1\n1: pop rcx\n"
	"	pop rbx\n pop rbp\n ret\n"
	/* (disp, f, g): f32 and f64 to the import, f64 back */
	"code_floats: push rbp\n mov rbp, rsp\n movsxd rdi, edi\n lea r10, [r13 + rdi]\n"
	"	call [r10 + 8]\n"
	"site_floats: pop rbp\n ret\n"
	"code_grow: push rbp\n mov rbp, rsp\n mov edx, edi\n xor esi, esi\n call [r13 - 208]\n"
	"site_grow: pop rbp\n ret\n"
	"code_end:\n.att_syntax\n.popsection\n");

extern const char code_begin[], code_end[], code_first[];
#define CODES(X) \
	X(add) X(args10) X(vectors) X(sret) X(load) X(stray) X(trap) X(caller) X(deep) X(import) \
	X(import1) X(floats) X(grow)
#define SITES(X) X(load) X(trap) X(caller) X(deep) X(import) X(import1) X(floats) X(grow)
#define X(name) extern const char code_##name[];
CODES(X)
#undef X
#define X(name) extern const char site_##name[];
SITES(X)
#undef X

enum {
#define X(name) CODE_##name,
	CODES(X)
#undef X
	NCODES,
};

/* Types, as text: parameters, colon, results. */
static const char *const signatures[] = {
	"ii:i", "llllllllll:l", "vvvvvvvvv:v", ":lll", "l:l", ":", "lllllllll:l", "ll:l", "ifd:d",
	"fd:d"
};
static const uint8_t type_of[NCODES] = { 0, 1, 2, 3, 4, 4, 5, 5, 5, 7, 7, 8, 4 };

#define NTYPES ARRAY_SIZE(signatures)
#define NIMPORTS 3

/* The sanitizers' own memory has no limit. */
#ifdef WSBOX_SAN
enum { SANITIZED = 1 };
#else
enum { SANITIZED = 0 };
#endif

struct world {
	struct rt_store *store;
	struct wasm_module m;
	struct wasm_functype types[16];
	wasm_valtype values[16][16];
	struct wasm_func funcs[NIMPORTS + NCODES];
	struct wasm_import imports[NIMPORTS];
	struct wasm_memtype memory;
	struct rt_extern given[NIMPORTS];
};

static struct wasm_functype parse(const char *s, wasm_valtype *v)
{
	struct wasm_functype t = { .params = v };

	for (bool results = false; *s; s++) {
		if (*s == ':') {
			results = true;
			t.results = v + t.nparams;
			continue;
		}
		v[t.nparams + t.nresults] = *s == 'i' ? WASM_I32 :
					    *s == 'l' ? WASM_I64 :
					    *s == 'f' ? WASM_F32 :
					    *s == 'd' ? WASM_F64 :
							WASM_V128;
		*(results ? &t.nresults : &t.nparams) += 1;
	}
	return t;
}

/* A module with all the functions above, and the given imports (types 6, 4, 9) if any. */
static void describe(struct world *w, bool imports)
{
	static const uint32_t import_types[NIMPORTS] = { 6, 4, 9 };
	uint32_t n = imports ? NIMPORTS : 0;

	for (size_t i = 0; i < NTYPES; i++)
		w->types[i] = parse(signatures[i], w->values[i]);
	for (uint32_t i = 0; i < n; i++) {
		w->funcs[i].type = import_types[i];
		w->imports[i] = (struct wasm_import){ { "m", 1 }, { "f", 1 }, WASM_EXTERN_FUNC, i };
	}
	for (uint32_t i = 0; i < NCODES; i++)
		w->funcs[n + i].type = type_of[i];
	w->memory = (struct wasm_memtype){ { .min = 1, .max = 3, .has_max = true }, 16 };
	w->m = (struct wasm_module){ .types = w->types,
				     .ntypes = NTYPES,
				     .funcs = w->funcs,
				     .nfuncs = n + NCODES,
				     .imports = w->imports,
				     .nimports = n,
				     .imported_funcs = n,
				     .memories = &w->memory,
				     .nmemories = 1,
				     .start = WASM_NONE,
				     .size = 99 };
}

static void site(struct jit_site *s, const char *pc, uint32_t at)
{
	*s = (struct jit_site){ (uint32_t)(pc - code_begin), at };
}

/* What images are made with. */
static uint32_t image_flags;
static const char *add_code = code_add;

static int make_image(const struct wasm_module *m, uint64_t *ret_size)
{
	static const char *const entries[] = {
#define X(name) code_##name,
		CODES(X)
#undef X
	};
	struct {
		struct jit_image head;
		uint32_t funcs[NCODES];
		struct jit_site sites[16];
	} image = {
		.head = { .magic = JIT_IMAGE_MAGIC, .version = JIT_IMAGE_VERSION, .nfuncs = NCODES,
			  .flags = image_flags }
	};
	struct jit_layout l;
	uint32_t n = 0;
	int fd = fd_memfd("image");

	ck_assert(jit_layout_init(&l, m) == 0);
	for (int i = 0; i < NCODES; i++)
		image.funcs[i] = (uint32_t)(entries[i] - code_begin);
	image.funcs[CODE_add] = (uint32_t)(add_code - code_begin);
#define X(name) site(&image.sites[n], site_##name, 1000 + n); n++;
	SITES(X)
#undef X
	image.head.nsites = n;
	image.head.funcs_off = offsetof(__typeof__(image), funcs);
	image.head.sites_off = offsetof(__typeof__(image), sites);
	image.head.handlers_off = image.head.osr_off = image.head.sites_off;
	image.head.text_off = 4096;
	image.head.text_size = (uint64_t)(code_end - code_begin);
	image.head.size = *ret_size = 4096 + image.head.text_size;
	image.head.ctx_size = l.size;
	image.head.module_size = m->size;
	ck_assert(ftruncate(fd, (off_t)*ret_size) == 0);
	ck_assert(pwrite(fd, &image, sizeof(image), 0) == sizeof(image));
	ck_assert(pwrite(fd, code_begin, image.head.text_size, 4096) ==
		  (ssize_t)image.head.text_size);
	ck_assert(fd_seal(fd) == 0);
	return fd;
}

static int give_code(struct rt_instance *inst, int fd, uint64_t size, struct wsbox_err *err)
{
	return rt_instance_code(inst, &(struct rt_code_file){ .fd = fd, .size = size }, err);
}

static bool give(void *arg, const struct wasm_module *m, const struct wasm_import *imp,
		 struct rt_extern *ret)
{
	struct world *w = arg;

	*ret = w->given[imp->index];
	return true;
}

static struct rt_instance *instantiate(struct world *w, bool imports)
{
	struct wsbox_err err = WSBOX_ERR_INIT;
	struct rt_instance *inst;
	uint64_t size;
	int fd;

	describe(w, imports);
	fd = make_image(&w->m, &size);
	ck_assert_int_eq(rt_instance_prepare(w->store, &w->m, &inst, &err), 0);
	ck_assert_msg(give_code(inst, fd, size, &err) == 0, "%s", err.text);
	ck_assert_msg(rt_instance_link(inst, give, w, &err) == 0, "%s", err.text);
	ck_assert_int_eq(rt_instance_start(inst, &err), 0);
	close(fd);
	return inst;
}

static struct rt_store *new_store(void)
{
	struct rt_config config = { .stack_size = 1 << 20 };
	struct wsbox_err err = WSBOX_ERR_INIT;
	struct rt_store *s = NULL;

	ck_assert_msg(rt_store_new(&config, &s, &err) == 0, "%s", err.text);
	return s;
}

static struct rt_func *code(struct rt_instance *inst, uint32_t i)
{
	return rt_func_at(inst, rt_module(inst)->imported_funcs + i);
}

static union rt_value l(int64_t n)
{
	return (union rt_value){ .i64 = n };
}

START_TEST(arguments_and_results)
{
	struct world w = { .store = new_store() };
	struct rt_instance *inst = instantiate(&w, false);
	union rt_value a[10], r[3];

	a[0].i64 = -1;		/* upper half is not the argument's */
	a[1].i64 = 3;
	ck_assert_int_eq(rt_call(code(inst, CODE_add), a, r), 0);
	ck_assert_int_eq(r[0].i64, 2);
	for (int i = 0; i < 10; i++)
		a[i] = l(i == 0 ? 1 : i == 1 ? 10 : i == 2 ? 100 : 1000 * i);
	ck_assert_int_eq(rt_call(code(inst, CODE_args10), a, r), 0);
	ck_assert_int_eq(r[0].i64, 1 + 20 + 400 + 1000 * (3 + 4 + 5 + 6 + 7 + 8 + 9));
	ck_assert_int_eq(rt_call(code(inst, CODE_sret), NULL, r), 0);
	ck_assert(r[0].i64 == 11 && r[1].i64 == 22 && r[2].i64 == 33);
	rt_store_free(w.store);
}
END_TEST

START_TEST(vector_arguments)
{
	struct world w = { .store = new_store() };
	struct rt_instance *inst = instantiate(&w, false);
	union rt_value a[9], r;
	uint32_t lanes[4];

	memset(a, 0, sizeof(a));
	for (int i = 0; i < 9; i++)
		memset(a[i].v128, i + 1, 16);
	ck_assert_int_eq(rt_call(code(inst, CODE_vectors), a, &r), 0);
	memcpy(lanes, r.v128, 16);
	ck_assert_uint_eq(lanes[0], 0x01010101u + 0x08080808u + 0x09090909u);
	ck_assert_uint_eq(lanes[3], lanes[0]);
	rt_store_free(w.store);
}
END_TEST

START_TEST(faults_are_traps)
{
	struct world w = { .store = new_store() };
	struct rt_instance *inst = instantiate(&w, false);
	union rt_value a = l(65532), r;
	struct rt_frame frame;
	uint32_t depth;

	for (int again = 0; again < 3; again++) {
		ck_assert_int_eq(
			rt_call(code(inst, CODE_load), &(union rt_value){ .i64 = 65532 }, &r), 0);
		a.i64 = 65533 + 4294967296 * again;
		ck_assert_int_eq(rt_call(code(inst, CODE_load), &a, &r), RT_TRAP_OUT_OF_BOUNDS);
	}
	ck_assert_uint_eq(rt_backtrace(w.store, &frame, 1, &depth), 1);
	ck_assert(depth == 1 && frame.func == CODE_load && frame.at == 1000 && frame.inst == inst);
	ck_assert_int_eq(rt_memory_grow(inst->memories[0], 1), 1);
	a.i64 = 65533;
	ck_assert_int_eq(rt_call(code(inst, CODE_load), &a, &r), 0);
	rt_store_free(w.store);
}
END_TEST

/*
 * A fault that is not a trap is ours, and ends the process: on a good address at no site, or on a
 * bad one at a site.
 */
START_TEST(stray_fault_kills)
{
	struct world w = { .store = new_store() };
	struct rt_instance *inst = instantiate(&w, false);
	union rt_value a = l(_i ? (int64_t)(uintptr_t)inst->ctx + 200000 : -16777216), r;

	rt_call(code(inst, _i ? CODE_stray : CODE_load), &a, &r);
}
END_TEST

START_TEST(trap_and_backtrace)
{
	struct world w = { .store = new_store() };
	struct rt_instance *inst = instantiate(&w, false);
	struct rt_frame f[8];
	uint32_t depth;

	ck_assert_int_eq(rt_call(code(inst, CODE_caller), NULL, NULL), RT_TRAP_UNREACHABLE);
	ck_assert_uint_eq(rt_backtrace(w.store, f, 8, &depth), 2);
	ck_assert(depth == 2 && f[0].func == CODE_trap && f[0].at == 1001 &&
		  f[1].func == CODE_caller && f[1].at == 1002);
	ck_assert_str_eq(rt_trap_text(RT_TRAP_UNREACHABLE), "unreachable");
	rt_store_free(w.store);
}
END_TEST

START_TEST(stack_exhaustion)
{
	struct world w = { .store = new_store() };
	struct rt_instance *inst = instantiate(&w, false);
	struct rt_frame f[4];
	uint32_t depth;

	for (int again = 0; again < 2; again++)
		ck_assert_int_eq(rt_call(code(inst, CODE_deep), NULL, NULL),
				 RT_TRAP_STACK_EXHAUSTED);
	ck_assert_uint_eq(rt_backtrace(w.store, f, 4, &depth), 4);
	ck_assert_uint_eq(depth, (1 << 20) / 16);
	ck_assert(f[3].func == CODE_deep && f[3].at == 1003);
	rt_store_free(w.store);
}
END_TEST

static int sum_host(void *env, struct rt_instance *caller, union rt_value *v)
{
	int64_t sum = 0;

	for (int i = 0; i < 9; i++)
		sum = sum * 10 + v[i].i64;
	*(struct rt_instance **)env = caller;
	v[0].i64 = sum;
	return 0;
}

/* Enters wasm again: 0 traps there, 1 fails itself, others add 1. */
static int nest_host(void *env, struct rt_instance *caller, union rt_value *v)
{
	union rt_value a[2] = { l(v[0].i64), l(1) }, r = { 0 };
	int trap;

	if (v[0].i64 == 1)
		return -RT_TRAP_HOST;
	if (v[0].i64 == 2)
		return rt_exit(caller, 42);
	trap = v[0].i64 ? rt_call(code(caller, CODE_add), a, &r) :
			  rt_call(code(caller, CODE_caller), NULL, NULL);
	v[0] = r;
	return -trap;
}

static int float_host(void *env, struct rt_instance *caller, union rt_value *v)
{
	v[0].f64 = (double)v[0].f32 + v[1].f64;
	return 0;
}

static struct rt_instance *seen;

static struct rt_instance *with_hosts(struct world *w)
{
	w->store = new_store();
	describe(w, true);
	w->given[0] = (struct rt_extern){
		.func = rt_func_host(w->store, &w->types[6], sum_host, &seen)
	};
	w->given[1] = (struct rt_extern){
		.func = rt_func_host(w->store, &w->types[4], nest_host, NULL)
	};
	w->given[2] = (struct rt_extern){
		.func = rt_func_host(w->store, &w->types[9], float_host, NULL)
	};
	return instantiate(w, true);
}

static int64_t slot(const struct rt_instance *inst, int i)
{
	return inst->layout.imports + i * (int)sizeof(struct jit_callee);
}

START_TEST(host_functions)
{
	struct world w = { 0 };
	struct rt_instance *inst = with_hosts(&w);
	union rt_value a[3] = { l(slot(inst, 0)), l(1) }, nine[9] = { l(1) }, r;

	ck_assert_int_eq(rt_call(code(inst, CODE_import), a, &r), 0);
	ck_assert_int_eq(r.i64, 123456789);
	ck_assert_ptr_eq(seen, inst);
	/* as an export of the instance that imported it */
	seen = NULL;
	ck_assert_int_eq(rt_call(rt_func_at(inst, 0), nine, &r), 0);
	ck_assert(r.i64 == 100000000 && seen == inst);
	a[0].i32 = (int32_t)slot(inst, 2);
	a[1].f32 = 1.5f;
	a[2].f64 = 0.25;
	ck_assert_int_eq(rt_call(code(inst, CODE_floats), a, &r), 0);
	ck_assert(r.f64 == 1.75);
	rt_store_free(w.store);
}
END_TEST

START_TEST(nested_calls)
{
	struct world w = { 0 };
	struct rt_instance *inst = with_hosts(&w);
	union rt_value a[2] = { l(slot(inst, 1)), l(41) }, r;
	struct rt_frame f[8];
	uint32_t depth;

	ck_assert_int_eq(rt_call(code(inst, CODE_import1), a, &r), 0);
	ck_assert_int_eq(r.i64, 42);
	a[1].i64 = 0;
	ck_assert_int_eq(rt_call(code(inst, CODE_import1), a, &r), RT_TRAP_UNREACHABLE);
	ck_assert_uint_eq(rt_backtrace(w.store, f, 8, &depth), 3);
	ck_assert(depth == 3 && f[0].func == NIMPORTS + CODE_trap &&
		  f[1].func == NIMPORTS + CODE_caller);
	ck_assert(f[2].func == NIMPORTS + CODE_import1 && f[2].at == 1005);
	a[1].i64 = 1;
	ck_assert_int_eq(rt_call(code(inst, CODE_import1), a, &r), RT_TRAP_HOST);
	ck_assert_uint_eq(rt_backtrace(w.store, f, 8, &depth), 1);
	ck_assert(f[0].func == NIMPORTS + CODE_import1);
	a[1].i64 = 2;
	ck_assert_int_eq(rt_call(code(inst, CODE_import1), a, &r), RT_TRAP_EXIT);
	ck_assert_int_eq(rt_exit_status(w.store), 42);
	rt_store_free(w.store);
}
END_TEST

/*
 * One instance's functions as another's imports: context, stack arguments and frame chain through
 * the switch.
 */
START_TEST(between_instances)
{
	struct world w = { 0 }, other = { 0 };
	struct rt_instance *a = with_hosts(&w), *b;
	union rt_value v[2], r;
	struct rt_frame f[8];
	uint32_t depth;

	other.store = w.store;
	other.given[0] = (struct rt_extern){ .func = rt_func_at(a, 0) };
	other.given[1] = (struct rt_extern){ .func = code(a, CODE_load) };
	other.given[2] = w.given[2];
	b = instantiate(&other, true);
	rt_mem(a, 64, 4);
	*(uint32_t *)rt_mem(a, 64, 4) = 1234;
	v[0] = l(slot(b, 1));
	v[1] = l(64);
	ck_assert_int_eq(rt_call(code(b, CODE_import1), v, &r), 0);
	ck_assert_int_eq(r.i64, 1234);
	v[1] = l(1 << 20);
	ck_assert_int_eq(rt_call(code(b, CODE_import1), v, &r), RT_TRAP_OUT_OF_BOUNDS);
	ck_assert_uint_eq(rt_backtrace(w.store, f, 8, &depth), 2);
	ck_assert(f[0].inst == a && f[0].func == NIMPORTS + CODE_load && f[1].inst == b &&
		  depth == 2);
	v[0] = l(slot(b, 0));
	v[1] = l(1);
	ck_assert_int_eq(rt_call(code(b, CODE_import), v, &r), 0);
	ck_assert_int_eq(r.i64, 123456789);
	ck_assert_ptr_eq(seen, b);
	rt_store_free(w.store);
}
END_TEST

START_TEST(switch_copies_stack_arguments)
{
	struct world w = { 0 }, other = { 0 };
	struct rt_instance *a = with_hosts(&w), *b;
	struct rt_func ten = *code(a, CODE_args10);
	union rt_value v[2], r;

	/* The caller passes nine: a function of ten that finds a tenth, the padding. */
	ten.callee.sig = a->sigs[6];
	other.store = w.store;
	other.given[0] = (struct rt_extern){ .func = &ten };
	other.given[1] = w.given[1];
	other.given[2] = w.given[2];
	b = instantiate(&other, true);
	v[0] = l(slot(b, 0));
	v[1] = l(1);
	ck_assert_int_eq(rt_call(code(b, CODE_import), v, &r), 0);
	ck_assert_int_eq(r.i64, 1 + 4 + 12 + 4 + 5 + 6 + 7 + 8 + 9);
	rt_store_free(w.store);
}
END_TEST

START_TEST(libcall_grows)
{
	struct world w = { .store = new_store() };
	struct rt_instance *inst = instantiate(&w, false);
	union rt_value a = l(2), r;

	ck_assert_int_eq(rt_call(code(inst, CODE_grow), &a, &r), 0);
	ck_assert_int_eq(r.i64, 1);
	a.i64 = 1;
	ck_assert_int_eq(rt_call(code(inst, CODE_grow), &a, &r), 0);
	ck_assert_int_eq(r.i64, -1);
	ck_assert_uint_eq(rt_memory_size(inst->memories[0]), 3 * JIT_PAGE);
	ck_assert_ptr_nonnull(rt_mem(inst, 3 * JIT_PAGE - 4, 4));
	ck_assert_ptr_null(rt_mem(inst, 3 * JIT_PAGE - 3, 4));
	ck_assert_ptr_null(rt_mem(inst, UINT64_MAX, 2));
	rt_store_free(w.store);
}
END_TEST

START_TEST(tables_and_limits)
{
	struct rt_config config = { .memory_max = 1 << 20 };
	struct wsbox_err err = WSBOX_ERR_INIT;
	struct wasm_tabletype type = { WASM_EXTERNREF, { .min = 10, .max = UINT64_MAX } };
	struct wasm_memtype memory = { { .min = 8, .max = UINT64_MAX }, 16 };
	struct rt_store *s, *second;
	struct rt_table *t;
	struct rt_memory *m;

	ck_assert_int_eq(rt_store_new(&config, &s, &err), 0);
	ck_assert_int_eq(rt_store_new(&config, &second, &err), -EBUSY);
	t = rt_table_new(s, &type, (void *)7);
	ck_assert_ptr_eq(rt_table_get(t, 9), (void *)7);
	ck_assert_int_eq(rt_table_grow(t, (void *)8, 1000), 10);
	ck_assert_ptr_eq(rt_table_get(t, 1009), (void *)8);
	ck_assert_int_eq(rt_table_grow(t, NULL, WASM_MAX_TABLE_SIZE), -1);
	ck_assert_int_eq(rt_table_grow(t, NULL, 1 << 20), -1);
	m = rt_memory_new(s, &memory);
	ck_assert_ptr_nonnull(m);
	ck_assert_int_eq(rt_memory_grow(m, 8), -1);
	ck_assert_int_eq(rt_memory_grow(m, 4), 8);
	rt_store_free(s);
}
END_TEST

static uint64_t mapped_bytes(void)
{
	unsigned long pages = 0;
	FILE *f = fopen("/proc/self/statm", "r");

	ck_assert(f && fscanf(f, "%lu", &pages) == 1);
	fclose(f);
	return pages * 4096ull;
}

/* ---- refusals: one line each, and nothing left half made */

static int link_with(struct world *w, struct rt_func *first, struct wsbox_err *err)
{
	struct rt_instance *inst;
	uint64_t size;
	int fd, ret;

	*err = (struct wsbox_err)WSBOX_ERR_INIT;
	describe(w, true);
	fd = make_image(&w->m, &size);
	w->given[0] = (struct rt_extern){ .func = first };
	ck_assert_int_eq(rt_instance_prepare(w->store, &w->m, &inst, err), 0);
	ck_assert_int_eq(give_code(inst, fd, size, err), 0);
	ret = rt_instance_link(inst, first ? give : NULL, w, err);
	close(fd);
	return ret;
}

START_TEST(link_errors)
{
	struct world w = { .store = new_store() };
	struct wsbox_err err;

	describe(&w, true);
	ck_assert_int_eq(link_with(&w, NULL, &err), -ENOENT);
	ck_assert_int_eq(err.status, WSBOX_INVALID);
	ck_assert_str_eq(
		err.text,
		"unknown import: \"m\" \"f\" (func (param i64 i64 i64 i64 i64 i64 i64 i64 i64) "
		"(result i64))");
	ck_assert_int_eq(link_with(&w, rt_func_host(w.store, &w.types[8], float_host, NULL), &err),
			 -ENOEXEC);
	ck_assert_str_eq(
		err.text,
		"incompatible import type: \"m\" \"f\" is (func (param i32 f32 f64) (result f64)), "
		"wanted (func (param i64 i64 i64 i64 i64 i64 i64 i64 i64) (result i64))");
	rt_store_free(w.store);
}
END_TEST

START_TEST(image_errors)
{
	struct world w = { .store = new_store() };
	struct wsbox_err err = WSBOX_ERR_INIT;
	struct rt_instance *inst;
	uint64_t size;
	int fd, open_fd = fd_memfd("open");

	describe(&w, true);
	fd = make_image(&w.m, &size);
	ck_assert_int_eq(rt_instance_prepare(w.store, &w.m, &inst, &err), 0);
	ck_assert_int_eq(fd_write_all(open_fd, code_begin, 64), 0);
	ck_assert_int_eq(give_code(inst, open_fd, 64, &err), -EPERM);
	ck_assert_str_eq(err.text, "the code image is not sealed");
	ck_assert_int_eq(rt_instance_prepare(w.store, &w.m, &inst, &err), 0);
	ck_assert_int_lt(give_code(inst, fd, 64, &err), 0);
	w.m.size++;
	ck_assert_int_eq(rt_instance_prepare(w.store, &w.m, &inst, &err), 0);
	ck_assert_int_eq(give_code(inst, fd, size, &err), -ENOEXEC);
	ck_assert_str_eq(err.text, "the code image was made from another module");
	w.m.size--;
	struct rt_code_file file = { .fd = fd, .size = size, .origin.module = { 1 } };
	ck_assert_int_eq(rt_instance_prepare(w.store, &w.m, &inst, &err), 0);
	ck_assert_int_eq(rt_instance_code(inst, &file, &err), -ENOEXEC);
	ck_assert_str_eq(err.text, "the code image was made from another module");
	file.origin = (struct jit_origin){ .build = { 1 } };
	ck_assert_int_eq(rt_instance_prepare(w.store, &w.m, &inst, &err), 0);
	ck_assert_int_eq(rt_instance_code(inst, &file, &err), -ENOEXEC);
	ck_assert_str_eq(err.text, "the code image was made by another build of wsbox");
	rt_store_free(w.store);
}
END_TEST

static int64_t sum(struct rt_func *f)
{
	union rt_value a[2] = { l(3), l(4) }, r;

	ck_assert_int_eq(rt_call(f, a, &r), 0);
	return r.i32;
}

/* A running instance takes another image: by reference, through a table, through its slots. */
START_TEST(replaced)
{
	struct world w = { .store = new_store() };
	struct wasm_tabletype type = { WASM_FUNCREF, { .min = 2, .max = 2, .has_max = true } };
	struct rt_code_file file = { 0 }, other;
	struct rt_instance *inst;
	struct rt_func *before;
	char *const *slots;
	struct rt_table own;

	image_flags = JIT_IMAGE_REPLACEABLE;
	inst = instantiate(&w, false);
	slots = rt_slot(inst, inst->layout.slots);
	before = code(inst, CODE_add);
	own = (struct rt_table){ .owner = inst };
	ck_assert_int_eq(rt_table_init(&own, w.store, &type), 0);
	w.m.ntables = 1;
	inst->tables[0] = &own;
	rt_table_set(&own, 1, before);
	image_flags = 0;
	add_code = code_first;
	file.fd = make_image(&w.m, &file.size);
	ck_assert(sum(before) == 7 && !slots[CODE_add]);

	/* what is not right changes nothing */
	other = file;
	other.origin.build[0] = 1;
	ck_assert_int_eq(rt_instance_replace(inst, &other, RT_REPLACE_ALL), -ENOEXEC);
	ck_assert(sum(before) == 7 && !slots[CODE_add]);
	ck_assert_int_eq(rt_instance_replace(inst, &file, RT_REPLACE_ALL), 0);
	ck_assert_int_eq(sum(before), 3);
	ck_assert_int_eq(sum(code(inst, CODE_add)), 3);
	ck_assert_ptr_eq(slots[CODE_add], before->entry);
	ck_assert_ptr_eq(slots[CODE_load], code(inst, CODE_load)->entry);
	ck_assert_ptr_eq(((struct jit_callee *)own.slot->base)[1].code, before->entry);
	ck_assert_ptr_null(((struct jit_callee *)own.slot->base)[0].code);
	/* traps of the new code are found in it */
	ck_assert_int_eq(rt_call(code(inst, CODE_trap), NULL, NULL), RT_TRAP_UNREACHABLE);
	ck_assert_int_eq(rt_instance_replace(inst, &file, RT_REPLACE_ALL), -EALREADY);
	close(file.fd);
	rt_store_free(w.store);
}
END_TEST

static struct jit_place places[4];
static uint32_t nplaces;

/* As a signal would find it: here, in a host function, in wasm or in its trap's place. */
static int where_host(void *env, struct rt_instance *caller, union rt_value *v)
{
	const void *pc = v[0].i64 == 1 ? site_trap : (const char *)where_host;

	if (v[0].i64 == 1)
		pc = rt_image_text(caller->image.at) + (site_trap - code_begin);
	nplaces = rt_instance_where(caller, pc, v[0].i64 == 1 ? caller->head.store->exec.guest_rbp :
								 NULL, places, 4);
	v[0].i64 = 5;
	return 0;
}

/* Functions on the stack, each once. */
START_TEST(where_it_is)
{
	struct world w = { .store = new_store() };
	struct rt_instance *inst;
	union rt_value a[2], r;

	describe(&w, true);
	for (int i = 0; i < NIMPORTS; i++)
		w.given[i] = (struct rt_extern){
			.func = rt_func_host(w.store, wasm_func_type(&w.m, (uint32_t)i),
					     where_host, NULL)
		};
	inst = instantiate(&w, true);
	a[0] = l(slot(inst, 1));
	a[1] = l(0);
	ck_assert_int_eq(rt_call(code(inst, CODE_import1), a, &r), 0);
	ck_assert(r.i64 == 5 && nplaces == 1);
	ck_assert(places[0].func == NIMPORTS + CODE_import1 && places[0].at == 1005);
	/* interrupted in a callee, whose frame is that of the function */
	a[1] = l(1);
	ck_assert_int_eq(rt_call(code(inst, CODE_import1), a, &r), 0);
	ck_assert_uint_eq(nplaces, 1);
	ck_assert_uint_eq(places[0].func, NIMPORTS + CODE_trap);
	ck_assert_uint_eq(places[0].at, 1001);
	rt_store_free(w.store);
}
END_TEST

/* Code that does not look for another is not replaced. */
START_TEST(not_replaceable)
{
	struct world w = { .store = new_store() };
	struct rt_instance *inst = instantiate(&w, false);
	struct rt_code_file file = { 0 };

	add_code = code_first;
	file.fd = make_image(&w.m, &file.size);
	ck_assert_int_eq(rt_instance_replace(inst, &file, RT_REPLACE_ALL), -EALREADY);
	ck_assert_int_eq(sum(code(inst, CODE_add)), 7);
	close(file.fd);
	rt_store_free(w.store);
}
END_TEST

/* A memory over the store's limit is refused when it is made, with the figure. */
START_TEST(memory_over_the_limit)
{
	struct rt_config config = { .memory_max = JIT_PAGE - 1 };
	struct wsbox_err err = WSBOX_ERR_INIT;
	struct world w = { 0 };
	struct rt_instance *inst;
	uint64_t size;
	int fd;

	ck_assert_int_eq(rt_store_new(&config, &w.store, &err), 0);
	describe(&w, false);
	fd = make_image(&w.m, &size);
	ck_assert_int_eq(rt_instance_prepare(w.store, &w.m, &inst, &err), 0);
	ck_assert_int_eq(give_code(inst, fd, size, &err), 0);
	ck_assert_int_eq(rt_instance_link(inst, NULL, NULL, &err), -ENOMEM);
	ck_assert_int_eq(err.status, WSBOX_INVALID);
	ck_assert_ptr_nonnull(strstr(err.text, "memory 0 needs 65536 bytes"));
	close(fd);
	rt_store_free(w.store);
}
END_TEST

/* Address space that ends at each place in turn: an error that says so, never a crash. */
START_TEST(no_address_space)
{
	uint64_t room = _i * 64ull << 10;
	struct rt_config config = { .stack_size = 64 << 10 };
	struct wsbox_err err = WSBOX_ERR_INIT;
	struct world w = { 0 };
	struct rt_instance *inst;
	struct rlimit limit;
	int ret;

	describe(&w, false);
	limit = (struct rlimit){ mapped_bytes() + room, mapped_bytes() + room };
	ck_assert_int_eq(setrlimit(RLIMIT_AS, &limit), 0);
	ret = rt_store_new(&config, &w.store, &err);
	if (!ret)
		ret = rt_instance_prepare(w.store, &w.m, &inst, &err);
	ck_assert_int_lt(ret, 0);
	ck_assert_int_eq(err.code, ret);
	ck_assert(err.text[0]);
	if (w.store)
		rt_store_free(w.store);
}
END_TEST

/* The size must be an i32, so the last byte of 4 GiB is not to be had. */
START_TEST(pages_of_one_byte)
{
	struct wasm_memtype memory = { { .min = 1, .max = UINT64_MAX }, 0 };
	struct rt_store *s = new_store();
	struct rt_memory *m = rt_memory_new(s, &memory);

	ck_assert_ptr_nonnull(m);
	ck_assert_int_eq(rt_memory_grow(m, UINT32_MAX), RT_CANNOT_GROW);
	ck_assert_int_eq(rt_memory_grow(m, 99), 1);
	ck_assert_uint_eq(rt_memory_pages(m), 100);
	rt_store_free(s);
}
END_TEST

UNIT_ROWS("runtime", { .test = arguments_and_results }, { .test = vector_arguments },
	  { .test = faults_are_traps },
	  { .test = stray_fault_kills, .times = 2, .signal = SANITIZED ? 0 : SIGSEGV,
	    .status = SANITIZED },
	  { .test = trap_and_backtrace }, { .test = stack_exhaustion }, { .test = host_functions },
	  { .test = nested_calls }, { .test = between_instances },
	  { .test = switch_copies_stack_arguments }, { .test = libcall_grows },
	  { .test = tables_and_limits }, { .test = link_errors }, { .test = image_errors },
	  { .test = replaced }, { .test = not_replaceable }, { .test = where_it_is },
	  { .test = memory_over_the_limit },
	  { .test = no_address_space, .times = SANITIZED ? UNIT_NEVER : 12 },
	  { .test = pages_of_one_byte })
