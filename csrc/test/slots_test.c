/* The slot pool on its own, and many threads at one pool. */

#include <pthread.h>

#include "check.h"
#include "roam/shm.h"

enum { SLOT = 16, MOST = 130, HEADER = 64 };

static _Alignas(64) unsigned char memory[HEADER + MOST * SLOT];

static struct roam_pool pool_of(uint32_t count)
{
	struct roam_pool pool;

	memset(memory, 0, sizeof(memory));
	roam_pool_init(&pool, memory, HEADER, SLOT, count);
	roam_pool_clear(&pool);
	return pool;
}

static uint64_t *bitmap(void)
{
	return (uint64_t *)(void *)memory;
}

static void test_take_all_and_return_all(void)
{
	for (uint32_t count = 1; count <= MOST; count++) {
		struct roam_pool pool = pool_of(count);
		struct roam_slot slot;

		for (uint32_t i = 0; i < count; i++) {
			CHECK_EQ(roam_pool_free(&pool), count - i);
			CHECK(roam_pool_take(&pool, &slot));
			CHECK_EQ(slot.index, i);
			CHECK_EQ(slot.generation, 1);
			CHECK(!roam_pool_is_free(&pool, i));
			CHECK(roam_pool_is_out(&pool, i, 1));
		}
		CHECK(!roam_pool_take(&pool, &slot));
		for (uint32_t i = 0; i < count; i++)
			CHECK_EQ(roam_pool_return(&pool, i, 1), ROAM_OK);
		CHECK_EQ(roam_pool_free(&pool), count);
	}
}

static void test_spare_slots_are_taken_several_at_once(void)
{
	for (uint32_t count = 1; count <= MOST; count++) {
		struct roam_pool pool = pool_of(count);
		struct roam_spares spares = { 0 };
		struct roam_slot slot;
		uint32_t at_once = count < 16 ? 1 : count < 64 ? count / 8 : 8;

		for (uint32_t i = 0; i < count; i++) {
			CHECK(roam_spares_take(&spares, &pool, &slot));
			CHECK_EQ(slot.index, i);
			CHECK_EQ(slot.generation, 1);
			CHECK(roam_pool_is_out(&pool, i, 1));
			if (i + at_once < count && count <= 64)
				CHECK_EQ(roam_pool_free(&pool), count - (i / at_once + 1) * at_once);
		}
		CHECK(!roam_spares_take(&spares, &pool, &slot));
		for (uint32_t i = 0; i < count; i++)
			CHECK_EQ(roam_pool_return(&pool, i, 1), ROAM_OK);
		CHECK(roam_spares_take(&spares, &pool, &slot));
		CHECK_EQ(slot.generation, 2);
		roam_spares_give_back(&spares, &pool);
		roam_spares_give_back(&spares, &pool);
		CHECK_EQ(roam_pool_free(&pool), count - 1);
	}
}

/* Two batches take turns, while the last slot of one is still out when the next is taken; and a side that has given
 * them back begins anew. */
static void test_spare_slots_taken_ahead_come_in_an_order_that_repeats(void)
{
	for (uint32_t count = 1; count <= MOST; count++) {
		struct roam_pool pool = pool_of(count);
		struct roam_spares spares = { 0 };
		struct roam_slot slot;
		uint32_t at_once = count < 16 ? 1 : count < 64 ? count / 8 : 8;

		for (uint32_t i = 0; i < 5 * at_once; i++) {
			CHECK(roam_spares_take(&spares, &pool, &slot));
			CHECK_EQ(slot.index, at_once == 1 ? 0 : i % (2 * at_once));
			roam_spares_ahead(&spares, &pool);
			CHECK_EQ(spares.bits != 0, at_once > 1);
			CHECK_EQ(roam_pool_return(&pool, slot.index, slot.generation), ROAM_OK);
		}
		roam_spares_give_back(&spares, &pool);
		CHECK_EQ(roam_pool_free(&pool), count);
		CHECK(roam_spares_take(&spares, &pool, &slot));
		CHECK_EQ(slot.index, 0);
	}
}

static void test_spare_slots_taken_ahead_leave_nothing_untaken(void)
{
	struct roam_pool pool = pool_of(16);
	struct roam_spares spares = { 0 };
	struct roam_slot slot;

	for (uint32_t i = 0; i < 16; i++) {
		CHECK(roam_spares_take(&spares, &pool, &slot));
		roam_spares_ahead(&spares, &pool);
		CHECK_EQ(slot.index, i);
	}
	CHECK(!roam_spares_take(&spares, &pool, &slot));
	roam_spares_ahead(&spares, &pool); /* none is free */
	CHECK_EQ(roam_pool_return(&pool, 15, 1), ROAM_OK); /* of those that were taken last: there is no other */
	CHECK(roam_spares_take(&spares, &pool, &slot));
	CHECK_EQ(slot.index, 15);
}

static void test_bits_past_the_last_slot_stay_0_and_are_no_slots(void)
{
	struct roam_pool pool = pool_of(70);
	struct roam_slot slot;

	CHECK_EQ(bitmap()[0], UINT64_MAX);
	CHECK_EQ(bitmap()[1], 0x3F);
	CHECK_EQ(bitmap()[2], 0);
	bitmap()[1] = UINT64_MAX; /* a peer may write it, but gains nothing */
	CHECK_EQ(roam_pool_free(&pool), 70);
	for (int i = 0; i < 70; i++)
		CHECK(roam_pool_take(&pool, &slot));
	CHECK(!roam_pool_take(&pool, &slot));
	CHECK(!roam_pool_take_at(&pool, 70, &slot));
	CHECK(!roam_pool_is_free(&pool, 70));
	CHECK(!roam_pool_is_out(&pool, 70, 0));
}

