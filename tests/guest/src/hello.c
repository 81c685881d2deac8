/* hello.c: the smallest program that says something; also repeats its arguments. */
#include <unistd.h>
#include <string.h>

int main(int argc, char **argv)
{
	if (write(1, "hello\n", 6) != 6)
		return 1;
	for (int i = 1; i < argc; i++)
		if (write(1, argv[i], strlen(argv[i])) < 0 || write(1, "\n", 1) != 1)
			return 1;
	return 0;
}
