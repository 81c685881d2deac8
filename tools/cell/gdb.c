/*
 * GDB's interface for compiled code (GDB manual, "JIT Compilation Interface"), in debug builds: an
 * ELF file in memory that says where the guest's functions are. It has no code: GDB reads that
 * where it is.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/num.h"
#include "runtime/rt.h"
#include "tools/cell/cell.h"
#include "tools/cell/symbols.h"

enum { JIT_VERSION = 1, JIT_NOACTION = 0, JIT_REGISTER = 1 };

/* X(id, name, type) in the order of the file */
#define OBJECT_SECTIONS(X) \
	X(NONE, "", SHT_NULL) \
	X(TEXT, ".text", SHT_NOBITS) \
	X(SYMTAB, ".symtab", SHT_SYMTAB) \
	X(STRTAB, ".strtab", SHT_STRTAB) \
	X(SHSTRTAB, ".shstrtab", SHT_STRTAB)

enum object_section {
#define X(id, name, type) OBJECT_##id,
	OBJECT_SECTIONS(X)
#undef X
	OBJECT_SECTION_COUNT,
};

/* GDB knows these three by their names and layout. */
struct jit_code_entry {
	struct jit_code_entry *next, *prev;
	const char *symfile;
	uint64_t size;
};

struct jit_descriptor {
	uint32_t version, action;
	struct jit_code_entry *relevant, *first;
};

extern struct jit_descriptor __jit_debug_descriptor;
struct jit_descriptor __jit_debug_descriptor = { .version = JIT_VERSION, .action = JIT_NOACTION };

void __jit_debug_register_code(void);

/* GDB stops here, and must find it called. */
__attribute__((noinline)) void __jit_debug_register_code(void)
{
	__asm__ volatile("" ::: "memory");
}

struct object {
	Elf64_Ehdr head;
	Elf64_Shdr sections[OBJECT_SECTION_COUNT];
	char rest[];			/* symbols, their names, the sections' names */
};

#define X(id, name, type) name "\0"
static const char section_names[] = OBJECT_SECTIONS(X);
#undef X

static void describe_sections(struct object *o, const struct symbols *s,
			      const struct jit_image *image, const char *text)
{
	static const uint32_t types[] = {
#define X(id, name, type) type,
		OBJECT_SECTIONS(X)
#undef X
	};
	uint64_t symbols = s->at.len * sizeof(Elf64_Sym), at = offsetof(struct object, rest);
	const uint64_t sizes[] = { [OBJECT_TEXT] = 0, [OBJECT_SYMTAB] = symbols,
				   [OBJECT_STRTAB] = s->names.len,
				   [OBJECT_SHSTRTAB] = sizeof(section_names) };
	const char *name = section_names;

	for (unsigned int i = 0; i < OBJECT_SECTION_COUNT; i++, name += strlen(name) + 1) {
		o->sections[i] = (Elf64_Shdr){
			.sh_name = (uint32_t)(name - section_names), .sh_type = types[i],
			.sh_offset = i ? at : 0, .sh_size = sizes[i], .sh_addralign = i ? 1 : 0,
		};
		at += sizes[i];
	}
	o->sections[OBJECT_TEXT].sh_flags = SHF_ALLOC | SHF_EXECINSTR;
	o->sections[OBJECT_TEXT].sh_addr = (uintptr_t)text;
	o->sections[OBJECT_TEXT].sh_size = image->text_size;
	o->sections[OBJECT_SYMTAB].sh_link = OBJECT_STRTAB;
	o->sections[OBJECT_SYMTAB].sh_info = (uint32_t)s->at.len;
	o->sections[OBJECT_SYMTAB].sh_entsize = sizeof(Elf64_Sym);
	o->sections[OBJECT_SYMTAB].sh_addralign = 8;
}

/* NULL: out of memory. Lives as long as the process. */
static struct object *make_object(const struct symbols *s, const struct jit_image *image,
				  const char *text, uint64_t *ret_size)
{
	uint64_t symbols = s->at.len * sizeof(Elf64_Sym);
	uint64_t size = sizeof(struct object) + symbols + s->names.len + sizeof(section_names);
	struct object *o = calloc(1, size);

	if (!o)
		return NULL;
	o->head = (Elf64_Ehdr){
		.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB,
			     EV_CURRENT },
		.e_type = ET_REL, .e_machine = EM_X86_64, .e_version = EV_CURRENT,
		.e_shoff = offsetof(struct object, sections), .e_ehsize = sizeof(o->head),
		.e_shentsize = sizeof(Elf64_Shdr), .e_shnum = OBJECT_SECTION_COUNT,
		.e_shstrndx = OBJECT_SHSTRTAB,
	};
	describe_sections(o, s, image, text);
	memcpy(o->rest, s->at.at, symbols);
	memcpy(o->rest + symbols, s->names.at, s->names.len);
	memcpy(o->rest + symbols + s->names.len, section_names, sizeof(section_names));
	*ret_size = size;
	return o;
}

int cell_tell_gdb(const struct rt_instance *inst)
{
	static struct jit_code_entry entry;
	struct symbols symbols = { 0 };
	const char *text;
	const struct jit_image *image = rt_image(inst, &text);
	int ret = symbols_make(image, rt_module(inst), OBJECT_TEXT, &symbols);

	if (ret == 0)
		entry.symfile = (const char *)make_object(&symbols, image, text, &entry.size);
	symbols_done(&symbols);
	if (!entry.symfile)
		return -ENOMEM;
	__jit_debug_descriptor.first = __jit_debug_descriptor.relevant = &entry;
	__jit_debug_descriptor.action = JIT_REGISTER;
	__jit_debug_register_code();
	return 0;
}
