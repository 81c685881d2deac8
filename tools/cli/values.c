/*
 * What each option does with its argument: one option_<id>() for each row of the table in
 * options.h. Each checks the argument wholly and says in one line what would be right.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/num.h"
#include "runtime/wasm/feature.h"
#include "tools/cli/rows.h"

static int no_memory(struct wsbox_err *err)
{
	return err_set(err, -ENOMEM, WSBOX_FAILED, "out of memory for options");
}

__attribute__((format(printf, 2, 3)))
static int usage(struct wsbox_err *err, const char *fmt, ...)
{
	char text[WSBOX_ERR_TEXT];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return err_set(err, -EINVAL, WSBOX_FAILED, "%s", text);
}

/* Takes ownership of s, which may be NULL, for the life of *o. */
static char *owned(struct options *o, char *s)
{
	if (s && !vec_push(&o->owned, s)) {
		free(s);
		return NULL;
	}
	return s;
}

static int preopen_add(struct options *o, const struct preopen *p, const char *option,
		       const char *arg, struct wsbox_err *err)
{
	if (o->preopens.len == OPTIONS_DIRS_MAX)
		return usage(err, "--%s %s: more than %d directories", option, arg,
			     OPTIONS_DIRS_MAX);
	return vec_push(&o->preopens, *p) ? 0 : no_memory(err);
}

/*
 * HOST[::GUEST][:ro|:rw]; "::ro" is taken too. A guest's name has no colon: what other tools take
 * there (":z", ":RO") would be part of it, and the directory writable, without a word.
 */
int option_dir(struct options *o, const char *arg, struct wsbox_err *err)
{
	size_t n = strlen(arg);
	struct preopen p = { 0 };
	const char *guest;

	if (n > 3 && (!strcmp(arg + n - 3, ":ro") || !strcmp(arg + n - 3, ":rw"))) {
		p.readonly = arg[n - 1] == 'o';
		n -= 3;
		if (n > 1 && arg[n - 1] == ':')
			n--;
	}
	guest = memmem(arg, n, "::", 2);
	p.host = owned(o, strndup(arg, guest ? (size_t)(guest - arg) : n));
	p.guest = guest ? owned(o, strndup(guest + 2, n - (size_t)(guest + 2 - arg))) : p.host;
	if (!p.host || !p.guest)
		return no_memory(err);
	if (!*p.host || !*p.guest)
		return usage(err,
			     "--dir %s: want HOST[::GUEST][:ro], such as --dir ./data::/data:ro",
			     arg);
	if (guest && strchr(p.guest, ':'))
		return usage(err, "--dir %s: want :ro, :rw or nothing after GUEST, not %s", arg,
			     strchr(p.guest, ':'));
	return preopen_add(o, &p, "dir", arg, err);
}

/* GUEST[:SIZE] */
int option_tmpfs(struct options *o, const char *arg, struct wsbox_err *err)
{
	const char *colon = strrchr(arg, ':');
	struct preopen p = { .tmpfs = OPTIONS_TMPFS_SIZE };

	if (!*arg || colon == arg || (colon && num_parse_size(colon + 1, &p.tmpfs) < 0))
		return usage(err, "--tmpfs %s: want GUEST[:SIZE], such as --tmpfs /tmp:16M", arg);
	if (p.tmpfs < OPTIONS_TMPFS_MIN)
		return usage(err, "--tmpfs %s: want at least %dK", arg, OPTIONS_TMPFS_MIN >> 10);
	p.guest = owned(o, colon ? strndup(arg, (size_t)(colon - arg)) : strdup(arg));
	if (!p.guest)
		return no_memory(err);
	return preopen_add(o, &p, "tmpfs", arg, err);
}

int option_optimize(struct options *o, const char *arg, struct wsbox_err *err)
{
	if (strlen(arg) != 1 || *arg < '0' || *arg > '3')
		return usage(err, "-O %s: want a level from 0 to 3, such as -O3", arg);
	o->tier = *arg >= '2' ? TIER_OPTIMIZED : TIER_BASELINE;
	return 0;
}

