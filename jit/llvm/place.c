/*
 * From the object of a batch into the image: the code of each function in its order among those of
 * the baseline, constants and jump tables behind the batch, and stubs. References are by symbol:
 *
 *	f N	function N, by our convention, or where LLVM's code calls another with stack
 *		arguments, by C's
 *	j N	function N, from a tail call, which must be a jump
 *	t N	trap N
 *	s	the callee in r10 has another type than the first argument
 *	k N	a tail call of the descriptor in r10, of type N
 *	m	memory.copy within memory 0
 *	c B_N	a call of the descriptor in r10, of type N with B bytes of stack arguments
 *
 * A function with any other reference is left to the baseline.
 */
#include <errno.h>
#include <stdlib.h>

#include "jit/llvm/ir.h"
#include "jit/llvm/object.h"
#include "jit/llvm/place.h"
#include "jit/llvm/tier.h"

struct target {
	enum { TO_NOTHING, TO_FUNC, TO_STUB, TO_SECTION } kind;
	uint32_t index;
	bool tail;
};

static struct target nothing(void)
{
	return (struct target){ TO_NOTHING, 0, false };
}

static struct target target_of_name(const struct ll *l, const char *name)
{
	unsigned long n = strtoul(name + 1, NULL, 10);
	bool func = n >= l->m->imported_funcs && n < l->m->nfuncs;

	switch (name[0]) {
	case 'f':
	case 'j':
		return func ? (struct target){ TO_FUNC, (uint32_t)n, name[0] == 'j' } : nothing();
	case 't':
		return n < RT_TRAPS ? (struct target){ TO_STUB, (uint32_t)n, false } : nothing();
	case 's':
		return (struct target){ TO_STUB, LL_STUB_MISMATCH, false };
	case 'm':
		return (struct target){ TO_STUB, LL_STUB_COPY, false };
	case 'k':
		return (struct target){ TO_STUB, LL_STUB_TAIL, true };
	case 'c':
		if (n > LL_ADAPTED_MAX)
			return nothing();
		return (struct target){ TO_STUB, LL_STUB_CALL + (uint32_t)n / 16, false };
	default:
		return nothing();
	}
}

static struct target target_of(const struct ll *l, const Elf64_Rela *r)
{
	const struct ll_object *o = l->object;
	const Elf64_Sym *s;
	const char *name;

	if (ELF64_R_SYM(r->r_info) >= o->nsymbols)
		return nothing();
	s = &o->symbols[ELF64_R_SYM(r->r_info)];
	name = ll_object_name(o, s);
	if (s->st_shndx == SHN_UNDEF)
		return name ? target_of_name(l, name) : nothing();
	if (s->st_shndx >= o->nsections ||
	    !(o->sections[s->st_shndx].text || o->sections[s->st_shndx].data))
		return nothing();
	return (struct target){ TO_SECTION, s->st_shndx, false };
}

/* jmp rel32 or a conditional one, whose displacement is at p + at. */
static bool is_jump(const uint8_t *p, uint64_t at)
{
	return p[at - 1] == 0xe9 || (at >= 2 && p[at - 2] == 0x0f && (p[at - 1] & 0xf0) == 0x80);
}

/* Whether a reference of code is one that can be made good. */
static bool good_reference(const struct ll *l, const struct ll_section *s, const Elf64_Rela *r)
{
	struct target t = target_of(l, r);
	uint32_t type = ELF64_R_TYPE(r->r_info);

	if ((type != R_X86_64_PC32 && type != R_X86_64_PLT32) || s->size < 4 ||
	    r->r_offset > s->size - 4 || r->r_offset < 1)
		return false;
	if (t.kind == TO_FUNC || t.kind == TO_STUB)
		return r->r_addend == -4 && (!t.tail || is_jump(s->at, r->r_offset));
	return t.kind == TO_SECTION;
}

static bool good_code(const struct ll *l, const struct ll_section *s)
{
	for (uint32_t i = 0; i < s->nrelas; i++)
		if (!good_reference(l, s, &s->relas[i]))
			return false;
	return s->nrows;
}

/* Where each place in the module begins, and where the function ends. */
static int place_lines(const struct ll *l, const struct ll_section *s, struct jit_out *out)
{
	const struct ll_object *o = l->object;
	uint32_t last = UINT32_MAX;

	for (uint32_t i = s->first_row; i < s->first_row + s->nrows; i++) {
		const struct ll_row_of_lines *row = &o->rows.at[i];
		struct jit_site site = {
			.pc = s->off + row->offset, .at = row->line | JIT_SITE_RANGE
		};
		bool more = i + 1 < s->first_row + s->nrows;

		if (row->end)
			site.at = JIT_SITE_END;
		else if (site.at == last || (more && o->rows.at[i + 1].offset == row->offset))
			continue;
		last = site.at;
		if (!vec_push(&out->sites, site) ||
		    (l->options->lines &&
		     !jit_line_add(&out->lines, site.pc, row->end ? JIT_LINE_DATA : row->line)))
			return -ENOMEM;
	}
	return 0;
}

