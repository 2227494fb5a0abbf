/* SPDX-License-Identifier: MIT */
/*
 * What the unit tests use of cmocka, for WebAssembly, which Debian has no cmocka for: cmocka's own header, and its
 * functions anew. A report is JUnit XML in the file that CMOCKA_XML_FILE names, as cmocka's.
 */
#include "tests/unit/support.h"

#include <inttypes.h>

static bool skipped;

#define PRINTS(name)                                                                                                   \
	void name(const char *fmt, ...);                                                                               \
	void name(const char *fmt, ...)                                                                                \
	{                                                                                                              \
		va_list ap;                                                                                            \
                                                                                                                       \
		va_start(ap, fmt);                                                                                     \
		vprintf(fmt, ap);                                                                                      \
		va_end(ap);                                                                                            \
	}

PRINTS(print_message)
PRINTS(print_error)
PRINTS(cm_print_error) /* as newer versions call it */

void _fail(const char *file, int line)
{
	printf("%s:%d: error: failure\n", file, line);
	unwind(FROM_TEST);
}

void _skip(const char *file, int line)
{
	printf("%s:%d: skipped\n", file, line);
	skipped = true;
	unwind(FROM_TEST);
}

void _assert_true(LargestIntegralType result, const char *expression, const char *file, int line)
{
	if (result)
		return;
	printf("%s\n", expression);
	_fail(file, line);
}

void _assert_int_equal(LargestIntegralType a, LargestIntegralType b, const char *file, int line)
{
	if (a == b)
		return;
	printf("%#" PRIxMAX " != %#" PRIxMAX "\n", (uintmax_t)a, (uintmax_t)b);
	_fail(file, line);
}

void _assert_int_not_equal(LargestIntegralType a, LargestIntegralType b, const char *file, int line)
{
	if (a != b)
		return;
	printf("%#" PRIxMAX " twice\n", (uintmax_t)a);
	_fail(file, line);
}

void _assert_in_range(LargestIntegralType value, LargestIntegralType min, LargestIntegralType max, const char *file,
		      int line)
{
	if (min <= value && value <= max)
		return;
	printf("%#" PRIxMAX " is outside %#" PRIxMAX "-%#" PRIxMAX "\n", (uintmax_t)value, (uintmax_t)min,
	       (uintmax_t)max);
	_fail(file, line);
}

void _assert_string_equal(const char *a, const char *b, const char *file, int line)
{
	if (strcmp(a, b) == 0)
		return;
	printf("\"%s\" != \"%s\"\n", a, b);
	_fail(file, line);
}

void _assert_string_not_equal(const char *a, const char *b, const char *file, int line)
{
	if (strcmp(a, b) != 0)
		return;
	printf("\"%s\" twice\n", a);
	_fail(file, line);
}

void _assert_memory_equal(const void *a, const void *b, size_t size, const char *file, int line)
{
	if (memcmp(a, b, size) == 0)
		return;
	printf("%zu bytes differ\n", size);
	_fail(file, line);
}

/* A test that runs, and what it has been given. */
struct running {
	const struct CMUnitTest *t;
	void *state;
};

static void run(void *arg)
{
	struct running *r = arg;

	r->t->test_func(&r->state);
}

static bool passes(const struct CMUnitTest *t)
{
	struct running r = { t, t->initial_state };

	if (t->setup_func && t->setup_func(&r.state) != 0)
		return false;
	if (caught(FROM_TEST, run, &r) && !skipped)
		return false;
	return !t->teardown_func || t->teardown_func(&r.state) == 0;
}

int _cmocka_run_group_tests(const char *group, const struct CMUnitTest *tests, size_t nr, CMFixtureFunction setup,
			    CMFixtureFunction teardown)
{
	FILE *xml = fopen(getenv("CMOCKA_XML_FILE"), "w");
	int failed = 0;

	if (!xml || setup || teardown)
		return -1;
	fprintf(xml, "<testsuites><testsuite name=\"%s\">\n", group);
	for (size_t i = 0; i < nr; i++) {
		bool passed;

		skipped = false;
		passed = passes(&tests[i]);
		failed += !passed;
		fprintf(xml, "<testcase name=\"%s\">%s</testcase>\n", tests[i].name,
			skipped  ? "<skipped/>"
			: passed ? ""
				 : "<failure/>");
		if (!passed)
			printf("%s failed\n", tests[i].name);
	}
	fprintf(xml, "</testsuite></testsuites>\n");
	return fclose(xml) == 0 ? failed : -1;
}
