/* Instructions as text: see print.h. */
#include "runtime/wasm/print.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "runtime/base/num.h"
#include "runtime/wasm/body.h"
#include "runtime/wasm/skip.h"

/* What follows an opcode, a letter each: put_one() has them. */
static const char *const forms[] = {
	[WASM_IMM_NONE] = "",
	[WASM_IMM_BLOCK] = "k",
	[WASM_IMM_LABEL] = "u",
	[WASM_IMM_BR_TABLE] = "nu",
	[WASM_IMM_FUNC] = "u",
	[WASM_IMM_CALL_INDIRECT] = "yu",
	[WASM_IMM_LOCAL] = "u",
	[WASM_IMM_GLOBAL] = "u",
	[WASM_IMM_TABLE] = "u",
	[WASM_IMM_TABLE_TABLE] = "uu",
	[WASM_IMM_ELEM_TABLE] = "uu",
	[WASM_IMM_ELEM] = "u",
	[WASM_IMM_MEMARG] = "m",
	[WASM_IMM_MEMARG_LANE] = "mb",
	[WASM_IMM_LANE] = "b",
	[WASM_IMM_MEMORY] = "u",
	[WASM_IMM_MEMORY_MEMORY] = "uu",
	[WASM_IMM_DATA_MEMORY] = "uu",
	[WASM_IMM_DATA] = "u",
	[WASM_IMM_I32] = "i",
	[WASM_IMM_I64] = "l",
	[WASM_IMM_F32] = "f",
	[WASM_IMM_F64] = "d",
	[WASM_IMM_V128] = "v",
	[WASM_IMM_SHUFFLE] = "bbbbbbbbbbbbbbbb",
	[WASM_IMM_SELECT_T] = "t",
	[WASM_IMM_HEAP] = "h",
	[WASM_IMM_TYPE] = "u",
	[WASM_IMM_TAG] = "u",
	[WASM_IMM_TRY_TABLE] = "kc",
	[WASM_IMM_FENCE] = "b",
	[WASM_IMM_TYPE_FIELD] = "uu",
	[WASM_IMM_TYPE_COUNT] = "uu",
	[WASM_IMM_TYPE_DATA] = "uu",
	[WASM_IMM_TYPE_ELEM] = "uu",
	[WASM_IMM_TYPE_TYPE] = "uu",
	[WASM_IMM_CAST] = "buhh",
};
_Static_assert(ARRAY_SIZE(forms) == WASM_IMM_CAST + 1, "a form of each immediate");

struct text {
	char *at;
	size_t left;		/* with the NUL: at least 1 */
};

__attribute__((format(printf, 2, 3)))
static void spell(struct text *t, const char *fmt, ...)
{
	va_list ap;
	size_t n;
	int ret;

	va_start(ap, fmt);
	ret = vsnprintf(t->at, t->left, fmt, ap);
	va_end(ap);
	n = num_min(ret < 0 ? 0 : (size_t)ret, t->left - 1);
	t->at += n;
	t->left -= n;
}

/* A heap or value type, in a number of 33 bits, perhaps after a byte that makes it a reference. */
static void put_type(struct reader *r, struct text *t, bool block)
{
	char name[WASM_TYPE_NAME];
	const char *open = "", *close = "";
	int64_t v;

	if (reader_left(r) && (*r->at == 0x63 || *r->at == 0x64)) {
		open = *r->at++ == 0x63 ? "(ref null " : "(ref ";
		close = ")";
	}
	v = reader_s33(r);
	if (v >= 0 && block && !*open)
		spell(t, " (type %lld)", (long long)v);
	else if (v >= 0)
		spell(t, " %s%lld%s", open, (long long)v, close);
	else if ((v & 0x7f) == 0x40)
		return;		/* a block without parameters and results */
	else if ((v & 0x7f) >= WASM_KIND_V128)
		spell(t, " %s", wasm_type_name((wasm_valtype)(v & 0x7f), name));
	else
		spell(t, " %s%s%s", open,
		    wasm_type_name(WASM_REF(true, WASM_HEAP_ABSTRACT + (v & 0x7f)), name), close);
}

