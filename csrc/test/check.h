/*
 * check.h: a test program's own frame. Each test is a function; main runs them with RUN and ends with `return
 * finished();`, which prints "N passed, N failed".
 */
#ifndef ROAM_TEST_CHECK_H
#define ROAM_TEST_CHECK_H

#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct {
	unsigned passed, failed;
	bool broken; /* the test that runs now has failed a check */
} tests;

/* A failed check is reported and the test goes on; the value is whether it held. */
static inline bool check_that(bool held, const char *file, int line, const char *what)
{
	if (!held) {
		fprintf(stderr, "%s:%d: %s\n", file, line, what);
		tests.broken = true;
	}
	return held;
}

static inline bool check_equal(uint64_t got, uint64_t want, const char *file, int line, const char *what)
{
	if (got != want) {
		fprintf(stderr, "%s:%d: %s is %" PRIu64 ", want %" PRIu64 "\n", file, line, what, got, want);
		tests.broken = true;
	}
	return got == want;
}

static inline void run_test(void (*test)(void), const char *name)
{
	tests.broken = false;
	test();
	if (tests.broken) {
		tests.failed++;
		fprintf(stderr, "FAILED %s\n", name);
	} else {
		tests.passed++;
	}
}

static inline int finished(void)
{
	printf("%u passed, %u failed\n", tests.passed, tests.failed);
	return tests.failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

#define CHECK(condition) check_that((condition), __FILE__, __LINE__, #condition)
#define CHECK_EQ(got, want) check_equal((uint64_t)(got), (uint64_t)(want), __FILE__, __LINE__, #got)
#define RUN(test) run_test(test, #test)

#endif
