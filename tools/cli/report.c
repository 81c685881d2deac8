#include "tools/cli/report.h"

#include <stdio.h>
#include <string.h>

#include "tools/cli/json.h"
#include "tools/cli/say.h"

#define BLOCK 512	/* bytes, of ru_inblock and ru_oublock */

/* Walls a cell puts up itself: those that struct cell_ready tells of. */
static const uint32_t by_cell[SB_WALL_COUNT] = {
	[SB_WALL_NETWORK] = CELL_WALL_SECCOMP,
	[SB_WALL_NO_NEW_PRIVS] = CELL_WALL_NO_NEW_PRIVS,
	[SB_WALL_NOT_DUMPABLE] = CELL_WALL_NOT_DUMPABLE,
	[SB_WALL_MDWE] = CELL_WALL_MDWE,
	[SB_WALL_LANDLOCK] = CELL_WALL_LANDLOCK,
	[SB_WALL_SECCOMP] = CELL_WALL_SECCOMP,
};

/* A compiler cell ends if a wall handed to it does not hold, and sends no list. */
static bool stands(const struct session *s, const struct session_cell *c, unsigned int wall)
{
	uint8_t state = c->end.report.wall[wall].state;

	if (state == SB_BY_CELL)
		return c == &s->compiler ? s->compiled.head.type != 0
					 : (s->ready.walls & by_cell[wall]) != 0;
	return state == SB_STANDING;
}

static void stats_walls(struct json *j, const struct session *s)
{
	const struct session_cell *c = s->instance.started ? &s->instance : &s->compiler;

	json_open(j, "walls", '[');
	for (unsigned int i = 0; i < SB_WALL_COUNT; i++)
		if (stands(s, c, i))
			json_string(j, NULL, sb_wall_name(i));
	json_close(j, ']');
	json_open(j, "missing", '[');
	for (unsigned int i = 0; i < SB_WALL_COUNT; i++)
		if (!stands(s, c, i) && c->end.report.wall[i].state != SB_UNUSED)
			json_string(j, NULL, sb_wall_name(i));
	json_close(j, ']');
}

static void since(struct json *j, const char *name, uint64_t from, uint64_t to)
{
	if (from && to >= from)
		json_u64(j, name, to - from);
}

static void stats_spawn(struct json *j, const char *name, const struct session_cell *c)
{
	json_open(j, name, '{');
	for (unsigned int i = 0; i < SB_STEP_COUNT; i++)
		if (c->end.report.ns[i])
			json_u64(j, sb_step_name(i), c->end.report.ns[i]);
	json_close(j, '}');
}

/* Durations in nanoseconds; the members named "at_..." count from the start of wsbox. */
static void stats_start(struct json *j, const struct session *s)
{
	const struct session_times *at = &s->at;

	json_open(j, "start", '{');
	since(j, "at_module", at->begin, at->module);
	since(j, "at_compiler_spawned", at->begin, at->compiler);
	since(j, "at_instance_spawned", at->begin, at->instance);
	since(j, "at_compiler_main", at->begin, s->compiled.ns_start);
	since(j, "at_instance_main", at->begin, s->ready.ns_start);
	since(j, "at_compiled", at->begin, at->compiled);
	since(j, "at_ready", at->begin, at->ready);
	since(j, "at_exit", at->begin, at->exit);
	stats_spawn(j, "spawn_compiler", &s->compiler);
	json_open(j, "compiler", '{');
	json_u64(j, "lock", s->compiled.ns_lock);
	json_u64(j, "decode", s->compiled.ns_decode);
	json_u64(j, "compile", s->compiled.ns_compile);
	json_u64(j, "publish", s->compiled.ns_publish);
	json_u64(j, "verify", s->compiled.ns_verify);
	json_close(j, '}');
	if (s->instance.started) {
		stats_spawn(j, "spawn_instance", &s->instance);
		json_open(j, "instance", '{');
		json_u64(j, "decode", s->ready.ns_decode);
		json_u64(j, "map", s->ready.ns_map);
		json_u64(j, "instantiate", s->ready.ns_instantiate);
		json_u64(j, "ring", s->ready.ns_ring);
		json_u64(j, "lock", s->ready.ns_lock);
		json_close(j, '}');
	}
	json_close(j, '}');
}

