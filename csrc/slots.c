//go:build linux && cgo && !purego

/* The fixed slot pool: a bitmap of free slots and a generation in each. */

#include "roam/shm.h"
#include "shared.h"
#include "slots.h"

enum { MOST_SPARES = 8 }; /* slots taken at once from a pool that has plenty */

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

/* Raises the generation of a slot that the caller has taken: nobody else does. */
static void use(const struct roam_pool *pool, uint32_t index, struct roam_slot *taken)
{
	uint32_t *generation = slot_generation(pool, index);

	taken->index = index;
	taken->generation = load_once32(generation) + 1;
	/* No order: the head that publishes the message carries it to the receiver. */
	store_whole32(generation, taken->generation);
}

/* Clears bits of a bitmap word that was read as old; false, with old read anew, when the word has changed. */
static bool clear_bits(uint64_t *word, uint64_t *old, uint64_t bits)
{
	/* Acquire: whoever returned the slots has done reading them. */
	return __atomic_compare_exchange_n(word, old, *old & ~bits, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

/* The lowest n bits of those that are set, or all. */
static uint64_t lowest(uint64_t set, uint32_t n)
{
	uint64_t rest = set;

	while (n-- > 0)
		rest &= rest - 1;
	return set & ~rest;
}

/*
 * Takes the lowest free slots of one word, at most so many; false when none is free. From the lowest, since slots that
 * were used of late are the likeliest to be in a cache; but not those that were taken last, if others are free. Of
 * these some are still with the receiver when the next are taken: two batches that take turns come in an order that
 * repeats itself, which the receiver counts on.
 */
static bool take_some(const struct roam_pool *pool, uint32_t most, struct roam_spares *spares)
{
	for (uint32_t word = 0; word < bitmap_words(pool); word++) {
		uint64_t mask = slot_bits(pool, word);
		/* Ordered: after a waiter for a slot has set its flag. */
		uint64_t old = load_ordered64(&pool->bitmap[word]);

		while ((old & mask) != 0) {
			uint64_t others = old & mask & ~(word == spares->word ? spares->last : 0);
			uint64_t taken = lowest(others != 0 ? others : old & mask, most);

			if (clear_bits(&pool->bitmap[word], &old, taken)) {
				*spares = (struct roam_spares){
					.word = word, .bits = taken, .last = most > 1 ? taken : 0,
				};
				return true;
			}
		}
	}
	return false;
}

bool roam_pool_take(const struct roam_pool *pool, struct roam_slot *taken)
{
	struct roam_spares one = { 0 };

	if (!take_some(pool, 1, &one))
		return false;
	return roam_spares_take(&one, pool, taken);
}

/* An eighth of the pool at most: for others it looks full that much earlier. */
static uint32_t most_spares(const struct roam_pool *pool)
{
	uint32_t share = pool->count / 8;

	return share < 1 ? 1 : share < MOST_SPARES ? share : MOST_SPARES;
}

/* The lowest; there is one. */
static uint32_t next_spare(const struct roam_spares *spares)
{
	return spares->word * 64 + (uint32_t)__builtin_ctzll(spares->bits);
}

/* Has the line fetched that the next message writes to. */
static void own_next(const struct roam_spares *spares, const struct roam_pool *pool)
{
	if (spares->bits != 0)
		own_line(slot_generation(pool, next_spare(spares)));
}

void roam_spares_ahead(struct roam_spares *spares, const struct roam_pool *pool)
{
	if (spares->bits != 0 || most_spares(pool) == 1)
		return;
	(void)take_some(pool, most_spares(pool), spares);
	own_next(spares, pool);
}

bool roam_spares_take(struct roam_spares *spares, const struct roam_pool *pool, struct roam_slot *taken)
{
	if (spares->bits == 0 && !take_some(pool, most_spares(pool), spares))
		return false;
	use(pool, next_spare(spares), taken);
	spares->bits &= spares->bits - 1;
	own_next(spares, pool);
	return true;
}

void roam_spares_give_back(struct roam_spares *spares, const struct roam_pool *pool)
{
	if (spares->bits != 0)
		or_ordered64(&pool->bitmap[spares->word], spares->bits);
	*spares = (struct roam_spares){ 0 };
}

bool roam_pool_take_at(const struct roam_pool *pool, uint32_t index, struct roam_slot *taken)
{
	uint64_t old;

	if (index >= pool->count)
		return false;
	old = load_ordered64(&pool->bitmap[index / 64]);
	while ((old & slot_bit(index)) != 0) {
		if (clear_bits(&pool->bitmap[index / 64], &old, slot_bit(index))) {
			use(pool, index, taken);
			return true;
		}
	}
	return false;
}

bool roam_pool_is_out(const struct roam_pool *pool, uint32_t index, uint32_t generation)
{
	return slot_is_out(pool, index, generation);
}

enum roam_status roam_pool_return(const struct roam_pool *pool, uint32_t index, uint32_t generation)
{
	return slot_is_out(pool, index, generation) && slot_return(pool, index) ? ROAM_OK : ROAM_BAD_SLOT;
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
	return index < pool->count && slot_is_free(pool, index);
}

uint32_t roam_pool_capacity(const struct roam_pool *pool)
{
	return slot_capacity(pool);
}

void *roam_pool_payload(const struct roam_pool *pool, uint32_t index)
{
	return slot_payload(pool, index);
}

uint32_t *roam_pool_word(const struct roam_pool *pool)
{
	/* The low half comes first: the segment is little-endian. */
	return (uint32_t *)(void *)pool->bitmap;
}