/* Code from here on is of no instruction, or no code. */
static bool place_no_line(const struct ll *l, struct jit_out *out, uint32_t what)
{
	return !l->options->lines || jit_line_add(&out->lines, x64_offset(&out->code), what);
}

/* Calls of functions are made good when all have their place. */
static int place_calls(const struct ll *l, const struct ll_section *s, struct jit_out *out)
{
	for (uint32_t i = 0; i < s->nrelas; i++) {
		struct target t = target_of(l, &s->relas[i]);
		struct jit_reloc r = {
			.at = s->off + (uint32_t)s->relas[i].r_offset, .func = t.index,
			.inner = true
		};

		if (t.kind == TO_FUNC && !vec_push(&out->relocs, r))
			return -ENOMEM;
	}
	return 0;
}

static void append_section(struct jit_out *out, struct ll_section *s)
{
	assert(s->align && !(s->align & (s->align - 1)));
	x64_reserve(&out->code, X64_ROOM_ONE);
	x64_align(&out->code, s->align);
	s->off = x64_offset(&out->code);
	assert((size_t)(out->code.end - out->code.at) >= s->size);	/* ll_room() saw to it */
	memcpy(out->code.at, s->at, s->size);
	out->code.at += s->size;
	s->placed = true;
}

/* The object that holds the function's code, or the first. */
static struct ll_object *object_of(const struct ll *l, uint32_t func)
{
	for (struct ll_object *o = &l->objects[LL_CARES - 1]; o > l->objects; o--)
		if (func - o->first < o->n && o->text_of[func - o->first])
			return o;
	return &l->objects[0];
}

/* Code, its places in the module, and its calls. */
static int place_code(struct ll *l, struct ll_section *s, struct jit_out *out)
{
	int ret;

	append_section(out, s);
	ret = place_lines(l, s, out);
	return ret == 0 ? place_calls(l, s, out) : ret;
}

/* Those of this function: first of them, and how many. */
static const struct ll_osr *osrs_of(const struct ll_object *o, uint32_t func, size_t *ret_n)
{
	size_t first = 0, n = 0;

	while (first < o->osrs.len && o->osrs.at[first].func != func)
		first++;
	while (first + n < o->osrs.len && o->osrs.at[first + n].func == func)
		n++;
	*ret_n = n;
	return o->osrs.at + first;
}

static int place_osrs(struct ll *l, const struct ll_osr *osrs, size_t n, struct jit_out *out)
{
	int ret = 0;

	for (size_t i = 0; i < n && ret == 0; i++) {
		struct ll_section *s = &l->object->sections[osrs[i].section];
		struct jit_osr osr = { .at = osrs[i].at };

		if (!good_code(l, s))
			continue;
		ret = place_code(l, s, out);
		osr.pc = s->off;
		if (ret == 0 && !vec_push(&out->osrs, osr))
			ret = -ENOMEM;
	}
	return ret;
}

int ll_place_function(struct ll *l, uint32_t func, struct jit_out *out, struct jit_entry *ret)
{
	struct ll_object *o = l->object = object_of(l, func);
	struct ll_section *s = func - o->first < o->n ? &o->sections[o->text_of[func - o->first]] :
							NULL;
	const struct ll_sig *sig = &l->sigs[l->m->funcs[func].type];
	uint32_t bytes = sig->cc.stack_bytes;
	size_t nosrs, room = LL_ADAPTER_ROOM;
	const struct ll_osr *osrs = osrs_of(o, func, &nosrs);
	struct jit_entry e;
	int r;

	if (!s || !s->text || !good_code(l, s))
		return -ENOTSUP;
	room += s->size + 64;
	for (size_t i = 0; i < nosrs; i++)
		room += o->sections[osrs[i].section].size + 64;
	if (!ll_room(out, room))
		return -ENOSPC;
	x64_reserve(&out->code, X64_ROOM_ONE);
	x64_align(&out->code, s->align);
	e.entry = x64_offset(&out->code);
	if (!place_no_line(l, out, JIT_LINE_NONE))
		return -ENOMEM;
	r = bytes ? ll_adapter_in(out, bytes, sig->narrow, s->align) : 0;
	if (r < 0)
		return r;
	r = place_code(l, s, out);
	e.inner = s->off;
	if (r == 0)
		r = place_osrs(l, osrs, nosrs, out);
	if (r == 0)
		*ret = e;
	return r;
}

int ll_place_baseline(struct ll *l, uint32_t func, struct jit_out *out, struct jit_entry *entry)
{
	const struct ll_sig *s = ll_sig(l, l->m->funcs[func].type);
	uint32_t at;
	int ret;

	if (!s)
		return -ENOMEM;
	if (!s->cc.stack_bytes || s->odd)
		return 0;
	if (!ll_room(out, 64 + LL_ADAPTER_ROOM))
		return -ENOSPC;
	x64_reserve(&out->code, X64_ROOM_ONE);
	x64_align(&out->code, 16);
	at = x64_offset(&out->code);
	if (!place_no_line(l, out, JIT_LINE_NONE))
		return -ENOMEM;
	ret = ll_adapter_out(out, s->cc.stack_bytes, entry->entry);
	if (ret == 0)
		entry->inner = at;
	return ret;
}

