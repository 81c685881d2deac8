/*
 * The compiler's threads: a job is a function that the caller and all of them run, as often as
 * there are workers.
 */
#ifndef JIT_POOL_H
#define JIT_POOL_H

#include "jit/compile.h"

/*
 * Runs job(arg) once for each worker, the caller among them (alone if pool is NULL); returns when
 * all are done.
 */
void jit_pool_run(struct jit_pool *pool, void (*job)(void *arg), void *arg);

#endif
