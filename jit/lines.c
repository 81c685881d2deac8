#include "jit/lines.h"

#include <assert.h>
#include <errno.h>

#include "runtime/base/num.h"
#include "runtime/base/reader.h"

bool jit_line_add(struct jit_lines *lines, uint32_t pc, uint32_t at)
{
	struct jit_line *last = lines->len ? &lines->at[lines->len - 1] : NULL;

	assert(!last || pc >= last->pc);
	if (last && last->pc == pc) {
		last->at = at;
		return true;
	}
	if (last && last->at == at)
		return true;
	return vec_push(lines, ((struct jit_line){ pc, at }));
}

static bool put_unsigned(struct jit_bytes *to, uint32_t v)
{
	for (; v >= 0x80; v >>= 7)
		if (!vec_push(to, (uint8_t)(v | 0x80)))
			return false;
	return vec_push(to, (uint8_t)v);
}

static bool put_signed(struct jit_bytes *to, int64_t v)
{
	for (; v < -0x40 || v >= 0x40; v >>= 7)
		if (!vec_push(to, (uint8_t)((v & 0x7f) | 0x80)))
			return false;
	return vec_push(to, (uint8_t)(v & 0x7f));
}

int jit_lines_write(const struct jit_lines *lines, struct jit_bytes *to)
{
	struct jit_line last = { 0, 0 };

	for (size_t i = 0; i < lines->len; i++) {
		const struct jit_line *l = &lines->at[i];

		assert(!i || l->pc > last.pc);
		if (!put_unsigned(to, l->pc - last.pc) ||
		    !put_signed(to, (int64_t)l->at - (int64_t)last.at))
			return -ENOMEM;
		last = *l;
	}
	return 0;
}

int jit_lines_read(const void *bytes, size_t n, uint64_t text_size, uint64_t module_size,
		   struct jit_lines *ret, struct wsbox_err *err)
{
	uint64_t pc_max = num_min(text_size, UINT32_MAX), at_max = num_min(module_size, UINT32_MAX);
	struct reader r = reader_of(bytes, n);
	uint64_t pc = 0;
	int64_t at = 0;

	for (bool first = true; reader_left(&r); first = false) {
		uint32_t step = reader_u32(&r);

		pc += step;
		at += reader_s33(&r);
		if ((!first && !step) || pc > pc_max || at < 0 || (uint64_t)at > at_max)
			reader_fail(&r, "bad line");
		if (!reader_ok(&r))
			break;
		if (!vec_push(ret, ((struct jit_line){ (uint32_t)pc, (uint32_t)at })))
			return err_set(err, -ENOMEM, WSBOX_FAILED, "out of memory");
	}
	if (!reader_ok(&r))
		return err_set(err, -ENOEXEC, WSBOX_INVALID, "the line table is damaged");
	return 0;
}
