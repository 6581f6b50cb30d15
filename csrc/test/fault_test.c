/* What a hostile peer can write: every fault by its rule, and descriptors of chance against an independent judge. */

#include <pthread.h>

#include "check.h"
#include "fixture.h"

enum { MAX = 8, ARENA = 2048 };

static struct fixture segment;
static struct roam_end host, guest;
static struct roam_message got[MAX];
static unsigned char arena[ARENA];

static const struct roam_slot any = { .index = ROAM_INLINE_SLOT };

static void start(void)
{
	fixture_create(&segment, small_config());
	fixture_start_rings(&segment, 1, UINT32_MAX - 1);
	fixture_end(&segment, 1, true, &host);
	fixture_end(&segment, 1, false, &guest);
}

static void stop(void)
{
	fixture_destroy(&segment);
}

static void send_request(uint32_t id, size_t len)
{
	static const unsigned char zeros[256];

	CHECK_EQ(roam_end_stage(&guest, ROAM_MSG_REQUEST, id, 0, NULL, 0, zeros, len, any), ROAM_OK);
	roam_end_commit(&guest);
}

static void rule_is(enum roam_status status, const char *rule)
{
	const char *name = roam_rule(status);

	CHECK(name != NULL && strcmp(name, rule) == 0);
}

/* Sends a good message, then one of len bytes, whose descriptor this is. */
static struct roam_desc *two_sent(size_t len)
{
	start();
	send_request(1, 40);
	send_request(2, len);
	return fixture_desc(&segment, 1, false, UINT32_MAX);
}

/* The first is delivered; then, as often as it is asked for, comes the fault. */
static void check_fault(enum roam_status status, const char *rule)
{
	struct roam_received received = roam_end_receive(&host, got, MAX, arena, ARENA);

	CHECK_EQ(received.count, 1);
	CHECK_EQ(got[0].id, 1);
	CHECK_EQ(received.status, status);
	for (int i = 0; i < 2; i++) {
		received = roam_end_receive(&host, got, MAX, arena, ARENA);
		CHECK_EQ(received.count, 0);
		CHECK_EQ(received.status, status);
	}
	CHECK_EQ(roam_end_tail(&host), UINT32_MAX); /* it stays in the ring */
	rule_is(status, rule);
	stop();
}

/* A message of len bytes whose descriptor d was changed so gives this fault. */
#define FAULT(len, change, status, rule)            \
	do {                                        \
		struct roam_desc *d = two_sent(len); \
		change;                             \
		check_fault(status, rule);          \
	} while (0)

static void test_unknown_type(void)
{
	FAULT(4, d->msg_type = 0, ROAM_BAD_TYPE, "message.unknown-variant");
	FAULT(4, d->msg_type = 8, ROAM_BAD_TYPE, "message.unknown-variant");
	FAULT(40, d->msg_type = 255, ROAM_BAD_TYPE, "message.unknown-variant");
}

static void test_inline_fields(void)
{
	FAULT(4, d->payload_len = 33, ROAM_BAD_INLINE, "shm.desc.inline-fields");
	FAULT(4, d->payload_len = UINT32_MAX, ROAM_BAD_INLINE, "shm.desc.inline-fields");
	FAULT(4, d->payload_generation = 1, ROAM_BAD_INLINE, "shm.desc.inline-fields");
	FAULT(4, d->payload_offset = 1, ROAM_BAD_INLINE, "shm.desc.inline-fields");
}

static void test_slot_and_generation(void)
{
	FAULT(40, d->payload_slot = 4, ROAM_BAD_SLOT, "shm.slot.generation");
	FAULT(40, d->payload_slot = UINT32_MAX - 1, ROAM_BAD_SLOT, "shm.slot.generation");
	FAULT(40, d->payload_generation--, ROAM_BAD_SLOT, "shm.slot.generation");
	FAULT(40, d->payload_generation++, ROAM_BAD_SLOT, "shm.slot.generation");
	/* a free slot, with the generation that stands there */
	FAULT(40, (d->payload_slot = 3, d->payload_generation = 0), ROAM_BAD_SLOT, "shm.slot.generation");
	/* back already */
	FAULT(40, roam_pool_untake(&guest.own_pool, d->payload_slot), ROAM_BAD_SLOT, "shm.slot.generation");
}

