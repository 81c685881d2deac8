/*
 * wsbox objdump on any file: what it takes it lists to the end, what it refuses it explains. An
 * input that is no ELF file is put together into one, so that what lies behind its head is reached:
 * two lengths of two bytes, a module (none: one of ours), an image (whose header is made good),
 * lines.
 */
#include "tests/fuzz/fuzz.h"

#include <fcntl.h>
#include <sys/mman.h>

#include "jit/image.h"
#include "jit/lines.h"
#include "runtime/base/cwasm.h"
#include "runtime/base/num.h"
#include "tools/cell/objdump.h"

#define FILE_MAX (1u << 18)

/* (func (param i32) (result i32) (i32.load (local.get 0))) (func (call 0)...), named "a" and "b" */
static const uint8_t small[] = {
	0, 'a', 's', 'm', 1, 0, 0, 0, 1, 6, 1, 0x60, 1, 0x7f, 1, 0x7f, 3, 3, 2, 0, 0, 5, 3, 1, 0, 1,
	10, 16, 2, 7, 0, 0x20, 0, 0x28, 2, 0, 0x0b, 6, 0, 0x20, 0, 0x10, 0, 0x0b, 0, 14, 4, 'n',
	'a', 'm', 'e', 1, 7, 2, 0, 1, 'a', 1, 1, 'b',
};

struct fake {
	jit_disasm_name name;
	void *arg;
};

static void *fake_open(jit_disasm_name name, void *arg)
{
	struct fake *f = malloc(sizeof(*f));

	MUST(f);
	*f = (struct fake){ name, arg };
	return f;
}

/* Reads what it may, and asks for names of all kinds of places. */
static size_t fake_one(void *state, const uint8_t *p, size_t n, uint64_t pc, char *text,
		       size_t size)
{
	struct fake *f = state;
	size_t len = p[0] & 15;
	uint64_t sum = 0;
	const char *name;

	if (!len || len > n)
		return 0;
	for (size_t i = 0; i < len; i++)
		sum = sum * 31 + p[i];
	name = f->name(f->arg, p[0] & 16 ? pc + sum : sum << 40);
	MUST(!name || strlen(name) < size);
	strcpy(text, name ? name : "insn");
	return len;
}

static const struct jit_disasm fake = { .open = fake_open, .close = free, .one = fake_one };

static size_t assemble(const uint8_t *data, size_t size, uint8_t *file)
{
	struct cwasm head = {
		.magic = CWASM_MAGIC, .version = CWASM_VERSION, .features = wasm_features_default()
	};
	static const uint8_t elf[CWASM_HEAD] = {
		0x7f, 'E', 'L', 'F', 2, 1, 1, [16] = 1, [18] = 62
	};
	size_t module, image, at;
	struct jit_image i = { 0 };

	if (size < 4)
		return 0;
	module = num_min(data[0] | data[1] << 8, size - 4);
	image = num_min(data[2] | data[3] << 8, size - 4 - module);
	memset(file, 0, FILE_MAX);
	memcpy(&i, data + 4 + module, num_min(sizeof(i), image));
	memcpy(i.magic, JIT_IMAGE_MAGIC, 8);
	i.version = JIT_IMAGE_VERSION;
	i.nfuncs %= 4;
	i.nsites = i.nhandlers = i.nosr = 0;
	i.funcs_off = sizeof(i);
	i.sites_off = i.handlers_off = i.osr_off = 4096;
	i.text_off = 4096;
	head.image_off = CWASM_PAGE;
	head.image_size = i.size = num_align(2 * 4096 + image, 4096);
	i.text_size %= i.size - 4096 + 1;
	memcpy(file, elf, sizeof(elf));
	memcpy(file + CWASM_PAGE + sizeof(i), data + 4 + module, image);
	memcpy(file + CWASM_PAGE, &i, sizeof(i));
	head.module_off = at = CWASM_PAGE + head.image_size;
	head.module_size = module ? module : sizeof(small);
	memcpy(file + at, module ? data + 4 : small, head.module_size);
	head.lines_off = at += head.module_size;
	head.lines_size = size - 4 - module - image;
	memcpy(file + at, data + 4 + module + image, head.lines_size);
	memcpy(file + CWASM_HEAD, &head, sizeof(head));
	return at + head.lines_size;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const funcs[] = { NULL, "a", "0", "func[1]" };
	struct wsbox_err err = WSBOX_ERR_INIT;
	static uint8_t *file;
	static int fd = -1;
	int ret;

	if (fd < 0) {
		fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
		file = aligned_alloc(4096, FILE_MAX);
	}
	MUST(fd >= 0 && file);
	if (cwasm_is_elf(data, size)) {
		memcpy(file, data, num_min(size, FILE_MAX));
		size = num_min(size, FILE_MAX);
	} else {
		size = assemble(data, size, file);
	}
	ret = objdump_print(file, size, funcs[size % 4], &fake, fd, &err);
	if (ret < 0)
		must_explain(ret, &err);
	return 0;
}
