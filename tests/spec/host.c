/*
 * Runs converted spec scripts: one line a command on stdin, one line an answer on stdout, so that
 * whoever reads knows which command a crash belongs to. tests/spec/run writes the commands and
 * documents them.
 *
 *	ok LINE | fail LINE why | skip LINE why
 *
 * With the argument --no-gs code is compiled as for a CPU or kernel without FSGSBASE; with
 * --tier=mixed host-llvm compiles every other function with the baseline; with --replace instances
 * begin on the baseline's code, and that of host's tier takes its place before they start; with
 * --osr only at heads of loops, but at each of them.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "jit/compile.h"
#include "jit/osr.h"
#include "runtime/base/cpu.h"
#include "runtime/base/fd.h"
#include "runtime/base/vec.h"
#include "runtime/rt.h"
#include "runtime/wasm/feature.h"
#include "tests/spec/tier.h"

#define VALUES_MAX 1024

struct module {
	struct wasm_module m;
	void *bytes;
	size_t size;
	int image;
	uint64_t image_size;
	int next;			/* with --replace */
	uint64_t next_size;
};

struct named {
	char *name;
	struct rt_instance *inst;	/* registered or named instance */
	struct module *module;		/* named definition */
};

static struct {
	struct rt_store *store;
	struct VEC(struct module *) modules;
	struct VEC(struct named) names, registered;
	struct rt_instance *last;
	struct module *last_definition;
	char *line;
	struct wsbox_err err;
	struct rt_extern spectest[32];
	int nspectest;
	bool gs, replace, osr;
	const struct jit_tier *tier;
} h;

static const char *spectest_names[32];

/* ---- spectest: the module every script may import from */

static int print_nothing(void *env, struct rt_instance *caller, union rt_value *v)
{
	return 0;
}

static void give(const char *name, struct rt_extern x)
{
	spectest_names[h.nspectest] = name;
	h.spectest[h.nspectest++] = x;
}

static void give_func(const char *name, const char *signature)
{
	struct rt_host_func f = { "spectest", name, signature, print_nothing, NULL };

	give(name,
	     (struct rt_extern){ .kind = WASM_EXTERN_FUNC, .func = rt_func_named(h.store, &f) });
}

static void give_global(const char *name, wasm_valtype type, union rt_value v)
{
	struct wasm_globaltype t = { type, false };

	give(name, (struct rt_extern){ .kind = WASM_EXTERN_GLOBAL,
				       .global = rt_global_new(h.store, &t, &v) });
}

static void give_table(const char *name, bool is64)
{
	struct wasm_tabletype t = { WASM_FUNCREF,
				    { .min = 10, .max = 20, .has_max = true, .is64 = is64 } };

	give(name, (struct rt_extern){ .kind = WASM_EXTERN_TABLE,
				       .table = rt_table_new(h.store, &t, NULL) });
}

static void give_memory(const char *name, bool shared)
{
	struct wasm_memtype t = { { .min = 1, .max = 2, .has_max = true, .shared = shared }, 16 };

	give(name, (struct rt_extern){ .kind = WASM_EXTERN_MEMORY,
				       .memory = rt_memory_new(h.store, &t) });
}

static void make_spectest(void)
{
	h.nspectest = 0;
	give_func("print", ":");
	give_func("print_i32", "i:");
	give_func("print_i64", "l:");
	give_func("print_f32", "f:");
	give_func("print_f64", "d:");
	give_func("print_i32_f32", "if:");
	give_func("print_f64_f64", "dd:");
	give_global("global_i32", WASM_I32, (union rt_value){ .i64 = 666 });
	give_global("global_i64", WASM_I64, (union rt_value){ .i64 = 666 });
	give_global("global_f32", WASM_F32, (union rt_value){ .f32 = 666.6f });
	give_global("global_f64", WASM_F64, (union rt_value){ .f64 = 666.6 });
	give_table("table", false);
	give_table("table64", true);
	give_memory("memory", false);
	give_memory("shared_memory", true);
}

static bool name_is(struct wasm_name n, const char *s)
{
	return n.len == strlen(s) && !memcmp(n.at, s, n.len);
}

static bool resolve(void *arg, const struct wasm_module *m, const struct wasm_import *imp,
		    struct rt_extern *ret)
{
	for (size_t i = h.registered.len; i-- > 0;)
		if (name_is(imp->module, h.registered.at[i].name))
			return rt_export(h.registered.at[i].inst, imp->name.at, imp->name.len, ret);
	for (int i = 0; i < h.nspectest && name_is(imp->module, "spectest"); i++) {
		if (!name_is(imp->name, spectest_names[i]))
			continue;
		*ret = h.spectest[i];
		return true;
	}
	return false;
}

/* ---- answers and words of a line */