int option_tier(struct options *o, const char *arg, struct wsbox_err *err)
{
	static const char *const names[] = {
		[TIER_AUTO] = "auto", [TIER_BASELINE] = "baseline", [TIER_OPTIMIZED] = "optimized",
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(names); i++) {
		if (strcmp(arg, names[i]))
			continue;
		o->tier = (enum tier)i;
		return 0;
	}
	return usage(err, "--tier %s: want auto, baseline or optimized", arg);
}

int option_listen(struct options *o, const char *arg, struct wsbox_err *err)
{
	struct listen_at at;

	if (listen_parse(arg, &at) < 0)
		return usage(err,
			     "--listen %s: want a numeric ADDR:PORT such as 127.0.0.1:8080 or "
			     "[::1]:8080, or systemd", arg);
	for (size_t i = 0; at.systemd && i < o->listens.len; i++)
		if (o->listens.at[i].systemd)
			return usage(err, "--listen systemd: given twice");
	return vec_push(&o->listens, at) ? 0 : no_memory(err);
}

int option_net(struct options *o, const char *arg, struct wsbox_err *err)
{
	if (strcmp(arg, "none"))
		return usage(err,
			     "--net %s: want none: a guest has no network but the sockets of "
			     "--listen", arg);
	return 0;
}

int option_env(struct options *o, const char *arg, struct wsbox_err *err)
{
	const char *equals = strchr(arg, '=');

	if (!equals || equals == arg)
		return usage(err, "--env %s: want NAME=VALUE", arg);
	return vec_push(&o->env, arg) ? 0 : no_memory(err);
}

int option_argv0(struct options *o, const char *arg, struct wsbox_err *err)
{
	o->argv0 = arg;
	return 0;
}

int option_invoke(struct options *o, const char *arg, struct wsbox_err *err)
{
	o->invoke = arg;
	return 0;
}

int option_func(struct options *o, const char *arg, struct wsbox_err *err)
{
	o->func = arg;
	return 0;
}

int option_feature(struct options *o, const char *arg, struct wsbox_err *err)
{
	o->list_features = !strcmp(arg, "help");
	return o->list_features ? 0 : wasm_features_set(&o->features, arg, err);
}

int option_memory(struct options *o, const char *arg, struct wsbox_err *err)
{
	uint64_t bytes;

	if (num_parse_size(arg, &bytes) < 0)
		return usage(err, "--memory %s: want a size such as 64M or 2G", arg);
	if (bytes < OPTIONS_MEMORY_MIN)
		return usage(err, "--memory %s: want at least %dK", arg, OPTIONS_MEMORY_MIN >> 10);
	o->memory = bytes;
	return 0;
}

int option_cpus(struct options *o, const char *arg, struct wsbox_err *err)
{
	char *end;
	double n = strtod(arg, &end);

	if (end == arg || *end || !(n >= 0.01 && n <= 4096))
		return usage(err, "--cpus %s: want a number from 0.01 to 4096", arg);
	o->cpus_milli = (uint32_t)(n * 1000 + 0.5);
	return 0;
}

static int duration(const char *name, const char *arg, uint64_t *ret_ns, struct wsbox_err *err)
{
	uint64_t ns;

	if (num_parse_time(arg, &ns) < 0)
		return usage(err, "--%s %s: want a time such as 500ms, 2s or 1m", name, arg);
	if (!ns || ns > OPTIONS_TIME_MAX)
		return usage(err, "--%s %s: want more than nothing and at most a year", name, arg);
	*ret_ns = ns;
	return 0;
}

int option_cpu_time(struct options *o, const char *arg, struct wsbox_err *err)
{
	return duration("cpu-time", arg, &o->cpu_ns, err);
}

int option_timeout(struct options *o, const char *arg, struct wsbox_err *err)
{
	return duration("timeout", arg, &o->timeout_ns, err);
}

int option_pids_limit(struct options *o, const char *arg, struct wsbox_err *err)
{
	if (num_parse_u64(arg, 1, 1 << 22, &o->pids) < 0)
		return usage(err, "--pids-limit %s: want a number from 1 to %d", arg, 1 << 22);
	return 0;
}

static int rate(const char *name, const char *arg, uint64_t *ret, struct wsbox_err *err)
{
	uint64_t bytes;

	if (num_parse_size(arg, &bytes) < 0 || bytes < OPTIONS_BPS_MIN)
		return usage(err, "--%s %s: want bytes a second such as 512K or 10M, at least %dK",
			     name, arg, OPTIONS_BPS_MIN >> 10);
	*ret = bytes;
	return 0;
}

