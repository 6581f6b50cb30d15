/*
 * publish.h: how messages get into the ring, in the order in which the core decided on them. Internal. With the lock.
 */
#ifndef ROAM_PUBLISH_H
#define ROAM_PUBLISH_H

#include <stddef.h>
#include <stdint.h>

#include "../roam/shm.h"

struct roam_guest;

enum { PUBLISH_ANSWER = 128 /* bytes of an answer that the core makes itself */ };

/* struct parcel: a message to be sent. */
struct parcel {
	enum roam_msg type;
	uint32_t id;
	uint64_t method;
	const void *prefix;
	size_t prefix_len;
	const void *payload;
	size_t payload_len;
};

/*
 * Stages a message of a program, after what is queued: 0, then publish_commit or publish_abort follows;
 * ROAM_ERR_AGAIN with what is lacking in *lack, ROAM_WAIT_SPACE or ROAM_WAIT_SLOT; or how the connection ended.
 */
int publish_stage(struct roam_guest *guest, const struct parcel *parcel, enum roam_wait *lack);
void publish_commit(struct roam_guest *guest);
void publish_abort(struct roam_guest *guest);

/* Sends what is queued, as far as there is room. It never waits: while room is lacking whoever receives does it again
 * when there may be some. */
void publish_flush(struct roam_guest *guest);

/* What a status of link_stage other than ROAM_OK means. */
int publish_lack(struct roam_guest *guest, enum roam_status status, enum roam_wait *lack);

#endif