static void ok(const char *line)
{
	printf("ok %s\n", line);
}

__attribute__((format(printf, 2, 3)))
static void fail(const char *line, const char *fmt, ...)
{
	va_list ap;

	printf("fail %s ", line);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
}

static char *word(void)
{
	char *w = strsep(&h.line, " ");

	return w ? w : "";
}

static int nibble(char c)
{
	return c <= '9' ? c - '0' : c - 'a' + 10;
}

/* Bytes of hexadecimal digits, at most max; how many. */
static size_t unhex(const char *s, void *to, size_t max)
{
	size_t n = 0;

	for (; s[0] && s[1] && n < max && s[0] != '/' && s[0] != '|'; s += 2)
		((uint8_t *)to)[n++] = (uint8_t)(nibble(s[0]) << 4 | nibble(s[1]));
	return n;
}

static char *text(void)
{
	char *w = word(), *s = malloc(strlen(w) / 2 + 1);

	s[unhex(w, s, strlen(w) / 2)] = 0;
	return s;
}

/* ---- modules */

static void free_module(struct module *m)
{
	wasm_module_done(&m->m);
	free(m->bytes);
	if (m->image >= 0)
		close(m->image);
	if (m->next >= 0)
		close(m->next);
	free(m);
}

static int read_file(const char *path, struct module *m)
{
	FD_AUTO fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -1;
	m->size = (size_t)st.st_size;
	m->bytes = malloc(m->size + 1);
	return fd_read_all(fd, m->bytes, m->size);
}

/* A sealed image, or -1 with h.err. */
static int make_image(struct module *m, const struct jit_tier *tier, bool replaceable,
		      uint64_t *ret_size)
{
	struct jit_options options = {
		.gs = h.gs, .tier = tier, .replaceable = replaceable && !h.osr,
		.osr = h.osr ? JIT_OSR_ALL : h.replace ? JIT_OSR_SOME : JIT_OSR_NONE,
	};
	struct jit_stats stats;
	FD_AUTO fd = fd_memfd("image");

	if (jit_compile(&m->m, &options, NULL, fd, &stats, &h.err) < 0 || fd_seal(fd) < 0)
		return -1;
	*ret_size = stats.image_bytes;
	return fd_take(&fd);
}

/* Decodes and compiles; NULL with h.err. */
static struct module *load(const char *path)
{
	struct module *m = calloc(1, sizeof(*m));

	m->image = m->next = -1;
	h.err = (struct wsbox_err)WSBOX_ERR_INIT;
	if (read_file(path, m) < 0) {
		err_set(&h.err, -ENOENT, WSBOX_FAILED, "cannot read %s", path);
		free(m);
		return NULL;
	}
	if (wasm_module_decode(&m->m, m->bytes, m->size, wasm_features_validated(), &h.err) < 0) {
		free(m->bytes);
		free(m);
		return NULL;
	}
	m->image = make_image(m, h.replace ? NULL : h.tier, h.replace, &m->image_size);
	if (m->image >= 0 && h.replace)
		m->next = make_image(m, h.tier, false, &m->next_size);
	if (m->image < 0 || (h.replace && m->next < 0)) {
		free_module(m);
		return NULL;
	}
	vec_push(&h.modules, m);
	return m;
}

/* 0, -errno with h.err, or a trap. The instance is in *ret from when it is linked. */
static int instantiate(struct module *m, struct rt_instance **ret)
{
	struct rt_instance *inst;
	int r = rt_instance_prepare(h.store, &m->m, &inst, &h.err);

	if (!r)
		r = rt_instance_code(
			inst, &(struct rt_code_file){ .fd = m->image, .size = m->image_size },
			&h.err);
	if (!r)
		r = rt_instance_link(inst, resolve, NULL, &h.err);
	if (!r && h.replace)
		r = rt_instance_replace(
			inst, &(struct rt_code_file){ .fd = m->next, .size = m->next_size },
			h.osr ? RT_REPLACE_LOOPS : RT_REPLACE_ALL);
	if (r)
		return r;
	*ret = inst;
	return rt_instance_start(inst, &h.err);
}

static void put_name(const char *name, struct rt_instance *inst, struct module *m)
{
	if (strcmp(name, "-"))
		vec_push(&h.names, ((struct named){ strdup(name), inst, m }));
}

static struct rt_instance *find_instance(const char *name)
{
	if (!strcmp(name, "-"))
		return h.last;
	for (size_t i = h.names.len; i-- > 0;)
		if (h.names.at[i].inst && !strcmp(h.names.at[i].name, name))
			return h.names.at[i].inst;
	return NULL;
}

static struct module *find_module(const char *name)
{
	if (!strcmp(name, "-"))
		return h.last_definition;
	for (size_t i = h.names.len; i-- > 0;)
		if (h.names.at[i].module && !strcmp(h.names.at[i].name, name))
			return h.names.at[i].module;
	return NULL;
}

