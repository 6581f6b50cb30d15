//go:build linux && cgo && !purego

/* The sending role of an end: stage a message, then commit or abort it. */

#include <string.h>

#include "roam/shm.h"
#include "shared.h"
#include "slots.h"

static const struct roam_slot none = { .index = ROAM_INLINE_SLOT };

/* Copies prefix, then payload. memcpy takes no null pointer, not even for no bytes. */
static void copy_both(unsigned char *into, const void *prefix, size_t prefix_len, const void *payload,
		      size_t payload_len)
{
	if (prefix_len != 0)
		memcpy(into, prefix, prefix_len);
	if (payload_len != 0)
		memcpy(into + prefix_len, payload, payload_len);
}

enum roam_status roam_end_room(struct roam_end *end)
{
	struct roam_desc *place;

	return roam_ring_reserve(&end->send, &place);
}

/* Bytes from which on a message takes a slot of its own from the pool: the lowest that is free has been used of late,
 * and what is copied through it stays in the caches. To take it costs little beside. */
enum { LARGE = 16384 };

/* Takes a slot for len bytes. Large messages leave the spares to small ones, unless they are all that is left. */
static bool take_slot(struct roam_end *end, size_t len, struct roam_slot *slot)
{
	return (len >= LARGE && roam_pool_take(&end->own_pool, slot)) ||
	       roam_spares_take(&end->spares, &end->own_pool, slot);
}

/* Finds the slot for len bytes: the caller's, none for an inline payload, else one taken here. */
static enum roam_status choose_slot(struct roam_end *end, size_t len, struct roam_slot chosen)
{
	bool takes = chosen.index == ROAM_INLINE_SLOT && len > ROAM_INLINE_MAX;

	if (takes && !take_slot(end, len, &chosen))
		return ROAM_NO_SLOT;
	end->staged = chosen;
	end->staged_taken = takes;
	return ROAM_OK;
}

/* Whether the payload, in parts that may be of any length, fits where it goes. */
static bool fits(const struct roam_end *end, size_t prefix_len, size_t payload_len, struct roam_slot slot)
{
	size_t limit = slot_capacity(&end->own_pool);

	if (slot.index == ROAM_INLINE_SLOT && limit < ROAM_INLINE_MAX)
		limit = ROAM_INLINE_MAX;
	return prefix_len <= limit && payload_len <= limit - prefix_len;
}

enum roam_status roam_end_stage(struct roam_end *end, enum roam_msg type, uint32_t id, uint64_t method,
				const void *prefix, size_t prefix_len, const void *payload, size_t payload_len,
				struct roam_slot slot)
{
	struct roam_desc *place;
	enum roam_status status;

	own_line(end->send.own); /* the head, which a peer that polls has; the commit would wait for it */
	if (!fits(end, prefix_len, payload_len, slot))
		return ROAM_TOO_LONG;
	status = roam_ring_reserve(&end->send, &place);
	if (status == ROAM_OK)
		status = choose_slot(end, prefix_len + payload_len, slot);
	if (status != ROAM_OK)
		return status;

	/* Plain stores: the consumer does not look here before it has seen the head that publishes them. */
	*place = (struct roam_desc){
		.msg_type = (uint8_t)type,
		.id = id,
		.method_id = method,
		.payload_slot = end->staged.index,
		.payload_generation = end->staged.generation,
		.payload_len = (uint32_t)(prefix_len + payload_len),
	};
	copy_both(end->staged.index == ROAM_INLINE_SLOT ? place->inline_payload
							: slot_payload(&end->own_pool, end->staged.index),
		  prefix, prefix_len, payload, payload_len);
	return ROAM_OK;
}

bool roam_end_commit(struct roam_end *end)
{
	bool bell;

	end->staged = none;
	end->staged_taken = false;
	roam_ring_commit(&end->send);
	roam_ring_publish(&end->send);
	bell = roam_wake(end->peer_flags, ROAM_WAIT_MESSAGES, end->send.own);
	own_line(&end->send.descs[end->send.next & end->send.mask]); /* which the next message writes to */
	return bell;
}

void roam_end_look_ahead(struct roam_end *end)
{
	roam_spares_ahead(&end->spares, &end->own_pool);
}

void roam_end_give_back(struct roam_end *end)
{
	roam_spares_give_back(&end->spares, &end->own_pool);
}

void roam_end_abort(struct roam_end *end)
{
	if (end->staged_taken)
		roam_pool_untake(&end->own_pool, end->staged.index);
	end->staged = none;
	end->staged_taken = false;
}