static void test_take_a_chosen_slot(void)
{
	struct roam_pool pool = pool_of(70);
	struct roam_slot slot;

	CHECK(roam_pool_take_at(&pool, 66, &slot));
	CHECK_EQ(slot.index, 66);
	CHECK_EQ(slot.generation, 1);
	CHECK(!roam_pool_take_at(&pool, 66, &slot));
	CHECK_EQ(roam_pool_return(&pool, 66, 1), ROAM_OK);
	CHECK(roam_pool_take_at(&pool, 66, &slot));
	CHECK_EQ(slot.generation, 2);
	roam_pool_untake(&pool, 66);
	CHECK(roam_pool_is_free(&pool, 66));
	CHECK(!roam_pool_take_at(&pool, UINT32_MAX, &slot));
}

static void test_return_checks_index_generation_and_state(void)
{
	struct roam_pool pool = pool_of(4);
	struct roam_slot slot;

	CHECK(roam_pool_take(&pool, &slot));
	CHECK_EQ(roam_pool_return(&pool, 4, 1), ROAM_BAD_SLOT);
	CHECK_EQ(roam_pool_return(&pool, UINT32_MAX, 1), ROAM_BAD_SLOT);
	CHECK_EQ(roam_pool_return(&pool, 0, 0), ROAM_BAD_SLOT);
	CHECK_EQ(roam_pool_return(&pool, 0, 2), ROAM_BAD_SLOT);
	CHECK_EQ(roam_pool_return(&pool, 1, 0), ROAM_BAD_SLOT); /* free */
	CHECK_EQ(roam_pool_free(&pool), 3);
	CHECK_EQ(roam_pool_return(&pool, 0, 1), ROAM_OK);
	CHECK_EQ(roam_pool_return(&pool, 0, 1), ROAM_BAD_SLOT); /* twice */
	CHECK_EQ(roam_pool_free(&pool), 4);
}

static void test_late_first_owner_cannot_return_the_slot(void)
{
	struct roam_pool pool = pool_of(1);
	struct roam_slot first, second;

	CHECK(roam_pool_take(&pool, &first));
	CHECK_EQ(roam_pool_return(&pool, first.index, first.generation), ROAM_OK);
	CHECK(roam_pool_take(&pool, &second));
	CHECK_EQ(roam_pool_return(&pool, first.index, first.generation), ROAM_BAD_SLOT);
	CHECK(!roam_pool_is_free(&pool, 0));
	CHECK_EQ(roam_pool_return(&pool, second.index, second.generation), ROAM_OK);
}

static void test_generation_wraps(void)
{
	struct roam_pool pool = pool_of(1);
	struct roam_slot slot;
	uint32_t last = UINT32_MAX;

	memcpy(memory + HEADER, &last, sizeof(last));
	CHECK(roam_pool_take(&pool, &slot));
	CHECK_EQ(slot.generation, 0);
	CHECK_EQ(roam_pool_return(&pool, 0, 0), ROAM_OK);
}

static void test_addresses(void)
{
	struct roam_pool pool = pool_of(3);

	CHECK_EQ(roam_pool_capacity(&pool), SLOT - 4);
	CHECK(roam_pool_payload(&pool, 2) == memory + HEADER + 2 * SLOT + 4);
	CHECK((void *)roam_pool_word(&pool) == memory);
	CHECK_EQ(*roam_pool_word(&pool), 7);
}

enum { TAKERS = 4, ROUNDS = 20000 };

/* Takes and returns, and writes to the payload while the slot is its own: two owners at once would race. */
static void *take_and_return(void *argument)
{
	const struct roam_pool *pool = argument;
	uintptr_t wrong = 0;

	for (uint32_t round = 0; round < ROUNDS; round++) {
		struct roam_slot slot;
		uint32_t *payload;

		if (!roam_pool_take(pool, &slot))
			continue;
		payload = roam_pool_payload(pool, slot.index);
		*payload = slot.generation;
		wrong += *payload != slot.generation;
		wrong += roam_pool_return(pool, slot.index, slot.generation) != ROAM_OK;
	}
	return (void *)wrong;
}

static void test_a_slot_has_one_owner_at_a_time(void)
{
	struct roam_pool pool = pool_of(3);
	pthread_t threads[TAKERS];

	for (int i = 0; i < TAKERS; i++)
		CHECK_EQ(pthread_create(&threads[i], NULL, take_and_return, &pool), 0);
	for (int i = 0; i < TAKERS; i++) {
		void *wrong;

		CHECK_EQ(pthread_join(threads[i], &wrong), 0);
		CHECK(wrong == NULL);
	}
	CHECK_EQ(roam_pool_free(&pool), 3);
}

int main(void)
{
	RUN(test_take_all_and_return_all);
	RUN(test_spare_slots_are_taken_several_at_once);
	RUN(test_spare_slots_taken_ahead_come_in_an_order_that_repeats);
	RUN(test_spare_slots_taken_ahead_leave_nothing_untaken);
	RUN(test_bits_past_the_last_slot_stay_0_and_are_no_slots);
	RUN(test_take_a_chosen_slot);
	RUN(test_return_checks_index_generation_and_state);
	RUN(test_late_first_owner_cannot_return_the_slot);
	RUN(test_generation_wraps);
	RUN(test_addresses);
	RUN(test_a_slot_has_one_owner_at_a_time);
	return finished();
}