static void test_slot_is_returned_only_once(void)
{
	/* both messages name the slot of the first */
	FAULT(40, (d->payload_slot = 0, d->payload_generation = 1), ROAM_BAD_SLOT, "shm.slot.generation");
}

static void test_offset_and_length(void)
{
	FAULT(40, d->payload_offset = 252 - 40 + 1, ROAM_BAD_EXTENT, "shm.slot.payload-offset");
	FAULT(40, d->payload_len = 253, ROAM_BAD_EXTENT, "shm.slot.payload-offset");
	FAULT(40, d->payload_offset = UINT32_MAX, ROAM_BAD_EXTENT, "shm.slot.payload-offset"); /* the sum wraps */
	FAULT(40, (d->payload_offset = 253, d->payload_len = 0), ROAM_BAD_EXTENT, "shm.slot.payload-offset");
}

static void test_offset_and_length_up_to_the_end_of_the_slot(void)
{
	start();
	send_request(1, 100);
	send_request(2, 100);
	fixture_desc(&segment, 1, false, UINT32_MAX - 1)->payload_offset = 152;
	fixture_desc(&segment, 1, false, UINT32_MAX)->payload_offset = 252;
	fixture_desc(&segment, 1, false, UINT32_MAX)->payload_len = 0;
	CHECK_EQ(roam_end_receive(&host, got, MAX, arena, ARENA).count, 2);
	stop();
}

static void channel_message(struct roam_desc *d, enum roam_msg type, uint32_t id)
{
	d->msg_type = (uint8_t)type;
	d->id = id;
}

static void test_channel_ids(void)
{
	FAULT(4, channel_message(d, ROAM_MSG_DATA, 0), ROAM_ZERO_ID, "channeling.id.zero-reserved");
	FAULT(4, channel_message(d, ROAM_MSG_CLOSE, 0), ROAM_ZERO_ID, "channeling.id.zero-reserved");
	FAULT(40, channel_message(d, ROAM_MSG_RESET, 0), ROAM_ZERO_ID, "channeling.id.zero-reserved");
	FAULT(4, channel_message(d, ROAM_MSG_DATA, 16), ROAM_BAD_CHANNEL, "shm.flow.channel-table-indexing");
	FAULT(4, channel_message(d, ROAM_MSG_CLOSE, UINT32_MAX), ROAM_BAD_CHANNEL, "shm.flow.channel-table-indexing");
}

static void test_peer_without_table_may_use_any_channel_id(void)
{
	start();
	host.peer_table = false;
	send_request(1, 4);
	channel_message(fixture_desc(&segment, 1, false, UINT32_MAX - 1), ROAM_MSG_CLOSE, UINT32_MAX);
	CHECK_EQ(roam_end_receive(&host, got, MAX, arena, ARENA).count, 1);
	CHECK_EQ(got[0].id, UINT32_MAX);
	stop();
}

static void test_ids_of_calls_are_the_callers_matter(void)
{
	start();
	send_request(0, 4);
	send_request(UINT32_MAX, 4);
	CHECK_EQ(roam_end_receive(&host, got, MAX, arena, ARENA).count, 2);
	stop();
}

static void test_flags_and_reserved_bytes_are_ignored(void)
{
	struct roam_desc *desc;

	start();
	send_request(1, 4);
	desc = fixture_desc(&segment, 1, false, UINT32_MAX - 1);
	desc->flags = 255;
	desc->reserved[0] = desc->reserved[1] = 255;
	CHECK_EQ(roam_end_receive(&host, got, MAX, arena, ARENA).count, 1);
	stop();
}

static void test_ring_difference(void)
{
	struct roam_received received;

	start();
	send_request(1, 4);
	fixture_peer(&segment, 1)->guest_to_host_head += 8;
	CHECK(roam_end_pending(&host)); /* so that the fault is found */
	received = roam_end_receive(&host, got, MAX, arena, ARENA);
	CHECK_EQ(received.count, 0);
	CHECK_EQ(received.status, ROAM_BAD_RING);
	CHECK(!received.bell);
	rule_is(ROAM_BAD_RING, "shm.ring.capacity");
	stop();

	start();
	fixture_peer(&segment, 1)->guest_to_host_tail++; /* past the head */
	CHECK_EQ(roam_end_room(&guest), ROAM_BAD_RING);
	CHECK_EQ(roam_end_stage(&guest, ROAM_MSG_REQUEST, 1, 0, NULL, 0, "x", 1, any), ROAM_BAD_RING);
	stop();
}

