/*
 * tend.h: what a guest owes its host, and itself, on the side: heartbeats, and a look whether a host without a doorbell
 * still lives. link_tend does it. Internal.
 */
#ifndef ROAM_GUEST_TEND_H
#define ROAM_GUEST_TEND_H

#include "link.h"

/* Beats the heart, if the segment has one, and notes when to do so again. */
void tend_beat(struct link *link);

/* As link_tend, also while link_leave waits for the host. */
int64_t tend(struct link *link);

#endif