/* ---- behind the batch ---- */

/* A stub, at most once. */
static int stub(struct jit_out *out, uint32_t *stubs, uint32_t n)
{
	struct x64_buf *x = &out->code;

	assert(n < LL_STUBS);
	if (stubs[n])
		return 0;
	if (!ll_room(out, 64 + LL_ADAPTER_ROOM))
		return -ENOSPC;
	x64_reserve(x, X64_ROOM_ONE);
	x64_align(x, 16);
	stubs[n] = x64_offset(x);
	if (n >= LL_STUB_CALL)
		return ll_adapter_indirect(out, 16 * (n - LL_STUB_CALL));
	if (n == LL_STUB_TAIL) {
		x64_m(x, X64_JMP_IND, X64_64, x64_at(X64_R10, offsetof(struct jit_callee, code)));
	} else if (n == LL_STUB_MISMATCH) {
		x64_rr(x, X64_MOV, X64_32, X64_RAX, X64_RDI);
		x64_m(x, X64_JMP_IND, X64_64, x64_at(JIT_MEM_BASE, JIT_VMCTX(indirect_fail)));
	} else if (n == LL_STUB_COPY) {
		ll_copy_stub(x);
	} else {
		x64_mov_imm(x, X64_RAX, n);
		x64_m(x, X64_JMP_IND, X64_64, x64_at(JIT_MEM_BASE, JIT_VMCTX(trap)));
	}
	return 0;
}

/* A relative reference: target + addend - place. */
static void aim_relative(struct jit_out *out, const struct ll_section *s, const Elf64_Rela *r,
			 uint64_t target)
{
	uint32_t at = s->off + (uint32_t)r->r_offset;
	uint32_t d = (uint32_t)(target + (uint64_t)r->r_addend - at);

	assert((uint64_t)at + 4 <= x64_offset(&out->code));
	memcpy(out->code.start + at, &d, 4);
}

static int finish_section(struct ll *l, struct jit_out *out, const struct ll_section *s,
			  uint32_t *stubs)
{
	const struct ll_object *o = l->object;

	for (uint32_t i = 0; i < s->nrelas; i++) {
		const Elf64_Rela *r = &s->relas[i];
		struct target t = target_of(l, r);
		int ret = t.kind == TO_STUB ? stub(out, stubs, t.index) : 0;

		if (ret < 0)
			return ret;
		if (t.kind == TO_STUB)
			aim_relative(out, s, r, stubs[t.index]);
		else if (t.kind == TO_SECTION && o->sections[t.index].placed)
			aim_relative(out, s, r, o->sections[t.index].off +
						o->symbols[ELF64_R_SYM(r->r_info)].st_value);
	}
	return 0;
}

/* Constants and jump tables. A table of a function that was left to the baseline leads nowhere. */
static int place_data(struct ll_object *o, struct jit_out *out)
{
	for (uint32_t i = 0; i < o->nsections; i++) {
		struct ll_section *s = &o->sections[i];

		if (!s->data)
			continue;
		for (uint32_t k = 0; k < s->nrelas; k++)
			if (s->size < 4 || s->relas[k].r_offset > s->size - 4 ||
			    ELF64_R_TYPE(s->relas[k].r_info) != R_X86_64_PC32)
				return -EBADMSG;
		if (!ll_room(out, s->size + 64))
			return -ENOSPC;
		append_section(out, s);
	}
	return 0;
}

/* An object's data, and then its references. */
static int place_object(struct ll *l, struct jit_out *out, uint32_t *stubs)
{
	struct ll_object *o = l->object;
	int ret;

	if (!place_no_line(l, out, JIT_LINE_DATA))
		return -ENOMEM;
	ret = place_data(o, out);
	if (ret == 0 && !place_no_line(l, out, JIT_LINE_NONE))
		ret = -ENOMEM;
	for (uint32_t i = 0; i < o->nsections && ret == 0; i++)
		if (o->sections[i].placed)
			ret = finish_section(l, out, &o->sections[i], stubs);
	return ret;
}

int ll_place_shared(struct ll *l, struct jit_out *out)
{
	struct jit_out before = *out;
	uint32_t stubs[LL_STUBS] = { 0 };
	int ret = 0;

	for (unsigned int k = 0; k < LL_CARES && ret == 0; k++) {
		l->object = &l->objects[k];
		ret = place_object(l, out, stubs);
	}
	if (ret == -ENOSPC) {
		out->code.at = before.code.at;
		out->sites.len = before.sites.len;
		out->lines.len = before.lines.len;
	}
	return ret;
}
