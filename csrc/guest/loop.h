/*
 * loop.h: a link in the program's own event loop: link_fd, link_prepare, link_finish. Internal.
 */
#ifndef ROAM_GUEST_LOOP_H
#define ROAM_GUEST_LOOP_H

#include "link.h"

/* Before a link_wait: undoes a link_prepare, and keeps the descriptor readable, so that the event loop comes back. */
void loop_suspend(struct link *link);

#endif
