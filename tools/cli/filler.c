/*
 * The filler of fill.h: a process forked from a run, which makes an entry of the code cache. It is
 * a session of its own with a compiler cell only; at the other end of its socket is the run. The
 * end of that stream, without a word before it, ends the filler.
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runtime/base/fd.h"
#include "runtime/base/num.h"
#include "tools/cli/fill.h"
#include "tools/cli/session-internal.h"

/* Closes all descriptors from 3 on but these. */
static void close_others(const int *keep, unsigned int n)
{
	unsigned int from = 3, next;

	do {
		next = ~0u;
		for (unsigned int i = 0; i < n; i++)
			if (keep[i] >= 0 && (unsigned int)keep[i] >= from &&
			    (unsigned int)keep[i] < next)
				next = (unsigned int)keep[i];
		if (next > from)
			(void)syscall(SYS_close_range, from, next - 1, 0);
		from = next + 1;
	} while (next != ~0u);
}

/*
 * Holds nothing of the run that somebody may wait for: not its output, its directory, its
 * descriptors. It stays in the run's process group and cgroup, where its user can end it.
 */
static bool let_go(const struct session *run, int sock)
{
	const int keep[] = { sock, run->module, run->next, run->code.cache.dir };
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0 || chdir("/") < 0)
		return false;
	for (int fd = 0; fd <= 2; fd++)
		if (dup2(null, fd) < 0)
			return false;
	close_others(keep, ARRAY_SIZE(keep));
	return true;
}

/*
 * Has a seventieth of a processor that others want, and goes first when memory is short. Not
 * SCHED_IDLE: on a host that is always busy the work is worth most, and would never be done.
 */
static void give_way(void)
{
	const struct sched_param none = { 0 };
	FD_AUTO adj = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	(void)setpriority(PRIO_PROCESS, 0, 19);
	/* the system call: musl has none */
	(void)syscall(SYS_sched_setscheduler, 0, SCHED_BATCH, &none);
	if (adj >= 0)
		(void)!write(adj, "1000", 4);
}

void filler_take(struct session *s)
{
	struct fill *f = &s->fill;
	uint64_t limit = session_clock() + FILL_AFTER;
	char go;

	if (recv(f->sock, &go, sizeof(go), 0) == sizeof(go))
		s->deadline = s->deadline ? num_min(s->deadline, limit) : limit;
	else
		session_end(s, SESSION_SIGNAL, WSBOX_FAILED);
	fd_closep(&f->sock);
}

/* What a run of these options lets its filler use. */
static struct options limited(const struct options *of_run)
{
	struct options o = *of_run;

	o.tier = TIER_OPTIMIZED;
	o.cpu_ns = o.cpu_ns ? num_min(o.cpu_ns, FILL_CPU) : FILL_CPU;
	o.max_output = 0;
	o.tty = false;
	o.trace = TRACE_OFF;
	o.profile = PROFILE_OFF;
	return o;
}

static void make(struct session *s, const struct session *run, const struct options *o, int sock)
{
	session_init(s, o, run->at.begin);
	s->code.cache = run->code.cache;
	s->code.item = run->code.item;
	s->code.item.recipe.tier = CACHE_TIER_OPTIMIZED;
	s->code.item.recipe.flags &= ~(uint32_t)CACHE_FLAG_REPLACEABLE;
	s->code.result = CODE_MISS;
	s->module = run->module;
	s->image = run->next;
	s->fill.where = run->fill.where;
	s->module_offset = run->module_offset;
	s->module_size = run->module_size;
	s->fill.filler = true;
	s->fill.sock = sock;
}

/* A limit of the run's, or a busy host, is no failure of the compiler's: another time it may do. */
static struct fill_report outcome(const struct session *s)
{
	struct fill_report r = { .result = FILL_FAILED, .err = s->err };

	if (s->code.stored)
		return (struct fill_report){ .result = FILL_STORED };
	if (s->ended == SESSION_EXIT)
		r.err = s->code.err;
	if (s->ended == SESSION_SIGNAL || s->ended == SESSION_TIMEOUT ||
	    (s->ended == SESSION_CPU_TIME && s->o->cpu_ns < FILL_CPU))
		r.result = FILL_ENDED;
	return r;
}

static struct fill_report make_entry(struct session *s)
{
	struct fill_report r = { .result = FILL_ELSEWHERE, .err = WSBOX_ERR_INIT };
	struct cache_fill right;
	int ret = cache_fill_begin(&s->code.cache, &s->code.item.recipe, s->code.item.label,
				   &right, &r.err);

	if (ret < 0) {
		if (ret != -EEXIST && ret != -EBUSY)
			r.result = FILL_FAILED;
		return r;
	}
	/* no instance has taken the image: what its compiler can spoil is a later start */
	if (session_work(s, CELL_ROLE_COMPILE, 0) == WSBOX_OK)
		code_keep(s);
	code_done(s);
	r = outcome(s);
	cache_fill_end(&s->code.cache, &right, r.result == FILL_FAILED ? &r.err : NULL);
	return r;
}

void filler_main(const struct session *run, int sock)
{
	static struct session s;
	struct options o = limited(run->o);
	struct fill_report r;

	if (!let_go(run, sock))
		_exit(WSBOX_FAILED);
	give_way();
	make(&s, run, &o, sock);
	r = make_entry(&s);
	if (s.fill.sock >= 0)
		(void)send(s.fill.sock, &r, sizeof(r), MSG_NOSIGNAL);
	_exit(WSBOX_OK);
}
