/*
 * ending.h: how a link ended. Internal.
 */
#ifndef ROAM_GUEST_ENDING_H
#define ROAM_GUEST_ENDING_H

#include "link.h"

/* enum ending: link.ending. */
enum ending {
	ENDING_NONE = 0, /* it lives */
	ENDING_LEFT,     /* link_leave */
	ENDING_HOST_LEAVING,
	ENDING_EVICTED,
	ENDING_HUNG_UP,
	ENDING_LOCK_GONE,
	ENDING_PROCESS_ENDED
};

/* Ends the link; the first ending stays. Any thread. */
void ending_set(struct link *link, enum ending ending);

/* The same, after news that the host is gone: in order if the segment says so. */
void ending_host_gone(struct link *link, enum ending ending);

#endif
