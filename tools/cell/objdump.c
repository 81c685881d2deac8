#include "tools/cell/objdump.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "jit/image.h"
#include "jit/lines.h"
#include "runtime/base/cwasm.h"
#include "runtime/base/num.h"
#include "runtime/wasm/module.h"
#include "runtime/wasm/print.h"
#include "tools/cell/listing.h"

enum objdump_limit {
	OBJDUMP_NAME = 200,	/* bytes of a function's name shown */
	OBJDUMP_ROW = 16,	/* bytes of data in a line */
};

/* Text from pc up to end is of `at` (struct jit_line). */
struct piece {
	uint32_t at, pc, end;
};

struct pieces VEC(struct piece);

struct dump {
	struct listing *out;
	const struct jit_image *image;
	const uint8_t *text;
	const uint32_t *entries;	/* of defined functions, each at or behind the one before */
	struct wasm_module m;
	struct wasm_name *names;	/* of all functions */
	struct jit_lines lines;
	size_t line;			/* where the next function's begin */
	const struct jit_disasm *disasm;
	void *state;			/* the disassembler's */
	char called[OBJDUMP_NAME];	/* what a branch leads to */
};

static int disagree(struct wsbox_err *err)
{
	return err_set(err, -ENOEXEC, WSBOX_INVALID,
		       "is damaged: it holds no code of the module it holds");
}

/* ---- what the file holds, checked ---- */

static int open_image(struct dump *d, const void *image, size_t size, struct wsbox_err *err)
{
	const struct jit_image *i = image;

	/* a run never sees an image that it did not make or allow; this one may be anybody's */
	if (jit_image_check(image, size, err) < 0)
		return disagree(err);
	if (i->nfuncs != d->m.nfuncs - d->m.imported_funcs || i->text_size > INT32_MAX)
		return disagree(err);
	d->image = i;
	d->text = (const uint8_t *)image + i->text_off;
	d->entries = (const void *)((const char *)image + i->funcs_off);
	for (uint32_t f = 0; f < i->nfuncs; f++)
		if (d->entries[f] > i->text_size || (f && d->entries[f] < d->entries[f - 1]))
			return disagree(err);
	return 0;
}

static int open_file(struct dump *d, const char *file, const struct cwasm *c, struct wsbox_err *err)
{
	int ret = wasm_module_decode(&d->m, file + c->module_off, c->module_size, c->features, err);

	if (ret < 0)
		return ret;
	ret = open_image(d, file + c->image_off, c->image_size, err);
	if (ret == 0)
		ret = jit_lines_read(file + c->lines_off, c->lines_size, d->image->text_size,
				     d->m.size, &d->lines, err);
	if (ret < 0)
		return ret;
	d->names = malloc((d->m.nfuncs + 1ull) * sizeof(*d->names));
	if (!d->names)
		return err_set(err, -ENOMEM, WSBOX_FAILED, "out of memory");
	wasm_func_names(&d->m, d->names);
	return 0;
}

/* ---- names ---- */

static const char *name_of(const struct dump *d, uint32_t f, char *buf, size_t size)
{
	return wasm_name_text(&d->names[f], f, buf, size);
}

/* The disassembler asks: an entry has its function's name. */
static const char *called(void *arg, uint64_t pc)
{
	struct dump *d = arg;
	uint32_t f;

	if (pc >= d->image->text_size || !d->image->nfuncs)
		return NULL;
	f = jit_image_func(d->image, (uint32_t)pc);
	if (d->entries[f] != pc)
		return NULL;
	return name_of(d, d->m.imported_funcs + f, d->called, sizeof(d->called));
}

/* ---- machine code ---- */

/* At most OBJDUMP_ROW bytes in hexadecimal, in buf. */
static const char *hex(const uint8_t *p, size_t n, char buf[3 * OBJDUMP_ROW + 1])
{
	static const char digits[] = "0123456789abcdef";
	char *at = buf;

	assert(n <= OBJDUMP_ROW);
	for (size_t i = 0; i < n; i++) {
		*at++ = ' ';
		*at++ = digits[p[i] >> 4];
		*at++ = digits[p[i] & 15];
	}
	*at = '\0';
	return buf;
}

