/* The end: stage, commit, abort, receive, wake, channel entries, between one host and its guests. */

#include "check.h"
#include "fixture.h"

enum { MAX = 16, ARENA = 4096 };

static struct fixture segment;
static struct roam_end host, guest;
static struct roam_message got[MAX];
static unsigned char arena[ARENA];

static const struct roam_slot any = { .index = ROAM_INLINE_SLOT };

static void start(uint32_t index)
{
	fixture_create(&segment, small_config());
	fixture_start_rings(&segment, 1, index);
	fixture_end(&segment, 1, true, &host);
	fixture_end(&segment, 1, false, &guest);
}

static void stop(void)
{
	fixture_destroy(&segment);
}

static enum roam_status stage(struct roam_end *end, enum roam_msg type, uint32_t id, const void *payload, size_t len)
{
	return roam_end_stage(end, type, id, 0, NULL, 0, payload, len, any);
}

static void send_one(struct roam_end *end, enum roam_msg type, uint32_t id, const void *payload, size_t len)
{
	CHECK_EQ(stage(end, type, id, payload, len), ROAM_OK);
	roam_end_commit(end);
}

/* Receives all that is there and checks how it ended. */
static uint32_t receive(struct roam_end *end, enum roam_status status)
{
	struct roam_received received = roam_end_receive(end, got, MAX, arena, ARENA);

	CHECK_EQ(received.status, status);
	return received.count;
}

static unsigned char pattern[512];

static void fill_pattern(void)
{
	for (size_t i = 0; i < sizeof(pattern); i++)
		pattern[i] = (unsigned char)(i * 7 + 1);
}

static void check_payload(const struct roam_message *message, const void *want, uint32_t len)
{
	CHECK_EQ(message->len, len);
	CHECK(memcmp(arena + message->at, want, len) == 0);
}

static void test_message_crosses_with_all_its_fields(void)
{
	start(0);
	CHECK_EQ(roam_end_stage(&guest, ROAM_MSG_REQUEST, 77, UINT64_C(0x1122334455667788), "pre", 3, "fix", 3, any),
		 ROAM_OK);
	CHECK_EQ(receive(&host, ROAM_OK), 0); /* staged is not visible */
	CHECK(!roam_end_pending(&host));
	roam_end_commit(&guest);
	CHECK(roam_end_pending(&host));
	CHECK_EQ(roam_end_head(&host), 1);
	CHECK_EQ(receive(&host, ROAM_OK), 1);
	CHECK_EQ(got[0].type, ROAM_MSG_REQUEST);
	CHECK_EQ(got[0].id, 77);
	CHECK_EQ(got[0].method, UINT64_C(0x1122334455667788));
	CHECK_EQ(got[0].seq, 1);
	check_payload(&got[0], "prefix", 6);
	CHECK(!roam_end_pending(&host));
	CHECK_EQ(roam_end_tail(&host), 1);
	stop();
}

static void test_descriptor_has_the_bytes_of_the_layout(void)
{
	const struct roam_desc *desc;
	static const uint8_t zeros[32];

	start(0);
	send_one(&guest, ROAM_MSG_DATA, 3, pattern, 40);
	send_one(&host, ROAM_MSG_CLOSE, 2, NULL, 0);
	desc = fixture_desc(&segment, 1, false, 0);
	CHECK_EQ(desc->msg_type, 4);
	CHECK_EQ(desc->payload_slot, 0);
	CHECK_EQ(desc->payload_generation, 1);
	CHECK_EQ(desc->payload_offset, 0);
	CHECK_EQ(desc->payload_len, 40);
	CHECK(memcmp(desc->inline_payload, zeros, 32) == 0);
	desc = fixture_desc(&segment, 1, true, 0);
	CHECK_EQ(desc->msg_type, 5);
	CHECK_EQ(desc->id, 2);
	CHECK_EQ(desc->payload_slot, UINT32_MAX);
	CHECK_EQ(desc->payload_generation, 0);
	CHECK_EQ(desc->payload_len, 0);
	CHECK_EQ(fixture_peer(&segment, 1)->guest_to_host_head, 1);
	CHECK_EQ(fixture_peer(&segment, 1)->host_to_guest_head, 1);
	stop();
}

