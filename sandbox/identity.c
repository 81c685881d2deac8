/*
 * Who a cell is: a uid of its own (rootful), or the caller in a user namespace of the cell's own;
 * no capability in any set.
 *
 * Rootful cells get a uid that no other cell has at the same time, so that DAC, kill(2) and the
 * per-user limits separate them. Their preopens are idmapped mounts (Linux 5.12): what the caller
 * owns on the disk belongs to the cell, and what the cell makes belongs to the caller. File systems
 * without that leave the user namespace.
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/base/fd.h"
#include "runtime/base/num.h"
#include "sandbox/internal.h"

#define ID_LAST 4294967294u
#define PID_BITS 22

/*
 * systemd gives 0x70000000 and up to nobody:
 *
 *	SB_UID_BASE │ one uid a pid │ ... 32 times │ drawn by lot ... │ SB_UID_END
 */
#define UID_SLICES 32u
#define UID_LOTS (SB_UID_BASE + (UID_SLICES << PID_BITS))
_Static_assert(UID_LOTS + (1u << 26) < SB_UID_END, "many remain to be drawn");

static bool has(uint64_t set, int cap)
{
	return set >> cap & 1;
}

/* 1, 0, or -errno where that is for now only. */
static int maps_everything(const char *path)
{
	static const char all[] = "0 0 4294967295";
	char text[128], *out = text;
	FD_AUTO fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text));

	if (n < 0 && sb_exhausted(-errno))
		return -errno;
	/* the kernel pads the three numbers with spaces */
	for (ssize_t i = 0; i < n; i++)
		if (text[i] != ' ' || (out > text && out[-1] != ' '))
			*out++ = text[i];
	return out - text == sizeof(all) && !memcmp(text, all, sizeof(all) - 1);
}

int sb_powers_get(struct sb_powers *ret)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { 0 };
	int all = maps_everything("/proc/self/uid_map");
	uint64_t set;

	if (all < 0)
		return all;
	if (syscall(SYS_capget, &head, data) && sb_exhausted(-errno))
		return -errno;
	set = data[0].effective | (uint64_t)data[1].effective << 32;
	ret->admin = has(set, CAP_SYS_ADMIN) && has(set, CAP_SYS_CHROOT);
	ret->pcap = has(set, CAP_SETPCAP);
	ret->setid = has(set, CAP_SETUID) && has(set, CAP_SETGID) && all;
	return 0;
}

static uint32_t uids_taken;	/* bit k: our uid in slice k is a live cell's */

uint32_t sb_uid_take(void)
{
	uint32_t pid = (uint32_t)getpid(), lot = 0;

	assert(pid < 1u << PID_BITS);
	/* pids are unique in a pid namespace only: chance keeps those of several apart */
	if (getrandom(&lot, sizeof(lot), GRND_NONBLOCK) != sizeof(lot))
		lot = pid;	/* early in a boot there is none */
	for (uint32_t i = 0; i < UID_SLICES; i++) {
		uint32_t k = (lot + i) % UID_SLICES;

		if (!(__atomic_fetch_or(&uids_taken, 1u << k, __ATOMIC_RELAXED) & 1u << k))
			return SB_UID_BASE + (k << PID_BITS) + pid;
	}
	return UID_LOTS + lot % (SB_UID_END - UID_LOTS);
}

void sb_uid_put(uint32_t uid)
{
	uint32_t k = (uid - SB_UID_BASE) >> PID_BITS;

	if (uid >= SB_UID_BASE && k < UID_SLICES)
		(void)__atomic_fetch_and(&uids_taken, ~(1u << k), __ATOMIC_RELAXED);
}

