/*
 * wsbox cache: what is in the code cache, and putting it in order.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "tools/cache/cache.h"
#include "runtime/base/num.h"
#include "tools/cli/json.h"
#include "tools/cli/options.h"
#include "tools/cli/say.h"

static void size_text(uint64_t bytes, char *buf, size_t size)
{
	static const char letters[] = "BKMGT";
	unsigned int i = 0;
	double n = (double)bytes;

	for (; n >= 1024 && letters[i + 1]; i++)
		n /= 1024;
	(void)snprintf(buf, size, i && n < 10 ? "%.1f%c" : "%.0f%c", n, letters[i]);
}

static void time_text(int64_t seconds, char *buf, size_t size)
{
	time_t at = (time_t)seconds;
	struct tm tm;

	if (!localtime_r(&at, &tm) || !strftime(buf, size, "%Y-%m-%d %H:%M", &tm))
		(void)snprintf(buf, size, "?");
}

/* What stands before a row of the listing, of which there were so many already. */
static void row_begin(const struct options *o, size_t rows)
{
	if (!o->json && !rows)
		printf("%-12s  %-9s %7s  %-16s  %-12s  %s\n", "ENTRY", "TIER", "SIZE", "LAST USED",
		       "MODULE", "NAME");
	if (o->json && rows)
		fputs(",", stdout);
	/* JSON is written beside stdio */
	(void)fflush(stdout);
}

/* One entry of the listing; bad: why it is not used. */
static void list_row(const struct cache_file *file, const struct cache_entry *e,
		     const struct wsbox_err *bad)
{
	char size[16], when[32], label[CACHE_LABEL], hash[SHA256_HEX];

	size_text(file->size, size, sizeof(size));
	time_text(file->used, when, sizeof(when));
	memcpy(label, e->label, sizeof(label));
	err_printable(label, strlen(label));
	sha256_hex(e->recipe.module, hash);
	if (bad->code)
		printf("%.12s  %-9s %7s  %s  (%s)\n", file->name, "-", size, when, bad->text);
	else
		printf("%.12s  %-9s %7s  %s  %.12s  %s\n", file->name,
		       cache_tier_name(e->recipe.tier), size, when, hash, label);
}

static int list_json(const struct cache_file *file, const struct cache_entry *e,
		     const struct wsbox_err *bad)
{
	struct json j = { 0 };
	char hash[SHA256_HEX];

	json_open(&j, NULL, '{');
	json_string(&j, "file", file->name);
	json_u64(&j, "size", file->size);
	json_u64(&j, "used", (uint64_t)file->used);
	if (bad->code) {
		json_string(&j, "message", bad->text);
	} else {
		sha256_hex(e->recipe.module, hash);
		json_string(&j, "label", e->label);
		json_string(&j, "module", hash);
		json_string(&j, "tier", cache_tier_name(e->recipe.tier));
		json_u64(&j, "made", e->made);
		json_u64(&j, "module_bytes", e->module_size);
		json_u64(&j, "text_bytes", e->text_bytes);
	}
	json_close(&j, '}');
	return json_end(&j, 1);
}

static const char *fill_text(enum cache_fill_state state, const struct cache_note *n)
{
	if (state == CACHE_FILL_FAILED)
		return n->text;
	return state == CACHE_FILL_WORKING ? "being made" : "was not finished";
}

/* Code that is being made in the background, or why it was not. */
static void list_fill(const char *file, const struct cache_note *n, enum cache_fill_state state)
{
	char when[32], hash[SHA256_HEX];

	time_text((int64_t)n->at, when, sizeof(when));
	sha256_hex(n->recipe.module, hash);
	printf("%.12s  %-9s %7s  %s  %.12s  %s  (%s)\n", file, cache_tier_name(n->recipe.tier), "-",
	       when, hash, n->label, fill_text(state, n));
}

static void list_fill_json(const char *file, const struct cache_note *n,
			   enum cache_fill_state state)
{
	static const char *const names[] = {
		[CACHE_FILL_WORKING] = "working", [CACHE_FILL_ENDED] = "ended",
		[CACHE_FILL_FAILED] = "failed",
	};
	struct json j = { 0 };
	char hash[SHA256_HEX];

	sha256_hex(n->recipe.module, hash);
	json_open(&j, NULL, '{');
	json_string(&j, "file", file);
	json_string(&j, "fill", names[state]);
	if (state == CACHE_FILL_FAILED)
		json_string(&j, "message", n->text);
	json_string(&j, "label", n->label);
	json_string(&j, "module", hash);
	json_string(&j, "tier", cache_tier_name(n->recipe.tier));
	json_u64(&j, "at", n->at);
	json_close(&j, '}');
	(void)json_end(&j, 1);
}