static void put_code(struct dump *d, const struct piece *p)
{
	char text[400], bytes[3 * OBJDUMP_ROW + 1];

	assert(p->pc <= p->end && p->end <= d->image->text_size);
	for (uint32_t pc = p->pc; pc < p->end;) {
		size_t n = d->disasm->one(d->state, d->text + pc, p->end - pc, pc, text,
					  sizeof(text));

		if (!n) {
			strcpy(text, "(bad)");
			n = 1;
		}
		assert(n <= p->end - pc);
		err_printable(text, strlen(text));
		listing_line(d->out, "%8x:%-31s %s\n", pc, hex(d->text + pc, n, bytes), text);
		pc += (uint32_t)n;
	}
}

static void put_data(struct dump *d, const struct piece *p)
{
	char bytes[3 * OBJDUMP_ROW + 1];

	assert(p->pc <= p->end && p->end <= d->image->text_size);
	for (uint32_t pc = p->pc; pc < p->end; pc += OBJDUMP_ROW)
		listing_line(d->out, "%8x:%s\n", pc,
			     hex(d->text + pc, num_min(p->end - pc, OBJDUMP_ROW), bytes));
}

/* ---- a function ---- */

static int compare_pieces(const void *a, const void *b)
{
	const struct piece *x = a, *y = b;

	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	return x->pc < y->pc ? -1 : x->pc > y->pc;
}

/* The pieces of text from pc to end, by place. Functions come in order. */
static int cut(struct dump *d, uint32_t pc, uint32_t end, struct pieces *ret)
{
	const struct jit_line *l = d->lines.at;
	size_t n = d->lines.len;

	while (d->line + 1 < n && l[d->line + 1].pc <= pc)
		d->line++;
	for (size_t i = d->line; pc < end; i++) {
		bool known = i < n && l[i].pc <= pc;
		struct piece p = { known ? l[i].at : JIT_LINE_NONE, pc, end };

		if (known && i + 1 < n && l[i + 1].pc < end)
			p.end = l[i + 1].pc;
		if (!vec_push(ret, p))
			return -ENOMEM;
		pc = p.end;
	}
	if (ret->len)
		qsort(ret->at, ret->len, sizeof(*ret->at), compare_pieces);
	return 0;
}

/* The pieces from *i on that are before `at`: the last that is not is *i. */
static void put_upto(struct dump *d, const struct pieces *p, size_t *i, uint32_t at)
{
	for (; *i < p->len && p->at[*i].at < at; (*i)++)
		put_code(d, &p->at[*i]);
}

/* Over the declarations of locals. */
static void skip_locals(struct reader *r)
{
	uint32_t n = reader_u32(r);

	for (uint32_t i = 0; i < n && reader_ok(r); i++) {
		(void)reader_u32(r);
		if (reader_left(r) && (*r->at == 0x63 || *r->at == 0x64))
			r->at++;
		(void)reader_s33(r);
	}
}

static void put_body(struct dump *d, const struct wasm_func *f, const struct pieces *p, size_t *i)
{
	struct reader r = reader_of(f->body, f->body_len);
	char text[400];

	r.base = d->m.bytes;
	skip_locals(&r);
	while (reader_left(&r)) {
		uint32_t at = (uint32_t)reader_offset(&r);

		put_upto(d, p, i, at);
		if (!wasm_print_insn(&r, text, sizeof(text)))
			strcpy(text, "(bad)");
		listing_line(d->out, "0x%04x  %s\n", at, text);
		put_upto(d, p, i, at + 1);
	}
}

/*
 * Code in front of the first place is the prologue; other code without a place, and data, come
 * last.
 */