static void test_payload_of_every_length_both_ways(void)
{
	struct roam_end *ends[2] = { &guest, &host };

	start(UINT32_MAX - 100);
	for (uint32_t len = 0; len <= 252; len++) {
		for (int i = 0; i < 2; i++) {
			struct roam_end *from = ends[i], *to = ends[1 - i];
			uint32_t first = len / 3;

			CHECK_EQ(roam_end_stage(from, ROAM_MSG_RESPONSE, len, 0, pattern, first, pattern + first,
						len - first, any),
				 ROAM_OK);
			CHECK_EQ(roam_pool_free(&from->own_pool), len > ROAM_INLINE_MAX ? 3 : 4);
			roam_end_commit(from);
			CHECK_EQ(receive(to, ROAM_OK), 1);
			check_payload(&got[0], pattern, len);
			CHECK_EQ(got[0].slot, len > ROAM_INLINE_MAX ? 0 : ROAM_INLINE_SLOT);
			CHECK_EQ(roam_pool_free(&from->own_pool), 4);
		}
	}
	CHECK_EQ(stage(&guest, ROAM_MSG_DATA, 1, pattern, 253), ROAM_TOO_LONG);
	CHECK_EQ(roam_end_stage(&guest, ROAM_MSG_DATA, 1, 0, pattern, SIZE_MAX, pattern, 2, any), ROAM_TOO_LONG);
	CHECK_EQ(roam_end_stage(&guest, ROAM_MSG_DATA, 1, 0, pattern, 200, pattern, SIZE_MAX - 100, any),
		 ROAM_TOO_LONG);
	stop();
}

static void test_batch_keeps_order_and_packs_the_arena(void)
{
	uint32_t used = 0;

	start(UINT32_MAX - 3);
	for (uint32_t i = 0; i < 7; i++)
		send_one(&guest, ROAM_MSG_REQUEST, i, pattern + i, i * 10 > 30 ? 30 + i : i * 10);
	CHECK_EQ(receive(&host, ROAM_OK), 7);
	for (uint32_t i = 0; i < 7; i++) {
		CHECK_EQ(got[i].id, i);
		CHECK_EQ(got[i].seq, UINT32_MAX - 3 + i + 1);
		CHECK_EQ(got[i].at, used);
		check_payload(&got[i], pattern + i, got[i].len);
		used += got[i].len;
	}
	stop();
}

static void test_receive_takes_at_most_max(void)
{
	struct roam_received received;

	start(0);
	for (uint32_t i = 0; i < 5; i++)
		send_one(&guest, ROAM_MSG_REQUEST, i, NULL, 0);
	received = roam_end_receive(&host, got, 0, arena, ARENA);
	CHECK_EQ(received.count, 0);
	received = roam_end_receive(&host, got, 3, arena, ARENA);
	CHECK_EQ(received.count, 3);
	CHECK_EQ(received.status, ROAM_OK);
	CHECK(roam_end_pending(&host));
	CHECK_EQ(receive(&host, ROAM_OK), 2);
	CHECK_EQ(got[0].id, 3);
	stop();
}

static void test_full_ring_holds_nothing(void)
{
	start(UINT32_MAX - 3);
	for (uint32_t i = 0; i < 7; i++)
		send_one(&guest, ROAM_MSG_REQUEST, i, NULL, 0);
	CHECK_EQ(roam_end_room(&guest), ROAM_NO_SPACE);
	CHECK_EQ(stage(&guest, ROAM_MSG_REQUEST, 7, pattern, 100), ROAM_NO_SPACE);
	CHECK_EQ(roam_pool_free(&guest.own_pool), 4);
	CHECK_EQ(receive(&host, ROAM_OK), 7);
	CHECK_EQ(roam_end_room(&guest), ROAM_OK);
	send_one(&guest, ROAM_MSG_REQUEST, 7, pattern, 100);
	CHECK_EQ(receive(&host, ROAM_OK), 1);
	stop();
}

