/*
 * attach.h: what the ways to attach have in common. Internal.
 */
#ifndef ROAM_GUEST_ATTACH_H
#define ROAM_GUEST_ATTACH_H

#include "state.h"

/* Takes over a doorbell, one end of a stream socket (or a foreign host's datagram pair), and keeps it from programs that
 * this process starts. What is no socket is left alone. */
int attach_doorbell(struct link *link, int fd, bool *datagram, struct roam_failure *failure);

/* Words that an entry is not what the claim expects. */
int attach_claim_failure(uint32_t peer_id, uint64_t found, const char *expected, struct roam_failure *failure);

#endif