static void stats_compile(struct json *j, const struct session *s)
{
	const struct cell_compiled *c = &s->compiled;

	json_open(j, "compile", '{');
	json_u64(j, "ns", c->ns_compile);
	json_u64(j, "module_bytes", s->module_size);
	json_u64(j, "body_bytes", c->body_bytes);
	json_u64(j, "functions", c->functions);
	if (c->tier) {
		json_u64(j, "left_to_baseline", c->left);
		json_u64(j, "made_again", c->remade);
	}
	json_u64(j, "text_bytes", c->text_bytes);
	/* bytes in a microsecond are megabytes in a second; a cell may say what cannot be */
	if (c->ns_compile && c->body_bytes <= CELL_MODULE_MAX)
		json_tenths(j, "mb_per_s", c->body_bytes * 10000 / c->ns_compile);
	json_u64(j, "memory_peak", s->compiler.end.peak_memory);
	json_close(j, '}');
}

static void stats_cache(struct json *j, const struct code *c)
{
	char name[SHA256_HEX];

	json_open(j, "cache", '{');
	json_string(j, "result", code_result_name(c->result));
	if (c->result >= CODE_MISS)
		json_u64(j, "find_ns", c->ns_find);
	if (c->ns_hash)
		json_u64(j, "hash_ns", c->ns_hash);
	if (c->result == CODE_HIT) {
		sha256_hex(c->found.entry.name, name);
		json_string(j, "entry", name);
		json_bool(j, "mapped", c->found.mapped);
	}
	if (c->result == CODE_MISS)
		json_bool(j, "stored", c->stored);
	if (c->ns_store)
		json_u64(j, "store_ns", c->ns_store);
	if (c->err.code)
		json_string(j, "message", c->err.text);
	json_close(j, '}');
}

static void stats_fill(struct json *j, const struct session *s)
{
	const struct fill *f = &s->fill;

	json_open(j, "fill", '{');
	json_string(j, "result", fill_result_name(f->result));
	since(j, "at_start", s->at.begin, f->began);
	since(j, "ns", f->began, f->ended);
	if (f->cpu_ns)
		json_u64(j, "cpu_ns", f->cpu_ns);
	if (f->result == FILL_STORED)
		json_bool(j, "taken", s->exit.replaced == 1);
	if (f->result == FILL_STORED && s->exit.replaced == 1)
		json_u64(j, "in_loops", s->exit.osrs);
	if (f->err.code)
		json_string(j, "message", f->err.text);
	json_close(j, '}');
}

static uint64_t timeval_ns(struct timeval t)
{
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_usec * 1000;
}

void report_stats(const struct session *s, int fd)
{
	struct json j = { 0 };
	const struct rusage *u = &s->instance.end.usage;
	int ret;

	json_open(&j, NULL, '{');
	json_string(&j, "reason", session_end_name(s->ended));
	json_u64(&j, "status", (uint64_t)s->status);
	if (s->err.code)
		json_string(&j, "message", s->err.text);
	if (s->ended == SESSION_TRAP)
		json_string(&j, "trap", s->exit.err.text);
	json_u64(&j, "wall_ns", s->at.end - s->at.begin);
	json_open(&j, "cpu_ns", '{');
	json_u64(&j, "user", timeval_ns(u->ru_utime));
	json_u64(&j, "system", timeval_ns(u->ru_stime));
	json_u64(&j, "compiler", s->compiler.end.cpu_ns);
	json_close(&j, '}');
	json_u64(&j, "memory_peak", s->instance.end.peak_memory);
	json_u64(&j, "linear_memory_peak",
		 s->exit.head.type ? s->exit.memory_peak : s->ready.memory);
	json_open(&j, "io", '{');
	json_u64(&j, "read_bytes", (uint64_t)u->ru_inblock * BLOCK);
	json_u64(&j, "written_bytes", (uint64_t)u->ru_oublock * BLOCK);
	json_close(&j, '}');
	stats_compile(&j, s);
	stats_cache(&j, &s->code);
	stats_fill(&j, s);
	stats_start(&j, s);
	stats_walls(&j, s);
	json_open(&j, "engine", '{');
	json_string(&j, "tier", code_optimized(s) ? "optimized" : "baseline");
	json_string(&j, "io", s->ready.ring ? "io_uring" : "system calls");
	json_close(&j, '}');
	json_close(&j, '}');
	ret = json_end(&j, fd);
	if (ret < 0)
		say("cannot write the statistics to descriptor %d: %s", fd, err_name(ret));
}

