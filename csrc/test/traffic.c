#include "traffic.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

enum { BATCH = 8 };

#define FIRST_INDEX (UINT32_MAX - 700)       /* of the rings */
#define FIRST_GENERATION (UINT32_MAX - 50)   /* of the slots */
#define HANG INT64_C(60000000000)            /* nanoseconds: no sleep lasts as long unless its wake-up was lost */

void traffic_prepare(const struct fixture *fixture)
{
	fixture_start_rings(fixture, 1, FIRST_INDEX);
	for (uint32_t id = 0; id <= fixture->config.max_guests; id++)
		fixture_start_generations(fixture, id, FIRST_GENERATION);
	for (uint32_t channel = 1; channel <= 2; channel++) {
		struct roam_end end;

		fixture_end(fixture, 1, true, &end);
		roam_channel_activate(roam_end_channel(&end, channel), TRAFFIC_FIRST_TOTAL + fixture->config.initial_credit);
	}
}

void traffic_side(const struct fixture *fixture, bool host, struct roam_end *end, struct traffic *traffic)
{
	fixture_end(fixture, 1, host, end);
	*traffic = (struct traffic){
		.end = end,
		.out_channel = host ? 2 : 1,
		.in_channel = host ? 1 : 2,
		.bell = -1,
	};
}

bool traffic_settled(const struct fixture *fixture)
{
	struct roam_end host, guest;

	fixture_end(fixture, 1, true, &host);
	fixture_end(fixture, 1, false, &guest);
	return roam_pool_free(&host.own_pool) == fixture->config.slots_per_guest &&
	       roam_pool_free(&guest.own_pool) == fixture->config.slots_per_guest && !roam_end_pending(&host) &&
	       !roam_end_pending(&guest);
}

/* ---- The messages, known to both sides -------------------------------------------------------------------------- */

/* Every third is Data, which costs credit. */
enum roam_msg traffic_type(uint32_t i)
{
	return i % 3 == 0 ? ROAM_MSG_DATA : ROAM_MSG_REQUEST;
}

/* Half of them fit the descriptor. */
static uint32_t len_of(uint32_t i, uint32_t capacity)
{
	uint32_t mixed = (i * UINT32_C(2654435761)) >> 8;

	return mixed % (i % 2 == 0 ? capacity + 1 : ROAM_INLINE_MAX + 1);
}

uint32_t traffic_payload(uint32_t i, uint32_t capacity, unsigned char *payload)
{
	uint32_t len = len_of(i, capacity);

	for (uint32_t at = 0; at < len; at++)
		payload[at] = (unsigned char)(i + at);
	return len;
}

/* ---- Sleeping --------------------------------------------------------------------------------------------------- */

typedef bool (*ready_fn)(const struct traffic *traffic, uint32_t needed);

static int sleep_once(const struct traffic *traffic, uint32_t *word, uint32_t seen)
{
	uint32_t interrupt = 0; /* nobody does, here */
	struct roam_futex waits[2] = {
		{ .seen = seen, .address = (uintptr_t)word, .flags = ROAM_FUTEX_SHARED },
		{ .seen = 0, .address = (uintptr_t)&interrupt, .flags = ROAM_FUTEX_PRIVATE },
	};
	struct pollfd bell = { .fd = traffic->bell, .events = POLLIN };

	switch (traffic->sleep) {
	case SLEEP_FUTEX:
		return roam_futex_wait(word, seen, HANG);
	case SLEEP_WAITV:
		return roam_futex_waitv(waits, 2, HANG);
	case SLEEP_BELL:
		break;
	}
	return poll(&bell, 1, (int)(HANG / 1000000)) == 0 ? -ETIMEDOUT : 0;
}

/* The waiter's part of wait and wake; NULL, or what went wrong. */
static const char *sleep_until(const struct traffic *traffic, enum roam_wait kind, uint32_t *word, ready_fn ready,
			       uint32_t needed)
{
	uint32_t bit = traffic->sleep == SLEEP_BELL ? ROAM_FLAG_BELL_MESSAGES : ROAM_FLAG_FUTEX_MESSAGES;
	const char *failure = NULL;

	roam_flags_set(traffic->end->own_flags, bit << kind);
	while (failure == NULL) {
		uint32_t seen;
		int result;

		if (traffic->sleep == SLEEP_BELL && roam_bell_drain(traffic->bell) != 0)
			failure = "the doorbell broke";
		seen = __atomic_load_n(word, __ATOMIC_SEQ_CST);
		if (ready(traffic, needed))
			break;
		result = sleep_once(traffic, word, seen);
		if (result == -ETIMEDOUT)
			failure = "a wake-up was lost";
		else if (result != 0)
			failure = "a sleep failed";
	}
	roam_flags_clear(traffic->end->own_flags, bit << kind);
	return failure;
}

static void ring(const struct traffic *traffic, bool wanted)
{
	if (wanted && traffic->bell >= 0)
		roam_bell_ring(traffic->bell);
}

static bool has_message(const struct traffic *traffic, uint32_t needed)
{
	(void)needed;
	return roam_end_pending(traffic->end);
}

