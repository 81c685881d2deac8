/*
 * Arguments and results as text, in strace's manner: numbers, names of flags, strings, records. All
 * memory of the guest's is read through rt_mem(); what is not memory is shown as its address.
 */
#include <assert.h>

#include "runtime/base/num.h"
#include "wasi-iouring/show.h"

#define STRING_MOST 32		/* bytes of data, as strace shows */
#define PATH_MOST 1024
#define LIST_MOST 8		/* elements of a list */

typedef unsigned long long ull;

#define NAMED(prefix, text, number) { number, #text },
static const struct wasi_name filetypes[] = { WASI_FILETYPES(NAMED) };
static const struct wasi_name fdflags[] = { WASI_FDFLAGS(NAMED) };
static const struct wasi_name oflags[] = { WASI_OFLAGS(NAMED) };
static const struct wasi_name lookupflags[] = { WASI_LOOKUPFLAGS(NAMED) };
static const struct wasi_name fstflags[] = { WASI_FSTFLAGS(NAMED) };
static const struct wasi_name riflags[] = { WASI_RIFLAGS(NAMED) };
static const struct wasi_name sdflags[] = { WASI_SDFLAGS(NAMED) };
static const struct wasi_name whences[] = { WASI_WHENCES(NAMED) };
static const struct wasi_name clocks[] = { WASI_CLOCKIDS(NAMED) };
static const struct wasi_name events[] = { WASI_EVENTTYPES(NAMED) };
static const struct wasi_name advices[] = { WASI_ADVICEKINDS(NAMED) };
static const struct wasi_name roflags[] = { { WASI_ROFLAG_TRUNCATED, "TRUNCATED" } };
static const struct wasi_name rights[] = {
#define X(name) { WASI_RIGHT_##name, #name },
	WASI_RIGHTS(X)
#undef X
};

#define KIND(t, value, names) wasi_text_kind(t, value, names, ARRAY_SIZE(names))
#define FLAGS(t, value, names) wasi_text_flags(t, value, names, ARRAY_SIZE(names))

static uint32_t arg32(const struct wasi_shown *s, uint32_t i)
{
	return (uint32_t)s->a[i].i32;
}

/* How many elements argument i has, as a later argument says. */
static uint32_t elements(const struct wasi_shown *s, uint32_t i)
{
	while (s->params[i] != '.')
		i++;
	return arg32(s, i);
}

static void show_number(struct wasi_shown *s, uint32_t i)
{
	wasi_text_add(&s->text, "%u", arg32(s, i));
}

static void show_signed(struct wasi_shown *s, uint32_t i)
{
	wasi_text_add(&s->text, "%d", s->a[i].i32);
}

static void show_number64(struct wasi_shown *s, uint32_t i)
{
	wasi_text_add(&s->text, "%llu", (ull)s->a[i].i64);
}

static void show_signed64(struct wasi_shown *s, uint32_t i)
{
	wasi_text_add(&s->text, "%lld", (long long)s->a[i].i64);
}

static void show_pointer(struct wasi_shown *s, uint32_t i)
{
	wasi_text_add(&s->text, "%#x", arg32(s, i));
}

void wasi_show_unfilled(struct wasi_shown *s, uint32_t i)
{
	wasi_text_add(&s->text, "%#x, %u", arg32(s, i), elements(s, i));
}

#define SHOW(kind, as, names) \
	static void show_##kind(struct wasi_shown *s, uint32_t i) \
	{ \
		as(&s->text, arg32(s, i), names); \
	}
SHOW(clock, KIND, clocks)
SHOW(whence, KIND, whences)
SHOW(advice, KIND, advices)
SHOW(lookupflags, FLAGS, lookupflags)
SHOW(oflags, FLAGS, oflags)
SHOW(fdflags, FLAGS, fdflags)
SHOW(fstflags, FLAGS, fstflags)
SHOW(riflags, FLAGS, riflags)
SHOW(sdflags, FLAGS, sdflags)

