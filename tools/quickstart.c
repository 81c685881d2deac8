/* The guest of `make quickstart`: counts lines, words and bytes; then tries to write. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

static int count(const char *name)
{
	long lines = 0, words = 0, bytes = 0;
	FILE *f = fopen(name, "r");
	int c, inside = 0;

	if (!f) {
		printf("%s: %s\n", name, strerror(errno));
		return 1;
	}
	while ((c = getc(f)) != EOF) {
		bytes++;
		lines += c == '\n';
		words += !isspace(c) && !inside;
		inside = !isspace(c);
	}
	fclose(f);
	printf("%s: %ld lines, %ld words, %ld bytes\n", name, lines, words, bytes);
	return 0;
}

int main(int argc, char **argv)
{
	char beside[1024];
	int failed = 0;

	for (int i = 1; i < argc; i++)
		failed |= count(argv[i]);
	if (argc > 1) {
		snprintf(beside, sizeof(beside), "%s.new", argv[1]);
		if (!fopen(beside, "w"))
			printf("%s: cannot be written: %s\n", beside, strerror(errno));
	}
	return failed;
}
