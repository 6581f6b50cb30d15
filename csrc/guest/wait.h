/*
 * wait.h: what link_wait and link_fd have in common. Internal.
 */
#ifndef ROAM_GUEST_WAIT_H
#define ROAM_GUEST_WAIT_H

#include "link.h"

/* How long a sleep may last, nanoseconds, CLOCK_NEVER for ever. Does what is due before it: tells the host of free
 * places, rings its doorbell, beats the heart. */
int64_t wait_bound(struct link *link, bool busy, int64_t bound_ns);

/* Whether there is something else to do than to sleep. Looked at after the flags are set. */
bool wait_ready(struct link *link);

/* Waits for doorbell, eventfd and the end of the host's process, and takes what came. */
void wait_descriptors(struct link *link, int64_t bound);

/* Says what the receiver sleeps on; an interrupt that came before is to be looked for after it. */
void wait_sleeps(struct link *link, uint32_t asleep);

/* It sleeps no more, and whatever interrupted it is seen. */
void wait_woke(struct link *link);

#endif
