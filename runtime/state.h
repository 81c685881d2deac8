/*
 * What the files of this folder share; nobody else includes it.
 *
 * Ownership: a store owns everything. Small objects live in its arena until the store ends;
 * mappings are recorded as regions (address ranges in which a fault may be a trap) or code ranges.
 * Both lists are read by the fault handler: they change only while no wasm runs or inside a call
 * out of it, never while compiled code could fault.
 */
#ifndef RUNTIME_STATE_H
#define RUNTIME_STATE_H

#include <assert.h>

#include "jit/cc.h"
#include "runtime/base/arena.h"
#include "runtime/base/vec.h"
#include "runtime/entry.h"
#include "runtime/rt.h"

#define RT_STACK_DEFAULT (8u << 20)
/* more than a callee touches before it probes: 1,000 arguments of 16 bytes */
#define RT_STACK_GUARD (64u << 10)
/* of host functions that enter wasm, since each holds host stack */
#define RT_NESTING_MAX 200
#define RT_TRACE_MAX 64			/* frames a backtrace keeps */

/* What entry.S and the fault handler work on: the stacks of the thread that runs wasm. */
struct rt_exec {
	/* of the innermost activation: calls out run below it, traps land on it */
	void *host_rsp;
	/* wasm as it last called out; guest_rsp points to the return address */
	void *guest_rsp, *guest_rbp;
	void *trap_pc, *trap_rbp;	/* of the last trap */
	uint64_t gs;			/* the gs base that was set, 0 if none was */
	uint32_t use_gs;		/* some image needs it */
	/* of the handler of an exception; its pc and rbp are in trap_pc, trap_rbp */
	void *resume_ctx;
};

/* Argument and result registers. */
struct rt_regs {
	uint64_t gpr[JIT_CC_GPR_ARGS];	/* in order of arguments; results: rax, rdx */
	union rt_value xmm[JIT_CC_XMM_ARGS];
	void *guest_rsp;		/* for calls of host functions */
	uint32_t pop;			/* bytes of stack arguments they pop */
	uint32_t vectors;		/* they return something in a vector register */
};

