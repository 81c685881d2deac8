/* Text for standard output, in pieces: what wsbox inspect and objdump print. */
#ifndef TOOLS_CELL_LISTING_H
#define TOOLS_CELL_LISTING_H

#include <stddef.h>

/* On its way to fd, which is all that is set at first; the first failure of a write sticks. */
struct listing {
	int fd, error;
	size_t len;
	char at[8192];
};

/* One piece of at most 1,000 bytes; what is longer is cut. */
__attribute__((format(printf, 2, 3)))
void listing_line(struct listing *l, const char *fmt, ...);

void listing_flush(struct listing *l);

#endif
