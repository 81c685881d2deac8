/* lz4b.c: compresses and decompresses generated text with LZ4. */
#include <stdlib.h>
#include "guest.h"
#include "corpus.h"
#include "lz4.h"

uint64_t work(void)
{
	static char text[CORPUS], back[CORPUS];
	int room = LZ4_compressBound(CORPUS);
	char *packed = malloc((size_t)room);
	uint64_t sum = GUEST_SUM;

	if (!packed)
		abort();
	corpus_make(text);
	for (int i = 1; i <= 20; i++) {
		int size = LZ4_compress_fast(text, packed, CORPUS, room, i);

		for (int again = 0; again < 8; again++)
			if (LZ4_decompress_safe(packed, back, size, CORPUS) != CORPUS ||
			    memcmp(text, back, CORPUS))
				abort();
		/* Not the packed bytes: the builds compare 4 or 8 bytes at a time and may pick
		 * other matches. */
		sum = guest_mix(sum, back, CORPUS);
	}
	free(packed);
	return sum;
}
