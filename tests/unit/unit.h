/*
 * The main() of a unit test: UNIT("name", case_a, case_b) runs Check's cases, each in a process of
 * its own, and prints Check's closing line, which tests/run adds up.
 */
#ifndef TESTS_UNIT_UNIT_H
#define TESTS_UNIT_UNIT_H

#include <check.h>
#include <stdlib.h>

#define UNIT(name, ...) \
	int main(void) \
	{ \
		const TTest *const cases[] = { __VA_ARGS__ }; \
		Suite *suite = suite_create(name); \
		TCase *tc = tcase_create(name); \
		SRunner *runner; \
		int failed; \
		tcase_set_timeout(tc, 120); \
		for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) \
			tcase_add_test(tc, cases[i]); \
		suite_add_tcase(suite, tc); \
		runner = srunner_create(suite); \
		srunner_run_all(runner, CK_NORMAL); \
		failed = srunner_ntests_failed(runner); \
		srunner_free(runner); \
		return failed != 0; \
	}

#endif
