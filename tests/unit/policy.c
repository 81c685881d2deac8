/*
 * The filters against the policy table: a small interpreter of classic BPF runs each filter for
 * every system call number, with arguments that each row's condition admits and does not admit.
 */
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/futex.h>
#include <linux/io_uring.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sandbox/internal.h"
#include "sandbox/policy.h"
#include "tests/unit/unit.h"
#include "wasi-iouring/calls.h"

static const struct row {
	long nr;
	unsigned int sets;
	struct sb_arg args[SB_ARGS_MAX];
	const char *reason;
} rows[] = {
#define ROW(name, sets, when, reason) { SYS_##name, sets, when, reason },
	SB_POLICY(ROW)
};
#define ROWS (sizeof(rows) / sizeof(rows[0]))

static const struct {
	long nr;
	unsigned int sets;
	uint32_t error;
} refusals[] = {
#define REFUSAL(name, sets, error, reason) { SYS_##name, sets, error },
	SB_REFUSALS(REFUSAL)
};
#define REFUSED (sizeof(refusals) / sizeof(refusals[0]))

static const unsigned int sets_of[] = {
#define SETS(id, sets) [SB_FILTER_##id] = sets,
	SB_FILTERS(SETS)
};

static struct sock_filter code[BPF_MAXINSNS];
static unsigned int length;

static void load(enum sb_filter_id id)
{
	const struct sb_preopen dirs[] = {
		{ .host = "/", .readonly = !(sets_of[id] & SB_SET_WRITE) },
	};
	int socket_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	const struct sb_spec spec = {
		.stdio = { sets_of[id] & SB_SET_NET ? socket_fd : -1, -1, -1 },
		.role = id == SB_FILTER_COMPILE ? CELL_ROLE_COMPILE : CELL_ROLE_RUN,
		.ring = sets_of[id] & SB_SET_RING,
		.preopens = dirs,
		.preopen_count = sets_of[id] & SB_SET_READ ? 1 : 0
	};
	int fd = sb_filter_memfd(&spec);
	ssize_t n = pread(fd, code, sizeof(code), 0);

	ck_assert_int_gt(n, 0);
	length = (unsigned int)n / sizeof(code[0]);
	close(fd);
	close(socket_fd);
}

static uint32_t run(const struct seccomp_data *data)
{
	uint32_t a = 0, word;

	for (unsigned int pc = 0; pc < length; pc++) {
		const struct sock_filter *i = &code[pc];
		bool taken;

		switch (i->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			memcpy(&word, (const char *)data + i->k, sizeof(word));
			a = word;
			continue;
		case BPF_ALU | BPF_AND | BPF_K:
			a &= i->k;
			continue;
		case BPF_RET | BPF_K:
			return i->k;
		case BPF_JMP | BPF_JA:
			pc += i->k;
			continue;
		case BPF_JMP | BPF_JEQ | BPF_K:
			taken = a == i->k;
			break;
		case BPF_JMP | BPF_JGT | BPF_K:
			taken = a > i->k;
			break;
		case BPF_JMP | BPF_JGE | BPF_K:
			taken = a >= i->k;
			break;
		case BPF_JMP | BPF_JSET | BPF_K:
			taken = (a & i->k) != 0;
			break;
		default:
			ck_abort_msg("instruction %u: code %#x", pc, i->code);
		}
		pc += taken ? i->jt : i->jf;
	}
	ck_abort_msg("ran past the end");
	return 0;
}

static bool admits(const struct row *r, const struct seccomp_data *d)
{
	for (unsigned int i = 0; i < SB_ARGS_MAX; i++)
		if (r->args[i].mask &&
		    (d->args[r->args[i].n] & r->args[i].mask) != r->args[i].value)
			return false;
	return true;
}

static uint32_t answer(const struct seccomp_data *d, unsigned int sets)
{
	for (unsigned int i = 0; i < ROWS; i++)
		if (rows[i].nr == d->nr && (rows[i].sets & sets) && admits(&rows[i], d))
			return SECCOMP_RET_ALLOW;
	for (unsigned int i = 0; i < REFUSED; i++)
		if (refusals[i].nr == d->nr && (refusals[i].sets & sets))
			return SECCOMP_RET_ERRNO | refusals[i].error;
	return SECCOMP_RET_KILL_PROCESS;
}

