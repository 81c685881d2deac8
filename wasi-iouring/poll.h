/* What poll_oneoff keeps of one subscription while it waits. */
#ifndef WASI_IOURING_POLL_H
#define WASI_IOURING_POLL_H

#include <stdint.h>

#include "wasi-iouring/ring.h"

/*
 * Few descriptors are asked by one ppoll, which is cheaper than a ring; many are left armed in the
 * ring.
 */
#define WASI_POLL_RING_MIN 16
#define WASI_POLL_MIN 4096	/* subscriptions a guest may always make */

struct wasi_poll {
	uint64_t userdata;
	uint64_t deadline;	/* of a clock, absolute, in its own time */
	uint64_t nbytes;
	uint32_t fd;		/* guest number */
	int32_t slot;		/* in pollfds, of a descriptor to be waited for; else -1 */
	uint16_t error;		/* enum wasi_errno */
	uint8_t tag;		/* enum wasi_event_type */
	uint8_t clock;		/* enum wasi_clock */
	uint8_t ready, hangup;
};

#endif
