/*
 * Offsets that entry.S shares with C: each is asserted beside its struct (state.h). Read by the
 * assembler too.
 *
 * Stack of the host during an activation (rt_enter), and of the guest:
 *
 *	rt_call's frame                      ┌ top of the guest stack, or rsp where wasm called out
 *	rbp rbx r12 r13 r14 r15              │ stack arguments
 *	address of struct rt_regs            │ return address into rt_enter
 *	exec->host_rsp ──────────────►       │ rbp = 0: end of the frame chain
 *	calls out of wasm run below          └ frames of wasm
 */
#ifndef RUNTIME_ENTRY_H
#define RUNTIME_ENTRY_H

/* struct rt_exec */
#define RT_EXEC_HOST_RSP 0
#define RT_EXEC_GUEST_RSP 8
#define RT_EXEC_GUEST_RBP 16
#define RT_EXEC_TRAP_PC 24
#define RT_EXEC_TRAP_RBP 32
#define RT_EXEC_GS 40
#define RT_EXEC_USE_GS 48
#define RT_EXEC_RESUME_CTX 56

/* struct rt_regs */
#define RT_REGS_GPR 0
#define RT_REGS_XMM 48
#define RT_REGS_GUEST_RSP 176
#define RT_REGS_POP 184
#define RT_REGS_VECTORS 188
#define RT_REGS_SIZE 192
/* rt_host_simple_entry's frame: union rt_value for each register of arguments, the guest's rsp */
#define RT_SIMPLE_GUEST_RSP 96
#define RT_SIMPLE_SIZE 112

/* struct jit_callee, struct rt_func */
#define RT_CALLEE_SIG 0
#define RT_CALLEE_FLAGS 4
#define RT_CALLEE_CTX 16
#define RT_CALLEE_FUNC 24
#define RT_FUNC_STACK_BYTES 52
#define RT_FUNC_ENTRY 56

/* struct jit_vmctx, from r13 */
#define RT_CTX_INSTANCE -80
#define RT_CTX_EXEC -64

/* jit_callee.flags: a host function; and one with some argument in a vector register */
#define RT_CALLEE_XMM 1
#define RT_CALLEE_HOST 2

#endif