static void test_no_slot_holds_nothing_and_inline_still_goes(void)
{
	start(0);
	for (uint32_t i = 0; i < 4; i++)
		send_one(&guest, ROAM_MSG_REQUEST, i, pattern, 33);
	CHECK_EQ(stage(&guest, ROAM_MSG_REQUEST, 4, pattern, 33), ROAM_NO_SLOT);
	send_one(&guest, ROAM_MSG_REQUEST, 5, pattern, 32);
	CHECK_EQ(receive(&host, ROAM_OK), 5);
	CHECK_EQ(roam_pool_free(&guest.own_pool), 4);
	send_one(&guest, ROAM_MSG_REQUEST, 4, pattern, 33);
	stop();
}

static void test_abort_gives_back_what_stage_took(void)
{
	start(0);
	CHECK_EQ(stage(&guest, ROAM_MSG_REQUEST, 1, pattern, 100), ROAM_OK);
	CHECK_EQ(roam_pool_free(&guest.own_pool), 3);
	roam_end_abort(&guest);
	CHECK_EQ(roam_pool_free(&guest.own_pool), 4);
	CHECK_EQ(stage(&guest, ROAM_MSG_REQUEST, 2, pattern, 10), ROAM_OK);
	roam_end_abort(&guest);
	roam_end_abort(&guest); /* nothing is staged */
	send_one(&guest, ROAM_MSG_REQUEST, 3, NULL, 0);
	CHECK_EQ(receive(&host, ROAM_OK), 1);
	CHECK_EQ(got[0].id, 3);
	stop();
}

static uint32_t slot_of_next(struct roam_end *end, size_t len)
{
	static const unsigned char zeros[16384];
	uint32_t slot;

	if (stage(end, ROAM_MSG_REQUEST, 1, zeros, len) != ROAM_OK)
		return UINT32_MAX;
	slot = end->staged.index;
	roam_end_commit(end);
	return slot;
}

static void test_large_messages_leave_slots_taken_ahead_to_small_ones(void)
{
	struct roam_config config = small_config();
	static unsigned char large[4 * 16384];

	config.ring_size = 32;
	config.slots_per_guest = 16; /* of which two are taken at once */
	config.max_payload_size = 16384;
	config.slot_size = 16384 + 8;
	fixture_create(&segment, config);
	fixture_end(&segment, 1, true, &host);
	fixture_end(&segment, 1, false, &guest);
	CHECK_EQ(slot_of_next(&guest, 16383), 0);
	for (uint32_t i = 2; i < 5; i++)
		CHECK_EQ(slot_of_next(&guest, 16384), i);
	CHECK_EQ(roam_end_receive(&host, got, 4, large, sizeof(large)).count, 4);
	CHECK_EQ(slot_of_next(&guest, 16384), 0); /* the lowest that is free */
	CHECK_EQ(slot_of_next(&guest, 33), 1);
	roam_end_look_ahead(&guest); /* takes 2 and 3 */
	for (uint32_t i = 4; i < 16; i++)
		CHECK_EQ(slot_of_next(&guest, 16384), i);
	CHECK_EQ(slot_of_next(&guest, 16384), 2); /* nothing else is left */
	CHECK_EQ(slot_of_next(&guest, 33), 3);
	CHECK_EQ(stage(&guest, ROAM_MSG_REQUEST, 1, large, 33), ROAM_NO_SLOT);
	stop();
}

