/*
 * The Landlock ruleset of a cell: everything the kernel can deny is denied, except below the
 * preopened directories.
 *
 * A rule belongs to a directory's inode, so that it holds for the detached mount of it too. The
 * constants stand here because the headers of the distributions we build on are older than the
 * kernels we run on.
 */
#include <assert.h>
#include <errno.h>
#include <linux/landlock.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runtime/base/fd.h"
#include "runtime/base/num.h"
#include "sandbox/internal.h"

#define FS_EXECUTE (1ULL << 0)
#define FS_WRITE_FILE (1ULL << 1)
#define FS_READ_FILE (1ULL << 2)
#define FS_READ_DIR (1ULL << 3)
#define FS_REMOVE_DIR (1ULL << 4)
#define FS_REMOVE_FILE (1ULL << 5)
#define FS_MAKE_DIR (1ULL << 7)
#define FS_MAKE_REG (1ULL << 8)
#define FS_MAKE_SYM (1ULL << 12)
#define FS_REFER (1ULL << 13)
#define FS_TRUNCATE (1ULL << 14)
#define FS_IOCTL_DEV (1ULL << 15)
#define FS_FIRST ((1ULL << 13) - 1)	/* those of ABI 1 */
#define NET_TCP (1ULL << 0 | 1ULL << 1)
#define SCOPES (1ULL << 0 | 1ULL << 1)	/* abstract UNIX sockets, signals */

#define READS (FS_READ_FILE | FS_READ_DIR)
#define CHANGES (FS_WRITE_FILE | FS_REMOVE_DIR | FS_REMOVE_FILE | FS_MAKE_DIR | FS_MAKE_REG | \
		 FS_MAKE_SYM | FS_REFER | FS_TRUNCATE)

/*
 * struct landlock_ruleset_attr of Linux 6.12; an older kernel takes it as long as what it does not
 * know is 0.
 */
struct ruleset_attr {
	uint64_t fs, net, scoped;
};

static const struct {
	int abi;
	struct ruleset_attr adds;
} grown[] = {
	{ 1, { .fs = FS_FIRST } },
	{ 2, { .fs = FS_REFER } },
	{ 3, { .fs = FS_TRUNCATE } },
	{ 4, { .net = NET_TCP } },
	{ 5, { .fs = FS_IOCTL_DEV } },
	{ 6, { .scoped = SCOPES } },
};

_Static_assert(!((READS | CHANGES) & (FS_EXECUTE | FS_IOCTL_DEV)),
	       "files are data, not programs or devices");
_Static_assert(LANDLOCK_ACCESS_FS_MAKE_SYM == FS_MAKE_SYM, "bits of the kernel's ABI");

int sb_landlock_abi(void)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);

	if (abi < 0 && sb_exhausted(-errno))
		return -errno;
	return abi > 0 ? (int)abi : 0;
}

/* All that a kernel with this ABI can deny. */
static struct ruleset_attr handled(int abi)
{
	struct ruleset_attr attr = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(grown) && grown[i].abi <= abi; i++) {
		attr.fs |= grown[i].adds.fs;
		attr.net |= grown[i].adds.net;
		attr.scoped |= grown[i].adds.scoped;
	}
	assert((attr.fs & FS_FIRST) == FS_FIRST);
	return attr;
}

int sb_landlock_allow(const struct sb_start *s, int ruleset, uint32_t i)
{
	uint64_t rights = s->spec->preopens[i].readonly ? READS : READS | CHANGES;
	struct landlock_path_beneath_attr rule = {
		.allowed_access = rights & handled(s->landlock_abi).fs,
		.parent_fd = s->preopen[i],
	};

	if (syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0))
		return -errno;
	return 0;
}

int sb_landlock_ruleset(const struct sb_start *s)
{
	struct ruleset_attr attr;
	int code;

	if (s->landlock_abi <= 0)
		return s->landlock_abi ? s->landlock_abi : -EOPNOTSUPP;
	attr = handled(s->landlock_abi);
	FD_AUTO fd = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0);
	if (fd < 0)
		return -errno;
	for (uint32_t i = 0; i < s->spec->preopen_count; i++) {
		/* one in memory is made by the child, which then adds its rule */
		code = s->preopen[i] < 0 ? 0 : sb_landlock_allow(s, fd, i);
		if (code)
			return code;
	}
	return fd_take(&fd);
}