int sb_namespaces_code(int code, uint64_t flags)
{
	static const struct {
		uint64_t flag;
		const char *limit;
	} rows[] = {
		{ CLONE_NEWUSER, "/proc/sys/user/max_user_namespaces" },
		{ CLONE_NEWNS, "/proc/sys/user/max_mnt_namespaces" },
		{ CLONE_NEWPID, "/proc/sys/user/max_pid_namespaces" },
		{ CLONE_NEWIPC, "/proc/sys/user/max_ipc_namespaces" },
		{ CLONE_NEWUTS, "/proc/sys/user/max_uts_namespaces" },
		{ CLONE_NEWCGROUP, "/proc/sys/user/max_cgroup_namespaces" },
	};

	for (size_t i = 0; code == -ENOSPC && i < ARRAY_SIZE(rows); i++) {
		char text[2] = "";
		FD_AUTO fd = flags & rows[i].flag ? open(rows[i].limit, O_RDONLY | O_CLOEXEC) : -1;

		if (fd >= 0 && read(fd, text, 2) == 2 && !memcmp(text, "0\n", 2))
			return -EPERM;
	}
	return code;
}

/* A system call that leaves errno alone. */
static long quietly(long nr, long a, long b)
{
	__asm__ volatile("syscall" : "+a"(nr) : "D"(a), "S"(b), "d"(0l) : "rcx", "r11", "memory");
	return nr;
}

/*
 * Holds a user namespace open until it is killed, or until its parent (arg) is. Runs in the
 * caller's memory: touches nothing, not even errno. Its copies of descriptors would keep sockets
 * open that tell others of the parent's end.
 */
static int hold(void *arg)
{
	(void)quietly(SYS_close_range, 0, ~0u);
	(void)quietly(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL);
	while (quietly(SYS_getppid, 0, 0) == (long)arg)
		(void)quietly(SYS_pause, 0, 0);
	return 0;
}

static int write_file(const char *path, const char *text, size_t n)
{
	FD_AUTO fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	return write(fd, text, n) == (ssize_t)n ? 0 : -errno;
}

/* What /proc calls the process: it may show another pid namespace than the caller's. */
static int pid_in_proc(int pidfd)
{
	char path[48], text[512];
	const char *at;
	ssize_t n;

	(void)snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", pidfd);
	FD_AUTO fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (n < 0)
		return -errno;
	text[n] = '\0';
	at = strstr(text, "Pid:\t");
	n = at ? strtol(at + 5, NULL, 10) : 0;
	return n > 0 ? (int)n : -ESRCH;
}

/* "inside outside count" lines: caller to own, everything else to itself. */
static int write_idmap(int pid, const char *which, uint32_t caller, uint32_t own)
{
	char path[48], text[160];
	int n;

	assert(caller < own && own < ID_LAST);
	(void)snprintf(path, sizeof(path), "/proc/%d/%s", pid, which);
	n = snprintf(text, sizeof(text), "%u %u 1\n", caller, own);
	if (caller)
		n += snprintf(text + n, sizeof(text) - (size_t)n, "0 0 %u\n", caller);
	n += snprintf(text + n, sizeof(text) - (size_t)n, "%u %u %u\n%u %u %u\n", caller + 1,
		      caller + 1, own - caller - 1, own + 1, own + 1, ID_LAST - own);
	return write_file(path, text, (size_t)n);
}

