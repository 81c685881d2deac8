/*
 * The line program of an object (DWARF 4, section 6.2): which code belongs to which line. Lines are
 * offsets in the module.
 */
#include <errno.h>
#include <string.h>

#include "jit/llvm/object.h"
#include "runtime/base/reader.h"

enum {
	COPY = 1, ADVANCE_PC, ADVANCE_LINE, SET_FILE, SET_COLUMN, NEGATE_STMT, SET_BASIC_BLOCK,
	CONST_ADD_PC, FIXED_ADVANCE_PC, SET_PROLOGUE_END, SET_EPILOGUE_BEGIN, SET_ISA, OPCODES,
};

enum { END_SEQUENCE = 1, SET_ADDRESS };

struct program {
	struct ll_object *o;
	const struct ll_section *from;
	struct reader r;
	uint8_t min_length, opcode_base, line_range;
	int8_t line_base;
	/* registers of the machine */
	uint32_t section;
	uint64_t address;
	uint32_t line;
	bool no_memory;
};

static uint64_t fixed(struct reader *r, unsigned int n)
{
	const uint8_t *p = reader_bytes(r, n);
	uint64_t v = 0;

	if (p)
		memcpy(&v, p, n);
	return v;
}

static void emit_row(struct program *p, bool end)
{
	struct ll_row_of_lines row = { p->section, (uint32_t)p->address, p->line, end };

	if (!p->section || p->address > p->o->sections[p->section].size) {
		reader_fail(&p->r, "row outside of its section");
		return;
	}
	p->no_memory |= !vec_push(&p->o->rows, row);
}

/* An address is the section's symbol, by a relocation. */
static void set_address(struct program *p)
{
	uint64_t at = (uint64_t)(p->r.at - p->from->at);
	const Elf64_Rela *found = NULL;

	(void)fixed(&p->r, 8);
	/* they come in the order of the program */
	for (uint32_t i = 0; i < p->from->nrelas && !found; i++)
		if (p->from->relas[i].r_offset == at)
			found = &p->from->relas[i];
	if (!found || ELF64_R_TYPE(found->r_info) != R_X86_64_64 ||
	    ELF64_R_SYM(found->r_info) >= p->o->nsymbols) {
		reader_fail(&p->r, "no address");
		return;
	}
	p->section = p->o->symbols[ELF64_R_SYM(found->r_info)].st_shndx;
	p->address = (uint64_t)found->r_addend + p->o->symbols[ELF64_R_SYM(found->r_info)].st_value;
	if (p->section >= p->o->nsections || !p->o->sections[p->section].text)
		reader_fail(&p->r, "address of no code");
}

static void extended_opcode(struct program *p)
{
	uint32_t len = reader_u32(&p->r);
	const uint8_t *next;

	if (!len || len > reader_left(&p->r)) {
		reader_fail(&p->r, "bad length");
		return;
	}
	next = p->r.at + len;
	switch (reader_byte(&p->r)) {
	case END_SEQUENCE:
		emit_row(p, true);
		p->section = 0;
		p->address = 0;
		p->line = 1;
		break;
	case SET_ADDRESS:
		set_address(p);
		break;
	}
	if (reader_ok(&p->r))
		p->r.at = next;
}

static void special(struct program *p, uint8_t opcode)
{
	p->address += (uint64_t)p->min_length *
		      (uint8_t)((opcode - p->opcode_base) / p->line_range);
	p->line += (uint32_t)(p->line_base + (opcode - p->opcode_base) % p->line_range);
}

static void standard(struct program *p, uint8_t opcode)
{
	switch (opcode) {
	case COPY:
		emit_row(p, false);
		break;
	case ADVANCE_PC:
		p->address += p->min_length * (uint64_t)reader_u32(&p->r);
		break;
	case ADVANCE_LINE:
		p->line += (uint32_t)reader_s64(&p->r);
		break;
	case SET_FILE:
	case SET_COLUMN:
	case SET_ISA:
		(void)reader_u32(&p->r);
		break;
	case CONST_ADD_PC:
		p->address += (uint64_t)p->min_length *
			      (uint8_t)((255 - p->opcode_base) / p->line_range);
		break;
	case FIXED_ADVANCE_PC:
		p->address += fixed(&p->r, 2);
		break;
	}
}

static void run(struct program *p)
{
	p->line = 1;
	while (reader_ok(&p->r) && reader_left(&p->r) && !p->no_memory) {
		uint8_t opcode = reader_byte(&p->r);

		if (!opcode) {
			extended_opcode(p);
		} else if (opcode >= p->opcode_base) {
			special(p, opcode);
			emit_row(p, false);
		} else {
			standard(p, opcode);
		}
	}
}

/* One unit: its header, of which only what the program needs, and the program. */
static void unit(struct program *p, struct reader *all)
{
	uint64_t size = fixed(all, 4), header;
	const uint8_t *start;

	p->r = reader_sub(all, size);
	if (fixed(&p->r, 2) != 4)
		reader_fail(&p->r, "not of DWARF 4");
	header = fixed(&p->r, 4);
	start = p->r.at;
	p->min_length = reader_byte(&p->r);
	(void)fixed(&p->r, 2);
	p->line_base = (int8_t)reader_byte(&p->r);
	p->line_range = reader_byte(&p->r);
	p->opcode_base = reader_byte(&p->r);
	if (!reader_ok(&p->r) || !p->line_range || p->opcode_base != OPCODES ||
	    header > (uint64_t)(p->r.end - start)) {
		reader_fail(&p->r, "bad header");
		return;
	}
	p->r.at = start + header;
	run(p);
}

/* Rows of a section lie together, as the program has one sequence for each. */
static int index_rows(struct ll_object *o)
{
	for (size_t i = 0; i < o->rows.len; i++) {
		const struct ll_row_of_lines *row = &o->rows.at[i];
		struct ll_section *s = &o->sections[row->section];
		bool again = i && o->rows.at[i - 1].section == row->section;

		if (again ? row->offset < o->rows.at[i - 1].offset : s->nrows != 0)
			return -EBADMSG;
		if (!again)
			s->first_row = (uint32_t)i;
		s->nrows++;
	}
	return 0;
}

int ll_lines_read(struct ll_object *o, uint32_t line)
{
	const struct ll_section *s = &o->sections[line];
	struct program p = { .o = o, .from = s };
	struct reader all = reader_of(s->at ? (const void *)s->at : "", s->size);

	while (reader_ok(&all) && reader_left(&all)) {
		unit(&p, &all);
		if (p.no_memory)
			return -ENOMEM;
		if (!reader_ok(&p.r))
			return -EBADMSG;
	}
	return reader_ok(&all) ? index_rows(o) : -EBADMSG;
}
