/* corpus.h: text for the compressors: words of a small vocabulary, some numbers, some repeats. */
#ifndef CORPUS_H
#define CORPUS_H

#include "guest.h"

#define CORPUS (1 << 20)

static inline void corpus_make(char *text)
{
	char word[256][8];
	size_t at = 0;

	for (int i = 0; i < 256; i++)
		for (int j = 0; j < 8; j++)
			word[i][j] = (char)('a' + guest_rand() % 26);
	while (at < CORPUS) {
		uint64_t r = guest_rand();
		size_t count = 2 + r % 7, pick = (size_t)(r >> 8) % 256 * ((r >> 16) % 256) / 256;

		if (r >> 60 == 0 && at > 4000) {
			size_t back = 100 + (r >> 24) % 3900, length = 20 + (r >> 40) % 200;

			for (; length-- && at < CORPUS; at++)
				text[at] = text[at - back];
			continue;
		}
		for (size_t j = 0; j < count && at < CORPUS; j++)
			text[at++] = word[pick][j];
		if (at < CORPUS)
			text[at++] = (r >> 56) % 16 ? ' ' : (char)('0' + r % 10);
	}
}

#endif