static void put_numbers(struct reader *r, struct text *t)
{
	uint32_t n = reader_u32(r);

	for (uint32_t i = 0; i < n && reader_ok(r); i++)
		spell(t, " %u", reader_u32(r));
}

static void put_memarg(struct reader *r, struct text *t)
{
	uint32_t align = reader_u32(r), memory = align & 0x40 ? reader_u32(r) : 0;
	uint64_t offset = reader_u64(r);

	if (memory)
		spell(t, " %u", memory);
	if (offset)
		spell(t, " offset=%llu", (unsigned long long)offset);
	spell(t, " align=%llu", 1ull << (align & 0x3f));
}

static void put_catches(struct reader *r, struct text *t)
{
	static const char *const names[] = {
		[WASM_CATCH] = "catch", [WASM_CATCH_REF] = "catch_ref",
		[WASM_CATCH_ALL] = "catch_all", [WASM_CATCH_ALL_REF] = "catch_all_ref",
	};
	uint32_t n = reader_u32(r);

	for (uint32_t i = 0; i < n && reader_ok(r); i++) {
		uint8_t kind = reader_byte(r);

		if (kind >= ARRAY_SIZE(names)) {
			reader_fail(r, "no such catch clause");
			return;
		}
		spell(t, " (%s", names[kind]);
		if (kind <= WASM_CATCH_REF)
			spell(t, " %u", reader_u32(r));
		spell(t, " %u)", reader_u32(r));
	}
}

static void put_f32(struct reader *r, struct text *t)
{
	uint32_t bits = reader_f32(r);
	float v;

	memcpy(&v, &bits, sizeof(v));
	if (isnan(v))
		spell(t, " %snan:0x%x", bits >> 31 ? "-" : "", bits & 0x7fffff);
	else
		spell(t, " %.9g", (double)v);
}

static void put_f64(struct reader *r, struct text *t)
{
	uint64_t bits = reader_f64(r);
	double v;

	memcpy(&v, &bits, sizeof(v));
	if (isnan(v))
		spell(t, " %snan:0x%llx", bits >> 63 ? "-" : "",
		    (unsigned long long)(bits & 0xfffffffffffff));
	else
		spell(t, " %.17g", v);
}

static void put_v128(struct reader *r, struct text *t)
{
	spell(t, " i32x4");
	for (int i = 0; i < 4; i++)
		spell(t, " 0x%08x", reader_f32(r));
}

static void put_one(struct reader *r, struct text *t, char form)
{
	switch (form) {
	case 'u':
		spell(t, " %u", reader_u32(r));
		break;
	case 'y':
		spell(t, " (type %u)", reader_u32(r));
		break;
	case 'i':
		spell(t, " %d", reader_s32(r));
		break;
	case 'l':
		spell(t, " %lld", (long long)reader_s64(r));
		break;
	case 'b':
		spell(t, " %u", reader_byte(r));
		break;
	case 'f':
		put_f32(r, t);
		break;
	case 'd':
		put_f64(r, t);
		break;
	case 'v':
		put_v128(r, t);
		break;
	case 'm':
		put_memarg(r, t);
		break;
	case 'n':
		put_numbers(r, t);
		break;
	case 't':
		(void)reader_u32(r);	/* of types: one */
		put_type(r, t, false);
		break;
	case 'c':
		put_catches(r, t);
		break;
	default:
		put_type(r, t, form == 'k');
	}
}

bool wasm_print_insn(struct reader *r, char *buf, size_t size)
{
	struct text t = { buf, size };
	uint16_t op;

	buf[0] = '\0';
	if (!reader_left(r))
		return false;
	op = wasm_skip_opcode(r);
	if (op == WASM_OPS) {
		reader_fail(r, "no such instruction");
		return false;
	}
	spell(&t, "%s", wasm_op_name(&wasm_ops[op]));
	for (const char *form = forms[wasm_ops[op].imm]; *form; form++)
		put_one(r, &t, *form);
	return reader_ok(r);
}
