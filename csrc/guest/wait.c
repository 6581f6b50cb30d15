/*
 * Sleeping. A link that took a message a moment ago lingers: it sleeps on the ring's head, and the other words that are
 * armed, rather than on the doorbell. The host wakes it several times faster so, and it looks at the doorbell, which
 * shows the host's end, soon after.
 */

#define _GNU_SOURCE /* ppoll, POLLRDHUP */

#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "../shared.h"
#include "clock.h"
#include "ending.h"
#include "loop.h"
#include "state.h"
#include "wait.h"
#include "word.h"

#define LINGER (50 * CLOCK_MILLISECOND) /* after the last message */
#define WORDS_BOUND CLOCK_SECOND /* nothing on a futex word shows the end of the other side */
#define FOREIGN_BUSY CLOCK_MILLISECOND /* a foreign peer may never wake */
#define FOREIGN_IDLE (20 * CLOCK_MILLISECOND)
#define OWED_BOUND (10 * CLOCK_MILLISECOND) /* the kernel could not ring the doorbell at once */

int64_t wait_bound(struct link *link, bool busy, int64_t bound_ns)
{
	int64_t bound = bound_ns < 0 ? CLOCK_NEVER : bound_ns;
	int64_t due = link_tend(link);

	link_settle(link);
	link_notify(link);
	if (due >= 0)
		bound = clock_sooner(bound, due);
	if (link->bell < 0)
		bound = clock_sooner(bound, WORDS_BOUND);
	if (link->foreign || (link->bell < 0 && !link->has_waitv))
		bound = clock_sooner(bound, busy ? FOREIGN_BUSY : FOREIGN_IDLE);
	if (load_once32(&link->bell_due) != 0)
		bound = clock_sooner(bound, OWED_BOUND);
	return bound;
}

bool wait_ready(struct link *link)
{
	return load_ordered32(&link->broken) != 0 || link_pending(link) || link_look(link, NULL) != 0;
}

void wait_sleeps(struct link *link, uint32_t asleep)
{
	store_ordered32(&link->asleep, asleep);
}

void wait_woke(struct link *link)
{
	store_ordered32(&link->asleep, AWAKE);
	(void)__atomic_exchange_n(&link->broken, 0, __ATOMIC_SEQ_CST);
}

void link_interrupt(struct link *link)
{
	static const uint64_t one = 1;
	int saved = errno; /* a signal handler's caller may be about to look at it */

	/* Ordered: either the sleeper, which says what it sleeps on and then looks, sees the one, or this sees the other. */
	store_ordered32(&link->broken, 1);
	switch (load_ordered32(&link->asleep)) {
	case ON_WORDS:
		word_wake(&link->broken);
		break;
	case ON_DESCRIPTORS:
		(void)!write(link->event, &one, sizeof(one)); /* full: it is readable already */
		break;
	default:
		break;
	}
	errno = saved;
}

/* ---- On words --------------------------------------------------------------------------------------------------- */

/* Sleeps on the word of link_interrupt, the ring's head and all that is armed. */
static void sleep_on_vector(struct link *link, int64_t bound)
{
	struct roam_futex vector[ROAM_FUTEX_MAX] = {
		{ .seen = 0, .address = (uintptr_t)&link->broken, .flags = ROAM_FUTEX_PRIVATE },
		{ .seen = roam_end_tail(&link->end), .address = (uintptr_t)link->end.receive.other,
		  .flags = ROAM_FUTEX_SHARED },
	};
	uint32_t count = waiters_words(&link->waiters, vector + 2) + 2;

	(void)roam_futex_waitv(vector, count, bound);
}

static void sleep_on_words(struct link *link, int64_t bound)
{
	bool changed = waiters_begin(&link->waiters, false, &bound);

	wait_sleeps(link, ON_WORDS);
	if (!changed && bound > 0 && !wait_ready(link)) {
		if (link->has_waitv)
			sleep_on_vector(link, bound);
		else
			word_wait(&link->broken, 0, bound);
	}
	wait_woke(link);
	waiters_end(&link->waiters);
}