int option_io_read_bps(struct options *o, const char *arg, struct wsbox_err *err)
{
	return rate("io-read-bps", arg, &o->io_read, err);
}

int option_io_write_bps(struct options *o, const char *arg, struct wsbox_err *err)
{
	return rate("io-write-bps", arg, &o->io_write, err);
}

int option_max_output(struct options *o, const char *arg, struct wsbox_err *err)
{
	uint64_t bytes;

	if (num_parse_size(arg, &bytes) < 0 || !bytes)
		return usage(err, "--max-output %s: want a size such as 64K or 1M", arg);
	o->max_output = bytes;
	return 0;
}

int option_trace(struct options *o, const char *arg, struct wsbox_err *err)
{
	if (arg && strcmp(arg, "summary"))
		return usage(err, "--trace=%s: want --trace or --trace=summary", arg);
	o->trace = arg ? TRACE_SUMMARY : TRACE_LINES;
	return 0;
}

int option_trace_output(struct options *o, const char *arg, struct wsbox_err *err)
{
	if (!*arg)
		return usage(err, "--trace-output: want the name of a file");
	o->trace_output = arg;
	if (o->trace == TRACE_OFF)
		o->trace = TRACE_LINES;
	return 0;
}

int option_profile(struct options *o, const char *arg, struct wsbox_err *err)
{
	bool jitdump = !strcmp(arg, "jitdump");

	if (!jitdump && strcmp(arg, "perfmap"))
		return usage(err, "--profile %s: want perfmap or jitdump", arg);
	o->profile = jitdump ? PROFILE_JITDUMP : PROFILE_PERFMAP;
	return 0;
}

int option_stats(struct options *o, const char *arg, struct wsbox_err *err)
{
	o->stats_fd = 2;
	return 0;
}

int option_stats_fd(struct options *o, const char *arg, struct wsbox_err *err)
{
	uint64_t fd;

	if (num_parse_u64(arg, 0, INT32_MAX, &fd) < 0 || fcntl((int)fd, F_GETFD) < 0)
		return usage(err, "--stats-fd %s: want the number of an open descriptor", arg);
	o->stats_fd = (int)fd;
	return 0;
}

int option_isolation(struct options *o, const char *arg, struct wsbox_err *err)
{
	static const char *const names[] = {
		[ISOLATION_FULL] = "full",
		[ISOLATION_DEGRADED] = "degraded",
		[ISOLATION_NONE] = "none",
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(names); i++) {
		if (!strcmp(arg, names[i])) {
			o->isolation = (enum isolation)i;
			return 0;
		}
	}
	return usage(err, "--isolation %s: want full, degraded or none", arg);
}

int option_output(struct options *o, const char *arg, struct wsbox_err *err)
{
	if (!*arg)
		return usage(err, "--output: want the name of a file");
	o->output = arg;
	return 0;
}

int option_target_cpu(struct options *o, const char *arg, struct wsbox_err *err)
{
	if (strcmp(arg, "x86-64-v3"))
		return usage(err, "--target-cpu %s: x86-64-v3 is the only class there is", arg);
	return 0;
}

int option_allow_precompiled(struct options *o, const char *arg, struct wsbox_err *err)
{
	o->allow_precompiled = true;
	return 0;
}

int option_no_cache(struct options *o, const char *arg, struct wsbox_err *err)
{
	o->no_cache = true;
	return 0;
}

int option_interactive(struct options *o, const char *arg, struct wsbox_err *err)
{
	o->interactive = true;
	return 0;
}

int option_tty(struct options *o, const char *arg, struct wsbox_err *err)
{
	o->tty = true;
	return 0;
}

int option_verbose(struct options *o, const char *arg, struct wsbox_err *err)
{
	o->verbose = true;
	return 0;
}

int option_json(struct options *o, const char *arg, struct wsbox_err *err)
{
	o->json = true;
	return 0;
}

int option_help(struct options *o, const char *arg, struct wsbox_err *err)
{
	o->help = true;
	return 0;
}

int option_version(struct options *o, const char *arg, struct wsbox_err *err)
{
	o->version = true;
	return 0;
}

int option_words(struct options *o, const char *arg, struct wsbox_err *err)
{
	o->words = true;
	return 0;
}
