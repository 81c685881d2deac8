/*
 * The commands and options of wsbox: one row each. From these rows come parsing, `--help`, the
 * words that the shell's completion offers, and the tests that compare them with the manual pages.
 */
#ifndef TOOLS_CLI_OPTIONS_H
#define TOOLS_CLI_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/base/err.h"
#include "runtime/base/vec.h"
#include "tools/cli/listen.h"

/* X(ID, name, arguments, help). The function is command_<name>(), its result the exit status. */
#define WSBOX_COMMANDS(X) \
	X(RUN, run, "FILE [args...]", "run a WebAssembly module, confined (also: wsbox FILE)") \
	X(COMPILE, compile, "FILE", "compile a module ahead of time, to an ELF file") \
	X(VALIDATE, validate, "FILE", "check that a module is valid and compiles") \
	X(INSPECT, inspect, "FILE", "list a module's sections, imports, exports and limits") \
	X(OBJDUMP, objdump, "FILE", "list machine code beside the instructions it was made of") \
	X(CACHE, cache, "ls|path|verify|clean", "look after the cache of compiled code") \
	X(FEATURES, features, "", "show which walls this host offers and what is missing") \
	X(HELP, help, "[COMMAND]", "explain a command") \
	X(VERSION, version, "", "print the version")

enum command {
#define X(id, name, args, help) COMMAND_##id,
	WSBOX_COMMANDS(X)
#undef X
	COMMANDS,
};

#define ON(id) (1u << COMMAND_##id)
#define ON_CODE (ON(RUN) | ON(COMPILE) | ON(VALIDATE) | ON(INSPECT) | ON(OBJDUMP))
#define ON_MAKING (ON(RUN) | ON(COMPILE) | ON(VALIDATE) | ON(OBJDUMP))
#define ON_ALL ((1u << COMMANDS) - 1)

/*
 * X(id, short letter or 0, long name, argument or NULL, commands, help). The value is taken by
 * option_<id>(); one written "[=...]" may be left out, and is taken only after '='. The help's
 * first line is up to the first newline.
 */
#define WSBOX_OPTIONS(X) \
	X(dir, 0, "dir", "HOST[::GUEST][:ro]", ON(RUN), \
	  "let the guest use the directory HOST under the name GUEST;\n" \
	  ":ro forbids changes. May be repeated") \
	X(listen, 0, "listen", "ADDR:PORT|systemd", ON(RUN), \
	  "let the guest accept TCP connections at this address,\n" \
	  "or on the sockets systemd passed. May be repeated") \
	X(net, 0, "net", "none", ON(RUN), \
	  "none (default): no network but the sockets of --listen") \
	X(tmpfs, 0, "tmpfs", "GUEST[:SIZE]", ON(RUN), \
	  "give the guest an empty directory GUEST in memory, of at\n" \
	  "most SIZE (64M), gone when it ends. May be repeated") \
	X(env, 0, "env", "NAME=VALUE", ON(RUN), \
	  "set an environment variable. May be repeated;\n" \
	  "nothing of wsbox's own environment is passed") \
	X(argv0, 0, "argv0", "NAME", ON(RUN), \
	  "the guest's argument 0 (default: FILE's last part)") \
	X(invoke, 0, "invoke", "FUNC", ON(RUN), \
	  "call this export with the args, print its results") \
	X(func, 0, "func", "NAME|INDEX", ON(OBJDUMP), "list this function only") \
	X(feature, 'W', "wasm", "FEATURE=y|n", ON_CODE, \
	  "switch a WebAssembly proposal; -W help lists them") \
	X(optimize, 'O', "optimize", "0|1|2|3", ON_MAKING, \
	  "0, 1: compile fast; 2, 3: slowly, with LLVM, into code\n" \
	  "about half again as fast") \
	X(tier, 0, "tier", "auto|baseline|optimized", ON_MAKING, \
	  "as -O1, -O3; auto (default): fast, and when a guest runs for\n" \
	  "long, beside it with LLVM, for it and later runs") \
	X(memory, 'm', "memory", "SIZE", ON(RUN), "memory limit, such as 64M or 2G") \
	X(cpus, 0, "cpus", "N", ON(RUN), "processors the guest may use at once, such as 0.5") \
	X(cpu_time, 0, "cpu-time", "TIME", ON_CODE, "processor time limit, such as 500ms, 2s, 1m") \
	X(timeout, 0, "timeout", "TIME", ON_CODE, "wall clock limit") \
	X(pids_limit, 0, "pids-limit", "N", ON(RUN), \
	  "limit of tasks in the guest's control group") \
	X(io_read_bps, 0, "io-read-bps", "SIZE", ON(RUN), \
	  "limit of bytes a second read from each disk") \
	X(io_write_bps, 0, "io-write-bps", "SIZE", ON(RUN), \
	  "the same of bytes written") \
	X(max_output, 0, "max-output", "SIZE", ON(RUN), \
	  "limit of bytes on standard output and error together") \
	X(trace, 0, "trace", "[=summary]", ON(RUN), \
	  "print the guest's WASI calls on standard error, as strace(1)\n" \
	  "does; =summary: afterwards a table of them, as strace -c") \
	X(trace_output, 0, "trace-output", "FILE", ON(RUN), \
	  "write that to FILE instead (and do trace)") \
	X(profile, 0, "profile", "perfmap|jitdump", ON(RUN), \
	  "tell perf(1) where the guest's functions are, by a file in\n" \
	  "/tmp, or one in this directory for perf inject --jit") \
	X(stats, 0, "stats", NULL, ON(RUN), "afterwards print one line of JSON on standard error") \
	X(stats_fd, 0, "stats-fd", "N", ON(RUN), "the same, on descriptor N") \
	X(isolation, 0, "isolation", "full|degraded|none", ON_CODE, \
	  "full (default): refuse to run if a wall is missing;\n" \
	  "degraded: use those there are; none: for debugging") \
	X(output, 'o', "output", "FILE", ON(COMPILE), \
	  "the file to write (default: the module's name, .cwasm)") \
	X(target_cpu, 0, "target-cpu", "CLASS", ON(COMPILE), \
	  "the class of processors, x86-64-v3") \
	X(allow_precompiled, 0, "allow-precompiled", NULL, ON(RUN), \
	  "run what wsbox compile made; its code is trusted\n" \
	  "as its maker is") \
	X(no_cache, 0, "no-cache", NULL, ON(RUN), \
	  "compile anew; neither use nor fill the code cache") \
	X(interactive, 'i', "interactive", NULL, ON(RUN), \
	  "with -t: type standard input on the guest's terminal;\n" \
	  "without: nothing, the guest has it anyway") \
	X(tty, 't', "tty", NULL, ON(RUN), \
	  "give the guest a terminal of its own for its three streams") \
	X(verbose, 'v', "verbose", NULL, ON_CODE, "say what was set up and what was missing") \
	X(json, 0, "json", NULL, ON(FEATURES) | ON(CACHE), "print JSON") \
	X(help, 'h', "help", NULL, ON_ALL, "print this help") \
	X(version, 'V', "version", NULL, ON_ALL, "print the version") \
	X(words, 0, "words", NULL, ON(HELP), "print commands, or COMMAND's options, as words")

