/*
 * core_world.h: two cores joined by two queues, with programs on both sides that make calls, serve them and use
 * channels, all in steps that a generator interleaves. Beside the cores the world keeps its own account of what each
 * message belongs to, which no core sees, and compares.
 */
#ifndef ROAM_TEST_CORE_WORLD_H
#define ROAM_TEST_CORE_WORLD_H

#include "core_peer.h"

/* enum breakage: a fault put into a world on purpose. */
enum breakage {
	BROKEN_NOTHING,
	BROKEN_PROCESSES_EARLY,  /* messages count as processed when they are taken off the ring */
	BROKEN_REUSES_AT_FREE,   /* an id is used again as soon as its entry is Free */
	BROKEN_REUSES_AT_ONCE,   /* an id is used again as soon as its own end is over */
	BROKEN_NEVER_FREES,      /* nobody frees an entry */
	BROKEN_NEVER_GRANTS,
	BROKEN_IGNORES_CREDIT,
	BROKEN_OVERTAKES,        /* the program's messages overtake the core's own */
	BROKEN_SWAPS,            /* the ring changes the order */
	BROKEN_FORGETS_CANCELLED /* a request id is free when its caller gives up */
};

/* Plays the sequence of a seed, with or without a channel table: NULL, or what was wrong, a text that lives until the
 * next call. traced prints each step. */
const char *world_play(uint64_t seed, enum peer_kind kind, enum breakage broken, bool traced);

#endif
