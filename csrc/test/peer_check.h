/*
 * peer_check.h: checks within what tests share. A test program counts those that failed in peer_faults.
 */
#ifndef ROAM_TEST_PEER_CHECK_H
#define ROAM_TEST_PEER_CHECK_H

#include <stdbool.h>
#include <stdio.h>

extern unsigned peer_faults; /* core_peer.c; a test looks at it by NO_FAULTS */
extern bool peer_quiet;       /* they are counted and not printed */

#define PEER_CHECK(condition, ...)                                 \
	do {                                                       \
		if (!(condition)) {                                \
			peer_faults++;                             \
			if (!peer_quiet) {                         \
				fprintf(stderr, "%s:%d: ", __FILE__, __LINE__); \
				fprintf(stderr, __VA_ARGS__);      \
				fputc('\n', stderr);               \
			}                                          \
		}                                                  \
	} while (0)

/* In a test, after check.h: whether no such check failed since the last time. */
#define NO_FAULTS()                      \
	do {                             \
		CHECK_EQ(peer_faults, 0); \
		peer_faults = 0;         \
	} while (0)

#endif
