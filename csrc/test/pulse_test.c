/* Heartbeats: of links of every kind, beside handlers, and no more after the end. */

#define _GNU_SOURCE

#include <pthread.h>
#include <sched.h>
#include <unistd.h>

#include "bed.h"
#include "check.h"
#include "gate.h"
#include "guest/clock.h"
#include "guest/pulse.h"
#include "pair.h"

enum { INTERVAL = 2 * 1000000 }; /* nanoseconds */

static uint64_t last_beat(const struct host *host, uint32_t peer_id)
{
	return __atomic_load_n(&host_peer(host, peer_id)->last_heartbeat, __ATOMIC_SEQ_CST);
}

static void await_beats(const struct host *host, uint32_t peer_id, int count)
{
	while (count-- > 0) {
		uint64_t was = last_beat(host, peer_id);

		uint64_t beat;

		while ((beat = last_beat(host, peer_id)) == was)
			sched_yield();
		CHECK(beat > was);
		CHECK(beat <= (uint64_t)clock_now());
	}
}

static void ask_for_beats(const struct fixture *segment)
{
	((struct roam_header *)(void *)segment->base)->heartbeat_interval = INTERVAL;
}

static void test_links_beat_whatever_their_threads_do(void)
{
	for (enum bed bed = first_bed; bed <= last_own_bed; bed++) {
		struct host host;
		struct link *link = bed_open_with(&host, bed, small_config(), ask_for_beats);

		await_beats(&host, 1, 3);
		CHECK(bed_close(&host, link));
	}
}

static void test_segment_without_heartbeat(void)
{
	struct host host;
	struct held before = held_now();
	struct link *link = bed_open(&host, ON_BELL, small_config());

	CHECK_EQ(held_now().threads, before.threads);
	CHECK_EQ(last_beat(&host, 1), 0);
	CHECK(bed_close(&host, link));
	CHECK(held_same(before));
}

/* The entry may be another guest's from the goodbye on. A heartbeat in entry 2 tells the time. */
static void test_no_beat_after_the_goodbye(void)
{
	for (enum bed bed = first_bed; bed <= last_own_bed; bed++) {
		struct counting memory;
		struct host host;
		struct link *link = bed_open_with(&host, bed, small_config(), ask_for_beats);
		struct pulse *other;

		counting_init(&memory);
		CHECK_EQ(pulse_create(&memory.allocator, INTERVAL, &other, NULL), 0);
		CHECK_EQ(last_beat(&host, 2), 0);
		pulse_start(other, host_peer(&host, 2));
		await_beats(&host, 1, 1);
		link_leave(link, NULL, 0);
		CHECK_EQ(host_peer(&host, 1)->state, ROAM_STATE_GOODBYE);
		__atomic_store_n(&host_peer(&host, 1)->last_heartbeat, 1, __ATOMIC_SEQ_CST);
		await_beats(&host, 2, 3);
		CHECK_EQ(last_beat(&host, 1), 1);
		pulse_free(other);
		CHECK_EQ(memory.live, 0);
		CHECK(bed_close(&host, link));
	}
}

/* ---- Of a guest ------------------------------------------------------------------------------------------------- */

static int wait_at_gate(struct roam_request *request)
{
	(void)request;
	gate_pass();
	return 0;
}

static void *run(void *guest)
{
	CHECK_EQ(roam_guest_run(guest), 0);
	return NULL;
}

static void test_guest_whose_only_thread_is_in_a_handler(void)
{
	const struct roam_method method = { .id = 1, .handle = wait_at_gate };
	struct pair pair = { .heartbeat = INTERVAL };
	struct roam_options options;
	pthread_t thread;

	gate_reset();
	roam_options_init(&options);
	options.max_threads = 1;
	pair_create(&pair, &method, 1, NULL, &options);
	CHECK_EQ(pthread_create(&thread, NULL, run, pair.guest), 0);
	pair_request(&pair, 1, 1, "", 0);
	gate_await(1);
	await_beats(&pair.host, 1, 3);
	gate_open(1);
	roam_guest_stop(pair.guest);
	CHECK_EQ(pthread_join(thread, NULL), 0);
	CHECK(pair_destroy(&pair));
}

int main(void)
{
	alarm(300); /* a hang */
	RUN(test_links_beat_whatever_their_threads_do);
	RUN(test_segment_without_heartbeat);
	RUN(test_no_beat_after_the_goodbye);
	RUN(test_guest_whose_only_thread_is_in_a_handler);
	return finished();
}