static void cell_walls(const struct session *s, const struct session_cell *c, const char *name)
{
	char line[1024];
	size_t n = 0;

	if (!c->started)
		return;
	for (unsigned int i = 0; i < SB_WALL_COUNT && n < sizeof(line); i++)
		if (stands(s, c, i))
			n += (size_t)snprintf(line + n, sizeof(line) - n, " %s", sb_wall_name(i));
	say("%s cell, walls:%s", name, n ? line : " none");
	for (unsigned int i = 0; i < SB_WALL_COUNT; i++) {
		const struct sb_fact *f = &c->end.report.wall[i];

		if (!stands(s, c, i) && f->state != SB_UNUSED)
			say("%s cell, missing: %s (%s): %s", name, sb_wall_name(i), sb_wall_text(i),
			    *f->why ? f->why : err_name(f->code));
	}
}

static void report_code(const struct session *s)
{
	const struct cell_compiled *made = &s->compiled;
	const struct code *c = &s->code;

	if (c->result == CODE_HIT)
		say("code: %llu bytes from %llu, %s, from the code cache in %llu us",
		    (unsigned long long)c->found.entry.text_bytes,
		    (unsigned long long)c->found.entry.body_bytes,
		    cache_tier_name(c->found.entry.recipe.tier),
		    (unsigned long long)(c->ns_find + c->ns_hash) / 1000);
	else if (c->result == CODE_PRECOMPILED)
		say("code: as it came with the module, unchecked");
	else if (made->ok == 1)
		say("code: %llu bytes from %llu, compiled in %llu us%s",
		    (unsigned long long)made->text_bytes, (unsigned long long)made->body_bytes,
		    (unsigned long long)made->ns_compile / 1000,
		    c->stored ? ", kept in the code cache" : "");
	if (c->err.code)
		say("code cache: %s", c->err.text);
}

/* A run that was too short for it, or has no LLVM, is not worth a line. */
static void report_fill(const struct session *s)
{
	const struct fill *f = &s->fill;

	if (f->result == FILL_STORED)
		say("fill: optimized code was made in %llu ms, for %slater runs",
		    (unsigned long long)(f->ended - f->began) / 1000000,
		    s->exit.replaced == 1 ? "this run and " : "");
	if (f->result == FILL_STORED && s->exit.replaced < 0)
		say("fill: this run could not go on with it: %s", err_name(s->exit.replaced));
	else if (f->result == FILL_RUNNING)
		say("fill: optimized code is being made, for later runs");
	else if (f->result == FILL_ELSEWHERE)
		say("fill: optimized code is being made by another process");
	else if (f->result == FILL_ENDED)
		say("fill: ended with the run%s%s", f->err.code ? ": " : "", f->err.text);
	else if (f->result == FILL_FAILED)
		say("fill: no optimized code: %s", f->err.text);
}

void report_walls(const struct session *s)
{
	cell_walls(s, &s->compiler, "compiler");
	cell_walls(s, &s->instance, "instance");
	if (s->ready.head.type)
		say("input and output: %s", s->ready.ring ? "io_uring" : "system calls");
	report_code(s);
	report_fill(s);
}

void report_trace(const struct session *s)
{
	char how[80];

	if (!s->instance.started || !s->trace.page)
		return;
	if (s->o->trace == TRACE_SUMMARY) {
		trace_summary(&s->trace);
		return;
	}
	if (s->ended == SESSION_EXIT)
		snprintf(how, sizeof(how), "exited with %d", s->status);
	else
		snprintf(how, sizeof(how), "ended by %s", session_end_name(s->ended));
	trace_end(&s->trace, how);
}
