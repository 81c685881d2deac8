/*
 * In and out of compiled code. Layouts: entry.h; calling convention: jit/cc.h.
 *
 * Only the guest stack holds wasm frames. Nothing here pushes on it, but for rt_switch: so a guest stack that is full
 * faults in compiled code or in rt_switch, and nowhere else.
 */
#include "runtime/entry.h"

	.intel_syntax noprefix
	.text

	.macro FUNCTION name
	.globl	\name
	.hidden	\name
	.type	\name, @function
	.p2align 4
\name:
	.endm

/*
 * int rt_enter(struct rt_exec *exec, struct rt_regs *regs, void *code, void *ctx, void *guest_rsp, int xmm)
 * Calls code with the registers in regs and the stack arguments at guest_rsp. 0: the results are in regs. Else the trap.
 */
FUNCTION rt_enter
	push	rbp
	push	rbx
	push	r12
	push	r13
	push	r14
	push	r15
	push	rsi
	mov	[rdi + RT_EXEC_HOST_RSP], rsp
	mov	rsp, r8
	mov	r11, rdx
	mov	r13, rcx
	xor	ebp, ebp
	test	r9d, r9d
	jz	1f
	vmovups	xmm0, [rsi + RT_REGS_XMM]
	vmovups	xmm1, [rsi + RT_REGS_XMM + 16]
	vmovups	xmm2, [rsi + RT_REGS_XMM + 32]
	vmovups	xmm3, [rsi + RT_REGS_XMM + 48]
	vmovups	xmm4, [rsi + RT_REGS_XMM + 64]
	vmovups	xmm5, [rsi + RT_REGS_XMM + 80]
	vmovups	xmm6, [rsi + RT_REGS_XMM + 96]
	vmovups	xmm7, [rsi + RT_REGS_XMM + 112]
1:	mov	rdi, [rsi + RT_REGS_GPR]
	mov	rdx, [rsi + RT_REGS_GPR + 16]
	mov	rcx, [rsi + RT_REGS_GPR + 24]
	mov	r8, [rsi + RT_REGS_GPR + 32]
	mov	r9, [rsi + RT_REGS_GPR + 40]
	mov	rsi, [rsi + RT_REGS_GPR + 8]
	call	r11
	mov	r11, [r13 + RT_CTX_EXEC]
	mov	rsp, [r11 + RT_EXEC_HOST_RSP]
	pop	rsi
	mov	[rsi + RT_REGS_GPR], rax
	mov	[rsi + RT_REGS_GPR + 8], rdx
	vmovups	[rsi + RT_REGS_XMM], xmm0
	vmovups	[rsi + RT_REGS_XMM + 16], xmm1
	xor	eax, eax
	jmp	2f

/* eax = the trap, r11 = exec: ends the activation. The fault handler continues here. */
	.globl	rt_land
	.hidden	rt_land
rt_land:
	mov	rsp, [r11 + RT_EXEC_HOST_RSP]
	pop	rsi
2:	pop	r15
	pop	r14
	pop	r13
	pop	r12
	pop	rbx
	pop	rbp
	ret
	.size	rt_enter, . - rt_enter

/* Called by compiled code: eax = the trap, the return address is the place. */
FUNCTION rt_trap_entry
	mov	r11, [r13 + RT_CTX_EXEC]
	mov	rcx, [rsp]
	mov	[r11 + RT_EXEC_TRAP_PC], rcx
	mov	[r11 + RT_EXEC_TRAP_RBP], rbp
	jmp	rt_land

/* Called by compiled code: r10 = callee descriptor whose sig is not what the call wants. */
FUNCTION rt_indirect_fail_entry
	mov	eax, [rip + rt_trap_indirect_null]
	cmp	dword ptr [r10 + RT_CALLEE_SIG], 0
	cmovne	eax, [rip + rt_trap_indirect_sig]
	jmp	rt_trap_entry

/* r11 = exec, eax = the trap: compiled code called out and is to end at that call. */
trap_at_call:
	mov	rcx, [r11 + RT_EXEC_GUEST_RSP]
	mov	rcx, [rcx]
	mov	[r11 + RT_EXEC_TRAP_PC], rcx
	mov	rcx, [r11 + RT_EXEC_GUEST_RBP]
	mov	[r11 + RT_EXEC_TRAP_RBP], rcx
	jmp	rt_land

/* struct rt_ret rt_lib_NAME(struct rt_instance *, rsi, rdx, rcx, r8, r9) on the host stack. It does not enter wasm. */
	.macro LIBCALL name
