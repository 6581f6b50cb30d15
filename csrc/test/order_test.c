/*
 * The one order of wait and wake: whatever the timing, the waiter sees the store or the waker sees the flag. A store
 * that is no more than a release breaks this on every processor with a store buffer, within some ten thousand rounds.
 */

#define _DEFAULT_SOURCE

#include <pthread.h>
#include <sched.h>

#include "check.h"
#include "fixture.h"

enum { ROUNDS = 100000 };

/* One kind of wait: what is stored, and what the waiter looks at. */
struct kind {
	enum roam_wait wait;
	void (*prepare)(void); /* before each round: makes the waiter's look see nothing */
	void (*store)(void);
	bool (*look)(void);
};

static struct fixture segment;
static struct roam_end host, guest;
static struct roam_slot slot;
static const struct kind *kind;

static struct {
	uint32_t arrived; /* at the gate, both threads, ever more */
	uint32_t flags;   /* the waiter's */
	uint32_t word;    /* nobody sleeps on it */
	bool seen;        /* the waiter saw the store */
	uint32_t lost;    /* rounds in which neither saw the other */
} shared;

/* Both threads leave the nth gate at nearly the same time. */
static void gate(uint32_t n)
{
	__atomic_fetch_add(&shared.arrived, 1, __ATOMIC_SEQ_CST);
	for (uint32_t looks = 1; __atomic_load_n(&shared.arrived, __ATOMIC_SEQ_CST) < 2 * n; looks++)
		if (looks % 200 == 0)
			sched_yield(); /* there may be one processor only */
}

/* Shifts the two against each other by a few instructions, differently in each round. */
static void skew(uint32_t loops)
{
	for (volatile uint32_t i = 0; i < loops; i++)
		;
}

static void *wait_side(void *unused)
{
	for (uint32_t round = 0; round < ROUNDS; round++) {
		gate(2 * round + 1);
		skew(round % 5);
		roam_flags_set(&shared.flags, (uint32_t)ROAM_FLAG_BELL_MESSAGES << kind->wait);
		shared.seen = kind->look();
		gate(2 * round + 2);
	}
	return unused;
}

static void *wake_side(void *unused)
{
	kind->prepare();
	for (uint32_t round = 0; round < ROUNDS; round++) {
		bool asked;

		gate(2 * round + 1);
		skew(round % 7);
		kind->store();
		asked = roam_wake(&shared.flags, kind->wait, &shared.word);
		gate(2 * round + 2);
		shared.lost += !asked && !shared.seen;
		__atomic_store_n(&shared.flags, ROAM_FLAG_KEEPS, __ATOMIC_SEQ_CST);
		kind->prepare();
	}
	return unused;
}

static void check_order(const struct kind *chosen)
{
	pthread_t threads[2];

	kind = chosen;
	fixture_create(&segment, small_config());
	fixture_start_rings(&segment, 1, UINT32_MAX - 100);
	fixture_end(&segment, 1, true, &host);
	fixture_end(&segment, 1, false, &guest);
	memset(&shared, 0, sizeof(shared));
	shared.flags = ROAM_FLAG_KEEPS;
	CHECK_EQ(pthread_create(&threads[0], NULL, wait_side, NULL), 0);
	CHECK_EQ(pthread_create(&threads[1], NULL, wake_side, NULL), 0);
	for (int i = 0; i < 2; i++)
		CHECK_EQ(pthread_join(threads[i], NULL), 0);
	CHECK_EQ(shared.lost, 0);
	fixture_destroy(&segment);
}

/* The host waits for messages, the guest publishes one. */

static void take_messages(void)
{
	uint32_t count = 0;

	CHECK_EQ(roam_ring_arrived(&host.receive, 1, &count), ROAM_OK);
	roam_ring_release(&host.receive, count);
}

static void publish(void)
{
	struct roam_desc *place;

	if (roam_ring_reserve(&guest.send, &place) == ROAM_OK) {
		roam_ring_commit(&guest.send);
		roam_ring_publish(&guest.send);
	}
}

static bool look_for_message(void)
{
	return roam_end_pending(&host);
}

static void test_publish_and_waiter_for_messages(void)
{
	check_order(&(struct kind){ ROAM_WAIT_MESSAGES, take_messages, publish, look_for_message });
}

/* The guest waits for space, the host gives a place back. */

static void fill_ring(void)
{
	while (roam_end_room(&guest) == ROAM_OK)
		publish();
}

static void release(void)
{
	roam_ring_release(&host.receive, 1);
	roam_ring_settle(&host.receive);
}

static bool look_for_space(void)
{
	return roam_end_room(&guest) == ROAM_OK;
}

static void test_release_and_waiter_for_space(void)
{
	check_order(&(struct kind){ ROAM_WAIT_SPACE, fill_ring, release, look_for_space });
}

/* The guest waits for a slot, the host returns one. */

static void take_slots(void)
{
	while (roam_pool_take(&guest.own_pool, &slot))
		;
}

static void return_slot(void)
{
	roam_pool_return(&host.peer_pool, slot.index, slot.generation);
}

static bool look_for_slot(void)
{
	return roam_pool_free(&guest.own_pool) != 0;
}

static void test_return_and_waiter_for_a_slot(void)
{
	check_order(&(struct kind){ ROAM_WAIT_SLOT, take_slots, return_slot, look_for_slot });
}

/* The guest waits for credit, the host grants some. */

static uint32_t granted; /* what the guest has seen, and used */

static void use_credit(void)
{
	granted = roam_channel_granted(roam_end_channel(&guest, 1));
}

static void grant(void)
{
	roam_channel_grant(roam_end_channel(&host, 1), 7);
}

static bool look_for_credit(void)
{
	return roam_channel_remaining(roam_end_channel(&guest, 1), granted) > 0;
}

static void test_grant_and_waiter_for_credit(void)
{
	check_order(&(struct kind){ ROAM_WAIT_CREDIT, use_credit, grant, look_for_credit });
}

int main(void)
{
	RUN(test_publish_and_waiter_for_messages);
	RUN(test_release_and_waiter_for_space);
	RUN(test_return_and_waiter_for_a_slot);
	RUN(test_grant_and_waiter_for_credit);
	return finished();
}
