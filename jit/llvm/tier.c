/* A worker of the tier: a batch becomes a module, the module an object. */
#include "jit/llvm/tier.h"

#include <errno.h>
#include <limits.h>
#include <llvm-c/Error.h>
#include <llvm-c/Support.h>
#include <llvm-c/Target.h>
#include <llvm-c/Transforms/PassBuilder.h>
#include <malloc.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "jit/llvm/ir.h"
#include "jit/llvm/llvm.h"
#include "jit/llvm/object.h"

#define CPU "x86-64-v3"			/* what cpu_check() asks for */
#define BATCH_BYTES (48u << 10)
#define STACK_SIZE ((size_t)8 << 20)	/* LLVM recurses deeply */
#define ARENAS 64			/* of malloc, at most: one for each thread */

/*
 * Modules come optimized from their producer. More passes make no better code: on QuickJS -O2's
 * took eight times as long as these, and the code was slower.
 */
#define PASSES \
	"function(sroa,early-cse<memssa>,simplifycfg,instcombine<no-verify-fixpoint>,simplifycfg)"

/*
 * Equal code of different places stays apart: a place says where in the module something trapped.
 * Arguments on the stack are stored one by one: the verifier sees what each is.
 */
static const char *const flags[] = {
	"wsbox", "-enable-tail-merge=0", "-combiner-store-merging=false"
};

static int compare_bytes(const void *a, const void *b)
{
	return *(const char *)a - *(const char *)b;
}

/*
 * The C library asks for facts when it first needs them, by system calls that a compiler is not
 * granted: malloc for the number of processors and, before it gives memory back, for the policy of
 * overcommitment; qsort for the size of memory.
 */
static void warm_libc(void)
{
	char bytes[2048] = { 0 };

	(void)mallopt(M_ARENA_MAX, ARENAS);
	(void)mallopt(M_TRIM_THRESHOLD, INT_MAX);
	qsort(bytes, sizeof(bytes), 1, compare_bytes);
}

static void start_llvm(void)
{
	LLVMInitializeX86TargetInfo();
	LLVMInitializeX86Target();
	LLVMInitializeX86TargetMC();
	LLVMInitializeX86AsmPrinter();
	LLVMParseCommandLineOptions(ARRAY_SIZE(flags), flags, NULL);
	warm_libc();
}

static void tier_start(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, start_llvm);
}

static LLVMTargetMachineRef new_machine(void)
{
	LLVMTargetRef target;
	char *text = NULL;

	if (LLVMGetTargetFromTriple(LL_TRIPLE, &target, &text)) {
		LLVMDisposeMessage(text);
		return NULL;
	}
	return LLVMCreateTargetMachine(target, LL_TRIPLE, CPU, "", LLVMCodeGenLevelDefault,
				       LLVMRelocPIC, LLVMCodeModelSmall);
}

static void tier_worker_free(void *worker)
{
	struct ll *l = worker;

	for (unsigned int k = 0; l->objects && k < LL_CARES; k++)
		ll_object_done(&l->objects[k]);
	free(l->objects);
	if (l->machine)
		LLVMDisposeTargetMachine(l->machine);
	if (l->ctx)
		LLVMContextDispose(l->ctx);
	free(l->sigs);
	arena_done(&l->arena);
	arena_done(&l->sig_arena);
	free(l);
}

static void *tier_worker_new(const struct wasm_module *m, const struct jit_layout *layout,
			const struct jit_options *options)
{
	struct ll *l = calloc(1, sizeof(*l));

	tier_start();
	if (!l)
		return NULL;
	l->m = m;
	l->layout = layout;
	l->options = options;
	arena_init(&l->arena);
	arena_init(&l->sig_arena);
	l->objects = calloc(LL_CARES, sizeof(*l->objects));
	l->sigs = calloc((size_t)m->ntypes + 1, sizeof(*l->sigs));
	l->ctx = LLVMContextCreate();
	l->machine = new_machine();
	if (!l->objects || !l->sigs || !l->machine) {
		tier_worker_free(l);
		return NULL;
	}
	ll_types_init(l);
	for (uint32_t i = 0; i < m->ntypes; i++) {
		struct jit_cc cc;

		jit_cc_init(&cc, &m->types[i], NULL, NULL);
		if (cc.sret_bytes > l->sret_max)
			l->sret_max = cc.sret_bytes;
	}
	return l;
}

/* ---- a batch ---- */

static void set_flag(struct ll *l, const char *name, uint32_t value)
{
	LLVMAddModuleFlag(l->mod, LLVMModuleFlagBehaviorWarning, name, strlen(name),
			  LLVMValueAsMetadata(LLVMConstInt(l->i32, value, 0)));
}

static void open_module(struct ll *l)
{
	LLVMTargetDataRef data = LLVMCreateTargetDataLayout(l->machine);

	l->mod = LLVMModuleCreateWithNameInContext("wasm", l->ctx);
	LLVMSetTarget(l->mod, LL_TRIPLE);
	LLVMSetModuleDataLayout(l->mod, data);
	LLVMDisposeTargetData(data);
	l->ir = LLVMCreateBuilderInContext(l->ctx);
	l->debug = LLVMCreateDIBuilder(l->mod);
	set_flag(l, "Debug Info Version", LLVMDebugMetadataVersion());
	set_flag(l, "Dwarf Version", 4);
	l->file = LLVMDIBuilderCreateFile(l->debug, "wasm", 4, "", 0);
	(void)LLVMDIBuilderCreateCompileUnit(l->debug, LLVMDWARFSourceLanguageC, l->file, "wsbox",
					     5, 1, "", 0, 0, "", 0, LLVMDWARFEmissionLineTablesOnly,
					     0, 0, 0, "", 0, "", 0);
	l->routine = LLVMDIBuilderCreateSubroutineType(l->debug, l->file, NULL, 0, LLVMDIFlagZero);
}

