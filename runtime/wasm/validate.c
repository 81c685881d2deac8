/* All bodies of a module, by the walk alone. */
#include <errno.h>

#include "runtime/wasm/body.h"

int wasm_module_validate(const struct wasm_module *m, struct wsbox_err *err)
{
	struct arena arena;
	char name[100];
	int ret = 0;

	arena_init(&arena);
	for (uint32_t f = m->imported_funcs; f < m->nfuncs && !ret; f++) {
		ret = wasm_body_validate(m, f, &arena, err);
		if (ret == -ENOEXEC)
			(void)err_prefix(err, "function %u (%s)", f,
					 wasm_func_name(m, f, name, sizeof(name)));
		arena_reset(&arena);
	}
	arena_done(&arena);
	return ret;
}
