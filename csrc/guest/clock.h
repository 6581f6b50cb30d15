/*
 * clock.h: the time that bounds sleeps and stands in heartbeats. Internal.
 */
#ifndef ROAM_GUEST_CLOCK_H
#define ROAM_GUEST_CLOCK_H

#include <stdint.h>
#include <time.h>

#define CLOCK_MICROSECOND INT64_C(1000)
#define CLOCK_MILLISECOND INT64_C(1000000)
#define CLOCK_SECOND INT64_C(1000000000)
#define CLOCK_NEVER INT64_MAX /* of a span: without bound */

/* Nanoseconds of CLOCK_MONOTONIC. */
int64_t clock_now(void);

/* now + span, the end of time if that is past it. */
static inline int64_t clock_after(int64_t now, int64_t span)
{
	return span > INT64_MAX - now ? INT64_MAX : now + span;
}

static inline int64_t clock_sooner(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static inline struct timespec clock_span(int64_t ns)
{
	return (struct timespec){ .tv_sec = ns / CLOCK_SECOND, .tv_nsec = ns % CLOCK_SECOND };
}

#endif
