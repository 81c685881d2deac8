#include "jit/llvm/object.h"

#include <errno.h>
#include <llvm-c/Core.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/num.h"

#define SECTION_MAX ((uint64_t)1 << 30)

/* n items of size bytes at an offset, or NULL. */
static const void *items(const struct ll_object *o, uint64_t off, uint64_t n, uint64_t size,
			 uint64_t align)
{
	if (off % align || off > o->size || n > (o->size - off) / size)
		return NULL;
	return o->bytes + off;
}

static bool read_section(struct ll_object *o, struct ll_section *s, const Elf64_Shdr *h)
{
	if (h->sh_type == SHT_NOBITS || !h->sh_size)
		return true;
	if (h->sh_size > SECTION_MAX || h->sh_addralign > 64)
		return false;
	s->at = items(o, h->sh_offset, h->sh_size, 1, 1);
	s->size = (uint32_t)h->sh_size;
	s->align = h->sh_addralign ? (uint32_t)h->sh_addralign : 1;
	s->text = h->sh_type == SHT_PROGBITS && (h->sh_flags & SHF_ALLOC) &&
		  (h->sh_flags & SHF_EXECINSTR);
	s->data = h->sh_type == SHT_PROGBITS && (h->sh_flags & SHF_ALLOC) && !s->text;
	/* nothing in an image is ever written */
	return s->at && !(h->sh_flags & SHF_WRITE && h->sh_flags & SHF_ALLOC);
}

static bool read_relas(struct ll_object *o, const Elf64_Shdr *h)
{
	struct ll_section *s;

	if (h->sh_info >= o->nsections || h->sh_entsize != sizeof(Elf64_Rela))
		return false;
	s = &o->sections[h->sh_info];
	s->relas = items(o, h->sh_offset, h->sh_size / sizeof(Elf64_Rela), sizeof(Elf64_Rela), 8);
	s->nrelas = (uint32_t)(h->sh_size / sizeof(Elf64_Rela));
	return s->relas;
}

static bool read_symbols(struct ll_object *o, const Elf64_Shdr *h, const Elf64_Shdr *names)
{
	o->symbols = items(o, h->sh_offset, h->sh_size / sizeof(Elf64_Sym), sizeof(Elf64_Sym), 8);
	o->nsymbols = (uint32_t)(h->sh_size / sizeof(Elf64_Sym));
	o->names = items(o, names->sh_offset, names->sh_size, 1, 1);
	o->names_size = names->sh_size;
	return o->symbols && o->names && o->names_size && !o->names[o->names_size - 1];
}

const char *ll_object_name(const struct ll_object *o, const Elf64_Sym *s)
{
	return s->st_name && s->st_name < o->names_size ? o->names + s->st_name : NULL;
}

/* In the order of loops; symbols come in about that order, so few are moved. */
static int add_osr(struct ll_object *o, struct ll_osr osr)
{
	size_t i;

	if (!vec_push(&o->osrs, osr))
		return -ENOMEM;
	for (i = o->osrs.len - 1; i && o->osrs.at[i - 1].at > osr.at; i--)
		o->osrs.at[i] = o->osrs.at[i - 1];
	o->osrs.at[i] = osr;
	return i && o->osrs.at[i - 1].at == osr.at ? -EBADMSG : 0;
}

/*
 * Definitions are called d and the function's index, or o and a loop's place, _ and the function's
 * index; each is alone in a section.
 */
static int find_functions(struct ll_object *o)
{
	for (uint32_t i = 0; i < o->nsymbols; i++) {
		const Elf64_Sym *s = &o->symbols[i];
		const char *name = ll_object_name(o, s);
		unsigned long func, at = 0;
		char *end;
		int ret;

		if (!name || (name[0] != 'd' && name[0] != 'o') ||
		    ELF64_ST_TYPE(s->st_info) != STT_FUNC)
			continue;
		func = strtoul(name + 1, &end, 10);
		if (name[0] == 'o' && *end == '_') {
			at = func;
			func = strtoul(end + 1, NULL, 10);
		}
		if (func < o->first || func - o->first >= o->n || at > UINT32_MAX ||
		    s->st_shndx >= o->nsections || s->st_value ||
		    !o->sections[s->st_shndx].text ||
		    s->st_size > o->sections[s->st_shndx].size || (name[0] == 'o') != !!at)
			return -EBADMSG;
		if (!at) {
			o->text_of[func - o->first] = s->st_shndx;
			continue;
		}
		ret = add_osr(o, (struct ll_osr){ (uint32_t)func, (uint32_t)at, s->st_shndx });
		if (ret < 0)
			return ret;
	}
	return 0;
}

static const char *name_of_section(const struct ll_object *o, const Elf64_Ehdr *e,
				   const Elf64_Shdr *headers, uint32_t i)
{
	const Elf64_Shdr *names = &headers[e->e_shstrndx];
	const char *at = items(o, names->sh_offset, names->sh_size, 1, 1);

	if (!at || headers[i].sh_name >= names->sh_size || at[names->sh_size - 1])
		return "";
	return at + headers[i].sh_name;
}

static int read_all(struct ll_object *o, const Elf64_Ehdr *e, const Elf64_Shdr *headers)
{
	uint32_t line = 0;
	int ret;

	for (uint32_t i = 0; i < o->nsections; i++) {
		const Elf64_Shdr *h = &headers[i];
		bool ok = true;

		if (h->sh_type == SHT_RELA)
			ok = read_relas(o, h);
		else if (h->sh_type == SHT_SYMTAB)
			ok = h->sh_link < o->nsections && read_symbols(o, h, &headers[h->sh_link]);
		if (!ok || !read_section(o, &o->sections[i], h))
			return -EBADMSG;
		if (!strcmp(name_of_section(o, e, headers, i), ".debug_line"))
			line = i;
	}
	ret = o->symbols ? find_functions(o) : -EBADMSG;
	if (ret < 0)
		return ret;
	return line ? ll_lines_read(o, line) : 0;
}

int ll_object_read(struct ll_object *o, void *buffer, const void *bytes, size_t size,
		   uint32_t first, uint32_t n)
{
	const Elf64_Ehdr *e = bytes;
	const Elf64_Shdr *headers;

	*o = (struct ll_object){
		.buffer = buffer, .bytes = bytes, .size = size, .first = first, .n = n
	};
	if (size < sizeof(*e) || memcmp(e->e_ident, ELFMAG, SELFMAG) || e->e_type != ET_REL ||
	    e->e_machine != EM_X86_64 || e->e_shstrndx >= e->e_shnum)
		return -EBADMSG;
	headers = items(o, e->e_shoff, e->e_shnum, sizeof(*headers), 8);
	if (!headers)
		return -EBADMSG;
	o->nsections = e->e_shnum;
	o->sections = calloc(o->nsections, sizeof(*o->sections));
	o->text_of = calloc(n + 1, sizeof(*o->text_of));
	if (!o->sections || !o->text_of)
		return -ENOMEM;
	return read_all(o, e, headers);
}

void ll_object_drop(struct ll_object *o, const uint64_t *which)
{
	for (uint32_t i = 0; i < o->n; i++)
		if (which[i / 64] >> i % 64 & 1)
			o->text_of[i] = 0;
	for (uint32_t i = 0; i < o->nsections; i++)
		o->sections[i].placed = false;
}

void ll_object_done(struct ll_object *o)
{
	if (o->buffer)
		LLVMDisposeMemoryBuffer(o->buffer);
	free(o->sections);
	free(o->text_of);
	vec_done(&o->rows);
	vec_done(&o->osrs);
	*o = (struct ll_object){ 0 };
}
