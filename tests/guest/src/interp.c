/* interp.c: a bytecode interpreter with a switch; measures br_table and unpredictable control. */
#include "guest.h"

enum op { PUSH, LOAD, STORE, ADD, SUB, MUL, XOR, SHR, LESS, JUMP, JUMP_ZERO, HALT };

/*
 * for (i = 0; i < limit; i++) {
 *	x = x * 1103515245 + i;
 *	acc = (x >> 5 ^ x) < acc ? acc - x : acc ^ x;
 * }
 */
static const int32_t program[] = {
	PUSH, 12345, STORE, 0, PUSH, 0, STORE, 1, PUSH, 777, STORE, 2,
	/* 12 */ LOAD, 1, LOAD, 3, LESS, JUMP_ZERO, 55,
	/* 19 */ LOAD, 0, PUSH, 1103515245, MUL, LOAD, 1, ADD, STORE, 0,
	/* 29 */ LOAD, 0, SHR, 5, LOAD, 0, XOR, LOAD, 2, LESS, JUMP_ZERO, 48,
	/* 41 */ LOAD, 2, LOAD, 0, SUB, JUMP, 53,
	/* 48 */ LOAD, 2, LOAD, 0, XOR,
	/* 53 */ JUMP, 56,
	/* 55 */ HALT,
	/* 56 */ STORE, 2, LOAD, 1, PUSH, 1, ADD, STORE, 1, JUMP, 12,
};

static int32_t run(int32_t limit)
{
	int32_t stack[16], var[4] = { 0, 0, 0, limit };
	const int32_t *pc = program;
	int32_t *sp = stack;

#define BINARY(expression) { \
		uint32_t b = (uint32_t)*--sp, a = (uint32_t)sp[-1]; \
		sp[-1] = (int32_t)(expression); \
		break; \
	}
	for (;;) {
		switch (*pc++) {
		case PUSH: *sp++ = *pc++; break;
		case LOAD: *sp++ = var[*pc++]; break;
		case STORE: var[*pc++] = *--sp; break;
		case ADD: BINARY(a + b)
		case SUB: BINARY(a - b)
		case MUL: BINARY(a * b)
		case XOR: BINARY(a ^ b)
		case SHR: sp[-1] = (int32_t)((uint32_t)sp[-1] >> *pc++); break;
		case LESS: BINARY((int32_t)a < (int32_t)b)
		case JUMP: pc = program + *pc; break;
		case JUMP_ZERO: pc = *--sp ? pc + 1 : program + *pc; break;
		case HALT: return var[2];
		}
	}
#undef BINARY
}

uint64_t work(void)
{
	uint64_t sum = GUEST_SUM;

	for (int i = 0; i < 8; i++) {
		int32_t result = run(200000 + i);

		MIX(sum, result);
	}
	return sum;
}