#define ENTRY_AT(type, member, at) \
	_Static_assert(offsetof(type, member) == (at), "entry.S reads " #type "." #member)
ENTRY_AT(struct rt_exec, host_rsp, RT_EXEC_HOST_RSP);
ENTRY_AT(struct rt_exec, guest_rsp, RT_EXEC_GUEST_RSP);
ENTRY_AT(struct rt_exec, guest_rbp, RT_EXEC_GUEST_RBP);
ENTRY_AT(struct rt_exec, trap_pc, RT_EXEC_TRAP_PC);
ENTRY_AT(struct rt_exec, trap_rbp, RT_EXEC_TRAP_RBP);
ENTRY_AT(struct rt_exec, gs, RT_EXEC_GS);
ENTRY_AT(struct rt_exec, use_gs, RT_EXEC_USE_GS);
ENTRY_AT(struct rt_exec, resume_ctx, RT_EXEC_RESUME_CTX);
ENTRY_AT(struct rt_regs, gpr, RT_REGS_GPR);
ENTRY_AT(struct rt_regs, xmm, RT_REGS_XMM);
ENTRY_AT(struct rt_regs, guest_rsp, RT_REGS_GUEST_RSP);
ENTRY_AT(struct rt_regs, pop, RT_REGS_POP);
ENTRY_AT(struct rt_regs, vectors, RT_REGS_VECTORS);
ENTRY_AT(struct jit_callee, sig, RT_CALLEE_SIG);
ENTRY_AT(struct jit_callee, flags, RT_CALLEE_FLAGS);
ENTRY_AT(struct jit_callee, ctx, RT_CALLEE_CTX);
ENTRY_AT(struct jit_callee, func, RT_CALLEE_FUNC);
ENTRY_AT(struct rt_func, stack_bytes, RT_FUNC_STACK_BYTES);
ENTRY_AT(struct rt_func, entry, RT_FUNC_ENTRY);
_Static_assert(sizeof(struct rt_regs) == RT_REGS_SIZE && RT_REGS_SIZE % 16 == 0,
	       "entry.S keeps the stack aligned");
_Static_assert(JIT_VMCTX(instance) == RT_CTX_INSTANCE && JIT_VMCTX(exec) == RT_CTX_EXEC,
	       "entry.S reads the context");
#undef ENTRY_AT

/* A function type, once in a process. Heap types that are type indices in a module are ids here. */
struct rt_type {
	struct wasm_functype func;	/* canon: the id */
	struct jit_cc cc;
	struct jit_loc *params, *results;
	bool xmm;			/* some argument is in a vector register */
	/* all arguments are in general registers; at most one result, in rax */
	bool simple;
	uint64_t keep[JIT_CC_GPR_ARGS], keep_result;	/* simple: the bits that count */
	uint32_t hash;
	struct rt_type *next;		/* in its bucket */
};

struct rt_region {
	uintptr_t lo, hi;
};

struct rt_code {
	uintptr_t lo, hi;		/* the text */
	const struct jit_image *image;
	struct rt_instance *inst;
};

/* A rt_call() in progress. If another one is around it (prev): what to put back when it ends. */
struct rt_activation {
	struct rt_activation *prev;
	void *host_rsp, *guest_rsp, *guest_rbp;
	uint64_t gs;
};

struct rt_trace {
	uint32_t n, depth;
	bool faulted;			/* trap_pc is what faulted, not a return address */
	bool fresh;			/* its trap is on its way out, through host functions */
	void *pc[RT_TRACE_MAX];
	bool call[RT_TRACE_MAX];	/* pc is a return address */
};

struct rt_store {
	struct rt_exec exec;
	struct rt_activation *activation;
	uint32_t nesting;
	int32_t exit_status;
	/* the guest stack; its guard lies at stack, stack_lo is above it */
	char *stack, *stack_top;
	uintptr_t stack_lo;
	struct VEC(struct rt_type *) types;	/* id - 1 */
	struct rt_type **buckets;
	uint32_t nbuckets;
	struct VEC(struct rt_region) regions;
	struct VEC(struct rt_code) code;
	struct VEC(struct rt_instance *) instances;
	struct VEC(struct rt_memory *) memories;
	struct VEC(struct rt_table *) tables;
	struct rt_trace trace;
	struct rt_exn *exns;		/* referred ones */
	struct rt_exn *caught;		/* freed by the next throw */
	uint64_t memory_max, memory_used;	/* bytes of linear memory and tables */
	struct arena arena;
};

struct rt_memory {
	struct rt_store *store;
	uint8_t *base;
	uint64_t *size;			/* bytes; in the context of the owner for its memory 0 */
	uint64_t own_size;
	uint64_t reserved;		/* bytes mapped at base, 0: part of the owner's mapping */
	struct wasm_limits limits;
	uint8_t page_log2;
};

struct rt_table {
	struct rt_store *store;
	struct rt_instance *owner;	/* NULL: the host */
	struct jit_table *slot;
	struct jit_table own_slot;
	size_t reserved;		/* bytes */
	struct wasm_tabletype type;	/* element type in the store's terms */
	bool callees;			/* entries are struct jit_callee */
	bool shared;			/* seen by more than its owner: entries switch contexts */
};

struct rt_global {
	union rt_value *value;
	union rt_value own_value;
	struct wasm_globaltype type;	/* in the store's terms */
};

/* Exceptions are told apart by the address of their tag. */
struct rt_tag {
	uint32_t type;			/* id */
};

/*
 * What is thrown. It lives until the next throw after a clause without reference caught it; once
 * referred to, to the store's end.
 */
struct rt_exn {
	const struct rt_tag *tag;
	struct rt_exn *next;		/* referred one, the last: itself; NULL: not referred to */
	union rt_value values[];
};

_Static_assert(offsetof(struct rt_exn, values) == JIT_EXN_VALUES,
	       "compiled code stores the values");

/* A host function's part that compiled code does not see. */
struct rt_host {
	struct rt_store *store;
	const struct rt_type *type;
	rt_host_fn fn;
	void *env;
};

/* A mapped image. */
struct rt_image {
	const struct jit_image *at;
	size_t size;
};

struct rt_instance {
	struct rt_instance_head head;
	const struct wasm_module *m;
	struct jit_layout layout;
	char *map;			/* context and memory 0 */
	size_t map_size;
	char *ctx;			/* r13: the end of the context */
	struct rt_image image;		/* whose functions are called */
	/* that it replaced, parts of which may still run; RT_REPLACE_LOOPS: the other way round */
	struct rt_image former;
	const struct jit_image *better;	/* the newer one of both, or NULL */
	uint64_t osrs;			/* frames that went on in the new one */
	struct rt_func *funcs;
	uint32_t *sigs;			/* type id of each type index: in the context */
	struct rt_memory **memories;
	struct rt_table **tables;
	struct rt_global **globals;
	struct rt_tag **tags;
	uint8_t *data_dropped, *elem_dropped;	/* a byte each */
};

static inline struct jit_vmctx *rt_ctx(const struct rt_instance *inst)
{
	return (struct jit_vmctx *)inst->ctx - 1;
}

/* A slot of the context. */
static inline void *rt_slot(const struct rt_instance *inst, int32_t disp)
{
	return inst->ctx + disp;
}

static inline char *rt_image_text(const struct jit_image *image)
{
	return (char *)image + image->text_off;
}

/* The code of defined function i, 0-based. */
static inline char *rt_image_entry(const struct jit_image *image, uint32_t i)
{
	const uint32_t *entries = (const uint32_t *)((const char *)image + image->funcs_off);

	assert(i < image->nfuncs);
	return rt_image_text(image) + entries[i];
}

static inline const struct rt_type *rt_type_of(const struct rt_store *s, uint32_t id)
{
	return s->types.at[id - 1];
}

/*
 * store.c: anonymous address space without access. Recorded as a region when fault is set. NULL
 * when there is none.
 */
void *rt_reserve(struct rt_store *s, size_t size, bool fault);
/*
 * Makes [old, new) of what lies at base accessible, counting against the store's limit. 0,
 * -ENOMEM.
 */
int rt_commit(struct rt_store *s, void *base, uint64_t old_size, uint64_t new_size);

/*
 * types.c: the id of type t, whose type indices mean ids[index] (NULL: ids already). 0 when out of
 * memory.
 */
uint32_t rt_type_id(struct rt_store *s, const struct wasm_functype *t, const uint32_t *ids);
wasm_valtype rt_valtype(wasm_valtype t, const uint32_t *ids);
/* Whether a value of type a may stand where b is wanted; both in the store's terms. */
bool rt_subtype(wasm_valtype a, wasm_valtype b);

/* fault.c */
int rt_fault_install(struct rt_store *s, struct wsbox_err *err);
void rt_fault_remove(struct rt_store *s);

/* trace.c: whether n bytes at p, aligned, are on the guest stack */
bool rt_on_stack(const struct rt_store *s, const void *p, size_t n);
/* trace.c: records the stack of the trap that just landed. */
void rt_trace_take(struct rt_store *s);
const struct rt_code *rt_code_find(const struct rt_store *s, const void *pc);

/* instance.c: the function at index f, made on first use. */
struct rt_func *rt_func_at(struct rt_instance *inst, uint32_t f);

/* link.c */
int rt_link_imports(struct rt_instance *inst, rt_resolve_fn resolve, void *arg,
		    struct wsbox_err *err);

/*
 * memory.c, table.c: of a module. Set up m or t, whose base or slot is set, at its minimum size. 0
 * or -errno.
 */
uint64_t rt_memory_span(const struct wasm_memtype *type);	/* address space it takes */
uint64_t rt_memory_pages(const struct rt_memory *m);
int rt_memory_init(struct rt_memory *m, struct rt_store *s, const struct wasm_memtype *type);
int rt_table_init(struct rt_table *t, struct rt_store *s, const struct wasm_tabletype *type);
/* Another instance will see it: entries must work from there. */
void rt_table_share(struct rt_table *t);

/* expr.c: 0, -ENOMEM, or -ENOTSUP for an instruction of a proposal that is not supported. */
int rt_eval(struct rt_instance *inst, const struct wasm_expr *expr, wasm_valtype type,
	    union rt_value *ret);

/*
 * segment.c: active segments, in order; elements [s, s + n) of a segment to t from d. 0 or
 * RT_TRAP_x.
 */
int rt_elem_copy(struct rt_instance *inst, uint32_t elem, struct rt_table *t, uint64_t d,
		 uint64_t s, uint64_t n);
int rt_segments_apply(struct rt_instance *inst);

/* entry.S */
int rt_enter(struct rt_exec *exec, struct rt_regs *regs, void *code, void *ctx, void *guest_rsp,
	     int xmm);
void rt_land(void);
void rt_trap_entry(void);
void rt_indirect_fail_entry(void);
void rt_host_entry(void);
void rt_host_simple_entry(void);
void rt_osr_entry(void);
void rt_switch(void);
extern const char rt_switch_end[];

/* code.c, called by entry.S */
char *rt_osr(struct rt_instance *inst, uint32_t at);

/* What a libcall gives back to its thunk: trap is RT_TRAP_x or 0. */
struct rt_ret {
	uint64_t value, trap;
};

/* lib.c, and entry.S: their thunks. A row without both does not link. */
#define X(name) \
	struct rt_ret rt_lib_##name(struct rt_instance *inst, uint64_t, uint64_t, uint64_t, \
				    uint64_t, uint64_t); \
	void rt_lib_##name##_entry(void);
JIT_LIBCALLS(X)
#undef X

#endif
