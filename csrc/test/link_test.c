/* A guest's link: messages both ways, grants, and what it knows of itself. */

#define _GNU_SOURCE

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "check.h"
#include "held.h"
#include "host.h"

static struct counting memory;
static struct held before;

static struct link *attach(struct host *host)
{
	counting_init(&memory);
	before = held_now();
	return host_with_guest(host, small_config(), &memory.allocator);
}

static void finish(struct host *host, struct link *link)
{
	link_close(link);
	host_destroy(host);
	CHECK_EQ(memory.live, 0);
	CHECK(held_same(before));
}

/* Whether the doorbell was rung since the last time. */
static bool rung(const struct host *host)
{
	struct pollfd bell = { .fd = host->bell, .events = POLLIN };
	bool was = poll(&bell, 1, 0) > 0;

	CHECK_EQ(roam_bell_drain(host->bell), 0);
	return was;
}

static void test_attached_entry_tells_the_host(void)
{
	struct host host;
	struct link *link = attach(&host);
	struct roam_limits limits = link_limits(link);

	CHECK_EQ(host_peer(&host, 1)->state, ROAM_STATE_ATTACHED);
	CHECK_EQ(host_peer(&host, 1)->epoch, 7);
	CHECK_EQ(host_peer(&host, 1)->guest_flags, ROAM_FLAG_KEEPS | ROAM_FLAG_TABLE);
	CHECK(rung(&host));
	CHECK_EQ(link_peer_id(link), 1);
	CHECK(!link_foreign(link));
	CHECK_EQ(limits.max_payload_size, 252);
	CHECK_EQ(limits.initial_credit, 1000);
	CHECK_EQ(limits.max_channels, 16);
	CHECK_EQ(link_slot_capacity(link), 252);
	CHECK_EQ(link_look(link, NULL), 0);
	finish(&host, link);
}

static void test_message_goes_each_way(void)
{
	struct host host;
	struct link *link = attach(&host);
	struct roam_message message;
	char arena[512];
	const char text[100] = "a text that is too long for a descriptor, so that it lies in a slot";

	CHECK_EQ(link_stage(link, ROAM_MSG_REQUEST, 1, 99, "ab", 2, text, sizeof(text)), ROAM_OK);
	link_commit(link);
	CHECK_EQ(roam_end_receive(&host.end, &message, 1, arena, sizeof(arena)).count, 1);
	CHECK_EQ(message.type, ROAM_MSG_REQUEST);
	CHECK_EQ(message.method, 99);
	CHECK_EQ(message.len, 2 + sizeof(text));
	CHECK(memcmp(arena, "ab", 2) == 0 && memcmp(arena + 2, text, sizeof(text)) == 0);

	CHECK(!link_pending(link));
	CHECK(!link_spin(link, 0));
	CHECK(host_send(&host, ROAM_MSG_RESPONSE, 1, "pong", 4));
	CHECK(link_pending(link));
	CHECK(link_spin(link, 0));
	link_wait(link, false, -1);
	CHECK_EQ(link_receive(link, &message, 1, arena, sizeof(arena)).count, 1);
	CHECK_EQ(message.type, ROAM_MSG_RESPONSE);
	CHECK_EQ(message.len, 4);
	CHECK_EQ(message.seq, link_head(link));
	finish(&host, link);
}

static void test_aborted_message_is_never_seen(void)
{
	struct host host;
	struct link *link = attach(&host);
	char payload[200] = { 0 };

	CHECK_EQ(link_stage(link, ROAM_MSG_REQUEST, 1, 1, NULL, 0, payload, sizeof(payload)), ROAM_OK);
	CHECK_EQ(roam_pool_free(&host.end.peer_pool), 3);
	link_abort(link);
	CHECK_EQ(roam_pool_free(&host.end.peer_pool), 4);
	CHECK(!roam_end_pending(&host.end));
	finish(&host, link);
}