/* rows: of the listing so far. */
static int list_fills(struct cache *c, const struct options *o, size_t rows)
{
	struct cache_files files;
	int ret = cache_scan_fills(c, &files);

	if (ret < 0)
		return ret;
	for (size_t i = files.len; i--;) {
		enum cache_fill_state state;
		struct cache_note n;

		if (cache_fill_read(c, files.at[i].name, &n, &state, NULL) < 0)
			continue;
		row_begin(o, rows++);
		if (o->json)
			list_fill_json(files.at[i].name, &n, state);
		else
			list_fill(files.at[i].name, &n, state);
	}
	vec_done(&files);
	return 0;
}

static int action_ls(struct cache *c, const struct options *o, struct wsbox_err *err)
{
	struct cache_files files;
	size_t rows = 0;
	int ret = cache_scan(c, &files);

	if (ret < 0)
		return err_set(err, ret, WSBOX_FAILED, "%s", err_name(ret));
	if (o->json)
		printf("[");
	for (size_t i = files.len; i--;) {
		struct wsbox_err bad = WSBOX_ERR_INIT;
		struct cache_entry e = { 0 };

		if (cache_read(c, files.at[i].name, false, &e, &bad) == -ENOENT)
			continue;
		row_begin(o, rows++);
		if (o->json)
			(void)list_json(&files.at[i], &e, &bad);
		else
			list_row(&files.at[i], &e, &bad);
	}
	ret = list_fills(c, o, rows);
	if (o->json)
		printf("]\n");
	vec_done(&files);
	return ret < 0 ? err_set(err, ret, WSBOX_FAILED, "%s", err_name(ret)) : 0;
}

static int action_verify(struct cache *c, const struct options *o, struct wsbox_err *err)
{
	struct cache_files files;
	size_t damaged = 0;
	int ret = cache_scan(c, &files);

	if (ret < 0)
		return err_set(err, ret, WSBOX_FAILED, "%s", err_name(ret));
	for (size_t i = 0; i < files.len; i++) {
		struct wsbox_err bad = WSBOX_ERR_INIT;
		struct cache_entry e;

		ret = cache_read(c, files.at[i].name, true, &e, &bad);
		if (ret == 0 || ret == -ENOENT)
			continue;
		damaged++;
		printf("%s: %s\n", files.at[i].name, bad.text);
	}
	if (!damaged)
		printf("%zu entries, all whole\n", files.len);
	else
		(void)err_set(err, -EBADMSG, WSBOX_FAILED, "%zu of %zu entries would not be used",
			      damaged, files.len);
	vec_done(&files);
	return damaged ? -EBADMSG : 0;
}

static int action_clean(struct cache *c, const struct options *o, struct wsbox_err *err)
{
	char size[16];
	uint32_t entries;
	uint64_t bytes;
	int ret = cache_clean(c, &entries, &bytes);

	if (ret < 0)
		return err_set(err, ret, WSBOX_FAILED, "%s", err_name(ret));
	size_text(bytes, size, sizeof(size));
	printf("%u entries removed, %s\n", entries, size);
	return 0;
}

static const struct {
	const char *name;
	int (*run)(struct cache *c, const struct options *o, struct wsbox_err *err);
} actions[] = {
	{ "ls", action_ls },
	{ "verify", action_verify },
	{ "clean", action_clean },
};

int command_cache(struct options *o)
{
	struct wsbox_err err = WSBOX_ERR_INIT;
	struct cache c = { .dir = -1 };
	char path[PATH_MAX];
	unsigned int i = 0;
	int ret;

	while (i < ARRAY_SIZE(actions) && strcmp(o->action, actions[i].name))
		i++;
	if (i == ARRAY_SIZE(actions) && strcmp(o->action, "path")) {
		say("%s: want ls, path, verify or clean (wsbox cache --help)", o->action);
		return WSBOX_FAILED;
	}
	ret = cache_path(path, &err);
	if (ret == 0 && i == ARRAY_SIZE(actions))
		return puts(path) < 0 ? WSBOX_FAILED : 0;
	if (ret == 0)
		ret = cache_open(path, &c, &err);
	if (ret == 0)
		ret = actions[i].run(&c, o, &err);
	cache_close(&c);
	return ret < 0 ? say_error(&err, "code cache") : 0;
}
