/* strs.c: splits, searches and builds text; measures libc's string functions and small copies. */
#include <stdio.h>
#include <stdlib.h>
#include "guest.h"

#define WORDS 4000

static char text[WORDS * 12 + 1], out[WORDS * 24 + 1];

static void make(void)
{
	char *p = text;

	for (int i = 0; i < WORDS; i++) {
		int letters = 2 + (int)(guest_rand() % 8);

		while (letters--)
			*p++ = (char)('a' + guest_rand() % 26);
		*p++ = ' ';
	}
	*p = 0;
}

static size_t rewrite(int round)
{
	char *o = out, *save = NULL, copy[sizeof(text)];

	strcpy(copy, text);
	for (char *word = strtok_r(copy, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
		if (strchr(word, 'a' + round % 26))
			o += snprintf(o, 24, "<%s:%d>", word, (int)strlen(word));
		else
			o = stpcpy(stpcpy(o, word), ",");
	}
	*o = 0;
	return (size_t)(o - out);
}

uint64_t work(void)
{
	uint64_t sum = GUEST_SUM;

	make();
	for (int round = 0; round < 450; round++) {
		char pattern[4] = { (char)('a' + round % 26), (char)('a' + round % 7), 0 };
		uint64_t hits = 0, length = rewrite(round);

		for (const char *p = out; (p = strstr(p, pattern)); p++)
			hits++;
		sum = guest_mix(sum, out, length) + hits;
	}
	return sum;
}
