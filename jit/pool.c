/*
 * A pool of threads that wait for a job. One job at a time; the caller works too. Semaphores and
 * nothing else: they need no system call but futex wait and wake, which is all that the compiler's
 * cell may use (condition variables requeue).
 */
#include "jit/pool.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>

#include "runtime/base/num.h"

#define STACK_SIZE (256u << 10)
#define THREADS_MAX 64

struct jit_pool {
	sem_t wake, done;	/* posted once for each thread */
	void (*job)(void *arg);	/* NULL: end */
	void *arg;
	uint32_t nthreads;
	pthread_t threads[];
};

static void wait_for(sem_t *s)
{
	while (sem_wait(s) < 0 && errno == EINTR)
		;
}

static void *wait_for_jobs(void *p)
{
	struct jit_pool *pool = p;

	sem_post(&pool->done);
	/*
	 * who is quick may take two turns of a job and leave another thread none: a job may run
	 * twice in a thread
	 */
	for (wait_for(&pool->wake); pool->job; wait_for(&pool->wake)) {
		pool->job(pool->arg);
		sem_post(&pool->done);
	}
	return NULL;
}

struct jit_pool *jit_pool_new(uint32_t threads, size_t stack_size)
{
	uint32_t n = threads > 1 ? (uint32_t)num_min(threads - 1, THREADS_MAX) : 0;
	struct jit_pool *pool = n ? calloc(1, sizeof(*pool) + n * sizeof(pthread_t)) : NULL;
	pthread_attr_t attr;

	if (!pool)
		return NULL;
	sem_init(&pool->wake, 0, 0);
	sem_init(&pool->done, 0, 0);
	pthread_attr_init(&attr);
	(void)pthread_attr_setstacksize(&attr, stack_size ? stack_size : STACK_SIZE);
	while (pool->nthreads < n &&
	       !pthread_create(&pool->threads[pool->nthreads], &attr, wait_for_jobs, pool))
		pool->nthreads++;
	pthread_attr_destroy(&attr);
	/*
	 * a thread that starts unblocks signals: it must be through with that before the process
	 * locks itself
	 */
	for (uint32_t i = 0; i < pool->nthreads; i++)
		wait_for(&pool->done);
	if (pool->nthreads)
		return pool;
	jit_pool_free(pool);
	return NULL;
}

void jit_pool_free(struct jit_pool *pool)
{
	if (!pool)
		return;
	pool->job = NULL;
	for (uint32_t i = 0; i < pool->nthreads; i++)
		sem_post(&pool->wake);
	for (uint32_t i = 0; i < pool->nthreads; i++)
		pthread_join(pool->threads[i], NULL);
	sem_destroy(&pool->wake);
	sem_destroy(&pool->done);
	free(pool);
}

void jit_pool_run(struct jit_pool *pool, void (*job)(void *arg), void *arg)
{
	assert(job);	/* none is what ends the threads */
	if (!pool) {
		job(arg);
		return;
	}
	pool->job = job;
	pool->arg = arg;
	for (uint32_t i = 0; i < pool->nthreads; i++)
		sem_post(&pool->wake);
	job(arg);
	for (uint32_t i = 0; i < pool->nthreads; i++)
		wait_for(&pool->done);
}
