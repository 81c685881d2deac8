/* The compiler's threads: a job is a function that every worker runs once, the caller among them. */
#ifndef JIT_POOL_H
#define JIT_POOL_H

#include "jit/compile.h"

/* Runs job(arg) in all workers (in the caller alone if pool is NULL); returns when all are done. */
void jit_pool_run(struct jit_pool *pool, void (*job)(void *arg), void *arg);

#endif