static void test_slot_of_the_caller_is_used_and_stays_the_callers(void)
{
	struct roam_slot mine;

	start(0);
	CHECK(roam_pool_take_at(&host.own_pool, 2, &mine));
	CHECK_EQ(roam_end_stage(&host, ROAM_MSG_REQUEST, 1, 0, NULL, 0, pattern, 50, mine), ROAM_OK);
	roam_end_abort(&host);
	CHECK(!roam_pool_is_free(&host.own_pool, 2));
	CHECK_EQ(roam_end_stage(&host, ROAM_MSG_REQUEST, 1, 0, NULL, 0, pattern, 253, mine), ROAM_TOO_LONG);
	CHECK_EQ(roam_end_stage(&host, ROAM_MSG_REQUEST, 1, 0, NULL, 0, pattern, 5, mine), ROAM_OK);
	roam_end_commit(&host);
	roam_end_abort(&host); /* after a commit there is nothing to give back */
	CHECK_EQ(receive(&guest, ROAM_OK), 1);
	CHECK_EQ(got[0].slot, 2);
	check_payload(&got[0], pattern, 5);
	CHECK(roam_pool_is_free(&host.own_pool, 2));
	stop();
}

static void test_guests_have_rings_and_pools_of_their_own(void)
{
	struct roam_end host2, guest2;

	start(0);
	fixture_end(&segment, 2, true, &host2);
	fixture_end(&segment, 2, false, &guest2);
	send_one(&guest, ROAM_MSG_REQUEST, 1, pattern, 60);
	send_one(&guest2, ROAM_MSG_REQUEST, 2, pattern + 1, 60);
	send_one(&host2, ROAM_MSG_REQUEST, 3, pattern + 2, 60);
	send_one(&host, ROAM_MSG_REQUEST, 4, pattern + 3, 60);
	CHECK_EQ(roam_pool_free(&host.own_pool), 2); /* the host's is one for all */
	CHECK_EQ(roam_pool_free(&guest.own_pool), 3);
	CHECK_EQ(receive(&host2, ROAM_OK), 1);
	check_payload(&got[0], pattern + 1, 60);
	CHECK_EQ(receive(&host, ROAM_OK), 1);
	check_payload(&got[0], pattern, 60);
	CHECK_EQ(receive(&guest, ROAM_OK), 1);
	check_payload(&got[0], pattern + 3, 60);
	CHECK_EQ(receive(&guest2, ROAM_OK), 1);
	check_payload(&got[0], pattern + 2, 60);
	stop();
}

static void test_full_arena_stops_before_the_message(void)
{
	struct roam_received received;

	start(0);
	send_one(&guest, ROAM_MSG_REQUEST, 1, pattern, 30);
	send_one(&guest, ROAM_MSG_REQUEST, 2, pattern, 100);
	send_one(&guest, ROAM_MSG_REQUEST, 3, pattern, 10);
	received = roam_end_receive(&host, got, MAX, arena, 129);
	CHECK_EQ(received.count, 1);
	CHECK_EQ(received.status, ROAM_ARENA_FULL);
	CHECK_EQ(got[1].len, 100);
	received = roam_end_receive(&host, got, MAX, arena, 99);
	CHECK_EQ(received.count, 0);
	CHECK_EQ(received.status, ROAM_ARENA_FULL);
	CHECK_EQ(got[0].len, 100); /* what the arena must have */
	CHECK_EQ(roam_pool_free(&guest.own_pool), 3);
	received = roam_end_receive(&host, got, MAX, arena, 100);
	CHECK_EQ(received.count, 1);
	CHECK_EQ(got[0].id, 2);
	received = roam_end_receive(&host, got, MAX, NULL, 0);
	CHECK_EQ(received.status, ROAM_ARENA_FULL);
	CHECK_EQ(receive(&host, ROAM_OK), 1);
	stop();
}

