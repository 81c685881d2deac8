#include "tools/cli/deadline.h"

#include <assert.h>
#include <errno.h>
#include <stddef.h>

#define SECOND 1000000000ull
#define AGAIN 10000000	/* ns: the signal may have come just before the call that waits */

static void on_signal(int signal)
{
}

int deadline_set(struct deadline *d, int signal, uint64_t at)
{
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = signal };
	const struct itimerspec when = {
		.it_value = { (time_t)(at / SECOND), (long)(at % SECOND) },
		.it_interval = { 0, AGAIN },
	};
	struct sigaction act = { .sa_handler = on_signal };
	sigset_t set;

	assert(at);
	if (timer_create(CLOCK_MONOTONIC, &event, &d->timer))
		return -errno;
	d->signal = signal;
	sigemptyset(&set);
	sigaddset(&set, signal);
	/* without SA_RESTART */
	(void)sigaction(signal, &act, &d->action);
	(void)sigprocmask(SIG_UNBLOCK, &set, &d->mask);
	(void)timer_settime(d->timer, TIMER_ABSTIME, &when, NULL);
	return 0;
}

void deadline_clear(struct deadline *d)
{
	/* not blocked, so none is pending behind this */
	(void)timer_delete(d->timer);
	(void)sigprocmask(SIG_SETMASK, &d->mask, NULL);
	(void)sigaction(d->signal, &d->action, NULL);
}