enum options_limit {
	OPTIONS_DIRS_MAX = 64,			/* --dir and --tmpfs together */
	OPTIONS_TMPFS_SIZE = 64 << 20,		/* --tmpfs: unless said otherwise */
	OPTIONS_TMPFS_MIN = 4 << 10,		/* a page */
	OPTIONS_BPS_MIN = 4 << 10,		/* --io-read-bps: a page */
	OPTIONS_MEMORY_MIN = 1 << 20,		/* --memory: less would not start a cell */
};
#define OPTIONS_TIME_MAX (366ull * 24 * 3600 * 1000000000)

struct preopen {
	const char *host;	/* owned by the options, as guest is; NULL with tmpfs */
	const char *guest;
	bool readonly;
	uint64_t tmpfs;		/* bytes, or 0 */
};

enum profile_mode { PROFILE_OFF, PROFILE_PERFMAP, PROFILE_JITDUMP };

enum trace_mode { TRACE_OFF, TRACE_LINES, TRACE_SUMMARY };

/* Which compiler: the fast one, LLVM, or for a run both in turn (fill.h). */
enum tier { TIER_AUTO, TIER_BASELINE, TIER_OPTIMIZED };

enum isolation { ISOLATION_FULL, ISOLATION_DEGRADED, ISOLATION_NONE };

/* A program with sanitizers in it needs files and system calls that no cell has. */
#ifdef WSBOX_SAN
#define ISOLATION_DEFAULT ISOLATION_NONE
#else
#define ISOLATION_DEFAULT ISOLATION_FULL
#endif

/* A limit that was not given is 0. */
struct options {
	enum command command;
	struct VEC(struct preopen) preopens;
	struct VEC(struct listen_at) listens;
	struct VEC(const char *) env;		/* "NAME=VALUE" */
	struct VEC(char *) owned;		/* strings cut out of arguments */
	const char *argv0, *invoke, *func, *trace_output;
	uint64_t features;			/* set of proposals that are on */
	uint64_t memory, cpu_ns, timeout_ns, pids, max_output;
	uint64_t io_read, io_write;		/* bytes a second */
	uint32_t cpus_milli;			/* thousandths of a processor */
	int stats_fd;				/* -1: none */
	enum isolation isolation;
	enum trace_mode trace;
	enum profile_mode profile;
	enum tier tier;
	bool interactive, tty;
	bool allow_precompiled, no_cache, verbose, json, words, help, version, list_features;
	const char *action;			/* of wsbox cache */
	const char *output;			/* of wsbox compile; NULL: by the module's name */
	char **args; /* FILE and what follows, NULL-terminated; points into argv */
	int nargs;
};

void options_init(struct options *o);
void options_done(struct options *o);

/*
 * Fills *o from the command line. 0, or -EINVAL with err set (status WSBOX_FAILED): one line that
 * names the argument and says what would be right.
 */
int options_parse(struct options *o, int argc, char **argv, struct wsbox_err *err);

/* Text for people, on standard output. command == COMMANDS: the overview. */
void help_print(enum command command);
void help_features(void);

/* One option a line: "--dir=HOST[::GUEST][:ro]", "-v". command == COMMANDS: the commands. */
void help_words(enum command command);

/* COMMANDS if there is no such command. */
enum command command_find(const char *name);

#define X(id, name, args, help) int command_##name(struct options *o);
WSBOX_COMMANDS(X)
#undef X

#endif
