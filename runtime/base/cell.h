/*
 * What passes between the supervisor (wsbox) and its cells (wsbox-cell): descriptors at fixed
 * numbers and a few messages of fixed layout. Nothing else does, and no message has a length or an
 * index that the receiver uses unchecked.
 *
 *	            module memfd (sealed)
 *	 wsbox ──────────────────────────────► compiler cell
 *	   │  ▲                 CELL_MSG_COMPILED │ writes the image memfd
 *	   │  └───────────────────────────────────┘
 *	   │  seals the image, CELL_MSG_IMAGE
 *	   ├─────────────────────────────────► instance cell ── CELL_MSG_READY, then the guest runs
 *	   ◄───────────────────────────────────────┘ CELL_MSG_EXIT
 *	   └─ later perhaps CELL_MSG_IMAGE ► with CELL_SIGNAL_IMAGE: of size 0, to be answered by
 *	      CELL_MSG_WHERE, and then of better code
 *
 * The instance maps the image, and room for the better one, before there is anything in it, so that
 * it can lock itself before it looks at the module. With an entry of the code cache there is no
 * compiler cell: module and image are parts of that one file, which the job tells.
 *
 * A message is one packet of a SOCK_SEQPACKET socket: a struct cell_head and the rest of the
 * struct its type names, of exactly that size. A receiver refuses anything else. The supervisor
 * believes nothing a cell says beyond what the user of that cell may be told: exit statuses, texts
 * to print (made printable) and figures.
 */
#ifndef RUNTIME_BASE_CELL_H
#define RUNTIME_BASE_CELL_H

#include <signal.h>
#include <stdint.h>

#include "runtime/base/err.h"

/*
 * Descriptors of a cell at exec. 0, 1 and 2 are the guest's; a compiler cell has /dev/null there.
 */
enum cell_fd {
	CELL_FD_CONTROL = 3,	/* the socket */
	CELL_FD_MODULE = 4,	/* the module: a sealed memfd, or an entry of the code cache */
	/* the image: memfd that a compiler writes; or the file that holds the module, too */
	CELL_FD_IMAGE = 5,
	/* instance: memfd of NUL-terminated strings, in the order struct cell_job tells */
	CELL_FD_STRINGS = 6,
	/* memfd holding an array of struct sock_filter; absent without the wall */
	CELL_FD_FILTER = 7,
	CELL_FD_LANDLOCK = 8,	/* Landlock ruleset; absent without the wall */
	/* the first preopened directory; the others follow, then what struct cell_job tells */
	CELL_FD_PREOPEN = 10,
};

#define CELL_PREOPEN_MAX 64
#define CELL_SOCKETS_MAX 64
#define CELL_HANDED_MAX (CELL_SOCKETS_MAX + 4)	/* descriptors after the preopens */
#define CELL_MODULE_MAX (1 << 30)	/* bytes of a module */
#define CELL_IMAGE_MAX (2ll << 30)	/* bytes of an image */

enum cell_msg_type {
	CELL_MSG_JOB = 1,	/* supervisor to either cell: struct cell_job */
	CELL_MSG_IMAGE,		/* supervisor to instance: struct cell_image */
	CELL_MSG_COMPILED,	/* compiler to supervisor: struct cell_compiled */
	CELL_MSG_READY,		/* instance to supervisor: struct cell_ready */
	CELL_MSG_EXIT,		/* instance to supervisor: struct cell_exit */
	CELL_MSG_WHERE,		/* instance to supervisor: struct cell_where */
	CELL_MSG_TYPES,
};

#define CELL_PLACES_MAX 16

/* A function by its index, and a byte offset in the module, or 0. */
struct cell_place {
	uint32_t func, at;
};

struct cell_head {
	uint32_t type;		/* enum cell_msg_type */
	uint32_t size;		/* of the whole message in bytes */
};

enum cell_role {
	CELL_ROLE_COMPILE = 1,
	CELL_ROLE_RUN,
	CELL_ROLE_VALIDATE,	/* as COMPILE, but no image */
	CELL_ROLE_INSPECT,	/* as VALIDATE; a listing of the module goes to descriptor 1 */
	/* as COMPILE to an ELF file, unless the module is one; a listing of it goes to 1 */
	CELL_ROLE_OBJDUMP,
};

enum cell_job_flag {
	CELL_JOB_FILTER = 1 << 0,	/* CELL_FD_FILTER is there and must be applied */
	CELL_JOB_LANDLOCK = 1 << 1,	/* CELL_FD_LANDLOCK likewise */
	CELL_JOB_RING = 1 << 2,		/* an io_uring may be made */
	CELL_JOB_MDWE = 1 << 3,		/* PR_SET_MDWE must hold */
	/* call the named export instead of _start; objdump: list only that function */
	CELL_JOB_INVOKE = 1 << 4,
	CELL_JOB_TRACE = 1 << 5,	/* count the guest's calls in a struct trace_page */
	CELL_JOB_TRACE_LINES = 1 << 6,	/* and write a line for each */
	/* the preopens follow once more, each on a mount that follows no link */
	CELL_JOB_LINKLESS = 1 << 7,
	CELL_JOB_ELF = 1 << 8,		/* make the image an ELF file (cwasm.h) */
	CELL_JOB_BASELINE = 1 << 9,	/* compile with the baseline, whatever else there is */
	CELL_JOB_PERFMAP = 1 << 10,	/* tell profilers where the code is: perf's map, */
	CELL_JOB_JITDUMP = 1 << 11,	/* or its format with the code itself */
	/*
	 * baseline: other code may take a function's place; optimizing tier: the image may take a
	 * baseline's; instance: it does, if any is made
	 */
	CELL_JOB_REPLACE = 1 << 12,
};