static void start_module(const char *line, const char *name, struct module *m)
{
	struct rt_instance *inst = NULL;
	int r = m ? instantiate(m, &inst) : h.err.code;

	h.last = NULL;
	if (!m || r < 0)
		return fail(line, "module: %s", h.err.text);
	if (r > 0)
		return fail(line, "module traps: %s", rt_trap_text(r));
	h.last = inst;
	put_name(name, inst, NULL);
	ok(line);
}

/* ---- commands */

struct action {
	struct rt_extern x;
	bool get;
	uint32_t nargs;
	union rt_value args[VALUES_MAX], results[VALUES_MAX];
	char why[128];
};

/* Reads "MODULE invoke|get FIELD NARGS ARGS". false with why. */
static bool read_action(struct action *a)
{
	const char *module = word();
	struct rt_instance *inst = find_instance(module);
	char *field, *w;

	a->get = !strcmp(word(), "get");
	w = word();
	field = malloc(strlen(w) / 2 + 1);
	size_t len = unhex(w, field, strlen(w) / 2);
	bool found = inst && rt_export(inst, field, len, &a->x);

	free(field);
	a->nargs = (uint32_t)atoi(word());
	memset(a->args, 0, sizeof(a->args[0]) * (a->nargs + 1));
	for (uint32_t i = 0; i < a->nargs; i++)
		unhex(word(), &a->args[i], 16);
	if (!found)
		snprintf(a->why, sizeof(a->why),
			 inst ? "no such export" : "no instance (its module failed)");
	else if (a->x.kind != (a->get ? WASM_EXTERN_GLOBAL : WASM_EXTERN_FUNC))
		snprintf(a->why, sizeof(a->why), "the export is of another kind");
	else if (!a->get && rt_func_type(a->x.func)->nparams != a->nargs)
		snprintf(a->why, sizeof(a->why), "takes %u arguments",
			 rt_func_type(a->x.func)->nparams);
	else
		return true;
	return false;
}

static int perform(struct action *a)
{
	if (!a->get)
		return rt_call(a->x.func, a->args, a->results);
	a->results[0] = *rt_global_value(a->x.global);
	return 0;
}

/* One alternative: "null", "any" (a reference), or VALUE/MASK. */
static bool matches(const union rt_value *v, const char *want)
{
	uint8_t value[16] = { 0 }, mask[16] = { 0 };

	if (!strncmp(want, "any", 3))
		return v->ref != NULL;
	unhex(want, value, 16);
	unhex(strchr(want, '/') + 1, mask, 16);
	for (int i = 0; i < 16; i++)
		if ((v->v128[i] & mask[i]) != value[i])
			return false;
	return true;
}

static void command_return(const char *line)
{
	static struct action a;
	bool can = read_action(&a);
	uint32_t n = (uint32_t)atoi(word());
	int trap = can ? perform(&a) : 0;

	if (!can)
		return fail(line, "%s", a.why);
	if (trap)
		return fail(line, "traps: %s", rt_trap_text(trap));
	if (!a.get && rt_func_type(a.x.func)->nresults != n)
		return fail(line, "gives %u results", rt_func_type(a.x.func)->nresults);
	for (uint32_t i = 0; i < n; i++) {
		const char *want = word(), *w = want;
		bool good = false;

		for (; w && !good; w = strchr(w, '|') ? strchr(w, '|') + 1 : NULL)
			good = matches(&a.results[i], w);
		if (!good)
			return fail(line, "result %u is %016llx %016llx, wanted %s", i,
				    (unsigned long long)a.results[i].f64_bits,
				    ((unsigned long long *)&a.results[i])[1], want);
	}
	ok(line);
}

static bool same_text(const char *have, const char *want)
{
	return !strncmp(have, want, strlen(want)) || !strncmp(have, want, strlen(have));
}

static void command_trap(const char *line, const char *kind)
{
	static struct action a;
	bool can = read_action(&a);
	char *want = text();
	int trap = can ? perform(&a) : 0;

	if (!can)
		fail(line, "%s", a.why);
	else if (!trap)
		fail(line, "%s: returns instead of: %s", kind, want);
	else if (!same_text(rt_trap_text(trap), want))
		fail(line, "%s: traps with \"%s\" instead of: %s", kind, rt_trap_text(trap), want);
	else
		ok(line);
	free(want);
}

static void command_do(const char *line)
{
	static struct action a;
	int trap = 0;

	if (!read_action(&a))
		return fail(line, "%s", a.why);
	trap = perform(&a);
	if (trap)
		return fail(line, "traps: %s", rt_trap_text(trap));
	ok(line);
}

