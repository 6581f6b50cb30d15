/*
 * A link in the program's own event loop. Its descriptor is an epoll set of what a sleep on descriptors waits for, and
 * a timer. Nothing is added to it or taken out later.
 */

#define _DEFAULT_SOURCE /* CLOCK_MONOTONIC */

#include <errno.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "../shared.h"
#include "clock.h"
#include "failure.h"
#include "lookout.h"
#include "loop.h"
#include "state.h"
#include "wait.h"

static bool add(int loop, int fd)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLRDHUP, .data = { .fd = fd } };

	return fd < 0 || epoll_ctl(loop, EPOLL_CTL_ADD, fd, &event) == 0;
}

/* Makes the descriptors; what was made stays the link's also when the rest fails. */
static int make(struct link *link, struct roam_failure *failure)
{
	if (link->timer < 0)
		link->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (link->timer < 0)
		return failure_system(failure, ROAM_ERR_SYSTEM, errno, "timerfd_create");
	if (link->bell < 0 && link->has_waitv && link->lookout == NULL) {
		int error = lookout_create(link->allocator, link->event, &link->lookout, failure);

		if (error != 0)
			return error;
	}
	link->loop = epoll_create1(EPOLL_CLOEXEC);
	if (link->loop < 0)
		return failure_system(failure, ROAM_ERR_SYSTEM, errno, "epoll_create1");
	if (add(link->loop, link->bell) && add(link->loop, link->event) && add(link->loop, link->parent) &&
	    add(link->loop, link->timer))
		return 0;
	return failure_system(failure, ROAM_ERR_SYSTEM, errno, "epoll_ctl");
}

int link_fd(struct link *link, struct roam_failure *failure)
{
	int error;

	if (link->loop >= 0)
		return link->loop;
	error = make(link, failure);
	if (error == 0)
		return link->loop;
	if (link->loop >= 0)
		(void)close(link->loop);
	link->loop = -1;
	return error;
}

/* Sets the timer to a point in time, 0 for none. */
static void set_timer(struct link *link, int64_t at)
{
	struct itimerspec when = { .it_value = clock_span(at) };

	if (at == link->timer_at)
		return;
	(void)timerfd_settime(link->timer, TFD_TIMER_ABSTIME, &when, NULL); /* cannot fail: the values are sound */
	link->timer_at = at;
}

static void make_readable(const struct link *link)
{
	static const uint64_t one = 1;

	(void)!write(link->event, &one, sizeof(one)); /* full: it is readable already */
}

void link_prepare(struct link *link, bool busy, int64_t bound_ns)
{
	int64_t bound = wait_bound(link, busy, bound_ns);
	bool changed;

	if (link->prepared)
		link_finish(link);
	link->prepared = true;
	changed = waiters_begin(&link->waiters, link->bell >= 0, &bound);
	wait_sleeps(link, ON_DESCRIPTORS);
	if (link->lookout != NULL)
		lookout_watch(link->lookout, link);
	set_timer(link, bound == CLOCK_NEVER ? 0 : clock_after(clock_now(), bound));
	if (changed || wait_ready(link))
		make_readable(link);
}

/* Takes the timer's expiry, which otherwise keeps the descriptor readable. */
static void take_timer(struct link *link)
{
	uint64_t count;

	if (link->timer_at != 0 && read(link->timer, &count, sizeof(count)) > 0)
		link->timer_at = 0;
}

void link_finish(struct link *link)
{
	if (link->loop < 0)
		return;
	take_timer(link);
	wait_descriptors(link, 0);
	if (!link->prepared)
		return;
	link->prepared = false;
	wait_woke(link);
	waiters_end(&link->waiters);
}

void loop_suspend(struct link *link)
{
	if (!link->prepared)
		return;
	link_finish(link);
	set_timer(link, 1); /* long past; link_wait does not take it */
}
