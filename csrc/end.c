//go:build linux && cgo && !purego

/* One side of one peer: where its memory lies, and what any thread may ask. */

#include "roam/shm.h"
#include "shared.h"

/* The address of an offset that the caller of roam_end_init has checked. */
static void *at(const struct roam_place *place, uint64_t offset)
{
	return (unsigned char *)place->base + offset;
}

static void init_pool(struct roam_pool *pool, const struct roam_place *place, uint64_t offset)
{
	roam_pool_init(pool, at(place, offset), place->pool_header, place->slot_size, place->slots);
}

void roam_end_init(struct roam_end *end, const struct roam_place *place)
{
	struct roam_peer *entry = at(place, place->entry);
	struct roam_desc *to_host = at(place, place->ring);
	struct roam_desc *to_guest = to_host + place->ring_size;
	uint32_t size = place->ring_size;

	*end = (struct roam_end){
		.channels = at(place, place->table),
		.own_flags = place->host ? &entry->host_flags : &entry->guest_flags,
		.peer_flags = place->host ? &entry->guest_flags : &entry->host_flags,
		.max_channels = place->max_channels,
		.peer_table = place->peer_table,
		.staged = { .index = ROAM_INLINE_SLOT },
	};
	init_pool(&end->own_pool, place, place->host ? place->host_pool : place->guest_pool);
	init_pool(&end->peer_pool, place, place->host ? place->guest_pool : place->host_pool);
	if (place->host) {
		roam_ring_producer(&end->send, to_guest, &entry->host_to_guest_head, &entry->host_to_guest_tail, size);
		roam_ring_consumer(&end->receive, to_host, &entry->guest_to_host_head, &entry->guest_to_host_tail, size);
	} else {
		roam_ring_producer(&end->send, to_host, &entry->guest_to_host_head, &entry->guest_to_host_tail, size);
		roam_ring_consumer(&end->receive, to_guest, &entry->host_to_guest_head, &entry->host_to_guest_tail, size);
	}
}

uint32_t roam_end_head(const struct roam_end *end)
{
	/* Acquire: what was published up to it is visible. Ordered: after a waiter for messages has set its flag. */
	return load_ordered32(end->receive.other);
}

uint32_t roam_end_tail(const struct roam_end *end)
{
	/* The private count, not the word in the segment; the receiving thread may be moving it. */
	return load_once32(&end->receive.next);
}

bool roam_end_pending(const struct roam_end *end)
{
	return roam_end_head(end) != roam_end_tail(end);
}

/*
 * Some hundred nanoseconds, on the processors below, in which the core leaves the memory alone. A writer makes the line
 * its own before it writes, and waits for it if a look took it away meanwhile.
 */
static void pause_core(void)
{
#if defined(__x86_64__)
	for (unsigned i = 0; i < 4; i++)
		__builtin_ia32_pause();
#elif defined(__aarch64__)
	for (unsigned i = 0; i < 4; i++)
		__asm__ volatile("isb" ::: "memory"); /* "yield" does nothing on most cores */
#endif
}

bool roam_end_spin(const struct roam_end *end, uint32_t iterations)
{
	uint32_t tail = roam_end_tail(end);

	for (uint32_t i = 0; i < iterations; i++) {
		if (roam_end_head(end) != tail)
			return true;
		pause_core();
	}
	return roam_end_head(end) != tail;
}

struct roam_channel *roam_end_channel(const struct roam_end *end, uint32_t id)
{
	return id == 0 || id >= end->max_channels ? NULL : &end->channels[id];
}

bool roam_end_grant(const struct roam_end *end, uint32_t id, uint32_t bytes)
{
	struct roam_channel *entry = roam_end_channel(end, id);

	if (entry == NULL)
		return false;
	roam_channel_grant(entry, bytes);
	return roam_wake(end->peer_flags, ROAM_WAIT_CREDIT, &entry->granted_total);
}
