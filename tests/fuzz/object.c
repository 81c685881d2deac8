/*
 * The reader of the objects that LLVM makes, and of the line program in them: what it takes names
 * code within its sections, in order.
 */
#include "tests/fuzz/fuzz.h"

#include <errno.h>
#include <llvm-c/Core.h>

#include "jit/llvm/object.h"

/* Of a buffer that there is not. */
void LLVMDisposeMemoryBuffer(LLVMMemoryBufferRef buffer)
{
	abort();
}

static void check_rows(const struct ll_object *o, const struct ll_section *s, uint32_t number)
{
	MUST(s->first_row <= o->rows.len && s->nrows <= o->rows.len - s->first_row);
	for (uint32_t i = s->first_row; i < s->first_row + s->nrows; i++) {
		MUST(o->rows.at[i].section == number && o->rows.at[i].offset <= s->size);
		MUST(i == s->first_row || o->rows.at[i].offset >= o->rows.at[i - 1].offset);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ll_object o = { 0 };
	uint64_t sum = 0;
	int ret = ll_object_read(&o, NULL, data, size, 0, 4);

	MUST(ret == 0 || ret == -EBADMSG || ret == -ENOMEM);
	for (uint32_t i = 0; ret == 0 && i < o.nsections; i++) {
		const struct ll_section *s = &o.sections[i];

		check_rows(&o, s, i);
		MUST(!s->text || !s->data);
		MUST(!(s->text || s->data) || s->align <= 64);
		for (uint32_t k = 0; k < s->size && s->at; k += 64)
			sum += s->at[k];
		for (uint32_t k = 0; k < s->nrelas; k++)
			sum += s->relas[k].r_info;
	}
	for (uint32_t i = 0; ret == 0 && i < o.nsymbols; i++) {
		const char *name = ll_object_name(&o, &o.symbols[i]);

		sum += name ? strlen(name) : 0;
	}
	for (uint32_t i = 0; ret == 0 && i < o.n; i++)
		MUST(o.text_of[i] < o.nsections &&
		     (!o.text_of[i] || o.sections[o.text_of[i]].text));
	ll_object_done(&o);
	return (int)(sum >> 63 >> 1);
}
