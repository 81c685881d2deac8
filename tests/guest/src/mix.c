/*
 * mix.c: in the manner of CoreMark: a linked list searched, reversed and sorted, an integer matrix,
 * a state machine over text, and a CRC over all results. The score of a small real program.
 */
#include "guest.h"

#define ITEMS 200
#define SIDE 24

struct item {
	struct item *next;
	int16_t key, payload;
};

static struct item items[ITEMS];
static int16_t ma[SIDE * SIDE], mb[SIDE * SIDE];
static int32_t mc[SIDE * SIDE];

static uint16_t crc16(uint16_t crc, uint32_t word)
{
	for (int i = 0; i < 32; i++, word >>= 1)
		crc = (uint16_t)((crc ^ word) & 1 ? crc >> 1 ^ 0xa001 : crc >> 1);
	return crc;
}

static struct item *reverse(struct item *head)
{
	struct item *done = NULL;

	while (head) {
		struct item *next = head->next;

		head->next = done;
		done = head;
		head = next;
	}
	return done;
}

static struct item *merge_sort(struct item *head)
{
	struct item *slow = head, *fast, *other, **tail = &head;

	if (!head || !head->next)
		return head;
	for (fast = head->next; fast && fast->next; fast = fast->next->next)
		slow = slow->next;
	other = merge_sort(slow->next);
	slow->next = NULL;
	for (struct item *one = merge_sort(head); one || other; tail = &(*tail)->next) {
		struct item **take = !other || (one && one->key <= other->key) ? &one : &other;

		*tail = *take;
		*take = (*take)->next;
	}
	*tail = NULL;
	return head;
}

static uint16_t list(uint16_t crc, int round)
{
	struct item *head = NULL;

	for (int i = 0; i < ITEMS; i++) {
		items[i] =
			(struct item){ head, (int16_t)(i * 7919 % 211 ^ round % 64), (int16_t)i };
		head = &items[i];
	}
	head = reverse(head);
	for (int wanted = 0; wanted < 40; wanted++) {
		struct item *it = head;

		while (it && it->key != wanted)
			it = it->next;
		crc = crc16(crc, it ? (uint16_t)it->payload : 0xffff);
	}
	for (head = merge_sort(head); head; head = head->next)
		crc = crc16(crc, (uint16_t)head->key);
	return crc;
}

static uint16_t matrix(uint16_t crc, int round)
{
	for (int i = 0; i < SIDE * SIDE; i++) {
		ma[i] = (int16_t)(i * 3 + round);
		mb[i] = (int16_t)(i * 5 - round);
	}
	for (int i = 0; i < SIDE; i++)
		for (int j = 0; j < SIDE; j++) {
			int32_t t = 0;

			for (int k = 0; k < SIDE; k++)
				t += ma[i * SIDE + k] * mb[k * SIDE + j];
			mc[i * SIDE + j] = t;
		}
	for (int i = 0; i < SIDE * SIDE; i += 5)
		crc = crc16(crc, (uint32_t)mc[i]);
	return crc;
}

enum state { START, SIGN, INTEGER, POINT, EXPONENT, EXP_DIGITS, BAD, STATES };

static enum state step(enum state s, char c)
{
	int digit = c >= '0' && c <= '9';

	switch (s) {
	case START: return digit ? INTEGER : c == '+' || c == '-' ? SIGN : c == '.' ? POINT : BAD;
	case SIGN: return digit ? INTEGER : c == '.' ? POINT : BAD;
	case INTEGER: return digit ? INTEGER : c == '.' ? POINT : BAD;
	case POINT: return digit ? POINT : c == 'e' || c == 'E' ? EXPONENT : BAD;
	case EXPONENT: return digit ? EXP_DIGITS : c == '+' || c == '-' ? EXP_DIGITS : BAD;
	case EXP_DIGITS: return digit ? EXP_DIGITS : BAD;
	default: return BAD;
	}
}

static uint16_t machine(uint16_t crc, int round)
{
	static const char *const texts[] = { "5012", "-874.5",	 "+110.e10", "1.2e-7",
					     ".35",  "T0.3e-1F", "-1.3e12" };
	uint32_t seen[STATES] = { 0 };

	for (int i = 0; i < 60; i++) {
		enum state s = START;

		for (const char *p = texts[(i + round) % 7]; *p; p++)
			seen[s = step(s, *p)]++;
	}
	for (int i = 0; i < STATES; i++)
		crc = crc16(crc, seen[i]);
	return crc;
}

uint64_t work(void)
{
	uint16_t crc = 0;

	for (int round = 0; round < 2500; round++)
		crc = machine(matrix(list(crc, round), round), round);
	return crc;
}
