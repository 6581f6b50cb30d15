/* A guest in an event loop of the program's: its descriptor is readable when there is something to do, and only
 * then. */

#define _GNU_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include "bed.h"
#include "check.h"

static const enum bed beds[] = { ON_BELL, WALKED_UP };

enum { BEDS = sizeof(beds) / sizeof(beds[0]) };

static bool readable(int fd)
{
	struct pollfd loop = { .fd = fd, .events = POLLIN };

	return poll(&loop, 1, 0) > 0;
}

/* Prepares; whether it is not readable then. One report may have been on its way, and after a walk-up the timer be due
 * at just this moment: but not again and again. */
static bool quiet(struct link *link)
{
	int fd = link_fd(link, NULL);

	for (int look = 0; look < 10; look++) {
		link_finish(link);
		link_prepare(link, false, INT64_C(100000000000));
		if (!readable(fd))
			return true;
	}
	return false;
}

/* Turns of the loop, each of which sleeps, until it is over. */
static void turn_until(struct link *link, bool (*over)(struct link *link))
{
	struct pollfd loop = { .fd = link_fd(link, NULL), .events = POLLIN };

	while (!over(link)) {
		link_prepare(link, false, -1);
		if (!over(link))
			CHECK(poll(&loop, 1, -1) > 0);
		link_finish(link);
	}
}

static void send_message(struct deed *deed)
{
	CHECK(host_send(deed->host, ROAM_MSG_CANCEL, 1, NULL, 0));
}

static bool has_message(struct link *link)
{
	return link_pending(link);
}

static void grant(struct deed *deed)
{
	if (roam_end_grant(&deed->host->end, 3, 10) && deed->host->bell >= 0)
		(void)roam_bell_ring(deed->host->bell);
}

static bool has_credit(struct link *link)
{
	return roam_channel_remaining(link_channel(link, 3), 0) > 0;
}

static void receive_all(struct link *link)
{
	struct roam_message messages[8];

	while (link_receive(link, messages, 8, NULL, 0).count != 0)
		;
}

static void test_descriptor_is_one_and_kept_from_children(void)
{
	for (size_t i = 0; i < BEDS; i++) {
		struct host host;
		struct link *link = bed_open(&host, beds[i], small_config());
		int fd = link_fd(link, NULL);

		CHECK(fd >= 0);
		CHECK_EQ(link_fd(link, NULL), fd);
		CHECK_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
		CHECK(bed_close(&host, link));
	}
}

/* Many messages, each of which finds the loop asleep. */
static void test_message_makes_it_readable(void)
{
	for (size_t i = 0; i < BEDS; i++) {
		struct host host;
		struct link *link = bed_open(&host, beds[i], small_config());
		struct deed deed = { .host = &host, .flags = bed_flag(beds[i]), .act = send_message };

		for (int round = 0; round < 200; round++) {
			deed_begin(&deed);
			turn_until(link, has_message);
			deed_end(&deed);
			receive_all(link);
		}
		CHECK(bed_close(&host, link));
	}
}

static void test_message_that_came_before_makes_it_readable_at_once(void)
{
	for (size_t i = 0; i < BEDS; i++) {
		struct host host;
		struct link *link = bed_open(&host, beds[i], small_config());
		int fd = link_fd(link, NULL);

		CHECK(host_send(&host, ROAM_MSG_CANCEL, 1, NULL, 0)); /* nobody is rung */
		link_prepare(link, false, -1);
		CHECK(readable(fd));
		link_finish(link);
		receive_all(link);
		CHECK(bed_close(&host, link));
	}
}

static void test_it_is_not_readable_without_a_reason(void)
{
	for (size_t i = 0; i < BEDS; i++) {
		struct host host;
		struct link *link = bed_open(&host, beds[i], small_config());
		struct deed deed = { .host = &host, .flags = bed_flag(beds[i]), .act = send_message };

		for (int round = 0; round < 3; round++) {
			deed_begin(&deed);
			turn_until(link, has_message);
			deed_end(&deed);
			receive_all(link);
			CHECK(quiet(link));
			link_prepare(link, false, INT64_C(100000000000)); /* again, without link_finish */
			CHECK(quiet(link));
			link_finish(link);
		}
		CHECK(bed_close(&host, link));
	}
}

