//go:build linux && cgo && !purego

/* The fixed slot pool: a bitmap of free slots and a generation in each. */

#include "roam/shm.h"
#include "shared.h"

static uint32_t bitmap_words(const struct roam_pool *pool)
{
	return (uint32_t)(((uint64_t)pool->count + 63) / 64);
}

/* The bits of a bitmap word that stand for slots: what a peer writes past the last slot is no slot. */
static uint64_t slot_bits(const struct roam_pool *pool, uint32_t word)
{
	uint64_t left = pool->count - (uint64_t)word * 64;

	return left < 64 ? (UINT64_C(1) << left) - 1 : UINT64_MAX;
}

static uint64_t slot_bit(uint32_t index)
{
	return UINT64_C(1) << (index % 64);
}

static unsigned char *slot_at(const struct roam_pool *pool, uint32_t index)
{
	return pool->slots + (size_t)index * pool->slot_size;
}

/* The first word of a slot, aligned since slot sizes are multiples of 8. */
static uint32_t *generation_of(const struct roam_pool *pool, uint32_t index)
{
	return (uint32_t *)(void *)slot_at(pool, index);
}

void roam_pool_init(struct roam_pool *pool, void *base, uint64_t header, uint32_t slot_size, uint32_t count)
{
	pool->bitmap = base;
	pool->slots = (unsigned char *)base + header;
	pool->slot_size = slot_size;
	pool->count = count;
}

void roam_pool_clear(struct roam_pool *pool)
{
	for (uint32_t word = 0; word < bitmap_words(pool); word++)
		__atomic_store_n(&pool->bitmap[word], slot_bits(pool, word), __ATOMIC_RELEASE);
}

/* The bit is this taker's: only now is the generation raised, by its one owner. */
static void taken_now(const struct roam_pool *pool, uint32_t index, struct roam_slot *taken)
{
	taken->index = index;
	/* Relaxed: the head that publishes the message carries it to the receiver. */
	taken->generation = __atomic_add_fetch(generation_of(pool, index), 1, __ATOMIC_RELAXED);
}

/* Clears one bit of a bitmap word that was read as old; false, with old read anew, when the word has changed. */
static bool clear_bit(uint64_t *word, uint64_t *old, uint64_t bit)
{
	/* Acquire: whoever returned the slot has done reading it. */
	return __atomic_compare_exchange_n(word, old, *old & ~bit, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

bool roam_pool_take(const struct roam_pool *pool, struct roam_slot *taken)
{
	/* From the lowest: the slot used last is the likeliest to be in a cache. */
	for (uint32_t word = 0; word < bitmap_words(pool); word++) {
		uint64_t mask = slot_bits(pool, word);
		/* Ordered: after a waiter for a slot has set its flag. */
		uint64_t old = load_ordered64(&pool->bitmap[word]);

		while ((old & mask) != 0) {
			uint64_t free = old & mask;

			if (clear_bit(&pool->bitmap[word], &old, free & -free)) {
				taken_now(pool, word * 64 + (uint32_t)__builtin_ctzll(free), taken);
				return true;
			}
		}
	}
	return false;
}

bool roam_pool_take_at(const struct roam_pool *pool, uint32_t index, struct roam_slot *taken)
{
	uint64_t old;

	if (index >= pool->count)
		return false;
	old = load_ordered64(&pool->bitmap[index / 64]);
	while ((old & slot_bit(index)) != 0) {
		if (clear_bit(&pool->bitmap[index / 64], &old, slot_bit(index))) {
			taken_now(pool, index, taken);
			return true;
		}
	}
	return false;
}

bool roam_pool_is_out(const struct roam_pool *pool, uint32_t index, uint32_t generation)
{
	return index < pool->count && !roam_pool_is_free(pool, index) &&
	       load_once32(generation_of(pool, index)) == generation;
}

enum roam_status roam_pool_return(const struct roam_pool *pool, uint32_t index, uint32_t generation)
{
	if (!roam_pool_is_out(pool, index, generation))
		return ROAM_BAD_SLOT;
	/* Release: the payload was read before. Ordered: before the waker's look at the flags. */
	if ((or_ordered64(&pool->bitmap[index / 64], slot_bit(index)) & slot_bit(index)) != 0)
		return ROAM_BAD_SLOT;
	return ROAM_OK;
}

void roam_pool_untake(const struct roam_pool *pool, uint32_t index)
{
	or_ordered64(&pool->bitmap[index / 64], slot_bit(index));
}

uint32_t roam_pool_free(const struct roam_pool *pool)
{
	uint32_t free = 0;

	for (uint32_t word = 0; word < bitmap_words(pool); word++)
		free += (uint32_t)__builtin_popcountll(load_ordered64(&pool->bitmap[word]) & slot_bits(pool, word));
	return free;
}

bool roam_pool_is_free(const struct roam_pool *pool, uint32_t index)
{
	return index < pool->count && (load_ordered64(&pool->bitmap[index / 64]) & slot_bit(index)) != 0;
}

uint32_t roam_pool_capacity(const struct roam_pool *pool)
{
	return pool->slot_size - ROAM_GENERATION_SIZE;
}

void *roam_pool_payload(const struct roam_pool *pool, uint32_t index)
{
	return slot_at(pool, index) + ROAM_GENERATION_SIZE;
}

uint32_t *roam_pool_word(const struct roam_pool *pool)
{
	/* The low half comes first: the segment is little-endian. */
	return (uint32_t *)(void *)pool->bitmap;
}
