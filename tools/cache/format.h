/*
 * Files of the code cache. All numbers little-endian, as the code itself is for one machine.
 *
 * An entry:
 *	┌─────────────────────┐ 0
 *	│ struct cache_entry  │ and zeros
 *	├─────────────────────┤ image_off   page-aligned
 *	│ code image          │             as jit/image.h has it; not looked at here
 *	├─────────────────────┤ module_off  page-aligned
 *	│ module              │             what the image was made from
 *	└─────────────────────┘ module_off + module_size: the end
 */
#ifndef TOOLS_CACHE_FORMAT_H
#define TOOLS_CACHE_FORMAT_H

#include <stddef.h>
#include <stdint.h>

#include "runtime/base/sha256.h"

#define CACHE_ENTRY_MAGIC "wsboxent"
#define CACHE_SEEN_MAGIC "wsboxsee"
#define CACHE_NOTE_MAGIC "wsboxfil"

enum cache_format {
	CACHE_VERSION = 1,
	CACHE_PAGE = 4096,
	CACHE_LABEL = 128,
	CACHE_BOOT = 40,
	CACHE_FILE_NAME = 80,		/* 64 digits and ".code", or three numbers and ".seen" */
};

/* Classes of processors that code is made for. */
enum cache_cpu { CACHE_CPU_V3 = 3 };

enum cache_flag {
	CACHE_FLAG_FSGSBASE = 1 << 0,
	CACHE_FLAG_REPLACEABLE = 1 << 1,	/* other code may take its place while it runs */
};

/* Which compiler made it. X(ID, name) */
#define CACHE_TIERS(X) X(BASELINE, "baseline") X(OPTIMIZED, "optimized")

enum cache_tier {
#define X(id, name) CACHE_TIER_##id,
	CACHE_TIERS(X)
#undef X
	CACHE_TIER_COUNT,
};

/* All that decides what the code is, and whose it is. */
struct cache_recipe {
	uint8_t module[SHA256_BYTES];
	uint8_t build[SHA256_BYTES];	/* of the compiler and of what its code calls */
	uint64_t features;		/* set of proposals that are on */
	uint32_t cpu, flags;		/* enum cache_cpu, set of enum cache_flag */
	uint32_t tier;			/* enum cache_tier */
	uint32_t uid;
};

struct cache_entry {
	char magic[8];
	uint32_t version;
	uint32_t looks;			/* 1: as in struct cell_compiled */
	uint8_t name[SHA256_BYTES];	/* the recipe's hash: the file's name */
	struct cache_recipe recipe;
	uint64_t image_off, image_size, module_off, module_size;
	uint64_t made;			/* seconds since 1970 */
	uint64_t body_bytes, text_bytes;
	char label[CACHE_LABEL];	/* NUL-terminated */
	uint8_t mac[SHA256_BYTES];	/* of the whole file, with zeros here */
};

/* Which content of a file a record knows. */
enum cache_seen_kind {
	CACHE_SEEN_MODULE = 1,	/* its SHA-256 */
	CACHE_SEEN_CODE,	/* the name of the entry that it holds, its MAC checked */
};

struct cache_identity {
	uint64_t dev, ino, size;
	int64_t mtime, ctime;		/* nanoseconds since 1970 */
	uint64_t mount;			/* unique in this boot; of an entry 0 */
};

struct cache_seen {
	char magic[8];
	uint32_t version, kind;
	struct cache_identity id;
	char boot[CACHE_BOOT];
	uint8_t content[SHA256_BYTES];
	uint8_t mac[SHA256_BYTES];	/* of what stands before it */
};

/* Of an entry that is being made or could not be. For people and for restraint: it decides nothing
 * that is run. */
struct cache_note {
	char magic[8];
	uint32_t version, failed;	/* 1: for the reason in text */
	struct cache_recipe recipe;
	uint64_t at;			/* seconds since 1970: begun, or failed */
	char label[CACHE_LABEL];	/* NUL-terminated, as the next */
	char text[CACHE_LABEL];
};

_Static_assert(sizeof(struct cache_note) == 8 + 8 + 88 + 8 + 2 * CACHE_LABEL,
	       "no padding is written");
_Static_assert(sizeof(struct cache_recipe) == 2 * SHA256_BYTES + 24, "no padding is hashed");
_Static_assert(sizeof(struct cache_entry) == 8 + 8 + 32 + 88 + 56 + CACHE_LABEL + 32,
	       "no padding is written");
_Static_assert(sizeof(struct cache_entry) <= CACHE_PAGE, "the image begins on the second page");
_Static_assert(sizeof(struct cache_seen) == 8 + 8 + 48 + CACHE_BOOT + 32 + 32,
	       "no padding is written");

#endif