/* What was reported is reported once: at most a report that was on its way comes after link_finish. */
static void test_it_is_readable_once_for_a_reason(void)
{
	for (size_t i = 0; i < BEDS; i++) {
		struct host host;
		struct link *link = bed_open(&host, beds[i], small_config());
		struct deed deed = { .host = &host, .flags = bed_flag(beds[i]), .act = send_message };
		int fd = link_fd(link, NULL);
		unsigned reports = 0;

		deed_begin(&deed);
		turn_until(link, has_message);
		deed_end(&deed);
		for (int look = 0; look < 1000; look++) {
			reports += readable(fd);
			link_finish(link);
		}
		CHECK(reports <= 1);
		receive_all(link);
		CHECK(bed_close(&host, link));
	}
}

static void test_what_is_armed_makes_it_readable(void)
{
	for (size_t i = 0; i < BEDS; i++) {
		struct host host;
		struct link *link = bed_open(&host, beds[i], small_config());
		struct deed deed = { .host = &host, .link = link };

		roam_channel_activate(link_channel(link, 3), 0);
		link_arm(link, ROAM_WAIT_CREDIT, 3);
		deed.flags = bed_flag(beds[i]) << ROAM_WAIT_CREDIT;
		deed.act = grant;
		deed_begin(&deed);
		turn_until(link, has_credit);
		deed_end(&deed);
		link_disarm(link, ROAM_WAIT_CREDIT, 3);

		CHECK(bed_close(&host, link));
	}
}

/* By another thread, say. It becomes so for this reason, and not only when the timer is due. */
static void test_what_is_armed_during_a_sleep_makes_it_readable(void)
{
	for (size_t i = 0; i < BEDS; i++) {
		struct host host;
		struct link *link = bed_open(&host, beds[i], small_config());
		struct deed deed = { .host = &host };
		struct pollfd reason = { .fd = beds[i] == ON_BELL ? link->bell : link->event, .events = POLLIN };
		int fd = link_fd(link, NULL);

		roam_channel_activate(link_channel(link, 3), 0);
		CHECK(quiet(link));
		link_arm(link, ROAM_WAIT_CREDIT, 3);
		grant(&deed);
		CHECK(poll(&reason, 1, -1) > 0);
		CHECK(readable(fd));
		link_finish(link);
		link_disarm(link, ROAM_WAIT_CREDIT, 3);
		CHECK(bed_close(&host, link));
	}
}

static void interrupt(struct deed *deed)
{
	link_interrupt(deed->link);
}

static void test_interrupt_makes_it_readable(void)
{
	for (size_t i = 0; i < BEDS; i++) {
		struct host host;
		struct link *link = bed_open(&host, beds[i], small_config());
		struct deed deed = { .host = &host, .link = link, .flags = bed_flag(beds[i]), .act = interrupt };
		struct pollfd loop = { .fd = link_fd(link, NULL), .events = POLLIN };

		link_interrupt(link); /* before it is prepared */
		link_prepare(link, false, -1);
		CHECK(readable(loop.fd));
		CHECK(quiet(link));
		deed_begin(&deed);
		while (!deed_begun(&deed)) { /* after a walk-up the timer is due now and then */
			CHECK(poll(&loop, 1, -1) > 0);
			link_finish(link);
			link_prepare(link, false, -1);
		}
		deed_end(&deed);
		link_finish(link);
		CHECK(bed_close(&host, link));
	}
}

static void test_time_makes_it_readable(void)
{
	for (size_t i = 0; i < BEDS; i++) {
		struct host host;
		struct link *link = bed_open(&host, beds[i], small_config());
		struct pollfd loop = { .fd = link_fd(link, NULL), .events = POLLIN };

		for (int round = 0; round < 3; round++) {
			link_prepare(link, false, 1000000);
			CHECK(poll(&loop, 1, -1) > 0);
			link_finish(link);
			CHECK(!readable(loop.fd));
		}
		link_prepare(link, false, 0);
		CHECK(poll(&loop, 1, -1) > 0);
		link_finish(link);
		CHECK(bed_close(&host, link));
	}
}

