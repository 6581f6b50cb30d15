/*
 * header.h: what the header and the entries of a segment must say before anything else of it is used. Internal.
 */
#ifndef ROAM_GUEST_HEADER_H
#define ROAM_GUEST_HEADER_H

#include "segment.h"

/* Checks the header of a mapping whose base and size are set, against the size and against itself, and fills in the
 * rest. The header is copied once; only the copy is looked at. */
int header_check(struct segment *segment, struct roam_failure *failure);

/* Tests that a peer's entry exists and lies as the header says, and that the host still serves. */
int header_check_peer(const struct segment *segment, uint32_t peer_id, struct roam_failure *failure);

#endif