static void test_flags_decide_who_is_woken(void)
{
	struct roam_peer *peer;
	struct roam_received received;

	start(0);
	peer = fixture_peer(&segment, 1);
	CHECK_EQ(stage(&guest, ROAM_MSG_REQUEST, 1, pattern, 100), ROAM_OK);
	CHECK(!roam_end_commit(&guest)); /* nobody waits */
	roam_flags_set(host.own_flags, ROAM_FLAG_BELL_MESSAGES);
	CHECK_EQ(stage(&guest, ROAM_MSG_REQUEST, 1, pattern, 10), ROAM_OK);
	CHECK(roam_end_commit(&guest));
	CHECK_EQ(peer->host_flags & ROAM_FLAG_BELL_MESSAGES, ROAM_FLAG_BELL_MESSAGES); /* the waiter clears it */

	roam_flags_set(guest.own_flags, ROAM_FLAG_BELL_SLOT);
	received = roam_end_receive(&host, got, 1, arena, ARENA);
	CHECK(received.bell); /* its slot came back */
	received = roam_end_receive(&host, got, 1, arena, ARENA);
	CHECK(!received.bell); /* inline: no slot came back */
	roam_flags_clear(guest.own_flags, ROAM_FLAG_BELL_SLOT);
	roam_flags_set(guest.own_flags, ROAM_FLAG_BELL_SPACE);
	received = roam_end_receive(&host, got, 1, arena, ARENA);
	CHECK(!received.bell); /* nothing was taken */
	send_one(&guest, ROAM_MSG_REQUEST, 1, NULL, 0);
	received = roam_end_receive(&host, got, 1, arena, ARENA);
	CHECK(received.bell);

	CHECK(!roam_end_grant(&host, 3, 10));
	roam_flags_set(guest.own_flags, ROAM_FLAG_BELL_CREDIT);
	CHECK(roam_end_grant(&host, 3, 10));
	stop();
}

static void test_foreign_peer_is_woken_always(void)
{
	start(0);
	fixture_peer(&segment, 1)->guest_flags = 0;
	CHECK_EQ(stage(&host, ROAM_MSG_REQUEST, 1, NULL, 0), ROAM_OK);
	CHECK(roam_end_commit(&host));
	send_one(&guest, ROAM_MSG_REQUEST, 1, NULL, 0);
	CHECK(roam_end_receive(&host, got, MAX, arena, ARENA).bell);
	CHECK(roam_end_grant(&host, 1, 1));
	stop();
}

static void test_channel_entries_are_shared(void)
{
	start(0);
	CHECK(roam_end_channel(&guest, 0) == NULL);
	CHECK(roam_end_channel(&guest, 16) == NULL);
	CHECK(roam_end_channel(&guest, UINT32_MAX) == NULL);
	roam_channel_activate(roam_end_channel(&guest, 15), 50);
	CHECK_EQ(roam_channel_granted(roam_end_channel(&host, 15)), 50);
	CHECK(!roam_end_grant(&host, 15, 25));
	CHECK(roam_channel_remaining(roam_end_channel(&guest, 15), 75) == 0);
	CHECK(!roam_end_grant(&host, 16, 25)); /* no such entry: nothing happens */
	CHECK(!roam_end_grant(&host, 0, 25));
	stop();
}

static void test_spin_sees_a_message(void)
{
	start(0);
	CHECK(!roam_end_spin(&host, 0));
	CHECK(!roam_end_spin(&host, 10));
	send_one(&guest, ROAM_MSG_REQUEST, 1, NULL, 0);
	CHECK(roam_end_spin(&host, 0));
	CHECK(roam_end_spin(&host, 10));
	stop();
}

int main(void)
{
	fill_pattern();
	RUN(test_message_crosses_with_all_its_fields);
	RUN(test_descriptor_has_the_bytes_of_the_layout);
	RUN(test_payload_of_every_length_both_ways);
	RUN(test_batch_keeps_order_and_packs_the_arena);
	RUN(test_receive_takes_at_most_max);
	RUN(test_full_ring_holds_nothing);
	RUN(test_no_slot_holds_nothing_and_inline_still_goes);
	RUN(test_abort_gives_back_what_stage_took);
	RUN(test_large_messages_leave_slots_taken_ahead_to_small_ones);
	RUN(test_slot_of_the_caller_is_used_and_stays_the_callers);
	RUN(test_guests_have_rings_and_pools_of_their_own);
	RUN(test_full_arena_stops_before_the_message);
	RUN(test_flags_decide_who_is_woken);
	RUN(test_foreign_peer_is_woken_always);
	RUN(test_channel_entries_are_shared);
	RUN(test_spin_sees_a_message);
	return finished();
}
