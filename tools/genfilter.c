/*
 * Build-time program: compiles the policy table to BPF and prints it as C arrays (sandbox/policy.h,
 * sandbox/filter.c).
 *
 * The start of a cell so costs no libseccomp; the tree form halves what the kernel needs to check
 * the program. libseccomp puts the tests for the architecture and for x32 numbers in front.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/futex.h>
#include <linux/io_uring.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sandbox/policy.h"

static const struct rule {
	int call;
	unsigned int sets;
	struct sb_arg args[SB_ARGS_MAX];
} rules[] = {
#define RULE(name, sets, when, reason) { SYS_##name, sets, when },
	SB_POLICY(RULE)
};
static const int rule_count = sizeof(rules) / sizeof(rules[0]);

static const struct {
	int call;
	unsigned int sets;
	uint16_t error;
} refusals[] = {
#define REFUSAL(name, sets, error, reason) { SYS_##name, sets, error },
	SB_REFUSALS(REFUSAL)
};

static const struct {
	const char *name;
	unsigned int sets;
} filters[] = {
#define FILTER(id, sets) { #id, sets },
	SB_FILTERS(FILTER)
};

static int rule_add(scmp_filter_ctx ctx, const struct rule *r)
{
	struct scmp_arg_cmp cmp[SB_ARGS_MAX];
	unsigned int n = 0;

	for (int i = 0; i < SB_ARGS_MAX; i++)
		if (r->args[i].mask)
			cmp[n++] = SCMP_CMP64(r->args[i].n, SCMP_CMP_MASKED_EQ, r->args[i].mask,
					      r->args[i].value);
	return seccomp_rule_add_array(ctx, SCMP_ACT_ALLOW, r->call, n, cmp);
}

static int calls(unsigned int sets)
{
	int n = 0;

	for (int i = 0; i < rule_count; i++) {
		bool again = false;

		if (!(rules[i].sets & sets))
			continue;
		for (int j = 0; j < i; j++)
			again |= rules[j].call == rules[i].call && (rules[j].sets & sets);
		n += !again;
	}
	return n;
}

/* All that the policy says of a cell with these sets. */
static int rules_add(scmp_filter_ctx ctx, unsigned int sets)
{
	int code = 0;

	for (int i = 0; !code && i < rule_count; i++)
		if (rules[i].sets & sets)
			code = rule_add(ctx, &rules[i]);
	for (size_t i = 0; !code && i < sizeof(refusals) / sizeof(refusals[0]); i++)
		if (refusals[i].sets & sets)
			code = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(refusals[i].error),
						refusals[i].call, 0);
	return code;
}

static int print_filter(const char *name, unsigned int sets)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_KILL_PROCESS);
	int fd = memfd_create("filter", MFD_CLOEXEC);
	struct sock_filter f;
	int n = 0, code;

	if (!ctx || fd < 0)
		return -ENOMEM;
	code = seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
	if (!code)
		code = seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	if (!code)
		code = rules_add(ctx, sets);
	if (!code)
		code = seccomp_export_bpf(ctx, fd);
	if (code)
		return code;
	printf("\nstatic const struct sock_filter filter_%s[] = {\n", name);
	lseek(fd, 0, SEEK_SET);
	for (; read(fd, &f, sizeof(f)) == sizeof(f); n++)
		printf("\t{ 0x%04x, %u, %u, 0x%08x },\n", f.code, f.jt, f.jf, f.k);
	printf("};\n");
	close(fd);
	seccomp_release(ctx);
	return n ? 0 : -EIO;
}

int main(void)
{
	printf("/* Made by tools/genfilter from sandbox/policy.h. */\n");
	for (size_t i = 0; i < sizeof(filters) / sizeof(filters[0]); i++) {
		int n = calls(filters[i].sets);
		int code =
			n <= SB_CALLS_MAX ? print_filter(filters[i].name, filters[i].sets) : -E2BIG;

		if (code) {
			fprintf(stderr, "genfilter: %s (%d calls): %s\n", filters[i].name, n,
				strerror(-code));
			return 1;
		}
	}
	return 0;
}