/* Of a set that is nearly all, what is missing. */
static void add_rights(struct wasi_text *t, uint64_t set)
{
	uint64_t missing = WASI_RIGHT_ALL & ~set, unknown = set & ~(uint64_t)WASI_RIGHT_ALL;

	if (__builtin_popcountll(missing) >= WASI_RIGHT_BITS / 2) {
		FLAGS(t, set, rights);
		return;
	}
	wasi_text_add(t, "ALL");
	if (missing) {
		wasi_text_add(t, "&~(");
		FLAGS(t, missing, rights);
		wasi_text_add(t, ")");
	}
	if (unknown)
		wasi_text_add(t, "|%#llx", (ull)unknown);
}

static void show_rights(struct wasi_shown *s, uint32_t i)
{
	add_rights(&s->text, (uint64_t)s->a[i].i64);
}

static void add_memory(struct wasi_shown *s, uint32_t p, uint32_t n, uint32_t most)
{
	const uint8_t *at = rt_mem(s->inst, p, n);

	if (at)
		wasi_text_string(&s->text, at, n, most);
	else
		wasi_text_add(&s->text, "%#x", p);
}

static void show_path(struct wasi_shown *s, uint32_t i)
{
	add_memory(s, arg32(s, i), elements(s, i), PATH_MOST);
}

/* Of a buffer what was put into it, then how large it is. */
static void show_buffer(struct wasi_shown *s, uint32_t i)
{
	uint32_t size = elements(s, i);

	add_memory(s, arg32(s, i), s->has_count ? (uint32_t)num_min(s->count, size) : size,
		   STRING_MOST);
	wasi_text_add(&s->text, ", %u", size);
}

/* The first iovecs with their data, how many there are, and for a longer list their bytes. */
static void show_iovecs(struct wasi_shown *s, uint32_t i)
{
	uint32_t n = elements(s, i), left = s->has_count ? s->count : UINT32_MAX;
	const uint8_t *list = rt_mem(s->inst, arg32(s, i), (uint64_t)n * sizeof(struct wasi_iovec));
	uint64_t bytes = 0;

	if (!list || n > WASI_IOV_MAX) {
		wasi_text_add(&s->text, "%#x, %u", arg32(s, i), n);
		return;
	}
	wasi_text_add(&s->text, "[");
	for (uint32_t k = 0; k < n; k++) {
		struct wasi_iovec v;
		uint32_t filled;

		memcpy(&v, list + k * sizeof(v), sizeof(v));
		bytes += v.len;
		filled = (uint32_t)num_min(v.len, left);
		left -= filled;
		if (k >= LIST_MOST)
			continue;
		wasi_text_add(&s->text, "%s{iov_base=", k ? ", " : "");
		add_memory(s, v.buf, filled, STRING_MOST);
		wasi_text_add(&s->text, ", iov_len=%u}", v.len);
	}
	if (n > LIST_MOST)
		wasi_text_add(&s->text, ", ... /* %llu bytes */", (ull)bytes);
	wasi_text_add(&s->text, "], %u", n);
}

static void show_dirents(struct wasi_shown *s, uint32_t i)
{
	uint32_t size = elements(s, i), used = (uint32_t)num_min(s->count, size), at = 0, n = 0;
	const uint8_t *list = rt_mem(s->inst, arg32(s, i), used);
	struct wasi_dirent d;

	for (; list && used - at >= sizeof(d); n++) {
		memcpy(&d, list + at, sizeof(d));
		at += (uint32_t)num_min(sizeof(d) + (uint64_t)d.namlen, used - at);
	}
	wasi_text_add(&s->text, "%#x /* %u entries */, %u", arg32(s, i), n, size);
}

static void add_subscription(struct wasi_text *t, const void *record)
{
	const struct wasi_subscription *sub = record;

	wasi_text_add(t, "{userdata=%#llx, type=", (ull)sub->userdata);
	KIND(t, sub->tag, events);
	if (sub->tag == WASI_EVENT_CLOCK) {
		wasi_text_add(t, ", id=");
		KIND(t, sub->clock.id, clocks);
		wasi_text_add(t, ", timeout=%llu, %s}", (ull)sub->clock.timeout,
			      sub->clock.flags & WASI_CLOCK_ABSTIME ? "ABSTIME" : "0");
	} else {
		wasi_text_add(t, ", fd=%u}", sub->rw.fd);
	}
}

