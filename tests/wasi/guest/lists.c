/*
 * Arguments and environment byte by byte; lists exit N ends with N instead.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern char **environ;

static void show(const char *what, const char *s)
{
	size_t n = strlen(s);

	printf("%s %zu:", what, n);
	for (size_t i = 0; i < n && i < 64; i++)
		printf(" %02x", (unsigned char)s[i]);
	printf("\n");
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "exit"))
		exit((int)strtoll(argv[2], NULL, 10));
	printf("%d\n", argc);
	for (int i = 1; i < argc; i++)
		show("argument", argv[i]);
	for (char **e = environ; *e; e++)
		show("variable", *e);
	return 0;
}
