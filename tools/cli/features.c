/*
 * wsbox features: which walls this host offers, found by trying them.
 */
#include <stdio.h>
#include <unistd.h>

#include "runtime/wasm/feature.h"
#include "sandbox/sandbox.h"
#include "tools/cli/json.h"
#include "tools/cli/options.h"
#include "tools/cli/say.h"

static const char *const cgroup_names[] = {
	[CG_NONE] = "none", [CG_V2] = "v2", [CG_V1] = "v1", [CG_HYBRID] = "hybrid",
};

static const char *proposal_state(const struct wasm_feature_row *row)
{
	if (!row->validated || !row->compiled)
		return "unsupported";
	return row->on ? "on" : "off";
}

static int print_json(const struct sb_features *f)
{
	struct json j = { 0 };

	json_open(&j, NULL, '{');
	json_string(&j, "version", WSBOX_VERSION);
	json_bool(&j, "full", f->full);
	json_bool(&j, "rootful", f->rootful);
	json_u64(&j, "landlock_abi", (uint64_t)f->landlock_abi);
	json_string(&j, "cgroup", cgroup_names[f->cgroup]);
	json_bool(&j, "io_uring", f->io_uring);
	json_bool(&j, "idmap", f->idmap);
	json_open(&j, "walls", '{');
	for (unsigned int i = 0; i < SB_WALL_COUNT; i++) {
		json_open(&j, sb_wall_name(i), '{');
		json_bool(&j, "offered", f->wall[i].state == SB_STANDING);
		json_bool(&j, "needed", sb_wall_needed(i, SB_FULL));
		if (*f->wall[i].why)
			json_string(&j, "why", f->wall[i].why);
		json_close(&j, '}');
	}
	json_close(&j, '}');
	json_open(&j, "proposals", '{');
	for (unsigned int i = 0; i < WASM_FEATURES; i++)
		json_string(&j, wasm_feature_rows[i].name, proposal_state(&wasm_feature_rows[i]));
	json_close(&j, '}');
	json_close(&j, '}');
	return json_end(&j, STDOUT_FILENO) < 0 ? WSBOX_FAILED : WSBOX_OK;
}

static void print_text(const struct sb_features *f)
{
	for (unsigned int i = 0; i < SB_WALL_COUNT; i++) {
		const struct sb_fact *fact = &f->wall[i];
		bool there = fact->state == SB_STANDING, needed = sb_wall_needed(i, SB_FULL);

		printf("%-8s %-14s %s", there ? "yes" : needed ? "MISSING" : "no", sb_wall_name(i),
		       sb_wall_text(i));
		if (*fact->why)
			printf(" (%s)", fact->why);
		putchar('\n');
	}
	printf("\nLandlock ABI %d; cgroups: %s; io_uring: %s; %s\n", f->landlock_abi,
	       cgroup_names[f->cgroup], f->io_uring ? "yes" : "no",
	       f->rootful ? "rootful" : "rootless");
	printf("--isolation full (the default) %s on this host.\n",
	       f->full ? "works" : "does not work");
}

int command_features(struct options *o)
{
	struct sb_features f;
	int ret = sb_probe(&f);

	if (ret < 0) {
		say("cannot find out what this host offers: %s", err_name(ret));
		return WSBOX_FAILED;
	}
	if (o->json)
		return print_json(&f);
	print_text(&f);
	return WSBOX_OK;
}
