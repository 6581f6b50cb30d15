/*
 * slots.h: where the slots of a pool lie, and what every received message needs of them. Internal: here so that the
 * compiler sees it without optimising across files.
 */
#ifndef ROAM_SLOTS_H
#define ROAM_SLOTS_H

#include "roam/shm.h"
#include "shared.h"

static inline uint64_t slot_bit(uint32_t index)
{
	return UINT64_C(1) << (index % 64);
}

static inline unsigned char *slot_at(const struct roam_pool *pool, uint32_t index)
{
	return pool->slots + (size_t)index * pool->slot_size;
}

/* The first word of a slot, aligned since slot sizes are multiples of 8. */
static inline uint32_t *slot_generation(const struct roam_pool *pool, uint32_t index)
{
	return (uint32_t *)(void *)slot_at(pool, index);
}

static inline unsigned char *slot_payload(const struct roam_pool *pool, uint32_t index)
{
	return slot_at(pool, index) + ROAM_GENERATION_SIZE;
}

static inline uint32_t slot_capacity(const struct roam_pool *pool)
{
	return pool->slot_size - ROAM_GENERATION_SIZE;
}

/* index below the pool's count. */
static inline bool slot_is_free(const struct roam_pool *pool, uint32_t index)
{
	return (load_ordered64(&pool->bitmap[index / 64]) & slot_bit(index)) != 0;
}

static inline bool slot_is_out(const struct roam_pool *pool, uint32_t index, uint32_t generation)
{
	return index < pool->count && !slot_is_free(pool, index) &&
	       load_once32(slot_generation(pool, index)) == generation;
}

/* Frees a slot that was out; false when it was free already. */
static inline bool slot_return(const struct roam_pool *pool, uint32_t index)
{
	/* Release: the payload was read before. Ordered: before the waker's look at the flags. */
	return (or_ordered64(&pool->bitmap[index / 64], slot_bit(index)) & slot_bit(index)) == 0;
}

#endif
