/*
 * pulse.h: the heartbeat, which a thread of its own writes: a guest whose threads are all in handlers lives, and one
 * that is stopped does not beat. Internal.
 */
#ifndef ROAM_GUEST_PULSE_H
#define ROAM_GUEST_PULSE_H

#include "link.h"

struct pulse;

/* Starts the thread for a heartbeat that the host wants to see once an interval, in nanoseconds; it does nothing yet. */
int pulse_create(const struct roam_allocator *allocator, uint64_t interval, struct pulse **pulse,
		 struct roam_failure *failure);

/* Beats once. entry is to become this guest's, or is by now. */
void pulse_beat(struct roam_peer *entry);

/* Beats in entry from now on. */
void pulse_start(struct pulse *pulse, struct roam_peer *entry);

/* Writes no beat any more after it has returned. */
void pulse_stop(struct pulse *pulse);

/* Ends the thread. */
void pulse_free(struct pulse *pulse);

#endif
