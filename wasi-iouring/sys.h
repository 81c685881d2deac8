/*
 * System calls without libc: no errno, no cancellation points, no helper that makes calls of its
 * own.
 *
 * After a system call the processor may have forgotten where its caller was called from: kernels
 * that protect their own returns (on AMD: "Safe RET") leave the return predictor full of addresses
 * that are no use outside, and the first return then costs 130 ns. Where that is so, sys_refill()
 * overwrites some of those with addresses of ours by calls that do not return; the returns that
 * follow are still predicted wrong, but cheaply. See sys.c.
 *
 * A locked cell may make only the calls of its filter, so each call made here must be one that the
 * caller's row in calls.h names. Results are those of the kernel: negative errno on failure.
 */
#ifndef WASI_IOURING_SYS_H
#define WASI_IOURING_SYS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/syscall.h>

extern bool wasi_sys_refill;	/* whether it pays here */

/* Finds that out: 32 short system calls (getppid), so before the process locks itself. */
void wasi_sys_measure(void);

/*
 * As many calls as there are returns until the guest calls something again, or more. Steps over the
 * red zone.
 */
static inline __attribute__((always_inline)) void sys_refill(void)
{
	if (wasi_sys_refill)
		__asm__ volatile("lea	-128(%%rsp), %%rsp\n"
				 "	.rept	16\n"
				 "	call	1f\n"
				 "	int3\n"
				 "1:\n"
				 "	.endr\n"
				 "	lea	128 + 8 * 16(%%rsp), %%rsp" ::: "memory");
}

static inline long sys6(long nr, long a, long b, long c, long d, long e, long f)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	sys_refill();
	return result;
}

static inline long sys3(long nr, long a, long b, long c)
{
	long result;

	__asm__ volatile("syscall" : "=a"(result) : "a"(nr), "D"(a), "S"(b), "d"(c)
			 : "rcx", "r11", "memory");
	sys_refill();
	return result;
}

static inline long sys4(long nr, long a, long b, long c, long d)
{
	register long r10 __asm__("r10") = d;
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10)
			 : "rcx", "r11", "memory");
	sys_refill();
	return result;
}

/* Arguments of any scalar or pointer type. */
#define SYS3(nr, a, b, c) sys3(SYS_##nr, (long)(a), (long)(b), (long)(c))
#define SYS4(nr, a, b, c, d) sys4(SYS_##nr, (long)(a), (long)(b), (long)(c), (long)(d))
#define SYS6(nr, a, b, c, d, e, f) \
	sys6(SYS_##nr, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))
#define SYS1(nr, a) SYS3(nr, a, 0, 0)
#define SYS2(nr, a, b) SYS3(nr, a, b, 0)
#define SYS5(nr, a, b, c, d, e) SYS6(nr, a, b, c, d, e, 0)

#endif