static void compare(const struct seccomp_data *d, unsigned int sets)
{
	ck_assert_msg(run(d) == answer(d, sets), "call %d, sets %#x, third argument %#llx", d->nr,
		      sets, (unsigned long long)d->args[2]);
}

START_TEST(numbers)
{
	for (int f = 0; f < SB_FILTER_COUNT; f++) {
		load((enum sb_filter_id)f);
		for (int nr = -2; nr < 1024; nr++) {
			struct seccomp_data d = { .nr = nr, .arch = AUDIT_ARCH_X86_64 };

			compare(&d, sets_of[f]);
			memset(d.args, 0xff, sizeof(d.args));
			compare(&d, sets_of[f]);
		}
	}
}
END_TEST

/* Each argument takes, one bit at a time, what conditions look at. */
START_TEST(conditions)
{
	for (int f = 0; f < SB_FILTER_COUNT; f++) {
		load((enum sb_filter_id)f);
		for (unsigned int r = 0; r < ROWS; r++) {
			struct seccomp_data d = { .nr = (int)rows[r].nr,
						  .arch = AUDIT_ARCH_X86_64 };

			for (unsigned int i = 0; i < SB_ARGS_MAX; i++)
				d.args[rows[r].args[i].n] |= rows[r].args[i].value;
			compare(&d, sets_of[f]);
			for (unsigned int bit = 0; bit < 6 * 64; bit++) {
				d.args[bit / 64] ^= 1ull << bit % 64;
				compare(&d, sets_of[f]);
				d.args[bit / 64] ^= 1ull << bit % 64;
			}
		}
	}
}
END_TEST

START_TEST(other_ways_in)
{
	for (int f = 0; f < SB_FILTER_COUNT; f++) {
		load((enum sb_filter_id)f);
		for (int nr = 0; nr < 600; nr++) {
			struct seccomp_data i386 = { .nr = nr, .arch = AUDIT_ARCH_I386 };
			struct seccomp_data x32 = { .nr = nr | 0x40000000,
						    .arch = AUDIT_ARCH_X86_64 };

			ck_assert_uint_eq(run(&i386), SECCOMP_RET_KILL_PROCESS);
			ck_assert_uint_eq(run(&x32), SECCOMP_RET_KILL_PROCESS);
		}
	}
}
END_TEST

START_TEST(table)
{
	for (unsigned int i = 0; i < ROWS; i++) {
		ck_assert_uint_gt(strlen(rows[i].reason), 3);
		ck_assert_uint_ne(rows[i].sets, 0);
	}
	/* a call is allowed or refused, not both */
	for (unsigned int i = 0; i < REFUSED * ROWS; i++)
		ck_assert_int_ne(refusals[i / ROWS].nr, rows[i % ROWS].nr);
	for (int f = 0; f < SB_FILTER_COUNT; f++) {
		unsigned int calls = 0;

		for (unsigned int i = 0; i < ROWS; i++) {
			bool first = true;

			for (unsigned int j = 0; j < i; j++)
				first &= rows[j].nr != rows[i].nr || !(rows[j].sets & sets_of[f]);
			calls += first && (rows[i].sets & sets_of[f]);
		}
		ck_assert_uint_le(calls, SB_CALLS_MAX);
	}
}
END_TEST

/* What WASI's handlers call is in the filter of an instance with everything. */
START_TEST(wasi)
{
	static const struct {
		const char *name, *calls;
	} handlers[] = {
#define HANDLER(name, signature, fd, need, fd2, need2, lacking, kernel, ring) { #name, kernel },
		WASI_CALLS(HANDLER)
	};
	static const char *const names[] = {
#define NAME(name, sets, when, reason) #name,
		SB_POLICY(NAME)
	};

	for (unsigned int h = 0; h < sizeof(handlers) / sizeof(handlers[0]); h++) {
		char words[256], *save = NULL;

		ck_assert_uint_lt(strlen(handlers[h].calls), sizeof(words));
		strcpy(words, handlers[h].calls);
		for (char *w = strtok_r(words, " ", &save); w; w = strtok_r(NULL, " ", &save)) {
			unsigned int r = 0;

			while (r < ROWS && (strcmp(names[r], w) ||
					    !(rows[r].sets & sets_of[SB_FILTER_WRITE_RING_NET])))
				r++;
			ck_assert_msg(r < ROWS, "%s may call %s", handlers[h].name, w);
		}
	}
}
END_TEST

UNIT("policy", numbers, conditions, other_ways_in, table, wasi)
