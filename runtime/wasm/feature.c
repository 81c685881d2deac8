#include "runtime/wasm/feature.h"

#include <errno.h>
#include <string.h>

#include "runtime/base/num.h"

#define B(name) WASM_FEATURE_BIT(name)
const struct wasm_feature_row wasm_feature_rows[WASM_FEATURES] = {
#define F(enumerator, label, is_on, is_validated, is_compiled, need, text) \
	[WASM_FEATURE_##enumerator] = { .name = label, \
					.help = text, \
					.needs = (need), \
					.on = is_on, \
					.validated = is_validated, \
					.compiled = is_compiled },
	WASM_FEATURE_TABLE(F)
#undef F
};

/* Default on means that both halves exist, so that no module is accepted and then refused by the
 * compiler. */
#define F(enumerator, label, is_on, is_validated, is_compiled, need, text) \
	_Static_assert(!(is_on) || ((is_validated) && (is_compiled)), \
		       label " is on but not implemented");
WASM_FEATURE_TABLE(F)
#undef F
_Static_assert(WASM_FEATURES <= 64, "a set of features is a word");

wasm_features wasm_features_default(void)
{
	wasm_features f = 0;

	for (int i = 0; i < WASM_FEATURES; i++)
		if (wasm_feature_rows[i].on)
			f |= (wasm_features)1 << i;
	return f;
}

wasm_features wasm_features_validated(void)
{
	wasm_features f = 0;

	for (int i = 0; i < WASM_FEATURES; i++)
		if (wasm_feature_rows[i].validated)
			f |= (wasm_features)1 << i;
	return f;
}

static int feature_find(const char *name, size_t len)
{
	for (int i = 0; i < WASM_FEATURES; i++)
		if (strlen(wasm_feature_rows[i].name) == len &&
		    !memcmp(wasm_feature_rows[i].name, name, len))
			return i;
	return -ENOENT;
}

/* 1, 0, or -EINVAL. */
static int feature_value(const char *s)
{
	static const struct {
		const char *word;
		int value;
	} words[] = { { "y", 1 }, { "yes", 1 }, { "on", 1 }, { "true", 1 },
		      { "n", 0 }, { "no", 0 }, { "off", 0 }, { "false", 0 } };

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (!strcmp(words[i].word, s))
			return words[i].value;
	return -EINVAL;
}

int wasm_features_set(wasm_features *f, const char *spec, struct wsbox_err *err)
{
	const char *eq = strchr(spec, '=');
	size_t len = eq ? (size_t)(eq - spec) : strlen(spec);
	int which = feature_find(spec, len), value = eq ? feature_value(eq + 1) : 1;
	const struct wasm_feature_row *row;

	if (which < 0)
		return err_set(err, -EINVAL, WSBOX_FAILED,
			       "-W %s: no such feature; -W help lists them", spec);
	if (value < 0)
		return err_set(err, -EINVAL, WSBOX_FAILED, "-W %s: the value must be y or n", spec);
	row = &wasm_feature_rows[which];
	if (value && !(row->validated && row->compiled))
		return err_set(err, -ENOTSUP, WSBOX_FAILED,
			       "-W %s: wsbox does not support the %s proposal yet", spec,
			       row->name);
	if (!value && which == WASM_FEATURE_MVP)
		return err_set(err, -EINVAL, WSBOX_FAILED, "-W %s: it cannot be switched off",
			       spec);
	if (value) {
		*f |= (wasm_features)1 << which | row->needs;
		return 0;
	}
	*f &= ~((wasm_features)1 << which);
	for (int i = 0; i < WASM_FEATURES; i++)
		if (wasm_feature_rows[i].needs >> which & 1)
			*f &= ~((wasm_features)1 << i);
	return 0;
}

int wasm_feature_off(enum wasm_feature feature, uint64_t offset, const char *what,
		     struct wsbox_err *err)
{
	const struct wasm_feature_row *row = &wasm_feature_rows[feature];

	if (row->validated && row->compiled)
		return err_module(err, offset, "%s needs the %s proposal, which is off: -W %s=y",
				  what, row->name, row->name);
	return err_module(err, offset, "%s needs the %s proposal, which wsbox does not support yet",
			  what, row->name);
}
