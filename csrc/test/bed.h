/*
 * bed.h: guests asleep on one thing or another, for tests of what wakes them.
 */
#ifndef ROAM_TEST_BED_H
#define ROAM_TEST_BED_H

#include <pthread.h>

#include "guest/state.h"
#include "held.h"
#include "host.h"

/* enum bed: what a guest sleeps on. The first three sleep until they are woken. */
enum bed { ON_BELL, LINGERING, WALKED_UP, ON_FOREIGN_BELL };

static const enum bed first_bed = ON_BELL, last_own_bed = WALKED_UP, last_bed = ON_FOREIGN_BELL;

/* The flag by which the last guest, in that bed, waits for messages; shifted left by enum roam_wait that for other
 * things. Without futex_waitv nobody lingers. */
uint32_t bed_flag(enum bed bed);

/* A host in this process and a guest of it that sleeps so; ends the program when there can be none. */
struct link *bed_open(struct host *host, enum bed bed, struct roam_config config);

/* The same with a segment that is prepared before the guest sees it. */
struct link *bed_open_with(struct host *host, enum bed bed, struct roam_config config,
			   void (*prepare)(const struct fixture *segment));

/* Both are given back; whether nothing leaked, and no waiter was left behind. */
bool bed_close(struct host *host, struct link *link);

/* The allocator of the last guest. */
struct counting *bed_memory(void);

/* struct deed: what another thread does when the guest says by a flag that it sleeps, or is about to. */
struct deed {
	struct host *host;
	struct link *link;
	uint32_t flags; /* any of them */
	void (*act)(struct deed *deed);
	pthread_t thread;
	pthread_t sleeper; /* who called deed_begin */
	uint32_t id;
	uint32_t begun; /* atomic: the act is under way, or over */
};

void deed_begin(struct deed *deed);
bool deed_begun(struct deed *deed);
void deed_end(struct deed *deed);

/* Sleeps without bound until it is over. */
void sleep_until(struct link *link, bool (*over)(struct link *link));

#endif
