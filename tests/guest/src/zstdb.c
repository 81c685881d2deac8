/* zstdb.c: compresses and decompresses generated text with zstd at three levels. */
#include <stdlib.h>
#include "guest.h"
#include "corpus.h"
#include "zstd.h"

uint64_t work(void)
{
	static char text[CORPUS], back[CORPUS];
	static const int level[] = { 1, 3, 7 };
	size_t room = ZSTD_compressBound(CORPUS);
	char *packed = malloc(room);
	uint64_t sum = GUEST_SUM;

	if (!packed)
		abort();
	corpus_make(text);
	for (int i = 0; i < 3; i++) {
		size_t size = ZSTD_compress(packed, room, text, CORPUS, level[i]);

		for (int again = 0; again < 4; again++)
			if (ZSTD_decompress(back, CORPUS, packed, size) != CORPUS ||
			    memcmp(text, back, CORPUS))
				abort();
		sum = guest_mix(sum, packed, size);
	}
	free(packed);
	return sum;
}
