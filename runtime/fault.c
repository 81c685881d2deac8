/*
 * Faults. One is a trap only if it happened in the text of a mapped image, at a place the image
 * lists, on an address in a memory's reservation; or in wasm code on an address in the guest
 * stack's guard. Any other is a bug of ours: the former action is put back, the instruction faults
 * again, and the process dies.
 *
 * The handler runs on its own stack and touches only memory that does not change meanwhile: no
 * allocation, no locks. It notes where the guest stood and continues at rt_land, which returns
 * from rt_enter.
 */
#include <errno.h>
#include <signal.h>
#include <sys/mman.h>
#include <ucontext.h>

#include "runtime/state.h"

#define SIGNAL_STACK (64u << 10)

/* Of the one store in this process. */
static struct {
	struct rt_store *store;
	struct sigaction old;
	stack_t old_stack;
	void *stack;
} fault;

static int classify(const struct rt_store *s, uintptr_t pc, uintptr_t address)
{
	const struct rt_code *code = rt_code_find(s, (void *)pc);

	if (address >= (uintptr_t)s->stack && address < s->stack_lo) {
		bool switching = pc >= (uintptr_t)rt_switch && pc < (uintptr_t)rt_switch_end;

		return code || switching ? RT_TRAP_STACK_EXHAUSTED : 0;
	}
	if (!code || !jit_image_site(code->image, (uint32_t)(pc - code->lo), false))
		return 0;
	for (size_t i = 0; i < s->regions.len; i++)
		if (address >= s->regions.at[i].lo && address < s->regions.at[i].hi)
			return RT_TRAP_OUT_OF_BOUNDS;
	return 0;
}

static void on_fault(int sig, siginfo_t *info, void *context)
{
	greg_t *regs = ((ucontext_t *)context)->uc_mcontext.gregs;
	struct rt_store *s = fault.store;
	int trap = info->si_code > 0 && s->nesting ?
		   classify(s, (uintptr_t)regs[REG_RIP], (uintptr_t)info->si_addr) : 0;

	if (!trap) {
		/*
		 * the same fault again, blocked, ends the process; a locked cell may not call
		 * sigaction()
		 */
		if (fault.old.sa_handler == SIG_DFL)
			sigaddset(&((ucontext_t *)context)->uc_sigmask, sig);
		else
			sigaction(sig, &fault.old, NULL);
		return;
	}
	s->exec.trap_pc = (void *)regs[REG_RIP];
	s->exec.trap_rbp = (void *)regs[REG_RBP];
	s->exec.guest_rsp = (void *)regs[REG_RSP];
	s->trace.faulted = true;
	regs[REG_RIP] = (greg_t)rt_land;
	regs[REG_RAX] = trap;
	regs[REG_R11] = (greg_t)&s->exec;
}

int rt_fault_install(struct rt_store *s, struct wsbox_err *err)
{
	struct sigaction act = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK };
	stack_t stack = { .ss_size = SIGNAL_STACK };

	if (fault.store)
		return err_set(err, -EBUSY, WSBOX_FAILED, "this process has a store already");
	stack.ss_sp = mmap(NULL, SIGNAL_STACK, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
	if (stack.ss_sp == MAP_FAILED)
		return err_set(err, -errno, WSBOX_FAILED, "cannot map the signal stack: %s",
			       err_name(errno));
	fault.stack = stack.ss_sp;
	fault.store = s;
	if (sigaltstack(&stack, &fault.old_stack) || sigaction(SIGSEGV, &act, &fault.old))
		return err_set(err, -errno, WSBOX_FAILED, "cannot handle faults: %s",
			       err_name(errno));
	return 0;
}

void rt_fault_remove(struct rt_store *s)
{
	if (fault.store != s)
		return;
	sigaction(SIGSEGV, &fault.old, NULL);
	sigaltstack(&fault.old_stack, NULL);
	munmap(fault.stack, SIGNAL_STACK);
	fault.store = NULL;
}