static void test_own_indices_are_not_read_back(void)
{
	start();
	send_request(1, 40);
	fixture_peer(&segment, 1)->guest_to_host_tail = 1234; /* a guest that writes the host's index */
	CHECK_EQ(roam_end_receive(&host, got, MAX, arena, ARENA).count, 1);
	roam_end_settle(&host);
	CHECK_EQ(fixture_peer(&segment, 1)->guest_to_host_tail, UINT32_MAX);
	fixture_peer(&segment, 1)->guest_to_host_head = 77;
	send_request(2, 4);
	CHECK_EQ(fixture_peer(&segment, 1)->guest_to_host_head, 0);
	stop();
}

static void test_rules_only_for_faults(void)
{
	for (int status = ROAM_OK; status <= ROAM_BAD_CREDIT; status++)
		CHECK((roam_rule((enum roam_status)status) != NULL) == (status >= ROAM_BAD_TYPE));
	CHECK(roam_rule((enum roam_status)(ROAM_BAD_CREDIT + 1)) == NULL);
	rule_is(ROAM_BAD_CREDIT, "shm.flow.wrap-rule");
}

/* Judges a descriptor anew from the text of the rules; every slot but slot 0 (generation 1) is free. */
static bool lawful(const struct roam_desc *d)
{
	bool channel = d->msg_type == ROAM_MSG_DATA || d->msg_type == ROAM_MSG_CLOSE || d->msg_type == ROAM_MSG_RESET;

	if (d->msg_type == 0 || d->msg_type > 7 || (channel && (d->id == 0 || d->id > 15)))
		return false;
	if (d->payload_slot == ROAM_INLINE_SLOT)
		return d->payload_len <= 32 && d->payload_generation == 0 && d->payload_offset == 0;
	return d->payload_slot == 0 && d->payload_generation == 1 && d->payload_offset <= 252 &&
	       d->payload_len <= 252 - d->payload_offset;
}

static uint32_t random_state = 1;

/* Mostly a small number, now and then one of the extremes or anything. */
static uint32_t some(uint32_t small)
{
	random_state = random_state * 1664525 + 1013904223;
	switch (random_state >> 29) {
	case 0:
		return UINT32_MAX - (random_state >> 8) % 3;
	case 1:
		return random_state;
	default:
		return (random_state >> 8) % small;
	}
}

static void test_random_descriptors(void)
{
	uint32_t good = 0;

	start();
	for (int i = 0; i < 200000; i++) {
		struct roam_received received;
		struct roam_slot taken;
		struct roam_desc desc = {
			.msg_type = (uint8_t)some(9),
			.flags = (uint8_t)some(2),
			.id = some(20),
			.method_id = some(3),
			.payload_slot = some(2) == 1 ? ROAM_INLINE_SLOT : some(6),
			.payload_generation = some(3),
			.payload_offset = some(2) == 1 ? 0 : some(260),
			.payload_len = some(2) == 1 ? some(35) : some(260),
		};

		/* Slot 0 out with generation 1, as lawful assumes. */
		roam_pool_clear(&guest.own_pool);
		fixture_start_generations(&segment, 1, 0);
		CHECK(roam_pool_take(&guest.own_pool, &taken));
		*fixture_desc(&segment, 1, false, roam_end_tail(&host)) = desc;
		fixture_peer(&segment, 1)->guest_to_host_head = roam_end_tail(&host) + 1;
		received = roam_end_receive(&host, got, 1, arena, ARENA);
		good += received.count;
		if (!CHECK_EQ(received.count, lawful(&desc)) || !CHECK((received.status == ROAM_OK) == lawful(&desc)))
			break;
	}
	CHECK(good > 1000);
	stop();
}

/* A peer that keeps changing the descriptor which it has published. Slot 0 is out, slot 4 is none. */
struct flipper {
	_Atomic(struct roam_desc *) desc;
	_Atomic bool stop;
};