static bool has_space(const struct traffic *traffic, uint32_t needed)
{
	(void)needed;
	return roam_end_room(traffic->end) != ROAM_NO_SPACE;
}

static bool has_slot(const struct traffic *traffic, uint32_t needed)
{
	(void)needed;
	return roam_pool_free(&traffic->end->own_pool) != 0;
}

/* needed: what the total granted has to reach. */
static bool has_credit(const struct traffic *traffic, uint32_t needed)
{
	return roam_channel_remaining(roam_end_channel(traffic->end, traffic->out_channel), needed) >= 0;
}

/* ---- The roles -------------------------------------------------------------------------------------------------- */

/* Stages message i, sleeping for space and slots as often as it takes. */
static const char *stage(const struct traffic *traffic, uint32_t i, const unsigned char *payload, uint32_t len)
{
	struct roam_end *end = traffic->end;
	const struct roam_slot any = { .index = ROAM_INLINE_SLOT };
	const char *failure = NULL;

	while (failure == NULL) {
		uint32_t id = traffic_type(i) == ROAM_MSG_DATA ? traffic->out_channel : i;
		enum roam_status status =
			roam_end_stage(end, traffic_type(i), id, i, payload, len / 2, payload + len / 2, len - len / 2, any);

		if (status == ROAM_OK)
			break;
		else if (status == ROAM_NO_SPACE)
			failure = sleep_until(traffic, ROAM_WAIT_SPACE, end->send.other, has_space, 0);
		else if (status == ROAM_NO_SLOT)
			failure = sleep_until(traffic, ROAM_WAIT_SLOT, roam_pool_word(&end->own_pool), has_slot, 0);
		else
			failure = "stage failed";
	}
	return failure;
}

void *traffic_send(void *argument)
{
	const struct traffic *traffic = argument;
	struct roam_end *end = traffic->end;
	struct roam_channel *channel = roam_end_channel(end, traffic->out_channel);
	uint32_t sent = TRAFFIC_FIRST_TOTAL;
	const char *failure = NULL;

	for (uint32_t i = 0; i < traffic->messages && failure == NULL; i++) {
		unsigned char payload[TRAFFIC_LONGEST];
		uint32_t len = traffic_payload(i, roam_pool_capacity(&end->own_pool), payload);

		if (traffic_type(i) == ROAM_MSG_DATA) {
			sent += len;
			if (!has_credit(traffic, sent))
				failure = sleep_until(traffic, ROAM_WAIT_CREDIT, &channel->granted_total, has_credit, sent);
		}
		if (failure == NULL)
			failure = stage(traffic, i, payload, len);
		if (failure == NULL && i % 16 == 5) { /* now and then the sender thinks better of it */
			roam_end_abort(end);
			failure = stage(traffic, i, payload, len);
		}
		if (failure == NULL)
			ring(traffic, roam_end_commit(end));
	}
	roam_end_give_back(end);
	return (void *)(uintptr_t)failure;
}

const char *traffic_check(const struct traffic *traffic, const struct roam_message *message, uint32_t i,
			  const unsigned char *arena)
{
	unsigned char want[TRAFFIC_LONGEST];
	uint32_t len = traffic_payload(i, roam_pool_capacity(&traffic->end->peer_pool), want);

	if (message->seq != FIRST_INDEX + i + 1 || message->method != i || message->type != traffic_type(i))
		return "a message is out of order";
	if (message->id != (traffic_type(i) == ROAM_MSG_DATA ? traffic->in_channel : i))
		return "a message has the wrong id";
	if (message->len != len || memcmp(arena + message->at, want, len) != 0)
		return "a payload is not what was sent";
	return NULL;
}

void *traffic_receive(void *argument)
{
	const struct traffic *traffic = argument;
	struct roam_end *end = traffic->end;
	struct roam_message messages[BATCH];
	unsigned char arena[2 * TRAFFIC_LONGEST]; /* at times too small for a batch */
	const char *failure = NULL;
	uint32_t i = 0;

	while (i < traffic->messages && failure == NULL) {
		struct roam_received got = roam_end_receive(end, messages, BATCH, arena, sizeof(arena));
		uint32_t consumed = 0;

		if (got.status != ROAM_OK && got.status != ROAM_ARENA_FULL)
			failure = "receive found a fault";
		for (uint32_t n = 0; n < got.count && failure == NULL; n++) {
			failure = traffic_check(traffic, &messages[n], i++, arena);
			consumed += messages[n].type == ROAM_MSG_DATA ? messages[n].len : 0;
		}
		ring(traffic, got.bell);
		if (consumed != 0)
			ring(traffic, roam_end_grant(end, traffic->in_channel, consumed));
		if (got.count == 0 && failure == NULL && i % 2 == 0)
			roam_end_spin(end, 20);
		if (got.count == 0 || i == traffic->messages)
			ring(traffic, roam_end_settle(end));
		if (got.count == 0 && failure == NULL && !roam_end_pending(end))
			failure = sleep_until(traffic, ROAM_WAIT_MESSAGES, end->receive.other, has_message, 0);
	}
	return (void *)(uintptr_t)failure;
}