/* A handler that waits in the library does so within a turn of the loop, or between two of them. */
static void test_wait_between_leaves_it_readable(void)
{
	for (size_t i = 0; i < BEDS; i++) {
		struct host host;
		struct link *link = bed_open(&host, beds[i], small_config());
		struct deed deed = { .host = &host, .flags = bed_flag(beds[i]), .act = send_message };
		struct pollfd loop = { .fd = link_fd(link, NULL), .events = POLLIN };

		CHECK(quiet(link));
		deed_begin(&deed);
		sleep_until(link, has_message);
		deed_end(&deed);
		CHECK(poll(&loop, 1, -1) > 0);
		link_finish(link);
		receive_all(link);
		CHECK(quiet(link));
		link_finish(link);
		CHECK(bed_close(&host, link));
	}
}

/* The thread that watches for a guest that walked up takes no signal. */
static void test_lookout_takes_no_signal(void)
{
	struct host host;
	struct link *link = bed_open(&host, WALKED_UP, small_config());
	sigset_t usual, blocked, pending;

	CHECK(link_fd(link, NULL) >= 0);
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGUSR1);
	CHECK_EQ(pthread_sigmask(SIG_BLOCK, &blocked, &usual), 0);
	CHECK_EQ(sigismember(&usual, SIGUSR1), 0);
	CHECK_EQ(kill(getpid(), SIGUSR1), 0); /* its default ends the process, in whichever thread */
	CHECK(sigpending(&pending) == 0 && sigismember(&pending, SIGUSR1));
	signal(SIGUSR1, SIG_IGN); /* which drops it */
	CHECK_EQ(pthread_sigmask(SIG_SETMASK, &usual, NULL), 0);
	CHECK(bed_close(&host, link));
}

/* Each of the things that a descriptor is made of may be missing; later it can be had all the same. */
static void test_failures_leave_nothing_behind(void)
{
	for (size_t i = 0; i < BEDS; i++) {
		struct host host;
		struct link *link = bed_open(&host, beds[i], small_config());
		struct counting *memory = bed_memory();
		struct roam_failure failure;
		struct rlimit limit;
		int next = dup(0);

		close(next);
		CHECK_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
		for (rlim_t more = 0; more < 2; more++) {
			struct rlimit low = { .rlim_cur = (rlim_t)next + more, .rlim_max = limit.rlim_max };

			CHECK_EQ(setrlimit(RLIMIT_NOFILE, &low), 0);
			CHECK_EQ(link_fd(link, &failure), ROAM_ERR_SYSTEM);
			CHECK_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
			CHECK_EQ(failure.system_errno, EMFILE);
			link_wait(link, false, 0); /* is none the worse for it */
		}
		if (beds[i] == WALKED_UP && link->has_waitv) { /* which needs a thread */
			CHECK(bed_close(&host, link));
			link = bed_open(&host, beds[i], small_config());
			memory->fails = memory->taken + 1;
			CHECK_EQ(link_fd(link, &failure), ROAM_ERR_NO_MEMORY);
			memory->fails = 0;
		}
		CHECK(link_fd(link, &failure) >= 0);
		CHECK(bed_close(&host, link));
	}
}

int main(void)
{
	alarm(300); /* a hang */
	RUN(test_descriptor_is_one_and_kept_from_children);
	RUN(test_message_makes_it_readable);
	RUN(test_message_that_came_before_makes_it_readable_at_once);
	RUN(test_it_is_not_readable_without_a_reason);
	RUN(test_it_is_readable_once_for_a_reason);
	RUN(test_what_is_armed_makes_it_readable);
	RUN(test_what_is_armed_during_a_sleep_makes_it_readable);
	RUN(test_interrupt_makes_it_readable);
	RUN(test_time_makes_it_readable);
	RUN(test_wait_between_leaves_it_readable);
	RUN(test_lookout_takes_no_signal);
	RUN(test_failures_leave_nothing_behind);
	return finished();
}