static void test_full_ring_empty_pool_and_long_payload_are_told_apart(void)
{
	struct host host;
	struct link *link = attach(&host);
	char payload[253] = { 0 };

	CHECK_EQ(link_stage(link, ROAM_MSG_REQUEST, 1, 1, NULL, 0, payload, sizeof(payload)), ROAM_TOO_LONG);
	for (int i = 0; i < 4; i++) {
		CHECK_EQ(link_stage(link, ROAM_MSG_REQUEST, 1, 1, NULL, 0, payload, 252), ROAM_OK);
		link_commit(link);
	}
	CHECK_EQ(link_stage(link, ROAM_MSG_REQUEST, 1, 1, NULL, 0, payload, 252), ROAM_NO_SLOT);
	for (int i = 0; i < 3; i++) {
		CHECK_EQ(link_stage(link, ROAM_MSG_CANCEL, 1, 0, NULL, 0, NULL, 0), ROAM_OK);
		link_commit(link);
	}
	CHECK_EQ(link_stage(link, ROAM_MSG_CANCEL, 1, 0, NULL, 0, NULL, 0), ROAM_NO_SPACE);
	/* The host does not read: link_close would give it a second. */
	link_leave(link, NULL, 0);
	finish(&host, link);
}

/* A host asleep on its doorbell is rung once for many messages, by link_notify alone. */
static void test_notify_rings_once_for_all(void)
{
	struct host host;
	struct link *link = attach(&host);
	char ring[8];

	CHECK(rung(&host));
	link_notify(link);
	CHECK(!rung(&host)); /* nothing is owed */
	roam_flags_set(host.end.own_flags, ROAM_FLAG_BELL_MESSAGES);
	for (int i = 0; i < 3; i++) {
		CHECK_EQ(link_stage(link, ROAM_MSG_CANCEL, 1, 0, NULL, 0, NULL, 0), ROAM_OK);
		link_commit(link);
	}
	CHECK_EQ(recv(host.bell, ring, sizeof(ring), MSG_DONTWAIT | MSG_PEEK), -1);
	link_notify(link);
	CHECK_EQ(recv(host.bell, ring, sizeof(ring), MSG_DONTWAIT), 1);
	roam_end_receive(&host.end, (struct roam_message[8]){ 0 }, 8, NULL, 0);
	finish(&host, link);
}

/* A wait rings what is owed before it sleeps. */
static void test_wait_leaves_nobody_unrung(void)
{
	struct host host;
	struct link *link = attach(&host);

	CHECK(rung(&host));
	roam_flags_set(host.end.own_flags, ROAM_FLAG_BELL_MESSAGES);
	CHECK_EQ(link_stage(link, ROAM_MSG_CANCEL, 1, 0, NULL, 0, NULL, 0), ROAM_OK);
	link_commit(link);
	link_wait(link, false, 0);
	CHECK(rung(&host));
	roam_end_receive(&host.end, (struct roam_message[8]){ 0 }, 8, NULL, 0);
	finish(&host, link);
}

static void test_grant_reaches_the_channel(void)
{
	struct host host;
	struct link *link = attach(&host);

	CHECK(link_channel(link, 0) == NULL);
	CHECK(link_channel(link, 16) == NULL);
	CHECK(link_channel(link, 15) != NULL);
	roam_channel_activate(roam_end_channel(&host.end, 2), 100);
	link_grant(link, 2, 50);
	link_grant(link, 16, 50);
	CHECK_EQ(roam_channel_granted(roam_end_channel(&host.end, 2)), 150);
	CHECK_EQ(roam_channel_granted(link_channel(link, 2)), 150);
	finish(&host, link);
}

/* The host learns of free places many at once, before a sleep, and when it waits for one. */
static void test_free_places_are_told_before_a_sleep(void)
{
	struct host host;
	struct roam_message message;
	const uint32_t *told;
	struct link *link = attach(&host);

	told = &host_peer(&host, 1)->host_to_guest_tail;
	CHECK(rung(&host));
	CHECK(host_send(&host, ROAM_MSG_CANCEL, 1, NULL, 0));
	CHECK_EQ(link_receive(link, &message, 1, NULL, 0).count, 1);
	CHECK_EQ(*told, 0);
	link_wait(link, false, 0);
	CHECK_EQ(*told, 1);
	CHECK(!rung(&host));

	CHECK(host_send(&host, ROAM_MSG_CANCEL, 1, NULL, 0));
	CHECK_EQ(link_receive(link, &message, 1, NULL, 0).count, 1);
	CHECK_EQ(*told, 1);
	roam_flags_set(host.end.own_flags, ROAM_FLAG_BELL_SPACE);
	link_settle(link);
	link_notify(link);
	CHECK_EQ(*told, 2);
	CHECK(rung(&host));
	finish(&host, link);
}

