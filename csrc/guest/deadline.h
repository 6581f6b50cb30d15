/*
 * deadline.h: deadlines that a callback waits for. Those that a thread waits for end its wait. Internal.
 */
#ifndef ROAM_DEADLINE_H
#define ROAM_DEADLINE_H

#include <stdint.h>

struct roam_guest;

/* Has the receiver look at when, at the latest. */
void deadline_alarm(struct roam_guest *guest, int64_t when);

/* Ends the calls and requests with a callback whose deadline has passed. */
void deadline_ring(struct roam_guest *guest);

#endif
