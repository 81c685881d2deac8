/*
 * What --help, -W help and the shell's completion print, from the rows of options.h. On standard
 * output.
 */
#include <stdio.h>
#include <string.h>

#include "runtime/wasm/feature.h"
#include "tools/cli/rows.h"

#define COLUMN 34

/* "left" padded to the column, then text; its further lines are indented to it. */
static void print_row(const char *left, const char *text)
{
	size_t width = strlen(left);

	if (width + 1 >= COLUMN)
		printf("%s\n%*s", left, COLUMN, "");
	else
		printf("%-*s", COLUMN, left);
	for (; *text; text++) {
		putchar(*text);
		if (*text == '\n')
			printf("%*s", COLUMN, "");
	}
	putchar('\n');
}

static void print_overview(void)
{
	printf("usage: wsbox run [options] FILE [args...]\n       wsbox COMMAND ...\n\n"
	       "Runs untrusted WebAssembly, confined. Commands:\n");
	for (unsigned int i = 0; i < COMMANDS; i++) {
		char left[80];

		snprintf(left, sizeof(left), "  %s %s", command_rows[i].name, command_rows[i].args);
		print_row(left, command_rows[i].help);
	}
	printf("\nwsbox COMMAND --help lists a command's options; man wsbox says more.\n");
}

void help_print(enum command command)
{
	if (command == COMMANDS) {
		print_overview();
		return;
	}
	const struct command_row *c = &command_rows[command];
	bool options = command != COMMAND_HELP && command != COMMAND_VERSION;

	printf("usage: wsbox %s %s%s%s\n\nTo %s.\n\n", c->name, options ? "[options]" : "",
	       options && *c->args ? " " : "", c->args, c->help);
	for (unsigned int i = 0; i < OPTIONS; i++) {
		const struct option_row *row = &option_rows[i];
		char left[80];

		if (!(row->commands & 1u << command))
			continue;
		snprintf(left, sizeof(left), "  %c%c%s --%s%s%s", row->letter ? '-' : ' ',
			 row->letter ? row->letter : ' ', row->letter ? "," : " ", row->name,
			 row->arg && !option_optional(row) ? " " : "", row->arg ? row->arg : "");
		print_row(left, row->help);
	}
}

void help_words(enum command command)
{
	for (unsigned int i = 0; command == COMMANDS && i < COMMANDS; i++)
		puts(command_rows[i].name);
	if (command == COMMANDS)
		return;
	for (unsigned int i = 0; i < OPTIONS; i++) {
		const struct option_row *row = &option_rows[i];

		if (!(row->commands & 1u << command))
			continue;
		if (option_optional(row))
			printf("--%s\n", row->name);
		else
			printf("--%s%s%s\n", row->name, row->arg ? "=" : "",
			       row->arg ? row->arg : "");
		if (row->letter)
			printf("-%c\n", row->letter);
	}
}

void help_features(void)
{
	printf("-W FEATURE=y|n switches a WebAssembly proposal on or off:\n\n");
	for (unsigned int i = 0; i < WASM_FEATURES; i++) {
		const struct wasm_feature_row *row = &wasm_feature_rows[i];
		char left[80];

		snprintf(left, sizeof(left), "  %-22s %s", row->name,
			 row->on ? "on" : row->validated && row->compiled ? "off" : "not yet");
		print_row(left, row->help);
	}
}
