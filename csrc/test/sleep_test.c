/* One sleep at a time: what ends it, on whatever the guest sleeps. */

#define _GNU_SOURCE

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <unistd.h>

#include "bed.h"
#include "check.h"
#include "guest/clock.h"

/* The thread sanitizer puts a handler off to the end of a system call that it does not know. */
#if defined(__SANITIZE_THREAD__)
#define HANDLERS_COME_LATE
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define HANDLERS_COME_LATE
#endif
#endif

static void in_every_bed(void (*act)(struct deed *deed), bool (*over)(struct link *link))
{
	for (enum bed bed = first_bed; bed <= last_bed; bed++) {
		struct host host;
		struct deed deed = { .host = &host, .act = act };

		deed.link = bed_open(&host, bed, small_config());
		deed.flags = bed_flag(bed);
		deed_begin(&deed);
		sleep_until(deed.link, over);
		deed_end(&deed);
		CHECK(bed_close(&host, deed.link));
	}
}

/* ---- What ends a sleep by itself -------------------------------------------------------------------------------- */

static void send_message(struct deed *deed)
{
	CHECK(host_send(deed->host, ROAM_MSG_CANCEL, 1, NULL, 0));
}

static bool has_message(struct link *link)
{
	return link_pending(link);
}

static void test_message_wakes(void)
{
	in_every_bed(send_message, has_message);
}

/* It came after the last look, when nobody had said that he sleeps. */
static void test_message_that_came_before_is_not_slept_over(void)
{
	for (enum bed bed = first_bed; bed <= last_own_bed; bed++) {
		struct host host;
		struct link *link = bed_open(&host, bed, small_config());

		CHECK(host_send(&host, ROAM_MSG_CANCEL, 1, NULL, 0));
		link_wait(link, false, -1);
		CHECK(link_pending(link));
		CHECK(bed_close(&host, link));
	}
}

/* Wakes whatever a guest may sleep on, as a host that leaves or evicts does: again and again, since a word that does
 * not change keeps nobody from falling asleep on it. */
static void wake_all(struct deed *deed)
{
	while (__atomic_load_n(&deed->link->ending, __ATOMIC_SEQ_CST) == 0) {
		roam_futex_wake(deed->host->end.send.own);
		if (deed->host->bell >= 0)
			(void)roam_bell_ring(deed->host->bell);
		sched_yield();
	}
}

static void say_goodbye(struct deed *deed)
{
	__atomic_store_n(&host_header(deed->host)->host_goodbye, 1, __ATOMIC_SEQ_CST);
	wake_all(deed);
}

static bool host_leaves(struct link *link)
{
	struct roam_failure failure;

	if (link_look(link, &failure) == 0)
		return false;
	CHECK_EQ(failure.error, ROAM_ERR_HOST_LEAVING);
	CHECK(strstr(failure.text, "leaving") != NULL);
	return true;
}

static void test_goodbye_of_the_host_wakes(void)
{
	in_every_bed(say_goodbye, host_leaves);
}

static void evict(struct deed *deed)
{
	host_set_entry(deed->host, 1, ROAM_STATE_GOODBYE, 7);
	wake_all(deed);
}

static bool is_evicted(struct link *link)
{
	return link_look(link, NULL) == ROAM_ERR_EVICTED;
}

static void test_eviction_wakes(void)
{
	in_every_bed(evict, is_evicted);
}

/* It came after the last look, and nothing was woken or rung yet. */
static void test_end_that_came_before_is_not_slept_over(void)
{
	static const enum bed beds[] = { ON_BELL, LINGERING };

	for (size_t i = 0; i < sizeof(beds) / sizeof(beds[0]); i++) {
		struct host host;
		struct link *link = bed_open(&host, beds[i], small_config());

		host_header(&host)->host_goodbye = 1;
		link_wait(link, false, -1);
		CHECK(host_leaves(link));
		CHECK(bed_close(&host, link));
		link = bed_open(&host, beds[i], small_config());
		host_set_entry(&host, 1, ROAM_STATE_GOODBYE, 7);
		link_wait(link, false, -1);
		CHECK(is_evicted(link));
		CHECK(bed_close(&host, link));
	}
}

