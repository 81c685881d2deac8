/* A pool of threads that wait for a job. One job at a time; the caller works too. */
#include "jit/pool.h"

#include <pthread.h>
#include <stdlib.h>

#include "runtime/base/num.h"

#define STACK_SIZE (256u << 10)
#define THREADS_MAX 64

struct jit_pool {
	pthread_mutex_t lock;
	pthread_cond_t wake, done;
	void (*job)(void *arg);
	void *arg;
	uint32_t round;		/* counts jobs */
	uint32_t busy;		/* threads that have not finished this round, or not yet begun to wait */
	bool stop;
	uint32_t nthreads;
	pthread_t threads[];
};

static void *work(void *p)
{
	struct jit_pool *pool = p;
	uint32_t round = 0;

	pthread_mutex_lock(&pool->lock);
	if (--pool->busy == 0)
		pthread_cond_signal(&pool->done);
	for (;;) {
		while (pool->round == round && !pool->stop)
			pthread_cond_wait(&pool->wake, &pool->lock);
		if (pool->stop)
			break;
		round = pool->round;
		pthread_mutex_unlock(&pool->lock);
		pool->job(pool->arg);
		pthread_mutex_lock(&pool->lock);
		if (--pool->busy == 0)
			pthread_cond_signal(&pool->done);
	}
	pthread_mutex_unlock(&pool->lock);
	return NULL;
}

struct jit_pool *jit_pool_new(uint32_t threads)
{
	uint32_t n = threads > 1 ? (uint32_t)num_min(threads - 1, THREADS_MAX) : 0;
	struct jit_pool *pool = n ? calloc(1, sizeof(*pool) + n * sizeof(pthread_t)) : NULL;
	pthread_attr_t attr;

	if (!pool)
		return NULL;
	pthread_mutex_init(&pool->lock, NULL);
	pthread_cond_init(&pool->wake, NULL);
	pthread_cond_init(&pool->done, NULL);
	pthread_attr_init(&attr);
	(void)pthread_attr_setstacksize(&attr, STACK_SIZE);
	pthread_mutex_lock(&pool->lock);
	while (pool->nthreads < n && !pthread_create(&pool->threads[pool->nthreads], &attr, work, pool))
		pool->nthreads++;
	pool->busy = pool->nthreads;
	/* a thread that starts makes system calls that the caller is about to forbid */
	while (pool->busy)
		pthread_cond_wait(&pool->done, &pool->lock);
	pthread_mutex_unlock(&pool->lock);
	pthread_attr_destroy(&attr);
	if (pool->nthreads)
		return pool;
	jit_pool_free(pool);
	return NULL;
}

void jit_pool_free(struct jit_pool *pool)
{
	if (!pool)
		return;
	pthread_mutex_lock(&pool->lock);
	pool->stop = true;
	pthread_cond_broadcast(&pool->wake);
	pthread_mutex_unlock(&pool->lock);
	for (uint32_t i = 0; i < pool->nthreads; i++)
		pthread_join(pool->threads[i], NULL);
	pthread_cond_destroy(&pool->wake);
	pthread_cond_destroy(&pool->done);
	pthread_mutex_destroy(&pool->lock);
	free(pool);
}

void jit_pool_run(struct jit_pool *pool, void (*job)(void *arg), void *arg)
{
	if (!pool) {
		job(arg);
		return;
	}
	pthread_mutex_lock(&pool->lock);
	pool->job = job;
	pool->arg = arg;
	pool->busy = pool->nthreads;
	pool->round++;
	pthread_cond_broadcast(&pool->wake);
	pthread_mutex_unlock(&pool->lock);
	job(arg);
	pthread_mutex_lock(&pool->lock);
	while (pool->busy)
		pthread_cond_wait(&pool->done, &pool->lock);
	pthread_mutex_unlock(&pool->lock);
}
