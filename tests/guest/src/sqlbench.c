/* sqlbench.c: inserts, joins, groups and updates in an SQLite database in memory. */
#include <stdio.h>
#include <stdlib.h>
#include "guest.h"
#include "sqlite3.h"

static const char *const script[] = {
	"create table item(id integer primary key, name text, price real, kind int)",
	"create table sale(item int, day int, amount int)",
	"begin",
	"with recursive n(i) as (select 1 union all select i + 1 from n where i < 12000) "
	"insert into item select i, 'item-' || (i * 7919 % 12007), i % 997 * 0.25, i % 31 from n",
	"with recursive n(i) as (select 1 union all select i + 1 from n where i < 30000) "
	"insert into sale select i * 104729 % 12000 + 1, i % 365, i % 17 from n",
	"commit",
	"create index by_item on sale(item)",
	"create index by_name on item(name)",
	"select kind, count(*), sum(amount * price) from item join sale on sale.item = item.id "
	"group by kind",
	"select day, sum(amount) from sale group by day order by 2 desc, 1 limit 20",
	"select name, price from item where name between 'item-3' and 'item-4' order by price, "
	"name limit 200",
	"update item set price = price * 1.5 where id in (select item from sale where amount > 12)",
	"delete from sale where day % 5 = 0",
	"select count(*), sum(amount), max(day) from sale",
	"select group_concat(name, ',') from item where name like '%77%'",
	"select round(sum(price), 2) from item",
};

static int row(void *sum, int columns, char **text, char **name)
{
	for (int i = 0; i < columns; i++)
		if (text[i])
			*(uint64_t *)sum = guest_mix(*(uint64_t *)sum, text[i], strlen(text[i]));
	return 0;
}

uint64_t work(void)
{
	uint64_t sum = GUEST_SUM;
	sqlite3 *db;

	if (sqlite3_open(":memory:", &db) != SQLITE_OK)
		abort();
	for (size_t i = 0; i < sizeof(script) / sizeof(*script); i++) {
		char *error = NULL;

		if (sqlite3_exec(db, script[i], row, &sum, &error) != SQLITE_OK) {
			fprintf(stderr, "%s: %s\n", script[i], error);
			abort();
		}
	}
	sqlite3_close(db);
	return sum;
}