/* ---- On descriptors --------------------------------------------------------------------------------------------- */

static void take_bell(struct link *link, short came)
{
	if ((came & POLLIN) != 0 && roam_bell_drain(link->bell) == -EPIPE)
		came |= POLLHUP;
	if ((came & (POLLHUP | POLLRDHUP | POLLERR | POLLNVAL)) != 0)
		ending_host_gone(link, ENDING_HUNG_UP);
}

void wait_descriptors(struct link *link, int64_t bound)
{
	struct pollfd fds[] = {
		{ .fd = link->bell, .events = POLLIN | POLLRDHUP },
		{ .fd = link->event, .events = POLLIN },
		{ .fd = link->parent, .events = POLLIN }, /* a pidfd is readable once its process has ended */
	};
	struct timespec span = clock_span(bound);
	uint64_t count;

	if (ppoll(fds, sizeof(fds) / sizeof(fds[0]), &span, NULL) <= 0)
		return;
	take_bell(link, fds[0].revents);
	if (fds[1].revents != 0)
		(void)!read(link->event, &count, sizeof(count));
	if (fds[2].revents != 0)
		ending_host_gone(link, ENDING_PROCESS_ENDED);
}

static void sleep_on_descriptors(struct link *link, int64_t bound)
{
	bool changed = waiters_begin(&link->waiters, true, &bound);

	wait_sleeps(link, ON_DESCRIPTORS);
	/* Also when there is no reason to sleep: a host that has hung up is to be noticed, whatever else goes on. */
	wait_descriptors(link, changed || wait_ready(link) ? 0 : bound);
	wait_woke(link);
	waiters_end(&link->waiters);
}

/* ---- Which ------------------------------------------------------------------------------------------------------ */

/* How long a link with a doorbell may sleep on words yet, 0 for not at all. The end is fixed when a message is first
 * seen to have come, so that nothing but messages puts off the look at the doorbell. */
static int64_t lingers(struct link *link)
{
	uint32_t tail = roam_end_tail(&link->end);
	int64_t now;

	if (link->foreign || !link->has_waitv)
		return 0;
	now = clock_now();
	if (tail != link->linger_tail) {
		link->linger_tail = tail;
		link->linger_end = clock_after(now, LINGER);
	}
	return link->linger_end - now;
}

void link_wait(struct link *link, bool busy, int64_t bound_ns)
{
	int64_t bound = wait_bound(link, busy, bound_ns);
	int64_t linger;

	loop_suspend(link);
	if (link->bell < 0) {
		sleep_on_words(link, bound);
		return;
	}
	linger = lingers(link);
	if (linger > 0)
		sleep_on_words(link, clock_sooner(bound, linger));
	else
		sleep_on_descriptors(link, bound);
}

/* ---- Armed ------------------------------------------------------------------------------------------------------ */

/* The word that a kind of waiter sleeps on; NULL where there is none or, for messages, every sleep watches it. */
static uint32_t *word_of(const struct link *link, enum roam_wait kind, uint32_t id)
{
	struct roam_channel *channel;

	switch (kind) {
	case ROAM_WAIT_SPACE:
		return link->end.send.other;
	case ROAM_WAIT_SLOT:
		return roam_pool_word(&link->end.own_pool);
	case ROAM_WAIT_CREDIT:
		channel = roam_end_channel(&link->end, id);
		return channel == NULL ? NULL : &channel->granted_total;
	case ROAM_WAIT_MESSAGES:
		break;
	}
	return NULL;
}

void link_arm(struct link *link, enum roam_wait kind, uint32_t id)
{
	if (waiters_add(&link->waiters, kind, word_of(link, kind, id)))
		link_interrupt(link); /* the sleep that is under way does not know the word */
}

void link_disarm(struct link *link, enum roam_wait kind, uint32_t id)
{
	waiters_remove(&link->waiters, kind, word_of(link, kind, id));
}
