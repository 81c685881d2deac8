/*
 * The attack in a real instance cell: argv[1] says which table (a, p), a system call number (n) or
 * to wait (w); argv[2] is the index; argv[3] says when: "locked" before a byte of the module is
 * decoded, "ready" in place of the guest.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "tests/escape/escape.h"
#include "tools/cell/cell.h"

/* WASI has opened the directories anew, in their order. */
static void find_directories(void)
{
	int *const found[] = { &fd_in, &fd_ro };
	unsigned int n = 0;
	struct stat st;

	for (int fd = 3; fd < 64 && n < 2; fd++)
		if (!RAW(SYS_fstat, fd, &st) && S_ISDIR(st.st_mode))
			*found[n++] = fd;
}

void cell_test_inject(enum cell_point point, int argc, const char **argv)
{
	char text[64];
	long result = -1, index;

	if (argc < 4)
		RAW(SYS_exit_group, 98);
	if (strcmp(argv[3], point == CELL_LOCKED ? "locked" : "ready"))
		return;
	index = strtol(argv[2], NULL, 10);
	find_directories();
	if (argv[1][0] == 'w') {
		RAW(SYS_write, 1, "result 0\n", 9);
		RAW(SYS_ppoll, 0, 0, 0, 0, 0);
	}
	if (argv[1][0] == 'a')
		result = attacks[index].run(attacks[index].arg);
	else if (argv[1][0] == 'p')
		result = path_attacks[index].run(path_attacks[index].arg);
	else
		result = raw(index, -1, -1, -1, -1, -1, -1);
	(void)snprintf(text, sizeof(text), "result %ld\n", result);
	RAW(SYS_write, 1, text, strlen(text));
	RAW(SYS_exit_group, 0);
}
