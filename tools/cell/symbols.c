#include "tools/cell/symbols.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/num.h"

static bool add_symbol(struct symbols *to, const char *name, Elf64_Sym s)
{
	size_t n = strlen(name);
	char *at;

	s.st_name = (uint32_t)to->names.len;
	if (!vec_reserve(&to->names, n + 1) || !vec_push(&to->at, s))
		return false;
	at = to->names.at + to->names.len;
	memcpy(at, name, n + 1);
	to->names.len += n + 1;
	return true;
}

static bool add_functions(struct symbols *to, const struct jit_image *image, uint32_t imported,
			  uint16_t text, const struct wasm_name *names)
{
	const uint32_t *entries = (const void *)((const char *)image + image->funcs_off);
	char buf[1024];

	for (uint32_t i = 0; i < image->nfuncs; i++) {
		uint64_t end = i + 1 < image->nfuncs ? entries[i + 1] : image->text_size;
		const char *name = wasm_name_text(&names[imported + i], imported + i, buf,
						  sizeof(buf));
		Elf64_Sym s = {
			.st_shndx = text, .st_info = ELF64_ST_INFO(STB_LOCAL, STT_FUNC),
			.st_value = entries[i], .st_size = end - entries[i],
		};

		assert(entries[i] <= end && end <= image->text_size);
		if (!add_symbol(to, name, s))
			return false;
	}
	return true;
}

int symbols_make(const struct jit_image *image, const struct wasm_module *m, uint16_t text,
		 struct symbols *ret)
{
	struct wasm_name *names = malloc((m->nfuncs + 1ull) * sizeof(*names));
	bool ok = names && add_symbol(ret, "", (Elf64_Sym){ 0 });

	if (ok) {
		wasm_func_names(m, names);
		ok = add_functions(ret, image, m->imported_funcs, text, names);
	}
	free(names);
	return ok ? 0 : -ENOMEM;
}

void symbols_done(struct symbols *s)
{
	vec_done(&s->at);
	vec_done(&s->names);
}