static void close_module(struct ll *l)
{
	LLVMDisposeDIBuilder(l->debug);
	LLVMDisposeBuilder(l->ir);
	LLVMDisposeModule(l->mod);
	l->mod = NULL;
}

/* The functions that can be done here, of all or of those whose bit is set. */
static int fill_module(struct ll *l, uint32_t first, uint32_t n, const uint64_t *which)
{
	struct ll_func f = { .l = l, .ir = l->ir };
	int ret = 0;

	for (uint32_t i = 0; i < n && ret != -ENOMEM; i++)
		if (!which || which[i / 64] >> i % 64 & 1)
			ret = ll_func_emit(&f, first + i);
	vec_done(&f.ctls);
	vec_done(&f.origins);
	LLVMDIBuilderFinalize(l->debug);
	return ret == -ENOMEM ? ret : 0;
}

static int optimize(struct ll *l)
{
	LLVMPassBuilderOptionsRef options = LLVMCreatePassBuilderOptions();
	LLVMErrorRef err = LLVMRunPasses(l->mod, PASSES, l->machine, options);

	LLVMDisposePassBuilderOptions(options);
	if (!err)
		return 0;
	LLVMConsumeError(err);
	return -EBADMSG;
}

static void hide_phis(struct ll_func *f, LLVMBasicBlockRef block)
{
	LLVMValueRef phi = LLVMGetFirstInstruction(block), next = phi, hidden;

	while (next && LLVMIsAPHINode(next))
		next = LLVMGetNextInstruction(next);
	for (; phi && LLVMIsAPHINode(phi); phi = LLVMGetNextInstruction(phi)) {
		LLVMTypeRef t = LLVMTypeOf(phi);

		if (t != f->l->i32 && t != f->l->i64)
			continue;
		LLVMPositionBuilderBefore(f->ir, next);
		hidden = ll_opaque(f, phi);
		LLVMReplaceAllUsesWith(phi, hidden);
		LLVMSetOperand(hidden, 0, phi);
	}
}

/*
 * Whatever comes round a loop is from now on unknown. Before this, what is known of its low bits
 * has become a part of the instructions, which so keep their displacements.
 */
static void hide_steps(struct ll *l)
{
	struct ll_func f = { .l = l, .ir = l->ir };

	for (LLVMValueRef fn = LLVMGetFirstFunction(l->mod); fn; fn = LLVMGetNextFunction(fn))
		for (LLVMBasicBlockRef b = LLVMGetFirstBasicBlock(fn); b;
		     b = LLVMGetNextBasicBlock(b))
			hide_phis(&f, b);
}

static int generate(struct ll *l, uint32_t first, uint32_t n)
{
	LLVMMemoryBufferRef buffer = NULL;
	char *text = NULL;

	if (LLVMTargetMachineEmitToMemoryBuffer(l->machine, l->mod, LLVMObjectFile, &text,
						&buffer)) {
		LLVMDisposeMessage(text);
		return -EBADMSG;
	}
	return ll_object_read(l->object, buffer, LLVMGetBufferStart(buffer),
			      LLVMGetBufferSize(buffer), first, n);
}

static int compile_batch_as(struct ll *l, uint32_t first, uint32_t n, const uint64_t *which)
{
	int ret;

	open_module(l);
	ret = fill_module(l, first, n, which);
	if (ret == 0)
		ret = optimize(l);
	if (ret == 0 && l->care >= LL_CARE_STEPS)
		hide_steps(l);
	if (ret == 0)
		ret = generate(l, first, n);
	close_module(l);
	return ret;
}

static int tier_batch(void *worker, uint32_t first, uint32_t n)
{
	struct ll *l = worker;

	for (unsigned int k = 0; k < LL_CARES; k++)
		ll_object_done(&l->objects[k]);
	l->object = &l->objects[0];
	l->care = 0;
	return compile_batch_as(l, first, n, NULL);
}

static int tier_again(void *worker, const uint64_t *refused)
{
	struct ll *l = worker;
	uint32_t first = l->objects[0].first, n = l->objects[0].n;

	for (unsigned int k = 0; k < LL_CARES; k++)
		ll_object_drop(&l->objects[k], refused);
	if (l->care < LL_CARES)
		l->care++;
	if (l->care == LL_CARES)
		return 0;
	l->object = &l->objects[l->care];
	return compile_batch_as(l, first, n, refused);
}

static int tier_place(void *worker, uint32_t func, struct jit_out *out, struct jit_entry *ret)
{
	return ll_place_function(worker, func, out, ret);
}

static int tier_baseline(void *worker, uint32_t func, struct jit_out *out, struct jit_entry *entry)
{
	return ll_place_baseline(worker, func, out, entry);
}

static int tier_finish(void *worker, struct jit_out *out)
{
	return ll_place_shared(worker, out);
}

const struct jit_tier jit_llvm = {
	.name = "optimized", .id = JIT_TIER_LLVM, .batch_bytes = BATCH_BYTES,
	.stack_size = STACK_SIZE, .start = tier_start,
	.worker_new = tier_worker_new, .worker_free = tier_worker_free,
	.batch = tier_batch, .again = tier_again, .place = tier_place, .baseline = tier_baseline,
	.finish = tier_finish,
};
