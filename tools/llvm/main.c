/*
 * wsbox-llvm: a compiler cell with LLVM in it. It is wsbox-cell's compiler (tools/cell/main.c,
 * compile.c) with the optimizing tier linked; it never runs a guest.
 *
 * It is linked statically, so that it starts where there is no file, and all that LLVM does at its
 * start happens before the process locks itself; from before the first byte of the module is read
 * it has the compiler's filter, and no more authority than the other compiler.
 *
 * LLVM does not come back from what it cannot do: it is ended here, with the reason.
 */
#include <errno.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <unistd.h>

#include <llvm-c/ErrorHandling.h>

#include "jit/llvm/llvm.h"
#include "tools/cell/cell.h"

const struct jit_tier *const cell_tier = &jit_llvm;
const struct jit_disasm *const cell_disasm = &jit_llvm_disasm;

/* std::set_new_handler and llvm::install_bad_alloc_error_handler, which C has no names for. */
typedef void new_handler(void);
typedef void alloc_handler(void *user, const char *reason, bool crash);
new_handler *set_new_handler(new_handler *f) __asm__("_ZSt15set_new_handlerPFvvE");
void set_alloc_handler(alloc_handler *f, void *user)
	__asm__("_ZN4llvm31install_bad_alloc_error_handlerEPFvPvPKcbES0_");

/* Of several threads that fail the first tells, and ends the others. */
static _Noreturn void end_with(int code, const char *reason)
{
	static struct cell_compiled reply = {
		.head = { CELL_MSG_COMPILED, sizeof(reply) },
		.err = WSBOX_ERR_INIT,
	};
	static atomic_flag told = ATOMIC_FLAG_INIT;

	while (atomic_flag_test_and_set(&told))
		(void)sched_yield();
	(void)err_set(&reply.err, code, WSBOX_FAILED, "LLVM: %s", reason);
	cell_tell(&reply);
	_exit(CELL_STATUS_OK);
}

static void ran_out(void)
{
	end_with(-ENOMEM, "out of memory");
}

static void no_bytes(void *user, const char *reason, bool crash)
{
	ran_out();
}

static void fatal(const char *reason)
{
	end_with(-ENOTRECOVERABLE, reason);
}

__attribute__((constructor)) static void install_handlers(void)
{
	(void)set_new_handler(ran_out);
	set_alloc_handler(no_bytes, NULL);
	LLVMInstallFatalErrorHandler(fatal);
}

void instance_main(const struct cell_job *job, uint64_t start)
{
	_exit(CELL_STATUS_PROTOCOL);
}
