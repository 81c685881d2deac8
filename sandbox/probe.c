/* What this host offers, found by starting a cell that ends where it would execute the program. */
#include <errno.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sandbox/internal.h"

/*
 * In a child, since some hosts kill for asking. The structure of 120 bytes is struct
 * io_uring_params.
 */
static bool ring_allowed(void)
{
	int status = 0, pid = fork();

	if (pid == 0) {
		char params[120] = { 0 };

		_exit(syscall(SYS_io_uring_setup, 1, params) < 0);
	}
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return pid > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static bool filters_allowed(void)
{
	uint32_t action = SECCOMP_RET_KILL_PROCESS;

	return !syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action);
}

static void try_cgroup(struct sb_fact *fact)
{
	const struct cg_limits limits = { .memory = 64 << 20, .cpus_milli = 1000, .pids = 16 };
	struct wsbox_err err = WSBOX_ERR_INIT;
	struct cg_group group;
	int code = cg_make(&limits, &group, &err);

	*fact = (struct sb_fact){ .state = code ? SB_MISSING : SB_STANDING, .code = code };
	if (!code)
		(void)cg_remove(&group);
	(void)snprintf(fact->why, sizeof(fact->why), "%.*s", (int)sizeof(fact->why) - 1,
		       code ? err.text : "");
}

static bool complete(const struct sb_features *f)
{
	for (int w = 0; w < SB_WALL_COUNT; w++)
		if (f->wall[w].state == SB_MISSING && sb_wall_needed((enum sb_wall)w, SB_FULL))
			return false;
	return true;
}

int sb_probe(struct sb_features *ret)
{
	const struct sb_preopen preopen = { .host = P_tmpdir, .readonly = true };
	const struct sb_spec spec = { .role = CELL_ROLE_RUN,
				      .isolation = SB_DEGRADED,
				      .cell = -1,
				      .argv0 = "probe",
				      .stdio = { -1, -1, -1 },
				      .control = -1,
				      .module = -1,
				      .image = -1,
				      .strings = -1,
				      .preopens = &preopen,
				      .preopen_count = 1 };
	struct sb_features f = { .landlock_abi = sb_landlock_abi(), .cgroup = cg_mode() };
	struct sb_powers powers;
	struct sb_cell cell;
	struct sb_end end;
	int code = sb_start_cell(&spec, true, &cell, NULL);

	if (!code)
		code = sb_reap(&cell, &end);
	if (code)
		return code;
	memcpy(f.wall, end.report.wall, sizeof(f.wall));
	for (int w = 0; w < SB_WALL_COUNT; w++)
		if (f.wall[w].state == SB_BY_CELL)
			f.wall[w].state = SB_STANDING;
	/* the detail of a degraded cell: it is as safe without, but full does not go without */
	if (f.wall[SB_WALL_CAPABILITIES].why[0]) {
		f.wall[SB_WALL_CAPABILITIES].state = SB_MISSING;
		f.wall[SB_WALL_CAPABILITIES].code = -EPERM;
	}
	if (!filters_allowed())
		f.wall[SB_WALL_SECCOMP] = (struct sb_fact){ SB_MISSING, -EOPNOTSUPP,
							    "no seccomp filters in this kernel" };
	try_cgroup(&f.wall[SB_WALL_CGROUP]);
	code = f.landlock_abi < 0 ? f.landlock_abi : sb_powers_get(&powers);
	if (code)
		return code;
	f.rootful = powers.admin && powers.setid && powers.pcap;
	f.idmap = strstr(f.wall[SB_WALL_PREOPENS].why, "idmapped") != NULL;
	f.io_uring = ring_allowed();
	f.full = complete(&f);
	*ret = f;
	return 0;
}
