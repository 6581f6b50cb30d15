//go:build linux && cgo && !purego

/* The receiving role of an end: take a batch of messages, trusting none of them. */

#include <stddef.h>
#include <string.h>

#include "roam/shm.h"
#include "shared.h"
#include "slots.h"

/* Where payloads go; at most UINT32_MAX bytes are used, so that an offset fits struct roam_message. */
struct arena {
	unsigned char *bytes;
	uint32_t used;
	uint32_t len;
};

/* Tests where a copied descriptor says its payload lies. */
static enum roam_status check_payload(const struct roam_pool *pool, const struct roam_message *message)
{
	if (message->slot == ROAM_INLINE_SLOT) {
		bool plain = message->generation == 0 && message->offset == 0;

		return plain && message->len <= ROAM_INLINE_MAX ? ROAM_OK : ROAM_BAD_INLINE;
	}
	if (!slot_is_out(pool, message->slot, message->generation))
		return ROAM_BAD_SLOT;
	/* In 64 bits: the sum of two 32-bit numbers does not wrap. */
	if ((uint64_t)message->offset + message->len > slot_capacity(pool))
		return ROAM_BAD_EXTENT;
	return ROAM_OK;
}

/* Tests a copied descriptor: everything that can be told without knowing calls. */
static enum roam_status check(const struct roam_end *end, const struct roam_message *message)
{
	enum roam_status status;

	if (message->type < ROAM_MSG_REQUEST || message->type > ROAM_MSG_GOODBYE)
		return ROAM_BAD_TYPE;
	status = check_payload(&end->peer_pool, message);
	if (status != ROAM_OK)
		return status;
	if (message->type < ROAM_MSG_DATA || message->type > ROAM_MSG_RESET)
		return ROAM_OK;
	if (message->id == 0)
		return ROAM_ZERO_ID;
	return end->peer_table && message->id >= end->max_channels ? ROAM_BAD_CHANNEL : ROAM_OK;
}

/* Copies len bytes of an inline payload. All that it may have take less time than a number that varies. */
static void copy_inline(struct arena *arena, const unsigned char *from, uint32_t len)
{
	if (arena->len - arena->used >= ROAM_INLINE_MAX)
		memcpy(arena->bytes + arena->used, from, ROAM_INLINE_MAX);
	else if (len != 0)
		memcpy(arena->bytes + arena->used, from, len);
}

/* Copies the payload, whose place was checked, into the arena and gives its slot back. */
static enum roam_status take_payload(const struct roam_pool *pool, const struct roam_desc *desc,
				     const struct roam_message *message, struct arena *arena)
{
	if (message->len > arena->len - arena->used)
		return ROAM_ARENA_FULL;
	if (message->slot == ROAM_INLINE_SLOT) {
		copy_inline(arena, desc->inline_payload, message->len);
	} else {
		if (message->len != 0)
			memcpy(arena->bytes + arena->used, slot_payload(pool, message->slot) + message->offset,
			       message->len);
		if (!slot_return(pool, message->slot))
			return ROAM_BAD_SLOT; /* by the peer, while it was read */
	}
	arena->used += message->len;
	return ROAM_OK;
}

/* What a descriptor has before its inline payload. */
union fields {
	struct roam_desc desc;
	uint64_t words[offsetof(struct roam_desc, inline_payload) / sizeof(uint64_t)];
};

/* Copies it, each word by one atomic load, so that the compiler reads nothing again later: what is checked is used. */
static void copy_fields(union fields *into, const struct roam_desc *from)
{
	for (size_t i = 0; i < sizeof(into->words) / sizeof(into->words[0]); i++)
		into->words[i] = load_once64((const uint64_t *)(const void *)from + i);
}

/* Takes the nth message from the tail on. */
static enum roam_status take(const struct roam_end *end, uint32_t n, struct roam_message *message, struct arena *arena)
{
	const struct roam_ring *ring = &end->receive;
	const struct roam_desc *place = &ring->descs[(ring->next + n) & ring->mask];
	union fields fields;
	enum roam_status status;

