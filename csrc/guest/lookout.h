/*
 * lookout.h: the thread that sleeps on futex words for the event loop of a guest that walked up. Internal.
 *
 * Such a guest has no doorbell, and a futex word is nothing that poll() knows. So a thread sleeps on the words and
 * makes an eventfd readable. What that costs: one thread for the guest, and for each sleep that the host ends two
 * changes of threads more than a sleep in link_wait, some ten microseconds: to the lookout when the host wakes it and
 * from it to the loop. A loop that finds work whenever it comes round does not pay it: the lookout is asked anew only
 * when it has reported, or the words have changed.
 */
#ifndef ROAM_GUEST_LOOKOUT_H
#define ROAM_GUEST_LOOKOUT_H

#include "link.h"

struct lookout;

/* Starts the thread, which takes no signal. event stays the caller's. */
int lookout_create(const struct roam_allocator *allocator, int event, struct lookout **lookout,
		   struct roam_failure *failure);

/* Has it watch for a message and all that is armed; the flags are set. */
void lookout_watch(struct lookout *lookout, struct link *link);

/* Ends the thread, which then touches no word any more. */
void lookout_free(struct lookout *lookout);

#endif
