/*
 * held.h: what a process holds, for tests that nothing leaks.
 */
#ifndef ROAM_TEST_HELD_H
#define ROAM_TEST_HELD_H

#include <stdbool.h>
#include <stdint.h>

#include "roam/guest.h"

/* struct counting: an allocator that counts, and fails when told. */
struct counting {
	struct roam_allocator allocator;
	uint32_t live;  /* atomic: blocks that were not released */
	uint32_t taken; /* atomic: allocations so far, failed ones included */
	uint32_t fails; /* the number of the allocation from which on all fail; 0 for none */
};

void counting_init(struct counting *counting);

/* struct held: descriptors, mappings of segments and threads of this process. */
struct held {
	unsigned descriptors, mappings, threads;
};

struct held held_now(void);

/* Whether nothing is held that was not at the time of before; says what is. */
bool held_same(struct held before);

#endif