FUNCTION rt_lib_\name\()_entry
	mov	r11, [r13 + RT_CTX_EXEC]
	mov	[r11 + RT_EXEC_GUEST_RSP], rsp
	mov	[r11 + RT_EXEC_GUEST_RBP], rbp
	mov	rsp, [r11 + RT_EXEC_HOST_RSP]
	mov	rdi, [r13 + RT_CTX_INSTANCE]
	call	rt_lib_\name
	mov	r11, [r13 + RT_CTX_EXEC]
	test	edx, edx
	jnz	libcall_trap
	mov	rsp, [r11 + RT_EXEC_GUEST_RSP]
	ret
	.endm

libcall_trap:
	mov	eax, edx
	jmp	trap_at_call

	LIBCALL	memory_grow
	LIBCALL	memory_copy
	LIBCALL	memory_fill
	LIBCALL	memory_init
	LIBCALL	data_drop
	LIBCALL	table_get
	LIBCALL	table_set
	LIBCALL	table_grow
	LIBCALL	table_fill
	LIBCALL	table_copy
	LIBCALL	table_init
	LIBCALL	elem_drop
	LIBCALL	exn_new

/*
 * char *rt_osr(struct rt_instance *, at): the code that goes on with the function whose frame is rbp's, or NULL. That
 * code takes and leaves its values in the context, returns to the frame, and tells by its 1 from a 0 that it ran.
 */
FUNCTION rt_osr_entry
	mov	r11, [r13 + RT_CTX_EXEC]
	mov	[r11 + RT_EXEC_GUEST_RSP], rsp
	mov	[r11 + RT_EXEC_GUEST_RBP], rbp
	mov	rsp, [r11 + RT_EXEC_HOST_RSP]
	mov	rdi, [r13 + RT_CTX_INSTANCE]
	call	rt_osr
	mov	r11, [r13 + RT_CTX_EXEC]
	mov	rsp, [r11 + RT_EXEC_GUEST_RSP]
	test	rax, rax
	jz	1f
	jmp	rax
1:	ret

/* struct rt_ret rt_lib_throw(): rax = the exception; continues at the handler that exec tells, in the instance it belongs to. */
FUNCTION rt_lib_throw_entry
	mov	r11, [r13 + RT_CTX_EXEC]
	mov	[r11 + RT_EXEC_GUEST_RSP], rsp
	mov	[r11 + RT_EXEC_GUEST_RBP], rbp
	mov	rsp, [r11 + RT_EXEC_HOST_RSP]
	mov	rdi, [r13 + RT_CTX_INSTANCE]
	call	rt_lib_throw
	mov	r11, [r13 + RT_CTX_EXEC]
	test	edx, edx
	jnz	libcall_trap
	mov	rsp, [r11 + RT_EXEC_GUEST_RSP]
	mov	rbp, [r11 + RT_EXEC_TRAP_RBP]
	mov	r13, [r11 + RT_EXEC_RESUME_CTX]
	cmp	dword ptr [r11 + RT_EXEC_USE_GS], 0
	je	1f
	mov	[r11 + RT_EXEC_GS], r13
	wrgsbase r13
1:	jmp	[r11 + RT_EXEC_TRAP_PC]

/*
 * The code of every host function: r10 = its descriptor. Spills the argument registers to the host stack; rt_host_dispatch
 * makes values of them, and leaves results where they return. A host function may enter wasm again, hence the copy of
 * the guest's rsp.
 */
FUNCTION rt_host_entry
	mov	r11, [r13 + RT_CTX_EXEC]
	mov	[r11 + RT_EXEC_GUEST_RSP], rsp
	mov	[r11 + RT_EXEC_GUEST_RBP], rbp
	mov	rax, rsp
	mov	rsp, [r11 + RT_EXEC_HOST_RSP]
	sub	rsp, RT_REGS_SIZE
	mov	[rsp + RT_REGS_GPR], rdi
	mov	[rsp + RT_REGS_GPR + 8], rsi
	mov	[rsp + RT_REGS_GPR + 16], rdx
	mov	[rsp + RT_REGS_GPR + 24], rcx
	mov	[rsp + RT_REGS_GPR + 32], r8
	mov	[rsp + RT_REGS_GPR + 40], r9
	mov	[rsp + RT_REGS_GUEST_RSP], rax
	test	dword ptr [r10 + RT_CALLEE_FLAGS], RT_CALLEE_XMM
	jz	1f
	vmovups	[rsp + RT_REGS_XMM], xmm0
	vmovups	[rsp + RT_REGS_XMM + 16], xmm1
	vmovups	[rsp + RT_REGS_XMM + 32], xmm2
	vmovups	[rsp + RT_REGS_XMM + 48], xmm3
	vmovups	[rsp + RT_REGS_XMM + 64], xmm4
	vmovups	[rsp + RT_REGS_XMM + 80], xmm5
	vmovups	[rsp + RT_REGS_XMM + 96], xmm6
	vmovups	[rsp + RT_REGS_XMM + 112], xmm7
