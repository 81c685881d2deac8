/*
 * The runtime: instances of compiled modules in this process. The one door of this folder.
 *
 * A store holds the process-wide tables (type ids, host functions' stubs, the guest stack, signal
 * handlers). Instances belong to a store and die with it. One thread. Guest code runs on the
 * store's guest stack and calls out on the caller's.
 */
#ifndef RUNTIME_RT_H
#define RUNTIME_RT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "jit/image.h"
#include "jit/vmctx.h"
#include "runtime/base/err.h"
#include "runtime/wasm/module.h"

struct rt_store;
struct rt_instance;
struct rt_table;
struct rt_memory;
struct rt_global;
struct rt_tag;

union rt_value {
	int32_t i32;
	int64_t i64;
	float f32;
	double f64;
	uint32_t f32_bits;
	uint64_t f64_bits;
	/* struct rt_func *, or an opaque external reference; NULL is null */
	void *ref;
	uint8_t v128[16];
};

_Static_assert(sizeof(union rt_value) == 16, "entry code copies values of 16 bytes");

struct rt_config {
	size_t stack_size;	/* of the guest stack; 0: 8 MiB */
	/* bytes of linear memory and tables of the whole store; 0: no limit */
	uint64_t memory_max;
};

/*
 * Installs a SIGSEGV handler (on an alternate stack) and reserves the guest stack. One store in a
 * process at a time. Other handlers of the process must be SA_ONSTACK too: wasm code may use
 * memory below its rsp. 0 or -errno with err.
 */
int rt_store_new(const struct rt_config *config, struct rt_store **ret_store,
		 struct wsbox_err *err);
void rt_store_free(struct rt_store *store);

/*
 * A function of the host. args_results holds the arguments and takes the results, in order. Runs
 * on the host stack. 0, or a negative value that ends the guest: -RT_TRAP_x, or rt_exit(). What
 * rt_call() gave it may be returned negated. caller is the instance that calls or, when the host
 * calls an export that is an import, that one; NULL when the host calls what rt_func_host() gave.
 */
typedef int (*rt_host_fn)(void *env, struct rt_instance *caller, union rt_value *args_results);

#define RT_HOST_VALUES 20	/* parameters and results of an rt_host_func, with the colon */

struct rt_host_func {
	const char *module, *name;
	const char *signature;	/* letters as in wasm/op.h: "iiii:i" */
	rt_host_fn fn;
	void *env;
};

/* What an import may be given. */
struct rt_extern {
	uint8_t kind;		/* enum wasm_extern */
	union {
		struct rt_func *func;
		struct rt_table *table;
		struct rt_memory *memory;
		struct rt_global *global;
		struct rt_tag *tag;
	};
};

/* Makes things of the host's for imports, owned by the store. NULL when out of memory. */
struct rt_func *rt_func_host(struct rt_store *s, const struct wasm_functype *type, rt_host_fn fn,
			     void *env);
struct rt_func *rt_func_named(struct rt_store *s, const struct rt_host_func *f);
struct rt_memory *rt_memory_new(struct rt_store *s, const struct wasm_memtype *type);
struct rt_table *rt_table_new(struct rt_store *s, const struct wasm_tabletype *type, void *init);
struct rt_global *rt_global_new(struct rt_store *s, const struct wasm_globaltype *type,
				const union rt_value *v);

/*
 * Gives the import at hand, or false: "unknown import". rt_instance_new() itself checks that types
 * match.
 */
typedef bool (*rt_resolve_fn)(void *arg, const struct wasm_module *m, const struct wasm_import *imp,
			      struct rt_extern *ret);

/*
 * Maps room bytes of the file from offset on (whole pages), for rt_instance_code(). The file may be
 * shorter yet. 0 or -errno with err.
 */
int rt_code_map(int fd, uint64_t offset, uint64_t room, void **ret, struct wsbox_err *err);

/*
 * The same of a file that is all there: a copy in memory that no file backs, which is written
 * before it becomes executable, and so before the process may not do that any more.
 */
int rt_code_copy(int fd, uint64_t offset, uint64_t size, void **ret, struct wsbox_err *err);

/*
 * A code image: in a file, which must be sealed, or mapped, and then nobody may change it any more.
 */
struct rt_code_file {
	int fd;				/* these two: not with at */
	uint64_t offset;		/* whole pages */
	/* where rt_code_map() put it, or NULL; rt_instance_code() takes it over */
	void *at;
	uint64_t room;
	uint64_t size;
	struct jit_origin origin;	/* what it must have been made from */
};

/*
 * The stages of an instance, apart so that a cell can do the first while the compiler works and
 * lock itself before the last.
 *	rt_instance_prepare	reserves the context and memory 0, registers types. m must outlive
 *				the instance.
 *	rt_instance_code	checks the image's header, of which nothing stays executable
 *	rt_instance_link	resolves imports, makes functions, tables, memories, globals
 *	rt_instance_start	active segments, then the start function; may trap (RT_TRAP_x > 0)
 * 0, -errno with err (WSBOX_INVALID for what cannot be linked).
 */