#define CELL_SIGNAL_IMAGE SIGUSR1	/* supervisor to a ready instance, behind CELL_MSG_IMAGE */

/*
 * Strings in CELL_FD_STRINGS: argc arguments, envc "K=V", preopens guest names, then the export to
 * invoke. Descriptors after the preopens: with CELL_JOB_LINKLESS as many again; `sockets` of the
 * guest's; with CELL_JOB_TRACE a memfd that is the trace page; with CELL_JOB_TRACE_LINES where
 * lines go; with CELL_JOB_PERFMAP or _JITDUMP an empty file for that, which the guest does not get;
 * with CELL_JOB_REPLACE the memfd of the better image.
 */
struct cell_job {
	struct cell_head head;
	uint32_t role;
	uint32_t flags;
	uint64_t features;		/* set of enum wasm_feature bits that are on */
	uint64_t module_offset, module_size;	/* of the module in CELL_FD_MODULE; whole pages */
	/* instance: in CELL_FD_IMAGE, whole pages. Size 0: CELL_MSG_IMAGE tells */
	uint64_t image_offset, image_size;
	uint8_t module_hash[32];	/* SHA-256; zero: not computed */
	/* bytes of linear memory and tables together; UINT64_MAX: none */
	uint64_t memory_max;
	uint32_t argc, envc, preopens, sockets;
	uint32_t readonly[CELL_PREOPEN_MAX / 32];	/* bit set: that preopen is read-only */
	uint32_t strings_size;
	uint32_t jobs;			/* threads a compiler may use */
	uint32_t nofile;		/* descriptors a guest may have open */
	uint32_t pid;			/* the cell's, as its supervisor sees it */
	/* optimizing tier: hints where the run is that waits for the image */
	uint32_t nplaces;
	struct cell_place places[CELL_PLACES_MAX];
};

/*
 * Where the guest is, as its instance says: for the compiler that makes code for it, and for nobody
 * else.
 */
struct cell_where {
	struct cell_head head;
	uint32_t n, unused;
	struct cell_place places[CELL_PLACES_MAX];
};

/* The image is complete, and nobody can change it any more. */
struct cell_image {
	struct cell_head head;
	uint64_t size;			/* at most CELL_IMAGE_MAX */
};

struct cell_compiled {
	struct cell_head head;
	int32_t ok;			/* 1: the image is complete */
	uint32_t functions;
	/* 0: the baseline, 1: the optimizing tier, which left so many to the baseline */
	uint32_t tier, left;
	uint32_t remade;		/* that it made again, for the verifier */
	uint32_t looks;			/* 1: imports a call that looks at what a path names */
	uint64_t image_size;
	uint64_t body_bytes;		/* size of the code section compiled */
	uint64_t text_bytes;		/* machine code made */
	uint64_t ns_start;		/* CLOCK_MONOTONIC when main() began */
	uint64_t ns_lock, ns_decode, ns_compile, ns_publish, ns_verify;	/* durations */
	uint64_t peak_bytes;
	struct wsbox_err err;		/* set when not ok */
};

struct cell_ready {
	struct cell_head head;
	uint64_t ns_start;		/* CLOCK_MONOTONIC when main() began */
	uint64_t ns_decode, ns_map, ns_instantiate, ns_ring, ns_lock;	/* durations */
	uint64_t memory;		/* bytes of linear memory 0 */
	uint32_t walls;			/* set of enum cell_wall that this cell put up itself */
	uint32_t ring;			/* 1: io_uring is in use */
};

enum cell_wall {
	CELL_WALL_NO_NEW_PRIVS = 1 << 0,
	CELL_WALL_NOT_DUMPABLE = 1 << 1,
	CELL_WALL_MDWE = 1 << 2,
	CELL_WALL_LANDLOCK = 1 << 3,
	CELL_WALL_SECCOMP = 1 << 4,
};

enum cell_reason {
	CELL_EXITED = 1,	/* code is the guest's exit status */
	/* code is enum rt_trap; err.text says it, the backtrace is on descriptor 2 */
	CELL_TRAPPED,
	CELL_FAILED,		/* linking or instantiation failed: err */
};

struct cell_exit {
	struct cell_head head;
	int32_t reason;		/* enum cell_reason */
	int32_t code;
	uint64_t memory_peak;	/* largest linear memory, bytes */
	/* 1: it went on with the better image; 0: there was none; -errno: it could not */
	int32_t replaced;
	uint32_t osrs;		/* how often a function went on in it, at a loop's head */
	struct wsbox_err err;
};

/*
 * Both by calls that a locked cell may make: write(2), for which the caller ignores or blocks
 * SIGPIPE, and readv(2), which takes no descriptors.
 */

/* Sends one message. 0 or -errno. */
int cell_send(int sock, const void *msg);

/*
 * Receives one message into msg (room bytes), checks that its size is what its head and type say
 * and ends its text, if it has one. 0, -EPIPE at the end of the stream, -EBADMSG, or -errno.
 */
int cell_recv(int sock, void *msg, uint32_t room);

#endif