/*
 * "PATH TEXT": must be refused by decoder or validator; the compiler's refusal of what it lacks
 * does not count.
 */
static void command_refused(const char *line)
{
	char *want = NULL;
	struct module *m = load(word());

	want = text();
	if (m)
		fail(line, "accepted, wanted: %s", want);
	else if (h.err.code != -ENOEXEC)
		fail(line, "refused for another reason: %s", h.err.text);
	else if (same_text(h.err.text, want) || strstr(h.err.text, want))
		ok(line);
	else
		printf("ok %s says \"%s\", the suite \"%s\"\n", line, h.err.text, want);
	free(want);
}

static void command_unlinkable(const char *line)
{
	struct module *m = load(word());
	struct rt_instance *inst;
	char *want = text();
	int r = m ? instantiate(m, &inst) : 0;

	if (!m)
		fail(line, "refused: %s", h.err.text);
	else if (r >= 0)
		fail(line, "links, wanted: %s", want);
	else if (!same_text(h.err.text, want))
		fail(line, "\"%s\" instead of: %s", h.err.text, want);
	else
		ok(line);
	free(want);
}

static void command_uninstantiable(const char *line)
{
	struct module *m = load(word());
	struct rt_instance *inst;
	char *want = text();
	int r = m ? instantiate(m, &inst) : 0;

	if (!m || r < 0)
		fail(line, "refused: %s", h.err.text);
	else if (r == 0)
		fail(line, "starts, wanted: %s", want);
	else if (!same_text(rt_trap_text(r), want))
		fail(line, "traps with \"%s\" instead of: %s", rt_trap_text(r), want);
	else
		ok(line);
	free(want);
}

static void command_module(const char *line)
{
	const char *name = word();

	start_module(line, name, load(word()));
}

static void command_definition(const char *line)
{
	const char *name = word();
	struct module *m = load(word());

	h.last_definition = m;
	if (!m)
		return fail(line, "module: %s", h.err.text);
	put_name(name, NULL, m);
	ok(line);
}

static void command_instance(const char *line)
{
	const char *name = word();
	struct module *m = find_module(word());

	if (!m)
		return fail(line, "no such definition");
	start_module(line, name, m);
}

static void command_register(const char *line)
{
	struct rt_instance *inst = find_instance(word());

	if (!inst)
		return fail(line, "no instance (its module failed)");
	vec_push(&h.registered, ((struct named){ text(), inst, NULL }));
	ok(line);
}

static void free_names(void)
{
	for (size_t i = 0; i < h.names.len; i++)
		free(h.names.at[i].name);
	for (size_t i = 0; i < h.registered.len; i++)
		free(h.registered.at[i].name);
	h.names.len = h.registered.len = 0;
}

/* A script begins: everything anew. */
static void command_file(const char *line)
{
	struct rt_config config = { .stack_size = 1 << 20, .memory_max = 6ull << 30 };

	rt_store_free(h.store);
	h.store = NULL;
	for (size_t i = 0; i < h.modules.len; i++)
		free_module(h.modules.at[i]);
	h.modules.len = 0;
	free_names();
	h.last = NULL;
	h.last_definition = NULL;
	if (rt_store_new(&config, &h.store, &h.err) < 0)
		return fail(line, "%s", h.err.text);
	make_spectest();
	ok(line);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*run)(const char *line);
	} commands[] = {
		{ "file", command_file },
		{ "module", command_module },
		{ "definition", command_definition },
		{ "instance", command_instance },
		{ "register", command_register },
		{ "return", command_return },
		{ "do", command_do },
		{ "refused", command_refused },
		{ "unlinkable", command_unlinkable },
		{ "uninstantiable", command_uninstantiable },
	};
	char *line = NULL;
	size_t room = 0;
	ssize_t n;

	if (cpu_check(&h.err) < 0) {
		printf("skip 0 %s\n", h.err.text);
		return 77;
	}
	if (&host_tier)
		h.tier = argc > 1 && !strcmp(argv[1], "--tier=mixed") ? host_tier_mixed() :
									host_tier;
	h.osr = argc > 1 && !strcmp(argv[1], "--osr");
	h.replace = h.osr || (argc > 1 && !strcmp(argv[1], "--replace"));
	h.gs = cpu_fsgsbase() && !(argc > 1 && !strcmp(argv[1], "--no-gs"));
	while ((n = getline(&line, &room, stdin)) > 0) {
		const char *name, *number;
		size_t i;

		line[n - 1] = 0;
		h.line = line;
		name = word();
		number = word();
		for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
			if (!strcmp(commands[i].name, name))
				break;
		if (i < sizeof(commands) / sizeof(commands[0]))
			commands[i].run(number);
		else
			command_trap(number, name);
		fflush(stdout);
	}
	free(line);
	return 0;
}
