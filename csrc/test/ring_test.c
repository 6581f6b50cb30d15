/* The ring on its own: room, batches, wrapping counters, corrupt indices. */

#include "check.h"
#include "roam/shm.h"

enum { SIZE = 8 };

static struct {
	_Alignas(64) struct roam_desc descs[SIZE];
	uint32_t head, tail;
	struct roam_ring producer, consumer;
} ring;

static void start(uint32_t index)
{
	ring.head = ring.tail = index;
	roam_ring_producer(&ring.producer, ring.descs, &ring.head, &ring.tail, SIZE);
	roam_ring_consumer(&ring.consumer, ring.descs, &ring.head, &ring.tail, SIZE);
}

static enum roam_status put(uint32_t id)
{
	struct roam_desc *place;
	enum roam_status status = roam_ring_reserve(&ring.producer, &place);

	if (status == ROAM_OK) {
		*place = (struct roam_desc){ .id = id };
		roam_ring_commit(&ring.producer);
	}
	return status;
}

static uint32_t arrived(void)
{
	uint32_t count = 0;

	CHECK_EQ(roam_ring_arrived(&ring.consumer, SIZE, &count), ROAM_OK);
	return count;
}

static uint32_t id_at(uint32_t n)
{
	struct roam_desc copy;

	roam_ring_copy(&ring.consumer, n, &copy);
	return copy.id;
}

static void test_one_place_stays_empty(void)
{
	start(0);
	for (uint32_t i = 0; i < SIZE - 1; i++)
		CHECK_EQ(put(i), ROAM_OK);
	CHECK_EQ(put(99), ROAM_NO_SPACE);
	roam_ring_publish(&ring.producer);
	CHECK_EQ(arrived(), SIZE - 1);
	CHECK(!roam_ring_release(&ring.consumer, 1));
	CHECK_EQ(put(7), ROAM_NO_SPACE); /* it was not told */
	CHECK(roam_ring_settle(&ring.consumer));
	CHECK(!roam_ring_settle(&ring.consumer));
	CHECK_EQ(put(7), ROAM_OK);
	CHECK_EQ(put(8), ROAM_NO_SPACE);
}

static void test_a_quarter_of_the_ring_is_given_back_at_once(void)
{
	start(UINT32_MAX - 1);
	for (uint32_t i = 0; i < SIZE - 1; i++)
		CHECK_EQ(put(i), ROAM_OK);
	roam_ring_publish(&ring.producer);
	CHECK_EQ(arrived(), SIZE - 1);
	for (uint32_t i = 1; i < SIZE; i++) {
		CHECK_EQ(roam_ring_release(&ring.consumer, 1), i % (SIZE / 4) == 0);
		CHECK_EQ(ring.tail + 2, i / (SIZE / 4) * (SIZE / 4));
	}
	roam_ring_settle(&ring.consumer);
	CHECK_EQ(ring.tail + 2, SIZE - 1);
}

static void test_nothing_is_visible_before_publish(void)
{
	start(0);
	CHECK_EQ(put(1), ROAM_OK);
	CHECK_EQ(put(2), ROAM_OK);
	CHECK_EQ(arrived(), 0);
	roam_ring_publish(&ring.producer);
	CHECK_EQ(arrived(), 2);
	CHECK_EQ(id_at(0), 1);
	CHECK_EQ(id_at(1), 2);
	CHECK_EQ(ring.tail, 0);
	roam_ring_release(&ring.consumer, 2);
	CHECK_EQ(ring.tail, 2);
	CHECK_EQ(arrived(), 0);
}

static void test_reserve_holds_nothing(void)
{
	struct roam_desc *first, *second;

	start(0);
	CHECK_EQ(roam_ring_reserve(&ring.producer, &first), ROAM_OK);
	CHECK_EQ(roam_ring_reserve(&ring.producer, &second), ROAM_OK);
	CHECK(first == second);
	roam_ring_publish(&ring.producer);
	CHECK_EQ(arrived(), 0);
}

static void test_counters_wrap_at_2_32(void)
{
	uint32_t sent = 0, received = 0;

	start(UINT32_MAX - 20);
	while (received < 1000) {
		/* Another number in flight each round, empty and full among them. */
		for (uint32_t n = received % SIZE; n > 0; n--)
			sent += put(sent) == ROAM_OK;
		roam_ring_publish(&ring.producer);
		CHECK_EQ(arrived(), sent - received);
		while (received < sent) {
			CHECK_EQ(id_at(0), received);
			roam_ring_release(&ring.consumer, 1);
			received++;
		}
		if (received % SIZE == 0) {
			CHECK_EQ(put(sent), ROAM_OK);
			sent++;
		}
	}
	CHECK_EQ(ring.tail, UINT32_MAX - 20 + received);
	CHECK(ring.tail < 2000);
}

