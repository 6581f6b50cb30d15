/*
 * payload.h: the payload of a Request or Response, kept until nobody needs it. Internal.
 *
 * A small one is copied out of what the receiver takes a batch into. A large one was received into memory of its own,
 * which changes hands instead.
 */
#ifndef ROAM_PAYLOAD_H
#define ROAM_PAYLOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../roam/guest.h"
#include "core.h"

enum { PAYLOAD_SMALL = 16384 /* bytes that a batch takes; a message that has more is received for itself */ };

struct payload {
	uint8_t *memory;
	size_t capacity;
	struct roam_bytes metadata; /* the encoded list, in memory */
	struct roam_bytes body;     /* arguments or result, in memory */
};

/* struct payloads: where the receiver puts what it takes off the ring. Its alone. */
struct payloads {
	uint8_t *arena; /* room for any one message */
	size_t arena_len;
	uint8_t *large; /* for one large message */
	size_t capacity;
	bool is_large;  /* the message that was received last lies in large */
};

/* most: bytes of the largest payload that there can be. ROAM_ERR_NO_MEMORY or 0. */
int payloads_init(struct payloads *payloads, const struct roam_allocator *allocator, size_t most);
void payloads_free(struct payloads *payloads, const struct roam_allocator *allocator);

/* Has large hold so many bytes; false when there is no memory. */
bool payloads_reserve(struct payloads *payloads, const struct roam_allocator *allocator, size_t size);

/* Keeps what came; false when there is no memory. What was kept before is lost. */
bool payload_keep(struct payload *payload, struct payloads *payloads, const struct roam_allocator *allocator,
		  const struct core_arrival *arrival);

/* Gives back memory of more than most bytes, and forgets what was kept. */
void payload_trim(struct payload *payload, const struct roam_allocator *allocator, size_t most);

#endif
