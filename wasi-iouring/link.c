/* From an import to the entry of its row. */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "runtime/base/num.h"
#include "wasi-iouring/calls.h"
#include "wasi-iouring/show.h"
#include "wasi-iouring/trace.h"

const struct wasi_call_row wasi_call_rows[WASI_CALLS_MAX] = {
#define X(name, params, fd, need, fd2, need2, lacking, kernel, ring) \
	[WASI_CALL_##name] = { #name, params, kernel, ring, wasi_enter_##name },
	WASI_CALLS(X)
#undef X
};

_Static_assert(WASI_CALLS_MAX == 46, "witx has 46 functions");

#define MODULE "wasi_snapshot_preview1"

static int find_call(const struct wasm_import *imp)
{
	if (imp->kind != WASM_EXTERN_FUNC || !wasm_name_is(&imp->module, MODULE))
		return WASI_CALLS_MAX;
	for (int i = 0; i < WASI_CALLS_MAX; i++) {
		if (wasm_name_is(&imp->name, wasi_call_rows[i].name))
			return i;
	}
	return WASI_CALLS_MAX;
}

/* The type of a call; its values lie in `values`. */
static struct wasm_functype call_type(const char *params, wasm_valtype values[WASI_PARAMS_MAX + 1])
{
	struct wasm_functype t = { .params = values };
	uint32_t n = 0;

	for (; params[n]; n++)
		values[n] = wasi_params[(uint8_t)params[n]].type;
	assert(n <= WASI_PARAMS_MAX);
	t.nparams = n;
	t.results = values + n;
	t.nresults = !strchr(params, 'x');
	values[n] = WASM_I32;
	return t;
}

bool wasi_resolve(void *arg, const struct wasm_module *m, const struct wasm_import *imp,
		  struct rt_extern *ret)
{
	struct wasi *w = arg;
	int i = find_call(imp);

	if (i == WASI_CALLS_MAX)
		return false;
	if (!w->funcs[i]) {
		wasm_valtype values[WASI_PARAMS_MAX + 1];
		struct wasm_functype t = call_type(wasi_call_rows[i].params, values);
		rt_host_fn enter = w->config.trace.page ? wasi_traced[i] : wasi_call_rows[i].enter;

		w->funcs[i] = rt_func_host(w->store, &t, enter, w);
	}
	if (!w->funcs[i])
		return false;
	*ret = (struct rt_extern){ .kind = WASM_EXTERN_FUNC, .func = w->funcs[i] };
	return true;
}

int wasi_check(const struct wasm_module *m, struct wsbox_err *err)
{
	static const char *const others[] = { "wasi_unstable", "wasi_ephemeral_preview", "wasi" };

	for (uint32_t i = 0; i < m->nimports; i++) {
		const struct wasm_name *from = &m->imports[i].module;

		for (size_t k = 0; k < ARRAY_SIZE(others); k++) {
			if (wasm_name_is(from, others[k]))
				return err_set(err, -ENOEXEC, WSBOX_INVALID,
					       "import from \"%s\": that version of WASI is not "
					       "supported, build for \"" MODULE "\"", others[k]);
		}
	}
	return 0;
}

bool wasi_may_poll(const void *module, uint64_t size)
{
	static const char name[] = "poll_oneoff";

	return memmem(module, num_min(size, WASI_RING_WINDOW), name, sizeof(name) - 1);
}