1:	mov	rdi, [r10 + RT_CALLEE_FUNC]
	mov	rsi, [r13 + RT_CTX_INSTANCE]
	mov	rdx, rsp
	call	rt_host_dispatch
	test	eax, eax
	jnz	2f
	mov	r11, [rsp + RT_REGS_GUEST_RSP]
	mov	ecx, [rsp + RT_REGS_POP]
	mov	rax, [rsp + RT_REGS_GPR]
	mov	rdx, [rsp + RT_REGS_GPR + 8]
	cmp	dword ptr [rsp + RT_REGS_VECTORS], 0
	jne	3f
4:	mov	rsp, r11
	test	ecx, ecx
	jnz	pop_arguments
	ret
3:	vmovups	xmm0, [rsp + RT_REGS_XMM]
	vmovups	xmm1, [rsp + RT_REGS_XMM + 16]
	jmp	4b
2:	mov	r11, [r13 + RT_CTX_EXEC]
	jmp	trap_at_call

/*
 * The same for one whose arguments are all in general registers and whose result, if any, is: they are spilled as the values
 * that the function takes, and what it leaves in the first is the result.
 */
FUNCTION rt_host_simple_entry
	mov	r11, [r13 + RT_CTX_EXEC]
	mov	[r11 + RT_EXEC_GUEST_RSP], rsp
	mov	[r11 + RT_EXEC_GUEST_RBP], rbp
	mov	rax, rsp
	mov	rsp, [r11 + RT_EXEC_HOST_RSP]
	sub	rsp, RT_SIMPLE_SIZE
	mov	[rsp], rdi
	mov	[rsp + 16], rsi
	mov	[rsp + 32], rdx
	mov	[rsp + 48], rcx
	mov	[rsp + 64], r8
	mov	[rsp + 80], r9
	mov	[rsp + RT_SIMPLE_GUEST_RSP], rax
	mov	rdi, [r10 + RT_CALLEE_FUNC]
	mov	rsi, [r13 + RT_CTX_INSTANCE]
	mov	rdx, rsp
	call	rt_host_simple
	test	eax, eax
	jnz	1f
	mov	rax, [rsp]
	mov	rsp, [rsp + RT_SIMPLE_GUEST_RSP]
	ret
1:	mov	r11, [r13 + RT_CTX_EXEC]
	jmp	trap_at_call

/* Returns, and pops rcx bytes of arguments; by a ret, which the return predictor expects. */
pop_arguments:
	mov	r11, [rsp]
	add	rsp, rcx
	mov	[rsp], r11
	ret

/*
 * The code of a function that may belong to another instance than its caller: r10 = its descriptor. Changes r13 and the gs
 * base to the owner's and back. The stack arguments are copied, since a frame of our own lies between them and the callee.
 *
 *	arguments │ return address │ caller's rbp │ caller's r13 │ bytes of arguments │ copy of the arguments
 *	                           rbp ↑                                                               rsp ↑
 */
FUNCTION rt_switch
	mov	r11, [r10 + RT_CALLEE_FUNC]
	cmp	r13, [r10 + RT_CALLEE_CTX]
	jne	1f
	jmp	[r11 + RT_FUNC_ENTRY]
1:	push	rbp
	mov	rbp, rsp
	push	r13
	mov	eax, [r11 + RT_FUNC_STACK_BYTES]
	push	rax
	test	eax, eax
	jz	3f
	sub	rsp, rax
2:	sub	rax, 8
	mov	r11, [rbp + 16 + rax]
	mov	[rsp + rax], r11
	jnz	2b
	mov	r11, [r10 + RT_CALLEE_FUNC]
3:	mov	r13, [r10 + RT_CALLEE_CTX]
	mov	rax, [r13 + RT_CTX_EXEC]
	cmp	dword ptr [rax + RT_EXEC_USE_GS], 0
	je	4f
	mov	[rax + RT_EXEC_GS], r13
	wrgsbase r13
4:	call	[r11 + RT_FUNC_ENTRY]
	mov	r13, [rbp - 8]
	mov	r11, [r13 + RT_CTX_EXEC]
	cmp	dword ptr [r11 + RT_EXEC_USE_GS], 0
	je	5f
	mov	[r11 + RT_EXEC_GS], r13
	wrgsbase r13
5:	mov	rcx, [rbp - 16]
	leave
	test	ecx, ecx
	jnz	pop_arguments
	ret
	.globl	rt_switch_end
	.hidden	rt_switch_end
rt_switch_end:
	.size	rt_switch, . - rt_switch

	.section .note.GNU-stack, "", @progbits
