/*
 * segment.h: one mapping of a shared segment, checked. Internal.
 */
#ifndef ROAM_GUEST_SEGMENT_H
#define ROAM_GUEST_SEGMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "../roam/guest.h"
#include "../roam/shm.h"

/*
 * struct segment: the bytes at base may be changed by any peer at any time; all other fields are private memory, made
 * from one copy of the header, and constant.
 */
struct segment {
	unsigned char *base; /* NULL when nothing is mapped */
	uint64_t size;       /* bytes mapped */
	int fd;              /* the open file description that holds this process's lock, if any; -1 for none */
	struct roam_config config;
	struct roam_layout layout;
	uint64_t heartbeat_interval; /* nanoseconds, 0 = no heartbeat */
};

/* Opens and maps the segment at path. On failure nothing is held. */
int segment_open(const char *path, struct segment *segment, struct roam_failure *failure);

/* The same with a file that is open already, which is taken over, also by a failure. */
int segment_map(int fd, struct segment *segment, struct roam_failure *failure);

/* Unmaps, then closes the file, which drops this process's lock: whoever sees the lock gone knows that the mapping went
 * before. Again: nothing. */
void segment_close(struct segment *segment);

struct roam_header *segment_header(const struct segment *segment);

/* The entry of a peer id from 1 to max_guests. */
struct roam_peer *segment_entry(const struct segment *segment, uint32_t peer_id);

/* Whether the host has said goodbye to all. Ordered: after a waiter has set its flag. */
bool segment_host_leaving(const struct segment *segment);

#endif
