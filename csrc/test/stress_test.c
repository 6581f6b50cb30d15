/* Two sides in threads of one process, for the thread sanitizer: both directions at once, every kind of sleep. */

#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include "check.h"
#include "traffic.h"

static void join(pthread_t thread, const char *who)
{
	void *failure;

	CHECK_EQ(pthread_join(thread, &failure), 0);
	if (!CHECK(failure == NULL))
		fprintf(stderr, "  %s: %s\n", who, (const char *)failure);
}

/* One segment, both sides with both roles each. */
static void both_ways(struct roam_config config, enum sleep sleep, uint32_t messages)
{
	struct fixture segment;
	struct roam_end ends[2];
	struct traffic sides[2];
	pthread_t senders[2], receivers[2];

	fixture_create(&segment, config);
	traffic_prepare(&segment);
	for (int i = 0; i < 2; i++) {
		traffic_side(&segment, i == 0, &ends[i], &sides[i]);
		sides[i].sleep = sleep;
		sides[i].messages = messages;
	}
	for (int i = 0; i < 2; i++) {
		CHECK_EQ(pthread_create(&receivers[i], NULL, traffic_receive, &sides[i]), 0);
		CHECK_EQ(pthread_create(&senders[i], NULL, traffic_send, &sides[i]), 0);
	}
	for (int i = 0; i < 2; i++) {
		join(senders[i], i == 0 ? "host sends" : "guest sends");
		join(receivers[i], i == 0 ? "host receives" : "guest receives");
	}
	CHECK(traffic_settled(&segment));
	fixture_destroy(&segment);
}

/* The guest sends, the host receives; both sleep on the doorbell. */
static void by_doorbell(struct roam_config config, uint32_t messages)
{
	struct fixture segment;
	struct roam_end ends[2];
	struct traffic sides[2];
	pthread_t sender, receiver;
	int bells[2];

	fixture_create(&segment, config);
	traffic_prepare(&segment);
	CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, bells), 0);
	for (int i = 0; i < 2; i++) {
		traffic_side(&segment, i == 0, &ends[i], &sides[i]);
		sides[i].sleep = SLEEP_BELL;
		sides[i].bell = bells[i];
		sides[i].messages = messages;
	}
	CHECK_EQ(pthread_create(&receiver, NULL, traffic_receive, &sides[0]), 0);
	CHECK_EQ(pthread_create(&sender, NULL, traffic_send, &sides[1]), 0);
	join(sender, "guest sends");
	join(receiver, "host receives");
	CHECK(traffic_settled(&segment));
	close(bells[0]);
	close(bells[1]);
	fixture_destroy(&segment);
}

static struct roam_config sized(uint32_t ring_size, uint32_t slots, uint32_t slot_size, uint32_t credit)
{
	struct roam_config config = small_config();

	config.ring_size = ring_size;
	config.slots_per_guest = slots;
	config.slot_size = slot_size;
	config.max_payload_size = slot_size - ROAM_GENERATION_SIZE;
	config.initial_credit = credit;
	return config;
}

static void test_ring_of_two_and_one_slot(void)
{
	both_ways(sized(2, 1, 64, 60), SLEEP_FUTEX, 10000);
	both_ways(sized(2, 1, 64, 60), SLEEP_WAITV, 5000);
}

static void test_small_ring(void)
{
	both_ways(sized(8, 3, 256, 300), SLEEP_FUTEX, 20000);
	both_ways(sized(8, 3, 256, 300), SLEEP_WAITV, 10000);
}

static void test_large_ring(void)
{
	both_ways(sized(64, 16, 4096, 100000), SLEEP_FUTEX, 30000);
}

static void test_asleep_on_the_doorbell(void)
{
	by_doorbell(sized(2, 1, 64, 60), 5000);
	by_doorbell(sized(8, 3, 256, 300), 10000);
}

int main(void)
{
	RUN(test_ring_of_two_and_one_slot);
	RUN(test_small_ring);
	RUN(test_large_ring);
	RUN(test_asleep_on_the_doorbell);
	return finished();
}