/* Slots are taken ahead; a guest that rests, or leaves, gives them back. */
static void test_slots_taken_ahead_are_given_back(void)
{
	struct roam_config config = small_config();
	static const char payload[100];
	struct host host;
	struct link *link;

	config.slots_per_guest = 64;
	counting_init(&memory);
	before = held_now();
	link = host_with_guest(&host, config, &memory.allocator);
	for (int round = 0; round < 2; round++) {
		CHECK_EQ(link_stage(link, ROAM_MSG_REQUEST, 1, 1, NULL, 0, payload, sizeof(payload)), ROAM_OK);
		link_abort(link);
		CHECK(roam_pool_free(&host.end.peer_pool) < 64);
		if (round == 0)
			link_rest(link);
		else
			link_leave(link, NULL, 0);
		CHECK_EQ(roam_pool_free(&host.end.peer_pool), 64);
	}
	finish(&host, link);
}

/* Right after the message that used the last one, others are taken; not by a guest that rests. */
static void test_slots_are_taken_ahead_of_the_next_message(void)
{
	struct roam_config config = small_config();
	static const char payload[100];
	struct host host;
	struct link *link;

	config.slots_per_guest = 16; /* of which two are taken at once */
	counting_init(&memory);
	before = held_now();
	link = host_with_guest(&host, config, &memory.allocator);
	for (uint32_t sent = 1; sent <= 4; sent++) {
		CHECK_EQ(link_stage(link, ROAM_MSG_REQUEST, sent, 1, NULL, 0, payload, sizeof(payload)), ROAM_OK);
		link_commit(link);
		CHECK_EQ(roam_pool_free(&host.end.peer_pool), 16 - (sent / 2 + 1) * 2);
	}
	link_rest(link);
	CHECK_EQ(roam_pool_free(&host.end.peer_pool), 16 - 4);
	CHECK_EQ(link_stage(link, ROAM_MSG_REQUEST, 5, 1, NULL, 0, payload, sizeof(payload)), ROAM_OK);
	link_commit(link);
	CHECK_EQ(roam_pool_free(&host.end.peer_pool), 16 - 5);
	finish(&host, link);
}

/* A fault of the host's is the receiver's to report; what came before it is delivered. */
static void test_fault_is_reported_after_what_came_before(void)
{
	struct host host;
	struct link *link = attach(&host);
	struct roam_message messages[4];
	struct roam_received received;
	char arena[256];

	CHECK(host_send(&host, ROAM_MSG_CANCEL, 1, NULL, 0));
	CHECK(host_send(&host, (enum roam_msg)9, 1, NULL, 0));
	received = link_receive(link, messages, 4, arena, sizeof(arena));
	CHECK_EQ(received.count, 1);
	CHECK_EQ(received.status, ROAM_BAD_TYPE);
	CHECK_EQ(messages[1].type, 9);
	finish(&host, link);
}

/* Slots shorter than what a descriptor holds: an arena of link_slot_capacity still takes any message. */
static void test_capacity_covers_inline_payloads(void)
{
	struct roam_config config = small_config();
	struct host host;
	struct link *link;
	struct roam_message message;
	char arena[ROAM_INLINE_MAX];

	counting_init(&memory);
	before = held_now();
	config.slot_size = 8;
	config.max_payload_size = 4;
	link = host_with_guest(&host, config, &memory.allocator);
	CHECK_EQ(link_slot_capacity(link), sizeof(arena));
	CHECK(host_send(&host, ROAM_MSG_RESPONSE, 1, "0123456789012345678901234567890", 32));
	CHECK_EQ(link_receive(link, &message, 1, arena, link_slot_capacity(link)).count, 1);
	finish(&host, link);
}

int main(void)
{
	alarm(300); /* a hang */
	RUN(test_attached_entry_tells_the_host);
	RUN(test_message_goes_each_way);
	RUN(test_aborted_message_is_never_seen);
	RUN(test_full_ring_empty_pool_and_long_payload_are_told_apart);
	RUN(test_notify_rings_once_for_all);
	RUN(test_wait_leaves_nobody_unrung);
	RUN(test_grant_reaches_the_channel);
	RUN(test_free_places_are_told_before_a_sleep);
	RUN(test_slots_taken_ahead_are_given_back);
	RUN(test_slots_are_taken_ahead_of_the_next_message);
	RUN(test_fault_is_reported_after_what_came_before);
	RUN(test_capacity_covers_inline_payloads);
	return finished();
}
