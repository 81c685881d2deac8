/*
 * launch.c: runs a program once and writes what it cost to descriptor FD: launch FD PROGRAM
 * [ARGS...]
 *
 * One line: wall user system (nanoseconds), largest resident set (KiB) of the program or a
 * descendant it waited for, exit status. A program of its own because the figures would include the
 * caller's: a child begins with the peak memory of the process that made it, and an interpreter
 * takes longer to start a program than some programs run.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static int64_t nanoseconds(struct timeval t)
{
	return t.tv_sec * INT64_C(1000000000) + t.tv_usec * INT64_C(1000);
}

int main(int argc, char **argv)
{
	int fd = argc > 2 ? atoi(argv[1]) : -1, quiet, status;
	struct rusage used;
	int64_t start, end;
	pid_t pid;

	if (fd < 3 || fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
		return 125;
	quiet = open("/dev/null", O_RDWR);
	if (quiet < 0 || dup2(quiet, 0) < 0 || dup2(quiet, 1) < 0)
		return 125;
	start = now();
	pid = vfork();
	if (pid == 0) {
		execvp(argv[2], argv + 2);
		_exit(127);
	}
	if (pid < 0 || wait4(pid, &status, 0, &used) != pid)
		return 125;
	end = now();
	dprintf(fd, "%lld %lld %lld %ld %d\n", (long long)(end - start),
		(long long)nanoseconds(used.ru_utime), (long long)nanoseconds(used.ru_stime),
		used.ru_maxrss, WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
	return 0;
}
