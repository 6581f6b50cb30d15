//go:build linux && cgo && !purego

/* The ring: one producer, one consumer, free-running indices. */

#include "roam/shm.h"
#include "shared.h"

static void start(struct roam_ring *ring, struct roam_desc *descs, uint32_t *own, uint32_t *other, uint32_t size,
		  uint32_t seen)
{
	ring->descs = descs;
	ring->own = own;
	ring->other = other;
	ring->mask = size - 1;
	ring->next = load_acquire32(own);
	ring->told = ring->next;
	ring->seen = seen;
}

void roam_ring_producer(struct roam_ring *ring, struct roam_desc *descs, uint32_t *head, uint32_t *tail,
			uint32_t size)
{
	/* As if the ring were full: the first reserve reads and checks the real tail. */
	start(ring, descs, head, tail, size, load_acquire32(head) - (size - 1));
}

void roam_ring_consumer(struct roam_ring *ring, struct roam_desc *descs, uint32_t *head, uint32_t *tail,
			uint32_t size)
{
	/* As if the ring were empty: the first look reads and checks the real head. */
	start(ring, descs, tail, head, size, load_acquire32(tail));
}

enum roam_status roam_ring_reserve(struct roam_ring *ring, struct roam_desc **place)
{
	if (ring->next - ring->seen >= ring->mask) {
		/* Acquire: the consumer has read the descriptors that are written over now. */
		uint32_t tail = load_ordered32(ring->other);
		uint32_t used = ring->next - tail;

		if (used > ring->mask)
			return ROAM_BAD_RING;
		ring->seen = tail;
		if (used == ring->mask)
			return ROAM_NO_SPACE;
	}
	*place = &ring->descs[ring->next & ring->mask];
	return ROAM_OK;
}

void roam_ring_commit(struct roam_ring *ring)
{
	ring->next++;
}

void roam_ring_publish(struct roam_ring *ring)
{
	/* Release: descriptors and payloads before head. Ordered: before the waker's look at the flags. */
	store_ordered32(ring->own, ring->next);
}

enum roam_status roam_ring_arrived(struct roam_ring *ring, uint32_t want, uint32_t *count)
{
	if (ring->seen - ring->next < want) {
		/* Acquire: descriptors and payloads up to head are written. Ordered: after a waiter has set its flag. */
		uint32_t head = load_ordered32(ring->other);

		if (head - ring->next <= ring->mask)
			ring->seen = head;
		else if (ring->seen == ring->next)
			return ROAM_BAD_RING; /* not before what was published earlier has been taken */
	}
	*count = ring->seen - ring->next;
	return ROAM_OK;
}

void roam_ring_copy(const struct roam_ring *ring, uint32_t n, struct roam_desc *copy)
{
	union {
		struct roam_desc desc;
		uint64_t words[sizeof(struct roam_desc) / sizeof(uint64_t)];
	} out;
	const uint64_t *from = (const uint64_t *)(const void *)&ring->descs[(ring->next + n) & ring->mask];

	/* Atomic loads, so that the compiler neither reads a field again later nor reads it twice here. */
	for (uint32_t i = 0; i < sizeof(out.words) / sizeof(out.words[0]); i++)
		out.words[i] = load_once64(&from[i]);
	*copy = out.desc;
}

bool roam_ring_release(struct roam_ring *ring, uint32_t n)
{
	/* Whole: other threads of this process look at it, roam_end_pending. */
	store_whole32(&ring->next, ring->next + n);
	return ring->next - ring->told >= (ring->mask + 1) / 4 && roam_ring_settle(ring);
}

bool roam_ring_settle(struct roam_ring *ring)
{
	if (ring->told == ring->next)
		return false;
	ring->told = ring->next;
	/* Release: the descriptors were read before. Ordered: before the waker's look at the flags. */
	store_ordered32(ring->own, ring->told);
	return true;
}
