#include "tools/cell/elf.h"

#include <assert.h>
#include <elf.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "runtime/base/num.h"
#include "runtime/base/vec.h"
#include "tools/cell/symbols.h"

/* X(id, name, type) in the order of the file, but for .wsbox, which stands in the first page */
#define SECTIONS(X) \
	X(NONE, "", SHT_NULL) \
	X(HEAD, ".wsbox", SHT_PROGBITS) \
	X(IMAGE, ".wsbox.image", SHT_PROGBITS) \
	X(SITES, ".wsbox.sites", SHT_PROGBITS) \
	X(HANDLERS, ".wsbox.handlers", SHT_PROGBITS) \
	X(TEXT, ".text", SHT_PROGBITS) \
	X(MODULE, ".wsbox.module", SHT_PROGBITS) \
	X(LINES, ".wsbox.lines", SHT_PROGBITS) \
	X(SYMTAB, ".symtab", SHT_SYMTAB) \
	X(STRTAB, ".strtab", SHT_STRTAB) \
	X(SHSTRTAB, ".shstrtab", SHT_STRTAB)

enum section_id {
#define X(id, name, type) SECTION_##id,
	SECTIONS(X)
#undef X
	SECTION_COUNT,
};

struct elf {
	int fd, error;			/* the first failure of a write sticks */
	const struct jit_image *image;
	const struct wasm_module *m;
	const struct jit_lines *lines;
	uint64_t end;			/* of what was written */
	Elf64_Shdr sections[SECTION_COUNT];
	struct symbols symbols;
};

static void elf_put(struct elf *e, const void *p, uint64_t n, uint64_t at)
{
	const char *from = p;

	while (n && !e->error) {
		ssize_t w = pwrite(e->fd, from, n, (off_t)at);

		if (w < 0 && errno != EINTR)
			e->error = -errno;
		if (w <= 0)
			continue;
		from += w;
		at += (uint64_t)w;
		n -= (uint64_t)w;
	}
	e->end = num_max(e->end, at);
}

static void section_is(struct elf *e, enum section_id id, uint64_t off, uint64_t size,
		       uint64_t align)
{
	assert(id > SECTION_NONE && id < SECTION_COUNT && off % align == 0);
	e->sections[id].sh_offset = off;
	e->sections[id].sh_size = size;
	e->sections[id].sh_addralign = align;
}

/* Writes a section behind all others. */
static void section_put(struct elf *e, enum section_id id, const void *p, uint64_t n,
			uint64_t align)
{
	uint64_t at = num_align(e->end, align);

	section_is(e, id, at, n, align);
	elf_put(e, p, n, at);
}

/* The parts of the image, which are in the file already. */
static void describe_image(struct elf *e)
{
	const struct jit_image *i = e->image;

	section_is(e, SECTION_IMAGE, CWASM_PAGE, i->text_off, CWASM_PAGE);
	section_is(e, SECTION_SITES, CWASM_PAGE + i->sites_off, i->nsites * sizeof(struct jit_site),
		   4);
	section_is(e, SECTION_HANDLERS, CWASM_PAGE + i->handlers_off,
		   i->nhandlers * sizeof(struct jit_handler), 4);
	section_is(e, SECTION_TEXT, CWASM_PAGE + i->text_off, i->text_size, CWASM_PAGE);
	e->sections[SECTION_TEXT].sh_flags = SHF_ALLOC | SHF_EXECINSTR;
	e->end = CWASM_PAGE + i->size;
}

static int put_lines(struct elf *e)
{
	struct jit_bytes bytes = { 0 };
	int ret = jit_lines_write(e->lines, &bytes);

	if (ret == 0)
		section_put(e, SECTION_LINES, bytes.at, bytes.len, 1);
	vec_done(&bytes);
	return ret;
}