static int map_and_open(const struct sb_start *s, int pidfd)
{
	char path[48];
	int code, fd, pid = pid_in_proc(pidfd);

	if (pid < 0)
		return pid;
	code = write_idmap(pid, "uid_map", s->euid, s->uid);
	if (!code)
		code = write_idmap(pid, "gid_map", s->egid, s->gid);
	if (code)
		return code;
	(void)snprintf(path, sizeof(path), "/proc/%d/ns/user", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int sb_idmap_userns(const struct sb_start *s)
{
	char stack[4096] __attribute__((aligned(16)));
	FD_AUTO pidfd = -1;
	int pid = clone(hold, stack + sizeof(stack), CLONE_VM | CLONE_NEWUSER | CLONE_PIDFD,
			(void *)(long)getpid(), &pidfd);
	int code;

	if (pid < 0)
		return sb_namespaces_code(-errno, CLONE_NEWUSER);
	code = map_and_open(s, pidfd);
	(void)syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0);
	while (waitpid(pid, NULL, __WALL) < 0 && errno == EINTR)
		;
	return code;
}

size_t sb_put_number(char *to, uint64_t value)
{
	char digits[20];
	size_t n = 0, i = 0;

	do {
		digits[n++] = (char)('0' + value % 10);
		value /= 10;
	} while (value);
	while (n)
		to[i++] = digits[--n];
	to[i] = '\0';
	return i;
}

static int write_own_map(const char *path, uint32_t id)
{
	char text[32];
	size_t n = sb_put_number(text, id);

	text[n++] = ' ';
	n += sb_put_number(text + n, id);
	text[n++] = ' ';
	text[n++] = '1';
	return write_file(path, text, n);
}

int sb_child_maps(struct sb_start *s)
{
	int code;

	if (s->identity != SB_ID_USERNS)
		return 0;
	code = write_file("/proc/self/setgroups", "deny", 4);
	if (!code)
		code = write_own_map("/proc/self/gid_map", s->egid);
	if (!code)
		code = write_own_map("/proc/self/uid_map", s->euid);
	return code ? sb_missing(s, SB_WALL_IDENTITY, code, "the user namespace's maps") : 0;
}

static int drop_bounding_set(void)
{
	for (int cap = 0; cap < 64; cap++)
		if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0))
			return errno == EINVAL && cap > CAP_AUDIT_READ ? 0 : -errno;
	return 0;
}

static int lock_securebits(void)
{
	unsigned long bits = SECBIT_NOROOT | SECBIT_NO_SETUID_FIXUP | SECBIT_NO_CAP_AMBIENT_RAISE |
			     SECURE_ALL_LOCKS;

	return prctl(PR_SET_SECUREBITS, bits, 0, 0, 0) ? -errno : 0;
}

static int bound_capabilities(struct sb_start *s)
{
	int code = -EPERM;

	if (sb_unwanted(s, SB_WALL_CAPABILITIES))
		return 0;
	if (s->powers.pcap || s->identity == SB_ID_USERNS)
		code = drop_bounding_set();
	if (!code)
		code = lock_securebits();
	/*
	 * Where a host gives a user namespace without its powers (Ubuntu's AppArmor), no_new_privs
	 * makes the bounding set idle.
	 */
	if (sb_exhausted(code))
		return code;
	if (code && s->spec->isolation == SB_FULL)
		return sb_refused(s, SB_WALL_CAPABILITIES, code, "bounding set and securebits");
	s->bounded = !code;
	return 0;
}

int sb_child_identity(struct sb_start *s)
{
	int code = bound_capabilities(s);

	if (code || s->identity != SB_ID_OWN)
		return code;
	if (syscall(SYS_setgroups, 0, NULL) || syscall(SYS_setresgid, s->gid, s->gid, s->gid) ||
	    syscall(SYS_setresuid, s->uid, s->uid, s->uid))
		return sb_missing(s, SB_WALL_IDENTITY, -errno, "changing to a uid of its own");
	return 0;
}

static int drop_capabilities(struct sb_start *s)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct none[2] = { 0 };

	if (sb_unwanted(s, SB_WALL_CAPABILITIES)) {
		sb_note(s, SB_WALL_CAPABILITIES, SB_UNUSED, 0, "");
		return 0;
	}
	(void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	if (syscall(SYS_capset, &head, none))
		return sb_missing(s, SB_WALL_CAPABILITIES, -errno, "capset");
	sb_note(s, SB_WALL_CAPABILITIES, SB_STANDING, 0,
		s->bounded ? "" : "the bounding set stays: no CAP_SETPCAP");
	return 0;
}

int sb_child_capabilities(struct sb_start *s)
{
	int code = drop_capabilities(s);

	if (code || sb_unwanted(s, SB_WALL_NO_NEW_PRIVS))
		return code;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return sb_missing(s, SB_WALL_NO_NEW_PRIVS, -errno, "prctl");
	sb_note(s, SB_WALL_NO_NEW_PRIVS, SB_STANDING, 0, "");
	return 0;
}
