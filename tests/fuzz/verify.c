/*
 * The verifier of machine code on any bytes: it ends in time that is linear, with a yes or with a
 * reason, and says the same twice. The input is where its second function begins (2 bytes, of which
 * the highest bit says that addresses of the memory have 64 bits), two handlers (8 each), and the
 * text behind the beginning of the first function. What is accepted is not run:
 * tests/verify/mutate.c looks at that.
 */
#include "tests/fuzz/fuzz.h"

#include <errno.h>

#include "jit/image.h"
#include "jit/tier.h"
#include "jit/verify/func.h"
#include "jit/verify/verify.h"
#include "jit/vmctx.h"

enum { MEMORY_FLAGS_AT = 42, MEMORY_64 = 4 };

/*
 * Types () -> (), (i32) -> i32; a function of the second imported; a table, a memory, two globals,
 * a tag; functions of both types. Bodies are not looked at.
 */
static uint8_t module_bytes[] = {
	0, 'a', 's', 'm', 1, 0, 0, 0,
	1, 9, 2, 0x60, 0, 0, 0x60, 1, 0x7f, 1, 0x7f,
	2, 7, 1, 1, 'm', 1, 'f', 0, 1,
	3, 3, 2, 1, 0,
	4, 4, 1, 0x70, 0, 4,
	5, 3, 1, [MEMORY_FLAGS_AT] = 0, 1,
	13, 3, 1, 0, 0,
	6, 11, 2, 0x7f, 1, 0x41, 0, 0x0b, 0x7e, 0, 0x42, 0, 0x0b,
	10, 9, 2, 4, 0, 0x20, 0, 0x0b, 2, 0, 0x0b,
};

/* push rbp; mov rbp, rsp; sub rsp, 64 */
static const uint8_t prologue[] = { 0x55, 0x48, 0x89, 0xe5, 0x48, 0x83, 0xec, 0x40 };

enum { WIDE = 0x8000, HANDLERS = 2, HEAD = 2 + 8 * HANDLERS, TEXT_OFF = 4096 };

/* With addresses of 32 bits, of 64. */
static struct wasm_module modules[2];
static struct jit_layout layouts[2];

static uint32_t read16(const uint8_t *p)
{
	return p[0] | (uint32_t)p[1] << 8;
}

static void make_modules(void)
{
	struct wsbox_err err = WSBOX_ERR_INIT;

	for (unsigned int wide = 0; wide < 2; wide++) {
		module_bytes[MEMORY_FLAGS_AT] = wide ? MEMORY_64 : 0;
		MUST(!wasm_module_decode(&modules[wide], module_bytes, sizeof(module_bytes),
					 wasm_features_default(), &err));
		MUST(modules[wide].memories[0].limits.is64 == wide);
		MUST(!jit_layout_init(&layouts[wide], &modules[wide]));
	}
}

static struct jit_image *make(const uint8_t *data, size_t size, bool wide)
{
	struct jit_image *image = calloc(1, TEXT_OFF + sizeof(prologue) + size);
	uint32_t *entries = (uint32_t *)(image + 1);
	struct jit_handler *handlers = (struct jit_handler *)(entries + 2);

	MUST(image);
	*image = (struct jit_image){ .magic = JIT_IMAGE_MAGIC,
				     .version = JIT_IMAGE_VERSION,
				     .flags = JIT_IMAGE_GS,
				     .size = TEXT_OFF + sizeof(prologue) + size,
				     .module_size = modules[wide].size,
				     .nfuncs = 2,
				     .nhandlers = HANDLERS,
				     .funcs_off = sizeof(*image),
				     .sites_off = sizeof(*image),
				     .handlers_off = sizeof(*image) + 2 * sizeof(*entries),
				     .text_off = TEXT_OFF,
				     .text_size = sizeof(prologue) + size - HEAD,
				     .ctx_size = layouts[wide].size };
	entries[1] = read16(data) & (WIDE - 1);
	for (int i = 0; i < HANDLERS; i++) {
		const uint8_t *p = data + 2 + 8 * i;

		handlers[i] = (struct jit_handler){
			read16(p), read16(p + 2), read16(p + 4), p[6], p[7]
		};
	}
	/* a handler of nothing, so that most inputs have none */
	while (image->nhandlers && !handlers[image->nhandlers - 1].pc)
		image->nhandlers--;
	memcpy((char *)image + TEXT_OFF, prologue, sizeof(prologue));
	memcpy((char *)image + TEXT_OFF + sizeof(prologue), data + HEAD, size - HEAD);
	return image;
}

/* Whether all is accepted when every instruction is decoded and checked in full. */
static bool accepts_thoroughly(const struct jit_image *image, const struct wasm_module *m)
{
	struct wsbox_err err = WSBOX_ERR_INIT;
	struct jv v;
	bool ok = jv_init(&v, image, m, &err) == 0;

	v.thorough = true;
	for (uint32_t f = 0; ok && f < v.nfuncs; f++)
		ok = jv_function(&v, f);
	jv_done(&v);
	return ok;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wsbox_err err = WSBOX_ERR_INIT;
	const struct wasm_module *m;
	struct jit_image *image;
	int ret, optimized;
	bool wide;

	if (!modules[0].size)
		make_modules();
	if (size <= HEAD)
		return 0;
	wide = read16(data) & WIDE;
	m = &modules[wide];
	image = make(data, size, wide);
	ret = jit_verify(image, m, NULL, &err);
	if (ret)
		must_explain(ret, &err);
	MUST(!ret || ret == -ENOEXEC);
	MUST(jit_verify(image, m, NULL, &err) == ret);
	MUST(accepts_thoroughly(image, m) == !ret);
	/* by the rules for optimized code, or else the same as before */
	image->tier = JIT_TIER_LLVM;
	optimized = jit_verify(image, m, NULL, &err);
	MUST(!optimized || (optimized == -ENOEXEC && ret));
	MUST(jit_verify(image, m, NULL, &err) == optimized);
	free(image);
	return 0;
}
