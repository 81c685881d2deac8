/* Names of walls and steps, and the facts that a start collects about them. */
#include "sandbox/internal.h"

#include <assert.h>
#include <errno.h>

static const struct {
	const char *name, *text, *needed;
} walls[] = {
#define WALL(id, name, needed, text) [SB_WALL_##id] = { name, text, #needed },
	SB_WALLS(WALL)
};

static const char *const steps[] = {
#define STEP(id, name) [SB_STEP_##id] = name,
	SB_STEPS(STEP)
};

_Static_assert(sizeof(walls) / sizeof(walls[0]) == SB_WALL_COUNT, "a row a wall");
_Static_assert(sizeof(steps) / sizeof(steps[0]) == SB_STEP_COUNT, "a row a step");

const char *sb_wall_name(enum sb_wall wall)
{
	assert(wall < SB_WALL_COUNT);
	return walls[wall].name;
}

const char *sb_wall_text(enum sb_wall wall)
{
	assert(wall < SB_WALL_COUNT);
	return walls[wall].text;
}

const char *sb_step_name(enum sb_step step)
{
	assert(step < SB_STEP_COUNT);
	return steps[step];
}

bool sb_wall_needed(enum sb_wall wall, enum sb_isolation isolation)
{
	assert(wall < SB_WALL_COUNT);
	switch (isolation) {
	case SB_FULL:
		return walls[wall].needed[0] != 'o';
	case SB_DEGRADED:
		return walls[wall].needed[0] == 'f';
	case SB_NONE:
		break;
	}
	return false;
}

uint64_t sb_now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

bool sb_unwanted(const struct sb_start *s, enum sb_wall wall)
{
	return s->spec->isolation == SB_NONE || (sb_test_without && sb_test_without(wall));
}

void sb_note(struct sb_start *s, enum sb_wall wall, enum sb_state state, int code, const char *why)
{
	struct sb_fact *fact = &s->report->wall[wall];
	size_t n = 0;

	fact->state = (uint8_t)state;
	fact->code = code;
	for (; why[n] && n + 1 < sizeof(fact->why); n++)
		fact->why[n] = why[n];
	fact->why[n] = '\0';
}

int sb_refused(struct sb_start *s, enum sb_wall wall, int code, const char *why)
{
	assert(code < 0);
	sb_note(s, wall, SB_MISSING, code, why);
	s->report->failed_wall = (int32_t)wall;
	return code;
}

bool sb_exhausted(int code)
{
	return code == -EMFILE || code == -ENFILE || code == -ENOMEM || code == -EAGAIN ||
	       code == -ENOSPC;
}

int sb_missing(struct sb_start *s, enum sb_wall wall, int code, const char *why)
{
	assert(code < 0);
	if (sb_exhausted(code))
		return code;
	if (sb_wall_needed(wall, s->spec->isolation))
		return sb_refused(s, wall, code, why);
	sb_note(s, wall, SB_MISSING, code, why);
	return 0;
}

const char *sb_way_out(enum sb_isolation refused)
{
	return refused == SB_FULL ? "--isolation degraded accepts what this host allows" :
	       "only --isolation none accepts that, for trusted code";
}

int sb_failure(const struct sb_report *report, struct wsbox_err *err)
{
	enum sb_step step = (enum sb_step)report->failed_step;

	if (report->failed_step < 0 || report->failed_step >= SB_STEP_COUNT)
		return 0;
	if (report->failed_wall >= 0 && report->failed_wall < SB_WALL_COUNT) {
		const struct sb_fact *f = &report->wall[report->failed_wall];

		return err_set(err, f->code, WSBOX_FAILED, "cannot put up the wall %s: %s: %s; %s",
			       walls[report->failed_wall].name, f->why, err_name(f->code),
			       sb_way_out((enum sb_isolation)report->isolation));
	}
	if (step == SB_STEP_TMPFS)
		return err_set(err, report->failed_code, WSBOX_FAILED,
			       "--tmpfs: cannot mount one: %s; it needs a mount namespace, which "
			       "--isolation none and some hosts do not give",
			       err_name(report->failed_code));
	return err_set(err, report->failed_code, WSBOX_FAILED, "cannot start a cell: step %s: %s",
		       steps[step], err_name(report->failed_code));
}
