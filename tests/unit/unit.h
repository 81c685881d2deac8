/*
 * The main() of a unit test: UNIT("name", case_a, case_b) runs Check's cases, each in a process of
 * its own, and prints Check's closing line, which tests/run adds up. Where a case is to run several
 * times or to end in its own way, UNIT_ROWS("name", { .test = case_a }, { .test = case_b, .times =
 * 2 }).
 */
#ifndef TESTS_UNIT_UNIT_H
#define TESTS_UNIT_UNIT_H

#include <check.h>
#include <stdlib.h>

enum { UNIT_SECONDS = 120, UNIT_NEVER = -1 };

struct unit_row {
	const TTest *test;
	int times;		/* with _i from 0 on; 0: once; UNIT_NEVER: not at all */
	int signal, status;	/* what ends it */
};

/* The program's status. */
static inline int unit_run(const char *name, const struct unit_row *rows, size_t n)
{
	Suite *suite = suite_create(name);
	TCase *tc = tcase_create(name);
	SRunner *runner;
	int failed;

	tcase_set_timeout(tc, UNIT_SECONDS);
	for (size_t i = 0; i < n; i++) {
		int times = !rows[i].times ? 1 : rows[i].times == UNIT_NEVER ? 0 : rows[i].times;

		if (rows[i].signal)
			tcase_add_loop_test_raise_signal(tc, rows[i].test, rows[i].signal, 0,
							 times);
		else
			tcase_add_loop_exit_test(tc, rows[i].test, rows[i].status, 0, times);
	}
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}

#define UNIT_ROWS(name, ...) \
	int main(void) \
	{ \
		const struct unit_row rows[] = { __VA_ARGS__ }; \
		return unit_run(name, rows, sizeof(rows) / sizeof(rows[0])); \
	}

#define UNIT(name, ...) \
	int main(void) \
	{ \
		const TTest *const cases[] = { __VA_ARGS__ }; \
		struct unit_row rows[sizeof(cases) / sizeof(cases[0])] = { 0 }; \
		for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) \
			rows[i].test = cases[i]; \
		return unit_run(name, rows, sizeof(cases) / sizeof(cases[0])); \
	}

#endif
