/*
 * sqlio.c: SQLite on a file: sqlio SCALE, below the working directory; rows as io.c says them.
 * Without locks: natively they are fcntl's, for WASI a directory that is made and removed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#include "sqlite3.h"

static sqlite3 *db;

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void run(const char *sql)
{
	char *error = NULL;

	if (sqlite3_exec(db, sql, NULL, NULL, &error) != SQLITE_OK) {
		fprintf(stderr, "%s: %s\n", sql, error);
		exit(1);
	}
}

/* n transactions of one row each. */
static void inserts(long n, const char *sync)
{
	run("drop table if exists t");
	run("create table t(a integer primary key, b text)");
	run(sync);
	for (long i = 0; i < n; i++)
		run("insert into t(b) values ('a row that is as long as a row of a log may be')");
}

static void row(const char *name, double since, long n)
{
	fprintf(stderr, "%s\t%.1f\n", name, (now() - since) / (double)n);
}

int main(int argc, char **argv)
{
	double scale = argc > 1 ? atof(argv[1]) : 1, t;
	long synced = (long)(20 * scale) + 2, unsynced = (long)(500 * scale) + 2;

	if (sqlite3_open_v2("base.db", &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
			    "unix-none") != SQLITE_OK)
		return 1;
	t = now();
	inserts(unsynced, "pragma synchronous=off");
	row("SQLite insert, no sync", t, unsynced);
	t = now();
	inserts(synced, "pragma synchronous=full");
	row("SQLite insert, synced", t, synced);
	run("pragma synchronous=off");
	run("begin");
	run("with recursive n(i) as (select 1 union all select i + 1 from n where i < 60000) "
	    "insert into t(b) select 'row ' || (i * 7919 % 12007) || ' of many that fill the pages "
	    "of a file' from n");
	run("commit");
	run("pragma cache_size=50");	/* pages are read again, not kept */
	t = now();
	run("select count(*) from t where b like '%77%'");
	row("SQLite scan of 60,000 rows", t, 1);
	return 0;
}
