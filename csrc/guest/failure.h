/*
 * failure.h: words for what went wrong. Internal.
 */
#ifndef ROAM_GUEST_FAILURE_H
#define ROAM_GUEST_FAILURE_H

#include "../roam/guest.h"

/* Fills *failure, unless it is NULL, and returns error. The text says what, value and bound. */
int failure_set(struct roam_failure *failure, int error, const char *format, ...) ROAM_PRINTF(3, 4);

/* The same for a system call that has just failed with system_errno, which the text ends with. The error is
 * ROAM_ERR_SYSTEM, or another that says more. */
int failure_system(struct roam_failure *failure, int error, int system_errno, const char *format, ...)
	ROAM_PRINTF(4, 5);

/* If error is one, has the text begin with what was tried and at which path, of which it keeps the first 100 bytes.
 * A path that is NULL or empty is left out. Returns error. */
int failure_at(struct roam_failure *failure, int error, const char *tried, const char *path);

int failure_no_memory(struct roam_failure *failure, size_t bytes, const char *what);

#endif