static void *flip(void *argument)
{
	static const uint32_t slots[] = { 0, 0, 0, 0, 0, 0, 4, ROAM_INLINE_SLOT };
	static const uint32_t offsets[] = { 0, 8, 24, 0, 8, 152, 252, UINT32_MAX };
	static const uint32_t lengths[] = { 10, 33, 100, 10, 33, 228, 253, 400 };
	struct flipper *flipper = argument;
	uint32_t random = 1;

	while (!flipper->stop) {
		volatile struct roam_desc *desc = flipper->desc;

		random = random * 1664525 + 1013904223;
		desc->payload_len = lengths[random >> 29];
		desc->payload_slot = slots[random >> 26 & 7];
		desc->payload_offset = offsets[random >> 23 & 7];
	}
	return NULL;
}

/* Byte i of slot 0, from its payload's start. */
static unsigned char pattern(uint32_t i)
{
	return (unsigned char)(i * 7 + 1);
}

enum { CAPACITY = 252 }; /* payload bytes of a slot */

/* Whether the message that came, or did not, is what was checked: the bytes that it names, and not one more. */
static bool as_checked(struct roam_received received, const unsigned char *space)
{
	const struct roam_message *m = &got[0];

	if (received.count == 0)
		return CHECK(received.status >= ROAM_BAD_TYPE) && CHECK_EQ(space[0], 0xEE);
	if (!CHECK_EQ(m->slot, 0) || !CHECK(m->offset <= CAPACITY) || !CHECK(m->len <= CAPACITY - m->offset))
		return false;
	for (uint32_t i = 0; i < m->len; i++)
		if (!CHECK_EQ(space[i], pattern(m->offset + i)))
			return false;
	return m->len == CAPACITY || CHECK_EQ(space[m->len], 0xEE);
}

/* Publishes what stands at index and receives it while it changes; slot 0 is out, however often it came back. */
static struct roam_received receive_flipped(uint32_t index, unsigned char *space)
{
	*guest.own_pool.bitmap &= ~UINT64_C(1);
	__atomic_store_n(&fixture_peer(&segment, 1)->guest_to_host_head, index + 1, __ATOMIC_RELEASE);
	memset(space, 0xEE, CAPACITY);
	return roam_end_receive(&host, got, 1, space, CAPACITY);
}

/* Lesson: lengths were read from shared memory twice. space is allocated, so that the address sanitizer sees one byte
 * more. */
static void test_lesson_descriptor_is_read_once(void)
{
	struct flipper flipper = { .stop = false };
	unsigned char *space = malloc(CAPACITY), *payload;
	uint32_t good = 0, faults = 0;
	pthread_t thread;

	start();
	fixture_start_generations(&segment, 1, 7);
	payload = roam_pool_payload(&guest.own_pool, 0);
	for (uint32_t i = 0; i < CAPACITY; i++)
		payload[i] = pattern(i);
	for (uint32_t i = 0; i < 8; i++)
		*fixture_desc(&segment, 1, false, i) =
			(struct roam_desc){ .msg_type = ROAM_MSG_DATA, .id = 5, .payload_generation = 7 };
	flipper.desc = fixture_desc(&segment, 1, false, roam_end_tail(&host));
	if (space != NULL && CHECK_EQ(pthread_create(&thread, NULL, flip, &flipper), 0)) {
		for (uint32_t round = 0; round < 2000000 || good < 1000 || faults < 1000; round++) {
			struct roam_received received = receive_flipped(roam_end_tail(&host), space);

			if (!as_checked(received, space))
				break;
			good += received.count;
			faults += received.count == 0;
			flipper.desc = fixture_desc(&segment, 1, false, roam_end_tail(&host));
		}
		flipper.stop = true;
		pthread_join(thread, NULL);
	}
	free(space);
	stop();
}

int main(void)
{
	RUN(test_unknown_type);
	RUN(test_inline_fields);
	RUN(test_slot_and_generation);
	RUN(test_slot_is_returned_only_once);
	RUN(test_offset_and_length);
	RUN(test_offset_and_length_up_to_the_end_of_the_slot);
	RUN(test_channel_ids);
	RUN(test_peer_without_table_may_use_any_channel_id);
	RUN(test_ids_of_calls_are_the_callers_matter);
	RUN(test_flags_and_reserved_bytes_are_ignored);
	RUN(test_ring_difference);
	RUN(test_own_indices_are_not_read_back);
	RUN(test_rules_only_for_faults);
	RUN(test_random_descriptors);
	RUN(test_lesson_descriptor_is_read_once);
	return finished();
}