static void put_symbols(struct elf *e)
{
	Elf64_Shdr *s = &e->sections[SECTION_SYMTAB];

	section_put(e, SECTION_SYMTAB, e->symbols.at.at, e->symbols.at.len * sizeof(Elf64_Sym), 8);
	section_put(e, SECTION_STRTAB, e->symbols.names.at, e->symbols.names.len, 1);
	s->sh_link = SECTION_STRTAB;
	s->sh_info = (uint32_t)e->symbols.at.len;	/* all are local */
	s->sh_entsize = sizeof(Elf64_Sym);
}

static void put_section_table(struct elf *e)
{
	static const struct {
		const char *name;
		uint32_t type;
	} rows[] = {
#define X(id, name, type) { name, type },
		SECTIONS(X)
#undef X
	};
#define X(id, name, type) name "\0"
	static const char names[] = SECTIONS(X);
#undef X
	uint32_t at = 0;

	for (unsigned int i = 0; i < SECTION_COUNT; i++) {
		e->sections[i].sh_name = at;
		e->sections[i].sh_type = rows[i].type;
		at += (uint32_t)strlen(rows[i].name) + 1;
	}
	assert(at + 1 == sizeof(names));
	section_put(e, SECTION_SHSTRTAB, names, at, 1);
	elf_put(e, e->sections, sizeof(e->sections), num_align(e->end, 8));
}

static void put_heads(struct elf *e, uint64_t section_table)
{
	const struct jit_image *i = e->image;
	const Elf64_Ehdr elf = {
		.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB,
			     EV_CURRENT, ELFOSABI_NONE },
		.e_type = ET_REL, .e_machine = EM_X86_64, .e_version = EV_CURRENT,
		.e_shoff = section_table, .e_ehsize = sizeof(elf),
		.e_shentsize = sizeof(Elf64_Shdr), .e_shnum = SECTION_COUNT,
		.e_shstrndx = SECTION_SHSTRTAB,
	};
	struct cwasm head = {
		.magic = CWASM_MAGIC, .version = CWASM_VERSION, .tier = i->tier,
		.image_off = CWASM_PAGE, .image_size = i->size,
		.module_off = e->sections[SECTION_MODULE].sh_offset, .module_size = e->m->size,
		.features = e->m->features,
		.lines_off = e->sections[SECTION_LINES].sh_offset,
		.lines_size = e->sections[SECTION_LINES].sh_size,
	};

	memcpy(head.module, i->origin.module, sizeof(head.module));
	memcpy(head.build, i->origin.build, sizeof(head.build));
	elf_put(e, &elf, sizeof(elf), 0);
	elf_put(e, &head, sizeof(head), CWASM_HEAD);
}

static int write_around(struct elf *e)
{
	describe_image(e);
	section_is(e, SECTION_HEAD, CWASM_HEAD, sizeof(struct cwasm), 8);
	section_put(e, SECTION_MODULE, e->m->bytes, e->m->size, CWASM_PAGE);
	if (put_lines(e) < 0 || symbols_make(e->image, e->m, SECTION_TEXT, &e->symbols) < 0)
		return -ENOMEM;
	put_symbols(e);
	put_section_table(e);
	put_heads(e, e->end - sizeof(e->sections));
	return e->error;
}

int elf_wrap(int fd, uint64_t image_size, const struct wasm_module *m,
	     const struct jit_lines *lines, uint64_t *ret_size, struct wsbox_err *err)
{
	void *p = mmap(NULL, image_size, PROT_READ, MAP_PRIVATE, fd, CWASM_PAGE);
	struct elf e = { .fd = fd, .image = p, .m = m, .lines = lines };
	int ret;

	if (p == MAP_FAILED)
		return err_set(err, -errno, WSBOX_FAILED, "cannot map the image: %s",
			       err_name(-errno));
	ret = write_around(&e);
	(void)munmap(p, image_size);
	symbols_done(&e.symbols);
	if (ret < 0)
		return err_set(err, ret, WSBOX_FAILED, "cannot write the file: %s", err_name(ret));
	*ret_size = e.end;
	return 0;
}