	copy_fields(&fields, place);
	*message = (struct roam_message){
		.method = fields.desc.method_id,
		.id = fields.desc.id,
		.seq = ring->next + n + 1,
		.at = arena->used,
		.len = fields.desc.payload_len,
		.slot = fields.desc.payload_slot,
		.generation = fields.desc.payload_generation,
		.offset = fields.desc.payload_offset,
		.type = fields.desc.msg_type,
	};
	status = check(end, message);
	return status == ROAM_OK ? take_payload(&end->peer_pool, place, message, arena) : status;
}

/* Wakes the peer's waiters for ring space; returns whether to ring. */
static bool wake_senders(const struct roam_end *end)
{
	return roam_wake(end->peer_flags, ROAM_WAIT_SPACE, end->receive.own);
}

bool roam_end_settle(struct roam_end *end)
{
	return roam_ring_settle(&end->receive) && wake_senders(end);
}

/* Gives back what count messages occupied and wakes those who wait for it; returns whether to ring. */
static bool give_back(struct roam_end *end, uint32_t count, bool slots)
{
	bool bell = false;

	if (roam_ring_release(&end->receive, count))
		bell = wake_senders(end);
	else if (roam_flags_ask(end->peer_flags, ROAM_WAIT_SPACE))
		bell = roam_end_settle(end);
	if (slots && roam_wake(end->peer_flags, ROAM_WAIT_SLOT, roam_pool_word(&end->peer_pool)))
		bell = true;
	return bell;
}

/*
 * Slots come in an order that repeats itself. The line of the one that is due comes at the same time as that of the
 * descriptor which names it, if the guess is right. A guess costs nothing else, and may be of any slot.
 */
static void expect_slot(const struct roam_end *end)
{
	uint32_t guess = end->next_slot[end->last_slot % ROAM_GUESSES];

	if (guess >= end->peer_pool.count)
		return;
	__builtin_prefetch(slot_generation(&end->peer_pool, guess));
	own_line(&end->peer_pool.bitmap[guess / 64]); /* which the peer has written to if it took slots */
}

/*
 * The commit had the line of the next message's descriptor fetched to write to it, but the peer's processor, when it
 * reads the message, fetches by itself what lies behind it. Here, so that it comes back before there is something to
 * send: the answer, or the next request. The head comes from the segment, and a wrong one costs a line.
 */
static void own_descriptor(const struct roam_end *end)
{
	own_line(&end->send.descs[load_once32(end->send.own) & end->send.mask]);
}

static void learn_slot(struct roam_end *end, uint32_t slot)
{
	end->next_slot[end->last_slot % ROAM_GUESSES] = slot;
	end->last_slot = slot;
}

struct roam_received roam_end_receive(struct roam_end *end, struct roam_message *messages, uint32_t max, void *arena,
				      size_t arena_len)
{
	struct arena space = { .bytes = arena, .len = arena_len < UINT32_MAX ? (uint32_t)arena_len : UINT32_MAX };
	struct roam_received received = { .status = ROAM_OK };
	enum roam_status status;
	uint32_t arrived = 0;
	bool slots = false;

	status = roam_ring_arrived(&end->receive, max, &arrived);
	if (arrived > 0) {
		expect_slot(end);
		own_descriptor(end);
	}
	while (status == ROAM_OK && received.count < max && received.count < arrived) {
		struct roam_message *message = &messages[received.count];

		status = take(end, received.count, message, &space);
		if (status != ROAM_OK)
			break;
		if (message->slot != ROAM_INLINE_SLOT) {
			learn_slot(end, message->slot);
			slots = true;
		}
		received.count++;
	}
	if (received.count != 0)
		received.bell = give_back(end, received.count, slots);
	received.status = (uint8_t)status;
	return received;
}