static void add_event(struct wasi_text *t, const void *record)
{
	const struct wasi_event *ev = record;

	wasi_text_add(t, "{userdata=%#llx, error=%s, type=", (ull)ev->userdata,
		      ev->error ? wasi_errno_name((enum wasi_errno)ev->error) : "0");
	KIND(t, ev->type, events);
	wasi_text_add(t, ", nbytes=%llu, %s}", (ull)ev->nbytes,
		      ev->flags & WASI_HANGUP ? "HANGUP" : "0");
}

/* A list of n records of `size` bytes at p. */
static void add_list(struct wasi_shown *s, uint32_t p, uint32_t n, size_t size,
		     void (*add)(struct wasi_text *t, const void *record))
{
	const uint8_t *list = rt_mem(s->inst, p, (uint64_t)n * size);
	uint64_t record[sizeof(struct wasi_subscription) / sizeof(uint64_t)];

	assert(size <= sizeof(record));
	if (!list) {
		wasi_text_add(&s->text, "%#x", p);
		return;
	}
	wasi_text_add(&s->text, "[");
	for (uint32_t k = 0; k < n && k < LIST_MOST; k++) {
		memcpy(record, list + k * size, size);
		wasi_text_add(&s->text, "%s", k ? ", " : "");
		add(&s->text, record);
	}
	wasi_text_add(&s->text, n > LIST_MOST ? ", ...]" : "]");
}

static void show_subscriptions(struct wasi_shown *s, uint32_t i)
{
	add_list(s, arg32(s, i), elements(s, i), sizeof(struct wasi_subscription),
		 add_subscription);
}

static void show_events(struct wasi_shown *s, uint32_t i)
{
	add_list(s, arg32(s, i), s->count, sizeof(struct wasi_event), add_event);
	wasi_text_add(&s->text, ", %u", elements(s, i));
}

/* --- results --- */

#define RESULT(s, i, record) wasi_load((s)->inst, arg32(s, i), &(record), sizeof(record))

static void show_u32(struct wasi_shown *s, uint32_t i)
{
	uint32_t n;

	if (RESULT(s, i, n))
		wasi_text_add(&s->text, "%u", n);
}

static void show_roflags(struct wasi_shown *s, uint32_t i)
{
	uint16_t flags;

	if (RESULT(s, i, flags))
		FLAGS(&s->text, flags, roflags);
}

static void show_u64(struct wasi_shown *s, uint32_t i)
{
	uint64_t n;

	if (RESULT(s, i, n))
		wasi_text_add(&s->text, "%llu", (ull)n);
}

static void show_fdstat(struct wasi_shown *s, uint32_t i)
{
	struct wasi_fdstat st;

	if (!RESULT(s, i, st))
		return;
	wasi_text_add(&s->text, "{filetype=");
	KIND(&s->text, st.filetype, filetypes);
	wasi_text_add(&s->text, ", flags=");
	FLAGS(&s->text, st.flags, fdflags);
	wasi_text_add(&s->text, ", rights=");
	add_rights(&s->text, st.rights);
	wasi_text_add(&s->text, ", inheriting=");
	add_rights(&s->text, st.inheriting);
	wasi_text_add(&s->text, "}");
}

static void show_filestat(struct wasi_shown *s, uint32_t i)
{
	struct wasi_filestat st;

	if (!RESULT(s, i, st))
		return;
	wasi_text_add(&s->text, "{dev=%#llx, ino=%llu, filetype=", (ull)st.dev, (ull)st.ino);
	KIND(&s->text, st.filetype, filetypes);
	wasi_text_add(&s->text, ", nlink=%llu, size=%llu, atim=%llu, mtim=%llu, ctim=%llu}",
		      (ull)st.nlink, (ull)st.size, (ull)st.atim, (ull)st.mtim, (ull)st.ctim);
}

static void show_prestat(struct wasi_shown *s, uint32_t i)
{
	struct wasi_prestat st;

	if (RESULT(s, i, st))
		wasi_text_add(&s->text, "{tag=DIR, name_len=%u}", st.name_len);
}

const struct wasi_param wasi_params[128] = {
#define X(letter, type, when, by) [letter] = { WASM_##type, WASI_WHEN_##when, show_##by },
	WASI_PARAMS(X)
#undef X
};