int rt_instance_prepare(struct rt_store *s, const struct wasm_module *m, struct rt_instance **ret,
			struct wsbox_err *err);
int rt_instance_code(struct rt_instance *inst, const struct rt_code_file *file,
		     struct wsbox_err *err);
/*
 * Another image of the same module takes the place of the first, which must be one that
 * JIT_IMAGE_REPLACEABLE is said of: from now on its functions are called, and those that run go on
 * in it where a loop's head allows (jit/osr.h). May be called from a signal handler, whatever it
 * interrupted. Once; 0, -EALREADY, or -errno if the image is not right, and then nothing has
 * changed. With RT_REPLACE_LOOPS functions are entered as before, so that all go over at heads.
 */
enum rt_replace { RT_REPLACE_ALL, RT_REPLACE_LOOPS };
int rt_instance_replace(struct rt_instance *inst, const struct rt_code_file *file,
			enum rt_replace what);
/*
 * Where the guest is that a signal interrupted at pc, with this rbp: functions of inst, each once,
 * at most max of them, the last those that others were called from. Only what to make code for
 * depends on it. May be called from a signal handler.
 */
uint32_t rt_instance_where(const struct rt_instance *inst, const void *pc, const void *rbp,
			   struct jit_place *ret, uint32_t max);
/* How often a function went on at a loop's head. */
uint64_t rt_instance_osrs(const struct rt_instance *inst);
int rt_instance_link(struct rt_instance *inst, rt_resolve_fn resolve, void *arg,
		     struct wsbox_err *err);
int rt_instance_start(struct rt_instance *inst, struct wsbox_err *err);

/* The export, or false. */
bool rt_export(struct rt_instance *inst, const char *name, size_t len, struct rt_extern *ret);
const struct wasm_functype *rt_func_type(const struct rt_func *f);
/* Its code: the image, and where the text is. */
const struct jit_image *rt_image(const struct rt_instance *inst, const char **ret_text);
const struct wasm_module *rt_module(const struct rt_instance *inst);

/*
 * Calls f; args and ret_results hold what its type has. 0, or RT_TRAP_x > 0 (the store then holds
 * the trap's backtrace), RT_TRAP_EXIT after rt_exit().
 */
int rt_call(struct rt_func *f, const union rt_value *args, union rt_value *ret_results);

/* From a host function: ends the guest with this exit status; return what it returns. */
int rt_exit(struct rt_instance *caller, int32_t status);
int32_t rt_exit_status(const struct rt_store *s);

const char *rt_trap_text(int trap);

struct rt_frame {
	const struct rt_instance *inst;
	uint32_t func;		/* index in the instance's index space */
	uint32_t at;		/* byte offset in the module, or 0 if not known */
};

/* The wasm frames of the last trap, innermost first; at most max. The true depth is *ret_depth. */
uint32_t rt_backtrace(const struct rt_store *s, struct rt_frame *frames, uint32_t max,
		      uint32_t *ret_depth);

/*
 * n bytes of linear memory 0 at p, or NULL when not all are inside. Valid until the guest runs
 * again.
 */
static inline void *rt_mem(struct rt_instance *inst, uint64_t p, uint64_t n);
uint8_t *rt_memory_base(struct rt_memory *m);
uint64_t rt_memory_size(struct rt_memory *m);		/* bytes */
#define RT_CANNOT_GROW (-1)	/* as memory.grow and table.grow say it */
int64_t rt_memory_grow(struct rt_memory *m, uint64_t pages);	/* old pages or RT_CANNOT_GROW */
union rt_value *rt_global_value(struct rt_global *g);
uint64_t rt_table_size(struct rt_table *t);
void *rt_table_get(struct rt_table *t, uint64_t i);	/* i is below the size */
void rt_table_set(struct rt_table *t, uint64_t i, void *ref);
/* old size or RT_CANNOT_GROW */
int64_t rt_table_grow(struct rt_table *t, void *ref, uint64_t n);

/* What every instance begins with, so that rt_mem() is a compare and an add. */
struct rt_instance_head {
	uint8_t *mem0;			/* base of memory 0, NULL if there is none */
	const uint64_t *mem0_size;	/* bytes */
	struct rt_store *store;
};

static inline void *rt_mem(struct rt_instance *inst, uint64_t p, uint64_t n)
{
	const struct rt_instance_head *h = (const struct rt_instance_head *)inst;
	uint64_t size = h->mem0 ? *h->mem0_size : 0;

	return p <= size && n <= size - p ? h->mem0 + p : NULL;
}

#endif