static void hang_up(struct deed *deed)
{
	close(deed->host->bell);
	deed->host->bell = -1;
}

static bool host_is_dead(struct link *link)
{
	struct roam_failure failure;

	if (link_look(link, &failure) == 0)
		return false;
	CHECK_EQ(failure.error, ROAM_ERR_HOST_DIED);
	CHECK(strstr(failure.text, "doorbell") != NULL);
	return true;
}

static void test_hang_up_wakes(void)
{
	struct host host;
	struct deed deed = { .host = &host, .flags = ROAM_FLAG_BELL_MESSAGES, .act = hang_up };

	deed.link = bed_open(&host, ON_BELL, small_config());
	deed_begin(&deed);
	sleep_until(deed.link, host_is_dead);
	deed_end(&deed);
	CHECK(bed_close(&host, deed.link));
}

/* A ring that comes together with the hang-up does not hide it. */
static void test_hang_up_after_a_ring_is_noticed(void)
{
	struct host host;
	struct link *link = bed_open(&host, ON_BELL, small_config());

	CHECK_EQ(roam_bell_ring(host.bell), 0);
	close(host.bell);
	host.bell = -1;
	sleep_until(link, host_is_dead);
	CHECK(bed_close(&host, link));
}

/* A host that says goodbye and then closes everything left in order. */
static void test_goodbye_before_the_hang_up_counts(void)
{
	struct host host;
	struct link *link = bed_open(&host, ON_BELL, small_config());

	host_header(&host)->host_goodbye = 1;
	close(host.bell);
	host.bell = -1;
	sleep_until(link, host_leaves);
	CHECK(bed_close(&host, link));
}

/* Nobody has looked before; a goodbye that the host has said counts here too. */
static void ring_dead_host(bool says_goodbye, bool (*over)(struct link *link))
{
	struct host host;
	struct link *link = bed_open(&host, ON_BELL, small_config());

	roam_flags_set(host.end.own_flags, ROAM_FLAG_BELL_MESSAGES);
	CHECK_EQ(link_stage(link, ROAM_MSG_CANCEL, 1, 0, NULL, 0, NULL, 0), ROAM_OK);
	link_commit(link);
	host_header(&host)->host_goodbye = says_goodbye;
	close(host.bell);
	host.bell = -1;
	link_notify(link);
	host_header(&host)->host_goodbye = 0;
	CHECK(over(link));
	CHECK(bed_close(&host, link));
}

static void test_ring_to_a_dead_host_is_noticed(void)
{
	ring_dead_host(false, host_is_dead);
	ring_dead_host(true, host_leaves);
}

/* ---- Interrupts ------------------------------------------------------------------------------------------------- */

static void interrupt(struct deed *deed)
{
	link_interrupt(deed->link);
}

/* A sleep without bound, ended by nothing else but, after a walk-up, in time for the look at the host's lock. */
static void interrupt_each_bed(void (*act)(struct deed *deed))
{
	for (enum bed bed = first_bed; bed <= last_own_bed; bed++) {
		struct host host;
		struct deed deed = { .host = &host, .act = act };

		deed.link = bed_open(&host, bed, small_config());
		deed.flags = bed_flag(bed);
		deed_begin(&deed);
		while (!deed_begun(&deed))
			link_wait(deed.link, false, -1);
		deed_end(&deed);
		CHECK(bed_close(&host, deed.link));
	}
}

static void test_interrupt_ends_a_sleep(void)
{
	interrupt_each_bed(interrupt);
}

#ifndef HANDLERS_COME_LATE
static struct link *interrupted;

static void on_signal(int signal)
{
	(void)signal;
	link_interrupt(__atomic_load_n(&interrupted, __ATOMIC_SEQ_CST));
}

static void interrupt_by_signal(struct deed *deed)
{
	__atomic_store_n(&interrupted, deed->link, __ATOMIC_SEQ_CST);
	CHECK_EQ(pthread_kill(deed->sleeper, SIGUSR1), 0);
}