static void put_function(struct dump *d, uint32_t f, const struct pieces *p)
{
	uint32_t first = UINT32_MAX;
	size_t none = 0, data, i;
	bool told = false;

	while (none < p->len && p->at[none].at == JIT_LINE_NONE)
		none++;
	for (data = none; data < p->len && p->at[data].at == JIT_LINE_DATA;)
		data++;
	assert(none <= data && data <= p->len);
	for (i = data; i < p->len; i++)
		first = (uint32_t)num_min(first, p->at[i].pc);
	for (i = 0; i < none && p->at[i].pc < first; i++)
		put_code(d, &p->at[i]);
	size_t at = data;
	put_body(d, &d->m.funcs[f], p, &at);
	put_upto(d, p, &at, UINT32_MAX);
	for (; i < none; i++, told = true) {
		if (!told)
			listing_line(d->out, "of no instruction:\n");
		put_code(d, &p->at[i]);
	}
	for (i = none; i < data; i++) {
		if (i == none)
			listing_line(d->out, "data:\n");
		put_data(d, &p->at[i]);
	}
}

static int dump_function(struct dump *d, uint32_t f)
{
	uint32_t i = f - d->m.imported_funcs, pc = d->entries[i];
	bool last = i + 1 == d->image->nfuncs;
	uint32_t end = last ? (uint32_t)d->image->text_size : d->entries[i + 1];
	struct pieces pieces = { 0 };
	char name[OBJDUMP_NAME];
	int ret;

	assert(f >= d->m.imported_funcs && i < d->image->nfuncs);
	assert(pc <= end && end <= d->image->text_size);
	ret = cut(d, pc, end, &pieces);
	if (ret == 0) {
		listing_line(d->out, "\n%08x <%s>: function %u, %u bytes of code\n", pc,
			     name_of(d, f, name, sizeof(name)), f, end - pc);
		put_function(d, f, &pieces);
	}
	vec_done(&pieces);
	return ret;
}

/* ---- which functions ---- */

/* Whether func, a number, a name or that as the listing shows it, is this function. */
static bool chosen(const struct dump *d, const char *func, bool by_name, uint64_t index, uint32_t f)
{
	const struct wasm_name *n = &d->names[f];
	char shown[OBJDUMP_NAME];

	if (!func)
		return true;
	if (!by_name)
		return f == index;
	return !strcmp(func, name_of(d, f, shown, sizeof(shown))) ||
	       (n->len == strlen(func) && !memcmp(n->at, func, n->len));
}

static int dump_chosen(struct dump *d, const char *func, struct wsbox_err *err)
{
	uint64_t index = UINT64_MAX;
	bool by_name = func && num_parse_u64(func, 0, UINT32_MAX, &index) < 0;
	uint32_t n = 0;
	int ret = 0;

	for (uint32_t f = d->m.imported_funcs; f < d->m.nfuncs && ret == 0; f++) {
		if (!chosen(d, func, by_name, index, f))
			continue;
		n++;
		ret = dump_function(d, f);
	}
	if (ret < 0)
		return err_set(err, ret, WSBOX_FAILED, "out of memory");
	if (func && !n)
		return err_set(err, -ENOENT, WSBOX_NOTFOUND, "no function with code is %s %s",
			       by_name ? "named" : "number", func);
	return 0;
}

int objdump_print(const void *file, size_t size, const char *func, const struct jit_disasm *disasm,
		  int fd, struct wsbox_err *err)
{
	static struct listing out;
	struct dump d = { .out = &out, .disasm = disasm };
	struct cwasm head;
	int ret = cwasm_check(file, num_min(size, CWASM_PAGE), size, NULL, &head, err);

	if (ret < 0)
		return ret;
	out.fd = fd;
	ret = open_file(&d, file, &head, err);
	if (ret == 0) {
		d.state = disasm->open(called, &d);
		ret = d.state ? dump_chosen(&d, func, err) :
				err_set(err, -ENOMEM, WSBOX_FAILED, "out of memory");
	}
	if (d.state)
		disasm->close(d.state);
	listing_flush(&out);
	wasm_module_done(&d.m);
	vec_done(&d.lines);
	free(d.names);
	if (ret == 0 && out.error)
		return err_set(err, out.error, WSBOX_FAILED, "cannot write: %s",
			       err_name(out.error));
	return ret;
}
