/*
 * The command line. Words are what stands between NUL bytes; whatever they are, it is taken or
 * refused with one line, and every string it owns is given back.
 */
#include "tests/fuzz/fuzz.h"

#include "tools/cli/options.h"

#define WORDS_MAX 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wsbox_err err = WSBOX_ERR_INIT;
	char *argv[WORDS_MAX + 2] = { "wsbox" }, *text = malloc(size + 1);
	struct options o;
	int argc = 1, ret;

	MUST(text);
	memcpy(text, data, size);
	text[size] = '\0';
	for (size_t at = 0; at < size && argc <= WORDS_MAX; at += strlen(text + at) + 1)
		argv[argc++] = text + at;
	options_init(&o);
	ret = options_parse(&o, argc, argv, &err);
	if (ret < 0) {
		must_explain(ret, &err);
	} else {
		MUST(o.command < COMMANDS);
		MUST(o.nargs >= 0 && o.nargs < argc && !o.args[o.nargs]);
		MUST(o.preopens.len <= OPTIONS_DIRS_MAX);
	}
	options_done(&o);
	free(text);
	return 0;
}