/* The handler restarts the system call that it came in. */
static void test_interrupt_by_a_signal_ends_a_sleep(void)
{
	struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_RESTART };

	CHECK_EQ(sigaction(SIGUSR1, &action, NULL), 0);
	interrupt_each_bed(interrupt_by_signal);
}
#endif

static void test_interrupt_ends_the_next_sleep(void)
{
	for (enum bed bed = first_bed; bed <= last_own_bed; bed++) {
		struct host host;
		struct link *link = bed_open(&host, bed, small_config());

		errno = EDOM;
		link_interrupt(link);
		CHECK_EQ(errno, EDOM);
		link_wait(link, false, -1);
		CHECK(bed_close(&host, link));
	}
}

/* ---- Bounds ----------------------------------------------------------------------------------------------------- */

static void test_bounded_wait_returns(void)
{
	for (enum bed bed = first_bed; bed <= last_bed; bed++) {
		struct host host;
		struct link *link = bed_open(&host, bed, small_config());

		link_wait(link, false, 0);
		link_wait(link, false, 1);
		link_wait(link, true, 3000000);
		CHECK_EQ(link_look(link, NULL), 0);
		CHECK(bed_close(&host, link));
	}
}

/* Neither message nor ring: the guest of a foreign host looks by itself, and finds what came without a word. */
static void test_foreign_host_that_never_wakes(void)
{
	struct host host;
	struct link *link = bed_open(&host, ON_FOREIGN_BELL, small_config());

	CHECK(link_foreign(link));
	for (int i = 0; i < 3; i++)
		link_wait(link, true, -1);
	CHECK_EQ(roam_end_stage(&host.end, ROAM_MSG_CANCEL, 1, 0, NULL, 0, NULL, 0,
				(struct roam_slot){ .index = ROAM_INLINE_SLOT }),
		 ROAM_OK);
	(void)roam_end_commit(&host.end); /* and does not ring */
	sleep_until(link, has_message);
	CHECK(bed_close(&host, link));
}

/* A link lingers on the ring's head after a message, for a while that only the next message begins anew. */
static void test_lingering_ends(void)
{
	struct host host;
	struct link *link = bed_open(&host, ON_BELL, small_config());
	struct deed deed = { .host = &host, .link = link, .flags = ROAM_FLAG_BELL_MESSAGES, .act = send_message };
	struct roam_message message;
	int64_t began = clock_now();
	int64_t until;

	CHECK(host_send(&host, ROAM_MSG_CANCEL, 1, NULL, 0));
	CHECK_EQ(link_receive(link, &message, 1, NULL, 0).count, 1);
	link_wait(link, false, 0);
	until = link->linger_end;
	if (link->has_waitv)
		CHECK(until >= began + 50 * CLOCK_MILLISECOND && until <= clock_now() + 50 * CLOCK_MILLISECOND);
	deed_begin(&deed);
	sleep_until(link, has_message);
	deed_end(&deed);
	CHECK_EQ(link->linger_end, until);
	CHECK(clock_now() >= until);
	CHECK(bed_close(&host, link));
}

int main(void)
{
	alarm(300); /* a hang */
	RUN(test_message_wakes);
	RUN(test_message_that_came_before_is_not_slept_over);
	RUN(test_goodbye_of_the_host_wakes);
	RUN(test_eviction_wakes);
	RUN(test_end_that_came_before_is_not_slept_over);
	RUN(test_hang_up_wakes);
	RUN(test_hang_up_after_a_ring_is_noticed);
	RUN(test_goodbye_before_the_hang_up_counts);
	RUN(test_ring_to_a_dead_host_is_noticed);
	RUN(test_interrupt_ends_a_sleep);
#ifndef HANDLERS_COME_LATE
	RUN(test_interrupt_by_a_signal_ends_a_sleep);
#endif
	RUN(test_interrupt_ends_the_next_sleep);
	RUN(test_bounded_wait_returns);
	RUN(test_foreign_host_that_never_wakes);
	RUN(test_lingering_ends);
	return finished();
}