static void test_smallest_ring(void)
{
	start(UINT32_MAX);
	roam_ring_producer(&ring.producer, ring.descs, &ring.head, &ring.tail, 2);
	roam_ring_consumer(&ring.consumer, ring.descs, &ring.head, &ring.tail, 2);
	for (uint32_t i = 0; i < 5; i++) {
		CHECK_EQ(put(i), ROAM_OK);
		CHECK_EQ(put(i), ROAM_NO_SPACE);
		roam_ring_publish(&ring.producer);
		CHECK_EQ(arrived(), 1);
		CHECK_EQ(id_at(0), i);
		roam_ring_release(&ring.consumer, 1);
	}
}

static void test_indices_start_where_they_stand(void)
{
	start(5);
	ring.head = 8; /* three lie in the ring */
	roam_ring_producer(&ring.producer, ring.descs, &ring.head, &ring.tail, SIZE);
	roam_ring_consumer(&ring.consumer, ring.descs, &ring.head, &ring.tail, SIZE);
	CHECK_EQ(arrived(), 3);
	for (uint32_t i = 3; i < SIZE - 1; i++)
		CHECK_EQ(put(i), ROAM_OK);
	CHECK_EQ(put(99), ROAM_NO_SPACE);
}

static void test_difference_over_capacity_is_corruption(void)
{
	struct roam_desc *place;
	uint32_t count;

	for (uint32_t start_index = UINT32_MAX - 3; start_index != 4; start_index++) {
		start(start_index);
		for (uint32_t wrong = SIZE; wrong != 0; wrong = wrong == SIZE ? UINT32_MAX : 0) {
			ring.head = start_index + wrong;
			CHECK_EQ(roam_ring_arrived(&ring.consumer, 1, &count), ROAM_BAD_RING);
		}
		ring.head = start_index;
		ring.tail = start_index + 1; /* the consumer read what was never written */
		CHECK_EQ(roam_ring_reserve(&ring.producer, &place), ROAM_BAD_RING);
		ring.tail = start_index - SIZE;
		CHECK_EQ(roam_ring_reserve(&ring.producer, &place), ROAM_BAD_RING);
	}
}

static void test_known_messages_come_before_a_corrupt_head(void)
{
	uint32_t count;

	start(0);
	put(1);
	put(2);
	roam_ring_publish(&ring.producer);
	CHECK_EQ(arrived(), 2);
	ring.head = 100;
	CHECK_EQ(arrived(), 2);
	roam_ring_release(&ring.consumer, 2);
	CHECK_EQ(roam_ring_arrived(&ring.consumer, 1, &count), ROAM_BAD_RING);
}

static void test_other_index_is_read_again_only_when_needed(void)
{
	uint32_t count;

	start(0);
	CHECK_EQ(put(1), ROAM_OK);
	ring.tail = 12345; /* not looked at while the copy says there is room */
	for (uint32_t i = 1; i < SIZE - 1; i++)
		CHECK_EQ(put(1), ROAM_OK);
	CHECK_EQ(put(1), ROAM_BAD_RING);

	roam_ring_publish(&ring.producer);
	CHECK_EQ(arrived(), SIZE - 1);
	ring.head = 12345; /* not looked at while enough is known to be there */
	CHECK_EQ(roam_ring_arrived(&ring.consumer, 3, &count), ROAM_OK);
	CHECK_EQ(count, SIZE - 1);
}

int main(void)
{
	RUN(test_one_place_stays_empty);
	RUN(test_a_quarter_of_the_ring_is_given_back_at_once);
	RUN(test_nothing_is_visible_before_publish);
	RUN(test_reserve_holds_nothing);
	RUN(test_counters_wrap_at_2_32);
	RUN(test_smallest_ring);
	RUN(test_indices_start_where_they_stand);
	RUN(test_difference_over_capacity_is_corruption);
	RUN(test_known_messages_come_before_a_corrupt_head);
	RUN(test_other_index_is_read_again_only_when_needed);
	return finished();
}
